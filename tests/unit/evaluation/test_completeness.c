#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/completeness.h"

/* Numbers of events with magnitude 2.0, 2.1, ... of a real catalogue, complete from 2.4 or 2.5. */
static const int histogram[] = {1057, 843, 754, 569, 475, 423, 342, 268, 227, 202, 137, 86,
                                57,   55,  41,  54,  29,  25,  19,  13,  13,  5,   5,   3,
                                5,    6,   2,   1,   3,   0,   0,   1,   0,   1};
enum { N_BINS = sizeof histogram / sizeof *histogram, N_REAL = 5721 };

static void real_magnitudes(double mag[N_REAL])
{
    size_t n = 0;

    for (int bin = 0; bin < N_BINS; bin++)
        for (int i = 0; i < histogram[bin]; i++)
            mag[n++] = (20 + bin) * 0.1;
    assert_int_equal(n, N_REAL);
    for (size_t i = 0; i < n; i++) { /* in no order */
        const size_t j = i * 4801 % n;
        const double kept = mag[i];

        mag[i] = mag[j];
        mag[j] = kept;
    }
}

static etas_completeness_config binned(void)
{
    etas_completeness_config cfg = etas_completeness_config_default();

    cfg.delta_m = 0.1;
    return cfg;
}

static void distances_are_those_of_the_formula(void **state)
{
    static const struct {
        double mc;
        size_t n;
        double beta, ks;
    } want[] = {{2.0, 5721, 2.1996472015197583, 0.02380836328043001},
                {2.3, 3067, 2.327883695236753, 0.03182927755528464},
                {2.4, 2498, 2.4014479038010093, 0.023333905137955274},
                {2.5, 2023, 2.48230134796587, 0.015922529281452213},
                {3.5, 185, 2.8813323420091788, 0.041553596898657896},
                {4.8, 5, 4.855078157817008, 0.21538461538461529}};
    const etas_completeness_config cfg = binned();
    double mag[N_REAL];

    (void)state;
    real_magnitudes(mag);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        etas_completeness_test got;
        etas_error err = {0};

        check_ok(etas_completeness_ks(N_REAL, mag, want[i].mc, &cfg, &got, &err), &err);
        assert_int_equal(got.n, want[i].n);
        check_rel(got.beta, want[i].beta, 1e-14);
        check_rel(got.b_value, want[i].beta / log(10), 1e-14);
        check_abs(got.ks, want[i].ks, 1e-14);
        assert_true(isnan(got.p) && !got.passes);
    }
}

static void empty_bins_count_as_steps(void **state)
{
    /* Two magnitudes, 2 and 4 bins up: mean 3 bins, so each bin has 1/4 of what is left. */
    static const double mag[] = {5.1, 5.3, 1.0};
    const etas_completeness_config cfg = binned();
    etas_completeness_test got;

    (void)state;
    check_ok(etas_completeness_ks(3, mag, 4.9, &cfg, &got, NULL), NULL);
    assert_int_equal(got.n, 2);
    check_rel(got.beta, log(4.0 / 3) / 0.1, 1e-14);
    check_abs(got.ks, 1 - 0.75 * 0.75, 1e-14);
}

static void last_bits_of_a_magnitude_change_nothing(void **state)
{
    static const double exact[] = {2.3, 2.3, 2.4, 2.6, 2.8},
                        noisy[] = {2.3000000000000003, 2.2999999999999998, 2.4000000000000004, 2.6,
                                   2.8000000000000003};
    const etas_completeness_config cfg = binned();
    etas_completeness_test a, b;

    (void)state;
    check_ok(etas_completeness_ks(5, exact, 2.3, &cfg, &a, NULL), NULL);
    check_ok(etas_completeness_ks(5, noisy, 2.3000000000000003, &cfg, &b, NULL), NULL);
    assert_int_equal(b.n, 5);
    assert_true(a.beta == b.beta && a.ks == b.ks);
}

static void the_error_of_b_is_that_of_shi_and_bolt(void **state)
{
    static const double mag[] = {2.0, 2.1, 2.1, 2.4, 3.0};
    etas_completeness_config cfg = binned();
    etas_completeness_test got;
    double mean = (2.0 + 2.1 + 2.1 + 2.4 + 3.0) / 5, squares = 0;

    (void)state;
    for (size_t i = 0; i < 5; i++)
        squares += (mag[i] - mean) * (mag[i] - mean);
    check_ok(etas_completeness_ks(5, mag, 2.0, &cfg, &got, NULL), NULL);
    check_rel(got.b_error, log(10) * got.b_value * got.b_value * sqrt(squares / 20), 1e-13);
    cfg.beta = 2.0;
    check_ok(etas_completeness_ks(5, mag, 2.0, &cfg, &got, NULL), NULL);
    assert_true(got.beta == 2.0 && isnan(got.b_error));
}

