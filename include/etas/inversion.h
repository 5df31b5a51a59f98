/** @file inversion.h  Expectation-maximisation of the model on a prepared catalogue. */
#ifndef ETAS_INVERSION_H
#define ETAS_INVERSION_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/catalog.h"
#include "etas/model.h"

ETAS_API_BEGIN

/** Which equations the fixed point solves. */
typedef enum etas_estimator {
    ETAS_ESTIMATOR_REFERENCE, /**< the reference package's objective: keeps sum l_hat ln F */
    ETAS_ESTIMATOR_MLE        /**< exact EM of the point-process likelihood */
} etas_estimator;

/** How beta of the Gutenberg-Richter law is found. */
typedef enum etas_beta_method {
    ETAS_BETA_TINTI,
    ETAS_BETA_POSITIVE,
    ETAS_BETA_FIXED
} etas_beta_method;

/** A constraint on alpha = a - rho gamma (three dimensions: a - (rho - 1/2) gamma). */
typedef enum etas_alpha_rule {
    ETAS_ALPHA_FREE,
    ETAS_ALPHA_NUMBER,
    ETAS_ALPHA_BETA
} etas_alpha_rule;

/** What the maximisation holds; the first E-step still uses theta_0 as given. */
typedef struct etas_fixed {
    etas_params value; /**< NaN: free; log10_tau may be INFINITY (no taper, then omega > 0) */
    etas_alpha_rule alpha_rule;
    double alpha; /**< with ETAS_ALPHA_NUMBER */
} etas_fixed;

/** Nothing held. */
etas_fixed etas_fixed_none(void);

struct etas_em;

/** Everything an inversion depends on besides catalogue and start. */
typedef struct etas_inversion_config {
    etas_time window_start, window_end; /**< targets are start <= time < end */
    double m_ref, delta_m;              /**< completeness per event is the catalogue's mc column */
    double area_km2;                    /**< three_dim: the volume in km^3 */
    double earth_radius_km;             /**< default 6378.1 */
    double coppersmith_multiplier;      /**< default 100 */
    etas_estimator estimator;
    etas_beta_method beta_method;
    double beta;         /**< used with ETAS_BETA_FIXED */
    etas_params theta_0; /**< log10_iota NaN without induced; the first E-step uses it as given */
    etas_fixed fixed;
    const etas_region *inner_region; /**< NULL or where targets must lie too */
    bool three_dim;       /**< distances from the catalogue's x, y, z; kernel normalised in space */
    bool free_background; /**< mu per target, smoothed from P_background; no acceleration */
    double bw_sq_km2;     /**< its Gaussian's variance; default 1 */
    bool free_productivity;  /**< kappa per source instead of k0 e^{a dm}; no acceleration; a and k0
                                are those of a regression, 0 <= a <= 5 */
    bool induced;            /**< the catalogue's covariate column is the induced term's shape */
    bool plain_em;           /**< no acceleration */
    size_t memory_bytes;     /**< for stored pairs; the others are found again in every E-step; 0:
                                no limit */
    double tolerance;        /**< stop when the distance to the fixed point is below it; 1e-7 */
    bool reference_stop;     /**< stop at sum |dtheta| < 1e-3 as the reference does */
    uint32_t max_iterations; /**< E_CONVERGE beyond it; default 10000 */
    size_t n_threads;
    const char *kernels;                      /**< "scalar", "avx2", "avx512" or NULL = best */
    const volatile sig_atomic_t *interrupted; /**< NULL, or non-zero: end with E_INTERRUPTED */
    /** Computes all shards of an E-step elsewhere (etas_distribution); NULL: threads do, here. */
    etas_status (*compute)(void *context, struct etas_em *em, etas_error *err);
    void *compute_context;
} etas_inversion_config;

/** The defaults of the configuration; windows, magnitudes and area remain to be set. */
etas_inversion_config etas_inversion_config_default(void);
/** The documented start used when a configuration has no theta_0. */
etas_params etas_inversion_default_start(void);

/** What one E-step leaves: sums of the spec's section 3. Arrays as long as the catalogue (sources)
 * and as the targets. */
