/* Where and when background events happen. */
#include "unit/simulation/forecast_fixture.h"

#include <string.h>

/* Background alone, @p mean events per catalogue; k0 so small that nothing is triggered. */
static etas_plan_input background_input(double mean)
{
    etas_plan_input in = bare_input();

    in.theta.value[ETAS_LOG10_K0] = -20;
    in.theta.value[ETAS_LOG10_MU] = log10(mean / 100);
    in.gaussian_scale_deg = 0.1;
    return in;
}

static void numbers_are_poisson_and_times_uniform(void **state)
{
    static const double means[] = {0.7, 12, 200}; /* one part and several */

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const etas_plan_input in = background_input(means[k]);
        const size_t n_catalogs = (size_t)(40000 / means[k]);
        etas_events e = simulate(&in, n_catalogs);
        double *u = malloc(e.n * sizeof *u), square = 0, variance;

        assert_non_null(u);
        check_count((double)e.n, means[k] * (double)n_catalogs, "background");
        for (size_t i = 0; i < n_catalogs; i++)
            square += (e.count[i] - means[k]) * (e.count[i] - means[k]);
        variance = square / (double)n_catalogs;
        /* variance of the variance: (2 m^2 + m) / n */
        check_abs(variance, means[k],
                  4 * sqrt((2 * means[k] * means[k] + means[k]) / (double)n_catalogs));
        for (size_t i = 0; i < e.n; i++) {
            assert_int_equal(e.generation[i], 0);
            u[i] = ((double)e.time_ms[i] + 0.5) / (100 * 86400e3);
        }
        check_uniform(e.n, u, "time");
        free(u);
        etas_events_free(&e);
    }
}

static void check_area(const etas_plan_input *in, double south, double north, double west,
                       double east)
{
    const double to_rad = acos(-1) / 180, sine_south = sin(south * to_rad);
    etas_events e = simulate(in, 100);
    double *sine = malloc(e.n * sizeof *sine), *lon = malloc(e.n * sizeof *lon);

    assert_true(sine != NULL && lon != NULL);
    for (size_t i = 0; i < e.n; i++) {
        double x = e.lon[i] * 1e-6;

        x += x < west ? 360 : x > east ? -360 : 0;
        assert_true(e.lat[i] >= south * 1e6 && e.lat[i] <= north * 1e6);
        assert_true(x >= west && x <= east);
        assert_true(e.lon[i] >= -180000000 && e.lon[i] < 180000000);
        sine[i] = (sin(e.lat[i] * 1e-6 * to_rad) - sine_south) / (sin(north * to_rad) - sine_south);
        lon[i] = (x - west) / (east - west);
    }
    check_uniform(e.n, sine, "sine of the latitude");
    check_uniform(e.n, lon, "longitude");
    free(sine);
    free(lon);
    etas_events_free(&e);
}

static void without_places_they_are_uniform_by_area(void **state)
{
    etas_plan_input in = background_input(300);
    etas_region region = {0};

    (void)state;
    check_area(&in, -90, 90, -180, 180);
    in.region = &region;
    set_rectangle(&region, 30, 75, -20, 40);
    check_area(&in, 30, 75, -20, 40);
    set_rectangle(&region, -60, 10, 170, 200); /* over the date line */
    check_area(&in, -60, 10, 170, 200);
    set_rectangle(&region, -60, 10, -190, -175);
    check_area(&in, -60, 10, -190, -175);
    etas_region_free(&region);
}

static void inside_a_polygon_they_are_uniform_by_area(void **state)
{
    /* A triangle at the equator, where degrees are as good as km: x/3 of its area lies west of
     * sqrt(x/3) of its height. */
    static const double lat[] = {0, 0.2, -0.2}, lon[] = {5, 5.4, 5.4};
    etas_plan_input in = background_input(300);
    etas_region region = {0};
    etas_error err = {0};
    double *u;
    etas_events e;

    (void)state;
    check_ok(etas_region_set_ring(&region, 3, lat, lon, &err), &err);
    in.region = &region;
    e = simulate(&in, 100);
    u = malloc(e.n * sizeof *u);
    assert_non_null(u);
    for (size_t i = 0; i < e.n; i++) {
        const double x = (e.lon[i] * 1e-6 - 5) / 0.4;

        assert_true(etas_region_contains(&region, e.lat[i] * 1e-6, e.lon[i] * 1e-6));
        u[i] = x * x;
    }
    check_count((double)e.n, 300 * 100, "none is lost at the border");
    check_uniform(e.n, u, "longitude in the triangle");
    free(u);
    etas_events_free(&e);
    etas_region_free(&region);
}

