/* Two forecasts by what they expected where events were observed (Rhoades et al. 2011), and one
 * test's results over many periods. */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "etas/array.h"
#include "etas/consistency.h"
#include "etas/likelihood.h"
#include "etas/special.h"
#include "evaluation/consistency_parts.h"
#include "evaluation/sum.h"

/* ---- gains ---- */

/* Of each event ln(mean of a / mean of b) of its cell. */
typedef struct gains {
    size_t n;
    double *gain;
    uint64_t n_left_out;
    double more; /* events that a expects more than b */
} gains;

static double mean_of(const etas_expected *e, uint64_t events)
{
    return (double)events / (double)e->n_catalogs;
}

static etas_status check(const etas_comparison *of, etas_error *err)
{
    if (of->a->n_places != of->b->n_places || of->a->n_mags != of->b->n_mags)
        return etas_fail(err, ETAS_E_ARG, "two forecasts on different grids");
    if (of->a->n_catalogs == 0 || of->b->n_catalogs == 0)
        return etas_fail(err, ETAS_E_ARG, "a forecast without catalogues");
    if (!(of->alpha > 0 && of->alpha < 1))
        return etas_fail(err, ETAS_E_ARG, "a level of %g, which is not between 0 and 1", of->alpha);
    return etas_gridded_check(of->observed, (uint64_t)of->a->n_places * of->a->n_mags, err);
}

