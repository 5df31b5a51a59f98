#include "io/fdsn_events.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/catalog_input.h"
#include "io/lines.h"

void etas_fdsn_events_free(etas_fdsn_events *self)
{
    etas_array_free((void **)&self->event);
    etas_text_free(&self->text);
    *self = (etas_fdsn_events){0};
}

etas_status etas_fdsn_events_add(etas_fdsn_events *self, const etas_fdsn_event *e)
{
    etas_status st = etas_array_reserve((void **)&self->event, &self->capacity, self->n + 1,
                                        sizeof *self->event);

    if (st == ETAS_OK)
        self->event[self->n++] = *e;
    return st;
}

/* ---- text ---- */

enum { ID, TIME, LATITUDE, LONGITUDE, N_COLUMNS };

static const char *const names[N_COLUMNS] = {"EventID", "Time", "Latitude", "Longitude"};

static size_t split(const etas_lines *lines, etas_field field[ETAS_FIELDS])
{
    const size_t n = etas_lines_split(lines, '|', field);

    while (field[0].len > 0 && (*field[0].text == '#' || *field[0].text == ' ')) {
        field[0].text++;
        field[0].len--;
    }
    return n;
}

static void find_columns(size_t n, const etas_field field[], size_t column[N_COLUMNS])
{
    for (int k = 0; k < N_COLUMNS; k++)
        for (size_t i = n; i-- > 0;)
            if (etas_field_is(&field[i], names[k]))
                column[k] = i;
}

static double number_of(const etas_field *f)
{
    double value = NAN;

    (void)etas_parse_double(f->text, f->len, &value);
    return value;
}

static etas_status add_line(etas_fdsn_events *self, const etas_lines *lines,
                            const etas_field field[], const size_t column[N_COLUMNS])
{
    const etas_field *const id = &field[column[ID]], *const time = &field[column[TIME]];
    etas_fdsn_event e = {.id = (size_t)(id->text - self->text.data),
                         .id_len = id->len,
                         .raw = (size_t)(lines->text - self->text.data),
                         .raw_len = lines->len,
                         .time = ETAS_TIME_NONE,
                         .lat = number_of(&field[column[LATITUDE]]),
                         .lon = number_of(&field[column[LONGITUDE]])};

    if (etas_time_parse(time->text, time->len, &e.time, NULL) != ETAS_OK)
        e.time = ETAS_TIME_NONE; /* of an event that the reader skips */
    return etas_fdsn_events_add(self, &e);
}

/* The reader has accepted it: there is a header, and every event has its fields. */
static etas_status read_text(etas_fdsn_events *self, size_t len, const char bytes[])
{
    size_t column[N_COLUMNS] = {0};
    etas_field field[ETAS_FIELDS];
    etas_lines lines;
    etas_status st = etas_text_append(&self->text, len, bytes);

    lines = (etas_lines){.at = self->text.data, .end = self->text.data + self->text.len};
    while (st == ETAS_OK && etas_lines_next(&lines)) {
        const size_t n = split(&lines, field);
        const bool first = self->header_len == 0;

        if (n > 1 && (first || etas_field_is(&field[0], names[ID]))) {
            find_columns(n, field, column);
            self->header = (size_t)(lines.text - self->text.data);
            self->header_len = lines.len;
        } else if (n > 1 && lines.text[0] != '#') {
            st = add_line(self, &lines, field, column);
        }
    }
    return st;
}

/* ---- any ---- */

/* A page that says something else in HTML, as proxies and overloaded servers send. */
static etas_status refuse_html(const etas_fdsn_body *body, etas_error *err)
{
    const char *at = body->bytes, *const end = at + body->len;

    while (at < end && strchr(" \t\r\n", *at) != NULL && *at != '\0')
        at++;
    if (at == end || *at != '<' || body->format == ETAS_FDSN_XML)
        return ETAS_OK;
    etas_fail(err, ETAS_E_PARSE, "the answer is a page in HTML or XML, not FDSN event text");
    (void)etas_error_in_file(err, body->name);
    return ETAS_E_PARSE;
}

static etas_status refuse_cut(const etas_fdsn_body *body, etas_error *err)
{
    const bool ended = body->len > 0 && body->bytes[body->len - 1] == '\n';

    if (ended || body->complete || body->format == ETAS_FDSN_XML)
        return ETAS_OK;
    etas_fail(err, ETAS_E_PARSE, "the answer breaks off within a line");
    (void)etas_error_in_file(err, body->name);
    return ETAS_E_PARSE;
}

static etas_status try_reader(const etas_fdsn_body *body, etas_error *err)
{
    const etas_catalog_options how = {
        .format = body->format == ETAS_FDSN_TEXT ? ETAS_CATALOG_FDSN : ETAS_CATALOG_QUAKEML,
        .event_types = "all"};
    const etas_catalog_bytes bytes = {body->name, body->len, body->bytes};
    etas_catalog catalog = {0};
    const etas_status st = etas_catalog_read(&catalog, &bytes, &how, NULL, err);

    etas_catalog_free(&catalog);
    return st;
}

etas_status etas_fdsn_events_read(etas_fdsn_events *self, const etas_fdsn_body *body,
                                  etas_error *err)
{
    etas_status st = refuse_html(body, err);

    self->n = 0;
    self->text.len = 0;
    self->header_len = 0;
    if (st == ETAS_OK)
        st = try_reader(body, err);
    if (st == ETAS_OK)
        st = refuse_cut(body, err);
    if (st != ETAS_OK)
        return st;
    st = body->format == ETAS_FDSN_TEXT
             ? read_text(self, body->len, body->bytes)
             : etas_fdsn_events_read_xml(self, body->len, body->bytes, err);
    return st == ETAS_OK ? ETAS_OK
                         : etas_fail(err, st, "out of memory for %zu bytes of events", body->len);
}
