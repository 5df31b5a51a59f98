#include "etas/geometry.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "geometry/bridges.h"
#include "geometry/region_check.h"
#include "geometry/region_plane.h"
#include "geometry/unwrap.h"

void etas_region_measure(etas_region *self)
{
    const size_t n = self->ring_start[self->n_rings];

    self->lat_min = self->lon_min = INFINITY;
    self->lat_max = self->lon_max = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        self->lat_min = fmin(self->lat_min, self->lat[i]);
        self->lat_max = fmax(self->lat_max, self->lat[i]);
        self->lon_min = fmin(self->lon_min, self->lon[i]);
        self->lon_max = fmax(self->lon_max, self->lon[i]);
    }
}

etas_status etas_region_alloc(etas_region *self, size_t n_rings, size_t n_vertices)
{
    if (etas_array_alloc((void **)&self->ring_start, n_rings + 1, sizeof *self->ring_start) !=
            ETAS_OK ||
        etas_array_alloc((void **)&self->lat, n_vertices, sizeof *self->lat) != ETAS_OK ||
        etas_array_alloc((void **)&self->lon, n_vertices, sizeof *self->lon) != ETAS_OK)
        return ETAS_E_NOMEM;
    return ETAS_OK;
}

static etas_status copy_ring(size_t n, const double lat[], const double lon[], etas_region *out)
{
    const etas_status st = etas_region_alloc(out, n, n);

    if (st != ETAS_OK)
        return st;
    memcpy(out->lat, lat, n * sizeof *lat);
    memcpy(out->lon, lon, n * sizeof *lon);
    out->ring_start[1] = n;
    out->n_rings = 1;
    return ETAS_OK;
}

/* The ring's parts as rings of their own, without the bridges between them. */
static etas_status copy_parts(size_t n, const double lat[], const double lon[], etas_region *out)
{
    size_t *order = NULL;
    etas_status st = etas_array_alloc((void **)&order, n, sizeof *order);

    if (st == ETAS_OK)
        st = etas_region_alloc(out, n, n);
    if (st == ETAS_OK)
        st = etas_ring_cut_bridges(n, lat, lon, order, out->ring_start, &out->n_rings);
    for (size_t i = 0; st == ETAS_OK && i < out->ring_start[out->n_rings]; i++) {
        out->lat[i] = lat[order[i]];
        out->lon[i] = lon[order[i]];
    }
    etas_array_free((void **)&order);
    return st;
}

/* From vertices that have been unwrapped. */
static etas_status set_ring(etas_region *self, size_t n, const double lat[], const double lon[],
                            etas_error *err)
{
    etas_region fresh = {0};
    etas_status st = copy_ring(n, lat, lon, &fresh);

    if (st == ETAS_OK)
        st = etas_region_check(&fresh, NULL);
    if (st == ETAS_E_PARSE) {
        etas_region_free(&fresh);
        st = copy_parts(n, lat, lon, &fresh);
        if (st == ETAS_OK)
            st = etas_region_check(&fresh, err);
    }
    if (st != ETAS_OK) {
        etas_region_free(&fresh);
        return st;
    }
    etas_region_measure(&fresh);
    etas_region_free(self);
    *self = fresh;
    return ETAS_OK;
}

etas_status etas_region_set_ring(etas_region *self, size_t n, const double lat[],
                                 const double lon[], etas_error *err)
{
    double *unwrapped = NULL;
    etas_status st = etas_vertices_check(n, lat, lon, ETAS_AXES_GIVEN, err);

    if (st != ETAS_OK)
        return st;
    st = etas_array_alloc((void **)&unwrapped, n, sizeof *unwrapped);
    if (st == ETAS_OK) {
        memcpy(unwrapped, lon, n * sizeof *lon);
        st = etas_ring_unwrap(n, unwrapped, err);
    }
    if (st == ETAS_OK)
        st = set_ring(self, n, lat, unwrapped, err);
    etas_array_free((void **)&unwrapped);
    return st == ETAS_OK ? ETAS_OK
                         : etas_fail(err, st, "no memory for a polygon of %zu vertices", n);
}

void etas_region_free(etas_region *self)
{
    etas_array_free((void **)&self->ring_start);
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    *self = (etas_region){0};
}

etas_crossing etas_edge_crossing(double x1, double y1, double x2, double y2, double x, double y)
{
    double turn;

    if ((y1 > y) == (y2 > y)) {
        const bool at_end = (x == x1 && y == y1) || (x == x2 && y == y2);
        const bool along = y == y1 && y == y2 && (x > x1) != (x > x2);

        return at_end || along ? ETAS_CROSSING_ON_EDGE : ETAS_CROSSING_NO;
    }
    turn = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1);
    if (turn == 0)
        return ETAS_CROSSING_ON_EDGE;
    return (turn > 0) == (y2 > y1) ? ETAS_CROSSING_YES : ETAS_CROSSING_NO;
}

bool etas_region_holds(const etas_region *self, double lat_deg, double lon_deg)
{
    bool inside = false;

    if (!(lat_deg >= self->lat_min && lat_deg <= self->lat_max && lon_deg >= self->lon_min &&
          lon_deg <= self->lon_max))
        return false;
    for (size_t ring = 0; ring < self->n_rings; ring++) {
        const size_t first = self->ring_start[ring], end = self->ring_start[ring + 1];

        for (size_t i = first, before = end - 1; i < end; before = i++) {
            const etas_crossing c = etas_edge_crossing(
                self->lon[before], self->lat[before], self->lon[i], self->lat[i], lon_deg, lat_deg);

            if (c == ETAS_CROSSING_ON_EDGE)
                return true;
            inside ^= c == ETAS_CROSSING_YES;
        }
    }
    return inside;
}

bool etas_region_contains(const etas_region *self, double lat_deg, double lon_deg)
{
    if (self->n_rings == 0)
        return true;
    return etas_region_holds(self, lat_deg, lon_deg) ||
           etas_region_holds(self, lat_deg, lon_deg + 360) ||
           etas_region_holds(self, lat_deg, lon_deg - 360);
}
