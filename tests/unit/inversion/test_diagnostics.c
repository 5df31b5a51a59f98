#include "fitted_fixture.h"

#include "inversion/fitted.h"

static bool warns(const fixture *f, const char *words)
{
    for (size_t i = 0; i < f->d.n_warnings; i++)
        if (strstr(f->d.warning[i], words) != NULL)
            return true;
    return false;
}

static void without_a_likelihood_there_is_a_reason(void **state)
{
    etas_inversion_config cfg = mle_config();
    fixture f;

    (void)state;
    cfg.estimator = ETAS_ESTIMATOR_REFERENCE;
    fixture_open(&cfg, NAN, &f);
    assert_false(f.u.available);
    assert_non_null(strstr(f.u.note, "\"reference\" does not maximise the likelihood"));
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        assert_true(isnan(f.u.standard_error[i]) && isnan(f.u.gradient[i]));
    assert_true(isnan(f.u.branching_error) && f.u.beta_error > 0);
    check_abs(f.d.background_share,
              etas_inversion_state_get(f.inversion).n_hat /
                  (double)etas_inversion_state_get(f.inversion).n_targets,
              1e-15);
    fixture_close(&f);
}

/* Half of the events know a completeness of 2.5, and so are at least as large. */
static void hide_events(const etas_catalog *in, etas_catalog *out)
{
    for (size_t i = 0; i < in->n; i++) {
        etas_event e = etas_catalog_row(in, i);

        e.mc = i % 2 == 0 ? 2.5 : 2;
        if (e.mag > e.mc - 0.01)
            check_ok(etas_catalog_append(out, &e), NULL);
    }
}

static void options_without_a_likelihood_say_so(void **state)
{
    static const char *const words[] = {"varying completeness", "free_background",
                                        "free_productivity"};
    etas_catalog whole = {0};
    etas_error err = {0};

    (void)state;
    check_ok(synthetic_catalog(&WORLD, 1, 0, &whole, &err), &err);
    for (int k = 0; k < 3; k++) {
        etas_inversion_config cfg = mle_config();
        etas_catalog catalog = {0};
        fixture f = {0};
        double sum_zeta = 0;

        cfg.free_background = k == 1;
        cfg.free_productivity = k == 2;
        if (k == 0)
            hide_events(&whole, &catalog);
        check_ok(etas_inversion_open(&f.inversion, k == 0 ? &catalog : &whole, &cfg, &err), &err);
        check_ok(etas_inversion_step(f.inversion, &err), &err);
        check_ok(etas_inversion_uncertainty(f.inversion, NAN, &f.u, &err), &err);
        etas_inversion_diagnose(f.inversion, NAN, &f.u, &f.d);
        assert_false(f.u.available || f.u.not_positive);
        assert_non_null(strstr(f.u.note, words[k]));
        const etas_inversion_state s = etas_inversion_state_get(f.inversion);

        for (size_t j = 0; j < s.n_targets; j++)
            sum_zeta += s.zeta != NULL ? s.zeta[j] : 1;
        check_rel(f.d.background_share, s.n_hat / sum_zeta, 1e-12);
        assert_true(k != 0 || sum_zeta > 1.1 * (double)s.n_targets);
        etas_inversion_close(f.inversion);
        etas_catalog_free(&catalog);
    }
    etas_catalog_free(&whole);
}

static void warnings_are_in_words(void **state)
{
    etas_inversion_config cfg = mle_config();
    fixture f;

    (void)state;
    fixture_open(&cfg, NAN, &f);
    assert_int_equal(f.d.n_warnings, 0);
    assert_false(f.d.at_bound[ETAS_RHO]);
    fixture_close(&f);

    cfg.window_start = cfg.window_end - 300 * ETAS_NS_PER_DAY;
    fixture_open(&cfg, NAN, &f);
    assert_true(warns(&f, "too few aftershocks"));
    fixture_close(&f);

    cfg = mle_config();
    cfg.coppersmith_multiplier = 10;
    fixture_open(&cfg, NAN, &f);
    assert_true(warns(&f, "coppersmith_multiplier 10"));
    fixture_close(&f);

    cfg = mle_config();
    cfg.beta_method = ETAS_BETA_FIXED;
    cfg.beta = 1.2; /* below alpha */
    fixture_open(&cfg, NAN, &f);
    assert_true(warns(&f, "without m_max the branching ratio is infinite"));
    assert_true(isnan(f.d.branching_ratio) && f.d.branching_note != NULL);
    assert_true(isnan(f.u.branching_error));
    fixture_close(&f);
    fixture_open(&cfg, 9.5, &f);
    assert_true(f.d.branching_ratio_m_max > 1 && f.u.branching_error_m_max > 0);
    assert_true(warns(&f, "the branching ratio up to m_max is"));
    fixture_close(&f);
}

