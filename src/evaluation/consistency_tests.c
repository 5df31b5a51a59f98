/* The tests of one forecast. What pyCSEP sums in floating point over catalogues are whole numbers
 * here until they are divided once, and sums of logarithms keep what rounding takes: nothing
 * depends on the order of catalogues or cells, and ties are ties. */
#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/consistency.h"
#include "etas/sampling.h"
#include "etas/special.h"
#include "evaluation/binomial.h"
#include "evaluation/consistency_parts.h"
#include "evaluation/sum.h"

enum { PURPOSE = 17 }; /* of the samples' draws, apart from those of other samplers */

static const double LN_10 = 2.302585092994045684, LN_2PI = 1.837877066409345484;

typedef struct tests {
    const etas_expected *expected;
    const etas_gridded *observed;
    const etas_consistency_config *cfg;
    etas_test_result *out;
    double n_obs;
    double *ln_share;  /* per place: of its share of all events; NULL without the S-test */
    double *ln_rate;   /* of its mean number; NULL without the PL-test */
    double *log_union; /* per magnitude bin: log10(1 + what of n_obs is expected there) */
    double *histogram; /* of one catalogue or sample */
    double *empty_ratio, whole_ratio; /* of the MLL-test: what bins without events give, and all */
    uint64_t n_taken, n_events;
} tests;

etas_consistency_config etas_consistency_config_default(void)
{
    return (etas_consistency_config){.test = {true, true, true, true, true, true}};
}

/* ---- statistics of one catalogue ---- */

static void count_magnitudes(const tests *self, const etas_gridded *g)
{
    const size_t n_mags = self->expected->n_mags;

    memset(self->histogram, 0, n_mags * sizeof *self->histogram);
    for (size_t i = 0; i < g->n; i++)
        self->histogram[g->cell[i] % n_mags] += g->count[i];
}

/* Of the histogram, whose n events are scaled to as many as were observed. */
static double magnitude_distance(const tests *self, double n)
{
    etas_sum sum = {0};

    for (size_t k = 0; k < self->expected->n_mags; k++) {
        const double count = self->histogram[k];
        const double log_count = count > 0 ? etas_log1p(count * self->n_obs / n) / LN_10 : 0;
        const double d = log_count - self->log_union[k];

        etas_sum_add(&sum, d * d);
    }
    return etas_sum_get(&sum);
}

/* The sum of the events' logarithms, without those in places that no catalogue has events in;
 * their number goes to *n_left_out. */
static double sum_of_logs(const tests *self, const double ln[], const etas_gridded *g,
                          uint64_t *n_left_out)
{
    const size_t n_mags = self->expected->n_mags;
    etas_sum sum = {0};

    *n_left_out = 0;
    for (size_t i = 0; i < g->n;) {
        const size_t place = (size_t)(g->cell[i] / n_mags);
        uint64_t n = 0;

        for (; i < g->n && g->cell[i] / n_mags == place; i++)
            n += g->count[i];
        if (self->expected->place[place] == 0)
            *n_left_out += n;
        else
            etas_sum_add(&sum, (double)n * ln[place]);
    }
    return etas_sum_get(&sum);
}

static double pseudo_likelihood(const tests *self, double sum)
{
    return sum - (double)self->expected->n_events / (double)self->expected->n_catalogs;
}

/* ---- results ---- */

static void keep(etas_test_result *to, double statistic)
{
    to->distribution[to->n++] = statistic;
}

static void set_quantiles(etas_test_result *r)
{
    uint64_t below = 0, not_above = 0;

    for (size_t i = 0; i < r->n; i++) {
        below += r->distribution[i] < r->statistic;
        not_above += r->distribution[i] <= r->statistic;
    }
    r->quantile[0] = (double)(r->n - below) / (double)r->n;
    r->quantile[1] = (double)not_above / (double)r->n;
}

