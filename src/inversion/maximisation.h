/** @file maximisation.h  The M-step. */
#ifndef ETAS_INVERSION_MAXIMISATION_H
#define ETAS_INVERSION_MAXIMISATION_H

#include "inversion/constraints.h"
#include "inversion/em.h"

/**
 * From the latest E-step, inside @p box; @p theta is the start and the result. With kappa, k0 and a
 * stay as they are. mu and iota are n_hat and i_hat per day and area, or the nearest bound, which
 * is the best there. E_CONVERGE when there is nothing to estimate from, or no maximum is found.
 */
ETAS_NODISCARD etas_status etas_em_maximise(etas_em *self, const etas_constraints *box,
                                            etas_params *theta, etas_error *err);

/** E_CONVERGE when the latest E-step left hardly any triggered event: an iteration may pass through
 * that, but an end there says nothing about the parameters. */
ETAS_NODISCARD etas_status etas_em_check_triggered(const etas_em *self, etas_error *err);

#endif
