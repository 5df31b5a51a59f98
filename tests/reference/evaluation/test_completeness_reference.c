#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/completeness.h"
#include "io/file.h"
#include "io/npy.h"
#include "support/vectors.h"

static json_t *vectors, *seeds;
static etas_npy magnitudes;

static double number(const json_t *row, const char *key)
{
    const json_t *value = json_object_get(row, key);

    assert_true(json_is_number(value));
    return json_number_value(value);
}

static etas_completeness_config binned(void)
{
    etas_completeness_config cfg = etas_completeness_config_default();

    cfg.delta_m = 0.1;
    return cfg;
}

/* The reference joins the steps of the empirical distribution by lines where bins are empty, and
 * goes on to the left with its first value: this makes its distance too small there. */
static double interpolated_distance(double mc, double beta)
{
    int count[60] = {0}, n = 0, last = 0, below = 0, at = -1;
    double ks = 0, reached = NAN;

    for (size_t i = 0; i < magnitudes.rows; i++) {
        const int bin = (int)floor((magnitudes.values[i] - mc) / 0.1 + 0.5);

        if (bin < 0)
            continue;
        assert_true(bin < 60);
        count[bin]++;
        n++;
        last = bin > last ? bin : last;
    }
    for (int k = 0; k <= last; k++) {
        int next = k;
        double f, there;

        while (count[next] == 0)
            next++;
        there = (double)(below + count[next]) / n;
        f = at < 0 ? there : reached + (there - reached) * (k - at) / (next - at);
        ks = fmax(ks, fabs(f - (1 - exp(-beta * 0.1 * (k + 1)))));
        if (next == k) {
            below += count[k];
            reached = there;
            at = k;
        }
    }
    return ks;
}

static void distances_of_all_candidates(void **state)
{
    const json_t *rows = json_object_get(vectors, "ks_deterministic_all_mcs");
    const etas_completeness_config cfg = binned();
    size_t n_with_gaps = 0, n_checked = 0;

    (void)state;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const json_t *ks = json_object_get(row, "ks_distance_with_ks_ds_given");
        etas_completeness_test got;
        etas_error err = {0};

        check_ok(etas_completeness_ks(magnitudes.rows, magnitudes.values, number(row, "mc"), &cfg,
                                      &got, &err),
                 &err);
        assert_int_equal(got.n, (size_t)number(row, "n"));
        if (json_is_null(ks)) {
            assert_true(isnan(got.ks) && got.n < 2);
            continue;
        }
        n_checked++;
        check_rel(got.beta, number(row, "beta"), 1e-14);
        check_abs(interpolated_distance(got.mc, got.beta), json_number_value(ks), 1e-12);
        if (got.n > 2)
            check_abs(got.ks, json_number_value(ks), 1e-12);
        else
            n_with_gaps += got.ks > json_number_value(ks) + 0.1;
    }
    assert_int_equal(n_checked, 32);
    assert_int_equal(n_with_gaps, 3);
}

static etas_completeness_test estimate(double mc, size_t n_samples, uint64_t seed)
{
    etas_completeness_config cfg = binned();
    etas_completeness_test got;
    size_t winner;
    etas_error err = {0};

    cfg.n_samples = n_samples;
    cfg.seed = seed;
    cfg.n_threads = 2;
    cfg.n_candidates = 1;
    cfg.candidate = &mc;
    check_ok(
        etas_completeness_estimate(magnitudes.rows, magnitudes.values, &cfg, &got, &winner, &err),
        &err);
    return got;
}

static void probabilities_of_10000_samples(void **state)
{
    const json_t *rows = json_object_get(vectors, "p_n_samples_10000");
    const double n = 10000;

    (void)state;
    if (rows == NULL)
        rows = json_object_get(seeds, "p_n_samples_10000");
    assert_int_equal(json_array_size(rows), 6);
    for (size_t i = 0; i < 6; i++) {
        const json_t *row = json_array_get(rows, i);
        const double want = number(row, "p_10000");
        const etas_completeness_test got = estimate(number(row, "mc"), 10000, 20 + i);

        check_abs(got.ks, number(row, "ks"), 1e-12);
        /* four standard errors of the difference of two shares */
        check_abs(got.p, want, 4 * sqrt(2 * want * (1 - want) / n));
    }
}

/* Twenty runs of the reference stopped at 2.4 or 2.5: its p at 2.4 is 0.0535. */
static void the_winner_is_one_of_the_two_that_the_reference_finds(void **state)
{
    static const double candidates[] = {2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6};
    const json_t *runs = json_object_get(seeds, "runs");
    size_t n_early = 0, n_reference_early = 0;

    (void)state;
    assert_int_equal(json_array_size(runs), 20);
    for (size_t run = 0; run < 20; run++) {
        etas_completeness_config cfg = binned();
        etas_completeness_test tests[7];
        size_t winner;

        cfg.n_samples = 1000;
        cfg.seed = run;
        cfg.n_candidates = 7;
        cfg.candidate = candidates;
        check_ok(etas_completeness_estimate(magnitudes.rows, magnitudes.values, &cfg, tests,
                                            &winner, NULL),
                 NULL);
        assert_true(winner == 4 || winner == 5);
        n_early += winner == 4;
        n_reference_early += number(json_array_get(runs, run), "best_mc") < 2.45;
    }
    assert_true(n_reference_early > 0 && n_reference_early < 20);
    /* both are binomial with 20 trials of probability 0.5 to 0.8 */
    assert_true(n_early >= 4 && n_early <= 19);
}

static etas_status load_magnitudes(void)
{
    const char *shared = getenv("ETAS_SHARED");
    char path[4096];
    etas_text text = {0};
    etas_status st;

    etas_format(sizeof path, path, "%s/data/magnitudes.npy", shared != NULL ? shared : "");
    st = etas_file_read(path, &text, NULL);
    if (st == ETAS_OK)
        st = etas_npy_read(&magnitudes, text.len, (const uint8_t *)text.data, 1, NULL);
    etas_text_free(&text);
    return st;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_of_all_candidates),
        cmocka_unit_test(probabilities_of_10000_samples),
        cmocka_unit_test(the_winner_is_one_of_the_two_that_the_reference_finds),
    };
    int failed;

    vectors = vectors_load("beta_mc.json");
    seeds = vectors_load("beta_mc_seeds.json");
    if (vectors == NULL || seeds == NULL)
        return VECTORS_SKIPPED;
    if (load_magnitudes() != ETAS_OK)
        return VECTORS_SKIPPED;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    etas_npy_free(&magnitudes);
    json_decref(vectors);
    json_decref(seeds);
    return failed;
}
