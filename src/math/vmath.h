/** @file vmath.h  Elementary functions on vectors (vec.h): same bits on every instruction set.
 *
 * Made of + - * / and exponent bits, compiled without contraction. Polynomials are Chebyshev
 * interpolants (60-digit arithmetic) on the reduced interval; errors are the measured maxima in
 * units in the last place. Special values (0, infinities, subnormals, overflow) are those of C's
 * functions; NaN gives NaN, of unspecified sign and payload. Domains are whole unless stated.
 */
#ifndef ETAS_SRC_MATH_VMATH_H
#define ETAS_SRC_MATH_VMATH_H

#include <math.h>

#include "math/vec.h"

#define V_LN2_HIGH 0x1.62e42fefa0000p-1 /* 38 bits: k * V_LN2_HIGH is exact */
#define V_LN2_LOW  0x1.cf79abc9e3b3ap-40

/** x = k ln2 + r with |r| <= ln2/2; @p k_bits is k + V_K_BIAS as an integer. |x| < 2^30. */
typedef struct v_reduced {
    vd k, r;
    vi k_bits;
} v_reduced;

#define V_K_BIAS UINT64_C(4096)

static inline v_reduced v_reduce_ln2(vd x)
{
    const double magic = 0x1.8p52;
    const vd shifted = x * 0x1.71547652b82fep0 + magic;
    v_reduced out;

    out.k = shifted - magic;
    out.r = (x - out.k * V_LN2_HIGH) - out.k * V_LN2_LOW;
    out.k_bits = v_ints(shifted) - (UINT64_C(0x4338000000000000) - V_K_BIAS);
    return out;
}

/** (e^r - 1 - r) / r^2 for |r| <= ln2/2. */
static inline vd v_exp_poly(vd r)
{
    vd p = r * 0x1.1f72fc848c527p-29 + 0x1.af4ddda32bea9p-26;

    p = p * r + 0x1.27e4db67abc75p-22;
    p = p * r + 0x1.71de0237479e4p-19;
    p = p * r + 0x1.a01a01a6d7833p-16;
    p = p * r + 0x1.a01a01abe6327p-13;
    p = p * r + 0x1.6c16c16c162d6p-10;
    p = p * r + 0x1.11111111100dfp-7;
    p = p * r + 0x1.5555555555556p-5;
    p = p * r + 0x1.5555555555557p-3;
    return p * r + 0.5;
}

/** p 2^k: one rounding even where the result is subnormal. */
static inline vd v_scale(vd p, vi k_bits)
{
    const vi half = k_bits >> 1;
    const vi low = (half - (V_K_BIAS / 2 - 1023)) << 52;
    const vi high = (k_bits - half - (V_K_BIAS / 2 - 1023)) << 52;

    return p * v_bits(low) * v_bits(high);
}

/** Into [-746, 710], where e^x is 0 and inf at the ends; NaN passes. */
static inline vd v_exp_clamp(vd x)
{
    return v_min(v_set(710.0), v_max(v_set(-746.0), x));
}

/** e^x, error < 1 ulp. */
static inline vd v_exp(vd x)
{
    const v_reduced at = v_reduce_ln2(v_exp_clamp(x));

    return v_scale(1.0 + (at.r + at.r * at.r * v_exp_poly(at.r)), at.k_bits);
}

/** The same bits as v_exp for |x| <= 708 and half the steps; anything else gives nonsense. */
static inline vd v_exp_normal(vd x)
{
    const v_reduced at = v_reduce_ln2(x);
    const vd p = 1.0 + (at.r + at.r * at.r * v_exp_poly(at.r));

    return p * v_bits((at.k_bits - (V_K_BIAS - 1023)) << 52);
}

/** e^(x + tail) with |tail| < 1e-10. */
static inline vd v_exp_tail(vd x, vd tail)
{
    const v_reduced at = v_reduce_ln2(v_exp_clamp(x));
    const vd r = at.r + tail;
    const vd lost = tail - (r - at.r);

    return v_scale(1.0 + (r + (r * r * v_exp_poly(r) + lost)), at.k_bits);
}

/** e^x - 1 without cancellation, error < 2 ulp. */
static inline vd v_expm1(vd x)
{
    const vd clamped = v_min(v_set(710.0), v_max(v_set(-40.0), x));
    const v_reduced at = v_reduce_ln2(clamped);
    const vd r = at.r;
    const vd p = r + r * r * v_exp_poly(r);
    const vd half = v_bits((at.k_bits - (V_K_BIAS - 1022)) << 52); /* 2^(k-1): 2^1024 is none */
    const vd out = 2.0 * (half * p + (half - 0.5));

    return v_select(v_lt(v_abs(x), v_set(0x1p-54)), x, out);
}

