#include "evaluation/binomial.h"

#include <math.h>

#include "etas/special.h"

static const double LN_SQRT_2PI = 0.918938533204672741780329736406;

double etas_stirling_error(double n)
{
    const double n2 = n * n;

    if (n < 16)
        return etas_lgamma(n + 1) - ((n + 0.5) * etas_ln(n) - n + LN_SQRT_2PI);
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - 1.0 / 1680 / n2) / n2) / n2) / n;
}

/* x ln(x / mean) + mean - x, free of cancellation for x near mean. */
static double deviance(double x, double mean)
{
    const double d = (x - mean) / mean;

    return mean * ((1 + d) * etas_log1p(d) - d);
}

/* Probability of k in Loader's form (2000): no large terms that cancel. */
static double probability(double k, double n, double p)
{
    if (k == 0)
        return etas_exp(n * etas_log1p(-p));
    if (k == n)
        return etas_exp(n * etas_ln(p));
    return etas_exp(etas_stirling_error(n) - etas_stirling_error(k) - etas_stirling_error(n - k) -
                    deviance(k, n * p) - deviance(n - k, n * (1 - p)) - LN_SQRT_2PI) *
           sqrt(n / (k * (n - k)));
}

double etas_binomial(double n, double p, double u)
{
    const double mode = fmin(floor((n + 1) * p), n), odds = p / (1 - p);
    double high = mode, low = mode, up, down;

    if (!(n > 0) || !(p > 0) || p >= 1)
        return p >= 1 ? n : 0;
    up = down = probability(mode, n, p);
    u -= up;
    /* What rounding leaves of u when all mass is used up, 1e-15 at most, goes to the mode. */
    while (u >= 0 && up + down > 1e-20) {
        up *= (n - high) / (high + 1) * odds; /* 0 beyond n */
        high++;
        u -= up;
        if (u < 0)
            return high;
        down *= low / ((n - low + 1) * odds); /* 0 below 0 */
        low--;
        u -= down;
        if (u < 0)
            return low;
    }
    return mode;
}
