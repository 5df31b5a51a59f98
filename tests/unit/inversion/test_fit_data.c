#include "small_catalog.h"

#include "etas/fit_data.h"
#include "support/synthetic.h"

typedef struct fixture {
    etas_catalog catalog;
    etas_inversion_config cfg;
    etas_inversion *inversion;
    etas_inversion_state state;
    etas_fit_data data;
} fixture;

/* One E-step at theta_0, then the sums. */
static void gather(fixture *f)
{
    etas_error err = {0};

    check_ok(etas_inversion_open(&f->inversion, &f->catalog, &f->cfg, &err), &err);
    check_ok(etas_inversion_expect(f->inversion, &f->cfg.theta_0, &err), &err);
    f->state = etas_inversion_state_get(f->inversion);
    check_ok(etas_fit_data_gather(&f->data, f->inversion, &f->catalog, &f->cfg, &err), &err);
}

static void release(fixture *f)
{
    etas_fit_data_free(&f->data);
    etas_inversion_close(f->inversion);
    etas_catalog_free(&f->catalog);
    *f = (fixture){0};
}

static fixture small(size_t n)
{
    fixture f = {.cfg = small_config()};

    small_catalog(n, 77, &f.catalog);
    gather(&f);
    return f;
}

/* The bin with a value in it. */
static const etas_fit_bin *find(size_t n, const etas_fit_bin bins[], double value)
{
    for (size_t k = 0; k < n; k++)
        if (value >= bins[k].low && value < bins[k].high)
            return &bins[k];
    fail_msg("no bin holds %g", value);
    return NULL;
}

static double kernel(const etas_params *p, double dm, double t, double r2)
{
    const double *const v = p->value;
    const double d = pow(10, v[ETAS_LOG10_D]) * exp(v[ETAS_GAMMA] * dm);

    return pow(10, v[ETAS_LOG10_K0]) * exp(v[ETAS_A] * dm) * exp(-t / pow(10, v[ETAS_LOG10_TAU])) /
           pow(t + pow(10, v[ETAS_LOG10_C]), 1 + v[ETAS_OMEGA]) / pow(r2 + d, 1 + v[ETAS_RHO]);
}

static void three_events_by_hand(void **state)
{
    static const double days[] = {210, 210.5, 250}, lat[] = {46, 46.01, 46.03}, mag[] = {4, 2, 2.5};
    fixture f = {.cfg = small_config()};
    const etas_params *const p = &f.cfg.theta_0;
    const double mu = pow(10, p->value[ETAS_LOG10_MU]);
    double r2[3], g01, g02, g12, p01, p02, p12;

    (void)state;
    for (int i = 0; i < 3; i++)
        small_add(&f.catalog, days[i], lat[i], 8, mag[i]);
    gather(&f);
    for (int i = 0; i < 3; i++) /* along a meridian: 0-1, 0-2, 1-2 */
        r2[i] = pow((i == 0 ? 0.01 : i == 1 ? 0.03 : 0.02) * M_PI / 180 * ETAS_EARTH_RADIUS_KM, 2);
    g01 = kernel(p, 2.05, 0.5, r2[0]);
    g02 = kernel(p, 2.05, 40, r2[1]);
    g12 = kernel(p, 0.05, 39.5, r2[2]);
    p01 = g01 / (mu + g01);
    p02 = g02 / (mu + g02 + g12);
    p12 = g12 / (mu + g02 + g12);
    check_rel(f.data.n_weight, p01 + p02 + p12, 1e-9);
    check_rel(find(f.data.n_delays, f.data.delay, 0.5)->weight, p01, 1e-9);
    check_rel(find(f.data.n_delays, f.data.delay, 40)->weight, p02 + p12, 1e-9);
    assert_int_equal(f.data.n_groups, 21); /* 2.0, 2.1, ... 4.0 */
    check_rel(f.data.group[20].weight, p01 + p02, 1e-9);
    check_abs(f.data.group[20].mag, 4, 1e-12);
    assert_int_equal(f.data.group[20].n_sources, 1);
    check_rel(f.data.group[20].expected, etas_expected_aftershocks(p, 2.05, 0, 790), 1e-9);
    check_rel(f.data.group[20].lasting, etas_expected_aftershocks(p, 2.05, 0, INFINITY), 1e-9);
    check_rel(f.data.group[0].weight, p12, 1e-9);
    assert_int_equal(f.data.n_targets, 3);
    check_rel(f.data.background[0], 1, 1e-12);
    check_rel(f.data.background[2], 1 + (1 - p01) + (1 - p02 - p12), 1e-9);
    check_abs(f.data.time_days[1], 10.5, 1e-9);
    release(&f);
}

