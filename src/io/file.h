/** @file file.h  Where input files are looked for. */
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

#endif
