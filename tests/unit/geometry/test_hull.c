#include "etas/hull.h"

#include <math.h>
#include <string.h>

#include "random.h"
#include "support/check.h"

static etas_hull hull_of(size_t n, const double points[])
{
    etas_hull hull = {0};
    etas_error err = {0};

    check_ok(etas_hull_build(&hull, n, points, &err), &err);
    return hull;
}

/* The corners of a box, and points inside, on its faces and twice the same that change nothing. */
static void a_box_has_its_volume_and_six_faces(void **state)
{
    double points[3 * 12] = {0};
    const double more[] = {2, 3, 4, 2, 0, 4, 0, 0, 0, 1.5, 6, 8};
    etas_hull hull;

    (void)state;
    for (int i = 0; i < 8; i++) {
        points[3 * i] = i & 1 ? 4 : 0;
        points[3 * i + 1] = i & 2 ? 6 : 0;
        points[3 * i + 2] = i & 4 ? 8 : 0;
    }
    memcpy(points + 24, more, sizeof more);
    hull = hull_of(12, points);
    check_rel(hull.volume_km3, 192, 1e-14);
    assert_int_equal(hull.n_facets, 6);
    for (int i = -1; i <= 5; i++)
        for (int j = -1; j <= 7; j++)
            for (int k = -1; k <= 9; k++)
                assert_int_equal(etas_hull_contains(&hull, i, j, k),
                                 i >= 0 && i <= 4 && j >= 0 && j <= 6 && k >= 0 && k <= 8);
    assert_false(etas_hull_contains(&hull, 4 + 1e-8, 3, 3));
    assert_true(etas_hull_contains(&hull, 4 + 1e-10, 3, 3));
    assert_false(etas_hull_contains(&hull, NAN, 3, 3));
    etas_hull_free(&hull);
    etas_hull_free(&hull);
    assert_false(etas_hull_contains(&hull, 1, 1, 1));
}

static void a_tetrahedron_has_a_sixth_of_its_box_wherever_it_lies(void **state)
{
    const double corner[] = {0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 7};
    const double at[][3] = {{0, 0, 0}, {2600, 1200, -30}, {-1e6, 4e5, 8e5}};
    const double sizes[] = {1, 1e-3, 1e4};

    (void)state;
    for (size_t place = 0; place < 3; place++)
        for (size_t k = 0; k < 3; k++) {
            const double s = sizes[k], x = at[place][0], y = at[place][1], z = at[place][2];
            double points[12];
            etas_hull hull;

            for (size_t i = 0; i < 12; i++)
                points[i] = at[place][i % 3] + s * corner[i];
            hull = hull_of(4, points);
            assert_int_equal(hull.n_facets, 4);
            check_rel(hull.volume_km3, 17.5 * s * s * s, 1e-12 + 2e-16 * fabs(x) / s);
            for (size_t i = 0; i < 4; i++)
                assert_true(
                    etas_hull_contains(&hull, points[3 * i], points[3 * i + 1], points[3 * i + 2]));
            assert_true(etas_hull_contains(&hull, x + 0.9 * s, y + 1.6 * s, z + 2.3 * s));
            assert_false(etas_hull_contains(&hull, x + 1.1 * s, y + 1.7 * s, z + 2.4 * s));
            assert_false(etas_hull_contains(&hull, x - 0.01 * s, y + s, z + s));
            etas_hull_free(&hull);
        }
}

/* ---- every plane through three points that has all others on one side ---- */

enum { N_POINTS = 16, MAX_PLANES = 64 };

typedef struct plane {
    double normal[3], offset;
} plane;

static plane plane_through(const double *a, const double *b, const double *c)
{
    const double u[3] = {b[0] - a[0], b[1] - a[1], b[2] - a[2]};
    const double v[3] = {c[0] - a[0], c[1] - a[1], c[2] - a[2]};
    plane p = {{u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]},
               0};

    p.offset = p.normal[0] * a[0] + p.normal[1] * a[1] + p.normal[2] * a[2];
    return p;
}

static double height(const plane *p, const double *x)
{
    return p->normal[0] * x[0] + p->normal[1] * x[1] + p->normal[2] * x[2] - p->offset;
}

/* Outward planes of the hull; *volume from the cones over its triangles. */
static size_t brute_hull(const double points[], plane planes[], double *volume)
{
    double centre[3] = {0};
    size_t n = 0;

    for (size_t i = 0; i < 3 * N_POINTS; i++)
        centre[i % 3] += points[i] / N_POINTS;
    *volume = 0;
    for (size_t i = 0; i < N_POINTS; i++)
        for (size_t j = i + 1; j < N_POINTS; j++)
            for (size_t k = j + 1; k < N_POINTS; k++) {
                plane p = plane_through(points + 3 * i, points + 3 * j, points + 3 * k);
                size_t above = 0;

                for (size_t l = 0; l < N_POINTS; l++)
                    above += l != i && l != j && l != k && height(&p, points + 3 * l) > 0;
                if (above != 0 && above != N_POINTS - 3)
                    continue;
                if (above != 0)
                    p = (plane){{-p.normal[0], -p.normal[1], -p.normal[2]}, -p.offset};
                *volume -= height(&p, centre) / 6;
                assert_true(n < MAX_PLANES);
                planes[n++] = p;
            }
    return n;
}

