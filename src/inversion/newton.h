/** @file newton.h  Minimisation of a smooth function of few variables inside a box. */
#ifndef ETAS_INVERSION_NEWTON_H
#define ETAS_INVERSION_NEWTON_H

#include <stddef.h>

#include "etas/status.h"

enum { ETAS_NEWTON_MAX = 8 };

/** Value, gradient and Hessian at one point; only [0, n) of each is used. */
typedef struct etas_newton_point {
    double value;
    double gradient[ETAS_NEWTON_MAX];
    double hessian[ETAS_NEWTON_MAX][ETAS_NEWTON_MAX];
} etas_newton_point;

/** A value that is not finite means "outside the domain" and is stepped back from. */
typedef void (*etas_newton_function)(void *context, const double x[], etas_newton_point *out);

typedef struct etas_newton_problem {
    size_t n; /**< 1 to ETAS_NEWTON_MAX */
    etas_newton_function function;
    void *context;
    double low[ETAS_NEWTON_MAX], high[ETAS_NEWTON_MAX]; /**< low == high: held; may be infinite */
} etas_newton_problem;

/**
 * Newton's method with an active set for the bounds, a shifted Hessian where it is not positive
 * definite, and a backtracking line search. @p x starts inside the box and ends at a local
 * minimum, to the square of a relative step of 1e-8. E_CONVERGE, with @p x at the best point so
 * far, when that is not reached.
 */
ETAS_NODISCARD etas_status etas_newton_minimise(const etas_newton_problem *problem, double x[]);

#endif
