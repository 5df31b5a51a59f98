/** @file run_pool.h  Who makes things: the runner's configuration as the user asked for it, and
 * what is started for that. Runs one after the other may share it. */
#ifndef ETAS_CLI_RUN_POOL_H
#define ETAS_CLI_RUN_POOL_H

#include "etas/runner.h"
#include "run_request.h"
#include "talk.h"

/** Starts as {0}; run_pool_close is idempotent. */
typedef struct run_pool {
    etas_runner_config how;
    etas_embedded *embedded; /**< NULL without --embedded */
    struct etas_slots *slots;
} run_pool;

/** As @p request says; the pointers outlive the pool. */
ETAS_NODISCARD etas_status run_pool_open(run_pool *self, const run_options *options,
                                         const run_request *request, const talk *t,
                                         etas_error *err);
/** Local processes are started now, for all runs to come, and not by each of them. */
ETAS_NODISCARD etas_status run_pool_keep(run_pool *self, etas_error *err);
void run_pool_close(run_pool *self);

#endif
