/** @file table.h  Tables of text with aligned columns, and numbers that fit into them. */
#ifndef ETAS_CLI_TABLE_H
#define ETAS_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/status.h"

enum { TABLE_CELL = 72, TABLE_NUMBER = 16 };

typedef struct table_column {
    const char *title;
    bool left;   /**< text; numbers stand right */
    size_t most; /**< longer cells are cut, with a '~' at the end; 0: TABLE_CELL - 1 */
} table_column;

/** Starts with table_init; freed with table_free (idempotent). */
typedef struct table {
    size_t n_columns;            /**< at most 16 */
    size_t n, capacity;          /**< cells */
    const table_column *columns; /**< the caller's */
    char (*cells)[TABLE_CELL];
    bool failed; /**< memory ran out */
} table;

void table_init(table *self, size_t n_columns, const table_column columns[]);
/** The next cell, row by row. */
void table_add(table *self, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** To stdout: titles, then the rows, @p indent before them, two spaces between columns, or one when
 * a line would have more than 100 characters. E_NOMEM when a cell was lost. */
ETAS_NODISCARD etas_status table_print(const table *self, int indent, etas_error *err);
void table_free(table *self);

/** At most five digits, then three significant ones: 99999, 123k, 1.23M. Returns @p out. */
const char *table_count(uint64_t n, char out[TABLE_NUMBER]);
/** 0, 512, 12.3K, 1.23M in units of 1024 bytes. */
const char *table_bytes(uint64_t n, char out[TABLE_NUMBER]);
/** Three significant digits with a unit: 123us, 1.23ms, 45.6s, 7.5m, 2.1h, 3.4d; "-" when not
 * finite. */
const char *table_seconds(double s, char out[TABLE_NUMBER]);
/** A number per second: 0.12, 3.4, 812, 12.3k; "-" when not finite. */
const char *table_rate(double x, char out[TABLE_NUMBER]);
/** part/whole as "93%"; "-" when whole is not positive. */
const char *table_share(double part, double whole, char out[TABLE_NUMBER]);

#endif
