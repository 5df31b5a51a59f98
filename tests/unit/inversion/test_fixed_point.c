#include "support/check.h"

#include <math.h>
#include <string.h>

#include "inversion/fixed_point.h"

enum { N = 9 };

/* x -> p + V diag(lambda) V^-1 (x - p) with V unit lower triangular, plus a curved part. */
typedef struct linear {
    double lambda[N], point[N], curve;
    uint32_t calls, fails_at;
    bool refuses;
} linear;

static etas_status apply(void *context, const double x[], double image[], double *merit,
                         etas_error *err)
{
    linear *map = context;
    double y[N];

    if (++map->calls == map->fails_at)
        return etas_fail(err, ETAS_E_RANGE, "refused");
    for (size_t i = 0; i < N; i++) {
        y[i] = x[i] - map->point[i];
        for (size_t j = 0; j < i; j++)
            y[i] -= 0.5 * y[j] / (double)(1 + i - j);
    }
    for (size_t i = 0; i < N; i++)
        y[i] = map->lambda[i] * y[i] + map->curve * y[i] * y[i];
    for (size_t i = N; i-- > 0;) {
        for (size_t j = 0; j < i; j++)
            y[i] += 0.5 * y[j] / (double)(1 + i - j);
    }
    for (size_t i = 0; i < N; i++)
        image[i] = map->point[i] + y[i];
    *merit = NAN;
    return ETAS_OK;
}

static bool accepts(void *context, double x[])
{
    (void)x;
    return !((linear *)context)->refuses;
}

static linear make_map(double largest)
{
    linear map = {0};

    for (size_t i = 0; i < N; i++) {
        map.lambda[i] = largest * exp(-0.4 * (double)((i * 4) % N));
        map.point[i] = 1 + (double)i;
    }
    return map;
}

static etas_fixed_point problem_of(linear *map)
{
    return (etas_fixed_point){.n = N,
                              .context = map,
                              .map = apply,
                              .accepts = accepts,
                              .tolerance = 1e-7,
                              .max_maps = 10000};
}

static double error_of(const linear *map, const double x[])
{
    double out = 0;

    for (size_t i = 0; i < N; i++)
        out = fmax(out, fabs(x[i] - map->point[i]));
    return out;
}

static void the_tolerance_bounds_the_distance(void **state)
{
    static const double largest[] = {0.1, 0.4, 0.65, 0.9, 0.97, 0.99};

    (void)state;
    for (size_t k = 0; k < sizeof largest / sizeof *largest; k++) {
        linear map = make_map(largest[k]);
        const etas_fixed_point problem = problem_of(&map);
        double x[N] = {0};
        etas_fixed_point_result result;
        etas_error err = {0};

        map.curve = 0.002;
        check_ok(etas_fixed_point_find(&problem, x, &result, &err), &err);
        assert_true(result.distance < 1e-7);
        assert_true(error_of(&map, x) < 1e-7);
        assert_int_equal(result.n_maps, map.calls);
    }
}

static void acceleration_saves_most_of_the_evaluations(void **state)
{
    linear fast = make_map(0.97), slow = make_map(0.97);
    const etas_fixed_point accelerated = problem_of(&fast), plain = problem_of(&slow);
    etas_fixed_point_result with, without;
    double x[N] = {0}, y[N] = {0};

    (void)state;
    slow.refuses = true;
    check_ok(etas_fixed_point_find(&accelerated, x, &with, NULL), NULL);
    check_ok(etas_fixed_point_find(&plain, y, &without, NULL), NULL);
    assert_true(error_of(&slow, y) < 1e-7);
    assert_true(without.n_maps > 400);
    assert_true(with.n_maps < 60);
}

static void a_plain_sum_stops_as_soon_as_the_sum_is_small(void **state)
{
    linear map = make_map(0.5), again = make_map(0.5);
    etas_fixed_point problem = problem_of(&map);
    etas_fixed_point_result result;
    double x[N] = {0}, y[N] = {0}, sum = INFINITY;
    uint32_t steps = 0;

    (void)state;
    problem.plain_sum = 1e-3;
    check_ok(etas_fixed_point_find(&problem, x, &result, NULL), NULL);
    while (sum >= 1e-3) {
        double image[N] = {0}, merit;

        check_ok(apply(&again, y, image, &merit, NULL), NULL);
        sum = 0;
        for (size_t i = 0; i < N; i++)
            sum += fabs(image[i] - y[i]);
        memcpy(y, image, sizeof y);
        steps++;
    }
    assert_int_equal(result.n_maps, steps);
    assert_memory_equal(x, y, sizeof x);
}

/* |x| grows: no acceleration may run away with it, and the limit ends it. */
static void a_map_that_expands_does_not_converge(void **state)
{
    linear map = make_map(1.02);
    etas_fixed_point problem = problem_of(&map);
    etas_fixed_point_result result;
    etas_error err = {0};
    double x[N] = {0};

    (void)state;
    map.refuses = true;
    problem.max_maps = 200;
    assert_int_equal(etas_fixed_point_find(&problem, x, &result, &err), ETAS_E_CONVERGE);
    assert_int_equal(map.calls, 200);
    assert_non_null(strstr(err.text, "200 iterations"));
}

