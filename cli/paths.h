/** @file paths.h  Whether two paths lead to one file, which need not be there yet. */
#ifndef ETAS_CLI_PATHS_H
#define ETAS_CLI_PATHS_H

#include <stdbool.h>

/** Links, "." and ".." are followed; folders that are missing are taken as plain ones, as they are
 * when an output makes them. */
bool paths_are_same(const char *a, const char *b);

#endif
