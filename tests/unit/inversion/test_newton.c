#include "support/check.h"

#include <math.h>

#include "inversion/newton.h"

typedef struct counted {
    int calls;
} counted;

static void rosenbrock(void *context, const double x[], etas_newton_point *out)
{
    const double b = x[1] - x[0] * x[0];

    ((counted *)context)->calls++;
    *out = (etas_newton_point){.value = (1 - x[0]) * (1 - x[0]) + 100 * b * b};
    out->gradient[0] = -2 * (1 - x[0]) - 400 * x[0] * b;
    out->gradient[1] = 200 * b;
    out->hessian[0][0] = 2 - 400 * b + 800 * x[0] * x[0];
    out->hessian[0][1] = out->hessian[1][0] = -400 * x[0];
    out->hessian[1][1] = 200;
}

/* (x - 3)^2 + (y - x)^2 + z^2 / 2 */
static void quadratic(void *context, const double x[], etas_newton_point *out)
{
    (void)context;
    *out = (etas_newton_point){
        .value = (x[0] - 3) * (x[0] - 3) + (x[1] - x[0]) * (x[1] - x[0]) + x[2] * x[2] / 2,
        .gradient = {2 * (x[0] - 3) - 2 * (x[1] - x[0]), 2 * (x[1] - x[0]), x[2]},
        .hessian = {{4, -2, 0}, {-2, 2, 0}, {0, 0, 1}}};
}

static void the_valley_of_rosenbrock_is_followed_to_its_end(void **state)
{
    counted count = {0};
    const etas_newton_problem problem = {
        .n = 2, .function = rosenbrock, .context = &count, .low = {-10, -10}, .high = {10, 10}};
    double x[] = {-1.2, 1};

    (void)state;
    check_ok(etas_newton_minimise(&problem, x), NULL);
    check_abs(x[0], 1, 1e-13);
    check_abs(x[1], 1, 1e-13);
    assert_true(count.calls < 60);
}

static void active_bounds_hold_and_inactive_ones_do_not(void **state)
{
    etas_newton_problem problem = {
        .n = 3, .function = quadratic, .low = {-9, -9, -9}, .high = {9, 1, 9}};
    double x[] = {-5, 0.5, 4};

    (void)state;
    check_ok(etas_newton_minimise(&problem, x), NULL);
    check_abs(x[0], 2, 1e-13); /* (3 + y) / 2 with y = 1 */
    check_abs(x[1], 1, 0);
    check_abs(x[2], 0, 1e-13);
    /* A start on a bound that the minimum leaves. */
    problem.high[1] = 9;
    x[0] = x[1] = x[2] = -9;
    check_ok(etas_newton_minimise(&problem, x), NULL);
    check_abs(x[0], 3, 1e-13);
    check_abs(x[1], 3, 1e-13);
}

static void a_held_variable_stays(void **state)
{
    const etas_newton_problem problem = {
        .n = 3, .function = quadratic, .low = {-9, -4, -9}, .high = {9, -4, 9}};
    double x[] = {0, -4, 0};

    (void)state;
    check_ok(etas_newton_minimise(&problem, x), NULL);
    check_abs(x[1], -4, 0);
    check_abs(x[0], -0.5, 1e-13);
}

static void a_corner_ends_at_once(void **state)
{
    const etas_newton_problem problem = {
        .n = 3, .function = quadratic, .low = {-1, -1, 1}, .high = {1, 0.5, 2}};
    double x[] = {1, 0.5, 1};

    (void)state;
    check_ok(etas_newton_minimise(&problem, x), NULL);
    check_abs(x[0], 1, 0);
    check_abs(x[1], 0.5, 0);
    check_abs(x[2], 1, 0);
}

/* cos(x) + (y - x)^2: concave at the start, and one direction that does not matter. */
static void wavy(void *context, const double x[], etas_newton_point *out)
{
    const double d = x[1] - x[0];

    (void)context;
    *out = (etas_newton_point){.value = cos(x[0]) + d * d,
                               .gradient = {-sin(x[0]) - 2 * d, 2 * d, 0},
                               .hessian = {{-cos(x[0]) + 2, -2, 0}, {-2, 2, 0}, {0, 0, 0}}};
}

static void concave_starts_and_flat_directions_are_survived(void **state)
{
    const etas_newton_problem problem = {
        .n = 3, .function = wavy, .low = {-9, -9, -9}, .high = {9, 9, 9}};
    double x[] = {0.1, 0.2, 5};

    (void)state;
    check_ok(etas_newton_minimise(&problem, x), NULL);
    check_abs(x[0], acos(-1), 1e-9);
    check_abs(x[1], acos(-1), 1e-9);
    check_abs(x[2], 5, 0);
}

/* x - ln x, undefined for x <= 0. */
static void barrier(void *context, const double x[], etas_newton_point *out)
{
    (void)context;
    *out = (etas_newton_point){
        .value = x[0] - log(x[0]), .gradient = {1 - 1 / x[0]}, .hessian = {{1 / (x[0] * x[0])}}};
}

static void points_outside_the_domain_are_stepped_back_from(void **state)
{
    const etas_newton_problem problem = {.n = 1, .function = barrier, .low = {-100}, .high = {100}};
    double x[] = {2.9};

    (void)state;
    check_ok(etas_newton_minimise(&problem, x), NULL);
    check_abs(x[0], 1, 1e-13);
    x[0] = -1;
    assert_int_equal(etas_newton_minimise(&problem, x), ETAS_E_CONVERGE);
}

/* Falls for ever. */
static void slope(void *context, const double x[], etas_newton_point *out)
{
    (void)context;
    *out = (etas_newton_point){.value = -x[0], .gradient = {-1}, .hessian = {{0}}};
}

static void a_function_without_a_minimum_does_not_converge(void **state)
{
    const etas_newton_problem problem = {
        .n = 1, .function = slope, .low = {-INFINITY}, .high = {INFINITY}};
    double x[] = {0};

    (void)state;
    assert_int_equal(etas_newton_minimise(&problem, x), ETAS_E_CONVERGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_valley_of_rosenbrock_is_followed_to_its_end),
        cmocka_unit_test(active_bounds_hold_and_inactive_ones_do_not),
        cmocka_unit_test(a_held_variable_stays),
        cmocka_unit_test(a_corner_ends_at_once),
        cmocka_unit_test(concave_starts_and_flat_directions_are_survived),
        cmocka_unit_test(points_outside_the_domain_are_stepped_back_from),
        cmocka_unit_test(a_function_without_a_minimum_does_not_converge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
