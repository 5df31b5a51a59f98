/** @file file.h  Input files: where they are looked for, and reading them in pieces. */
#ifndef ETAS_IO_FILE_H
#define ETAS_IO_FILE_H

#include "etas/io.h"
#include "etas/status.h"
#include "etas/text.h"

/**
 * Where an input file named in the file @p owner lies: @p path itself when it is absolute or exists
 * in the current directory, else beside @p owner when it exists there, else @p path. *out is to be
 * freed with free().
 */
ETAS_NODISCARD etas_status etas_path_resolve(const char *path, const char *owner, char **out);

/** @p name in the directory of @p owner. *out is to be freed with free(). */
ETAS_NODISCARD etas_status etas_path_beside(const char *name, const char *owner, char **out);

/** Bytes from a file or from memory whose beginning can be looked at before they are read. */
typedef struct etas_input {
    const char *name;  /**< in messages */
    const char *bytes; /**< those that are in memory */
    size_t len, taken;
    etas_text owned; /**< what bytes points to, unless it is the caller's */
    int fd;          /**< where more comes from, or -1 */
} etas_input;

/** Opens the file and takes its first bytes (64 KiB or all) into memory. E_IO. */
ETAS_NODISCARD etas_status etas_input_open(etas_input *self, const char *path, etas_error *err);
/** Bytes that stay the caller's. */
etas_input etas_input_of(const char *name, size_t len, const char bytes[]);
/** The next bytes, up to @p capacity; *got 0 at the end. E_IO. */
ETAS_NODISCARD etas_status etas_input_read(etas_input *self, size_t capacity, char out[],
                                           size_t *got, etas_error *err);
/** All bytes in memory: afterwards bytes and len are the whole input. E_IO, E_NOMEM. */
ETAS_NODISCARD etas_status etas_input_all(etas_input *self, etas_error *err);
/** Idempotent. */
void etas_input_close(etas_input *self);

#endif
