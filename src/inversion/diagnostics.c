#include <math.h>

#include "etas/special.h"
#include "etas/text.h"
#include "inversion/fitted.h"

/* Fewer events per parameter than this say little about it; a rule of thumb of regression. */
static const double EVENTS_PER_PARAMETER = 10.0;

/* Beyond this correlation two parameters are one. */
static const double RIDGE = 0.99;

/* What pairs that end too early may do to rho: so many standard errors or, where these are not
 * known, such a share of it. */
static const double BIAS_IN_ERRORS = 2.0, BIAS_AS_SHARE = 0.15;

static void warn(etas_diagnostics *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void warn(etas_diagnostics *out, const char *fmt, ...)
{
    va_list ap;

    if (out->n_warnings == ETAS_MAX_WARNINGS)
        return;
    va_start(ap, fmt);
    etas_vformat(ETAS_NOTE_LENGTH, out->warning[out->n_warnings++], fmt, ap);
    va_end(ap);
}

/* ---- the branching ratio ---- */

static void look_at_branching(const etas_fitted *fitted, etas_diagnostics *out)
{
    const bool limited = !isnan(fitted->m_max);
    const double ratio = limited ? out->branching_ratio_m_max : out->branching_ratio;

    if (!limited && isnan(ratio) && out->alpha >= fitted->beta)
        warn(
            out,
            "alpha (%.4g) is not below beta (%.4g): without m_max the branching ratio is infinite; "
            "give m_max, the largest possible magnitude",
            out->alpha, fitted->beta);
    else if (ratio >= 1.0)
        warn(out,
             "the branching ratio%s is %.4g: at 1 or above, simulated catalogues grow without end "
             "and a forecast is refused",
             limited ? " up to m_max" : "", ratio);
}

/* ---- bounds ---- */

/* What it means when a parameter ends on its bound, where that is known. */
static const char *meaning(etas_param which, bool low)
{
    switch (which) {
    case ETAS_LOG10_MU:
        return low ? "next to no event seems to be background" : "look at the region's area";
    case ETAS_LOG10_C:
        return low ? "aftershock rates rise up to the shortest delays in the catalogue; look for "
                     "duplicate events"
                   : "no decay within the first day; early aftershocks may be missing";
    case ETAS_LOG10_TAU:
        return low ? "triggering seems to end within a day"
                   : "the catalogue shows no end of triggering: without taper in effect";
    case ETAS_RHO:
        return low ? "hardly any decay with distance: are pairs or events missing nearby?"
                   : "distances fall off faster than any power";
    case ETAS_LOG10_D:
        return low ? "no smallest distance; events may share places (fixed depth, rounded "
                     "coordinates)"
                   : "no decay with distance within 30 km; locations may be poor";
    default:
        return "the likelihood still rises beyond it";
    }
}

static void look_at_bounds(const etas_fitted *fitted, etas_diagnostics *out)
{
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++) {
        const double x = fitted->theta.value[i];
        const bool low = x - fitted->box->low[i] < fitted->box->high[i] - x;

        out->at_bound[i] = etas_fitted_at_bound(fitted, i);
        if (out->at_bound[i])
            warn(out, "%s ended at its %s bound %g: %s", etas_param_name(i),
                 low ? "lower" : "upper", x, meaning(i, low));
    }
}

/* ---- the data ---- */

/* Parameters of triggering that the catalogue has to determine. */
static size_t count_triggering(const etas_fitted *fitted)
{
    size_t n = 0;

    for (etas_param i = ETAS_LOG10_K0; i < ETAS_N_PARAMS; i++)
        n += isfinite(fitted->theta.value[i]) && !etas_constraints_hold(fitted->box, i);
    return n;
}

static void look_at_data(const etas_em *em, const etas_fitted *fitted, etas_diagnostics *out)
{
    const size_t n_parameters = count_triggering(fitted);
    const double need = EVENTS_PER_PARAMETER * (double)n_parameters;
    const double background = em->expectation.n_hat, triggered = em->expectation.sum_l_hat;

    if (triggered < need)
        warn(
            out,
            "too few aftershocks: %.0f of %zu targets count as triggered, for %zu parameters of "
            "triggering at least %.0f are wanted; a longer window, a lower mc, or fixed_parameters "
            "would help",
            triggered, em->n_targets, n_parameters, need);
    if (background < EVENTS_PER_PARAMETER)
        warn(out, "too few background events: %.1f of %zu targets; mu is determined by these alone",
             background, em->n_targets);
}

/* Are all dm alike, of sources with aftershocks or of any, and may @p scale make up for what they
 * do to the rates? */
static bool no_slope(const etas_em *em, const etas_fitted *fitted, bool any, etas_param scale)
{
    double dm = 0.0;
    bool have = false;

    for (size_t i = 0; i < em->n_sources; i++) {
        if (!any && !(em->expectation.l_hat[i] > 0.0))
            continue;
        if (have && em->dm[i] != dm)
            return false;
        dm = em->dm[i];
        have = true;
    }
    return dm == 0.0 || etas_fitted_moves(fitted, scale);
}

static bool no_shape(const etas_em *em)
{
    for (size_t j = 1; j < em->n_targets; j++)
        if (em->induced[j] != em->induced[0])
            return false;
    return true;
}

