#include "etas/special.h"

#include "math/vmath.h"

double etas_exp(double x)
{
    return v_exp(x);
}

double etas_expm1(double x)
{
    return v_expm1(x);
}

double etas_ln(double x)
{
    return v_log(x);
}

double etas_log1p(double x)
{
    return v_log1p(x);
}

double etas_pow(double x, double y)
{
    return v_pow(x, y);
}

void etas_sincos(double angle_rad, double *sine, double *cosine)
{
    v_sincos(angle_rad, sine, cosine);
}

void etas_sincos_degrees(double angle_deg, double *sine, double *cosine)
{
    v_sincos_turns(angle_deg / 360.0, sine, cosine);
}

/* ln Gamma(2 + t) for |t| <= 1/2: no cancellation about t = 0. */
static double lgamma_about_two(double t)
{
    static const double chebyshev[] = {
        -0x1.053cd872da621p-25, 0x1.11fa5e7c86f7bp-24,  -0x1.9ccd7c02d9245p-24,
        0x1.b40adb09a1e12p-23,  -0x1.e3c69f8357e6ap-22, 0x1.012012be3900ap-20,
        -0x1.11aad44c3e406p-19, 0x1.258f3057730fap-18,  -0x1.3cbccfc2650d6p-17,
        0x1.580e0afa55850p-16,  -0x1.78de5adfa4127p-15, 0x1.a127afee53e7dp-14,
        -0x1.d3fd4c7938767p-13, 0x1.0b36af8779ca0p-11,  -0x1.38ac5c2bf7600p-10,
        0x1.7add6eadb5317p-9,   -0x1.e404fc218f5fdp-8,  0x1.51322ac7d848ap-6,
        -0x1.13e001a557607p-4,  0x1.4a34cc4a60fa6p-2};
    const double one_less_euler = 0x1.b0ee6072093cep-2;
    double p = 0.0;

    for (size_t i = 0; i < sizeof chebyshev / sizeof *chebyshev; i++)
        p = p * t + chebyshev[i];
    return t * (one_less_euler + t * p);
}

double etas_lgamma1p(double x)
{
    if (x >= -0.5 && x <= 0.5)
        return lgamma_about_two(x) - v_log1p(x);
    if (x > 0.5 && x <= 1.5)
        return lgamma_about_two(x - 1.0);
    return etas_lgamma(1.0 + x);
}

/* Stirling's series; x >= 12. */
static double lgamma_stirling(double x)
{
    const double half_log_two_pi = 0x1.d67f1c864beb5p-1;
    const double y = 1.0 / x, z = y * y;
    double p = z * (-3617.0 / 122400.0) + 1.0 / 156.0;

    p = p * z - 691.0 / 360360.0;
    p = p * z + 1.0 / 1188.0;
    p = p * z - 1.0 / 1680.0;
    p = p * z + 1.0 / 1260.0;
    p = p * z - 1.0 / 360.0;
    p = p * z + 1.0 / 12.0;
    return (x - 0.5) * (v_log(x) - 1.0) + ((half_log_two_pi - 0.5) + p * y);
}

double etas_lgamma(double x)
{
    double product = 1.0;

    if (!(x > 0.0))
        return x == 0.0 ? (double)INFINITY : (double)NAN;
    if (x < 0.5)
        return etas_lgamma1p(x) - v_log(x);
    if (x <= 2.5)
        return etas_lgamma1p(x - 1.0);
    if (x >= 12.0)
        return x < 0x1p1020 ? lgamma_stirling(x) : (double)INFINITY;
    while (x > 2.5) {
        x -= 1.0;
        product *= x;
    }
    return v_log(product) + lgamma_about_two(x - 2.0);
}

/* Gamma(s, x) for -1/2 <= s <= 1, 0 < x <= 1: the complete function less the series of the lower
 * one, both over s, arranged so that nothing is lost as s goes to 0. */
static double gamma_upper_series(double s, double x)
{
    const double log_x = v_log(x), exponent = s * log_x, power = v_pow(x, s);
    const double euler = 0x1.2788cfc6fb619p-1;
    double head = -euler - log_x, sum = 0.0, term = 1.0;

    if (v_abs(s) > 1e-290) {
        const double less_one = v_abs(exponent) < 0.5 ? v_expm1(exponent) : power - 1.0;

        head = (v_expm1(etas_lgamma1p(s)) - less_one) / s;
    }
    for (int k = 1; v_abs(term) > 1e-20; k++) {
        term = -term * x / k;
        sum += term / (s + k);
    }
    return head - power * sum;
}

/* Lentz's continued fraction for x > 1. */
static double gamma_upper_fraction(double s, double x)
{
    double b = x + 1.0 - s, c = 0x1p1000, d = 1.0 / b, h = d;

    for (int i = 1; i <= 1000; i++) {
        const double a = -i * (i - s);
        double step;

        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        step = c * d;
        h *= step;
        if (v_abs(step - 1.0) < 0x1p-53)
            break;
    }
    return v_pow(x, s) * v_exp(-x) * h;
}

double etas_gamma_upper(double s, double x)
{
    double at[2], value;
    int steps = 0;

    if (!(s >= -2.0 && s <= 1.0 && x > 0.0))
        return (double)NAN;
    if (x > 1000.0)
        return 0.0;
    if (x > 1.0)
        return gamma_upper_fraction(s, x);
    for (; s < -0.5; s += 1.0)
        at[steps++] = s;
    value = gamma_upper_series(s, x);
    while (steps > 0) {
        s = at[--steps];
        value = (value - v_pow(x, s) * v_exp(-x)) / s;
    }
    return value;
}
