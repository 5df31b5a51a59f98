#include "support/check.h"

#include <stdlib.h>

#include "etas/special.h"
#include "support/vectors.h"

static json_t *vectors;

/* Columns a (shape), x and the value to 60 digits by mpmath; the reference's own value beside it
 * is up to 5 % off and not compared. */
static void incomplete_gamma_agrees_with_the_tabulated_60_digit_values(void **state)
{
    const json_t *rows = json_object_get(vectors, "upper_gamma_ext");
    size_t index;
    json_t *entry;

    (void)state;
    assert_true(json_array_size(rows) > 50);
    json_array_foreach(rows, index, entry)
    {
        const double a = json_number_value(json_object_get(entry, "a"));
        const double x = json_number_value(json_object_get(entry, "x"));
        const char *digits = json_string_value(json_object_get(entry, "exact_mpmath_60digits"));

        assert_non_null(digits);
        check_rel(etas_gamma_upper(a, x), strtod(digits, NULL), 1e-13);
    }
    print_message("%zu rows\n", json_array_size(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incomplete_gamma_agrees_with_the_tabulated_60_digit_values),
    };
    int failed;

    vectors = vectors_load("special_functions.json");
    if (vectors == NULL)
        return VECTORS_SKIPPED;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    json_decref(vectors);
    return failed;
}
