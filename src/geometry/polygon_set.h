/** @file polygon_set.h  Polygons on their way to a region. */
#ifndef ETAS_GEOMETRY_POLYGON_SET_H
#define ETAS_GEOMETRY_POLYGON_SET_H

#include "etas/geometry.h"

/** The outer ring after the one of @p ring, or n_rings. */
size_t etas_polygons_next(const etas_polygons *self, size_t ring);

/** etas_ring_unwrap for every ring; holes come to the side of +-180 where their polygon is. Errors
 * name the ring. */
ETAS_NODISCARD etas_status etas_polygons_unwrap(etas_polygons *self, etas_error *err);

/** Move polygons by whole turns when that makes all together narrower, so that the parts on both
 * sides of +-180 come to lie side by side. E_RANGE when they overlap all round the globe. */
ETAS_NODISCARD etas_status etas_polygons_gather(etas_polygons *self, etas_error *err);

#endif
