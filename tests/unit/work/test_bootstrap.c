#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/bootstrap.h"

static etas_refit_result result_of(double x)
{
    etas_refit_result r = {.beta = x, .n_hat = 100 * x, .branching_ratio = x / 10};

    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        r.theta.value[i] = i == ETAS_LOG10_IOTA ? NAN : x + (double)i;
    return r;
}

static etas_refit fit_of(double beta)
{
    return (etas_refit){.beta = beta, .how = {.theta_0 = etas_inversion_default_start()}};
}

static void mean_bias_deviation_and_quantiles_are_those_of_the_definitions(void **state)
{
    static const double x[] = {5, 1, 4, 2, 3};
    const etas_refit fit = fit_of(2.5);
    etas_refit_result r[5];
    etas_bootstrap_summary s = {0};
    const etas_bootstrap_quantity *q = &s.quantity[ETAS_BOOTSTRAP_BETA];
    const char *why;

    (void)state;
    for (size_t i = 0; i < 5; i++)
        r[i] = result_of(x[i]);
    check_ok(etas_bootstrap_summarise(&fit, 5, r, &s, NULL), NULL);
    assert_int_equal(q->n, 5);
    check_abs(q->fitted, 2.5, 0);
    check_abs(q->mean, 3, 0);
    check_abs(q->bias, 0.5, 0);
    check_rel(q->deviation, sqrt(2.5), 1e-15);
    /* numpy.percentile([5, 1, 4, 2, 3], [2.5, 16, 50, 84, 97.5]) */
    check_rel(q->quantile[0], 1.1, 1e-15);
    check_rel(q->quantile[1], 1.64, 1e-15);
    check_rel(q->quantile[2], 3, 0);
    check_rel(q->quantile[3], 4.36, 1e-15);
    check_rel(q->quantile[4], 4.9, 1e-15);
    check_rel(s.quantity[ETAS_RHO].mean, 3 + ETAS_RHO, 1e-15);
    check_rel(s.quantity[ETAS_BOOTSTRAP_N_HAT].quantile[0], 110, 1e-14);
    check_rel(s.quantity[ETAS_BOOTSTRAP_BRANCHING_RATIO].mean, 0.3, 1e-15);
    check_rel(s.quantity[ETAS_BOOTSTRAP_BRANCHING_RATIO].fitted,
              etas_branching_ratio(&fit.how.theta_0, 2.5, INFINITY, &why), 0);
    check_abs(s.quantity[ETAS_A].fitted, 1.8, 0);
    assert_int_equal(s.quantity[ETAS_LOG10_IOTA].n, 0);
    assert_true(isnan(s.quantity[ETAS_LOG10_IOTA].mean));
}

static void refits_that_failed_are_counted_and_left_out(void **state)
{
    const etas_refit fit = fit_of(0);
    etas_refit_result r[4] = {result_of(1), result_of(1e9), result_of(3), result_of(-1e9)};
    etas_bootstrap_summary s = {0};

    (void)state;
    r[1].status = ETAS_REFIT_TOO_MANY;
    r[3].status = ETAS_REFIT_NO_CONVERGENCE;
    r[2].branching_ratio = NAN; /* converged, without this one */
    check_ok(etas_bootstrap_summarise(&fit, 4, r, &s, NULL), NULL);
    assert_int_equal(s.n_status[ETAS_REFIT_OK], 2);
    assert_int_equal(s.n_status[ETAS_REFIT_TOO_MANY], 1);
    assert_int_equal(s.n_status[ETAS_REFIT_NO_CONVERGENCE], 1);
    assert_int_equal(s.n_status[ETAS_REFIT_TOO_FEW], 0);
    assert_int_equal(s.quantity[ETAS_BOOTSTRAP_BETA].n, 2);
    check_abs(s.quantity[ETAS_BOOTSTRAP_BETA].mean, 2, 0);
    assert_int_equal(s.quantity[ETAS_BOOTSTRAP_BRANCHING_RATIO].n, 1);
    assert_true(isnan(s.quantity[ETAS_BOOTSTRAP_BRANCHING_RATIO].deviation));
}

static void a_taper_without_end_stays_one(void **state)
{
    const etas_refit fit = fit_of(0);
    etas_refit_result r[3] = {result_of(1), result_of(2), result_of(3)};
    etas_bootstrap_summary s = {0};

    (void)state;
    r[0].beta = r[1].beta = INFINITY;
    check_ok(etas_bootstrap_summarise(&fit, 3, r, &s, NULL), NULL);
    assert_true(isinf(s.quantity[ETAS_BOOTSTRAP_BETA].quantile[2]));
    assert_true(isinf(s.quantity[ETAS_BOOTSTRAP_BETA].quantile[4]));
}

static void every_status_and_quantity_has_a_name(void **state)
{
    (void)state;
    for (etas_refit_status k = 0; k < ETAS_N_REFIT_STATUS; k++)
        assert_true(etas_refit_status_name(k)[0] != '\0' && etas_refit_status_text(k)[0] != '\0');
    assert_string_equal(etas_refit_status_name(ETAS_N_REFIT_STATUS), "");
    assert_string_equal(etas_bootstrap_name(ETAS_BOOTSTRAP_N_HAT), "n_hat");
    assert_string_equal(etas_bootstrap_name(ETAS_A), "a");
    assert_string_equal(etas_bootstrap_name(ETAS_N_BOOTSTRAP), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_bias_deviation_and_quantiles_are_those_of_the_definitions),
        cmocka_unit_test(refits_that_failed_are_counted_and_left_out),
        cmocka_unit_test(a_taper_without_end_stays_one),
        cmocka_unit_test(every_status_and_quantity_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
