/** @file distinct.h  The different values of a column, such as magnitudes, and where one stands. */
#ifndef ETAS_INVERSION_DISTINCT_H
#define ETAS_INVERSION_DISTINCT_H

#include <stddef.h>

/** Sorts @p x and removes what occurs twice; how many are left. */
size_t etas_distinct(size_t n, double x[]);

/** Index of @p value, which must be among the distinct and sorted ones. */
size_t etas_distinct_find(size_t n, const double sorted[], double value);

#endif
