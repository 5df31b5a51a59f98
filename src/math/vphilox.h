/** @file vphilox.h  Philox4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405), one block per
 * lane.
 *
 * The counter of a draw is laid out as etas_address says: c0 = low 32 bits of the catalogue,
 * c1 = its bits 32 to 47 below the generation, c2 = event, c3 = purpose << 24 | draw; the key is
 * the seed. Each block gives two 64-bit words, low half first.
 */
#ifndef ETAS_SRC_MATH_VPHILOX_H
#define ETAS_SRC_MATH_VPHILOX_H

#include "math/vec.h"

/** Counter words, one 32-bit word in each 64-bit lane. */
typedef struct v_counter {
    vi c[4];
} v_counter;

typedef struct v_words {
    vi x[2];
} v_words;

static inline v_words v_philox(uint64_t seed, v_counter at)
{
    const uint64_t low = UINT64_C(0xffffffff);
    const vi m0 = v_set_u64(0xD2511F53u), m1 = v_set_u64(0xCD9E8D57u);
    vi c0 = at.c[0], c1 = at.c[1], c2 = at.c[2], c3 = at.c[3];
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    v_words out;

    /* Only low halves of c1 and c3 matter, so their high halves may hold anything until the end. */
    for (int round = 0; round < 10; round++) {
        const vi p0 = v_mul32(m0, c0), p1 = v_mul32(m1, c2);

        c0 = (p1 >> 32) ^ c1 ^ (uint64_t)k0;
        c1 = p1;
        c2 = (p0 >> 32) ^ c3 ^ (uint64_t)k1;
        c3 = p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out.x[0] = (c0 & low) | (c1 << 32);
    out.x[1] = (c2 & low) | (c3 << 32);
    return out;
}

/**
 * ((x >> 11) + 0.5) 2^-53, in (0, 1). The addition rounds to even from 2^52 on; the one value that
 * would become 1 is lowered to 1 - 2^-53.
 */
static inline vd v_uniform(vi x)
{
    return v_min((v_from_u53(x >> 11) + 0.5) * 0x1p-53, v_set(0x1.fffffffffffffp-1));
}

#endif
