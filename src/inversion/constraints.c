#include "inversion/constraints.h"

#include <math.h>

#include "etas/special.h"

/* How far an exclusive bound (omega > 0 without a taper, rho > 1/2 in space) is kept away from. */
static const double EXCLUSIVE = 1e-6;

/* Numbers that a user's file fixes twice agree to its digits. */
static const double SAME = 1e-9;

bool etas_constraints_hold(const etas_constraints *self, etas_param which)
{
    return self->low[which] == self->high[which];
}

static void hold(etas_constraints *self, etas_param which, double value)
{
    self->low[which] = self->high[which] = value;
}

/* Names the key of an error. */
static etas_status in_key(etas_error *err, const char *key, etas_status st)
{
    (void)etas_error_in_key(err, key);
    return st;
}

static double exponent_of(const etas_constraints *self, double rho)
{
    return etas_space_exponent(self->three_dim, rho);
}

static double rho_of(const etas_constraints *self, double exponent)
{
    return self->three_dim ? exponent + 0.5 : exponent;
}

static etas_status hold_within(etas_constraints *self, etas_param which, double value,
                               etas_error *err)
{
    if (!(value >= self->low[which] && value <= self->high[which]))
        return in_key(err, etas_param_name(which),
                      etas_fail(err, ETAS_E_RANGE, "fixed at %.10g, which is not within [%g, %g]",
                                value, self->low[which], self->high[which]));
    hold(self, which, value);
    return ETAS_OK;
}

/* The time kernel without a taper is integrable for omega > 0 alone. */
static etas_status hold_no_taper(etas_constraints *self, double omega, etas_error *err)
{
    if (!isnan(omega) && !(omega > 0.0))
        return in_key(err, etas_param_name(ETAS_OMEGA),
                      etas_fail(err, ETAS_E_RANGE,
                                "fixed at %.10g, but without a taper (log10_tau fixed at infinity) "
                                "it must be positive",
                                omega));
    hold(self, ETAS_LOG10_TAU, INFINITY);
    self->low[ETAS_OMEGA] = isnan(omega) ? EXCLUSIVE : omega;
    return ETAS_OK;
}

static etas_status hold_values(etas_constraints *self, const etas_inversion_config *cfg,
                               etas_error *err)
{
    const double *value = cfg->fixed.value.value;
    etas_status st = ETAS_OK;

    if (!isnan(value[ETAS_LOG10_IOTA]) && !cfg->induced)
        return in_key(
            err, etas_param_name(ETAS_LOG10_IOTA),
            etas_fail(err, ETAS_E_ARG, "fixed, but the model has no induced term (bg_term)"));
    if (self->three_dim && value[ETAS_RHO] > 0.5)
        self->low[ETAS_RHO] = fmin(self->low[ETAS_RHO], value[ETAS_RHO]);
    if (value[ETAS_LOG10_TAU] == (double)INFINITY)
        st = hold_no_taper(self, value[ETAS_OMEGA], err);
    for (etas_param k = 0; k < ETAS_N_PARAMS && st == ETAS_OK; k++)
        if (!isnan(value[k]) && !(k == ETAS_LOG10_TAU && isinf(value[k]) && value[k] > 0.0))
            st = hold_within(self, k, value[k], err);
    return st;
}

/* ---- alpha ---- */

/* gamma = product / exponent, product = a - alpha: one of gamma and rho gives the other, or gamma's
 * bounds become one of rho. */
static etas_status tie_gamma_and_rho(etas_constraints *self, double product, etas_error *err)
{
    const bool has_gamma = etas_constraints_hold(self, ETAS_GAMMA);
    const bool has_rho = etas_constraints_hold(self, ETAS_RHO);
    const double gamma = self->low[ETAS_GAMMA];
    const double exponent = exponent_of(self, self->low[ETAS_RHO]);

    if (has_gamma && has_rho) {
        if (fabs(exponent * gamma - product) <= SAME * fmax(1.0, fabs(product)))
            return ETAS_OK;
        return in_key(err, "alpha",
                      etas_fail(err, ETAS_E_RANGE,
                                "fixed, and so are a, gamma and rho: with these it is not a - rho "
                                "gamma (a - alpha is %.10g)",
                                product));
    }
    if (has_rho)
        return hold_within(self, ETAS_GAMMA, product / exponent, err);
    if (has_gamma && gamma != 0.0)
        return hold_within(self, ETAS_RHO, rho_of(self, product / gamma), err);
    if (product == 0.0) {
        hold(self, ETAS_GAMMA, 0.0);
        return ETAS_OK;
    }
    if (!has_gamma) {
        const double bound = product > 0.0 ? self->high[ETAS_GAMMA] : self->low[ETAS_GAMMA];

        self->low[ETAS_RHO] = fmax(self->low[ETAS_RHO], rho_of(self, product / bound));
        if (self->low[ETAS_RHO] <= self->high[ETAS_RHO])
            return ETAS_OK;
    }
    return in_key(err, "alpha",
                  etas_fail(err, ETAS_E_RANGE,
                            "fixed, and so is a: no gamma and rho within their bounds have rho "
                            "gamma = a - alpha = %.10g",
                            product));
}

