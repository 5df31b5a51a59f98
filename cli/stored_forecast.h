/** @file stored_forecast.h  What a report shows of the forecast in a store. Shared by report and
 * plot. */
#ifndef ETAS_CLI_STORED_FORECAST_H
#define ETAS_CLI_STORED_FORECAST_H

#include "catalog_options.h"
#include "etas/report.h"
#include "etas/store.h"
#include "grid_options.h"
#include "talk.h"

/** Starts as {0}; stored_forecast_free is idempotent. Not to be moved. */
typedef struct stored_forecast {
    etas_counts kept; /**< of a run that keeps counts */
    etas_mixture own; /**< of one that keeps events */
    etas_forecast_about about;
    etas_report_gather *gather;
    etas_report_forecast *forecast;
    etas_catalog catalog; /**< the observed one */
    etas_report_observed observed;
    bool has_observed;
} stored_forecast;

/** Where it comes from. */
typedef struct stored_source {
    const char *path;
    etas_store *store;
    size_t n_thresholds; /**< as in etas_report_gather_open */
    const double *threshold;
    const char *observed; /**< catalogue, or NULL */
    etas_catalog_options how;
} stored_source;

/** All that is stored, also of a run that is not complete. */
ETAS_NODISCARD etas_status stored_forecast_load(stored_forecast *self, const stored_source *from,
                                                talk *t, etas_error *err);
void stored_forecast_free(stored_forecast *self);
/** NULL: none was given. */
const etas_report_observed *stored_forecast_observed(const stored_forecast *self);

#endif
