#include <math.h>
#include <string.h>

#include "etas/io.h"
#include "io/csv.h"

enum { LATITUDE, LONGITUDE, TIME, MAGNITUDE, N_REQUIRED };

static const char *const required[N_REQUIRED] = {"latitude", "longitude", "time", "magnitude"};

typedef struct columns {
    size_t required[N_REQUIRED];
    size_t mc, depth, xyz[3], covariate;
    double unit_m;  /* of x, y, z */
    bool three_dim; /* latitude and longitude are optional */
} columns;

/* Latitude or longitude; NaN where it may be missing and is. */
static etas_status read_angle(const etas_csv *csv, const columns *c, int which, double *out,
                              etas_error *err)
{
    const double low = which == LATITUDE ? -90 : -180, high = which == LATITUDE ? 90 : 360;
    etas_status st = ETAS_OK;

    *out = NAN;
    if (c->three_dim)
        st = etas_csv_number_or_nan(csv, c->required[which], out, err);
    if (st != ETAS_OK || (c->three_dim && isnan(*out)))
        return st;
    return etas_csv_number(csv, c->required[which], low, high, out, err);
}

static etas_status read_place(const etas_csv *csv, const columns *c, etas_event *e, etas_error *err)
{
    double *const xyz[3] = {&e->x, &e->y, &e->z};
    etas_status st = read_angle(csv, c, LATITUDE, &e->lat, err);

    if (st == ETAS_OK)
        st = read_angle(csv, c, LONGITUDE, &e->lon, err);
    for (int k = 0; st == ETAS_OK && k < 3; k++) {
        st = etas_csv_number_or_nan(csv, c->xyz[k], xyz[k], err);
        *xyz[k] = *xyz[k] * c->unit_m / 1000;
    }
    return st;
}

/* Magnitudes of real events lie between -5 (acoustic emissions) and 10; the wider limits catch
 * fill values such as -99 or 999. */
static etas_status read_event(etas_csv *csv, const columns *c, etas_event *e, etas_error *err)
{
    etas_status st = read_place(csv, c, e, err);

    if (st == ETAS_OK)
        st = etas_csv_time(csv, c->required[TIME], &e->time, err);
    if (st == ETAS_OK)
        st = etas_csv_number(csv, c->required[MAGNITUDE], -10, 12, &e->mag, err);
    if (st == ETAS_OK)
        st = etas_csv_number_or_nan(csv, c->mc, &e->mc, err);
    if (st == ETAS_OK)
        st = etas_csv_number_or_nan(csv, c->depth, &e->depth, err);
    if (st == ETAS_OK)
        st = etas_csv_number_or_nan(csv, c->covariate, &e->covariate, err);
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
                 {"EventID|", "FDSN event text"}};
    size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < len && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0')
        at++;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t n = strlen(known[i].start);

        if (len - at < n || memcmp(text + at, known[i].start, n) != 0)
            continue;
        etas_fail(err, ETAS_E_PARSE, "this is %s; expected comma-separated values",
                  known[i].format);
        (void)etas_error_in_file(err, name);
        return ETAS_E_PARSE;
    }
    return ETAS_OK;
}

/* A column that only @p key of the configuration asks for. */
static etas_status require_for(const etas_csv *csv, const char *key, const char *name,
                               size_t *column, etas_error *err)
{
    etas_error missing = {0};
    const etas_status st = etas_csv_require(csv, 1, &name, column, &missing);

    if (st == ETAS_OK)
        return st;
    etas_fail(err, st, "%s (\"%s\" needs it)", missing.text, key);
    etas_error_in_file(err, missing.file);
    etas_error_at_line(err, missing.line, missing.column);
    etas_error_in_key(err, missing.key);
    return st;
}

/* In three dimensions x, y and z are the place; without, all three are kept when they are there. */
static etas_status find_xyz(const etas_csv *csv, const etas_catalog_wanted *want, columns *c,
                            etas_error *err)
{
    static const char *const names[3] = {"x", "y", "z"};
    bool all = true;
    etas_status st = ETAS_OK;

    for (int k = 0; k < 3; k++) {
        c->xyz[k] = etas_csv_find(csv, names[k]);
        all &= c->xyz[k] != ETAS_CSV_NONE;
    }
    for (int k = 0; st == ETAS_OK && want->three_dim && k < 3; k++)
        st = require_for(csv, "three_dim", names[k], &c->xyz[k], err);
    for (int k = 0; !all && k < 3; k++)
        c->xyz[k] = ETAS_CSV_NONE;
    c->unit_m = want->space_unit_in_meters;
    c->three_dim = want->three_dim;
    return st;
}

static etas_status find_columns(const etas_csv *csv, const etas_catalog_wanted *want, columns *c,
                                etas_error *err)
{
    const int first = want->three_dim ? TIME : LATITUDE; /* what cannot be missing */
    etas_status st = etas_csv_require(csv, (size_t)(N_REQUIRED - first), required + first,
                                      c->required + first, err);

    for (int k = 0; k < first; k++)
        c->required[k] = etas_csv_find(csv, required[k]);
    c->depth = etas_csv_find(csv, "depth");
    c->mc = etas_csv_find(csv, "mc_current");
    c->covariate = ETAS_CSV_NONE;
    if (st == ETAS_OK && want->mc)
        st = require_for(csv, "mc", "mc_current", &c->mc, err);
    if (st == ETAS_OK && want->covariate != NULL)
        st = require_for(csv, "bg_term", want->covariate, &c->covariate, err);
    return st == ETAS_OK ? find_xyz(csv, want, c, err) : st;
}

etas_catalog_wanted etas_catalog_wanted_default(void)
{
    return (etas_catalog_wanted){.space_unit_in_meters = 1000};
}

etas_status etas_catalog_read_csv(etas_catalog *out, size_t len, const char text[],
                                  const char *name, const etas_catalog_wanted *want,
                                  etas_error *err)
{
    const etas_catalog_wanted plain = etas_catalog_wanted_default();
    etas_catalog read = {0};
    etas_csv csv = {0};
    columns c = {0};
    bool more = true;
    etas_status st = refuse_known(len, text, name, err);

    if (st == ETAS_OK)
        st = etas_csv_open(&csv, len, text, name, err);
    if (st == ETAS_OK)
        st = find_columns(&csv, want != NULL ? want : &plain, &c, err);
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