/** The same bits as v_expm1 for -40 <= x <= 709 with fewer steps, but for the sign of zero. */
static inline vd v_expm1_normal(vd x)
{
    const v_reduced at = v_reduce_ln2(x);
    const vd p = at.r + at.r * at.r * v_exp_poly(at.r);
    const vd half = v_bits((at.k_bits - (V_K_BIAS - 1022)) << 52);

    return 2.0 * (half * p + (half - 0.5));
}

/** x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)). */
typedef struct v_binary {
    vd k, f;
} v_binary;

/** Of a normal x > 0; @p bias is 2^52 + 1023, more if x was scaled up. */
static inline v_binary v_split_normal(vd x, vd bias)
{
    const uint64_t sqrt_half = UINT64_C(0x3fe6a09e667f3bcd);
    const vi shifted = v_ints(x) + (UINT64_C(0x3ff0000000000000) - sqrt_half);
    const vi mantissa = (shifted & UINT64_C(0x000fffffffffffff)) + sqrt_half;
    v_binary out;

    out.k = v_bits((shifted >> 52) | UINT64_C(0x4330000000000000)) - bias;
    out.f = v_bits(mantissa) - 1.0;
    return out;
}

/** Of any finite x > 0, subnormals too. */
static inline v_binary v_split_binary(vd x)
{
    const vi tiny = v_lt(x, v_set(0x1p-1022));
    const vd bias = v_select(tiny, v_set(0x1p52 + 1023.0 + 54.0), v_set(0x1p52 + 1023.0));

    return v_split_normal(v_select(tiny, x * 0x1p54, x), bias);
}

/** ln(2^k (1 + f)) + tail, by 2 atanh(s), s = f / (2 + f). */
static inline vd v_log_core(v_binary x, vd tail)
{
    const vd f = x.f;
    const vd s = f / (2.0 + f);
    const vd z = s * s;
    const vd half_square = 0.5 * f * f;
    vd p = z * 0x1.2b584aae84960p-3 + 0x1.39fe606541e69p-3;

    p = p * z + 0x1.7462b4ab2efe2p-3;
    p = p * z + 0x1.c71c62e58009fp-3;
    p = p * z + 0x1.2492492df148dp-2;
    p = p * z + 0x1.99999999952e2p-2;
    p = p * z + 0x1.5555555555558p-1;
    return x.k * V_LN2_HIGH -
           ((half_square - (s * (half_square + p * z) + (x.k * V_LN2_LOW + tail))) - f);
}

/** @p inside where 0 < x < inf, and log's limits elsewhere. */
static inline vd v_log_limits(vd x, vd inside)
{
    const vi zero = v_eq(x, v_set(0.0));
    const vd edge = v_select(zero, v_set(-(double)INFINITY), v_set((double)INFINITY));
    const vd out = v_select(zero | v_eq(x, v_set((double)INFINITY)), edge, inside);

    return v_select(v_le(v_set(0.0), x), out, v_set((double)NAN));
}

/** Natural logarithm, error < 1 ulp; -inf at 0, NaN below. */
static inline vd v_log(vd x)
{
    return v_log_limits(x, v_log_core(v_split_binary(x), v_set(0.0)));
}

/** The same bits as v_log for normal x > 0, with fewer steps; anything else gives nonsense. */
static inline vd v_log_normal(vd x)
{
    return v_log_core(v_split_normal(x, v_set(0x1p52 + 1023.0)), v_set(0.0));
}

/** ln(1 + x) without cancellation, error < 1 ulp. */
static inline vd v_log1p(vd x)
{
    const vd u = 1.0 + x;
    const vd back = u - 1.0;
    const vd lost = (1.0 - (u - back)) + (x - back); /* 1 + x = u + lost, exactly */
    const vd out = v_log_limits(u, v_log_core(v_split_binary(u), lost / u));

    return v_select(v_lt(v_abs(x), v_set(0x1p-54)), x, out);
}

/** The same bits as v_log1p where 1 + x is normal and finite, with fewer steps, but for the sign of
 * zero. */
static inline vd v_log1p_normal(vd x)
{
    const vd u = 1.0 + x;
    const vd back = u - 1.0;
    const vd lost = (1.0 - (u - back)) + (x - back);

    return v_log_core(v_split_normal(u, v_set(0x1p52 + 1023.0)), lost / u);
}

