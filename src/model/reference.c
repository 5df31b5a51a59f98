/* Other ways to state the same model: the standard formulation, another reference magnitude. */
#include <math.h>

#include "etas/model.h"
#include "etas/special.h"

static const double LN10 = 0x1.26bb1bbb55516p+1;

/* Slopes closer than this count as equal, as for the branching ratio. */
static const double SAME_SLOPE = 1e-9;

etas_params etas_params_from_standard(const etas_standard_params *self)
{
    const double ln_norm = etas_space_normalisation(false, self->rho).ln;
    const double omega = self->p - 1;

    return (etas_params){
        .value = {[ETAS_LOG10_MU] = self->log10_mu,
                  [ETAS_LOG10_IOTA] = NAN,
                  [ETAS_LOG10_K0] = self->a - ln_norm / LN10 + self->rho * self->log10_d,
                  [ETAS_A] = self->alpha * LN10 + self->rho * self->gamma,
                  [ETAS_LOG10_C] = self->log10_c,
                  [ETAS_OMEGA] = omega,
                  [ETAS_LOG10_TAU] = omega > 0 ? (double)INFINITY : etas_param_high(ETAS_LOG10_TAU),
                  [ETAS_LOG10_D] = self->log10_d,
                  [ETAS_GAMMA] = self->gamma,
                  [ETAS_RHO] = self->rho}};
}

/* Mean of e^(alpha (m - mc)) over the magnitudes up to dm_max, divided by beta: what the branching
 * ratio has of them. */
static double magnitudes_factor(double excess, double dm_max)
{
    return fabs(excess) < SAME_SLOPE ? dm_max : etas_expm1(excess * dm_max) / excess;
}

etas_params etas_params_shift_reference(const etas_params *self, double dm, double beta,
                                        double dm_max)
{
    const double exponent = etas_space_exponent(self->three_dim, self->value[ETAS_RHO]);
    const double gamma = self->value[ETAS_GAMMA];
    const double excess = etas_params_alpha(self) - beta;
    etas_params out = *self;

    out.value[ETAS_LOG10_MU] -= dm * beta / LN10;
    out.value[ETAS_LOG10_IOTA] -= dm * beta / LN10;
    out.value[ETAS_LOG10_D] += dm * gamma / LN10;
    out.value[ETAS_LOG10_K0] += dm * gamma * exponent / LN10;
    if (!isinf(dm_max))
        out.value[ETAS_LOG10_K0] -=
            etas_ln(magnitudes_factor(excess, dm_max - dm) / magnitudes_factor(excess, dm_max)) /
            LN10;
    return out;
}