/* p of (1, 2, 1) in three bins by counting all samples of three, beyond 40 bins nothing happens. */
static double exact_p(double q, double ks)
{
    enum { MOST = 40 };
    double p = 0;

    for (int a = 0; a < MOST; a++)
        for (int b = 0; b < MOST; b++)
            for (int c = 0; c < MOST; c++) {
                double far = 0;

                for (int k = 0; k < MOST; k++)
                    far = fmax(far,
                               fabs(((a <= k) + (b <= k) + (c <= k)) / 3.0 - (1 - pow(q, k + 1))));
                if (far >= ks - 1e-12)
                    p += pow(1 - q, 3) * pow(q, a + b + c);
            }
    return p;
}

static void check_p(double p, double want, size_t n_samples)
{
    check_abs(p, want, 4 * sqrt(want * (1 - want) / (double)n_samples));
}

static void the_share_of_samples_is_the_probability(void **state)
{
    static const double mag[] = {1.0, 1.1, 1.1}, candidate = 1.0;
    etas_completeness_config cfg = binned();
    etas_completeness_test got;
    size_t winner;
    etas_error err = {0};

    (void)state;
    cfg.n_samples = 400000;
    cfg.n_candidates = 1;
    cfg.candidate = &candidate;
    cfg.seed = 7;
    check_ok(etas_completeness_estimate(3, mag, &cfg, &got, &winner, &err), &err);
    check_p(got.p, exact_p(2.0 / 5, got.ks), cfg.n_samples);
    assert_true(got.p > 0.05 && got.p < 0.95);
    cfg.beta = 3.0; /* the samples follow the given law, not the estimated one */
    check_ok(etas_completeness_estimate(3, mag, &cfg, &got, &winner, &err), &err);
    check_p(got.p, exact_p(exp(-0.3), got.ks), cfg.n_samples);
    assert_true(got.p > 0.05 && got.p < 0.95);
}

/* n magnitudes whose distance to the law with beta = 2 is d: all but a few on its quantiles. */
static double continuous_p(size_t n, double d, size_t n_samples)
{
    const double candidate = 2.5;
    etas_completeness_config cfg = etas_completeness_config_default();
    etas_completeness_test got;
    size_t winner;
    double *mag = calloc(n, sizeof *mag);
    etas_error err = {0};

    assert_non_null(mag);
    for (size_t i = 0; i < n; i++)
        mag[i] = candidate - log1p(-fmax(d, ((double)i + 0.5) / (double)n)) / 2;
    cfg.beta = 2;
    cfg.n_samples = n_samples;
    cfg.n_candidates = 1;
    cfg.candidate = &candidate;
    check_ok(etas_completeness_estimate(n, mag, &cfg, &got, &winner, &err), &err);
    check_abs(got.ks, d, 1e-14);
    free(mag);
    return got.p;
}

static void continuous_magnitudes_follow_kolmogorov(void **state)
{
    (void)state;
    /* P(D_2 >= d) = 2 (1 - d)^2 from d = 1/2 on; tables of D_10 and D_40; the limit
     * for large n with Stephens' correction. */
    check_p(continuous_p(2, 0.6, 200000), 2 * 0.4 * 0.4, 200000);
    check_p(continuous_p(10, 0.40925, 200000), 0.05, 200000);
    check_p(continuous_p(40, 0.21012, 200000), 0.05, 200000);
    check_p(continuous_p(100000, 1.35810 / (sqrt(1e5) + 0.12), 5000), 0.05, 5000);
    check_p(continuous_p(100000, 0.82757 / (sqrt(1e5) + 0.12), 5000), 0.5, 5000);
}

static void the_distance_of_continuous_magnitudes(void **state)
{
    static const double mag[] = {3.0, 2.25, 1.0, 2.5};
    etas_completeness_config cfg = etas_completeness_config_default();
    etas_completeness_test got;
    double beta = 3 / (0.25 + 0.5 + 1.0);

    (void)state;
    check_ok(etas_completeness_ks(4, mag, 2.0, &cfg, &got, NULL), NULL);
    assert_int_equal(got.n, 3);
    check_rel(got.beta, beta, 1e-14);
    check_abs(got.ks, 1 - exp(-beta * 0.25), 1e-14);
}

static void the_first_candidate_that_passes_wins(void **state)
{
    static const double candidates[] = {2.0, 2.2, 2.3, 2.5, 2.6};
    double mag[N_REAL];
    etas_completeness_config cfg = binned();
    etas_completeness_test tests[5];
    size_t winner;
    etas_error err = {0};

    (void)state;
    real_magnitudes(mag);
    cfg.n_candidates = 5;
    cfg.candidate = candidates;
    check_ok(etas_completeness_estimate(N_REAL, mag, &cfg, tests, &winner, &err), &err);
    assert_int_equal(winner, 3);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(tests[i].passes, i >= 3);
    check_p(tests[3].p, 0.3909, 5000); /* the reference's 10000 samples against ours */
    check_p(tests[4].p, 0.3462, 5000);
    cfg.p_pass = 0.999;
    check_ok(etas_completeness_estimate(N_REAL, mag, &cfg, tests, &winner, &err), &err);
    assert_true(winner == SIZE_MAX);
}

