#include "etas/catalog.h"

#include <math.h>
#include <stdlib.h>

#include "etas/array.h"

/* Far below any magnitude step, far above the last bits of floor(m / delta_m + 0.5) * delta_m. */
static const double SAME_MAGNITUDE = 1e-9;

typedef struct candidate {
    etas_time time;
    size_t row;
} candidate;

double etas_magnitude_round(double mag, double delta_m)
{
    return delta_m > 0 ? floor(mag / delta_m + 0.5) * delta_m : mag;
}

/* Ties in the order of the rows, which makes qsort stable. */
static int by_time(const void *pa, const void *pb)
{
    const candidate *a = pa, *b = pb;

    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static bool is_selected(const etas_catalog *self, size_t i, const etas_selection *how)
{
    return self->time[i] >= how->start && self->time[i] < how->end &&
           etas_magnitude_round(self->mag[i], how->delta_m) >= how->mc - SAME_MAGNITUDE &&
           etas_region_contains(how->region, self->lat[i], self->lon[i]);
}

etas_status etas_catalog_select(const etas_catalog *self, const etas_selection *how,
                                etas_catalog *out, etas_error *err)
{
    candidate *kept = NULL;
    size_t n = 0;
    etas_status st = etas_array_alloc((void **)&kept, self->n, sizeof *kept);

    for (size_t i = 0; st == ETAS_OK && i < self->n; i++)
        if (is_selected(self, i, how))
            kept[n++] = (candidate){self->time[i], i};
    if (n > 0)
        qsort(kept, n, sizeof *kept, by_time);
    for (size_t i = 0; st == ETAS_OK && i < n; i++) {
        etas_event row = etas_catalog_row(self, kept[i].row);

        row.mag = etas_magnitude_round(row.mag, how->delta_m);
        row.mc = how->mc;
        st = etas_catalog_append(out, &row);
    }
    if (st != ETAS_OK) {
        etas_fail(err, st, "no memory to select from %zu events", self->n);
        etas_catalog_free(out);
    }
    etas_array_free((void **)&kept);
    return st;
}
