/** @file runner.h  Making a run's catalogues, or what else its blob is the work for: one interface
 * over serial, processes and redis, and the worker side of it (agent and slots). */
#ifndef ETAS_RUNNER_H
#define ETAS_RUNNER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/forecast_output.h"
#include "etas/io.h"
#include "etas/log.h"
#include "etas/queue.h"
#include "etas/status.h"
#include "etas/store.h"

ETAS_API_BEGIN

/** Who makes the catalogues. */
typedef enum etas_backend {
    ETAS_BACKEND_SERIAL,
    ETAS_BACKEND_PROCESSES,
    ETAS_BACKEND_REDIS
} etas_backend;

/** How far a run is. */
typedef struct etas_progress {
    uint64_t stored, total;
    double rate;      /**< catalogues per second, smoothed */
    double eta_s;     /**< NaN while unknown */
    uint64_t workers; /**< live slots; 1 for serial */
} etas_progress;

/** How a run is made; nothing here changes its results. */
typedef struct etas_runner_config {
    etas_backend backend;
    uint32_t processes;         /**< local slots; also the workers of --embedded */
    uint64_t chunk_size;        /**< 0: auto */
    double task_duration_s;     /**< auto: wished length of a chunk; default 30 */
    uint64_t slot_memory_bytes; /**< of local slots, as in etas_worker_config */
    const char *kernels;        /**< NULL: best */
    struct etas_slots *slots;   /**< processes: slots that outlive the run; NULL: its own */
    etas_redis_options redis;   /**< for ETAS_BACKEND_REDIS */
    double lease_s;             /**< redis: of a chunk; 0: 60 */
    double lonely_s;     /**< redis: time without workers until the log says so; 0: at once */
    uint64_t mark_bytes; /**< redis: most result bytes to lie there; 0: the server's default */
    double verify; /**< redis: share of the tasks that another host makes again, within 0 .. 1 */
    bool brief; /**< redis: one of many short runs: results are fetched as they come, not gathered,
                   and no summary stays behind */
    bool drain; /**< redis: the pool's workers are this run's own and go with it: when it is
                   interrupted, what they have finished is fetched first, for a few seconds */
    bool allow_missing;
    double runtime_s; /**< leave as cleanly with E_RUNTIME after so long; 0: no limit */
    const volatile sig_atomic_t *interrupted; /**< non-zero: leave cleanly with E_INTERRUPTED */
    const etas_log *log;
    void (*progress)(void *context, const etas_progress *now);
    void *progress_context;
} etas_runner_config;

/** What a run came to. */
typedef struct etas_run_report {
    uint64_t n_catalogs; /**< stored now */
    uint64_t n_events;   /**< in the frames of this call */
    uint64_t repeated;   /**< catalogues that arrived more than once in this call */
    etas_ranges missing; /**< free with etas_ranges_free */
    double simulate_s;
} etas_run_report;

/** Make every catalogue of the store's run that is not stored yet. ETAS_OK when all are there,
 * E_INCOMPLETE when catalogues are dead (report->missing says which), E_INTERRUPTED, E_RUNTIME,
 * E_SUPERSEDED.
 */
ETAS_NODISCARD etas_status etas_run(etas_store *store, const etas_runner_config *cfg,
                                    etas_run_report *report, etas_error *err);

/** Slots for @p cfg->slots, for runs of the processes backend one after the other. */
ETAS_NODISCARD etas_status etas_local_slots_open(struct etas_slots **out,
                                                 const etas_runner_config *cfg, etas_error *err);
void etas_local_slots_close(struct etas_slots *self);

/** Calls visit(context, index, len, bytes) for every stored record of a run that makes records, in
 * order of the indices; bytes are valid during the call. Stops at the first status that is not
 * ETAS_OK. E_CORRUPT for a damaged store, E_ARG for a run that makes catalogues. */
typedef etas_status (*etas_record_visit)(void *context, uint64_t index, size_t len,
                                         const uint8_t bytes[], etas_error *err);
/** Visits every record. */
ETAS_NODISCARD etas_status etas_records_each(etas_store *store, etas_record_visit visit,
                                             void *context, etas_error *err);

/** Somebody who looks at the stored catalogues as outputs do. */
typedef struct etas_export_visitor {
    void *context;
    /** Before any catalogue; @p about is valid until the end. */
    etas_status (*begin)(void *context, const etas_forecast_about *about, etas_error *err);
    /** Catalogues of a run that keeps events. */
    etas_status (*take)(void *context, const etas_forecast_part *part, etas_error *err);
    /** A catalogue of a run that keeps counts. */
    etas_status (*take_counts)(void *context, uint64_t catalog_id,
                               const etas_catalog_counts *counts, etas_error *err);
} etas_export_visitor;

