#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/catalog.h"

static const etas_region GLOBE = {0};

static void add(etas_catalog *catalog, etas_time time, double lat, double mag, const char id[1])
{
    const etas_event row = {.time = time,
                            .lat = lat,
                            .lon = 8,
                            .mag = mag,
                            .mc = NAN,
                            .depth = 5,
                            .id = id,
                            .id_len = 1};

    check_ok(etas_catalog_append(catalog, &row), NULL);
}

static void check_ids(const etas_catalog *catalog, const char *ids)
{
    for (size_t i = 0; i < catalog->n; i++)
        assert_int_equal(etas_catalog_row(catalog, i).id[0], ids[i]);
    assert_int_equal(ids[catalog->n], '\0');
}

static void check_selected(const etas_catalog *catalog, const etas_selection *how, const char *ids)
{
    etas_catalog out = {0};
    etas_error err = {0};

    check_ok(etas_catalog_select(catalog, how, &out, &err), &err);
    check_ids(&out, ids);
    for (size_t i = 0; how->mc_method == ETAS_MC_CONSTANT && i < out.n; i++)
        assert_true(out.mc[i] == how->mc);
    etas_catalog_free(&out);
}

static void the_start_is_kept_and_the_end_is_not(void **state)
{
    const etas_selection how = {.start = 10, .end = 20, .region = &GLOBE, .mc = 0};
    etas_catalog catalog = {0};

    (void)state;
    add(&catalog, 9, 46, 3, "a");
    add(&catalog, 10, 46, 3, "b");
    add(&catalog, 19, 46, 3, "c");
    add(&catalog, 20, 46, 3, "d");
    check_selected(&catalog, &how, "bc");
    etas_catalog_free(&catalog);
}

static void events_are_sorted_by_time_and_ties_stay_in_order(void **state)
{
    const etas_selection how = {.start = INT64_MIN, .end = INT64_MAX, .region = &GLOBE, .mc = 0};
    const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    etas_catalog catalog = {0};

    (void)state;
    for (size_t i = 0; i < 26; i++)
        add(&catalog, -(etas_time)(i / 5), 46, 3, &letters[i]);
    check_selected(&catalog, &how, "zuvwxypqrstklmnofghijabcde");
    etas_catalog_free(&catalog);
}

static void events_on_the_border_of_the_region_are_kept(void **state)
{
    const double lat[] = {45, 47, 47, 45}, lon[] = {7, 7, 9, 9};
    etas_region box = {0};
    const etas_selection how = {.start = 0, .end = 10, .region = &box, .mc = 0};
    etas_catalog catalog = {0};

    (void)state;
    check_ok(etas_region_set_ring(&box, 4, lat, lon, NULL), NULL);
    add(&catalog, 1, 44.999999, 3, "a");
    add(&catalog, 2, 45, 3, "b");
    add(&catalog, 3, 46, 3, "c");
    add(&catalog, 4, 47, 3, "d");
    add(&catalog, 5, 47.000001, 3, "e");
    check_selected(&catalog, &how, "bcd");
    etas_region_free(&box);
    etas_catalog_free(&catalog);
}

static void magnitudes_are_rounded_half_up_before_they_are_compared(void **state)
{
    const etas_selection how = {.start = 0, .end = 10, .region = &GLOBE, .delta_m = 0.1, .mc = 2.3};
    etas_catalog catalog = {0}, out = {0};

    (void)state;
    add(&catalog, 1, 46, 2.2499, "a");
    add(&catalog, 2, 46, 2.25, "b");
    add(&catalog, 3, 46, 2.3, "c");
    add(&catalog, 4, 46, 2.34, "d");
    add(&catalog, 5, 46, 2.35, "e");
    add(&catalog, 6, 46, NAN, "f");
    check_ok(etas_catalog_select(&catalog, &how, &out, NULL), NULL);
    check_ids(&out, "bcde");
    check_abs(out.mag[0], 2.3, 1e-12);
    check_abs(out.mag[2], 2.3, 1e-12);
    check_abs(out.mag[3], 2.4, 1e-12);
    etas_catalog_free(&out);
    etas_catalog_free(&catalog);
}

static void the_last_bit_of_a_magnitude_decides_nothing(void **state)
{
    (void)state;
    for (int bin = -20; bin <= 100; bin++) {
        const double mag = bin / 10.0;
        const double as_read[] = {mag, nextafter(mag, -100), nextafter(mag, 100), 0.1 * bin,
                                  2 + (mag - 2)};

        for (size_t i = 0; i < sizeof as_read / sizeof as_read[0]; i++)
            for (int binned = 0; binned < 2; binned++) {
                etas_selection how = {
                    .start = 0, .end = 10, .region = &GLOBE, .delta_m = binned * 0.1, .mc = mag};
                etas_catalog catalog = {0};

                add(&catalog, 1, 46, as_read[i], "a");
                check_selected(&catalog, &how, "a");
                how.mc = 0.1 * bin;
                check_selected(&catalog, &how, "a");
                how.mc = (bin + 1) / 10.0;
                check_selected(&catalog, &how, "");
                etas_catalog_free(&catalog);
            }
    }
}

