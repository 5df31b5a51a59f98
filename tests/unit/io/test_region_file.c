#include <stdlib.h>
#include <string.h>

#include "etas/io.h"
#include "etas/text.h"
#include "io/config_reader.h"
#include "io/npy.h"
#include "io/points.h"
#include "support/check.h"
#include "unit/io/golden.h"

static void show(const char *path, bool lonlat, etas_text *out)
{
    etas_region region = {0};
    etas_error err = {0};

    if (etas_region_load(&region, path, lonlat, &err) != ETAS_OK) {
        assert_int_equal(region.n_rings, 0);
        golden_error(out, &err);
        return;
    }
    golden_print(out, "%zu ring(s)\n", region.n_rings);
    for (size_t i = 0; i < region.ring_start[region.n_rings]; i++)
        golden_print(out, "%.17g %.17g\n", region.lat[i], region.lon[i]);
    etas_region_free(&region);
}

static void show_region(const char *path, etas_text *out)
{
    show(path, strstr(path, "lonlat") != NULL, out);
}

static void good_regions_are_read(void **state)
{
    (void)state;
    golden_check("region/valid", 12, show_region);
}

static void bad_regions_are_refused_with_the_reason(void **state)
{
    (void)state;
    golden_check("region/invalid", 20, show_region);
}

/* What the results repeat must be the same region when it is read again. */
static void printed_region_with_islands_and_holes_reads_back_the_same(void **state)
{
    static const char text[] = "[[0, 0], [0, 9], [9, 9], [9, 0], [0, 0],"           /* outer ring */
                               " [1, 1], [2, 1], [2, 2], [1, 2], [1, 1], [0, 0],"   /* a hole */
                               " [0, 20], [5, 20], [5, 25], [0, 20.125], [0, 20]]"; /* an island */
    etas_region first = {0}, again = {0};
    etas_text printed = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_region_read(&first, sizeof text - 1, text, false, &err), &err);
    assert_int_equal(first.n_rings, 3);
    check_ok(etas_region_print(&first, &printed), NULL);
    check_ok(etas_region_read(&again, printed.len, printed.data, false, &err), &err);
    assert_int_equal(again.n_rings, 3);
    for (int i = -2; i < 60; i++)
        for (int j = -2; j < 120; j++)
            assert_int_equal(etas_region_contains(&first, i / 4.0, j / 4.0),
                             etas_region_contains(&again, i / 4.0, j / 4.0));
    assert_false(etas_region_contains(&again, 1.5, 1.5));
    assert_true(etas_region_contains(&again, 4, 24));
    etas_region_free(&first);
    etas_region_free(&again);
    etas_text_free(&printed);
}

static etas_region read_region(size_t len, const char text[])
{
    etas_region region = {0};
    etas_error err = {0};

    check_ok(etas_region_read(&region, len, text, false, &err), &err);
    return region;
}

/* Holes that touch, islands in holes, and islands further than half the globe from the first. */
static void every_region_survives_being_printed(void **state)
{
    static const char *const texts[] = {
        "POLYGON ((0 40, 8 40, 8 44, 0 44, 0 40), (1 41, 1 43, 3 43, 3 41, 1 41))",
        "POLYGON ((174 -41, -174 -43, -172 -36, 179 -33, 174 -41), (176 -40, -176 -41, -178 -37, "
        "176 -40))",
        "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (0 0, 4 1, 1 4, 0 0), (4 1, 8 1, 8 4, 4 1), (5 5, 8 "
        "5, 8 8, 5 8, 5 5))",
        "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 8 1, 8 8, 1 8, 1 1)), ((2 2, 7 2, 7 7, 2 "
        "7, 2 2), (3 3, 6 3, 6 6, 3 6, 3 3)), ((9 9, 12 9, 12 12, 9 9)))",
        "MULTIPOLYGON (((0 10, 20 10, 20 20, 0 10)), ((120 30, 140 30, 140 40, 120 30)), ((230 "
        "-20, 250 -20, 250 -10, 230 -20), (248 -18, 248 -16, 246 -18, 248 -18)))",
        "MULTIPOLYGON (((-180 50, -90 50, -90 60, -180 60, -180 50)), ((-30 0, 60 0, 60 9, -30 9, "
        "-30 0)), ((80 -40, 180 -40, 180 -30, 80 -30, 80 -40)))"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        etas_region first = read_region(strlen(texts[i]), texts[i]), again;
        etas_text printed = {0};
        double area, area_again;
        size_t inside = 0;

        check_ok(etas_region_print(&first, &printed), NULL);
        again = read_region(printed.len, printed.data);
        assert_int_equal(again.n_rings, first.n_rings);
        assert_true(again.lon_min == first.lon_min && again.lon_max == first.lon_max);
        assert_true(again.lat_min == first.lat_min && again.lat_max == first.lat_max);
        for (int lat = -180; lat <= 250; lat++)
            for (int lon = -720; lon < 1080; lon++) {
                const bool want = etas_region_contains(&first, lat / 4.0, lon / 4.0);

                assert_int_equal(etas_region_contains(&again, lat / 4.0, lon / 4.0), want);
                inside += want;
            }
        assert_true(inside > 200);
        check_ok(etas_region_area_km2(&first, 6371, &area, NULL), NULL);
        check_ok(etas_region_area_km2(&again, 6371, &area_again, NULL), NULL);
        check_rel(area_again, area, 1e-12);
        etas_region_free(&first);
        etas_region_free(&again);
        etas_text_free(&printed);
    }
}

