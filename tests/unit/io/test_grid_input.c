#include "support/check.h"

#include <string.h>

#include "etas/grid_input.h"
#include "support/scratch.h"

static const char *put(const char *name, const char *text)
{
    const char *path = scratch_path(name);

    scratch_write(path, strlen(text), text);
    return path;
}

static void cells_have_places_and_rates_in_the_order_of_the_file(void **state)
{
    const char *path = put("g.csv", "total,longitude,latitude,rate\n"
                                    "9,7.25,46.5,2.5e-3\n"
                                    "9,7.75,46.5,0\n"
                                    "\n"
                                    "9,7.25,46.75,\"1\"\n");
    etas_rate_grid g = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_rate_grid_load_csv(&g, path, NULL, &err), &err);
    assert_int_equal(g.n, 3);
    assert_true(g.lat[0] == 46.5 && g.lon[0] == 7.25 && g.weight[0] == 2.5e-3);
    assert_true(g.lat[1] == 46.5 && g.lon[1] == 7.75 && g.weight[1] == 0);
    assert_true(g.lat[2] == 46.75 && g.lon[2] == 7.25 && g.weight[2] == 1);
    check_rel(g.dlat, 0.25, 1e-12);
    check_rel(g.dlon, 0.5, 1e-12);
    etas_rate_grid_free(&g);
    assert_null(g.lat);
}

/* What is not selected may have any rate, and still tells where the lattice is. */
static void cells_that_are_not_selected_count_as_nothing(void **state)
{
    const etas_grid_columns columns = {.rate = "n", .select = "in"};
    const char *path = put("g.csv", "latitude,longitude,n,in\n"
                                    "1,1,5,true\n"
                                    "1,2,,False\n"
                                    "2,1,nan,0\n"
                                    "3,3,7,True\n"
                                    "3,1,1,1\n");
    etas_rate_grid g = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_rate_grid_load_csv(&g, path, &columns, &err), &err);
    assert_int_equal(g.n, 5);
    assert_true(g.weight[0] == 5 && g.weight[1] == 0 && g.weight[2] == 0 && g.weight[3] == 7 &&
                g.weight[4] == 1);
    assert_true(g.dlat == 1 && g.dlon == 1);
    etas_rate_grid_free(&g);
}

static void total_is_a_rate_where_no_column_is_called_so(void **state)
{
    const char *path = put("g.csv", "latitude,longitude,total\n1,1,5\n2,2,6\n");
    etas_rate_grid g = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_rate_grid_load_csv(&g, path, NULL, &err), &err);
    assert_true(g.weight[0] == 5 && g.weight[1] == 6);
    etas_rate_grid_free(&g);
}

/* Lines are those of an editor, blank ones and a quoted line break included. */
static void a_cell_that_does_not_fit_is_found_by_its_line(void **state)
{
    const char *path = put("g.csv", "note,latitude,longitude,rate\n"
                                    "a,1,1,5\n"
                                    "\n"
                                    "\"b\nb\",1,2,5\n"
                                    "c,2,1,5\n"
                                    "d,1,2,5\n");
    etas_rate_grid g = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_rate_grid_load_csv(&g, path, NULL, &err), ETAS_E_RANGE);
    assert_int_equal(err.line, 7);
    assert_string_equal(err.file, path);
    assert_string_equal(err.text, "a second cell at lat 1, lon 2 (or 360 degrees from it)");
    assert_null(g.lat);
}

static void zones_are_texts_or_numbers_and_tables_are_sorted(void **state)
{
    const char *map = put("m.csv", "latitude,longitude,zone\n"
                                   "1,1,26.0\n1,2,\n2,1, north \n2,2,nan\n3,1,26\n");
    const etas_zone_files files = {
        .map = map,
        .tables = put("t.csv", "zone,magnitude,rate\n"
                               "north,5.3,1\n26,4.2,7\n\"26\",4.0,5\nnorth,5.2,3\n26.00,4.1,0\n")};
    static const uint32_t zone[] = {1, UINT32_MAX, 0, UINT32_MAX, 1};
    static const double mag[] = {5.2, 5.3, 4.0, 4.1, 4.2}, weight[] = {3, 1, 5, 0, 7};
    static const size_t first[] = {0, 2, 5};
    etas_magnitude_zones z = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_magnitude_zones_load_csv(&z, &files, &err), &err);
    assert_int_equal(z.n_zones, 2);
    assert_int_equal(z.map.n, 5);
    assert_null(z.map.weight);
    assert_memory_equal(z.zone, zone, sizeof zone);
    assert_memory_equal(z.first, first, sizeof first);
    assert_memory_equal(z.mag, mag, sizeof mag);
    assert_memory_equal(z.weight, weight, sizeof weight);
    check_rel(z.bin_width, 0.1, 1e-9);
    assert_true(z.map.dlat == 1 && z.map.dlon == 1 && z.map.lat[2] == 2 && z.map.lon[2] == 1);
    etas_magnitude_zones_free(&z);
}

static void a_magnitude_twice_in_a_zone_is_refused(void **state)
{
    const char *map = put("m.csv", "latitude,longitude,zone\n1,1,a\n2,2,a\n");
    const etas_zone_files files = {
        .map = map, .tables = put("t.csv", "zone,magnitude,rate\na,5.0,1\na,5.1,1\na,5.0,2\n")};
    etas_magnitude_zones z = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_magnitude_zones_load_csv(&z, &files, &err), ETAS_E_RANGE);
    assert_int_equal(err.line, 4);
    assert_int_equal(err.column, 3);
    assert_string_equal(err.text, "zone \"a\" has magnitude 5 twice");
    assert_null(z.mag);
    assert_null(z.map.lat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_have_places_and_rates_in_the_order_of_the_file),
        cmocka_unit_test(cells_that_are_not_selected_count_as_nothing),
        cmocka_unit_test(total_is_a_rate_where_no_column_is_called_so),
        cmocka_unit_test(a_cell_that_does_not_fit_is_found_by_its_line),
        cmocka_unit_test(zones_are_texts_or_numbers_and_tables_are_sorted),
        cmocka_unit_test(a_magnitude_twice_in_a_zone_is_refused),
    };

    int n_failed;

    scratch_open();
    n_failed = cmocka_run_group_tests_name("grid_input", tests, NULL, NULL);
    scratch_close();
    return n_failed;
}
