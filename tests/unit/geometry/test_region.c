#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/geometry.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A U, open to the north: concave, with horizontal, vertical and oblique edges. */
static const double U_LAT[] = {0, 0, 4, 4, 1, 1, 3};
static const double U_LON[] = {0, 6, 6, 5, 4, 2, 0};

static etas_region region_of(size_t n, const double lat[], const double lon[])
{
    etas_region region = {0};
    etas_error err = {0};

    check_ok(etas_region_set_ring(&region, n, lat, lon, &err), &err);
    return region;
}

static void the_inside_of_a_concave_ring_is_told_from_its_notch(void **state)
{
    etas_region u = region_of(COUNT(U_LAT), U_LAT, U_LON);

    (void)state;
    assert_true(etas_region_contains(&u, 0.5, 3));
    assert_true(etas_region_contains(&u, 1.5, 0.5));
    assert_true(etas_region_contains(&u, 3.5, 5.5));
    assert_false(etas_region_contains(&u, 2, 3));
    assert_false(etas_region_contains(&u, 3.5, 0.5));
    assert_false(etas_region_contains(&u, -0.5, 3));
    assert_false(etas_region_contains(&u, 0.5, 6.5));
    assert_false(etas_region_contains(&u, 0.5, -0.5));
    assert_false(etas_region_contains(&u, NAN, 3));
    assert_false(etas_region_contains(&u, 0.5, NAN));
    etas_region_free(&u);
}

static void vertices_and_edges_count_as_inside(void **state)
{
    etas_region u = region_of(COUNT(U_LAT), U_LAT, U_LON);

    (void)state;
    for (size_t i = 0; i < COUNT(U_LAT); i++) {
        const size_t j = (i + 1) % COUNT(U_LAT);

        assert_true(etas_region_contains(&u, U_LAT[i], U_LON[i]));
        assert_true(
            etas_region_contains(&u, 0.5 * (U_LAT[i] + U_LAT[j]), 0.5 * (U_LON[i] + U_LON[j])));
    }
    assert_true(etas_region_contains(&u, 1, 3)); /* the bottom of the notch */
    assert_false(etas_region_contains(&u, nextafter(1, 2), 3));
    assert_false(etas_region_contains(&u, nextafter(0, -1), 3));
    assert_false(etas_region_contains(&u, 4, nextafter(5, 0)));
    etas_region_free(&u);
}

static void a_ray_through_vertices_counts_each_crossing_once(void **state)
{
    /* Teeth whose tips and valleys all lie on the latitude of the points asked about. */
    const double lat[] = {0, 2, 1, 2, 1, 0, 1, 0};
    const double lon[] = {0, 1, 2, 3, 4, 3, 2.5, 1.5};
    etas_region teeth = region_of(COUNT(lat), lat, lon);

    (void)state;
    assert_true(etas_region_contains(&teeth, 1, 1));
    assert_true(etas_region_contains(&teeth, 1, 0.5));
    assert_false(etas_region_contains(&teeth, 1, 0.4));
    assert_true(etas_region_contains(&teeth, 1, 2.25));
    assert_true(etas_region_contains(&teeth, 1, 3.5));
    assert_true(etas_region_contains(&teeth, 1, 4));
    assert_false(etas_region_contains(&teeth, 1, 4.1));
    etas_region_free(&teeth);
}

static void a_repeated_last_vertex_changes_nothing(void **state)
{
    double lat[COUNT(U_LAT) + 1], lon[COUNT(U_LON) + 1];
    etas_region open = region_of(COUNT(U_LAT), U_LAT, U_LON), closed;

    (void)state;
    memcpy(lat, U_LAT, sizeof U_LAT);
    memcpy(lon, U_LON, sizeof U_LON);
    lat[COUNT(U_LAT)] = lat[0];
    lon[COUNT(U_LON)] = lon[0];
    closed = region_of(COUNT(lat), lat, lon);
    for (int i = -4; i <= 20; i++)
        for (int j = -4; j <= 28; j++)
            assert_int_equal(etas_region_contains(&open, 0.25 * i, 0.25 * j),
                             etas_region_contains(&closed, 0.25 * i, 0.25 * j));
    etas_region_free(&open);
    etas_region_free(&closed);
}

