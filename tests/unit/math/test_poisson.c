#include "support/check.h"

#include <math.h>
#include <stdlib.h>

#include "math/poisson.h"
#include "vmath_table.h"

enum { DRAWS = 40000, BINS = 2000 };

static double chi2_of(double mean, size_t *freedom)
{
    static size_t seen[BINS];
    double chi2 = 0.0, expected = 0.0, observed = 0.0, tail = DRAWS;

    for (size_t k = 0; k < BINS; k++)
        seen[k] = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        const etas_address at = {.catalog = 11, .event = i, .purpose = 3};
        const double k = etas_poisson(UINT64_C(99), &at, mean);

        assert_true(k >= 0.0 && k < BINS && k == floor(k));
        seen[(size_t)k]++;
    }
    *freedom = 0;
    /* Neighbouring numbers together until ten are expected; what is left joins the last bin. */
    for (size_t k = 0; k < BINS; k++) {
        expected += DRAWS * exp(-mean + (double)k * log(mean) - lgamma((double)k + 1.0));
        observed += (double)seen[k];
        if (expected >= 10.0 && tail - expected >= 10.0) {
            chi2 += (observed - expected) * (observed - expected) / expected;
            tail -= expected;
            expected = observed = 0.0;
            ++*freedom;
        }
    }
    return chi2 + (observed - tail) * (observed - tail) / tail;
}

static void numbers_are_poisson_distributed_at_small_and_large_means(void **state)
{
    static const double mean[] = {0.01, 0.3, 1.0, 2.5, 9.9, 15.99, 16.0, 16.01, 40.0, 500.0};

    (void)state;
    for (size_t i = 0; i < sizeof mean / sizeof *mean; i++) {
        size_t freedom;
        const double chi2 = chi2_of(mean[i], &freedom);
        /* Wilson and Hilferty: chi2 as a standard normal. */
        const double f = (double)freedom, w = 2.0 / (9.0 * f);
        const double z = (cbrt(chi2 / f) - (1.0 - w)) / sqrt(w);

        print_message("mean %g: chi2 %.1f of %zu, z %.2f\n", mean[i], chi2, freedom, z);
        assert_true(freedom >= 1 && fabs(z) < 3.3);
    }
}

static void a_part_is_the_exact_inverse_of_the_distribution_function(void **state)
{
    static const double mean[] = {1e-9, 0.2, 1.0, 7.5, 16.0};

    (void)state;
    for (size_t i = 0; i < sizeof mean / sizeof *mean; i++) {
        long double mass = expl(-(long double)mean[i]), below = 0.0L, reached = mass;

        for (int k = 0; k < 60; k++) {
            if (below > 1e-9L && below < 1.0L - 1e-12L)
                assert_true(v_poisson_part(mean[i], (double)(below * (1.0L + 1e-14L))) == k);
            if (reached < 1.0L - 1e-12L)
                assert_true(v_poisson_part(mean[i], (double)(reached * (1.0L - 1e-14L))) <= k);
            mass *= (long double)mean[i] / (k + 1);
            below = reached;
            reached += mass;
        }
    }
}

static void the_ends_of_the_unit_interval_give_sane_numbers(void **state)
{
    (void)state;
    assert_true(v_poisson_part(16.0, 0x1p-54) == 0.0);
    assert_true(v_poisson_part(0.0, 1.0 - 0x1p-53) == 0.0);
    assert_true(v_poisson_part(1e-300, 1.0 - 0x1p-53) == 0.0);
    assert_true(v_poisson_part(-1.0, 0.5) == 0.0);
    assert_true(v_poisson_part(NAN, 0.5) == 0.0);
    assert_true(v_poisson_part(1e-3, 1.0 - 0x1p-53) <= 6.0);
    assert_true(v_poisson_part(16.0, 1.0 - 0x1p-53) <= 64.0);
    for (double u = 0x1p-10; u < 1.0; u += 0x1p-10)
        assert_true(v_poisson_part(11.0, u) >= v_poisson_part(11.0, u - 0x1p-11));
}

static void means_split_into_equal_parts_of_at_most_sixteen(void **state)
{
    const etas_address at = {.catalog = 5, .event = 6, .purpose = 7, .draw = 8};
    double want = 0.0;

    (void)state;
    assert_true(etas_poisson_parts(0.0) == 0.0);
    assert_true(etas_poisson_parts(-3.0) == 0.0);
    assert_true(etas_poisson_parts(1e-300) == 1.0);
    assert_true(etas_poisson_parts(16.0) == 1.0);
    assert_true(etas_poisson_parts(nextafter(16.0, 17.0)) == 2.0);
    assert_true(etas_poisson_parts(500.0) == 32.0);
    /* 75 = 5 parts of 15: both uniforms of draws 8 and 9, the first of draw 10. */
    for (uint32_t i = 0; i < 5; i++) {
        etas_address draw = at;
        double u[2];

        draw.draw += i / 2;
        etas_uniform_pair(1, &draw, u);
        want += v_poisson_part(15.0, u[i % 2]);
    }
    assert_true(etas_poisson(1, &at, 75.0) == want);
    assert_true(etas_poisson(1, &at, 0.0) == 0.0);
}

static void every_variant_draws_the_same_number(void **state)
{
    (void)state;
    for (etas_isa isa = ETAS_ISA_SCALAR; isa < ETAS_ISA_COUNT; isa++) {
        const vmath_table *table = vmath_table_get(isa);

        for (uint32_t i = 0; table != NULL && i < 2000; i++) {
            const etas_address at = {.catalog = i, .event = 3 * i, .purpose = 1, .draw = i};
            const double mean = (double)i * (double)i * 2e-4;

            assert_true(table->poisson(77, &at, mean) == etas_poisson(77, &at, mean));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_poisson_distributed_at_small_and_large_means),
        cmocka_unit_test(a_part_is_the_exact_inverse_of_the_distribution_function),
        cmocka_unit_test(the_ends_of_the_unit_interval_give_sane_numbers),
        cmocka_unit_test(means_split_into_equal_parts_of_at_most_sixteen),
        cmocka_unit_test(every_variant_draws_the_same_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