/* At parameters of the test's choice instead of an estimate. */
static void look_at(const etas_params *theta, etas_fitted *fitted, fixture *f)
{
    etas_constraints box;
    etas_em em = {0};
    etas_error err = {0};

    memset(f, 0, sizeof *f);
    check_ok(etas_constraints_init(&box, fitted->cfg, WORLD.beta, &err), &err);
    fitted->box = &box;
    fitted->theta = *theta;
    fitted->beta = WORLD.beta;
    fitted->m_max = WORLD.m_max;
    check_ok(synthetic_catalog(&WORLD, 1, 0, &f->catalog, &err), &err);
    check_ok(etas_em_init(&em, &f->catalog, fitted->cfg, &err), &err);
    check_ok(etas_em_expect(&em, theta, &err), &err);
    check_ok(etas_uncertainty_find(&em, fitted, &f->u, &err), &err);
    etas_diagnostics_find(&em, fitted, &f->u, &f->d);
    etas_em_free(&em);
    etas_catalog_free(&f->catalog);
}

static void parameters_on_their_bounds_are_named_and_left_out(void **state)
{
    const etas_inversion_config cfg = mle_config();
    etas_fitted fitted = {.cfg = &cfg};
    etas_params theta = WORLD.truth;
    fixture f;

    (void)state;
    theta.value[ETAS_LOG10_TAU] = etas_param_high(ETAS_LOG10_TAU);
    theta.value[ETAS_OMEGA] = 0.5;
    look_at(&theta, &fitted, &f);
    assert_true(f.d.at_bound[ETAS_LOG10_TAU] && !f.d.at_bound[ETAS_LOG10_MU]);
    assert_true(warns(&f, "log10_tau ended at its upper bound 12.26"));
    assert_false(f.u.estimated[ETAS_LOG10_TAU]);
    theta.value[ETAS_LOG10_TAU] = 2;
    theta.value[ETAS_LOG10_C] = etas_param_low(ETAS_LOG10_C);
    look_at(&theta, &fitted, &f);
    assert_true(warns(&f, "log10_c ended at its lower bound -8"));
}

static void a_saddle_of_the_likelihood_has_no_standard_errors(void **state)
{
    const etas_inversion_config cfg = mle_config();
    etas_fitted fitted = {.cfg = &cfg};
    etas_params theta = WORLD.truth;
    fixture f;

    (void)state;
    theta.value[ETAS_LOG10_K0] -= 4;
    look_at(&theta, &fitted, &f);
    assert_false(f.u.available);
    assert_true(f.u.not_positive);
    assert_non_null(strstr(f.u.note, "not positive definite"));
    assert_true(warns(&f, "no standard errors: the observed information is not positive"));
    assert_true(isnan(f.u.standard_error[ETAS_LOG10_K0]) && isnan(f.u.alpha_error));
    theta.value[ETAS_LOG10_TAU] = INFINITY; /* no taper: nothing to estimate there */
    theta.value[ETAS_LOG10_K0] += 4;
    theta.value[ETAS_OMEGA] = 0.4;
    look_at(&theta, &fitted, &f);
    assert_false(f.u.estimated[ETAS_LOG10_TAU]);
    assert_false(f.d.at_bound[ETAS_LOG10_TAU]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_likelihood_there_is_a_reason),
        cmocka_unit_test(options_without_a_likelihood_say_so),
        cmocka_unit_test(warnings_are_in_words),
        cmocka_unit_test(parameters_on_their_bounds_are_named_and_left_out),
        cmocka_unit_test(a_saddle_of_the_likelihood_has_no_standard_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
