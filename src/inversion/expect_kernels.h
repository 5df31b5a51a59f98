/** @file expect_kernels.h  The loops of the search for pairs and of the E-step, one table per
 * instruction set.
 *
 * Every table gives the same bits. Arrays marked (+) have ETAS_LANES elements more than n, which
 * are read, and where they are outputs written; what they hold does not matter.
 */
#ifndef ETAS_INVERSION_EXPECT_KERNELS_H
#define ETAS_INVERSION_EXPECT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "inversion/pair_kernels.h"

enum { ETAS_LANES = 8 };

static inline size_t etas_whole_lanes(size_t n)
{
    return (n + (ETAS_LANES - 1)) / ETAS_LANES * ETAS_LANES;
}

/** Places as columns (+): latitude, longitude in degrees and cos(latitude), or x, y, z in km. */
typedef struct etas_place_columns {
    const double *a, *b, *c;
} etas_place_columns;

/** Sources by key: their class, or their own row where magnitudes are continuous. */
typedef struct etas_source_columns {
    const uint32_t *key;        /**< by source */
    const double *productivity; /**< k0 e^(a dm) by key, or kappa by source */
    int productivity_by_source;
    const double *d_km2;  /**< d e^(gamma dm), by key */
    const uint32_t *base; /**< by key: first line of its moments */
} etas_source_columns;

/** Consecutive pairs of whole rows. */
typedef struct etas_pair_batch {
    size_t n;
    const double *time_days, *r2_km2; /**< n (+) */
    const uint32_t *source;           /**< n */
    double *g;                        /**< n (+): rates, then weights */
    double *log2_tc;                  /**< n (+): log2(t + c) */
    uint32_t *base;                   /**< n: of the pair's source */
} etas_pair_batch;

/** What a row of rates becomes. */
typedef struct etas_row {
    size_t first, n;   /**< in the batch */
    size_t n_far;      /**< of them the first, with t >= ETAS_FAR_DAYS */
    double floor;      /**< mu_j + iota_j */
    double zeta;       /**< targets hidden below completeness, + 1 */
    double rate;       /**< out: floor + sum_i g_ij xi_i */
    double triggered;  /**< out: sum_i P_ij */
    double weight_sum; /**< out: sum_i w_ij t_ij */
} etas_row;

/** The distant past needs no bins: there ln(t + c) = ln(t + c0) + sum_k (-1)^(k+1) x^k / k,
 * x = (c - c0) / (t + c0), |x| <= 1/32, whose first seven terms leave 1e-13. c0 is the c of the
 * E-step. */
enum { ETAS_FAR_DAYS = 32, ETAS_FAR_POWERS = 7 };

typedef struct etas_far_sums {
    double log2_tc;                /**< sum w log2(t + c0) */
    double power[ETAS_FAR_POWERS]; /**< sum w (t + c0)^-(k + 1) */
} etas_far_sums;

enum { ETAS_MOMENTS = 8 };

/** A line holds the moments sum w u^k, k = 0 .. 7, of a bin. */
typedef double etas_moment_line[ETAS_MOMENTS];

/** Where the pairs' moments go: bin of x = value + 2^-30 by exponent and top three bits. */
typedef struct etas_deposit {
    size_t n;
    const double *value;  /**< n (+): >= 0 */
    const double *weight; /**< n (+) */
    const uint32_t *base; /**< line of the lowest bin; by pair, or NULL: (pair mod 4) */
    unsigned shift;       /**< a bin's lines are 2^shift apart */
} etas_deposit;

enum { ETAS_LOWEST_OCTAVE = -30, ETAS_TIME_COPIES = 4, ETAS_TIME_SHIFT = 2 };

enum { ETAS_NODES = 16, ETAS_SUB_BINS = 8 };

/** Weights at the 16 nodes of an octave from the moments of its eight bins. */
typedef double etas_node_matrix[ETAS_SUB_BINS][ETAS_MOMENTS][ETAS_NODES];

typedef struct etas_expect_kernels {
    const char *name;
    /** h = haversine of the distance of each place to @p at: sin^2(dlat/2) + cos cos sin^2(dlon/2).
     */
    void (*haversines)(size_t n, const etas_place_columns *places, const double at[3], double h[]);
    /** Squares of the straight distances. */
    void (*squares)(size_t n, const etas_place_columns *places, const double at[3], double r2[]);
    /** Squares of great-circle distances from haversines in [0, 1/4] (+), in place. */
    void (*arcs)(size_t n, double radius_km, double h[]);
    /** Fills g, log2_tc and base. */
    void (*rates)(const etas_pair_batch *batch, const etas_source_columns *sources,
                  const etas_pair_decay *decay);
    /** Rows from rates. @p xi: by pair (+), or NULL. */
    void (*sum_rows)(const etas_pair_batch *batch, const double xi[], size_t n_rows,
                     etas_row row[]);
    /** The rates become weights w_ij = P_ij zeta_j; what is far is added up. */
    void (*weigh)(const etas_pair_batch *batch, double c_days, size_t n_rows, const etas_row row[],
                  etas_far_sums *far);
    /** out = exp(-r2 scale) (+). */
    void (*gaussians)(size_t n, const double r2_km2[], double scale, double out[]);
    void (*logarithms)(size_t n, const double x[], double out[]);
    void (*deposit)(const etas_deposit *what, etas_moment_line lines[]);
    /** Of eight consecutive lines. */
    void (*node_weights)(const etas_moment_line lines[ETAS_SUB_BINS],
                         const etas_node_matrix *matrix, double out[ETAS_NODES]);
} etas_expect_kernels;

extern const etas_expect_kernels etas_expect_kernels_scalar;
#if defined(__x86_64__)
extern const etas_expect_kernels etas_expect_kernels_avx2;
extern const etas_expect_kernels etas_expect_kernels_avx512;
#endif

#endif
