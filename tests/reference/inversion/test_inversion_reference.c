#include "reference_case.h"

#include <unistd.h>

#include "inversion/em.h"
#include "inversion/objective.h"

enum { N_CASES = 2 };
static reference_case cases[N_CASES];
static const char *const NAMES[N_CASES] = {"a", "b"};

static int load_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++)
        reference_case_load(&cases[i], NAMES[i]);
    return 0;
}

static int free_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++)
        reference_case_free(&cases[i]);
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
        check_rel(c->cfg.area_km2, number(c->inversion, "area"), 1e-12);
        check_rel(s.beta, number(c->inversion, "beta"), 1e-14);
        etas_inversion_close(inversion);
    }
}

/* Case e is case b with b-positive: beta alone differs. */
static void beta_positive_and_a_given_beta_change_beta_alone(void **state)
{
    json_t *want = load_vectors("inversion", "e");
    const reference_case *c = &cases[1];
    etas_inversion_config cfg = c->cfg;
    etas_inversion *inversion;

    (void)state;
    cfg.beta_method = ETAS_BETA_POSITIVE;
    inversion = opened(c, &cfg);
    check_rel(etas_inversion_state_get(inversion).beta, number(want, "beta"), 1e-14);
    etas_inversion_close(inversion);
    cfg.beta_method = ETAS_BETA_FIXED;
    cfg.beta = 2.25;
    inversion = opened(c, &cfg);
    check_abs(etas_inversion_state_get(inversion).beta, 2.25, 0);
    etas_inversion_close(inversion);
    json_decref(want);
}

/* The pairs one after the other, with their row's rate. */
typedef struct seen_pairs {
    size_t n, capacity;
    size_t *target; /* number */
    uint32_t *source;
    double *time_days, *r2_km2, *p, *rate;
} seen_pairs;

static etas_status see_row(void *context, const etas_pair_row *row, etas_error *err)
{
    seen_pairs *self = context;

    (void)err;
    for (size_t k = 0; k < row->n; k++) {
        assert_true(self->n < self->capacity);
        self->target[self->n] = row->number;
        self->source[self->n] = row->source[k];
        self->time_days[self->n] = row->time_days[k];
        self->r2_km2[self->n] = row->r2_km2[k];
        self->p[self->n] = row->p[k];
        self->rate[self->n++] = row->rate;
    }
    return ETAS_OK;
}

static void see_pairs(etas_inversion *inversion, seen_pairs *out)
{
    const size_t n = etas_inversion_state_get(inversion).n_pairs;
    etas_error err = {0};

    *out = (seen_pairs){.capacity = n};
    out->target = malloc(n * sizeof *out->target);
    out->source = malloc(n * sizeof *out->source);
    out->time_days = malloc(n * sizeof *out->time_days);
    out->r2_km2 = malloc(n * sizeof *out->r2_km2);
    out->p = malloc(n * sizeof *out->p);
    out->rate = malloc(n * sizeof *out->rate);
    assert_true(out->target && out->source && out->time_days && out->r2_km2 && out->p && out->rate);
    check_ok(etas_inversion_visit_pairs(inversion, see_row, out, &err), &err);
    assert_int_equal(out->n, n);
}

static void forget_pairs(seen_pairs *self)
{
    free(self->target);
    free(self->source);
    free(self->time_days);
    free(self->r2_km2);
    free(self->p);
    free(self->rate);
}

static void check_pair(const reference_case *c, const etas_inversion_state *s,
                       const seen_pairs *pairs, json_t *record)
{
    const size_t i = row_of(c, record, "source_id"), j = row_of(c, record, "target_id");
    size_t k = 0;

    while (k < pairs->n && (s->target[pairs->target[k]] != j || pairs->source[k] != i))
        k++;
    assert_true(k < pairs->n);
    check_rel(pairs->r2_km2[k], number(record, "spatial_distance_squared"), 5e-11);
    check_rel(pairs->time_days[k], number(record, "time_distance"), 1e-14);
    check_rel(pairs->rate[k], number(record, "tot_rates"), 5e-11);
    check_rel(pow(10, c->cfg.theta_0.value[ETAS_LOG10_MU]) /
                  s->expectation->p_background[pairs->target[k]],
              number(record, "tot_rates"), 5e-11);
}

