/* What of a simulated catalogue is reported, in which order, and which limits it has. */
#include "unit/simulation/forecast_fixture.h"

#include <string.h>

/* Background in a square of 4 degrees, a history, about 60 events per catalogue. */
static etas_plan_input busy_input(etas_catalog *history)
{
    etas_plan_input in = bare_input();

    set_branching(&in, 0.7);
    in.theta.value[ETAS_LOG10_MU] = -1;
    in.area_km2 = 3;
    add_past_event(history, 0.5, 45, 7, 5.5);
    add_past_event(history, 20, 46, 9, 4.5);
    in.history = history;
    return in;
}

/* Exactly the events of @p all that pass @p keep, in the same order, catalogue by catalogue. */
static void check_subset(const etas_events *all, const etas_events *some,
                         bool (*keep)(const etas_events *all, size_t i, const void *context),
                         const void *context)
{
    size_t at = 0, row = 0;

    assert_int_equal(all->n_catalogs, some->n_catalogs);
    for (size_t k = 0; k < all->n_catalogs; k++) {
        const size_t start = row;

        for (size_t end = at + all->count[k]; at < end; at++) {
            if (!keep(all, at, context))
                continue;
            assert_true(row < some->n);
            assert_int_equal(all->time_ms[at], some->time_ms[row]);
            assert_int_equal(all->lat[at], some->lat[row]);
            assert_int_equal(all->lon[at], some->lon[row]);
            assert_int_equal(all->mag[at], some->mag[row]);
            assert_int_equal(all->generation[at], some->generation[row]);
            row++;
        }
        assert_int_equal(some->count[k], row - start);
    }
    assert_int_equal(row, some->n);
    assert_true(some->n > 100 && some->n < all->n);
}

static bool is_large(const etas_events *all, size_t i, const void *context)
{
    return all->mag[i] >= *(const int32_t *)context;
}

static void events_below_the_threshold_trigger_but_are_not_reported(void **state)
{
    static const int32_t at_least[] = {38000, 37500};

    (void)state;
    for (int binned = 0; binned < 2; binned++) {
        etas_catalog history = {0};
        etas_plan_input in = busy_input(&history);
        etas_events all, some;

        in.delta_m = binned ? 0.1 : 0;
        all = simulate(&in, 200);
        in.m_threshold = binned ? 3.8 : 3.75;
        some = simulate(&in, 200);
        check_subset(&all, &some, is_large, &at_least[1 - binned]);
        etas_events_free(&all);
        etas_events_free(&some);
        etas_catalog_free(&history);
    }
}

static bool is_inside(const etas_events *all, size_t i, const void *context)
{
    return etas_region_contains(context, all->lat[i] * 1e-6, all->lon[i] * 1e-6);
}

static void events_outside_the_region_trigger_but_are_not_reported(void **state)
{
    etas_catalog history = {0};
    etas_plan_input in = busy_input(&history);
    etas_region region = {0};
    etas_events all, some;

    (void)state;
    set_rectangle(&region, 44, 46, 6, 10); /* one past event is on its border */
    in.region = &region;
    all = simulate(&in, 200);
    in.filter_region = true;
    some = simulate(&in, 200);
    check_subset(&all, &some, is_inside, &region);
    etas_events_free(&all);
    etas_events_free(&some);
    etas_catalog_free(&history);
    etas_region_free(&region);
}

static bool is_late(const etas_events *all, size_t i, const void *context)
{
    return (int64_t)all->time_ms[i] * ETAS_NS_PER_MS >= *(const etas_time *)context;
}

static void events_before_the_output_starts_trigger_but_are_not_reported(void **state)
{
    etas_catalog history = {0};
    etas_plan_input in = busy_input(&history);
    etas_events all = simulate(&in, 200), some;

    (void)state;
    in.output_start = 30 * ETAS_NS_PER_DAY + 1; /* a nanosecond after a whole millisecond */
    some = simulate(&in, 200);
    check_subset(&all, &some, is_late, &in.output_start);
    etas_events_free(&all);
    etas_events_free(&some);
    etas_catalog_free(&history);
}

