/** @file run_view.h  How a run goes, or went, from its store: also of one that somebody writes to.
 * A task is what one result tells of its making. */
#ifndef ETAS_RUN_VIEW_H
#define ETAS_RUN_VIEW_H

#include "etas/api.h"
#include "etas/store.h"

ETAS_API_BEGIN

enum { ETAS_RUN_SLOWEST = 5, ETAS_RUN_BINS = 10 };

/** Tasks of one host. */
typedef struct etas_run_host {
    char host[64];
    uint64_t slots; /**< processes that have worked there */
    uint64_t tasks, catalogs, events, bytes, peak_memory_bytes, verified;
    double wall_s, cpu_s, slowest_s;
} etas_run_host;

/** The process of a slot, from its first task to the end of its last. */
typedef struct etas_run_slot {
    size_t host; /**< index */
    uint32_t pid;
    double from_s, to_s;
} etas_run_slot;

/** Tasks with lo_s <= wall_s < hi_s (the last: <=). */
typedef struct etas_run_bin {
    double lo_s, hi_s;
    uint64_t tasks;
} etas_run_bin;

/** Starts as {0}; freed with monitor_tasks_free. */
typedef struct etas_run_tasks {
    etas_run_host total;              /**< slots: most at the same time */
    double mean_s, median_s, slowfac; /**< NaN without tasks */
    double elapsed_s;                 /**< in which at least one slot was at work */
    double efficiency; /**< total.wall_s / (total.slots * elapsed_s), NaN without tasks */
    size_t n_slowest, n_hosts, n_bins;
    etas_store_task slowest[ETAS_RUN_SLOWEST]; /**< in falling order of wall_s */
    etas_run_host *hosts;                      /**< by name */
    etas_run_bin bins[ETAS_RUN_BINS];
    /* inside */
    etas_run_slot *slots;
    double *walls;
    size_t n_slots, host_capacity, slot_capacity, wall_capacity;
} etas_run_tasks;

/** Reads them from a store; free with etas_run_tasks_free. */
ETAS_NODISCARD etas_status etas_run_tasks_read(etas_run_tasks *out, etas_store *store,
                                               etas_error *err);
void etas_run_tasks_free(etas_run_tasks *self); /**< idempotent */

/** "running", "complete", "incomplete" or "not begun". */
const char *etas_store_state_name(etas_store_state state);

/** Starts as {0}; freed with etas_run_view_free. */
typedef struct etas_run_view {
    etas_store_run run; /**< points into the store */
    uint64_t stored, n_dead;
    etas_store_state state;
    etas_run_tasks tasks;
    size_t n_phases, n_deaths, n_faults;
    etas_store_phase *phases;
    etas_store_death *deaths;
    etas_store_fault *faults;
} etas_run_view;

/** Reads it from a store; free with etas_run_view_free. */
ETAS_NODISCARD etas_status etas_run_view_read(etas_run_view *out, etas_store *store,
                                              etas_error *err);
void etas_run_view_free(etas_run_view *self); /**< idempotent */

ETAS_API_END

#endif
