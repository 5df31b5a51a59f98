/** @file region_check.h  Whether vertices make a ring, and rings a region. */
#ifndef ETAS_GEOMETRY_REGION_CHECK_H
#define ETAS_GEOMETRY_REGION_CHECK_H

#include "etas/geometry.h"

/** What a message about axes that may be swapped can recommend. */
typedef enum etas_axes { ETAS_AXES_GIVEN, ETAS_AXES_LONLAT } etas_axes;

/** E_PARSE for fewer than 3 vertices; E_RANGE for a latitude outside [-90, 90] or a longitude
 * outside [-360, 360]. */
ETAS_NODISCARD etas_status etas_vertices_check(size_t n, const double lat[], const double lon[],
                                               etas_axes axes, etas_error *err);

/**
 * E_PARSE for a ring that crosses itself (with the place), has no area, or partly overlaps another.
 * A ring may touch itself or another in points.
 */
ETAS_NODISCARD etas_status etas_region_check(const etas_region *region, etas_error *err);

#endif
