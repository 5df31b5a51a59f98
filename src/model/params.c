#include <math.h>
#include <string.h>

#include "etas/model.h"
#include "etas/special.h"

static const struct {
    const char *name;
    double low, high;
} TABLE[ETAS_N_PARAMS] = {
#define X(name, key, low, high) {key, low, high},
    ETAS_PARAM_MAP(X)
#undef X
};

/* Far below a thousandth of an event in a millennium on any planet. */
static const double LEAST_LOG10_RATE = -30;

const char *etas_param_name(etas_param which)
{
    return TABLE[which].name;
}

double etas_param_low(etas_param which)
{
    return TABLE[which].low;
}

double etas_param_high(etas_param which)
{
    return TABLE[which].high;
}

double etas_param_least(etas_param which)
{
    return which == ETAS_LOG10_MU || which == ETAS_LOG10_IOTA ? LEAST_LOG10_RATE : TABLE[which].low;
}

etas_param etas_param_named(const char *name)
{
    etas_param which = 0;

    while (which < ETAS_N_PARAMS && strcmp(name, TABLE[which].name) != 0)
        which++;
    return which;
}

static etas_status check_value(const etas_params *self, etas_param which, etas_error *err)
{
    const double value = self->value[which];
    const double low = etas_param_least(which), high = TABLE[which].high;

    if (which == ETAS_LOG10_IOTA && isnan(value))
        return ETAS_OK;
    if (which == ETAS_LOG10_TAU && value == (double)INFINITY) {
        if (self->value[ETAS_OMEGA] > 0)
            return ETAS_OK;
        return etas_fail(err, ETAS_E_RANGE,
                         "without a taper (log10_tau infinite) omega must be positive, not %.10g",
                         self->value[ETAS_OMEGA]);
    }
    if (which == ETAS_RHO && self->three_dim && value <= 0.5)
        return etas_fail(err, ETAS_E_RANGE, "in three dimensions rho must be above 0.5, not %.10g",
                         value);
    if (value >= low && value <= high)
        return ETAS_OK;
    return etas_fail(err, ETAS_E_RANGE, "%.10g is not within [%g, %g]", value, low, high);
}

etas_status etas_params_check(const etas_params *self, etas_error *err)
{
    for (etas_param which = 0; which < ETAS_N_PARAMS; which++) {
        const etas_status st = check_value(self, which, err);

        if (st != ETAS_OK) {
            etas_error_in_key(err, TABLE[which].name);
            return st;
        }
    }
    return ETAS_OK;
}

etas_omori etas_params_omori(const etas_params *self)
{
    return (etas_omori){.c_days = etas_pow(10, self->value[ETAS_LOG10_C]),
                        .omega = self->value[ETAS_OMEGA],
                        .tau_days = etas_pow(10, self->value[ETAS_LOG10_TAU])};
}
