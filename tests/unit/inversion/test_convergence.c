/* Where the iteration ends, under every option: at a fixed point, the same from everywhere, with
 * the same bits for any number of threads and any instruction set. */
#include "random_options.h"

#include "etas/uncertainty.h"

enum { N = 250 };

static etas_inversion_config config_of(size_t which, etas_estimator estimator)
{
    etas_inversion_config cfg = small_config();

    cfg.estimator = estimator;
    CASES[which].set(&cfg);
    return cfg;
}

static etas_inversion *solved(const etas_catalog *c, const etas_inversion_config *cfg,
                              const char *name)
{
    etas_inversion *out = NULL;
    etas_error err = {0};

    check_ok(etas_inversion_open(&out, c, cfg, &err), &err);
    if (etas_inversion_solve(out, &err) != ETAS_OK)
        fail_msg("%s: %s", name, err.text);
    return out;
}

static void one_more_plain_step_moves_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2 * N_CASES; k++) {
        const char *name = CASES[k / 2].name;
        const etas_inversion_config cfg =
            config_of(k / 2, k % 2 ? ETAS_ESTIMATOR_MLE : ETAS_ESTIMATOR_REFERENCE);
        etas_catalog c = {0};
        etas_inversion *inversion;
        etas_error err = {0};

        option_catalog(N, k % 3 == 0, &c);
        inversion = solved(&c, &cfg, name);
        const etas_inversion_state end = etas_inversion_state_get(inversion);
        check_ok(etas_inversion_step(inversion, &err), &err);
        const etas_inversion_state after = etas_inversion_state_get(inversion);
        if (!(largest_change(&end.theta, &after.theta) <= 1e-7))
            fail_msg("%s: a plain step from the end moves a parameter by %.3g", name,
                     largest_change(&end.theta, &after.theta));
        if (!cfg.free_productivity)
            check_ok(etas_params_check(&end.theta, &err), &err);
        etas_inversion_close(inversion);
        etas_catalog_free(&c);
    }
}

/* The ln L of every single evaluation, plain and accelerated: where an extrapolation lost some, the
 * next evaluation is the plain step from the point before. */
static void likelihood_never_falls(void **state)
{
    static const size_t which[] = {0, 4, 9, 11};
    etas_catalog c = {0};

    (void)state;
    option_catalog(N, false, &c);
    for (size_t k = 0; k < 2 * sizeof which / sizeof *which; k++) {
        etas_inversion_config cfg = config_of(which[k / 2], ETAS_ESTIMATOR_MLE);
        double best = -INFINITY;
        bool lost = false;
        etas_status st = ETAS_E_CONVERGE;

        cfg.plain_em = k % 2 == 1;
        for (cfg.max_iterations = 1;
             st == ETAS_E_CONVERGE && cfg.max_iterations < (cfg.plain_em ? 25 : 100);
             cfg.max_iterations++) {
            etas_inversion *inversion = NULL;
            double now;

            check_ok(etas_inversion_open(&inversion, &c, &cfg, NULL), NULL);
            st = etas_inversion_solve(inversion, NULL);
            now = etas_inversion_state_get(inversion).log_likelihood;
            if (!(now >= best - 1e-9 * fabs(best))) {
                if (cfg.plain_em || lost || st == ETAS_OK)
                    fail_msg("%s: ln L falls from %.12g to %.12g at evaluation %u",
                             CASES[which[k / 2]].name, best, now, cfg.max_iterations);
                lost = true;
            } else {
                lost = false;
            }
            best = fmax(best, now);
            etas_inversion_close(inversion);
        }
        assert_true(cfg.plain_em || st == ETAS_OK);
    }
    etas_catalog_free(&c);
}

/* Parameters that are free and inside their bounds: slope over curvature, by fourth-order
 * differences. */
