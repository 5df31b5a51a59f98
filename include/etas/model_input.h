/** @file model_input.h  Forecasts as platforms ask for them: a HERMES model input or the arguments
 * of a floatCSEP model, turned into a configuration. */
#ifndef ETAS_MODEL_INPUT_H
#define ETAS_MODEL_INPUT_H

#include "etas/api.h"
#include "etas/config.h"
#include "etas/log.h"
#include "etas/status.h"
#include "etas/text.h"

ETAS_API_BEGIN

/** Starts as {0}; etas_model_input_free is idempotent. */
typedef struct etas_model_input {
    etas_config config; /**< as etas_config_load gives it for a forecast */
    char *output;       /**< where the platform looks for the forecast; NULL: it does not say */
} etas_model_input;

/**
 * The content tells which of the two it is.
 *
 * HERMES (JSON): forecast_start and forecast_end, seismicity_observation (QuakeML text),
 * bounding_polygon (WKT), and in model_parameters and model_settings, which go first, the keys of a
 * configuration. forecast_start takes the place of timewindow_end, the observation that of
 * fn_catalog, the polygon that of shape_coords. depth_min and depth_max are checked, and no more:
 * the model has no depth.
 *
 * floatCSEP (lines "key = value", or a JSON object): start_date and end_date, config (the base
 * configuration), catalog ("catalog.csv"), n_sims, seed, model; other keys are those of a
 * configuration and go before the base's. Paths are relative to the file. The forecast is expected
 * in forecasts/MODEL_START_END.csv of the model's folder, which the file lies in or, when its
 * folder is called input, in that one's parent.
 *
 * E_IO, E_PARSE, E_RANGE with file and key, as etas_config_load.
 */
ETAS_NODISCARD etas_status etas_model_input_load(etas_model_input *self, const char *path,
                                                 const etas_log *log, etas_error *err);
/** The same from memory; @p path stands for the file. */
ETAS_NODISCARD etas_status etas_model_input_read(etas_model_input *self, const etas_text *text,
                                                 const char *path, const etas_log *log,
                                                 etas_error *err);
void etas_model_input_free(etas_model_input *self);

ETAS_API_END

#endif