static void past_events_are_drawn_by_weight(void **state)
{
    static const double lat[] = {10, 20, 30, 40, 50}, lon[] = {-170, 0, 10, 200, -190};
    static const double out_lon[] = {-170, 0, 10, -160, 170}, weight[] = {1, 0, 2.5, 0.25, 6.25};
    etas_plan_input in = background_input(300);
    double count[5] = {0};
    etas_events e;

    (void)state;
    in.n_locations = 5;
    in.location_lat = lat;
    in.location_lon = lon;
    in.location_weight = weight;
    in.gaussian_scale_deg = 0;
    e = simulate(&in, 100);
    for (size_t i = 0; i < e.n; i++) {
        const int32_t k = e.lat[i] / 10000000 - 1;

        assert_in_range(k, 0, 4);
        assert_int_equal(e.lat[i], (int32_t)lrint(lat[k] * 1e6));
        assert_int_equal(e.lon[i], (int32_t)lrint(out_lon[k] * 1e6));
        count[k]++;
    }
    assert_true(count[1] == 0);
    for (int k = 0; k < 5; k++)
        if (weight[k] > 0)
            check_count(count[k], (double)e.n * weight[k] / 10, "past event");
    etas_events_free(&e);
}

static double normal_cdf(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

static void offsets_are_gaussian_in_both_directions(void **state)
{
    const double lat = 46, lon = 179.99, weight = 3;
    etas_plan_input in = background_input(300);
    double *north, *east;
    etas_events e;

    (void)state;
    in.n_locations = 1;
    in.location_lat = &lat;
    in.location_lon = &lon;
    in.location_weight = &weight;
    e = simulate(&in, 100);
    north = malloc(e.n * sizeof *north);
    east = malloc(e.n * sizeof *east);
    assert_true(north != NULL && east != NULL);
    for (size_t i = 0; i < e.n; i++) {
        const double x = e.lon[i] * 1e-6 + (e.lon[i] < 0 ? 360 : 0);

        north[i] = normal_cdf((e.lat[i] * 1e-6 - lat) / 0.1);
        east[i] = normal_cdf((x - lon) / 0.1);
    }
    check_uniform(e.n, north, "offset in latitude");
    check_uniform(e.n, east, "offset in longitude");
    free(north);
    free(east);
    etas_events_free(&e);
}

/* Of two places of equal weight one lies on the border: half its offsets are outside, so it gets
 * one third of the events if place and offset are drawn anew, one half if only the offset is. */
static void outside_the_region_place_and_offset_are_drawn_anew(void **state)
{
    static const double lat[] = {5, 5}, lon[] = {5, 10}, weight[] = {1, 1};
    etas_plan_input in = background_input(300);
    etas_region region = {0};
    double border = 0;
    etas_events e;

    (void)state;
    set_rectangle(&region, 0, 10, 0, 10);
    in.region = &region;
    in.n_locations = 2;
    in.location_lat = lat;
    in.location_lon = lon;
    in.location_weight = weight;
    e = simulate(&in, 100);
    for (size_t i = 0; i < e.n; i++) {
        assert_true(e.lon[i] <= 10000000);
        border += e.lon[i] > 7500000;
    }
    check_count(border, (double)e.n / 3, "on the border");
    etas_events_free(&e);
    etas_region_free(&region);
}

static void a_place_that_never_falls_inside_ends_in_an_error(void **state)
{
    const double lat = -40, lon = 100, weight = 1;
    etas_plan_input in = background_input(8);
    etas_region region = {0};
    etas_simulator *sim = NULL;
    etas_events e = {0};
    etas_error err = {0};
    etas_plan plan;

    (void)state;
    set_rectangle(&region, 0, 10, 0, 10);
    in.region = &region;
    in.n_locations = 1;
    in.location_lat = &lat;
    in.location_lon = &lon;
    in.location_weight = &weight;
    plan = build_plan(&in);
    check_ok(etas_simulator_open(&sim, &plan, NULL, &err), &err);
    assert_int_equal(etas_simulator_run(sim, 1, 0, 1, &e, &err), ETAS_E_LIMIT);
    assert_non_null(strstr(err.text, "no place inside the region"));
    etas_simulator_close(sim);
    etas_events_free(&e);
    etas_plan_free(&plan);
    etas_region_free(&region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_poisson_and_times_uniform),
        cmocka_unit_test(without_places_they_are_uniform_by_area),
        cmocka_unit_test(inside_a_polygon_they_are_uniform_by_area),
        cmocka_unit_test(past_events_are_drawn_by_weight),
        cmocka_unit_test(offsets_are_gaussian_in_both_directions),
        cmocka_unit_test(outside_the_region_place_and_offset_are_drawn_anew),
        cmocka_unit_test(a_place_that_never_falls_inside_ends_in_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
