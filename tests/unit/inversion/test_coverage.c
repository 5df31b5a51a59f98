/* Do the standard errors hold what they say? bench/bench_coverage.c does the same at length. */
#include "support/check.h"

#include "support/synthetic.h"

enum { CATALOGUES = 100 };

static const synthetic_world WORLD = {.truth = {.value = {[ETAS_LOG10_MU] = -9.9,
                                                          [ETAS_LOG10_IOTA] = NAN,
                                                          [ETAS_LOG10_K0] = -2.22,
                                                          [ETAS_A] = 1.9,
                                                          [ETAS_LOG10_C] = -2,
                                                          [ETAS_OMEGA] = 0.1,
                                                          [ETAS_LOG10_TAU] = 2,
                                                          [ETAS_LOG10_D] = 0,
                                                          [ETAS_GAMMA] = 0.3,
                                                          [ETAS_RHO] = 1}},
                                      .beta = 2.3,
                                      .m_ref = 2,
                                      .m_max = 6,
                                      .auxiliary_days = 500,
                                      .window_days = 2500,
                                      .multiplier = 1000};

typedef struct tally {
    size_t n, within;
    double sum, squares;
} tally;

static void count(tally *t, double estimate, double truth, double error)
{
    const double z = (estimate - truth) / error;

    if (isnan(error)) /* on a bound, or no maximum: counted as missing below */
        return;
    t->n++;
    t->within += fabs(z) <= 1.96;
    t->sum += z;
    t->squares += z * z;
}

/* Of 100 draws with probability 0.95, 87 or fewer are within once in 700 times; the spread of z has
 * an error of 0.07, its mean one of 0.1, and small catalogues are not quite normal. */
static void check_tally(const tally *t)
{
    const double mean = t->sum / (double)t->n;

    assert_true(t->n >= CATALOGUES - 3);
    assert_in_range(t->within, t->n - 13, CATALOGUES);
    check_abs(mean, 0, 0.45);
    check_abs(sqrt(t->squares / (double)t->n - mean * mean), 1, 0.2);
}

static void truth_lies_within_the_standard_errors_as_often_as_it_should(void **state)
{
    const etas_inversion_config cfg = synthetic_config(&WORLD);
    const double dm_max = WORLD.m_max - WORLD.m_ref;
    tally by_param[ETAS_N_PARAMS] = {{0}}, alpha = {0}, beta = {0}, branching = {0};
    const char *why;
    const double true_branching = etas_branching_ratio(&WORLD.truth, WORLD.beta, dm_max, &why);

    (void)state;
    for (uint64_t k = 0; k < CATALOGUES; k++) {
        etas_catalog catalog = {0};
        etas_inversion *inversion = NULL;
        etas_uncertainty u;
        etas_error err = {0};

        check_ok(synthetic_catalog(&WORLD, 11, k, &catalog, &err), &err);
        check_ok(etas_inversion_open(&inversion, &catalog, &cfg, &err), &err);
        check_ok(etas_inversion_solve(inversion, &err), &err);
        check_ok(etas_inversion_uncertainty(inversion, WORLD.m_max, &u, &err), &err);
        const etas_inversion_state s = etas_inversion_state_get(inversion);

        for (size_t i = 0; i < ETAS_N_PARAMS; i++)
            count(&by_param[i], s.theta.value[i], WORLD.truth.value[i], u.standard_error[i]);
        count(&alpha, etas_params_alpha(&s.theta), etas_params_alpha(&WORLD.truth), u.alpha_error);
        count(&beta, s.beta, WORLD.beta, u.beta_error);
        count(&branching, etas_branching_ratio(&s.theta, s.beta, dm_max, &why), true_branching,
              u.branching_error_m_max);
        etas_inversion_close(inversion);
        etas_catalog_free(&catalog);
    }
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        if (i != ETAS_LOG10_IOTA)
            check_tally(&by_param[i]);
    check_tally(&alpha);
    check_tally(&beta);
    check_tally(&branching);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truth_lies_within_the_standard_errors_as_often_as_it_should),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