static void a_second_ring_inside_is_a_hole_with_its_rim_inside(void **state)
{
    double lat[] = {0, 0, 4, 4, 1, 1, 3, 3}, lon[] = {0, 4, 4, 0, 1, 3, 3, 1};
    size_t start[] = {0, 4, 8};
    const etas_region frame = {
        .n_rings = 2, .ring_start = start, .lat = lat, .lon = lon, .lat_max = 4, .lon_max = 4};

    (void)state;
    assert_true(etas_region_contains(&frame, 0.5, 2));
    assert_true(etas_region_contains(&frame, 2, 0.5));
    assert_false(etas_region_contains(&frame, 2, 2));
    assert_true(etas_region_contains(&frame, 1, 2));
    assert_true(etas_region_contains(&frame, 3, 3));
}

static void the_globe_contains_everything(void **state)
{
    etas_region globe = {0};

    (void)state;
    assert_true(etas_region_contains(&globe, -90, 180));
    etas_region_free(&globe);
}

static void a_ring_that_crosses_itself_is_refused_with_the_place(void **state)
{
    const double lat[] = {10, 12, 10, 12}, lon[] = {20, 24, 24, 20};
    etas_region region = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_region_set_ring(&region, 4, lat, lon, &err), ETAS_E_PARSE);
    assert_non_null(strstr(err.text, "lat 11, lon 22"));
    assert_int_equal(region.n_rings, 0);
}

static void a_hole_drawn_against_its_ring_crosses_it(void **state)
{
    const double lat[] = {0, 0, 4, 4, 0, 2, 2}, lon[] = {0, 6, 6, 0, 0, 1, 0.5};
    etas_region region = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_region_set_ring(&region, COUNT(lat), lat, lon, &err), ETAS_E_PARSE);
    assert_non_null(strstr(err.text, "lat 0, lon 0"));
}

static void a_ring_that_touches_itself_follows_the_even_odd_rule(void **state)
{
    /* Two squares that share a corner, and a square whose notch touches its own edge. */
    const double two_lat[] = {0, 0, 1, 1, 2, 2, 1, 1}, two_lon[] = {0, 1, 1, 2, 2, 1, 1, 0};
    const double notch_lat[] = {0, 0, 4, 4, 0, 2, 2}, notch_lon[] = {0, 6, 6, 0, 0, 0.5, 1};
    etas_region two = region_of(COUNT(two_lat), two_lat, two_lon), notch;

    (void)state;
    assert_true(etas_region_contains(&two, 0.5, 0.5));
    assert_true(etas_region_contains(&two, 1.5, 1.5));
    assert_false(etas_region_contains(&two, 0.5, 1.5));
    assert_false(etas_region_contains(&two, 1.5, 0.5));
    notch = region_of(COUNT(notch_lat), notch_lat, notch_lon);
    assert_true(etas_region_contains(&notch, 1, 3));
    assert_false(etas_region_contains(&notch, 1.9, 0.7));
    etas_region_free(&two);
    etas_region_free(&notch);
}

/* The ring from each of its vertices on. */
static void for_every_start(size_t n, const double lat[], const double lon[],
                            void (*check)(const etas_region *))
{
    double from_lat[16], from_lon[16];

    for (size_t start = 0; start < n; start++)
        for (size_t closed = 0; closed < 2; closed++) {
            etas_region region;

            for (size_t i = 0; i < n + closed; i++) {
                from_lat[i] = lat[(start + i) % n];
                from_lon[i] = lon[(start + i) % n];
            }
            region = region_of(n + closed, from_lat, from_lon);
            assert_int_equal(region.n_rings, 2);
            check(&region);
            etas_region_free(&region);
        }
}

static void check_island(const etas_region *region)
{
    assert_true(etas_region_contains(region, 1, 3));
    assert_true(etas_region_contains(region, 7, 6.5));
    assert_false(etas_region_contains(region, 5, 5)); /* the bridge */
    assert_false(etas_region_contains(region, 7, 1));
    assert_true(etas_region_contains(region, 4, 4));
    assert_true(etas_region_contains(region, 6, 6));
}

