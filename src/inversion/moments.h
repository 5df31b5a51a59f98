/** @file moments.h  Pairs as weights at fixed nodes: what the M-step sums over instead of pairs.
 *
 * The M-step needs sum w f over the pairs for functions f of the delay, and of the square of the
 * distance and the source's magnitude, that are analytic but for a singularity at -c and -D < 0. So
 * pairs go into bins, eighths of an octave, as moments sum w u^k, k < 8; the eight bins of an
 * octave become weights at its 16 Chebyshev nodes x_k such that sum w f = sum W_k f(x_k) to about
 * 1e-13 of sum w max |f|. Octaves start at 2^-30, to which values are shifted: x + 2^-30 >= 2^-30.
 *
 * Distances are kept by magnitude: by class, if no more than ETAS_MAX_CLASSES values of it occur,
 * else in cells of width 0.1, with eight moments and nodes in the magnitude, too.
 */
#ifndef ETAS_INVERSION_MOMENTS_H
#define ETAS_INVERSION_MOMENTS_H

#include <stdbool.h>

#include "etas/catalog.h"
#include "inversion/expect_kernels.h"

enum { ETAS_MAX_CLASSES = 512 };

/** Which bins, cells and nodes there are; by catalogue and configuration alone. A space cell is an
 * octave of a group, and has @c width classes: one, or the eight magnitude nodes of a group of
 * continuous ones. Starts as {0}; etas_moment_layout_free is idempotent. */
typedef struct etas_moment_layout {
    size_t n_sources, n_groups, width;
    size_t n_time_octaves;
    size_t n_space_cells; /**< octaves of all groups */
    size_t *group_cell;   /**< n_groups + 1 */
    double *class_dm;     /**< n_groups * width: m - mc of a class */
    uint32_t *key;        /**< by source: column of what depends on the magnitude */
    size_t n_keys;        /**< classes, or sources */
    double *key_dm;       /**< n_keys: m - mc */
    uint32_t *base;       /**< n_keys: first line of its bins */
    double *place;        /**< by source, continuous magnitudes: in its cell, -1 to 1; else NULL */
    double node[ETAS_NODES];                        /**< of the octave [1, 2) */
    double line_matrix[ETAS_MOMENTS][ETAS_MOMENTS]; /**< weight at node n = sum_k [n][k] moment k */
    etas_node_matrix matrix;
} etas_moment_layout;

/** Extremes of the pairs' values. */
typedef struct etas_moment_range {
    double time_days;        /**< no delay is longer */
    double r2_km2;           /**< no pair is farther apart */
    const double *reach_km2; /**< by source: none is farther from it */
} etas_moment_range;

ETAS_NODISCARD etas_status etas_moment_layout_build(etas_moment_layout *self, size_t n_sources,
                                                    const double dm[],
                                                    const etas_moment_range *range);
void etas_moment_layout_free(etas_moment_layout *self);

static inline size_t etas_space_classes(const etas_moment_layout *self)
{
    return self->n_groups * self->width;
}

/** The k-th node of an octave, counted from the lowest. */
double etas_moment_node(const etas_moment_layout *self, size_t octave, size_t k);

/** One thread's bins; all zero between two shards. Starts as {0}. */
typedef struct etas_moments {
    etas_moment_line *time;  /**< n_time_octaves * 8 * ETAS_TIME_COPIES */
    etas_moment_line *space; /**< n_space_cells * 8 * width */
} etas_moments;

ETAS_NODISCARD etas_status etas_moments_init(etas_moments *self, const etas_moment_layout *layout);
void etas_moments_free(etas_moments *self);

/** Pairs with their weights, and room for as many (+). */
typedef struct etas_weighted_pairs {
    size_t n;
    const double *r2_km2, *weight; /**< (+) */
    const uint32_t *source, *base;
    double *scratch;
    uint32_t *base_scratch;
} etas_weighted_pairs;

void etas_moments_add_delays(etas_moments *self, const etas_expect_kernels *kernels, size_t n,
                             const double time_days[], const double weight[]);
void etas_moments_add_distances(etas_moments *self, const etas_moment_layout *layout,
                                const etas_expect_kernels *kernels,
                                const etas_weighted_pairs *pairs);

/** Weights at the nodes from the bins, which are zero afterwards. @p time: by octave; @p space: by
 * cell and class, of the cells that @p used names alone. */
void etas_moments_finish(etas_moments *self, const etas_moment_layout *layout,
                         const etas_expect_kernels *kernels, const double used[],
                         double (*time)[ETAS_NODES], double (*space)[ETAS_NODES]);

/** Number of the space cell of a pair. */
size_t etas_moment_cell(const etas_moment_layout *self, uint32_t source, double r2_km2);

#endif
