#include <math.h>

#include "etas/io.h"
#include "io/csv.h"

/* Where a field begins and ends in the file, its quotes included. */
static const char *field_begin(const etas_csv_field *f, const char *text)
{
    return f->text > text && f->text[-1] == '"' ? f->text - 1 : f->text;
}

static const char *field_end(const etas_csv_field *f, const char *text)
{
    return f->text + f->len + (field_begin(f, text) != f->text);
}

static void put_bytes(FILE *out, const char *begin, const char *end)
{
    (void)fwrite(begin, 1, (size_t)(end - begin), out);
}

/* Eight digits hide the last bits of multiples of a bin width. */
static void put_value(FILE *out, double value)
{
    if (!isnan(value))
        (void)fprintf(out, "%.8g", value);
}

static etas_status copy_rows(FILE *out, etas_csv *csv, const char *text,
                             const etas_csv_column *column, etas_error *err)
{
    const size_t old = etas_csv_find(csv, column->name);
    const char *done = text;
    bool more = true;
    etas_status st = ETAS_OK;
    size_t row = 0;

    if (old == ETAS_CSV_NONE) {
        const char *end = field_end(&csv->header[csv->n_columns - 1], text);

        put_bytes(out, done, end);
        (void)fprintf(out, ",%s", column->name);
        done = end;
    }
    for (;; row++) {
        const etas_csv_field *f;

        st = etas_csv_next(csv, &more, err);
        if (st != ETAS_OK || !more || row == column->n)
            break;
        f = &csv->field[old != ETAS_CSV_NONE ? old : csv->n_columns - 1];
        put_bytes(out, done, old != ETAS_CSV_NONE ? field_begin(f, text) : field_end(f, text));
        if (old == ETAS_CSV_NONE)
            (void)fputc(',', out);
        put_value(out, column->values[row]);
        done = field_end(f, text);
    }
    if (st == ETAS_OK && (more || row != column->n))
        st = etas_fail(err, ETAS_E_ARG, "%zu values for another number of rows", column->n);
    put_bytes(out, done, csv->end);
    return st;
}

etas_status etas_csv_write_column(FILE *out, size_t len, const char text[],
                                  const etas_csv_column *column, etas_error *err)
{
    etas_csv csv = {0};
    etas_status st = etas_csv_open(&csv, len, text, "", err);

    if (st == ETAS_OK)
        st = copy_rows(out, &csv, text, column, err);
    etas_csv_free(&csv);
    if (st == ETAS_OK && ferror(out))
        st = etas_fail(err, ETAS_E_IO, "the table cannot be written");
    return st;
}
