#include "small_catalog.h"

#include "inversion/maximisation.h"
#include "inversion/objective.h"

enum { N = 600 };

static void check_same(const etas_inversion_state *a, const etas_inversion_state *b)
{
    assert_memory_equal(a->theta.value, b->theta.value, sizeof a->theta.value);
    assert_memory_equal(&a->log_likelihood, &b->log_likelihood, sizeof a->log_likelihood);
    assert_memory_equal(&a->n_hat, &b->n_hat, sizeof a->n_hat);
    assert_int_equal(a->n_iterations, b->n_iterations);
    assert_memory_equal(a->expectation->l_hat, b->expectation->l_hat,
                        a->n_sources * sizeof *a->expectation->l_hat);
    assert_memory_equal(a->expectation->p_background, b->expectation->p_background,
                        a->n_targets * sizeof *a->expectation->p_background);
}

static etas_inversion *opened(const etas_catalog *c, const etas_inversion_config *cfg)
{
    etas_inversion *out = NULL;
    etas_error err = {0};

    check_ok(etas_inversion_open(&out, c, cfg, &err), &err);
    return out;
}

static etas_inversion *solved(const etas_catalog *c, const etas_inversion_config *cfg)
{
    etas_inversion *out = opened(c, cfg);
    etas_error err = {0};

    check_ok(etas_inversion_solve(out, &err), &err);
    return out;
}

/* Of pairs that are kept: all, none, some. */
static const size_t MEMORY[] = {0, 1, 1000000};

static void check_every_way(const etas_catalog *c, etas_inversion_config cfg,
                            const etas_inversion_state *want)
{
    static const char *const kernels[] = {"scalar", "avx2", "avx512"};
    static const size_t threads[] = {1, 2, 5};

    for (size_t k = 0; k < 9; k++) {
        etas_inversion *other = NULL;
        etas_error err = {0};

        cfg.kernels = kernels[k / 3];
        cfg.n_threads = threads[k % 3];
        cfg.memory_bytes = MEMORY[(k + k / 3) % 3];
        if (etas_inversion_open(&other, c, &cfg, &err) != ETAS_OK) {
            assert_int_equal(err.code, ETAS_E_ARG); /* not on this CPU */
            print_message("%s\n", err.text);
            continue;
        }
        assert_int_equal(etas_inversion_solve(other, NULL), ETAS_E_CONVERGE);
        const etas_inversion_state got = etas_inversion_state_get(other);
        check_same(&got, want);
        etas_inversion_close(other);
    }
}

static void threads_instruction_sets_and_memory_change_no_bit(void **state)
{
    (void)state;
    for (int continuous = 0; continuous < 2; continuous++) {
        etas_catalog c = {0};
        etas_inversion_config cfg = small_config();
        etas_inversion *first;
        uint64_t x = 4;

        cfg.coppersmith_multiplier = 5000; /* enough pairs for several shards */
        cfg.kernels = "scalar";
        cfg.max_iterations = 4;
        small_catalog(continuous ? 700 : N + 100, 2024, &c);
        for (size_t i = 0; i < c.n && continuous; i++)
            c.mag[i] += 0.09 * small_uniform(&x);
        first = opened(&c, &cfg);
        assert_int_equal(etas_inversion_solve(first, NULL), ETAS_E_CONVERGE);
        const etas_inversion_state want = etas_inversion_state_get(first);
        assert_true(want.n_pairs > 200000); /* shards of 100,000 at least */
        check_every_way(&c, cfg, &want);
        etas_inversion_close(first);
        etas_catalog_free(&c);
    }
}

