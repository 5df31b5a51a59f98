#include "table.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"

enum { MOST_COLUMNS = 16, LINE = 100 };

void table_init(table *self, size_t n_columns, const table_column columns[])
{
    *self = (table){.n_columns = n_columns, .columns = columns};
}

void table_free(table *self)
{
    etas_array_free((void **)&self->cells);
    *self = (table){.n_columns = self->n_columns, .columns = self->columns};
}

void table_add(table *self, const char *fmt, ...)
{
    const size_t most = self->columns[self->n % self->n_columns].most;
    va_list ap;
    char *cell;

    if (self->failed || etas_array_reserve((void **)&self->cells, &self->capacity, self->n + 1,
                                           sizeof *self->cells) != ETAS_OK) {
        self->failed = true;
        return;
    }
    cell = self->cells[self->n++];
    va_start(ap, fmt);
    (void)etas_vformat(TABLE_CELL, cell, fmt, ap);
    va_end(ap);
    if (most > 0 && most < TABLE_CELL && strlen(cell) > most) {
        cell[most - 1] = '~';
        cell[most] = '\0';
    }
}

static int width_of(const table *self, size_t column)
{
    size_t widest = strlen(self->columns[column].title);

    for (size_t i = column; i < self->n; i += self->n_columns) {
        const size_t len = strlen(self->cells[i]);

        widest = len > widest ? len : widest;
    }
    return (int)widest;
}

/* Widths of the columns, and the space between them: less when the line would be too long. */
typedef struct layout {
    int gap, widths[MOST_COLUMNS];
} layout;

static layout lay_out(const table *self, int indent)
{
    layout out = {.gap = 2};
    int sum = indent;

    for (size_t c = 0; c < self->n_columns; c++) {
        out.widths[c] = width_of(self, c);
        sum += out.widths[c] + (c > 0 ? out.gap : 0);
    }
    if (sum > LINE)
        out.gap = 1;
    return out;
}

static void print_row(const table *self, const layout *how, int indent, size_t row)
{
    (void)printf("%*s", indent, "");
    for (size_t c = 0; c < self->n_columns; c++) {
        const bool last = c + 1 == self->n_columns, left = self->columns[c].left;
        const char *const text =
            row == 0 ? self->columns[c].title : self->cells[(row - 1) * self->n_columns + c];

        (void)printf("%*s", c > 0 ? how->gap : 0, "");
        (void)printf("%*s", left && last ? 0 : left ? -how->widths[c] : how->widths[c], text);
    }
    (void)fputc('\n', stdout);
}

etas_status table_print(const table *self, int indent, etas_error *err)
{
    const layout how = lay_out(self, indent);

    if (self->failed)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a table");
    for (size_t row = 0; row <= self->n / self->n_columns; row++)
        print_row(self, &how, indent, row);
    return ETAS_OK;
}

/* ---- numbers ---- */

/* Three significant digits, or none behind the point from 100 on. */
static void format_three(double x, const char *unit, char out[TABLE_NUMBER])
{
    etas_format(TABLE_NUMBER, out, "%.*f%s", x < 9.995 ? 2 : x < 99.95 ? 1 : 0, x, unit);
}

static void format_scaled(double x, double base, const char *const units[], size_t n_units,
                          char out[TABLE_NUMBER])
{
    size_t unit = 0;

    x /= base;
    for (; unit + 1 < n_units && x >= 999.5; unit++)
        x /= base;
    format_three(x, units[unit], out);
}

const char *table_count(uint64_t n, char out[TABLE_NUMBER])
{
    static const char *const units[] = {"k", "M", "G", "T", "P"};

    if (n < 100000)
        etas_format(TABLE_NUMBER, out, "%" PRIu64, n);
    else
        format_scaled((double)n, 1000, units, 5, out);
    return out;
}

const char *table_bytes(uint64_t n, char out[TABLE_NUMBER])
{
    static const char *const units[] = {"K", "M", "G", "T", "P"};

    if (n < 1000)
        etas_format(TABLE_NUMBER, out, "%" PRIu64, n);
    else
        format_scaled((double)n, 1024, units, 5, out);
    return out;
}

const char *table_seconds(double s, char out[TABLE_NUMBER])
{
    if (!isfinite(s))
        etas_format(TABLE_NUMBER, out, "-");
    else if (s > 0 && s < 0.9995e-3)
        format_three(s * 1e6, "us", out);
    else if (s < 0.9995)
        format_three(s * 1e3, "ms", out);
    else if (s < 120)
        format_three(s, "s", out);
    else if (s < 7200)
        format_three(s / 60, "m", out);
    else if (s < 172800)
        format_three(s / 3600, "h", out);
    else
        format_three(s / 86400, "d", out);
    return out;
}

const char *table_rate(double x, char out[TABLE_NUMBER])
{
    static const char *const units[] = {"k", "M", "G"};

    if (!isfinite(x))
        etas_format(TABLE_NUMBER, out, "-");
    else if (x < 9999.5)
        format_three(x, "", out);
    else
        format_scaled(x, 1000, units, 3, out);
    return out;
}

const char *table_share(double part, double whole, char out[TABLE_NUMBER])
{
    if (!(whole > 0) || !isfinite(part / whole))
        etas_format(TABLE_NUMBER, out, "-");
    else
        etas_format(TABLE_NUMBER, out, "%.0f%%", 100 * part / whole);
    return out;
}