/** A sum of two doubles, |low| far below |high|. */
typedef struct v_double2 {
    vd high, low;
} v_double2;

/** a + b, exactly. */
static inline v_double2 v_two_sum(vd a, vd b)
{
    v_double2 out;
    vd part;

    out.high = a + b;
    part = out.high - a;
    out.low = (a - (out.high - part)) + (b - part);
    return out;
}

/** a * b, exactly (Veltkamp and Dekker), unless it over- or underflows; |a|, |b| < 2^990. */
static inline v_double2 v_two_product(vd a, vd b)
{
    const vd a_part = a * 134217729.0, b_part = b * 134217729.0;
    const vd a_high = a_part - (a_part - a), b_high = b_part - (b_part - b);
    const vd a_low = a - a_high, b_low = b - b_high;
    v_double2 out;

    out.high = a * b;
    out.low = ((a_high * b_high - out.high) + a_high * b_low + a_low * b_high) + a_low * b_low;
    return out;
}

/**
 * ln x to about 2^-66 relative; x > 0, finite. ln(1 + f) = 2 s + 2/3 s^3 + s^5 p(s^2); the first
 * two terms are kept in twice the precision.
 */
static inline v_double2 v_log_double2(vd x)
{
    const v_binary at = v_split_binary(x);
    const vd f = at.f;
    const vd g = 2.0 + f, g_low = f - (g - 2.0);
    const vd s = f / g;
    const v_double2 sg = v_two_product(s, g);
    const vd s_low = (((f - sg.high) - sg.low) - s * g_low) / g;
    const v_double2 square = v_two_product(s, s), cube = v_two_product(square.high, s);
    const v_double2 third = v_two_product(cube.high, v_set(0x1.5555555555555p-1));
    const vd z = square.high;
    const vd cube_low = cube.low + (square.low * s + 3.0 * z * s_low);
    const vd third_low =
        third.low + (cube.high * 0x1.5555555555555p-55 + cube_low * 0x1.5555555555555p-1);
    vd p = z * 0x1.0c039c49a5004p-3 + 0x1.0fbe95d714d2bp-3;
    v_double2 sum, more, out;

    p = p * z + 0x1.3b1c355a8f857p-3;
    p = p * z + 0x1.745cf9048dd92p-3;
    p = p * z + 0x1.c71c720159177p-3;
    p = p * z + 0x1.2492492476cccp-2;
    p = p * z + 0x1.9999999999a38p-2;
    sum = v_two_sum(at.k * V_LN2_HIGH, 2.0 * s);
    more = v_two_sum(sum.high, third.high);
    out = v_two_sum(more.high, (sum.low + more.low) + ((at.k * V_LN2_LOW + 2.0 * s_low) +
                                                       (cube.high * z * p + third_low)));
    return out;
}

/** x^y for x >= 0, NaN below 0: exp(y ln x), error < 2 ulp. As in C, x^0 = 1^y = 1 for NaN too. */
static inline vd v_pow(vd x, vd y)
{
    const vd infinity = v_set((double)INFINITY), one = v_set(1.0);
    const vi inside = v_lt(v_set(0.0), x) & v_lt(x, infinity);
    const v_double2 log_x = v_log_double2(v_select(inside, x, one));
    const vd y_safe = v_max(v_set(-0x1p80), v_min(v_set(0x1p80), y)); /* NaN: replaced below */
    const v_double2 main = v_two_product(log_x.high, y_safe);
    const vd tail = main.low + log_x.low * y_safe;
    const vi normal = v_lt(v_abs(main.high), v_set(800.0));
    const vd power = v_exp_tail(main.high, v_select(normal, tail, v_set(0.0)));
    const vi to_zero = v_eq(x, v_set(0.0)) ^ v_lt(y, v_set(0.0)); /* for x = 0 and x = inf */
    const vd edge = v_select(to_zero, v_set(0.0), infinity);
    const vi bad = v_isnan(x) | v_isnan(y) | v_lt(x, v_set(0.0));
    const vd out = v_select(bad, v_set((double)NAN), v_select(inside, power, edge));

    return v_select(v_eq(y, v_set(0.0)) | v_eq(x, one), one, out);
}

/**
 * Sine and cosine of quadrant pi/2 + r + r_low, |r| <= pi/4 and a trifle more. Of the quadrant the
 * two lowest bits count.
 */
