#include "catalog_survey.h"

#include <math.h>
#include <stdlib.h>

#include "etas/array.h"
#include "mc_candidates.h"

enum { MOST_NEIGHBOURS = 1000 };
#define CURVATURE_CORRECTION 0.2

/* ---- in time ---- */

typedef struct instant {
    etas_time time;
    size_t row;
} instant;

static int by_time(const void *a, const void *b)
{
    const instant *const x = a, *const y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Of very many events at one instant, which is a fault of its own, not every pair is looked at. */
static void find_pairs(catalog_survey *self, const etas_catalog *c, const instant order[])
{
    for (size_t i = 0; i < c->n; i++)
        for (size_t j = i + 1; j < c->n && j - i <= MOST_NEIGHBOURS; j++) {
            const size_t a = order[i].row, b = order[j].row;
            const double seconds =
                (double)((uint64_t)order[j].time - (uint64_t)order[i].time) / 1e9;
            double km;

            if (seconds > SURVEY_PAIR_SECONDS)
                break;
            if (fabs(c->mag[a] - c->mag[b]) > SURVEY_PAIR_MAG + 1e-9)
                continue;
            km = etas_distance_km(c->lat[a], c->lon[a], c->lat[b], c->lon[b], ETAS_EARTH_RADIUS_KM);
            if (!(km <= SURVEY_PAIR_KM))
                continue;
            if (self->n_listed < SURVEY_PAIRS)
                self->pair[self->n_listed++] = (survey_pair){a, b, seconds, km};
            self->n_pairs++;
        }
}

static void take_gap(catalog_survey *self, const survey_gap *gap)
{
    size_t at = self->n_gaps;

    while (at > 0 && self->gap[at - 1].days < gap->days)
        at--;
    if (at == SURVEY_GAPS)
        return;
    self->n_gaps += self->n_gaps < SURVEY_GAPS;
    for (size_t k = self->n_gaps - 1; k > at; k--)
        self->gap[k] = self->gap[k - 1];
    self->gap[at] = *gap;
}

/* 1 - (1 - exp(-g / mean))^n: the longest of n exponential intervals. */
static void find_gaps(catalog_survey *self, size_t n, const instant order[])
{
    const double days = etas_days_between(self->first, self->last);

    self->mean_days = n > 1 ? days / (double)(n - 1) : NAN;
    for (size_t i = 1; i < n && days > 0; i++) {
        survey_gap gap = {.from = order[i - 1].time, .to = order[i].time};

        gap.days = etas_days_between(gap.from, gap.to);
        gap.p = -expm1((double)(n - 1) * log1p(-exp(-gap.days / self->mean_days)));
        take_gap(self, &gap);
    }
}

static etas_status look_at_times(catalog_survey *self, const etas_catalog *c, etas_error *err)
{
    instant *order = NULL;

    if (etas_array_alloc((void **)&order, c->n, sizeof *order) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %zu events", c->n);
    self->sorted = true;
    for (size_t i = 0; i < c->n; i++) {
        order[i] = (instant){c->time[i], i};
        self->sorted &= i == 0 || c->time[i - 1] <= c->time[i];
    }
    qsort(order, c->n, sizeof *order, by_time);
    self->first = order[0].time;
    self->last = order[c->n - 1].time;
    find_pairs(self, c, order);
    find_gaps(self, c->n, order);
    etas_array_free((void **)&order);
    return ETAS_OK;
}

/* ---- magnitudes ---- */

static void count_magnitudes(catalog_survey *self, const etas_catalog *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const double bin = floor((c->mag[i] - SURVEY_BIN_LOW) / SURVEY_BIN_WIDTH + 1e-6);

        self->count[(size_t)fmin(fmax(bin, 0), SURVEY_BINS - 1)]++;
    }
}

/* The candidates one by one: the later ones are not needed once one passes. */
static etas_status find_by_ks(catalog_survey *self, const etas_catalog *c,
                              etas_completeness_config *how, size_t n, const double candidates[])
{
    for (size_t i = 0; i < n; i++) {
        size_t winner = SIZE_MAX;
        etas_completeness_test test = {0};
        etas_error unimportant = {0};
        etas_status st;

        how->n_candidates = 1;
        how->candidate = &candidates[i];
        st = etas_completeness_estimate(c->n, c->mag, how, &test, &winner, &unimportant);
        if (st == ETAS_E_NOMEM)
            return st;
        if (st == ETAS_OK && winner == 0) {
            self->ks = test;
            return ETAS_OK;
        }
    }
    return ETAS_OK;
}

/* Steps that no test takes, and too few events, leave both unknown. */
static etas_status find_completeness(catalog_survey *self, const etas_catalog *c, double delta_m,
                                     etas_error *err)
{
    const mc_range range = mc_range_default();
    etas_completeness_config how = etas_completeness_config_default();
    etas_error unimportant = {0};
    double *candidates = NULL;
    size_t n = 0;
    etas_status st = mc_candidates_choose(c, delta_m, &range, &candidates, &n, &unimportant);

    how.delta_m = delta_m;
    how.n_samples = SURVEY_SAMPLES;
    if (st == ETAS_OK) {
        const double corrected = candidates[0] + CURVATURE_CORRECTION;
        const double mc =
            delta_m > 0 ? floor(corrected / delta_m + 0.5) * delta_m : corrected; /* on the grid */

        if (etas_completeness_ks(c->n, c->mag, floor(mc * 1e6 + 0.5) / 1e6, &how, &self->curvature,
                                 &unimportant) != ETAS_OK)
            self->curvature.mc = NAN;
        st = find_by_ks(self, c, &how, n, candidates);
    }
    etas_array_free((void **)&candidates);
    return st == ETAS_E_NOMEM ? etas_fail(err, st, "out of memory for %zu magnitudes", c->n)
                              : ETAS_OK;
}

etas_status catalog_survey_make(catalog_survey *self, const etas_catalog *catalog, double delta_m,
                                etas_error *err)
{
    const double step = etas_magnitude_grid_of(catalog->n, catalog->mag, 0).step;
    etas_status st;

    *self = (catalog_survey){.curvature = {.mc = NAN}, .ks = {.mc = NAN}};
    if (isnan(delta_m))
        delta_m = step;
    self->grid = etas_magnitude_grid_of(catalog->n, catalog->mag, delta_m);
    st = look_at_times(self, catalog, err);
    if (st != ETAS_OK)
        return st;
    count_magnitudes(self, catalog);
    return find_completeness(self, catalog, delta_m, err);
}
