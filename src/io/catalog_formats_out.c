/* Catalogues in the formats of others. What those have no place for stays out: completeness, x, y
 * and z; ids in ZMAP. */
#include <math.h>
#include <string.h>

#include "etas/io.h"
#include "io/decimal.h"
#include "io/table_out.h"

/* Shortest decimals; @p unknown for NaN. */
static void put_number(FILE *out, double value, const char *unknown)
{
    char text[33] = "";

    if (!isnan(value))
        text[etas_decimal_put(value, text)] = '\0';
    (void)fputs(isnan(value) ? unknown : text, out);
}

/* Microseconds, or nanoseconds where there are any. */
static void put_time(FILE *out, etas_time time)
{
    char text[32];
    const int ns = (int)((time % 1000 + 1000) % 1000);

    (void)fwrite(text, 1, etas_time_format(time, 'T', text), out);
    if (ns > 0)
        (void)fprintf(out, "%03d", ns);
}

/* ---- text ---- */

static etas_status refuse_id(const etas_event *e, const char *what, etas_error *err)
{
    return etas_fail(err, ETAS_E_RANGE, "id \"%.*s\": this format has no place for %s",
                     (int)(e->id_len < 80 ? e->id_len : 80), e->id, what);
}

static etas_status put_fdsn(FILE *out, const etas_event *e, etas_error *err)
{
    if (e->id_len > 0 &&
        (memchr(e->id, '|', e->id_len) != NULL || memchr(e->id, '\n', e->id_len) != NULL ||
         memchr(e->id, '\r', e->id_len) != NULL || e->id[0] == '#'))
        return refuse_id(e, "| and # in it", err);
    (void)fwrite(e->id, 1, e->id_len, out);
    (void)fputc('|', out);
    put_time(out, e->time);
    (void)fputc('|', out);
    put_number(out, e->lat, "");
    (void)fputc('|', out);
    put_number(out, e->lon, "");
    (void)fputc('|', out);
    put_number(out, e->depth, "");
    (void)fputs("||||||", out);
    put_number(out, e->mag, "");
    (void)fputs("||\n", out);
    return ETAS_OK;
}

static etas_status put_csep(FILE *out, const etas_event *e, etas_error *err)
{
    (void)err;
    put_number(out, e->lon, "");
    (void)fputc(',', out);
    put_number(out, e->lat, "");
    (void)fputc(',', out);
    put_number(out, e->mag, "");
    (void)fputc(',', out);
    put_time(out, e->time);
    (void)fputc(',', out);
    put_number(out, e->depth, "");
    (void)fputs(",0,", out);
    etas_csv_put_text(out, e->id_len, e->id);
    (void)fputc('\n', out);
    return ETAS_OK;
}

static etas_status put_zmap(FILE *out, const etas_event *e, etas_error *err)
{
    char text[32];
    const int ns = (int)((e->time % 1000 + 1000) % 1000);

    (void)err;
    etas_time_format(e->time, ' ', text); /* YYYY-MM-DD HH:MM:SS.ffffff */
    put_number(out, e->lon, "NaN");
    (void)fputc('\t', out);
    put_number(out, e->lat, "NaN");
    (void)fprintf(out, "\t%.4s\t%.2s\t%.2s\t", text, text + 5, text + 8);
    put_number(out, e->mag, "NaN");
    (void)fputc('\t', out);
    put_number(out, e->depth, "NaN");
    (void)fprintf(out, "\t%.2s\t%.2s\t%s", text + 11, text + 14, text + 17);
    if (ns > 0)
        (void)fprintf(out, "%03d", ns);
    (void)fputc('\n', out);
    return ETAS_OK;
}

/* ---- JSON and XML ---- */

static void put_json_text(FILE *out, size_t len, const char text[])
{
    (void)fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\')
            (void)fprintf(out, "\\%c", c);
        else if (c < ' ')
            (void)fprintf(out, "\\u%04x", c);
        else
            (void)fputc(c, out);
    }
    (void)fputc('"', out);
}

/* The time is in milliseconds; microseconds are its decimals. */
static etas_status put_geojson(FILE *out, const etas_event *e, etas_error *err)
{
    const int64_t us = e->time / 1000 - (e->time % 1000 < 0 ? 1 : 0);
    const uint64_t size = us < 0 ? (uint64_t)-us : (uint64_t)us;

    (void)err;
    (void)fputs("{\"type\": \"Feature\", \"properties\": {\"mag\": ", out);
    put_number(out, e->mag, "null");
    (void)fprintf(out, ", \"time\": %s%llu", us < 0 ? "-" : "", (unsigned long long)(size / 1000));
    if (size % 1000 != 0)
        (void)fprintf(out, ".%03u", (unsigned)(size % 1000));
    (void)fputs("}, \"geometry\": {\"type\": \"Point\", \"coordinates\": [", out);
    put_number(out, e->lon, "null");
    (void)fputs(", ", out);
    put_number(out, e->lat, "null");
    (void)fputs(", ", out);
    put_number(out, e->depth, "null");
    (void)fputs("]}, \"id\": ", out);
    put_json_text(out, e->id_len, e->id);
    (void)fputc('}', out);
    return ETAS_OK;
}

