#include "etas/time.h"

#include <stdbool.h>

/* Days since 1970-01-01 of a proleptic Gregorian date; March-based years make leap days last. */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    const int64_t year = m <= 2 ? y - 1 : y;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t yoe = year - era * 400;
    const int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_from_days(int64_t days, int64_t *y, int64_t *m, int64_t *d)
{
    const int64_t z = days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t mp = (5 * doy + 2) / 153;

    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp < 10 ? mp + 3 : mp - 9;
    *y = yoe + era * 400 + (*m <= 2 ? 1 : 0);
}

typedef struct cursor {
    const char *text;
    size_t pos, len;
} cursor;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool digits(cursor *c, int count, int64_t *out)
{
    int64_t value = 0;

    for (int i = 0; i < count; i++, c->pos++) {
        if (c->pos >= c->len || !is_digit(c->text[c->pos]))
            return false;
        value = value * 10 + (c->text[c->pos] - '0');
    }
    *out = value;
    return true;
}

static bool accept(cursor *c, char want)
{
    if (c->pos >= c->len || c->text[c->pos] != want)
        return false;
    c->pos++;
    return true;
}

static bool date_part(cursor *c, int64_t *days)
{
    static const int64_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t y, m, d;
    bool leap;

    if (!digits(c, 4, &y) || !accept(c, '-') || !digits(c, 2, &m) || !accept(c, '-') ||
        !digits(c, 2, &d))
        return false;
    leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (y < 1678 || y > 2261 || m < 1 || m > 12 || d < 1 ||
        d > month_days[m - 1] + (m == 2 && leap ? 1 : 0))
        return false;
    *days = days_from_civil(y, m, d);
    return true;
}

/* HH:MM[:SS[.f{1,9}]] in nanoseconds since midnight */
static bool clock_part(cursor *c, int64_t *ns)
{
    int64_t h, m, s = 0, fraction = 0, scale = ETAS_NS_PER_S;

    if (!digits(c, 2, &h) || !accept(c, ':') || !digits(c, 2, &m) || h > 23 || m > 59)
        return false;
    if (accept(c, ':')) {
        if (!digits(c, 2, &s) || s > 59)
            return false;
        if (accept(c, '.')) {
            const size_t start = c->pos;

            while (c->pos < c->len && is_digit(c->text[c->pos]) && c->pos - start < 9) {
                scale /= 10;
                fraction += (c->text[c->pos++] - '0') * scale;
            }
            if (c->pos == start)
                return false;
        }
    }
    *ns = ((h * 60 + m) * 60 + s) * ETAS_NS_PER_S + fraction;
    return true;
}

static bool zone_part(cursor *c, int64_t *ns)
{
    int64_t h, m, sign;

    *ns = 0;
    if (c->pos == c->len || accept(c, 'Z') || accept(c, 'z'))
        return true;
    sign = c->text[c->pos] == '-' ? -1 : 1;
    if (!accept(c, '+') && !accept(c, '-'))
        return false;
    if (!digits(c, 2, &h))
        return false;
    (void)accept(c, ':');
    if (!digits(c, 2, &m) || h > 23 || m > 59)
        return false;
    *ns = sign * (h * 60 + m) * 60 * ETAS_NS_PER_S;
    return true;
}

static bool parse(cursor *c, etas_time *out)
{
    int64_t days, clock = 0, zone = 0;

    if (!date_part(c, &days))
        return false;
    if (c->pos < c->len) {
        if (!accept(c, ' ') && !accept(c, 'T') && !accept(c, 't'))
            return false;
        if (!clock_part(c, &clock) || !zone_part(c, &zone))
            return false;
    }
    if (c->pos != c->len)
        return false;
    *out = days * ETAS_NS_PER_DAY + clock - zone;
    return true;
}

etas_status etas_time_parse(const char *text, size_t len, etas_time *out, etas_error *err)
{
    cursor c = {.text = text, .len = len};
    size_t lead = 0;

    while (lead < c.len && c.text[lead] == ' ')
        lead++;
    c.pos = lead;
    while (c.len > lead && c.text[c.len - 1] == ' ')
        c.len--;
    if (parse(&c, out))
        return ETAS_OK;
    return etas_fail(err, ETAS_E_PARSE,
                     "time \"%.*s\" is not YYYY-MM-DD HH:MM:SS[.ffffff] (stopped at character %zu)",
                     (int)(len < 48 ? len : 48), text, c.pos + 1);
}

static char *put_digits(char *at, size_t n, int64_t value)
{
    for (size_t i = n; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + n;
}

/* Without printf: files have millions of times. Years have four digits, from 1677 to 2262. */
size_t etas_time_format(etas_time t, char sep, char out[32])
{
    int64_t days = t / ETAS_NS_PER_DAY, rest = t % ETAS_NS_PER_DAY, y, m, d, s;
    char *at = out;

    if (rest < 0) {
        rest += ETAS_NS_PER_DAY;
        days--;
    }
    civil_from_days(days, &y, &m, &d);
    s = rest / ETAS_NS_PER_S;
    at = put_digits(at, 4, y);
    *at++ = '-';
    at = put_digits(at, 2, m);
    *at++ = '-';
    at = put_digits(at, 2, d);
    *at++ = sep;
    at = put_digits(at, 2, s / 3600);
    *at++ = ':';
    at = put_digits(at, 2, s / 60 % 60);
    *at++ = ':';
    at = put_digits(at, 2, s % 60);
    *at++ = '.';
    at = put_digits(at, 6, rest % ETAS_NS_PER_S / 1000);
    *at = '\0';
    return (size_t)(at - out);
}
