#include "etas/geometry.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "geometry/ring_polygon.h"

/* A ring that touches itself in a point is fine under the even-odd rule: GEOS accepts it where it
 * encloses a hole, and calls it by this name where it does not. */
static const char TOUCHING[] = "Interior is disconnected";

static etas_status check_vertices(size_t n, const double lat[], const double lon[], etas_error *err)
{
    if (n < 3)
        return etas_fail(err, ETAS_E_PARSE, "a polygon needs 3 vertices or more, this has %zu", n);
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(lat[i]) <= 90))
            return etas_fail(err, ETAS_E_RANGE,
                             "vertex %zu: latitude %.10g is not within [-90, 90]; if longitudes "
                             "come first, say \"polygon_axes\": \"lonlat\"",
                             i + 1, lat[i]);
        if (!(fabs(lon[i]) <= 360))
            return etas_fail(err, ETAS_E_RANGE,
                             "vertex %zu: longitude %.10g is not within [-360, 360]; "
                             "\"polygon_axes\" says which axis comes first",
                             i + 1, lon[i]);
    }
    return ETAS_OK;
}

static etas_status report_crossing(GEOSContextHandle_t geos, const char *reason,
                                   const GEOSGeometry *place, etas_error *err)
{
    double lat, lon;

    if (place == NULL || !GEOSGeomGetX_r(geos, place, &lon) || !GEOSGeomGetY_r(geos, place, &lat))
        return etas_fail(err, ETAS_E_PARSE, "the polygon is not valid: %s", reason);
    return etas_fail(err, ETAS_E_PARSE, "the polygon is not valid: %s at lat %.10g, lon %.10g",
                     reason, lat, lon);
}

static etas_status check_simple(size_t n, const double lat[], const double lon[], etas_error *err)
{
    GEOSContextHandle_t geos = GEOS_init_r();
    GEOSGeometry *polygon = NULL, *place = NULL;
    char *reason = NULL;
    double area = 0;
    char valid;
    etas_status st = ETAS_E_NOMEM;

    if (geos == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "no memory to check the polygon");
    polygon = etas_ring_polygon(geos, n, lon, lat);
    if (polygon == NULL || !GEOSArea_r(geos, polygon, &area)) {
        etas_fail(err, st, "no memory to check the polygon");
        goto out;
    }
    valid = GEOSisValidDetail_r(geos, polygon, GEOSVALID_ALLOW_SELFTOUCHING_RING_FORMING_HOLE,
                                &reason, &place);
    if (valid == 0 && reason != NULL && strcmp(reason, TOUCHING) != 0)
        st = report_crossing(geos, reason, place, err);
    else if (valid > 1 || (valid == 0 && reason == NULL))
        etas_fail(err, st, "no memory to check the polygon");
    else if (area == 0)
        st = etas_fail(err, ETAS_E_PARSE, "the polygon has no area");
    else
        st = ETAS_OK;
out:
    GEOSFree_r(geos, reason);
    GEOSGeom_destroy_r(geos, place);
    GEOSGeom_destroy_r(geos, polygon);
    GEOS_finish_r(geos);
    return st;
}

static void bounding_box(etas_region *self, size_t n)
{
    self->lat_min = self->lon_min = INFINITY;
    self->lat_max = self->lon_max = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        self->lat_min = fmin(self->lat_min, self->lat[i]);
        self->lat_max = fmax(self->lat_max, self->lat[i]);
        self->lon_min = fmin(self->lon_min, self->lon[i]);
        self->lon_max = fmax(self->lon_max, self->lon[i]);
    }
}

etas_status etas_region_set_ring(etas_region *self, size_t n, const double lat[],
                                 const double lon[], etas_error *err)
{
    etas_region fresh = {.n_rings = 1};
    etas_status st = check_vertices(n, lat, lon, err);

    if (st == ETAS_OK)
        st = check_simple(n, lat, lon, err);
    if (st != ETAS_OK)
        return st;
    if (etas_array_alloc((void **)&fresh.ring_start, 2, sizeof *fresh.ring_start) != ETAS_OK ||
        etas_array_alloc((void **)&fresh.lat, n, sizeof *fresh.lat) != ETAS_OK ||
        etas_array_alloc((void **)&fresh.lon, n, sizeof *fresh.lon) != ETAS_OK) {
        etas_region_free(&fresh);
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a polygon of %zu vertices", n);
    }
    fresh.ring_start[1] = n;
    memcpy(fresh.lat, lat, n * sizeof *lat);
    memcpy(fresh.lon, lon, n * sizeof *lon);
    bounding_box(&fresh, n);
    etas_region_free(self);
    *self = fresh;
    return ETAS_OK;
}

void etas_region_free(etas_region *self)
{
    etas_array_free((void **)&self->ring_start);
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    *self = (etas_region){0};
}

typedef enum crossing { CROSSING_NO, CROSSING_YES, CROSSING_ON_EDGE } crossing;

/* How the ray from the point (x, y) towards larger x meets the edge from 1 to 2. */
static crossing ray_meets_edge(double x1, double y1, double x2, double y2, double x, double y)
{
    double turn;

    if ((y1 > y) == (y2 > y)) {
        const bool at_end = (x == x1 && y == y1) || (x == x2 && y == y2);
        const bool along = y == y1 && y == y2 && (x > x1) != (x > x2);

        return at_end || along ? CROSSING_ON_EDGE : CROSSING_NO;
    }
    turn = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1);
    if (turn == 0)
        return CROSSING_ON_EDGE;
    return (turn > 0) == (y2 > y1) ? CROSSING_YES : CROSSING_NO;
}

bool etas_region_contains(const etas_region *self, double lat_deg, double lon_deg)
{
    bool inside = false;

    if (self->n_rings == 0)
        return true;
    if (!(lat_deg >= self->lat_min && lat_deg <= self->lat_max && lon_deg >= self->lon_min &&
          lon_deg <= self->lon_max))
        return false;
    for (size_t ring = 0; ring < self->n_rings; ring++) {
        const size_t first = self->ring_start[ring], end = self->ring_start[ring + 1];

        for (size_t i = first, before = end - 1; i < end; before = i++) {
            const crossing c = ray_meets_edge(self->lon[before], self->lat[before], self->lon[i],
                                              self->lat[i], lon_deg, lat_deg);

            if (c == CROSSING_ON_EDGE)
                return true;
            inside ^= c == CROSSING_YES;
        }
    }
    return inside;
}