/* ---- triples ---- */

/* A header for @p shape before 8-byte numbers 0.5, 1.5, 2.5 ...; returns the length of it all. */
static size_t put_npy(const char *shape, bool fortran, size_t n_values, uint8_t file[])
{
    double value = 0.5;
    char head[96];
    size_t n;

    etas_format(sizeof head, head, "{'descr': '<f8', 'fortran_order': %s, 'shape': %s}",
                fortran ? "True" : "False", shape);
    n = strlen(head);
    memcpy(file, "\x93NUMPY\x01\x00", 8);
    file[8] = (uint8_t)n;
    file[9] = 0;
    memcpy(file + 10, head, n);
    for (size_t i = 0; i < n_values; i++, value++)
        memcpy(file + 10 + n + 8 * i, &value, 8);
    return 10 + n + 8 * n_values;
}

static void a_hull_is_read_from_every_form_of_a_list(void **state)
{
    static const char *const texts[] = {
        "[[0, 0, 0], [3000, 0, 0], [0, 5000, 0], [0, 0, 7000]]",
        "((0,0,0),(3e3,0,0),(0,5e3,0),(0,0,7e3))",
        "[array([0., 0., 0.]), array([3000., 0., 0.]),\n array([0., 5000., 0.]), array([0, 0, "
        "7000])]"};
    uint8_t file[512];
    const double corners[12] = {0, 0, 0, 3000, 0, 0, 0, 5000, 0, 0, 0, 7000};
    const size_t len = put_npy("(4, 3)", false, 12, file);
    etas_error err = {0};

    (void)state;
    memcpy(file + len - sizeof corners, corners, sizeof corners);
    for (size_t i = 0; i <= sizeof texts / sizeof *texts; i++) {
        const bool npy = i == sizeof texts / sizeof *texts;
        etas_points points = {.columns = 3};
        etas_hull hull = {0};

        check_ok(etas_points_read(&points, npy ? len : strlen(texts[i]),
                                  npy ? (const char *)file : texts[i], &err),
                 &err);
        assert_int_equal(points.n, 4);
        check_ok(etas_points_to_hull(&points, 1, &hull, &err), &err);
        check_rel(hull.volume_km3, 17.5, 1e-14);
        assert_true(etas_hull_contains(&hull, 0.9, 1.5, 2.1));
        assert_false(etas_hull_contains(&hull, 1.1, 1.8, 2.4));
        etas_hull_free(&hull);
        etas_points_free(&points);
    }
}

static void pairs_are_no_triples(void **state)
{
    static const struct {
        const char *text, *message;
    } bad[] = {{"[[0, 0, 0], [1, 0]]", "found ']', expected ',' and the third coordinate; a region "
                                       "is a list [[x, y, z], ...]"},
               {"[[0, 0, 0, 1]]", "found '1', expected the end of a triple [x, y, z]"},
               {"[5]", "found '5', expected a triple [x, y, z]"},
               {"POLYGON ((0 0, 1 0, 1 1, 0 0))", "found '"}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        etas_points points = {.columns = 3};
        etas_error err = {0};

        assert_int_equal(etas_points_read(&points, strlen(bad[i].text), bad[i].text, &err),
                         ETAS_E_PARSE);
        if (strstr(err.text, bad[i].message) == NULL)
            fail_msg("%s: %s", bad[i].text, err.text);
        assert_int_equal(err.line, 1);
        etas_points_free(&points);
    }
}

