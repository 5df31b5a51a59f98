#include "etas/forecast_input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "etas/text.h"

enum { LON, LAT, MAG, TIME, DEPTH, CATALOG_ID, EVENT_ID, N_FIELDS };
enum { LONGEST = 4096, LINES_PER_LOOK = 4096 };

static const uint64_t MOST = UINT64_C(1) << 32;
static const char *const NAMES[N_FIELDS] = {"lon",   "lat",        "mag",     "time_string",
                                            "depth", "catalog_id", "event_id"};

typedef struct field {
    const char *text;
    size_t len;
} field;

typedef struct reader {
    etas_csep_forecast *f;
    etas_gridded_take take;
    void *to;
    FILE *in;
    uint64_t line, bytes, size;
    uint64_t id; /* of the catalogue that is being read */
    bool has_rows;
    field fields[N_FIELDS];
    char text[LONGEST];
    etas_error *err;
} reader;

static etas_status fail(const reader *r, int column, etas_status code, const char *expected)
{
    const field *const f = &r->fields[column];

    etas_fail(r->err, code, "\"%.*s\": expected %s", (int)(f->len < 40 ? f->len : 40), f->text,
              expected);
    etas_error_at_line(r->err, r->line, (uint64_t)(f->text - r->text) + 1);
    etas_error_in_key(r->err, NAMES[column]);
    return code;
}

/* ---- rows ---- */

static field trimmed(const char *text, size_t len)
{
    for (; len > 0 && (*text == ' ' || *text == '\t'); len--)
        text++;
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    return (field){text, len};
}

/* Commas in the last field are its own. */
static bool split(reader *r, size_t len)
{
    size_t at = 0;

    for (int i = 0; i < N_FIELDS; i++) {
        const char *const begin = r->text + at;
        const char *const comma = i < EVENT_ID ? memchr(begin, ',', len - at) : NULL;
        const size_t field_len = comma != NULL ? (size_t)(comma - begin) : len - at;

        if (i < EVENT_ID && comma == NULL)
            return false;
        r->fields[i] = trimmed(begin, field_len);
        at += field_len + 1;
    }
    return true;
}

static etas_status number(const reader *r, int column, double low, double high, double *out)
{
    const field *const f = &r->fields[column];

    if (!etas_parse_double(f->text, f->len, out))
        return fail(r, column, ETAS_E_PARSE, "a number");
    if (!(*out >= low && *out <= high))
        return fail(r, column, ETAS_E_RANGE,
                    column == LON   ? "-180 to 360 degrees"
                    : column == LAT ? "-90 to 90 degrees"
                                    : "-10 to 12");
    return ETAS_OK;
}

static bool is_empty(const reader *r)
{
    return r->fields[LON].len == 0 && r->fields[LAT].len == 0 && r->fields[MAG].len == 0 &&
           r->fields[TIME].len == 0;
}

static etas_status count_event(reader *r)
{
    etas_csep_forecast *const f = r->f;
    const field *const when = &r->fields[TIME];
    double lon, lat, mag;
    uint64_t cell;
    etas_time t;
    etas_status st = number(r, LON, -180, 360, &lon);

    if (st == ETAS_OK)
        st = number(r, LAT, -90, 90, &lat);
    if (st == ETAS_OK)
        st = number(r, MAG, -10, 12, &mag);
    if (st != ETAS_OK)
        return st;
    if (etas_time_parse(when->text, when->len, &t, NULL) != ETAS_OK)
        return fail(r, TIME, ETAS_E_PARSE, "a time as 2022-01-31T12:00:00");
    f->n_events++;
    cell = etas_cells_at(f->cells, lat, lon, mag);
    if (cell == UINT64_MAX || t < f->start || t >= f->end)
        return ETAS_OK;
    f->n_counted++;
    return etas_gridding_add(&f->events, cell, r->err);
}

/* ---- catalogues ---- */

static etas_status end_catalog(reader *r)
{
    etas_gridded counts;
    etas_status st = etas_gridding_take(&r->f->events, &counts, r->err);

    r->f->n_seen++;
    return st == ETAS_OK ? r->take(r->to, &counts, r->err) : st;
}

/* Those before @p id have come to an end. */
static etas_status go_to(reader *r, uint64_t id)
{
    etas_status st = ETAS_OK;

    for (; r->id < id && st == ETAS_OK; r->id++)
        st = end_catalog(r);
    return st;
}

static etas_status read_row(reader *r)
{
    const field *const f = &r->fields[CATALOG_ID];
    uint64_t id;
    etas_status st;

    if (!etas_parse_u64(f->text, f->len, &id))
        return fail(r, CATALOG_ID, ETAS_E_PARSE, "a whole number from 0 on");
    if (id >= MOST)
        return fail(r, CATALOG_ID, ETAS_E_LIMIT, "a number below 2^32");
    if (id < r->id)
        return fail(r, CATALOG_ID, ETAS_E_RANGE, "numbers that do not fall");
    if (r->f->n_catalogs > 0 && id >= r->f->n_catalogs)
        return fail(r, CATALOG_ID, ETAS_E_RANGE, "a number below that of the catalogues");
    st = go_to(r, id);
    r->has_rows = true;
    return st == ETAS_OK && !is_empty(r) ? count_event(r) : st;
}

