#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/geometry.h"
#include "geometry/neighbours.h"
#include "geometry/sphere.h"
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

typedef struct reaching {
    double at[N][3], angle[N], chord[N];
} reaching;

/* Reaches of all sizes: none, a few metres, everywhere. */
static void fill_reaching(const cloud *points, reaching *out)
{
    static const double radii[] = {0, 1e-9, 1e-5, 1.7e-4, 1e-3, 0.03, 0.5, 1.5, 3, 3.14159, 4};

    for (size_t i = 0; i < N; i++) {
        etas_unit_vector(points->lat[i], points->lon[i], out->at[i]);
        out->angle[i] = radii[i % (sizeof radii / sizeof *radii)];
        out->chord[i] = etas_neighbour_chord(out->angle[i]);
    }
}

/* All that is returned for a place, once each; how many. */
static size_t collect(const etas_neighbours *tree, const double at[3], uint32_t before, bool seen[])
{
    etas_neighbour_run run = {0};
    size_t found = 0;

    memset(seen, 0, tree->n * sizeof *seen);
    while (etas_neighbours_next(tree, at, before, &run)) {
        assert_in_range(run.end - run.first, 1, ETAS_NEIGHBOUR_RUN);
        for (uint32_t k = run.first; k < run.end; k++) {
            assert_true(tree->index[k] < before);
            assert_true(k == run.first || tree->index[k] > tree->index[k - 1]);
            assert_false(seen[tree->index[k]]);
            seen[tree->index[k]] = true;
            found++;
        }
    }
    return found;
}

static void every_point_that_reaches_a_place_is_found(void **state)
{
    static const uint32_t before[] = {N, N / 2, 1, 0};
    static cloud points;
    static reaching r;
    static bool seen[N];
    etas_neighbours tree = {0};

    (void)state;
    fill_cloud(&points);
    fill_reaching(&points, &r);
    check_ok(etas_neighbours_build(&tree, N, (const double(*)[3])r.at, r.chord), NULL);
    for (size_t from = 0; from < N; from += 61) {
        const uint32_t limit = before[from % 4];

        (void)collect(&tree, r.at[from], limit, seen);
        for (size_t i = 0; i < limit; i++)
            if (etas_distance_km(points.lat[from], points.lon[from], points.lat[i], points.lon[i],
                                 1) <= r.angle[i])
                assert_true(seen[i]);
    }
    etas_neighbours_free(&tree);
    etas_neighbours_free(&tree);
}

static void a_reach_that_is_exactly_the_distance_finds_the_point(void **state)
{
    static cloud points;
    static reaching r;
    static bool seen[N];
    etas_neighbours tree = {0};

    (void)state;
    fill_cloud(&points);
    fill_reaching(&points, &r);
    for (size_t i = 0; i < N; i++)
        r.chord[i] = etas_neighbour_chord(
            etas_distance_km(points.lat[1], points.lon[1], points.lat[i], points.lon[i], 1));
    check_ok(etas_neighbours_build(&tree, N, (const double(*)[3])r.at, r.chord), NULL);
    assert_int_equal(collect(&tree, r.at[1], N, seen), N);
    etas_neighbours_free(&tree);
}

/* Little more than what reaches the place is looked at, large reaches or not. */
static void few_others_are_returned(void **state)
{
    enum { MANY = 100000 };
    static double at[MANY][3], reach[MANY];
    static bool seen[MANY];
    etas_neighbours tree = {0};
    uint64_t rng = 5;
    size_t returned = 0, wanted = 0;

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        at[i][0] = random_uniform(&rng);
        at[i][1] = random_uniform(&rng);
        at[i][2] = 0.01 * random_uniform(&rng);
        reach[i] = 1e-3 / sqrt(random_uniform(&rng)); /* some a hundred times as long */
    }
    check_ok(etas_neighbours_build(&tree, MANY, (const double(*)[3])at, reach), NULL);
    for (size_t from = 0; from < MANY; from += 997) {
        returned += collect(&tree, at[from], MANY, seen);
        for (size_t i = 0; i < MANY; i++) {
            double square = 0;

            for (size_t k = 0; k < 3; k++)
                square += (at[i][k] - at[from][k]) * (at[i][k] - at[from][k]);
            wanted += square <= reach[i] * reach[i];
            assert_true(square > reach[i] * reach[i] || seen[i]);
        }
    }
    print_message("%zu points reach the places, %zu were returned\n", wanted, returned);
    assert_true(wanted > 100 && returned < MANY);
    etas_neighbours_free(&tree);
}

