/** @file test_figures.h  What a consistency test compares. */
#ifndef ETAS_REPORT_TEST_FIGURES_H
#define ETAS_REPORT_TEST_FIGURES_H

#include "etas/consistency.h"
#include "report/figure_text.h"

/** The statistic of the catalogues and of the observation; of a test that is valid. @p out starts
 * as {0}; etas_figure_free in any case. */
ETAS_NODISCARD etas_status etas_test_draw(const etas_test_result *result, etas_theme theme,
                                          etas_figure *out, etas_error *err);

#endif
