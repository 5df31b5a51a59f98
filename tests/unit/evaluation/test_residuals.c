/* The simulator's own catalogues in transformed time: uniform under the parameters they were made
 * with, and not under others. Needs the simulation, as the closing of a circle does. */
#include "support/check.h"
#include "support/synthetic.h"

#include <math.h>

#include "etas/likelihood.h"

enum { N_SEEDS = 3 };

static const synthetic_world WORLD = {.truth = {.value = {[ETAS_LOG10_MU] = -9.3,
                                                          [ETAS_LOG10_IOTA] = NAN,
                                                          [ETAS_LOG10_K0] = -1.9,
                                                          [ETAS_A] = 1.9,
                                                          [ETAS_LOG10_C] = -2,
                                                          [ETAS_OMEGA] = 0.05,
                                                          [ETAS_LOG10_TAU] = 2.5,
                                                          [ETAS_LOG10_D] = -0.5,
                                                          [ETAS_GAMMA] = 0.6,
                                                          [ETAS_RHO] = 0.7}},
                                      .beta = 2.3,
                                      .m_ref = 3,
                                      .m_max = 6,
                                      .auxiliary_days = 400,
                                      .window_days = 800};

/* 0.7 children per event. */
static etas_params truth(void)
{
    etas_params theta = WORLD.truth;
    const char *why;

    theta.value[ETAS_LOG10_K0] +=
        log10(0.7 / etas_branching_ratio(&theta, WORLD.beta, WORLD.m_max - WORLD.m_ref, &why));
    return theta;
}

static etas_likelihood evaluate(const etas_catalog *catalog, const etas_params *theta)
{
    const etas_likelihood_input in = {.catalog = catalog,
                                      .train_start = 0,
                                      .test_start = synthetic_time(WORLD.auxiliary_days),
                                      .test_end =
                                          synthetic_time(WORLD.auxiliary_days + WORLD.window_days),
                                      .theta = *theta,
                                      .beta = WORLD.beta,
                                      .m_ref = WORLD.m_ref,
                                      .m_test = NAN,
                                      .area_km2 = synthetic_area_km2(),
                                      .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                                      .n_threads = 2};
    etas_likelihood out = {0};
    etas_error err = {0};

    check_ok(etas_likelihood_evaluate(&in, &out, &err), &err);
    return out;
}

/* Over the catalogues of all seeds: the smallest p of each test, and the log-likelihood. */
typedef struct summary {
    double worst_tau, worst_u, log_likelihood;
    size_t n;
} summary;

static summary summarise(const etas_params *theta)
{
    synthetic_world world = WORLD;
    summary out = {1, 1, 0, 0};

    world.truth = truth();
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        etas_catalog catalog = {0};
        etas_likelihood got;
        etas_error err = {0};

        check_ok(synthetic_catalog(&world, seed, 0, &catalog, &err), &err);
        got = evaluate(&catalog, theta);
        out.n += got.n;
        out.worst_tau = fmin(out.worst_tau, got.tau.p);
        out.worst_u = fmin(out.worst_u, got.u.p);
        out.log_likelihood += got.log_likelihood;
        etas_likelihood_free(&got);
        etas_catalog_free(&catalog);
    }
    return out;
}

static summary of_truth;

/* In log-likelihood per event. */
static double loss(const summary *got)
{
    return (of_truth.log_likelihood - got->log_likelihood) / (double)got->n;
}

static void the_right_parameters_leave_uniform_residuals(void **state)
{
    const etas_params theta = truth();
    const summary got = summarise(&theta);

    (void)state;
    assert_true(got.n > 1000);
    of_truth = got;
    if (got.worst_tau < 1e-3 || got.worst_u < 1e-3)
        fail_msg("p of times %g, of intervals %g", got.worst_tau, got.worst_u);
}

/* The same number of events by a background alone. */
static void a_model_without_triggering_is_rejected(void **state)
{
    etas_params theta = truth();
    summary got;

    (void)state;
    theta.value[ETAS_LOG10_MU] += log10(1 / (1 - 0.7));
    theta.value[ETAS_LOG10_K0] -= 6;
    got = summarise(&theta);
    assert_true(got.worst_tau < 1e-6 && got.worst_u < 1e-12);
    assert_true(loss(&got) > 1);
}

static void wrong_kernels_are_rejected(void **state)
{
    etas_params slow = truth(), strong = truth(), wide = truth();
    summary got;

    (void)state;
    slow.value[ETAS_LOG10_C] += 2; /* its aftershocks come too late */
    slow.value[ETAS_LOG10_K0] += 0.3;
    got = summarise(&slow);
    assert_true(got.worst_u < 1e-6 && loss(&got) > 0.05);
    strong.value[ETAS_LOG10_K0] += 0.3; /* too many of them */
    got = summarise(&strong);
    assert_true(got.worst_u < 1e-6 && loss(&got) > 0.05);
    wide.value[ETAS_LOG10_D] += 1; /* at the right times but too far away: not for these tests */
    wide.value[ETAS_LOG10_K0] += WORLD.truth.value[ETAS_RHO];
    got = summarise(&wide);
    assert_true(got.worst_u > 1e-3 && loss(&got) > 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_parameters_leave_uniform_residuals),
        cmocka_unit_test(a_model_without_triggering_is_rejected),
        cmocka_unit_test(wrong_kernels_are_rejected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
