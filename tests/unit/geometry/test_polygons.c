#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/geometry.h"
#include "random.h"

static etas_region wkt(const char *text)
{
    etas_polygons polygons = {0};
    etas_region region = {0};
    etas_error err = {0};

    check_ok(etas_polygons_read_wkt(&polygons, text, &err), &err);
    check_ok(etas_region_set_polygons(&region, &polygons, &err), &err);
    etas_polygons_free(&polygons);
    etas_polygons_free(&polygons);
    return region;
}

static double area(const etas_region *region)
{
    double km2;
    etas_error err = {0};

    check_ok(etas_region_area_km2(region, 6371, &km2, &err), &err);
    return km2;
}

/* Inside alike for 100,000 points round both, the second region @p shift degrees further east; and
 * so in its raster, and under the other names of the meridians. Returns the share inside. */
static double same_cloud(etas_region *a, etas_region *b, double shift)
{
    const double height = a->lat_max - a->lat_min, width = a->lon_max - a->lon_min;
    etas_raster raster = {0};
    uint64_t rng = 99;
    int inside = 0;

    check_ok(etas_raster_build(&raster, b, 61, NULL), NULL);
    for (int i = 0; i < 100000; i++) {
        const double lat = a->lat_min + height * (1.2 * random_uniform(&rng) - 0.1);
        const double lon = a->lon_min + width * (1.2 * random_uniform(&rng) - 0.1);
        const double there = lon + shift, same = there >= 180 ? there - 360 : there;
        const bool want = etas_region_contains(a, lat, lon);

        assert_int_equal(etas_region_contains(b, lat, there), want);
        assert_int_equal(etas_region_contains(b, lat, same), want);
        assert_int_equal(etas_raster_contains(&raster, b, lat, there), want);
        assert_int_equal(etas_raster_contains(&raster, b, lat, same), want);
        inside += want;
    }
    etas_raster_free(&raster);
    return inside / 100000.0;
}

static void holes_and_islands_in_holes_count_by_the_even_odd_rule(void **state)
{
    etas_region r = wkt("MULTIPOLYGON (((0 40, 8 40, 8 44, 0 44, 0 40), (1 41, 1 43, 3 43, 3 41, "
                        "1 41), (4 41, 7 41, 7 43, 4 43, 4 41)), ((1.5 41.5, 2 41.5, 2 42, 1.5 42, "
                        "1.5 41.5)), ((9 40, 10 40, 10 44, 9 44, 9 40)))");
    etas_region whole = wkt("POLYGON ((0 40, 8 40, 8 44, 0 44, 0 40))");

    (void)state;
    assert_int_equal(r.n_rings, 5);
    assert_true(etas_region_contains(&r, 40.5, 0.5));
    assert_false(etas_region_contains(&r, 42.5, 2.5));
    assert_true(etas_region_contains(&r, 43, 2)); /* the rim */
    assert_false(etas_region_contains(&r, 42, 5));
    assert_true(etas_region_contains(&r, 41.75, 1.75));
    assert_true(etas_region_contains(&r, 42, 9.5));
    assert_false(etas_region_contains(&r, 42, 8.5));
    assert_true(etas_region_contains(&whole, 42, 5));
    etas_region_free(&r);
    etas_region_free(&whole);
}

/* The outer ring gives the projection its parallels, so the parts may be measured one by one. */
static void the_area_is_that_of_the_outer_rings_less_that_of_the_holes(void **state)
{
    etas_region r = wkt("MULTIPOLYGON (((0 40, 8 40, 8 44, 0 44, 0 40), (1 41, 3 41, 3 43, 1 43, 1 "
                        "41)), ((9 40, 10 40, 10 44, 9 44, 9 40)))");
    etas_region outer = wkt("POLYGON ((0 40, 8 40, 8 44, 0 44, 0 40))");
    etas_region island = wkt("POLYGON ((9 40, 10 40, 10 44, 9 44, 9 40))");
    etas_region hole = wkt("POLYGON ((1 41, 3 41, 3 43, 1 43, 1 41))");

    (void)state;
    hole.lat_min = 40;
    hole.lat_max = 44;
    check_rel(area(&r), area(&outer) + area(&island) - area(&hole), 1e-12);
    assert_true(area(&hole) > 0.1 * area(&outer));
    etas_region_free(&r);
    etas_region_free(&outer);
    etas_region_free(&island);
    etas_region_free(&hole);
}

