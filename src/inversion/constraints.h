/** @file constraints.h  The box of the parameters and what ties them together. */
#ifndef ETAS_INVERSION_CONSTRAINTS_H
#define ETAS_INVERSION_CONSTRAINTS_H

#include <stdbool.h>

#include "etas/inversion.h"

/** Of the regression of free productivities on magnitude: 0 <= a <= 5. */
#define ETAS_LARGEST_SLOPE 5.0

/** Bounds in the units of files; low == high: held there. */
typedef struct etas_constraints {
    bool three_dim;
    double low[ETAS_N_PARAMS], high[ETAS_N_PARAMS];
    bool alpha_held; /**< a = alpha + exponent gamma, exponent = rho or rho - 1/2 */
    double alpha;
} etas_constraints;

/**
 * From what is fixed; @p beta is the value of alpha where that is the rule. What follows from fixed
 * numbers is held too. E_RANGE or E_ARG name the key of a number outside its bounds, of one that
 * contradicts others, or of one that this model does not have.
 */
ETAS_NODISCARD etas_status etas_constraints_init(etas_constraints *self,
                                                 const etas_inversion_config *cfg, double beta,
                                                 etas_error *err);

bool etas_constraints_hold(const etas_constraints *self, etas_param which);

/** Sets what follows from a held alpha: a, or gamma where a is held too. */
void etas_constraints_complete(const etas_constraints *self, etas_params *theta);

/** Are all of @p theta inside? NaN is not, but for a term that the model does not have. */
bool etas_constraints_admit(const etas_constraints *self, const etas_params *theta);

/** The same with a and the other held values as @p theta has them, or E_RANGE: with alpha and a
 * both held, gamma = (a - alpha) / exponent, and rho is bounded by that. */
ETAS_NODISCARD etas_status etas_constraints_hold_a(etas_constraints *self, double a,
                                                   etas_error *err);

#endif
