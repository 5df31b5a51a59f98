#include "reference_case.h"

#include <unistd.h>

enum { D, F, GP, J, N_CASES };
static reference_case cases[N_CASES];
static json_t *fixed_points;
static const char *const NAMES[N_CASES] = {"d", "f", "gp", "j"};

static int load_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++)
        reference_case_load(&cases[i], NAMES[i]);
    fixed_points = load_json("fixed_points.json");
    return 0;
}

static int free_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++)
        reference_case_free(&cases[i]);
    json_decref(fixed_points);
    return 0;
}

static void counts_area_and_beta_are_the_reference_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const reference_case *c = &cases[i];
        etas_inversion *inversion = opened(c, &c->cfg);
        const etas_inversion_state s = etas_inversion_state_get(inversion);

        assert_int_equal(s.n_sources, (size_t)number(c->inversion, "n_source_events"));
        assert_int_equal(s.n_targets, (size_t)number(c->inversion, "n_target_events"));
        assert_int_equal(s.n_pairs, (size_t)number(c->inversion, "n_pairs"));
        check_rel(s.beta, number(c->inversion, "beta"), 1e-14);
        assert_true((s.zeta != NULL) == (i == F));
        assert_true((s.xi != NULL) == (i == F));
        assert_true((s.kappa != NULL) == (i == GP));
        etas_inversion_close(inversion);
    }
}

static void check_first_target(const reference_case *c, const etas_inversion_state *s, json_t *t)
{
    const size_t row = row_of(c, t, "target_id");
    size_t j = 0;

    while (s->target[j] != row)
        j++;
    check_rel(s->expectation->p_background[j], number(t, "P_background"), 5e-11);
    check_rel(s->expectation->p_triggered[j], number(t, "P_triggered"), 5e-11);
    check_rel(s->zeta != NULL ? s->zeta[j] : 1, number(t, "zeta_plus_1"), 1e-12);
    if (s->expectation->mu != NULL)
        check_rel(s->expectation->mu[j], number(t, "mu"), 5e-11);
}

static void the_first_expectation_is_the_reference_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const reference_case *c = &cases[i];
        json_t *first = member(c->inversion, "first_expectation_step");
        json_t *targets = member(first, "targets_first50_in_time_order");
        json_t *sources = member(first, "sources_first50_in_time_order_l_hat");
        json_t *pairs = member(first, "pairs_first50_sorted_by_source_target_id");
        etas_inversion *inversion = opened(c, &c->cfg);
        etas_error err = {0};

        check_ok(etas_inversion_expect(inversion, &c->cfg.theta_0, &err), &err);
        const etas_inversion_state s = etas_inversion_state_get(inversion);
        /* The reference drops a target without a source in case gp. */
        check_rel(s.n_hat - (i == GP), number(first, "n_hat"), 2e-12);
        check_abs(s.i_hat, number(first, "i_hat"), 2e-12 * (1e-20 + number(first, "i_hat")));
        check_rel(s.expectation->sum_l_hat, number(first, "l_hat_sum"), 2e-12);
        assert_true(isnan(s.log_likelihood) == (i == F || i == GP));
        for (size_t k = 0; k < 50; k++) {
            json_t *l = json_array_get(sources, k), *pair = json_array_get(pairs, k);

            check_first_target(c, &s, json_array_get(targets, k));
            check_rel(s.expectation->l_hat[row_of(c, l, "source_id")], number(l, "l_hat"), 5e-11);
            check_rel(s.xi != NULL ? s.xi[row_of(c, pair, "source_id")] : 1,
                      number(pair, "xi_plus_1"), 1e-12);
        }
        etas_inversion_close(inversion);
    }
}

