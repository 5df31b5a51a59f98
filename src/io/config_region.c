#include <stdlib.h>
#include <string.h>

#include "etas/io.h"
#include "io/config_reader.h"
#include "io/region_ring.h"

static etas_status print_vertex(const etas_region *region, size_t i, etas_text *out)
{
    char lat[32], lon[32];

    etas_format_double(region->lat[i], lat);
    etas_format_double(region->lon[i], lon);
    return etas_text_printf(out, "%sarray([%s, %s])", out->len == 0 ? "[" : ", ", lat, lon);
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

        for (size_t i = first; st == ETAS_OK && i < end; i++)
            st = print_vertex(region, i, out);
        if (st == ETAS_OK && bridges && !closed)
            st = print_vertex(region, first, out);
        if (st == ETAS_OK && ring > 0)
            st = print_vertex(region, 0, out);
    }
    return st == ETAS_OK ? etas_text_append(out, 1, "]") : st;
}

static etas_status region_from_list(const json_t *list, bool lonlat, etas_region *out,
                                    etas_error *err)
{
    etas_ring ring = {0};
    etas_status st = ETAS_OK;

    for (size_t i = 0; st == ETAS_OK && i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);
        double first, second;

        if (json_array_size(pair) != 2 || !json_is_number(json_array_get(pair, 0)) ||
            !json_is_number(json_array_get(pair, 1))) {
            st = etas_fail(err, ETAS_E_PARSE, "vertex %zu is not a pair of numbers [lat, lon]",
                           i + 1);
            break;
        }
        first = json_number_value(json_array_get(pair, 0));
        second = json_number_value(json_array_get(pair, 1));
        st = etas_ring_append(&ring, first, second);
        if (st != ETAS_OK)
            etas_fail(err, st, "out of memory after %zu vertices", ring.n);
    }
    if (st == ETAS_OK)
        st = etas_ring_to_region(&ring, lonlat, out, err);
    etas_ring_free(&ring);
    return st;
}

/* A string is the name of a file, or the list itself as a results file repeats it, or WKT. */
static bool is_inline(const char *text)
{
    static const char *const words[] = {"array", "np.array", "numpy.array", "POLYGON",
                                        "MULTIPOLYGON"};

    text += strspn(text, " \t\r\n");
    if (text[0] == '[' || text[0] == '(' || text[0] == '{')
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
        st = etas_fail(&e, ETAS_E_UNSUPPORTED, "regions in GeoJSON are not supported yet");
    else if (!json_is_string(s.value))
        st = etas_fail(&e, ETAS_E_PARSE, "expected a list [[lat, lon], ...] or the path of a file");
    else if (is_inline(json_string_value(s.value)))
        st = etas_region_read_list(out, json_string_length(s.value), json_string_value(s.value),
                                   lonlat, &e);
    else
        return region_from_file(r, key, lonlat, out);
    if (st != ETAS_OK)
        return etas_setting_fail(r, key, st, "%s", e.text);
    return ETAS_OK;
}
