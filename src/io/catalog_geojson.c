/* GeoJSON as the USGS writes it: a FeatureCollection of Points [lon, lat, depth in km] with the
 * properties mag, time (milliseconds since 1970), type and magType. */
#include <math.h>
#include <string.h>

#include "etas/text.h"
#include "io/catalog_reader.h"
#include "io/json.h"

/* 64 bits of nanoseconds, as in etas/time.h. */
#define MOST_MS 9.2e12

typedef struct reader {
    const etas_catalog_reader *r;
    const etas_json *file;
    size_t index; /* of the feature, from 0 */
} reader;

/* ---- where a feature stands ---- */

static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

/* The array "features" of the outermost object, in text that is known to be valid. */
static const char *find_features(const char *at, const char *end)
{
    size_t depth = 0;

    while (at < end) {
        const char *start = at;

        if (*at != '"') {
            depth += *at == '{' || *at == '[';
            depth -= *at == '}' || *at == ']';
            at++;
            continue;
        }
        at = skip_string(at, end);
        if (depth != 1 || at - start != 10 || memcmp(start, "\"features\"", 10) != 0)
            continue;
        while (at < end && strchr(" \t\r\n", *at) != NULL)
            at++;
        if (at < end && *at == ':')
            return at + 1;
    }
    return end;
}

static etas_place place_of(const reader *s)
{
    const char *const begin = s->file->text.data, *const end = begin + s->file->text.len;
    const char *at = find_features(begin, end), *line_start = begin;
    size_t depth = 0, index = 0;
    etas_place place = {.line = 1};

    for (; at < end; at = *at == '"' ? skip_string(at, end) : at + 1) {
        index += *at == ',' && depth == 1;
        depth -= *at == '}' || *at == ']';
        if (depth == 1 && index == s->index && strchr(", \t\r\n", *at) == NULL)
            break;
        depth += *at == '{' || *at == '[';
    }
    for (const char *p = begin; p < at; p++)
        if (*p == '\n') {
            place.line++;
            line_start = p + 1;
        }
    place.column = (uint64_t)(at - line_start) + 1;
    return place;
}

/* @p key as a path inside the feature. */
static etas_status fail_value(const reader *s, const char *key, const json_t *value,
                              const char *expected)
{
    etas_place at = place_of(s);
    char path[64], found[64];

    etas_format(sizeof path, path, "features[%zu]%s%s", s->index, key[0] != '\0' ? "." : "", key);
    at.key = path;
    return etas_catalog_fail(s->r, &at, ETAS_E_PARSE, "%s; expected %s",
                             etas_json_describe(value, found), expected);
}

static etas_status check(const reader *s, const char *key, double value,
                         etas_status (*within)(const etas_catalog_reader *r, const etas_place *at,
                                               double value))
{
    const etas_catalog_reader quiet = {.name = s->r->name};
    etas_place at = {0};
    char path[64];

    if (within(&quiet, &at, value) == ETAS_OK) /* the place is costly to find */
        return ETAS_OK;
    at = place_of(s);
    etas_format(sizeof path, path, "features[%zu].%s", s->index, key);
    at.key = path;
    return within(s->r, &at, value);
}

/* ---- a feature ---- */

/* A number or null, which is NaN. */
static etas_status read_number(const reader *s, const json_t *value, const char *key, double *out)
{
    *out = NAN;
    if (value == NULL || json_is_null(value) || etas_json_is_number(value, out))
        return ETAS_OK;
    return fail_value(s, key, value, "a number or null");
}

/* A text; "" when it is null or not there. */
static etas_status read_text(const reader *s, const json_t *value, const char *key,
                             const char **out)
{
    *out = "";
    if (value == NULL || json_is_null(value))
        return ETAS_OK;
    *out = etas_json_text(value);
    return *out != NULL ? ETAS_OK : fail_value(s, key, value, "a string or null");
}

static etas_status read_time(const reader *s, const json_t *value, etas_time *out)
{
    double ms;

    if (value == NULL || json_is_null(value))
        return ETAS_OK;
    if (!json_is_number(value) || !(fabs(ms = json_number_value(value)) <= MOST_MS))
        return fail_value(s, "properties.time", value, "milliseconds since 1970");
    *out = json_is_integer(value) ? (etas_time)json_integer_value(value) * ETAS_NS_PER_MS
                                  : (etas_time)llround(ms * 1e3) * 1000;
    return ETAS_OK;
}

