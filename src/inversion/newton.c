#include "inversion/newton.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_STEPS = 1000, PATIENCE = 50, MAX_HALVINGS = 50 };

static const double LAST_STEP = 1e-8;  /* relative; its square is what remains after it */
static const double REMAINDER = 1e-14; /* or less, after two whole steps in a row ... */
static const double SMALL_STEP = 0.05; /* ... of which the first was not longer */
/* After PATIENCE steps, when they gain no more than this of the value, relative, or the other where
 * the curvature says nothing: all that goes on is rounding. */
static const double LAST_GAIN = 1e-20;
static const double LAST_SLOPE_GAIN = 1e-15;
static const double LONGEST_STEP = 3.0;
static const double SNAP = 1e-15;
static const double NOISE = 1e-13;            /* of the value, relative */
static const double GRADIENT_NOISE = 2.5e-16; /* of a gradient, relative to the value */

/* What each variable's curvature is compared with: its own, but nothing beyond rounding. */
static void curvature_scale(size_t n, const bool free[], const etas_newton_point *at,
                            double scale[])
{
    double largest = 1e-300;

    for (size_t i = 0; i < n; i++)
        if (free[i])
            largest = fmax(largest, fmax(fabs(at->hessian[i][i]), fabs(at->gradient[i])));
    for (size_t i = 0; i < n; i++)
        scale[i] = fmax(fabs(at->hessian[i][i]), 1e-12 * largest);
}

/* Solves the free part of (H + diag) step = -g by Cholesky; false if not positive definite. */
static bool solve_free(size_t n, const bool free[], const etas_newton_point *at,
                       const double diagonal[], double step[])
{
    double l[ETAS_NEWTON_MAX][ETAS_NEWTON_MAX];

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = free[i] && free[j] ? at->hessian[i][j] : 0.0;

            if (i == j)
                sum = free[i] ? sum + diagonal[i] : 1.0;
            for (size_t k = 0; k < j; k++)
                sum -= l[i][k] * l[j][k];
            if (i != j)
                l[i][j] = sum / l[j][j];
            else if (sum > 1e-14 * fabs(at->hessian[i][i]) && sum <= 1e300)
                l[i][i] = sqrt(sum);
            else
                return false;
        }
    }
    for (size_t i = 0; i < n; i++) {
        step[i] = free[i] ? -at->gradient[i] : 0.0;
        for (size_t k = 0; k < i; k++)
            step[i] -= l[i][k] * step[k];
        step[i] /= l[i][i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            step[i] -= l[k][i] * step[k];
        step[i] /= l[i][i];
    }
    return true;
}

/* Where the Hessian is not positive definite, a multiple of its diagonal is added. The multiple is
 * relative to each variable, because a function that levels off towards a bound has a tiny negative
 * curvature there, along which the step must stay long. Returns whether nothing was added. */
static bool newton_step(size_t n, const bool free[], const etas_newton_point *at, double step[])
{
    double scale[ETAS_NEWTON_MAX], diagonal[ETAS_NEWTON_MAX] = {0};

    if (solve_free(n, free, at, diagonal, step))
        return true;
    curvature_scale(n, free, at, scale);
    for (double shift = 1e-3; shift < 1e6; shift *= 4.0) {
        for (size_t i = 0; i < n; i++)
            diagonal[i] = shift * scale[i];
        if (solve_free(n, free, at, diagonal, step))
            return false;
    }
    for (size_t i = 0; i < n; i++)
        step[i] = free[i] ? -at->gradient[i] / scale[i] : 0.0;
    return false;
}

/* Directions that leave the box from its boundary are taken out, until the step keeps inside.
 * Returns false when no variable is free, or the gradient of those that are is below @p noise. */
static bool feasible_step(const etas_newton_problem *p, const double x[],
                          const etas_newton_point *at, double noise, double step[], bool *pure)
{
    bool free[ETAS_NEWTON_MAX];
    bool any = false;

    for (size_t i = 0; i < p->n; i++) {
        free[i] = p->low[i] < p->high[i] && !(x[i] <= p->low[i] && at->gradient[i] >= 0.0) &&
                  !(x[i] >= p->high[i] && at->gradient[i] <= 0.0);
        any = any || (free[i] && !(fabs(at->gradient[i]) <= noise));
    }
    while (any) {
        bool leaves = false;

        *pure = newton_step(p->n, free, at, step);
        any = false;
        for (size_t i = 0; i < p->n; i++) {
            if (free[i] &&
                ((x[i] <= p->low[i] && step[i] < 0.0) || (x[i] >= p->high[i] && step[i] > 0.0))) {
                free[i] = false;
                leaves = true;
            }
            any = any || free[i];
        }
        if (!leaves)
            return true;
    }
    return false;
}

