/* ZMAP: numbers between spaces or tabs, no header; lon lat year month day magnitude depth hour
 * minute [second], further columns mean nothing here. */
#include <math.h>
#include <string.h>

#include "etas/text.h"
#include "io/lines.h"

enum { LON, LAT, YEAR, MONTH, DAY, MAG, DEPTH, HOUR, MINUTE, N_REQUIRED, SECOND = N_REQUIRED, N };

static const char *const names[N] = {"longitude", "latitude", "year", "month",  "day",
                                     "magnitude", "depth",    "hour", "minute", "second"};

/* A decimal year and a date that are further apart contradict each other: years are written with
 * two digits or more. */
#define YEAR_TOLERANCE 0.02

typedef struct row {
    const etas_catalog_reader *r;
    etas_lines lines;
    etas_field field[ETAS_FIELDS];
    double value[N];
} row;

static bool is_comment(const row *w, size_t n)
{
    return n == 0 || *w->field[0].text == '#' || *w->field[0].text == '%';
}

static etas_status fail_at(const row *w, int which, const char *what)
{
    const etas_place at = etas_field_place(&w->lines, &w->field[which], names[which]);
    char shown[ETAS_EXCERPT];

    return etas_catalog_fail(w->r, &at, ETAS_E_RANGE, "\"%s\" is not %s",
                             etas_excerpt(w->field[which].len, w->field[which].text, shown), what);
}

static etas_status read_numbers(row *w, size_t n)
{
    etas_status st = ETAS_OK;

    if (n < N_REQUIRED)
        return etas_catalog_fail(w->r, &(etas_place){.line = w->lines.line}, ETAS_E_PARSE,
                                 "%zu columns; expected lon lat year month day magnitude depth "
                                 "hour minute [second]",
                                 n);
    w->value[SECOND] = 0;
    for (int k = 0; st == ETAS_OK && k < N && (size_t)k < n; k++)
        st = etas_field_number(w->r, &w->lines, &w->field[k], names[k], &w->value[k]);
    return st;
}

static bool is_whole(double value, double low, double high)
{
    return value >= low && value <= high && floor(value) == value;
}

static bool is_leap(double year)
{
    return (fmod(year, 4) == 0 && fmod(year, 100) != 0) || fmod(year, 400) == 0;
}

/* How much of the year has gone by at the beginning of that day. */
static double part_of_year(double year, double month, double day)
{
    static const double before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const double leap = is_leap(year) ? 1 : 0;

    return (before[(int)month - 1] + (month > 2 ? leap : 0) + day - 1) / (365 + leap);
}

/* The year of the date. A decimal year says it too, but rounded: 2011.00 may be in December 2010;
 * in a file where some year has a fraction, all are decimal. */
static etas_status whole_year(row *w, bool decimal)
{
    const double given = w->value[YEAR];
    double best = floor(given);

    if (!(given >= 1678 && given < 2262))
        return fail_at(w, YEAR, "a year from 1678 to 2261");
    if (!decimal)
        return ETAS_OK;
    for (double y = floor(given) - 1; y <= floor(given) + 1; y++)
        if (fabs(y + part_of_year(y, w->value[MONTH], w->value[DAY]) - given) <
            fabs(best + part_of_year(best, w->value[MONTH], w->value[DAY]) - given))
            best = y;
    if (fabs(best + part_of_year(best, w->value[MONTH], w->value[DAY]) - given) > YEAR_TOLERANCE)
        return fail_at(w, YEAR, "the decimal year of that month and day");
    w->value[YEAR] = best;
    return ETAS_OK;
}

static etas_status read_time(row *w, bool decimal, etas_time *out)
{
    char text[40];
    etas_error why = {0};
    etas_status st = ETAS_OK;

    if (!is_whole(w->value[MONTH], 1, 12))
        return fail_at(w, MONTH, "a month");
    if (!is_whole(w->value[DAY], 1, 31))
        return fail_at(w, DAY, "a day");
    if (!is_whole(w->value[HOUR], 0, 23))
        return fail_at(w, HOUR, "an hour");
    if (!is_whole(w->value[MINUTE], 0, 59))
        return fail_at(w, MINUTE, "a minute");
    if (!(w->value[SECOND] >= 0 && w->value[SECOND] <= 60)) /* 59.99 may have become 60.0 */
        return fail_at(w, SECOND, "a second");
    st = whole_year(w, decimal);
    if (st != ETAS_OK)
        return st;
    etas_format(sizeof text, text, "%04.0f-%02.0f-%02.0f %02.0f:%02.0f", w->value[YEAR],
                w->value[MONTH], w->value[DAY], w->value[HOUR], w->value[MINUTE]);
    if (etas_time_parse(text, strlen(text), out, &why) != ETAS_OK)
        return fail_at(w, DAY, "a day of that month");
    *out += llround(w->value[SECOND] * 1e9);
    return ETAS_OK;
}

static etas_status read_event(row *w, bool decimal)
{
    const etas_place lat = etas_field_place(&w->lines, &w->field[LAT], names[LAT]),
                     lon = etas_field_place(&w->lines, &w->field[LON], names[LON]),
                     mag = etas_field_place(&w->lines, &w->field[MAG], names[MAG]),
                     depth = etas_field_place(&w->lines, &w->field[DEPTH], names[DEPTH]);
    etas_event e = etas_event_blank();
    etas_status st;

    e.lat = w->value[LAT];
    e.lon = w->value[LON];
    e.mag = w->value[MAG];
    e.depth = w->value[DEPTH];
    w->r->summary->n_events++;
    if (isnan(e.mag)) {
        w->r->summary->n_no_magnitude++;
        return ETAS_OK;
    }
    st = etas_catalog_check_lat(w->r, &lat, e.lat);
    if (st == ETAS_OK)
        st = etas_catalog_check_lon(w->r, &lon, e.lon);
    if (st == ETAS_OK)
        st = etas_catalog_check_mag(w->r, &mag, e.mag);
    if (st == ETAS_OK)
        st = etas_catalog_check_depth(w->r, &depth, e.depth);
    if (st == ETAS_OK)
        st = read_time(w, decimal, &e.time);
    return st == ETAS_OK ? etas_catalog_keep(w->r, &e, 0, "") : st;
}

/* Whether some year has a fraction. */
static bool years_are_decimal(size_t len, const char text[])
{
    row w = {.lines = {.at = text, .end = text + len}};

    while (etas_lines_next(&w.lines)) {
        const size_t n = etas_lines_split(&w.lines, ' ', w.field);
        double year;

        if (!is_comment(&w, n) && n > YEAR &&
            etas_parse_double(w.field[YEAR].text, w.field[YEAR].len, &year) && floor(year) != year)
            return true;
    }
    return false;
}

etas_status etas_catalog_read_zmap(const etas_catalog_reader *r, size_t len, const char text[])
{
    const bool decimal = years_are_decimal(len, text);
    row w = {.r = r, .lines = {.at = text, .end = text + len}};
    etas_status st = ETAS_OK;

    while (st == ETAS_OK && etas_lines_next(&w.lines)) {
        const size_t n = etas_lines_split(&w.lines, ' ', w.field);

        if (is_comment(&w, n))
            continue;
        st = read_numbers(&w, n);
        if (st == ETAS_OK)
            st = read_event(&w, decimal);
    }
    return st;
}
