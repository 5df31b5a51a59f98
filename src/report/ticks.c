/* Where ticks stand: the closest steps whose texts keep apart. */
#include <math.h>
#include <string.h>

#include "etas/time.h"
#include "report/scale.h"

/* A factor of ten and 1, 2 or 5 of it. */
typedef struct step {
    int exponent, factor;
} step;

static void add(etas_ticks *out, double value, bool major)
{
    if (out->n < ETAS_TICKS_MOST)
        out->tick[out->n++] = (etas_tick){.value = value, .major = major};
}

/* Whether neighbours keep a distance: half a line between texts side by side, a line between those
 * one above the other. */
static bool fits(const etas_ticks *ticks, const etas_scale *scale, const etas_letters *how,
                 bool beside)
{
    const etas_tick *last = NULL;

    for (size_t i = 0; i < ticks->n; i++) {
        const etas_tick *const now = &ticks->tick[i];
        double room, need = 2.4 * how->size;

        if (now->text[0] == '\0')
            continue;
        if (last != NULL) {
            room = fabs(etas_scale_place(scale, now->value) - etas_scale_place(scale, last->value));
            if (beside)
                need =
                    fmax((etas_text_width(how, now->text) + etas_text_width(how, last->text)) / 2 +
                             how->size,
                         3.4 * how->size);
            if (room < need)
                return false;
        }
        last = now;
    }
    return true;
}

static size_t count_texts(const etas_ticks *ticks)
{
    size_t n = 0;

    for (size_t i = 0; i < ticks->n; i++)
        n += ticks->tick[i].text[0] != '\0';
    return n;
}

/* ---- linear ---- */

static double multiple(double i, step s)
{
    /* One rounding, so that it is the decimal it looks like. */
    return s.exponent >= 0 ? i * s.factor * pow(10, s.exponent)
                           : i * s.factor / pow(10, -s.exponent);
}

static size_t fixed_text(char out[ETAS_TICK_TEXT], double value, int decimals)
{
    char digits[ETAS_TICK_TEXT];
    const char *const sign = value < 0 ? "\xe2\x88\x92" : "";
    size_t n = etas_format(sizeof digits, digits, "%.*f", decimals, fabs(value));

    if (decimals == 0 && n > 4) /* 10,000 */
        for (size_t i = n - 3; i > 0 && i<n; i -= i> 3 ? 3 : i) {
            memmove(digits + i + 1, digits + i, n - i + 1);
            digits[i] = ',';
            n++;
        }
    return etas_format(ETAS_TICK_TEXT, out, "%s%s", sign, digits);
}

static void power_text(char out[ETAS_TICK_TEXT], double mantissa, int decimals, int exponent)
{
    char front[ETAS_TICK_TEXT];

    (void)fixed_text(front, mantissa, decimals);
    (void)etas_format(ETAS_TICK_TEXT, out, "%s%s10^{%s%d}", mantissa == 1 ? "" : front,
                      mantissa == 1 ? "" : "\xc3\x97", exponent < 0 ? "\xe2\x88\x92" : "",
                      exponent < 0 ? -exponent : exponent);
}

/* Values of a step in the span, with texts; false when there are too many. */
static bool make_linear(etas_ticks *out, const etas_scale *scale, step s)
{
    const double width = multiple(1, s);
    const double first = ceil(scale->span.low / width - 1e-6);
    const double last = floor(scale->span.high / width + 1e-6);
    const double most = fmax(fabs(scale->span.low), fabs(scale->span.high));
    const int power = (int)floor(log10(most) + 1e-9);

    out->n = 0;
    if (last - first >= 30)
        return false;
    for (double i = first; i <= last; i++) {
        etas_tick *tick;

        add(out, multiple(i, s), true);
        tick = &out->tick[out->n - 1];
        if (i == 0)
            (void)etas_format(sizeof tick->text, tick->text, "0");
        else if (power >= 6 || power < -4)
            power_text(tick->text, tick->value / pow(10, power),
                       s.exponent < power ? power - s.exponent : 0, power);
        else
            (void)fixed_text(tick->text, tick->value, s.exponent < 0 ? -s.exponent : 0);
    }
    return true;
}

