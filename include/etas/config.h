/** @file config.h  The reference package's JSON configuration, key for key, and ours beside it. */
#ifndef ETAS_CONFIG_H
#define ETAS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/catalog_input.h"
#include "etas/geometry.h"
#include "etas/grid.h"
#include "etas/hull.h"
#include "etas/inversion.h"
#include "etas/log.h"
#include "etas/model.h"
#include "etas/time.h"

ETAS_API_BEGIN

/** What a configuration is read for: which keys it must have. */
typedef enum etas_config_use {
    ETAS_CONFIG_INVERT,
    ETAS_CONFIG_FORECAST,
    ETAS_CONFIG_SIMULATE,
    ETAS_CONFIG_EVALUATE, /**< an inversion, or its results, and the test window after it */
    ETAS_CONFIG_CATALOG   /**< only what says which events: no key is required */
} etas_config_use;

/** What the models of one forecast or simulation may differ in. */
typedef struct etas_config_model {
    char *name;             /**< NULL: none */
    uint64_t weight;        /**< 1 */
    bool has_parameters;    /**< parameters or standard_parameters; else those of the inversion */
    etas_params parameters; /**< at the reference magnitude parameters_m_ref */
    double parameters_m_ref;
    double beta;           /**< NaN: the inversion's */
    double m_max;          /**< NaN: none */
    double gaussian_scale; /**< 0.1 degrees */
    double n_induced;      /**< NaN: not given */
    bool reference_placement;
    /* NULL: none; shared with the configuration's common model where they are the same. */
    etas_rate_grid *background_grid, *induced_grid;
    etas_magnitude_zones *zones;
} etas_config_model;

/**
 * Starts as {0}; strings are owned (NULL when the key is absent or null); numbers that are absent
 * are NaN, counts 0, times ETAS_TIME_NONE, unless a default stands beside them. Input paths are
 * resolved: the current directory if the file exists there, else beside the configuration.
 */
typedef struct etas_config {
    char *path;         /**< the configuration itself */
    char *text;         /**< its bytes, for the store */
    char *name, *id;    /**< "NoName ETAS Model", "0" */
    char *catalog_text; /**< the catalogue itself, then fn_catalog is its name; else NULL */
    size_t catalog_len;
    char *fn_catalog, *data_path, *fn_inversion_output, *fn_store_simulation, *fn_store;
    etas_catalog_format input_format;    /**< of fn_catalog; ETAS_CATALOG_AUTO */
    char *event_types, *magnitude_types; /**< as in etas_catalog_options; NULL when absent */
    etas_time auxiliary_start, timewindow_start, timewindow_end, testwindow_end;
    etas_time burn_start, primary_start, end;
    /** Without the key etas_inversion_default_start; NaN for simulate. With bg_term, log10_iota
     * starts at log10_mu where nothing else is given. */
    etas_params theta_0;
    bool has_theta_0;
    etas_fixed fixed; /**< fixed_parameters */
    etas_mc_method mc_method;
    double mc;    /**< with ETAS_MC_CONSTANT */
    double m_ref; /**< mc while that is one number; with given_parameters it may be another */
    double delta_m, m_max;
    etas_beta_method beta_method; /**< mc "positive" without a beta: ETAS_BETA_POSITIVE */
    double beta;                  /**< with ETAS_BETA_FIXED */
    double coppersmith_multiplier, earth_radius; /**< 100, 6378.1 km */
    etas_region region;                          /**< the globe without shape_coords */
    etas_region inner_region; /**< targets lie in it too; {0} without inner_shape_coords */
    bool has_inner_region;
    etas_hull hull; /**< with three_dim shape_coords is this body's corners, and region {0} */
    bool has_hull;
    char *shape_text, *inner_shape_text; /**< the shapes as results print them; NULL without */
    etas_estimator estimator;
    bool estimator_given;
    bool free_background, free_productivity;
    double bw_sq;  /**< 1 km^2 */
    char *bg_term; /**< column of the induced term's shape */
    bool three_dim;
    double space_unit_in_meters; /**< 1000 */
    double forecast_days;
    uint64_t n_simulations; /**< 0: not given, a caller's option must say it */
    double m_threshold;     /**< m_ref where mc is one number, else NaN: the model's m_ref */
    bool filter_polygon;    /**< true */
    bool has_seed;
    uint64_t seed;
    uint32_t parallel;  /**< 0: not given */
    uint64_t chunksize; /**< 0: auto */
    bool reference_stop;
    /** A forecast whose models all have parameters, without fn_inversion_output: no inversion.
     * fn_catalog may be NULL then, no history. */
    bool given_parameters;
    etas_config_model common;  /**< of forecast and simulate, before models overrides it */
    size_t n_models;           /**< 0 without the key models */
    etas_config_model *models; /**< complete: each has what it overrides and the common rest */
    /* Input files that were named, resolved, some perhaps twice: no output may take their place. */
    size_t n_inputs, inputs_capacity;
    char **inputs;
} etas_config;

/**
 * Read and check everything that @p use needs. Unknown keys are warned about by name on @p log;
 * missing or wrong ones, and such as contradict each other, are errors with file, line and key and
 * what was expected; a feature that @p use does not have is refused (E_UNSUPPORTED) only when it is
 * switched on. For a forecast or an
 * evaluation with fn_inversion_output, that file fills in what the configuration leaves out: the
 * catalogue, its windows, magnitudes, region and radius. For an evaluation the configuration may be
 * such a file itself.
 */
ETAS_NODISCARD etas_status etas_config_load(etas_config *self, const char *path,
                                            etas_config_use use, const etas_log *log,
                                            etas_error *err);
void etas_config_free(etas_config *self);

/** How fn_catalog is to be read; valid while the configuration is. @p want may be NULL. */
etas_catalog_options etas_config_catalog_options(const etas_config *self,
                                                 const etas_catalog_wanted *want);

/** The catalogue at @p path, or the configuration's own text where that is its name, read with
 * those options. As etas_catalog_load; @p want and @p summary may be NULL. */
ETAS_NODISCARD etas_status etas_config_catalog(const etas_config *self, const char *path,
                                               const etas_catalog_wanted *want, etas_catalog *out,
                                               etas_catalog_summary *summary, etas_error *err);

ETAS_API_END

#endif
