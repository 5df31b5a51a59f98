/** @file random_options.h  Inversions drawn at random: options, fixed values, starts, catalogues.
 */
#ifndef ETAS_TESTS_RANDOM_OPTIONS_H
#define ETAS_TESTS_RANDOM_OPTIONS_H

#include "option_cases.h"

#include "etas/geometry.h"

/* One draw; its region belongs to it, and cfg refers to that. */
typedef struct random_case {
    etas_inversion_config cfg;
    etas_catalog catalog;
    etas_region region;
    bool stateful; /* the iteration keeps more than the parameters */
} random_case;

static inline double between(double low, double high, uint64_t *x)
{
    return low + (high - low) * small_uniform(x);
}

static inline void random_start(etas_inversion_config *cfg, uint64_t *x)
{
    for (etas_param k = 0; k < ETAS_N_PARAMS; k++) {
        const double low = k == ETAS_RHO && cfg->three_dim ? 0.5 : etas_param_low(k);

        if (k == ETAS_LOG10_IOTA && !cfg->induced)
            continue;
        cfg->theta_0.value[k] = between(low, etas_param_high(k), x);
        if (small_uniform(x) < 0.2)
            cfg->fixed.value.value[k] = between(low, etas_param_high(k), x);
    }
    if (small_uniform(x) < 0.1)
        cfg->fixed.value.value[ETAS_LOG10_TAU] = INFINITY;
    if (small_uniform(x) < 0.4) {
        cfg->fixed.alpha_rule = small_uniform(x) < 0.3 ? ETAS_ALPHA_BETA : ETAS_ALPHA_NUMBER;
        cfg->fixed.alpha = between(-3, 5, x);
    }
}

/* Options and fixed values, and a start anywhere within the bounds. */
static inline etas_inversion_config random_config(uint64_t *x)
{
    etas_inversion_config cfg = small_config();

    cfg.estimator = small_uniform(x) < 0.5 ? ETAS_ESTIMATOR_MLE : ETAS_ESTIMATOR_REFERENCE;
    cfg.three_dim = small_uniform(x) < 0.25;
    cfg.coppersmith_multiplier = cfg.three_dim ? 2000 : cfg.coppersmith_multiplier;
    cfg.induced = small_uniform(x) < 0.2;
    cfg.free_background = small_uniform(x) < 0.1;
    cfg.free_productivity = small_uniform(x) < 0.05;
    random_start(&cfg, x);
    cfg.max_iterations = 1000;
    return cfg;
}

static inline void random_case_free(random_case *self)
{
    etas_catalog_free(&self->catalog);
    etas_region_free(&self->region);
}

/* Number @p number of the series; @p self must stay where it is. */
static inline void random_case_draw(uint64_t number, random_case *self)
{
    static const double lat[] = {46.2, 46.1, 47.9, 47.8}, lon[] = {7.1, 9.8, 9.9, 7.2};
    uint64_t x = (number + 1) * 0x9e3779b97f4a7c15u;

    for (int k = 0; k < 8; k++)
        (void)small_uniform(&x);
    *self = (random_case){.cfg = random_config(&x)};
    self->stateful = self->cfg.free_background || self->cfg.free_productivity;
    random_catalog(30 + (size_t)between(0, 130, &x), x, small_uniform(&x) < 0.33, &self->catalog);
    if (small_uniform(&x) < 0.2) {
        check_ok(etas_region_set_ring(&self->region, 4, lat, lon, NULL), NULL);
        self->cfg.inner_region = &self->region;
    }
}

static inline double largest_change(const etas_params *a, const etas_params *b)
{
    double out = 0;

    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        if (a->value[k] != b->value[k] && !isnan(a->value[k]))
            out = fmax(out, fabs(a->value[k] - b->value[k]));
    return out;
}

/* The end that a smaller tolerance leads to from @p end, and how far that is: not for free modes.
 */
static inline etas_status closer_end(const random_case *one, const etas_params *end,
                                     double *distance)
{
    etas_inversion_config cfg = one->cfg;
    etas_inversion *inversion = NULL;
    etas_status st;

    cfg.tolerance = 1e-10;
    cfg.theta_0 = *end;
    st = etas_inversion_open(&inversion, &one->catalog, &cfg, NULL);
    if (st == ETAS_OK)
        st = etas_inversion_solve(inversion, NULL);
    if (st == ETAS_OK) {
        const etas_params closer = etas_inversion_state_get(inversion).theta;

        *distance = largest_change(end, &closer);
    }
    etas_inversion_close(inversion);
    return st;
}

#endif
