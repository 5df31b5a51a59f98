/* Small catalogues whose likelihood can be written down. */
#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/likelihood.h"

static const double PI = 3.14159265358979323846;
static const double DEGREE_KM = ETAS_EARTH_RADIUS_KM * 3.14159265358979323846 / 180;

typedef struct world {
    etas_catalog catalog;
    etas_likelihood_input in;
    etas_likelihood got;
} world;

/* h = (t + 0.1)^-2, f = 1 / (r2 + D)^2: everything is a fraction. */
static world simple_world(void)
{
    world w = {.in = {.train_start = -100 * ETAS_NS_PER_DAY,
                      .test_start = 0,
                      .test_end = 10 * ETAS_NS_PER_DAY,
                      .theta.value = {[ETAS_LOG10_MU] = -4,
                                      [ETAS_LOG10_IOTA] = NAN,
                                      [ETAS_LOG10_K0] = -1,
                                      [ETAS_A] = 2,
                                      [ETAS_LOG10_C] = -1,
                                      [ETAS_OMEGA] = 1,
                                      [ETAS_LOG10_TAU] = INFINITY,
                                      [ETAS_LOG10_D] = 0,
                                      [ETAS_GAMMA] = 0.5,
                                      [ETAS_RHO] = 1},
                      .beta = 2,
                      .m_ref = 3,
                      .delta_m = 0.2,
                      .m_test = NAN,
                      .area_km2 = 5000,
                      .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                      .n_threads = 1}};

    return w;
}

/* On the equator, @p km east of a place; complete from 3 on. */
static void add(world *w, double days, double km, double mag)
{
    const etas_event e = {.time = (etas_time)llround(days * (double)ETAS_NS_PER_DAY),
                          .lat = 0,
                          .lon = km / DEGREE_KM,
                          .mag = mag,
                          .mc = 3,
                          .depth = NAN,
                          .x = km,
                          .y = 0,
                          .z = 0,
                          .covariate = NAN,
                          .id = "e",
                          .id_len = 1};

    check_ok(etas_catalog_append(&w->catalog, &e), NULL);
}

static void evaluate(world *w)
{
    etas_error err = {0};

    w->in.catalog = &w->catalog;
    check_ok(etas_likelihood_evaluate(&w->in, &w->got, &err), &err);
}

