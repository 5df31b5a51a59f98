/* The spatial kernel (r2 + D)^-(1 + rho), integrated over the plane or space. */
#include <math.h>

#include "etas/model.h"
#include "etas/special.h"

static const double LN_PI = 0x1.250d048e7a1bdp+0;

/* From here on the asymptotic series of Gamma's logarithmic derivatives are good to the last digit;
 * recurrences lead there. */
static const double FAR = 10.0;

/* d ln Gamma / dx, x > 0. */
static double digamma(double x)
{
    double steps = 0.0, z, series;

    for (; x < FAR; x += 1.0)
        steps += 1.0 / x;
    z = 1.0 / (x * x);
    series = 1.0 / 132.0 - z * (691.0 / 32760.0 - z / 12.0);
    series =
        z * (1.0 / 12.0 - z * (1.0 / 120.0 - z * (1.0 / 252.0 - z * (1.0 / 240.0 - z * series))));
    return etas_ln(x) - 0.5 / x - series - steps;
}

/* Its derivative. */
static double trigamma(double x)
{
    double steps = 0.0, z, series;

    for (; x < FAR; x += 1.0)
        steps += 1.0 / (x * x);
    z = 1.0 / (x * x);
    series = 5.0 / 66.0 - z * (691.0 / 2730.0 - z * 7.0 / 6.0);
    series = z * (1.0 / 6.0 - z * (1.0 / 30.0 - z * (1.0 / 42.0 - z * (1.0 / 30.0 - z * series))));
    return (1.0 + 0.5 / x + series) / x + steps;
}

double etas_space_exponent(bool three_dim, double rho)
{
    return three_dim ? rho - 0.5 : rho;
}

etas_space_norm etas_space_normalisation(bool three_dim, double rho)
{
    if (!three_dim)
        return (etas_space_norm){
            .ln = LN_PI - etas_ln(rho), .slope = -1.0 / rho, .curvature = 1.0 / (rho * rho)};
    return (etas_space_norm){
        .ln = 1.5 * LN_PI + etas_lgamma(rho - 0.5) - etas_lgamma(1.0 + rho),
        .slope = digamma(rho - 0.5) - digamma(1.0 + rho),
        .curvature = trigamma(rho - 0.5) - trigamma(1.0 + rho),
    };
}
