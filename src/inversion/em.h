/** @file em.h  What the expectation and the maximisation share.
 *
 * Targets are cut into shards, runs of consecutive ones, by the numbers of their pairs alone. An
 * E-step visits the pairs of each shard once and leaves its etas_statistics; these are added in the
 * order of the shards, so the result is the same bits wherever and in whatever order shards are
 * computed. The M-step sees the sums, l_hat, and weights at nodes (moments.h), never pairs.
 */
#ifndef ETAS_INVERSION_EM_H
#define ETAS_INVERSION_EM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "etas/inversion.h"
#include "inversion/expect_kernels.h"
#include "inversion/moments.h"
#include "inversion/pair_kernels.h"
#include "inversion/pair_store.h"
#include "inversion/statistics.h"
#include "inversion/windows.h"

struct etas_em;

/** Computes all shards of one E-step at em->theta into em->shard; a caller's own way to do so. */
typedef etas_status (*etas_em_compute)(void *context, struct etas_em *em, etas_error *err);

/** One thread's room. */
typedef struct etas_em_worker {
    atomic_flag busy;
    bool ready;
    etas_search_scratch search;
    etas_moments moments;
    size_t g_capacity, log2_capacity, factor_capacity, scratch_capacity;
    size_t base_capacity, base_scratch_capacity;
    double *g, *log2_tc, *factor, *scratch; /**< by pair of a batch */
    uint32_t *base, *base_scratch;          /**< the same */
} etas_em_worker;

/** One catalogue, its pairs and the arrays of the iteration. Starts as {0}. */
typedef struct etas_em {
    const etas_pair_kernels *kernels;
    const etas_expect_kernels *expect_kernels;
    size_t n_threads;
    etas_estimator estimator;
    double window_days, area_km2;
    bool three_dim;   /**< distances and the kernel's normalisation in space, not in the plane */
    double bw_sq_km2; /**< of the smoothed background's Gaussian */
    etas_pair_store pairs;
    etas_moment_layout layout;
    etas_windows windows; /**< of the sources */
    size_t n_sources, n_targets, n_pairs;
    const uint32_t *target; /**< n_targets: row of the catalogue */
    double *dm;             /**< per source: m - mc */
    /* Inputs of the E-step besides theta; NULL where the model has none. Allocated and filled by
     * the inversion's options before the first E-step, freed here. */
    double *zeta;     /**< per target: targets hidden below completeness, + 1 */
    double *xi;       /**< per source: sources hidden, + 1, at the current theta */
    double *induced;  /**< per target: iota_j / iota */
    double *kappa;    /**< per source: productivity instead of k0 e^{a dm} */
    double *smoothed; /**< per source: P_background of the iteration before, 0 for sources that are
                         no targets (free_background) */
    /* The E-step's parameters (etas_em_prepare). */
    etas_params theta;
    double mu, iota;
    etas_pair_decay decay;
    double *productivity; /**< by key of the layout: k0 e^(a dm) */
    double *d_km2;        /**< by key: d e^(gamma dm) */
    /* Shards. */
    size_t n_shards;
    size_t *shard_block;    /**< n_shards + 1: blocks of the pair store */
    etas_statistics *shard; /**< n_shards */
    size_t n_workers;
    etas_em_worker *worker;
    etas_em_compute compute; /**< NULL: threads of this process */
    void *compute_context;
    /* Of the latest E-step. */
    etas_statistics total;
    etas_expectation expectation; /**< its arrays belong to total */
    double sum_l_dm, sum_w_t;     /**< sum l_hat dm, sum w_ij t_ij */
    double sum_ln_rate;           /**< over targets */
    double far_c_days;            /**< where total.sums->far is expanded */
    size_t n_time_nodes, n_space_nodes;
    double *time_node, *time_weight;   /**< n_time_nodes: delays and their weights */
    double *space_node, *space_weight; /**< n_space_nodes: r2 and its weights */
    uint32_t *space_class;             /**< n_space_nodes: the magnitude, layout.class_dm */
    double *class_d_km2;               /**< per class, scratch */
} etas_em;

/** Finds the pairs, cuts the shards, builds windows and arrays. E_ARG says which part of the
 * catalogue is missing. */
ETAS_NODISCARD etas_status etas_em_init(etas_em *self, const etas_catalog *catalog,
                                        const etas_inversion_config *cfg, etas_error *err);
/** The same for one who is told the shards (another em's shard_block) and computes some of them:
 * etas_em_prepare and etas_em_shard_expect. n_pairs stays 0. */
ETAS_NODISCARD etas_status etas_em_init_shards(etas_em *self, const etas_catalog *catalog,
                                               const etas_inversion_config *cfg, size_t n_shards,
                                               const size_t shard_block[], etas_error *err);
void etas_em_free(etas_em *self);

/** E-step at @p theta: prepare, all shards, gather. */
ETAS_NODISCARD etas_status etas_em_expect(etas_em *self, const etas_params *theta, etas_error *err);

/** Sets theta and the columns that follow from it. */
void etas_em_prepare(etas_em *self, const etas_params *theta);
/** An array of the shape of a shard's statistics. */
ETAS_NODISCARD etas_status etas_em_statistics_init(const etas_em *self, size_t shard,
                                                   etas_statistics *out);
/** The E-step of one shard at the prepared theta. Threads may compute different shards at once, up
 * to n_threads of them. E_NOMEM. */
ETAS_NODISCARD etas_status etas_em_shard_expect(etas_em *self, size_t shard, etas_statistics *out);
/** Adds up all shards into expectation, sums and nodes. E_RANGE for a theta whose rates or whose
 * expected number of events are not positive and finite. */
ETAS_NODISCARD etas_status etas_em_gather(etas_em *self, etas_error *err);

/** Every target's row, in order, at the prepared theta. */
ETAS_NODISCARD etas_status etas_em_visit(etas_em *self, etas_pair_visitor visitor, void *context,
                                         etas_error *err);

/** The rows of one shard; threads may visit different shards at once. */
ETAS_NODISCARD etas_status etas_em_visit_shard(etas_em *self, size_t shard,
                                               etas_pair_visitor visitor, void *context,
                                               etas_error *err);

/** Whether the model has a likelihood: no varying completeness, no free mode. */
bool etas_em_has_likelihood(const etas_em *self);

/** Sum over sources of G_i. */
double etas_em_expected_total(etas_em *self, const etas_params *theta);

/** Sums over all pairs with the latest weights w_ij = P_ij zeta_j. */
etas_space_sums etas_em_space_sums(etas_em *self, double ln_d, double gamma);
etas_delay_sums etas_em_delay_sums(etas_em *self, double c_days);

#endif
