/* Magnitudes of events that have drawn no child, against direct quadrature. */
#include "support/check.h"

#include <math.h>

#include "etas/simulation.h"
#include "work/childless.h"

static const double thresholds[] = {3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8};
enum { N = sizeof thresholds / sizeof *thresholds };

typedef struct model_case {
    const char *name;
    double a, omega, log10_tau, log10_c, log10_k0, delta_m, m_max, m_threshold, days;
} model_case;

static const model_case cases[] = {
    {"usual", 1.9, -0.1, 2.5, -2, -1.9, 0, INFINITY, 3, 100},
    {"bins", 1.9, 0.2, 3, -3, -2.2, 0.1, INFINITY, 3, 30},
    {"a largest magnitude", 2.6, -0.05, 3.7, -2.5, -2.5, 0.1, 7.2, 3, 365},
    {"productive", 3.1, -0.3, 2, -1, -1.4, 0, 8.5, 3, 1000},
    {"a higher threshold", 2, 0, INFINITY, -8, -2.6, 0.1, INFINITY, 4, 7},
    {"hardly any children", 0.95, 0.4, 1, 0, -6, 0, INFINITY, 3, 1},
    {"alpha below 0", 0.5, -0.1, 2.5, -2, -2.3, 0, INFINITY, 3, 100},
};

static etas_plan plan_of(const model_case *k)
{
    static const etas_region globe;
    const etas_plan_input in = {.theta.value = {[ETAS_LOG10_MU] = -3,
                                                [ETAS_LOG10_IOTA] = NAN,
                                                [ETAS_LOG10_K0] = k->log10_k0,
                                                [ETAS_A] = k->a,
                                                [ETAS_LOG10_C] = k->log10_c,
                                                [ETAS_OMEGA] = k->omega,
                                                [ETAS_LOG10_TAU] = k->log10_tau,
                                                [ETAS_LOG10_D] = -0.5,
                                                [ETAS_GAMMA] = 0.6,
                                                [ETAS_RHO] = 1.2},
                                .beta = 2.3,
                                .m_ref = 3,
                                .delta_m = k->delta_m,
                                .m_max = k->m_max,
                                .m_threshold = k->m_threshold,
                                .start = 0,
                                .end = (etas_time)(k->days * (double)ETAS_NS_PER_DAY),
                                .output_start = ETAS_TIME_NONE,
                                .region = &globe,
                                .area_km2 = 1,
                                .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                                .allow_supercritical = true};
    etas_plan plan = {0};
    etas_error err = {0};

    check_ok(etas_plan_build(&in, &plan, &err), &err);
    return plan;
}

/* Simpson's rule over [from, to] with so many steps that it needs no thought. */
static double integral(const etas_plan *p, double kernel, double from, double to)
{
    enum { STEPS = 100000 };
    const double h = (to - from) / STEPS;
    long double sum = 0;

    if (!(to > from))
        return 0;
    for (int i = 0; i <= STEPS; i++) {
        const double dm = from + h * i;
        const double k = p->productivity * exp(p->alpha * dm) * kernel;
        const double f = p->beta * exp(-p->beta * dm - k);

        sum += f * (i == 0 || i == STEPS ? 1 : i % 2 == 1 ? 4 : 2);
    }
    return (double)sum * h / 3;
}

/* Children are drawn over what remains of the window, or 40 tau: docs/simulation.md, "Numbers". */
static double kernel_at(const etas_plan *p, double left_days)
{
    const double left = fmin(left_days, p->inv_tau > 0 ? 40 / p->inv_tau : (double)INFINITY);
    const double end = left + p->c_days;

    return p->omega == 0
               ? log1p(left / p->c_days)
               : -pow(p->c_days, -p->omega) * expm1(-p->omega * log(end / p->c_days)) / p->omega;
}

/* Where magnitudes that reach m begin: half a bin below it, or half of 1e-4. */
static double lower(const etas_plan *p, double m)
{
    const double half = p->delta_m > 0 ? p->delta_m / 2 : 0.5e-4;

    return fmax(m - half, p->mc) - p->mc;
}

