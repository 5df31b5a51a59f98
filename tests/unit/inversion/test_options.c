/* Every option against an EM in long double by loops over all events, straight from the formulas:
 * what each E-step finds, and that each M-step ends at the maximum of what it says it maximises. */
#include "option_oracle.h"

/* ---- the cases ---- */

typedef struct option_case {
    const char *name;
    void (*set)(etas_inversion_config *cfg);
} option_case;

static void plain(etas_inversion_config *cfg)
{
    (void)cfg;
}

static void fix_several(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_LOG10_C] = -2.2;
    cfg->fixed.value.value[ETAS_GAMMA] = 0.7;
    cfg->fixed.value.value[ETAS_LOG10_MU] = -6.1;
}

static void fix_k0(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_LOG10_K0] = -2.1;
}

static void fix_a_and_rho(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_A] = 1.4;
    cfg->fixed.value.value[ETAS_RHO] = 0.9;
}

static void fix_alpha(etas_inversion_config *cfg)
{
    cfg->fixed.alpha_rule = ETAS_ALPHA_NUMBER;
    cfg->fixed.alpha = 1.1;
}

static void alpha_is_beta(etas_inversion_config *cfg)
{
    cfg->fixed.alpha_rule = ETAS_ALPHA_BETA;
    cfg->fixed.value.value[ETAS_OMEGA] = 0.1;
}

static void fix_alpha_and_k0(etas_inversion_config *cfg)
{
    fix_alpha(cfg);
    fix_k0(cfg);
}

static void fix_alpha_and_a(etas_inversion_config *cfg)
{
    fix_alpha(cfg);
    cfg->fixed.value.value[ETAS_A] = 1.7;
}

static void no_taper(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_LOG10_TAU] = INFINITY;
}

static void three_dim(etas_inversion_config *cfg)
{
    cfg->three_dim = true;
    cfg->theta_0.value[ETAS_RHO] = 0.9;
    cfg->coppersmith_multiplier = 2000;
}

static void three_dim_alpha(etas_inversion_config *cfg)
{
    three_dim(cfg);
    fix_alpha(cfg);
    no_taper(cfg);
}

static void induced(etas_inversion_config *cfg)
{
    cfg->induced = true;
}

static void free_background(etas_inversion_config *cfg)
{
    cfg->free_background = true;
    cfg->bw_sq_km2 = 2.5;
}

static void free_productivity(etas_inversion_config *cfg)
{
    cfg->free_productivity = true;
}

static void everything_free(etas_inversion_config *cfg)
{
    free_background(cfg);
    free_productivity(cfg);
    induced(cfg);
    no_taper(cfg);
    three_dim(cfg);
}

static const option_case CASES[] = {
    {"plain", plain},
    {"several fixed", fix_several},
    {"k0 fixed", fix_k0},
    {"a and rho fixed", fix_a_and_rho},
    {"alpha fixed", fix_alpha},
    {"alpha = beta, omega fixed", alpha_is_beta},
    {"alpha and k0 fixed", fix_alpha_and_k0},
    {"alpha and a fixed", fix_alpha_and_a},
    {"no taper", no_taper},
    {"three dimensions", three_dim},
    {"three dimensions, alpha fixed, no taper", three_dim_alpha},
    {"induced", induced},
    {"free background", free_background},
    {"free productivity", free_productivity},
    {"everything free", everything_free},
};
enum { N_CASES = sizeof CASES / sizeof *CASES };

static void make_catalog(bool hidden, etas_catalog *out)
{
    small_catalog(N, 4711, out);
    for (size_t i = 0; i < out->n; i++) {
        out->x[i] = 75 * (out->lon[i] - 8);
        out->y[i] = 111 * (out->lat[i] - 47);
        out->z[i] = -1 - (double)(i % 7);
        out->covariate[i] = 1 + (double)(i % 3);
        if (hidden && i % 3 == 0)
            out->mc[i] = fmin(out->mag[i], 2.3);
    }
}

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

    make_catalog(hidden, &c);
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