static etas_status gather(const etas_comparison *of, gains *out, etas_error *err)
{
    const etas_gridded *const g = of->observed;
    const uint64_t n = etas_gridded_events(g);
    const etas_status st = check(of, err);

    *out = (gains){.more = mean_of(of->a, of->a->n_events) - mean_of(of->b, of->b->n_events)};
    if (st != ETAS_OK)
        return st;
    if (n > SIZE_MAX ||
        etas_array_alloc((void **)&out->gain, (size_t)n, sizeof *out->gain) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %llu events", (unsigned long long)n);
    for (size_t i = 0; i < g->n; i++) {
        const uint64_t a = of->a->cell[g->cell[i]], b = of->b->cell[g->cell[i]];
        /* whole numbers up to the division: equal ratios give equal gains, which are ties */
        const double gain = etas_ln((double)a * (double)of->b->n_catalogs /
                                    ((double)b * (double)of->a->n_catalogs));

        if (a == 0 || b == 0)
            out->n_left_out += g->count[i];
        for (uint32_t k = 0; k < g->count[i] && a > 0 && b > 0; k++)
            out->gain[out->n++] = gain;
    }
    return ETAS_OK;
}

static void begin_result(etas_test_result *out, etas_test test, const gains *of)
{
    etas_test_result_refuse(out, test);
    out->n_used = of->n;
    out->n_left_out = of->n_left_out;
}

static void accept_result(etas_test_result *out)
{
    out->status = out->n_left_out > 0 ? ETAS_TEST_UNDERSAMPLED : ETAS_TEST_NORMAL;
}

/* ---- T ---- */

static double mean(size_t n, const double x[])
{
    etas_sum sum = {0};

    for (size_t i = 0; i < n; i++)
        etas_sum_add(&sum, x[i]);
    return etas_sum_get(&sum) / (double)n;
}

static double variance(size_t n, const double x[])
{
    const double middle = mean(n, x);
    etas_sum sum = {0};

    for (size_t i = 0; i < n; i++)
        etas_sum_add(&sum, (x[i] - middle) * (x[i] - middle));
    return etas_sum_get(&sum) / (double)(n - 1);
}

static bool all_equal(const gains *of)
{
    for (size_t i = 1; i < of->n; i++)
        if (of->gain[i] != of->gain[0])
            return false;
    return true;
}

etas_status etas_comparison_t(const etas_comparison *of, etas_test_result *out, etas_error *err)
{
    gains g = {0};
    double error, critical;
    etas_status st = gather(of, &g, err);

    if (st != ETAS_OK)
        goto out;
    begin_result(out, ETAS_TEST_T, &g);
    if (g.n > 0)
        out->statistic = mean(g.n, g.gain) - g.more / (double)g.n;
    if (g.n < 2 || all_equal(&g))
        goto out;
    if (etas_array_alloc((void **)&out->distribution, 2, sizeof *out->distribution) != ETAS_OK) {
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for an interval");
        goto out;
    }
    error = sqrt(variance(g.n, g.gain) / (double)g.n);
    critical = gsl_cdf_tdist_Pinv(1 - of->alpha / 2, (double)(g.n - 1));
    out->quantile[0] = out->statistic / error;
    out->quantile[1] = critical;
    out->n = 2;
    out->distribution[0] = out->statistic - critical * error;
    out->distribution[1] = out->statistic + critical * error;
    accept_result(out);
out:
    etas_array_free((void **)&g.gain);
    return st;
}

/* ---- W ---- */

static int by_size(const void *left, const void *right)
{
    const double a = fabs(*(const double *)left), b = fabs(*(const double *)right);

    return (a > b) - (a < b);
}

/* Wilcoxon's signed ranks of the n numbers, none of them 0, with mean ranks for ties. */
static double normal_score(size_t n, double d[])
{
    const double count = (double)n;
    double plus = 0, minus = 0, spread = count * (count + 1) * (2 * count + 1);

    qsort(d, n, sizeof *d, by_size);
    for (size_t i = 0, end = 0; i < n; i = end) {
        double ties, rank;

        while (end < n && fabs(d[end]) == fabs(d[i]))
            end++;
        ties = (double)(end - i);
        rank = (double)(i + end + 1) / 2;
        spread -= ties * (ties * ties - 1) / 2;
        for (size_t k = i; k < end; k++)
            *(d[k] > 0 ? &plus : &minus) += rank;
    }
    return (fmin(plus, minus) - count * (count + 1) / 4) / sqrt(spread / 24);
}

etas_status etas_comparison_w(const etas_comparison *of, etas_test_result *out, etas_error *err)
{
    gains g = {0};
    size_t n = 0;
    etas_status st = gather(of, &g, err);

    if (st != ETAS_OK)
        goto out;
    begin_result(out, ETAS_TEST_W, &g);
    out->n_quantiles = 1;
    for (size_t i = 0; i < g.n; i++) {
        const double d = g.gain[i] - g.more / (double)g.n;

        if (d != 0)
            g.gain[n++] = d;
    }
    if (n == 0)
        goto out;
    out->statistic = normal_score(n, g.gain);
    out->quantile[0] = 2 * gsl_cdf_ugaussian_Q(fabs(out->statistic));
    accept_result(out);
out:
    etas_array_free((void **)&g.gain);
    return st;
}

/* ---- many periods ---- */

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static etas_status check_results(size_t n, const etas_test_result results[], etas_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (results[i].n_quantiles != 2 || results[i].test >= ETAS_N_CONSISTENCY)
            return etas_fail(err, ETAS_E_ARG, "%s has no quantiles to calibrate",
                             etas_test_title(results[i].test));
        if (results[i].test != results[0].test)
            return etas_fail(err, ETAS_E_ARG, "results of different tests: %s and %s",
                             etas_test_title(results[0].test), etas_test_title(results[i].test));
    }
    return ETAS_OK;
}

etas_status etas_calibration(size_t n, const etas_test_result results[], bool first,
                             etas_test_result *out, etas_error *err)
{
    double *sorted = NULL;
    etas_ks ks;
    etas_status st = check_results(n, results, err);

    if (st != ETAS_OK)
        return st;
    etas_test_result_refuse(out, ETAS_TEST_CALIBRATION);
    out->n_quantiles = 1;
    if (etas_array_alloc((void **)&out->distribution, n, sizeof *sorted) != ETAS_OK ||
        etas_array_alloc((void **)&sorted, n, sizeof *sorted) != ETAS_OK) {
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for %zu results", n);
        goto out;
    }
    for (size_t i = 0; i < n; i++)
        if (results[i].status != ETAS_TEST_NOT_VALID)
            out->distribution[out->n++] = results[i].quantile[!first];
    out->n_used = out->n;
    out->n_left_out = n - out->n;
    if (out->n == 0)
        goto out;
    for (size_t i = 0; i < out->n; i++)
        sorted[i] = out->distribution[i];
    qsort(sorted, out->n, sizeof *sorted, by_value);
    ks = etas_ks_uniform(out->n, sorted);
    out->status = ETAS_TEST_NORMAL;
    out->statistic = ks.distance;
    out->quantile[0] = ks.p;
out:
    etas_array_free((void **)&sorted);
    return st;
}
