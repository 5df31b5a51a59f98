#include "small_catalog.h"

#include "inversion/objective.h"

typedef struct fixture {
    etas_catalog catalog;
    etas_em em;
} fixture;

static void fixture_open_in(etas_estimator estimator, bool three_dim, fixture *f)
{
    etas_inversion_config cfg = small_config();
    etas_error err = {0};

    memset(f, 0, sizeof *f);
    small_catalog(200, 12345, &f->catalog);
    for (size_t i = 0; i < f->catalog.n; i++) {
        f->catalog.x[i] = 75 * f->catalog.lon[i];
        f->catalog.y[i] = 111 * f->catalog.lat[i];
        f->catalog.z[i] = (double)(i % 9);
    }
    cfg.estimator = estimator;
    cfg.three_dim = three_dim;
    check_ok(etas_em_init(&f->em, &f->catalog, &cfg, &err), &err);
    check_ok(etas_em_expect(&f->em, &cfg.theta_0, &err), &err);
}

static void fixture_open(etas_estimator estimator, fixture *f)
{
    fixture_open_in(estimator, false, f);
}

static void fixture_close(fixture *f)
{
    etas_em_free(&f->em);
    etas_em_free(&f->em);
    etas_catalog_free(&f->catalog);
}

/* An infinite variable is not moved. */
static void check_derivatives(etas_newton_function function, void *context, size_t n,
                              const double x[])
{
    const double h = 1e-5;
    etas_newton_point at;

    function(context, x, &at);
    assert_true(isfinite(at.value));
    for (size_t i = 0; i < n; i++) {
        double moved[ETAS_NEWTON_MAX];
        etas_newton_point up, down;

        if (isinf(x[i])) {
            check_abs(at.gradient[i], 0, 0);
            continue;
        }
        memcpy(moved, x, n * sizeof *x);
        moved[i] = x[i] + h;
        function(context, moved, &up);
        moved[i] = x[i] - h;
        function(context, moved, &down);
        check_abs(at.gradient[i], (up.value - down.value) / (2 * h), 1e-8 * (1 + fabs(at.value)));
        for (size_t j = 0; j < n; j++) {
            check_abs(at.hessian[i][j], (up.gradient[j] - down.gradient[j]) / (2 * h),
                      1e-6 * (1 + fabs(at.hessian[i][j]) + fabs(at.gradient[j])));
            check_abs(at.hessian[i][j], at.hessian[j][i], 1e-12 * (1 + fabs(at.hessian[i][j])));
        }
    }
}

static void derivatives_agree_with_differences(void **state)
{
    static const etas_estimator estimators[] = {ETAS_ESTIMATOR_REFERENCE, ETAS_ESTIMATOR_MLE};
    static const double space[][ETAS_SPACE_N] = {{-2.0, 1.3, 0.66}, {1.5, -0.4, 2.0}};
    static const double time[][ETAS_TIME_N] = {
        {-1.0, 1.0, -6.0, -0.02, 8.0}, {0.5, -0.3, -2.0, 0.6, 3.5}, {-2.0, 2.0, -9.0, -0.5, 20.0}};
    static const double joint[][ETAS_JOINT_N] = {{-6.0, 1.8, -6.0, -0.02, 8.0, -2.0, 1.3, 0.66},
                                                 {-4.0, 0.4, -3.0, 0.3, 5.0, 0.7, 0.2, 1.4}};

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        fixture f;

        fixture_open(estimators[e], &f);
        for (size_t k = 0; k < sizeof space / sizeof *space; k++)
            check_derivatives(etas_objective_space, &f.em, ETAS_SPACE_N, space[k]);
        for (size_t k = 0; k < sizeof time / sizeof *time; k++) {
            check_derivatives(etas_objective_time, &f.em, ETAS_TIME_N, time[k]);
            check_derivatives(etas_objective_time_profile, &f.em, ETAS_TIME_N - 1, time[k] + 1);
        }
        for (size_t k = 0; k < sizeof joint / sizeof *joint; k++)
            check_derivatives(etas_objective_joint, &f.em, ETAS_JOINT_N, joint[k]);
        fixture_close(&f);
    }
}

typedef struct pair_term {
    const etas_em *em;
    const etas_params *theta;
    double sum; /* sum P ln f */
} pair_term;

