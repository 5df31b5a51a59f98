#include "etas/completeness.h"

#include <math.h>
#include <stdlib.h>

#include "etas/array.h"
#include "etas/parallel.h"
#include "etas/sampling.h"
#include "etas/special.h"
#include "evaluation/binomial.h"

enum {
    SAMPLE_BITS = 24,
    SAMPLES_PER_BLOCK = 64,
    PURPOSE = 16,  /* apart from those of the simulation */
    MAX_DEPTH = 44 /* cells of 2^-44: far below any distance */
};

static const double LN_10 = 2.302585092994045684;
static const double SAME_MAGNITUDE = 1e-9;

etas_completeness_config etas_completeness_config_default(void)
{
    return (etas_completeness_config){
        .beta = NAN, .p_pass = 0.05, .n_samples = 10000, .n_threads = 1};
}

static etas_status check_config(const etas_completeness_config *cfg, etas_error *err)
{
    if (!(cfg->delta_m == 0 || (cfg->delta_m >= 0.001 && cfg->delta_m <= 10)))
        return etas_fail(err, ETAS_E_ARG, "delta_m is %g; expected 0 or 0.001 to 10", cfg->delta_m);
    if (!isnan(cfg->beta) && !(cfg->beta > 0 && isfinite(cfg->beta)))
        return etas_fail(err, ETAS_E_ARG, "beta is %g; expected a positive number", cfg->beta);
    if (!(cfg->p_pass >= 0 && cfg->p_pass <= 1))
        return etas_fail(err, ETAS_E_ARG, "p_pass is %g; expected 0 to 1", cfg->p_pass);
    if (cfg->n_samples == 0 || cfg->n_samples >> SAMPLE_BITS != 0)
        return etas_fail(err, ETAS_E_ARG, "%zu samples; expected 1 to %d", cfg->n_samples,
                         (1 << SAMPLE_BITS) - 1);
    return ETAS_OK;
}

static etas_status check_candidates(const etas_completeness_config *cfg, etas_error *err)
{
    for (size_t i = 0; i < cfg->n_candidates; i++) {
        const double mc = cfg->candidate[i];

        if (!isfinite(mc) || fabs(mc) > 100)
            return etas_fail(err, ETAS_E_ARG, "mc %g is no magnitude", mc);
        if (i > 0 && !(mc > cfg->candidate[i - 1]))
            return etas_fail(err, ETAS_E_ARG, "mc %g after %g; expected ascending values", mc,
                             cfg->candidate[i - 1]);
        if (fabs(mc - etas_magnitude_round(mc, cfg->delta_m)) > SAME_MAGNITUDE)
            return etas_fail(err, ETAS_E_ARG, "mc %g is no multiple of delta_m %g", mc,
                             cfg->delta_m);
    }
    return ETAS_OK;
}

/* ---- sorted magnitudes ---- */

/* Ascending, in units of delta_m (whole numbers), or as they are when delta_m is 0. */
typedef struct sorted {
    size_t n;
    double *x;
    double unit;
} sorted;

static int ascending(const void *pa, const void *pb)
{
    const double a = *(const double *)pa, b = *(const double *)pb;

    return (a > b) - (a < b);
}

static etas_status sort_magnitudes(size_t n, const double mag[], double delta_m, sorted *out,
                                   etas_error *err)
{
    const etas_status st = etas_array_alloc((void **)&out->x, n, sizeof *out->x);

    if (st != ETAS_OK)
        return etas_fail(err, st, "no memory to sort %zu magnitudes", n);
    out->n = n;
    out->unit = delta_m > 0 ? delta_m : 1;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(mag[i]))
            return etas_fail(err, ETAS_E_ARG, "magnitude %zu is %g", i + 1, mag[i]);
        out->x[i] = delta_m > 0 ? floor(mag[i] / delta_m + 0.5) : mag[i];
    }
    if (n > 0)
        qsort(out->x, n, sizeof *out->x, ascending);
    return ETAS_OK;
}

/* First of those from mc on, in the same units. */
static size_t first_from(const sorted *s, double low)
{
    size_t begin = 0, end = s->n;

    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;

        if (s->x[middle] >= low - SAME_MAGNITUDE)
            end = middle;
        else
            begin = middle + 1;
    }
    return begin;
}

/* ---- distance to the law ---- */

/* What one candidate's samples are drawn from and measured by. */
typedef struct law {
    double n;
    double rate;  /* beta delta_m; beta when delta_m is 0 */
    double p_bin; /* probability of the lowest bin: of every bin, given that none below is hit */
    double ks;    /* as observed */
    bool binned;
    uint64_t seed, stream;
} law;

