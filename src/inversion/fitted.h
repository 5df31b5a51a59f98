/** @file fitted.h  The parts of the public functions that need no etas_inversion. */
#ifndef ETAS_INVERSION_FITTED_H
#define ETAS_INVERSION_FITTED_H

#include "etas/uncertainty.h"
#include "inversion/constraints.h"
#include "inversion/em.h"

/** What an inversion knows at its end. */
typedef struct etas_fitted {
    const etas_inversion_config *cfg;
    const etas_constraints *box;
    etas_params theta;
    double beta;
    double m_max; /**< NaN: none */
} etas_fitted;

ETAS_NODISCARD etas_status etas_uncertainty_find(etas_em *em, const etas_fitted *fitted,
                                                 etas_uncertainty *out, etas_error *err);
void etas_diagnostics_find(const etas_em *em, const etas_fitted *fitted,
                           const etas_uncertainty *uncertainty, etas_diagnostics *out);

/** Is the estimate on a bound, without being held there? */
bool etas_fitted_at_bound(const etas_fitted *self, etas_param which);
/** Does the model have it, and is it neither held nor on a bound? */
bool etas_fitted_moves(const etas_fitted *self, etas_param which);
/** m_max beyond mc; INFINITY without one. */
double etas_fitted_dm_max(const etas_fitted *self);

#endif
