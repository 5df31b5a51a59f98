/* How many events a window holds, all generations together, from the renewal equation of the
 * expected cluster, M(t) = 1 + eta int_0^t f(u) M(t - u) du with eta f(u) du the children of an
 * event of any magnitude at delay u. */
#include "unit/simulation/forecast_fixture.h"

enum { STEPS = 4000, DAYS = 100 };

/* cluster[k]: expected events of a cluster at the age k DAYS / STEPS, its first included. */
static void expected_clusters(const etas_plan_input *in, double cluster[STEPS + 1])
{
    const etas_omori omori = etas_params_omori(&in->theta);
    const char *why;
    const double eta = etas_branching_ratio(&in->theta, in->beta, in->m_max - in->m_ref, &why) /
                       etas_omori_integral(&omori, 0, INFINITY);
    double within[STEPS];

    for (size_t k = 0; k < STEPS; k++)
        within[k] = eta * etas_omori_integral(&omori, (double)k * DAYS / STEPS,
                                              (double)(k + 1) * DAYS / STEPS);
    cluster[0] = 1;
    for (size_t n = 1; n <= STEPS; n++) {
        /* the first interval holds M(n) itself */
        double sum = 1 + 0.5 * within[0] * cluster[n - 1];

        for (size_t k = 1; k < n; k++)
            sum += within[k] * 0.5 * (cluster[n - k] + cluster[n - k - 1]);
        cluster[n] = sum / (1 - 0.5 * within[0]);
    }
}

typedef struct moments {
    double n, sum, square;
} moments;

static moments moments_of(const etas_events *e)
{
    moments m = {.n = (double)e->n_catalogs};

    for (size_t k = 0; k < e->n_catalogs; k++) {
        m.sum += e->count[k];
        m.square += (double)e->count[k] * e->count[k];
    }
    return m;
}

static void check_mean(const moments *m, double expected, const char *what)
{
    const double mean = m->sum / m->n;
    const double se = sqrt((m->square / m->n - mean * mean) / (m->n - 1));

    print_message("%-22s %.4f +- %.4f, expected %.4f\n", what, mean, se, expected);
    if (!(fabs(mean - expected) < 4 * se && se < 0.03 * expected))
        fail_msg("%s: %g +- %g, expected %g", what, mean, se, expected);
}

typedef struct total_case {
    const char *name;
    double omega, log10_tau, log10_c, ratio;
} total_case;

/* c of half a day and more: the steps of the equation resolve it. */
static const total_case cases[] = {
    {"omega below 0", -0.3, 1.5, -0.3, 0.7},
    {"omega above 0", 0.4, 2.5, -0.3, 0.8},
    {"no taper", 0.6, INFINITY, 0, 0.6},
    {"nearly critical", -0.1, 1, -0.1, 0.95},
};

static etas_plan_input input_of(const total_case *c)
{
    etas_plan_input in = bare_input();

    in.m_max = 6;
    in.theta.value[ETAS_OMEGA] = c->omega;
    in.theta.value[ETAS_LOG10_TAU] = c->log10_tau;
    in.theta.value[ETAS_LOG10_C] = c->log10_c;
    set_branching(&in, c->ratio);
    return in;
}

static void a_window_holds_as_many_events_as_the_renewal_equation_says(void **state)
{
    static double cluster[STEPS + 1];

    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        etas_plan_input in = input_of(&cases[k]);
        double expected = 0;
        etas_events e;
        moments m;

        expected_clusters(&in, cluster);
        for (size_t n = 0; n < STEPS; n++) /* 2 background events, at any time alike */
            expected += 2.0 / STEPS * 0.5 * (cluster[n] + cluster[n + 1]);
        in.theta.value[ETAS_LOG10_MU] = log10(2.0 / DAYS);
        e = simulate(&in, 30000);
        m = moments_of(&e);
        check_mean(&m, expected, cases[k].name);
        etas_events_free(&e);
    }
}

/* The whole cluster, in a window so long that all of it falls inside: 1 / (1 - eta). */
static void a_cluster_ends_at_one_over_one_minus_the_branching_ratio(void **state)
{
    etas_plan_input in = input_of(&(total_case){"", -0.5, 0.5, -0.3, 0.75});
    const double days = 20000;
    etas_events e;
    moments m;

    (void)state;
    in.end = (etas_time)days * ETAS_NS_PER_DAY;
    in.theta.value[ETAS_LOG10_MU] = log10(5.0 / days);
    e = simulate(&in, 20000);
    m = moments_of(&e);
    /* Clusters of the last days are cut: with tau = 3 days that is some 0.03 % of all events. */
    check_mean(&m, 5 / (1 - 0.75), "whole clusters");
    etas_events_free(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_holds_as_many_events_as_the_renewal_equation_says),
        cmocka_unit_test(a_cluster_ends_at_one_over_one_minus_the_branching_ratio),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
