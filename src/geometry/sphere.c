#include "geometry/sphere.h"

#include <math.h>
#include <stddef.h>

#include "etas/geometry.h"
#include "etas/special.h"

static const double RADIANS = 0x1.1df46a2529d39p-6; /* pi / 180 */
static const double PI = 0x1.921fb54442d18p+1;

/* asin(sqrt h) / sqrt h on [0, 1/4]: Chebyshev fit, error 1.1e-18. */
static double asin_ratio(double h)
{
    static const double c[] = {0x1.0000000000000p+0,  0x1.5555555555584p-3, 0x1.333333332d538p-4,
                               0x1.6db6db726356fp-5,  0x1.f1c71a826a620p-6, 0x1.6e8be020ef9afp-6,
                               0x1.1c49e34e05c97p-6,  0x1.ca20259c3bdefp-7, 0x1.75847cdbae0e8p-7,
                               0x1.61321491c7098p-7,  0x1.e75550de0d565p-9, 0x1.63026d0d7730cp-6,
                               -0x1.56ed8b3ca32b7p-6, 0x1.0ae3d8415ff12p-5};
    double sum = c[13];

    for (size_t k = 13; k-- > 0;)
        sum = sum * h + c[k];
    return sum;
}

/* asin(sqrt h) for h in [0, 1]. */
static double asin_sqrt(double h)
{
    const double x = sqrt(h);
    double rest;

    if (h <= 0.25)
        return x * asin_ratio(h);
    rest = 0.5 * (1 - x);
    return 0.5 * PI - 2 * (sqrt(rest) * asin_ratio(rest));
}

/* Square of the sine of half a difference in degrees; whole turns come off while that is exact. */
static double sin2_half(double difference_deg)
{
    const double within = difference_deg - 360 * rint(difference_deg / 360);
    double s, c;

    etas_sincos(0.5 * within * RADIANS, &s, &c);
    return s * s;
}

double etas_distance_km(double lat1_deg, double lon1_deg, double lat2_deg, double lon2_deg,
                        double radius_km)
{
    double s, cos1, cos2, h;

    etas_sincos(lat1_deg * RADIANS, &s, &cos1);
    etas_sincos(lat2_deg * RADIANS, &s, &cos2);
    h = sin2_half(lat1_deg - lat2_deg) + cos1 * cos2 * sin2_half(lon1_deg - lon2_deg);
    return 2 * radius_km * asin_sqrt(h > 1 ? 1 : h);
}

double etas_cos_lat(double lat_deg)
{
    double s, c;

    etas_sincos(lat_deg * RADIANS, &s, &c);
    return c;
}

double etas_square_of_haversine(double h, double radius_km)
{
    const double r = 2 * radius_km * asin_sqrt(h > 1 ? 1 : h);

    return r * r;
}

void etas_unit_vector(double lat_deg, double lon_deg, double out[3])
{
    double cos_lat, sin_lon, cos_lon;

    etas_sincos(lat_deg * RADIANS, &out[2], &cos_lat);
    etas_sincos(lon_deg * RADIANS, &sin_lon, &cos_lon);
    out[0] = cos_lat * cos_lon;
    out[1] = cos_lat * sin_lon;
}
