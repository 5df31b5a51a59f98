#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/io.h"
#include "io/config_reader.h"
#include "io/file.h"
#include "io/points.h"

static etas_status print_vertex(double lat_deg, double lon_deg, etas_text *out)
{
    char lat[32], lon[32];

    etas_format_double(lat_deg, lat);
    etas_format_double(lon_deg, lon);
    return etas_text_printf(out, "%sarray([%s, %s])", out->len == 0 ? "[" : ", ", lat, lon);
}

/* From the first vertex of all to vertex @p i or, there and @p back again, from that. One that is
 * longer than half the globe would be read as running the other way, so it has a vertex half-way.
 */
static etas_status print_bridge(const etas_region *region, size_t i, bool back, etas_text *out)
{
    etas_status st = ETAS_OK;

    if (fabs(region->lon[i] - region->lon[0]) > 180)
        st = print_vertex(0.5 * (region->lat[0] + region->lat[i]),
                          0.5 * (region->lon[0] + region->lon[i]), out);
    if (st == ETAS_OK && back)
        st = print_vertex(region->lat[0], region->lon[0], out);
    return st;
}

/* Several rings become one list again: each is closed and joined to the first vertex of all by a
 * bridge, which etas_region_set_ring takes away. */
etas_status etas_region_print(const etas_region *region, etas_text *out)
{
    const bool bridges = region->n_rings > 1;
    etas_status st = ETAS_OK;

    for (size_t ring = 0; ring < region->n_rings; ring++) {
        const size_t first = region->ring_start[ring], end = region->ring_start[ring + 1];
        const bool closed = region->lat[first] == region->lat[end - 1] &&
                            region->lon[first] == region->lon[end - 1];

        if (st == ETAS_OK && ring > 0)
            st = print_bridge(region, first, false, out);
        for (size_t i = first; st == ETAS_OK && i < end; i++)
            st = print_vertex(region->lat[i], region->lon[i], out);
        if (st == ETAS_OK && bridges && !closed)
            st = print_vertex(region->lat[first], region->lon[first], out);
        if (st == ETAS_OK && ring > 0)
            st = print_bridge(region, first, true, out);
    }
    return st == ETAS_OK ? etas_text_append(out, 1, "]") : st;
}

/* A string is the name of a file, or the list itself as a results file repeats it, or WKT. */
static bool is_inline(const char *text)
{
    static const char *const words[] = {"array", "np.array", "numpy.array"};

    text += strspn(text, " \t\r\n");
    if (text[0] == '[' || text[0] == '(' || text[0] == '{' || etas_is_wkt(text))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t n = strlen(words[i]);

        if (strncasecmp(text, words[i], n) == 0 && text[n + strspn(text + n, " ")] == '(')
            return true;
    }
    return false;
}

static etas_status region_from_file(const etas_config_reader *r, const char *key, bool lonlat,
                                    etas_region *out)
{
    char *path = NULL;
    etas_status st = etas_setting_path(r, key, &path);

    if (st == ETAS_OK)
        st = etas_region_load(out, path, lonlat, r->err);
    if (st != ETAS_OK)
        etas_error_in_key(r->err, key);
    free(path);
    return st;
}

static etas_status region_from_list(const json_t *list, bool lonlat, etas_region *out,
                                    etas_error *err)
{
    etas_points points = {.columns = 2};
    etas_status st = etas_points_read_json(&points, list, err);

    if (st == ETAS_OK)
        st = etas_points_to_region(&points, lonlat, out, err);
    etas_points_free(&points);
    return st;
}

etas_status etas_setting_region(const etas_config_reader *r, const char *key, etas_region *out,
                                bool *given)
{
    static const char *const axes[2] = {"latlon", "lonlat"};
    const etas_setting s = etas_setting_find(r, key);
    etas_error e = {0};
    bool lonlat = false;
    etas_status st = etas_setting_choice(r, "polygon_axes", axes, &lonlat);

    *given = s.value != NULL;
    if (st != ETAS_OK || s.value == NULL)
        return st;
    if (s.file == r->results)
        lonlat = false; /* results are always [lat, lon] */
    if (json_is_array(s.value))
        st = region_from_list(s.value, lonlat, out, &e);
    else if (json_is_object(s.value))
        st = etas_region_from_geojson(s.value, out, &e);
    else if (etas_json_text(s.value) == NULL)
        st = etas_fail(&e, ETAS_E_PARSE, "expected a list [[lat, lon], ...] or the path of a file");
    else if (is_inline(json_string_value(s.value)))
        st = etas_region_read(out, json_string_length(s.value), json_string_value(s.value), lonlat,
                              &e);
    else
        return region_from_file(r, key, lonlat, out);
    if (st != ETAS_OK)
        return etas_setting_fail(r, key, st, "%s", e.text);
    return ETAS_OK;
}

