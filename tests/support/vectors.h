/** @file vectors.h  Reference numbers that are not part of the repository. */
#ifndef ETAS_TESTS_VECTORS_H
#define ETAS_TESTS_VECTORS_H

#include <jansson.h>

/** Exit status of a test that could not run, known to CTest. */
enum { VECTORS_SKIPPED = 77 };

/**
 * $ETAS_SHARED/vectors/NAME, with null for the NaN and Infinity that Python writes and JSON does
 * not know. NULL, and a line on standard output that says why, if there is no such file; a file
 * that is damaged ends the test program.
 */
json_t *vectors_load(const char *name);

#endif
