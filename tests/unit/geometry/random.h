/** @file random.h  Repeatable numbers for the geometry tests. */
#ifndef ETAS_TESTS_GEOMETRY_RANDOM_H
#define ETAS_TESTS_GEOMETRY_RANDOM_H

#include <stdint.h>

/** Uniform in [0, 1): SplitMix64. */
static inline double random_uniform(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

#endif