static void refuse(world *w, etas_status code, const char *part)
{
    etas_error err = {0};

    w->in.catalog = &w->catalog;
    assert_int_equal(etas_likelihood_evaluate(&w->in, &w->got, &err), code);
    if (strstr(err.text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
    assert_null(w->got.event);
}

static void free_world(world *w)
{
    etas_likelihood_free(&w->got);
    etas_catalog_free(&w->catalog);
}

static double h(double t)
{
    return 1 / ((t + 0.1) * (t + 0.1));
}

static double h_integral(double from, double to)
{
    return 1 / (from + 0.1) - 1 / (to + 0.1);
}

static double k_of(double mag)
{
    return 0.1 * exp(2 * (mag - 2.9));
}

static double d_of(double mag)
{
    return exp(0.5 * (mag - 2.9));
}

/* Triggered at r2 km^2 per unit of h, and everywhere. */
static double at(double mag, double r2)
{
    return k_of(mag) / ((r2 + d_of(mag)) * (r2 + d_of(mag)));
}

static double everywhere(double mag)
{
    return k_of(mag) * PI / d_of(mag);
}

static void three_events_give_closed_forms(void **state)
{
    world w = simple_world();
    const etas_event_score *e;
    double first, second, tail, ln_rate, ln_time;

    (void)state;
    add(&w, -4, 0, 4);
    add(&w, 2, 3, 3.5);
    add(&w, 3, 5, 3);
    evaluate(&w);
    e = w.got.event;
    assert_int_equal(w.got.n, 2);
    assert_int_equal(e[0].row, 1);
    check_rel(e[0].rate, 1e-4 + at(4, 9) * h(6), 1e-13);
    check_rel(e[0].time_rate, 0.5 + everywhere(4) * h(6), 1e-13);
    first = 0.5 * 2 + everywhere(4) * h_integral(4, 6);
    check_rel(e[0].compensator, first, 1e-13);
    check_rel(e[0].ll, log(e[0].rate) - first, 1e-13);
    check_rel(e[0].p_background, 1e-4 / e[0].rate, 1e-13);
    assert_true(e[0].p_induced == 0);
    check_rel(e[0].u, 1 - exp(-first), 1e-13);
    check_rel(e[1].rate, 1e-4 + at(4, 25) * h(7) + at(3.5, 4) * h(1), 1e-13);
    check_rel(e[1].time_rate, 0.5 + everywhere(4) * h(7) + everywhere(3.5) * h(1), 1e-13);
    second = 0.5 + everywhere(4) * h_integral(6, 7) + everywhere(3.5) * h_integral(0, 1);
    check_rel(e[1].compensator, second, 1e-13);
    check_rel(e[1].tau, first + second, 1e-13);
    tail = 3.5 + everywhere(4) * h_integral(7, 14) + everywhere(3.5) * h_integral(1, 8) +
           everywhere(3) * h_integral(0, 7);
    check_rel(w.got.tail, tail, 1e-13);
    check_rel(w.got.compensator, first + second + tail, 1e-13);
    check_rel(w.got.background, 5, 1e-13);
    check_rel(w.got.triggered, first + second + tail - 5, 1e-13);
    ln_rate = log(e[0].rate) + log(e[1].rate);
    ln_time = log(e[0].time_rate) + log(e[1].time_rate);
    check_rel(w.got.log_likelihood, ln_rate - w.got.compensator, 1e-13);
    check_rel(w.got.model.tll, (ln_time - w.got.compensator) / 2, 1e-13);
    check_rel(w.got.model.sll, (ln_rate - ln_time) / 2, 1e-13);
    check_rel(w.got.model.nll, -w.got.log_likelihood / 2, 1e-13);
    check_rel(w.got.background_share, (e[0].p_background + e[1].p_background) / 2, 1e-13);
    free_world(&w);
}

static void the_poisson_process_has_the_training_windows_rate(void **state)
{
    world w = simple_world();

    (void)state;
    add(&w, -200, 0, 5); /* before the training window */
    add(&w, -100, 0, 4);
    add(&w, -50, 0, 3);
    add(&w, 1, 0, 3);
    add(&w, 2, 0, 3);
    add(&w, 3, 0, 3);
    evaluate(&w);
    assert_int_equal(w.got.n_train, 2);
    check_rel(w.got.poisson_rate, 2.0 / 100 / 5000, 1e-14);
    check_rel(w.got.poisson.tll, log(0.02) - 0.2 / 3, 1e-14);
    check_rel(w.got.poisson.sll, -log(5000), 1e-14);
    check_rel(w.got.poisson.nll, -(w.got.poisson.tll + w.got.poisson.sll), 1e-14);
    check_rel(w.got.gain, w.got.poisson.nll - w.got.model.nll, 1e-14);
    check_rel(w.got.time_gain + w.got.space_gain, w.got.gain, 1e-12);
    free_world(&w);
}

/* Events of one time do not trigger each other. */
static void ties_are_not_ordered(void **state)
{
    world w = simple_world();

    (void)state;
    add(&w, 2, 0, 5);
    add(&w, 2, 1, 5);
    evaluate(&w);
    for (size_t j = 0; j < 2; j++)
        check_rel(w.got.event[j].rate, 1e-4, 1e-13);
    assert_true(w.got.event[1].compensator == 0 && w.got.event[1].u == 0);
    check_rel(w.got.compensator, 5 + 2 * everywhere(5) * h_integral(0, 8), 1e-13);
    free_world(&w);
}

static void a_higher_magnitude_thins_the_rates(void **state)
{
    world w = simple_world(), above = simple_world();
    const double share = exp(-2 * 0.6);

    (void)state;
    add(&w, -4, 0, 4);
    add(&w, 2, 3, 3.2);
    add(&w, 3, 5, 3.6);
    for (size_t i = 0; i < w.catalog.n; i++) {
        const etas_event e = etas_catalog_row(&w.catalog, i);

        check_ok(etas_catalog_append(&above.catalog, &e), NULL);
    }
    above.in.m_test = 3.6;
    evaluate(&w);
    evaluate(&above);
    assert_int_equal(above.got.n, 1);
    assert_int_equal(above.got.event[0].row, 2);
    check_rel(above.got.event[0].rate, share * w.got.event[1].rate, 1e-13);
    check_rel(above.got.event[0].time_rate, share * w.got.event[1].time_rate, 1e-13);
    check_rel(above.got.event[0].compensator, share * w.got.event[1].tau, 1e-13);
    check_rel(above.got.compensator, share * w.got.compensator, 1e-13);
    assert_int_equal(above.got.n_train, 1);
    free_world(&w);
    free_world(&above);
}

/* A source that was complete from 3.5 on only stands for hidden ones, and so does an event of the
 * Poisson process. */
static void hidden_events_are_made_up_for(void **state)
{
    world w = simple_world();
    const double alpha = 2 - 0.5, xi = exp((2 - alpha) * 0.5);

    (void)state;
    add(&w, -4, 0, 4);
    add(&w, 2, 3, 3.2);
    w.catalog.mc[0] = 3.5;
    evaluate(&w);
    assert_true(w.got.m_test == 3);
    check_rel(w.got.event[0].rate, 1e-4 + xi * at(4, 9) * h(6), 1e-13);
    check_rel(w.got.triggered,
              xi * everywhere(4) * h_integral(4, 14) + everywhere(3.2) * h_integral(0, 8), 1e-13);
    check_rel(w.got.poisson_rate, exp(2 * 0.5) / 100 / 5000, 1e-13);
    free_world(&w);
}

static void the_test_window_is_complete_from_one_magnitude_on(void **state)
{
    world w = simple_world();

    (void)state;
    add(&w, 2, 0, 3.2);
    add(&w, 3, 0, 4);
    w.catalog.mc[1] = 3.5;
    evaluate(&w);
    assert_true(w.got.m_test == 3.5 && w.got.n == 1);
    etas_likelihood_free(&w.got);
    w.in.m_test = 3.2;
    refuse(&w, ETAS_E_RANGE, "complete only from 3.5 on");
    w.in.m_test = 2.9;
    w.catalog.mc[1] = 2.9;
    w.catalog.mc[0] = 2.9;
    refuse(&w, ETAS_E_RANGE, "no events below 3");
    free_world(&w);
}

static void events_may_have_their_own_productivity(void **state)
{
    static const double kappa[] = {0.7, 0};
    world w = simple_world();

    (void)state;
    add(&w, -4, 0, 4);
    add(&w, -3, 0, 6);
    add(&w, 2, 3, 3.2);
    add(&w, 3, 3, 3.2);
    w.in.n_kappa = 2;
    w.in.kappa = kappa;
    evaluate(&w);
    check_rel(w.got.event[0].time_rate, 0.5 + 0.7 * PI / d_of(4) * h(6), 1e-13);
    check_rel(w.got.event[1].time_rate, 0.5 + 0.7 * PI / d_of(4) * h(7) + everywhere(3.2) * h(1),
              1e-13);
    free_world(&w);
}

static void a_background_of_gaussians_has_their_rate(void **state)
{
    static const double lat[] = {0, 0}, weight[] = {3, 1};
    const double lon[] = {1 / DEGREE_KM, 500 / DEGREE_KM};
    world w = simple_world();

    (void)state;
    add(&w, 2, 3, 3.2);
    w.in.smooth = (etas_smooth_background){
        .n = 2, .lat = lat, .lon = lon, .weight = weight, .variance_km2 = 4};
    evaluate(&w);
    check_rel(w.got.event[0].rate, 3.0 / 100 * exp(-0.5 * 4 / 4) / (2 * PI * 4), 1e-12);
    check_rel(w.got.event[0].time_rate, 4.0 / 100, 1e-14);
    check_rel(w.got.background, 4.0 / 100 * 10, 1e-14);
    assert_true(w.got.event[0].p_background == 1);
    etas_likelihood_free(&w.got);
    w.in.theta.three_dim = true;
    refuse(&w, ETAS_E_UNSUPPORTED, "Gaussians");
    free_world(&w);
}

/* Relative to the covariate's mean in the training window. */
static void the_induced_term_follows_its_covariate(void **state)
{
    world w = simple_world();

    (void)state;
    add(&w, -4, 1000, 3);
    add(&w, -3, 1000, 3);
    add(&w, 2, 0, 3);
    w.catalog.covariate[0] = 1;
    w.catalog.covariate[1] = 3;
    w.catalog.covariate[2] = 5;
    w.in.theta.value[ETAS_LOG10_IOTA] = -3;
    evaluate(&w);
    check_rel(w.got.event[0].rate, 1e-4 + 1e-3 * 5 / 2, 1e-9); /* and a little, triggered far off */
    check_rel(w.got.event[0].p_induced * w.got.event[0].rate, 2.5e-3, 1e-13);
    check_rel(w.got.induced, 1e-3 * 5000 * 10, 1e-13);
    check_rel(w.got.compensator, w.got.background + w.got.induced + w.got.triggered, 1e-14);
    etas_likelihood_free(&w.got);
    w.catalog.covariate[2] = -1;
    refuse(&w, ETAS_E_RANGE, "bg_term");
    w.catalog.covariate[2] = NAN;
    refuse(&w, ETAS_E_RANGE, "bg_term");
    w.catalog.covariate[2] = 1;
    w.catalog.covariate[0] = w.catalog.covariate[1] = 0;
    refuse(&w, ETAS_E_RANGE, "training window");
    free_world(&w);
}

/* rho = 1.5: the integral over space is pi^(3/2) Gamma(1) / Gamma(2.5) / D = 4 pi / 3 / D. */
static void space_has_three_dimensions_too(void **state)
{
    world w = simple_world();

    (void)state;
    add(&w, -4, 0, 4);
    add(&w, 2, 3, 3.2);
    w.in.theta.three_dim = true;
    w.in.theta.value[ETAS_RHO] = 1.5;
    evaluate(&w);
    check_rel(w.got.event[0].rate, 1e-4 + k_of(4) * pow(9 + d_of(4), -2.5) * h(6), 1e-13);
    check_rel(w.got.event[0].time_rate, 0.5 + k_of(4) * 4 * PI / 3 / d_of(4) * h(6), 1e-12);
    etas_likelihood_free(&w.got);
    w.catalog.z[0] = NAN;
    refuse(&w, ETAS_E_ARG, "x, y, z");
    free_world(&w);
}

static void events_outside_the_inner_region_only_trigger(void **state)
{
    const double lat[] = {-1, -1, 1, 1}, lon[] = {-0.01, 1, 1, -0.01};
    etas_region inner = {0};
    world w = simple_world();

    (void)state;
    check_ok(etas_region_set_ring(&inner, 4, lat, lon, NULL), NULL);
    add(&w, -1, -3, 3.5); /* not among those the Poisson process counts */
    add(&w, 1, -3, 3.5);
    add(&w, 2, 0, 3);
    w.in.inner_region = &inner;
    evaluate(&w);
    assert_int_equal(w.got.n, 1);
    assert_int_equal(w.got.n_train, 0);
    check_rel(w.got.event[0].rate, 1e-4 + at(3.5, 9) * (h(3) + h(1)), 1e-13);
    check_rel(w.got.event[0].compensator,
              1 + everywhere(3.5) * (h_integral(1, 3) + h_integral(0, 1)), 1e-13);
    etas_region_free(&inner);
    free_world(&w);
}

/* ---- the tapered kernel ---- */

static world tapered_world(double omega, double log10_tau)
{
    world w = simple_world();

    w.in.theta.value[ETAS_OMEGA] = omega;
    w.in.theta.value[ETAS_LOG10_TAU] = log10_tau;
    w.in.theta.value[ETAS_LOG10_C] = -3;
    w.in.test_end = 500 * ETAS_NS_PER_DAY;
    w.in.train_start = -6000 * ETAS_NS_PER_DAY;
    add(&w, -5000, 0, 6);
    add(&w, -320, 1, 5);
    add(&w, -31, 1, 5);
    add(&w, -0.001, 2, 4);
    add(&w, 1e-4, 2, 4);
    add(&w, 1.5e-4, 1, 3);
    add(&w, 0.7, 1, 3);
    add(&w, 1, 1, 3);
    add(&w, 10, 1, 3);
    add(&w, 19, 1, 3);
    add(&w, 250, 1, 3);
    return w;
}

/* The rate over all space just before or after a time. */
static double time_rate_at(const world *w, double day, bool after)
{
    const double *v = w->in.theta.value, c = pow(10, v[ETAS_LOG10_C]);
    double sum = 0.5;

    for (size_t i = 0; i < w->catalog.n; i++) {
        const double t = day - (double)w->catalog.time[i] / 86400e9;

        if (t > 0 || (after && t == 0))
            sum += everywhere(w->catalog.mag[i]) * exp(-t / pow(10, v[ETAS_LOG10_TAU])) *
                   pow(t + c, -1 - v[ETAS_OMEGA]);
    }
    return sum;
}

/* Simpson's rule in v, t = from + c (e^v - 1), which smooths what happens after an event. */
static double brute_force(const world *w, double from, double to)
{
    enum { STEPS = 20000 };
    const double c = pow(10, w->in.theta.value[ETAS_LOG10_C]);
    const double span = log1p((to - from) / c), step = span / STEPS;
    double sum = 0;

    for (int k = 0; k <= STEPS; k++) {
        const double v = k * step, day = k < STEPS ? from + c * expm1(v) : to;
        const double weight = k == 0 || k == STEPS ? 1 : k % 2 == 1 ? 4 : 2;

        sum += weight * time_rate_at(w, day, k == 0) * c * exp(v);
    }
    return sum * step / 3;
}

static void compensators_are_what_quadrature_finds(void **state)
{
    static const double omegas[] = {-0.3, 0, 0.4}, taus[] = {1.5, 4};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        world w = tapered_world(omegas[i % 3], taus[i / 3]);
        double since = 0, sum = 0;

        evaluate(&w);
        assert_int_equal(w.got.n, 7);
        for (size_t j = 0; j < w.got.n; j++) {
            const etas_event_score *e = &w.got.event[j];
            const double day = (double)w.catalog.time[e->row] / 86400e9;

            check_rel(e->compensator, brute_force(&w, since, day), 1e-8);
            check_rel(e->time_rate, time_rate_at(&w, day, false), 1e-12);
            sum += e->compensator;
            check_rel(e->tau, sum, 1e-13);
            since = day;
        }
        check_rel(w.got.tail, brute_force(&w, since, 500), 1e-8);
        check_rel(sum + w.got.tail, w.got.compensator, 1e-12);
        free_world(&w);
    }
}

/* A window cut into ever shorter intervals by events that trigger nothing: the parts of the
 * compensator add up to the closed form, whichever way they are computed. */
static void short_intervals_add_up(void **state)
{
    static const double steps[] = {0.01, 0.3, 2, 40};

    (void)state;
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        world w = tapered_world(0.2, 2);
        etas_catalog history = {0};
        double sum = 0, want = 0;

        for (size_t i = 0; i < 4; i++) {
            const etas_event e = etas_catalog_row(&w.catalog, i);

            check_ok(etas_catalog_append(&history, &e), NULL);
        }
        etas_catalog_free(&w.catalog);
        w.catalog = history;
        w.in.theta.value[ETAS_A] = 15; /* small events have no part in it */
        for (size_t j = 1; j <= 50; j++)
            add(&w, steps[k] * (double)j, 1e4, 3);
        w.in.test_end = (etas_time)(51 * steps[k] * (double)ETAS_NS_PER_DAY);
        w.catalog.mag[0] = 3;
        evaluate(&w);
        for (size_t i = 0; i < w.catalog.n; i++) {
            const double t = (double)w.catalog.time[i] / 86400e9;

            want += etas_expected_aftershocks(&w.in.theta, w.catalog.mag[i] - 2.9, fmax(-t, 0),
                                              51 * steps[k] - t);
        }
        for (size_t j = 0; j < w.got.n; j++)
            sum += w.got.event[j].compensator;
        check_rel(sum + w.got.tail, 0.5 * 51 * steps[k] + want, 1e-12);
        check_rel(w.got.triggered, want, 1e-12);
        free_world(&w);
    }
}

