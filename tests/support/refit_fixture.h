/** @file refit_fixture.h  A fitted model of a small simulated catalogue, ready to be refitted. */
#ifndef ETAS_TESTS_REFIT_FIXTURE_H
#define ETAS_TESTS_REFIT_FIXTURE_H

#include "etas/bootstrap.h"

/** What the fit was made of. */
typedef struct fitted {
    etas_region region;
    etas_catalog catalog;
    etas_inversion_config how;
    etas_inversion *inversion;
    etas_inversion_state state;
} fitted;

/** Some 500 events, a fifth of them before the window. */
void fitted_make(fitted *self);
void fitted_free(fitted *self);
etas_refit_input fitted_input(const fitted *self);

/** The refit of it. */
void refit_make(etas_refit *out);

/** A simulated catalogue of @p plan as an inversion takes it, behind the rows of @p history. */
void catalog_of(const etas_plan *plan, uint64_t seed, uint64_t index, const etas_catalog *history,
                etas_catalog *out);

#endif
