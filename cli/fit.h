/** @file fit.h  From a configuration to a fitted model: load, prepare, invert. */
#ifndef ETAS_CLI_FIT_H
#define ETAS_CLI_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog_options.h"
#include "etas/catalog.h"
#include "etas/config.h"
#include "etas/inversion.h"
#include "etas/runner.h"
#include "etas/uncertainty.h"
#include "talk.h"

typedef struct fit_options {
    uint64_t threads;      /**< 0: one per CPU */
    uint64_t memory;       /**< bytes for pairs; starts at half of the machine's */
    catalog_options input; /**< for the configuration, before fit_run */
    bool plain_em;         /**< no acceleration */
    double tolerance;      /**< of the fixed point */
    const char *kernels;
    bool estimates_only;             /**< neither standard errors nor diagnostics */
    const etas_params *at;           /**< NULL, or no estimation: one E-step at these */
    etas_distribution *distribution; /**< of the E-steps; NULL: threads of this process */
    /** NULL, or refuses a model before it is inverted. */
    etas_status (*check)(const etas_catalog *catalog, const etas_inversion_config *how,
                         etas_error *err);
} fit_options;

/** Start values, and the options for a command's table. */
enum { FIT_OPTIONS = 4 + CATALOG_OPTIONS };
void fit_options_init(fit_options *self);
void fit_options_table(fit_options *self, option_spec out[FIT_OPTIONS]);

/** Starts as {0}, or with what is known already; fit_free is idempotent. */
typedef struct fit {
    const etas_catalog *events; /**< NULL: fit_load reads them; else borrowed */
    etas_catalog catalog;       /**< prepared */
    size_t n_loaded;            /**< events there were to choose from */
    double area_km2;            /**< three_dim: the volume in km^3; 0: fit_load computes it */
    double m_ref; /**< the configuration's, or the smallest completeness where that is lower */
    etas_inversion_config how; /**< of the inversion */
    etas_inversion *inversion;
    etas_inversion_state state;
    etas_uncertainty uncertainty;
    etas_diagnostics diagnostics;
    double load_s, prepare_s, invert_s;
} fit;

/** The events that the configuration names, all of them. */
ETAS_NODISCARD etas_status fit_read(const etas_config *cfg, talk *t, etas_catalog *out,
                                    etas_error *err);
/** Area in the plane, volume in space. */
ETAS_NODISCARD etas_status fit_region_size(const etas_config *cfg, double *size, etas_error *err);
/** No more than its first step: the catalogue loaded and selected, which may leave it empty, the
 * area, m_ref as given. */
ETAS_NODISCARD etas_status fit_load(fit *self, const etas_config *cfg, talk *t, etas_error *err);
/** The model knows no event below @p m_ref: what is complete below it is complete from there on. */
ETAS_NODISCARD etas_status fit_cut(fit *self, double m_ref, etas_error *err);
ETAS_NODISCARD etas_status fit_run(fit *self, const etas_config *cfg, const fit_options *options,
                                   talk *t, etas_error *err);
/** The results of a run into the configuration's data_path, if it has one. */
ETAS_NODISCARD etas_status fit_save(const fit *self, const etas_config *cfg, etas_error *err);
void fit_free(fit *self);

/** CPUs this process may use, at least 1. */
uint32_t available_cpus(void);

#endif
