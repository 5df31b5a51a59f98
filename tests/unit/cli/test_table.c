/* Numbers that fit into the columns of a table. */
#include "support/check.h"

#include <math.h>
#include <stdint.h>

#include "table.h"

static void counts_have_five_digits_or_three_significant_ones(void **state)
{
    char text[TABLE_NUMBER];

    (void)state;
    assert_string_equal(table_count(0, text), "0");
    assert_string_equal(table_count(99999, text), "99999");
    assert_string_equal(table_count(100000, text), "100k");
    assert_string_equal(table_count(999499, text), "999k");
    assert_string_equal(table_count(999500, text), "1.00M");
    assert_string_equal(table_count(UINT64_C(12345678), text), "12.3M");
    assert_string_equal(table_count(UINT64_MAX, text), "18447P");
}

static void bytes_are_counted_in_units_of_1024(void **state)
{
    char text[TABLE_NUMBER];

    (void)state;
    assert_string_equal(table_bytes(999, text), "999");
    assert_string_equal(table_bytes(1000, text), "0.98K");
    assert_string_equal(table_bytes(1024, text), "1.00K");
    assert_string_equal(table_bytes(1023 * 1024, text), "1.00M");
    assert_string_equal(table_bytes(UINT64_C(300) << 20, text), "300M");
    assert_string_equal(table_bytes(UINT64_C(3) << 39, text), "1.50T");
}

static void seconds_have_a_unit(void **state)
{
    char text[TABLE_NUMBER];

    (void)state;
    assert_string_equal(table_seconds(0, text), "0.00ms");
    assert_string_equal(table_seconds(1.234e-5, text), "12.3us");
    assert_string_equal(table_seconds(0.99951e-3, text), "1.00ms");
    assert_string_equal(table_seconds(0.0123, text), "12.3ms");
    assert_string_equal(table_seconds(0.9996, text), "1.00s");
    assert_string_equal(table_seconds(119, text), "119s");
    assert_string_equal(table_seconds(180, text), "3.00m");
    assert_string_equal(table_seconds(7200, text), "2.00h");
    assert_string_equal(table_seconds(86400 * 30, text), "30.0d");
    assert_string_equal(table_seconds(NAN, text), "-");
    assert_string_equal(table_seconds(INFINITY, text), "-");
}

static void rates_and_shares_may_be_unknown(void **state)
{
    char text[TABLE_NUMBER];

    (void)state;
    assert_string_equal(table_rate(0.123, text), "0.12");
    assert_string_equal(table_rate(9999, text), "9999");
    assert_string_equal(table_rate(12345, text), "12.3k");
    assert_string_equal(table_rate(NAN, text), "-");
    assert_string_equal(table_share(1, 3, text), "33%");
    assert_string_equal(table_share(1, 0, text), "-");
    assert_string_equal(table_share(0, 0, text), "-");
    assert_string_equal(table_share(NAN, 1, text), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_five_digits_or_three_significant_ones),
        cmocka_unit_test(bytes_are_counted_in_units_of_1024),
        cmocka_unit_test(seconds_have_a_unit),
        cmocka_unit_test(rates_and_shares_may_be_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
