#include "small_catalog.h"

enum { N = 90 };

/* Everything that an E-step leaves, by loops over all events and libm. */
typedef struct oracle {
    double n_hat, sum_l_hat, log_likelihood;
    double l_hat[N], p_background[N], p_triggered[N];
} oracle;

static double km2(const etas_catalog *c, size_t i, size_t j)
{
    const double r =
        etas_distance_km(c->lat[i], c->lon[i], c->lat[j], c->lon[j], ETAS_EARTH_RADIUS_KM);

    return r * r;
}

static double rate(const etas_catalog *c, const etas_inversion_config *cfg, const double v[],
                   const size_t pair[2])
{
    const size_t i = pair[0], j = pair[1];
    const double r2 = km2(c, i, j), dm = c->mag[i] - 1.95;
    const double reach = pow(10, 0.59 * c->mag[i] - 2.44) * cfg->coppersmith_multiplier;
    const double t = (double)(c->time[j] - c->time[i]) / 86400e9;

    if (!(t > 0) || r2 > reach * reach)
        return 0;
    return pow(10, v[ETAS_LOG10_K0]) * exp(v[ETAS_A] * dm) * exp(-t / pow(10, v[ETAS_LOG10_TAU])) /
           pow(t + pow(10, v[ETAS_LOG10_C]), 1 + v[ETAS_OMEGA]) /
           pow(r2 + pow(10, v[ETAS_LOG10_D]) * exp(v[ETAS_GAMMA] * dm), 1 + v[ETAS_RHO]);
}

static void expect_by_loops(const etas_catalog *c, const etas_inversion_config *cfg,
                            const etas_params *theta, oracle *out)
{
    const double *v = theta->value, mu = pow(10, v[ETAS_LOG10_MU]);
    size_t target = 0;

    memset(out, 0, sizeof *out);
    for (size_t j = 0; j < c->n; j++) {
        double total = mu;

        if (c->time[j] < cfg->window_start)
            continue;
        for (size_t i = 0; i < c->n; i++)
            total += rate(c, cfg, v, (size_t[]){i, j});
        for (size_t i = 0; i < c->n; i++) {
            const double p = rate(c, cfg, v, (size_t[]){i, j}) / total;

            out->l_hat[i] += p;
            out->p_triggered[target] += p;
            out->sum_l_hat += p;
        }
        out->p_background[target] = mu / total;
        out->n_hat += out->p_background[target++];
        out->log_likelihood += log(total);
    }
    for (size_t i = 0; i < c->n; i++)
        out->log_likelihood -= etas_expected_aftershocks(
            theta, c->mag[i] - 1.95, fmax(0, (double)(cfg->window_start - c->time[i]) / 86400e9),
            (double)(cfg->window_end - c->time[i]) / 86400e9);
    out->log_likelihood -= mu * cfg->area_km2 * SMALL_WINDOW_DAYS;
}

static void the_expectation_is_that_of_loops_over_all_events(void **state)
{
    const char *const kernels[] = {"scalar", NULL};

    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        etas_catalog c = {0};
        etas_inversion_config cfg = small_config();
        etas_params theta = cfg.theta_0;
        etas_inversion *inversion = NULL;
        etas_error err = {0};
        oracle want;
        double direct;

        small_catalog(N, seed * 0x9e3779b97f4a7c15u, &c);
        cfg.kernels = kernels[seed % 2];
        theta.value[ETAS_OMEGA] = 0.15 * (double)seed - 0.4;
        theta.value[ETAS_RHO] = 0.3 * (double)seed;
        expect_by_loops(&c, &cfg, &theta, &want);
        check_ok(etas_inversion_open(&inversion, &c, &cfg, &err), &err);
        check_ok(etas_inversion_expect(inversion, &theta, &err), &err);
        const etas_inversion_state s = etas_inversion_state_get(inversion);
        check_rel(s.n_hat, want.n_hat, 1e-12);
        check_rel(s.expectation->sum_l_hat, want.sum_l_hat, 1e-12);
        check_rel(s.n_hat + s.expectation->sum_l_hat, (double)s.n_targets, 1e-13);
        check_rel(s.log_likelihood, want.log_likelihood, 1e-12);
        for (size_t i = 0; i < c.n; i++)
            check_abs(s.expectation->l_hat[i], want.l_hat[i], 1e-12 * (1e-20 + want.l_hat[i]));
        for (size_t j = 0; j < s.n_targets; j++) {
            check_rel(s.expectation->p_background[j], want.p_background[j], 1e-12);
            check_abs(s.expectation->p_triggered[j], want.p_triggered[j], 1e-12);
        }
        check_ok(etas_inversion_log_likelihood(inversion, &theta, &direct, &err), &err);
        check_rel(direct, want.log_likelihood, 1e-12);
        etas_inversion_close(inversion);
        etas_catalog_free(&c);
    }
}

