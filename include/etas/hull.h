/** @file hull.h  Convex hulls of points in space: the regions of the model in three dimensions. */
#ifndef ETAS_HULL_H
#define ETAS_HULL_H

#include <stdbool.h>
#include <stddef.h>

#include "etas/api.h"
#include "etas/status.h"

ETAS_API_BEGIN

/** Half-spaces whose intersection is the hull. Starts as {0}; etas_hull_free is idempotent. */
typedef struct etas_hull {
    size_t n_facets;
    double (*facet)[4];  /**< outward unit normal, and its product with a point of the facet, for
                            coordinates from the centre, km */
    double centre_km[3]; /**< of the bounding box */
    double tolerance_km; /**< what counts as on the boundary: 1e-10 of the largest extent */
    double volume_km3;
} etas_hull;

/**
 * Convex hull (Qhull; Barber, Dobkin, Huhdanpaa 1996) of @p n points, x, y, z in km one after the
 * other. E_ARG for fewer than 4 points and points that coincide (to 2 mm) or lie on a line or in a
 * plane (to 1e-9 of their extent), E_RANGE for coordinates that are not finite or beyond 1e9 km; @p
 * self stays as it was then.
 */
ETAS_NODISCARD etas_status etas_hull_build(etas_hull *self, size_t n, const double points_km[],
                                           etas_error *err);
void etas_hull_free(etas_hull *self);

/** A point on the boundary is inside; NaN is not. */
bool etas_hull_contains(const etas_hull *self, double x_km, double y_km, double z_km);

ETAS_API_END

#endif
