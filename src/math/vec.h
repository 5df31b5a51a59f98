/** @file vec.h  ETAS_VLEN doubles at a time, the same bits for ETAS_VLEN 1, 4 and 8.
 *
 * For sources that CMake's etas_isa_objects() compiles once per instruction set; everything here
 * is static inline. Arithmetic is written with vector types and never with intrinsics, so every
 * variant rounds the same operations in the same order; only what rounds nothing or is exactly
 * rounded by definition (choosing, whole numbers, square roots) may be an instruction by name. With
 * ETAS_VLEN 1 a vector is a plain double, and the functions serve scalar code too.
 *
 * A mask is a vi whose lanes are all ones (true) or zero (false).
 */
#ifndef ETAS_SRC_MATH_VEC_H
#define ETAS_SRC_MATH_VEC_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0 || defined(__FAST_MATH__)
#error "doubles must be evaluated as written and as doubles"
#endif

#ifndef ETAS_VLEN
#define ETAS_VLEN 1
#endif

#if ETAS_VLEN > 1 && defined(__AVX2__)
#include <immintrin.h>
#endif

#if ETAS_VLEN == 1
typedef double vd;
typedef uint64_t vi;
#elif ETAS_VLEN == 4 || ETAS_VLEN == 8
typedef double vd __attribute__((vector_size(8 * ETAS_VLEN)));
typedef uint64_t vi __attribute__((vector_size(8 * ETAS_VLEN)));
#else
#error "ETAS_VLEN must be 1, 4 or 8"
#endif

static inline vd v_load(const double p[])
{
    vd v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void v_store(double p[], vd v)
{
    memcpy(p, &v, sizeof v);
}

static inline vi v_load_u64(const uint64_t p[])
{
    vi v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void v_store_u64(uint64_t p[], vi v)
{
    memcpy(p, &v, sizeof v);
}

/** From and to columns of 32-bit numbers. */
static inline vi v_load_u32(const uint32_t p[])
{
#if ETAS_VLEN == 1
    return *p;
#else
    typedef uint32_t narrow __attribute__((vector_size(4 * ETAS_VLEN)));
    narrow v;

    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, vi);
#endif
}

static inline void v_store_u32(uint32_t p[], vi v)
{
#if ETAS_VLEN == 1
    *p = (uint32_t)v;
#else
    typedef uint32_t narrow __attribute__((vector_size(4 * ETAS_VLEN)));
    const narrow low = __builtin_convertvector(v, narrow);

    memcpy(p, &low, sizeof low);
#endif
}

/** Whole numbers within 32 bits, into a column of such. */
static inline void v_store_i32(int32_t p[], vd v)
{
#if ETAS_VLEN == 1
    *p = (int32_t)v;
#else
    typedef int32_t narrow __attribute__((vector_size(4 * ETAS_VLEN)));
    const narrow whole = __builtin_convertvector(v, narrow);

    memcpy(p, &whole, sizeof whole);
#endif
}

/** The first @p n < ETAS_VLEN elements of @p p, @p fill in the other lanes. */
static inline vd v_load_part(const double p[], size_t n, double fill)
{
    double lane[ETAS_VLEN];

    for (size_t i = 0; i < ETAS_VLEN; i++)
        lane[i] = i < n ? p[i] : fill;
    return v_load(lane);
}

/** The first @p n < ETAS_VLEN lanes only. */
static inline void v_store_part(double p[], size_t n, vd v)
{
    double lane[ETAS_VLEN];

    v_store(lane, v);
    for (size_t i = 0; i < n; i++)
        p[i] = lane[i];
}

/** @p x in every lane. */
static inline vd v_set(double x)
{
#if ETAS_VLEN == 1
    return x;
#elif ETAS_VLEN == 4
    return (vd){x, x, x, x};
#else
    return (vd){x, x, x, x, x, x, x, x};
#endif
}

static inline vi v_set_u64(uint64_t x)
{
    return x | (vi){0};
}

static inline vd v_bits(vi b)
{
    vd v;
    memcpy(&v, &b, sizeof v);
    return v;
}

static inline vi v_ints(vd v)
{
    vi b;
    memcpy(&b, &v, sizeof b);
    return b;
}

/* ---- masks ---- */

#if ETAS_VLEN == 1
#define V_MASK(condition) ((vi)0 - (vi)(condition))
#else
#define V_MASK(condition) ((vi)(condition))
#endif

static inline vi v_lt(vd a, vd b)
{
    return V_MASK(a < b);
}

static inline vi v_le(vd a, vd b)
{
    return V_MASK(a <= b);
}

static inline vi v_eq(vd a, vd b)
{
    return V_MASK(a == b);
}

static inline vi v_eq_u64(vi a, vi b)
{
    return V_MASK(a == b);
}

static inline vi v_isnan(vd a)
{
    return V_MASK(a != a);
}

/** mask ? yes : no, lane by lane. */
static inline vd v_select(vi mask, vd yes, vd no)
{
#if ETAS_VLEN == 1
    return mask != 0 ? yes : no;
#else
    return v_bits((v_ints(yes) & mask) | (v_ints(no) & ~mask));
#endif
}

/* Masks that are only compared for and selected by, where the processor keeps such apart. */
#if ETAS_VLEN == 8 && defined(__AVX512DQ__)
typedef __mmask8 vm;

static inline vm vm_lt(vd a, vd b)
{
    return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_LT_OS);
}