static void the_gradient_of_the_likelihood_vanishes(void **state)
{
    static const size_t which[] = {0, 1, 2, 8, 9, 11};
    static const double factor[4] = {1.0 / 12, -8.0 / 12, 8.0 / 12, -1.0 / 12};
    static const double second[4] = {-1.0 / 12, 16.0 / 12, 16.0 / 12, -1.0 / 12};
    etas_catalog c = {0};

    (void)state;
    option_catalog(N, false, &c);
    for (size_t k = 0; k < sizeof which / sizeof *which; k++) {
        etas_inversion_config cfg = config_of(which[k], ETAS_ESTIMATOR_MLE);
        etas_inversion *inversion;

        cfg.tolerance = 1e-9;
        inversion = solved(&c, &cfg, CASES[which[k]].name);
        const etas_inversion_state s = etas_inversion_state_get(inversion);
        for (etas_param p = 0; p < ETAS_N_PARAMS; p++) {
            const double h = 2e-3, x = s.theta.value[p];
            double slope = 0, curvature = -30.0 / 12 * s.log_likelihood;

            if (!(x > etas_param_low(p) + 0.01 && x < etas_param_high(p) - 0.01) ||
                !isnan(cfg.fixed.value.value[p]))
                continue;
            for (int m = 0; m < 4; m++) {
                etas_params at = s.theta;
                double ln_l;

                at.value[p] += h * (m < 2 ? m - 2 : m - 1);
                check_ok(etas_inversion_log_likelihood(inversion, &at, &ln_l, NULL), NULL);
                slope += factor[m] * ln_l / h;
                curvature += second[m] * ln_l;
            }
            curvature /= h * h;
            if (!(fabs(slope / curvature) <= 1e-7))
                fail_msg("%s: %s: slope %.3g, curvature %.3g", CASES[which[k]].name,
                         etas_param_name(p), slope, curvature);
        }
        etas_inversion_close(inversion);
    }
    etas_catalog_free(&c);
}

static void threads_and_instruction_sets_change_no_bit(void **state)
{
    static const char *const kernels[] = {"scalar", "avx2", "avx512"};

    (void)state;
    for (size_t k = 0; k < N_CASES; k++) {
        etas_inversion_config cfg = config_of(k, ETAS_ESTIMATOR_REFERENCE);
        etas_params want = {.three_dim = false};
        etas_catalog c = {0};

        option_catalog(N, k % 2 == 0, &c);
        cfg.max_iterations = 3;
        for (size_t run = 0; run < 6; run++) {
            etas_inversion *inversion = NULL;
            etas_error err = {0};

            cfg.kernels = kernels[run / 2];
            cfg.n_threads = run % 2 ? 4 : 1;
            if (etas_inversion_open(&inversion, &c, &cfg, &err) != ETAS_OK) {
                assert_int_equal(err.code, ETAS_E_ARG); /* not on this CPU */
                continue;
            }
            assert_int_equal(etas_inversion_solve(inversion, NULL), ETAS_E_CONVERGE);
            const etas_params got = etas_inversion_state_get(inversion).theta;
            if (run == 0)
                want = got;
            assert_memory_equal(got.value, want.value, sizeof got.value);
            etas_inversion_close(inversion);
        }
        etas_catalog_free(&c);
    }
}

/* Not so for free modes, which have many fixed points. */
static void the_start_does_not_matter(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_CASES; k++) {
        etas_inversion_config cfg = config_of(k, ETAS_ESTIMATOR_REFERENCE);
        etas_inversion *first;
        etas_catalog c = {0};

        if (cfg.free_productivity || cfg.free_background)
            continue;
        option_catalog(N, k % 2 == 0, &c);
        cfg.tolerance = 1e-8;
        first = solved(&c, &cfg, CASES[k].name);
        const etas_params want = etas_inversion_state_get(first).theta;
        for (int start = 0; start < 3; start++) {
            etas_inversion *other;

            cfg.theta_0 = (etas_params){
                .value = {-6.5 + start, NAN, -2.0 - 0.4 * start, 1.2 + 0.5 * start, -3.0 + start,
                          0.1 * start, 2.0 + start, 0.5 - start, 0.3 * start, 0.7 + 0.5 * start}};
            other = solved(&c, &cfg, CASES[k].name);
            const etas_params got = etas_inversion_state_get(other).theta;
            if (!(largest_change(&want, &got) <= 1e-6))
                fail_msg("%s: start %d ends %.3g away", CASES[k].name, start,
                         largest_change(&want, &got));
            etas_inversion_close(other);
        }
        etas_inversion_close(first);
        etas_catalog_free(&c);
    }
}

