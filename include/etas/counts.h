/** @file counts.h  What is kept of a catalogue when its events are not: numbers of events on a
 * space-magnitude-time grid, and what summaries need. */
#ifndef ETAS_COUNTS_H
#define ETAS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/codec.h"
#include "etas/events.h"
#include "etas/plan.h"
#include "etas/status.h"

ETAS_API_BEGIN

/* ---- the grid ---- */

/** A space-magnitude-time grid of rates and counts; cells in latitude and longitude, closed below
 * and open above; the last magnitude bin has no end. Starts as etas_forecast_grid_default. */
typedef struct etas_forecast_grid {
    double dlat, dlon;              /**< default 0.1 degrees, edges at multiples of it */
    double mag_first;               /**< lowest edge; NaN: the lowest magnitude that is reported */
    double dmag;                    /**< NaN: 0.1, or the largest delta_m of a model */
    double mag_last;                /**< lower edge of the open bin; NaN: mag_first + 30 dmag */
    double depth_first, depth_last; /**< km, for files that have depths: 0 to 30 */
    size_t n_times;                 /**< intervals; 0: the whole window */
    double *time_days; /**< n_times rising ends, days since the start of the output; what is left
                          of the window is one more interval */
} etas_forecast_grid;

/** Cells of 0.1 degrees, bins of 0.1 magnitudes, one interval. */
etas_forecast_grid etas_forecast_grid_default(void);

/**
 * The cells of a grid for a model: those whose centre lies in the region (of any model of a
 * mixture). Their order: interval, longitude, latitude, magnitude (fastest). Starts as {0};
 * etas_cells_free is idempotent.
 */
typedef struct etas_cells {
    uint64_t n;             /**< n_times * n_places * n_mags */
    size_t n_places;        /**< cells of the map */
    double *west, *south;   /**< edges of each, degrees; west in [-180, 180) */
    double dlat, dlon;      /**< their size */
    size_t n_mags, n_times; /**< at least 1 each */
    double *mag;            /**< n_mags lower edges */
    double *time_days;      /**< n_times + 1 edges, from 0 to the window's end */
    double depth_first, depth_last;
    uint64_t *time_ms; /**< n_times ends, in the units of etas_events */
    double lat0, lon0; /**< lowest edges of the lattice that the places lie on */
    uint32_t n_lat, n_lon;
    uint32_t *place; /**< n_lon * n_lat, latitude fastest: number of the place, or
                        UINT32_MAX */
} etas_cells;

/** E_RANGE names what the grid has that no grid can have; E_LIMIT for more than 2^32 cells. */
ETAS_NODISCARD etas_status etas_cells_build(etas_cells *self, const etas_forecast_grid *grid,
                                            const etas_mixture *model, etas_error *err);
void etas_cells_free(etas_cells *self);
/** The other edge of a cell, decimals as decimals: 46.2 + 0.1 is 46.3. */
double etas_cells_upper(double lower, double width);
/** The cell of event @p i, or UINT64_MAX: it lies in none. As pyCSEP's bin1d_vec does: the bin is
 * floor((x - x0 + (|x| + |x0|) e) / (h - |x0| e)), e = 2^-52, x0 the lowest edge, h the width. */
uint64_t etas_cells_find(const etas_cells *self, const etas_events *events, size_t i);
/** The same of a place and a reported magnitude in the first interval. */
uint64_t etas_cells_at(const etas_cells *self, double lat, double lon, double mag);
/** Whether a magnitude is in any bin. */
bool etas_cells_reach(const etas_cells *self, double mag);

/* ---- summaries ---- */

enum { ETAS_MAX_THRESHOLDS = 100, ETAS_MAX_HORIZONS = 5 };

/** Thresholds and horizons of a summary. */
typedef struct etas_summary_axes {
    size_t n_thresholds;
    double threshold[ETAS_MAX_THRESHOLDS]; /**< magnitudes, rising */
    size_t n_horizons;
    double horizon_days[ETAS_MAX_HORIZONS]; /**< rising; the last is the whole window */
} etas_summary_axes;

/**
 * The thresholds given, or (n = 0) the smallest that all models report and the whole and half
 * magnitudes above it up to m_max, or 8; and 1, 7, 30 and 365.25 days, as far as they are shorter
 * than the window, which is the last. E_RANGE for thresholds that do not rise or that are not
 * reported.
 */
