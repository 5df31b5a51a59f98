#include "support/check.h"

#include <math.h>

#include "etas/geometry.h"

static const double R = ETAS_EARTH_RADIUS_KM;
static const double PI = 3.14159265358979324;

static double distance(double lat1, double lon1, double lat2, double lon2)
{
    return etas_distance_km(lat1, lon1, lat2, lon2, R);
}

static void distances_agree_with_50_digit_arithmetic(void **state)
{
    /* mpmath, from the doubles that these decimals are. */
    static const double rows[][5] = {
        {46.36, 7.35, 46.517, 9.217, 144.28293207592324},
        {37.7, -118.45, 37.6, -117.2, 110.73193912955768},
        {0.0, 0.0, 0.0, 1.0, 111.31884502145034},
        {46.3, 7.5, 46.3, 7.5000001, 7.6908232262385519e-6},
        {10.0, 179.9, 10.0, -179.9, 21.925531991040356},
        {12.5, -170.0, -30.25, 75.0, 13106.648897936464},
        {0.0, 0.0, 0.0, 60.0001, 6679.141833171523},
        {0.0, 0.0, 0.0, 59.9999, 6679.119569402518},
        {46.123456, 8.1, 46.123457, 8.1, 0.00011131884553136524},
        {20.0, 350.0, 20.0, -350.0, 2090.8541774996541},
        {5.0, 0.0, 5.0, 90.0, 9970.2467507368966},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double *row = rows[i];

        check_rel(distance(row[0], row[1], row[2], row[3]), row[4], 1e-14);
        check_rel(distance(row[2], row[3], row[0], row[1]), row[4], 1e-14);
    }
}

static void distances_along_the_equator_are_the_angle(void **state)
{
    (void)state;
    for (int i = 1; i < 1790; i++) {
        const double angle = 0.1 * i;

        /* The sine of half the angle loses what its tangent says. */
        check_rel(etas_distance_km(0, 0, 0, angle, 180), angle * PI,
                  1e-15 * (1 + tan(angle * PI / 360)));
    }
}

static void distances_over_a_pole_keep_the_digits_of_its_colatitude(void **state)
{
    (void)state;
    check_rel(distance(89.9, 0, 89.9, 180), 22.263769004288803, 1e-13);
    check_rel(distance(89.99999, 15, 89.99998, -165), 0.0033395653517035339, 1e-8);
    check_abs(distance(90, 10, 90, -120), 0, 1e-11);
}

static void antipodes_are_half_a_circumference_apart_and_never_nan(void **state)
{
    (void)state;
    check_rel(distance(90, 0, -90, 123), PI * R, 1e-15);
    check_rel(distance(-45, 170, 45, -10), PI * R, 3e-8);
    for (int lat = -89; lat < 90; lat++)
        for (int lon = -180; lon < 0; lon++) {
            const double got = distance(lat, lon, -lat, lon + 180);

            check_rel(got, PI * R, 3e-8);
            assert_true(got <= PI * R * (1 + 1e-15));
        }
    check_abs(distance(-45, 170, 45, -10.000001), 20037.392025146751, 3e-4);
}

static void a_point_is_at_no_distance_from_itself(void **state)
{
    (void)state;
    assert_true(distance(46.3, 7.5, 46.3, 7.5) == 0);
    assert_true(distance(-90, 7.5, -90, 7.5) == 0);
}

static void distances_scale_with_the_radius(void **state)
{
    (void)state;
    check_rel(etas_distance_km(1, 2, 3, 4, 2 * R), 2 * distance(1, 2, 3, 4), 1e-15);
}

static void nan_goes_through(void **state)
{
    (void)state;
    assert_true(isnan(distance(NAN, 0, 0, 0)));
    assert_true(isnan(distance(0, 0, 0, NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_agree_with_50_digit_arithmetic),
        cmocka_unit_test(distances_along_the_equator_are_the_angle),
        cmocka_unit_test(distances_over_a_pole_keep_the_digits_of_its_colatitude),
        cmocka_unit_test(antipodes_are_half_a_circumference_apart_and_never_nan),
        cmocka_unit_test(a_point_is_at_no_distance_from_itself),
        cmocka_unit_test(distances_scale_with_the_radius),
        cmocka_unit_test(nan_goes_through),
    };
    return cmocka_run_group_tests_name("sphere", tests, NULL, NULL);
}