static void an_island_over_a_bridge_is_a_ring_of_its_own(void **state)
{
    const double lat[] = {0, 0, 4, 6, 6, 8, 8, 6, 4, 4}, lon[] = {0, 4, 4, 6, 8, 8, 6, 6, 4, 0};

    (void)state;
    for_every_start(COUNT(lat), lat, lon, check_island);
}

static void a_bridge_may_have_several_edges(void **state)
{
    const double lat[] = {0, 0, 4, 4.5, 5, 6, 6, 8, 8, 6, 5, 4.5, 4, 4};
    const double lon[] = {0, 4, 4, 4.75, 5, 6, 8, 8, 6, 6, 5, 4.75, 4, 0};

    (void)state;
    for_every_start(COUNT(lat), lat, lon, check_island);
}

static void check_hole(const etas_region *region)
{
    assert_true(etas_region_contains(region, 1, 1)); /* the bridge lies in the ring */
    assert_true(etas_region_contains(region, 5, 3));
    assert_false(etas_region_contains(region, 3, 3));
    assert_false(etas_region_contains(region, 3, 7));
}

static void a_hole_reached_through_a_slit_is_a_ring_of_its_own(void **state)
{
    const double lat[] = {0, 2, 4, 4, 2, 2, 0, 0, 6, 6}, lon[] = {0, 2, 2, 4, 4, 2, 0, 6, 6, 0};

    (void)state;
    for_every_start(COUNT(lat), lat, lon, check_hole);
}

static void a_bridge_to_a_part_that_overlaps_is_refused(void **state)
{
    const double lat[] = {0, 0, 4, 3, 3, 8, 8, 3, 4, 4}, lon[] = {0, 4, 4, 3, 8, 8, 3, 3, 4, 0};
    etas_region region = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_region_set_ring(&region, COUNT(lat), lat, lon, &err), ETAS_E_PARSE);
    assert_non_null(strstr(err.text, "overlaps"));
}

static void a_spike_is_refused(void **state)
{
    const double lat[] = {0, 0, 4, 6, 8, 6, 4, 4}, lon[] = {0, 4, 4, 6, 8, 6, 4, 0};
    etas_region region = {0};

    (void)state;
    assert_int_equal(etas_region_set_ring(&region, COUNT(lat), lat, lon, NULL), ETAS_E_PARSE);
}

static void rings_without_area_are_refused(void **state)
{
    const double line_lat[] = {0, 1, 2}, line_lon[] = {0, 1, 2};
    const double point[] = {5, 5, 5, 5};
    const double back_lat[] = {0, 0, 0, 0}, back_lon[] = {0, 3, 1, 2};
    etas_region region = {0};

    (void)state;
    assert_int_equal(etas_region_set_ring(&region, 3, line_lat, line_lon, NULL), ETAS_E_PARSE);
    assert_int_equal(etas_region_set_ring(&region, 2, line_lat, line_lon, NULL), ETAS_E_PARSE);
    assert_int_equal(etas_region_set_ring(&region, 0, NULL, NULL, NULL), ETAS_E_PARSE);
    assert_int_equal(etas_region_set_ring(&region, 4, point, point, NULL), ETAS_E_PARSE);
    assert_int_equal(etas_region_set_ring(&region, 4, back_lat, back_lon, NULL), ETAS_E_PARSE);
}

static void impossible_coordinates_are_refused_by_name(void **state)
{
    const double lat[] = {-118, -117, -117}, lon[] = {36, 36, 37};
    const double far[] = {361, 0, 1}, gap[] = {0, NAN, 1}, ok[] = {0, 0, 1};
    etas_region region = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_region_set_ring(&region, 3, lat, lon, &err), ETAS_E_RANGE);
    assert_non_null(strstr(err.text, "polygon_axes"));
    err = (etas_error){0};
    assert_int_equal(etas_region_set_ring(&region, 3, ok, far, &err), ETAS_E_RANGE);
    assert_non_null(strstr(err.text, "361"));
    assert_int_equal(etas_region_set_ring(&region, 3, gap, ok, NULL), ETAS_E_RANGE);
    assert_int_equal(etas_region_set_ring(&region, 3, ok, gap, NULL), ETAS_E_RANGE);
}

