/** @file paths.h  Which file a path means. */
#ifndef ETAS_CLI_PATHS_H
#define ETAS_CLI_PATHS_H

#include <stdbool.h>
#include <stddef.h>

/** Whether two paths lead to one file, which need not be there yet. Links, "." and ".." are
 * followed; folders that are missing are taken as plain ones, as they are when an output makes
 * them. */
bool paths_are_same(const char *a, const char *b);

/** The store that somebody names: it itself, or the one beside an output, which need not be there
 * yet. */
void paths_find_store(const char *argument, size_t capacity, char out[]);

#endif