/* One shape at 0 and, 177 degrees further east, across +-180 in three ways of writing. */
static void a_shape_with_a_hole_across_180_is_the_shifted_shape(void **state)
{
    static const char *const across[] = {
        "POLYGON ((174 -41, 186 -43, 188 -36, 179 -33, 174 -41), (176 -40, 184 -41, 182 -37, 176 "
        "-40))",
        "POLYGON ((174 -41, -174 -43, -172 -36, 179 -33, 174 -41), (176 -40, -176 -41, -178 -37, "
        "176 -40))",
        "POLYGON ((-186 -41, -174 -43, -172 -36, -181 -33, -186 -41), (176 -40, 184 -41, 182 -37, "
        "176 -40))"};
    etas_region here = wkt("POLYGON ((-3 -41, 9 -43, 11 -36, 2 -33, -3 -41), (-1 -40, 7 -41, 5 "
                           "-37, -1 -40))");

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        etas_region there = wkt(across[i]);

        assert_int_equal(there.n_rings, 2);
        check_abs(there.lon_max - there.lon_min, 14, 1e-12);
        check_rel(area(&there), area(&here), 1e-12);
        check_abs(same_cloud(&here, &there, 177), 0.365, 0.02);
        etas_region_free(&there);
    }
    etas_region_free(&here);
}

/* As RFC 7946 wants it: cut at +-180, here through a hole. */
static void parts_cut_at_180_become_one(void **state)
{
    etas_region cut =
        wkt("MULTIPOLYGON (((170 50, 180 50, 180 52, 178 52, 178 58, 180 58, 180 60, 170 60, 170 "
            "50)), ((-180 50, -170 50, -170 60, -180 60, -180 58, -178 58, -178 52, -180 52, -180 "
            "50)))");
    etas_region here = wkt("POLYGON ((10 50, 20 50, 30 50, 30 60, 20 60, 10 60, 10 50), (18 52, 18 "
                           "58, 20 58, 22 58, 22 52, 20 52, 18 52))");

    (void)state;
    assert_int_equal(cut.n_rings, 2);
    check_abs(cut.lon_max - cut.lon_min, 20, 0);
    assert_true(etas_region_contains(&cut, 51, 180));
    assert_true(etas_region_contains(&cut, 51, -180));
    assert_false(etas_region_contains(&cut, 55, 180));
    /* The vertices on the cut stay. */
    check_rel(area(&cut), area(&here), 1e-12);
    check_abs(same_cloud(&here, &cut, 160), 176 / 288.0, 0.01);
    etas_region_free(&cut);
    etas_region_free(&here);
}

static void parts_on_both_sides_of_the_pacific_lie_side_by_side(void **state)
{
    etas_region r = wkt("MULTIPOLYGON (((-125 32, -114 32, -114 42, -125 32)), ((129 31, 146 31, "
                        "146 45, 129 31)), ((170 -45, 179 -45, 179 -34, 170 -45)))");

    (void)state;
    check_abs(r.lon_max - r.lon_min, 117, 0);
    assert_true(r.lon_min >= -360 && r.lon_max <= 360);
    assert_true(etas_region_contains(&r, 33, -115));
    assert_true(etas_region_contains(&r, 33, 245));
    assert_true(etas_region_contains(&r, 33, 145));
    assert_true(etas_region_contains(&r, -44, 178));
    assert_false(etas_region_contains(&r, 33, 0));
    etas_region_free(&r);
}

static void add_box(etas_polygons *p, double west, double east)
{
    const double lon[] = {west, east, east, west};

    check_ok(etas_polygons_add_ring(p, ETAS_RING_NEW), NULL);
    for (int i = 0; i < 4; i++)
        check_ok(etas_polygons_add_vertex(p, i < 2 ? 10 : 20, lon[i]), NULL);
}

