/* What an event triggers: how many, when, where, how large. */
#include "unit/simulation/forecast_fixture.h"

/* Parameter sets with a negative, positive and vanishing omega, a short taper and none. */
typedef struct kernel_case {
    const char *name;
    double omega, log10_tau, log10_c, age_days;
} kernel_case;

static const kernel_case kernel_cases[] = {
    {"omega below 0", -0.3, 2.5, -2, 0.01},
    {"omega above 0", 0.4, 2.5, -2, 0.01},
    {"omega 0", 0, 2.5, -2, 0.01},
    {"omega near 0", 1e-13, 2.5, -2, 3},
    {"taper of 3 days", -0.9, 0.5, -3, 0.01},
    {"no taper", 0.2, INFINITY, -3, 10},
    {"old", -0.05, 4, -2, 4000},
};
enum { N_CASES = sizeof kernel_cases / sizeof *kernel_cases };

/* One event of magnitude 5 whose xi gives it about 40 children within 100 days. */
typedef struct one_parent {
    etas_catalog history;
    double xi[3];
    etas_plan_input in;
} one_parent;

static void make_parent(one_parent *p, const kernel_case *k, double ratio)
{
    double age;

    *p = (one_parent){.in = bare_input()};
    p->in.theta.value[ETAS_OMEGA] = k->omega;
    p->in.theta.value[ETAS_LOG10_TAU] = k->log10_tau;
    p->in.theta.value[ETAS_LOG10_C] = k->log10_c;
    set_branching(&p->in, ratio);
    add_past_event(&p->history, k->age_days, 46, 8, 5);
    age = etas_days_between(p->history.time[0], 0);
    p->xi[0] = 40 / etas_expected_aftershocks(&p->in.theta, 2, age, age + 100);
    p->in.history = &p->history;
    p->in.xi = p->xi;
}

static void the_history_has_as_many_children_as_expected(void **state)
{
    (void)state;
    for (size_t c = 0; c < N_CASES; c++) {
        one_parent p;
        double expected = 0, children = 0;
        etas_events e;

        make_parent(&p, &kernel_cases[c], 0.3);
        add_past_event(&p.history, 30, -10, 179, 6);
        add_past_event(&p.history, 700, 80, 0, 4);
        for (size_t i = 0; i < p.history.n; i++) {
            const double age = etas_days_between(p.history.time[i], 0);
            const double one =
                etas_expected_aftershocks(&p.in.theta, p.history.mag[i] - 3, age, age + 100);

            p.xi[i] = fmin(20.0 * (double)(i + 1) / one, 1e6);
            expected += p.xi[i] * one;
        }
        e = simulate(&p.in, 500);
        for (size_t i = 0; i < e.n; i++)
            children += e.generation[i] == 1;
        check_count(children, 500 * expected, kernel_cases[c].name);
        etas_events_free(&e);
        etas_catalog_free(&p.history);
    }
}

static void delays_follow_the_time_kernel(void **state)
{
    (void)state;
    for (size_t c = 0; c < N_CASES; c++) {
        one_parent p;
        etas_omori omori;
        double age, whole, *u;
        size_t n = 0;
        etas_events e;

        make_parent(&p, &kernel_cases[c], 0.3);
        omori = etas_params_omori(&p.in.theta);
        age = etas_days_between(p.history.time[0], 0);
        whole = etas_omori_integral(&omori, age, age + 100);
        e = simulate(&p.in, 250);
        u = malloc((e.n + 1) * sizeof *u);
        assert_non_null(u);
        for (size_t i = 0; i < e.n; i++)
            if (e.generation[i] == 1)
                u[n++] =
                    etas_omori_integral(&omori, age, age + ((double)e.time_ms[i] + 0.5) / 86400e3) /
                    whole;
        check_uniform(n, u, kernel_cases[c].name);
        free(u);
        etas_events_free(&e);
        etas_catalog_free(&p.history);
    }
}

/* Every event of generations 1 and 2 against G of the time that it has left. */
static void simulated_events_have_as_many_children_as_expected(void **state)
{
    (void)state;
    for (size_t c = 0; c < N_CASES; c++) {
        one_parent p;
        double expected[4] = {0}, children[4] = {0};
        etas_events e;

        make_parent(&p, &kernel_cases[c], 0.6);
        e = simulate(&p.in, 250);
        for (size_t i = 0; i < e.n; i++) {
            const unsigned g = e.generation[i];
            const double left = 100 - ((double)e.time_ms[i] + 0.5) / 86400e3;

            if (g < 4)
                children[g]++;
            if (g < 3)
                expected[g + 1] +=
                    etas_expected_aftershocks(&p.in.theta, e.mag[i] * 1e-4 - 3, 0, left);
        }
        for (size_t g = 2; g < 4; g++) {
            assert_true(children[g] > 100);
            check_count(children[g], expected[g], kernel_cases[c].name);
        }
        etas_events_free(&e);
        etas_catalog_free(&p.history);
    }
}

