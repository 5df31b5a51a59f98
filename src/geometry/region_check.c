#include "geometry/region_check.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "geometry/polygon_geos.h"
#include "geometry/ring_polygon.h"

/* A ring that touches itself in a point is fine under the even-odd rule: GEOS accepts it where it
 * encloses a hole, and calls it by this name where it does not. */
static const char TOUCHING[] = "Interior is disconnected";

static const char LONGITUDE_FIRST[] = "WKT and GeoJSON have the longitude first";

etas_status etas_vertices_check(size_t n, const double lat[], const double lon[], etas_axes axes,
                                etas_error *err)
{
    if (n < 3)
        return etas_fail(err, ETAS_E_PARSE, "a polygon needs 3 vertices or more, this has %zu", n);
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(lat[i]) <= 90))
            return etas_fail(err, ETAS_E_RANGE,
                             "vertex %zu: latitude %.10g is not within [-90, 90]; %s", i + 1,
                             lat[i],
                             axes == ETAS_AXES_GIVEN
                                 ? "if longitudes come first, say \"polygon_axes\": \"lonlat\""
                                 : LONGITUDE_FIRST);
        if (!(fabs(lon[i]) <= 360))
            return etas_fail(
                err, ETAS_E_RANGE, "vertex %zu: longitude %.10g is not within [-360, 360]; %s",
                i + 1, lon[i],
                axes == ETAS_AXES_GIVEN ? "\"polygon_axes\" says which axis comes first"
                                        : LONGITUDE_FIRST);
    }
    return ETAS_OK;
}

static etas_status no_memory(etas_error *err)
{
    return etas_fail(err, ETAS_E_NOMEM, "no memory to check the polygon");
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

etas_status etas_polygon_check(GEOSContextHandle_t geos, const GEOSGeometry *polygon,
                               etas_error *err)
{
    GEOSGeometry *place = NULL;
    char *reason = NULL;
    const char valid = GEOSisValidDetail_r(
        geos, polygon, GEOSVALID_ALLOW_SELFTOUCHING_RING_FORMING_HOLE, &reason, &place);
    double area = 0;
    etas_status st = ETAS_OK;

    if (valid == 0 && reason != NULL && strcmp(reason, TOUCHING) != 0)
        st = report_crossing(geos, reason, place, err);
    else if (valid > 1 || (valid == 0 && reason == NULL) || !GEOSArea_r(geos, polygon, &area))
        st = no_memory(err);
    else if (area == 0)
        st = etas_fail(err, ETAS_E_PARSE, "the polygon has no area");
    GEOSFree_r(geos, reason);
    GEOSGeom_destroy_r(geos, place);
    return st;
}

/* Each ring by itself and against those before it. */
static etas_status check_rings(GEOSContextHandle_t geos, const etas_region *region,
                               GEOSGeometry *polygons[], etas_error *err)
{
    for (size_t k = 0; k < region->n_rings; k++) {
        const size_t first = region->ring_start[k], n = region->ring_start[k + 1] - first;
        etas_status st;

        if (n < 3)
            return etas_fail(err, ETAS_E_PARSE, "the polygon has a part of %zu vertices", n);
        polygons[k] = etas_ring_polygon(geos, n, region->lon + first, region->lat + first);
        if (polygons[k] == NULL)
            return no_memory(err);
        st = etas_polygon_check(geos, polygons[k], err);
        if (st != ETAS_OK)
            return st;
        for (size_t j = 0; j < k; j++)
            if (GEOSOverlaps_r(geos, polygons[j], polygons[k]) != 0)
                return etas_fail(err, ETAS_E_PARSE,
                                 "the part of the polygon from lat %.10g, lon %.10g on overlaps "
                                 "the one from lat %.10g, lon %.10g on",
                                 region->lat[first], region->lon[first],
                                 region->lat[region->ring_start[j]],
                                 region->lon[region->ring_start[j]]);
    }
    return ETAS_OK;
}

etas_status etas_region_check(const etas_region *region, etas_error *err)
{
    GEOSContextHandle_t geos = GEOS_init_r();
    GEOSGeometry **polygons = NULL;
    etas_status st = ETAS_E_NOMEM;

    if (geos == NULL ||
        etas_array_alloc((void **)&polygons, region->n_rings, sizeof(GEOSGeometry *)) != ETAS_OK) {
        no_memory(err);
        goto out;
    }
    st = check_rings(geos, region, polygons, err);
out:
    for (size_t k = 0; polygons != NULL && k < region->n_rings; k++)
        GEOSGeom_destroy_r(geos, polygons[k]);
    etas_array_free((void **)&polygons);
    if (geos != NULL)
        GEOS_finish_r(geos);
    return st;
}
