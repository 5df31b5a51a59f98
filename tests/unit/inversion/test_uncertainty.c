#include "fitted_fixture.h"

/* Which parameter a constraint a = alpha + rho gamma gives; ETAS_N_PARAMS: there is none. */
typedef struct constraint {
    etas_param follower;
    double alpha;
} constraint;

static const constraint NO_TIE = {.follower = ETAS_N_PARAMS};

static double log_likelihood(const fixture *f, const constraint *tie, etas_params theta)
{
    double *v = theta.value, out;
    etas_error err = {0};

    if (tie->follower == ETAS_A)
        v[ETAS_A] = tie->alpha + v[ETAS_RHO] * v[ETAS_GAMMA];
    else if (tie->follower == ETAS_GAMMA)
        v[ETAS_GAMMA] = (v[ETAS_A] - tie->alpha) / v[ETAS_RHO];
    check_ok(etas_inversion_log_likelihood(f->inversion, &theta, &out, &err), &err);
    return out;
}

/* Central second difference of ln L by the file's parameters, extrapolated. */
static double curvature(const fixture *f, const constraint *tie, size_t i, size_t j)
{
    const etas_params at = etas_inversion_state_get(f->inversion).theta;
    double at_step[2];

    for (int s = 0; s < 2; s++) {
        const double h = 1e-3 * (1 + s);
        double sum = 0;

        for (int a = -1; a <= 1; a += 2)
            for (int b = -1; b <= 1; b += 2) {
                etas_params theta = at;

                theta.value[i] += a * h;
                theta.value[j] += b * h;
                sum += a * b * log_likelihood(f, tie, theta);
            }
        at_step[s] = sum / (4 * h * h);
    }
    return (4 * at_step[0] - at_step[1]) / 3;
}

/* The covariance of the variables that move, but for the one that follows, times the curvature of
 * ln L by these, the others held: minus the unit matrix. */
static void check_inverse(const fixture *f, const constraint *tie)
{
    double hessian[ETAS_N_PARAMS][ETAS_N_PARAMS];
    bool moves[ETAS_N_PARAMS];

    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        moves[i] = f->u.estimated[i] && i != tie->follower;
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        for (size_t j = 0; j < ETAS_N_PARAMS; j++)
            hessian[i][j] = moves[i] && moves[j] ? curvature(f, tie, i, j) : 0;
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        for (size_t j = 0; j < ETAS_N_PARAMS; j++) {
            double product = 0;

            if (!moves[i] || !moves[j])
                continue;
            for (size_t k = 0; k < ETAS_N_PARAMS; k++)
                if (moves[k])
                    product -= hessian[i][k] * f->u.covariance[k][j] * f->u.standard_error[i] /
                               f->u.standard_error[j];
            check_abs(product, i == j, 1e-6 * f->u.condition);
        }
}

static void covariance_inverts_the_likelihoods_curvature(void **state)
{
    const etas_inversion_config cfg = mle_config();
    fixture f;

    (void)state;
    fixture_open(&cfg, NAN, &f);
    assert_true(f.u.available);
    assert_string_equal(f.u.note, "");
    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        if (i == ETAS_LOG10_IOTA) {
            assert_true(isnan(f.u.standard_error[i]) && isnan(f.u.covariance[i][0]));
            continue;
        }
        assert_true(f.u.estimated[i]);
        check_rel(f.u.standard_error[i], sqrt(f.u.covariance[i][i]), 1e-15);
        check_abs(f.u.gradient[i] * f.u.standard_error[i], 0, 1e-5); /* the maximum */
        for (size_t j = 0; j < ETAS_N_PARAMS; j++)
            if (j != ETAS_LOG10_IOTA)
                check_rel(f.u.covariance[i][j], f.u.covariance[j][i], 1e-9);
    }
    check_inverse(&f, &NO_TIE);
    fixture_close(&f);
}

