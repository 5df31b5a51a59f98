/** @file series_json.h  A JSON file of a series. */
#ifndef ETAS_CLI_SERIES_JSON_H
#define ETAS_CLI_SERIES_JSON_H

#include <jansson.h>

#include "etas/status.h"

/** Numbers to the last bit; @p path is replaced at once. A @p root of NULL is E_NOMEM, unless *err
 * says something else. */
ETAS_NODISCARD etas_status series_json_save(const json_t *root, const char *path, etas_error *err);

#endif