static double sum_weights(size_t n, const etas_fit_bin bins[])
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += bins[k].weight;
    return sum;
}

static void all_sums_are_the_same_aftershocks(void **state)
{
    fixture f = small(600);
    double of_sources = 0, of_groups = 0;
    size_t n_sources = 0;

    (void)state;
    for (size_t i = 0; i < f.state.n_sources; i++)
        of_sources += f.state.expectation->l_hat[i];
    for (size_t k = 0; k < f.data.n_groups; k++) {
        of_groups += f.data.group[k].weight;
        n_sources += f.data.group[k].n_sources;
    }
    assert_true(of_sources > 50);
    check_rel(f.data.n_weight, of_sources, 1e-10);
    check_rel(sum_weights(f.data.n_delays, f.data.delay), of_sources, 1e-10);
    check_rel(sum_weights(f.data.n_distances, f.data.distance), of_sources, 1e-10);
    check_rel(of_groups, of_sources, 1e-10);
    assert_int_equal(n_sources, f.state.n_sources);
    check_rel(f.data.background[f.data.n_targets - 1], f.state.n_hat, 1e-10);
    assert_int_equal(f.data.size[0].n_above, f.state.n_targets);
    check_rel(f.data.size[0].expected, (double)f.state.n_targets, 1e-12);
    release(&f);
}

static void every_bin_expects_what_the_model_gives_its_sources_there(void **state)
{
    fixture f = small(300);
    const etas_params *const p = &f.data.theta;

    (void)state;
    for (size_t k = 0; k < f.data.n_delays; k++) {
        const etas_fit_bin *const b = &f.data.delay[k];
        double want = 0;

        for (size_t i = 0; i < f.catalog.n; i++) {
            const double start = etas_days_between(f.catalog.time[i], f.cfg.window_start);
            const double end = etas_days_between(f.catalog.time[i], f.cfg.window_end);
            const double low = fmax(b->low, start), high = fmin(b->high, end);

            if (low < high)
                want += etas_expected_aftershocks(p, f.catalog.mag[i] - 1.95, low, high);
        }
        check_rel(b->expected, want, 1e-7);
    }
    for (size_t k = 0; k < f.data.n_distances; k++) {
        const etas_fit_bin *const b = &f.data.distance[k];
        double want = 0;

        for (size_t i = 0; i < f.catalog.n; i++) {
            const double dm = f.catalog.mag[i] - 1.95;
            const double width =
                sqrt(pow(10, p->value[ETAS_LOG10_D]) * exp(p->value[ETAS_GAMMA] * dm));
            const double reach = 200 * etas_rupture_length_km(f.catalog.mag[i]) / width;
            const double start = etas_days_between(f.catalog.time[i], f.cfg.window_start);
            const double end = etas_days_between(f.catalog.time[i], f.cfg.window_end);

            if (reach > b->low)
                want += etas_expected_aftershocks(p, dm, fmax(0, start), end) *
                        (pow(1 + b->low * b->low, -p->value[ETAS_RHO]) -
                         pow(1 + pow(fmin(reach, b->high), 2), -p->value[ETAS_RHO]));
        }
        check_rel(b->expected, want, 1e-7);
    }
    release(&f);
}

/* Simpson's rule in ln u. */
static double integrate(bool three_dim, double rho, double to)
{
    enum { N = 4000 };
    const double norm = exp(etas_space_normalisation(three_dim, rho).ln);
    const double low = log(1e-8), step = (log(to) - low) / N;
    double sum = 0;

    for (int i = 0; i <= N; i++) {
        const double u = exp(low + i * step);
        const double shell = three_dim ? 4 * M_PI * u * u * u : 2 * M_PI * u * u;

        sum += (i == 0 || i == N ? 1 : i % 2 == 1 ? 4 : 2) * shell * pow(1 + u * u, -1 - rho);
    }
    return sum * step / 3 / norm;
}

static void the_spatial_kernel_s_share_is_its_integral(void **state)
{
    etas_params p = {0};

    (void)state;
    for (int three_dim = 0; three_dim < 2; three_dim++)
        for (double rho = 0.57; rho < 3; rho += 0.4) {
            p.three_dim = three_dim;
            p.value[ETAS_RHO] = rho;
            assert_true(etas_space_share(&p, 0) == 0);
            assert_true(etas_space_share(&p, INFINITY) == 1);
            for (double u = 0.01; u < 2000; u *= 7)
                check_rel(etas_space_share(&p, u), integrate(three_dim, rho, u), 1e-8);
        }
}