static void threads_change_nothing(void **state)
{
    world one = tapered_world(0.2, 2), three = tapered_world(0.2, 2);

    (void)state;
    for (size_t j = 1; j <= 40; j++) {
        add(&one, 250 + (double)j, (double)j, 3.3);
        add(&three, 250 + (double)j, (double)j, 3.3);
    }
    three.in.n_threads = 3;
    evaluate(&one);
    evaluate(&three);
    assert_int_equal(one.got.n, 47);
    assert_memory_equal(one.got.event, three.got.event, one.got.n * sizeof *one.got.event);
    assert_true(one.got.log_likelihood == three.got.log_likelihood);
    free_world(&one);
    free_world(&three);
}

/* ---- the edges ---- */

static void a_window_without_events_has_no_mean(void **state)
{
    world w = simple_world();

    (void)state;
    evaluate(&w);
    assert_int_equal(w.got.n, 0);
    check_rel(w.got.compensator, 5, 1e-13);
    check_rel(w.got.tail, 5, 1e-13);
    check_rel(w.got.log_likelihood, -5, 1e-13);
    assert_true(isnan(w.got.model.nll) && isnan(w.got.poisson.nll) && isnan(w.got.gain));
    assert_true(isnan(w.got.tau.p) && isnan(w.got.u.p) && isnan(w.got.background_share));
    free_world(&w);
}

