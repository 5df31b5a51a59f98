#include <math.h>
#include <stdbool.h>

#include "etas/io.h"
#include "io/table_out.h"

/* Columns that are written when one event at least has a value. */
typedef struct optional {
    const char *name;
    const double *values;
} optional;

enum { DEPTH, MC, X, Y, Z, N_OPTIONAL };

static bool has_values(size_t n, const double values[])
{
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            return true;
    return false;
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

static void put_event(FILE *out, const etas_event *e, size_t i, size_t n_columns,
                      const double *const columns[])
{
    etas_table_put_text(out, e->id_len, e->id);
    etas_table_put_number(out, e->lat, ',');
    etas_table_put_number(out, e->lon, ',');
    put_time(out, e->time);
    (void)fputc(',', out);
    etas_table_put_number(out, e->mag, n_columns > 0 ? ',' : '\n');
    for (size_t k = 0; k < n_columns; k++)
        etas_table_put_number(out, columns[k][i], k + 1 < n_columns ? ',' : '\n');
}

etas_status etas_catalog_write_csv(FILE *out, const etas_catalog *self, etas_error *err)
{
    const optional all[N_OPTIONAL] = {[DEPTH] = {"depth", self->depth},
                                      [MC] = {"mc_current", self->mc},
                                      [X] = {"x", self->x},
                                      [Y] = {"y", self->y},
                                      [Z] = {"z", self->z}};
    const double *written[N_OPTIONAL];
    size_t n_written = 0;
    bool in_space = false;

    for (int k = X; k < N_OPTIONAL; k++)
        in_space |= has_values(self->n, all[k].values);
    (void)fputs("id,latitude,longitude,time,magnitude", out);
    for (int k = 0; k < N_OPTIONAL; k++)
        if (k >= X ? in_space : has_values(self->n, all[k].values)) { /* x, y, z or none of them */
            (void)fprintf(out, ",%s", all[k].name);
            written[n_written++] = all[k].values;
        }
    (void)fputc('\n', out);
    for (size_t i = 0; i < self->n; i++) {
        const etas_event e = etas_catalog_row(self, i);

        put_event(out, &e, i, n_written, written);
    }
    return ferror(out) ? etas_fail(err, ETAS_E_IO, "the catalogue cannot be written") : ETAS_OK;
}
