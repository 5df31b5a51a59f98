/** @file poisson.h  Poisson numbers that are a pure function of their address.
 *
 * A Poisson number of mean m is the sum of independent ones of mean m / parts; each part (mean at
 * most 16) is the inverse of its distribution function at its own uniform. Only + - * / and the
 * own exponential take part, so the numbers are the same everywhere and for every ETAS_VLEN.
 */
#ifndef ETAS_SRC_MATH_POISSON_H
#define ETAS_SRC_MATH_POISSON_H

#include "etas/sampling.h"
#include "math/vmath.h"
#include "math/vphilox.h"

#define ETAS_POISSON_PART 16.0

/** Largest mean whose draws fit in the 24 bits of an address. */
#define ETAS_POISSON_MEAN_MAX (2.0 * ETAS_POISSON_PART * 0x1p24)

/** Equal parts to split @p mean into: 0 if it is not positive. */
static inline double etas_poisson_parts(double mean)
{
    return mean > 0.0 ? ceil(mean / ETAS_POISSON_PART) : 0.0;
}

/**
 * Smallest k whose distribution function reaches @p u, for 0 <= mean <= 16 (0 if @p mean is
 * negative or NaN). Where the sum stops growing in double precision (u within 1e-15 of 1) the
 * number reached there is taken.
 */
static inline vd v_poisson_part(vd mean, vd u)
{
    const double few = 4.0; /* steps before one looks whether another is needed */
    vd mass = v_exp_normal(-mean), reached = mass;
    vi count = v_set_u64(0), active = v_lt(reached, u);

    for (double k = 1.0; k <= few || v_any(active); k += 1.0) {
        const vd before = reached;

        count -= active;
        mass *= mean * (1.0 / k); /* the division is off the chain of dependences */
        reached += mass;
        active &= v_lt(before, reached) & v_lt(reached, u);
    }
    return v_from_u53(count);
}

/** The counter of @p address in every lane. */
static inline v_counter v_counter_at(const etas_address *address)
{
    return (v_counter){
        {v_set_u64(address->catalog & UINT64_C(0xffffffff)),
         v_set_u64((address->catalog >> 32 & UINT64_C(0xffff)) | (uint64_t)address->generation
                                                                     << 16),
         v_set_u64(address->event),
         v_set_u64((uint64_t)address->purpose << 24 | (address->draw & UINT64_C(0xffffff)))}};
}

/**
 * Poisson number of mean <= ETAS_POISSON_MEAN_MAX. Part i takes uniform i % 2 of draw
 * address->draw + i / 2: (parts + 1) / 2 draws in all.
 */
static inline double etas_poisson(uint64_t seed, const etas_address *address, double mean)
{
    const double parts = etas_poisson_parts(mean);
    const vd part_mean = v_set(parts > 0.0 ? mean / parts : 0.0);
    v_counter at = v_counter_at(address);
    double lane_index[ETAS_VLEN], lane_count[ETAS_VLEN], total = 0.0;
    vd index, count = v_set(0.0);

    for (size_t i = 0; i < ETAS_VLEN; i++)
        lane_index[i] = 2.0 * (double)i;
    index = v_load(lane_index);
    at.c[3] += v_to_u52(index) >> 1;
    for (double done = 0.0; done < parts; done += 2.0 * ETAS_VLEN) {
        const v_words words = v_philox(seed, at);

        for (size_t word = 0; word < 2; word++) {
            const vi used = v_lt(index + (double)word, v_set(parts));

            count +=
                v_poisson_part(v_select(used, part_mean, v_set(0.0)), v_uniform(words.x[word]));
        }
        index += 2.0 * ETAS_VLEN;
        at.c[3] += (uint64_t)ETAS_VLEN;
    }
    v_store(lane_count, count);
    for (size_t i = 0; i < ETAS_VLEN; i++)
        total += lane_count[i];
    return total;
}

#endif
