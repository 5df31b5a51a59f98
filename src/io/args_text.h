/** @file args_text.h  Lines "key = value" (or "key: value") as an object. */
#ifndef ETAS_IO_ARGS_TEXT_H
#define ETAS_IO_ARGS_TEXT_H

#include "io/json.h"

/** Numbers, true, false and null become such, anything else a text, quotes round it are taken off.
 * Empty lines and those that begin with '#' do not count. E_PARSE with the line. @p out starts as
 * {0}, to be freed with etas_json_close. */
ETAS_NODISCARD etas_status etas_args_read(etas_json *out, size_t len, const char text[],
                                          const char *path, etas_error *err);

#endif
