#include <geos_c.h>
#include <string.h>

#include "etas/geometry.h"
#include "random.h"
#include "support/check.h"

static uint64_t rng = 7;

static void region_of(const char *wkt, etas_region *out)
{
    etas_polygons polygons = {0};
    etas_error err = {0};

    check_ok(etas_polygons_read_wkt(&polygons, wkt, &err), &err);
    check_ok(etas_region_set_polygons(out, &polygons, &err), &err);
    etas_polygons_free(&polygons);
}

static void check_valid(const char *wkt)
{
    GEOSContextHandle_t geos = GEOS_init_r();
    GEOSWKTReader *reader = GEOSWKTReader_create_r(geos);
    GEOSGeometry *geometry = GEOSWKTReader_read_r(geos, reader, wkt);

    assert_non_null(geometry);
    assert_int_equal(GEOSisValid_r(geos, geometry), 1);
    GEOSGeom_destroy_r(geos, geometry);
    GEOSWKTReader_destroy_r(geos, reader);
    GEOS_finish_r(geos);
}

/* What is written is a valid geometry, and reads back as the same places. */
static void check_round_trip(const etas_region *region, size_t n_rings)
{
    etas_region back = {0};
    etas_text text = {0};
    etas_error err = {0};

    check_ok(etas_region_format_wkt(region, &text, &err), &err);
    check_valid(text.data);
    region_of(text.data, &back);
    assert_int_equal(back.n_rings, n_rings);
    for (int i = 0; i < 20000; i++) {
        const double lat = -90 + 180 * random_uniform(&rng),
                     lon = -180 + 360 * random_uniform(&rng);

        assert_int_equal(etas_region_contains(&back, lat, lon),
                         etas_region_contains(region, lat, lon));
    }
    etas_text_free(&text);
    etas_region_free(&back);
}

static void a_ring_is_written_as_it_is(void **state)
{
    static const double lat[] = {45, 45.1, 47.123456789012345, 46 + 1e-7};
    static const double lon[] = {6, 10.5, 10, 0.1 + 0.2};
    etas_region region = {0};
    etas_text text = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_region_set_ring(&region, 4, lat, lon, &err), &err);
    check_ok(etas_text_append(&text, 2, "= "), NULL);
    check_ok(etas_region_format_wkt(&region, &text, &err), &err);
    assert_string_equal(text.data, "= POLYGON ((6 45, 10.5 45.1, 10 47.123456789012344, "
                                   "0.30000000000000004 46.0000001, 6 45))");
    check_round_trip(&region, 1);
    etas_text_free(&text);
    etas_region_free(&region);
}

static void holes_islands_and_parts_keep_their_places(void **state)
{
    static const struct {
        size_t n_rings;
        const char *wkt;
    } all[] = {
        {3, "POLYGON ((0 0, 60 0, 60 60, 0 60, 0 0), (10 10, 20 10, 20 20, 10 20, 10 10),"
            " (30 30, 30 50, 50 50, 50 30, 30 30))"},
        /* an island in a hole, which has a hole itself, beside another part */
        {5, "MULTIPOLYGON (((0 0, 60 0, 60 60, 0 60, 0 0), (5 5, 55 5, 55 55, 5 55, 5 5)),"
            " ((10 10, 50 10, 50 50, 10 50, 10 10), (20 20, 40 20, 40 40, 20 40, 20 20)),"
            " ((-60 -10, -20 -10, -40 40, -60 -10)))"},
        /* across +-180 */
        {1, "MULTIPOLYGON (((170 -10, 180 -10, 180 10, 170 10, 170 -10)),"
            " ((-180 -10, -170 -10, -170 10, -180 10, -180 -10)))"},
        /* a hole that touches the edge in a point */
        {2, "POLYGON ((0 0, 60 0, 60 60, 0 60, 0 0), (30 0, 40 10, 20 10, 30 0))"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        etas_region region = {0};

        region_of(all[i].wkt, &region);
        check_round_trip(&region, all[i].n_rings);
        etas_region_free(&region);
    }
}

static void rings_that_touch_themselves_become_valid(void **state)
{
    /* runs round a hole that it touches at (30, 0), and two parts that meet in a point */
    static const double hole_lat[] = {0, 0, 10, 10, 0, 0, 60, 60};
    static const double hole_lon[] = {0, 30, 20, 40, 30, 60, 60, 0};
    static const double bow_lat[] = {0, 20, 20, 0, -20, -20};
    static const double bow_lon[] = {0, 20, -20, 0, -20, 20};
    etas_region region = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_region_set_ring(&region, 8, hole_lat, hole_lon, &err), &err);
    check_round_trip(&region, 2);
    check_ok(etas_region_set_ring(&region, 6, bow_lat, bow_lon, &err), &err);
    check_round_trip(&region, 2);
    etas_region_free(&region);
}

static void the_globe_is_the_whole_map(void **state)
{
    const etas_region globe = {0};
    etas_region back = {0};
    etas_text text = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_region_format_wkt(&globe, &text, &err), &err);
    region_of(text.data, &back);
    for (int i = 0; i < 1000; i++)
        assert_true(etas_region_contains(&back, -90 + 180 * random_uniform(&rng),
                                         -180 + 360 * random_uniform(&rng)));
    etas_text_free(&text);
    etas_region_free(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_is_written_as_it_is),
        cmocka_unit_test(holes_islands_and_parts_keep_their_places),
        cmocka_unit_test(rings_that_touch_themselves_become_valid),
        cmocka_unit_test(the_globe_is_the_whole_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
