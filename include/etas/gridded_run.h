/** @file gridded_run.h  A stored run's catalogues as counts on a grid, as often as wanted. */
#ifndef ETAS_GRIDDED_RUN_H
#define ETAS_GRIDDED_RUN_H

#include <signal.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/consistency.h"
#include "etas/counts.h"
#include "etas/observed.h"
#include "etas/status.h"
#include "etas/store.h"

ETAS_API_BEGIN

/** Starts as {0}; etas_gridded_run_close is idempotent. */
typedef struct etas_gridded_run {
    etas_store *store;         /**< borrowed */
    const etas_mixture *model; /**< point into what follows */
    const etas_cells *cells;   /**< a run that keeps counts has its own; intervals are put together
                                */
    const volatile sig_atomic_t *interrupted;                       /**< the caller's, or NULL */
    void (*progress)(void *context, uint64_t done, uint64_t total); /**< likewise: catalogues */
    void *progress_context;
    etas_mixture own_model;
    etas_cells own_cells;
    etas_counts kept;
    etas_gridding events;
    /* a pass */
    etas_gridded_take take;
    void *to;
} etas_gridded_run;

/** @p grid: of a run that keeps events. E_ARG for a run that makes no catalogues. */
ETAS_NODISCARD etas_status etas_gridded_run_open(etas_gridded_run *self, etas_store *store,
                                                 const etas_forecast_grid *grid, etas_error *err);
void etas_gridded_run_close(etas_gridded_run *self);
/** Counts on these cells, which stay the caller's, from now on. E_ARG for a run that keeps counts
 * on others. */
ETAS_NODISCARD etas_status etas_gridded_run_share(etas_gridded_run *self, const etas_cells *cells,
                                                  etas_error *err);

/** Valid while @p self is. A pass fails with E_INCOMPLETE when catalogues are missing, and as
 * etas_export. */
etas_gridded_source etas_gridded_run_source(etas_gridded_run *self);

ETAS_API_END

#endif