/** What is made of the stored catalogues: all outputs in one pass, with the store's own model. */
typedef struct etas_export_config {
    size_t n_outputs;
    const etas_forecast_spec *outputs;
    const etas_export_visitor *visitor; /**< or NULL */
    bool skip_missing; /**< leave missing catalogues out and renumber; a list of them is written
                          beside the first output, as PATH.missing.json */
    const volatile sig_atomic_t *interrupted; /**< as in etas_runner_config; may be NULL */
    void (*progress)(void *context, uint64_t done, uint64_t total); /**< catalogues; may be NULL */
    void *progress_context;
} etas_export_config;
/** What was written. */
typedef struct etas_export_summary {
    uint64_t n_catalogs, n_events, n_empty;
} etas_export_summary;
/** Every output is finished and the epoch checked before the first one gets its name. E_INCOMPLETE
 * when catalogues are missing that may not be, E_ARG for a run that makes something else,
 * E_INTERRUPTED. What others store meanwhile is left out. @p out is {0} on failure. */
ETAS_NODISCARD etas_status etas_export(etas_store *store, const etas_export_config *cfg,
                                       etas_export_summary *out, etas_error *err);

/* ---- E-steps ---- */

/** The E-steps of inversions, computed by the slots of processes or of a pool. */
typedef struct etas_distribution etas_distribution;

/** @p cfg is copied; what it points to outlives the distribution. Its backend is processes (whose
 * slots are started now) or redis. */
ETAS_NODISCARD etas_status etas_distribution_open(etas_distribution **out,
                                                  const etas_runner_config *cfg, etas_error *err);
void etas_distribution_close(etas_distribution *self);
/** Lets an inversion of @p catalog with @p how compute its E-steps there, to the same bits;
 * how->memory_bytes is then shared by the slots of one machine. Both are borrowed, and one
 * inversion at a time. Frees of the one before. */
void etas_distribution_apply(etas_distribution *self, const etas_catalog *catalog,
                             etas_inversion_config *how);

/* ---- worker ---- */

/** How a worker works, and when it leaves. */
typedef struct etas_worker_config {
    etas_redis_options redis;
    uint32_t processes;
    double runtime_s;           /**< INFINITY: unlimited */
    double idle_timeout_s;      /**< INFINITY: none */
    double stall_s;             /**< a slot without progress for so long is killed; default 300 */
    uint64_t slot_memory_bytes; /**< most address space of a slot; 0: no limit. A catalogue that
                                     needs more fails; E_ARG for a limit in which none can start */
    const char *kernels;
    const uint8_t *agent_id; /**< 16 random bytes, never used before; NULL: they are drawn */
    const char *host_name;   /**< what this machine is called in the pool, at most 63 characters of
                                [A-Za-z0-9._:+-]; NULL: the system's name */
    const volatile sig_atomic_t *signals; /**< 1: drain, 2 or more: give back at once */
    int wake_fd; /**< non-blocking; readable when *signals has changed, so that none waits for a
                    timeout; -1: none */
    const etas_log *log;
} etas_worker_config;

/** Runs until drained, stopped, out of runtime or idle (ETAS_OK), E_INTERRUPTED on the second
 * signal, another status when it cannot go on (credentials, versions). */
ETAS_NODISCARD etas_status etas_worker_run(const etas_worker_config *cfg, etas_error *err);

/** First thing in every main that may start slots: when the process was exec'd as a slot, serves it
 * and returns true with *exit_code. Slots are /proc/self/exe again, with argv[0] "etas-slot". */
bool etas_slot_main(int argc, char *const argv[], int *exit_code);

/** Whether a slot can start and work in so much memory: one is started to find out. E_ARG when it
 * cannot, with what it takes. */
ETAS_NODISCARD etas_status etas_slot_memory_check(uint64_t memory_bytes, etas_error *err);

/* ---- embedded server ---- */

/** A private server and its worker. */
typedef struct etas_embedded etas_embedded;

/** What the private server's worker is like. */
typedef struct etas_embedded_config {
    uint32_t workers;           /**< slots */
    uint64_t slot_memory_bytes; /**< as in etas_worker_config */
    const char *kernels;
    const etas_log *log;
} etas_embedded_config;

/** A private redis-server on a unix socket in a fresh directory, and local slots in one
 * etas-redis-worker process; both die with this process, also when it is killed. */
ETAS_NODISCARD etas_status etas_embedded_open(etas_embedded **out, const etas_embedded_config *cfg,
                                              etas_error *err);
/** The path of its socket; valid until it is closed. */
const char *etas_embedded_socket(const etas_embedded *self);
void etas_embedded_close(etas_embedded *self);

ETAS_API_END

#endif