/* Unmarked fifths or halves between them, when these are not too close. */
static void divide_linear(etas_ticks *ticks, const etas_scale *scale, step s)
{
    const int parts = s.factor == 2 ? 4 : 5;
    const double width = multiple(1, s);
    const double room = fabs(etas_scale_place(scale, scale->span.low + width) -
                             etas_scale_place(scale, scale->span.low));
    const etas_ticks majors = *ticks;
    const double first = ceil(scale->span.low / width - 1e-6) - 1;
    size_t next = 0;

    if (room / parts < 6 || scale->kind != ETAS_SCALE_LINEAR)
        return;
    ticks->n = 0;
    for (double i = first; multiple(i, s) <= scale->span.high; i++) {
        if (next < majors.n && majors.tick[next].value == multiple(i, s))
            ticks->tick[ticks->n++] = majors.tick[next++];
        for (int k = 1; k < parts; k++) {
            const double value = multiple(i + (double)k / parts, s);

            if (value >= scale->span.low && value <= scale->span.high)
                add(ticks, value, false);
        }
    }
}

static void ticks_linear(etas_ticks *out, const etas_scale *scale, const etas_letters *how,
                         bool beside)
{
    static const int factors[] = {1, 2, 5};
    const int start = (int)floor(log10((scale->span.high - scale->span.low) / 30));
    etas_ticks closer = {0};

    for (int i = 0; i < 15; i++) {
        const step s = {start + i / 3, factors[i % 3]};

        if (!make_linear(out, scale, s))
            continue;
        if (out->n == 0)
            break;
        if (fits(out, scale, how, beside)) {
            divide_linear(out, scale, s);
            return;
        }
        closer = *out;
    }
    *out = closer; /* no room for two of them: one says enough */
    for (size_t i = 1; i < out->n; i++)
        out->tick[i].text[0] = '\0';
}

/* ---- logarithmic ---- */

/* Plain numbers where they stay short, powers elsewhere; one kind on an axis. */
static void log_text(etas_tick *tick, const etas_scale *scale, int factor, int exponent)
{
    tick->major = true;
    if (scale->span.low >= 0.9e-3 && scale->span.high <= 1.1e5)
        (void)fixed_text(tick->text, tick->value, exponent < 0 ? -exponent : 0);
    else
        power_text(tick->text, factor, 0, exponent);
}

/* Texts at every @p stride-th power of ten, and at those multiples of it that stand in @p more;
 * minor ticks between. */
static void make_log(etas_ticks *out, const etas_scale *scale, int stride, const char *more)
{
    const double low = scale->span.low, high = scale->span.high;
    const int first = (int)floor(log10(low)), last = (int)ceil(log10(high));
    const double room =
        fabs(scale->to - scale->from) / (log10(high) - log10(low)); /* of a decade */

    out->n = 0;
    for (int e = first; e <= last; e++)
        for (int f = 1; f <= (stride == 1 && room >= 24 ? 9 : 1); f++) {
            const double value = e >= 0 ? f * pow(10, e) : f / pow(10, -e);

            if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9))
                continue;
            add(out, value, false);
            if ((f == 1 && (e % stride + stride) % stride == 0) || strchr(more, '0' + f) != NULL)
                log_text(&out->tick[out->n - 1], scale, f, e);
        }
}

static bool try_log(etas_ticks *out, const etas_scale *scale, const char *more,
                    const etas_letters *how, bool beside)
{
    make_log(out, scale, 1, more);
    return fits(out, scale, how, beside) && count_texts(out) >= 3;
}

static void ticks_log(etas_ticks *out, const etas_scale *scale, const etas_letters *how,
                      bool beside)
{
    const double decades = log10(scale->span.high / scale->span.low);

    if (decades < 3 &&
        (try_log(out, scale, "25", how, beside) || try_log(out, scale, "3", how, beside)))
        return;
    if (decades < 1.3) {
        ticks_linear(out, scale, how, beside);
        if (count_texts(out) >= 2)
            return;
    }
    for (int stride = 1; stride < 400; stride++) {
        make_log(out, scale, stride, "");
        if (fits(out, scale, how, beside))
            break;
    }
    if (count_texts(out) == 0) /* in one decade of a short axis */
        ticks_linear(out, scale, how, beside);
}

