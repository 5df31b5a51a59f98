/** @file results_diagnostics.h  Uncertainty and diagnostics among the keys of parameters_<id>.json.
 */
#ifndef ETAS_IO_RESULTS_DIAGNOSTICS_H
#define ETAS_IO_RESULTS_DIAGNOSTICS_H

#include "etas/uncertainty.h"
#include "io/json_out.h"

/** The keys standard_errors, covariance, uncertainty_note (when those two are null), diagnostics
 * and warnings of an object that is open. */
void etas_results_put_diagnostics(etas_json_out *out, const etas_inversion_state *state,
                                  const etas_uncertainty *uncertainty,
                                  const etas_diagnostics *diagnostics);

#endif