/* The largest part of the step that stays in the box and below the longest step. */
static double longest_part(const etas_newton_problem *p, const double x[], const double step[])
{
    double part = 1.0;

    for (size_t i = 0; i < p->n; i++) {
        if (step[i] != 0.0)
            part = fmin(part, LONGEST_STEP / fabs(step[i]));
        if (step[i] > 0.0)
            part = fmin(part, (p->high[i] - x[i]) / step[i]);
        if (step[i] < 0.0)
            part = fmin(part, (p->low[i] - x[i]) / step[i]);
    }
    return part;
}

static double relative_size(size_t n, const double x[], const double step[])
{
    double size = 0.0;

    for (size_t i = 0; i < n; i++) {
        const double part = fabs(step[i]) / fmax(1.0, fabs(x[i]));

        if (isnan(part))
            return part;
        size = fmax(size, part);
    }
    return size;
}

/* A bound that is reached but for rounding is reached. */
static double inside(double x, double low, double high)
{
    if (x <= low + SNAP * (1.0 + fabs(low)))
        return low;
    return x >= high - SNAP * (1.0 + fabs(high)) ? high : x;
}

static void move(const etas_newton_problem *p, const double x[], const double step[], double part,
                 double out[])
{
    for (size_t i = 0; i < p->n; i++)
        out[i] = step[i] == 0.0 ? x[i] : inside(x[i] + part * step[i], p->low[i], p->high[i]);
}

static double slope_along(size_t n, const etas_newton_point *at, const double step[])
{
    double slope = 0.0;

    for (size_t i = 0; i < n; i++)
        slope += at->gradient[i] * step[i];
    return slope;
}

/* Backtracks from @p part; the part taken, or 0 when no decrease is found. */
static double search_line(const etas_newton_problem *p, const double step[], double part,
                          double x[], etas_newton_point *at)
{
    etas_newton_point trial;
    double next[ETAS_NEWTON_MAX];
    const double slope = slope_along(p->n, at, step);
    const double noise = NOISE * (1.0 + fabs(at->value));

    for (int k = 0; k < MAX_HALVINGS; k++, part *= 0.5) {
        move(p, x, step, part, next);
        p->function(p->context, next, &trial);
        if (isfinite(trial.value) && trial.value <= at->value + 1e-4 * part * slope + noise) {
            memcpy(x, next, p->n * sizeof *x);
            *at = trial;
            return part;
        }
    }
    return 0.0;
}

/* Is this step the last one? Steps of Newton's own fall quadratically: after one of size @p before
 * (0: of another kind), this of @p size leaves about size^3 / before^2. */
static bool is_last(double size, double before)
{
    return size <= LAST_STEP ||
           (before <= SMALL_STEP && size * size * size <= REMAINDER * before * before);
}

etas_status etas_newton_minimise(const etas_newton_problem *problem, double x[])
{
    etas_newton_point at;
    double before = 0.0;

    problem->function(problem->context, x, &at);
    if (!isfinite(at.value))
        return ETAS_E_CONVERGE;
    for (int k = 0; k < MAX_STEPS; k++) {
        const double noise = GRADIENT_NOISE * (1.0 + fabs(at.value));
        double step[ETAS_NEWTON_MAX], part, size;
        bool pure;

        if (!feasible_step(problem, x, &at, k < PATIENCE ? 0.0 : noise, step, &pure))
            return ETAS_OK;
        part = longest_part(problem, x, step);
        size = relative_size(problem->n, x, step);
        if (is_last(size, pure ? before : 0.0)) {
            move(problem, x, step, part, x);
            if (part >= 1.0)
                return ETAS_OK;
            problem->function(problem->context, x, &at); /* a bound was met on the way */
            before = 0.0;
        } else if (k >= PATIENCE &&
                   -slope_along(problem->n, &at, step) <=
                       (pure ? LAST_GAIN : LAST_SLOPE_GAIN) * (1.0 + fabs(at.value))) {
            return ETAS_OK;
        } else {
            part = search_line(problem, step, part, x, &at);
            if (part <= 0.0)
                return ETAS_E_CONVERGE;
            before = pure && part >= 1.0 ? size : 0.0;
        }
    }
    return ETAS_E_CONVERGE;
}