/* ---- lines ---- */

/* The next line without its end; *len SIZE_MAX: there is none. */
static etas_status next_line(reader *r, size_t *len)
{
    *len = SIZE_MAX;
    errno = 0;
    if (fgets(r->text, sizeof r->text, r->in) == NULL) {
        if (ferror(r->in))
            return etas_fail(r->err, ETAS_E_IO, "cannot be read: %s",
                             strerror(errno != 0 ? errno : EIO));
        return ETAS_OK;
    }
    r->line++;
    *len = strlen(r->text);
    r->bytes += *len;
    if (*len == sizeof r->text - 1 && r->text[*len - 1] != '\n') {
        etas_fail(r->err, ETAS_E_PARSE, "a line of more than %d bytes: expected %s", LONGEST - 2,
                  "lon,lat,mag,time_string,depth,catalog_id,event_id");
        etas_error_at_line(r->err, r->line, 0);
        return ETAS_E_PARSE;
    }
    while (*len > 0 && (r->text[*len - 1] == '\n' || r->text[*len - 1] == '\r'))
        r->text[--*len] = '\0';
    return ETAS_OK;
}

static bool is_header(const reader *r)
{
    return r->line == 1 && r->fields[LON].len == 3 &&
           strncasecmp(r->fields[LON].text, "lon", 3) == 0;
}

static etas_status look_up(const reader *r)
{
    const etas_csep_forecast *const f = r->f;

    if (r->line % LINES_PER_LOOK != 0)
        return ETAS_OK;
    if (f->interrupted != NULL && *f->interrupted)
        return etas_fail(r->err, ETAS_E_INTERRUPTED, "interrupted");
    if (f->progress != NULL)
        f->progress(f->progress_context, r->bytes, r->size);
    return ETAS_OK;
}

static etas_status read_lines(reader *r)
{
    for (;;) {
        size_t len;
        etas_status st = next_line(r, &len);

        if (st != ETAS_OK || len == SIZE_MAX)
            return st;
        if (len == 0)
            continue;
        if (!split(r, len)) {
            r->fields[LON] = (field){r->text, len};
            return fail(r, LON, ETAS_E_PARSE, "lon,lat,mag,time_string,depth,catalog_id,event_id");
        }
        if (!is_header(r))
            st = read_row(r);
        if (st == ETAS_OK)
            st = look_up(r);
        if (st != ETAS_OK)
            return st;
    }
}

/* ---- */

/* A byte order mark is no part of the text. */
static void skip_mark(FILE *in)
{
    char begin[3];

    if (fread(begin, 1, 3, in) != 3 || memcmp(begin, "\xEF\xBB\xBF", 3) != 0)
        rewind(in);
}

static etas_status open_file(reader *r)
{
    struct stat info;

    r->in = fopen(r->f->path, "r");
    if (r->in == NULL || fstat(fileno(r->in), &info) != 0)
        return etas_fail(r->err, ETAS_E_IO, "cannot be opened: %s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return etas_fail(r->err, ETAS_E_ARG,
                         "is read twice: expected a regular file, not a pipe or folder");
    r->size = (uint64_t)info.st_size;
    skip_mark(r->in);
    return ETAS_OK;
}

static etas_status finish(reader *r)
{
    const uint64_t n = r->f->n_catalogs > 0 ? r->f->n_catalogs : r->id + 1;

    if (!r->has_rows && r->f->n_catalogs == 0)
        return etas_fail(r->err, ETAS_E_PARSE, "has no catalogue, not even one without events");
    return go_to(r, n);
}

static etas_status each(void *self, etas_gridded_take take, void *to, etas_error *err)
{
    etas_csep_forecast *const f = self;
    reader r = {.f = f, .take = take, .to = to, .err = err};
    etas_status st = open_file(&r);

    f->n_seen = f->n_events = f->n_counted = 0;
    f->events.n = 0;
    if (st == ETAS_OK)
        st = read_lines(&r);
    if (st == ETAS_OK)
        st = finish(&r);
    if (r.in != NULL)
        (void)fclose(r.in);
    return st == ETAS_OK ? st : etas_error_in_file(err, f->path);
}

void etas_csep_forecast_free(etas_csep_forecast *self)
{
    etas_gridding_free(&self->events);
}

etas_gridded_source etas_csep_forecast_source(etas_csep_forecast *self)
{
    return (etas_gridded_source){.each = each, .self = self};
}
