/** @file observed.h  What was observed where and when a forecast says something, and other events,
 * on its grid. */
#ifndef ETAS_OBSERVED_H
#define ETAS_OBSERVED_H

#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/catalog.h"
#include "etas/consistency.h"
#include "etas/counts.h"
#include "etas/status.h"

ETAS_API_BEGIN

/** The cells of a catalogue's events, one by one. Starts as {0}; etas_gridding_free is idempotent.
 */
typedef struct etas_gridding {
    size_t n; /**< events */
    uint64_t *cell;
    uint32_t *count;
    size_t cell_capacity, count_capacity;
} etas_gridding;

/** E_NOMEM. */
ETAS_NODISCARD etas_status etas_gridding_add(etas_gridding *self, uint64_t cell, etas_error *err);
/** The events as counts, valid until the next call; it starts anew. */
ETAS_NODISCARD etas_status etas_gridding_take(etas_gridding *self, etas_gridded *out,
                                              etas_error *err);
void etas_gridding_free(etas_gridding *self);

/** Starts as {0}; etas_observed_free is idempotent. */
typedef struct etas_observed {
    /** By place and magnitude, whatever the interval; points into cells. */
    etas_gridded gridded;
    etas_gridding cells;
    /* Events by what became of them: the first of these reasons that holds. */
    size_t n_events; /**< in a cell */
    size_t n_time;   /**< not in the window */
    size_t n_small;  /**< below the lowest magnitude bin */
    size_t n_region; /**< not in the region, and the forecast has none there either */
    size_t n_border; /**< in no cell */
    size_t *row;     /**< n_events: rows of the catalogue, in its order */
} etas_observed;

/**
 * The events of a catalogue that count: output_start <= time < end; magnitudes rounded half up to
 * delta_m as the forecast's are; in the region if the forecast's are filtered so; in a cell.
 * @p model: of which window, region, region filter and delta_m are used.
 */
ETAS_NODISCARD etas_status etas_observed_build(etas_observed *self, const etas_catalog *catalog,
                                               const etas_mixture *model, const etas_cells *cells,
                                               etas_error *err);
void etas_observed_free(etas_observed *self);

ETAS_API_END

#endif