static etas_status open_result(tests *self, etas_test test, uint64_t n, etas_error *err)
{
    etas_test_result *const r = &self->out[test];

    etas_test_result_refuse(r, test);
    if (test != ETAS_TEST_N && (self->n_obs == 0 || self->expected->n_events == 0)) {
        r->n_left_out = (uint64_t)self->n_obs;
        return ETAS_OK;
    }
    if (n > SIZE_MAX ||
        etas_array_alloc((void **)&r->distribution, (size_t)n, sizeof *r->distribution) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for the statistics of %llu catalogues",
                         (unsigned long long)n);
    r->status = ETAS_TEST_NORMAL;
    r->n_used = (uint64_t)self->n_obs;
    return ETAS_OK;
}

/* Whether its statistics are to be computed. */
static bool is_on(const tests *self, etas_test test)
{
    return self->cfg->test[test] && self->out[test].status != ETAS_TEST_NOT_VALID;
}

/* ---- the second pass ---- */

static etas_status take(void *to, const etas_gridded *g, etas_error *err)
{
    tests *const self = to;
    const uint64_t n = etas_gridded_events(g);
    const etas_status st =
        etas_gridded_check(g, (uint64_t)self->expected->n_places * self->expected->n_mags, err);
    uint64_t none;

    if (st != ETAS_OK)
        return st;
    self->n_events += n;
    if (self->n_taken++ == self->expected->n_catalogs)
        return etas_fail(err, ETAS_E_CORRUPT, "the forecast has grown while it was read");
    if (is_on(self, ETAS_TEST_N))
        keep(&self->out[ETAS_TEST_N], (double)n);
    if (is_on(self, ETAS_TEST_M) && n > 0) {
        count_magnitudes(self, g);
        keep(&self->out[ETAS_TEST_M], magnitude_distance(self, (double)n));
    }
    if (is_on(self, ETAS_TEST_S) && n > 0)
        keep(&self->out[ETAS_TEST_S], sum_of_logs(self, self->ln_share, g, &none) / (double)n);
    if (is_on(self, ETAS_TEST_PL))
        keep(&self->out[ETAS_TEST_PL],
             pseudo_likelihood(self, sum_of_logs(self, self->ln_rate, g, &none)));
    return ETAS_OK;
}

static etas_status second_pass(tests *self, const etas_gridded_source *forecast, etas_error *err)
{
    const bool needed = is_on(self, ETAS_TEST_N) || is_on(self, ETAS_TEST_M) ||
                        is_on(self, ETAS_TEST_S) || is_on(self, ETAS_TEST_PL);
    const etas_status st = needed ? forecast->each(forecast->self, take, self, err) : ETAS_OK;

    if (st == ETAS_OK && needed &&
        (self->n_taken != self->expected->n_catalogs || self->n_events != self->expected->n_events))
        return etas_fail(err, ETAS_E_CORRUPT, "the forecast has changed while it was read");
    return st;
}

/* ---- samples ---- */

/* The logarithm of a multinomial probability of counts at their own shares is the term of their sum
 * less those of each: ln Gamma(x + 1) - x ln x + x. What cancels has gone already. */
static double multinomial_term(double x)
{
    return etas_stirling_error(x) + (LN_2PI + etas_ln(x)) / 2;
}

/* What one bin adds to ln of the likelihood ratio. */
static double bin_ratio(const tests *self, size_t k, double count)
{
    const etas_expected *const e = self->expected;
    const double of_union = (double)e->mag[k] + (double)e->n_events / self->n_obs;

    return multinomial_term(of_union) + multinomial_term(count + 1) -
           multinomial_term(of_union + count + 1);
}

/* Of all bins together: the same for every sample. */
static double whole_ratio(const tests *self)
{
    const double n = (double)self->expected->n_mags;
    const double n_union = (double)self->expected->n_events * (1 + n / self->n_obs);
    const double n_histogram = self->n_obs + n;

    return multinomial_term(n_union + n_histogram) - multinomial_term(n_union) -
           multinomial_term(n_histogram);
}

