/** @file em.h  What the expectation and the maximisation share. */
#ifndef ETAS_INVERSION_EM_H
#define ETAS_INVERSION_EM_H

#include <stdbool.h>
#include <stddef.h>

#include "etas/inversion.h"
#include "inversion/pair_kernels.h"
#include "inversion/time_mesh.h"

/** One catalogue, its pairs and the arrays of the iteration. Starts as {0}. */
typedef struct etas_em {
    const etas_pair_kernels *kernels;
    size_t n_threads;
    etas_estimator estimator;
    double window_days, area_km2;
    bool three_dim;   /**< distances and the kernel's normalisation in space, not in the plane */
    double bw_sq_km2; /**< of the smoothed background's Gaussian */
    etas_pairs pairs;
    etas_time_mesh mesh;
    size_t n_sources;
    double *dm; /**< per source: m - mc */
    /* Inputs of the E-step besides theta; NULL where the model has none. Allocated and filled by
     * the inversion's options, freed here. */
    double *zeta;                  /**< per target: targets hidden below completeness, + 1 */
    double *xi;                    /**< per source: sources hidden, + 1, at the current theta */
    double *induced;               /**< per target: iota_j / iota */
    double *kappa;                 /**< per source: productivity instead of k0 e^{a dm} */
    double *smoothed;              /**< per source: P_background of the iteration before, 0 for
                                      sources that are no targets (free_background) */
    double *ln_productivity;       /**< per source, scratch: ln(k0 e^{a dm}) */
    double *d_km2;                 /**< per source, scratch: d e^{gamma dm} */
    double *weight;                /**< per pair: P_ij of the latest E-step */
    double sum_l_dm, sum_w_t;      /**< sum l_hat dm, sum P_ij t_ij */
    double sum_ln_rate;            /**< over targets */
    etas_expectation expectation;  /**< of the latest E-step */
    size_t n_shards;               /**< runs of targets, cut by the number of pairs alone */
    size_t *shard_target;          /**< n_shards + 1 */
    double *shard_l_hat;           /**< n_shards * n_sources */
    struct etas_em_shard *shard;   /**< n_shards */
    size_t n_blocks;               /**< runs of ETAS_EM_BLOCK pairs */
    etas_space_sums *block_space;  /**< n_blocks */
    etas_delay_sums *block_delays; /**< n_blocks */
} etas_em;

enum { ETAS_EM_BLOCK = 8192 };

/** Builds pairs, mesh and arrays. E_ARG says which part of the catalogue is missing. */
ETAS_NODISCARD etas_status etas_em_init(etas_em *self, const etas_catalog *catalog,
                                        const etas_inversion_config *cfg, etas_error *err);
void etas_em_free(etas_em *self);

/** E-step at @p theta into weight, expectation and the sums. E_RANGE for a theta whose rates or
 * whose expected number of events are not positive and finite. */
ETAS_NODISCARD etas_status etas_em_expect(etas_em *self, const etas_params *theta, etas_error *err);

/** The rates g_ij of all pairs at @p theta; scratch of n_sources each, @p g of n_pairs. */
void etas_em_rates(const etas_em *self, const etas_params *theta, double ln_productivity[],
                   double d_km2[], double g[]);

/** Sum over sources of G_i. */
double etas_em_expected_total(etas_em *self, const etas_params *theta);

/** Sums over all pairs with the latest weights, in block order. */
etas_space_sums etas_em_space_sums(etas_em *self, double ln_d, double gamma);
etas_delay_sums etas_em_delay_sums(etas_em *self, double c_days);

#endif