/* Fixing a parameter is conditioning: the information loses a row and a column. */
static void fixed_parameters_are_left_out(void **state)
{
    static const etas_param held[] = {ETAS_RHO, ETAS_LOG10_TAU};
    etas_inversion_config cfg = mle_config();
    fixture all, some;

    (void)state;
    fixture_open(&cfg, NAN, &all);
    cfg.theta_0 = etas_inversion_state_get(all.inversion).theta;
    for (size_t k = 0; k < 2; k++)
        cfg.fixed.value.value[held[k]] = cfg.theta_0.value[held[k]];
    fixture_open(&cfg, NAN, &some);
    assert_true(some.u.available);
    for (size_t k = 0; k < 2; k++) {
        assert_false(some.u.estimated[held[k]]);
        assert_true(isnan(some.u.standard_error[held[k]]));
    }
    /* Of a normal distribution: the covariance given rho and tau, by the Schur complement. */
    const double rr = all.u.covariance[ETAS_RHO][ETAS_RHO];
    const double rt = all.u.covariance[ETAS_RHO][ETAS_LOG10_TAU];
    const double tt = all.u.covariance[ETAS_LOG10_TAU][ETAS_LOG10_TAU];

    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        if (i == ETAS_RHO || i == ETAS_LOG10_TAU || i == ETAS_LOG10_IOTA)
            continue;
        const double r = all.u.covariance[i][ETAS_RHO], t = all.u.covariance[i][ETAS_LOG10_TAU];

        check_rel(some.u.covariance[i][i],
                  all.u.covariance[i][i] -
                      (r * r * tt - 2 * r * t * rt + t * t * rr) / (rr * tt - rt * rt),
                  1e-4);
    }
    fixture_close(&some);
    fixture_close(&all);
}

/* alpha held where it ended anyway: no variance of alpha, and that of the others given alpha. */
static void a_constraint_on_alpha_conditions_on_it(void **state)
{
    etas_inversion_config cfg = mle_config();
    fixture all, held;
    double slope[ETAS_N_PARAMS] = {0}, with_alpha[ETAS_N_PARAMS] = {0}, var = 0;

    (void)state;
    fixture_open(&cfg, NAN, &all);
    cfg.theta_0 = etas_inversion_state_get(all.inversion).theta;
    cfg.fixed.alpha_rule = ETAS_ALPHA_NUMBER;
    cfg.fixed.alpha = etas_params_alpha(&cfg.theta_0);
    fixture_open(&cfg, NAN, &held);
    slope[ETAS_A] = 1;
    slope[ETAS_GAMMA] = -cfg.theta_0.value[ETAS_RHO];
    slope[ETAS_RHO] = -cfg.theta_0.value[ETAS_GAMMA];
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        for (size_t j = 0; j < ETAS_N_PARAMS; j++)
            if (i != ETAS_LOG10_IOTA && j != ETAS_LOG10_IOTA) {
                with_alpha[i] += all.u.covariance[i][j] * slope[j];
                var += slope[i] * all.u.covariance[i][j] * slope[j];
            }
    check_rel(all.u.alpha_error, sqrt(var), 1e-9);
    check_abs(held.u.alpha_error, 0, 1e-6 * sqrt(var));
    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        if (i == ETAS_LOG10_IOTA)
            continue;
        assert_true(held.u.estimated[i]); /* a, too: it follows gamma and rho */
        check_rel(held.u.covariance[i][i],
                  all.u.covariance[i][i] - with_alpha[i] * with_alpha[i] / var, 1e-4);
    }
    fixture_close(&held);
    fixture_close(&all);
}

/* Away from the maximum the likelihood slopes along the constraint's curve. */
static void constraints_bend_the_likelihood(void **state)
{
    constraint tie = {.follower = ETAS_A, .alpha = 1.1};
    etas_inversion_config cfg = mle_config();
    fixture f;

    (void)state;
    cfg.fixed.alpha_rule = ETAS_ALPHA_NUMBER;
    cfg.fixed.alpha = tie.alpha;
    fixture_open(&cfg, NAN, &f);
    assert_true(f.u.available && f.u.estimated[ETAS_A] && f.u.estimated[ETAS_GAMMA]);
    assert_true(fabs(f.u.gradient[ETAS_A]) > 1);
    check_abs(f.d.largest_newton_step, 0, 1e-5);
    check_inverse(&f, &tie);
    fixture_close(&f);

    tie.follower = ETAS_GAMMA; /* a is held, too: gamma = (a - alpha) / rho */
    cfg.fixed.value.value[ETAS_A] = 1.9;
    fixture_open(&cfg, NAN, &f);
    assert_true(f.u.available && !f.u.estimated[ETAS_A] && f.u.estimated[ETAS_GAMMA]);
    assert_true(fabs(f.u.gradient[ETAS_GAMMA]) > 1);
    check_abs(f.d.largest_newton_step, 0, 1e-5);
    check_inverse(&f, &tie);
    fixture_close(&f);
}

