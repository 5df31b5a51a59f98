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

static bool is_complete(double mag, double mc)
{
    return mag >= mc - SAME_MAGNITUDE;
}

/* In space a place that is not known counts: it is an error. */
static bool is_inside(const etas_catalog *self, size_t i, const etas_selection *how)
{
    if (how->hull == NULL)
        return etas_region_contains(how->region, self->lat[i], self->lon[i]);
    return isnan(self->x[i] + self->y[i] + self->z[i]) ||
           etas_hull_contains(how->hull, self->x[i], self->y[i], self->z[i]);
}

/* In the window and the region, with a magnitude; a constant completeness decides at once. */
static bool is_candidate(const etas_catalog *self, size_t i, const etas_selection *how)
{
    const double mag = etas_magnitude_round(self->mag[i], how->delta_m);

    return self->time[i] >= how->start && self->time[i] < how->end && !isnan(mag) &&
           (how->mc_method != ETAS_MC_CONSTANT || is_complete(mag, how->mc)) &&
           is_inside(self, i, how);
}

/* That of magnitudes in files: all are measured from the smallest completeness. */
static const double LOWEST_MC = -10;

static etas_status fail_without(const etas_event *e, const char *what, etas_error *err)
{
    char time[32];

    etas_time_format(e->time, ' ', time);
    return etas_fail(err, ETAS_E_RANGE, "event \"%.*s\" of %s has no %s",
                     (int)(e->id_len < 40 ? e->id_len : 40), e->id, time, what);
}

/* Adds @p row when it is complete; @p before is the one before it, NULL for the first. */
static etas_status keep_complete(const etas_selection *how, const etas_event *before,
                                 etas_event *row, etas_catalog *out, etas_error *err)
{
    if (how->hull != NULL && isnan(row->x + row->y + row->z))
        return fail_without(row, "place in space (columns x, y, z)", err);
    switch (how->mc_method) {
    case ETAS_MC_CONSTANT:
        row->mc = how->mc;
        break;
    case ETAS_MC_COLUMN:
        if (isnan(row->mc))
            return fail_without(row, "completeness magnitude (column mc_current)", err);
        if (row->mc < LOWEST_MC)
            return fail_without(row, "completeness magnitude of -10 or more (column mc_current)",
                                err);
        break;
    case ETAS_MC_POSITIVE:
        row->mc = before != NULL ? before->mag + how->delta_m : INFINITY;
        break;
    }
    if (!is_complete(row->mag, row->mc))
        return ETAS_OK;
    return etas_catalog_append(out, row) == ETAS_OK
               ? ETAS_OK
               : etas_fail(err, ETAS_E_NOMEM, "no memory to select from a catalogue");
}

etas_status etas_catalog_select(const etas_catalog *self, const etas_selection *how,
                                etas_catalog *out, etas_error *err)
{
    candidate *kept = NULL;
    etas_event before;
    size_t n = 0;
    etas_status st = etas_array_alloc((void **)&kept, self->n, sizeof *kept);

    if (st != ETAS_OK)
        return etas_fail(err, st, "no memory to select from %zu events", self->n);
    for (size_t i = 0; i < self->n; i++)
        if (is_candidate(self, i, how))
            kept[n++] = (candidate){self->time[i], i};
    if (n > 0)
        qsort(kept, n, sizeof *kept, by_time);
    for (size_t i = 0; st == ETAS_OK && i < n; i++) {
        etas_event row = etas_catalog_row(self, kept[i].row);

        row.mag = etas_magnitude_round(row.mag, how->delta_m);
        st = keep_complete(how, i > 0 ? &before : NULL, &row, out, err);
        before = row;
    }
    if (st != ETAS_OK)
        etas_catalog_free(out);
    etas_array_free((void **)&kept);
    return st;
}
