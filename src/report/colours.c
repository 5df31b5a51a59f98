#include "report/colours.h"

#include <math.h>
#include <stddef.h>

/* Hue (degrees) and chroma at equal steps of lightness; chroma is near the most that sRGB has. */
static const double lightness_low = 0.30, lightness_high = 0.92;
static const struct {
    double hue, chroma;
} knots[] = {{298, 0.13}, {270, 0.13}, {235, 0.098}, {190, 0.096},
             {155, 0.13}, {125, 0.16}, {105, 0.17}};
enum { N_KNOTS = sizeof knots / sizeof *knots };

/* sRGB's transfer function (IEC 61966-2-1), one channel of 0 to 255. */
static unsigned encode(double linear)
{
    const double x = fmax(0, fmin(1, linear));
    const double coded = x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055;

    return (unsigned)lround(255 * coded);
}

static double decode(unsigned channel)
{
    const double x = channel / 255.0;

    return x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
}

uint32_t etas_colour_map(double share)
{
    const double at = fmax(0, fmin(1, share)) * (N_KNOTS - 1);
    const size_t k = at < N_KNOTS - 2 ? (size_t)at : N_KNOTS - 2;
    const double part = at - (double)k;
    const double hue = knots[k].hue + part * (knots[k + 1].hue - knots[k].hue);
    const double chroma = knots[k].chroma + part * (knots[k + 1].chroma - knots[k].chroma);
    const double lightness = lightness_low + at / (N_KNOTS - 1) * (lightness_high - lightness_low);
    const double a = chroma * cos(hue * M_PI / 180), b = chroma * sin(hue * M_PI / 180);
    const double l = pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
    const double m = pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
    const double s = pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);

    return encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s) << 16 |
           encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s) << 8 |
           encode(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
}

double etas_colour_lightness(uint32_t rgb)
{
    const double r = decode(rgb >> 16 & 255), g = decode(rgb >> 8 & 255), b = decode(rgb & 255);
    const double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);

    return 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
}