/* Every .npy that is cut short anywhere is refused, and nothing is read beyond its end. */
static void truncated_npy_is_never_half_read(void **state)
{
    static const char head[] = "\x93NUMPY\x01\x00\x3b\x00"
                               "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
    uint8_t file[sizeof head - 1 + 24];
    const float corner[6] = {0, 0, 0, 1, 1, 0};
    etas_region region = {0};
    etas_error err = {0};

    (void)state;
    memcpy(file, head, sizeof head - 1);
    memcpy(file + sizeof head - 1, corner, sizeof corner);
    check_ok(etas_region_read(&region, sizeof file, (const char *)file, false, &err), &err);
    etas_region_free(&region);
    for (size_t n = 0; n < sizeof file; n++) {
        char *const cut = malloc(n > 0 ? n : 1);

        memcpy(cut, file, n);
        assert_int_equal(etas_region_read(&region, n, cut, false, NULL), ETAS_E_PARSE);
        assert_int_equal(region.n_rings, 0);
        free(cut);
    }
}

static void npy_columns_are_read_row_by_row_in_either_order(void **state)
{
    uint8_t file[512];
    etas_npy a = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_npy_read(&a, put_npy("(4,)", false, 4, file), file, 1, &err), &err);
    assert_int_equal(a.rows, 4);
    assert_int_equal(a.columns, 1);
    assert_true(a.values[0] == 0.5 && a.values[3] == 3.5);
    check_ok(etas_npy_read(&a, put_npy("(4, 1)", true, 4, file), file, 1, &err), &err);
    assert_true(a.rows == 4 && a.values[3] == 3.5);
    check_ok(etas_npy_read(&a, put_npy("(2, 3)", false, 6, file), file, 3, &err), &err);
    assert_int_equal(a.rows, 2);
    assert_int_equal(a.columns, 3);
    for (int i = 0; i < 6; i++)
        assert_true(a.values[i] == i + 0.5);
    check_ok(etas_npy_read(&a, put_npy("(2, 3)", true, 6, file), file, 3, &err), &err);
    assert_true(a.values[1] == 2.5 && a.values[3] == 1.5);
    check_ok(etas_npy_read(&a, put_npy("(0,)", true, 0, file), file, 1, &err), &err);
    assert_true(a.rows == 0 && a.values == NULL);
    etas_npy_free(&a);
    etas_npy_free(&a);
}

static void npy_of_another_shape_is_refused_with_both_shapes(void **state)
{
    static const struct {
        const char *shape;
        size_t n_values, columns;
        const char *message;
    } bad[] = {{"(2, 3)", 6, 2, "an array of shape (2, 3); expected (N, 2)"},
               {"(3, 2)", 6, 3, "an array of shape (3, 2); expected (N, 3)"},
               {"(3, 2)", 6, 1, "an array of shape (3, 2); expected (N,)"},
               {"(6,)", 6, 3, "an array of 1 dimension(s); expected shape (N, 3)"},
               {"()", 1, 1, "an array of 0 dimension(s); expected shape (N,)"},
               {"(1, 2, 3)", 6, 3, "an array of 3 dimension(s); expected shape (N, 3)"},
               {"(3,)", 2, 1, "16 bytes of data; shape (3, 1) needs 24"},
               {"(999999999999999999, 3)", 6, 3, "48 bytes of data"}};
    uint8_t file[512];
    etas_npy a = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const size_t len = put_npy(bad[i].shape, false, bad[i].n_values, file);
        etas_error err = {0};

        assert_int_equal(etas_npy_read(&a, len, file, bad[i].columns, &err), ETAS_E_PARSE);
        if (strncmp(err.text, bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("%s: %s", bad[i].shape, err.text);
        assert_null(a.values);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_regions_are_read),
        cmocka_unit_test(bad_regions_are_refused_with_the_reason),
        cmocka_unit_test(printed_region_with_islands_and_holes_reads_back_the_same),
        cmocka_unit_test(every_region_survives_being_printed),
        cmocka_unit_test(a_hull_is_read_from_every_form_of_a_list),
        cmocka_unit_test(pairs_are_no_triples),
        cmocka_unit_test(truncated_npy_is_never_half_read),
        cmocka_unit_test(npy_columns_are_read_row_by_row_in_either_order),
        cmocka_unit_test(npy_of_another_shape_is_refused_with_both_shapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
