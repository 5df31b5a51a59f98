/** @file fixed_point.h  The fixed point of a contracting map, by Anderson's acceleration. */
#ifndef ETAS_INVERSION_FIXED_POINT_H
#define ETAS_INVERSION_FIXED_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/status.h"

typedef struct etas_fixed_point {
    size_t n;        /**< variables */
    size_t n_judged; /**< of these, the first so many are judged for convergence; 1 to n */
    void *context;
    /** image = map(x); *merit is a number that the map never lowers, of @p x, or NaN. */
    etas_status (*map)(void *context, const double x[], double image[], double *merit,
                       etas_error *err);
    /** May the map be evaluated at an accelerated @p x? Components may be moved to those of
     * @p image, which is what a plain step would give. */
    bool (*accepts)(void *context, const double image[], double x[]);
    double tolerance; /**< of the distance to the fixed point, largest component */
    bool plain;       /**< no acceleration */
    double plain_sum; /**< > 0: no acceleration, stop at sum |step| below it */
    uint32_t max_maps;
} etas_fixed_point;

typedef struct etas_fixed_point_result {
    uint32_t n_maps;
    double step, distance; /**< largest judged component; distance INFINITY when not known */
} etas_fixed_point_result;

/**
 * @p x is the start and the result, always an image of the map. Stops when
 * step * r / (1 - r) < tolerance after a plain step, r the largest ratio |g(x) - g(y)| / |x - y| of
 * the latest consecutive evaluations, the plain one included. E_CONVERGE after max_maps; E_NOMEM.
 */
ETAS_NODISCARD etas_status etas_fixed_point_find(const etas_fixed_point *problem, double x[],
                                                 etas_fixed_point_result *out, etas_error *err);

#endif