static void rounding_is_half_up_on_both_sides_of_zero(void **state)
{
    (void)state;
    check_abs(etas_magnitude_round(2.25, 0.1), 2.3, 1e-12);
    check_abs(etas_magnitude_round(-0.25, 0.1), -0.2, 1e-12);
    check_abs(etas_magnitude_round(-0.26, 0.1), -0.3, 1e-12);
    check_abs(etas_magnitude_round(3.05, 0.01), 3.05, 1e-12);
    check_abs(etas_magnitude_round(3.74, 0.5), 3.5, 0);
    assert_true(etas_magnitude_round(3.141592653589793, 0) == 3.141592653589793);
}

static void add_with_mc(etas_catalog *catalog, double mag, double mc, const char id[1])
{
    const etas_event row = {.time = (etas_time)catalog->n,
                            .lat = 46,
                            .lon = 8,
                            .mag = mag,
                            .mc = mc,
                            .id = id,
                            .id_len = 1};

    check_ok(etas_catalog_append(catalog, &row), NULL);
}

static void a_column_of_completeness_decides_event_by_event(void **state)
{
    const etas_selection how = {.start = 0,
                                .end = 10,
                                .region = &GLOBE,
                                .delta_m = 0.1,
                                .mc_method = ETAS_MC_COLUMN,
                                .mc = NAN};
    etas_catalog catalog = {0}, out = {0};
    etas_error err = {0};

    (void)state;
    add_with_mc(&catalog, 2.3, nextafter(2.3, 3), "a");
    add_with_mc(&catalog, 2.3, 2.4, "b");
    add_with_mc(&catalog, 2.25, 2.3, "c");
    add_with_mc(&catalog, 5, 3.1, "d");
    add_with_mc(&catalog, 3, 3.0000001, "e");
    check_ok(etas_catalog_select(&catalog, &how, &out, &err), &err);
    check_ids(&out, "acd");
    assert_true(out.mc[0] == nextafter(2.3, 3) && out.mc[1] == 2.3 && out.mc[2] == 3.1);
    etas_catalog_free(&out);
    etas_catalog_free(&catalog);
}

/* Only events in the window and the region need one. */
static void a_missing_completeness_names_the_first_event_in_time(void **state)
{
    etas_selection how = {
        .start = 2, .end = 10, .region = &GLOBE, .mc_method = ETAS_MC_COLUMN, .mc = NAN};
    etas_catalog catalog = {0}, out = {0};
    etas_error err = {0};

    (void)state;
    add_with_mc(&catalog, 2.3, NAN, "a");
    add_with_mc(&catalog, 2.3, 2, "b");
    add_with_mc(&catalog, 2.3, 2, "c");
    add_with_mc(&catalog, 2.3, NAN, "d");
    add_with_mc(&catalog, 2.3, NAN, "e");
    catalog.time[4] = 2;
    catalog.time[2] = 3;
    assert_int_equal(etas_catalog_select(&catalog, &how, &out, &err), ETAS_E_RANGE);
    assert_non_null(strstr(err.text, "event \"e\" of 1970-01-01"));
    assert_non_null(strstr(err.text, "mc_current"));
    assert_null(out.time);
    assert_int_equal(out.n, 0);
    how.end = 2;
    how.start = 1;
    check_selected(&catalog, &how, "b");
    etas_catalog_free(&catalog);
}

static void check_selected_mc(const etas_catalog *catalog, const etas_selection *how,
                              const char *ids, const double mc[])
{
    etas_catalog out = {0};

    check_ok(etas_catalog_select(catalog, how, &out, NULL), NULL);
    check_ids(&out, ids);
    for (size_t i = 0; i < out.n; i++)
        check_abs(out.mc[i], mc[i], 1e-12);
    etas_catalog_free(&out);
}