static void check_pairs(const reference_case *c, const etas_inversion_state *s,
                        const seen_pairs *pairs, json_t *first)
{
    static const char *const lists[] = {"pairs_first50_sorted_by_source_target_id",
                                        "pairs_50_evenly_spaced_in_sorted_order"};

    for (size_t l = 0; l < 2; l++) {
        json_t *records = member(first, lists[l]);

        assert_int_equal(json_array_size(records), 50);
        for (size_t k = 0; k < 50; k++)
            check_pair(c, s, pairs, json_array_get(records, k));
    }
}

static void check_sums(const etas_inversion_state *s, const seen_pairs *pairs, json_t *first)
{
    json_t *sums = member(first, "sums");
    double r2 = 0, days = 0, triggered = 0, p = 0;

    for (size_t k = 0; k < pairs->n; k++) {
        r2 += pairs->r2_km2[k];
        days += pairs->time_days[k];
        p += pairs->p[k];
    }
    for (size_t j = 0; j < s->n_targets; j++)
        triggered += s->expectation->p_triggered[j];
    check_rel(r2, number(sums, "spatial_distance_squared"), 2e-12);
    check_rel(days, number(sums, "time_distance"), 2e-12);
    check_rel(p, number(sums, "Pij"), 2e-12);
    check_rel(s->n_hat, number(first, "sum_P_background"), 2e-12);
    check_rel(triggered, number(first, "sum_P_triggered"), 2e-12);
    check_rel(s->expectation->sum_l_hat, number(sums, "Pij"), 2e-12);
}

static void check_targets_and_sources(const reference_case *c, const etas_inversion_state *s,
                                      json_t *first)
{
    json_t *targets = member(first, "targets_first50_in_time_order");
    json_t *sources = member(first, "sources_first50_in_time_order_l_hat");

    for (size_t k = 0; k < 50; k++) {
        json_t *t = json_array_get(targets, k), *l = json_array_get(sources, k);
        const size_t j = row_of(c, t, "target_id") - s->target[0];
        const size_t i = row_of(c, l, "source_id");

        check_rel(s->expectation->p_background[j], number(t, "P_background"), 5e-11);
        check_rel(s->expectation->p_triggered[j], number(t, "P_triggered"), 5e-11);
        check_rel(s->expectation->l_hat[i], number(l, "l_hat"), 5e-11);
    }
}

static void the_first_expectation_is_the_reference_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const reference_case *c = &cases[i];
        json_t *first = member(c->inversion, "first_expectation_step");
        etas_inversion *inversion = opened(c, &c->cfg);
        etas_inversion_state s;
        seen_pairs pairs;
        etas_error err = {0};

        check_ok(etas_inversion_expect(inversion, &c->cfg.theta_0, &err), &err);
        s = etas_inversion_state_get(inversion);
        see_pairs(inversion, &pairs);
        check_sums(&s, &pairs, first);
        check_targets_and_sources(c, &s, first);
        check_pairs(c, &s, &pairs, first);
        forget_pairs(&pairs);
        etas_inversion_close(inversion);
    }
}