static void points_in_one_place_are_all_found(void **state)
{
    enum { MANY = 100000 };
    static double at[MANY][3], reach[MANY];
    static bool seen[MANY];
    const double elsewhere[3] = {1, 0, 1e-3};
    etas_neighbours tree = {0};

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        at[i][0] = 1;
    check_ok(etas_neighbours_build(&tree, MANY, (const double(*)[3])at, reach), NULL);
    assert_int_equal(collect(&tree, at[0], MANY, seen), MANY);
    assert_int_equal(collect(&tree, elsewhere, MANY, seen), 0);
    etas_neighbours_free(&tree);
}

static void an_infinite_reach_is_everywhere(void **state)
{
    static cloud points;
    static reaching r;
    static bool seen[N];
    const double far[3] = {1e9, -1e9, 0};
    etas_neighbours tree = {0};

    (void)state;
    fill_cloud(&points);
    fill_reaching(&points, &r);
    for (size_t i = 0; i < N; i++)
        r.chord[i] = INFINITY;
    check_ok(etas_neighbours_build(&tree, N, (const double(*)[3])r.at, r.chord), NULL);
    assert_int_equal(collect(&tree, far, N, seen), N);
    assert_true(etas_neighbour_chord(PI) == INFINITY);
    assert_true(etas_neighbour_chord(3.1) >= 2 * sin(1.55));
    etas_neighbours_free(&tree);
}

static void the_order_is_the_same_every_time(void **state)
{
    static cloud points;
    static reaching r;
    etas_neighbours tree[2] = {{0}};

    (void)state;
    fill_cloud(&points);
    fill_reaching(&points, &r);
    for (size_t k = 0; k < 2; k++)
        check_ok(etas_neighbours_build(&tree[k], N, (const double(*)[3])r.at, r.chord), NULL);
    assert_int_equal(tree[0].n_nodes, tree[1].n_nodes);
    assert_memory_equal(tree[0].index, tree[1].index, N * sizeof *tree[0].index);
    for (size_t k = 0; k < 2; k++)
        etas_neighbours_free(&tree[k]);
}

static void no_points_and_one_point_work(void **state)
{
    const double at[1][3] = {{0, 0, 1}}, reach[1] = {0};
    etas_neighbour_run run = {0};
    etas_neighbours tree = {0};

    (void)state;
    check_ok(etas_neighbours_build(&tree, 0, NULL, NULL), NULL);
    assert_false(etas_neighbours_next(&tree, at[0], UINT32_MAX, &run));
    etas_neighbours_free(&tree);
    check_ok(etas_neighbours_build(&tree, 1, at, reach), NULL);
    assert_true(etas_neighbours_next(&tree, at[0], 1, &run));
    assert_int_equal(run.end, 1);
    assert_false(etas_neighbours_next(&tree, at[0], 1, &run));
    etas_neighbours_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_that_reaches_a_place_is_found),
        cmocka_unit_test(a_reach_that_is_exactly_the_distance_finds_the_point),
        cmocka_unit_test(few_others_are_returned),
        cmocka_unit_test(points_in_one_place_are_all_found),
        cmocka_unit_test(an_infinite_reach_is_everywhere),
        cmocka_unit_test(the_order_is_the_same_every_time),
        cmocka_unit_test(no_points_and_one_point_work),
    };
    return cmocka_run_group_tests_name("neighbours", tests, NULL, NULL);
}