/* Solves number @p number of the series; the end must be a fixed point: known to be one, and no
 * further away than it says. */
static etas_status solve_drawn(uint64_t number, bool *refused)
{
    random_case one;
    etas_inversion *inversion = NULL;
    etas_error err = {0};
    etas_status st;

    random_case_draw(number, &one);
    st = etas_inversion_open(&inversion, &one.catalog, &one.cfg, &err);
    *refused = st != ETAS_OK;
    if (st == ETAS_OK)
        st = etas_inversion_solve(inversion, &err);
    if (st == ETAS_OK) {
        const etas_inversion_state end = etas_inversion_state_get(inversion);
        double moved;

        check_ok(etas_inversion_step(inversion, &err), &err);
        const etas_inversion_state after = etas_inversion_state_get(inversion);
        moved = largest_change(&end.theta, &after.theta);
        if (!(moved <= 1e-7 && moved <= end.distance && end.distance <= 1e-7))
            fail_msg("draw %u: a plain step from the end moves a parameter by %.3g, which is said "
                     "to be %.3g away",
                     (unsigned)number, moved, end.distance);
        assert_true(moved == end.last_step);
    } else {
        assert_true(err.text[0] != '\0');
    }
    etas_inversion_close(inversion);
    random_case_free(&one);
    return st;
}

static void anything_from_anywhere_ends_at_a_fixed_point_or_says_why(void **state)
{
    enum { RUNS = 60 };
    unsigned solved_runs = 0, refused_runs = 0;

    (void)state;
    for (uint64_t run = 0; run < RUNS; run++) {
        bool refused;

        solved_runs += solve_drawn(run, &refused) == ETAS_OK;
        refused_runs += refused;
    }
    print_message("%u solved, %u contradictory, of %d\n", solved_runs, refused_runs, RUNS);
    assert_true(solved_runs + refused_runs >= RUNS - 4);
}

/* Parameters that meet their bounds make long steps on the way: next to these the ones that follow
 * look as if they contracted by far more than the others do. */
static void bounds_that_are_met_on_the_way_hide_no_distance(void **state)
{
    static const uint64_t which[] = {206, 979, 1281};

    (void)state;
    for (size_t k = 0; k < sizeof which / sizeof *which; k++) {
        bool refused;

        assert_int_equal(solve_drawn(which[k], &refused), ETAS_OK);
    }
}

/* Hardly anything moves, slowly, in the direction in which most is left. */
static void slow_directions_count_in_the_distance(void **state)
{
    random_case one;
    etas_inversion *inversion = NULL;
    double distance = INFINITY;

    (void)state;
    random_case_draw(984, &one);
    check_ok(etas_inversion_open(&inversion, &one.catalog, &one.cfg, NULL), NULL);
    check_ok(etas_inversion_solve(inversion, NULL), NULL);
    const etas_params end = etas_inversion_state_get(inversion).theta;
    check_ok(closer_end(&one, &end, &distance), NULL);
    check_abs(distance, 0, 1e-7);
    etas_inversion_close(inversion);
    random_case_free(&one);
}

static bool says(const etas_diagnostics *d, const char *words)
{
    for (size_t i = 0; i < d->n_warnings; i++)
        if (strstr(d->warning[i], words) != NULL)
            return true;
    return false;
}

static etas_params diagnosed(const etas_catalog *c, const etas_inversion_config *cfg,
                             etas_diagnostics *out)
{
    etas_inversion *inversion = solved(c, cfg, "arbitrary");
    const etas_params theta = etas_inversion_state_get(inversion).theta;
    etas_uncertainty u;

    check_ok(etas_inversion_uncertainty(inversion, NAN, &u, NULL), NULL);
    etas_inversion_diagnose(inversion, NAN, &u, out);
    etas_inversion_close(inversion);
    return theta;
}