static void catalogues_are_ordered_and_stay_in_the_window(void **state)
{
    etas_catalog history = {0};
    etas_plan_input in = busy_input(&history);
    size_t at = 0, equal = 0;
    etas_events e;

    (void)state;
    in.end = 20 * ETAS_NS_PER_MS + 1; /* so short that times coincide; 21 milliseconds */
    in.theta.value[ETAS_LOG10_MU] = log10(40 / (3 * etas_days_between(in.start, in.end)));
    add_past_event(&history, 1e-9, 45, 7, 9);
    e = simulate(&in, 100);
    for (size_t k = 0; k < e.n_catalogs; k++)
        for (size_t end = at + e.count[k], first = at; at < end; at++) {
            assert_true(e.time_ms[at] <= 20);
            if (at == first)
                continue;
            assert_true(e.time_ms[at] >= e.time_ms[at - 1]);
            if (e.time_ms[at] == e.time_ms[at - 1]) {
                assert_true(e.generation[at] >= e.generation[at - 1]);
                equal++;
            }
        }
    assert_true(equal > 500);
    etas_events_free(&e);
    etas_catalog_free(&history);
}

static void the_longest_window_that_time_can_hold_is_simulated(void **state)
{
    etas_plan_input in = bare_input();
    etas_plan plan;
    etas_events e;

    (void)state;
    set_branching(&in, 0.5);
    in.start = INT64_MIN + 1;
    in.end = INT64_MAX + in.start;
    in.theta.value[ETAS_LOG10_MU] = log10(500 / etas_days_between(in.start, in.end));
    plan = build_plan(&in);
    e = simulate_range(&plan, NULL, 1, 0, 10);
    assert_in_range(e.n, 8000, 12000);
    for (size_t i = 0; i < e.n; i++)
        assert_true(e.time_ms[i] <= INT64_MAX / 1000000);
    etas_events_free(&e);
    in.end++;
    assert_int_equal(etas_plan_build(&in, &plan, NULL), ETAS_E_RANGE);
    etas_plan_free(&plan);
}

/* Distances on the sphere, so that a wrong turn at the pole or the date line shows. */
static void places_wrap_round_the_poles_and_the_date_line(void **state)
{
    static const double lat[] = {89.99, -89.995, 10, -20}, lon[] = {30, -100, 179.99, -180};

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        etas_catalog history = {0};
        etas_plan_input in = bare_input();
        const double xi = 1e5;
        size_t far = 0, crossed = 0;
        etas_events e;

        in.theta.value[ETAS_LOG10_D] = 1.5;
        in.theta.value[ETAS_RHO] = 3;
        set_branching(&in, 0.1);
        add_past_event(&history, 1, lat[k], lon[k], 3);
        in.history = &history;
        in.xi = &xi;
        e = simulate(&in, 2);
        assert_true(e.n > 1000);
        for (size_t i = 0; i < e.n; i++) {
            const double y = e.lat[i] * 1e-6, x = e.lon[i] * 1e-6;

            assert_true(e.lat[i] >= -90000000 && e.lat[i] <= 90000000);
            assert_true(e.lon[i] >= -180000000 && e.lon[i] < 180000000);
            if (e.generation[i] != 1)
                continue;
            /* r beyond 60 km has a probability of 6e-7 here */
            far += etas_distance_km(y, x, lat[k], lon[k], ETAS_EARTH_RADIUS_KM) > 60;
            crossed += fabs(x - lon[k]) > 90;
        }
        if (k < 2) /* near a pole the plane's east is not the sphere's: latitude only */
            far = 0;
        assert_int_equal(far, 0);
        assert_true(crossed > 50);
        etas_events_free(&e);
        etas_catalog_free(&history);
    }
}

static void enormous_radii_stay_on_the_globe(void **state)
{
    etas_catalog history = {0};
    etas_plan_input in = bare_input();
    const double xi = 1e5;
    etas_events e;

    (void)state;
    in.theta.value[ETAS_RHO] = 0.011; /* a median of 1e13 km */
    set_branching(&in, 0.1);
    add_past_event(&history, 1, 0, 0, 3);
    in.history = &history;
    in.xi = &xi;
    e = simulate(&in, 2);
    assert_true(e.n > 1000);
    for (size_t i = 0; i < e.n; i++) {
        assert_true(e.lat[i] >= -90000000 && e.lat[i] <= 90000000);
        assert_true(e.lon[i] >= -180000000 && e.lon[i] < 180000000);
    }
    etas_events_free(&e);
    etas_catalog_free(&history);
}

