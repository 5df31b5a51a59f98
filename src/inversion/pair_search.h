/** @file pair_search.h  The pairs of a run of targets, found anew whenever they are asked for. */
#ifndef ETAS_INVERSION_PAIR_SEARCH_H
#define ETAS_INVERSION_PAIR_SEARCH_H

#include "etas/inversion.h"
#include "geometry/neighbours.h"
#include "inversion/expect_kernels.h"

/** Starts as {0}; etas_pair_search_free is idempotent. Threads may share it. */
typedef struct etas_pair_search {
    const etas_catalog *catalog;
    const etas_expect_kernels *kernels;
    bool three_dim;
    double radius_km;
    size_t n_targets;
    uint32_t *target;     /**< n_targets: row of the catalogue, ascending */
    double *reach_km2;    /**< by source: square of the greatest distance */
    etas_neighbours tree; /**< of the sources */
    double *a, *b, *c;    /**< places in the tree's order */
    double *limit;        /**< of what the kernel makes of them, in the tree's order */
} etas_pair_search;

/** Sorted catalogues only: E_ARG. Targets lie in the window, and in cfg->inner_region if there is
 * one. E_ARG names the first event without coordinates x, y, z where they are needed. */
ETAS_NODISCARD etas_status etas_pair_search_open(etas_pair_search *self,
                                                 const etas_catalog *catalog,
                                                 const etas_inversion_config *cfg,
                                                 const etas_expect_kernels *kernels,
                                                 etas_error *err);
void etas_pair_search_free(etas_pair_search *self);

enum { ETAS_BLOCK_ROWS = 16 };

/** Pairs of up to ETAS_BLOCK_ROWS consecutive targets in compressed rows; sources ascend. Arrays
 * reach up to whole lanes, which hold harmless numbers. */
typedef struct etas_pair_block {
    size_t first_target, n_rows;
    size_t row_start[ETAS_BLOCK_ROWS + 1];
    size_t n_far[ETAS_BLOCK_ROWS]; /**< pairs of a row with t >= ETAS_FAR_DAYS: they come first */
    double *time_days, *r2_km2;
    uint32_t *source;
} etas_pair_block;

/** One thread's room for a search. Starts as {0}. */
typedef struct etas_search_scratch {
    uint64_t *bits, *summary; /**< sources found: a bit each, and a bit for 64 of those words */
    double *value;            /**< by source */
    double *near;             /**< of those in the runs that may reach the target (+) */
    uint32_t *near_at;        /**< the same: position in the tree's order */
    size_t time_capacity, r2_capacity, source_capacity;
    double *time_days, *r2_km2;
    uint32_t *source;
} etas_search_scratch;

ETAS_NODISCARD etas_status etas_search_scratch_init(etas_search_scratch *self, size_t n_sources);
void etas_search_scratch_free(etas_search_scratch *self);

/** Pairs of the targets [first, first + n_rows): their source is strictly earlier and no farther
 * than (rupture length * multiplier). @p out points into the scratch until its next use. E_NOMEM.
 */
ETAS_NODISCARD etas_status etas_pair_search_find(const etas_pair_search *self, size_t first_target,
                                                 size_t n_rows, etas_search_scratch *scratch,
                                                 etas_pair_block *out);

#endif