ETAS_NODISCARD etas_status etas_summary_axes_build(etas_summary_axes *self, size_t n,
                                                   const double thresholds[],
                                                   const etas_mixture *model, etas_error *err);

/* ---- one catalogue ---- */

/** What is kept of a catalogue. Starts as {0}; etas_catalog_counts_free is idempotent. */
typedef struct etas_catalog_counts {
    uint64_t n_events;
    size_t n_cells; /**< with events in them */
    uint64_t *cell; /**< rising */
    uint32_t *count;
    size_t cell_capacity, count_capacity;
    /** By horizon, then threshold (fastest): events; */
    uint32_t number[ETAS_MAX_HORIZONS * ETAS_MAX_THRESHOLDS];
    /** and the probability of at least one, given everything about the catalogue but the magnitudes
     * of events without drawn children (docs/simulation.md). */
    double chance[ETAS_MAX_HORIZONS * ETAS_MAX_THRESHOLDS];
} etas_catalog_counts;

void etas_catalog_counts_free(etas_catalog_counts *self);

/** Makes tallies and the records that carry them. */
typedef struct etas_counter etas_counter;

/** What is to be kept; borrowed by the counter. */
typedef struct etas_counting {
    const etas_mixture *model;
    const etas_cells *cells;       /**< NULL: none */
    const etas_summary_axes *axes; /**< NULL: no summary */
} etas_counting;

/** E_ARG, E_RANGE or E_LIMIT for axes and grids that cannot be; what @p what points to is borrowed.
 */
ETAS_NODISCARD etas_status etas_counter_open(etas_counter **out, const etas_counting *what,
                                             etas_error *err);
void etas_counter_close(etas_counter *self);

/** A catalogue: the @p n events from @p first on, and its index in the run. */
typedef struct etas_counted {
    const etas_events *events;
    size_t first, n;
    uint64_t index;
} etas_counted;

/** @p out is overwritten. */
ETAS_NODISCARD etas_status etas_counter_count(etas_counter *self, const etas_counted *catalog,
                                              etas_catalog_counts *out, etas_error *err);
/** Appends the catalogue's record (docs/formats-internal.md); needs cells and axes. */
ETAS_NODISCARD etas_status etas_counter_record(etas_counter *self, const etas_counted *catalog,
                                               etas_records *out, etas_error *err);
/** The tally of a record, the same to the last bit as the one of its events. E_CORRUPT for what is
 * no record of these cells and axes. */
ETAS_NODISCARD etas_status etas_counter_read(etas_counter *self, uint64_t index, size_t len,
                                             const uint8_t bytes[], etas_catalog_counts *out,
                                             etas_error *err);
/** Whether bytes can be a record at all. */
bool etas_counts_is_record(size_t len, const uint8_t bytes[]);

/* ---- runs ---- */

/** A run that keeps counts: a model and what is kept of its catalogues. Starts as {0};
 * etas_counts_free is idempotent. */
typedef struct etas_counts {
    etas_mixture model;
    etas_forecast_grid grid; /**< owns its time_days */
    etas_summary_axes axes;
    etas_cells cells;
} etas_counts;

void etas_counts_free(etas_counts *self);
/** Whether a run's blob is one of these. */
bool etas_counts_is_blob(size_t len, const uint8_t blob[]);
/** What its blob is made of; borrowed for the call. */
typedef struct etas_counts_input {
    const etas_forecast_grid *grid;
    const etas_summary_axes *axes;
    size_t model_len; /**< the blob of the model */
    const uint8_t *model;
} etas_counts_input;
/** The blob of such a run (docs/formats-internal.md). *out is allocated with etas_array. */
ETAS_NODISCARD etas_status etas_counts_encode(const etas_counts_input *in, uint8_t **out,
                                              size_t *len, etas_error *err);
/** The reverse, of bytes that nobody trusts; free with etas_counts_free. */
ETAS_NODISCARD etas_status etas_counts_decode(size_t len, const uint8_t blob[], etas_counts *out,
                                              etas_error *err);
/** Where the model's own blob begins in its blob, at whose end it is. */
size_t etas_counts_model_at(const etas_counts *self);

ETAS_API_END

#endif
