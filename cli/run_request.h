/** @file run_request.h  What a run shall make, where, and who makes it: options and configuration
 * put together. */
#ifndef ETAS_CLI_RUN_REQUEST_H
#define ETAS_CLI_RUN_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "etas/config.h"
#include "etas/runner.h"
#include "outputs.h"
#include "redis_options.h"

/** What the user asked for; filled from options, then completed from the configuration. */
typedef struct run_options {
    uint64_t n_catalogs;   /**< OPTION_UNSET: the configuration's */
    const char *seed_text; /**< NULL: the configuration's, else drawn */
    output_options output;
    const char *distribute; /**< auto, serial, processes or redis */
    uint64_t processes;     /**< OPTION_UNSET: the configuration's, else one per CPU */
    uint64_t chunk_size;
    double task_duration_s, runtime_s; /**< runtime: NaN when not given */
    double stop_at;                    /**< as talk_seconds; INFINITY: no limit */
    char *again;                       /**< the command that goes on with the run */
    uint64_t slot_memory;              /**< bytes; 0: no limit */
    double verify; /**< share of the tasks that another host makes again; 0: none */
    bool resume, restart, discard_store, allow_missing, allow_supercritical, embedded;
    const char *only;       /**< FIRST:COUNT */
    const char *from_store; /**< take blob and seed from this store */
    const char *kernels;
    const char *keep; /**< events, counts or both */
    redis_options redis;
} run_options;

enum { RUN_OPTIONS = 19 };
void run_options_init(run_options *self);
void run_options_table(run_options *self, option_spec out[RUN_OPTIONS]);
/** Before the arguments are parsed: what they were. */
void run_options_note(run_options *self, int argc, char *const argv[]);
/** The clock of the runtime starts. */
void run_options_start(run_options *self, const etas_log *log);
void run_options_free(run_options *self);

/** The options checked and completed. */
typedef struct run_request {
    char *output, *store_path;
    etas_backend backend;
    bool embedded;
    uint32_t processes;
    uint64_t chunk_size, first, n_catalogs, seed;
    bool seed_drawn;
    bool keep_given, keeps_counts; /**< instead of events */
    outputs files; /**< the first is output; none for runs that make no catalogues */
} run_request;

/** OPTIONS_USAGE with a message on stderr when options contradict each other. */
options_outcome run_request_init(run_request *self, const run_options *options,
                                 const etas_config *cfg, const char *default_output,
                                 const command_usage *usage);
/** The same for a run with output and store at paths of its own choosing, without files of
 * catalogues. */
options_outcome run_request_init_at(run_request *self, const run_options *options,
                                    const etas_config *cfg, const char *output, const char *store,
                                    const command_usage *usage);
void run_request_free(run_request *self);

#endif