static double branching_at(const etas_params *theta, double beta, double dm_max)
{
    const char *why;

    return etas_branching_ratio(theta, beta, dm_max, &why);
}

static void branching_ratio_has_the_error_of_the_delta_method(void **state)
{
    static const double m_max[] = {NAN, 7.0};
    const etas_inversion_config cfg = mle_config();
    fixture f;

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        fixture_open(&cfg, 7.0, &f);
        const etas_inversion_state s = etas_inversion_state_get(f.inversion);
        const double dm_max = isnan(m_max[k]) ? (double)INFINITY : 7.05 - 1.95;
        double slope[ETAS_N_PARAMS] = {0}, var = 0;
        const double h = 1e-5;

        for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
            etas_params up = s.theta, down = s.theta;

            up.value[i] += h;
            down.value[i] -= h;
            slope[i] =
                (branching_at(&up, s.beta, dm_max) - branching_at(&down, s.beta, dm_max)) / (2 * h);
        }
        for (size_t i = 0; i < ETAS_N_PARAMS; i++)
            for (size_t j = 0; j < ETAS_N_PARAMS; j++)
                if (i != ETAS_LOG10_IOTA && j != ETAS_LOG10_IOTA)
                    var += slope[i] * f.u.covariance[i][j] * slope[j];
        const double by_beta = (branching_at(&s.theta, s.beta + h, dm_max) -
                                branching_at(&s.theta, s.beta - h, dm_max)) /
                               (2 * h);

        check_rel(k == 0 ? f.u.branching_error : f.u.branching_error_m_max,
                  hypot(sqrt(var), by_beta * f.u.beta_error), 1e-6);
        check_rel(k == 0 ? f.d.branching_ratio : f.d.branching_ratio_m_max,
                  branching_at(&s.theta, s.beta, dm_max), 0);
        fixture_close(&f);
    }
}

static double uniform(uint64_t *x)
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return (double)(*x >> 11) * 0x1p-53 + 0x1p-54;
}

/* 2 sinh(beta delta / 2) / (delta sqrt n) against the spread of the estimator itself. */
static void beta_has_the_error_of_its_estimator(void **state)
{
    enum { CATALOGUES = 2000, EVENTS = 400 };
    const double beta = 2.3, delta = 0.5;
    double mean = 0, square = 0, mag[EVENTS], mc[EVENTS];
    uint64_t x = 99;

    (void)state;
    for (int k = 0; k < CATALOGUES; k++) {
        for (int i = 0; i < EVENTS; i++) {
            mag[i] = delta * floor(-log(uniform(&x)) / (beta * delta));
            mc[i] = 0;
        }
        const double estimate = etas_beta_tinti_mulargia(EVENTS, mag, mc, delta);

        mean += estimate / CATALOGUES;
        square += estimate * estimate / CATALOGUES;
    }
    check_rel(2 * sinh(beta * delta / 2) / delta / sqrt(EVENTS), sqrt(square - mean * mean), 0.05);

    etas_inversion_config cfg = mle_config();
    fixture f;

    fixture_open(&cfg, NAN, &f);
    const etas_inversion_state s = etas_inversion_state_get(f.inversion);
    check_rel(f.u.beta_error, 2 * sinh(s.beta * 0.05) / 0.1 / sqrt((double)s.n_targets), 1e-14);
    fixture_close(&f);
    cfg.beta_method = ETAS_BETA_FIXED;
    cfg.beta = 2.3;
    fixture_open(&cfg, NAN, &f);
    check_abs(f.u.beta_error, 0, 0);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covariance_inverts_the_likelihoods_curvature),
        cmocka_unit_test(fixed_parameters_are_left_out),
        cmocka_unit_test(a_constraint_on_alpha_conditions_on_it),
        cmocka_unit_test(constraints_bend_the_likelihood),
        cmocka_unit_test(branching_ratio_has_the_error_of_the_delta_method),
        cmocka_unit_test(beta_has_the_error_of_its_estimator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