etas_status etas_constraints_hold_a(etas_constraints *self, double a, etas_error *err)
{
    const etas_status st = hold_within(self, ETAS_A, a, err);

    return st == ETAS_OK && self->alpha_held ? tie_gamma_and_rho(self, a - self->alpha, err) : st;
}

/* Can a = alpha + exponent gamma be inside its bounds? */
static etas_status check_reach(const etas_constraints *self, etas_error *err)
{
    const double exponent[] = {exponent_of(self, self->low[ETAS_RHO]),
                               exponent_of(self, self->high[ETAS_RHO])};
    double low = INFINITY, high = -INFINITY;

    for (int k = 0; k < 2; k++) {
        low = fmin(low, exponent[k] * self->low[ETAS_GAMMA]);
        high = fmax(high, exponent[k] * self->high[ETAS_GAMMA]);
    }
    if (self->alpha + high >= self->low[ETAS_A] && self->alpha + low <= self->high[ETAS_A])
        return ETAS_OK;
    return in_key(err, "alpha",
                  etas_fail(err, ETAS_E_RANGE,
                            "fixed at %.10g: no a, gamma and rho within their bounds have it",
                            self->alpha));
}

static etas_status hold_alpha(etas_constraints *self, const etas_inversion_config *cfg, double beta,
                              etas_error *err)
{
    if (cfg->fixed.alpha_rule == ETAS_ALPHA_FREE)
        return ETAS_OK;
    self->alpha = cfg->fixed.alpha_rule == ETAS_ALPHA_BETA ? beta : cfg->fixed.alpha;
    if (!isfinite(self->alpha))
        return in_key(err, "alpha", etas_fail(err, ETAS_E_RANGE, "fixed at %g", self->alpha));
    if (cfg->free_productivity)
        return in_key(err, "alpha",
                      etas_fail(err, ETAS_E_RANGE,
                                "fixed at %.10g, but with free_productivity a is not a parameter "
                                "of the productivity",
                                self->alpha));
    self->alpha_held = true;
    if (etas_constraints_hold(self, ETAS_A))
        return tie_gamma_and_rho(self, self->low[ETAS_A] - self->alpha, err);
    if (etas_constraints_hold(self, ETAS_GAMMA) &&
        (etas_constraints_hold(self, ETAS_RHO) || self->low[ETAS_GAMMA] == 0.0))
        return hold_within(
            self, ETAS_A,
            self->alpha + exponent_of(self, self->low[ETAS_RHO]) * self->low[ETAS_GAMMA], err);
    return check_reach(self, err);
}

/* A thousandth of an event in the whole window and region: what the background may come down to,
 * where the region is so large that the parameter's own bound stands for more. */
static double thinnest_rate(const etas_inversion_config *cfg)
{
    const double days = etas_days_between(cfg->window_start, cfg->window_end);

    return etas_ln(1e-3 / (cfg->area_km2 * days)) / M_LN10;
}

etas_status etas_constraints_init(etas_constraints *self, const etas_inversion_config *cfg,
                                  double beta, etas_error *err)
{
    etas_status st;

    *self = (etas_constraints){.three_dim = cfg->three_dim, .alpha = NAN};
    for (etas_param k = 0; k < ETAS_N_PARAMS; k++) {
        self->low[k] = etas_param_low(k);
        self->high[k] = etas_param_high(k);
    }
    self->low[ETAS_LOG10_MU] = fmin(self->low[ETAS_LOG10_MU], thinnest_rate(cfg));
    if (self->three_dim)
        self->low[ETAS_RHO] = 0.5 + EXCLUSIVE;
    if (cfg->free_productivity) { /* a and k0 are those of a regression, afterwards */
        self->low[ETAS_A] = 0.0;
        self->high[ETAS_A] = ETAS_LARGEST_SLOPE;
        self->low[ETAS_LOG10_K0] = -INFINITY;
        self->high[ETAS_LOG10_K0] = INFINITY;
    }
    if (!cfg->induced)
        self->low[ETAS_LOG10_IOTA] = self->high[ETAS_LOG10_IOTA] = NAN;
    st = hold_values(self, cfg, err);
    return st == ETAS_OK ? hold_alpha(self, cfg, beta, err) : st;
}

void etas_constraints_complete(const etas_constraints *self, etas_params *theta)
{
    double *v = theta->value;
    const double exponent = exponent_of(self, v[ETAS_RHO]);

    if (!self->alpha_held)
        return;
    if (!etas_constraints_hold(self, ETAS_A))
        v[ETAS_A] = self->alpha + exponent * v[ETAS_GAMMA];
    else if (!etas_constraints_hold(self, ETAS_GAMMA))
        v[ETAS_GAMMA] = (v[ETAS_A] - self->alpha) / exponent;
}

bool etas_constraints_admit(const etas_constraints *self, const etas_params *theta)
{
    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        if (!isnan(self->low[k]) &&
            !(theta->value[k] >= self->low[k] && theta->value[k] <= self->high[k]))
            return false;
    return true;
}
