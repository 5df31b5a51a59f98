/** @file forecast_fixture.h  Small models to simulate from, and statistics of what comes out. */
#ifndef ETAS_TESTS_FORECAST_FIXTURE_H
#define ETAS_TESTS_FORECAST_FIXTURE_H

#include "support/check.h"

#include <math.h>
#include <stdlib.h>

#include "etas/catalog.h"
#include "etas/simulation.h"

static const double KM_PER_DEGREE = ETAS_EARTH_RADIUS_KM * 3.14159265358979323846 / 180;

/** A model of the whole globe without background and history: 100 days, everything reported with
 * magnitudes to 1e-4. */
static inline etas_plan_input bare_input(void)
{
    static const etas_region globe;
    etas_plan_input in = {.theta.value = {[ETAS_LOG10_MU] = -INFINITY,
                                          [ETAS_LOG10_IOTA] = NAN,
                                          [ETAS_LOG10_K0] = -1.9,
                                          [ETAS_A] = 1.9,
                                          [ETAS_LOG10_C] = -2,
                                          [ETAS_OMEGA] = -0.1,
                                          [ETAS_LOG10_TAU] = 2.5,
                                          [ETAS_LOG10_D] = -0.5,
                                          [ETAS_GAMMA] = 0.6,
                                          [ETAS_RHO] = 1.5},
                          .beta = 2.3,
                          .m_ref = 3,
                          .m_max = INFINITY,
                          .m_threshold = NAN,
                          .start = 0,
                          .end = 100 * ETAS_NS_PER_DAY,
                          .output_start = ETAS_TIME_NONE,
                          .region = &globe,
                          .area_km2 = 1,
                          .earth_radius_km = ETAS_EARTH_RADIUS_KM};

    return in;
}

/** Sets k0 so that an event has @p ratio children over infinite time, magnitudes to m_max. */
static inline void set_branching(etas_plan_input *in, double ratio)
{
    const char *why;
    const double now = etas_branching_ratio(&in->theta, in->beta, in->m_max - in->m_ref, &why);

    assert_true(now > 0);
    in->theta.value[ETAS_LOG10_K0] += log10(ratio / now);
}

static inline void add_past_event(etas_catalog *history, double age_days, double lat, double lon,
                                  double mag)
{
    const etas_event event = {.time = -(etas_time)(age_days * (double)ETAS_NS_PER_DAY),
                              .lat = lat,
                              .lon = lon,
                              .mag = mag,
                              .mc = NAN,
                              .depth = NAN,
                              .id = "x",
                              .id_len = 1};

    check_ok(etas_catalog_append(history, &event), NULL);
}

static inline void set_rectangle(etas_region *region, double south, double north, double west,
                                 double east)
{
    const double lat[] = {south, south, north, north}, lon[] = {west, east, east, west};
    etas_error err = {0};

    check_ok(etas_region_set_ring(region, 4, lat, lon, &err), &err);
}

/** Catalogues first .. first + count - 1 of a model. */
static inline etas_events simulate_range(const etas_plan *plan, const char *kernels, uint64_t seed,
                                         uint64_t first, size_t count)
{
    etas_simulator *sim = NULL;
    etas_events out = {0};
    etas_error err = {0};

    check_ok(etas_simulator_open(&sim, plan, kernels, &err), &err);
    check_ok(etas_simulator_run(sim, seed, first, count, &out, &err), &err);
    assert_int_equal(out.n_catalogs, count);
    etas_simulator_close(sim);
    return out;
}

static inline etas_plan build_plan(const etas_plan_input *in)
{
    etas_plan plan = {0};
    etas_error err = {0};

    check_ok(etas_plan_build(in, &plan, &err), &err);
    return plan;
}

static inline etas_events simulate(const etas_plan_input *in, size_t count)
{
    etas_plan plan = build_plan(in);
    etas_events out = simulate_range(&plan, NULL, 42, 0, count);

    etas_plan_free(&plan);
    return out;
}

static inline int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/** Kolmogorov and Smirnov: values of a distribution function at the sample, which are uniform if it
 * is the right one. Fails beyond the 0.1 % point. Sorts @p u. */
static inline void check_uniform(size_t n, double u[], const char *what)
{
    double d = 0;

    assert_true(n > 1000);
    qsort(u, n, sizeof *u, compare_doubles);
    for (size_t i = 0; i < n; i++)
        d = fmax(d, fmax((double)(i + 1) / (double)n - u[i], u[i] - (double)i / (double)n));
    if (!(d * sqrt((double)n) < 1.95))
        fail_msg("%s: n = %zu, D sqrt(n) = %g", what, n, d * sqrt((double)n));
}

/** A Poisson count against its mean, within four standard errors. */
static inline void check_count(double got, double mean, const char *what)
{
    if (!(fabs(got - mean) < 4 * sqrt(mean)))
        fail_msg("%s: %g events, expected %g +- %g", what, got, mean, sqrt(mean));
}

#endif
