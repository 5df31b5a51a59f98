#include <math.h>
#include <stddef.h>

#include "etas/model.h"
#include "etas/special.h"

static const double PI = 0x1.921fb54442d18p+1;
static const double LN10 = 0x1.26bb1bbb55516p+1;

/* Slopes closer than this count as equal. */
static const double SAME_SLOPE = 1e-9;

static double alpha(const etas_params *self)
{
    return self->value[ETAS_A] - self->value[ETAS_RHO] * self->value[ETAS_GAMMA];
}

/* k0 exp(a dm), integrated over the plane, per unit of the time kernel's integral. */
static double productivity(const etas_params *self, double dm)
{
    const double rho = self->value[ETAS_RHO];
    const double log10_rate = self->value[ETAS_LOG10_K0] - rho * self->value[ETAS_LOG10_D];

    return PI / rho * etas_exp(LN10 * log10_rate + alpha(self) * dm);
}

double etas_expected_aftershocks(const etas_params *self, double dm, double t0_days, double t1_days)
{
    const etas_omori omori = etas_params_omori(self);

    return productivity(self, dm) * etas_omori_integral(&omori, t0_days, t1_days);
}

double etas_branching_ratio(const etas_params *self, double beta, double dm_max, const char **why)
{
    const etas_omori omori = etas_params_omori(self);
    const double excess = alpha(self) - beta;
    const int equal = fabs(excess) < SAME_SLOPE;
    double magnitudes, ratio;

    *why = NULL;
    if (isinf(dm_max) && (equal || excess > 0)) {
        *why = "alpha is not below beta: without a maximum magnitude the mean diverges";
        return NAN;
    }
    if (isinf(dm_max))
        magnitudes = -1 / excess;
    else
        magnitudes = equal ? dm_max : etas_expm1(excess * dm_max) / excess;
    ratio = beta * productivity(self, 0) * etas_omori_integral(&omori, 0, INFINITY) * magnitudes;
    if (!isfinite(ratio)) {
        *why = "the expected number of aftershocks is not finite";
        return NAN;
    }
    return ratio;
}
