/** @file figure_text.h  Helpers of those who make figures. */
#ifndef ETAS_REPORT_FIGURE_TEXT_H
#define ETAS_REPORT_FIGURE_TEXT_H

#include "etas/figure.h"
#include "report/svg.h"

/** The drawing's head from the figure's words. */
etas_svg_head etas_figure_head(const etas_figure *self, etas_theme theme, double width,
                               double height);

/** A row of a CSV text: the name of a series (NULL: without), then numbers; NaN leaves a field
 * empty. Fails when memory is out. */
ETAS_NODISCARD etas_status etas_csv_row(etas_text *csv, const char *series, size_t n,
                                        const double values[]);

#endif
