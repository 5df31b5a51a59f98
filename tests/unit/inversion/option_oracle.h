/** @file option_oracle.h  The model with all its options by loops over all events in long double,
 * straight from the formulas: expectation, the maximisation's objective, and tests of stationarity.
 */
#ifndef ETAS_TESTS_OPTION_ORACLE_H
#define ETAS_TESTS_OPTION_ORACLE_H

#include "small_catalog.h"

enum { N = 48 };

typedef long double real;

/* ---- the model ---- */

typedef struct oracle {
    const etas_catalog *c;
    etas_inversion_config cfg;
    double beta, alpha; /* alpha: what it is held at, or NaN */
    etas_params theta;
    size_t n_targets, target[N];
    real zeta[N], induced[N], p_background[N]; /* by target */
    real kappa[N], smoothed[N], l_hat[N];      /* by source */
    real w[N][N];                              /* by target and source */
    real n_hat, i_hat, log_likelihood;
} oracle;

static real of(const oracle *o, etas_param k)
{
    const real x = o->theta.value[k];

    return strncmp(etas_param_name(k), "log10_", 6) == 0 ? powl(10, x) : x;
}

static real dm_of(const oracle *o, size_t i)
{
    return (real)o->c->mag[i] - ((real)o->cfg.m_ref - (real)o->cfg.delta_m / 2);
}

static real exponent(const oracle *o, const etas_params *theta)
{
    return (real)theta->value[ETAS_RHO] - (o->cfg.three_dim ? 0.5L : 0);
}

/* The integral of (r2 + 1)^-(1 + rho). */
static real normalisation(const oracle *o)
{
    const real rho = of(o, ETAS_RHO), pi = acosl(-1);

    return o->cfg.three_dim ? powl(pi, 1.5L) * tgammal(rho - 0.5L) / tgammal(1 + rho) : pi / rho;
}

static real km2(const oracle *o, size_t i, size_t j)
{
    const etas_catalog *c = o->c;

    if (o->cfg.three_dim) {
        const real x = (real)c->x[i] - c->x[j], y = (real)c->y[i] - c->y[j],
                   z = (real)c->z[i] - c->z[j];
        return x * x + y * y + z * z;
    }
    const real r =
        etas_distance_km(c->lat[i], c->lon[i], c->lat[j], c->lon[j], ETAS_EARTH_RADIUS_KM);
    return r * r;
}

static real days(etas_time from, etas_time to)
{
    return (real)(to - from) / 86400e9L;
}

static bool is_pair(const oracle *o, size_t i, size_t j)
{
    const real reach =
        powl(10, 0.59L * (real)o->c->mag[i] - 2.44L) * (real)o->cfg.coppersmith_multiplier;

    return o->c->time[j] > o->c->time[i] && km2(o, i, j) <= reach * reach;
}

static real scale(const oracle *o, size_t i)
{
    return of(o, ETAS_LOG10_D) * expl(of(o, ETAS_GAMMA) * dm_of(o, i));
}

static real productivity(const oracle *o, size_t i)
{
    return o->cfg.free_productivity ? o->kappa[i]
                                    : of(o, ETAS_LOG10_K0) * expl(of(o, ETAS_A) * dm_of(o, i));
}

static real rate(const oracle *o, size_t i, size_t j)
{
    const real t = days(o->c->time[i], o->c->time[j]);

    return productivity(o, i) * expl(-t / of(o, ETAS_LOG10_TAU)) *
           powl(t + of(o, ETAS_LOG10_C), -1 - of(o, ETAS_OMEGA)) *
           powl(km2(o, i, j) + scale(o, i), -1 - of(o, ETAS_RHO));
}

/* The time kernel's integral by Boole's rule in ln(t + c), cut at 100 tau. */
static real time_integral(const oracle *o, real t0, real t1)
{
    enum { STEPS = 200 };
    const real c = of(o, ETAS_LOG10_C), tau = of(o, ETAS_LOG10_TAU), omega = of(o, ETAS_OMEGA);
    const real end = fminl(t1, isinf(tau) ? INFINITY : t0 + 100 * tau);
    real low = logl(t0 + c), h, sum = 0;

    if (isinf(end))
        return powl(t0 + c, -omega) / omega;
    h = (logl(end + c) - low) / STEPS;
    for (int k = 0; k <= STEPS; k++) {
        const real v = low + h * k, s = expl(v);
        const real f = expl(-(s - c) / tau - omega * v);

        sum += f * (k == 0 || k == STEPS ? 7 : k % 2 ? 32 : k % 4 ? 12 : 14);
    }
    return sum * h * 2 / 45;
}

