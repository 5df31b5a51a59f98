#include <math.h>
#include <string.h>

#include "etas/io.h"
#include "io/decimal.h"

/* Columns that are written when one event at least has a value. */
typedef struct optional {
    const char *name;
    const double *values;
    bool written;
} optional;

enum { DEPTH, MC, X, Y, Z, N_OPTIONAL };

static bool has_values(size_t n, const double values[])
{
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            return true;
    return false;
}

static void put_number(FILE *out, double value)
{
    char text[32];

    if (!isnan(value))
        (void)fwrite(text, 1, etas_decimal_put(value, text), out);
}

/* Quoted where commas, quotes or line ends need it (RFC 4180). */
static void put_text(FILE *out, size_t len, const char text[])
{
    bool quoted = false;

    for (size_t i = 0; i < len; i++)
        quoted |= strchr(",\"\r\n", text[i]) != NULL;
    if (!quoted) {
        (void)fwrite(text, 1, len, out);
        return;
    }
    (void)fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            (void)fputc('"', out);
        (void)fputc(text[i], out);
    }
    (void)fputc('"', out);
}

/* Nanoseconds where there are any. */
static void put_time(FILE *out, etas_time time)
{
    char text[32];
    const int ns = (int)((time % 1000 + 1000) % 1000);

    (void)fwrite(text, 1, etas_time_format(time, ' ', text), out);
    if (ns > 0)
        (void)fprintf(out, "%03d", ns);
}

static void put_event(FILE *out, const etas_event *e, size_t i, const optional columns[N_OPTIONAL])
{
    put_text(out, e->id_len, e->id);
    (void)fputc(',', out);
    put_number(out, e->lat);
    (void)fputc(',', out);
    put_number(out, e->lon);
    (void)fputc(',', out);
    put_time(out, e->time);
    (void)fputc(',', out);
    put_number(out, e->mag);
    for (int k = 0; k < N_OPTIONAL; k++)
        if (columns[k].written) {
            (void)fputc(',', out);
            put_number(out, columns[k].values[i]);
        }
    (void)fputc('\n', out);
}

etas_status etas_catalog_write_csv(FILE *out, const etas_catalog *self, etas_error *err)
{
    optional columns[N_OPTIONAL] = {[DEPTH] = {"depth", self->depth, false},
                                    [MC] = {"mc_current", self->mc, false},
                                    [X] = {"x", self->x, false},
                                    [Y] = {"y", self->y, false},
                                    [Z] = {"z", self->z, false}};
    bool in_space = false;

    for (int k = 0; k < N_OPTIONAL; k++) {
        columns[k].written = has_values(self->n, columns[k].values);
        in_space |= k >= X && columns[k].written;
    }
    (void)fputs("id,latitude,longitude,time,magnitude", out);
    for (int k = 0; k < N_OPTIONAL; k++) {
        columns[k].written |= k >= X && in_space; /* all three or none */
        if (columns[k].written)
            (void)fprintf(out, ",%s", columns[k].name);
    }
    (void)fputc('\n', out);
    for (size_t i = 0; i < self->n; i++) {
        const etas_event e = etas_catalog_row(self, i);

        put_event(out, &e, i, columns);
    }
    return ferror(out) ? etas_fail(err, ETAS_E_IO, "the catalogue cannot be written") : ETAS_OK;
}
