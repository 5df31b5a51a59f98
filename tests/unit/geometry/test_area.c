#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/geometry.h"

static const double PI = 3.14159265358979324;

static double area_of(size_t n, const double lat[], const double lon[])
{
    etas_region region = {0};
    etas_error err = {0};
    double area = NAN;

    check_ok(etas_region_set_ring(&region, n, lat, lon, &err), &err);
    check_ok(etas_region_area_km2(&region, ETAS_EARTH_RADIUS_KM, &area, &err), &err);
    etas_region_free(&region);
    return area;
}

/* Exact area on the WGS84 ellipsoid between two parallels and two meridians. */
static double q(double lat_deg)
{
    const double e2 = 0.0066943799901413165, e = sqrt(e2), s = sin(lat_deg * PI / 180);

    return (1 - e2) * (s / (1 - e2 * s * s) + atanh(e * s) / e);
}

static double graticule_area(double lat1, double lat2, double width_deg)
{
    return 0.5 * 6378.137 * 6378.137 * width_deg * PI / 180 * (q(lat2) - q(lat1));
}

static void areas_are_those_of_the_reference(void **state)
{
    const double ch_lat[] = {45.7, 47.9, 47.9, 45.7, 45.7},
                 ch_lon[] = {5.85, 5.85, 10.6, 10.6, 5.85};
    const double eq_lat[] = {0, 1, 1, 0}, eq_lon[] = {0, 0, 1, 1};
    const double s_lat[] = {-40, -35, -35, -40}, s_lon[] = {170, 170, 176, 176};

    (void)state;
    check_rel(area_of(5, ch_lat, ch_lon), 88623.43217943558, 1e-12);
    check_rel(area_of(4, eq_lat, eq_lon), 12308.463846396065, 1e-12);
    check_rel(area_of(4, s_lat, s_lon), 294128.79972462764, 1e-12);
}

static void the_date_line_does_not_cut_a_region(void **state)
{
    const double lat[] = {-40, -35, -35, -40};
    const double here[] = {170, 170, 176, 176}, across[] = {177, 177, 183, 183},
                 other_side[] = {-183, -183, -177, -177};
    const double jumping[] = {177, 177, -177, -177}, other_jump[] = {-177, -177, 177, 177};

    (void)state;
    check_rel(area_of(4, lat, across), area_of(4, lat, here), 1e-12);
    check_rel(area_of(4, lat, other_side), area_of(4, lat, here), 1e-12);
    check_rel(area_of(4, lat, jumping), area_of(4, lat, here), 1e-12);
    check_rel(area_of(4, lat, other_jump), 294128.79972462764, 1e-12);
}

static void a_region_symmetric_about_the_equator_has_its_true_area(void **state)
{
    const double lat[] = {-2, 2, 2, -2}, lon[] = {10, 10, 13, 13};
    const double nearly[] = {-2, 2.000001, 2.000001, -2}, beyond[] = {-2, 2.0001, 2.0001, -2};

    (void)state;
    check_rel(area_of(4, lat, lon), graticule_area(-2, 2, 3), 1e-12);
    check_rel(area_of(4, nearly, lon), graticule_area(-2, 2.000001, 3), 1e-7);
    check_rel(area_of(4, beyond, lon), graticule_area(-2, 2.0001, 3), 1e-7);
}

static void the_whole_map_as_a_ring_has_the_area_of_the_ellipsoid(void **state)
{
    const double lat[] = {-90, 90, 90, -90}, lon[] = {-180, -180, 180, 180};

    (void)state;
    check_rel(area_of(4, lat, lon), graticule_area(-90, 90, 360), 1e-12);
}

static void a_polar_cap_reaches_the_pole(void **state)
{
    const double lat[] = {60, 90, 90, 60}, lon[] = {0, 0, 1e-3, 1e-3};

    (void)state;
    check_rel(area_of(4, lat, lon), graticule_area(60, 90, 1e-3), 1e-9);
}

static void the_direction_and_the_start_of_a_ring_do_not_matter(void **state)
{
    const double lat[] = {45.7, 47.9, 47.2, 45.9}, lon[] = {5.85, 5.95, 10.6, 10.2};
    const double back_lat[] = {47.2, 47.9, 45.7, 45.9}, back_lon[] = {10.6, 5.95, 5.85, 10.2};

    (void)state;
    check_rel(area_of(4, back_lat, back_lon), area_of(4, lat, lon), 1e-14);
}

static void a_hole_is_subtracted_and_a_second_part_added(void **state)
{
    double lat[] = {40, 44, 44, 40, 41, 43, 43, 41, 40, 44, 44, 40};
    double lon[] = {0, 0, 4, 4, 1, 1, 3, 3, 10, 10, 14, 14};
    size_t start[] = {0, 4, 8, 12};
    const etas_region region = {.n_rings = 3,
                                .ring_start = start,
                                .lat = lat,
                                .lon = lon,
                                .lat_min = 40,
                                .lat_max = 44,
                                .lon_max = 14};
    etas_region whole = region, hole = region;
    double area, whole_area, hole_area;

    (void)state;
    whole.n_rings = 1;
    hole.n_rings = 1;
    hole.lat += 4;
    hole.lon += 4;
    check_ok(etas_region_area_km2(&region, 1, &area, NULL), NULL);
    check_ok(etas_region_area_km2(&whole, 1, &whole_area, NULL), NULL);
    check_ok(etas_region_area_km2(&hole, 1, &hole_area, NULL), NULL);
    check_rel(area, 2 * whole_area - hole_area, 1e-12);
}

static void islands_over_bridges_count_in_full_also_when_they_touch_themselves(void **state)
{
    const double lat[] = {40, 40, 41, 42, 42, 43, 43, 44, 44, 43, 43, 42, 41, 41};
    const double lon[] = {0, 1, 1, 2, 3, 3, 4, 4, 3, 3, 2, 2, 1, 0};
    const double one_lat[] = {40, 40, 41, 41}, one_lon[] = {0, 1, 1, 0};
    const double all_lat[] = {40, 40, 44, 44}, all_lon[] = {0, 4, 4, 0};

    (void)state;
    assert_true(area_of(14, lat, lon) > 2.8 * area_of(4, one_lat, one_lon));
    assert_true(area_of(14, lat, lon) < 3.0 * area_of(4, one_lat, one_lon));
    assert_true(area_of(14, lat, lon) < 0.2 * area_of(4, all_lat, all_lon));
}

static void the_globe_has_the_area_of_its_sphere(void **state)
{
    const etas_region globe = {0};
    double area;

    (void)state;
    check_ok(etas_region_area_km2(&globe, 6378.1, &area, NULL), NULL);
    check_rel(area, 511201962.31054, 1e-13);
    check_ok(etas_region_area_km2(&globe, 1, &area, NULL), NULL);
    check_rel(area, 4 * PI, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_are_those_of_the_reference),
        cmocka_unit_test(the_date_line_does_not_cut_a_region),
        cmocka_unit_test(a_region_symmetric_about_the_equator_has_its_true_area),
        cmocka_unit_test(the_whole_map_as_a_ring_has_the_area_of_the_ellipsoid),
        cmocka_unit_test(a_polar_cap_reaches_the_pole),
        cmocka_unit_test(the_direction_and_the_start_of_a_ring_do_not_matter),
        cmocka_unit_test(a_hole_is_subtracted_and_a_second_part_added),
        cmocka_unit_test(islands_over_bridges_count_in_full_also_when_they_touch_themselves),
        cmocka_unit_test(the_globe_has_the_area_of_its_sphere),
    };
    return cmocka_run_group_tests_name("area", tests, NULL, NULL);
}
