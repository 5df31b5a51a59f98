/** @file bytes.h  Little-endian numbers at any address. */
#ifndef ETAS_SRC_CODEC_BYTES_H
#define ETAS_SRC_CODEC_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void put_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void put_u32(uint8_t *p, uint32_t v)
{
    put_u16(p, (uint16_t)v);
    put_u16(p + 2, (uint16_t)(v >> 16));
}

static inline void put_u64(uint8_t *p, uint64_t v)
{
    put_u32(p, (uint32_t)v);
    put_u32(p + 4, (uint32_t)(v >> 32));
}

static inline void put_f64(uint8_t *p, double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    put_u64(p, v == v ? bits : UINT64_C(0x7ff8000000000000)); /* one pattern for every NaN */
}

static inline uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get_u32(const uint8_t *p)
{
    return get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

static inline uint64_t get_u64(const uint8_t *p)
{
    return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

static inline double get_f64(const uint8_t *p)
{
    const uint64_t bits = get_u64(p);
    double v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

/* The doubles of a struct that lie at @p member[] in it. */
static inline void put_members(uint8_t *p, const void *self, size_t n, const size_t member[])
{
    for (size_t i = 0; i < n; i++)
        put_f64(p + 8 * i, *(const double *)((const char *)self + member[i]));
}

static inline void get_members(const uint8_t *p, void *self, size_t n, const size_t member[])
{
    for (size_t i = 0; i < n; i++)
        *(double *)((char *)self + member[i]) = get_f64(p + 8 * i);
}

#endif