/* Pearson's sum over bins where at least ten are expected, per bin. */
static double misfit(size_t n, const etas_fit_bin bins[], size_t least)
{
    double sum = 0;
    size_t used = 0;

    for (size_t k = 0; k < n; k++)
        if (bins[k].expected >= 10) {
            sum += pow(bins[k].weight - bins[k].expected, 2) / bins[k].expected;
            used++;
        }
    assert_true(used >= least);
    return sum / (double)used;
}

static void data_follow_the_model_that_made_them_and_no_other(void **state)
{
    const synthetic_world world = {.truth = {.value = {[ETAS_LOG10_MU] = -8.9,
                                                       [ETAS_LOG10_IOTA] = NAN,
                                                       [ETAS_LOG10_K0] = -1.92,
                                                       [ETAS_A] = 2.2,
                                                       [ETAS_LOG10_C] = -2,
                                                       [ETAS_OMEGA] = 0.1,
                                                       [ETAS_LOG10_TAU] = 2,
                                                       [ETAS_LOG10_D] = 0,
                                                       [ETAS_GAMMA] = 0.3,
                                                       [ETAS_RHO] = 2}},
                                   .beta = 2.3,
                                   .m_ref = 2,
                                   .m_max = 4.5,
                                   .auxiliary_days = 300,
                                   .window_days = 4000,
                                   .multiplier = 1000};
    static const struct {
        etas_param which;
        double by;
    } wrong[] = {{ETAS_LOG10_C, 0.7}, {ETAS_OMEGA, 0.5}, {ETAS_LOG10_D, 0.7}, {ETAS_RHO, -1.2}};
    fixture f = {.cfg = synthetic_config(&world)};
    etas_error err = {0};
    double in_groups = 0;

    (void)state;
    check_ok(synthetic_catalog(&world, 11, 0, &f.catalog, &err), &err);
    f.cfg.theta_0 = world.truth;
    gather(&f);
    assert_true(f.data.n_weight > 800);
    assert_true(misfit(f.data.n_delays, f.data.delay, 15) < 1.8);
    assert_true(misfit(f.data.n_distances, f.data.distance, 6) < 1.8);
    for (size_t k = 0; k < f.data.n_groups; k++) {
        const etas_fit_group *const g = &f.data.group[k];

        in_groups += g->expected;
        if (g->expected > 10)
            check_abs(g->weight, g->expected, 4 * sqrt(g->expected));
        assert_true(g->lasting >= g->expected);
    }
    check_abs(f.data.n_weight, in_groups, 4 * sqrt(in_groups));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const bool in_time = wrong[i].which == ETAS_LOG10_C || wrong[i].which == ETAS_OMEGA;

        etas_fit_data_free(&f.data);
        etas_inversion_close(f.inversion);
        f.cfg.theta_0 = world.truth;
        f.cfg.theta_0.value[wrong[i].which] += wrong[i].by;
        gather(&f);
        if ((in_time ? misfit(f.data.n_delays, f.data.delay, 5)
                     : misfit(f.data.n_distances, f.data.distance, 3)) < 3)
            fail_msg("%s is wrong and looks right", etas_param_name(wrong[i].which));
    }
    release(&f);
}

static void magnitudes_are_expected_from_each_event_s_completeness_on(void **state)
{
    fixture f = {.cfg = small_config()};

    (void)state;
    f.cfg.beta_method = ETAS_BETA_FIXED;
    f.cfg.beta = 2;
    for (int i = 0; i < 4; i++)
        small_add(&f.catalog, 210 + i, 46, 8, 2.0 + i);
    f.catalog.mc[2] = 3; /* magnitude 4 */
    gather(&f);
    assert_int_equal(f.data.n_sizes, 31);
    check_abs(f.data.size[0].low, 1.95, 1e-12);
    assert_int_equal(f.data.size[10].n_above, 3);
    assert_int_equal(f.data.size[10].n, 1);
    check_rel(f.data.size[10].expected, 3 * exp(-2) + 1, 1e-12);
    check_rel(f.data.size[20].expected, 3 * exp(-4) + exp(-2), 1e-12);
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_events_by_hand),
        cmocka_unit_test(all_sums_are_the_same_aftershocks),
        cmocka_unit_test(every_bin_expects_what_the_model_gives_its_sources_there),
        cmocka_unit_test(the_spatial_kernel_s_share_is_its_integral),
        cmocka_unit_test(data_follow_the_model_that_made_them_and_no_other),
        cmocka_unit_test(magnitudes_are_expected_from_each_event_s_completeness_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
