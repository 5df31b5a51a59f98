/** @file csv.h  Tables of comma-separated values with a header row (RFC 4180), read from memory.
 *
 * Line and column of every message are those of the file as an editor shows it, also after quoted
 * line breaks.
 */
#ifndef ETAS_IO_CSV_H
#define ETAS_IO_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/status.h"
#include "etas/text.h"
#include "etas/time.h"

#define ETAS_CSV_NONE SIZE_MAX /**< "no such column" */

typedef struct etas_csv_field {
    const char *text; /**< not terminated; without its quotes */
    size_t len;
    bool doubled; /**< holds "" for " */
    uint64_t line, column;
} etas_csv_field;

/** Starts as {0}; the text must outlive it. */
typedef struct etas_csv {
    const char *name; /**< of the file, in messages */
    const char *at, *end, *line_start;
    uint64_t line;
    etas_csv_field *field; /**< the current row */
    size_t n_fields, field_capacity;
    size_t n_columns;
    const char **column; /**< the header's names, terminated */
    etas_text names, unquoted;
    etas_csv_field *header; /**< where the names stand */
} etas_csv;

/** Takes the header row. E_PARSE for an empty text, bytes that are not text, and the same name
 * twice among the columns after the first. */
ETAS_NODISCARD etas_status etas_csv_open(etas_csv *self, size_t len, const char text[],
                                         const char *name, etas_error *err);
void etas_csv_free(etas_csv *self);

/** Number of the column, or ETAS_CSV_NONE. A name that the first column (the id) shares with
 * another means the other. */
size_t etas_csv_find(const etas_csv *self, const char *name);
/** The numbers of columns that must be there: E_PARSE names the first that is missing, lists what
 * the header has, and proposes the nearest that is none of @p names. */
ETAS_NODISCARD etas_status etas_csv_require(const etas_csv *self, size_t n,
                                            const char *const names[], size_t column[],
                                            etas_error *err);

/** The next row that is not blank; *more is false at the end. E_PARSE when its number of fields is
 * not the header's. */
ETAS_NODISCARD etas_status etas_csv_next(etas_csv *self, bool *more, etas_error *err);

/** Text of a field with its quotes resolved; valid until the next call for this reader. */
ETAS_NODISCARD etas_status etas_csv_text(etas_csv *self, size_t column, const char **text,
                                         size_t *len, etas_error *err);
/** The same without the spaces round it. */
ETAS_NODISCARD etas_status etas_csv_word(etas_csv *self, size_t column, const char **text,
                                         size_t *len, etas_error *err);
/** A finite number. E_PARSE for an empty field or other text, E_RANGE outside [low, high]. */
ETAS_NODISCARD etas_status etas_csv_number(const etas_csv *self, size_t column, double low,
                                           double high, double *out, etas_error *err);
/** A number, NaN for an empty field, "nan" and a column that is ETAS_CSV_NONE. */
ETAS_NODISCARD etas_status etas_csv_number_or_nan(const etas_csv *self, size_t column, double *out,
                                                  etas_error *err);
/** Records that the field is not what was @p expected; returns @p code. */
etas_status etas_csv_fail_field(const etas_csv *self, size_t column, etas_status code,
                                const char *expected, etas_error *err);
ETAS_NODISCARD etas_status etas_csv_time(const etas_csv *self, size_t column, etas_time *out,
                                         etas_error *err);

#endif
