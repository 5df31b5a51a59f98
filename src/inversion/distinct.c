#include "inversion/distinct.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

size_t etas_distinct(size_t n, double x[])
{
    size_t kept = 0;

    qsort(x, n, sizeof *x, by_value);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || x[i] != x[kept - 1])
            x[kept++] = x[i];
    return kept;
}

size_t etas_distinct_find(size_t n, const double sorted[], double value)
{
    const double *at = bsearch(&value, sorted, n, sizeof value, by_value);

    return (size_t)(at - sorted);
}