static void a_target_without_a_source_is_background(void **state)
{
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();
    etas_inversion *inversion = NULL;
    etas_error err = {0};

    (void)state;
    cfg.beta_method = ETAS_BETA_FIXED;
    cfg.beta = 2;
    small_add(&c, 250, -40, 100, 3.0);
    small_add(&c, 300, 47, 8, 4.0);
    small_add(&c, 301, 47.001, 8, 2.0);
    check_ok(etas_inversion_open(&inversion, &c, &cfg, &err), &err);
    check_ok(etas_inversion_expect(inversion, &cfg.theta_0, &err), &err);
    const etas_inversion_state s = etas_inversion_state_get(inversion);
    assert_int_equal(s.n_targets, 3);
    assert_int_equal(s.n_pairs, 1);
    check_abs(s.expectation->p_background[0], 1, 0);
    check_abs(s.expectation->p_background[1], 1, 0);
    check_abs(s.expectation->p_triggered[0], 0, 0);
    assert_true(s.expectation->p_background[2] < 0.5);
    check_abs(s.expectation->l_hat[0], 0, 0);
    check_abs(s.beta, 2, 0);
    etas_inversion_close(inversion);
    etas_catalog_free(&c);
}

/* The parameter's own bound, 1e-10, would be 4e5 events in a region as large as this one. */
static void a_background_as_thin_as_a_large_region_asks_is_kept(void **state)
{
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();
    etas_inversion *inversion = NULL;
    etas_error err = {0};

    (void)state;
    cfg.area_km2 = 5e12;
    small_catalog(N, 7, &c);
    check_ok(etas_inversion_open(&inversion, &c, &cfg, &err), &err);
    for (int i = 0; i < 3; i++) {
        check_ok(etas_inversion_step(inversion, &err), &err);
        const etas_inversion_state s = etas_inversion_state_get(inversion);
        assert_true(s.theta.value[ETAS_LOG10_MU] < -10);
        check_abs(s.theta.value[ETAS_LOG10_MU], log10(s.n_hat / (5e12 * SMALL_WINDOW_DAYS)), 1e-13);
    }
    etas_inversion_close(inversion);
    etas_catalog_free(&c);
}

static void parameters_without_finite_rates_are_refused(void **state)
{
    etas_catalog c = {0};
    const etas_inversion_config cfg = small_config();
    etas_inversion *inversion = NULL;
    etas_params theta = cfg.theta_0;
    etas_error err = {0};
    double out;

    (void)state;
    small_catalog(N, 99, &c);
    check_ok(etas_inversion_open(&inversion, &c, &cfg, &err), &err);
    theta.value[ETAS_LOG10_K0] = NAN;
    assert_int_equal(etas_inversion_expect(inversion, &theta, &err), ETAS_E_RANGE);
    err = (etas_error){0};
    assert_int_equal(etas_inversion_log_likelihood(inversion, &theta, &out, &err), ETAS_E_RANGE);
    etas_inversion_close(inversion);
    etas_catalog_free(&c);
}

/* The rows come in order, and their probabilities add up. */
typedef struct visit {
    const etas_inversion_state *state;
    size_t rows, pairs, stop_after;
} visit;

static etas_status look_at(void *context, const etas_pair_row *row, etas_error *err)
{
    visit *self = context;
    double sum = 0;

    assert_int_equal(row->number, self->rows);
    for (size_t k = 0; k < row->n; k++) {
        assert_true(k == 0 || row->source[k] > row->source[k - 1]);
        assert_true(row->source[k] < self->state->target[row->number]);
        assert_true(row->time_days[k] > 0 && row->r2_km2[k] >= 0 && row->p[k] > 0);
        sum += row->p[k];
    }
    check_abs(sum, self->state->expectation->p_triggered[row->number], 1e-13);
    self->pairs += row->n;
    if (++self->rows == self->stop_after)
        return etas_fail(err, ETAS_E_LIMIT, "that is enough");
    return ETAS_OK;
}

static void a_visitor_sees_every_target_and_may_stop(void **state)
{
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();

    (void)state;
    small_catalog(500, 33, &c);
    for (size_t m = 0; m < 2; m++) {
        etas_inversion *inversion = NULL;
        etas_error err = {0};

        cfg.memory_bytes = m; /* all pairs are kept, or none */
        check_ok(etas_inversion_open(&inversion, &c, &cfg, &err), &err);
        check_ok(etas_inversion_expect(inversion, &cfg.theta_0, &err), &err);
        const etas_inversion_state s = etas_inversion_state_get(inversion);
        visit all = {.state = &s}, some = {.state = &s, .stop_after = 20};
        check_ok(etas_inversion_visit_pairs(inversion, look_at, &all, &err), &err);
        assert_int_equal(all.rows, s.n_targets);
        assert_int_equal(all.pairs, s.n_pairs);
        assert_int_equal(etas_inversion_visit_pairs(inversion, look_at, &some, &err), ETAS_E_LIMIT);
        assert_non_null(strstr(err.text, "enough"));
        assert_int_equal(some.rows, 20);
        etas_inversion_close(inversion);
    }
    etas_catalog_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_expectation_is_that_of_loops_over_all_events),
        cmocka_unit_test(a_target_without_a_source_is_background),
        cmocka_unit_test(a_background_as_thin_as_a_large_region_asks_is_kept),
        cmocka_unit_test(a_visitor_sees_every_target_and_may_stop),
        cmocka_unit_test(parameters_without_finite_rates_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
