#include "etas/catalog_input.h"

#include <string.h>
#include <strings.h>

#include "etas/text.h"
#include "io/catalog_reader.h"

static const struct {
    const char *name, *title;
} formats[ETAS_N_CATALOG_FORMATS] = {
    [ETAS_CATALOG_AUTO] = {"auto", "by content"},
    [ETAS_CATALOG_CSV] = {"csv", "catalogue CSV"},
    [ETAS_CATALOG_CSEP] = {"csep", "CSEP CSV"},
    [ETAS_CATALOG_FDSN] = {"fdsn", "FDSN event text"},
    [ETAS_CATALOG_QUAKEML] = {"quakeml", "QuakeML"},
    [ETAS_CATALOG_GEOJSON] = {"geojson", "GeoJSON"},
    [ETAS_CATALOG_ZMAP] = {"zmap", "ZMAP"},
};

const char *etas_catalog_format_name(etas_catalog_format format)
{
    return formats[format].name;
}

const char *etas_catalog_format_title(etas_catalog_format format)
{
    return formats[format].title;
}

bool etas_catalog_format_parse(const char *text, etas_catalog_format *out)
{
    for (int i = 0; i < ETAS_N_CATALOG_FORMATS; i++)
        if (strcmp(text, formats[i].name) == 0) {
            *out = (etas_catalog_format)i;
            return true;
        }
    return false;
}

/* ---- recognising ---- */

static bool starts_with(size_t len, const char text[], const char *start)
{
    const size_t n = strlen(start);

    return len >= n && memcmp(text, start, n) == 0;
}

static etas_status refuse_packed(const etas_input *from, etas_error *err)
{
    static const struct {
        const char *start, *format, *how;
    } packed[] = {{"\x1f\x8b", "gzip", "gunzip"},
                  {"BZh", "bzip2", "bunzip2"},
                  {"\xfd"
                   "7zXZ",
                   "xz", "unxz"},
                  {"\x28\xb5\x2f\xfd", "zstd", "unzstd"},
                  {"PK\x03\x04", "zip", "unzip"}};

    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
        if (!starts_with(from->len, from->bytes, packed[i].start))
            continue;
        etas_fail(err, ETAS_E_PARSE, "a file compressed by %s; unpack it first (%s)",
                  packed[i].format, packed[i].how);
        return etas_error_in_file(err, from->name);
    }
    return ETAS_OK;
}

/* "#EventID|..." or "# EventID | ...", which is no comment. */
static bool is_fdsn_header(size_t len, const char line[])
{
    static const char name[] = "EventID";
    size_t at = 0;

    while (at < len && (line[at] == '#' || line[at] == ' '))
        at++;
    return len - at >= sizeof name - 1 && strncasecmp(line + at, name, sizeof name - 1) == 0 &&
           memchr(line + at, '|', len - at) != NULL;
}

/* The first line that is neither blank nor a comment. */
static size_t first_line(size_t len, const char text[], const char **line)
{
    const char *at = text, *const end = text + len;

    while (at < end) {
        const char *stop = at;

        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        while (at < stop && (*at == ' ' || *at == '\t'))
            at++;
        if (at < stop && *at != '%' && (*at != '#' || is_fdsn_header((size_t)(stop - at), at))) {
            *line = at;
            return (size_t)(stop - at);
        }
        at = stop < end ? stop + 1 : end;
    }
    *line = end;
    return 0;
}

/* At least nine numbers between spaces. */
static bool is_zmap(size_t len, const char line[])
{
    size_t n = 0, at = 0;

    while (at < len) {
        size_t start;
        double value;

        while (at < len && (line[at] == ' ' || line[at] == '\t'))
            at++;
        start = at;
        while (at < len && line[at] != ' ' && line[at] != '\t')
            at++;
        if (at > start && n < 9 && !etas_parse_double(line + start, at - start, &value))
            return false;
        n += at > start;
    }
    return n >= 9;
}

static etas_catalog_format recognise(size_t len, const char text[])
{
    const char *line;
    size_t n;
    char start[8] = "";

    if (starts_with(len, text, "\xff\xfe<") || (len > 3 && memcmp(text, "\xfe\xff\0<", 4) == 0))
        return ETAS_CATALOG_QUAKEML; /* UTF-16: XML alone can be that */
    n = first_line(len, text, &line);
    if (n > 0 && *line == '<')
        return ETAS_CATALOG_QUAKEML;
    if (n > 0 && (*line == '{' || *line == '['))
        return ETAS_CATALOG_GEOJSON;
    if (n > 0 && memchr(line, '|', n) != NULL)
        return ETAS_CATALOG_FDSN;
    for (size_t i = 0; i < n && i < sizeof start - 1; i++)
        start[i] = (char)(line[i] | ('A' <= line[i] && line[i] <= 'Z' ? 0x20 : 0));
    if (strncmp(start, "lon,", 4) == 0 || strncmp(start, "lon ,", 5) == 0)
        return ETAS_CATALOG_CSEP;
    return is_zmap(n, line) ? ETAS_CATALOG_ZMAP : ETAS_CATALOG_CSV;
}

/* ---- reading ---- */

