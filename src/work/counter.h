/** @file counter.h  What a counter knows, for the two files that make it up. */
#ifndef ETAS_SRC_WORK_COUNTER_H
#define ETAS_SRC_WORK_COUNTER_H

#include "etas/counts.h"
#include "work/childless.h"

/** What a summary needs of one event. */
typedef struct etas_counted_event {
    uint64_t time_ms;
    uint32_t reached; /**< thresholds that its magnitude reaches */
    bool childless;   /**< and of the law of magnitudes that childless tables are about */
} etas_counted_event;

/** Of one model. */
typedef struct etas_counter_model {
    int32_t units[ETAS_MAX_THRESHOLDS]; /**< reported magnitude that reaches a threshold */
    etas_childless childless;
} etas_counter_model;

struct etas_counter {
    etas_counting what;
    etas_counter_model *models; /**< per model, with axes; else NULL */
    uint64_t horizon_ms[ETAS_MAX_HORIZONS];
    size_t n_events, event_capacity, cell_capacity;
    etas_counted_event *events; /**< of the catalogue at hand */
    uint64_t *cells;            /**< of its events, those in a cell */
    size_t n_cells;
    etas_catalog_counts tally; /**< scratch */
    uint8_t *bytes;            /**< of a record */
    size_t byte_capacity;
};

const etas_counter_model *etas_counter_model_of(const etas_counter *self, uint64_t index);
/** The catalogue's events, and its cells into @p out. */
ETAS_NODISCARD etas_status etas_counter_take(etas_counter *self, const etas_counted *catalog,
                                             etas_catalog_counts *out, etas_error *err);
/** number and chance of @p out from the events at hand. */
void etas_counter_sum_up(const etas_counter *self, const etas_counter_model *model,
                         etas_catalog_counts *out);
/** Room for so many cells in a tally. */
ETAS_NODISCARD etas_status etas_catalog_counts_reserve(etas_catalog_counts *self, size_t n_cells);

/** Rising order; quick for few. */
void etas_cells_sort(size_t n, uint64_t cells[]);

#endif
