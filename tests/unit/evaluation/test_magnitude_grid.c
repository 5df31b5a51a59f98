#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/completeness.h"

enum { N = 400 };

/* Magnitudes 2 + i step, with the last bits that a multiplication leaves. */
static void fill(double mag[N], double step)
{
    for (int i = 0; i < N; i++)
        mag[i] = 2 + (i * 7 % 37) * step;
}

static void finds_the_step_of_the_magnitudes(void **state)
{
    static const double steps[] = {0.5, 0.2, 0.1, 0.05, 0.01, 0.001};
    double mag[N];

    (void)state;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        fill(mag, steps[s]);
        assert_true(etas_magnitude_grid_of(N, mag, 0).step == steps[s]);
    }
    fill(mag, 0.0317265);
    assert_true(etas_magnitude_grid_of(N, mag, 0).step == 0);
    assert_true(etas_magnitude_grid_of(0, NULL, 0.1).step == 0);
}

static void floating_point_noise_never_warns(void **state)
{
    double mag[N];
    char text[200];
    etas_magnitude_grid grid;

    (void)state;
    for (int i = 0; i < N; i++)
        mag[i] = (20 + i % 40) * 0.1 + (i % 3 - 1) * 4e-16;
    grid = etas_magnitude_grid_of(N, mag, 0.1);
    assert_true(grid.off_share == 0 && grid.step == 0.1);
    assert_false(etas_magnitude_grid_misfit(&grid, sizeof text, text));
    for (int i = 0; i < N; i++)
        mag[i] = (double)(float)((20 + i % 70) * 0.1);
    grid = etas_magnitude_grid_of(N, mag, 0.1);
    assert_true(grid.off_share == 0 && grid.step == 0.1);
    assert_false(etas_magnitude_grid_misfit(&grid, sizeof text, text));
}

static void a_step_that_does_not_fit_is_described(void **state)
{
    double mag[N];
    char text[200];
    etas_magnitude_grid grid;

    (void)state;
    for (int i = 0; i < N; i++)
        mag[i] = i % 100 < 87 ? 2.1 + 0.2 * (i % 10) : 2 + 0.2 * (i % 10);
    grid = etas_magnitude_grid_of(N, mag, 0.2);
    check_abs(grid.off_share, 0.87, 1e-12);
    assert_true(etas_magnitude_grid_misfit(&grid, sizeof text, text));
    assert_string_equal(text, "87 % of the magnitudes are no multiples of delta_m 0.2; they look "
                              "like multiples of 0.1");
    fill(mag, 0.0317265);
    grid = etas_magnitude_grid_of(N, mag, 0.1);
    assert_true(etas_magnitude_grid_misfit(&grid, sizeof text, text));
    assert_non_null(strstr(text, "they look like continuous values"));
    grid = etas_magnitude_grid_of(N, mag, 0);
    assert_false(etas_magnitude_grid_misfit(&grid, sizeof text, text));
}

static void a_grid_coarser_than_said_is_described(void **state)
{
    double mag[N];
    char text[200];
    etas_magnitude_grid grid;

    (void)state;
    fill(mag, 0.1);
    grid = etas_magnitude_grid_of(N, mag, 0);
    assert_true(etas_magnitude_grid_misfit(&grid, sizeof text, text));
    assert_string_equal(text, "the magnitudes look like multiples of 0.1, but delta_m is 0");
    grid = etas_magnitude_grid_of(N, mag, 0.01);
    assert_true(etas_magnitude_grid_misfit(&grid, sizeof text, text));
    assert_string_equal(text, "the magnitudes look like multiples of 0.1, but delta_m is 0.01");
    /* Few magnitudes may lie on a coarse grid by chance. */
    grid = etas_magnitude_grid_of(12, mag, 0.01);
    assert_false(etas_magnitude_grid_misfit(&grid, sizeof text, text));
}

static void a_few_strangers_do_not_warn_and_do_not_hide_the_step(void **state)
{
    double mag[N];
    char text[200];
    etas_magnitude_grid grid;

    (void)state;
    fill(mag, 0.1);
    for (int i = 0; i < 4; i++)
        mag[100 * i] += 0.0345;
    grid = etas_magnitude_grid_of(N, mag, 0.1);
    check_abs(grid.off_share, 0.01, 1e-12);
    assert_true(grid.step == 0.1);
    assert_false(etas_magnitude_grid_misfit(&grid, sizeof text, text));
    mag[50] += 0.0345;
    grid = etas_magnitude_grid_of(N, mag, 0.1);
    assert_true(etas_magnitude_grid_misfit(&grid, sizeof text, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_step_of_the_magnitudes),
        cmocka_unit_test(floating_point_noise_never_warns),
        cmocka_unit_test(a_step_that_does_not_fit_is_described),
        cmocka_unit_test(a_grid_coarser_than_said_is_described),
        cmocka_unit_test(a_few_strangers_do_not_warn_and_do_not_hide_the_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
