/** @file file.h  Whole files into memory, and where input files are looked for. */
#ifndef ETAS_IO_FILE_H
#define ETAS_IO_FILE_H

#include "etas/status.h"
#include "etas/text.h"

/** The bytes of a regular file or a pipe, followed by a NUL. @p out starts as {0} and stays so on
 * failure. E_IO with the system's reason and the path. */
ETAS_NODISCARD etas_status etas_file_read(const char *path, etas_text *out, etas_error *err);

/**
 * Where an input file named in the file @p owner lies: @p path itself when it is absolute or exists
 * in the current directory, else beside @p owner when it exists there, else @p path. *out is to be
 * freed with free().
 */
ETAS_NODISCARD etas_status etas_path_resolve(const char *path, const char *owner, char **out);

/** @p name in the directory of @p owner. *out is to be freed with free(). */
ETAS_NODISCARD etas_status etas_path_beside(const char *name, const char *owner, char **out);

#endif