/* Distribution function at the upper edge of bin k. */
static double law_at(const law *l, double k)
{
    return -etas_expm1(-l->rate * (k + 1));
}

/* Observed and sampled distances come from the same expression: equal counts give equal bits. */
static double bin_distance(const law *l, double below, double k)
{
    return fabs(below / l->n - law_at(l, k));
}

static double observed_binned(const law *l, size_t n, const double x[], double low)
{
    const double last = x[n - 1] - low;
    double ks = 0;
    size_t below = 0;

    for (double k = 0; k <= last; k++) {
        while (below < n && x[below] - low <= k)
            below++;
        ks = fmax(ks, bin_distance(l, (double)below, k));
    }
    return ks;
}

static double observed_continuous(const law *l, size_t n, const double x[], double low)
{
    double ks = 0;

    for (size_t i = 0; i < n; i++) {
        const double f = -etas_expm1(-l->rate * fmax(x[i] - low, 0));

        ks = fmax(ks, fmax((double)(i + 1) / l->n - f, f - (double)i / l->n));
    }
    return ks;
}

/* Shi & Bolt (1982): ln 10 b^2 sqrt(sum (m - mean)^2 / (n (n - 1))). */
static double shi_bolt(double b, size_t n, const double x[], double unit)
{
    const double count = (double)n;
    double mean = 0, squares = 0;

    for (size_t i = 0; i < n; i++)
        mean += x[i] / count;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return LN_10 * b * b * unit * sqrt(squares / (count * (count - 1)));
}

/* Fills in everything but p; false when the magnitudes do not vary. */
static bool measure(const sorted *s, double mc, const etas_completeness_config *cfg, law *l,
                    etas_completeness_test *out)
{
    const double low = cfg->delta_m > 0 ? floor(mc / s->unit + 0.5) : mc;
    const size_t first = first_from(s, low), n = s->n - first;
    const double *x = s->x + first;
    double sum = 0, odds;

    *out = (etas_completeness_test){
        .mc = mc, .n = n, .beta = NAN, .b_value = NAN, .b_error = NAN, .ks = NAN, .p = NAN};
    if (n < 2 || x[0] == x[n - 1])
        return false;
    for (size_t i = 0; i < n; i++)
        sum += x[i] - low;
    odds = (double)n / sum; /* of the lowest bin, under Tinti & Mulargia's beta */
    *l = (law){.n = (double)n, .binned = cfg->delta_m > 0, .seed = cfg->seed};
    if (!isnan(cfg->beta))
        l->rate = cfg->beta * s->unit;
    else
        l->rate = l->binned ? etas_log1p(odds) : odds;
    l->p_bin = -etas_expm1(-l->rate);
    l->stream = ((uint64_t)(int64_t)floor(mc * 1e4 + 0.5) & ((1U << SAMPLE_BITS) - 1))
                << SAMPLE_BITS;
    out->beta = isnan(cfg->beta) ? l->rate / s->unit : cfg->beta;
    out->b_value = out->beta / LN_10;
    if (isnan(cfg->beta))
        out->b_error = shi_bolt(out->b_value, n, x, s->unit);
    out->ks = l->binned ? observed_binned(l, n, x, low) : observed_continuous(l, n, x, low);
    l->ks = out->ks;
    return true;
}

etas_status etas_completeness_ks(size_t n, const double mag[], double mc,
                                 const etas_completeness_config *cfg, etas_completeness_test *out,
                                 etas_error *err)
{
    etas_completeness_config one = *cfg;
    sorted s = {0};
    law l;
    etas_status st;

    one.n_candidates = 1;
    one.candidate = &mc;
    st = check_config(&one, err);
    if (st == ETAS_OK)
        st = check_candidates(&one, err);
    if (st == ETAS_OK)
        st = sort_magnitudes(n, mag, one.delta_m, &s, err);
    if (st == ETAS_OK)
        (void)measure(&s, mc, &one, &l, out);
    etas_array_free((void **)&s.x);
    return st;
}

/* ---- samples ---- */

static double uniform_at(const law *l, size_t sample, uint64_t index)
{
    const etas_address at = {.catalog = l->stream | sample,
                             .event = (uint32_t)(index >> 1),
                             .draw = (uint32_t)(index >> 33),
                             .purpose = PURPOSE};
    double pair[2];

    etas_uniform_pair(l->seed, &at, pair);
    return pair[index & 1];
}

