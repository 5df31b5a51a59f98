/** @file terms.h  What a model has besides theta: hidden events, an induced term, free
 * productivities and a free background. Fills the arrays of em.h and moves them from one iteration
 * to the next. */
#ifndef ETAS_INVERSION_TERMS_H
#define ETAS_INVERSION_TERMS_H

#include "inversion/constraints.h"
#include "inversion/em.h"

/** @p em has its pairs. E_ARG or E_RANGE say what the catalogue lacks. */
ETAS_NODISCARD etas_status etas_terms_init(etas_em *em, const etas_catalog *catalog,
                                           const etas_inversion_config *cfg, double beta,
                                           etas_error *err);

/** xi at @p theta, if the model has it: before an E-step. */
void etas_terms_hide_sources(etas_em *em, const etas_catalog *catalog, double m_ref, double beta,
                             const etas_params *theta);

/** After an M-step: a and k0 by regression on the targets' kappa, then kappa so that sources
 * expect what they got. E_CONVERGE when no target has a child left. */
ETAS_NODISCARD etas_status etas_terms_free_productivity(etas_em *em, const etas_constraints *box,
                                                        etas_params *theta, etas_error *err);

/** After an M-step: the latest P_background is what the next E-step smooths. */
void etas_terms_free_background(etas_em *em);

#endif