/** Whether any of @p bits is set. */
static inline vm vm_test(vi a, uint64_t bits)
{
    return _mm512_test_epi64_mask((__m512i)a, (__m512i)v_set_u64(bits));
}

static inline vd vm_select(vm mask, vd yes, vd no)
{
    return (vd)_mm512_mask_blend_pd(mask, (__m512d)no, (__m512d)yes);
}
#else
typedef vi vm;

static inline vm vm_lt(vd a, vd b)
{
    return v_lt(a, b);
}

/** Whether any of @p bits is set. */
static inline vm vm_test(vi a, uint64_t bits)
{
    return ~v_eq_u64(a & bits, v_set_u64(0));
}

static inline vd vm_select(vm mask, vd yes, vd no)
{
    return v_select(mask, yes, no);
}
#endif

static inline int v_any(vi mask)
{
#if ETAS_VLEN == 4 && defined(__AVX2__)
    return !_mm256_testz_si256((__m256i)mask, (__m256i)mask);
#elif ETAS_VLEN == 8 && defined(__AVX512F__)
    return _mm512_test_epi64_mask((__m512i)mask, (__m512i)mask) != 0;
#else
    uint64_t lane[ETAS_VLEN], all = 0;

    v_store_u64(lane, mask);
    for (size_t i = 0; i < ETAS_VLEN; i++)
        all |= lane[i];
    return all != 0;
#endif
}

static inline vd v_abs(vd a)
{
    return v_bits(v_ints(a) & UINT64_C(0x7fffffffffffffff));
}

/** The smaller one; @p b if either is NaN or both are zero. */
static inline vd v_min(vd a, vd b)
{
#if ETAS_VLEN == 4 && defined(__AVX2__)
    return (vd)_mm256_min_pd((__m256d)a, (__m256d)b);
#elif ETAS_VLEN == 8 && defined(__AVX512F__)
    return (vd)_mm512_min_pd((__m512d)a, (__m512d)b);
#else
    return v_select(v_lt(a, b), a, b);
#endif
}

/** The larger one; @p b if either is NaN or both are zero. */
static inline vd v_max(vd a, vd b)
{
#if ETAS_VLEN == 4 && defined(__AVX2__)
    return (vd)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif ETAS_VLEN == 8 && defined(__AVX512F__)
    return (vd)_mm512_max_pd((__m512d)a, (__m512d)b);
#else
    return v_select(v_lt(b, a), a, b);
#endif
}

