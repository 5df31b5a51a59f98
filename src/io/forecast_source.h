/** @file forecast_source.h  Where rates, counts and summaries come from: events, which are counted
 * here, or counts that the run has kept. */
#ifndef ETAS_SRC_IO_FORECAST_SOURCE_H
#define ETAS_SRC_IO_FORECAST_SOURCE_H

#include "io/forecast_writer.h"

/** Starts as {0}. */
typedef struct etas_forecast_source {
    const etas_cells *cells;       /**< with ETAS_SOURCE_CELLS */
    const etas_summary_axes *axes; /**< with ETAS_SOURCE_AXES */
    etas_cells own_cells;
    etas_summary_axes own_axes;
    etas_counter *counter; /**< NULL for counts */
    etas_catalog_counts counts;
} etas_forecast_source;

typedef enum etas_source_kind { ETAS_SOURCE_CELLS, ETAS_SOURCE_AXES } etas_source_kind;

ETAS_NODISCARD etas_status etas_forecast_source_open(etas_forecast_source *self,
                                                     const etas_forecast_target *to,
                                                     etas_source_kind kind, etas_error *err);
void etas_forecast_source_close(etas_forecast_source *self);

/** Has a writer's take_counts called for every catalogue of a part. */
typedef etas_status (*etas_take_counts)(void *context, uint64_t catalog_id,
                                        const etas_catalog_counts *counts, etas_error *err);
ETAS_NODISCARD etas_status etas_forecast_source_each(etas_forecast_source *self,
                                                     const etas_forecast_part *part,
                                                     etas_take_counts take, void *context,
                                                     etas_error *err);

#endif