static etas_status add_ln_f(void *context, const etas_pair_row *row, etas_error *err)
{
    pair_term *self = context;
    const double *v = self->theta->value;
    const etas_omori omori = etas_params_omori(self->theta);
    const double ln_all = log(etas_omori_integral(&omori, 0, INFINITY));

    (void)err;
    for (size_t k = 0; k < row->n; k++) {
        const double t = row->time_days[k], r2 = row->r2_km2[k];
        const double d =
            pow(10, v[ETAS_LOG10_D]) * exp(v[ETAS_GAMMA] * self->em->dm[row->source[k]]);

        self->sum += row->p[k] * (log(v[ETAS_RHO]) + v[ETAS_RHO] * log(d) -
                                  (1 + v[ETAS_RHO]) * log(r2 + d) - log(acos(-1)) - ln_all -
                                  (1 + omori.omega) * log(t + omori.c_days) - t / omori.tau_days);
    }
    return ETAS_OK;
}

static void derivatives_agree_in_three_dimensions_and_without_a_taper(void **state)
{
    static const etas_estimator estimators[] = {ETAS_ESTIMATOR_REFERENCE, ETAS_ESTIMATOR_MLE};
    static const double space[][ETAS_SPACE_N] = {{-2.0, 1.3, 0.66}, {1.5, -0.4, 2.0}};
    static const double joint[][ETAS_JOINT_N] = {{-9.0, 1.8, -6.0, 0.2, INFINITY, -2.0, 1.3, 0.76},
                                                 {-4.0, 0.4, -3.0, 0.3, 5.0, 0.7, 0.2, 1.4}};

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        fixture f;

        fixture_open_in(estimators[e], true, &f);
        check_derivatives(etas_objective_space, &f.em, ETAS_SPACE_N, space[0]);
        check_derivatives(etas_objective_space, &f.em, ETAS_SPACE_N, space[1]);
        for (size_t k = 0; k < sizeof joint / sizeof *joint; k++)
            check_derivatives(etas_objective_joint, &f.em, ETAS_JOINT_N, joint[k]);
        fixture_close(&f);
    }
}

/* Also where the variable that follows is given nonsense. */
static void derivatives_agree_where_alpha_ties_variables(void **state)
{
    static const double x[ETAS_JOINT_N] = {-6.0, 1.8, -6.0, 0.1, 8.0, -2.0, 1.1, 0.8};

    (void)state;
    for (int k = 0; k < 8; k++) {
        const etas_tie tie = k & 1 ? ETAS_TIE_ALPHA : ETAS_TIE_ALPHA_AND_A;
        double other[ETAS_JOINT_N], full[ETAS_JOINT_N];
        etas_newton_point tied, again, joint;
        fixture f;

        fixture_open_in(k & 2 ? ETAS_ESTIMATOR_MLE : ETAS_ESTIMATOR_REFERENCE, (k & 4) != 0, &f);
        etas_tied_objective objective = {.em = &f.em, .tie = tie, .alpha = 1.2, .a = 1.8};
        check_derivatives(etas_objective_tied, &objective, ETAS_JOINT_N, x);
        memcpy(other, x, sizeof other);
        other[tie == ETAS_TIE_ALPHA ? ETAS_JOINT_A : ETAS_JOINT_GAMMA] = 77;
        memcpy(full, other, sizeof full);
        etas_objective_complete(&objective, full);
        check_rel(full[ETAS_JOINT_A] -
                      (full[ETAS_JOINT_RHO] - (k & 4 ? 0.5 : 0)) * full[ETAS_JOINT_GAMMA],
                  1.2, 1e-14);
        etas_objective_tied(&objective, x, &tied);
        etas_objective_tied(&objective, other, &again);
        etas_objective_joint(&f.em, full, &joint);
        check_abs(again.value, tied.value, 0);
        check_rel(joint.value, tied.value, 1e-14);
        fixture_close(&f);
    }
}

static void derivatives_of_the_delays_agree(void **state)
{
    static const double x[][ETAS_DELAYS_N] = {
        {-6.0, -0.02, 8.0}, {-2.0, 0.6, 3.5}, {-9.0, -0.5, 20.0}, {-4.0, 0.2, INFINITY}};

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        fixture f;

        fixture_open(e == 0 ? ETAS_ESTIMATOR_REFERENCE : ETAS_ESTIMATOR_MLE, &f);
        for (size_t k = 0; k < sizeof x / sizeof *x; k++)
            check_derivatives(etas_objective_delays, &f.em, ETAS_DELAYS_N, x[k]);
        fixture_close(&f);
    }
}

