#include "support/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "etas/array.h"
#include "etas/grid.h"

static etas_rate_grid grid_of(size_t n)
{
    etas_rate_grid grid = {.n = n};

    check_ok(etas_array_alloc((void **)&grid.lat, n, sizeof *grid.lat), NULL);
    check_ok(etas_array_alloc((void **)&grid.lon, n, sizeof *grid.lon), NULL);
    check_ok(etas_array_alloc((void **)&grid.weight, n, sizeof *grid.weight), NULL);
    return grid;
}

/* Rows x columns cells of dlat x dlon; the numbers as a text file with @p digits has them. */
static etas_rate_grid regular(size_t rows, size_t columns, double dlat, double dlon, double digits)
{
    etas_rate_grid grid = grid_of(rows * columns);
    const double unit = pow(10, digits);

    for (size_t row = 0, i = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++, i++) {
            grid.lat[i] = rint((-20 + dlat * ((double)row + 0.5)) * unit) / unit;
            grid.lon[i] = rint((-179 + dlon * ((double)column + 0.5)) * unit) / unit;
            grid.weight[i] = (double)i;
        }
    return grid;
}

static void sizes_are_found_from_the_centres(void **state)
{
    static const struct {
        size_t rows, columns;
        double dlat, dlon, digits, tolerance;
    } cases[] = {
        {2, 2, 0.1, 0.1, 9, 1e-8},      {30, 50, 0.1, 0.2, 3, 1e-12},
        {300, 900, 0.1, 0.1, 6, 1e-12}, {70, 80, 1.0 / 3, 1.0 / 6, 4, 1e-5},
        {900, 2, 0.01, 5, 4, 1e-12},    {5, 360, 20, 1, 2, 1e-12},
    };

    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        etas_rate_grid grid =
            regular(cases[k].rows, cases[k].columns, cases[k].dlat, cases[k].dlon, cases[k].digits);
        etas_error err = {0};

        check_ok(etas_rate_grid_check(&grid, &err), &err);
        check_rel(grid.dlat, cases[k].dlat, cases[k].tolerance);
        check_rel(grid.dlon, cases[k].dlon, cases[k].tolerance);
        etas_rate_grid_free(&grid);
    }
}

/* In any order, with holes, with the noise of sums in floating point, without weights. */
static void cells_may_be_missing_and_in_any_order(void **state)
{
    static const double lat[] = {46.1, 45.7, 46.9, 46.300000000000004, 46.1};
    static const double lon[] = {8.25, 6, 7.5, 9.0, 9.750000000000002};
    etas_rate_grid grid = grid_of(5);
    etas_error err = {0};

    (void)state;
    memcpy(grid.lat, lat, sizeof lat);
    memcpy(grid.lon, lon, sizeof lon);
    check_ok(etas_rate_grid_check(&grid, &err), &err);
    check_rel(grid.dlat, 0.2, 1e-12);
    check_rel(grid.dlon, 0.75, 1e-12);
    etas_array_free((void **)&grid.weight);
    grid.dlat = grid.dlon = 0;
    check_ok(etas_rate_grid_check(&grid, &err), &err);
    check_rel(grid.dlat, 0.2, 1e-12);
    etas_rate_grid_free(&grid);
}

static void single_precision_is_good_enough(void **state)
{
    etas_rate_grid grid = regular(100, 150, 0.1, 0.1, 9);
    etas_error err = {0};

    (void)state;
    for (size_t i = 0; i < grid.n; i++) {
        grid.lat[i] = (float)(grid.lat[i] + 60);
        grid.lon[i] = (float)grid.lon[i];
    }
    check_ok(etas_rate_grid_check(&grid, &err), &err);
    check_rel(grid.dlat, 0.1, 1e-5);
    etas_rate_grid_free(&grid);
}

