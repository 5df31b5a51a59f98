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

/** What forecasts take from an inversion: all of the model but the history. Starts as {0};
 * forecast_basis_free is idempotent. */
typedef struct forecast_basis {
    etas_params theta; /**< theta and beta: unless every model has parameters of its own */
    double beta, m_ref, area_km2;
    size_t n_locations; /**< of the background; 0: uniform */
    double *lat, *lon, *weight;
    double *kappa; /**< of the sources that were inverted; NULL: by magnitude */
} forecast_basis;

ETAS_NODISCARD etas_status forecast_basis_init(forecast_basis *self, const fit *f, etas_error *err);
void forecast_basis_free(forecast_basis *self);

/** The models of a forecast from timewindow_end on. With kappa, @p history is the fit's own. */
ETAS_NODISCARD etas_status forecast_build(const forecast *fc, const forecast_basis *basis,
                                          const etas_catalog *history, etas_mixture *out,
                                          etas_error *err);
/** What triggers in a forecast that does not invert: the events before timewindow_end from @p m_ref
 * on (below it the model knows none), and the area. As fit_load otherwise. */
ETAS_NODISCARD etas_status forecast_load_history(const forecast *fc, double m_ref, fit *f,
                                                 etas_error *err);

/** A run_make_models with a forecast for context: inverts, loads results or takes given parameters,
 * as the configuration says. An inversion's results are saved in its data_path. */
ETAS_NODISCARD etas_status forecast_make_models(void *context, etas_mixture *out,
                                                run_phases *phases, etas_error *err);
/** The same without a history, from burn_start on. */
ETAS_NODISCARD etas_status simulation_make_models(void *context, etas_mixture *out,
                                                  run_phases *phases, etas_error *err);

#endif
