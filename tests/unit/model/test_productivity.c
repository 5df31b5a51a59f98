#include "support/check.h"

#include <math.h>

#include "etas/model.h"

/* mu and iota play no part in aftershocks. */
static const etas_params CALIFORNIA = {
    .value = {-5.8, NAN, -2.6, 1.8, -2.5, -0.02, 3.5, -0.85, 1.3, 0.66}};
static const etas_params OMEGA_POSITIVE = {
    .value = {-5.8, NAN, -2.49, 1.69, -2.95, 0.2, 3.99, -0.35, 1.22, 0.51}};
static const etas_params UNTAPERED = {
    .value = {-5.8, NAN, -2.49, 1.69, -2.95, 0.2, INFINITY, -0.35, 1.22, 0.51}};
static const etas_params SHORT_TAPER = {
    .value = {-5.8, NAN, -2.49, 1.69, -2, -0.5, 1, 0.5, 0.4, 1.2}};

static void expected_aftershocks_agree_with_50_digit_arithmetic(void **state)
{
    static const struct {
        const etas_params *theta;
        double all, first_day_of_m5, late_decades_of_m7, late_minute;
    } rows[] = {
        {&CALIFORNIA, 0.61696805165774492, 4.6016254345475757, 1.0051154121091461,
         3.3621587700876193e-10},
        {&OMEGA_POSITIVE, 0.5875360842366443, 12.55524475151439, 0.71648083128109639,
         4.9207269576481141e-10},
        {&UNTAPERED, 0.61693112753867139, 12.555354036352489, 1.4473055170754648,
         1.7405406991889937e-9},
        {&SHORT_TAPER, 0.0122314539581409, 0.16801811211955619, 3.9402312698341433e-160, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const etas_params *theta = rows[i].theta;

        check_rel(etas_expected_aftershocks(theta, 0.05, 0, INFINITY), rows[i].all, 2e-13);
        check_rel(etas_expected_aftershocks(theta, 3.15, 0, 1), rows[i].first_day_of_m5, 2e-13);
        check_rel(etas_expected_aftershocks(theta, 5.05, 3652, 13148), rows[i].late_decades_of_m7,
                  5e-13);
        check_rel(etas_expected_aftershocks(theta, 1.45, 12345.678, 12345.679), rows[i].late_minute,
                  1e-12);
    }
}

static void productivity_grows_with_alpha(void **state)
{
    const double alpha = 1.8 - 0.66 * 1.3;

    (void)state;
    check_rel(etas_expected_aftershocks(&CALIFORNIA, 4, 0, 10),
              exp(2.5 * alpha) * etas_expected_aftershocks(&CALIFORNIA, 1.5, 0, 10), 1e-13);
}

static double ratio(const etas_params *theta, double beta, double dm_max)
{
    const char *why = "unset";
    const double got = etas_branching_ratio(theta, beta, dm_max, &why);

    assert_null(why);
    return got;
}

static void branching_ratios_agree_with_50_digit_arithmetic(void **state)
{
    const double beta = 2.302585092994046;

    (void)state;
    check_rel(ratio(&CALIFORNIA, beta, INFINITY), 0.99608726081874924, 2e-13);
    check_rel(ratio(&CALIFORNIA, 1.9, 3.95), 1.1408022555064901, 2e-13);
    check_rel(ratio(&OMEGA_POSITIVE, beta, INFINITY), 1.0386563318467043, 2e-13);
    check_rel(ratio(&OMEGA_POSITIVE, 1.9, 3.95), 1.2241593410094962, 2e-13);
    check_rel(ratio(&UNTAPERED, beta, INFINITY), 1.0906213918144275, 2e-13);
    check_rel(ratio(&UNTAPERED, 1.9, 3.95), 1.2854053100707966, 2e-13);
    check_rel(ratio(&SHORT_TAPER, beta, INFINITY), 0.024264072034432638, 2e-13);
    check_rel(ratio(&SHORT_TAPER, 1.9, 3.95), 0.029626533531338372, 2e-13);
}

static void a_bounded_ratio_passes_smoothly_through_alpha_equal_to_beta(void **state)
{
    const double alpha = 1.8 - 0.66 * 1.3;
    const double at = ratio(&CALIFORNIA, alpha, 4);

    (void)state;
    for (double off = 1e-13; off < 1e-4; off *= 10) {
        check_rel(ratio(&CALIFORNIA, alpha + off, 4), at, 5 * off + 1e-13);
        check_rel(ratio(&CALIFORNIA, alpha - off, 4), at, 5 * off + 1e-13);
    }
}

static void a_ratio_without_finite_value_says_why(void **state)
{
    const double alpha = 1.8 - 0.66 * 1.3;
    const double betas[] = {alpha - 1, alpha - 1e-12, alpha, alpha + 1e-12};
    etas_params theta = UNTAPERED;
    const char *why = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof betas / sizeof betas[0]; i++) {
        assert_true(isnan(etas_branching_ratio(&CALIFORNIA, betas[i], INFINITY, &why)));
        assert_non_null(why);
        assert_true(isfinite(etas_branching_ratio(&CALIFORNIA, betas[i], 5, &why)));
        assert_null(why);
    }
    assert_true(ratio(&CALIFORNIA, alpha + 1e-6, INFINITY) > 1e5);
    theta.value[ETAS_OMEGA] = 0;
    assert_true(isnan(etas_branching_ratio(&theta, 2.3, INFINITY, &why)));
    assert_non_null(why);
    theta = CALIFORNIA;
    theta.value[ETAS_A] = 20;
    assert_true(isnan(etas_branching_ratio(&theta, 2.3, 100, &why)));
    assert_non_null(why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expected_aftershocks_agree_with_50_digit_arithmetic),
        cmocka_unit_test(productivity_grows_with_alpha),
        cmocka_unit_test(branching_ratios_agree_with_50_digit_arithmetic),
        cmocka_unit_test(a_bounded_ratio_passes_smoothly_through_alpha_equal_to_beta),
        cmocka_unit_test(a_ratio_without_finite_value_says_why),
    };
    return cmocka_run_group_tests_name("productivity", tests, NULL, NULL);
}
