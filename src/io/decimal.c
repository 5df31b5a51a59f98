#include "io/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "etas/text.h"

enum { LEAST = -20, MOST = 15, N_POWERS = 17 - LEAST + 1 };

static const long double power[N_POWERS] = {
    1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L,
    1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L,
    1e26L, 1e27L, 1e28L, 1e29L, 1e30L, 1e31L, 1e32L, 1e33L, 1e34L, 1e35L, 1e36L, 1e37L};

/* Whether @p quotient, good to 2^-62, rounds to @p value, as far as it can tell: on the border
 * between two doubles it says yes, and the caller's proof decides. */
static bool rounds_to(long double quotient, double value)
{
    const double nearest = (double)quotient;
    const long double border = ((long double)nearest + (long double)value) / 2;

    return nearest == value || fabsl(quotient - border) <= quotient * 0x1p-62L;
}

/* The fewest of 15 to 17 digits that give @p value back, as an integer m: value is nearly
 * m * 10^(*exponent - *n + 1). @p value lies in [10^LEAST, 10^MOST). */
static uint64_t find_digits(double value, int *exponent, int *n)
{
    uint64_t m = 0;
    int binary, e;

    (void)frexp(value, &binary);
    e = (int)floor((binary - 1) * 0.30102999566398120);
    if (e < LEAST)
        e = LEAST;
    if (e < MOST && (long double)value * power[17 - e] >= 1e18L) /* the estimate is one too low */
        e++;
    for (*n = 15; *n <= 17; ++*n) {
        const long double scale = power[*n - 1 - e];

        m = (uint64_t)llrintl((long double)value * scale);
        if (*n == 17 || rounds_to((long double)m / scale, value))
            break;
    }
    while (m % 10 == 0) {
        m /= 10;
        --*n;
    }
    *exponent = e;
    return m;
}

/* @p n digits of a number whose first one counts 10^exponent, in the manner of printf's %g. */
static char *put_digits(char *at, int n, const char digits[], int exponent)
{
    if (exponent < -4) {
        *at++ = digits[0];
        if (n > 1) {
            *at++ = '.';
            memcpy(at, digits + 1, (size_t)n - 1);
            at += n - 1;
        }
        memcpy(at, "e-", 2);
        at[2] = (char)('0' - exponent / 10);
        at[3] = (char)('0' + -exponent % 10);
        return at + 4;
    }
    if (exponent < 0) {
        memcpy(at, "0.0000", 6);
        at += 1 - exponent;
        memcpy(at, digits, (size_t)n);
        return at + n;
    }
    for (int i = 0; i < n || i <= exponent; i++) {
        if (i == exponent + 1)
            *at++ = '.';
        *at++ = i < n ? digits[i] : '0';
    }
    return at;
}

size_t etas_decimal_put(double value, char out[32])
{
    const double size = fabs(value);
    char digits[24], *at = out;
    int exponent, n;
    uint64_t m;

    if (!(size >= 1e-20 && size < 1e15)) {
        if (value != 0 || signbit(value))
            return etas_format_double(value, out);
        memcpy(out, "0", 2);
        return 1;
    }
    m = find_digits(size, &exponent, &n);
    for (int i = n - 1; i >= 0; i--, m /= 10)
        digits[i] = (char)('0' + m % 10);
    if (value < 0)
        *at++ = '-';
    at = put_digits(at, n, digits, exponent);
    *at = '\0';
    /* extended arithmetic is not exact: reading the digits is the proof */
    if (m != 0 || strtod(out, NULL) != value)
        return etas_format_double(value, out);
    return (size_t)(at - out);
}
