/** @file bootstrap.h  etas invert --bootstrap: refits of simulated catalogues, made as forecasts
 * are, and what they say about the parameters. */
#ifndef ETAS_CLI_BOOTSTRAP_H
#define ETAS_CLI_BOOTSTRAP_H

#include "fit.h"
#include "run_request.h"

typedef struct bootstrap_options {
    run_options run; /**< n_catalogs: the refits, OPTION_UNSET without bootstrap */
} bootstrap_options;

enum { BOOTSTRAP_OPTIONS = 14 };
void bootstrap_options_init(bootstrap_options *self);
/** Without those that say where the Redis server is. */
void bootstrap_options_table(bootstrap_options *self, option_spec out[BOOTSTRAP_OPTIONS]);
/** Options that are given without --bootstrap and mean nothing then; numbers out of range. */
options_outcome bootstrap_options_check(const bootstrap_options *self, const command_usage *usage);

typedef struct bootstrap_job {
    const bootstrap_options *options;
    const command_usage *usage;
    const etas_config *cfg;
    const char *directory; /**< of the results; NULL: the current one */
    talk *t;
    /** Inverts and writes the results; called only when no stored run is gone on with. */
    etas_status (*fit)(void *context, fit *out, etas_error *err);
    void *context;
} bootstrap_job;

/** The whole way; the exit code. */
int bootstrap_main(const bootstrap_job *job);

#endif