static inline vd v_sqrt(vd a)
{
#if ETAS_VLEN == 4 && defined(__AVX2__)
    return (vd)_mm256_sqrt_pd((__m256d)a);
#elif ETAS_VLEN == 8 && defined(__AVX512F__)
    return (vd)_mm512_sqrt_pd((__m512d)a);
#else
    double lane[ETAS_VLEN];

    v_store(lane, a);
    for (size_t i = 0; i < ETAS_VLEN; i++)
        lane[i] = __builtin_sqrt(lane[i]);
    return v_load(lane);
#endif
}

/* ---- integers and doubles ---- */

/** Exact for integers below 2^53. */
static inline vd v_from_u53(vi x)
{
#if ETAS_VLEN == 8 && defined(__AVX512DQ__)
    return __builtin_convertvector(x, vd);
#else
    const vd high = v_bits((x >> 32) | UINT64_C(0x4530000000000000)); /* 2^84 + 2^32 (x >> 32) */
    const vd low = v_bits((x & UINT64_C(0xffffffff)) | UINT64_C(0x4330000000000000));

    return (high - 0x1.00000001p84) + low;
#endif
}

/** The integer of a whole number in [0, 2^52). */
static inline vi v_to_u52(vd x)
{
    return v_ints(x + 0x1p52) & UINT64_C(0xfffffffffffff);
}

/** Largest whole number <= x; any x (NaN and infinities stay). */
static inline vd v_floor(vd x)
{
#if ETAS_VLEN == 4 && defined(__AVX2__)
    return (vd)_mm256_floor_pd((__m256d)x);
#elif ETAS_VLEN == 8 && defined(__AVX512F__)
    return (vd)_mm512_floor_pd((__m512d)x);
#elif ETAS_VLEN == 1
    if (!(v_abs(x) < 0x1p52))
        return x;

    const double whole = (double)(int64_t)x;
    const double down = whole - (double)(whole > x); /* no branch: it would be a matter of chance */

    return v_bits(v_ints(down) | (v_ints(x) & UINT64_C(0x8000000000000000)));
#else
    const vi sign = v_ints(x) & UINT64_C(0x8000000000000000);
    const vd big = v_bits(sign | UINT64_C(0x4330000000000000));
    const vd nearest = (x + big) - big;
    const vd down = nearest - v_select(v_lt(x, nearest), v_set(1.0), v_set(0.0));

    return v_select(v_lt(v_abs(x), v_set(0x1p52)), v_bits(v_ints(down) | sign), x);
#endif
}

/** Product of the low 32 bits of both, 64 bits wide (gcc 12 does not find the instruction). */
static inline vi v_mul32(vi a, vi b)
{
#if ETAS_VLEN == 4 && defined(__AVX2__)
    return (vi)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif ETAS_VLEN == 8 && defined(__AVX512F__)
    return (vi)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#else
    return (a & UINT64_C(0xffffffff)) * (b & UINT64_C(0xffffffff));
#endif
}

/* ---- sums ---- */

/**
 * Sums run over eight logical lanes whatever ETAS_VLEN is: element i goes to lane i mod 8, a tail
 * is padded with zeros, the lanes are added in one fixed tree. A sum is then the same on every
 * instruction set:
 *
 *     vd acc[V_VECTORS] = {0};
 *     for (; i + V_LANES <= n; i += V_LANES)
 *         for (size_t v = 0; v < V_VECTORS; v++)
 *             acc[v] += v_load(x + i + v * ETAS_VLEN);
 *     ... the tail likewise, from a zero-padded copy ...
 *     total = v_lanes_sum(acc);
 */
enum { V_LANES = 8, V_VECTORS = V_LANES / ETAS_VLEN };

static inline double v_lanes_sum(const vd acc[V_VECTORS])
{
    double lane[V_LANES];

    for (size_t v = 0; v < V_VECTORS; v++)
        v_store(lane + v * ETAS_VLEN, acc[v]);
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

#endif
