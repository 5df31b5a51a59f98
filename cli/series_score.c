#include <math.h>
#include <stdlib.h>

#include "etas/array.h"
#include "etas/observed.h"
#include "etas/special.h"
#include "series.h"

const unsigned series_permille[SERIES_QUANTILES] = {25, 250, 500, 750, 975};

typedef struct scorer {
    const series_scoring *in;
    etas_cells cells;
    etas_summary_axes axes;
    etas_counter *counter;
    etas_catalog_counts counts;
    uint64_t n, n_events; /**< catalogues so far, and events in them */
    uint32_t *number;     /**< events of each catalogue */
    double *chance;       /**< sums by threshold */
    etas_expected expected;
    etas_gridded_take take; /**< what the pass is for */
    void *to;
} scorer;

/* ---- passes over the catalogues ---- */

static etas_gridded gridded(const etas_catalog_counts *counts)
{
    return (etas_gridded){counts->n_cells, counts->cell, counts->count};
}

static etas_status pass_begin(void *context, const etas_forecast_about *about, etas_error *err)
{
    (void)context;
    (void)about;
    (void)err;
    return ETAS_OK;
}

static etas_status pass_take(void *context, const etas_forecast_part *part, etas_error *err)
{
    scorer *const self = context;
    etas_counted one = {
        .events = part->events, .first = etas_forecast_part_first(part), .index = part->index};
    etas_status st = ETAS_OK;

    for (size_t i = part->at; i < part->at + part->count && st == ETAS_OK; i++) {
        one.n = part->events->count[i];
        st = etas_counter_count(self->counter, &one, &self->counts, err);
        if (st == ETAS_OK) {
            const etas_gridded catalog = gridded(&self->counts);

            st = self->take(self->to, &catalog, err);
        }
        one.first += one.n;
        one.index++;
    }
    return st;
}

static etas_status each(void *context, etas_gridded_take take, void *to, etas_error *err)
{
    scorer *const self = context;
    const etas_export_visitor visitor = {.context = self, .begin = pass_begin, .take = pass_take};
    const etas_export_config how = {.visitor = &visitor};
    etas_export_summary summary;

    self->take = take;
    self->to = to;
    return etas_export(self->in->store, &how, &summary, err);
}

/* The first pass. */
static etas_status sum_up(void *context, const etas_gridded *catalog, etas_error *err)
{
    scorer *const self = context;
    const size_t m = self->axes.n_thresholds, last = (self->axes.n_horizons - 1) * m;

    if (self->n == self->in->settings->n_simulations)
        return etas_fail(err, ETAS_E_CORRUPT, "more catalogues than were asked for");
    self->number[self->n++] = (uint32_t)self->counts.n_events;
    self->n_events += self->counts.n_events;
    for (size_t k = 0; k < m; k++)
        self->chance[k] += self->counts.chance[last + k];
    return etas_expected_add(&self->expected, catalog, err);
}

/* ---- numbers ---- */

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double log_poisson(double n, double mean)
{
    if (mean == 0)
        return n == 0 ? 0 : -INFINITY;
    return n * etas_ln(mean) - mean - etas_lgamma1p(n);
}

/* Sorts the catalogues' numbers. */
static void score_number(scorer *self, series_score *out)
{
    const size_t n = (size_t)self->n;
    const uint64_t seen = out->observed;
    size_t below = 0, equal = 0;

    qsort(self->number, n, sizeof *self->number, by_number);
    for (size_t i = 0; i < n; i++) {
        below += self->number[i] < seen;
        equal += self->number[i] == seen;
    }
    for (size_t k = 0; k < SERIES_QUANTILES; k++)
        out->quantile[k] = self->number[(series_permille[k] * n + 999) / 1000 - 1];
    out->mean = (double)self->n_events / (double)n;
    out->delta[0] = (double)(n - below) / (double)n;
    out->delta[1] = (double)(below + equal) / (double)n;
    out->log_score = etas_ln((double)equal / (double)n);
}

static void score_baseline(double mean, series_score *out)
{
    const double n = (double)out->observed;

    out->baseline_mean = mean;
    out->baseline_log_score = log_poisson(n, mean);
    out->gain = log_poisson(n, out->mean) - out->baseline_log_score;
}

/* ---- */

static etas_status open_scorer(scorer *self, etas_error *err)
{
    const grid_request *const grid = &self->in->settings->grid;
    const size_t n = (size_t)self->in->settings->n_simulations;
    etas_status st = etas_summary_axes_build(&self->axes, grid->n_thresholds, grid->threshold,
                                             self->in->model, err);
    const etas_counting what = {self->in->model, &self->cells, &self->axes};

    if (st == ETAS_OK)
        st = etas_cells_build(&self->cells, &grid->grid, self->in->model, err);
    if (st == ETAS_OK)
        st = etas_counter_open(&self->counter, &what, err);
    if (st == ETAS_OK)
        st = etas_expected_init(&self->expected, self->cells.n_places, self->cells.n_mags, err);
    if (st == ETAS_OK &&
        (etas_array_alloc((void **)&self->number, n, sizeof *self->number) != ETAS_OK ||
         etas_array_alloc((void **)&self->chance, grid->n_thresholds, sizeof *self->chance) !=
             ETAS_OK))
        st = etas_fail(err, ETAS_E_NOMEM, "no memory for the numbers of %zu catalogues", n);
    return st;
}

static void close_scorer(scorer *self)
{
    etas_expected_free(&self->expected);
    etas_catalog_counts_free(&self->counts);
    etas_counter_close(self->counter);
    etas_cells_free(&self->cells);
    etas_array_free((void **)&self->number);
    etas_array_free((void **)&self->chance);
}

static etas_status test(scorer *self, const etas_gridded *observed, series_score *out,
                        etas_error *err)
{
    const etas_gridded_source source = {each, self};
    const etas_consistency_config how = {
        .test = {[ETAS_TEST_M] = true, [ETAS_TEST_S] = true, [ETAS_TEST_PL] = true}};
    etas_test_result results[ETAS_N_CONSISTENCY] = {0};
    const etas_status st = etas_consistency(&self->expected, &source, observed, &how, results, err);

    for (etas_test k = 0; k < ETAS_N_CONSISTENCY; k++) {
        out->test[k].status = results[k].status;
        out->test[k].delta[0] = results[k].quantile[0];
        out->test[k].delta[1] = results[k].quantile[1];
        etas_test_result_free(&results[k]);
    }
    return st;
}

etas_status series_score_make(const series_scoring *in, series_score *out, etas_error *err)
{
    scorer self = {.in = in};
    etas_observed observed = {0};
    etas_status st = open_scorer(&self, err);

    if (st == ETAS_OK)
        st = each(&self, sum_up, &self, err);
    if (st == ETAS_OK)
        st = etas_observed_build(&observed, in->observed, in->model, &self.cells, err);
    if (st == ETAS_OK)
        st = test(&self, &observed.gridded, out, err);
    if (st == ETAS_OK) {
        out->observed = in->observed->n;
        out->observed_max = NAN;
        for (size_t i = 0; i < in->observed->n; i++) /* as decimals: 6.8 is 68 * 0.1 */
            out->observed_max = fmax(out->observed_max,
                                     round(in->observed->mag[i] * ETAS_MAG_UNITS) / ETAS_MAG_UNITS);
        for (size_t k = 0; k < self.axes.n_thresholds; k++)
            out->chance[k] = self.chance[k] / (double)self.n;
        score_number(&self, out);
        score_baseline(in->baseline_mean, out);
    }
    etas_observed_free(&observed);
    close_scorer(&self);
    return st;
}
