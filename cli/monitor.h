/** @file monitor.h  What etas monitor knows of a run, as text and as JSON. */
#ifndef ETAS_CLI_MONITOR_H
#define ETAS_CLI_MONITOR_H

#include <jansson.h>

#include "etas/run_view.h"

ETAS_NODISCARD etas_status monitor_print(const etas_run_view *view, etas_error *err);
/** @p path: of the store. NULL: out of memory. */
json_t *monitor_json(const char *path, const etas_run_view *view);

#endif
