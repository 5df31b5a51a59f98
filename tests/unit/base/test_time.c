#include "support/check.h"

#include <string.h>

#include "etas/time.h"

static etas_time must_parse(const char *text)
{
    etas_error err = {0};
    etas_time t = 0;

    check_ok(etas_time_parse(text, strlen(text), &t, &err), &err);
    return t;
}

static void known_instants_are_read(void **state)
{
    (void)state;
    assert_int_equal(must_parse("1970-01-01 00:00:00"), 0);
    assert_int_equal(must_parse("1970-01-01"), 0);
    assert_int_equal(must_parse("2000-02-29T12:00:00.5Z"), 951825600500000000);
    assert_int_equal(must_parse("1969-12-31 23:59:59.999999999"), -1);
    assert_int_equal(must_parse("1971-01-02 20:23:51.985259000"), 31695831985259000);
    assert_int_equal(must_parse("2020-01-01 01:00:00+01:00"), must_parse("2020-01-01"));
    assert_int_equal(must_parse("2019-12-31 22:30-0130"), must_parse("2020-01-01"));
}

static void bad_times_are_refused_with_a_reason(void **state)
{
    static const char *const bad[] = {"",
                                      "2020",
                                      "2020-13-01",
                                      "2019-02-29 00:00:00",
                                      "1900-02-29",
                                      "2020-01-01 24:00:00",
                                      "2020-01-01 00:00:60",
                                      "2020-01-01 00:00:00.",
                                      "2020-01-01 00:00:00 x",
                                      "2020-01-01 00:00:00.1234567890",
                                      "1500-01-01",
                                      "2300-01-01"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        etas_error err = {0};
        etas_time t;

        assert_int_equal(etas_time_parse(bad[i], strlen(bad[i]), &t, &err), ETAS_E_PARSE);
        assert_non_null(strstr(err.text, "YYYY-MM-DD"));
    }
}

static void every_day_of_four_centuries_reads_back(void **state)
{
    char text[32];

    (void)state;
    for (etas_time day = -106000; day < 106000; day++) {
        const etas_time t = day * ETAS_NS_PER_DAY + 86399999999000;

        etas_time_format(t, 'T', text);
        assert_int_equal(must_parse(text), t);
    }
    etas_time_format(-1, ' ', text);
    assert_string_equal(text, "1969-12-31 23:59:59.999999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_instants_are_read),
        cmocka_unit_test(bad_times_are_refused_with_a_reason),
        cmocka_unit_test(every_day_of_four_centuries_reads_back),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
