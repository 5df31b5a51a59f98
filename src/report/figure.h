/** @file figure.h  A drawing with its words and its numbers. */
#ifndef ETAS_REPORT_FIGURE_H
#define ETAS_REPORT_FIGURE_H

#include "etas/text.h"
#include "report/svg.h"

/** Starts as {0}; etas_figure_free is idempotent. */
typedef struct etas_figure {
    char name[32];  /**< of its file and of ids in the drawing: "time" */
    char title[96]; /**< "Time between an event and its aftershocks" */
    char text[600]; /**< what is drawn and how to read it; the drawing's description too */
    etas_text svg;
    etas_text csv; /**< what is drawn, as numbers: a line of names, then rows */
} etas_figure;

void etas_figure_free(etas_figure *self);

/** The drawing's head from the figure's words. */
etas_svg_head etas_figure_head(const etas_figure *self, etas_svg_theme theme, double width,
                               double height);

/** A row of a CSV text: the name of a series (NULL: without), then numbers; NaN leaves a field
 * empty. Fails when memory is out. */
ETAS_NODISCARD etas_status etas_csv_row(etas_text *csv, const char *series, size_t n,
                                        const double values[]);

#endif