static void nonsense_is_refused(void **state)
{
    world w = simple_world();
    volatile sig_atomic_t stop = 1;

    (void)state;
    add(&w, 2, 0, 3);
    add(&w, 1, 0, 3);
    refuse(&w, ETAS_E_ARG, "not sorted");
    w.catalog.time[1] = 3 * ETAS_NS_PER_DAY;
    w.catalog.mc[0] = NAN;
    refuse(&w, ETAS_E_ARG, "completeness");
    w.catalog.mc[0] = 3;
    w.catalog.time[1] = w.in.test_end;
    refuse(&w, ETAS_E_ARG, "after the test window");
    w.catalog.time[1] = 3 * ETAS_NS_PER_DAY;
    w.in.area_km2 = 0;
    refuse(&w, ETAS_E_ARG, "area");
    w.in.area_km2 = 1;
    w.in.beta = 0;
    refuse(&w, ETAS_E_ARG, "beta");
    w.in.beta = 2;
    w.in.theta.value[ETAS_RHO] = 0;
    refuse(&w, ETAS_E_RANGE, "not within");
    w.in.theta.value[ETAS_RHO] = 1;
    w.in.n_kappa = 3;
    refuse(&w, ETAS_E_ARG, "productivities");
    w.in.n_kappa = 0;
    w.in.train_start = 0;
    refuse(&w, ETAS_E_ARG, "windows");
    w.in.train_start = -1;
    w.in.interrupted = &stop;
    refuse(&w, ETAS_E_INTERRUPTED, "interrupted");
    free_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_events_give_closed_forms),
        cmocka_unit_test(the_poisson_process_has_the_training_windows_rate),
        cmocka_unit_test(ties_are_not_ordered),
        cmocka_unit_test(a_higher_magnitude_thins_the_rates),
        cmocka_unit_test(hidden_events_are_made_up_for),
        cmocka_unit_test(the_test_window_is_complete_from_one_magnitude_on),
        cmocka_unit_test(events_may_have_their_own_productivity),
        cmocka_unit_test(a_background_of_gaussians_has_their_rate),
        cmocka_unit_test(the_induced_term_follows_its_covariate),
        cmocka_unit_test(space_has_three_dimensions_too),
        cmocka_unit_test(events_outside_the_inner_region_only_trigger),
        cmocka_unit_test(compensators_are_what_quadrature_finds),
        cmocka_unit_test(short_intervals_add_up),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_window_without_events_has_no_mean),
        cmocka_unit_test(nonsense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