static int compare_times(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Thousands within minutes of a window of 80 years, and hundreds; many in the same millisecond. */
static void events_that_crowd_come_in_order_too(void **state)
{
    static const double children[] = {300, 9000};

    (void)state;
    for (size_t c = 0; c < 2; c++) {
        etas_plan_input in = bare_input();
        etas_catalog history = {0};
        size_t at = 0, ties = 0;
        double xi;
        etas_events e;

        in.end = 30000 * ETAS_NS_PER_DAY;
        in.theta.value[ETAS_LOG10_C] = -6;
        in.theta.value[ETAS_OMEGA] = 0.9;
        set_branching(&in, 0.5);
        add_past_event(&history, 1e-6, 45, 7, 4);
        xi = children[c] / etas_expected_aftershocks(&in.theta, 1, 1e-6, 30000);
        in.history = &history;
        in.xi = &xi;
        e = simulate(&in, 3);
        for (size_t k = 0; k < 3; k++) {
            uint64_t *times = malloc((e.count[k] + 1) * sizeof *times);

            assert_non_null(times);
            assert_true(e.count[k] > children[c]);
            memcpy(times, e.time_ms + at, e.count[k] * sizeof *times);
            qsort(times, e.count[k], sizeof *times, compare_times);
            assert_memory_equal(times, e.time_ms + at, e.count[k] * sizeof *times);
            for (size_t i = at + 1; i < at + e.count[k]; i++)
                if (e.time_ms[i] == e.time_ms[i - 1]) {
                    assert_true(e.generation[i - 1] <= e.generation[i]);
                    ties++;
                }
            at += e.count[k];
            free(times);
        }
        assert_true(ties > 10);
        etas_events_free(&e);
        etas_catalog_free(&history);
    }
}

static void a_limit_ends_in_an_error_that_names_the_catalogue(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        static const char *const says[] = {"too many events", "too many generations",
                                           "draws too many"};
        etas_catalog history = {0};
        etas_plan_input in = busy_input(&history);
        etas_simulator *sim = NULL;
        etas_events e = {0};
        etas_error err = {0};
        etas_plan plan;

        set_branching(&in, kind == 0 ? 3 : 0.7);
        in.allow_supercritical = true;
        in.theta.value[ETAS_LOG10_MU] = kind == 2 ? 9 : -1;
        plan = build_plan(&in);
        plan.max_events = kind == 1 ? 10000000 : 2000;
        plan.max_generations = kind == 1 ? 2 : 10000;
        check_ok(etas_simulator_open(&sim, &plan, NULL, &err), &err);
        assert_int_equal(etas_simulator_run(sim, 5, 123456789, 1, &e, &err), ETAS_E_LIMIT);
        assert_non_null(strstr(err.text, "catalogue 123456789"));
        assert_non_null(strstr(err.text, says[kind]));
        assert_non_null(strstr(err.text, kind == 0 ? "branching ratio is 3" : "ratio is 0.7"));
        assert_true(e.n == 0 && e.n_catalogs == 0);
        etas_simulator_close(sim);
        etas_events_free(&e);
        etas_plan_free(&plan);
        etas_catalog_free(&history);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_below_the_threshold_trigger_but_are_not_reported),
        cmocka_unit_test(events_outside_the_region_trigger_but_are_not_reported),
        cmocka_unit_test(events_before_the_output_starts_trigger_but_are_not_reported),
        cmocka_unit_test(catalogues_are_ordered_and_stay_in_the_window),
        cmocka_unit_test(the_longest_window_that_time_can_hold_is_simulated),
        cmocka_unit_test(places_wrap_round_the_poles_and_the_date_line),
        cmocka_unit_test(enormous_radii_stay_on_the_globe),
        cmocka_unit_test(events_that_crowd_come_in_order_too),
        cmocka_unit_test(a_limit_ends_in_an_error_that_names_the_catalogue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
