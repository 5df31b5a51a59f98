#include "etas/array.h"
#include "etas/text.h"
#include "geometry/polygon_geos.h"
#include "geometry/polygon_set.h"
#include "geometry/ring_polygon.h"

static const char GLOBE[] = "POLYGON ((-180 -90, 180 -90, 180 90, -180 90, -180 -90))";

/* Every ring as a polygon of its own, all in one geometry; NULL when GEOS fails. */
static GEOSGeometry *gather_rings(GEOSContextHandle_t geos, const etas_region *region)
{
    GEOSGeometry **parts = NULL, *all;
    size_t n = 0;

    if (etas_array_alloc((void **)&parts, region->n_rings, sizeof(GEOSGeometry *)) != ETAS_OK)
        return NULL;
    for (; n < region->n_rings; n++) {
        const size_t first = region->ring_start[n], end = region->ring_start[n + 1];

        parts[n] = etas_ring_polygon(geos, end - first, region->lon + first, region->lat + first);
        if (parts[n] == NULL)
            break;
    }
    all = etas_multipolygon(geos, n == region->n_rings, n, parts);
    etas_array_free((void **)&parts);
    return all;
}

/* GEOS makes what is odd the inside of valid polygons, whose holes it knows. */
static etas_status nest_rings(const etas_region *region, etas_polygons *out)
{
    GEOSContextHandle_t geos = GEOS_init_r();
    GEOSGeometry *all = geos != NULL ? gather_rings(geos, region) : NULL;
    GEOSGeometry *valid = all != NULL ? GEOSMakeValid_r(geos, all) : NULL;
    const int n = valid != NULL ? GEOSGetNumGeometries_r(geos, valid) : -1;
    etas_status st = n >= 0 ? ETAS_OK : ETAS_E_NOMEM;

    for (int i = 0; st == ETAS_OK && i < n; i++) {
        const GEOSGeometry *part = GEOSGetGeometryN_r(geos, valid, i);

        if (part == NULL)
            st = ETAS_E_NOMEM;
        else if (GEOSGeomTypeId_r(geos, part) == GEOS_POLYGON)
            st = etas_polygons_add_geometry(geos, part, out);
    }
    if (geos != NULL) {
        GEOSGeom_destroy_r(geos, valid);
        GEOSGeom_destroy_r(geos, all);
        GEOS_finish_r(geos);
    }
    return st;
}

static etas_status append_ring(const etas_polygons *p, size_t ring, etas_text *out)
{
    const size_t first = p->ring_start[ring], end = p->ring_start[ring + 1];
    const bool open = p->lat[first] != p->lat[end - 1] || p->lon[first] != p->lon[end - 1];
    etas_status st = etas_text_append(out, 1, "(");

    for (size_t i = first; st == ETAS_OK && i < end + open; i++) {
        const size_t from = i < end ? i : first;
        char lat[32], lon[32];

        etas_format_double(p->lat[from], lat);
        etas_format_double(p->lon[from], lon);
        st = etas_text_printf(out, "%s%s %s", i > first ? ", " : "", lon, lat);
    }
    return st == ETAS_OK ? etas_text_append(out, 1, ")") : st;
}

static etas_status append_polygons(const etas_polygons *p, etas_text *out)
{
    const bool many = etas_polygons_next(p, 0) < p->n_rings;
    etas_status st = etas_text_printf(out, "%s", many ? "MULTIPOLYGON (" : "POLYGON ");

    for (size_t ring = 0; st == ETAS_OK && ring < p->n_rings; ring++) {
        const bool outer = ring == 0 || p->role[ring] != ETAS_RING_HOLE;

        st = etas_text_printf(out, "%s%s", ring == 0 ? "" : outer ? "), " : ", ", outer ? "(" : "");
        if (st == ETAS_OK)
            st = append_ring(p, ring, out);
    }
    return st == ETAS_OK ? etas_text_printf(out, many ? "))" : ")") : st;
}

etas_status etas_region_format_wkt(const etas_region *self, etas_text *out, etas_error *err)
{
    etas_polygons polygons = {0};
    etas_status st;

    if (self->n_rings == 0) {
        st = etas_text_printf(out, "%s", GLOBE);
    } else {
        st = nest_rings(self, &polygons);
        if (st == ETAS_OK && polygons.n_rings == 0)
            return etas_fail(err, ETAS_E_ARG, "a region without area");
        if (st == ETAS_OK)
            st = append_polygons(&polygons, out);
    }
    etas_polygons_free(&polygons);
    return st == ETAS_OK ? st : etas_fail(err, st, "no memory to write a polygon");
}
