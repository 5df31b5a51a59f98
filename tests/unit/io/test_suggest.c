#include "io/suggest.h"

#include "support/check.h"

static const char *const names[] = {"latitude", "longitude", NULL, "time", "magnitude", "mc"};
enum { N = sizeof names / sizeof *names };

static void misspelt_name_finds_its_neighbour(void **state)
{
    (void)state;
    assert_string_equal(etas_suggest("lattitude", N, names), "latitude");
    assert_string_equal(etas_suggest("Longitude", N, names), "longitude");
    assert_string_equal(etas_suggest("magnitdue", N, names), "magnitude");
    assert_string_equal(etas_suggest("tmie", N, names), "time");
    assert_string_equal(etas_suggest("mC", N, names), "mc");
}

static void strange_name_finds_nothing(void **state)
{
    (void)state;
    assert_null(etas_suggest("depth", N, names));
    assert_null(etas_suggest("lat", N, names));
    assert_null(etas_suggest("", N, names));
    assert_null(etas_suggest("mc", 0, names));
    assert_null(etas_suggest("a name that is longer than every name that could be meant by anyone "
                             "at all here",
                             N, names));
}

static void nearest_of_several_wins(void **state)
{
    static const char *const keys[] = {"fn_store", "fn_store_simulation", "timewindow_start",
                                       "timewindow_end"};

    (void)state;
    assert_string_equal(etas_suggest("timewindow_ends", 4, keys), "timewindow_end");
    assert_string_equal(etas_suggest("fn-store", 4, keys), "fn_store");
    assert_string_equal(etas_suggest("fn_store_simulations", 4, keys), "fn_store_simulation");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misspelt_name_finds_its_neighbour),
        cmocka_unit_test(strange_name_finds_nothing),
        cmocka_unit_test(nearest_of_several_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