/* 2 ln of the likelihood ratio between one distribution for forecast and histogram, and one for
 * each; to each bin of the forecast its mean count is added, to the histogram's 1. */
static double likelihood_ratio(const tests *self)
{
    etas_sum sum = {0};

    etas_sum_add(&sum, self->whole_ratio);
    for (size_t k = 0; k < self->expected->n_mags; k++) {
        const double count = self->histogram[k];

        etas_sum_add(&sum, count > 0 ? bin_ratio(self, k, count) : self->empty_ratio[k]);
    }
    return 2 * etas_sum_get(&sum);
}

/* As many magnitudes as were observed, from all catalogues taken together: bin after bin takes its
 * share of what is left. */
static void draw_sample(const tests *self, uint64_t sample)
{
    const etas_expected *const e = self->expected;
    double left = self->n_obs, union_left = (double)e->n_events;
    double pair[2];

    for (size_t k = 0; k < e->n_mags; k++) {
        const etas_address at = {.catalog = sample, .event = (uint32_t)(k / 2), .purpose = PURPOSE};

        if (k % 2 == 0)
            etas_uniform_pair(self->cfg->seed, &at, pair);
        self->histogram[k] = left > 0 && e->mag[k] > 0
                                 ? etas_binomial(left, (double)e->mag[k] / union_left, pair[k % 2])
                                 : 0;
        left -= self->histogram[k];
        union_left -= (double)e->mag[k];
    }
}

static void test_samples(tests *self, uint64_t n_samples)
{
    const bool resampled = is_on(self, ETAS_TEST_RESAMPLED_M), mll = is_on(self, ETAS_TEST_MLL);

    for (uint64_t i = 0; i < n_samples && (resampled || mll); i++) {
        draw_sample(self, i);
        if (resampled)
            keep(&self->out[ETAS_TEST_RESAMPLED_M], magnitude_distance(self, self->n_obs));
        if (mll)
            keep(&self->out[ETAS_TEST_MLL], likelihood_ratio(self));
    }
}

/* ---- the observation ---- */

static void observe_places(tests *self, etas_test test, const double ln[])
{
    etas_test_result *const r = &self->out[test];
    double sum;

    if (!is_on(self, test))
        return;
    sum = sum_of_logs(self, ln, self->observed, &r->n_left_out);
    r->n_used -= r->n_left_out;
    r->statistic = test == ETAS_TEST_S ? sum / (double)r->n_used : pseudo_likelihood(self, sum);
    if (r->n_left_out > 0)
        r->status = ETAS_TEST_UNDERSAMPLED;
    if (r->n_used > 0)
        return;
    r->status = ETAS_TEST_NOT_VALID;
    r->statistic = NAN;
}

static void observe(tests *self)
{
    count_magnitudes(self, self->observed);
    if (is_on(self, ETAS_TEST_N))
        self->out[ETAS_TEST_N].statistic = self->n_obs;
    if (is_on(self, ETAS_TEST_M))
        self->out[ETAS_TEST_M].statistic = magnitude_distance(self, self->n_obs);
    if (is_on(self, ETAS_TEST_RESAMPLED_M))
        self->out[ETAS_TEST_RESAMPLED_M].statistic = magnitude_distance(self, self->n_obs);
    if (is_on(self, ETAS_TEST_MLL))
        self->out[ETAS_TEST_MLL].statistic = likelihood_ratio(self);
    observe_places(self, ETAS_TEST_S, self->ln_share);
    observe_places(self, ETAS_TEST_PL, self->ln_rate);
    for (size_t i = 0; i < ETAS_N_CONSISTENCY; i++)
        if (is_on(self, (etas_test)i))
            set_quantiles(&self->out[i]);
}

/* ---- */

