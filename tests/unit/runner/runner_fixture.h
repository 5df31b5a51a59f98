/** @file runner_fixture.h  A small model, and a simulator that misbehaves when the seed says so.
 *
 * Slots are this test program again, without arguments or environment, so what shall go wrong in
 * them travels in the seed: its highest byte says what, the three bytes below it at which
 * catalogue. The other 32 bits are the seed proper, so that a well-behaved run has the same
 * catalogues. Needs --wrap=etas_simulator_run.
 */
#ifndef ETAS_TESTS_RUNNER_FIXTURE_H
#define ETAS_TESTS_RUNNER_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/plan.h"
#include "etas/store.h"

typedef enum trouble {
    TROUBLE_NONE,
    TROUBLE_CRASH, /**< abort() at the catalogue */
    TROUBLE_HANG,  /**< never comes back from it */
    TROUBLE_LIMIT, /**< E_LIMIT for it */
    TROUBLE_SLOW,  /**< 1 ms for each catalogue */
    TROUBLE_FILE,  /**< opens a file for it, */
    TROUBLE_SOCKET /**< a socket: what a slot may not */
} trouble;

static inline uint64_t seed_with(trouble what, uint32_t catalog, uint32_t seed)
{
    return (uint64_t)what << 56 | (uint64_t)catalog << 32 | seed;
}

/** How often this process has reported TROUBLE_LIMIT. */
extern int limits_reported;

typedef struct model {
    etas_plan plan;
    uint8_t *blob;
    size_t len;
    uint8_t sha[32];
    char hex[65];
} model;

/** About @p events_per_catalog independent events and their aftershocks in a 4 by 4 degree region.
 */
void model_make(model *self, double events_per_catalog);
void model_free(model *self);

/** A store with a begun run of this model. */
etas_store *store_make(const char *path, const model *m, uint64_t n_catalogs, uint64_t seed);

#endif
