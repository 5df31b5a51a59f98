#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "geometry/polygon_set.h"
#include "geometry/region_check.h"
#include "geometry/unwrap.h"

etas_status etas_polygons_add_ring(etas_polygons *self, etas_ring_role role)
{
    const size_t n = self->n_rings;

    if (etas_array_reserve((void **)&self->role, &self->ring_capacity[0], n + 1,
                           sizeof *self->role) != ETAS_OK ||
        etas_array_reserve((void **)&self->ring_start, &self->ring_capacity[1], n + 2,
                           sizeof *self->ring_start) != ETAS_OK)
        return ETAS_E_NOMEM;
    self->role[n] = role;
    self->ring_start[n] = self->ring_start[n + 1] = self->n_vertices;
    self->n_rings++;
    return ETAS_OK;
}

etas_status etas_polygons_add_vertex(etas_polygons *self, double lat, double lon)
{
    const size_t n = self->n_vertices;

    if (etas_array_reserve((void **)&self->lat, &self->capacity[0], n + 1, sizeof *self->lat) !=
            ETAS_OK ||
        etas_array_reserve((void **)&self->lon, &self->capacity[1], n + 1, sizeof *self->lon) !=
            ETAS_OK)
        return ETAS_E_NOMEM;
    self->lat[n] = lat;
    self->lon[n] = lon;
    self->ring_start[self->n_rings] = ++self->n_vertices;
    return ETAS_OK;
}

void etas_polygons_free(etas_polygons *self)
{
    etas_array_free((void **)&self->role);
    etas_array_free((void **)&self->ring_start);
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    *self = (etas_polygons){0};
}

/* Degrees; narrower by less is not worth other numbers. */
static const double SAME_WIDTH = 1e-9;

static void shift(etas_polygons *self, size_t from_ring, size_t to_ring, double degrees)
{
    for (size_t i = self->ring_start[from_ring]; i < self->ring_start[to_ring]; i++)
        self->lon[i] += degrees;
}

static void extent(const etas_polygons *self, size_t ring, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = self->ring_start[ring]; i < self->ring_start[ring + 1]; i++) {
        *low = fmin(*low, self->lon[i]);
        *high = fmax(*high, self->lon[i]);
    }
}

size_t etas_polygons_next(const etas_polygons *self, size_t ring)
{
    do
        ring++;
    while (ring < self->n_rings && self->role[ring] == ETAS_RING_HOLE);
    return ring;
}

/* A hole may be written on the other side of +-180 than the ring round it. */
static void join_holes(etas_polygons *self)
{
    double low = 0, high = 0, hole_low, hole_high;

    for (size_t ring = 0; ring < self->n_rings; ring++) {
        if (self->role[ring] != ETAS_RING_HOLE) {
            extent(self, ring, &low, &high);
            continue;
        }
        extent(self, ring, &hole_low, &hole_high);
        if (hole_high > high && hole_low - 360 >= low)
            shift(self, ring, ring + 1, -360);
        else if (hole_low < low && hole_high + 360 <= high)
            shift(self, ring, ring + 1, 360);
    }
}

etas_status etas_polygons_unwrap(etas_polygons *self, etas_error *err)
{
    if (self->n_rings == 0)
        return etas_fail(err, ETAS_E_PARSE, "there is no polygon in it");
    for (size_t ring = 0; ring < self->n_rings; ring++) {
        const size_t first = self->ring_start[ring], n = self->ring_start[ring + 1] - first;
        etas_error e = {0};
        etas_status st =
            etas_vertices_check(n, self->lat + first, self->lon + first, ETAS_AXES_LONLAT, &e);

        if (st == ETAS_OK)
            st = etas_ring_unwrap(n, self->lon + first, &e);
        if (st != ETAS_OK)
            return etas_fail(err, st, "ring %zu: %s", ring + 1, e.text);
    }
    join_holes(self);
    return ETAS_OK;
}

/* ---- parts on both sides of +-180 ---- */

typedef struct span {
    double low, high;
} span;

static int by_low(const void *a, const void *b)
{
    const double x = ((const span *)a)->low, y = ((const span *)b)->low;

    return (x > y) - (x < y);
}

/* The widest gap between the spans on the circle, below 0 when they cover it; *start is where it
 * ends, in [0, 360). */
static double widest_gap(size_t n, span spans[], double *start)
{
    double gap = -INFINITY, reach = -INFINITY;

    for (size_t i = 0; i < n; i++) {
        const double turn = 360 * floor(spans[i].low / 360);

        spans[i] = (span){spans[i].low - turn, spans[i].high - turn};
        reach = fmax(reach, spans[i].high - 360); /* what comes round to the first */
    }
    qsort(spans, n, sizeof *spans, by_low);
    for (size_t i = 0; i < n; i++) {
        if (spans[i].low - reach > gap) {
            gap = spans[i].low - reach;
            *start = spans[i].low;
        }
        reach = fmax(reach, spans[i].high);
    }
    return gap;
}

/* Each polygon by whole turns, so that it begins in [start, start + 360). */
static void shift_to(etas_polygons *self, double start)
{
    const double rounding = 1e-12;

    for (size_t ring = 0, next; ring < self->n_rings; ring = next) {
        double low, high, turns;

        next = etas_polygons_next(self, ring);
        extent(self, ring, &low, &high);
        turns = floor((low - start) / 360 + rounding);
        if (turns != 0)
            shift(self, ring, next, -360 * turns);
    }
}

etas_status etas_polygons_gather(etas_polygons *self, etas_error *err)
{
    span *spans = NULL, all = {INFINITY, -INFINITY};
    size_t n = 0;
    double start = 0, gap, width;

    if (etas_array_alloc((void **)&spans, self->n_rings, sizeof *spans) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t ring = 0; ring < self->n_rings; ring = etas_polygons_next(self, ring), n++) {
        extent(self, ring, &spans[n].low, &spans[n].high);
        all.low = fmin(all.low, spans[n].low);
        all.high = fmax(all.high, spans[n].high);
    }
    gap = widest_gap(n, spans, &start);
    etas_array_free((void **)&spans);
    width = all.high - all.low;
    if (width > 360 - gap + SAME_WIDTH) {
        start -= start >= 180 ? 360 : 0;
        start -= start > gap ? 360 : 0; /* or it would end beyond 360 */
        shift_to(self, start);
        width = 360 - gap;
    }
    if (width > 360 + SAME_WIDTH)
        return etas_fail(err, ETAS_E_RANGE,
                         "the polygons overlap all round the globe; leave out shape_coords for a "
                         "region without a border");
    return ETAS_OK;
}