/* Plain steps from the solution stay at it, to what the tolerance promises. */
static void the_solution_is_a_fixed_point_of_the_plain_step(void **state)
{
    static const etas_estimator estimators[] = {ETAS_ESTIMATOR_REFERENCE, ETAS_ESTIMATOR_MLE};

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        etas_catalog c = {0};
        etas_inversion_config cfg = small_config();
        etas_inversion *inversion;
        etas_error err = {0};

        small_catalog(N / 2, 5, &c);
        cfg.estimator = estimators[e];
        inversion = solved(&c, &cfg);
        const etas_inversion_state before = etas_inversion_state_get(inversion);
        assert_true(before.distance < cfg.tolerance);
        for (int k = 0; k < 60; k++)
            check_ok(etas_inversion_step(inversion, &err), &err);
        const etas_inversion_state after = etas_inversion_state_get(inversion);
        for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
            if (k != ETAS_LOG10_IOTA)
                check_abs(before.theta.value[k], after.theta.value[k], 1.5e-7);
        etas_inversion_close(inversion);
        etas_catalog_free(&c);
    }
}

static void maximum_likelihood_never_falls_and_ends_flat(void **state)
{
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();
    etas_inversion *inversion;
    etas_error err = {0};
    double before = -INFINITY;

    (void)state;
    small_catalog(N, 31, &c);
    cfg.estimator = ETAS_ESTIMATOR_MLE;
    cfg.tolerance = 1e-9;
    inversion = opened(&c, &cfg);
    for (int k = 0; k < 60; k++) {
        check_ok(etas_inversion_step(inversion, &err), &err);
        const double now = etas_inversion_state_get(inversion).log_likelihood;
        assert_true(now >= before - 1e-10 * fabs(before));
        before = now;
    }
    check_ok(etas_inversion_solve(inversion, &err), &err);
    const etas_inversion_state s = etas_inversion_state_get(inversion);
    for (etas_param k = 0; k < ETAS_N_PARAMS; k++) {
        const double value = s.theta.value[k];
        double at[2];

        if (k == ETAS_LOG10_IOTA)
            continue;
        for (int side = 0; side < 2; side++) {
            etas_params moved = s.theta;

            moved.value[k] += side ? 1e-4 : -1e-4;
            check_ok(etas_inversion_log_likelihood(inversion, &moved, &at[side], &err), &err);
        }
        if (value > etas_param_low(k) + 1e-3 && value < etas_param_high(k) - 1e-3)
            check_abs((at[1] - at[0]) / (2 * s.log_likelihood - at[0] - at[1]), 0, 5e-3);
    }
    etas_inversion_close(inversion);
    etas_catalog_free(&c);
}

/* ---- bounds ---- */

/* The smallest events have all the children, large ones, far from everything, none. */
static void contrary_catalog(etas_catalog *out)
{
    uint64_t x = 11;

    for (size_t i = 0; i < 60; i++) {
        const double day = 205 + 13 * (double)i, lat = 46 + 2 * small_uniform(&x);

        if (i % 3 == 0)
            small_add(out, day, -3.0 * (double)i / 3, 100, 4.0 + 0.1 * (double)(i % 7));
        for (size_t k = 0; k < 5; k++)
            small_add(out, day + 1 + 0.01 * (double)(k * k), lat + 0.002 * (double)k, 8,
                      k == 0 && i % 2 ? 2.4 : 2.0);
    }
}

/* The background comes down to a thousandth of an event. */
static void check_stays_within_bounds(const etas_params *theta)
{
    const double mu_low = log10(1e-3 / (small_config().area_km2 * SMALL_WINDOW_DAYS)) - 1e-12;

    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        if (k != ETAS_LOG10_IOTA)
            assert_true(theta->value[k] >= (k == ETAS_LOG10_MU ? mu_low : etas_param_low(k)) &&
                        theta->value[k] <= etas_param_high(k));
}

