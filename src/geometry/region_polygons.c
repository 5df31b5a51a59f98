#include <limits.h>
#include <string.h>

#include "etas/array.h"
#include "geometry/polygon_geos.h"
#include "geometry/polygon_set.h"
#include "geometry/region_plane.h"
#include "geometry/ring_polygon.h"

/* ---- to GEOS ---- */

/* The rings from @p ring to before @p end as one polygon; NULL when GEOS fails. */
static GEOSGeometry *build_polygon(GEOSContextHandle_t geos, const etas_polygons *in, size_t ring,
                                   size_t end)
{
    const unsigned n_holes = (unsigned)(end - ring - 1);
    GEOSGeometry **holes = NULL, *outer = NULL;
    size_t n = 0;

    if (etas_array_alloc((void **)&holes, end - ring, sizeof(GEOSGeometry *)) != ETAS_OK)
        return NULL;
    for (size_t i = ring; i < end; i++) {
        const size_t first = in->ring_start[i];
        GEOSGeometry *line =
            etas_ring_line(geos, in->ring_start[i + 1] - first, in->lon + first, in->lat + first);

        if (line == NULL)
            break;
        if (i == ring)
            outer = line;
        else
            holes[n++] = line;
    }
    if (outer != NULL && n == n_holes) {
        outer = GEOSGeom_createPolygon_r(geos, outer, holes, n_holes); /* takes them over */
    } else {
        for (size_t i = 0; i < n; i++)
            GEOSGeom_destroy_r(geos, holes[i]);
        GEOSGeom_destroy_r(geos, outer);
        outer = NULL;
    }
    etas_array_free((void **)&holes);
    return outer;
}

/* The polygons from the one of ring @p ring to before @p end as one geometry. */
static GEOSGeometry *build_geometry(GEOSContextHandle_t geos, const etas_polygons *in, size_t ring,
                                    size_t end)
{
    GEOSGeometry **parts = NULL, *all;
    size_t n = 0;

    if (end - ring > UINT_MAX ||
        etas_array_alloc((void **)&parts, end - ring, sizeof(GEOSGeometry *)) != ETAS_OK)
        return NULL;
    for (size_t next; ring < end; ring = next) {
        next = etas_polygons_next(in, ring);
        parts[n] = build_polygon(geos, in, ring, next);
        if (parts[n] == NULL)
            break;
        n++;
    }
    all = etas_multipolygon(geos, ring >= end, n, parts);
    etas_array_free((void **)&parts);
    return all;
}

static etas_status check_geometries(GEOSContextHandle_t geos, const etas_polygons *in,
                                    etas_error *err)
{
    for (size_t ring = 0, end; ring < in->n_rings; ring = end) {
        GEOSGeometry *geometry;
        etas_status st = ETAS_E_NOMEM;

        for (end = ring + 1; end < in->n_rings && in->role[end] != ETAS_RING_NEW;)
            end++;
        geometry = build_geometry(geos, in, ring, end);
        if (geometry != NULL)
            st = etas_polygon_check(geos, geometry, err);
        GEOSGeom_destroy_r(geos, geometry);
        if (st != ETAS_OK)
            return st;
    }
    return ETAS_OK;
}

/* ---- to a region ---- */

static etas_status from_arrays(const etas_polygons *in, etas_region *out)
{
    const etas_status st = etas_region_alloc(out, in->n_rings, in->n_vertices);

    if (st != ETAS_OK)
        return st;
    memcpy(out->ring_start, in->ring_start, (in->n_rings + 1) * sizeof *in->ring_start);
    memcpy(out->lat, in->lat, in->n_vertices * sizeof *in->lat);
    memcpy(out->lon, in->lon, in->n_vertices * sizeof *in->lon);
    out->n_rings = in->n_rings;
    return ETAS_OK;
}

