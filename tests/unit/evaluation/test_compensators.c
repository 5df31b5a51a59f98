/* Time integrals of the tapered kernel between the events of a test window. */
#include "likelihood_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compensators_are_what_quadrature_finds),
        cmocka_unit_test(short_intervals_add_up),
        cmocka_unit_test(threads_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
