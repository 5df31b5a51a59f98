/** @file option_cases.h  The options of an inversion, one by one and together, and a catalogue that
 * has what they need. */
#ifndef ETAS_TESTS_OPTION_CASES_H
#define ETAS_TESTS_OPTION_CASES_H

#include "small_catalog.h"

typedef struct option_case {
    const char *name;
    void (*set)(etas_inversion_config *cfg);
} option_case;

static void plain(etas_inversion_config *cfg)
{
    (void)cfg;
}

static void fix_several(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_LOG10_C] = -2.2;
    cfg->fixed.value.value[ETAS_GAMMA] = 0.7;
    cfg->fixed.value.value[ETAS_LOG10_MU] = -6.1;
}

static void fix_k0(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_LOG10_K0] = -2.1;
}

static void fix_a_and_rho(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_A] = 1.4;
    cfg->fixed.value.value[ETAS_RHO] = 0.9;
}

static void fix_alpha(etas_inversion_config *cfg)
{
    cfg->fixed.alpha_rule = ETAS_ALPHA_NUMBER;
    cfg->fixed.alpha = 1.1;
}

static void alpha_is_beta(etas_inversion_config *cfg)
{
    cfg->fixed.alpha_rule = ETAS_ALPHA_BETA;
    cfg->fixed.value.value[ETAS_OMEGA] = 0.1;
}

static void fix_alpha_and_k0(etas_inversion_config *cfg)
{
    fix_alpha(cfg);
    fix_k0(cfg);
}

static void fix_alpha_and_a(etas_inversion_config *cfg)
{
    fix_alpha(cfg);
    cfg->fixed.value.value[ETAS_A] = 1.7;
}

static void no_taper(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_LOG10_TAU] = INFINITY;
}

static void three_dim(etas_inversion_config *cfg)
{
    cfg->three_dim = true;
    cfg->theta_0.value[ETAS_RHO] = 0.9;
    cfg->coppersmith_multiplier = 2000;
}

static void three_dim_alpha(etas_inversion_config *cfg)
{
    three_dim(cfg);
    fix_alpha(cfg);
    no_taper(cfg);
}

static void induced(etas_inversion_config *cfg)
{
    cfg->induced = true;
}

static void free_background(etas_inversion_config *cfg)
{
    cfg->free_background = true;
    cfg->bw_sq_km2 = 2.5;
}

static void free_productivity(etas_inversion_config *cfg)
{
    cfg->free_productivity = true;
}

static void everything_free(etas_inversion_config *cfg)
{
    free_background(cfg);
    free_productivity(cfg);
    induced(cfg);
    no_taper(cfg);
    three_dim(cfg);
}

static const option_case CASES[] = {
    {"plain", plain},
    {"several fixed", fix_several},
    {"k0 fixed", fix_k0},
    {"a and rho fixed", fix_a_and_rho},
    {"alpha fixed", fix_alpha},
    {"alpha = beta, omega fixed", alpha_is_beta},
    {"alpha and k0 fixed", fix_alpha_and_k0},
    {"alpha and a fixed", fix_alpha_and_a},
    {"no taper", no_taper},
    {"three dimensions", three_dim},
    {"three dimensions, alpha fixed, no taper", three_dim_alpha},
    {"induced", induced},
    {"free background", free_background},
    {"free productivity", free_productivity},
    {"everything free", everything_free},
};
enum { N_CASES = sizeof CASES / sizeof *CASES };

static inline void random_catalog(size_t n, uint64_t seed, bool hidden, etas_catalog *out)
{
    small_catalog(n, seed, out);
    for (size_t i = 0; i < out->n; i++) {
        out->x[i] = 75 * (out->lon[i] - 8);
        out->y[i] = 111 * (out->lat[i] - 47);
        out->z[i] = -1 - (double)(i % 7);
        out->covariate[i] = 1 + (double)(i % 3);
        if (hidden && i % 3 == 0)
            out->mc[i] = fmin(out->mag[i], 2.3);
    }
}

static inline void option_catalog(size_t n, bool hidden, etas_catalog *out)
{
    random_catalog(n, 4711, hidden, out);
}

#endif
