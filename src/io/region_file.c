#include <stdlib.h>
#include <string.h>

#include "etas/io.h"
#include "io/file.h"
#include "io/json.h"
#include "io/points.h"

static etas_status read_geojson(etas_region *out, size_t len, const char text[], etas_error *err)
{
    etas_json json = {0};
    etas_status st = etas_json_read(&json, len, text, "", err);

    if (st == ETAS_OK)
        st = etas_region_from_geojson(json.root, out, err);
    etas_json_close(&json);
    return st;
}

static etas_status read_wkt(etas_region *out, const char text[], etas_error *err)
{
    etas_polygons polygons = {0};
    etas_status st = etas_polygons_read_wkt(&polygons, text, err);

    if (st == ETAS_OK)
        st = etas_region_set_polygons(out, &polygons, err);
    etas_polygons_free(&polygons);
    return st;
}

static etas_status read_points(etas_region *out, size_t len, const char bytes[], bool lonlat,
                               etas_error *err)
{
    etas_points points = {.columns = 2};
    etas_status st = etas_points_read(&points, len, bytes, err);

    if (st == ETAS_OK)
        st = etas_points_to_region(&points, lonlat, out, err);
    etas_points_free(&points);
    return st;
}

etas_status etas_region_read(etas_region *out, size_t len, const char bytes[], bool lonlat,
                             etas_error *err)
{
    const size_t bom = len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    etas_text text = {0};
    etas_status st;

    /* The bytes end with a NUL that is not theirs: what looks for text stops there. */
    if (etas_text_append(&text, len - bom, bytes + bom) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a region of %zu bytes", len);
    if (text.data[strspn(text.data, " \t\r\n")] == '{')
        st = read_geojson(out, text.len, text.data, err);
    else if (!etas_is_wkt(text.data))
        st = read_points(out, len, bytes, lonlat, err);
    else if (strlen(text.data) != text.len)
        st = etas_fail(err, ETAS_E_PARSE, "malformed WKT: a NUL byte");
    else
        st = read_wkt(out, text.data, err);
    etas_text_free(&text);
    return st;
}

etas_status etas_region_load(etas_region *out, const char *path, bool lonlat, etas_error *err)
{
    etas_text text = {0};
    etas_status st = etas_file_read(path, &text, err);

    if (st == ETAS_OK)
        st = etas_region_read(out, text.len, text.data, lonlat, err);
    if (st != ETAS_OK)
        etas_error_in_file(err, path);
    etas_text_free(&text);
    return st;
}
