/** @file objective.h  The M-step's objective in its two blocks and as a whole, with derivatives.
 *
 * Everything is negated, to be minimised by etas_newton_minimise, and differs from the formulas of
 * docs/inversion.md by constants only. With w_ij = P_ij, l_i = sum_j w_ij, W = sum l_i and
 * K = k0 (pi/rho) d^-rho:
 *
 *   space  W ln rho + rho sum l_i ln D_i - (1 + rho) sum w_ij ln(r2_ij + D_i)
 *   time   W ln K + alpha sum l_i dm_i - K sum e^(alpha dm_i) T_i
 *          - (1 + omega) sum w_ij ln(t_ij + c) - sum w_ij t_ij / tau
 *          + sum l_i max(ln F_i, -300)     (the reference estimator only)
 */
#ifndef ETAS_INVERSION_OBJECTIVE_H
#define ETAS_INVERSION_OBJECTIVE_H

#include "inversion/em.h"
#include "inversion/newton.h"

enum { ETAS_SPACE_LN_D, ETAS_SPACE_GAMMA, ETAS_SPACE_RHO, ETAS_SPACE_N };
enum {
    ETAS_TIME_LN_K,
    ETAS_TIME_ALPHA,
    ETAS_TIME_LN_C,
    ETAS_TIME_OMEGA,
    ETAS_TIME_LN_TAU,
    ETAS_TIME_N
};
enum {
    ETAS_JOINT_LN_K0,
    ETAS_JOINT_A,
    ETAS_JOINT_LN_C,
    ETAS_JOINT_OMEGA,
    ETAS_JOINT_LN_TAU,
    ETAS_JOINT_LN_D,
    ETAS_JOINT_GAMMA,
    ETAS_JOINT_RHO,
    ETAS_JOINT_N
};

/* The context is an etas_em after its E-step. */
void etas_objective_space(void *context, const double x[], etas_newton_point *out);
void etas_objective_time(void *context, const double x[], etas_newton_point *out);
void etas_objective_joint(void *context, const double x[], etas_newton_point *out);

/** The time block without its first variable: K = W / sum e^(alpha dm_i) T_i, the best one. */
void etas_objective_time_profile(void *context, const double x[], etas_newton_point *out);
/** ln of that K. */
double etas_objective_ln_k(etas_em *em, const double x[]);

/** ln K - ln k0 = ln pi - ln rho - rho ln d. */
double etas_objective_ln_k_offset(double ln_d, double rho);

#endif