static inline void v_sincos_quadrant(vi quadrant, vd r, vd r_low, vd *sine, vd *cosine)
{
    const vd z = r * r;
    const vd half = 0.5 * z, w = 1.0 - half;
    vd s = z * 0x1.5e0b1991284d2p-33 - 0x1.ae600b0196bc4p-26;
    vd c = z * -0x1.907da3000171dp-37 + 0x1.1eeb68e8ab8d4p-29;

    s = s * z + 0x1.71de379688fc3p-19;
    s = s * z - 0x1.a01a019e83aa1p-13;
    s = s * z + 0x1.1111111110bb2p-7;
    s = s * z - 0x1.5555555555555p-3;
    s = r + (z * r * s + (r_low - half * r_low));
    c = c * z - 0x1.27e4fa17d97fdp-22;
    c = c * z + 0x1.a01a019f4eafap-16;
    c = c * z - 0x1.6c16c16c16967p-10;
    c = c * z + 0x1.5555555555555p-5;
    c = w + (((1.0 - w) - half) + (z * z * c - r * r_low));

    const vm swap = vm_test(quadrant, 1);
    const vi sine_sign = (quadrant & 2) << 62, cosine_sign = ((quadrant + 1) & 2) << 62;

    *sine = v_bits(v_ints(vm_select(swap, c, s)) ^ sine_sign);
    *cosine = v_bits(v_ints(vm_select(swap, s, c)) ^ cosine_sign);
}

/** Sine and cosine for |x| <= 2 pi, error < 1 ulp beside multiples of pi/2 too; sin(-0) = 0. */
static inline void v_sincos(vd x, vd *sine, vd *cosine)
{
    const double magic = 0x1.8p52;
    const vd shifted = x * 0x1.45f306dc9c883p-1 + magic;
    const vd k = shifted - magic;
    const vd far = x - k * 0x1.921fb54400000p+0, step = k * 0x1.0b4611a600000p-34; /* exact */
    const vd r = far - step;
    const vd r_low = ((far - r) - step) - k * 0x1.3198a2e037073p-69;

    v_sincos_quadrant(v_ints(shifted), r, r_low, sine, cosine);
}

/** Sine and cosine of 2 pi t, |t| < 2^30, error < 3 ulp; sin(-0) = 0. */
static inline void v_sincos_turns(vd t, vd *sine, vd *cosine)
{
    const double magic = 0x1.8p52;
    const vd shifted = 4.0 * t + magic;
    const vd left = t - 0.25 * (shifted - magic); /* exact */

    v_sincos_quadrant(v_ints(shifted), left * 0x1.921fb54442d18p+2, v_set(0.0), sine, cosine);
}

/** Angle of the point (x, y) in degrees, [-180, 180], error < 3 ulp; |x|, |y| <= 1e300. The sign of
 * y counts, that of a zero x does not; (0, 0) gives 0. */
static inline vd v_atan2_degrees(vd y, vd x)
{
    const vd along = v_abs(x), across = v_abs(y);
    const vd low = v_min(along, across), high = v_max(along, across);
    const vm steep = vm_lt(along, across);
    const vm far = vm_lt(high * 0x1.a827999fcef32p-2, low); /* beyond 22.5 degrees: from 45 */
    const vd top = vm_select(far, low - high, low), bottom = vm_select(far, low + high, high);
    const vd t = top / v_max(bottom, v_set(0x1p-1022));
    const vd z = t * t;
    vd p = z * -0x1.1947fcde28e44p+0 + 0x1.1fb82fe48b097p+1;

    p = p * z - 0x1.74f5b25cc7cccp+1;
    p = p * z + 0x1.ada0e094b485fp+1;
    p = p * z - 0x1.e8c4139f66c50p+1;
    p = p * z + 0x1.1a1124965bfa2p+2;
    p = p * z - 0x1.4d5b6ab7ddaa3p+2;
    p = p * z + 0x1.976fc858cb2bbp+2;
    p = p * z - 0x1.05ec6ea7cfd98p+3;
    p = p * z + 0x1.6eb167b82fbeep+3;
    p = p * z - 0x1.3193d66ed2bfap+4;
    p = t * 0x1.ca5dc1a63c1f8p+5 + t * z * p;
    p = vm_select(far, 45.0 + p, p);
    p = vm_select(steep, 90.0 - p, p);
    p = vm_select(vm_lt(x, v_set(0.0)), 180.0 - p, p);
    return v_bits(v_ints(p) | (v_ints(y) & UINT64_C(0x8000000000000000)));
}

#endif