static void xi_multiplies_the_children_of_its_event(void **state)
{
    one_parent p;
    double north = 0, south = 0;
    etas_events e;

    (void)state;
    make_parent(&p, &kernel_cases[0], 0.3);
    add_past_event(&p.history, kernel_cases[0].age_days, -46, 8, 5);
    p.xi[1] = 3 * p.xi[0];
    e = simulate(&p.in, 100);
    for (size_t i = 0; i < e.n; i++) {
        north += e.generation[i] == 1 && e.lat[i] > 0;
        south += e.generation[i] == 1 && e.lat[i] < 0;
    }
    check_count(north, 40 * 100, "xi");
    check_count(south, 120 * 100, "three times xi");
    etas_events_free(&e);
    etas_catalog_free(&p.history);
}

/* From a parent at 46 degrees north, whose scale depends on its magnitude. */
static void radii_and_directions_follow_the_space_kernel(void **state)
{
    static const double mags[] = {3, 6};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        one_parent p;
        const double d2 = pow(10, -0.5) * exp(0.6 * (mags[k] - 3)), pi = acos(-1);
        double *radius, *angle;
        size_t n = 0;
        etas_events e;

        make_parent(&p, &kernel_cases[0], 0.3);
        p.history.mag[0] = mags[k];
        p.xi[0] = k == 0 ? 100 * p.xi[0] : p.xi[0];
        e = simulate(&p.in, 200);
        radius = malloc((e.n + 1) * sizeof *radius);
        angle = malloc((e.n + 1) * sizeof *angle);
        assert_true(radius != NULL && angle != NULL);
        for (size_t i = 0; i < e.n; i++) {
            const double y = (e.lat[i] * 1e-6 - 46) * KM_PER_DEGREE;
            const double x = (e.lon[i] * 1e-6 - 8) * KM_PER_DEGREE * cos(46 * pi / 180);

            if (e.generation[i] != 1)
                continue;
            radius[n] = 1 - pow(1 + (x * x + y * y) / d2, -1.5);
            angle[n++] = (atan2(x, y) + pi) / (2 * pi);
        }
        check_uniform(n, radius, "radius");
        check_uniform(n, angle, "direction");
        free(radius);
        free(angle);
        etas_events_free(&e);
        etas_catalog_free(&p.history);
    }
}

static void magnitudes_follow_gutenberg_and_richter(void **state)
{
    (void)state;
    for (int truncated = 0; truncated < 2; truncated++) {
        one_parent p;
        const double share = truncated ? 1 - exp(-2.3 * 1.2) : 1;
        double *u;
        etas_events e;

        make_parent(&p, &kernel_cases[0], 0.3);
        p.in.m_max = truncated ? 4.2 : INFINITY;
        e = simulate(&p.in, 500);
        u = malloc((e.n + 1) * sizeof *u);
        assert_non_null(u);
        for (size_t i = 0; i < e.n; i++) {
            assert_true(!truncated || e.mag[i] <= 42000);
            u[i] = (1 - exp(-2.3 * (e.mag[i] * 1e-4 - 3))) / share;
        }
        check_uniform(e.n, u, truncated ? "magnitudes below 4.2" : "magnitudes");
        free(u);
        etas_events_free(&e);
        etas_catalog_free(&p.history);
    }
}

/* Bins of 0.1 from m_ref on, the last one m_max; chi-square of 12 degrees of freedom. */
static void binned_magnitudes_have_the_shares_of_their_bins(void **state)
{
    enum { BINS = 13 };
    one_parent p;
    double count[BINS] = {0}, chi2 = 0;
    const double all = 1 - exp(-2.3 * BINS * 0.1);
    etas_events e;

    (void)state;
    make_parent(&p, &kernel_cases[0], 0.3);
    p.in.delta_m = 0.1;
    p.in.m_max = 4.2;
    e = simulate(&p.in, 500);
    for (size_t i = 0; i < e.n; i++) {
        assert_true(e.mag[i] % 1000 == 0 && e.mag[i] >= 30000 && e.mag[i] <= 42000);
        count[(e.mag[i] - 30000) / 1000]++;
    }
    for (int b = 0; b < BINS; b++) {
        const double share = (exp(-0.23 * b) - exp(-0.23 * (b + 1))) / all;
        const double expected = share * (double)e.n;

        assert_true(expected > 20);
        chi2 += (count[b] - expected) * (count[b] - expected) / expected;
    }
    assert_true(chi2 > 1 && chi2 < 32.9); /* 0.1 % */
    etas_events_free(&e);
    etas_catalog_free(&p.history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_history_has_as_many_children_as_expected),
        cmocka_unit_test(delays_follow_the_time_kernel),
        cmocka_unit_test(simulated_events_have_as_many_children_as_expected),
        cmocka_unit_test(xi_multiplies_the_children_of_its_event),
        cmocka_unit_test(radii_and_directions_follow_the_space_kernel),
        cmocka_unit_test(magnitudes_follow_gutenberg_and_richter),
        cmocka_unit_test(binned_magnitudes_have_the_shares_of_their_bins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