/* Straight from the definition, by libm and the incomplete gamma function. */
static double objective_by_formula(etas_em *em, const etas_catalog *c, const etas_params *theta)
{
    const etas_inversion_config cfg = small_config();
    const etas_omori omori = etas_params_omori(theta);
    double total = 0;

    for (size_t i = 0; i < em->n_sources; i++) {
        const double t0 = fmax(0, etas_days_between(c->time[i], cfg.window_start));
        const double t1 = etas_days_between(c->time[i], cfg.window_end);
        const double g = etas_expected_aftershocks(theta, em->dm[i], t0, t1);
        const double f =
            etas_omori_integral(&omori, t0, t1) / etas_omori_integral(&omori, 0, INFINITY);

        total -= em->expectation.l_hat[i] * log(g) - g;
        if (em->estimator == ETAS_ESTIMATOR_MLE)
            total += em->expectation.l_hat[i] * log(f);
    }
    pair_term term = {.em = em, .theta = theta};
    check_ok(etas_em_visit(em, add_ln_f, &term, NULL), NULL);
    total -= term.sum;
    return total;
}

static void the_blocks_add_up_to_the_definition(void **state)
{
    static const etas_estimator estimators[] = {ETAS_ESTIMATOR_REFERENCE, ETAS_ESTIMATOR_MLE};

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        etas_params theta = small_config().theta_0;
        fixture f;

        fixture_open(estimators[e], &f);
        for (int k = 0; k < 4; k++) {
            const double *v = theta.value;
            const double x[ETAS_JOINT_N] = {v[ETAS_LOG10_K0] * M_LN10,
                                            v[ETAS_A],
                                            v[ETAS_LOG10_C] * M_LN10,
                                            v[ETAS_OMEGA],
                                            v[ETAS_LOG10_TAU] * M_LN10,
                                            v[ETAS_LOG10_D] * M_LN10,
                                            v[ETAS_GAMMA],
                                            v[ETAS_RHO]};
            etas_newton_point at;

            etas_objective_joint(&f.em, x, &at);
            check_rel(at.value, objective_by_formula(&f.em, &f.catalog, &theta), 1e-12);
            theta.value[ETAS_OMEGA] += 0.11;
            theta.value[ETAS_RHO] += 0.3;
            theta.value[ETAS_LOG10_C] -= 0.5;
            theta.value[ETAS_A] -= 0.2;
        }
        fixture_close(&f);
    }
}

/* A source whose window holds less than e^-300 of its children counts with ln F = -300. */
static void the_share_inside_the_window_has_a_floor(void **state)
{
    const double x[ETAS_TIME_N] = {-1.0, 1.0, -6.0, -0.02, 0.1}; /* tau = 1.1 days */
    const etas_inversion_config cfg = small_config();
    etas_newton_point with, without;
    fixture f = {0};

    (void)state;
    small_catalog(200, 12345, &f.catalog);
    f.catalog.time[0] = -400 * ETAS_NS_PER_DAY; /* 600 days before the window */
    check_ok(etas_em_init(&f.em, &f.catalog, &cfg, NULL), NULL);
    check_ok(etas_em_expect(&f.em, &cfg.theta_0, NULL), NULL);
    f.em.expectation.l_hat[0] = 0.0;
    etas_windows_weigh(&f.em.windows, f.em.expectation.l_hat);
    etas_objective_time(&f.em, x, &without);
    f.em.expectation.l_hat[0] = 2.0;
    etas_windows_weigh(&f.em.windows, f.em.expectation.l_hat);
    etas_objective_time(&f.em, x, &with);
    check_rel(with.value - without.value, 600.0, 1e-10);
    check_abs(with.gradient[ETAS_TIME_LN_TAU], without.gradient[ETAS_TIME_LN_TAU], 1e-9);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derivatives_agree_with_differences),
        cmocka_unit_test(derivatives_agree_in_three_dimensions_and_without_a_taper),
        cmocka_unit_test(derivatives_agree_where_alpha_ties_variables),
        cmocka_unit_test(derivatives_of_the_delays_agree),
        cmocka_unit_test(the_blocks_add_up_to_the_definition),
        cmocka_unit_test(the_share_inside_the_window_has_a_floor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
