#include "support/check.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "etas/text.h"

static bool parses(const char *text, double *out)
{
    return etas_parse_double(text, strlen(text), out);
}

static void numbers_are_read_whole_or_not_at_all(void **state)
{
    double x = 0;
    int64_t i = 0;
    uint64_t u = 0;

    (void)state;
    assert_true(parses(" -2.5e3 ", &x));
    assert_true(x == -2500);
    assert_true(parses("inf", &x) && isinf(x));
    assert_true(parses("NaN", &x) && isnan(x));
    assert_false(parses("", &x));
    assert_false(parses("1.5x", &x));
    assert_false(parses("0x10", &x));
    assert_false(parses("1 2", &x));
    assert_true(etas_parse_i64("-9223372036854775808", 20, &i) && i == INT64_MIN);
    assert_false(etas_parse_i64("9223372036854775808", 19, &i));
    assert_true(etas_parse_u64("18446744073709551615", 20, &u) && u == UINT64_MAX);
    assert_false(etas_parse_u64("-1", 2, &u));
}

static void durations_take_units(void **state)
{
    double s = 0;

    (void)state;
    assert_true(etas_parse_duration("30s", &s) && s == 30);
    assert_true(etas_parse_duration("15m", &s) && s == 900);
    assert_true(etas_parse_duration("2h", &s) && s == 7200);
    assert_true(etas_parse_duration("0.5d", &s) && s == 43200);
    assert_true(etas_parse_duration("7", &s) && s == 7);
    assert_false(etas_parse_duration("-1s", &s));
    assert_false(etas_parse_duration("h", &s));
    assert_false(etas_parse_duration("1y", &s));
    assert_false(etas_parse_duration("inf", &s));
}

static void doubles_read_back_to_the_same_bits(void **state)
{
    uint64_t x = 88172645463325252u;
    char out[32];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        double d, back;

        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        memcpy(&d, &x, sizeof d);
        if (!isfinite(d))
            continue;
        etas_format_double(d, out);
        back = strtod(out, NULL);
        assert_memory_equal(&d, &back, sizeof d);
    }
    etas_format_double(0.1, out);
    assert_string_equal(out, "0.1");
    etas_format_double(-INFINITY, out);
    assert_string_equal(out, "-Infinity");
}

static void formatting_never_overruns(void **state)
{
    char out[8] = "aaaaaaa";
    etas_text text = {0};

    (void)state;
    assert_int_equal(etas_format(4, out, "%s", "overlong"), 3);
    assert_string_equal(out, "ove");
    assert_int_equal(out[4], 'a');
    for (int i = 0; i < 100; i++)
        check_ok(etas_text_printf(&text, "%02d", i), NULL);
    check_ok(etas_text_append(&text, 2, "\0x"), NULL);
    assert_int_equal(text.len, 202);
    assert_memory_equal(text.data + 196, "9899\0x", 7);
    etas_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(durations_take_units),
        cmocka_unit_test(doubles_read_back_to_the_same_bits),
        cmocka_unit_test(formatting_never_overruns),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
