#include "support/check.h"

#include <math.h>

#include "evaluation/binomial.h"

/* Width of the first piece of the unit interval, which belongs to the most probable value. */
static double mass_of_mode(double n, double p)
{
    const double mode = etas_binomial(n, p, 1e-12);
    double low = 0, high = 1;

    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;

        if (etas_binomial(n, p, middle) == mode)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void the_most_probable_value_has_its_exact_probability(void **state)
{
    (void)state;
    /* n! / (k! (n - k)!) p^k (1 - p)^(n - k) with 40 digits */
    check_rel(mass_of_mode(100000, 0.2), 0.003153901854174405280, 1e-12);
    check_rel(mass_of_mode(3000, 0.003), 0.1319537082302059086, 1e-12);
    check_rel(mass_of_mode(60, 0.5), 0.1025781730085695148, 1e-12);
    check_rel(mass_of_mode(20, 0.25), 0.20233115185692440718, 1e-12);
    check_rel(mass_of_mode(5000, 0.999), 0.1755551663790315690, 1e-12);
}

static double choose(int n, int k)
{
    double c = 1;

    for (int i = 1; i <= k; i++)
        c = c * (n - k + i) / i;
    return c;
}

static void every_value_gets_its_share_of_the_unit_interval(void **state)
{
    static const struct {
        int n;
        double p;
    } laws[] = {{1, 0.3}, {2, 0.9}, {7, 0.5}, {12, 0.01}, {20, 0.25}};
    enum { STEPS = 1000000 };

    (void)state;
    for (size_t l = 0; l < sizeof laws / sizeof *laws; l++) {
        const int n = laws[l].n;
        const double p = laws[l].p;
        int hits[21] = {0};

        for (int i = 0; i < STEPS; i++) {
            const double k = etas_binomial(n, p, (i + 0.5) / STEPS);

            assert_true(k >= 0 && k <= n && k == floor(k));
            hits[(int)k]++;
        }
        for (int k = 0; k <= n; k++)
            check_abs((double)hits[k] / STEPS, choose(n, k) * pow(p, k) * pow(1 - p, n - k),
                      1.01 / STEPS);
    }
}

static void moments_are_right_for_large_numbers(void **state)
{
    static const double n[] = {1e5, 1e9}, p[] = {0.2, 1e-6};
    enum { STEPS = 100000 };

    (void)state;
    for (size_t l = 0; l < 2; l++) {
        const double mean = n[l] * p[l], variance = mean * (1 - p[l]);
        double sum = 0, squares = 0;

        for (int i = 0; i < STEPS; i++) {
            const double d = etas_binomial(n[l], p[l], (i + 0.5) / STEPS) - mean;

            sum += d / STEPS;
            squares += d * d / STEPS;
        }
        check_abs(sum, 0, 0.1);
        check_rel(squares, variance, 1e-3);
    }
}

static void degenerate_laws_and_the_ends_of_the_interval_are_safe(void **state)
{
    static const double ends[] = {0x1p-54, 0.5, 1 - 0x1p-53};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        double k;

        assert_true(etas_binomial(0, 0.3, ends[i]) == 0);
        assert_true(etas_binomial(9, 0, ends[i]) == 0);
        assert_true(etas_binomial(9, 1, ends[i]) == 9);
        k = etas_binomial(1e5, 0.2, ends[i]);
        assert_true(k >= 0 && k <= 1e5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_probable_value_has_its_exact_probability),
        cmocka_unit_test(every_value_gets_its_share_of_the_unit_interval),
        cmocka_unit_test(moments_are_right_for_large_numbers),
        cmocka_unit_test(degenerate_laws_and_the_ends_of_the_interval_are_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
