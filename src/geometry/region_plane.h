/** @file region_plane.h  A region in the plane of its own longitudes. */
#ifndef ETAS_GEOMETRY_REGION_PLANE_H
#define ETAS_GEOMETRY_REGION_PLANE_H

#include "etas/geometry.h"

/** etas_region_contains for a region with rings and this very longitude: without whole turns. */
bool etas_region_holds(const etas_region *self, double lat_deg, double lon_deg);

#endif
