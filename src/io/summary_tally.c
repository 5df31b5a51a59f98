#include "io/summary_tally.h"

#include <math.h>

#include "etas/array.h"

const unsigned etas_summary_permille[ETAS_SUMMARY_QUANTILES] = {25, 160, 500, 840, 975};

static void total_add(etas_summary_total *self, double x)
{
    const double sum = self->sum + x;

    self->lost += self->sum >= x ? (self->sum - sum) + x : (x - sum) + self->sum;
    self->sum = sum;
}

etas_status etas_summary_tally_init(etas_summary_tally *self, const etas_summary_axes *axes,
                                    etas_error *err)
{
    self->axes = axes;
    self->n = axes->n_thresholds * axes->n_horizons;
    return etas_array_alloc((void **)&self->entries, self->n, sizeof *self->entries) == ETAS_OK
               ? ETAS_OK
               : etas_fail(err, ETAS_E_NOMEM, "out of memory for a summary");
}

etas_status etas_summary_tally_add(etas_summary_tally *self, const etas_catalog_counts *counts,
                                   etas_error *err)
{
    for (size_t i = 0; i < self->n; i++) {
        etas_summary_entry *const e = &self->entries[i];
        const double chance = counts->chance[i];

        if (etas_histogram_add(&e->numbers, counts->number[i]) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "out of memory for a summary");
        e->n_certain += chance >= 1;
        if (chance > 0) {
            total_add(&e->chance, chance);
            total_add(&e->squares, chance * chance);
        }
    }
    return ETAS_OK;
}

/* The standard error of a mean from the sum of n numbers and that of their squares. */
static double error_of(double n, double sum, double squares)
{
    return n > 1 ? sqrt(fmax(squares - sum * sum / n, 0) / (n - 1) / n) : NAN;
}

const etas_histogram *etas_summary_tally_numbers(const etas_summary_tally *self, size_t threshold,
                                                 size_t horizon)
{
    return &self->entries[horizon * self->axes->n_thresholds + threshold].numbers;
}

etas_status etas_summary_tally_row(const etas_summary_tally *self, size_t threshold, size_t horizon,
                                   etas_summary_row *out, etas_error *err)
{
    const etas_summary_axes *const axes = self->axes;
    const etas_summary_entry *const e = &self->entries[horizon * axes->n_thresholds + threshold];
    const double n = (double)e->numbers.n, hits = (double)etas_histogram_positive(&e->numbers);
    const double chance = e->chance.sum + e->chance.lost;
    uint32_t quantile[ETAS_SUMMARY_QUANTILES];

    if (e->numbers.n == 0)
        return etas_fail(err, ETAS_E_RANGE, "there is no catalogue to summarise");
    if (etas_histogram_quantiles(&e->numbers, ETAS_SUMMARY_QUANTILES, etas_summary_permille,
                                 quantile) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a summary");
    *out = (etas_summary_row){.magnitude = axes->threshold[threshold],
                              .days = axes->horizon_days[horizon],
                              .n_catalogs = e->numbers.n,
                              .mean = (double)e->numbers.sum / n,
                              .probability = hits / n,
                              .error = error_of(n, hits, hits),
                              .averaged = chance / n,
                              .n_certain = e->n_certain};
    /* Events that no catalogue happens to hold are not impossible: one more than was seen. */
    out->averaged_error = hypot(error_of(n, chance, e->squares.sum + e->squares.lost), 1 / n);
    for (size_t q = 0; q < ETAS_SUMMARY_QUANTILES; q++)
        out->quantile[q] = quantile[q];
    return ETAS_OK;
}

void etas_summary_tally_free(etas_summary_tally *self)
{
    for (size_t i = 0; self->entries != NULL && i < self->n; i++)
        etas_histogram_free(&self->entries[i].numbers);
    etas_array_free((void **)&self->entries);
    *self = (etas_summary_tally){0};
}