typedef struct etas_expectation {
    double n_hat, i_hat, sum_l_hat;
    double log_likelihood; /**< NaN where the model has none: varying completeness, free modes */
    double *l_hat;         /**< per source */
    double *p_background;  /**< per target */
    double *p_induced;     /**< per target; NULL without an induced term */
    double *p_triggered;   /**< per target: sum_i P_ij */
    double *mu;            /**< per target, free_background; NULL otherwise */
} etas_expectation;

typedef struct etas_inversion etas_inversion; /**< one inversion in progress */

/** @p catalog must outlive it. Builds the pairs and estimates beta; no iteration is made yet. */
ETAS_NODISCARD etas_status etas_inversion_open(etas_inversion **out, const etas_catalog *catalog,
                                               const etas_inversion_config *cfg, etas_error *err);
void etas_inversion_close(etas_inversion *self);

/** One plain EM iteration: E-step at the current theta, then the M-step. */
ETAS_NODISCARD etas_status etas_inversion_step(etas_inversion *self, etas_error *err);
/** Iterate to the fixed point (accelerated where that is safe); the last E-step is at the final
 * theta, from where one more step moves no parameter by more than the tolerance (but for
 * reference_stop). E_CONVERGE when max_iterations do not get there, or where hardly any event is
 * triggered. */
ETAS_NODISCARD etas_status etas_inversion_solve(etas_inversion *self, etas_error *err);

/** Facts about the state after the latest step; pointers belong to the inversion. */
typedef struct etas_inversion_state {
    etas_params theta;
    double beta;
    double branching_ratio;              /**< NaN with a reason when undefined */
    const char *branching_note;          /**< NULL or the reason */
    double n_hat, i_hat, log_likelihood; /**< of the latest E-step; NaN when it has none */
    uint32_t n_iterations;               /**< evaluations of the EM map */
    double last_step; /**< largest |dtheta|; after etas_inversion_solve: of a step from theta */
    double distance;  /**< estimated, to the fixed point */
    size_t n_sources, n_targets, n_pairs;
    const uint32_t *target; /**< n_targets: row of the catalogue */
    const double *zeta;     /**< per target: targets hidden below completeness + 1; NULL: all 1 */
    const double *xi;       /**< per source: the same for sources; NULL: all 1 */
    const double *kappa;    /**< per source, free_productivity; NULL otherwise */
    const etas_expectation *expectation;
} etas_inversion_state;

/** The state after the last step; valid until the next. */
etas_inversion_state etas_inversion_state_get(const etas_inversion *self);

/** A target with its pairs: sources strictly earlier, r^2 <= (rupture length * multiplier)^2. */
typedef struct etas_pair_row {
    size_t number;           /**< of the target: 0 to n_targets - 1 */
    size_t n;                /**< pairs */
    const uint32_t *source;  /**< row of the catalogue, ascending */
    const double *time_days; /**< > 0 */
    const double *r2_km2;
    const double *p; /**< P_ij = g_ij / rate */
    double rate;     /**< mu_j + iota_j + sum_i g_ij xi_i */
} etas_pair_row;

/** Anything but ETAS_OK ends the visit and is its result. */
typedef etas_status (*etas_pair_visitor)(void *context, const etas_pair_row *row, etas_error *err);

/** Every target in order, those without pairs too, at the current theta. Pairs that are not in
 * memory are found again. */
ETAS_NODISCARD etas_status etas_inversion_visit_pairs(etas_inversion *self,
                                                      etas_pair_visitor visitor, void *context,
                                                      etas_error *err);

/** E-step at @p theta into the inversion's expectation, without an M-step. */
ETAS_NODISCARD etas_status etas_inversion_expect(etas_inversion *self, const etas_params *theta,
                                                 etas_error *err);
/** ln L at @p theta: sum ln lambda - (mu + iota) A T - sum G. E_UNSUPPORTED where the model has
 * none: varying completeness, free modes. */
ETAS_NODISCARD etas_status etas_inversion_log_likelihood(etas_inversion *self,
                                                         const etas_params *theta, double *out,
                                                         etas_error *err);

ETAS_API_END

#endif
