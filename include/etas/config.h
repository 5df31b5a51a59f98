/** @file config.h  The reference package's JSON configuration, key for key, and ours beside it. */
#ifndef ETAS_CONFIG_H
#define ETAS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "etas/geometry.h"
#include "etas/inversion.h"
#include "etas/log.h"
#include "etas/model.h"
#include "etas/time.h"

typedef enum etas_config_use {
    ETAS_CONFIG_INVERT,
    ETAS_CONFIG_FORECAST,
    ETAS_CONFIG_SIMULATE
} etas_config_use;

/** Starts as {0}; strings are owned (NULL when the key is absent or null); numbers that are absent
 * are NaN, counts 0, times ETAS_TIME_NONE. Input paths are resolved: the current directory if the
 * file exists there, else beside the configuration. */
typedef struct etas_config {
    char *path; /**< the configuration itself */
    char *text; /**< its bytes, for the store */
    char *name, *id;
    char *fn_catalog, *data_path, *fn_inversion_output, *fn_store_simulation, *fn_store;
    etas_time auxiliary_start, timewindow_start, timewindow_end, testwindow_end;
    etas_time burn_start, primary_start, end;
    etas_params theta_0; /**< theta_0 or, for simulate, parameters */
    bool has_theta_0;
    double mc, m_ref, delta_m, m_max;
    etas_beta_method beta_method;
    double beta;
    double coppersmith_multiplier, earth_radius;
    etas_region region;
    char *shape_text; /**< the value of shape_coords as the results repeat it */
    etas_estimator estimator;
    bool estimator_given;
    double bw_sq;
    double forecast_days;
    uint64_t n_simulations;
    double m_threshold;
    double gaussian_scale;
    bool filter_polygon;
    bool has_seed;
    uint64_t seed;
    uint32_t parallel;  /**< 0: not given */
    uint64_t chunksize; /**< 0: auto */
    bool reference_stop;
} etas_config;

/**
 * Read and check everything that @p use needs. Unknown keys are warned about by name on @p log;
 * missing or wrong ones are errors with file and key and what was expected; a feature that is not
 * built yet is refused (E_UNSUPPORTED) only when it is switched on.
 */
ETAS_NODISCARD etas_status etas_config_load(etas_config *self, const char *path,
                                            etas_config_use use, const etas_log *log,
                                            etas_error *err);
void etas_config_free(etas_config *self);

#endif
