/** @file pair_kernels.h  The loops over pairs and quadrature nodes, one table per instruction set.
 *
 * Every table gives the same bits: sums run over the eight logical lanes of math/vec.h.
 */
#ifndef ETAS_INVERSION_PAIR_KERNELS_H
#define ETAS_INVERSION_PAIR_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/** A run of consecutive pairs; what a kernel does not use may be NULL. */
typedef struct etas_pair_run {
    size_t n;
    const uint32_t *source; /**< index into the columns of etas_pair_sources */
    const double *time_days, *r2_km2, *weight;
} etas_pair_run;

/** Columns by source; what a kernel does not use may be NULL. */
typedef struct etas_pair_sources {
    const double *ln_productivity; /**< ln(k0 e^{a dm}) */
    const double *d_km2;           /**< d e^{gamma dm} */
    const double *dm;
} etas_pair_sources;

/** The kernel exp(-t inv_tau) (t + c)^-p (r2 + D)^-q, p = 1 + omega, q = 1 + rho. */
typedef struct etas_pair_decay {
    double c_days, inv_tau, p, q;
} etas_pair_decay;

/** Sums over pairs; s = D / (r2 + D), the derivative of ln(r2 + D) by ln D. */
typedef struct etas_space_sums {
    double ln_r2d; /**< sum w ln(r2 + D) */
    double s[2];   /**< sum w s dm^k */
    double ss[3];  /**< sum w s (1 - s) dm^k */
} etas_space_sums;

/** Sums over pairs; p = c / (t + c), the derivative of ln(t + c) by ln c. */
typedef struct etas_delay_sums {
    double ln_tc; /**< sum w ln(t + c) */
    double p;     /**< sum w p */
    double pp;    /**< sum w p (1 - p) */
} etas_delay_sums;

typedef struct etas_pair_kernels {
    const char *name;
    /** g[i] = the triggering rate of pair i. */
    void (*rates)(const etas_pair_run *pairs, const etas_pair_sources *sources,
                  const etas_pair_decay *decay, double g[]);
    void (*space)(const etas_pair_run *pairs, const etas_pair_sources *sources,
                  etas_space_sums *out);
    void (*delays)(const etas_pair_run *pairs, double c_days, etas_delay_sums *out);
    /** ln_tc[i] = ln(t + c) and h[i] = weight[i] exp(-t inv_tau) (t + c)^-p; decay->q is not used.
     */
    void (*nodes)(size_t n, const double t_days[], const double weight[],
                  const etas_pair_decay *decay, double ln_tc[], double h[]);
} etas_pair_kernels;

extern const etas_pair_kernels etas_pair_kernels_scalar;
#if defined(__x86_64__)
extern const etas_pair_kernels etas_pair_kernels_avx2;
extern const etas_pair_kernels etas_pair_kernels_avx512;
#endif

#endif
