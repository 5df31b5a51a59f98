/** @file json.h  JSON files as Python writes them: NaN, Infinity and -Infinity are numbers, the
 * string "None" counts as null, a key that stands twice is an error. */
#ifndef ETAS_IO_JSON_H
#define ETAS_IO_JSON_H

#include <stdbool.h>

#include <jansson.h>

#include "etas/status.h"
#include "etas/text.h"

/** One file whose outermost value is an object. Starts as {0}; etas_json_close is idempotent. */
typedef struct etas_json {
    const char *path; /**< the caller's */
    etas_text text;   /**< the file's bytes */
    json_t *root;
    /** NULL, or keys of outermost objects, NULL at the end: keys of root that are not among the
     * text's outermost ones stand in these. */
    const char *const *within;
    bool is_lines; /**< the text is no JSON but lines that begin with the keys (args_text.h) */
} etas_json;

/** E_IO, E_PARSE with line and column. */
ETAS_NODISCARD etas_status etas_json_open(etas_json *self, const char *path, etas_error *err);
/** The same from bytes in memory; @p path stands for the file in messages. */
ETAS_NODISCARD etas_status etas_json_read(etas_json *self, size_t len, const char text[],
                                          const char *path, etas_error *err);
void etas_json_close(etas_json *self);

/** Member of an object; NULL when it is absent, null or "None". */
json_t *etas_json_get(const json_t *object, const char *key);

/** True for a number, also one that JSON proper does not have. */
bool etas_json_is_number(const json_t *value, double *out);

/** The text of a string; NULL for anything else, Infinity included. */
const char *etas_json_text(const json_t *value);

/** What a value is, for messages: "a string", "the number 3" ... @p out holds 64 bytes. */
const char *etas_json_describe(const json_t *value, char out[64]);

/** Records an error at the key @p name of the outermost object, or of @p parent when that is not
 * NULL: a path of keys and numbers of elements such as "models/0/parameters". With file and
 * line, those of @p parent where the key is missing; returns @p code. */
etas_status etas_json_fail(const etas_json *self, const char *parent, const char *name,
                           etas_error *err, etas_status code, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/** Indented, numbers that JSON does not have as Python writes them. E_NOMEM. */
ETAS_NODISCARD etas_status etas_json_print(const json_t *value, etas_text *out);

/** Line of that key, 0 when it is not there. */
uint64_t etas_json_line(const etas_json *self, const char *parent, const char *key);

#endif