static void put_xml_text(FILE *out, size_t len, const char text[])
{
    for (size_t i = 0; i < len; i++)
        switch (text[i]) {
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        default:
            (void)fputc(text[i], out);
        }
}

/* Resource identifiers have a scheme. */
static void put_public_id(FILE *out, const etas_event *e, const char *after)
{
    const bool has = (e->id_len > 4 && memcmp(e->id, "smi:", 4) == 0) ||
                     (e->id_len > 8 && memcmp(e->id, "quakeml:", 8) == 0);

    (void)fprintf(out, " publicID=\"%s", has ? "" : "smi:local/");
    put_xml_text(out, e->id_len, e->id);
    (void)fprintf(out, "%s\">", after);
}

static void put_quantity(FILE *out, const char *name, double value)
{
    if (isnan(value))
        return;
    (void)fprintf(out, "<%s><value>", name);
    put_number(out, value, "");
    (void)fprintf(out, "</value></%s>", name);
}

static etas_status put_quakeml(FILE *out, const etas_event *e, etas_error *err)
{
    for (size_t i = 0; i < e->id_len; i++)
        if ((unsigned char)e->id[i] < ' ')
            return refuse_id(e, "control characters", err);
    (void)fputs("<event", out);
    put_public_id(out, e, "");
    (void)fputs("<origin", out);
    put_public_id(out, e, "/origin");
    (void)fputs("<time><value>", out);
    put_time(out, e->time);
    (void)fputs("Z</value></time>", out);
    put_quantity(out, "latitude", e->lat);
    put_quantity(out, "longitude", e->lon);
    put_quantity(out, "depth", e->depth * 1000);
    (void)fputs("</origin><magnitude", out);
    put_public_id(out, e, "/magnitude");
    put_quantity(out, "mag", e->mag);
    (void)fputs("</magnitude></event>\n", out);
    return ETAS_OK;
}

/* ---- documents ---- */

static const struct {
    etas_status (*put)(FILE *out, const etas_event *e, etas_error *err);
    const char *before, *between, *after;
} writers[ETAS_N_CATALOG_FORMATS] = {
    [ETAS_CATALOG_CSEP] = {put_csep, "lon,lat,mag,time_string,depth,catalog_id,event_id\n", "", ""},
    [ETAS_CATALOG_FDSN] = {put_fdsn,
                           "#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|"
                           "ContributorID|MagType|Magnitude|MagAuthor|EventLocationName\n",
                           "", ""},
    [ETAS_CATALOG_QUAKEML] = {put_quakeml,
                              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                              "<q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" "
                              "xmlns=\"http://quakeml.org/xmlns/bed/1.2\">\n"
                              "<eventParameters publicID=\"smi:local/etas\">\n",
                              "", "</eventParameters>\n</q:quakeml>\n"},
    [ETAS_CATALOG_GEOJSON] = {put_geojson, "{\"type\": \"FeatureCollection\", \"features\": [\n",
                              ",\n", "\n]}\n"},
    [ETAS_CATALOG_ZMAP] = {put_zmap, "", "", ""},
};

etas_status etas_catalog_write(FILE *out, const etas_catalog *self, etas_catalog_format format,
                               etas_error *err)
{
    etas_status st = ETAS_OK;

    if (format == ETAS_CATALOG_CSV)
        return etas_catalog_write_csv(out, self, err);
    if ((size_t)format >= ETAS_N_CATALOG_FORMATS || writers[format].put == NULL)
        return etas_fail(err, ETAS_E_ARG, "no format to write");
    (void)fputs(writers[format].before, out);
    for (size_t i = 0; st == ETAS_OK && i < self->n; i++) {
        const etas_event e = etas_catalog_row(self, i);

        (void)fputs(i > 0 ? writers[format].between : "", out);
        st = writers[format].put(out, &e, err);
    }
    (void)fputs(writers[format].after, out);
    if (st != ETAS_OK)
        return st;
    return ferror(out) ? etas_fail(err, ETAS_E_IO, "the catalogue cannot be written") : ETAS_OK;
}
