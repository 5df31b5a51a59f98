/** @file fitted_fixture.h  A fit of a synthetic catalogue, its uncertainty and diagnostics. */
#ifndef ETAS_TESTS_FITTED_FIXTURE_H
#define ETAS_TESTS_FITTED_FIXTURE_H

#include "support/check.h"

#include <string.h>

#include "support/synthetic.h"

static const synthetic_world WORLD = {.truth = {.value = {[ETAS_LOG10_MU] = -9.9,
                                                          [ETAS_LOG10_IOTA] = NAN,
                                                          [ETAS_LOG10_K0] = -1.92,
                                                          [ETAS_A] = 2.2,
                                                          [ETAS_LOG10_C] = -2,
                                                          [ETAS_OMEGA] = 0.1,
                                                          [ETAS_LOG10_TAU] = 2,
                                                          [ETAS_LOG10_D] = 0,
                                                          [ETAS_GAMMA] = 0.3,
                                                          [ETAS_RHO] = 2}},
                                      .beta = 2.3,
                                      .m_ref = 2,
                                      .delta_m = 0.1,
                                      .m_max = 4.5,
                                      .auxiliary_days = 500,
                                      .window_days = 2500,
                                      .multiplier = 1000};

typedef struct fixture {
    etas_catalog catalog;
    etas_inversion *inversion;
    etas_uncertainty u;
    etas_diagnostics d;
} fixture;

static inline etas_inversion_config mle_config(void)
{
    etas_inversion_config cfg = synthetic_config(&WORLD);

    cfg.tolerance = 1e-9;
    return cfg;
}

static inline void fixture_open(const etas_inversion_config *cfg, double m_max, fixture *f)
{
    etas_error err = {0};

    memset(f, 0, sizeof *f);
    check_ok(synthetic_catalog(&WORLD, 1, 0, &f->catalog, &err), &err);
    check_ok(etas_inversion_open(&f->inversion, &f->catalog, cfg, &err), &err);
    check_ok(etas_inversion_solve(f->inversion, &err), &err);
    check_ok(etas_inversion_uncertainty(f->inversion, m_max, &f->u, &err), &err);
    etas_inversion_diagnose(f->inversion, m_max, &f->u, &f->d);
}

static inline void fixture_close(fixture *f)
{
    etas_inversion_close(f->inversion);
    etas_catalog_free(&f->catalog);
}

#endif
