/* What a simulator holds in memory, beside the plan: every allocation is counted. */
#include "unit/simulation/forecast_fixture.h"

#include <malloc.h>
#include <string.h>

static size_t held, most_held;

int __real_posix_memalign(void **out, size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void __real_free(void *p);
void __wrap_free(void *p);

static void count(void *p)
{
    held += malloc_usable_size(p);
    most_held = held > most_held ? held : most_held;
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    const int failed = __real_posix_memalign(out, alignment, size);

    if (!failed)
        count(*out);
    return failed;
}

void *__wrap_calloc(size_t n, size_t size)
{
    void *p = __real_calloc(n, size);

    count(p);
    return p;
}

void __wrap_free(void *p)
{
    if (p != NULL)
        held -= malloc_usable_size(p);
    __real_free(p);
}

static const size_t MIB = (size_t)1 << 20;

/* 150 years of California: the model of the reference case. */
static etas_plan california(etas_region *region)
{
    static const double theta[ETAS_N_PARAMS] = {-7.5,  NAN,  -2.49, 1.69, -2.95,
                                                -0.03, 3.99, -0.35, 1.22, 0.51};
    etas_plan_input in = bare_input();

    set_rectangle(region, 32, 42, -125, -115);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        in.theta.value[i] = theta[i];
    in.beta = 2.302585092994046;
    in.m_ref = 3.6;
    in.delta_m = 0.1;
    in.end = 54787 * ETAS_NS_PER_DAY;
    in.area_km2 = 960000;
    in.region = region;
    in.filter_region = true;
    return build_plan(&in);
}

static void a_run_of_long_catalogues_stays_small(void **state)
{
    etas_region region = {0};
    etas_plan plan = california(&region);
    etas_simulator *sim = NULL;
    etas_events e = {0};
    size_t after_first = 0, before;

    (void)state;
    before = most_held = held;
    check_ok(etas_simulator_open(&sim, &plan, NULL, NULL), NULL);
    for (uint64_t k = 0; k < 12; k++) {
        check_ok(etas_simulator_run(sim, 1, k, 1, &e, NULL), NULL);
        assert_true(e.n > 5000);
        if (k == 5)
            after_first = held;
    }
    print_message("%.1f MiB at most, %.1f MiB after six, %.1f MiB after twelve\n",
                  (double)(most_held - before) / (double)MIB, (double)after_first / (double)MIB,
                  (double)held / (double)MIB);
    assert_true(most_held - before < 16 * MIB);
    etas_simulator_close(sim);
    etas_events_free(&e);
    assert_int_equal(held, before);
    etas_plan_free(&plan);
    etas_region_free(&region);
}

/* Three children for every event, without end: refused, and in little memory. */
static void a_catalogue_that_explodes_is_refused_within_64_mib(void **state)
{
    static const double ratios[] = {1.05, 3};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        etas_plan_input in = bare_input();
        etas_catalog history = {0};
        etas_simulator *sim = NULL;
        etas_events e = {0};
        etas_error err = {0};
        etas_plan plan;
        size_t before;

        in.theta.value[ETAS_LOG10_TAU] = 1;
        in.end = 30000 * ETAS_NS_PER_DAY;
        in.theta.value[ETAS_LOG10_MU] = -1;
        in.allow_supercritical = true;
        in.m_max = 7;
        set_branching(&in, ratios[i]);
        add_past_event(&history, 0.1, 45, 7, 7);
        in.history = &history;
        plan = build_plan(&in);
        before = most_held = held;
        check_ok(etas_simulator_open(&sim, &plan, NULL, NULL), NULL);
        assert_int_equal(etas_simulator_run(sim, 1, 5, 3, &e, &err), ETAS_E_LIMIT);
        assert_non_null(strstr(err.text, "catalogue 5 has too many events"));
        assert_true(e.n == 0 && e.n_catalogs == 0);
        print_message("%.1f MiB at most\n", (double)(most_held - before) / (double)MIB);
        assert_true(most_held - before < 64 * MIB && most_held - before > 4 * MIB);
        etas_simulator_close(sim);
        etas_events_free(&e);
        assert_int_equal(held, before);
        etas_plan_free(&plan);
        etas_catalog_free(&history);
    }
}

/* More rows than fit into the keys of small catalogues; their memory goes when they are done. */
static void a_million_events_come_in_order_and_leave_no_room_behind(void **state)
{
    enum { AT_LEAST = 1 << 20 };
    etas_plan_input in = bare_input();
    etas_simulator *sim = NULL;
    etas_events e = {0};
    etas_plan plan;
    size_t before;
    double mean_lat = 0;

    (void)state;
    in.theta.value[ETAS_LOG10_MU] = log10(1.06e4);
    set_branching(&in, 0.01);
    plan = build_plan(&in);
    before = held;
    check_ok(etas_simulator_open(&sim, &plan, NULL, NULL), NULL);
    check_ok(etas_simulator_run(sim, 1, 0, 2, &e, NULL), NULL);
    assert_true(e.count[0] > AT_LEAST && e.count[1] > AT_LEAST);
    for (size_t i = 1; i < e.n; i++) {
        const uint64_t last = e.time_ms[i - 1];

        mean_lat += e.lat[i] * 1e-6 / (double)e.n;
        if (i == e.count[0])
            continue;
        assert_true(last <= e.time_ms[i]);
        assert_true(last < e.time_ms[i] || e.generation[i - 1] <= e.generation[i]);
    }
    assert_true(fabs(mean_lat) < 0.2);
    etas_events_free(&e);
    assert_true(held - before < MIB);
    etas_simulator_close(sim);
    assert_int_equal(held, before);
    etas_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_of_long_catalogues_stays_small),
        cmocka_unit_test(a_catalogue_that_explodes_is_refused_within_64_mib),
        cmocka_unit_test(a_million_events_come_in_order_and_leave_no_room_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