static void an_error_of_the_map_ends_the_search(void **state)
{
    linear map = make_map(0.9);
    const etas_fixed_point problem = problem_of(&map);
    etas_fixed_point_result result;
    etas_error err = {0};
    double x[N] = {0};

    (void)state;
    map.fails_at = 5;
    assert_int_equal(etas_fixed_point_find(&problem, x, &result, &err), ETAS_E_RANGE);
    assert_int_equal(result.n_maps, 4);
}

static void the_fixed_point_itself_is_recognised(void **state)
{
    linear map = make_map(0.9);
    const etas_fixed_point problem = problem_of(&map);
    etas_fixed_point_result result;
    double x[N];

    (void)state;
    memcpy(x, map.point, sizeof x);
    check_ok(etas_fixed_point_find(&problem, x, &result, NULL), NULL);
    assert_int_equal(result.n_maps, 1);
    check_abs(result.distance, 0, 0);
}

/* The first step meets a bound and is long, so that the second seems to have contracted by far more
 * than the next one will. */
static etas_status onto_bound(void *context, const double x[], double image[], double *merit,
                              etas_error *err)
{
    uint32_t *calls = context;

    (void)err;
    ++*calls;
    image[0] = x[0] > 0 ? 0 : x[0];
    image[1] = 1 + (x[0] > 0 ? 1e-4 : 2e-3 * (x[1] - 1));
    *merit = NAN;
    return ETAS_OK;
}

static void a_long_first_step_promises_nothing(void **state)
{
    uint32_t calls = 0;
    const etas_fixed_point problem = {.n = 2,
                                      .context = &calls,
                                      .map = onto_bound,
                                      .accepts = accepts,
                                      .plain = true,
                                      .tolerance = 1e-7,
                                      .max_maps = 100};
    etas_fixed_point_result result;
    double x[] = {1000, 1}, image[2], merit;

    (void)state;
    check_ok(etas_fixed_point_find(&problem, x, &result, NULL), NULL);
    check_ok(onto_bound(&calls, x, image, &merit, NULL), NULL);
    check_abs(image[1] - x[1], 0, 1e-7);
    check_abs(fabs(image[1] - x[1]), result.step, 0); /* it is known, not estimated */
    check_abs(x[1], 1, 1.01 * result.distance);
}

/* Above 20 it looks as if the fixed point were 0; it is 10, and at 0 there is a trap. */
typedef struct trap {
    bool by_merit; /* the trap shows in its merit, else in its long step */
    size_t n;
    double x[100];
} trap;

static etas_status into_trap(void *context, const double x[], double image[], double *merit,
                             etas_error *err)
{
    trap *t = context;

    (void)err;
    t->x[t->n++] = x[0];
    *merit = -(x[0] - 10) * (x[0] - 10);
    if (x[0] > 20) {
        image[0] = 0.95 * x[0];
    } else if (x[0] < 5) {
        image[0] = x[0] + (t->by_merit ? 0.5 : 7);
        *merit = t->by_merit ? -1e6 : (double)NAN;
    } else {
        image[0] = 10 + 0.3 * (x[0] - 10);
    }
    return ETAS_OK;
}

static bool accepts_all(void *context, double x[])
{
    (void)context;
    return isfinite(x[0]);
}

static void an_accelerated_point_that_is_worse_is_given_up(void **state)
{
    (void)state;
    for (int by_merit = 0; by_merit < 2; by_merit++) {
        trap t = {.by_merit = by_merit != 0};
        const etas_fixed_point problem = {.n = 1,
                                          .context = &t,
                                          .map = into_trap,
                                          .accepts = accepts_all,
                                          .tolerance = 1e-12,
                                          .max_maps = 100};
        etas_fixed_point_result result;
        double x[] = {40};

        check_ok(etas_fixed_point_find(&problem, x, &result, NULL), NULL);
        check_abs(x[0], 10, 1e-12);
        check_abs(t.x[1], 38, 1e-12);
        check_abs(t.x[2], 0, 1e-9);
        check_abs(t.x[3], 36.1, 1e-12); /* the plain step after all */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tolerance_bounds_the_distance),
        cmocka_unit_test(acceleration_saves_most_of_the_evaluations),
        cmocka_unit_test(a_plain_sum_stops_as_soon_as_the_sum_is_small),
        cmocka_unit_test(a_map_that_expands_does_not_converge),
        cmocka_unit_test(an_error_of_the_map_ends_the_search),
        cmocka_unit_test(the_fixed_point_itself_is_recognised),
        cmocka_unit_test(a_long_first_step_promises_nothing),
        cmocka_unit_test(an_accelerated_point_that_is_worse_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
