/* The n-th allocation fails, for every n: an error, nothing leaked, nothing changed. */
#include "support/check.h"

#include <math.h>

#include "etas/geometry.h"
#include "etas/hull.h"
#include "geometry/neighbours.h"

static int allocations_left = -1; /* -1: no limit */

int __real_posix_memalign(void **out, size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    if (allocations_left == 0)
        return 12;
    if (allocations_left > 0)
        allocations_left--;
    return __real_posix_memalign(out, alignment, size);
}

/* A mainland and an island over a bridge, so that the ring is cut. */
enum { N = 10 };
static const double LAT[N] = {0, 0, 4, 6, 6, 8, 8, 6, 4, 4};
static const double LON[N] = {0, 4, 4, 6, 8, 8, 6, 6, 4, 0};

static etas_status build_raster(etas_error *err)
{
    etas_region region = {0};
    etas_raster raster = {0};
    etas_status st = etas_region_set_ring(&region, N, LAT, LON, err);

    if (st == ETAS_OK)
        st = etas_raster_build(&raster, &region, 20, err);
    assert_int_equal(raster.n_lat, st == ETAS_OK ? 20 : 0);
    etas_raster_free(&raster);
    etas_region_free(&region);
    return st;
}

static etas_status measure(etas_error *err)
{
    etas_region region = {0};
    double area = NAN;
    etas_status st = etas_region_set_ring(&region, N, LAT, LON, err);

    if (st == ETAS_OK)
        st = etas_region_area_km2(&region, 6371, &area, err);
    assert_int_equal(isnan(area), st != ETAS_OK);
    etas_region_free(&region);
    return st;
}

static etas_status search(etas_error *err)
{
    enum { MANY = 200 };
    double at[MANY][3] = {{0}}, reach[MANY];
    etas_neighbours tree = {0};
    etas_neighbour_run run = {0};
    size_t found = 0;
    etas_status st;

    for (size_t i = 0; i < MANY; i++) {
        at[i][0] = (double)i;
        reach[i] = 1e3;
    }
    st = etas_neighbours_build(&tree, MANY, (const double(*)[3])at, reach);
    while (st == ETAS_OK && etas_neighbours_next(&tree, at[0], MANY, &run))
        found += run.end - run.first;
    if (st != ETAS_OK)
        err->code = st;
    assert_int_equal(found, st == ETAS_OK ? MANY : 0);
    etas_neighbours_free(&tree);
    return st;
}

static etas_status wrap_up(etas_error *err)
{
    const double points[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};
    etas_hull hull = {0};
    const etas_status st = etas_hull_build(&hull, 4, points, err);

    assert_int_equal(hull.n_facets, st == ETAS_OK ? 4 : 0);
    etas_hull_free(&hull);
    return st;
}

static void fail_each(etas_status (*work)(etas_error *), int at_least)
{
    etas_status st = ETAS_E_NOMEM;
    int budget;

    for (budget = 0; st != ETAS_OK; budget++) {
        etas_error err = {0};

        allocations_left = budget;
        st = work(&err);
        allocations_left = -1;
        if (st != ETAS_OK) {
            assert_int_equal(st, ETAS_E_NOMEM);
            assert_int_equal(err.code, ETAS_E_NOMEM);
        }
    }
    assert_true(budget > at_least);
}

static void regions_rasters_areas_hulls_and_searches_report_it(void **state)
{
    (void)state;
    fail_each(build_raster, 9);
    fail_each(measure, 10);
    fail_each(search, 2);
    fail_each(wrap_up, 1);
}

static void a_region_keeps_its_old_ring(void **state)
{
    etas_region region = {0};
    etas_status st = ETAS_E_NOMEM;

    (void)state;
    check_ok(etas_region_set_ring(&region, 3, LAT, LON, NULL), NULL);
    for (int budget = 0; st != ETAS_OK; budget++) {
        assert_int_equal(region.n_rings, 1);
        assert_true(region.lat_max == 4);
        allocations_left = budget;
        st = etas_region_set_ring(&region, N, LAT, LON, NULL);
        allocations_left = -1;
    }
    assert_int_equal(region.n_rings, 2);
    assert_true(region.lat_max == 8);
    etas_region_free(&region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_rasters_areas_hulls_and_searches_report_it),
        cmocka_unit_test(a_region_keeps_its_old_ring),
    };
    return cmocka_run_group_tests_name("geometry memory", tests, NULL, NULL);
}
