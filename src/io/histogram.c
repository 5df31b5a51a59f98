#include "io/histogram.h"

#include <stdlib.h>
#include <string.h>

#include "etas/array.h"

enum { FIRST_CAPACITY = 64 };

/* Where a number is, or the free place where it belongs. */
static size_t find(const etas_histogram *self, uint32_t number)
{
    size_t at = (size_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (self->capacity - 1);

    while (self->times[at] > 0 && self->number[at] != number)
        at = (at + 1) & (self->capacity - 1);
    return at;
}

static etas_status grow(etas_histogram *self)
{
    etas_histogram wider = {.capacity = self->capacity > 0 ? 2 * self->capacity : FIRST_CAPACITY};

    if (etas_array_alloc((void **)&wider.number, wider.capacity, sizeof *wider.number) != ETAS_OK ||
        etas_array_alloc((void **)&wider.times, wider.capacity, sizeof *wider.times) != ETAS_OK) {
        etas_histogram_free(&wider);
        return ETAS_E_NOMEM;
    }
    for (size_t i = 0; i < self->capacity; i++)
        if (self->times[i] > 0) {
            const size_t at = find(&wider, self->number[i]);

            wider.number[at] = self->number[i];
            wider.times[at] = self->times[i];
        }
    etas_array_free((void **)&self->number);
    etas_array_free((void **)&self->times);
    self->capacity = wider.capacity;
    self->number = wider.number;
    self->times = wider.times;
    return ETAS_OK;
}

static etas_status add_large(etas_histogram *self, uint32_t number)
{
    size_t at;

    if (2 * (self->n_large + 1) > self->capacity && grow(self) != ETAS_OK)
        return ETAS_E_NOMEM;
    at = find(self, number);
    self->n_large += self->times[at] == 0;
    self->number[at] = number;
    self->times[at]++;
    return ETAS_OK;
}

etas_status etas_histogram_add(etas_histogram *self, uint32_t number)
{
    etas_status st = ETAS_OK;

    if (number >= ETAS_HISTOGRAM_SMALL)
        st = add_large(self, number);
    else if (self->small == NULL)
        st = etas_array_alloc((void **)&self->small, ETAS_HISTOGRAM_SMALL, sizeof *self->small);
    if (st != ETAS_OK)
        return st;
    if (number < ETAS_HISTOGRAM_SMALL)
        self->small[number]++;
    self->n++;
    self->sum += number;
    return ETAS_OK;
}

uint64_t etas_histogram_positive(const etas_histogram *self)
{
    return self->n - (self->small != NULL ? self->small[0] : 0);
}

/* ---- quantiles ---- */

static int by_number(const void *a, const void *b)
{
    const uint32_t x = ((const etas_histogram_bar *)a)->number,
                   y = ((const etas_histogram_bar *)b)->number;

    return (x > y) - (x < y);
}

etas_status etas_histogram_list(const etas_histogram *self, size_t *n, etas_histogram_bar **bars)
{
    etas_histogram_bar *list = NULL;

    *n = 0;
    *bars = NULL;
    if (etas_array_alloc((void **)&list, ETAS_HISTOGRAM_SMALL + self->n_large, sizeof *list) !=
        ETAS_OK)
        return ETAS_E_NOMEM;
    for (uint32_t i = 0; self->small != NULL && i < ETAS_HISTOGRAM_SMALL; i++)
        if (self->small[i] > 0)
            list[(*n)++] = (etas_histogram_bar){i, self->small[i]};
    for (size_t i = 0; i < self->capacity; i++)
        if (self->times[i] > 0)
            list[(*n)++] = (etas_histogram_bar){self->number[i], self->times[i]};
    qsort(list, *n, sizeof *list, by_number);
    *bars = list;
    return ETAS_OK;
}

etas_status etas_histogram_quantiles(const etas_histogram *self, size_t n,
                                     const unsigned permille[], uint32_t out[])
{
    etas_histogram_bar *bars = NULL;
    uint64_t below = 0;
    size_t n_bars, at = 0;

    if (etas_histogram_list(self, &n_bars, &bars) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        /* in whole numbers: 1000 * 2^48 fits */
        while (at + 1 < n_bars && 1000 * (below + bars[at].times) < permille[i] * self->n)
            below += bars[at++].times;
        out[i] = n_bars > 0 ? bars[at].number : 0;
    }
    etas_array_free((void **)&bars);
    return ETAS_OK;
}

void etas_histogram_free(etas_histogram *self)
{
    etas_array_free((void **)&self->small);
    etas_array_free((void **)&self->number);
    etas_array_free((void **)&self->times);
    *self = (etas_histogram){0};
}
