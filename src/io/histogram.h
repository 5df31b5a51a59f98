/** @file histogram.h  How often each number was seen; memory follows the different numbers, not how
 * many were seen. */
#ifndef ETAS_SRC_IO_HISTOGRAM_H
#define ETAS_SRC_IO_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "etas/status.h"

enum { ETAS_HISTOGRAM_SMALL = 1024 };

/** Starts as {0}. */
typedef struct etas_histogram {
    uint64_t n, sum;
    uint64_t *small;          /**< times of the numbers below ETAS_HISTOGRAM_SMALL */
    size_t capacity, n_large; /**< places, a power of two, and those in use */
    uint32_t *number;         /**< of a place */
    uint64_t *times;          /**< 0: the place is free */
} etas_histogram;

/** E_NOMEM changes nothing. */
ETAS_NODISCARD etas_status etas_histogram_add(etas_histogram *self, uint32_t number);
/** The smallest number that at least @p permille of a thousand of those seen do not exceed: the
 * inverse of the empirical distribution function (Hyndman and Fan 1996, type 1), one per entry of
 * the rising @p permille. E_NOMEM. */
ETAS_NODISCARD etas_status etas_histogram_quantiles(const etas_histogram *self, size_t n,
                                                    const unsigned permille[], uint32_t out[]);
typedef struct etas_histogram_bar {
    uint32_t number;
    uint64_t times;
} etas_histogram_bar;
/** The numbers that were seen, rising. *bars is an etas_array of *n. E_NOMEM. */
ETAS_NODISCARD etas_status etas_histogram_list(const etas_histogram *self, size_t *n,
                                               etas_histogram_bar **bars);
/** How often a number above 0 was seen. */
uint64_t etas_histogram_positive(const etas_histogram *self);
void etas_histogram_free(etas_histogram *self);

#endif