/* Bin after bin takes its share of what is left: together a multinomial sample. */
static bool binned_is_as_far(const law *l, size_t sample)
{
    double left = l->n;

    for (uint64_t k = 0; left > 0; k++) {
        left -= etas_binomial(left, l->p_bin, uniform_at(l, sample, k));
        if (bin_distance(l, l->n - left, (double)k) >= l->ks)
            return true;
    }
    return false;
}

/* A cell [from, to) of the unit interval, its count and the count below it. */
typedef struct cell {
    double from, to, below, count;
    uint64_t index; /* 1 for the whole; halves of i are 2 i and 2 i + 1 */
    int depth;
} cell;

/*
 * A sample of a continuous law is n uniforms. They are not drawn one by one: a cell's count falls
 * apart into binomial halves, and only cells in which the distance could reach the observed one
 * are cut.
 */
static bool continuous_is_as_far(const law *l, size_t sample)
{
    cell stack[MAX_DEPTH + 2];
    size_t n = 0;

    stack[n++] = (cell){.to = 1, .count = l->n, .index = 1};
    while (n > 0) {
        const cell c = stack[--n];
        const double above = (c.below + c.count) / l->n - c.from, under = c.to - c.below / l->n;
        const double middle = (c.from + c.to) / 2;
        double half, there;

        if (fmax(above, under) < l->ks || c.depth == MAX_DEPTH)
            continue;
        half = etas_binomial(c.count, 0.5, uniform_at(l, sample, c.index));
        there = (c.below + half) / l->n;
        if (fabs(there - middle) >= l->ks)
            return true;
        stack[n++] = (cell){c.from, middle, c.below, half, 2 * c.index, c.depth + 1};
        stack[n++] =
            (cell){middle, c.to, c.below + half, c.count - half, 2 * c.index + 1, c.depth + 1};
    }
    return false;
}

typedef struct sampling {
    const law *law;
    size_t n_samples;
    size_t *as_far; /* per block */
} sampling;

static void sample_block(void *context, size_t block)
{
    const sampling *s = context;
    const size_t first = block * SAMPLES_PER_BLOCK;

    for (size_t i = first; i < first + SAMPLES_PER_BLOCK && i < s->n_samples; i++)
        s->as_far[block] +=
            s->law->binned ? binned_is_as_far(s->law, i) : continuous_is_as_far(s->law, i);
}

static etas_status estimate_p(const law *l, const etas_completeness_config *cfg, double *p,
                              etas_error *err)
{
    const size_t n_blocks = (cfg->n_samples + SAMPLES_PER_BLOCK - 1) / SAMPLES_PER_BLOCK;
    sampling s = {.law = l, .n_samples = cfg->n_samples};
    size_t as_far = 0;
    const etas_status st = etas_array_alloc((void **)&s.as_far, n_blocks, sizeof *s.as_far);

    if (st != ETAS_OK)
        return etas_fail(err, st, "no memory for %zu samples", cfg->n_samples);
    etas_parallel_for(cfg->n_threads, n_blocks, sample_block, &s);
    for (size_t i = 0; i < n_blocks; i++)
        as_far += s.as_far[i];
    *p = (double)as_far / (double)cfg->n_samples;
    etas_array_free((void **)&s.as_far);
    return ETAS_OK;
}

etas_status etas_completeness_estimate(size_t n, const double mag[],
                                       const etas_completeness_config *cfg,
                                       etas_completeness_test tests[], size_t *winner,
                                       etas_error *err)
{
    size_t n_tested = 0;
    sorted s = {0};
    etas_status st = check_config(cfg, err);

    *winner = SIZE_MAX;
    if (st == ETAS_OK)
        st = check_candidates(cfg, err);
    if (st == ETAS_OK)
        st = sort_magnitudes(n, mag, cfg->delta_m, &s, err);
    for (size_t i = 0; st == ETAS_OK && i < cfg->n_candidates; i++) {
        law l;

        if (!measure(&s, cfg->candidate[i], cfg, &l, &tests[i]))
            continue;
        n_tested++;
        st = estimate_p(&l, cfg, &tests[i].p, err);
        tests[i].passes = tests[i].p >= cfg->p_pass;
        if (tests[i].passes && *winner == SIZE_MAX)
            *winner = i;
    }
    if (st == ETAS_OK && n_tested == 0)
        st = etas_fail(err, ETAS_E_RANGE,
                       "no candidate has two different magnitudes; the largest of %zu is %g", n,
                       n > 0 ? s.x[n - 1] * s.unit : NAN);
    etas_array_free((void **)&s.x);
    return st;
}