static void a_refused_ring_leaves_the_region_as_it_was(void **state)
{
    const double lat[] = {10, 12, 10, 12}, lon[] = {20, 24, 24, 20};
    etas_region u = region_of(COUNT(U_LAT), U_LAT, U_LON);

    (void)state;
    assert_int_equal(etas_region_set_ring(&u, 4, lat, lon, NULL), ETAS_E_PARSE);
    assert_true(etas_region_contains(&u, 0.5, 3));
    check_ok(etas_region_set_ring(&u, 3, lat, lon, NULL), NULL);
    assert_false(etas_region_contains(&u, 0.5, 3));
    assert_true(etas_region_contains(&u, 10.5, 23));
    etas_region_free(&u);
    etas_region_free(&u);
    assert_int_equal(u.n_rings, 0);
}

/* The U again, with its notch on both sides of the meridian of 180 degrees: as one writes it with
 * longitudes beyond 180, below -180, and between -180 and 180. */
static void a_ring_across_180_is_the_shifted_ring_however_it_is_written(void **state)
{
    double lon[3][COUNT(U_LON)];
    etas_region here = region_of(COUNT(U_LAT), U_LAT, U_LON), across[3];

    (void)state;
    for (size_t i = 0; i < COUNT(U_LON); i++) {
        lon[0][i] = U_LON[i] + 177;
        lon[1][i] = U_LON[i] + 177 - 360;
        lon[2][i] = lon[0][i] >= 180 ? lon[1][i] : lon[0][i];
    }
    for (size_t k = 0; k < 3; k++) {
        across[k] = region_of(COUNT(U_LAT), U_LAT, lon[k]);
        check_abs(across[k].lon_max - across[k].lon_min, 6, 1e-12);
        for (int i = -4; i <= 20; i++)
            for (int j = -4; j <= 28; j++) {
                const bool inside = etas_region_contains(&here, 0.25 * i, 0.25 * j);

                for (int turn = -1; turn <= 0; turn++)
                    assert_int_equal(
                        etas_region_contains(&across[k], 0.25 * i, 0.25 * j + 177 + 360 * turn),
                        inside);
            }
        assert_true(etas_region_contains(&across[k], 0.5, -178));
        assert_true(etas_region_contains(&across[k], 0.5, 182));
        assert_false(etas_region_contains(&across[k], 0.5, 0));
        assert_false(etas_region_contains(&across[k], 0.5, -175));
        etas_region_free(&across[k]);
    }
    etas_region_free(&here);
}

static void a_ring_may_cross_0_in_longitudes_from_0_to_360(void **state)
{
    const double lat[] = {0, 0, 10, 10}, lon[] = {350, 10, 10, 350};
    etas_region region = region_of(4, lat, lon);

    (void)state;
    assert_true(region.lon_min >= -360 && region.lon_max <= 360);
    check_abs(region.lon_max - region.lon_min, 20, 0);
    assert_true(etas_region_contains(&region, 5, 0));
    assert_true(etas_region_contains(&region, 5, -9));
    assert_true(etas_region_contains(&region, 5, 351));
    assert_true(etas_region_contains(&region, 5, 10));
    assert_false(etas_region_contains(&region, 5, 180));
    assert_false(etas_region_contains(&region, 5, 11));
    etas_region_free(&region);
}

static void an_edge_round_the_whole_map_is_not_taken_the_short_way(void **state)
{
    const double lat[] = {-60, -60, 60, 60}, lon[] = {-180, 180, 180, -180};
    const double cap_lat[] = {60, 65, 60, 70, 90, 90}, cap_lon[] = {-180, -50, 50, 180, 180, -180};
    etas_region band = region_of(4, lat, lon), cap = region_of(6, cap_lat, cap_lon);

    (void)state;
    check_abs(band.lon_max - band.lon_min, 360, 0);
    assert_true(etas_region_contains(&band, 0, 0));
    assert_true(etas_region_contains(&band, 60, 359));
    assert_false(etas_region_contains(&band, 61, 0));
    assert_true(etas_region_contains(&cap, 80, 10));
    assert_false(etas_region_contains(&cap, 60, 10));
    etas_region_free(&band);
    etas_region_free(&cap);
}

