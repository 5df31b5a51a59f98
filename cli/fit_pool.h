/** @file fit_pool.h  Who computes the E-steps of a fit: nobody but this process, local processes,
 * or a pool. */
#ifndef ETAS_CLI_FIT_POOL_H
#define ETAS_CLI_FIT_POOL_H

#include "etas/runner.h"
#include "run_pool.h"
#include "talk.h"

/** Starts as {0}; fit_pool_close is idempotent. */
typedef struct fit_pool {
    run_pool pool;
    etas_distribution *distribution; /**< NULL: threads of this process */
} fit_pool;

/** As @p request says; the pointers outlive the pool. */
ETAS_NODISCARD etas_status fit_pool_open(fit_pool *self, const run_options *options,
                                         const run_request *request, const talk *t,
                                         etas_error *err);
void fit_pool_close(fit_pool *self);

#endif
