/** @file table_out.h  Fields of tables of comma-separated values (RFC 4180). Write errors stay with
 * the stream. */
#ifndef ETAS_IO_TABLE_OUT_H
#define ETAS_IO_TABLE_OUT_H

#include <stddef.h>
#include <stdio.h>

#include "etas/status.h"

/** Text, quoted when it has to be. */
void etas_csv_put_text(FILE *out, size_t len, const char text[]);
/** The same and a comma. */
void etas_table_put_text(FILE *out, size_t len, const char text[]);
/** A number to the last bit, empty for NaN, and @p after: a comma or a newline. */
void etas_table_put_number(FILE *out, double value, char after);

/** E_IO with the system's reason when a write to @p path failed. */
ETAS_NODISCARD etas_status etas_table_check(FILE *out, const char *path, etas_error *err);

#endif
