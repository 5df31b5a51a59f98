/** @file ring_polygon.h  Rings and their polygons as GEOS has them. */
#ifndef ETAS_GEOMETRY_RING_POLYGON_H
#define ETAS_GEOMETRY_RING_POLYGON_H

#include <stdbool.h>
#include <stddef.h>

#include <geos_c.h>

/** A ring of n >= 3 vertices, closed if it was open; NULL when GEOS fails. */
GEOSGeometry *etas_ring_line(GEOSContextHandle_t geos, size_t n, const double x[],
                             const double y[]);
/** Polygon of one such ring; NULL when GEOS fails. */
GEOSGeometry *etas_ring_polygon(GEOSContextHandle_t geos, size_t n, const double x[],
                                const double y[]);

/** The polygons as one geometry; unless they are @p complete, or when GEOS fails, NULL. They are
 * taken over in any case. */
GEOSGeometry *etas_multipolygon(GEOSContextHandle_t geos, bool complete, size_t n,
                                GEOSGeometry *polygons[]);

#endif
