/** @file statistics.h  What an E-step over a run of targets leaves, as one array of doubles. */
#ifndef ETAS_INVERSION_STATISTICS_H
#define ETAS_INVERSION_STATISTICS_H

#include "inversion/moments.h"

/** Sums over targets. */
typedef struct etas_statistics_sums {
    double n_hat, i_hat;
    double ln_rate;
    double w_t;        /**< sum w_ij t_ij */
    etas_far_sums far; /**< of the pairs that are in no time bin */
} etas_statistics_sums;

/** What a run of targets has. */
typedef struct etas_statistics_shape {
    size_t first_target, n_targets;
    size_t n_sources; /**< sources of the run are rows below it */
    bool has_induced, has_mu;
} etas_statistics_shape;

/** Starts as {0}; etas_statistics_free is idempotent. All members but the first three point into
 * @c flat, which holds all there is to send. */
typedef struct etas_statistics {
    etas_statistics_shape shape;
    bool cells_known; /**< @c used holds already what a run's pairs use: the same in every E-step */
    size_t n_flat, n_time_octaves, n_space_cells, width;
    double *flat;
    etas_statistics_sums *sums;
    double (*time)[ETAS_NODES];  /**< by octave: weights at the nodes */
    double *used;                /**< by space cell: 1 if it has a pair, else 0 */
    double (*space)[ETAS_NODES]; /**< by space cell and class; only of cells in use */
    double *l_hat;               /**< shape.n_sources */
    double *p_background;        /**< shape.n_targets, as those that follow */
    double *p_triggered;
    double *p_induced, *mu; /**< NULL without */
} etas_statistics;

ETAS_NODISCARD etas_status etas_statistics_init(etas_statistics *self,
                                                const etas_moment_layout *layout,
                                                const etas_statistics_shape *shape);
void etas_statistics_free(etas_statistics *self);

/** Everything that is added up becomes 0; what is by target and the cells in use stay. */
void etas_statistics_zero(etas_statistics *self);

/** Adds the sums of runs, in their order whatever @p n_threads >= 1 do it, and copies what they
 * have by target; self covers all targets and sources. */
void etas_statistics_add(etas_statistics *self, size_t n_threads, size_t n_parts,
                         const etas_statistics part[]);

#endif
