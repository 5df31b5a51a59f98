#include "support/check.h"

#include <math.h>
#include <string.h>

#include "inversion/constraints.h"

static etas_inversion_config config(void)
{
    return etas_inversion_config_default();
}

static etas_constraints accepted(const etas_inversion_config *cfg, double beta)
{
    etas_constraints out;
    etas_error err = {0};

    check_ok(etas_constraints_init(&out, cfg, beta, &err), &err);
    return out;
}

static void refused(const etas_inversion_config *cfg, const char *key, const char *says)
{
    etas_constraints out;
    etas_error err = {0};

    assert_int_not_equal(etas_constraints_init(&out, cfg, 2.3, &err), ETAS_OK);
    assert_string_equal(err.key, key);
    if (strstr(err.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void check_held(const etas_constraints *c, etas_param which, double at)
{
    assert_true(etas_constraints_hold(c, which));
    check_abs(c->low[which], at, 1e-14 * fabs(at));
}

static void nothing_fixed_leaves_the_bounds(void **state)
{
    etas_inversion_config cfg = config();
    const etas_constraints c = accepted(&cfg, 2.3);

    (void)state;
    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        if (k != ETAS_LOG10_IOTA) {
            check_abs(c.low[k], etas_param_low(k), 0);
            check_abs(c.high[k], etas_param_high(k), 0);
        }
    assert_false(c.alpha_held);
    assert_true(etas_constraints_admit(&c, &cfg.theta_0));
    cfg.theta_0.value[ETAS_RHO] = 7;
    assert_false(etas_constraints_admit(&c, &cfg.theta_0));
}

static void every_parameter_can_be_fixed(void **state)
{
    (void)state;
    for (etas_param k = 0; k < ETAS_N_PARAMS; k++) {
        const double middle = 0.5 * (etas_param_low(k) + etas_param_high(k));
        etas_inversion_config cfg = config();
        etas_constraints c;

        cfg.induced = true;
        cfg.fixed.value.value[k] = middle;
        c = accepted(&cfg, 2.3);
        check_held(&c, k, middle);
        cfg.fixed.value.value[k] = etas_param_high(k) + 1;
        refused(&cfg, etas_param_name(k), "not within");
        cfg.fixed.value.value[k] = etas_param_low(k) - 1;
        refused(&cfg, etas_param_name(k), "not within");
    }
}

static void no_taper_needs_a_positive_omega(void **state)
{
    etas_inversion_config cfg = config();
    etas_constraints c;

    (void)state;
    cfg.fixed.value.value[ETAS_LOG10_TAU] = INFINITY;
    c = accepted(&cfg, 2.3);
    assert_true(etas_constraints_hold(&c, ETAS_LOG10_TAU));
    assert_true(isinf(c.low[ETAS_LOG10_TAU]));
    assert_true(c.low[ETAS_OMEGA] > 0 && c.low[ETAS_OMEGA] <= 1e-6);
    cfg.fixed.value.value[ETAS_OMEGA] = 1e-9;
    c = accepted(&cfg, 2.3);
    check_held(&c, ETAS_OMEGA, 1e-9);
    cfg.fixed.value.value[ETAS_OMEGA] = 0;
    refused(&cfg, "omega", "positive");
    cfg.fixed.value.value[ETAS_LOG10_TAU] = -INFINITY;
    refused(&cfg, "log10_tau", "not within");
}

static void three_dimensions_need_a_rho_above_one_half(void **state)
{
    etas_inversion_config cfg = config();
    etas_constraints c;

    (void)state;
    cfg.three_dim = true;
    c = accepted(&cfg, 2.3);
    assert_true(c.low[ETAS_RHO] > 0.5 && c.low[ETAS_RHO] <= 0.5 + 1e-6);
    cfg.fixed.value.value[ETAS_RHO] = 0.5 + 1e-9;
    c = accepted(&cfg, 2.3);
    check_held(&c, ETAS_RHO, 0.5 + 1e-9);
    cfg.fixed.value.value[ETAS_RHO] = 0.5;
    refused(&cfg, "rho", "not within");
}

static void an_induced_term_must_be_there_to_be_fixed(void **state)
{
    etas_inversion_config cfg = config();

    (void)state;
    cfg.fixed.value.value[ETAS_LOG10_IOTA] = -6;
    refused(&cfg, "log10_iota", "no induced term");
}

static void what_follows_from_alpha_is_held_too(void **state)
{
    etas_inversion_config cfg = config();
    double *fixed = cfg.fixed.value.value;
    etas_constraints c;

    (void)state;
    cfg.fixed.alpha_rule = ETAS_ALPHA_BETA;
    c = accepted(&cfg, 2.3);
    assert_true(c.alpha_held);
    check_abs(c.alpha, 2.3, 0);
    assert_false(etas_constraints_hold(&c, ETAS_A));
    fixed[ETAS_GAMMA] = 1.5;
    fixed[ETAS_RHO] = 0.8;
    c = accepted(&cfg, 2.3);
    check_held(&c, ETAS_A, 2.3 + 1.2);
    fixed[ETAS_GAMMA] = NAN;
    fixed[ETAS_A] = 3.1;
    c = accepted(&cfg, 2.3);
    check_held(&c, ETAS_GAMMA, 1.0);
    fixed[ETAS_RHO] = NAN;
    fixed[ETAS_GAMMA] = 0.5;
    c = accepted(&cfg, 2.3);
    check_held(&c, ETAS_RHO, 1.6);
    cfg.three_dim = true;
    c = accepted(&cfg, 2.3);
    check_held(&c, ETAS_RHO, 2.1);
    fixed[ETAS_GAMMA] = NAN;
    cfg.three_dim = false;
    c = accepted(&cfg, 2.3);
    assert_false(etas_constraints_hold(&c, ETAS_RHO));
    check_abs(c.low[ETAS_RHO], 0.8 / 5, 1e-14); /* gamma is 5 at most */
    fixed[ETAS_A] = 2.3;
    c = accepted(&cfg, 2.3);
    check_held(&c, ETAS_GAMMA, 0);
    fixed[ETAS_GAMMA] = fixed[ETAS_RHO] = 0.5;
    fixed[ETAS_A] = 2.55;
    c = accepted(&cfg, 2.3); /* all four, and they agree */
    check_held(&c, ETAS_A, 2.55);
}

static void contradictions_name_their_key(void **state)
{
    etas_inversion_config cfg = config();
    double *fixed = cfg.fixed.value.value;

    (void)state;
    cfg.fixed.alpha_rule = ETAS_ALPHA_NUMBER;
    cfg.fixed.alpha = 1.0;
    fixed[ETAS_A] = 2.0;
    fixed[ETAS_GAMMA] = fixed[ETAS_RHO] = 0.5;
    refused(&cfg, "alpha", "so are a, gamma and rho");
    fixed[ETAS_RHO] = NAN;
    fixed[ETAS_GAMMA] = 0.1;
    refused(&cfg, "rho", "not within"); /* it would be 10 */
    fixed[ETAS_GAMMA] = 0;
    refused(&cfg, "alpha", "so is a");
    fixed[ETAS_GAMMA] = NAN;
    fixed[ETAS_RHO] = 0.1;
    refused(&cfg, "gamma", "not within");
    fixed[ETAS_A] = 0.01;
    cfg.fixed.alpha = 19;
    fixed[ETAS_RHO] = NAN;
    refused(&cfg, "alpha", "so is a");
    fixed[ETAS_A] = NAN;
    cfg.fixed.alpha = 40;
    refused(&cfg, "alpha", "no a, gamma and rho");
    fixed[ETAS_GAMMA] = 0;
    refused(&cfg, "a", "not within");
    cfg.fixed.alpha = NAN;
    refused(&cfg, "alpha", "fixed at nan");
    cfg.fixed.alpha = 1;
    fixed[ETAS_GAMMA] = NAN;
    cfg.free_productivity = true;
    refused(&cfg, "alpha", "free_productivity");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_fixed_leaves_the_bounds),
        cmocka_unit_test(every_parameter_can_be_fixed),
        cmocka_unit_test(no_taper_needs_a_positive_omega),
        cmocka_unit_test(three_dimensions_need_a_rho_above_one_half),
        cmocka_unit_test(an_induced_term_must_be_there_to_be_fixed),
        cmocka_unit_test(what_follows_from_alpha_is_held_too),
        cmocka_unit_test(contradictions_name_their_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
