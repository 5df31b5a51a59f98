/** @file fit_parts.h  What the figures of a fit share: data in bins with errors, curves beside. */
#ifndef ETAS_REPORT_FIT_PARTS_H
#define ETAS_REPORT_FIT_PARTS_H

#include "etas/fit_figures.h"
#include "report/axes.h"
#include "report/figure_text.h"

enum { ETAS_SERIES_MOST = 1000 };

/** Points of data or of a curve. */
typedef struct etas_series {
    size_t n;
    double x[ETAS_SERIES_MOST], y[ETAS_SERIES_MOST];
    /* Of data, else NaN: the bin, one standard error below and above, and the sum of weights. */
    double from[ETAS_SERIES_MOST], to[ETAS_SERIES_MOST];
    double low[ETAS_SERIES_MOST], high[ETAS_SERIES_MOST], weight[ETAS_SERIES_MOST];
} etas_series;

/** A point of a curve; too many are left out. */
void etas_series_add(etas_series *self, double x, double y);
/** A bin with so many events at @p x, its value that number times @p scale; without errors where
 * there is none. */
void etas_series_add_bin(etas_series *self, const double bin[2], double x, double weight,
                         double scale);

/** A figure of data and two curves over one another. */
typedef struct etas_fit_drawing {
    etas_plot_spec spec; /**< axes without spans, which the data give; legend and milestones */
    const char *columns; /**< names of x and y in the CSV: "delay_days,density_per_day" */
    const char *data_name, *model_name, *expected_name; /**< of the legend; NULL: not drawn */
    etas_series data, model, expected;
} etas_fit_drawing;

/** With the words that are in @p out. */
ETAS_NODISCARD etas_status etas_fit_drawing_finish(etas_figure *out, etas_fit_drawing *d,
                                                   etas_theme theme, etas_error *err);

ETAS_NODISCARD etas_status etas_fit_draw_time(etas_figure *out, const etas_fit_data *data,
                                              etas_theme theme, etas_error *err);
ETAS_NODISCARD etas_status etas_fit_draw_space(etas_figure *out, const etas_fit_data *data,
                                               etas_theme theme, etas_error *err);
ETAS_NODISCARD etas_status etas_fit_draw_productivity(etas_figure *out, const etas_fit_data *data,
                                                      etas_theme theme, etas_error *err);
ETAS_NODISCARD etas_status etas_fit_draw_magnitudes(etas_figure *out, const etas_fit_data *data,
                                                    etas_theme theme, etas_error *err);
ETAS_NODISCARD etas_status etas_fit_draw_background(etas_figure *out, const etas_fit_data *data,
                                                    etas_theme theme, etas_error *err);

#endif
