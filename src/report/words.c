#include "report/words.h"

#include <math.h>
#include <string.h>

#include "etas/text.h"

static const char nbsp[] = "\xc2\xa0";

const char *etas_words_count(uint64_t n, char out[ETAS_WORDS])
{
    char digits[24];
    const size_t len = etas_format(sizeof digits, digits, "%llu", (unsigned long long)n);
    size_t at = 0;

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

const char *etas_words_many(uint64_t n, const char *thing, char out[ETAS_WORDS])
{
    char number[ETAS_WORDS];

    (void)etas_format(ETAS_WORDS, out, "%s %s%s", etas_words_count(n, number), thing,
                      n == 1 ? "" : "s");
    return out;
}

/* @p x > 0 with so many significant digits, no exponent, no zeros behind the point. */
static const char *significant(double x, int digits, char out[ETAS_WORDS])
{
    const int magnitude = (int)floor(log10(x));
    const int decimals = digits - 1 - magnitude;
    size_t len;

    if (decimals <= 0) {
        const double unit = pow(10, -decimals);

        return etas_words_count((uint64_t)(floor(x / unit + 0.5) * unit), out);
    }
    len = etas_format(ETAS_WORDS, out, "%.*f", decimals > 20 ? 20 : decimals, x);
    while (len > 0 && strchr(out, '.') != NULL && (out[len - 1] == '0' || out[len - 1] == '.')) {
        const bool point = out[len - 1] == '.';

        out[--len] = '\0';
        if (point)
            break;
    }
    return out;
}

const char *etas_words_number(double x, char out[ETAS_WORDS])
{
    if (!isfinite(x) || fabs(x) > 1e18)
        (void)etas_format(ETAS_WORDS, out, isnan(x) ? "-" : "%.3g", x);
    else if (fabs(x) < 1e-15)
        (void)etas_format(ETAS_WORDS, out, "0");
    else if (x < 0)
        (void)etas_format(ETAS_WORDS, out, "\xe2\x88\x92%s",
                          significant(-x, 3, (char[ETAS_WORDS]){0}));
    else
        (void)significant(x, 3, out);
    return out;
}

const char *etas_words_probability(double p, char out[ETAS_WORDS])
{
    char number[ETAS_WORDS];
    const double percent = 100 * p;

    if (!(percent > 0))
        (void)etas_format(ETAS_WORDS, out, "0%s%%", nbsp);
    else if (percent > 99.95)
        (void)etas_format(ETAS_WORDS, out, "more than 99.9%s%%", nbsp);
    else if (percent >= 98.95)
        (void)etas_format(ETAS_WORDS, out, "%.1f%s%%", percent, nbsp);
    else if (percent < 1e-9)
        (void)etas_format(ETAS_WORDS, out, "less than 0.000000001%s%%", nbsp);
    else
        (void)etas_format(ETAS_WORDS, out, "%s%s%%", significant(percent, 2, number), nbsp);
    return out;
}

const char *etas_words_frequency(double p, char out[ETAS_WORDS])
{
    char number[ETAS_WORDS];

    if (!(p > 0))
        (void)etas_format(ETAS_WORDS, out, "never seen");
    else if (p >= 0.995)
        (void)etas_format(ETAS_WORDS, out, "nearly always");
    else if (p >= 0.1)
        (void)etas_format(ETAS_WORDS, out, "about %.0f in 100", 100 * p);
    else if (p < 1e-15)
        (void)etas_format(ETAS_WORDS, out, "practically never");
    else
        (void)etas_format(ETAS_WORDS, out, "about 1 in %s", significant(1 / p, 2, number));
    return out;
}

const char *etas_words_days(double days, char out[ETAS_WORDS])
{
    const double years = days / 365.25;
    char number[ETAS_WORDS];
    const char *unit = "day";
    double n = days;

    if (days == 7) {
        n = 1;
        unit = "week";
    } else if (years >= 1.999 || fabs(years - 1) < 1e-3) {
        n = years;
        unit = "year";
    } else if (days < 1) {
        n = 24 * days;
        unit = "hour";
    }
    (void)etas_words_number(n, number);
    (void)etas_format(ETAS_WORDS, out, "%s%s%s%s", number, nbsp, unit,
                      strcmp(number, "1") == 0 ? "" : "s");
    return out;
}

const char *etas_words_seconds(double s, char out[ETAS_WORDS])
{
    static const struct {
        double least, size;
        const char *unit;
    } units[] = {{2 * 86400, 86400, "d"}, {2 * 3600, 3600, "h"}, {120, 60, "min"}, {1, 1, "s"},
                 {1e-3, 1e-3, "ms"},      {0, 1e-6, "\xc2\xb5s"}};
    char number[ETAS_WORDS];
    size_t k = 0;

    if (!isfinite(s) || s < 0)
        return memcpy(out, "-", 2);
    while (s < units[k].least)
        k++;
    (void)etas_format(ETAS_WORDS, out, "%s%s%s", etas_words_number(s / units[k].size, number), nbsp,
                      units[k].unit);
    return out;
}

const char *etas_words_bytes(double n, char out[ETAS_WORDS])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    char number[ETAS_WORDS];
    size_t k = 0;

    for (; n >= 1000 && k + 1 < sizeof units / sizeof *units; k++)
        n /= 1024;
    (void)etas_format(ETAS_WORDS, out, "%s%s%s", etas_words_number(n, number), nbsp, units[k]);
    return out;
}
