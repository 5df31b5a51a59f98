/** @file digits.h  Whole numbers as decimal digits, eight at a time in one word, without a branch
 * per digit. Up to 8 bytes behind the end may be written. */
#ifndef ETAS_SRC_IO_DIGITS_H
#define ETAS_SRC_IO_DIGITS_H

#include <stdint.h>
#include <string.h>

#define ETAS_DIGITS_8 UINT32_C(100000000) /**< the first number that needs nine */

/** The 8 characters of @p word, from its lowest byte on. */
static inline void etas_digits_store(char *at, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(at, &word, sizeof word);
}

/** The 8 digits of a number below 10^8, leading zeros included, the first one in the lowest byte.
 * Halves are split in place: quotients by multiplication, remainders moved up. */
static inline uint64_t etas_digits_of(uint32_t value)
{
    const uint64_t quads = value / 10000 | (uint64_t)(value % 10000) << 32;
    const uint64_t hundreds = ((quads * 10486) >> 20) & UINT64_C(0x0000007f0000007f);
    const uint64_t pairs = hundreds | (quads - 100 * hundreds) << 16;
    const uint64_t tens = ((pairs * 103) >> 10) & UINT64_C(0x000f000f000f000f);

    return (tens | (pairs - 10 * tens) << 8) + UINT64_C(0x3030303030303030);
}

/** How many of the first @p most digits are zeros. */
static inline unsigned etas_digits_zeros(uint64_t digits, unsigned most)
{
    const uint64_t ones = (digits & UINT64_C(0x0f0f0f0f0f0f0f0f)) | UINT64_C(1) << 8 * most;

    return (unsigned)__builtin_ctzll(ones) / 8;
}

/** Any number with as many digits as it needs; returns the end. */
static inline char *etas_digits_put(char *at, uint64_t value)
{
    uint64_t digits;
    unsigned zeros;

    if (value >= ETAS_DIGITS_8) {
        at = etas_digits_put(at, value / ETAS_DIGITS_8);
        etas_digits_store(at, etas_digits_of((uint32_t)(value % ETAS_DIGITS_8)));
        return at + 8;
    }
    digits = etas_digits_of((uint32_t)value);
    zeros = etas_digits_zeros(digits, 7);
    etas_digits_store(at, digits >> 8 * zeros);
    return at + (8 - zeros);
}

#endif
