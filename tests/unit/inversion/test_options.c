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

/* ---- the order of rows ---- */

static void shuffle(const etas_catalog *c, etas_catalog *out)
{
    uint64_t x = 2024;
    size_t *row = calloc(c->n, sizeof *row);

    assert_non_null(row);
    for (size_t i = 0; i < c->n; i++)
        row[i] = i;
    for (size_t i = c->n; i > 1; i--) {
        const size_t k = (size_t)(small_uniform(&x) * (double)i), other = row[k];

        row[k] = row[i - 1];
        row[i - 1] = other;
    }
    for (size_t i = 0; i < c->n; i++) {
        const etas_event e = etas_catalog_row(c, row[i]);

        check_ok(etas_catalog_append(out, &e), NULL);
    }
    free(row);
}

static etas_inversion *stepped(const etas_catalog *raw, const etas_inversion_config *cfg,
                               etas_catalog *prepared)
{
    etas_region globe = {0};
    const etas_selection how = {.start = 0,
                                .end = cfg->window_end,
                                .region = &globe,
                                .delta_m = cfg->delta_m,
                                .mc_method = ETAS_MC_COLUMN};
    etas_inversion *out = NULL;
    etas_error err = {0};

    check_ok(etas_catalog_select(raw, &how, prepared, &err), &err);
    check_ok(etas_inversion_open(&out, prepared, cfg, &err), &err);
    for (int k = 0; k < 5; k++)
        check_ok(etas_inversion_step(out, &err), &err);
    return out;
}

static void check_column(size_t n, const double *a, const double *b)
{
    assert_true((a == NULL) == (b == NULL));
    if (a != NULL)
        assert_memory_equal(a, b, n * sizeof *a);
}

static void check_same_bits(const etas_inversion_state *a, const etas_inversion_state *b)
{
    const etas_expectation *const ea = a->expectation, *const eb = b->expectation;

    assert_int_equal(a->n_pairs, b->n_pairs);
    assert_int_equal(a->n_targets, b->n_targets);
    check_column(ETAS_N_PARAMS, a->theta.value, b->theta.value);
    check_column(1, &a->beta, &b->beta);
    check_column(1, &a->n_hat, &b->n_hat);
    check_column(1, &a->i_hat, &b->i_hat);
    check_column(a->n_targets, a->zeta, b->zeta);
    check_column(a->n_sources, a->xi, b->xi);
    check_column(a->n_sources, a->kappa, b->kappa);
    check_column(a->n_sources, ea->l_hat, eb->l_hat);
    check_column(a->n_targets, ea->p_background, eb->p_background);
    check_column(a->n_targets, ea->p_induced, eb->p_induced);
    check_column(a->n_targets, ea->mu, eb->mu);
}

static void the_order_of_the_input_s_rows_does_not_matter(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2 * N_CASES; k++) {
        etas_catalog raw[2] = {{0}, {0}}, prepared[2] = {{0}, {0}};
        etas_inversion *inversion[2];
        etas_inversion_config cfg = small_config();

        CASES[k / 2].set(&cfg);
        option_catalog(4 * N, k % 2 != 0, &raw[0]);
        shuffle(&raw[0], &raw[1]);
        for (size_t i = 0; i < 2; i++)
            inversion[i] = stepped(&raw[i], &cfg, &prepared[i]);
        const etas_inversion_state a = etas_inversion_state_get(inversion[0]);
        const etas_inversion_state b = etas_inversion_state_get(inversion[1]);
        assert_true((a.xi != NULL) == (k % 2 != 0));
        check_same_bits(&a, &b);
        for (size_t i = 0; i < 2; i++) {
            etas_inversion_close(inversion[i]);
            etas_catalog_free(&prepared[i]);
            etas_catalog_free(&raw[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_the_em_of_its_formulas),
        cmocka_unit_test(maximum_likelihood_too),
        cmocka_unit_test(the_order_of_the_input_s_rows_does_not_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