static etas_status tabulate_places(tests *self, etas_test test, double whole, double **ln,
                                   etas_error *err)
{
    const etas_expected *const e = self->expected;

    if (!is_on(self, test))
        return ETAS_OK;
    if (etas_array_alloc((void **)ln, e->n_places, sizeof **ln) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %zu places", e->n_places);
    for (size_t i = 0; i < e->n_places; i++)
        if (e->place[i] > 0)
            (*ln)[i] = etas_ln((double)e->place[i] / whole);
    return ETAS_OK;
}

static etas_status tabulate_ratios(tests *self, etas_error *err)
{
    const size_t n = self->expected->n_mags;

    if (!is_on(self, ETAS_TEST_MLL))
        return ETAS_OK;
    if (etas_array_alloc((void **)&self->empty_ratio, n, sizeof *self->empty_ratio) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %zu magnitude bins", n);
    for (size_t k = 0; k < n; k++)
        self->empty_ratio[k] = bin_ratio(self, k, 0);
    self->whole_ratio = whole_ratio(self);
    return ETAS_OK;
}

static etas_status tabulate(tests *self, etas_error *err)
{
    const etas_expected *const e = self->expected;
    const etas_status st =
        tabulate_places(self, ETAS_TEST_S, (double)e->n_events, &self->ln_share, err);

    if (st != ETAS_OK)
        return st;
    if (etas_array_alloc((void **)&self->log_union, e->n_mags, sizeof *self->log_union) !=
            ETAS_OK ||
        etas_array_alloc((void **)&self->histogram, e->n_mags, sizeof *self->histogram) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %zu magnitude bins", e->n_mags);
    for (size_t k = 0; k < e->n_mags && e->n_events > 0; k++)
        self->log_union[k] =
            etas_log1p((double)e->mag[k] * self->n_obs / (double)e->n_events) / LN_10;
    return tabulate_places(self, ETAS_TEST_PL, (double)e->n_catalogs, &self->ln_rate, err);
}

static etas_status run(tests *self, const etas_gridded_source *forecast, etas_error *err)
{
    const uint64_t n_catalogs = self->expected->n_catalogs;
    const uint64_t n_samples = self->cfg->n_samples > 0 ? self->cfg->n_samples : n_catalogs;
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < ETAS_N_CONSISTENCY && st == ETAS_OK; i++)
        if (self->cfg->test[i])
            st = open_result(
                self, (etas_test)i,
                i == ETAS_TEST_RESAMPLED_M || i == ETAS_TEST_MLL ? n_samples : n_catalogs, err);
    if (st == ETAS_OK)
        st = tabulate(self, err);
    if (st == ETAS_OK)
        st = tabulate_ratios(self, err);
    if (st == ETAS_OK)
        st = second_pass(self, forecast, err);
    if (st == ETAS_OK) {
        test_samples(self, n_samples);
        observe(self);
    }
    return st;
}

etas_status etas_consistency(const etas_expected *expected, const etas_gridded_source *forecast,
                             const etas_gridded *observed, const etas_consistency_config *cfg,
                             etas_test_result out[ETAS_N_CONSISTENCY], etas_error *err)
{
    tests self = {.expected = expected,
                  .observed = observed,
                  .cfg = cfg,
                  .out = out,
                  .n_obs = (double)etas_gridded_events(observed)};
    etas_status st =
        etas_gridded_check(observed, (uint64_t)expected->n_places * expected->n_mags, err);

    if (st == ETAS_OK && expected->n_catalogs == 0)
        st = etas_fail(err, ETAS_E_ARG, "a forecast without catalogues");
    if (st == ETAS_OK)
        st = run(&self, forecast, err);
    etas_array_free((void **)&self.ln_share);
    etas_array_free((void **)&self.ln_rate);
    etas_array_free((void **)&self.log_union);
    etas_array_free((void **)&self.histogram);
    etas_array_free((void **)&self.empty_ratio);
    for (size_t i = 0; i < ETAS_N_CONSISTENCY && st != ETAS_OK; i++)
        etas_test_result_free(&out[i]);
    return st;
}
