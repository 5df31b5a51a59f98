#include "support/check.h"

#include <math.h>

#include "etas/model.h"
#include "omori_table.h"

static void integrals_agree_with_70_digit_arithmetic_over_all_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof OMORI_TABLE / sizeof OMORI_TABLE[0]; i++) {
        const omori_row *row = &OMORI_TABLE[i];
        const double got = etas_omori_integral(&row->omori, row->t0, row->t1);

        if (!(fabs(got - row->integral) <= 3e-13 * row->integral))
            print_message("c %.17g omega %.17g tau %.17g from %.17g to %.17g\n", row->omori.c_days,
                          row->omori.omega, row->omori.tau_days, row->t0, row->t1);
        check_rel(got, row->integral, 3e-13);
    }
}

static void neighbouring_windows_add_up(void **state)
{
    static const double cut[] = {0, 1e-9, 1e-4, 0.3, 0.31, 30, 1e3, 9e3, 2e4, INFINITY};
    enum { N = sizeof cut / sizeof cut[0] };

    (void)state;
    for (double omega = -0.99; omega <= 1; omega += 0.0995)
        for (double log10_tau = 0.01; log10_tau < 12.3; log10_tau += 1.75) {
            const etas_omori omori = {1e-3, omega, pow(10, log10_tau)};
            double sum = 0;

            for (size_t i = 0; i + 1 < N; i++)
                sum += etas_omori_integral(&omori, cut[i], cut[i + 1]);
            check_rel(sum, etas_omori_integral(&omori, 0, INFINITY), 1e-12);
        }
}

static void both_methods_meet_where_they_change_places(void **state)
{
    /* Second differences of ln I over growing windows: a step at the change would show. */
    static const double omegas[] = {-0.99, -0.3, -1e-13, 0, 1e-13, 0.2, 1};

    (void)state;
    for (size_t k = 0; k < sizeof omegas / sizeof omegas[0]; k++) {
        const etas_omori omori = {1e-3, omegas[k], 5000};
        double before = NAN, last = NAN;

        for (int i = -2000; i <= 2000; i++) {
            const double now = log(etas_omori_integral(&omori, 100, 100 + pow(10, i / 500.0)));

            if (i >= -1998)
                check_abs(now - 2 * last + before, 0, 3e-5);
            before = last;
            last = now;
        }
    }
}

static void a_long_taper_approaches_the_untapered_kernel(void **state)
{
    for (double omega = 0.1; omega <= 1; omega += 0.1) {
        const etas_omori tapered = {0.01, omega, 1e16}, untapered = {0.01, omega, INFINITY};

        (void)state;
        check_rel(etas_omori_integral(&tapered, 0, 100), etas_omori_integral(&untapered, 0, 100),
                  1e-12);
    }
}

static void the_untapered_kernel_is_smooth_through_omega_zero(void **state)
{
    static const double omegas[] = {-1e-9, -1e-16, -1e-200, 0, 1e-200, 1e-16, 1e-9};

    (void)state;
    for (size_t k = 0; k < sizeof omegas / sizeof omegas[0]; k++) {
        const etas_omori omori = {1, omegas[k], INFINITY};

        check_rel(etas_omori_integral(&omori, 0, 99), 4.60517018598809137, 3e-9);
        check_rel(etas_omori_integral(&omori, 1e4, 1e4 + 0x1p-20), 0x1p-20 / 10001, 2e-8);
    }
    check_rel(etas_omori_integral(&(etas_omori){1, 0, INFINITY}, 0, 99), 4.60517018598809137,
              1e-15);
}

static void without_taper_the_tail_is_finite_only_for_positive_omega(void **state)
{
    (void)state;
    check_rel(etas_omori_integral(&(etas_omori){0.01, 0.5, INFINITY}, 0, INFINITY), 20, 1e-14);
    assert_true(isinf(etas_omori_integral(&(etas_omori){0.01, 0, INFINITY}, 0, INFINITY)));
    assert_true(isinf(etas_omori_integral(&(etas_omori){0.01, -0.1, INFINITY}, 5, INFINITY)));
}

static void an_empty_window_has_no_aftershocks(void **state)
{
    const etas_omori omori = {0.01, 0.1, 100};

    (void)state;
    assert_true(etas_omori_integral(&omori, 3, 3) == 0);
    assert_true(etas_omori_integral(&omori, 1e9, 2e9) == 0); /* far below the smallest double */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integrals_agree_with_70_digit_arithmetic_over_all_bounds),
        cmocka_unit_test(neighbouring_windows_add_up),
        cmocka_unit_test(both_methods_meet_where_they_change_places),
        cmocka_unit_test(a_long_taper_approaches_the_untapered_kernel),
        cmocka_unit_test(the_untapered_kernel_is_smooth_through_omega_zero),
        cmocka_unit_test(without_taper_the_tail_is_finite_only_for_positive_omega),
        cmocka_unit_test(an_empty_window_has_no_aftershocks),
    };
    return cmocka_run_group_tests_name("omori", tests, NULL, NULL);
}
