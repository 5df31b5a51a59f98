/** @file ring_polygon.h  A ring as GEOS has it. */
#ifndef ETAS_GEOMETRY_RING_POLYGON_H
#define ETAS_GEOMETRY_RING_POLYGON_H

#include <stddef.h>

#include <geos_c.h>

/** A ring of n >= 3 vertices, closed if it was open; NULL when GEOS fails. */
GEOSGeometry *etas_ring_line(GEOSContextHandle_t geos, size_t n, const double x[],
                             const double y[]);
/** Polygon of one such ring; NULL when GEOS fails. */
GEOSGeometry *etas_ring_polygon(GEOSContextHandle_t geos, size_t n, const double x[],
                                const double y[]);

#endif
