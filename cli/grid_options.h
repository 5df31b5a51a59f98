/** @file grid_options.h  What rates, counts and summaries are made of: cells, intervals,
 * thresholds.
 */
#ifndef ETAS_CLI_GRID_OPTIONS_H
#define ETAS_CLI_GRID_OPTIONS_H

#include <stdbool.h>

#include "etas/forecast_output.h"
#include "options.h"
#include "talk.h"

enum { GRID_OPTIONS = 7, MOST_INTERVALS = 1000 };

typedef struct grid_options {
    double cell_size, mag_step;         /**< NaN: not given */
    double mag_first, mag_last;         /**< likewise */
    const char *depths;                 /**< FIRST:LAST */
    const char *intervals, *thresholds; /**< lists */
} grid_options;

void grid_options_table(grid_options *self, option_spec out[GRID_OPTIONS]);

/** The first of them that is given, "--cell-size"; NULL: none. */
const char *grid_options_given(const grid_options *self);

/** The options checked, as outputs want them. Not to be moved: the grid points into it. */
typedef struct grid_request {
    etas_forecast_grid grid;
    double ends[MOST_INTERVALS];
    size_t n_thresholds;
    double threshold[ETAS_MAX_THRESHOLDS];
    const char *given; /**< the first option that was, NULL: none */
} grid_request;

options_outcome grid_request_init(grid_request *self, const grid_options *options,
                                  const command_usage *usage);

/** The same with the usual grid, of which only --thresholds (NULL: the usual) can be chosen. */
options_outcome grid_request_thresholds(grid_request *self, const char *thresholds,
                                        const command_usage *usage);

/** Usage for what cannot be right when @p days are simulated and magnitudes reported from
 * @p lowest on (NaN: not known before the model is). */
options_outcome grid_request_check(const grid_request *self, double days, double lowest,
                                   const command_usage *usage);

/** As talk_fail, but an error about one of these options names it, and is one of usage. */
int grid_options_fail(talk *t, etas_status st, const etas_error *err);

#endif