/* The reference's objective is ours and the constants that the maximisation has no use for. */
static void objective_and_expected_events_are_the_reference_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const reference_case *c = &cases[i];
        const double *v = c->cfg.theta_0.value;
        json_t *first = member(c->inversion, "first_expectation_step");
        const double x[ETAS_JOINT_N] = {v[ETAS_LOG10_K0] * M_LN10,
                                        v[ETAS_A],
                                        v[ETAS_LOG10_C] * M_LN10,
                                        v[ETAS_OMEGA],
                                        v[ETAS_LOG10_TAU] * M_LN10,
                                        v[ETAS_LOG10_D] * M_LN10,
                                        v[ETAS_GAMMA],
                                        v[ETAS_RHO]};
        etas_newton_point at;
        etas_em em = {0};
        etas_error err = {0};
        double constants = 0;

        check_ok(etas_em_init(&em, &c->catalog, &c->cfg, &err), &err);
        check_ok(etas_em_expect(&em, &c->cfg.theta_0, &err), &err);
        etas_objective_joint(&em, x, &at);
        for (size_t s = 0; s < em.n_sources; s++)
            constants += lgamma(em.expectation.l_hat[s] + 1);
        check_rel(at.value + constants, number(first, "neg_log_likelihood_theta_0"), 2e-12);
        check_rel(etas_em_expected_total(&em, &c->cfg.theta_0), number(first, "G_sum_theta_0"),
                  2e-12);
        etas_em_free(&em);
    }
}

static void every_plain_iteration_is_that_of_the_exact_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const reference_case *c = &cases[i];
        json_t *iterations = member(c->exact, "iterations");
        etas_inversion *inversion = opened(c, &c->cfg);
        uint32_t done = 0;

        for (size_t k = 0; k < json_array_size(iterations); k++) {
            json_t *want = json_array_get(iterations, k);
            etas_inversion_state s;

            while (done <= (uint32_t)number(want, "iteration")) {
                etas_error err = {0};

                check_ok(etas_inversion_step(inversion, &err), &err);
                done++;
            }
            s = etas_inversion_state_get(inversion);
            assert_int_equal(s.n_iterations, done);
            check_params(&s.theta, member(want, "theta"), 2e-9);
            check_rel(s.n_hat, number(want, "n_hat"), 2e-9);
        }
        assert_true(done >= 20);
        etas_inversion_close(inversion);
    }
}

static void the_iteration_ends_at_the_fixed_point(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const reference_case *c = &cases[i];
        etas_inversion_config cfg = c->cfg;
        etas_inversion *inversion;
        etas_inversion_state s;
        etas_error err = {0};

        cfg.tolerance = 1e-9;
        inversion = opened(c, &cfg);
        check_ok(etas_inversion_solve(inversion, &err), &err);
        s = etas_inversion_state_get(inversion);
        print_message("case %s: %u iterations, distance %.2g\n", NAMES[i], s.n_iterations,
                      s.distance);
        check_params(&s.theta, member(c->exact, "fixed_point_theta"), 1e-8);
        check_rel(s.n_hat, number(c->exact, "fixed_point_n_hat"), 1e-8);
        etas_inversion_close(inversion);
    }
}

static void the_default_tolerance_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const reference_case *c = &cases[i];
        etas_inversion *inversion = opened(c, &c->cfg);
        etas_inversion_state s;
        etas_error err = {0};

        check_ok(etas_inversion_solve(inversion, &err), &err);
        s = etas_inversion_state_get(inversion);
        print_message("case %s: %u iterations, distance %.2g\n", NAMES[i], s.n_iterations,
                      s.distance);
        check_params(&s.theta, member(c->exact, "fixed_point_theta"), 1e-7);
        etas_inversion_close(inversion);
    }
}

static void reference_stop_stops_where_the_reference_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const reference_case *c = &cases[i];
        etas_inversion_config cfg = c->cfg;
        etas_inversion *inversion;
        etas_inversion_state s;
        etas_error err = {0};

        cfg.reference_stop = true;
        inversion = opened(c, &cfg);
        check_ok(etas_inversion_solve(inversion, &err), &err);
        s = etas_inversion_state_get(inversion);
        assert_int_equal(s.n_iterations, (uint32_t)number(c->inversion, "n_iterations"));
        check_params(&s.theta, member(c->exact, "theta_at_0.001"), 2e-9);
        check_rel(s.n_hat, number(c->exact, "n_hat_final_at_0.001"), 2e-9);
        check_params(&s.theta, member(c->inversion, "theta"), 1e-4);
        etas_inversion_close(inversion);
    }
}

