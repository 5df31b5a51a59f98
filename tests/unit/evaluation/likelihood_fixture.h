/** @file likelihood_fixture.h  A small world whose likelihood can be written down. */
#ifndef ETAS_TESTS_LIKELIHOOD_FIXTURE_H
#define ETAS_TESTS_LIKELIHOOD_FIXTURE_H

#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/likelihood.h"

static const double PI = 3.14159265358979323846;
static const double DEGREE_KM = ETAS_EARTH_RADIUS_KM * 3.14159265358979323846 / 180;

typedef struct world {
    etas_catalog catalog;
    etas_likelihood_input in;
    etas_likelihood got;
} world;

/* h = (t + 0.1)^-2, f = 1 / (r2 + D)^2: everything is a fraction. */
static inline world simple_world(void)
{
    world w = {.in = {.train_start = -100 * ETAS_NS_PER_DAY,
                      .test_start = 0,
                      .test_end = 10 * ETAS_NS_PER_DAY,
                      .theta.value = {[ETAS_LOG10_MU] = -4,
                                      [ETAS_LOG10_IOTA] = NAN,
                                      [ETAS_LOG10_K0] = -1,
                                      [ETAS_A] = 2,
                                      [ETAS_LOG10_C] = -1,
                                      [ETAS_OMEGA] = 1,
                                      [ETAS_LOG10_TAU] = INFINITY,
                                      [ETAS_LOG10_D] = 0,
                                      [ETAS_GAMMA] = 0.5,
                                      [ETAS_RHO] = 1},
                      .beta = 2,
                      .m_ref = 3,
                      .delta_m = 0.2,
                      .m_test = NAN,
                      .area_km2 = 5000,
                      .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                      .n_threads = 1}};

    return w;
}

/* On the equator, @p km east of a place; complete from 3 on. */
static inline void add(world *w, double days, double km, double mag)
{
    const etas_event e = {.time = (etas_time)llround(days * (double)ETAS_NS_PER_DAY),
                          .lat = 0,
                          .lon = km / DEGREE_KM,
                          .mag = mag,
                          .mc = 3,
                          .depth = NAN,
                          .x = km,
                          .y = 0,
                          .z = 0,
                          .covariate = NAN,
                          .id = "e",
                          .id_len = 1};

    check_ok(etas_catalog_append(&w->catalog, &e), NULL);
}

static inline void evaluate(world *w)
{
    etas_error err = {0};

    w->in.catalog = &w->catalog;
    check_ok(etas_likelihood_evaluate(&w->in, &w->got, &err), &err);
}

static inline void refuse(world *w, etas_status code, const char *part)
{
    etas_error err = {0};

    w->in.catalog = &w->catalog;
    assert_int_equal(etas_likelihood_evaluate(&w->in, &w->got, &err), code);
    if (strstr(err.text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
    assert_null(w->got.event);
}

static inline void free_world(world *w)
{
    etas_likelihood_free(&w->got);
    etas_catalog_free(&w->catalog);
}

static inline double h(double t)
{
    return 1 / ((t + 0.1) * (t + 0.1));
}

static inline double h_integral(double from, double to)
{
    return 1 / (from + 0.1) - 1 / (to + 0.1);
}

static inline double k_of(double mag)
{
    return 0.1 * exp(2 * (mag - 2.9));
}

static inline double d_of(double mag)
{
    return exp(0.5 * (mag - 2.9));
}

/* Triggered at r2 km^2 per unit of h, and everywhere. */
static inline double at(double mag, double r2)
{
    return k_of(mag) / ((r2 + d_of(mag)) * (r2 + d_of(mag)));
}

static inline double everywhere(double mag)
{
    return k_of(mag) * PI / d_of(mag);
}

#endif