/* The event before counts whether it is kept or not, but not one outside window or region. */
static void positive_completeness_follows_the_previous_event_in_time(void **state)
{
    const double lat[] = {45, 47, 47, 45}, lon[] = {7, 7, 9, 9};
    etas_region box = {0};
    etas_selection how = {.start = 0,
                          .end = 100,
                          .region = &box,
                          .delta_m = 0.1,
                          .mc_method = ETAS_MC_POSITIVE,
                          .mc = NAN};
    etas_catalog catalog = {0};

    (void)state;
    check_ok(etas_region_set_ring(&box, 4, lat, lon, NULL), NULL);
    add(&catalog, 5, 46, 3.1, "e");
    add(&catalog, 1, 46, 2.96, "a");
    add(&catalog, 2, 46, 3.1, "b");
    add(&catalog, 3, 48, 9, "X");
    add(&catalog, 3, 46, 3.1, "c");
    add(&catalog, 4, 46, 2.94, "d");
    add(&catalog, 6, 46, 3.16, "f");
    add(&catalog, 7, 46, 3.2, "g");
    add(&catalog, 200, 46, 9, "X");
    check_selected_mc(&catalog, &how, "bef", (const double[]){3.1, 3.0, 3.2});
    how.start = 2;
    check_selected_mc(&catalog, &how, "ef", (const double[]){3.0, 3.2});
    how.delta_m = 0;
    check_selected_mc(&catalog, &how, "cefg", (const double[]){3.1, 2.94, 3.1, 3.16});
    etas_region_free(&box);
    etas_catalog_free(&catalog);
}

/* Differences of a bin count in every bin: none may be lost to rounding. */
static void positive_completeness_is_immune_to_the_last_bit(void **state)
{
    const etas_selection how = {.start = 0,
                                .end = 1000,
                                .region = &GLOBE,
                                .delta_m = 0.1,
                                .mc_method = ETAS_MC_POSITIVE,
                                .mc = NAN};
    etas_catalog catalog = {0}, out = {0};

    (void)state;
    for (int bin = -30; bin <= 90; bin++)
        add_with_mc(&catalog, bin / 10.0, NAN, "a");
    for (int bin = 90; bin >= -30; bin--)
        add_with_mc(&catalog, 0.1 * bin, NAN, "b");
    check_ok(etas_catalog_select(&catalog, &how, &out, NULL), NULL);
    assert_int_equal(out.n, 120);
    assert_int_equal(etas_catalog_row(&out, 119).id[0], 'a');
    etas_catalog_free(&out);
    etas_catalog_free(&catalog);
}

static void add_at(etas_catalog *catalog, double x, double y, double z, const char id[1])
{
    const etas_event row = {.time = (etas_time)catalog->n,
                            .lat = NAN,
                            .lon = NAN,
                            .mag = 3,
                            .mc = NAN,
                            .x = x,
                            .y = y,
                            .z = z,
                            .id = id,
                            .id_len = 1};

    check_ok(etas_catalog_append(catalog, &row), NULL);
}

static void in_space_the_hull_decides_and_a_missing_place_is_an_error(void **state)
{
    const double corners[] = {0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, -4};
    etas_hull hull = {0};
    etas_selection how = {.start = 0, .end = 10, .hull = &hull, .mc = 2};
    etas_catalog catalog = {0}, out = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_hull_build(&hull, 4, corners, NULL), NULL);
    add_at(&catalog, 1, 1, -1, "a");
    add_at(&catalog, 1, 1, 1, "b");
    add_at(&catalog, 2, 2, 0, "c");
    add_at(&catalog, 2, 2, -0.1, "d");
    add_at(&catalog, 1, NAN, -1, "e");
    how.end = 4;
    check_selected(&catalog, &how, "ac");
    how.end = 10;
    assert_int_equal(etas_catalog_select(&catalog, &how, &out, &err), ETAS_E_RANGE);
    assert_non_null(strstr(err.text, "event \"e\" of 1970"));
    assert_non_null(strstr(err.text, "no place in space (columns x, y, z)"));
    assert_null(out.time);
    etas_hull_free(&hull);
    etas_catalog_free(&catalog);
}

static void an_empty_catalogue_gives_an_empty_selection(void **state)
{
    const etas_selection how = {.start = 0, .end = 10, .region = &GLOBE, .mc = 0};
    etas_catalog catalog = {0};

    (void)state;
    check_selected(&catalog, &how, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_start_is_kept_and_the_end_is_not),
        cmocka_unit_test(events_are_sorted_by_time_and_ties_stay_in_order),
        cmocka_unit_test(events_on_the_border_of_the_region_are_kept),
        cmocka_unit_test(magnitudes_are_rounded_half_up_before_they_are_compared),
        cmocka_unit_test(the_last_bit_of_a_magnitude_decides_nothing),
        cmocka_unit_test(rounding_is_half_up_on_both_sides_of_zero),
        cmocka_unit_test(a_column_of_completeness_decides_event_by_event),
        cmocka_unit_test(a_missing_completeness_names_the_first_event_in_time),
        cmocka_unit_test(positive_completeness_follows_the_previous_event_in_time),
        cmocka_unit_test(positive_completeness_is_immune_to_the_last_bit),
        cmocka_unit_test(in_space_the_hull_decides_and_a_missing_place_is_an_error),
        cmocka_unit_test(an_empty_catalogue_gives_an_empty_selection),
    };
    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
