/** @file json_out.h  JSON objects as results have them: a key a line, numbers to the last bit,
 * null for NaN, Infinity as Python writes it. */
#ifndef ETAS_IO_JSON_OUT_H
#define ETAS_IO_JSON_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "etas/model.h"
#include "etas/status.h"
#include "etas/time.h"

/** Starts as {.stream = ...}. Write errors stay with the stream. */
typedef struct etas_json_out {
    FILE *stream;
    unsigned depth;
    bool first;
    etas_status status; /**< of the first text that failed: E_ARG not UTF-8, E_NOMEM */
} etas_json_out;

/** An object under @p key; NULL for the outermost and for a member of a list. */
void etas_json_out_begin(etas_json_out *self, const char *key);
/** The outermost ends with a newline. */
void etas_json_out_end(etas_json_out *self);
/** A list of objects or lists under @p key. */
void etas_json_out_begin_list(etas_json_out *self, const char *key);
void etas_json_out_end_list(etas_json_out *self);

/** NULL is null. */
void etas_json_put_text(etas_json_out *self, const char *key, const char *text);
void etas_json_put_number(etas_json_out *self, const char *key, double value);
/** A list on one line; @p key NULL within a list. */
void etas_json_put_numbers(etas_json_out *self, const char *key, size_t n, const double values[]);
void etas_json_put_flag(etas_json_out *self, const char *key, bool value);
/** As Python prints it, whole seconds without fraction; "None" for ETAS_TIME_NONE. */
void etas_json_put_time(etas_json_out *self, const char *key, etas_time t);
/** All parameters by name. */
void etas_json_put_params(etas_json_out *self, const char *key, const etas_params *params);

#endif