static void a_ring_with_a_doubled_180th_meridian_crosses_it(void **state)
{
    const double lat[] = {0, 0, 0, 0, 10, 10}, lon[] = {170, 180, -180, -170, -170, 170};
    etas_region region = region_of(6, lat, lon);

    (void)state;
    check_abs(region.lon_max - region.lon_min, 20, 0);
    assert_true(etas_region_contains(&region, 5, 175));
    assert_true(etas_region_contains(&region, 5, -175));
    assert_false(etas_region_contains(&region, 5, 0));
    etas_region_free(&region);
}

static void a_ring_round_a_pole_is_refused_with_the_way_out(void **state)
{
    const double lat[] = {60, 65, 60, 65}, lon[] = {-150, -50, 50, 150};
    etas_region region = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_region_set_ring(&region, 4, lat, lon, &err), ETAS_E_PARSE);
    assert_non_null(strstr(err.text, "goes round a pole"));
    assert_int_equal(region.n_rings, 0);
}

static void a_ring_wider_than_the_globe_is_refused(void **state)
{
    const double lat[] = {0, 0, 0, 0, 9, 9, 9, 9}, lon[] = {-190, -60, 60, 190, 190, 60, -60, -190};
    etas_region region = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_region_set_ring(&region, 8, lat, lon, &err), ETAS_E_RANGE);
    assert_non_null(strstr(err.text, "spans 380 degrees"));
}

static void a_crossing_beyond_180_is_found_there(void **state)
{
    const double lat[] = {10, 12, 10, 12}, lon[] = {178, -176, -176, 178};
    etas_region region = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_region_set_ring(&region, 4, lat, lon, &err), ETAS_E_PARSE);
    assert_non_null(strstr(err.text, "lat 11, lon 181"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_inside_of_a_concave_ring_is_told_from_its_notch),
        cmocka_unit_test(vertices_and_edges_count_as_inside),
        cmocka_unit_test(a_ray_through_vertices_counts_each_crossing_once),
        cmocka_unit_test(a_repeated_last_vertex_changes_nothing),
        cmocka_unit_test(a_second_ring_inside_is_a_hole_with_its_rim_inside),
        cmocka_unit_test(the_globe_contains_everything),
        cmocka_unit_test(a_ring_that_crosses_itself_is_refused_with_the_place),
        cmocka_unit_test(a_hole_drawn_against_its_ring_crosses_it),
        cmocka_unit_test(a_ring_that_touches_itself_follows_the_even_odd_rule),
        cmocka_unit_test(an_island_over_a_bridge_is_a_ring_of_its_own),
        cmocka_unit_test(a_bridge_may_have_several_edges),
        cmocka_unit_test(a_hole_reached_through_a_slit_is_a_ring_of_its_own),
        cmocka_unit_test(a_bridge_to_a_part_that_overlaps_is_refused),
        cmocka_unit_test(a_spike_is_refused),
        cmocka_unit_test(rings_without_area_are_refused),
        cmocka_unit_test(impossible_coordinates_are_refused_by_name),
        cmocka_unit_test(a_refused_ring_leaves_the_region_as_it_was),
        cmocka_unit_test(a_ring_across_180_is_the_shifted_ring_however_it_is_written),
        cmocka_unit_test(a_ring_may_cross_0_in_longitudes_from_0_to_360),
        cmocka_unit_test(an_edge_round_the_whole_map_is_not_taken_the_short_way),
        cmocka_unit_test(a_ring_with_a_doubled_180th_meridian_crosses_it),
        cmocka_unit_test(a_ring_round_a_pole_is_refused_with_the_way_out),
        cmocka_unit_test(a_ring_wider_than_the_globe_is_refused),
        cmocka_unit_test(a_crossing_beyond_180_is_found_there),
    };
    return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
