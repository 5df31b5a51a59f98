/** @file objective.h  The M-step's objective in its two blocks and as a whole, with derivatives.
 *
 * Everything is negated, to be minimised by etas_newton_minimise, and complete but for
 * sum ln Gamma(l_i + 1). With w_ij = P_ij zeta_j, l_i = sum_j w_ij, W = sum l_i, e = rho or, in
 * three dimensions, rho - 1/2, A(rho) the integral of (r2 + 1)^-(1 + rho), and K = k0 A d^-e:
 *
 *   space  e sum l_i ln D_i - W ln A - (1 + rho) sum w_ij ln(r2_ij + D_i)
 *   time   W ln K + alpha sum l_i dm_i - K sum e^(alpha dm_i) T_i
 *          - (1 + omega) sum w_ij ln(t_ij + c) - sum w_ij t_ij / tau
 *          + sum l_i max(ln F_i, -300)     (the reference estimator only)
 *   delays - W ln T_inf - (1 + omega) sum w_ij ln(t_ij + c) - sum w_ij t_ij / tau
 *          - sum l_i max(ln F_i, -300)     (maximum likelihood only)
 *
 * Delays replace time where every source has a productivity of its own.
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

enum { ETAS_DELAYS_LN_C, ETAS_DELAYS_OMEGA, ETAS_DELAYS_LN_TAU, ETAS_DELAYS_N };

/* The context is an etas_em after its E-step. ln tau may be INFINITY. */
void etas_objective_space(void *context, const double x[], etas_newton_point *out);
void etas_objective_time(void *context, const double x[], etas_newton_point *out);
void etas_objective_joint(void *context, const double x[], etas_newton_point *out);
void etas_objective_delays(void *context, const double x[], etas_newton_point *out);

/** The time block without its first variable: K = W / sum e^(alpha dm_i) T_i, the best one. */
void etas_objective_time_profile(void *context, const double x[], etas_newton_point *out);
/** ln of that K. */
double etas_objective_ln_k(etas_em *em, const double x[]);

/** ln K - ln k0 = ln A - e ln d. */
double etas_objective_ln_k_offset(bool three_dim, double ln_d, double rho);

/** The joint objective where alpha is held, and a too: one variable then follows from others. */
typedef enum etas_tie {
    ETAS_TIE_NONE,
    ETAS_TIE_ALPHA,      /**< a = alpha + e gamma */
    ETAS_TIE_ALPHA_AND_A /**< gamma = (a - alpha) / e */
} etas_tie;

typedef struct etas_tied_objective {
    etas_em *em;
    etas_tie tie;
    double alpha, a;
} etas_tied_objective;

/** The context is an etas_tied_objective; the variable that follows is not looked at, and its
 * derivatives are zero. */
void etas_objective_tied(void *context, const double x[], etas_newton_point *out);
/** Sets the variable that follows. */
void etas_objective_complete(const etas_tied_objective *self, double x[]);

#endif
