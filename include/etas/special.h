/** @file special.h  Elementary and special functions that give the same bits on every CPU.
 *
 * Built from + - * / sqrt and exponent bits only (never libm's exp, log, pow, whose last bits
 * depend on the CPU), compiled without contraction. NaN in gives NaN out (but x^0 = 1^y = 1, as in
 * C), outside the domain too; nothing fails.
 */
#ifndef ETAS_SPECIAL_H
#define ETAS_SPECIAL_H

#include "etas/api.h"

ETAS_API_BEGIN

/** Relative error <= 4 ulp over the normal range; overflow to inf, underflow to 0. */
double etas_exp(double x);
/** e^x - 1, as exact near 0. */
double etas_expm1(double x);
/** Natural logarithm; log(0) = -inf, NaN below 0. */
double etas_ln(double x);
/** ln(1 + x), as exact near 0. */
double etas_log1p(double x);
/** x^y for x >= 0 (NaN below), as exp(y log x) with enough extra digits for 2 ulp. */
double etas_pow(double x, double y);
/** ln Gamma(x) for x > 0 and ln Gamma(1 + x) for x > -1, each 1e-15 relative about its zeros too.
 */
double etas_lgamma(double x);
/** ln Gamma(1 + x), exact about its zeros at 0 and 1 too. */
double etas_lgamma1p(double x);
/** sin and cos of an angle in [-2 pi, 2 pi] (radians). */
void etas_sincos(double angle_rad, double *sine, double *cosine);
/** Exact at multiples of 90 degrees; |angle_deg| < 1e9. */
void etas_sincos_degrees(double angle_deg, double *sine, double *cosine);

/**
 * Upper incomplete gamma function Gamma(s, x), x > 0, any real s in [-2, 1] (negative, zero and
 * near zero included). Relative error <= 1e-13 over x in [1e-20, 50]; 0 where it underflows,
 * x = inf included.
 */
double etas_gamma_upper(double s, double x);

ETAS_API_END

#endif
