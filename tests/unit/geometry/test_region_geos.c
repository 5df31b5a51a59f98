/* The point-in-region test against GEOS, whose predicates are exact. */
#include "support/check.h"

#include <math.h>

#include <geos_c.h>

#include "etas/geometry.h"
#include "geometry/ring_polygon.h"
#include "random.h"

enum { N_REGIONS = 60, MAX_VERTICES = 24 };

static const double PI = 3.14159265358979324;

/* All coordinates are multiples of 1/8: products of differences are exact, so boundaries are too.
 */
static size_t random_ring(uint64_t *rng, double lat[], double lon[])
{
    const size_t n = 3 + (size_t)(random_uniform(rng) * (MAX_VERTICES - 3));

    for (size_t i = 0; i < n; i++) {
        const double angle = 2 * PI * ((double)i + 0.9 * random_uniform(rng)) / (double)n;
        const double r = 2.5 * (0.1 + 0.9 * random_uniform(rng));

        lat[i] = 46 + floor(8 * r * sin(angle)) / 8;
        lon[i] = 7 + floor(8 * r * cos(angle)) / 8;
    }
    return n;
}

static size_t compare_on_a_grid(GEOSContextHandle_t geos, const GEOSGeometry *polygon,
                                const etas_region *region)
{
    const GEOSPreparedGeometry *prepared = GEOSPrepare_r(geos, polygon);
    size_t n_boundary = 0;

    for (int i = -42; i <= 42; i++)
        for (int j = -42; j <= 42; j++) {
            const double lat = 46 + i / 16.0, lon = 7 + j / 16.0;
            GEOSGeometry *point = GEOSGeom_createPointFromXY_r(geos, lon, lat);
            const char want = GEOSPreparedIntersects_r(geos, prepared, point);

            n_boundary += (size_t)GEOSPreparedTouches_r(geos, prepared, point);
            if (want != (char)etas_region_contains(region, lat, lon))
                fail_msg("lat %.17g lon %.17g: inside is %d", lat, lon, want);
            GEOSGeom_destroy_r(geos, point);
        }
    GEOSPreparedGeom_destroy_r(geos, prepared);
    return n_boundary;
}

static void points_inside_outside_and_on_the_boundary_are_those_of_geos(void **state)
{
    GEOSContextHandle_t geos = GEOS_init_r();
    uint64_t rng = 42;
    size_t n_valid = 0, n_boundary = 0;

    (void)state;
    for (int k = 0; k < N_REGIONS; k++) {
        double lat[MAX_VERTICES], lon[MAX_VERTICES];
        const size_t n = random_ring(&rng, lat, lon);
        GEOSGeometry *polygon = etas_ring_polygon(geos, n, lon, lat);
        etas_region region = {0};
        const bool valid = GEOSisValid_r(geos, polygon) == 1;

        if (valid) {
            check_ok(etas_region_set_ring(&region, n, lat, lon, NULL), NULL);
            n_boundary += compare_on_a_grid(geos, polygon, &region);
            n_valid++;
        }
        etas_region_free(&region);
        GEOSGeom_destroy_r(geos, polygon);
    }
    GEOS_finish_r(geos);
    assert_true(n_valid > N_REGIONS / 2);
    assert_true(n_boundary > 5 * n_valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_inside_outside_and_on_the_boundary_are_those_of_geos),
    };
    return cmocka_run_group_tests_name("region against GEOS", tests, NULL, NULL);
}
