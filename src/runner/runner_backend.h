/** @file runner_backend.h  What etas_run asks of a backend, and what a backend delivers to.
 *
 * etas_run owns the store: it validates every frame, batches them into transactions, counts and
 * reports. A backend only gets catalogues made: it looks at job->todo, has them simulated somewhere
 * and hands the frames to the sink.
 */
#ifndef ETAS_SRC_RUNNER_RUNNER_BACKEND_H
#define ETAS_SRC_RUNNER_RUNNER_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/range.h"
#include "etas/runner.h"
#include "etas/status.h"
#include "etas/store.h"

/** A catalogue that failed so often is dead. */
#define ETAS_MAX_ATTEMPTS 3

typedef struct etas_sink etas_sink;

/** Everything is borrowed and outlives the backend. */
typedef struct etas_job {
    const etas_runner_config *cfg;
    const etas_store_run *run;   /**< id, seed, blob, n_catalogs, first_catalog */
    const char *thing;           /**< what an index is: "catalogue" */
    const char *blob_sha256_hex; /**< 64 characters */
    etas_store *store;           /**< for its epoch and etas_store_next_serial */
    etas_sink *sink;
    /** Catalogues that are neither taken (etas_sink_frame, stored or about to be) nor dead. The
     * sink changes it inside etas_sink_frame and etas_sink_dead. The run is over when it is empty.
     */
    const etas_ranges *todo;
} etas_job;

/**
 * Hand over a frame. Whatever it holds that is new is stored soon (see etas_sink_flush); catalogues
 * that are there already count as repeated. A frame that is damaged, of another run, or outside the
 * run's catalogues changes nothing: *valid is false, *why (capacity 200; may be NULL) says so and
 * the status is ETAS_OK. Any other status ends the run: return it from step.
 */
ETAS_NODISCARD etas_status etas_sink_frame(etas_sink *self, size_t len, const uint8_t bytes[],
                                           bool *valid, char why[200], etas_error *err);

/** These catalogues cannot be made. Those of them that are stored already stay stored. */
ETAS_NODISCARD etas_status etas_sink_dead(etas_sink *self, etas_range range, const char *why,
                                          etas_error *err);

/** On ETAS_OK everything handed over so far is in the store, safe from the end of this process: now
 * it may be acknowledged. The sink also flushes by itself, every half second or 8 MiB. */
ETAS_NODISCARD etas_status etas_sink_flush(etas_sink *self, etas_error *err);

/** Everything that fault->host has made is to be made again. */
ETAS_NODISCARD etas_status etas_sink_distrust(etas_sink *self, const etas_store_fault *fault,
                                              etas_error *err);

/** Of the tasks that are in the store. */
const etas_store_tally *etas_sink_tally(const etas_sink *self);

typedef struct etas_runner_backend {
    const char *name;
    /** Set up; job->todo is not empty, unless something is to be verified. */
    etas_status (*open)(void **self, const etas_job *job, etas_error *err);
    /**
     * Do something for about @p timeout_s (seconds, at most 1) and return: wait for results, hand
     * them to the sink, give out more work. Returns early when a signal arrives. Never E_TIMEOUT;
     * a server that is away is waited for, not an error.
     */
    etas_status (*step)(void *self, double timeout_s, etas_error *err);
    /** Whether there is something to wait for though job->todo is empty. May be NULL: never. */
    bool (*busy)(const void *self);
    /** The run ends before it is complete: hand what is finished and on its way to the sink, within
     * a second. May be NULL: nothing is. */
    etas_status (*hand_over)(void *self, etas_error *err);
    /** Live slots, for the progress line. */
    uint64_t (*workers)(const void *self);
    /**
     * The loop is over and everything is flushed: @p outcome is ETAS_OK, E_INCOMPLETE (all that is
     * left is dead), E_INTERRUPTED, E_RUNTIME, or what step returned. Tell others; may be NULL. The
     * run's outcome does not depend on it.
     */
    void (*finish)(void *self, etas_status outcome);
    void (*close)(void *self);
} etas_runner_backend;

extern const etas_runner_backend etas_backend_serial;
extern const etas_runner_backend etas_backend_processes;
extern const etas_runner_backend etas_backend_redis;

#endif
