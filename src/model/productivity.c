#include <math.h>
#include <stddef.h>

#include "etas/model.h"
#include "etas/special.h"

static const double LN10 = 0x1.26bb1bbb55516p+1;

/* Slopes closer than this count as equal. */
static const double SAME_SLOPE = 1e-9;

double etas_params_alpha(const etas_params *self)
{
    const double *v = self->value;

    return v[ETAS_A] - etas_space_exponent(self->three_dim, v[ETAS_RHO]) * v[ETAS_GAMMA];
}

double etas_params_ln_productivity(const etas_params *self)
{
    const double *v = self->value;
    const double exponent = etas_space_exponent(self->three_dim, v[ETAS_RHO]);

    return etas_space_normalisation(self->three_dim, v[ETAS_RHO]).ln +
           LN10 * (v[ETAS_LOG10_K0] - exponent * v[ETAS_LOG10_D]);
}

/* k0 exp(a dm), integrated over the plane or space, per unit of the time kernel's integral. */
static double productivity(const etas_params *self, double dm)
{
    return etas_exp(etas_params_ln_productivity(self) + etas_params_alpha(self) * dm);
}

double etas_expected_aftershocks(const etas_params *self, double dm, double t0_days, double t1_days)
{
    const etas_omori omori = etas_params_omori(self);

    return productivity(self, dm) * etas_omori_integral(&omori, t0_days, t1_days);
}

double etas_branching_ratio(const etas_params *self, double beta, double dm_max, const char **why)
{
    const etas_omori omori = etas_params_omori(self);
    const double excess = etas_params_alpha(self) - beta;
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
