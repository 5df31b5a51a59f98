/* From a model to the numbers that a worker needs. */
#include "unit/simulation/forecast_fixture.h"

#include <string.h>

static etas_status try_plan(const etas_plan_input *in, etas_error *err)
{
    etas_plan plan = {0};
    const etas_status st = etas_plan_build(in, &plan, err);

    if (st != ETAS_OK)
        assert_true(plan.algorithm == 0 && plan.history.lat == NULL);
    etas_plan_free(&plan);
    return st;
}

static void scalars_follow_from_the_parameters(void **state)
{
    etas_plan_input in = bare_input();
    etas_plan plan;

    (void)state;
    in.delta_m = 0.2;
    in.m_max = 7;
    in.theta.value[ETAS_LOG10_MU] = -6;
    in.area_km2 = 5e5;
    set_branching(&in, 0.5);
    plan = build_plan(&in);
    assert_int_equal(plan.algorithm, ETAS_ALGORITHM_VERSION);
    check_rel(plan.window_days, 100, 0);
    check_rel(plan.mc, 2.9, 1e-15);
    check_rel(plan.m_threshold, 3, 0);
    check_rel(plan.mag_span_cdf, 1 - exp(-2.3 * 4.2), 1e-14);
    check_rel(plan.c_days, 0.01, 1e-14);
    check_rel(plan.inv_tau, pow(10, -2.5), 1e-14);
    check_rel(plan.d_km2, pow(10, -0.5), 1e-14);
    check_rel(plan.alpha, 1.9 - 1.5 * 0.6, 1e-14);
    check_rel(plan.productivity,
              pow(10, in.theta.value[ETAS_LOG10_K0]) * acos(-1) / 1.5 * pow(10, 0.5 * 1.5), 1e-13);
    check_rel(plan.background.mean, 1e-6 * 5e5 * 100, 1e-13);
    assert_true(plan.output_start == plan.start && plan.end == in.end);
    assert_int_equal(plan.background.kind, ETAS_BACKGROUND_UNIFORM);
    etas_plan_free(&plan);
}

static void no_taper_no_background_and_no_maximum_are_limits(void **state)
{
    etas_plan_input in = bare_input();
    etas_plan plan;

    (void)state;
    in.theta.value[ETAS_OMEGA] = 0.2;
    in.theta.value[ETAS_LOG10_TAU] = INFINITY;
    set_branching(&in, 0.5);
    plan = build_plan(&in);
    assert_true(plan.inv_tau == 0 && plan.background.mean == 0 && plan.mag_span_cdf == 1);
    etas_plan_free(&plan);
}

static void a_branching_ratio_of_one_is_refused_unless_allowed(void **state)
{
    etas_plan_input in = bare_input();
    etas_error err = {0};

    (void)state;
    set_branching(&in, 1.001);
    assert_int_equal(try_plan(&in, &err), ETAS_E_SUPERCRITICAL);
    assert_non_null(strstr(err.text, "1.001"));
    assert_non_null(strstr(err.text, "--allow-supercritical"));
    in.allow_supercritical = true;
    check_ok(try_plan(&in, NULL), NULL);
    set_branching(&in, 0.999);
    in.allow_supercritical = false;
    check_ok(try_plan(&in, NULL), NULL);

    in.beta = 0.5; /* below alpha = 1, without m_max: no finite value */
    err = (etas_error){0};
    assert_int_equal(try_plan(&in, &err), ETAS_E_SUPERCRITICAL);
    assert_non_null(strstr(err.text, "no finite value"));
    in.allow_supercritical = true;
    check_ok(try_plan(&in, NULL), NULL);
}

static void longitudes_of_history_and_places_are_wrapped(void **state)
{
    static const double lat[] = {1, 2}, lon[] = {270, 180}, weight[] = {1, 1};
    etas_catalog history = {0};
    etas_plan_input in = bare_input();
    etas_plan plan;

    (void)state;
    set_branching(&in, 0.5);
    add_past_event(&history, 1, 5, -190, 4);
    in.history = &history;
    in.n_locations = 2;
    in.location_lat = lat;
    in.location_lon = lon;
    in.location_weight = weight;
    in.gaussian_scale_deg = 0.1;
    plan = build_plan(&in);
    check_rel(plan.history.lon[0], 170, 0);
    check_rel(plan.background.lon[0], -90, 0);
    check_rel(plan.background.lon[1], -180, 0);
    assert_int_equal(plan.background.kind, ETAS_BACKGROUND_CATALOG);
    etas_plan_free(&plan);
    etas_catalog_free(&history);
}