/* Parameters that change no rate, or none that another would not make up for, stay where they
 * started: a fixed point of the iteration, and one of many. */
static void look_at_start(const etas_em *em, const etas_fitted *fitted, etas_diagnostics *out)
{
    if (etas_fitted_moves(fitted, ETAS_A) && !fitted->box->alpha_held && em->kappa == NULL &&
        no_slope(em, fitted, true, ETAS_LOG10_K0))
        warn(out, "a is arbitrary, it depends on theta_0: all sources have the same magnitude");
    if (etas_fitted_moves(fitted, ETAS_GAMMA) && no_slope(em, fitted, false, ETAS_LOG10_D))
        warn(out, "gamma is arbitrary, it depends on theta_0, and a with it: all sources with "
                  "aftershocks have the same magnitude");
    if (em->induced != NULL && etas_fitted_moves(fitted, ETAS_LOG10_MU) &&
        etas_fitted_moves(fitted, ETAS_LOG10_IOTA) && em->smoothed == NULL && no_shape(em))
        warn(out, "log10_mu and log10_iota are arbitrary but for the sum of the rates, they depend "
                  "on theta_0: the induced term's column (bg_term) is the same for all targets");
}

/* Aftershocks further away than pairs reach count as background, but G counts them. 1 / rho is the
 * mean of y = ln(1 + r2 / D), whose density is rho e^(-rho y): without its end from y0 on, the
 * share e^(-rho y0), that mean is smaller by share (y0 + 1 / rho). */
static void look_at_reach(const etas_fitted *fitted, const etas_uncertainty *u,
                          etas_diagnostics *out)
{
    const double *v = fitted->theta.value, rho = v[ETAS_RHO];
    const double multiplier = fitted->cfg->coppersmith_multiplier, mag = fitted->cfg->m_ref;
    const double reach = etas_rupture_length_km(mag) * multiplier;
    const double d =
        etas_exp(v[ETAS_LOG10_D] * M_LN10 + v[ETAS_GAMMA] * 0.5 * fitted->cfg->delta_m);
    const double y0 = etas_log1p(reach * reach / d), share = etas_exp(-rho * y0);
    const double bias = rho * rho * share * (y0 + 1.0 / rho);
    const bool known = u->estimated[ETAS_RHO];
    const double tolerable =
        known ? BIAS_IN_ERRORS * u->standard_error[ETAS_RHO] : BIAS_AS_SHARE * rho;

    if (!fitted->theta.three_dim && bias > tolerable)
        warn(out,
             "%.2g %% of the aftershocks of a magnitude %g lie beyond the %.3g km at which its "
             "pairs end (coppersmith_multiplier %g): that raises rho by about %.2g and shows in a "
             "and mu; a larger one takes longer",
             100.0 * share, mag, reach, multiplier, bias);
}

/* ---- the information ---- */

static void look_at_ridge(const etas_uncertainty *u, etas_diagnostics *out)
{
    static const etas_param time[] = {ETAS_LOG10_C, ETAS_OMEGA, ETAS_LOG10_TAU};

    for (size_t a = 0; a < 3; a++)
        for (size_t b = a + 1; b < 3; b++) {
            const double r = etas_uncertainty_correlation(u, time[a], time[b]);

            if (fabs(r) > RIDGE)
                warn(out,
                     "%s and %s are determined together only (correlation %.4f): their standard "
                     "errors mislead, a bootstrap does not",
                     etas_param_name(time[a]), etas_param_name(time[b]), r);
        }
}

static double largest_step(const etas_uncertainty *u)
{
    double largest = u->available ? 0.0 : NAN;

    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        if (u->estimated[i])
            largest = fmax(largest, fabs(u->newton_step[i]) / u->standard_error[i]);
    return largest;
}

static double sum_of_zeta(const etas_em *em)
{
    double sum = 0.0;

    if (em->zeta == NULL)
        return (double)em->n_targets;
    for (size_t j = 0; j < em->n_targets; j++)
        sum += em->zeta[j];
    return sum;
}

void etas_diagnostics_find(const etas_em *em, const etas_fitted *fitted,
                           const etas_uncertainty *uncertainty, etas_diagnostics *out)
{
    const char *why;

    *out = (etas_diagnostics){.alpha = etas_params_alpha(&fitted->theta),
                              .branching_ratio_m_max = NAN,
                              .background_share = em->expectation.n_hat / sum_of_zeta(em),
                              .largest_newton_step = largest_step(uncertainty)};
    out->branching_ratio =
        etas_branching_ratio(&fitted->theta, fitted->beta, INFINITY, &out->branching_note);
    if (!isnan(fitted->m_max))
        out->branching_ratio_m_max =
            etas_branching_ratio(&fitted->theta, fitted->beta, etas_fitted_dm_max(fitted), &why);
    look_at_branching(fitted, out);
    look_at_bounds(fitted, out);
    look_at_data(em, fitted, out);
    look_at_start(em, fitted, out);
    look_at_reach(fitted, uncertainty, out);
    if (uncertainty->available)
        look_at_ridge(uncertainty, out);
    else if (uncertainty->not_positive)
        warn(out, "no standard errors: %s", uncertainty->note);
}
