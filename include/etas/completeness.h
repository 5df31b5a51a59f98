/** @file completeness.h  From which magnitude on a catalogue is complete: tested against the
 * Gutenberg-Richter law, after large shocks, and whether the magnitudes lie on the grid they are
 * said to lie on. */
#ifndef ETAS_COMPLETENESS_H
#define ETAS_COMPLETENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/catalog.h"
#include "etas/status.h"

ETAS_API_BEGIN

/* ---- the smallest magnitude from which on the catalogue follows Gutenberg-Richter ---- */

/** How a completeness magnitude is looked for. */
typedef struct etas_completeness_config {
    double delta_m;   /**< bin width, 0.001 to 10; 0: magnitudes are continuous */
    double beta;      /**< NaN: estimated for each candidate (Tinti & Mulargia 1987) */
    double p_pass;    /**< a candidate passes with p >= p_pass; 0.05 */
    size_t n_samples; /**< for p, 1 to 2^24 - 1; 10000 */
    uint64_t seed;
    size_t n_threads; /**< changes no result */
    size_t n_candidates;
    const double *candidate; /**< ascending; multiples of delta_m */
} etas_completeness_config;

/** The defaults above, 1 thread, seed 0, no candidates. */
etas_completeness_config etas_completeness_config_default(void);

/** One candidate. What the magnitudes do not give (two different ones are needed) is NaN. */
typedef struct etas_completeness_test {
    double mc;
    size_t n; /**< magnitudes from mc on */
    double beta, b_value;
    double b_error; /**< standard error of b_value (Shi & Bolt 1982); NaN when beta was given */
    double ks;      /**< largest distance between the distributions */
    double p;       /**< share of samples that are at least as far away */
    bool passes;
} etas_completeness_test;

/**
 * Distance between the n magnitudes from @p mc on and the Gutenberg-Richter law, at the upper edges
 * of the bins up to the largest magnitude: max over k of |F_emp - F|, F = 1 - exp(-beta delta_m
 * (k + 1)). With delta_m = 0 the Kolmogorov-Smirnov distance to 1 - exp(-beta (m - mc)). p stays
 * NaN. E_ARG for a number outside its domain, NaN among the magnitudes included.
 */
ETAS_NODISCARD etas_status etas_completeness_ks(size_t n, const double mag[], double mc,
                                                const etas_completeness_config *cfg,
                                                etas_completeness_test *out, etas_error *err);

/**
 * The same for every candidate, with p: the share of n_samples samples of equal size, drawn from
 * the law with the candidate's beta (which is not estimated again), whose distance is at least the
 * observed one. *winner is the first candidate that passes, SIZE_MAX if none does. A candidate's p
 * depends on the magnitudes, beta, delta_m, seed and n_samples, not on the other candidates.
 * @p tests has n_candidates places. E_RANGE if no candidate has two different magnitudes.
 */
ETAS_NODISCARD etas_status etas_completeness_estimate(size_t n, const double mag[],
                                                      const etas_completeness_config *cfg,
                                                      etas_completeness_test tests[],
                                                      size_t *winner, etas_error *err);

/* ---- after large shocks ---- */

/** mc(M, t) = M - offset - slope log10(t / 1 day) (Helmstetter, Kagan & Jackson 2006, doi
 * 10.1785/0120050067, for southern California). */
typedef struct etas_shock_completeness {
    double offset, slope;   /**< 4.5, 0.75 > 0 */
    double shock_magnitude; /**< smallest M that counts; 5 */
    double rupture_lengths; /**< reach of a shock in lengths of its rupture; 3; INFINITY: no end */
    double delta_m;         /**< rounds up to its multiples; 0: not at all */
    double earth_radius_km;
} etas_shock_completeness;

/** Southern California, Helmstetter, Kagan & Jackson (2006). */
etas_shock_completeness etas_shock_completeness_default(void);

/**
 * mc[i] for every event in row order, in any order of time: the largest of background[i] and, over
 * all earlier shocks within reach, mc(M, t), which is never above the shock's own M. E_ARG for a
 * number outside its domain.
 */
ETAS_NODISCARD etas_status etas_completeness_after_shocks(const etas_catalog *catalog,
                                                          const double background[],
                                                          const etas_shock_completeness *cfg,
                                                          double mc[], etas_error *err);

/* ---- the grid of magnitudes ---- */

/** Whether magnitudes are the multiples of delta_m that they are said to be. */
typedef struct etas_magnitude_grid {
    size_t n;
    double delta_m;   /**< as asked */
    double off_share; /**< share that is no multiple of delta_m; 0 for delta_m = 0 */
    double step; /**< the coarsest of 0.5, 0.2, 0.1, 0.05, 0.01, 0.001 that 99 % of the magnitudes
                    are multiples of; 0: none, they are continuous */
} etas_magnitude_grid;

/** Differences below 1e-6 are floating-point noise (single precision included). */
etas_magnitude_grid etas_magnitude_grid_of(size_t n, const double mag[], double delta_m);

/** Whether delta_m does not fit the magnitudes: 1 % or more lie off its grid, or they lie on a
 * coarser one. Then @p out says so in one sentence. */
bool etas_magnitude_grid_misfit(const etas_magnitude_grid *self, size_t capacity, char out[]);

ETAS_API_END

#endif
