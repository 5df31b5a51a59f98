/** @file information.h  Gradient and Hessian of ln L = sum_j ln lambda_j - mu A T - sum_i G_i. */
#ifndef ETAS_INVERSION_INFORMATION_H
#define ETAS_INVERSION_INFORMATION_H

#include "inversion/em.h"

/** By the natural parameters: in file order, natural logarithms where the file has log10. */
typedef struct etas_curvature {
    double gradient[ETAS_N_PARAMS];
    double hessian[ETAS_N_PARAMS][ETAS_N_PARAMS];
} etas_curvature;

/** By the file's parameter per natural one: ln 10 for the logarithms, else 1. */
double etas_param_unit(etas_param which);

/**
 * At @p theta, where the latest E-step has to have been. One pass over the pairs; the same bits for
 * every number of threads. Rows of a parameter that the model does not have (iota, tau without
 * taper) are zero. E_NOMEM.
 */
ETAS_NODISCARD etas_status etas_curvature_evaluate(etas_em *em, const etas_params *theta,
                                                   etas_curvature *out, etas_error *err);

#endif
