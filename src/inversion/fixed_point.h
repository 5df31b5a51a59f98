/** @file fixed_point.h  The fixed point of a contracting map, by Anderson's acceleration. */
#ifndef ETAS_INVERSION_FIXED_POINT_H
#define ETAS_INVERSION_FIXED_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/status.h"

enum { ETAS_FIXED_POINT_MAX = 10 };

typedef struct etas_fixed_point {
    size_t n; /**< variables, 0 to ETAS_FIXED_POINT_MAX */
    void *context;
    /** image = map(x); *merit is a number that the map never lowers, of @p x, or NaN. */
    etas_status (*map)(void *context, const double x[], double image[], double *merit,
                       etas_error *err);
    /** May the map be evaluated at an accelerated @p x? It may move x to where that makes sense. */
    bool (*accepts)(void *context, double x[]);
    double tolerance; /**< of the distance to the fixed point, largest component */
    bool plain;       /**< no acceleration: the map may keep a state of its own beside x */
    double plain_sum; /**< > 0: no acceleration either, stop at sum |step| below it */
    uint32_t max_maps;
} etas_fixed_point;

typedef struct etas_fixed_point_result {
    uint32_t n_maps;
    double step, distance; /**< of the latest x evaluated, largest component; distance to the fixed
                                point, INFINITY when not known */
} etas_fixed_point_result;

/**
 * @p x is the start and the result: the latest x that the map was evaluated at, so that the map is
 * known to move it by result->step and no more; it is the start or the image of another. Stops when
 * step / (1 - r) < tolerance there, r the largest ratio |g(x) - g(y)| / |x - y| of the latest
 * consecutive evaluations, the plain one included, and what the differences of these foresee is no
 * further away. With plain_sum, and after max_maps (E_CONVERGE),
 * the result is the latest image.
 */
ETAS_NODISCARD etas_status etas_fixed_point_find(const etas_fixed_point *problem, double x[],
                                                 etas_fixed_point_result *out, etas_error *err);

#endif
