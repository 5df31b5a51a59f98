/** @file run_session.h  A run and its store, whatever it makes: begin it or go on with it, have it
 * made, write it out, close the books. Shared by forecast, simulate and the bootstrap of invert. */
#ifndef ETAS_CLI_RUN_SESSION_H
#define ETAS_CLI_RUN_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "etas/config.h"
#include "etas/runner.h"
#include "run_request.h"
#include "talk.h"

/** Seconds of the phases before the simulation. */
typedef struct run_phases {
    double load_s, prepare_s, invert_s, plan_s;
} run_phases;

typedef struct run_session run_session;

/** What runs differ in. */
typedef struct run_job {
    const char *doing;      /**< "simulating" */
    const char *things;     /**< "catalogues" */
    const char *count_hint; /**< what to do about another number than the stored run's */
    void *context;
    /** The blob of a new run (etas_array). Called only when no stored one is used. */
    etas_status (*make)(void *context, uint8_t **blob, size_t *len, run_phases *phases,
                        etas_error *err);
    /** The blob of a stored run. */
    etas_status (*take)(void *context, size_t len, const uint8_t blob[], etas_error *err);
    /** All that can be made is in the store: write the results. */
    etas_status (*write)(void *context, run_session *session, etas_error *err);
    /** Say on stdout what was written. */
    void (*tell)(void *context, const run_session *session);
} run_job;

/** The caller fills the first row; the rest starts as 0. */
struct run_session {
    const run_options *options;
    const run_request *request;
    const etas_config *cfg;
    const run_job *job;
    talk *t;
    etas_store *store;
    uint8_t *blob; /**< etas_array */
    size_t len;
    uint8_t sha256[32];
    uint64_t seed;
    run_phases phases;
    etas_run_report report;
    double simulate_s, write_s;
};

/** Has SIGINT, SIGTERM and SIGHUP set a flag, which it returns; the second one ends the process. */
const volatile sig_atomic_t *run_catch_signals(void);

/** A new store at @p path with @p run, whose id and sum this sets. */
ETAS_NODISCARD etas_status run_store_begin(etas_store **out, const char *path, etas_store_mode mode,
                                           etas_store_run *run, etas_error *err);

/** The command that goes on with what the runtime has ended. */
void run_say_again(const run_options *options, const talk *t);

/** The whole way; prints the phases to stderr; the exit code. */
int run_session_main(run_session *self);

#endif
