#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/geometry.h"
#include "geometry/neighbours.h"
#include "random.h"

enum { N = 3000 };

static const double PI = 3.14159265358979324;

typedef struct cloud {
    double lat[N], lon[N];
} cloud;

/* Clusters with coordinates of two decimals (many coincide), all round the globe, poles and both
 * sides of the date line included. */
static void fill_cloud(cloud *points)
{
    uint64_t rng = 7;

    for (size_t i = 0; i < N; i++) {
        points->lat[i] = 180 * random_uniform(&rng) - 90;
        points->lon[i] = 360 * random_uniform(&rng) - 180;
        if (i % 3 == 1) {
            points->lat[i] = floor(100 * (46 + 0.2 * random_uniform(&rng))) / 100;
            points->lon[i] = floor(100 * (7 + 0.2 * random_uniform(&rng))) / 100;
        }
        if (i % 100 == 2)
            points->lat[i] = i % 200 == 2 ? 90 : -90;
        if (i % 50 == 5)
            points->lon[i] = i % 100 == 5 ? 180 : -180;
    }
}

static void check_query(const etas_neighbours *tree, const cloud *points, size_t from,
                        double radius_rad, etas_neighbour_list *found)
{
    static bool seen[N];
    /* Near the antipode an angle is known to the root of what its chord is known to. */
    const double reach = radius_rad < 3 ? radius_rad * (1 + 2e-9) + 1e-13 : radius_rad + 1e-4;

    check_ok(etas_neighbours_query(tree, points->lat[from], points->lon[from], radius_rad, found),
             NULL);
    memset(seen, 0, sizeof seen);
    for (size_t k = 0; k < found->n; k++) {
        assert_in_range(found->index[k], 0, N - 1);
        assert_false(seen[found->index[k]]);
        seen[found->index[k]] = true;
    }
    for (size_t i = 0; i < N; i++) {
        const double r = etas_distance_km(points->lat[from], points->lon[from], points->lat[i],
                                          points->lon[i], 1);

        if (r <= radius_rad)
            assert_true(seen[i]);
        else if (r > reach)
            assert_false(seen[i]);
    }
}

static void every_point_within_the_radius_is_found_and_no_other(void **state)
{
    static const double radii[] = {0, 1e-9, 1e-5, 1.7e-4, 1e-3, 0.03, 0.5, 1.5, 3, 3.14159};
    static cloud points;
    etas_neighbours tree = {0};
    etas_neighbour_list found = {0};

    (void)state;
    fill_cloud(&points);
    check_ok(etas_neighbours_build(&tree, N, points.lat, points.lon), NULL);
    for (size_t from = 0; from < N; from += 61)
        for (size_t k = 0; k < sizeof radii / sizeof radii[0]; k++)
            check_query(&tree, &points, from, radii[k], &found);
    etas_neighbour_list_free(&found);
    etas_neighbours_free(&tree);
    etas_neighbours_free(&tree);
}

static void a_radius_that_is_exactly_the_distance_finds_the_point(void **state)
{
    static cloud points;
    etas_neighbours tree = {0};
    etas_neighbour_list found = {0};

    (void)state;
    fill_cloud(&points);
    check_ok(etas_neighbours_build(&tree, N, points.lat, points.lon), NULL);
    for (size_t i = 0; i < N; i += 13)
        check_query(&tree, &points, 1,
                    etas_distance_km(points.lat[1], points.lon[1], points.lat[i], points.lon[i], 1),
                    &found);
    etas_neighbour_list_free(&found);
    etas_neighbours_free(&tree);
}

static void a_radius_of_half_the_circumference_or_more_finds_all(void **state)
{
    static cloud points;
    etas_neighbours tree = {0};
    etas_neighbour_list found = {0};

    (void)state;
    fill_cloud(&points);
    check_ok(etas_neighbours_build(&tree, N, points.lat, points.lon), NULL);
    check_ok(etas_neighbours_query(&tree, 90, 0, PI, &found), NULL);
    assert_int_equal(found.n, N);
    check_ok(etas_neighbours_query(&tree, 46, 7, 100, &found), NULL);
    assert_int_equal(found.n, N);
    check_ok(etas_neighbours_query(&tree, 46, 7, INFINITY, &found), NULL);
    assert_int_equal(found.n, N);
    etas_neighbour_list_free(&found);
    etas_neighbours_free(&tree);
}

static void points_in_one_place_are_all_found(void **state)
{
    static double lat[100000], lon[100000];
    etas_neighbours tree = {0};
    etas_neighbour_list found = {0};

    (void)state;
    for (size_t i = 0; i < 100000; i++) {
        lat[i] = 46.5;
        lon[i] = 7.25;
    }
    check_ok(etas_neighbours_build(&tree, 100000, lat, lon), NULL);
    check_ok(etas_neighbours_query(&tree, 46.5, 7.25, 0, &found), NULL);
    assert_int_equal(found.n, 100000);
    check_ok(etas_neighbours_query(&tree, 46.6, 7.25, 1e-3, &found), NULL);
    assert_int_equal(found.n, 0);
    etas_neighbour_list_free(&found);
    etas_neighbours_free(&tree);
}

static void the_order_is_the_same_every_time(void **state)
{
    static cloud points;
    etas_neighbours tree[2] = {{0}};
    etas_neighbour_list found[2] = {{0}};

    (void)state;
    fill_cloud(&points);
    for (size_t k = 0; k < 2; k++) {
        check_ok(etas_neighbours_build(&tree[k], N, points.lat, points.lon), NULL);
        check_ok(etas_neighbours_query(&tree[k], 46, 7, 1, &found[k]), NULL);
    }
    assert_int_equal(found[0].n, found[1].n);
    assert_memory_equal(found[0].index, found[1].index, found[0].n * sizeof *found[0].index);
    for (size_t k = 0; k < 2; k++) {
        etas_neighbour_list_free(&found[k]);
        etas_neighbours_free(&tree[k]);
    }
}

static void no_points_and_one_point_work(void **state)
{
    const double lat = 46, lon = 7;
    etas_neighbours tree = {0};
    etas_neighbour_list found = {0};

    (void)state;
    check_ok(etas_neighbours_build(&tree, 0, NULL, NULL), NULL);
    check_ok(etas_neighbours_query(&tree, 46, 7, PI, &found), NULL);
    assert_int_equal(found.n, 0);
    etas_neighbours_free(&tree);
    check_ok(etas_neighbours_build(&tree, 1, &lat, &lon), NULL);
    check_ok(etas_neighbours_query(&tree, 46, 7, 0, &found), NULL);
    assert_int_equal(found.n, 1);
    check_ok(etas_neighbours_query(&tree, -46, 7, 1, &found), NULL);
    assert_int_equal(found.n, 0);
    etas_neighbour_list_free(&found);
    etas_neighbours_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_within_the_radius_is_found_and_no_other),
        cmocka_unit_test(a_radius_that_is_exactly_the_distance_finds_the_point),
        cmocka_unit_test(a_radius_of_half_the_circumference_or_more_finds_all),
        cmocka_unit_test(points_in_one_place_are_all_found),
        cmocka_unit_test(the_order_is_the_same_every_time),
        cmocka_unit_test(no_points_and_one_point_work),
    };
    return cmocka_run_group_tests_name("neighbours", tests, NULL, NULL);
}
