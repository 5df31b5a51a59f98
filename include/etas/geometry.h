/** @file geometry.h  The sphere, regions on it, and their areas. Angles in degrees, lengths in km.
 */
#ifndef ETAS_GEOMETRY_H
#define ETAS_GEOMETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/status.h"
#include "etas/text.h"

ETAS_API_BEGIN

#define ETAS_EARTH_RADIUS_KM 6378.1 /**< default of the configuration key earth_radius */

/** Great-circle distance by the haversine formula, its square root argument clamped to [0, 1] so
 * that antipodes give pi * radius and never NaN. Relative error about 1e-15 (1 + tan of half the
 * angle): the formula is blind within 1e-8 of the antipode. */
double etas_distance_km(double lat1_deg, double lon1_deg, double lat2_deg, double lon2_deg,
                        double radius_km);

/**
 * A region: rings of vertices under the even-odd rule, so outer rings and holes alike are rings.
 * No ring means the whole globe. Longitudes lie in [-360, 360] and span at most 360 degrees; across
 * the meridian of +-180 they run on beyond it. Starts as {0}; etas_region_free is idempotent.
 */
typedef struct etas_region {
    size_t n_rings;
    size_t *ring_start; /**< n_rings + 1 offsets into lat and lon */
    double *lat, *lon;  /**< vertices; a ring's last vertex may or may not repeat its first */
    double lat_min, lat_max, lon_min, lon_max; /**< bounding box */
} etas_region;

/**
 * Copy one closed ring of n >= 3 vertices. It may touch itself in points, and it may reach islands
 * and holes over bridges, edges that it runs forth and back: such parts become rings of their own.
 * Edges run the short way: one that spans more than 180 degrees (and not exactly 360, the whole
 * map) crosses the meridian of +-180, as from 179 to -179.
 * E_RANGE for a latitude outside [-90, 90] or a longitude outside [-360, 360] (the message names
 * the configuration key polygon_axes) or a ring wider than 360 degrees, E_PARSE for a ring that
 * crosses itself or has no area, with the place of the crossing (GEOS's validity test), or whose
 * parts overlap, or that goes round a pole.
 */
ETAS_NODISCARD etas_status etas_region_set_ring(etas_region *self, size_t n, const double lat[],
                                                const double lon[], etas_error *err);
void etas_region_free(etas_region *self);

/** What a ring is among the rings of polygons. */
typedef enum etas_ring_role {
    ETAS_RING_NEW,  /**< the outer ring of a geometry's first polygon */
    ETAS_RING_PART, /**< the outer ring of a further polygon, which must not overlap the others */
    ETAS_RING_HOLE  /**< in the polygon of the outer ring before it */
} etas_ring_role;

/** Polygons with holes, and sets of them, before they are a region. Starts as {0}. */
typedef struct etas_polygons {
    size_t n_rings, n_vertices, ring_capacity[2], capacity[2];
    etas_ring_role *role;
    size_t *ring_start; /**< n_rings + 1 offsets into lat and lon */
    double *lat, *lon;
} etas_polygons;

/** Begins a ring; the first of all is ETAS_RING_NEW. */
ETAS_NODISCARD etas_status etas_polygons_add_ring(etas_polygons *self, etas_ring_role role);
/** To the ring that was begun last; the first vertex may be repeated at its end. */
ETAS_NODISCARD etas_status etas_polygons_add_vertex(etas_polygons *self, double lat, double lon);
void etas_polygons_free(etas_polygons *self);

/** Whether the text is one that etas_polygons_read_wkt is for. */
bool etas_is_wkt(const char *text);
/** POLYGON or MULTIPOLYGON in well-known text, longitude first; heights are ignored. E_PARSE with
 * GEOS's reason. @p out stays as it was on failure. */
ETAS_NODISCARD etas_status etas_polygons_read_wkt(etas_polygons *out, const char *text,
                                                  etas_error *err);

/**
 * The union of the geometries. Their edges run the short way as in etas_region_set_ring, and parts
 * on both sides of +-180 come to lie side by side; @p polygons is left in that form. Errors as
 * there: E_RANGE, and E_PARSE with the place where a geometry is not valid.
 */
ETAS_NODISCARD etas_status etas_region_set_polygons(etas_region *self, etas_polygons *polygons,
                                                    etas_error *err);

/** Append the region as well-known text, longitude first: a valid POLYGON or MULTIPOLYGON whose
 * numbers read back to the same bits; where rings touch there may be vertices more. Longitudes
 * beyond +-180 stay; the globe is the map's frame. */
ETAS_NODISCARD etas_status etas_region_format_wkt(const etas_region *self, etas_text *out,
                                                  etas_error *err);

/** Planar test in degrees; a point on the boundary is inside. The globe contains everything.
 * Longitudes in (-360, 360) count by their meridian: 185 and -175 give the same answer. */
bool etas_region_contains(const etas_region *self, double lat_deg, double lon_deg);

/**
 * Area in km^2: the planar area of the vertices projected with PROJ to Albers equal area,
 * +lat_1 = lowest and +lat_2 = highest latitude, WGS84 (edges are chords of that map). The globe
 * has 4 pi radius^2. A region symmetric about the equator, which that projection refuses, uses
 * Lambert's cylindrical equal area. E_ARG with PROJ's reason otherwise.
 */
ETAS_NODISCARD etas_status etas_region_area_km2(const etas_region *self, double radius_km,
                                                double *area_km2, etas_error *err);

/** What a cell of the raster knows about its points. */
enum { ETAS_CELL_OUT = 0, ETAS_CELL_IN = 1, ETAS_CELL_EDGE = 2 };

/**
 * The same answer as etas_region_contains, faster: cells known to be inside or outside are looked
 * up, points in edge cells are tested exactly. A globe has n_lat = n_lon = 0.
 */
typedef struct etas_raster {
    double lat0, lon0;         /**< lower left corner */
    double dlat, dlon;         /**< cell size, degrees */
    double inv_dlat, inv_dlon; /**< 1/dlat, 1/dlon as stored, so that every machine divides alike */
    uint32_t n_lat, n_lon;
    uint8_t *cell; /**< n_lat * n_lon, row by row from the south */
} etas_raster;

/** Cells of a grid over the region's box, each inside, outside or cut by an edge; n_per_side of
 * them along each side. */
ETAS_NODISCARD etas_status etas_raster_build(etas_raster *self, const etas_region *region,
                                             uint32_t n_per_side, etas_error *err);
void etas_raster_free(etas_raster *self);
/** As etas_region_contains, of the region that it was built of, at the cost of a look where no edge
 * is near. */
bool etas_raster_contains(const etas_raster *self, const etas_region *region, double lat_deg,
                          double lon_deg);

ETAS_API_END

#endif