static etas_status add_line(GEOSContextHandle_t geos, const GEOSGeometry *line, etas_ring_role role,
                            etas_polygons *out)
{
    const GEOSCoordSequence *points = GEOSGeom_getCoordSeq_r(geos, line);
    unsigned n;
    etas_status st;

    if (points == NULL || !GEOSCoordSeq_getSize_r(geos, points, &n))
        return ETAS_E_NOMEM;
    if (n == 0)
        return ETAS_OK;
    st = etas_polygons_add_ring(out, role);
    for (unsigned i = 0; st == ETAS_OK && i < n; i++) {
        double lat, lon;

        if (!GEOSCoordSeq_getXY_r(geos, points, i, &lon, &lat))
            return ETAS_E_NOMEM;
        st = etas_polygons_add_vertex(out, lat, lon);
    }
    return st;
}

etas_status etas_polygons_add_geometry(GEOSContextHandle_t geos, const GEOSGeometry *geometry,
                                       etas_polygons *out)
{
    const int n_parts = GEOSGetNumGeometries_r(geos, geometry);
    etas_ring_role role = ETAS_RING_NEW;
    etas_status st = ETAS_OK;

    for (int i = 0; st == ETAS_OK && i < n_parts; i++) {
        const GEOSGeometry *polygon = GEOSGetGeometryN_r(geos, geometry, i);
        const int n_holes = polygon != NULL ? GEOSGetNumInteriorRings_r(geos, polygon) : -1;

        if (n_holes < 0)
            return ETAS_E_NOMEM;
        if (GEOSisEmpty_r(geos, polygon) == 1)
            continue;
        st = add_line(geos, GEOSGetExteriorRing_r(geos, polygon), role, out);
        for (int k = 0; st == ETAS_OK && k < n_holes; k++)
            st = add_line(geos, GEOSGetInteriorRingN_r(geos, polygon, k), ETAS_RING_HOLE, out);
        role = ETAS_RING_PART;
    }
    return st;
}

/* Borders that polygons share go, as those along +-180 do. */
static etas_status from_union(GEOSContextHandle_t geos, const etas_polygons *in, etas_region *out,
                              etas_error *err)
{
    GEOSGeometry *all = build_geometry(geos, in, 0, in->n_rings);
    GEOSGeometry *merged = all != NULL ? GEOSUnaryUnion_r(geos, all) : NULL;
    etas_polygons rings = {0};
    etas_status st = ETAS_E_NOMEM;

    if (merged != NULL)
        st = etas_polygons_add_geometry(geos, merged, &rings);
    if (all != NULL && (merged == NULL || (st == ETAS_OK && rings.ring_start == NULL)))
        st = etas_fail(err, ETAS_E_PARSE, "the polygons cannot be merged");
    if (st == ETAS_OK && rings.ring_start != NULL)
        st = from_arrays(&rings, out);
    etas_polygons_free(&rings);
    GEOSGeom_destroy_r(geos, merged);
    GEOSGeom_destroy_r(geos, all);
    return st;
}

etas_status etas_region_set_polygons(etas_region *self, etas_polygons *polygons, etas_error *err)
{
    etas_region fresh = {0};
    GEOSContextHandle_t geos = NULL;
    etas_status st = etas_polygons_unwrap(polygons, err);

    if (st != ETAS_OK)
        return st;
    geos = GEOS_init_r();
    st = geos != NULL ? check_geometries(geos, polygons, err) : ETAS_E_NOMEM;
    if (st == ETAS_OK)
        st = etas_polygons_gather(polygons, err);
    if (st == ETAS_OK)
        st = etas_polygons_next(polygons, 0) == polygons->n_rings
                 ? from_arrays(polygons, &fresh)
                 : from_union(geos, polygons, &fresh, err);
    if (geos != NULL)
        GEOS_finish_r(geos);
    if (st != ETAS_OK) {
        etas_region_free(&fresh);
        return etas_fail(err, st, "no memory for polygons of %zu vertices", polygons->n_vertices);
    }
    etas_region_measure(&fresh);
    etas_region_free(self);
    *self = fresh;
    return ETAS_OK;
}