/* ---- in three dimensions ---- */

static etas_status corners_from_file(const etas_config_reader *r, const char *key, etas_points *out)
{
    etas_text text = {0};
    char *path = NULL;
    etas_status st = etas_setting_path(r, key, &path);

    if (st == ETAS_OK)
        st = etas_file_read(path, &text, r->err);
    if (st == ETAS_OK)
        st = etas_points_read(out, text.len, text.data, r->err);
    if (st != ETAS_OK) {
        etas_error_in_file(r->err, path);
        etas_error_in_key(r->err, key);
    }
    etas_text_free(&text);
    free(path);
    return st;
}

static etas_status read_corners(const etas_config_reader *r, const char *key, const json_t *value,
                                etas_points *out)
{
    const char *text = json_string_value(value);
    etas_error e = {0};
    etas_status st;

    if (text != NULL && !is_inline(text))
        return corners_from_file(r, key, out);
    if (json_is_array(value))
        st = etas_points_read_json(out, value, &e);
    else if (text != NULL)
        st = etas_points_read_list(out, json_string_length(value), text, &e);
    else
        st = etas_fail(&e, ETAS_E_PARSE, "expected a list [[x, y, z], ...] or the path of a file");
    return st == ETAS_OK ? ETAS_OK : etas_setting_fail(r, key, st, "%s", e.text);
}

static etas_status read_hull(const etas_config_reader *r, const char *key)
{
    const etas_setting s = etas_setting_find(r, key);
    etas_config *c = r->self;
    etas_points corners = {.columns = 3};
    etas_text shape = {0};
    etas_error e = {0};
    etas_status st = read_corners(r, key, s.value, &corners);

    if (st == ETAS_OK &&
        etas_points_to_hull(&corners, c->space_unit_in_meters, &c->hull, &e) != ETAS_OK)
        st = etas_setting_fail(r, key, e.code, "%s", e.text);
    if (st == ETAS_OK && etas_points_print(&corners, &shape) != ETAS_OK)
        st = etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->file->path);
    c->has_hull = st == ETAS_OK;
    c->shape_text = shape.data;
    etas_points_free(&corners);
    return st;
}

static etas_status keep_text(const etas_config_reader *r, const etas_region *region, char **out)
{
    etas_text text = {0};

    if (region->n_rings > 0 && etas_region_print(region, &text) != ETAS_OK) {
        etas_text_free(&text);
        return etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->file->path);
    }
    *out = text.data;
    return ETAS_OK;
}

/* An edge from 175 to -175 could be meant either way; what it was taken for must be seen. */
static void tell_crossing(const etas_config_reader *r, const char *key, const etas_region *region)
{
    if (region->n_rings > 0 && (region->lon_min < -180 || region->lon_max > 180))
        etas_log_write(r->log, ETAS_LOG_WARN,
                       "%s: \"%s\" crosses the meridian of 180 degrees: it reaches from longitude "
                       "%g to %g (edges run the short way)",
                       r->file->path, key, region->lon_min, region->lon_max);
}

etas_status etas_setting_places(const etas_config_reader *r)
{
    etas_config *c = r->self;
    bool given;
    etas_status st;

    if (c->three_dim)
        return read_hull(r, "shape_coords");
    st = etas_setting_region(r, "shape_coords", &c->region, &given);
    if (st == ETAS_OK)
        st = etas_setting_region(r, "inner_shape_coords", &c->inner_region, &c->has_inner_region);
    tell_crossing(r, "shape_coords", &c->region);
    tell_crossing(r, "inner_shape_coords", &c->inner_region);
    if (st == ETAS_OK)
        st = keep_text(r, &c->region, &c->shape_text);
    if (st == ETAS_OK)
        st = keep_text(r, &c->inner_region, &c->inner_shape_text);
    return st;
}
