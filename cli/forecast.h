/** @file forecast.h  From a configuration to the models whose catalogues a forecast or simulation
 * makes: the common part (history, area, an inversion's parameters) once, then each model. */
#ifndef ETAS_CLI_FORECAST_H
#define ETAS_CLI_FORECAST_H

#include "etas/config.h"
#include "etas/plan.h"
#include "fit.h"
#include "run_model.h"

typedef struct forecast {
    const etas_config *cfg; /**< read for a forecast or a simulation, or filled in */
    const run_options *options;
    fit_options fit; /**< for a forecast that inverts */
    talk *t;
} forecast;

/** A run_make_models with a forecast for context: inverts, loads results or takes given parameters,
 * as the configuration says. An inversion's results are saved in its data_path. */
ETAS_NODISCARD etas_status forecast_make_models(void *context, etas_mixture *out,
                                                run_phases *phases, etas_error *err);
/** The same without a history, from burn_start on. */
ETAS_NODISCARD etas_status simulation_make_models(void *context, etas_mixture *out,
                                                  run_phases *phases, etas_error *err);

#endif
