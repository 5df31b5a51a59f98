/** @file report_fit.h  The inversion that a stored forecast came from, for its report. */
#ifndef ETAS_CLI_REPORT_FIT_H
#define ETAS_CLI_REPORT_FIT_H

#include "etas/fit_figures.h"
#include "etas/report.h"
#include "fit_source.h"

/** Starts as {0}; report_fit_free is idempotent. */
typedef struct report_fit {
    fit fit;
    etas_figure figures[ETAS_N_FIT_FIGURES];
    etas_report_fit shown; /**< points into it */
} report_fit;

/** E_ARG when it is the inversion of another model than @p forecast's. */
ETAS_NODISCARD etas_status report_fit_run(report_fit *self, fit_source *source,
                                          const etas_mixture *forecast, talk *t, etas_error *err);
void report_fit_free(report_fit *self);

#endif
