/** @file monitor_tasks.h  What the task table of a run amounts to. A task is what one result tells
 * of its making. */
#ifndef ETAS_CLI_MONITOR_TASKS_H
#define ETAS_CLI_MONITOR_TASKS_H

#include "etas/store.h"

enum { MONITOR_SLOWEST = 5, MONITOR_BINS = 10 };

/** Tasks of one host. */
typedef struct monitor_host {
    char host[64];
    uint64_t slots; /**< processes that have worked there */
    uint64_t tasks, catalogs, events, bytes, peak_memory_bytes, verified;
    double wall_s, cpu_s, slowest_s;
} monitor_host;

/** The process of a slot, from its first task to the end of its last. */
typedef struct monitor_slot {
    size_t host; /**< index */
    uint32_t pid;
    double from_s, to_s;
} monitor_slot;

/** Tasks with lo_s <= wall_s < hi_s (the last: <=). */
typedef struct monitor_bin {
    double lo_s, hi_s;
    uint64_t tasks;
} monitor_bin;

/** Starts as {0}; freed with monitor_tasks_free. */
typedef struct monitor_tasks {
    monitor_host total;               /**< slots: most at the same time */
    double mean_s, median_s, slowfac; /**< NaN without tasks */
    double elapsed_s;                 /**< in which at least one slot was at work */
    double efficiency; /**< total.wall_s / (total.slots * elapsed_s), NaN without tasks */
    size_t n_slowest, n_hosts, n_bins;
    etas_store_task slowest[MONITOR_SLOWEST]; /**< in falling order of wall_s */
    monitor_host *hosts;                      /**< by name */
    monitor_bin bins[MONITOR_BINS];
    /* inside */
    monitor_slot *slots;
    double *walls;
    size_t n_slots, host_capacity, slot_capacity, wall_capacity;
} monitor_tasks;

ETAS_NODISCARD etas_status monitor_tasks_read(monitor_tasks *out, etas_store *store,
                                              etas_error *err);
void monitor_tasks_free(monitor_tasks *self); /**< idempotent */

#endif
