/** @file monitor.h  What etas monitor knows of a run, as text and as JSON. */
#ifndef ETAS_CLI_MONITOR_H
#define ETAS_CLI_MONITOR_H

#include <jansson.h>

#include "monitor_tasks.h"

/** Starts as {0}. */
typedef struct monitor_view {
    const char *path;
    etas_store_run run; /**< points into the store */
    uint64_t stored, n_dead;
    etas_store_state state;
    monitor_tasks tasks;
    size_t n_phases, n_deaths, n_faults;
    etas_store_phase *phases;
    etas_store_death *deaths;
    etas_store_fault *faults;
} monitor_view;

/** "running", "complete", "incomplete" or "not begun". */
const char *monitor_state_name(etas_store_state state);
ETAS_NODISCARD etas_status monitor_print(const monitor_view *view, etas_error *err);
/** NULL: out of memory. */
json_t *monitor_json(const monitor_view *view);

#endif
