/** @file region_plane.h  A region in the plane of its own longitudes, and how one is made. */
#ifndef ETAS_GEOMETRY_REGION_PLANE_H
#define ETAS_GEOMETRY_REGION_PLANE_H

#include "etas/geometry.h"

/** etas_region_contains for a region with rings and this very longitude: without whole turns. */
bool etas_region_holds(const etas_region *self, double lat_deg, double lon_deg);

typedef enum etas_crossing {
    ETAS_CROSSING_NO,
    ETAS_CROSSING_YES,
    ETAS_CROSSING_ON_EDGE
} etas_crossing;

/** How the ray from the point (x, y) towards larger x meets the edge from 1 to 2. */
etas_crossing etas_edge_crossing(double x1, double y1, double x2, double y2, double x, double y);

/** Room for rings and vertices in a region that is {0}. */
ETAS_NODISCARD etas_status etas_region_alloc(etas_region *self, size_t n_rings, size_t n_vertices);

/** Sets the bounding box. */
void etas_region_measure(etas_region *self);

#endif
