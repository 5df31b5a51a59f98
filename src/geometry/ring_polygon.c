#include "geometry/ring_polygon.h"

#include <limits.h>

static GEOSCoordSequence *closed_sequence(GEOSContextHandle_t geos, size_t n, const double x[],
                                          const double y[])
{
    const size_t open = x[0] != x[n - 1] || y[0] != y[n - 1];
    GEOSCoordSequence *points;

    if (n >= UINT_MAX)
        return NULL;
    points = GEOSCoordSeq_create_r(geos, (unsigned)(n + open), 2);
    if (points == NULL)
        return NULL;
    for (size_t i = 0; i < n + open; i++) {
        const size_t from = i < n ? i : 0;

        if (!GEOSCoordSeq_setXY_r(geos, points, (unsigned)i, x[from], y[from])) {
            GEOSCoordSeq_destroy_r(geos, points);
            return NULL;
        }
    }
    return points;
}

GEOSGeometry *etas_ring_line(GEOSContextHandle_t geos, size_t n, const double x[], const double y[])
{
    GEOSCoordSequence *points = closed_sequence(geos, n, x, y);

    /* Each step takes over what it is given, also when it fails. */
    return points != NULL ? GEOSGeom_createLinearRing_r(geos, points) : NULL;
}

GEOSGeometry *etas_ring_polygon(GEOSContextHandle_t geos, size_t n, const double x[],
                                const double y[])
{
    GEOSGeometry *ring = etas_ring_line(geos, n, x, y);

    return ring != NULL ? GEOSGeom_createPolygon_r(geos, ring, NULL, 0) : NULL;
}

GEOSGeometry *etas_multipolygon(GEOSContextHandle_t geos, bool complete, size_t n,
                                GEOSGeometry *polygons[])
{
    if (complete && n <= UINT_MAX)
        return GEOSGeom_createCollection_r(geos, GEOS_MULTIPOLYGON, polygons, (unsigned)n);
    for (size_t i = 0; i < n; i++)
        GEOSGeom_destroy_r(geos, polygons[i]);
    return NULL;
}
