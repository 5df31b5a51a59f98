/** @file region_check.h  Whether rings make a region. */
#ifndef ETAS_GEOMETRY_REGION_CHECK_H
#define ETAS_GEOMETRY_REGION_CHECK_H

#include "etas/geometry.h"

/**
 * E_PARSE for a ring that crosses itself (with the place), has no area, or partly overlaps another.
 * A ring may touch itself or another in points.
 */
ETAS_NODISCARD etas_status etas_region_check(const etas_region *region, etas_error *err);

#endif