/* No geometry is allowed (RFC 7946) and leaves the place unknown. */
static etas_status read_point(const reader *s, const json_t *geometry, etas_event *e)
{
    const json_t *coordinates = json_object_get(geometry, "coordinates");
    const char *type = json_string_value(json_object_get(geometry, "type"));
    double *const out[3] = {&e->lon, &e->lat, &e->depth};
    etas_status st = ETAS_OK;

    if (geometry == NULL || json_is_null(geometry))
        return ETAS_OK;
    if (type == NULL || strcmp(type, "Point") != 0)
        return fail_value(s, "geometry.type", json_object_get(geometry, "type"), "\"Point\"");
    if (!json_is_array(coordinates) || json_array_size(coordinates) < 2)
        return fail_value(s, "geometry.coordinates", coordinates, "[lon, lat, depth]");
    for (size_t k = 0; st == ETAS_OK && k < 3; k++)
        st = read_number(s, json_array_get(coordinates, k), "geometry.coordinates", out[k]);
    return st;
}

/* Ids are strings or numbers (RFC 7946). */
static etas_status read_id(const reader *s, const json_t *id, char number[24], etas_event *e)
{
    etas_status st;

    if (json_is_integer(id)) {
        etas_format(24, number, "%lld", (long long)json_integer_value(id));
        e->id = number;
        st = ETAS_OK;
    } else {
        st = read_text(s, id, "id", &e->id);
    }
    if (st == ETAS_OK)
        e->id_len = strlen(e->id);
    return st;
}

static etas_status keep_event(const reader *s, const etas_event *e, const char *magnitude_type)
{
    etas_status st;

    if (isnan(e->mag)) {
        s->r->summary->n_no_magnitude++;
        return ETAS_OK;
    }
    if (e->time == ETAS_TIME_NONE || isnan(e->lat) || isnan(e->lon)) {
        s->r->summary->n_no_place++;
        return ETAS_OK;
    }
    st = check(s, "geometry.coordinates", e->lon, etas_catalog_check_lon);
    if (st == ETAS_OK)
        st = check(s, "geometry.coordinates", e->lat, etas_catalog_check_lat);
    if (st == ETAS_OK)
        st = check(s, "geometry.coordinates", e->depth, etas_catalog_check_depth);
    if (st == ETAS_OK)
        st = check(s, "properties.mag", e->mag, etas_catalog_check_mag);
    return st == ETAS_OK ? etas_catalog_keep(s->r, e, strlen(magnitude_type), magnitude_type) : st;
}

static etas_status read_feature(const reader *s, const json_t *feature)
{
    const json_t *properties = json_object_get(feature, "properties");
    const char *kind = json_string_value(json_object_get(feature, "type"));
    const char *type, *magnitude_type;
    etas_event e = etas_event_blank();
    char number[24];
    etas_status st;

    if (kind == NULL || strcmp(kind, "Feature") != 0 || !json_is_object(properties))
        return fail_value(s, "", feature, "a Feature with properties");
    st = read_text(s, json_object_get(properties, "type"), "properties.type", &type);
    if (st != ETAS_OK || !etas_catalog_keeps(s->r, strlen(type), type))
        return st;
    st =
        read_text(s, json_object_get(properties, "magType"), "properties.magType", &magnitude_type);
    if (st == ETAS_OK)
        st = read_number(s, json_object_get(properties, "mag"), "properties.mag", &e.mag);
    if (st == ETAS_OK)
        st = read_time(s, json_object_get(properties, "time"), &e.time);
    if (st == ETAS_OK)
        st = read_point(s, json_object_get(feature, "geometry"), &e);
    if (st == ETAS_OK)
        st = read_id(s, json_object_get(feature, "id"), number, &e);
    return st == ETAS_OK ? keep_event(s, &e, magnitude_type) : st;
}

etas_status etas_catalog_read_geojson(const etas_catalog_reader *r, size_t len, const char text[])
{
    etas_json file = {0};
    reader s = {.r = r, .file = &file};
    etas_status st = etas_json_read(&file, len, text, r->name, r->err);
    const json_t *features = json_object_get(file.root, "features");
    const char *type = json_string_value(json_object_get(file.root, "type"));

    if (st == ETAS_OK &&
        (type == NULL || strcmp(type, "FeatureCollection") != 0 || !json_is_array(features)))
        st = etas_catalog_fail(r, &(etas_place){.line = 1}, ETAS_E_PARSE,
                               "not a catalogue; expected a GeoJSON FeatureCollection of Points");
    for (; st == ETAS_OK && s.index < json_array_size(features); s.index++)
        st = read_feature(&s, json_array_get(features, s.index));
    etas_json_close(&file);
    return st;
}