/* One magnitude and one value of the column: three parameters end where they start. */
static void what_depends_on_the_start_is_said_to(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        const bool alike = k < 2;
        etas_inversion_config cfg =
            config_of(0, k % 2 ? ETAS_ESTIMATOR_MLE : ETAS_ESTIMATOR_REFERENCE);
        etas_diagnostics d;
        etas_catalog c = {0};
        etas_params first, second;

        option_catalog(N, false, &c);
        for (size_t i = 0; alike && i < c.n; i++) {
            c.mag[i] = 2.4;
            c.covariate[i] = 3;
        }
        cfg.induced = true;
        cfg.beta_method = ETAS_BETA_FIXED;
        cfg.beta = 2.3;
        first = diagnosed(&c, &cfg, &d);
        cfg.theta_0.value[ETAS_A] = 1.0;
        cfg.theta_0.value[ETAS_GAMMA] = 0.3;
        cfg.theta_0.value[ETAS_LOG10_IOTA] = -6.6;
        second = diagnosed(&c, &cfg, &d);
        assert_true(says(&d, "a is arbitrary") == alike);
        assert_true(says(&d, "gamma is arbitrary") == alike);
        assert_true(says(&d, "log10_iota are arbitrary") == alike);
        for (etas_param p = 0; p < ETAS_N_PARAMS; p++) {
            const bool stays =
                alike && (p == ETAS_A || p == ETAS_GAMMA || p == ETAS_LOG10_MU ||
                          p == ETAS_LOG10_IOTA || p == ETAS_LOG10_K0 || p == ETAS_LOG10_D);

            if (stays != (fabs(first.value[p] - second.value[p]) > 1e-6))
                fail_msg("%s: %.10g and %.10g", etas_param_name(p), first.value[p],
                         second.value[p]);
        }
        etas_catalog_free(&c);
    }
}

/* In a large region log10_mu ends below the -10 that bounds it elsewhere. */
static void an_end_below_the_rate_s_bound_is_a_start(void **state)
{
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();
    etas_inversion *first, *again;

    (void)state;
    small_catalog(300, 19, &c);
    cfg.area_km2 = 1e12;
    first = solved(&c, &cfg, "large");
    cfg.theta_0 = etas_inversion_state_get(first).theta;
    assert_true(cfg.theta_0.value[ETAS_LOG10_MU] < -11 || cfg.theta_0.value[ETAS_LOG10_IOTA] < -11);
    again = solved(&c, &cfg, "large");
    const etas_inversion_state end = etas_inversion_state_get(again);
    assert_true(end.n_iterations < 20);
    assert_true(largest_change(&end.theta, &cfg.theta_0) <= 1e-6);
    cfg.fixed.value.value[ETAS_LOG10_MU] = -12.5;
    etas_inversion_close(again);
    again = solved(&c, &cfg, "large");
    check_abs(etas_inversion_state_get(again).theta.value[ETAS_LOG10_MU], -12.5, 0);
    etas_inversion_close(first);
    etas_inversion_close(again);
    etas_catalog_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_end_below_the_rate_s_bound_is_a_start),
        cmocka_unit_test(one_more_plain_step_moves_nothing),
        cmocka_unit_test(likelihood_never_falls),
        cmocka_unit_test(the_gradient_of_the_likelihood_vanishes),
        cmocka_unit_test(threads_and_instruction_sets_change_no_bit),
        cmocka_unit_test(the_start_does_not_matter),
        cmocka_unit_test(anything_from_anywhere_ends_at_a_fixed_point_or_says_why),
        cmocka_unit_test(bounds_that_are_met_on_the_way_hide_no_distance),
        cmocka_unit_test(slow_directions_count_in_the_distance),
        cmocka_unit_test(what_depends_on_the_start_is_said_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
