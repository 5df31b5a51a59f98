/* Every option against an EM in long double by loops over all events, straight from the formulas:
 * what each E-step finds, and that each M-step ends at the maximum of what it says it maximises. */
#include "option_cases.h"
#include "option_oracle.h"

static void oracle_init(oracle *o, const etas_catalog *c, const etas_inversion_config *cfg)
{
    real sum = 0;

    memset(o, 0, sizeof *o);
    o->c = c;
    o->cfg = *cfg;
    o->theta = cfg->theta_0;
    if (cfg->induced)
        o->theta.value[ETAS_LOG10_IOTA] = cfg->theta_0.value[ETAS_LOG10_MU];
    for (size_t i = 0; i < c->n; i++) {
        o->kappa[i] = expl((real)cfg->theta_0.value[ETAS_A] *
                           ((real)c->mag[i] - (real)cfg->m_ref - (real)cfg->delta_m / 2));
        if (c->time[i] < cfg->window_start)
            continue;
        o->smoothed[i] = 0.1L;
        sum += c->covariate[i];
        o->target[o->n_targets++] = i;
    }
    for (size_t j = 0; j < o->n_targets; j++)
        o->induced[j] = c->covariate[o->target[j]] / sum * (real)o->n_targets;
}

static void take_beta(oracle *o, double beta)
{
    o->beta = beta;
    o->alpha = o->cfg.fixed.alpha_rule == ETAS_ALPHA_BETA     ? beta
               : o->cfg.fixed.alpha_rule == ETAS_ALPHA_NUMBER ? o->cfg.fixed.alpha
                                                              : NAN;
    for (size_t j = 0; j < o->n_targets; j++)
        o->zeta[j] = expl((real)beta * ((real)o->c->mc[o->target[j]] - (real)o->cfg.m_ref));
}

static void check_expectation(const oracle *o, const etas_inversion_state *s)
{
    for (size_t j = 0; j < o->n_targets; j++) {
        check_rel(s->expectation->p_background[j], (double)o->p_background[j], 1e-11);
        if (s->zeta != NULL)
            check_rel(s->zeta[j], (double)o->zeta[j], 1e-12);
    }
    for (size_t i = 0; i < o->c->n; i++) {
        check_abs(s->expectation->l_hat[i], (double)o->l_hat[i], 1e-11 * (double)o->l_hat[i]);
        if (s->xi != NULL)
            check_rel(s->xi[i], (double)hidden_factor(o, i), 1e-12);
    }
    check_rel(s->n_hat, (double)o->n_hat, 1e-11);
    check_abs(s->i_hat, (double)o->i_hat, 1e-11 * (double)o->i_hat);
}

static void follow(const option_case *what, etas_estimator estimator, bool hidden)
{
    static oracle o;
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();
    etas_inversion *inversion = NULL;
    etas_error err = {0};

    option_catalog(N, hidden, &c);
    cfg.estimator = estimator;
    what->set(&cfg);
    oracle_init(&o, &c, &cfg);
    check_ok(etas_inversion_open(&inversion, &c, &cfg, &err), &err);
    take_beta(&o, etas_inversion_state_get(inversion).beta);
    for (int k = 0; k < 2; k++) {
        expect(&o);
        check_ok(etas_inversion_step(inversion, &err), &err);
        const etas_inversion_state s = etas_inversion_state_get(inversion);
        assert_true((s.zeta != NULL) == hidden);
        check_expectation(&o, &s);
        o.theta = s.theta;
        check_maximised(&o, what->name);
        if (cfg.free_productivity)
            follow_productivity(&o, &s, what->name);
        for (size_t j = 0; j < o.n_targets; j++)
            o.smoothed[o.target[j]] = o.p_background[j];
    }
    etas_inversion_close(inversion);
    etas_catalog_free(&c);
}

static void every_option_is_the_em_of_its_formulas(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_CASES; k++)
        follow(&CASES[k], ETAS_ESTIMATOR_REFERENCE, k % 2 != 0);
}

static void maximum_likelihood_too(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_CASES; k++)
        follow(&CASES[k], ETAS_ESTIMATOR_MLE, k % 2 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_the_em_of_its_formulas),
        cmocka_unit_test(maximum_likelihood_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