static real window_integral(const oracle *o, size_t i)
{
    return time_integral(o, fmaxl(0, days(o->c->time[i], o->cfg.window_start)),
                         days(o->c->time[i], o->cfg.window_end));
}

/* G_i per unit of the time kernel's integral. */
static real expected_rate(const oracle *o, size_t i)
{
    return productivity(o, i) * normalisation(o) * powl(scale(o, i), -exponent(o, &o->theta));
}

/* ---- expectation ---- */

static real background(const oracle *o, size_t j)
{
    const real pi = acosl(-1), bw = (real)o->cfg.bw_sq_km2;
    real sum = o->smoothed[o->target[j]];

    if (!o->cfg.free_background)
        return of(o, ETAS_LOG10_MU);
    for (size_t i = 0; i < o->c->n; i++)
        if (is_pair(o, i, o->target[j]))
            sum += o->smoothed[i] * expl(-km2(o, i, o->target[j]) / (2 * bw));
    return sum / (2 * pi * bw) / days(o->cfg.window_start, o->cfg.window_end);
}

static real hidden_factor(const oracle *o, size_t i)
{
    const double *v = o->theta.value;
    const real alpha = (real)v[ETAS_A] - exponent(o, &o->theta) * (real)v[ETAS_GAMMA];

    return expl(-(alpha - (real)o->beta) * ((real)o->c->mc[i] - (real)o->cfg.m_ref));
}

static void expect(oracle *o)
{
    memset(o->l_hat, 0, sizeof o->l_hat);
    o->n_hat = o->i_hat = o->log_likelihood = 0;
    for (size_t j = 0; j < o->n_targets; j++) {
        const real mu = background(o, j);
        const real iota = o->cfg.induced ? o->induced[j] * of(o, ETAS_LOG10_IOTA) : 0;
        real total = mu + iota;

        for (size_t i = 0; i < o->c->n; i++)
            if (is_pair(o, i, o->target[j]))
                total += rate(o, i, o->target[j]) * hidden_factor(o, i);
        for (size_t i = 0; i < o->c->n; i++) {
            o->w[j][i] =
                is_pair(o, i, o->target[j]) ? rate(o, i, o->target[j]) / total * o->zeta[j] : 0;
            o->l_hat[i] += o->w[j][i];
        }
        o->p_background[j] = mu / total;
        o->n_hat += mu / total * o->zeta[j];
        o->i_hat += iota / total * o->zeta[j];
        o->log_likelihood += logl(total);
    }
}

/* ---- maximisation ---- */

/* What an M-step minimises, at o->theta. */
static real objective(const oracle *o)
{
    const bool mle = o->cfg.estimator == ETAS_ESTIMATOR_MLE;
    const real all = time_integral(o, 0, INFINITY), ln_norm = logl(normalisation(o));
    real total = 0;

    for (size_t i = 0; i < o->c->n; i++) {
        const real d = scale(o, i), inside = window_integral(o, i);
        const real g = expected_rate(o, i) * inside;

        if (!o->cfg.free_productivity)
            total += g - o->l_hat[i] * logl(g);
        if (mle && o->l_hat[i] > 0)
            total += o->l_hat[i] * fmaxl(-300, logl(inside / all));
        for (size_t j = 0; j < o->n_targets; j++) {
            const real t = days(o->c->time[i], o->c->time[o->target[j]]);

            if (o->w[j][i] > 0)
                total -= o->w[j][i] *
                         (exponent(o, &o->theta) * logl(d) - ln_norm -
                          (1 + of(o, ETAS_RHO)) * logl(km2(o, i, o->target[j]) + d) - logl(all) -
                          (1 + of(o, ETAS_OMEGA)) * logl(t + of(o, ETAS_LOG10_C)) -
                          t / of(o, ETAS_LOG10_TAU));
        }
    }
    return total;
}

