/** @file scratch.h  A fresh directory for one test program's files. */
#ifndef ETAS_TESTS_SCRATCH_H
#define ETAS_TESTS_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/** Makes it under TMPDIR or /tmp; call once in main, which ends here when that fails. */
void scratch_open(void);
/** Removes it with all that is in it. */
void scratch_close(void);
/** "DIRECTORY/NAME"; the text lives until the eighth call after this one. */
const char *scratch_path(const char *name);

/** The whole file, to be freed; NULL when it cannot be read. */
uint8_t *scratch_read(const char *path, size_t *len);
/** Creates or overwrites; asserts that it worked. */
void scratch_write(const char *path, size_t len, const void *bytes);

#endif
