/** @file information_kernels.h  Second moments of the features of pairs, one table per instruction
 * set. Every table gives the same bits: sums run over the eight logical lanes of math/vec.h.
 *
 * The features are what the derivatives of ln g by the parameters are made of; p = c / (t + c) and
 * s = D / (r2 + D) are derivatives of logarithms.
 */
#ifndef ETAS_INVERSION_INFORMATION_KERNELS_H
#define ETAS_INVERSION_INFORMATION_KERNELS_H

#include <stddef.h>

#include "inversion/pair_kernels.h"

enum {
    ETAS_FEATURE_ONE,
    ETAS_FEATURE_DM,
    ETAS_FEATURE_P,
    ETAS_FEATURE_LN_TC, /**< ln(t + c) */
    ETAS_FEATURE_T,     /**< t / tau */
    ETAS_FEATURE_S,
    ETAS_FEATURE_S_DM,
    ETAS_FEATURE_LN_R2D, /**< ln(r2 + D) */
    ETAS_N_FEATURES
};

enum { ETAS_FEATURE_CHUNK = 256, ETAS_FEATURE_LANES = 8 };

/** Pairs of one target; filled up to whole lanes with weight 0 and ones. */
typedef struct etas_feature_pairs {
    size_t n; /**< a multiple of ETAS_FEATURE_LANES, at most ETAS_FEATURE_CHUNK */
    double weight[ETAS_FEATURE_CHUNK], time_days[ETAS_FEATURE_CHUNK], r2_km2[ETAS_FEATURE_CHUNK];
    double d_km2[ETAS_FEATURE_CHUNK], dm[ETAS_FEATURE_CHUNK];
} etas_feature_pairs;

/** sum w F_a F_b for 1 <= a <= b, lane by lane. */
typedef struct etas_feature_lanes {
    double at[ETAS_N_FEATURES][ETAS_N_FEATURES][ETAS_FEATURE_LANES];
} etas_feature_lanes;

typedef struct etas_information_kernels {
    const char *name;
    /** Adds sum w F to @p total, the products to @p sums; decay->q is not used. */
    void (*moments)(const etas_feature_pairs *pairs, const etas_pair_decay *decay,
                    double total[ETAS_N_FEATURES], etas_feature_lanes *sums);
    double (*sum)(const double lane[ETAS_FEATURE_LANES]); /**< of a sum's lanes */
} etas_information_kernels;

extern const etas_information_kernels etas_information_kernels_scalar;
#if defined(__x86_64__)
extern const etas_information_kernels etas_information_kernels_avx2;
extern const etas_information_kernels etas_information_kernels_avx512;
#endif

#endif
