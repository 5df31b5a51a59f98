/** @file redis_driver.h  The driver of one run in the pool: redis_backend.c talks, redis_audit.c
 * compares the store with what the server has, redis_leave.c ends it. */
#ifndef ETAS_SRC_RUNNER_REDIS_DRIVER_H
#define ETAS_SRC_RUNNER_REDIS_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "etas/queue.h"
#include "runner/redis_verify.h"
#include "runner/runner_backend.h"

/** Until what did not work is tried again. */
#define DRIVER_DEFER_S 1.0

/** It decides from job->todo alone, never from counts in Redis. */
typedef struct driver {
    const etas_job *job;
    etas_queue *queue;
    etas_run_meta meta;
    etas_run_state state; /**< as the server said at the last beat */
    uint64_t dead_seen;   /**< state.n_dead at the last audit */
    bool linked, cancelled;
    bool lonely, crowded; /**< said that there are no workers, that memory is full */
    double lonely_at;     /**< when to say it; 0: there are some */
    uint32_t tries;
    double retry_at, beat_at, reap_at, audit_at;
    double heard_at; /**< the last result or audit */
    double start_s, todo_at_start,
        bytes; /**< of this process: its begin, what it lacked, what came */
    verification verify;
} driver;

const etas_log *driver_log(const driver *self);
/** As the agent's: true when the call was done; *st is what ends the run, or OK. */
bool driver_reached(driver *self, etas_status *st, const etas_error *what, etas_error *err);
ETAS_NODISCARD etas_status driver_beat(driver *self, etas_error *err);
/** What the pool is told of the store goes to self->meta. */
void driver_look_at_store(driver *self);
/** One round; *bytes: what came. Acknowledged only when the store has it. */
ETAS_NODISCARD etas_status driver_collect(driver *self, size_t *bytes, etas_error *err);
/** The run is over, or we are: tell the pool. */
void driver_leave(driver *self, etas_status outcome);
/** Ask where everything is, and put right what is not. */
ETAS_NODISCARD etas_status driver_audit(driver *self, etas_error *err);

#endif
