/** @file fit_source.h  Where a fit comes from: a configuration, which is inverted, or results,
 * whose estimate is taken. */
#ifndef ETAS_CLI_FIT_SOURCE_H
#define ETAS_CLI_FIT_SOURCE_H

#include "etas/config.h"
#include "fit.h"
#include "talk.h"

/** Starts as {0} and fit_options_init; fit_source_free is idempotent. Not to be moved: how points
 * into it. */
typedef struct fit_source {
    const char *path;    /**< CONFIG, RESULTS (parameters_<id>.json) or the FOLDER of these */
    const char *catalog; /**< in place of the one that the file names, or NULL */
    fit_options how;
    etas_config cfg;
    char *found; /**< the results in a folder */
    etas_params theta;
} fit_source;

/** Fills in cfg and how for fit_run. */
ETAS_NODISCARD etas_status fit_source_load(fit_source *self, talk *t, etas_error *err);
void fit_source_free(fit_source *self);

#endif
