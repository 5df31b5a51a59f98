/** @file uncertainty.h  How well a catalogue determines its estimates, and what is odd about them.
 */
#ifndef ETAS_UNCERTAINTY_H
#define ETAS_UNCERTAINTY_H

#include <stdbool.h>
#include <stddef.h>

#include "etas/api.h"
#include "etas/inversion.h"

ETAS_API_BEGIN

enum { ETAS_NOTE_LENGTH = 240, ETAS_MAX_WARNINGS = 24 };

/**
 * From the observed information, minus the Hessian of ln L = sum ln lambda - mu A T - sum G at the
 * estimate. Units are those of the parameters in files. Parameters that are fixed, that ended on a
 * bound or that the model does not have are left out: their rows and columns are NaN. Under a
 * constraint on alpha the information is that of the constrained likelihood, with a as a function
 * of gamma and rho.
 */
typedef struct etas_uncertainty {
    bool available;    /**< false: see note; then what follows is NaN, except beta_error */
    bool not_positive; /**< the reason: the information is not positive definite */
    char note[ETAS_NOTE_LENGTH]; /**< the reason in words */
    bool estimated[ETAS_N_PARAMS];
    double covariance[ETAS_N_PARAMS][ETAS_N_PARAMS];
    double standard_error[ETAS_N_PARAMS];
    double gradient[ETAS_N_PARAMS];    /**< of ln L */
    double newton_step[ETAS_N_PARAMS]; /**< gradient over curvature: what is left to the maximum */
    double condition;                  /**< of the information, scaled to a unit diagonal */
    double beta_error;                 /**< 0 when beta is given */
    double alpha_error;                /**< by the delta method, as the next */
    double branching_error;            /**< of the branching ratio without a largest magnitude */
    double branching_error_m_max;      /**< with it; NaN when there is none */
} etas_uncertainty;

/** At the inversion's theta, after etas_inversion_solve. @p m_max: NaN without one. Not being
 * available is no error. */
ETAS_NODISCARD etas_status etas_inversion_uncertainty(etas_inversion *self, double m_max,
                                                      etas_uncertainty *out, etas_error *err);
/** Covariance over the product of the standard errors; NaN where either is left out. */
double etas_uncertainty_correlation(const etas_uncertainty *self, etas_param a, etas_param b);

/** What a reader of the results should know, as numbers and in plain words. */
typedef struct etas_diagnostics {
    double alpha;
    double branching_ratio, branching_ratio_m_max; /**< NaN where undefined or without m_max */
    const char *branching_note;                    /**< why the first is undefined, or NULL */
    double background_share;                       /**< n_hat / sum zeta */
    double largest_newton_step;                    /**< in standard errors */
    bool at_bound[ETAS_N_PARAMS];
    size_t n_warnings;
    char warning[ETAS_MAX_WARNINGS][ETAS_NOTE_LENGTH];
} etas_diagnostics;

/** What a user should know of a fit, with warnings in words. */
void etas_inversion_diagnose(const etas_inversion *self, double m_max,
                             const etas_uncertainty *uncertainty, etas_diagnostics *out);

ETAS_API_END

#endif
