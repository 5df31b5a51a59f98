/** @file sum.h  Sums that keep what rounding takes (Neumaier 1974). */
#ifndef ETAS_EVALUATION_SUM_H
#define ETAS_EVALUATION_SUM_H

#include <math.h>

/** Starts as {0}. */
typedef struct etas_sum {
    double high, low;
} etas_sum;

static inline void etas_sum_add(etas_sum *self, double x)
{
    const double sum = self->high + x;

    self->low += fabs(self->high) >= fabs(x) ? (self->high - sum) + x : (x - sum) + self->high;
    self->high = sum;
}

static inline double etas_sum_get(const etas_sum *self)
{
    return self->high + self->low;
}

#endif
