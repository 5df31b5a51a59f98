/* FDSN event text (FDSN web services 1.2, section 3.1.3), as leniently as servers write it. */
#include <math.h>
#include <string.h>

#include "etas/text.h"
#include "io/lines.h"

enum { ID, TIME, LATITUDE, LONGITUDE, MAGNITUDE, N_REQUIRED };
enum { DEPTH = N_REQUIRED, MAGNITUDE_TYPE, EVENT_TYPE, N_COLUMNS };

static const char *const names[N_COLUMNS] = {"EventID",   "Time",     "Latitude", "Longitude",
                                             "Magnitude", "Depth/km", "MagType",  "EventType"};

typedef struct table {
    const etas_catalog_reader *r;
    etas_lines lines;
    size_t n_fields; /* of the header */
    size_t column[N_COLUMNS];
    etas_field field[ETAS_FIELDS]; /* of the current line; one more that is empty */
} table;

static const etas_field missing = {.text = "", .column = 1};

static const etas_field *field_of(const table *t, int which)
{
    return t->column[which] < t->n_fields ? &t->field[t->column[which]] : &missing;
}

/* The current line without the '#' of a header and the empty field behind a '|' at its end. */
static size_t split(table *t, size_t expected)
{
    size_t n = etas_lines_split(&t->lines, '|', t->field);

    if (n > 0 && t->field[0].len > 0 && t->field[0].text[0] == '#') {
        etas_field *first = &t->field[0];

        do {
            first->text++;
            first->len--;
            first->column++;
        } while (first->len > 0 && (*first->text == ' ' || *first->text == '#'));
    }
    if (n > 1 && t->field[n - 1].len == 0 && (expected == 0 || n == expected + 1))
        n--;
    return n;
}

static bool is_header(const table *t)
{
    return etas_field_is(&t->field[0], names[ID]);
}

static etas_status fail_missing(const table *t, const char *name)
{
    const etas_place at = {.line = t->lines.line, .key = name};
    char list[200] = "";
    size_t used = 0;

    for (size_t i = 0; i < t->n_fields && used + 1 < sizeof list; i++)
        used += etas_format(sizeof list - used, list + used, "%s%.*s", i > 0 ? "|" : "",
                            (int)t->field[i].len, t->field[i].text);
    return etas_catalog_fail(t->r, &at, ETAS_E_PARSE,
                             "there is no such column; the header has %s%s", list,
                             used + 1 == sizeof list ? "..." : "");
}

static etas_status take_header(table *t)
{
    t->n_fields = split(t, 0);
    for (int k = 0; k < N_COLUMNS; k++) {
        t->column[k] = SIZE_MAX;
        for (size_t i = t->n_fields; i-- > 0;)
            if (etas_field_is(&t->field[i], names[k]) ||
                (k == DEPTH && etas_field_is(&t->field[i], "Depth")))
                t->column[k] = i;
        if (k < N_REQUIRED && t->column[k] == SIZE_MAX)
            return fail_missing(t, names[k]);
    }
    return ETAS_OK;
}

static etas_status read_time(const table *t, etas_time *out)
{
    const etas_field *f = field_of(t, TIME);
    const etas_place at = etas_field_place(&t->lines, f, names[TIME]);
    etas_error why = {0};

    if (etas_time_parse(f->text, f->len, out, &why) == ETAS_OK)
        return ETAS_OK;
    return etas_catalog_fail(t->r, &at, ETAS_E_PARSE, "%s", why.text);
}

typedef etas_status check(const etas_catalog_reader *r, const etas_place *at, double value);

static etas_status read_number(const table *t, int which, check *within, double *out)
{
    const etas_field *f = field_of(t, which);
    const etas_place at = etas_field_place(&t->lines, f, names[which]);
    const bool optional = which == DEPTH || which == MAGNITUDE;
    etas_status st = optional ? etas_field_number_or_nan(t->r, &t->lines, f, names[which], out)
                              : etas_field_number(t->r, &t->lines, f, names[which], out);

    if (st != ETAS_OK || (optional && isnan(*out)))
        return st;
    return within(t->r, &at, *out);
}

static etas_status read_event(const table *t)
{
    const etas_field *id = field_of(t, ID), *type = field_of(t, EVENT_TYPE),
                     *magnitude_type = field_of(t, MAGNITUDE_TYPE);
    etas_event e = etas_event_blank();
    etas_status st;

    if (!etas_catalog_keeps(t->r, type->len, type->text))
        return ETAS_OK;
    st = read_number(t, MAGNITUDE, etas_catalog_check_mag, &e.mag);
    if (st == ETAS_OK && isnan(e.mag)) {
        t->r->summary->n_no_magnitude++;
        return ETAS_OK;
    }
    if (st == ETAS_OK)
        st = read_time(t, &e.time);
    if (st == ETAS_OK)
        st = read_number(t, LATITUDE, etas_catalog_check_lat, &e.lat);
    if (st == ETAS_OK)
        st = read_number(t, LONGITUDE, etas_catalog_check_lon, &e.lon);
    if (st == ETAS_OK)
        st = read_number(t, DEPTH, etas_catalog_check_depth, &e.depth);
    e.id = id->text;
    e.id_len = id->len;
    return st == ETAS_OK ? etas_catalog_keep(t->r, &e, magnitude_type->len, magnitude_type->text)
                         : st;
}

/* Replies put one behind the other have the header again; other lines with '#' are comments. */
static etas_status read_line(table *t)
{
    const bool comment = t->lines.text[0] == '#';
    const size_t n = split(t, t->n_fields);

    if (is_header(t))
        return take_header(t);
    if (comment)
        return ETAS_OK;
    if (n == t->n_fields)
        return read_event(t);
    return etas_catalog_fail(t->r, &(etas_place){.line = t->lines.line}, ETAS_E_PARSE,
                             "%zu fields; the header has %zu", n, t->n_fields);
}

static bool is_blank(const etas_lines *lines)
{
    for (size_t i = 0; i < lines->len; i++)
        if (lines->text[i] != ' ' && lines->text[i] != '\t')
            return false;
    return true;
}

etas_status etas_catalog_read_fdsn(const etas_catalog_reader *r, size_t len, const char text[])
{
    table t = {.r = r, .lines = {.at = text, .end = text + len}};
    etas_status st = ETAS_OK;

    while (st == ETAS_OK && etas_lines_next(&t.lines)) {
        if (is_blank(&t.lines))
            continue;
        if (t.n_fields > 0) {
            st = read_line(&t);
        } else if (memchr(t.lines.text, '|', t.lines.len) != NULL || t.lines.text[0] != '#') {
            st = take_header(&t);
        }
    }
    if (st == ETAS_OK && t.n_fields == 0)
        st = etas_catalog_fail(r, &(etas_place){.line = 1}, ETAS_E_PARSE,
                               "there is no header; expected #EventID|Time|Latitude|Longitude|...");
    return st;
}
