#include "etas/geometry.h"

#include <math.h>

#include <geos_c.h>
#include <proj.h>

#include "etas/array.h"
#include "etas/text.h"
#include "geometry/ring_polygon.h"

static const double RADIANS = 0x1.1df46a2529d39p-6; /* pi / 180 */
static const double PI = 0x1.921fb54442d18p+1;

/* Albers' cone degenerates between parallels that are symmetric about the equator. Closer to that
 * than this (degrees) the cancellation in its huge radii costs more than the difference to the
 * cylinder, which is its limit. */
static const double NEARLY_SYMMETRIC = 1e-5;

/* Project the vertices to metres. Areas do not depend on the central meridian; the middle of the
 * region keeps it away from the cut. */
static etas_status project(const etas_region *region, double x[], double y[], etas_error *err)
{
    const double lon0 = 0.5 * (region->lon_min + region->lon_max);
    char low[32], high[32], definition[160];
    PJ_CONTEXT *context = proj_context_create();
    PJ *map = NULL;
    etas_status st = ETAS_OK;

    if (context == NULL) /* which PROJ would take for its global context */
        return etas_fail(err, ETAS_E_NOMEM, "no memory to project a polygon");
    proj_log_level(context, PJ_LOG_NONE);
    proj_context_set_enable_network(context, 0);
    etas_format_double(region->lat_min, low);
    etas_format_double(region->lat_max, high);
    if (fabs(region->lat_min + region->lat_max) < NEARLY_SYMMETRIC)
        etas_format(sizeof definition, definition, "+proj=cea +ellps=WGS84 +over");
    else
        etas_format(sizeof definition, definition,
                    "+proj=aea +lat_1=%s +lat_2=%s +ellps=WGS84 +over", low, high);
    map = proj_create(context, definition);
    if (map == NULL) {
        st = etas_fail(err, ETAS_E_ARG, "%s: %s", definition,
                       proj_context_errno_string(context, proj_context_errno(context)));
        goto out;
    }
    for (size_t i = 0; i < region->ring_start[region->n_rings]; i++) {
        const PJ_COORD from =
            proj_coord((region->lon[i] - lon0) * RADIANS, region->lat[i] * RADIANS, 0, 0);
        const PJ_COORD to = proj_trans(map, PJ_FWD, from);

        if (!isfinite(to.xy.x) || !isfinite(to.xy.y)) {
            st = etas_fail(err, ETAS_E_ARG, "%s: latitude %.10g, longitude %.10g: %s", definition,
                           region->lat[i], region->lon[i],
                           proj_context_errno_string(context, proj_errno(map)));
            goto out;
        }
        x[i] = to.xy.x;
        y[i] = to.xy.y;
    }
out:
    proj_destroy(map);
    proj_context_destroy(context);
    return st;
}

/* Replaces n geometries by their symmetric difference, in a tree so that many small ones are not
 * each laid over a large one. All are destroyed, also on failure, which gives NULL. */
static GEOSGeometry *symmetric_difference(GEOSContextHandle_t geos, size_t n,
                                          GEOSGeometry *geometry[])
{
    for (; n > 1; n = (n + 1) / 2)
        for (size_t i = 0; i < n; i += 2) {
            GEOSGeometry *a = geometry[i], *b = i + 1 < n ? geometry[i + 1] : NULL;

            geometry[i / 2] = a;
            if (i + 1 < n) {
                geometry[i / 2] = a != NULL && b != NULL ? GEOSSymDifference_r(geos, a, b) : NULL;
                GEOSGeom_destroy_r(geos, a);
                GEOSGeom_destroy_r(geos, b);
            }
        }
    return geometry[0];
}

/* Even-odd area of the rings. */
static etas_status planar_area(const etas_region *region, const double x[], const double y[],
                               double *area)
{
    const size_t n = region->n_rings;
    GEOSContextHandle_t geos = GEOS_init_r();
    GEOSGeometry **rings = NULL, *sum = NULL;
    etas_status st = ETAS_E_NOMEM;

    if (geos == NULL)
        return st;
    if (etas_array_alloc((void **)&rings, n, sizeof(GEOSGeometry *)) != ETAS_OK)
        goto out;
    for (size_t ring = 0; ring < n; ring++) {
        const size_t first = region->ring_start[ring];

        rings[ring] =
            etas_ring_polygon(geos, region->ring_start[ring + 1] - first, x + first, y + first);
    }
    sum = symmetric_difference(geos, n, rings);
    if (sum != NULL && GEOSArea_r(geos, sum, area))
        st = ETAS_OK;
out:
    GEOSGeom_destroy_r(geos, sum);
    etas_array_free((void **)&rings);
    GEOS_finish_r(geos);
    return st;
}

etas_status etas_region_area_km2(const etas_region *self, double radius_km, double *area_km2,
                                 etas_error *err)
{
    const size_t n = self->n_rings > 0 ? self->ring_start[self->n_rings] : 0;
    double *x = NULL, *y = NULL, area_m2;
    etas_status st;

    if (n == 0) {
        *area_km2 = 4 * PI * radius_km * radius_km;
        return ETAS_OK;
    }
    st = etas_array_alloc((void **)&x, n, sizeof *x);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&y, n, sizeof *y);
    if (st == ETAS_OK)
        st = project(self, x, y, err);
    if (st == ETAS_OK)
        st = planar_area(self, x, y, &area_m2);
    if (st == ETAS_OK)
        *area_km2 = area_m2 / 1e6;
    else
        etas_fail(err, st, "no memory for the area of a polygon of %zu vertices", n);
    etas_array_free((void **)&x);
    etas_array_free((void **)&y);
    return st;
}
