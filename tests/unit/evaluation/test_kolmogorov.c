/* The distribution of Kolmogorov and Smirnov's distance, where it is known. */
#include "support/check.h"

#include <math.h>

#include "etas/likelihood.h"

static void the_distance_is_the_largest_gap_to_the_steps(void **state)
{
    const double u[] = {0.1, 0.5, 0.6}, high[] = {0.5, 0.8, 0.9};

    (void)state;
    check_rel(etas_ks_uniform(3, u).distance, 0.4, 1e-15);
    check_rel(etas_ks_uniform(3, high).distance, 0.5, 1e-15);
    assert_true(isnan(etas_ks_uniform(0, NULL).distance));
    assert_true(isnan(etas_ks_uniform(0, NULL).p));
}

static void one_and_two_values_have_closed_forms(void **state)
{
    (void)state;
    for (double d = 0.51; d < 1; d += 0.07)
        check_rel(etas_ks_p(1, d), 2 * (1 - d), 1e-13);
    for (double d = 0.26; d < 0.5; d += 0.03)
        check_rel(etas_ks_p(2, d), 1 - 8 * (d - 0.25) * (d - 0.25), 1e-13);
    for (double d = 0.51; d < 1; d += 0.07)
        check_rel(etas_ks_p(2, d), 2 * (1 - d) * (1 - d), 1e-12);
}

/* Marsaglia, Tsang & Wang (2003) print the first; the second is 1 - 2 (1 - d)^n for d >= 1/2. */
static void published_values_are_met(void **state)
{
    (void)state;
    check_abs(etas_ks_p(10, 0.274), 1 - 0.6284796154565, 1e-13);
    check_rel(etas_ks_p(7, 0.6),
              2 * pow(0.4, 7) + 14 * 0.6 * (pow(0.4 - 1.0 / 7, 6) * pow(0.6 + 1.0 / 7, 0)) +
                  2 * 0.6 * 21 * (0.6 + 2.0 / 7) * pow(0.4 - 2.0 / 7, 5),
              1e-12);
}

/* Kolmogorov's limit, at the argument that makes its error 1 / n. */
static double limit(double n, double d)
{
    const double z = sqrt(n) * d + 1 / (6 * sqrt(n));
    double sum = 0;

    for (int k = 1; k < 50; k++)
        sum += (k % 2 == 1 ? 2 : -2) * exp(-2 * k * k * z * z);
    return sum;
}

static void many_values_approach_the_limit(void **state)
{
    static const size_t counts[] = {1000, 3000, 10000, 100000};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        for (double z = 0.35; z < 2.3; z += 0.26) {
            const double n = (double)counts[i], d = z / sqrt(n);

            check_abs(etas_ks_p(counts[i], d), limit(n, d), 0.3 / n);
        }
}

/* From one method to the next nothing jumps. */
static void methods_join(void **state)
{
    (void)state;
    for (double z = 0.35; z < 1.9; z += 0.26) {
        const double d[] = {z / sqrt(2000), z / sqrt(2001)};

        check_abs(etas_ks_p(2000, d[0]) - etas_ks_p(2001, d[1]),
                  limit(2000, d[0]) - limit(2001, d[1]), 1e-7);
    }
    for (size_t n = 6; n < 3000; n *= 3) {
        const double d = 2 / sqrt((double)n);

        check_rel(etas_ks_p(n, d * (1 - 1e-12)), etas_ks_p(n, d * (1 + 1e-12)), 1e-7);
    }
}

static void p_falls_from_one_to_zero(void **state)
{
    static const size_t counts[] = {1, 2, 9, 150, 2500, 6000};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        double last = 1;

        assert_true(etas_ks_p(counts[i], 0) == 1 && etas_ks_p(counts[i], 1) == 0);
        for (double d = 0.01; d < 1; d += 0.03) {
            const double p = etas_ks_p(counts[i], d);

            assert_true(p >= 0 && p <= last + 1e-12);
            last = p;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_distance_is_the_largest_gap_to_the_steps),
        cmocka_unit_test(one_and_two_values_have_closed_forms),
        cmocka_unit_test(published_values_are_met),
        cmocka_unit_test(many_values_approach_the_limit),
        cmocka_unit_test(methods_join),
        cmocka_unit_test(p_falls_from_one_to_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
