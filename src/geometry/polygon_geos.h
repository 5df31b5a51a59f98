/** @file polygon_geos.h  Polygons from GEOS. */
#ifndef ETAS_GEOMETRY_POLYGON_GEOS_H
#define ETAS_GEOMETRY_POLYGON_GEOS_H

#include <geos_c.h>

#include "etas/geometry.h"

/** The rings of a polygon or multipolygon, as one geometry; empty parts are left out. E_NOMEM when
 * GEOS fails. */
ETAS_NODISCARD etas_status etas_polygons_add_geometry(GEOSContextHandle_t geos,
                                                      const GEOSGeometry *geometry,
                                                      etas_polygons *out);

/** E_PARSE with the place for a polygon or multipolygon that is not valid or has no area. A ring
 * may touch itself in points. */
ETAS_NODISCARD etas_status etas_polygon_check(GEOSContextHandle_t geos, const GEOSGeometry *polygon,
                                              etas_error *err);

#endif
