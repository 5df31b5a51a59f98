/* GeoJSON (RFC 7946). GEOS has a reader, but that of GEOS 3.11 refuses heights and crashes on an
 * empty position. */
#include <string.h>

#include "etas/text.h"
#include "io/points.h"

enum { MOST_LEVELS = 16 }; /* collections in collections */

typedef struct reader {
    etas_polygons *out;
    size_t feature; /* 1-based, 0 outside a collection */
    int level;
    etas_error *err;
} reader;

static etas_status fail_at(const reader *r, const char *what)
{
    if (r->feature > 0)
        return etas_fail(r->err, ETAS_E_PARSE, "GeoJSON: feature %zu: %s", r->feature, what);
    return etas_fail(r->err, ETAS_E_PARSE, "GeoJSON: %s", what);
}

static etas_status no_memory(const reader *r)
{
    return etas_fail(r->err, ETAS_E_NOMEM, "out of memory after %zu vertices", r->out->n_vertices);
}

static etas_status read_ring(const reader *r, const json_t *ring, etas_ring_role role)
{
    char what[96];

    if (!json_is_array(ring))
        return fail_at(r, "a ring is not an array of positions");
    if (etas_polygons_add_ring(r->out, role) != ETAS_OK)
        return no_memory(r);
    for (size_t i = 0; i < json_array_size(ring); i++) {
        const json_t *position = json_array_get(ring, i);
        const json_t *lon = json_array_get(position, 0), *lat = json_array_get(position, 1);

        if (!json_is_number(lon) || !json_is_number(lat)) {
            etas_format(sizeof what, what, "ring %zu, vertex %zu is not a position [lon, lat]",
                        r->out->n_rings, i + 1);
            return fail_at(r, what);
        }
        if (etas_polygons_add_vertex(r->out, json_number_value(lat), json_number_value(lon)) !=
            ETAS_OK)
            return no_memory(r);
    }
    return ETAS_OK;
}

/* An outer ring and holes; one without rings is empty. */
static etas_status read_polygon(const reader *r, const json_t *rings, etas_ring_role role)
{
    etas_status st = ETAS_OK;

    if (!json_is_array(rings))
        return fail_at(r, "the coordinates of a polygon are not an array of rings");
    for (size_t i = 0; st == ETAS_OK && i < json_array_size(rings); i++)
        st = read_ring(r, json_array_get(rings, i), i == 0 ? role : ETAS_RING_HOLE);
    return st;
}

static etas_status read_multipolygon(const reader *r, const json_t *polygons)
{
    const size_t before = r->out->n_rings;
    etas_status st = ETAS_OK;

    if (!json_is_array(polygons))
        return fail_at(r, "the coordinates of a multipolygon are not an array of polygons");
    for (size_t i = 0; st == ETAS_OK && i < json_array_size(polygons); i++)
        st = read_polygon(r, json_array_get(polygons, i),
                          r->out->n_rings == before ? ETAS_RING_NEW : ETAS_RING_PART);
    return st;
}

static etas_status read_object(reader *r, const json_t *object);

static etas_status read_members(reader *r, const json_t *members, bool count)
{
    etas_status st = ETAS_OK;

    if (!json_is_array(members))
        return fail_at(r, "a collection without an array of its members");
    if (++r->level > MOST_LEVELS)
        return fail_at(r, "collections in collections, too deep");
    for (size_t i = 0; st == ETAS_OK && i < json_array_size(members); i++) {
        if (count)
            r->feature = i + 1;
        st = read_object(r, json_array_get(members, i));
    }
    r->level--;
    return st;
}

static etas_status read_object(reader *r, const json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    const json_t *coordinates = json_object_get(object, "coordinates");
    char what[96];

    if (type == NULL)
        return fail_at(r, "expected an object with a \"type\"");
    if (strcmp(type, "Polygon") == 0)
        return read_polygon(r, coordinates, ETAS_RING_NEW);
    if (strcmp(type, "MultiPolygon") == 0)
        return read_multipolygon(r, coordinates);
    if (strcmp(type, "GeometryCollection") == 0)
        return read_members(r, json_object_get(object, "geometries"), false);
    if (strcmp(type, "FeatureCollection") == 0)
        return read_members(r, json_object_get(object, "features"), true);
    if (strcmp(type, "Feature") == 0) {
        const json_t *geometry = json_object_get(object, "geometry");

        return json_is_null(geometry) ? ETAS_OK : read_object(r, geometry);
    }
    etas_format(sizeof what, what, "expected a Polygon or MultiPolygon, found \"%.40s\"", type);
    return fail_at(r, what);
}

etas_status etas_region_from_geojson(const json_t *root, etas_region *out, etas_error *err)
{
    etas_polygons polygons = {0};
    reader r = {.out = &polygons, .err = err};
    etas_status st = read_object(&r, root);

    if (st == ETAS_OK)
        st = etas_region_set_polygons(out, &polygons, err);
    etas_polygons_free(&polygons);
    return st;
}