static void they_are_what_integration_gives(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        etas_plan p = plan_of(&cases[c]);
        const double top = fmin(p.m_max + p.delta_m / 2, 25) - p.mc;
        const double at[] = {0, 0.3, 0.9, 0.999, 0.99999, 1};
        size_t first = 0;
        etas_childless table = {0};
        etas_error err = {0};

        while (thresholds[first] < p.m_threshold)
            first++;
        check_ok(etas_childless_build(&table, &p, N - first, thresholds + first, &err), &err);
        for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
            const uint64_t last = (uint64_t)(p.window_days * 86400e3) - 1;
            const uint64_t ms = (uint64_t)(at[i] * (double)last);
            const double kernel = kernel_at(&p, ((double)(last - ms) + 0.5) / 86400e3);
            const double all = integral(&p, kernel, lower(&p, p.m_threshold), top);
            double q[N];

            etas_childless_at(&table, ms, q);
            for (size_t j = first; j < N; j++) {
                const double want = thresholds[j] > p.m_max
                                        ? 0
                                        : integral(&p, kernel, lower(&p, thresholds[j]), top) / all;
                const double got = q[j - first];

                const double free = exp(-p.beta * (thresholds[j] - p.m_threshold));

                if (!(fabs(got - want) < 2e-11 * free))
                    fail_msg("%s, %g of the window, magnitude %g: %.15g, not %.15g", cases[c].name,
                             at[i], thresholds[j], got, want);
            }
            assert_true(q[0] == 1);
        }
        etas_childless_free(&table);
        etas_plan_free(&p);
    }
}

/* Without children it is the law of magnitudes itself. */
static void without_productivity_they_are_gutenberg_and_richters(void **state)
{
    model_case k = cases[0];
    etas_childless table = {0};
    etas_error err = {0};
    double q[N];
    etas_plan p;

    (void)state;
    k.log10_k0 = -20;
    p = plan_of(&k);
    check_ok(etas_childless_build(&table, &p, N, thresholds, &err), &err);
    etas_childless_at(&table, 0, q);
    check_abs(q[0], 1, 0);
    for (size_t j = 1; j < N; j++)
        check_rel(q[j], exp(-2.3 * lower(&p, thresholds[j])), 1e-12);
    etas_childless_free(&table);
    etas_childless_free(&table);
    etas_plan_free(&p);
}

static void what_reaches_a_threshold_is_what_the_report_says(void **state)
{
    model_case k = cases[1];
    etas_plan p;

    (void)state;
    p = plan_of(&k);
    assert_int_equal(etas_reported_units(&p, 3.5), 34500);
    assert_int_equal(etas_reached_units(3.5), 35000);
    check_abs(etas_reported_edge(&p, 34500), 3.45, 1e-12);
    check_abs(etas_reported_edge(&p, 35000), 3.45, 1e-12);
    check_abs(etas_reported_edge(&p, 35200), 3.55, 1e-12); /* 3.6 is the next that is reported */
    check_abs(etas_reported_edge(&p, 0), 2.95, 1e-12);     /* mc */
    etas_plan_free(&p);
    k.delta_m = 0;
    k.m_max = 7;
    p = plan_of(&k);
    assert_int_equal(etas_reported_units(&p, 3.5), 35000);
    check_abs(etas_reported_edge(&p, 35000), 3.49995, 1e-12);
    assert_true(isinf(etas_reported_edge(&p, 70001)));
    assert_true(!isinf(etas_reported_edge(&p, 70000)));
    etas_plan_free(&p);
    k.delta_m = 0.1; /* 7 is reported, and nothing above it */
    k.m_max = 7;
    p = plan_of(&k);
    check_abs(etas_reported_edge(&p, etas_reported_units(&p, 7)), 6.95, 1e-12);
    assert_true(isinf(etas_reported_edge(&p, etas_reported_units(&p, 7.1))));
    etas_plan_free(&p);
    k.delta_m = 0.2; /* 5.5 is no centre: the report of 5.4 does not reach it, that of 5.6 does */
    p = plan_of(&k);
    check_abs(etas_reported_edge(&p, etas_reached_units(5.5)), 5.5, 1e-12);
    check_abs(etas_reported_edge(&p, etas_reached_units(5.4)), 5.3, 1e-12);
    etas_plan_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_what_integration_gives),
        cmocka_unit_test(without_productivity_they_are_gutenberg_and_richters),
        cmocka_unit_test(what_reaches_a_threshold_is_what_the_report_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
