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

double etas_log(double x)
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
