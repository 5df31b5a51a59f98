#include "etas/grid.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "etas/array.h"

static const double SAME_DEG = 1e-6;    /* centres as close as that have one latitude */
static const double OFF_LATTICE = 1e-3; /* of a cell: centres may be written with few digits */

void etas_rate_grid_free(etas_rate_grid *self)
{
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    etas_array_free((void **)&self->weight);
    *self = (etas_rate_grid){0};
}

void etas_magnitude_zones_free(etas_magnitude_zones *self)
{
    etas_rate_grid_free(&self->map);
    etas_array_free((void **)&self->zone);
    etas_array_free((void **)&self->first);
    etas_array_free((void **)&self->mag);
    etas_array_free((void **)&self->weight);
    *self = (etas_magnitude_zones){0};
}

/* ---- numbers ---- */

static etas_status check_numbers(const etas_rate_grid *self, etas_error *err)
{
    for (size_t i = 0; i < self->n; i++) {
        if (!(fabs(self->lat[i]) <= 90) || !(fabs(self->lon[i]) <= 360))
            return etas_fail(err, ETAS_E_RANGE, "row %zu: lat %g, lon %g is not on the globe",
                             i + 1, self->lat[i], self->lon[i]);
        if (self->weight != NULL && !(self->weight[i] >= 0 && !isinf(self->weight[i])))
            return etas_fail(err, ETAS_E_RANGE,
                             "row %zu: the weight must be finite and not negative, not %g", i + 1,
                             self->weight[i]);
    }
    return ETAS_OK;
}

/* ---- size of a cell ---- */

/** Centres in one direction: first + whole number * step. */
typedef struct axis {
    double first, step;
} axis;

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The smallest distance is known to a few digits; the farther away, the better the step. Step 0 if
 * there is but one value. */
static axis axis_of(size_t n, double x[])
{
    axis found = {.step = INFINITY};

    qsort(x, n, sizeof *x, compare_doubles);
    if (n > 0)
        found.first = x[0];
    for (size_t i = 1; i < n; i++)
        if (x[i] - x[i - 1] > SAME_DEG)
            found.step = fmin(found.step, x[i] - x[i - 1]);
    if (isinf(found.step))
        found.step = 0;
    for (size_t i = 1; i < n && found.step > 0; i++) {
        const double steps = floor((x[i] - found.first) / found.step + 0.5);

        if (steps > 0)
            found.step = (x[i] - found.first) / steps;
    }
    return found;
}

static bool on_axis(const axis *a, double x)
{
    const double steps = (x - a->first) / a->step;

    return fabs(steps - floor(steps + 0.5)) <= OFF_LATTICE;
}

static etas_status find_axes(const etas_rate_grid *self, axis *lat, axis *lon, etas_error *err)
{
    double *copy = NULL;

    if (etas_array_alloc((void **)&copy, self->n, sizeof *copy) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a grid of %zu cells", self->n);
    for (size_t i = 0; i < self->n; i++)
        copy[i] = self->lat[i];
    *lat = axis_of(self->n, copy);
    for (size_t i = 0; i < self->n; i++)
        copy[i] = self->lon[i];
    *lon = axis_of(self->n, copy);
    etas_array_free((void **)&copy);
    if (lat->step == 0 || lon->step == 0)
        return etas_fail(err, ETAS_E_ARG,
                         "a grid needs two latitudes and two longitudes: %zu cells do not tell "
                         "their size",
                         self->n);
    return ETAS_OK;
}

/* ---- places ---- */

typedef struct placed {
    uint64_t place;
    size_t row;
} placed;

static int compare_placed(const void *a, const void *b)
{
    const placed *x = a, *y = b;

    return x->place != y->place ? (x->place > y->place) - (x->place < y->place)
                                : (x->row > y->row) - (x->row < y->row);
}

/* Columns that go round the globe, 0 if no whole number of them does. */
static uint64_t columns_around(double step)
{
    const double n = 360 / step;

    return fabs(n - floor(n + 0.5)) <= OFF_LATTICE ? (uint64_t)(n + 0.5) : 0;
}

static etas_status check_places(const etas_rate_grid *self, const axis *lat, const axis *lon,
                                etas_error *err)
{
    const uint64_t around = columns_around(lon->step);
    size_t second = SIZE_MAX;
    placed *places = NULL;

    for (size_t i = 0; i < self->n; i++)
        if (!on_axis(lat, self->lat[i]) || !on_axis(lon, self->lon[i]) ||
            (around == 0 && self->lon[i] - lon->first > 360 - lon->step * (1 - OFF_LATTICE)))
            return etas_fail(err, ETAS_E_RANGE,
                             "row %zu: lat %.9g, lon %.9g is not the centre of a cell of %.6g x "
                             "%.6g degrees like the others",
                             i + 1, self->lat[i], self->lon[i], lat->step, lon->step);
    if (etas_array_alloc((void **)&places, self->n, sizeof *places) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a grid of %zu cells", self->n);
    for (size_t i = 0; i < self->n; i++) {
        const uint64_t row = (uint64_t)((self->lat[i] - lat->first) / lat->step + 0.5);
        const uint64_t column = (uint64_t)((self->lon[i] - lon->first) / lon->step + 0.5);

        places[i] = (placed){row << 32 | (around > 0 ? column % around : column), i};
    }
    qsort(places, self->n, sizeof *places, compare_placed);
    for (size_t i = 1; i < self->n; i++)
        if (places[i].place == places[i - 1].place && places[i].row < second)
            second = places[i].row;
    etas_array_free((void **)&places);
    if (second != SIZE_MAX)
        return etas_fail(err, ETAS_E_RANGE,
                         "row %zu: a second cell at lat %.9g, lon %.9g (or 360 degrees from it)",
                         second + 1, self->lat[second], self->lon[second]);
    return ETAS_OK;
}

etas_status etas_rate_grid_check(etas_rate_grid *self, etas_error *err)
{
    axis lat = {0}, lon = {0};
    etas_status st = check_numbers(self, err);

    if (st == ETAS_OK)
        st = find_axes(self, &lat, &lon, err);
    if (st == ETAS_OK)
        st = check_places(self, &lat, &lon, err);
    if (st != ETAS_OK)
        return st;
    self->dlat = lat.step;
    self->dlon = lon.step;
    return ETAS_OK;
}