/* The reference's M-steps are good to 1e-5 or so; errors of its early ones die away. */
static void every_iteration_is_near_the_reference_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const reference_case *c = &cases[i];
        json_t *iterations = member(c->inversion, "iterations");
        etas_inversion *inversion = opened(c, &c->cfg);

        for (size_t k = 0; k < json_array_size(iterations); k++) {
            json_t *want = json_array_get(iterations, k);
            etas_inversion_state s;
            etas_error err = {0};

            check_ok(etas_inversion_step(inversion, &err), &err);
            s = etas_inversion_state_get(inversion);
            if (i == GP) /* its dropped target is one of 998 */
                s.theta.value[ETAS_LOG10_MU] += log10((s.n_hat - 1) / s.n_hat);
            check_params(&s.theta, member(want, "theta"), 1e-4);
            check_abs(s.n_hat - (i == GP), number(want, "n_hat"), 2e-2);
        }
        etas_inversion_close(inversion);
    }
}

static void every_constrained_iteration_is_that_of_the_exact_reference(void **state)
{
    const reference_case *c = &cases[D];
    json_t *iterations = member(c->exact, "iterations");
    etas_inversion *inversion = opened(c, &c->cfg);
    uint32_t done = 0;

    (void)state;
    for (size_t k = 0; k < json_array_size(iterations); k++) {
        json_t *want = json_array_get(iterations, k);
        etas_inversion_state s;
        etas_error err = {0};

        for (; done <= (uint32_t)number(want, "iteration"); done++)
            check_ok(etas_inversion_step(inversion, &err), &err);
        s = etas_inversion_state_get(inversion);
        check_params(&s.theta, member(want, "theta"), 2e-9);
        check_rel(etas_params_alpha(&s.theta), s.beta, 1e-14);
    }
    etas_inversion_close(inversion);
}

static void check_plain_step_stays(etas_inversion *inversion)
{
    const etas_params before = etas_inversion_state_get(inversion).theta;
    etas_error err = {0};

    check_ok(etas_inversion_step(inversion, &err), &err);
    const etas_params after = etas_inversion_state_get(inversion).theta;
    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        if (!isnan(before.value[k]))
            check_abs(after.value[k], before.value[k], 1e-7);
}

static void every_option_ends_at_its_fixed_point(void **state)
{
    static const double tolerance[N_CASES] = {1e-8, 1e-8, 1e-7, 1e-7};

    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const reference_case *c = &cases[i];
        json_t *point = i == D ? c->exact : member(fixed_points, NAMES[i]);
        etas_inversion_config cfg = c->cfg;
        etas_inversion *inversion;
        etas_inversion_state s;
        etas_error err = {0};

        cfg.tolerance = i == D || i == F ? 1e-9 : 1e-8;
        inversion = opened(c, &cfg);
        check_ok(etas_inversion_solve(inversion, &err), &err);
        s = etas_inversion_state_get(inversion);
        print_message("case %s: %u iterations, distance %.2g\n", NAMES[i], s.n_iterations,
                      s.distance);
        check_params(&s.theta, member(point, i == D ? "fixed_point_theta" : "theta"), tolerance[i]);
        check_rel(s.n_hat, number(point, i == D ? "fixed_point_n_hat" : "n_hat"), 1e-7);
        if (i == J)
            check_rel(s.i_hat, number(point, "i_hat"), 1e-7);
        if (i == GP)
            check_rel(s.branching_ratio, number(point, "branching_ratio"), 1e-7);
        check_plain_step_stays(inversion);
        etas_inversion_close(inversion);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_area_and_beta_are_the_reference_s),
        cmocka_unit_test(the_first_expectation_is_the_reference_s),
        cmocka_unit_test(every_iteration_is_near_the_reference_s),
        cmocka_unit_test(every_constrained_iteration_is_that_of_the_exact_reference),
        cmocka_unit_test(every_option_ends_at_its_fixed_point),
    };
    char path[512];

    if (getenv("ETAS_SHARED") == NULL ||
        access(shared_path("vectors", "exact_em_a.json", path), R_OK) != 0) {
        print_message("skipped: no reference numbers in ETAS_SHARED\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, load_cases, free_cases);
}
