#include "support/check.h"

#include <math.h>

#include "etas/array.h"
#include "etas/geometry.h"
#include "support/vectors.h"

static json_t *vectors;

static double number(const json_t *row, const char *key)
{
    const json_t *value = json_object_get(row, key);

    assert_true(json_is_number(value));
    return json_number_value(value);
}

static double area_of(const json_t *coords)
{
    const size_t n = json_array_size(coords);
    double *lat = NULL, *lon = NULL, area = NAN;
    etas_region region = {0};
    etas_error err = {0};

    check_ok(etas_array_alloc((void **)&lat, n, sizeof *lat), NULL);
    check_ok(etas_array_alloc((void **)&lon, n, sizeof *lon), NULL);
    for (size_t i = 0; i < n; i++) {
        lat[i] = json_number_value(json_array_get(json_array_get(coords, i), 0));
        lon[i] = json_number_value(json_array_get(json_array_get(coords, i), 1));
    }
    check_ok(etas_region_set_ring(&region, n, lat, lon, &err), &err);
    check_ok(etas_region_area_km2(&region, ETAS_EARTH_RADIUS_KM, &area, &err), &err);
    etas_region_free(&region);
    etas_array_free((void **)&lat);
    etas_array_free((void **)&lon);
    return area;
}

static void areas_are_the_reference_s(void **state)
{
    json_t *all = json_object_get(vectors, "polygon_surface"), *row;
    const char *name;
    size_t n = 0;

    (void)state;
    json_object_foreach(all, name, row)
    {
        const json_t *coords = json_object_get(row, "coords_lat_lon");

        if (coords == NULL)
            continue;
        print_message("%s\n", name);
        check_rel(area_of(coords), number(row, "polygon_surface_km2"), 1e-12);
        n++;
    }
    assert_in_range(n, 10, 100);
}

static void distances_are_the_reference_s(void **state)
{
    const json_t *rows = json_object_get(vectors, "haversine");
    const size_t n = json_array_size(rows);

    (void)state;
    assert_in_range(n, 9, 1000);
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        const double lat1 = number(row, "lat1_deg"), lon1 = number(row, "lon1_deg");
        const double lat2 = number(row, "lat2_deg"), lon2 = number(row, "lon2_deg");
        const double got = etas_distance_km(lat1, lon1, lat2, lon2, ETAS_EARTH_RADIUS_KM);
        const json_t *want = json_object_get(row, "km");

        if (json_is_number(want)) /* it subtracts after turning into radians: errors of 1e-12 km */
            check_abs(got, json_number_value(want), 3e-12 + 5e-15 * got);
        else /* it has NaN for antipodes */
            check_rel(got, 3.14159265358979324 * ETAS_EARTH_RADIUS_KM, 3e-8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_are_the_reference_s),
        cmocka_unit_test(distances_are_the_reference_s),
    };
    int failed;

    vectors = vectors_load("special_functions.json");
    if (vectors == NULL)
        return VECTORS_SKIPPED;
    failed = cmocka_run_group_tests_name("geometry reference", tests, NULL, NULL);
    json_decref(vectors);
    return failed;
}