static void a_history_without_effect_is_no_history(void **state)
{
    etas_catalog history = {0};
    etas_plan_input in = bare_input();
    const double xi = 0;
    etas_plan plan;

    (void)state;
    set_branching(&in, 0.5);
    add_past_event(&history, 1, 5, 5, 4);
    in.history = &history;
    in.xi = &xi;
    plan = build_plan(&in);
    assert_true(plan.history.n == 0 && plan.history.mean == 0);
    etas_plan_free(&plan);
    etas_catalog_free(&history);
}

static void what_makes_no_sense_is_refused_with_its_name(void **state)
{
    static const char *const says[] = {"omega",       "beta",      "delta_m",      "m_max",
                                       "window ends", "292 years", "output must",  "area",
                                       "not before",  "lat 91",    "xi",           "place",
                                       "weights",     "degrees",   "has magnitude"};

    (void)state;
    for (size_t kind = 0; kind < sizeof says / sizeof *says; kind++) {
        static const double lat = 1, bad_lat = -91, lon = 1, weight = 1, none = 0, xi = -1;
        etas_catalog history = {0};
        etas_plan_input in = bare_input();
        etas_error err = {0};
        char line[1024];

        set_branching(&in, 0.5);
        add_past_event(&history, 1, 5, 5, 4);
        in.history = &history;
        in.n_locations = 1;
        in.location_lat = kind == 11 ? &bad_lat : &lat;
        in.location_lon = &lon;
        in.location_weight = kind == 12 ? &none : &weight;
        in.theta.value[ETAS_OMEGA] = kind == 0 ? NAN : -0.1;
        in.beta = kind == 1 ? 0 : 2.3;
        in.delta_m = kind == 2 ? -0.1 : 0;
        in.m_max = kind == 3 ? 2 : INFINITY;
        in.end = kind == 4 ? in.start : in.end;
        if (kind == 5)
            in.start = INT64_MIN + 1, in.end = INT64_MAX, history.time[0] = INT64_MIN + 1;
        in.output_start = kind == 6 ? in.end + 1 : ETAS_TIME_NONE;
        in.area_km2 = kind == 7 ? NAN : 1;
        if (kind == 8)
            history.time[0] = in.start;
        if (kind == 9)
            history.lat[0] = 91;
        in.xi = kind == 10 ? &xi : NULL;
        in.gaussian_scale_deg = kind == 13 ? -1 : 0.1;
        if (kind == 14)
            history.mag[0] = NAN;
        assert_true(try_plan(&in, &err) != ETAS_OK);
        etas_error_format(&err, sizeof line, line);
        if (strstr(line, says[kind]) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", line, says[kind]);
        etas_catalog_free(&history);
    }
}

static void a_batch_is_large_for_small_catalogues_and_one_for_large_ones(void **state)
{
    etas_plan_input in = bare_input();
    etas_plan plan;

    (void)state;
    set_branching(&in, 0.5);
    in.theta.value[ETAS_LOG10_MU] = -1; /* 10 background events: 20 in all */
    plan = build_plan(&in);
    assert_in_range(etas_simulator_batch(&plan), 1000, 10000);
    etas_plan_free(&plan);
    in.theta.value[ETAS_LOG10_MU] = 5;
    plan = build_plan(&in);
    assert_int_equal(etas_simulator_batch(&plan), 1);
    etas_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_follow_from_the_parameters),
        cmocka_unit_test(no_taper_no_background_and_no_maximum_are_limits),
        cmocka_unit_test(a_branching_ratio_of_one_is_refused_unless_allowed),
        cmocka_unit_test(longitudes_of_history_and_places_are_wrapped),
        cmocka_unit_test(a_history_without_effect_is_no_history),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_its_name),
        cmocka_unit_test(a_batch_is_large_for_small_catalogues_and_one_for_large_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
