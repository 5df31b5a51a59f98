/** @file run_model.h  From models to a file: store, run, export. Shared by forecast and simulate.
 */
#ifndef ETAS_CLI_RUN_MODEL_H
#define ETAS_CLI_RUN_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog_options.h"
#include "etas/config.h"
#include "etas/plan.h"
#include "run_session.h"

/** Makes the models; called only when no stored ones are used. */
typedef etas_status (*run_make_models)(void *context, etas_mixture *out, run_phases *phases,
                                       etas_error *err);

typedef struct run_source {
    run_make_models make_models;
    void *context;
} run_source;

/** The whole way; prints what was written to stdout and the phases to stderr; the exit code. */
int run_model(const run_options *options, const run_request *request, const etas_config *cfg,
              const run_source *source, talk *t);

/** A command that makes catalogues. The caller owns what the pointers name; all start as {0}. */
typedef struct run_command {
    const command_usage *usage;
    etas_config_use use;
    option_table own;         /**< options besides those of run_options, redis and talk */
    const char **model_input; /**< NULL, or the value of its option: read in place of CONFIG */
    run_options *options;
    etas_config *cfg;
    talk *t;
    const catalog_options *catalog; /**< or NULL: the command reads none */
    run_source source;              /**< called with options and cfg filled in */
} run_command;

/** Parse, load the configuration, run; the exit code. */
int run_command_main(const run_command *self, int argc, char *argv[]);

#endif