static void random_hulls_are_those_of_the_brute_force_test(void **state)
{
    uint64_t rng = 31415;
    size_t inside = 0;

    (void)state;
    for (int trial = 0; trial < 50; trial++) {
        double points[3 * N_POINTS], volume;
        plane planes[MAX_PLANES];
        etas_hull hull;
        size_t n;

        for (size_t i = 0; i < 3 * N_POINTS; i++)
            points[i] = 100 * random_uniform(&rng) * (i % 3 == 2 ? 0.1 : 1) + 500;
        n = brute_hull(points, planes, &volume);
        hull = hull_of(N_POINTS, points);
        assert_int_equal(hull.n_facets, n);
        check_rel(hull.volume_km3, volume, 1e-10);
        for (int i = 0; i < 2000; i++) {
            const double x[3] = {500 + 100 * random_uniform(&rng), 500 + 100 * random_uniform(&rng),
                                 500 + 10 * random_uniform(&rng)};
            bool want = true;

            for (size_t k = 0; k < n; k++)
                want = want && height(&planes[k], x) <= 0;
            assert_int_equal(etas_hull_contains(&hull, x[0], x[1], x[2]), want);
            inside += want;
        }
        for (size_t i = 0; i < N_POINTS; i++)
            assert_true(
                etas_hull_contains(&hull, points[3 * i], points[3 * i + 1], points[3 * i + 2]));
        etas_hull_free(&hull);
    }
    assert_in_range(inside, 20000, 80000);
}

/* What is hard for a hull in floating point: a lattice, a ball, and a slab thinner than a hair. */
static void lattices_balls_and_slabs_hold_all_their_points(void **state)
{
    static double points[3 * 9261];
    uint64_t rng = 7;
    etas_hull hull;

    (void)state;
    for (size_t i = 0; i < 9261; i++) {
        points[3 * i] = 0.1 * (double)(i % 21);
        points[3 * i + 1] = 0.1 * (double)(i / 21 % 21);
        points[3 * i + 2] = 1e-6 * (double)(i / 441);
    }
    hull = hull_of(9261, points);
    check_rel(hull.volume_km3, 2 * 2 * 2e-5, 1e-9);
    for (size_t i = 0; i < 9261; i++)
        assert_true(etas_hull_contains(&hull, points[3 * i], points[3 * i + 1], points[3 * i + 2]));
    etas_hull_free(&hull);
    for (size_t i = 0; i < 4000; i++) {
        const double z = 2 * random_uniform(&rng) - 1, a = 6.283185307179586 * random_uniform(&rng);

        points[3 * i] = 10 * sqrt(1 - z * z) * cos(a);
        points[3 * i + 1] = 10 * sqrt(1 - z * z) * sin(a);
        points[3 * i + 2] = 10 * z;
    }
    hull = hull_of(4000, points);
    assert_true(hull.volume_km3 > 0.996 * 4188.7902 && hull.volume_km3 < 0.998 * 4188.7902);
    for (size_t i = 0; i < 4000; i++) {
        assert_true(etas_hull_contains(&hull, points[3 * i], points[3 * i + 1], points[3 * i + 2]));
        assert_false(etas_hull_contains(&hull, 1.001 * points[3 * i], 1.001 * points[3 * i + 1],
                                        1.001 * points[3 * i + 2]));
    }
    etas_hull_free(&hull);
}

static void points_without_a_volume_are_refused_by_name(void **state)
{
    const double same[] = {3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5};
    const double line[] = {0, 0, 0, 1, 2, 3, 2, 4, 6, -1, -2, -3, 0.1, 0.2, 0.3};
    const double flat[] = {0, 0, 1, 7, 0, 1, 0, 7, 1, 7, 7, 1, 3, 2, 1};
    const double tilted[] = {0, 0, 0, 1, 2, 3, 4, 5, 6, 5, 7, 9, -3, -3, -3};
    const double tiny[] = {0, 0, 0, 1e-120, 0, 0, 0, 1e-120, 0, 0, 0, 1e-120};
    const double far[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2e9};
    const double nan[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, NAN, 1};
    const struct {
        size_t n;
        const double *points;
        etas_status status;
        const char *text;
    } bad[] = {{0, same, ETAS_E_ARG, "0 points; a body needs 4"},
               {3, flat, ETAS_E_ARG, "3 points; a body needs 4"},
               {4, same, ETAS_E_ARG, "the points coincide"},
               {4, tiny, ETAS_E_ARG, "the points coincide"},
               {5, line, ETAS_E_ARG, "the points lie on a line"},
               {5, flat, ETAS_E_ARG, "the points lie in a plane"},
               {5, tilted, ETAS_E_ARG, "the points lie in a plane"},
               {4, far, ETAS_E_RANGE, "point 4: coordinate 2000000000 km"},
               {4, nan, ETAS_E_RANGE, "point 4: coordinate nan km"}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        etas_hull hull = {0};
        etas_error err = {0};

        assert_int_equal(etas_hull_build(&hull, bad[i].n, bad[i].points, &err), bad[i].status);
        if (strstr(err.text, bad[i].text) == NULL)
            fail_msg("\"%s\", not \"%s\"", err.text, bad[i].text);
        assert_null(hull.facet);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_has_its_volume_and_six_faces),
        cmocka_unit_test(a_tetrahedron_has_a_sixth_of_its_box_wherever_it_lies),
        cmocka_unit_test(random_hulls_are_those_of_the_brute_force_test),
        cmocka_unit_test(lattices_balls_and_slabs_hold_all_their_points),
        cmocka_unit_test(points_without_a_volume_are_refused_by_name),
    };
    return cmocka_run_group_tests_name("hull", tests, NULL, NULL);
}
