/* One body for every instruction set: CMake compiles this file with ETAS_ISA set. Block by block,
 * so that what is moved twice stays in the cache. */
#include "codec/planes.h"

#include <string.h>

#include "codec/bytes.h"

#define CAT_(a, b) a##b
#define CAT(a, b)  CAT_(a, b)

enum { BLOCK = 1024, MAX_WIDTH = 8, WORDS = BLOCK / 8 };

/* ---- numbers and their bytes: by halves, as compilers have vectors for that ---- */

static void split_16(size_t n, const uint16_t *restrict v, uint8_t *const plane[])
{
    uint8_t *restrict low = plane[0], *restrict high = plane[1];

    for (size_t i = 0; i < n; i++)
        low[i] = (uint8_t)v[i];
    for (size_t i = 0; i < n; i++)
        high[i] = (uint8_t)(v[i] >> 8);
}

static void split_32(size_t n, const uint32_t *restrict v, uint8_t *const plane[])
{
    uint16_t low[BLOCK], high[BLOCK];

    for (size_t i = 0; i < n; i++)
        low[i] = (uint16_t)v[i];
    for (size_t i = 0; i < n; i++)
        high[i] = (uint16_t)(v[i] >> 16);
    split_16(n, low, plane);
    split_16(n, high, plane + 2);
}

static void split_64(size_t n, const uint64_t *restrict v, uint8_t *const plane[])
{
    uint32_t low[BLOCK], high[BLOCK];

    for (size_t i = 0; i < n; i++)
        low[i] = (uint32_t)v[i];
    for (size_t i = 0; i < n; i++)
        high[i] = (uint32_t)(v[i] >> 32);
    split_32(n, low, plane);
    split_32(n, high, plane + 4);
}

static void join_16(size_t n, const uint8_t *const plane[], uint16_t *restrict v)
{
    const uint8_t *restrict low = plane[0], *restrict high = plane[1];

    for (size_t i = 0; i < n; i++)
        v[i] = (uint16_t)(low[i] | high[i] << 8);
}

static void join_32(size_t n, const uint8_t *const plane[], uint32_t *restrict v)
{
    uint16_t low[BLOCK], high[BLOCK];

    join_16(n, plane, low);
    join_16(n, plane + 2, high);
    for (size_t i = 0; i < n; i++)
        v[i] = low[i] | (uint32_t)high[i] << 16;
}

static void join_64(size_t n, const uint8_t *const plane[], uint64_t *restrict v)
{
    uint32_t low[BLOCK], high[BLOCK];

    join_32(n, plane, low);
    join_32(n, plane + 4, high);
    for (size_t i = 0; i < n; i++)
        v[i] = low[i] | (uint64_t)high[i] << 32;
}

static void split(unsigned width, size_t n, const void *values, uint8_t *const plane[])
{
    if (width == 8)
        split_64(n, values, plane);
    else if (width == 4)
        split_32(n, values, plane);
    else if (width == 2)
        split_16(n, values, plane);
    else
        memcpy(plane[0], values, n);
}

static void join(unsigned width, size_t n, const uint8_t *const plane[], void *values)
{
    if (width == 8)
        join_64(n, plane, values);
    else if (width == 4)
        join_32(n, plane, values);
    else if (width == 2)
        join_16(n, plane, values);
    else
        memcpy(values, plane[0], n);
}

/* ---- bytes and their bits ---- */

/* Bit j of byte i becomes bit i of byte j; its own inverse. */
static inline uint64_t transpose(uint64_t x)
{
    uint64_t t = (x ^ (x >> 7)) & UINT64_C(0x00aa00aa00aa00aa);

    x ^= t ^ (t << 7);
    t = (x ^ (x >> 14)) & UINT64_C(0x0000cccc0000cccc);
    x ^= t ^ (t << 14);
    t = (x ^ (x >> 28)) & UINT64_C(0x00000000f0f0f0f0);
    return x ^ t ^ (t << 28);
}

/* The bytes from @p at on of a plane of @p n bytes; at most 7 behind the last whole eight stay
 * bytes. */
static void put_bits(size_t n, size_t at, size_t len, const uint8_t bytes[], uint8_t out[])
{
    const size_t words = len / 8, whole = n / 8;
    uint64_t word[WORDS];
    uint8_t *plane[8];

    for (size_t i = 0; i < words; i++)
        word[i] = transpose(get_u64(bytes + 8 * i));
    for (size_t b = 0; b < 8; b++)
        plane[b] = out + b * whole + at / 8;
    split_64(words, word, plane);
    memcpy(out + 8 * whole, bytes + 8 * words, len % 8);
}

static void get_bits(size_t n, size_t at, size_t len, const uint8_t in[], uint8_t bytes[])
{
    const size_t words = len / 8, whole = n / 8;
    uint64_t word[WORDS];
    const uint8_t *plane[8];

    for (size_t b = 0; b < 8; b++)
        plane[b] = in + b * whole + at / 8;
    join_64(words, plane, word);
    for (size_t i = 0; i < words; i++)
        put_u64(bytes + 8 * i, transpose(word[i]));
    memcpy(bytes + 8 * words, in + 8 * whole, len % 8);
}

/* ---- columns ---- */

static uint8_t *put(etas_planes layout, size_t n, const void *values, uint8_t out[])
{
    uint8_t spare[MAX_WIDTH][BLOCK], *plane[MAX_WIDTH];

    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t len = n - at < BLOCK ? n - at : BLOCK;

        for (unsigned b = 0; b < layout.width; b++)
            plane[b] = (layout.bits >> b) % 2 != 0 ? spare[b] : out + b * n + at;
        split(layout.width, len, (const uint8_t *)values + at * layout.width, plane);
        for (unsigned b = 0; b < layout.width; b++)
            if (plane[b] == spare[b])
                put_bits(n, at, len, spare[b], out + b * n);
    }
    return out + layout.width * n;
}

static const uint8_t *get(etas_planes layout, size_t n, const uint8_t in[], void *values)
{
    uint8_t spare[MAX_WIDTH][BLOCK];
    const uint8_t *plane[MAX_WIDTH];

    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t len = n - at < BLOCK ? n - at : BLOCK;

        for (unsigned b = 0; b < layout.width; b++) {
            plane[b] = in + b * n + at;
            if ((layout.bits >> b) % 2 != 0) {
                get_bits(n, at, len, in + b * n, spare[b]);
                plane[b] = spare[b];
            }
        }
        join(layout.width, len, plane, (uint8_t *)values + at * layout.width);
    }
    return in + layout.width * n;
}

const etas_plane_kernels CAT(etas_plane_kernels_, ETAS_ISA) = {put, get};