/* ---- time ---- */

typedef struct date {
    int year, month;
} date;

static date date_of(double seconds)
{
    char text[32];
    double year = 1970, month = 1;

    (void)etas_time_format((etas_time)(seconds * 1e9), ' ', text);
    (void)etas_parse_double(text, 4, &year);
    (void)etas_parse_double(text + 5, 2, &month);
    return (date){(int)year, (int)month};
}

static double seconds_of(date d)
{
    char text[32];
    const size_t n = etas_format(sizeof text, text, "%04d-%02d-01", d.year, d.month);
    etas_time t = 0;

    if (etas_time_parse(text, n, &t, NULL) != ETAS_OK)
        return NAN;
    return (double)t / 1e9;
}

/* A step of so many seconds, or of months; texts are part of "2026-03-14 12:00:00". */
typedef struct time_step {
    double seconds;
    int months, from, len;
} time_step;

static const time_step time_steps[] = {
    {1, 0, 11, 8},     {5, 0, 11, 8},     {15, 0, 11, 8},    {30, 0, 11, 8},     {60, 0, 11, 5},
    {300, 0, 11, 5},   {900, 0, 11, 5},   {1800, 0, 11, 5},  {3600, 0, 5, 11},   {10800, 0, 5, 11},
    {21600, 0, 5, 11}, {43200, 0, 5, 11}, {86400, 0, 0, 10}, {172800, 0, 0, 10}, {604800, 0, 0, 10},
    {0, 1, 0, 7},      {0, 3, 0, 7},      {0, 6, 0, 7},      {0, 12, 0, 4},      {0, 24, 0, 4},
    {0, 60, 0, 4},     {0, 120, 0, 4},    {0, 240, 0, 4},    {0, 600, 0, 4},     {0, 1200, 0, 4},
};

static void add_time(etas_ticks *out, double seconds, const time_step *s)
{
    char text[32];

    add(out, seconds, true);
    (void)etas_time_format((etas_time)(seconds * 1e9), ' ', text);
    (void)etas_format(ETAS_TICK_TEXT, out->tick[out->n - 1].text, "%.*s", s->len, text + s->from);
}

static bool make_time(etas_ticks *out, const etas_span *span, const time_step *s)
{
    const double length = s->months > 0 ? s->months * 2.6e6 : s->seconds;
    date d;

    out->n = 0;
    if ((span->high - span->low) / length >= 30)
        return false;
    if (s->months == 0) {
        for (double i = ceil(span->low / s->seconds); i * s->seconds <= span->high; i++)
            add_time(out, i * s->seconds, s);
        return true;
    }
    d = date_of(span->low);
    if (s->months >= 12)
        d = (date){d.year - d.year % (s->months / 12), 1};
    else
        d.month -= (d.month - 1) % s->months;
    for (double t = seconds_of(d); !(t > span->high) && d.year < 2262; t = seconds_of(d)) {
        if (t >= span->low)
            add_time(out, t, s);
        d.month += s->months;
        d = (date){d.year + (d.month - 1) / 12, (d.month - 1) % 12 + 1};
    }
    return true;
}

static void ticks_time(etas_ticks *out, const etas_scale *scale, const etas_letters *how,
                       bool beside)
{
    for (size_t i = 0; i < sizeof time_steps / sizeof *time_steps; i++)
        if (make_time(out, &scale->span, &time_steps[i]) && fits(out, scale, how, beside))
            return;
    out->n = 0;
}

void etas_ticks_make(etas_ticks *out, const etas_scale *scale, const etas_letters *how, bool beside)
{
    if (scale->kind == ETAS_SCALE_LOG)
        ticks_log(out, scale, how, beside);
    else if (scale->kind == ETAS_SCALE_TIME)
        ticks_time(out, scale, how, beside);
    else
        ticks_linear(out, scale, how, beside);
}
