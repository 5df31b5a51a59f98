/* pyCSEP's CSV: lon,lat,mag,time_string,depth,catalog_id,event_id, known by position. */
#include <math.h>
#include <string.h>

#include "io/catalog_reader.h"
#include "io/csv.h"

enum { LON, LAT, MAG, TIME, DEPTH, CATALOG_ID, EVENT_ID, N };

typedef struct reader {
    const etas_catalog_reader *r;
    etas_csv csv;
    etas_text catalog_id; /* of the rows before */
    bool has_rows;
} reader;

static bool is_empty(const reader *s, int column)
{
    const etas_csv_field *f = &s->csv.field[column];

    for (size_t i = 0; i < f->len; i++)
        if (f->text[i] != ' ')
            return false;
    return true;
}

/* A file of several catalogues is a forecast: taken together they would be one that never was. */
static etas_status check_catalog(reader *s)
{
    const etas_csv_field *f = &s->csv.field[CATALOG_ID];
    const etas_place at = {f->line, f->column, s->csv.column[CATALOG_ID]};
    char before[ETAS_EXCERPT], now[ETAS_EXCERPT];

    if (!s->has_rows) {
        s->has_rows = true;
        if (etas_text_append(&s->catalog_id, f->len, f->text) != ETAS_OK)
            return etas_fail(s->r->err, ETAS_E_NOMEM, "out of memory for %s", s->r->name);
        return ETAS_OK;
    }
    if (f->len == s->catalog_id.len && memcmp(f->text, s->catalog_id.data, f->len) == 0)
        return ETAS_OK;
    return etas_catalog_fail(s->r, &at, ETAS_E_PARSE,
                             "\"%s\" after \"%s\": a forecast of several catalogues; expected one",
                             etas_excerpt(f->len, f->text, now),
                             etas_excerpt(s->catalog_id.len, s->catalog_id.data, before));
}

static etas_status read_depth(const reader *s, double *out)
{
    const etas_csv_field *f = &s->csv.field[DEPTH];
    const etas_place at = {f->line, f->column, s->csv.column[DEPTH]};
    etas_status st = ETAS_OK;

    *out = NAN;
    if (f->len != 4 || memcmp(f->text, "None", 4) != 0) /* as Python writes nothing */
        st = etas_csv_number_or_nan(&s->csv, DEPTH, out, s->r->err);
    return st == ETAS_OK ? etas_catalog_check_depth(s->r, &at, *out) : st;
}

/* A catalogue without events is a row that has its number alone. */
static etas_status read_event(reader *s)
{
    const etas_catalog_reader *r = s->r;
    etas_event e = etas_event_blank();
    etas_status st = check_catalog(s);

    if (st != ETAS_OK)
        return st;
    if (is_empty(s, LON) && is_empty(s, LAT) && is_empty(s, MAG) && is_empty(s, TIME))
        return ETAS_OK;
    r->summary->n_events++;
    if (is_empty(s, MAG)) {
        r->summary->n_no_magnitude++;
        return ETAS_OK;
    }
    st = etas_csv_number(&s->csv, LON, -180, 360, &e.lon, r->err);
    if (st == ETAS_OK)
        st = etas_csv_number(&s->csv, LAT, -90, 90, &e.lat, r->err);
    if (st == ETAS_OK)
        st = etas_csv_number(&s->csv, MAG, -10, 12, &e.mag, r->err);
    if (st == ETAS_OK)
        st = etas_csv_time(&s->csv, TIME, &e.time, r->err);
    if (st == ETAS_OK)
        st = read_depth(s, &e.depth);
    if (st == ETAS_OK)
        st = etas_csv_text(&s->csv, EVENT_ID, &e.id, &e.id_len, r->err);
    for (; st == ETAS_OK && e.id_len > 0 && *e.id == ' '; e.id_len--)
        e.id++;
    return st == ETAS_OK ? etas_catalog_keep(r, &e, 0, "") : st;
}

etas_status etas_catalog_read_csep(const etas_catalog_reader *r, size_t len, const char text[])
{
    reader s = {.r = r};
    bool more = true;
    etas_status st = etas_csv_open(&s.csv, len, text, r->name, r->err);

    if (st == ETAS_OK && s.csv.n_columns != N)
        st = etas_catalog_fail(r, &(etas_place){.line = 1}, ETAS_E_PARSE,
                               "%zu columns; expected lon,lat,mag,time_string,depth,catalog_id,"
                               "event_id",
                               s.csv.n_columns);
    while (st == ETAS_OK) {
        st = etas_csv_next(&s.csv, &more, r->err);
        if (st != ETAS_OK || !more)
            break;
        st = read_event(&s);
    }
    etas_csv_free(&s.csv);
    etas_text_free(&s.catalog_id);
    return st;
}
