/** @file range.h  Sets of catalogue indices as sorted, disjoint, non-touching ranges. */
#ifndef ETAS_RANGE_H
#define ETAS_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/status.h"

ETAS_API_BEGIN

/** Indices first .. first + count - 1; indices are below 2^48. */
typedef struct etas_range {
    uint64_t first, count;
} etas_range;

#define ETAS_MAX_CATALOGS (UINT64_C(1) << 48)

/** Starts as {0}; sorted by first, no two touch or overlap, no empty ones. */
typedef struct etas_ranges {
    etas_range *items;
    size_t n, capacity;
} etas_ranges;

/** Union with @p add; merges neighbours. E_NOMEM changes nothing. */
ETAS_NODISCARD etas_status etas_ranges_add(etas_ranges *self, etas_range add);
/** Difference: takes @p cut out. E_NOMEM changes nothing. */
ETAS_NODISCARD etas_status etas_ranges_subtract(etas_ranges *self, etas_range cut);
/** How many indices of @p range are in the set. */
uint64_t etas_ranges_overlap(const etas_ranges *self, etas_range range);
/** Indices in all of them together. */
uint64_t etas_ranges_total(const etas_ranges *self);
void etas_ranges_free(etas_ranges *self);

ETAS_API_END

#endif
