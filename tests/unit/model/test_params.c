#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/model.h"

static etas_params swiss(void)
{
    return (etas_params){.value = {-6.21, NAN, -2.75, 1.13, -2.85, -0.13, 3.57, -0.51, 0.15, 0.63}};
}

static void names_are_those_of_the_files_in_their_order(void **state)
{
    static const char *const names[] = {"log10_mu", "log10_iota", "log10_k0", "a",     "log10_c",
                                        "omega",    "log10_tau",  "log10_d",  "gamma", "rho"};

    (void)state;
    assert_int_equal(ETAS_N_PARAMS, 10);
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++) {
        assert_string_equal(etas_param_name(i), names[i]);
        assert_int_equal(etas_param_named(names[i]), i);
        assert_true(etas_param_low(i) < etas_param_high(i));
    }
    assert_int_equal(etas_param_named("alpha"), ETAS_N_PARAMS);
    assert_int_equal(etas_param_named(""), ETAS_N_PARAMS);
    assert_int_equal(etas_param_named("log10_"), ETAS_N_PARAMS);
}

static void ordinary_parameters_pass(void **state)
{
    etas_params theta = swiss();
    etas_error err = {0};

    (void)state;
    check_ok(etas_params_check(&theta, &err), &err);
    theta.value[ETAS_LOG10_IOTA] = -3;
    check_ok(etas_params_check(&theta, &err), &err);
}

static void the_bounds_themselves_are_allowed_and_nothing_beyond(void **state)
{
    (void)state;
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++) {
        const double bound[] = {etas_param_least(i), etas_param_high(i)};

        for (int high = 0; high < 2; high++) {
            etas_params theta = swiss();
            etas_error err = {0};

            theta.value[i] = bound[high];
            check_ok(etas_params_check(&theta, &err), &err);
            theta.value[i] = nextafter(bound[high], high ? 100 : -100);
            assert_int_equal(etas_params_check(&theta, &err), ETAS_E_RANGE);
            assert_string_equal(err.key, etas_param_name(i));
        }
    }
}

/* On the globe an event in a century is a log10_mu of -13. */
static void rates_of_large_regions_are_below_their_bound(void **state)
{
    etas_params theta = swiss();

    (void)state;
    theta.value[ETAS_LOG10_MU] = -13;
    theta.value[ETAS_LOG10_IOTA] = -14;
    check_ok(etas_params_check(&theta, NULL), NULL);
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++)
        if (i == ETAS_LOG10_MU || i == ETAS_LOG10_IOTA)
            assert_true(etas_param_least(i) < -20);
        else
            check_abs(etas_param_least(i), etas_param_low(i), 0);
}

static void only_the_induced_rate_may_be_missing(void **state)
{
    (void)state;
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++) {
        etas_params theta = swiss();
        etas_error err = {0};

        theta.value[i] = NAN;
        if (i == ETAS_LOG10_IOTA) {
            check_ok(etas_params_check(&theta, &err), &err);
        } else {
            assert_int_equal(etas_params_check(&theta, &err), ETAS_E_RANGE);
            assert_string_equal(err.key, etas_param_name(i));
        }
    }
}

static void an_infinite_tau_needs_a_positive_omega(void **state)
{
    etas_params theta = swiss();
    etas_error err = {0};

    (void)state;
    theta.value[ETAS_LOG10_TAU] = INFINITY;
    assert_int_equal(etas_params_check(&theta, &err), ETAS_E_RANGE);
    assert_string_equal(err.key, "log10_tau");
    assert_non_null(strstr(err.text, "omega"));
    theta.value[ETAS_OMEGA] = 0.1;
    check_ok(etas_params_check(&theta, NULL), NULL);
    theta.value[ETAS_LOG10_TAU] = -INFINITY;
    assert_int_equal(etas_params_check(&theta, NULL), ETAS_E_RANGE);
}

static void the_time_kernel_is_in_days(void **state)
{
    etas_params theta = swiss();
    etas_omori omori = etas_params_omori(&theta);

    (void)state;
    check_rel(omori.c_days, 0.0014125375446227544, 1e-14);
    check_rel(omori.tau_days, 3715.3522909717254, 1e-14);
    assert_true(omori.omega == -0.13);
    theta.value[ETAS_LOG10_TAU] = INFINITY;
    omori = etas_params_omori(&theta);
    assert_true(isinf(omori.tau_days) && omori.tau_days > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_files_in_their_order),
        cmocka_unit_test(ordinary_parameters_pass),
        cmocka_unit_test(the_bounds_themselves_are_allowed_and_nothing_beyond),
        cmocka_unit_test(rates_of_large_regions_are_below_their_bound),
        cmocka_unit_test(only_the_induced_rate_may_be_missing),
        cmocka_unit_test(an_infinite_tau_needs_a_positive_omega),
        cmocka_unit_test(the_time_kernel_is_in_days),
    };
    return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
