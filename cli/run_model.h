/** @file run_model.h  From a plan to a file: store, run, export. Shared by forecast and simulate.
 */
#ifndef ETAS_CLI_RUN_MODEL_H
#define ETAS_CLI_RUN_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "etas/config.h"
#include "etas/plan.h"
#include "etas/runner.h"
#include "redis_options.h"
#include "talk.h"

/** What the user asked for; filled from options, then completed from the configuration. */
typedef struct run_options {
    uint64_t n_catalogs;     /**< OPTION_UNSET: the configuration's */
    const char *seed_text;   /**< NULL: the configuration's, else drawn */
    const char *output;      /**< NULL: the configuration's */
    const char *format_text; /**< csep or reference; NULL: by the output */
    const char *columns;     /**< extra columns of the reference layout */
    const char *distribute;  /**< auto, serial, processes or redis */
    uint64_t processes;      /**< OPTION_UNSET: the configuration's, else one per CPU */
    uint64_t chunk_size;
    double task_duration_s;
    bool resume, restart, discard_store, allow_missing, allow_supercritical, embedded;
    const char *only;       /**< FIRST:COUNT */
    const char *from_store; /**< take blob and seed from this store */
    const char *kernels;
    redis_options redis;
} run_options;

enum { RUN_OPTIONS = 18 };
void run_options_init(run_options *self);
void run_options_table(run_options *self, option_spec out[RUN_OPTIONS]);

/** The options checked and completed. */
typedef struct run_request {
    char *output, *store_path;
    etas_backend backend;
    bool embedded;
    uint32_t processes;
    uint64_t chunk_size, first, n_catalogs, seed;
    bool seed_drawn;
    etas_forecast_format format;
    bool with_is_background, with_generation;
} run_request;

/** OPTIONS_USAGE with a message on stderr when options contradict each other. */
options_outcome run_request_init(run_request *self, const run_options *options,
                                 const etas_config *cfg, const char *default_output,
                                 const command_usage *usage);
void run_request_free(run_request *self);

/** Seconds of the phases before the simulation. */
typedef struct run_phases {
    double load_s, prepare_s, invert_s, plan_s;
} run_phases;

/** Makes the plan; called only when no stored one is used. */
typedef etas_status (*run_make_plan)(void *context, etas_plan *out, run_phases *phases,
                                     etas_error *err);

typedef struct run_source {
    run_make_plan make_plan;
    void *context;
} run_source;

/** The whole way; prints what was written to stdout and the phases to stderr; the exit code. */
int run_model(const run_options *options, const run_request *request, const etas_config *cfg,
              const run_source *source, talk *t);

/** A command that makes catalogues. The caller owns what the pointers name; all start as {0}. */
typedef struct run_command {
    const command_usage *usage;
    etas_config_use use;
    option_table own; /**< options besides those of run_options, redis and talk */
    run_options *options;
    etas_config *cfg;
    talk *t;
    run_source source; /**< called with options and cfg filled in */
} run_command;

/** Parse, load the configuration, run; the exit code. */
int run_command_main(const run_command *self, int argc, char *argv[]);

#endif
