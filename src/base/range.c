#include "etas/range.h"

#include <string.h>

#include "etas/array.h"

static uint64_t end_of(etas_range r)
{
    return r.first + r.count;
}

/* Index of the first item whose end is >= value. */
static size_t first_ending_at_or_after(const etas_ranges *self, uint64_t value)
{
    size_t lo = 0, hi = self->n;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (end_of(self->items[mid]) < value)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Replaces items [at, at + drop) by the n_new given ones. */
static etas_status splice(etas_ranges *self, size_t at, size_t drop, size_t n_new,
                          const etas_range fresh[])
{
    const size_t n = self->n - drop + n_new;
    const etas_status st =
        etas_array_reserve((void **)&self->items, &self->capacity, n, sizeof *self->items);

    if (st != ETAS_OK)
        return st;
    memmove(self->items + at + n_new, self->items + at + drop,
            (self->n - at - drop) * sizeof *self->items);
    for (size_t i = 0; i < n_new; i++)
        self->items[at + i] = fresh[i];
    self->n = n;
    return ETAS_OK;
}

etas_status etas_ranges_add(etas_ranges *self, etas_range add)
{
    const size_t at = first_ending_at_or_after(self, add.first);
    uint64_t first = add.first, end = end_of(add);
    size_t stop = at;

    if (add.count == 0)
        return ETAS_OK;
    for (; stop < self->n && self->items[stop].first <= end; stop++) {
        if (self->items[stop].first < first)
            first = self->items[stop].first;
        if (end_of(self->items[stop]) > end)
            end = end_of(self->items[stop]);
    }
    return splice(self, at, stop - at, 1, &(etas_range){first, end - first});
}

etas_status etas_ranges_subtract(etas_ranges *self, etas_range cut)
{
    const size_t at = first_ending_at_or_after(self, cut.first + 1);
    etas_range left[2];
    size_t stop = at, n_left = 0;

    if (cut.count == 0)
        return ETAS_OK;
    for (; stop < self->n && self->items[stop].first < end_of(cut); stop++) {
        const etas_range r = self->items[stop];

        if (r.first < cut.first)
            left[n_left++] = (etas_range){r.first, cut.first - r.first};
        if (end_of(r) > end_of(cut))
            left[n_left++] = (etas_range){end_of(cut), end_of(r) - end_of(cut)};
    }
    if (stop == at)
        return ETAS_OK;
    return splice(self, at, stop - at, n_left, left);
}

uint64_t etas_ranges_overlap(const etas_ranges *self, etas_range range)
{
    uint64_t sum = 0;

    for (size_t i = first_ending_at_or_after(self, range.first + 1);
         i < self->n && self->items[i].first < end_of(range); i++) {
        const etas_range r = self->items[i];
        const uint64_t lo = r.first > range.first ? r.first : range.first;
        const uint64_t hi = end_of(r) < end_of(range) ? end_of(r) : end_of(range);

        sum += hi - lo;
    }
    return sum;
}

uint64_t etas_ranges_total(const etas_ranges *self)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < self->n; i++)
        sum += self->items[i].count;
    return sum;
}

void etas_ranges_free(etas_ranges *self)
{
    etas_array_free((void **)&self->items);
    self->n = self->capacity = 0;
}
