#include <math.h>
#include <string.h>

#include "etas/io.h"
#include "io/csv.h"
#include "io/file.h"

enum { LATITUDE, LONGITUDE, TIME, MAGNITUDE, N_REQUIRED };

static const char *const required[N_REQUIRED] = {"latitude", "longitude", "time", "magnitude"};

typedef struct columns {
    size_t required[N_REQUIRED];
    size_t mc, depth;
} columns;

/* Magnitudes of real events lie between -5 (acoustic emissions) and 10; the wider limits catch
 * fill values such as -99 or 999. */
static etas_status read_event(etas_csv *csv, const columns *c, etas_event *e, etas_error *err)
{
    etas_status st = etas_csv_number(csv, c->required[LATITUDE], -90, 90, &e->lat, err);

    if (st == ETAS_OK)
        st = etas_csv_number(csv, c->required[LONGITUDE], -180, 360, &e->lon, err);
    if (st == ETAS_OK)
        st = etas_csv_time(csv, c->required[TIME], &e->time, err);
    if (st == ETAS_OK)
        st = etas_csv_number(csv, c->required[MAGNITUDE], -10, 12, &e->mag, err);
    if (st == ETAS_OK)
        st = etas_csv_number_or_nan(csv, c->mc, &e->mc, err);
    if (st == ETAS_OK)
        st = etas_csv_number_or_nan(csv, c->depth, &e->depth, err);
    e->x = e->y = e->z = e->covariate = NAN;
    if (st == ETAS_OK)
        st = etas_csv_text(csv, 0, &e->id, &e->id_len, err);
    return st;
}

/* Catalogues in other formats, so that the message can say so. */
static etas_status refuse_known(size_t len, const char text[], const char *name, etas_error *err)
{
    static const struct {
        const char *start, *format;
    } known[] = {{"<", "XML (QuakeML)"},
                 {"{", "JSON"},
                 {"#EventID", "FDSN event text"},
                 {"EventID|", "FDSN event text"},
                 {"\x1f\x8b", "gzip"}};
    size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < len && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0')
        at++;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t n = strlen(known[i].start);

        if (len - at < n || memcmp(text + at, known[i].start, n) != 0)
            continue;
        etas_fail(err, ETAS_E_UNSUPPORTED,
                  "catalogues in %s are not supported yet; expected comma-separated values",
                  known[i].format);
        etas_error_in_file(err, name);
        return ETAS_E_UNSUPPORTED;
    }
    return ETAS_OK;
}

etas_status etas_catalog_read_csv(etas_catalog *out, size_t len, const char text[],
                                  const char *name, etas_error *err)
{
    etas_catalog read = {0};
    etas_csv csv = {0};
    columns c = {0};
    bool more = true;
    etas_status st = refuse_known(len, text, name, err);

    if (st == ETAS_OK)
        st = etas_csv_open(&csv, len, text, name, err);
    if (st == ETAS_OK)
        st = etas_csv_require(&csv, N_REQUIRED, required, c.required, err);
    c.mc = etas_csv_find(&csv, "mc_current");
    c.depth = etas_csv_find(&csv, "depth");
    while (st == ETAS_OK) {
        etas_event event;

        st = etas_csv_next(&csv, &more, err);
        if (st != ETAS_OK || !more)
            break;
        st = read_event(&csv, &c, &event, err);
        if (st == ETAS_OK) {
            st = etas_catalog_append(&read, &event);
            if (st != ETAS_OK)
                etas_fail(err, st, "out of memory after %zu events", read.n);
        }
    }
    etas_csv_free(&csv);
    if (st == ETAS_OK)
        *out = read;
    else
        etas_catalog_free(&read);
    return st;
}

etas_status etas_catalog_load_csv(etas_catalog *out, const char *path, etas_error *err)
{
    etas_text text = {0};
    etas_status st = etas_file_read(path, &text, err);

    if (st == ETAS_OK)
        st = etas_catalog_read_csv(out, text.len, text.data, path, err);
    etas_text_free(&text);
    return st;
}
