#include <math.h>
#include <stdlib.h>

#include "etas/array.h"
#include "etas/bootstrap.h"

const double etas_bootstrap_probability[ETAS_N_BOOTSTRAP_QUANTILES] = {0.025, 0.16, 0.5, 0.84,
                                                                       0.975};

const char *etas_bootstrap_name(size_t quantity)
{
    static const char *const others[] = {"beta", "n_hat", "branching_ratio"};

    if (quantity < ETAS_N_PARAMS)
        return etas_param_name((etas_param)quantity);
    return quantity < ETAS_N_BOOTSTRAP ? others[quantity - ETAS_N_PARAMS] : "";
}

static double value_of(const etas_refit_result *r, size_t quantity)
{
    switch (quantity) {
    case ETAS_BOOTSTRAP_BETA:
        return r->beta;
    case ETAS_BOOTSTRAP_N_HAT:
        return r->n_hat;
    case ETAS_BOOTSTRAP_BRANCHING_RATIO:
        return r->branching_ratio;
    default:
        return r->theta.value[quantity];
    }
}

static double fitted_value(const etas_refit *fit, size_t quantity)
{
    const char *why;

    switch (quantity) {
    case ETAS_BOOTSTRAP_BETA:
        return fit->beta;
    case ETAS_BOOTSTRAP_N_HAT:
        return fit->n_hat;
    case ETAS_BOOTSTRAP_BRANCHING_RATIO:
        return etas_branching_ratio(&fit->how.theta_0, fit->beta, INFINITY, &why);
    default:
        return fit->how.theta_0.value[quantity];
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double quantile(size_t n, const double sorted[], double p)
{
    const double at = p * (double)(n - 1), whole = floor(at);
    const size_t i = (size_t)whole;

    if (i + 1 >= n || sorted[i] == sorted[i + 1])
        return sorted[i];
    return sorted[i] + (at - whole) * (sorted[i + 1] - sorted[i]);
}

static void describe(size_t n, double v[], etas_bootstrap_quantity *out)
{
    double sum = 0, squares = 0;

    out->n = n;
    out->mean = out->bias = out->deviation = NAN;
    for (size_t k = 0; k < ETAS_N_BOOTSTRAP_QUANTILES; k++)
        out->quantile[k] = NAN;
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    out->mean = sum / (double)n;
    out->bias = out->mean - out->fitted;
    for (size_t i = 0; i < n; i++)
        squares += (v[i] - out->mean) * (v[i] - out->mean);
    if (n > 1)
        out->deviation = sqrt(squares / (double)(n - 1));
    qsort(v, n, sizeof *v, ascending);
    for (size_t k = 0; k < ETAS_N_BOOTSTRAP_QUANTILES; k++)
        out->quantile[k] = quantile(n, v, etas_bootstrap_probability[k]);
}

etas_status etas_bootstrap_summarise(const etas_refit *fit, size_t n,
                                     const etas_refit_result results[], etas_bootstrap_summary *out,
                                     etas_error *err)
{
    double *v = NULL;
    etas_status st = etas_array_alloc((void **)&v, n, sizeof *v);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for %zu refits", n);
    for (size_t s = 0; s < ETAS_N_REFIT_STATUS; s++)
        out->n_status[s] = 0;
    for (size_t i = 0; i < n; i++)
        out->n_status[results[i].status]++;
    for (size_t k = 0; k < ETAS_N_BOOTSTRAP; k++) {
        size_t found = 0;

        for (size_t i = 0; i < n; i++) {
            const double x = value_of(&results[i], k);

            if (results[i].status == ETAS_REFIT_OK && !isnan(x))
                v[found++] = x;
        }
        out->quantity[k].fitted = fitted_value(fit, k);
        describe(found, v, &out->quantity[k]);
    }
    etas_array_free((void **)&v);
    return ETAS_OK;
}