static size_t mark_length(size_t len, const char text[])
{
    return starts_with(len, text, "\xef\xbb\xbf") ? 3 : 0;
}

/* What @p want asks for stands in catalogue CSV alone. */
static etas_status refuse_wanted(const etas_catalog_reader *r, const etas_catalog_wanted *want)
{
    const struct {
        bool wanted;
        const char *key, *what, *hint;
    } needs[] = {{want->mc, "mc", "column mc_current",
                  "; \"etas catalog convert\" and \"etas catalog completeness\" make such a file"},
                 {want->three_dim, "three_dim", "columns x, y and z", ""},
                 {want->covariate != NULL, "bg_term", "column of that name", ""}};

    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (needs[i].wanted)
            return etas_catalog_fail(r, &(etas_place){.key = needs[i].key}, ETAS_E_PARSE,
                                     "%s has no %s; expected catalogue CSV%s",
                                     formats[r->summary->format].title, needs[i].what,
                                     needs[i].hint);
    return ETAS_OK;
}

static etas_status read_csv(const etas_catalog_reader *r, size_t len, const char text[])
{
    const etas_status st =
        etas_catalog_read_csv(r->out, len, text, r->name, r->options->want, r->err);

    r->summary->n_events = r->out->n;
    return st;
}

typedef etas_status text_reader(const etas_catalog_reader *r, size_t len, const char text[]);

static etas_status refuse_nul(const etas_catalog_reader *r, size_t len, const char text[])
{
    const char *nul = len > 0 ? memchr(text, '\0', len) : NULL;
    etas_place at = {.line = 1, .column = 1};

    if (nul == NULL)
        return ETAS_OK;
    for (const char *p = text; p < nul; p++) {
        at.line += *p == '\n';
        at.column = *p == '\n' ? 1 : at.column + 1;
    }
    return etas_catalog_fail(r, &at, ETAS_E_PARSE, "a byte 0; expected text");
}

static etas_status read_text(const etas_catalog_reader *r, etas_input *from, text_reader *reader)
{
    etas_status st = etas_input_all(from, r->err);
    const size_t mark = st == ETAS_OK ? mark_length(from->len, from->bytes) : 0;

    if (st == ETAS_OK && reader != read_csv) /* which says it itself, and knows UTF-16 */
        st = refuse_nul(r, from->len, from->bytes);
    if (st != ETAS_OK)
        return st;
    st = reader(r, from->len - mark, from->bytes + mark);
    if (st != ETAS_OK)
        (void)etas_error_in_file(r->err, r->name);
    return st;
}

static etas_status read_as(const etas_catalog_reader *r, etas_input *from)
{
    static text_reader *const readers[ETAS_N_CATALOG_FORMATS] = {
        [ETAS_CATALOG_CSV] = read_csv,
        [ETAS_CATALOG_CSEP] = etas_catalog_read_csep,
        [ETAS_CATALOG_FDSN] = etas_catalog_read_fdsn,
        [ETAS_CATALOG_GEOJSON] = etas_catalog_read_geojson,
        [ETAS_CATALOG_ZMAP] = etas_catalog_read_zmap,
    };
    etas_catalog_format format = r->options->format;
    etas_status st = refuse_packed(from, r->err);

    if (st != ETAS_OK)
        return st;
    if (format == ETAS_CATALOG_AUTO) {
        const size_t mark = mark_length(from->len, from->bytes);

        format = recognise(from->len - mark, from->bytes + mark);
    }
    r->summary->format = format;
    if (format != ETAS_CATALOG_CSV && r->options->want != NULL)
        st = refuse_wanted(r, r->options->want);
    if (st != ETAS_OK)
        return st;
    return format == ETAS_CATALOG_QUAKEML ? etas_catalog_read_quakeml(r, from)
                                          : read_text(r, from, readers[format]);
}

etas_status etas_catalog_read_input(etas_catalog *out, etas_input *from,
                                    const etas_catalog_options *options,
                                    etas_catalog_summary *summary, etas_error *err)
{
    const etas_catalog_options plain = {0};
    etas_catalog read = {0};
    etas_catalog_summary found = {0};
    const etas_catalog_reader r = {.name = from->name,
                                   .options = options != NULL ? options : &plain,
                                   .out = &read,
                                   .summary = &found,
                                   .err = err};
    const etas_status st = read_as(&r, from);

    if (st != ETAS_OK) {
        etas_catalog_free(&read);
        return st;
    }
    *out = read;
    if (summary != NULL)
        *summary = found;
    return ETAS_OK;
}

etas_status etas_catalog_load(etas_catalog *out, const char *path,
                              const etas_catalog_options *options, etas_catalog_summary *summary,
                              etas_error *err)
{
    etas_input from;
    etas_status st = etas_input_open(&from, path, err);

    if (st == ETAS_OK)
        st = etas_catalog_read_input(out, &from, options, summary, err);
    etas_input_close(&from);
    return st;
}

etas_status etas_catalog_read(etas_catalog *out, const etas_catalog_bytes *from,
                              const etas_catalog_options *options, etas_catalog_summary *summary,
                              etas_error *err)
{
    etas_input input = etas_input_of(from->name, from->len, from->bytes);

    return etas_catalog_read_input(out, &input, options, summary, err);
}
