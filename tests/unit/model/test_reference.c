#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/model.h"

static const long double LN10L = 2.302585092994045684017991454684364208L;
static const long double PIL = 3.141592653589793238462643383279502884L;

static const etas_params CALIFORNIA = {
    .value = {-5.8, NAN, -2.6, 1.8, -2.5, -0.02, 3.5, -0.85, 1.3, 0.66}};
static const etas_params WITH_INDUCED = {
    .value = {-6.2, -7.1, -2.49, 1.1, -2.95, 0.2, 3.99, -0.35, 0.6, 0.51}};

static const etas_standard_params GENERIC = {.a = -2.23,
                                             .p = 1.08,
                                             .alpha = 1,
                                             .log10_c = -2.06,
                                             .log10_d = 0.4,
                                             .gamma = 0.9,
                                             .rho = 0.7,
                                             .log10_mu = -7.3};

static void standard_parameters_become_these(void **state)
{
    const long double rho = 0.7, omega = (long double)1.08 - 1;
    const etas_params got = etas_params_from_standard(&GENERIC);

    (void)state;
    check_rel(got.value[ETAS_LOG10_K0],
              (double)((long double)-2.23 - log10l(PIL / rho) + rho * (long double)0.4), 1e-15);
    check_rel(got.value[ETAS_A], (double)(LN10L + rho * (long double)0.9), 1e-15);
    check_rel(got.value[ETAS_OMEGA], (double)omega, 1e-14);
    assert_true(isnan(got.value[ETAS_LOG10_IOTA]));
    assert_true(got.value[ETAS_LOG10_TAU] == (double)INFINITY);
    assert_true(got.value[ETAS_LOG10_MU] == -7.3);
    assert_true(got.value[ETAS_LOG10_C] == -2.06);
    assert_true(got.value[ETAS_LOG10_D] == 0.4);
    assert_true(got.value[ETAS_GAMMA] == 0.9);
    assert_true(got.value[ETAS_RHO] == 0.7);
    assert_false(got.three_dim);
}

/* 10^(a + alpha dm) [c^(1-p) - (t+c)^(1-p)] / (p - 1), whatever the spatial kernel. */
static void standard_parameters_have_the_aftershocks_of_the_omori_law(void **state)
{
    const long double c = powl(10, (long double)-2.06), q = (long double)1.08 - 1;
    const long double integral = (powl(c, -q) - powl(c + 30, -q)) / q;
    etas_standard_params other = GENERIC;
    etas_params theta = etas_params_from_standard(&GENERIC);

    (void)state;
    check_rel(etas_expected_aftershocks(&theta, 2.55, 0, 30),
              (double)(powl(10, (long double)-2.23 + (long double)2.55) * integral), 1e-13);
    other.rho = 1.3;
    other.log10_d = -1.1;
    other.gamma = -0.2;
    theta = etas_params_from_standard(&other);
    check_rel(etas_expected_aftershocks(&theta, 2.55, 0, 30),
              (double)(powl(10, (long double)-2.23 + (long double)2.55) * integral), 1e-13);
}

static void without_a_decay_of_its_own_there_is_the_longest_taper(void **state)
{
    etas_standard_params slow = GENERIC;

    (void)state;
    slow.p = 0.96;
    assert_true(etas_params_from_standard(&slow).value[ETAS_LOG10_TAU] == 12.26);
    slow.p = 1;
    assert_true(etas_params_from_standard(&slow).value[ETAS_LOG10_TAU] == 12.26);
}

static void a_shift_moves_these_parameters_and_no_others(void **state)
{
    const long double dm = 0.9, beta = 2.1, top = 4.05;
    const long double excess =
        (long double)1.1 - (long double)0.6 * (long double)0.51 - (long double)2.1;
    const long double ratio = expm1l(excess * (top - dm)) / expm1l(excess * top);
    const etas_params open = etas_params_shift_reference(&WITH_INDUCED, 0.9, 2.1, (double)INFINITY);
    const etas_params cut = etas_params_shift_reference(&WITH_INDUCED, 0.9, 2.1, 4.05);
    static const etas_param kept[] = {ETAS_A,         ETAS_LOG10_C, ETAS_OMEGA,
                                      ETAS_LOG10_TAU, ETAS_GAMMA,   ETAS_RHO};

    (void)state;
    check_rel(open.value[ETAS_LOG10_MU], (double)((long double)-6.2 - dm * beta / LN10L), 1e-15);
    check_rel(open.value[ETAS_LOG10_IOTA], (double)((long double)-7.1 - dm * beta / LN10L), 1e-15);
    check_rel(open.value[ETAS_LOG10_D],
              (double)((long double)-0.35 + dm * (long double)0.6 / LN10L), 1e-14);
    check_rel(open.value[ETAS_LOG10_K0],
              (double)((long double)-2.49 + dm * (long double)0.6 * (long double)0.51 / LN10L),
              1e-15);
    check_rel(cut.value[ETAS_LOG10_K0],
              (double)((long double)-2.49 + dm * (long double)0.6 * (long double)0.51 / LN10L -
                       log10l(ratio)),
              1e-14);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        assert_true(open.value[kept[i]] == WITH_INDUCED.value[kept[i]]);
        assert_true(cut.value[kept[i]] == WITH_INDUCED.value[kept[i]]);
    }
    assert_true(cut.value[ETAS_LOG10_MU] == open.value[ETAS_LOG10_MU]);
    assert_true(cut.value[ETAS_LOG10_D] == open.value[ETAS_LOG10_D]);
}