/* Central differences of ln L with a step of 1e-4: what remains at a maximum is their own error. */
static void check_gradient_vanishes(etas_inversion *inversion, const etas_params *theta)
{
    for (etas_param k = 0; k < ETAS_N_PARAMS; k++) {
        const double h = 1e-4;
        double at[3], slope, curvature;

        if (k == ETAS_LOG10_IOTA)
            continue;
        for (int side = 0; side < 3; side++) {
            etas_params moved = *theta;
            etas_error err = {0};

            moved.value[k] += (side - 1) * h;
            check_ok(etas_inversion_log_likelihood(inversion, &moved, &at[side], &err), &err);
        }
        slope = (at[2] - at[0]) / (2 * h);
        curvature = (at[2] - 2 * at[1] + at[0]) / (h * h);
        assert_true(curvature < 0);
        check_abs(slope / curvature, 0, 2e-7);
    }
}

static void maximum_likelihood_climbs_to_a_maximum(void **state)
{
    static const double gain_over_reference[N_CASES] = {8.6, 5.5};

    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const reference_case *c = &cases[i];
        etas_inversion_config cfg = c->cfg;
        etas_inversion *inversion;
        etas_inversion_state s;
        etas_error err = {0};
        double direct, before = -INFINITY, start;

        cfg.estimator = ETAS_ESTIMATOR_MLE;
        cfg.tolerance = 1e-9;
        inversion = opened(c, &cfg);
        for (int k = 0; k < 30; k++) {
            check_ok(etas_inversion_step(inversion, &err), &err);
            s = etas_inversion_state_get(inversion);
            assert_true(s.log_likelihood >= before - 1e-9 * fabs(before));
            before = s.log_likelihood;
        }
        check_ok(etas_inversion_solve(inversion, &err), &err);
        s = etas_inversion_state_get(inversion);
        assert_true(s.log_likelihood >= before - 1e-9 * fabs(before));
        check_ok(etas_inversion_log_likelihood(inversion, &s.theta, &direct, &err), &err);
        check_rel(s.log_likelihood, direct, 1e-12);
        check_gradient_vanishes(inversion, &s.theta);
        const etas_params reference = params_of(member(c->exact, "fixed_point_theta"));
        check_ok(etas_inversion_log_likelihood(inversion, &reference, &start, &err), &err);
        check_abs(s.log_likelihood - start, gain_over_reference[i], 0.06);
        print_message("case %s: ln L %.6f, %.4f above the reference's estimate\n", NAMES[i],
                      s.log_likelihood, s.log_likelihood - start);
        etas_inversion_close(inversion);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_area_and_beta_are_the_reference_s),
        cmocka_unit_test(beta_positive_and_a_given_beta_change_beta_alone),
        cmocka_unit_test(the_first_expectation_is_the_reference_s),
        cmocka_unit_test(objective_and_expected_events_are_the_reference_s),
        cmocka_unit_test(every_plain_iteration_is_that_of_the_exact_reference),
        cmocka_unit_test(the_iteration_ends_at_the_fixed_point),
        cmocka_unit_test(the_default_tolerance_is_kept),
        cmocka_unit_test(reference_stop_stops_where_the_reference_does),
        cmocka_unit_test(maximum_likelihood_climbs_to_a_maximum),
    };
    char path[512];

    if (getenv("ETAS_SHARED") == NULL ||
        access(shared_path("vectors", "exact_em_a.json", path), R_OK) != 0) {
        print_message("skipped: no reference numbers in ETAS_SHARED\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, load_cases, free_cases);
}
