/** @file points.h  Coordinates of a region while it is read. */
#ifndef ETAS_IO_POINTS_H
#define ETAS_IO_POINTS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "etas/geometry.h"
#include "etas/hull.h"
#include "etas/text.h"

/** Points in the order of the file, row by row. Starts as {.columns = 2} or {.columns = 3}. */
typedef struct etas_points {
    size_t columns, n, capacity;
    double *values;
} etas_points;

ETAS_NODISCARD etas_status etas_points_append(etas_points *self, const double row[]);
void etas_points_free(etas_points *self);

/** From the bytes of a .npy file, or a list as JSON, Python and NumPy print it. E_PARSE. */
ETAS_NODISCARD etas_status etas_points_read(etas_points *self, size_t len, const char bytes[],
                                            etas_error *err);
ETAS_NODISCARD etas_status etas_points_read_list(etas_points *self, size_t len, const char text[],
                                                 etas_error *err);
/** From a JSON array of arrays. */
ETAS_NODISCARD etas_status etas_points_read_json(etas_points *self, const json_t *list,
                                                 etas_error *err);

/** Pairs as the ring of a region; @p lonlat: they have lon first. Errors of etas_region_set_ring.
 */
ETAS_NODISCARD etas_status etas_points_to_region(const etas_points *self, bool lonlat,
                                                 etas_region *out, etas_error *err);
/** The convex hull of triples in units of @p unit_in_meters. Errors of etas_hull_build. */
ETAS_NODISCARD etas_status etas_points_to_hull(const etas_points *self, double unit_in_meters,
                                               etas_hull *out, etas_error *err);

/** "[array([a, b]), ...]", to the last bit; @p out starts as {0}. */
ETAS_NODISCARD etas_status etas_points_print(const etas_points *self, etas_text *out);

/** A region from the outermost object of GeoJSON: a Polygon, a MultiPolygon, or features and
 * collections of them. E_PARSE, E_RANGE; the message says where. */
ETAS_NODISCARD etas_status etas_region_from_geojson(const json_t *root, etas_region *out,
                                                    etas_error *err);

#endif