static void refuse(etas_rate_grid *grid, etas_status code, const char *says)
{
    etas_error err = {0};

    assert_int_equal(etas_rate_grid_check(grid, &err), code);
    if (strstr(err.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    etas_rate_grid_free(grid);
}

static void what_is_no_grid_is_refused_by_its_row(void **state)
{
    static const struct {
        size_t row;
        int column; /* lat, lon, weight */
        double value;
    } lies[] = {
        {7, 0, -19.8173},  {7, 0, -19.8536},  {7, 0, NAN},      {7, 0, 90.5},  {7, 1, -178.8967},
        {7, 1, -178.7437}, {7, 1, 361},       {7, 1, INFINITY}, {7, 2, -1e-9}, {7, 2, NAN},
        {7, 2, INFINITY},  {59, 0, -19.4613}, {0, 2, -1},
    };

    (void)state;
    for (size_t k = 0; k < sizeof lies / sizeof *lies; k++) {
        etas_rate_grid grid = regular(6, 10, 0.1, 0.1, 9);
        double *column = lies[k].column == 0   ? grid.lat
                         : lies[k].column == 1 ? grid.lon
                                               : grid.weight;
        char row[32];

        column[lies[k].row] = lies[k].value;
        (void)snprintf(row, sizeof row, "row %zu:", lies[k].row + 1);
        refuse(&grid, ETAS_E_RANGE, row);
    }
}

static void a_second_cell_in_one_place_is_refused(void **state)
{
    etas_rate_grid grid = regular(6, 10, 0.1, 0.1, 9);

    (void)state;
    grid.lat[33] = grid.lat[12] + 1e-9;
    grid.lon[33] = grid.lon[12];
    grid.lat[50] = grid.lat[2];
    grid.lon[50] = grid.lon[2];
    refuse(&grid, ETAS_E_RANGE, "row 34: a second cell");

    grid = regular(6, 10, 0.1, 0.1, 9);
    grid.lon[44] = grid.lon[5] + 360;
    grid.lat[44] = grid.lat[5];
    refuse(&grid, ETAS_E_RANGE, "row 45: a second cell");

    grid = regular(3, 361, 10, 1, 9); /* from one date line to the other, both included */
    refuse(&grid, ETAS_E_RANGE, "row 361: a second cell");

    grid = regular(3, 52, 10, 7, 9); /* 51 cells of 7 degrees and a part of one go round */
    refuse(&grid, ETAS_E_RANGE, "row 52: ");

    grid = regular(3, 51, 10, 7, 9);
    check_ok(etas_rate_grid_check(&grid, NULL), NULL);
    etas_rate_grid_free(&grid);
}

/* The same cells with longitudes on both sides of the date line, or beyond it. */
static void grids_may_reach_over_the_date_line(void **state)
{
    etas_rate_grid grid = regular(6, 10, 0.5, 0.5, 9);
    etas_error err = {0};

    (void)state;
    for (size_t i = 0; i < grid.n; i++)
        if (i % 10 < 4)
            grid.lon[i] += 360;
    check_ok(etas_rate_grid_check(&grid, &err), &err);
    check_rel(grid.dlon, 0.5, 1e-12);
    etas_rate_grid_free(&grid);
}

static void one_row_or_column_does_not_tell_the_size(void **state)
{
    etas_rate_grid grid = regular(1, 10, 0.1, 0.1, 9);

    (void)state;
    refuse(&grid, ETAS_E_ARG, "two latitudes");
    grid = regular(10, 1, 0.1, 0.1, 9);
    refuse(&grid, ETAS_E_ARG, "two longitudes");
    grid = (etas_rate_grid){0};
    refuse(&grid, ETAS_E_ARG, "two latitudes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_found_from_the_centres),
        cmocka_unit_test(cells_may_be_missing_and_in_any_order),
        cmocka_unit_test(single_precision_is_good_enough),
        cmocka_unit_test(what_is_no_grid_is_refused_by_its_row),
        cmocka_unit_test(a_second_cell_in_one_place_is_refused),
        cmocka_unit_test(grids_may_reach_over_the_date_line),
        cmocka_unit_test(one_row_or_column_does_not_tell_the_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
