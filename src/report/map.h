/** @file map.h  A map: frame, graticule in degrees, cells by colour, polygons, points.
 *
 * Equidistant in both directions at its middle latitude. Longitudes may run beyond +-180, as those
 * of regions do; they are named by their meridian.
 */
#ifndef ETAS_REPORT_MAP_H
#define ETAS_REPORT_MAP_H

#include "etas/geometry.h"
#include "report/axes.h"

/** What a colour means: linear or logarithmic; drawn below the map. */
typedef struct etas_colour_scale {
    const char *title;
    etas_scale_kind kind;
    etas_span span;
} etas_colour_scale;

typedef struct etas_map_spec {
    const char *title;  /**< as in etas_plot_spec */
    etas_span lat, lon; /**< degrees, low < high */
    size_t n_legend;
    const etas_legend_item *legend;
    const etas_colour_scale *colours; /**< NULL: none */
} etas_map_spec;

typedef struct etas_map {
    etas_plot plot;
} etas_map;

/** The height of a drawing of that width which the map fills. */
double etas_map_height(const etas_map_spec *spec, double width, etas_theme theme);

/** Draws all but the contents. The drawing may be lower than etas_map_height says: the map gets
 * narrower then. */
void etas_map_begin(etas_map *self, etas_svg *svg, const etas_map_spec *spec);
void etas_map_end(etas_map *self);

/** Cells of one size by their south-west corners; NaN, and 0 on a logarithmic scale, are left out.
 */
typedef struct etas_map_cells {
    size_t n;
    const double *lat, *lon, *value;
    double dlat, dlon;
} etas_map_cells;
void etas_map_cells_draw(etas_map *self, const etas_map_cells *cells,
                         const etas_colour_scale *colours);

/** All rings of a region, holes too, on a lighter line that sets them off the cells; the globe
 * draws nothing. */
void etas_map_region(etas_map *self, const etas_region *region, const etas_pen *pen);

/** Circles. @p radius in units of the drawing, one per point. */
typedef struct etas_map_points {
    size_t n;
    const double *lat, *lon, *radius;
} etas_map_points;
void etas_map_points_draw(etas_map *self, const etas_map_points *points, const etas_pen *pen);

#endif
