#include "io/decimal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/text.h"
#include "support/check.h"

static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void check_value(double value)
{
    char got[32], plain[32];
    const size_t len = etas_decimal_put(value, got), plain_len = etas_format_double(value, plain);
    const double back = strtod(got, NULL);
    uint64_t back_bits, bits;

    memcpy(&back_bits, &back, sizeof back);
    memcpy(&bits, &value, sizeof value);
    assert_int_equal(len, strlen(got));
    if (back_bits != bits || len != plain_len)
        fail_msg("%.17g gives %s instead of %s", value, got, plain);
}

static void ordinary_values_read_as_printf_has_them(void **state)
{
    static const double values[] = {0,
                                    1,
                                    -1,
                                    10,
                                    0.1,
                                    2.3,
                                    1e-4,
                                    1e-5,
                                    1.5e-5,
                                    123456,
                                    1e14,
                                    99999999,
                                    0.5,
                                    1.0 / 3,
                                    -2e-20,
                                    1e-10,
                                    9.995,
                                    11174.1,
                                    0.00012345,
                                    1e15,
                                    1e300,
                                    5e-324,
                                    1e-21,
                                    9.9999999999999995e-05,
                                    3.0000000000000004,
                                    0.99999999999999989,
                                    999999999999999.88,
                                    1e-19,
                                    123456789012345};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char got[32], want[32];

        etas_decimal_put(values[i], got);
        etas_format_double(values[i], want);
        assert_string_equal(got, want);
    }
    check_value(-0.0);
}

static void every_kind_of_double_reads_back_bit_for_bit(void **state)
{
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        const uint64_t bits = draw(&seed);
        double value;

        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check_value(value);
        check_value((double)(draw(&seed) >> 11) * 0x1p-53);
        check_value(ldexp((double)(draw(&seed) >> 11), (int)(draw(&seed) % 120) - 115));
        check_value((double)(draw(&seed) % 2000000) / 1e4);
    }
}

static void neighbours_of_powers_of_ten_read_back(void **state)
{
    (void)state;
    for (int e = -25; e <= 20; e++) {
        char text[16];
        double value;

        etas_format(sizeof text, text, "1e%d", e);
        value = strtod(text, NULL);
        for (int i = 0; i < 50; i++)
            value = nextafter(value, 0);
        for (int i = 0; i < 100; i++, value = nextafter(value, INFINITY))
            check_value(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_values_read_as_printf_has_them),
        cmocka_unit_test(every_kind_of_double_reads_back_bit_for_bit),
        cmocka_unit_test(neighbours_of_powers_of_ten_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