/* Moves one parameter and what is tied to it. */
static real objective_at(const oracle *o, etas_param which, double by)
{
    static oracle moved;
    double *v = moved.theta.value;

    moved = *o;
    v[which] += by;
    if (!isnan(o->alpha)) {
        if (isnan(o->cfg.fixed.value.value[ETAS_A]))
            v[ETAS_A] = o->alpha + (double)exponent(o, &moved.theta) * v[ETAS_GAMMA];
        else
            v[ETAS_GAMMA] = (v[ETAS_A] - o->alpha) / (double)exponent(o, &moved.theta);
    }
    return objective(&moved);
}

/* The fifth-order slope over the curvature: how far the minimum is. */
static void check_stationary(const oracle *o, etas_param which, const char *name)
{
    const double h = 1e-3, low = etas_param_low(which), high = etas_param_high(which);
    const double x = o->theta.value[which];
    const real a = objective_at(o, which, -2 * h), b = objective_at(o, which, -h),
               c = objective_at(o, which, 0), d = objective_at(o, which, h),
               e = objective_at(o, which, 2 * h);
    const real slope = (a - 8 * b + 8 * d - e) / (12 * (real)h);
    const real curvature = (-a + 16 * b - 30 * c + 16 * d - e) / (12 * (real)(h * h));

    if (x <= low    ? slope < 0
        : x >= high ? slope > 0
                    : fabsl(slope) > 1e-7L * fabsl(curvature) + 1e-9L)
        fail_msg("%s: %s = %.10g is not where the objective is least: slope %.3Lg, curvature %.3Lg",
                 name, etas_param_name(which), x, slope, curvature);
}

static void check_maximised(const oracle *o, const char *name)
{
    const double *fixed = o->cfg.fixed.value.value;
    const double *v = o->theta.value;
    const real space_time = (real)o->cfg.area_km2 * days(o->cfg.window_start, o->cfg.window_end);

    for (etas_param k = ETAS_LOG10_K0; k < ETAS_N_PARAMS; k++) {
        const bool follows =
            !isnan(o->alpha) && (k == ETAS_A || (k == ETAS_GAMMA && !isnan(fixed[ETAS_A])));
        const bool regressed = o->cfg.free_productivity && (k == ETAS_A || k == ETAS_LOG10_K0);

        if (!isnan(fixed[k]))
            assert_true(v[k] == fixed[k]);
        else if (!follows && !regressed)
            check_stationary(o, k, name);
    }
    if (!isnan(o->alpha))
        check_abs(v[ETAS_A] - (double)exponent(o, &o->theta) * v[ETAS_GAMMA], o->alpha, 1e-12);
    if (isnan(fixed[ETAS_LOG10_MU]))
        check_abs(v[ETAS_LOG10_MU], fmax(-10, (double)log10l(o->n_hat / space_time)), 1e-12);
    if (o->cfg.induced)
        check_abs(v[ETAS_LOG10_IOTA], fmax(-10, (double)log10l(o->i_hat / space_time)), 1e-12);
}

/* a and k0 by regression on the targets' kappa of before, then kappa. */
static void follow_productivity(oracle *o, const etas_inversion_state *s, const char *name)
{
    const real a = of(o, ETAS_A);
    real kappa = 0, kappa_dm = 0, e = 0, e_dm = 0;

    for (size_t j = 0; j < o->n_targets; j++) {
        const size_t i = o->target[j];

        kappa += o->kappa[i];
        kappa_dm += o->kappa[i] * dm_of(o, i);
        e += expl(a * dm_of(o, i));
        e_dm += expl(a * dm_of(o, i)) * dm_of(o, i);
    }
    if (a > 0 && a < 5)
        check_abs((double)((kappa_dm - kappa * e_dm / e) / kappa), 0, 1e-13);
    check_abs(o->theta.value[ETAS_LOG10_K0], (double)log10l(kappa / e), 1e-12);
    for (size_t i = 0; i < o->c->n; i++) {
        const real next = o->kappa[i] > 0 ? o->kappa[i] * o->l_hat[i] /
                                                (expected_rate(o, i) * window_integral(o, i))
                                          : 0;

        if (!(fabsl((real)s->kappa[i] - next) <= 1e-11L * next))
            fail_msg("%s: kappa[%zu] is %.17g, not %.17Lg", name, i, s->kappa[i], next);
        o->kappa[i] = s->kappa[i];
    }
}

#endif