/* The conditions of a bounded minimum, on the joint objective. */
static void check_optimal(etas_em *em, const etas_params *theta)
{
    static const etas_param which[ETAS_JOINT_N] = {ETAS_LOG10_K0, ETAS_A,         ETAS_LOG10_C,
                                                   ETAS_OMEGA,    ETAS_LOG10_TAU, ETAS_LOG10_D,
                                                   ETAS_GAMMA,    ETAS_RHO};
    const double unit[ETAS_JOINT_N] = {M_LN10, 1, M_LN10, 1, M_LN10, M_LN10, 1, 1};
    double x[ETAS_JOINT_N];
    etas_newton_point at;

    for (size_t i = 0; i < ETAS_JOINT_N; i++)
        x[i] = theta->value[which[i]] * unit[i];
    etas_objective_joint(em, x, &at);
    for (size_t i = 0; i < ETAS_JOINT_N; i++) {
        const double value = theta->value[which[i]];

        if (value <= etas_param_low(which[i]))
            assert_true(at.gradient[i] >= 0);
        else if (value >= etas_param_high(which[i]))
            assert_true(at.gradient[i] <= 0);
        else
            check_abs(at.gradient[i], 0, 1e-8 * (1 + fabs(at.hessian[i][i])));
    }
}

static void a_bound_of_a_couples_the_blocks_and_is_kept(void **state)
{
    static const etas_estimator estimators[] = {ETAS_ESTIMATOR_REFERENCE, ETAS_ESTIMATOR_MLE};

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        etas_catalog c = {0};
        etas_inversion_config cfg = small_config();
        etas_params theta = cfg.theta_0;
        etas_constraints box;
        etas_em em = {0};
        etas_error err = {0};

        contrary_catalog(&c);
        cfg.estimator = estimators[e];
        check_ok(etas_em_init(&em, &c, &cfg, &err), &err);
        check_ok(etas_constraints_init(&box, &cfg, 2.0, &err), &err);
        for (int k = 0; k < 40; k++) {
            check_ok(etas_em_expect(&em, &theta, &err), &err);
            check_ok(etas_em_maximise(&em, &box, &theta, &err), &err);
            check_stays_within_bounds(&theta);
            check_optimal(&em, &theta);
        }
        check_abs(theta.value[ETAS_A], etas_param_low(ETAS_A), 0);
        etas_em_free(&em);
        etas_catalog_free(&c);
    }
}

static void any_start_gives_an_optimal_first_step(void **state)
{
    uint64_t x = 4242;
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();
    etas_constraints box;
    etas_em em = {0};
    etas_error err = {0};

    (void)state;
    small_catalog(200, 8, &c);
    check_ok(etas_em_init(&em, &c, &cfg, &err), &err);
    check_ok(etas_constraints_init(&box, &cfg, 2.0, &err), &err);
    for (int k = 0; k < 200; k++) {
        etas_params theta = {.value = {[ETAS_LOG10_IOTA] = NAN}};

        for (etas_param p = 0; p < ETAS_N_PARAMS; p++) {
            const double low = etas_param_low(p), high = etas_param_high(p);
            const double u = k % 4 == 0 ? floor(2 * small_uniform(&x)) : small_uniform(&x);

            if (p != ETAS_LOG10_IOTA)
                theta.value[p] = low + (high - low) * u;
        }
        theta.value[ETAS_LOG10_MU] = -6;
        theta.value[ETAS_LOG10_K0] = -3;
        em.estimator = k % 2 ? ETAS_ESTIMATOR_MLE : ETAS_ESTIMATOR_REFERENCE;
        if (etas_em_expect(&em, &theta, NULL) != ETAS_OK || em.expectation.sum_l_hat < 1e-6 ||
            em.expectation.n_hat < 1e-6)
            continue; /* hopeless */
        check_ok(etas_em_maximise(&em, &box, &theta, &err), &err);
        check_stays_within_bounds(&theta);
        check_optimal(&em, &theta);
    }
    etas_em_free(&em);
    etas_catalog_free(&c);
}

/* ---- what cannot be inverted says why ---- */

