/* Catalogues, regions and configurations of the field, as they come. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/io.h"
#include "io/config_reader.h"
#include "support/check.h"

static void swiss_catalog_is_read_whole(void **state)
{
    etas_catalog c = {0};
    etas_error err = {0};
    etas_event e;

    (void)state;
    check_ok(etas_catalog_load(&c, "data/ch_catalog.csv", NULL, NULL, &err), &err);
    assert_int_equal(c.n, 22526);
    e = etas_catalog_row(&c, 1);
    assert_int_equal(e.id_len, 4);
    assert_memory_equal(e.id, "2598", 4);
    assert_true(e.lat == 46.516999999999996 && e.lon == 9.217 && e.mag == 2.3 && e.mc == 2.7);
    assert_true(isnan(e.depth));
    etas_catalog_free(&c);
}

static void californian_catalogs_are_read_whole(void **state)
{
    etas_catalog c = {0};
    etas_error err = {0};
    etas_event e;
    char time[32];

    (void)state;
    check_ok(etas_catalog_load(&c, "data/example_catalog.csv", NULL, NULL, &err), &err);
    assert_int_equal(c.n, 4454);
    e = etas_catalog_row(&c, 0);
    etas_time_format(e.time, ' ', time);
    assert_string_equal(time, "1971-01-02 20:23:51.985259");
    assert_true(e.lat == 37.72552343566279 && e.lon == -118.45590733930675 && isnan(e.mc));
    etas_catalog_free(&c);
    check_ok(etas_catalog_load(&c, "data/example_catalog_mc_var.csv", NULL, NULL, &err), &err);
    assert_int_equal(c.n, 5462);
    assert_true(c.mc[0] == 3.1);
    etas_catalog_free(&c);
}

static void regions_are_read_in_either_order_of_axes(void **state)
{
    static const struct {
        const char *path;
        bool lonlat;
        size_t n;
        double lat_min, lat_max, lon_min, lon_max;
    } cases[] = {{"data/ch_rect.npy", false, 5, 45.7, 47.9, 5.85, 10.6},
                 {"data/california_shape.npy", false, 20, 31, 43.5, -125.9, -112.6},
                 {"data/ch_shape.npy", true, 77, 45.5, 48.1, 5.5, 10.9}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        etas_region r = {0};
        etas_error err = {0};

        check_ok(etas_region_load(&r, cases[i].path, cases[i].lonlat, &err), &err);
        assert_int_equal(r.n_rings, 1);
        assert_int_equal(r.ring_start[1], cases[i].n);
        print_message("%s: lat %g to %g, lon %g to %g\n", cases[i].path, r.lat_min, r.lat_max,
                      r.lon_min, r.lon_max);
        assert_true(r.lat_min >= cases[i].lat_min && r.lat_max <= cases[i].lat_max);
        assert_true(r.lon_min >= cases[i].lon_min && r.lon_max <= cases[i].lon_max);
        etas_region_free(&r);
    }
}

/* The European outline is the mainland and Iceland in one list, with a bridge between them. */
static void outline_with_an_island_is_read_and_survives_printing(void **state)
{
    static const double places[][3] = {{47.4, 8.5, 1}, {65, -18, 1}, {50, -30, 0}, {60, -22, 0}};
    etas_region r = {0}, again = {0};
    etas_text text = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_region_load(&r, "data/europe_shape.npy", true, &err), &err);
    assert_int_equal(r.n_rings, 2);
    check_ok(etas_region_print(&r, &text), NULL);
    check_ok(etas_region_read(&again, text.len, text.data, false, &err), &err);
    assert_int_equal(again.n_rings, 2);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_int_equal(etas_region_contains(&r, places[i][0], places[i][1]), places[i][2] > 0);
        assert_int_equal(etas_region_contains(&again, places[i][0], places[i][1]),
                         places[i][2] > 0);
    }
    etas_region_free(&r);
    etas_region_free(&again);
    etas_text_free(&text);
}

static void magnitudes_are_not_a_region(void **state)
{
    etas_region r = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_region_load(&r, "data/magnitudes.npy", false, &err), ETAS_E_PARSE);
    assert_non_null(strstr(err.text, "1 dimension(s)"));
    assert_string_equal(err.file, "data/magnitudes.npy");
}

static void configurations_are_read_with_the_files_beside_them(void **state)
{
    etas_config c = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_config_load(&c, "data/ch_forecast.json", ETAS_CONFIG_FORECAST, NULL, &err), &err);
    assert_string_equal(c.fn_catalog, "data/ch_catalog.csv");
    assert_string_equal(c.id, "ch");
    assert_int_equal(c.region.ring_start[1], 5);
    assert_true(c.has_theta_0 && c.theta_0.value[ETAS_GAMMA] == 0.15 && c.forecast_days == 30);
    etas_config_free(&c);
    check_ok(etas_config_load(&c, "data/example_invert.json", ETAS_CONFIG_INVERT, NULL, &err),
             &err);
    assert_true(c.mc == 3.6 && c.beta_method == ETAS_BETA_TINTI);
    etas_config_free(&c);
    check_ok(
        etas_config_load(&c, "data/california_simulate.json", ETAS_CONFIG_SIMULATE, NULL, &err),
        &err);
    assert_true(c.beta == 2.302585092994046 && c.common.has_parameters);
    assert_true(c.common.parameters.value[ETAS_LOG10_TAU] == 3.99);
    etas_config_free(&c);
}

static void constraints_and_a_completeness_per_event_are_read(void **state)
{
    etas_config c = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_config_load(&c, "data/example_constraints.json", ETAS_CONFIG_INVERT, NULL, &err),
             &err);
    assert_int_equal(c.fixed.alpha_rule, ETAS_ALPHA_BETA);
    assert_true(c.fixed.value.value[ETAS_LOG10_TAU] == 4 &&
                c.fixed.value.value[ETAS_OMEGA] == -0.16);
    etas_config_free(&c);
    check_ok(etas_config_load(&c, "data/example_mc_var.json", ETAS_CONFIG_INVERT, NULL, &err),
             &err);
    assert_int_equal(c.mc_method, ETAS_MC_COLUMN);
    assert_true(c.m_ref == 2.5);
    etas_config_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(swiss_catalog_is_read_whole),
        cmocka_unit_test(californian_catalogs_are_read_whole),
        cmocka_unit_test(regions_are_read_in_either_order_of_axes),
        cmocka_unit_test(outline_with_an_island_is_read_and_survives_printing),
        cmocka_unit_test(magnitudes_are_not_a_region),
        cmocka_unit_test(configurations_are_read_with_the_files_beside_them),
        cmocka_unit_test(constraints_and_a_completeness_per_event_are_read),
    };
    const char *shared = getenv("ETAS_SHARED");

    if (shared == NULL || chdir(shared) != 0 || access("data/ch_catalog.csv", R_OK) != 0) {
        puts("skipped: ETAS_SHARED names no folder with data/");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
