/** @file lines.h  Text line by line, cut into fields. */
#ifndef ETAS_IO_LINES_H
#define ETAS_IO_LINES_H

#include "io/catalog_reader.h"

/** Starts with at, end and line 0; lines end with \n, \r\n or a lone \r. */
typedef struct etas_lines {
    const char *at, *end;
    uint64_t line;    /**< number of the current one, from 1 */
    const char *text; /**< the current one, without its end; not terminated */
    size_t len;
} etas_lines;

/** False behind the last line. */
bool etas_lines_next(etas_lines *self);

/** Without the spaces round it. */
typedef struct etas_field {
    const char *text;
    size_t len;
    uint64_t column; /**< from 1 */
} etas_field;

/** The bytes [begin, end) of the current line. */
etas_field etas_lines_field(const etas_lines *self, size_t begin, size_t end);

enum { ETAS_FIELDS = 64 };

/** Cuts the current line at every @p separator; at runs of spaces and tabs when that is ' '. What
 * does not fit stays in the last of ETAS_FIELDS fields. Returns how many there are. */
size_t etas_lines_split(const etas_lines *self, char separator, etas_field out[ETAS_FIELDS]);

/** True when it is @p name, whatever the case. */
bool etas_field_is(const etas_field *self, const char *name);

/** A number; E_PARSE for other text. */
ETAS_NODISCARD etas_status etas_field_number(const etas_catalog_reader *r, const etas_lines *lines,
                                             const etas_field *self, const char *key, double *out);
/** The same, NaN when it is empty. */
ETAS_NODISCARD etas_status etas_field_number_or_nan(const etas_catalog_reader *r,
                                                    const etas_lines *lines, const etas_field *self,
                                                    const char *key, double *out);
/** Where it stands. */
etas_place etas_field_place(const etas_lines *lines, const etas_field *self, const char *key);

#endif
