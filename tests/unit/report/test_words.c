/* Numbers as people say them. */
#include <math.h>
#include <string.h>

#include "report/words.h"
#include "support/check.h"

#define NBSP "\xc2\xa0"

typedef struct said {
    double x;
    const char *text;
} said;

static void check_all(const char *(*say)(double, char[ETAS_WORDS]), size_t n, const said items[])
{
    for (size_t i = 0; i < n; i++) {
        char out[ETAS_WORDS];

        assert_string_equal(say(items[i].x, out), items[i].text);
    }
}
#define CHECK(say, items) check_all(say, sizeof(items) / sizeof *(items), items)

static void counts_have_commas(void **state)
{
    char out[ETAS_WORDS];

    (void)state;
    assert_string_equal(etas_words_count(0, out), "0");
    assert_string_equal(etas_words_count(999, out), "999");
    assert_string_equal(etas_words_count(1000, out), "1,000");
    assert_string_equal(etas_words_count(UINT64_MAX, out), "18,446,744,073,709,551,615");
    assert_string_equal(etas_words_many(1, "event", out), "1 event");
    assert_string_equal(etas_words_many(0, "event", out), "0 events");
    assert_string_equal(etas_words_many(12345, "event", out), "12,345 events");
}

static void numbers_have_three_digits_and_no_exponent(void **state)
{
    static const said items[] = {{0, "0"},
                                 {1, "1"},
                                 {2.8249, "2.82"},
                                 {0.00123456, "0.00123"},
                                 {12.5, "12.5"},
                                 {99.96, "100"},
                                 {999.6, "1,000"},
                                 {12345, "12,300"},
                                 {0.1, "0.1"},
                                 {-1.5, "\xe2\x88\x92"
                                        "1.5"},
                                 {NAN, "-"},
                                 {1e17, "100,000,000,000,000,000"}};

    (void)state;
    CHECK(etas_words_number, items);
}

static void probabilities_have_two_digits(void **state)
{
    static const said items[] = {{0, "0" NBSP "%"},
                                 {0.043, "4.3" NBSP "%"},
                                 {0.1384, "14" NBSP "%"},
                                 {0.5, "50" NBSP "%"},
                                 {0.00012, "0.012" NBSP "%"},
                                 {0.997, "99.7" NBSP "%"},
                                 {0.9999, "more than 99.9" NBSP "%"},
                                 {1, "more than 99.9" NBSP "%"}};

    (void)state;
    CHECK(etas_words_probability, items);
}

static void frequencies_are_natural(void **state)
{
    static const said items[] = {
        {0, "never seen"},        {1. / 23, "about 1 in 23"}, {0.14, "about 14 in 100"},
        {0.1, "about 10 in 100"}, {0.0999, "about 1 in 10"},  {0.00019, "about 1 in 5,300"},
        {0.999, "nearly always"}, {0.991, "about 99 in 100"}, {1e-17, "practically never"}};

    (void)state;
    CHECK(etas_words_frequency, items);
}

static void spans_have_units(void **state)
{
    static const said days[] = {{1, "1" NBSP "day"},          {7, "1" NBSP "week"},
                                {30, "30" NBSP "days"},       {365.25, "1" NBSP "year"},
                                {18262.5, "50" NBSP "years"}, {0.25, "6" NBSP "hours"},
                                {1. / 24, "1" NBSP "hour"},   {12.5, "12.5" NBSP "days"}};
    static const said seconds[] = {{0.0000123, "12.3" NBSP "\xc2\xb5s"},
                                   {0.35, "350" NBSP "ms"},
                                   {12, "12" NBSP "s"},
                                   {204, "3.4" NBSP "min"},
                                   {7560, "2.1" NBSP "h"},
                                   {172800, "2" NBSP "d"},
                                   {0, "0" NBSP "\xc2\xb5s"},
                                   {NAN, "-"},
                                   {-1, "-"},
                                   {INFINITY, "-"}};
    static const said bytes[] = {{0, "0" NBSP "B"},
                                 {999, "999" NBSP "B"},
                                 {1048576, "1" NBSP "MiB"},
                                 {12.3 * 1073741824, "12.3" NBSP "GiB"}};

    (void)state;
    CHECK(etas_words_days, days);
    CHECK(etas_words_seconds, seconds);
    CHECK(etas_words_bytes, bytes);
}

static void nothing_is_too_long(void **state)
{
    static const double extreme[] = {1e-300, 1e300, -1e300,    INFINITY, -INFINITY, 5e-324,
                                     1e18,   1e-15, 0.9999999, 1.7e308,  -0.0};

    (void)state;
    for (size_t i = 0; i < sizeof extreme / sizeof *extreme; i++) {
        char out[ETAS_WORDS];

        assert_true(strlen(etas_words_number(extreme[i], out)) < ETAS_WORDS);
        assert_true(strlen(etas_words_probability(extreme[i], out)) < ETAS_WORDS);
        assert_true(strlen(etas_words_frequency(extreme[i], out)) < ETAS_WORDS);
        assert_true(strlen(etas_words_days(fabs(extreme[i]), out)) < ETAS_WORDS);
        assert_true(strlen(etas_words_seconds(extreme[i], out)) < ETAS_WORDS);
        assert_true(strlen(etas_words_bytes(fabs(extreme[i]), out)) < ETAS_WORDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_commas),
        cmocka_unit_test(numbers_have_three_digits_and_no_exponent),
        cmocka_unit_test(probabilities_have_two_digits),
        cmocka_unit_test(frequencies_are_natural),
        cmocka_unit_test(spans_have_units),
        cmocka_unit_test(nothing_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