static double branching(const etas_params *theta, double beta, double dm_max)
{
    const char *why;

    return etas_branching_ratio(theta, beta, dm_max, &why);
}

/* dm_max counts from the old mc: what is left of it after the shift is shorter. */
static void a_shift_keeps_the_branching_ratio(void **state)
{
    static const double shifts[] = {-2.3, -0.4, 0.5, 1.7};
    const double equal = etas_params_alpha(&CALIFORNIA);

    (void)state;
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
        const double dm = shifts[i];
        etas_params moved = etas_params_shift_reference(&CALIFORNIA, dm, 2.3, (double)INFINITY);

        check_rel(branching(&moved, 2.3, INFINITY), branching(&CALIFORNIA, 2.3, INFINITY), 1e-13);
        moved = etas_params_shift_reference(&CALIFORNIA, dm, 2.3, 4.45);
        check_rel(branching(&moved, 2.3, 4.45 - dm), branching(&CALIFORNIA, 2.3, 4.45), 1e-13);
        moved = etas_params_shift_reference(&CALIFORNIA, dm, 0.7, 4.45);
        check_rel(branching(&moved, 0.7, 4.45 - dm), branching(&CALIFORNIA, 0.7, 4.45), 1e-13);
        moved = etas_params_shift_reference(&CALIFORNIA, dm, equal, 4.45);
        check_rel(branching(&moved, equal, 4.45 - dm), branching(&CALIFORNIA, equal, 4.45), 1e-13);
    }
}

/* mu / (1 - eta) e^(-beta (m - mc)), m as far above the old mc as it is above the new one and dm.
 */
static double events_above(const etas_params *theta, double beta, double dm)
{
    return pow(10, theta->value[ETAS_LOG10_MU]) / (1 - branching(theta, beta, INFINITY)) *
           exp(-beta * dm);
}

static void a_shift_keeps_the_events_above_a_common_magnitude(void **state)
{
    const double beta = 2.4;
    etas_params moved = etas_params_shift_reference(&CALIFORNIA, 1.1, beta, (double)INFINITY);

    (void)state;
    check_rel(events_above(&moved, beta, 2.0), events_above(&CALIFORNIA, beta, 3.1), 1e-13);
    moved = etas_params_shift_reference(&CALIFORNIA, -1.3, beta, (double)INFINITY);
    check_rel(events_above(&moved, beta, 2.0), events_above(&CALIFORNIA, beta, 0.7), 1e-13);
}

/* D of one magnitude does not change: d e^(gamma dm). */
static void a_shift_keeps_the_size_of_aftershock_zones(void **state)
{
    const etas_params moved = etas_params_shift_reference(&CALIFORNIA, 1.1, 2.4, 6);

    (void)state;
    check_rel(pow(10, moved.value[ETAS_LOG10_D]) * exp(1.3 * 2),
              pow(10, CALIFORNIA.value[ETAS_LOG10_D]) * exp(1.3 * 3.1), 1e-13);
}

static void there_and_back_is_where_it_was(void **state)
{
    etas_params space = CALIFORNIA;

    (void)state;
    space.three_dim = true;
    for (int three_dim = 0; three_dim <= 1; three_dim++)
        for (int cut = 0; cut <= 1; cut++) {
            const etas_params *theta = three_dim ? &space : &WITH_INDUCED;
            const double top = cut ? 3.7 : (double)INFINITY;
            const etas_params there = etas_params_shift_reference(theta, 1.3, 2.2, top);
            const etas_params back =
                etas_params_shift_reference(&there, -1.3, 2.2, cut ? top - 1.3 : top);

            assert_int_equal(back.three_dim, theta->three_dim);
            for (int i = 0; i < ETAS_N_PARAMS; i++)
                if (isnan(theta->value[i]))
                    assert_true(isnan(back.value[i]));
                else
                    check_abs(back.value[i], theta->value[i], 4e-15);
        }
}

static void a_shift_in_space_keeps_the_branching_ratio_too(void **state)
{
    etas_params space = CALIFORNIA, moved;

    (void)state;
    space.three_dim = true;
    moved = etas_params_shift_reference(&space, 0.8, 2.3, 5);
    check_rel(branching(&moved, 2.3, 4.2), branching(&space, 2.3, 5), 1e-13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_parameters_become_these),
        cmocka_unit_test(standard_parameters_have_the_aftershocks_of_the_omori_law),
        cmocka_unit_test(without_a_decay_of_its_own_there_is_the_longest_taper),
        cmocka_unit_test(a_shift_moves_these_parameters_and_no_others),
        cmocka_unit_test(a_shift_keeps_the_branching_ratio),
        cmocka_unit_test(a_shift_keeps_the_events_above_a_common_magnitude),
        cmocka_unit_test(a_shift_keeps_the_size_of_aftershock_zones),
        cmocka_unit_test(there_and_back_is_where_it_was),
        cmocka_unit_test(a_shift_in_space_keeps_the_branching_ratio_too),
    };
    return cmocka_run_group_tests_name("reference", tests, NULL, NULL);
}
