/** @file axes.h  A plot: axes, legend, and what is drawn between them. Values, not places. */
#ifndef ETAS_REPORT_AXES_H
#define ETAS_REPORT_AXES_H

#include "report/scale.h"
#include "report/svg.h"

/** Sizes of letters that stay readable where the drawing of ETAS_FIGURE_WIDTH is 360 pixels wide.
 */
enum { ETAS_FIGURE_WIDTH = 400, ETAS_FIGURE_HEIGHT = 320 };
#define ETAS_SIZE_TITLE 16.0
#define ETAS_SIZE_TEXT  14.0
#define ETAS_SIZE_TICK  13.0

typedef struct etas_axis {
    const char *title;
    etas_scale_kind kind;
    etas_span span; /**< low < high */
    bool no_grid;
} etas_axis;

typedef enum etas_mark { ETAS_MARK_LINE, ETAS_MARK_BAND, ETAS_MARK_DOT } etas_mark;

typedef struct etas_legend_item {
    const char *text;
    etas_mark mark;
    etas_pen pen;
} etas_legend_item;

/** A value on the x axis, drawn as a line from bottom to top with its text above the plot. */
typedef struct etas_milestone {
    double value;
    const char *text;
    etas_pen pen;
} etas_milestone;

typedef struct etas_plot_spec {
    const char *title; /**< drawn in files; in a page it stands beside the drawing. NULL: none */
    etas_axis x, y;
    size_t n_legend;
    const etas_legend_item *legend; /**< above the plot, so that it covers nothing */
    size_t n_milestones;            /**< at most ETAS_MILESTONES_MOST */
    const etas_milestone *milestones;
} etas_plot_spec;
enum { ETAS_MILESTONES_MOST = 8 };

typedef struct etas_plot {
    etas_svg *svg;
    etas_box box; /**< between the axes */
    etas_scale x, y;
} etas_plot;

/** Draws all but the data into the whole of the drawing. */
void etas_plot_begin(etas_plot *self, etas_svg *svg, const etas_plot_spec *spec);
void etas_plot_end(etas_plot *self);

/* NaN, and what is not above 0 on a logarithmic axis, is a gap in lines and bands, and no dot. */

void etas_plot_line(etas_plot *self, size_t n, const double x[], const double y[],
                    const etas_pen *pen);
/** y[i] from edge[i] to edge[i + 1]. */
void etas_plot_steps(etas_plot *self, size_t n, const double edge[], const double y[],
                     const etas_pen *pen);
/** Bars that stand on 0, or on the low end of the axis where that is higher. */
void etas_plot_bars(etas_plot *self, size_t n, const double edge[], const double y[],
                    const etas_pen *pen);
/** Between two curves. */
typedef struct etas_band {
    size_t n;
    const double *x, *low, *high;
} etas_band;
void etas_plot_band(etas_plot *self, const etas_band *band, const etas_pen *pen);
void etas_plot_dots(etas_plot *self, size_t n, const double x[], const double y[], double radius,
                    etas_ink ink);
/** Upright error bars. */
void etas_plot_errors(etas_plot *self, const etas_band *bars, const etas_pen *pen);
/** A text at a value, e.g. at the end of a curve. */
void etas_plot_text(etas_plot *self, double x, double y, const etas_letters *how, const char *text);

/** Title, where the theme has one, and legend in rows, of plots and maps alike; what is below them
 * starts at the height that this gives, also with @p svg NULL. */
double etas_plot_head(etas_svg *svg, const etas_plot_spec *spec, double width, etas_theme theme);

#endif