static void check_refused(const etas_catalog *c, const etas_inversion_config *cfg, etas_status want,
                          const char *says)
{
    etas_inversion *out = NULL;
    etas_error err = {0};

    assert_int_equal(etas_inversion_open(&out, c, cfg, &err), want);
    assert_null(out);
    if (strstr(err.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void catalogues_that_cannot_be_inverted_are_refused(void **state)
{
    const etas_inversion_config cfg = small_config();
    etas_catalog c = {0}, same_time = {0}, early = {0}, late = {0}, one_size = {0};

    (void)state;
    check_refused(&c, &cfg, ETAS_E_ARG, "no event to invert");
    small_add(&c, 300, 47, 8, 3);
    check_refused(&c, &cfg, ETAS_E_ARG, "triggering cannot be estimated");
    small_add(&c, 301, -47, 100, 3);
    check_refused(&c, &cfg, ETAS_E_ARG, "triggering cannot be estimated");
    for (size_t i = 0; i < 20; i++)
        small_add(&same_time, 300, 47 + 0.001 * (double)i, 8, 2 + 0.1 * (double)i);
    check_refused(&same_time, &cfg, ETAS_E_ARG, "triggering cannot be estimated");
    small_add(&early, 3, 47, 8, 3);
    small_add(&early, 4, 47, 8, 3);
    check_refused(&early, &cfg, ETAS_E_ARG, "no event is inside the time window");
    small_add(&late, 300, 47, 8, 3);
    small_add(&late, 301, 47, 8, 3);
    small_add(&late, SMALL_AUXILIARY_DAYS + SMALL_WINDOW_DAYS, 47, 8, 3);
    check_refused(&late, &cfg, ETAS_E_ARG, "after the time window's end");
    small_add(&one_size, 300, 47, 8, 2);
    small_add(&one_size, 301, 47, 8, 2);
    check_refused(&one_size, &cfg, ETAS_E_RANGE, "give no beta");
    etas_catalog_free(&c);
    etas_catalog_free(&same_time);
    etas_catalog_free(&early);
    etas_catalog_free(&late);
    etas_catalog_free(&one_size);
}

static void settings_outside_their_domain_are_refused(void **state)
{
    etas_inversion_config cfg;
    etas_catalog c = {0};

    (void)state;
    small_catalog(50, 3, &c);
    cfg = small_config();
    cfg.area_km2 = 0;
    check_refused(&c, &cfg, ETAS_E_ARG, "area");
    cfg = small_config();
    cfg.window_end = cfg.window_start;
    check_refused(&c, &cfg, ETAS_E_ARG, "window is empty");
    cfg = small_config();
    cfg.m_ref = NAN;
    check_refused(&c, &cfg, ETAS_E_ARG, "m_ref");
    cfg = small_config();
    cfg.kernels = "sse9";
    check_refused(&c, &cfg, ETAS_E_ARG, "sse9");
    cfg = small_config();
    cfg.theta_0.value[ETAS_RHO] = -1;
    check_refused(&c, &cfg, ETAS_E_RANGE, "-1");
    cfg = small_config();
    cfg.theta_0.value[ETAS_LOG10_IOTA] = -7;
    check_refused(&c, &cfg, ETAS_E_ARG, "no induced term");
    cfg = small_config();
    cfg.beta_method = ETAS_BETA_FIXED;
    cfg.beta = -2;
    check_refused(&c, &cfg, ETAS_E_ARG, "beta");
    etas_catalog_free(&c);
}

static void too_few_iterations_say_how_far_it_got(void **state)
{
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();
    etas_inversion *inversion;
    etas_error err = {0};

    (void)state;
    small_catalog(N, 5, &c);
    cfg.max_iterations = 3;
    inversion = opened(&c, &cfg);
    assert_int_equal(etas_inversion_solve(inversion, &err), ETAS_E_CONVERGE);
    assert_non_null(strstr(err.text, "3 iterations"));
    etas_inversion_close(inversion);
    etas_inversion_close(NULL);
    etas_catalog_free(&c);
}

/* Few events, one place, one size: whatever comes out is finite or an error. */
static void poor_catalogues_give_no_nan(void **state)
{
    (void)state;
    for (int kind = 0; kind < 24; kind++) {
        const size_t n = 2 + (size_t)(kind / 4);
        etas_catalog c = {0};
        etas_inversion_config cfg = small_config();
        etas_inversion *inversion = NULL;
        etas_error err = {0};

        cfg.beta_method = ETAS_BETA_FIXED;
        cfg.beta = 2;
        cfg.estimator = kind % 2 ? ETAS_ESTIMATOR_MLE : ETAS_ESTIMATOR_REFERENCE;
        for (size_t i = 0; i < n; i++)
            small_add(&c, 100 + 110 * (double)i, 47 + (kind & 2 ? 0.01 * (double)i : 0), 8,
                      2 + (kind & 2 ? 0.1 * (double)(i % 3) : 0));
        cfg.max_iterations = 500;
        cfg.coppersmith_multiplier = 1e5;
        check_ok(etas_inversion_open(&inversion, &c, &cfg, &err), &err);
        if (etas_inversion_solve(inversion, &err) == ETAS_OK) {
            const etas_inversion_state s = etas_inversion_state_get(inversion);

            check_stays_within_bounds(&s.theta);
            assert_true(isfinite(s.log_likelihood) && isfinite(s.n_hat));
        } else {
            assert_true(err.text[0] != '\0');
        }
        etas_inversion_close(inversion);
        etas_catalog_free(&c);
    }
}

static volatile sig_atomic_t flag;

static etas_status interrupt(void *context, const etas_pair_row *row, etas_error *err)
{
    (void)context;
    (void)row;
    (void)err;
    flag = 1;
    return ETAS_OK;
}

/* Between pairs that are found and between those that are kept, on one thread and on more. */
static void an_interruption_ends_it_wherever_it_is(void **state)
{
    (void)state;
    for (size_t way = 0; way < 4; way++) {
        etas_catalog c = {0};
        etas_inversion_config cfg = small_config();
        etas_inversion *inversion = NULL;
        etas_error err = {0};

        small_catalog(N, 11, &c);
        cfg.interrupted = &flag;
        flag = 1;
        cfg.n_threads = 1 + way / 2;
        cfg.memory_bytes = way % 2;
        assert_int_equal(etas_inversion_open(&inversion, &c, &cfg, &err), ETAS_E_INTERRUPTED);
        assert_int_equal(err.code, ETAS_E_INTERRUPTED);
        assert_null(inversion);
        flag = 0;
        inversion = opened(&c, &cfg);
        check_ok(etas_inversion_step(inversion, NULL), NULL);
        assert_int_equal(etas_inversion_visit_pairs(inversion, interrupt, NULL, NULL),
                         ETAS_E_INTERRUPTED);
        assert_int_equal(etas_inversion_solve(inversion, NULL), ETAS_E_INTERRUPTED);
        flag = 0; /* and nothing is spoilt */
        etas_inversion *const other = solved(&c, &cfg);
        check_ok(etas_inversion_step(inversion, NULL), NULL);
        check_ok(etas_inversion_solve(inversion, NULL), NULL);
        const etas_inversion_state a = etas_inversion_state_get(inversion);
        const etas_inversion_state b = etas_inversion_state_get(other);
        for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
            if (k != ETAS_LOG10_IOTA)
                check_abs(a.theta.value[k], b.theta.value[k], 1e-6);
        etas_inversion_close(inversion);
        etas_inversion_close(other);
        etas_catalog_free(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_instruction_sets_and_memory_change_no_bit),
        cmocka_unit_test(an_interruption_ends_it_wherever_it_is),
        cmocka_unit_test(the_solution_is_a_fixed_point_of_the_plain_step),
        cmocka_unit_test(maximum_likelihood_never_falls_and_ends_flat),
        cmocka_unit_test(a_bound_of_a_couples_the_blocks_and_is_kept),
        cmocka_unit_test(any_start_gives_an_optimal_first_step),
        cmocka_unit_test(catalogues_that_cannot_be_inverted_are_refused),
        cmocka_unit_test(settings_outside_their_domain_are_refused),
        cmocka_unit_test(too_few_iterations_say_how_far_it_got),
        cmocka_unit_test(poor_catalogues_give_no_nan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
