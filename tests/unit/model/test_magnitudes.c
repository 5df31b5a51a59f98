#include "support/check.h"

#include <math.h>
#include <stdlib.h>

#include "etas/model.h"

static void tinti_and_mulargia_follow_their_formula(void **state)
{
    const double mag[] = {2.3, 2.3, 2.4, 2.6, 3.1}, mc[] = {2.3, 2.3, 2.3, 2.3, 2.3};

    (void)state;
    /* mean excess 0.24 */
    check_rel(etas_beta_tinti_mulargia(5, mag, mc, 0.1), log(1 + 0.1 / 0.24) / 0.1, 1e-13);
    check_rel(etas_beta_tinti_mulargia(5, mag, mc, 0), 1 / 0.24, 1e-13);
}

static void each_magnitude_counts_from_its_own_completeness(void **state)
{
    const double mag[] = {2.3, 4.1, 3.2}, mc[] = {2.1, 4.0, 2.3};

    (void)state;
    check_rel(etas_beta_tinti_mulargia(3, mag, mc, 0), 1 / 0.4, 1e-13);
}

static void a_geometric_sample_gives_its_beta_back(void **state)
{
    /* Bins of 0.1 filled in exact proportion to exp(-2 m) have mean excess 0.1/(e^0.2 - 1). */
    enum { N = 1 << 16 };
    double *mag = malloc(N * sizeof *mag), *mc = malloc(N * sizeof *mc);
    size_t n = 0;

    (void)state;
    assert_non_null(mag);
    assert_non_null(mc);
    for (int bin = 0; bin < 80; bin++)
        for (double left = 11000 * exp(-0.2 * bin); left >= 1; left -= 1) {
            mag[n] = 3 + 0.1 * bin;
            mc[n++] = 3;
        }
    assert_in_range(n, 50000, N);
    check_rel(etas_beta_tinti_mulargia(n, mag, mc, 0.1), 2, 2e-3);
    free(mag);
    free(mc);
}

static void small_excesses_are_not_lost_among_many(void **state)
{
    enum { N = 100000 };
    double *mag = malloc(N * sizeof *mag), *mc = malloc(N * sizeof *mc);

    (void)state;
    assert_non_null(mag);
    assert_non_null(mc);
    for (size_t i = 0; i < N; i++) {
        mag[i] = 0.1;
        mc[i] = 0;
    }
    check_rel(etas_beta_tinti_mulargia(N, mag, mc, 0), 10, 1e-15);
    free(mag);
    free(mc);
}

static void b_positive_uses_rises_only(void **state)
{
    /* Rises 0.1, 0.3, 0.2 (the last across a rounding error); equal and falling pairs drop out. */
    const double mag[] = {2.3, 2.4, 2.4, 2.1, 2.4, 2.2, 2.4000000000000004};

    (void)state;
    check_rel(etas_beta_positive(7, mag, 0.1), log(1 + 0.1 / 0.1) / 0.1, 1e-12);
    check_rel(etas_beta_positive(7, mag, 0), 1 / 0.2, 1e-12);
}

static void equal_magnitudes_with_different_last_bits_are_no_rise(void **state)
{
    const double mag[] = {2.3, 2.3000000000000003, 2.5, 2.3, 2.3000000000000003, 2.6};

    (void)state;
    check_rel(etas_beta_positive(6, mag, 0.1), log(1 + 0.1 / 0.15) / 0.1, 1e-12);
}

static void nothing_to_estimate_from_is_nan(void **state)
{
    const double falling[] = {3, 2, 1};

    (void)state;
    assert_true(isnan(etas_beta_tinti_mulargia(0, NULL, NULL, 0.1)));
    assert_true(isnan(etas_beta_positive(0, NULL, 0.1)));
    assert_true(isnan(etas_beta_positive(1, falling, 0.1)));
    assert_true(isnan(etas_beta_positive(3, falling, 0.1)));
    assert_true(isinf(etas_beta_tinti_mulargia(3, falling, falling, 0.1)));
    assert_true(isinf(etas_beta_tinti_mulargia(3, falling, falling, 0)));
}

static void rupture_lengths_are_those_of_oblique_slip(void **state)
{
    (void)state;
    check_rel(etas_rupture_length_km(2.3), 0.08260379495771783, 1e-14);
    check_rel(etas_rupture_length_km(3.6), 0.48305880203977286, 1e-14);
    check_rel(etas_rupture_length_km(5.0), 3.235936569296281, 1e-14);
    check_rel(etas_rupture_length_km(7.5), 96.60508789898131, 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tinti_and_mulargia_follow_their_formula),
        cmocka_unit_test(each_magnitude_counts_from_its_own_completeness),
        cmocka_unit_test(a_geometric_sample_gives_its_beta_back),
        cmocka_unit_test(small_excesses_are_not_lost_among_many),
        cmocka_unit_test(b_positive_uses_rises_only),
        cmocka_unit_test(equal_magnitudes_with_different_last_bits_are_no_rise),
        cmocka_unit_test(nothing_to_estimate_from_is_nan),
        cmocka_unit_test(rupture_lengths_are_those_of_oblique_slip),
    };
    return cmocka_run_group_tests_name("magnitudes", tests, NULL, NULL);
}