static void geometries_that_overlap_or_share_a_border_are_joined(void **state)
{
    etas_polygons p = {0};
    etas_region
        all = {0},
        one = wkt("POLYGON ((0 10, 5 10, 6 10, 8 10, 10 10, 10 20, 8 20, 6 20, 5 20, 0 20, 0 10))");

    (void)state;
    add_box(&p, 0, 5);
    add_box(&p, 5, 8);
    add_box(&p, 6, 10);
    check_ok(etas_region_set_polygons(&all, &p, NULL), NULL);
    assert_int_equal(all.n_rings, 1);
    check_rel(area(&all), area(&one), 1e-12);
    for (int i = 0; i <= 40; i++)
        assert_true(etas_region_contains(&all, 15, 0.25 * i));
    assert_false(etas_region_contains(&all, 15, 10.1));
    etas_polygons_free(&p);
    etas_region_free(&all);
    etas_region_free(&one);
}

static void geometries_all_round_the_globe_stay_within_360_degrees(void **state)
{
    etas_polygons p = {0};
    etas_region all = {0};
    etas_error err = {0};

    (void)state;
    add_box(&p, 170, 190);
    add_box(&p, -170, -60);
    add_box(&p, -60, 60);
    add_box(&p, 60, 170);
    check_ok(etas_region_set_polygons(&all, &p, &err), &err);
    check_abs(all.lon_max - all.lon_min, 360, 1e-9);
    for (int lon = -180; lon <= 180; lon++)
        assert_true(etas_region_contains(&all, 15, lon));
    assert_false(etas_region_contains(&all, 21, 0));
    etas_region_free(&all);
    etas_polygons_free(&p);
    add_box(&p, 165, 190);
    add_box(&p, -175, -55);
    add_box(&p, -65, 60);
    add_box(&p, 50, 175);
    assert_int_equal(etas_region_set_polygons(&all, &p, &err), ETAS_E_RANGE);
    assert_non_null(strstr(err.text, "overlap all round the globe"));
    assert_int_equal(all.n_rings, 0);
    etas_polygons_free(&p);
}

static void a_failure_leaves_the_region_as_it_was(void **state)
{
    etas_region r = wkt("POLYGON ((0 10, 5 10, 5 20, 0 10))");
    etas_polygons p = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_polygons_read_wkt(&p, "POLYGON ((0 0, 1 0, 1 1))", &err), ETAS_E_PARSE);
    assert_null(p.lat);
    assert_int_equal(etas_region_set_polygons(&r, &p, NULL), ETAS_E_PARSE);
    check_ok(etas_polygons_read_wkt(&p, "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", NULL), NULL);
    err = (etas_error){0};
    assert_int_equal(etas_region_set_polygons(&r, &p, &err), ETAS_E_PARSE);
    assert_non_null(strstr(err.text, "Self-intersection at lat 1, lon 1"));
    assert_int_equal(r.n_rings, 1);
    assert_true(etas_region_contains(&r, 12, 4));
    etas_polygons_free(&p);
    etas_region_free(&r);
}

static void well_known_text_is_told_from_names_of_files(void **state)
{
    static const char *const yes[] = {"POLYGON((0 0))",     " polygon ((", "MultiPolygon\n(((",
                                      "POLYGON EMPTY",      "POLYGON Z((", "POLYGON ZM ((",
                                      "SRID=4326;POLYGON(("};
    static const char *const no[] = {"polygon.npy",
                                     "polygons.wkt",
                                     "POLYGON_1 (a).txt",
                                     "multipolygon/x.json",
                                     "polygon z.npy",
                                     "POLYGONE ((",
                                     ""};

    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(etas_is_wkt(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(etas_is_wkt(no[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holes_and_islands_in_holes_count_by_the_even_odd_rule),
        cmocka_unit_test(the_area_is_that_of_the_outer_rings_less_that_of_the_holes),
        cmocka_unit_test(a_shape_with_a_hole_across_180_is_the_shifted_shape),
        cmocka_unit_test(parts_cut_at_180_become_one),
        cmocka_unit_test(parts_on_both_sides_of_the_pacific_lie_side_by_side),
        cmocka_unit_test(geometries_that_overlap_or_share_a_border_are_joined),
        cmocka_unit_test(geometries_all_round_the_globe_stay_within_360_degrees),
        cmocka_unit_test(a_failure_leaves_the_region_as_it_was),
        cmocka_unit_test(well_known_text_is_told_from_names_of_files),
    };
    return cmocka_run_group_tests_name("polygons", tests, NULL, NULL);
}
