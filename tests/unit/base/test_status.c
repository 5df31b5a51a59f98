#include "support/check.h"

#include <string.h>

static void every_code_has_a_message(void **state)
{
    (void)state;
#define X(name, value, text) assert_string_equal(etas_strerror(ETAS_##name), text);
    ETAS_STATUS_MAP(X)
#undef X
}

static void the_first_error_is_kept(void **state)
{
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_fail(&err, ETAS_E_PARSE, "line %d", 3), ETAS_E_PARSE);
    assert_int_equal(etas_fail(&err, ETAS_E_ARG, "later"), ETAS_E_ARG);
    assert_int_equal(err.code, ETAS_E_PARSE);
    assert_string_equal(err.text, "line 3");
    assert_int_equal(etas_fail(NULL, ETAS_E_ARG, "nobody listens"), ETAS_E_ARG);
}

static void the_innermost_place_wins_and_is_printed(void **state)
{
    etas_error err = {0};
    char line[256];

    (void)state;
    (void)etas_fail(&err, ETAS_E_PARSE, "not a number");
    (void)etas_error_at_line(&err, 7, 3);
    (void)etas_error_at_line(&err, 1, 1);
    (void)etas_error_in_key(&err, "latitude");
    assert_int_equal(etas_error_in_file(&err, "a.csv"), ETAS_E_PARSE);
    assert_string_equal(etas_error_format(&err, sizeof line, line),
                        "a.csv:7:3: \"latitude\": not a number");
    assert_string_equal(etas_error_format(&err, 6, line), "a.csv");
}

static void the_server_is_always_named(void **state)
{
    etas_error err = {0};
    char line[256];

    (void)state;
    (void)etas_fail(&err, ETAS_E_NET, "No such file");
    assert_int_equal(etas_error_on_host(&err, "s"), ETAS_E_NET);
    assert_string_equal(etas_error_format(&err, sizeof line, line), "No such file (s)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_message),
        cmocka_unit_test(the_first_error_is_kept),
        cmocka_unit_test(the_server_is_always_named),
        cmocka_unit_test(the_innermost_place_wins_and_is_printed),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
