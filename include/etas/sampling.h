/** @file sampling.h  Draws that are pure functions of their address, and tables to draw from. */
#ifndef ETAS_SAMPLING_H
#define ETAS_SAMPLING_H

#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/status.h"

ETAS_API_BEGIN

/** Where a draw lives. Philox4x32-10: key = seed, counter words as docs/simulation.md lays them
 * out.
 */
typedef struct etas_address {
    uint64_t catalog; /**< below 2^48 */
    uint16_t generation;
    uint32_t event; /**< index within the generation */
    uint8_t purpose;
    uint32_t draw; /**< below 2^24 */
} etas_address;

/**
 * The two 64-bit words of an address, as uniforms in (0, 1): ((x >> 11) + 0.5) 2^-53, rounded to
 * double, where the one value that rounds to 1 is 1 - 2^-53.
 */
void etas_uniform_pair(uint64_t seed, const etas_address *address, double out[2]);

/** Walker's alias table over n entries; drawn with one 64-bit uniform. */
typedef struct etas_alias {
    size_t n;
    double *keep;    /**< probability of keeping the cell's own entry */
    uint32_t *other; /**< the entry taken otherwise */
} etas_alias;

/**
 * Weights >= 0, finite, not all 0, 1 <= n < 2^32; E_ARG otherwise. @p out starts as {0}. The table
 * is the same everywhere; it holds each entry's probability to 1e-14 relative, 0 exactly.
 */
ETAS_NODISCARD etas_status etas_alias_build(etas_alias *out, size_t n, const double weight[]);
void etas_alias_free(etas_alias *self);
/** Entry for the uniform @p u in (0, 1); n > 0. */
uint32_t etas_alias_pick(const etas_alias *self, double u);

ETAS_API_END

#endif