static void p_depends_on_the_seed_alone(void **state)
{
    static const double candidates[] = {2.4, 2.5, 2.6};
    double mag[N_REAL];
    etas_completeness_config cfg = binned();
    etas_completeness_test serial[3], threads[3], alone, other;
    size_t winner;

    (void)state;
    real_magnitudes(mag);
    cfg.n_samples = 3001;
    cfg.seed = 99;
    cfg.n_candidates = 3;
    cfg.candidate = candidates;
    check_ok(etas_completeness_estimate(N_REAL, mag, &cfg, serial, &winner, NULL), NULL);
    cfg.n_threads = 5;
    check_ok(etas_completeness_estimate(N_REAL, mag, &cfg, threads, &winner, NULL), NULL);
    for (size_t i = 0; i < 3; i++)
        assert_true(serial[i].p == threads[i].p);
    cfg.n_candidates = 1;
    cfg.candidate = &candidates[1];
    check_ok(etas_completeness_estimate(N_REAL, mag, &cfg, &alone, &winner, NULL), NULL);
    assert_true(alone.p == serial[1].p);
    cfg.seed = 100;
    check_ok(etas_completeness_estimate(N_REAL, mag, &cfg, &other, &winner, NULL), NULL);
    assert_true(other.p != alone.p);
    check_p(other.p, alone.p, 1500);
}

static void candidates_without_two_magnitudes_are_not_tested(void **state)
{
    static const double mag[] = {2.0, 2.1, 2.3, 2.3}, candidates[] = {2.0, 2.3, 2.4};
    etas_completeness_config cfg = binned();
    etas_completeness_test tests[3];
    size_t winner;
    etas_error err = {0};

    (void)state;
    cfg.n_samples = 100;
    cfg.n_candidates = 3;
    cfg.candidate = candidates;
    check_ok(etas_completeness_estimate(4, mag, &cfg, tests, &winner, &err), &err);
    assert_true(tests[1].n == 2 && isnan(tests[1].beta) && isnan(tests[1].ks) &&
                isnan(tests[1].p) && !tests[1].passes);
    assert_true(tests[2].n == 0 && isnan(tests[2].ks));
    cfg.candidate = candidates + 1;
    cfg.n_candidates = 2;
    assert_int_equal(etas_completeness_estimate(4, mag, &cfg, tests, &winner, &err), ETAS_E_RANGE);
    assert_non_null(strstr(err.text, "2.3"));
    assert_int_equal(etas_completeness_estimate(0, mag, &cfg, tests, &winner, NULL), ETAS_E_RANGE);
}

static void refuses_numbers_outside_their_domain(void **state)
{
    static const double mag[] = {2.0, 2.1}, nan_mag[] = {2.0, NAN}, good = 2.0;
    static const double bad_mc[][2] = {{2.05, 3}, {2.1, 2.0}, {2.0, 2.0}, {NAN, 3}};
    etas_completeness_config bad[7];
    etas_completeness_test tests[2];
    size_t winner;

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        bad[i] = binned();
        bad[i].n_candidates = 1;
        bad[i].candidate = &good;
    }
    bad[0].delta_m = -0.1;
    bad[1].delta_m = 1e-5;
    bad[2].beta = 0;
    bad[3].p_pass = 1.5;
    bad[4].n_samples = 0;
    bad[5].n_samples = (size_t)1 << 24;
    bad[6].delta_m = NAN;
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(etas_completeness_estimate(2, mag, &bad[i], tests, &winner, NULL),
                         ETAS_E_ARG);
    for (size_t i = 0; i < 4; i++) {
        etas_completeness_config cfg = binned();
        etas_error err = {0};

        cfg.n_candidates = 2;
        cfg.candidate = bad_mc[i];
        assert_int_equal(etas_completeness_estimate(2, mag, &cfg, tests, &winner, &err),
                         ETAS_E_ARG);
        assert_non_null(strstr(err.text, "mc "));
    }
    bad[0] = binned();
    assert_int_equal(etas_completeness_ks(2, nan_mag, 2, &bad[0], tests, NULL), ETAS_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_the_formula),
        cmocka_unit_test(empty_bins_count_as_steps),
        cmocka_unit_test(last_bits_of_a_magnitude_change_nothing),
        cmocka_unit_test(the_error_of_b_is_that_of_shi_and_bolt),
        cmocka_unit_test(the_share_of_samples_is_the_probability),
        cmocka_unit_test(continuous_magnitudes_follow_kolmogorov),
        cmocka_unit_test(the_distance_of_continuous_magnitudes),
        cmocka_unit_test(the_first_candidate_that_passes_wins),
        cmocka_unit_test(p_depends_on_the_seed_alone),
        cmocka_unit_test(candidates_without_two_magnitudes_are_not_tested),
        cmocka_unit_test(refuses_numbers_outside_their_domain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
