/** @file model.h  The ETAS model: parameters, triggering, productivity, magnitudes.
 *
 * Mizrahi, Nandan & Wiemer (2021), Seismological Research Letters, doi:10.1785/0220200231. Time in
 * days, distance in km, mu per day and km^2; mc = m_ref - delta_m/2; dm = m - mc.
 */
#ifndef ETAS_MODEL_H
#define ETAS_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "etas/api.h"
#include "etas/status.h"

ETAS_API_BEGIN

/* clang-format off */
/** name in files, lower bound, upper bound of the optimisation; file order. */
#define ETAS_PARAM_MAP(X)            \
    X(LOG10_MU,   "log10_mu",  -10,    0)     \
    X(LOG10_IOTA, "log10_iota", -10,   0)     \
    X(LOG10_K0,   "log10_k0",  -20,   10)     \
    X(A,          "a",          0.01, 20)     \
    X(LOG10_C,    "log10_c",   -8,     0)     \
    X(OMEGA,      "omega",     -0.99,  1)     \
    X(LOG10_TAU,  "log10_tau",  0.01, 12.26)  \
    X(LOG10_D,    "log10_d",   -4,     3)     \
    X(GAMMA,      "gamma",     -1,     5)     \
    X(RHO,        "rho",        0.01,  5)
/* clang-format on */

/** The parameters in the order of files; each indexes etas_params.value. */
typedef enum etas_param {
#define X(name, key, low, high) ETAS_##name,
    ETAS_PARAM_MAP(X)
#undef X
        ETAS_N_PARAMS
} etas_param;

/** Values in file units (log10 where the name says so); NaN = the model has no such term (iota);
 * log10_tau may be +inf (no taper; then omega > 0). */
typedef struct etas_params {
    double value[ETAS_N_PARAMS];
    bool three_dim; /**< the spatial kernel is one of space, not of the plane; then rho > 1/2 */
} etas_params;

/** As files have it. */
const char *etas_param_name(etas_param which);
/** The least value that an estimation may reach. */
double etas_param_low(etas_param which);
/** The largest one. */
double etas_param_high(etas_param which);
/** The least value of a start, or of one that is held: the lower bound, but for the rates
 * (log10_mu, log10_iota), whose bound depends on the size of the region. */
double etas_param_least(etas_param which);
/** Index of a name as files have it, or ETAS_N_PARAMS. */
etas_param etas_param_named(const char *name);

/** All present, from etas_param_least to the upper bound (log10_tau = inf allowed with omega > 0);
 * E_RANGE names the key. */
ETAS_NODISCARD etas_status etas_params_check(const etas_params *self, etas_error *err);

/** The time kernel exp(-t/tau) / (t + c)^(1 + omega) in linear units; tau may be INFINITY. */
typedef struct etas_omori {
    double c_days, omega, tau_days;
} etas_omori;
/** That of a model's parameters. */
etas_omori etas_params_omori(const etas_params *self);

/** Its integral over delays t0 to t1 (t1 may be INFINITY), days^-omega; relative error <= 1e-12. */
double etas_omori_integral(const etas_omori *self, double t0_days, double t1_days);

/** The exponent of D in the integral of (r2 + D)^-(1 + rho) over the plane or space: rho, or
 * rho - 1/2. */
double etas_space_exponent(bool three_dim, double rho);
/** ln of that integral at D = 1 and its first two derivatives by rho: ln(pi / rho), or
 * ln(pi^(3/2) Gamma(rho - 1/2) / Gamma(1 + rho)), rho > 1/2. */
typedef struct etas_space_norm {
    double ln, slope, curvature;
} etas_space_norm;
/** That of the plane or of space. */
etas_space_norm etas_space_normalisation(bool three_dim, double rho);

/** alpha = a - rho gamma; in three dimensions a - (rho - 1/2) gamma: G grows as e^(alpha dm). */
double etas_params_alpha(const etas_params *self);
/** ln K, K = G at dm = 0 per unit of the time kernel's integral. */
double etas_params_ln_productivity(const etas_params *self);

/** G(m; t0, t1): expected direct aftershocks of a magnitude with @p dm = m - mc. */
double etas_expected_aftershocks(const etas_params *self, double dm, double t0_days,
                                 double t1_days);

/**
 * Expected direct aftershocks per event over infinite time, magnitudes beyond mc with beta and an
 * optional cut dm_max (INFINITY: none). NaN when it has no finite value, with *why (not NULL) set
 * to a constant text; NULL otherwise.
 */
double etas_branching_ratio(const etas_params *self, double beta, double dm_max, const char **why);

/** The standard formulation: an event of magnitude mc + dm has 10^(a + alpha dm) / (t + c)^p direct
 * aftershocks per day of magnitude mc or more. Generic parameters of regions are given so. */
typedef struct etas_standard_params {
    double a, p, alpha, log10_c; /**< days */
    double log10_d, gamma, rho;  /**< the spatial kernel as in etas_params */
    double log10_mu;
} etas_standard_params;

/** The same as parameters at the reference magnitude that those have: omega = p - 1, no taper for
 * p > 1, otherwise the longest that an estimation allows. */
etas_params etas_params_from_standard(const etas_standard_params *self);

/**
 * Parameters for a reference magnitude that is @p dm higher (negative: lower). The branching ratio
 * stays, and so does the expected number of events (of all generations) above any magnitude that
 * both models have; with a largest magnitude the latter up to e^(-beta dm_max) of it. @p dm_max:
 * the largest magnitude less the old mc, > 0 and > dm; INFINITY: none.
 */
etas_params etas_params_shift_reference(const etas_params *self, double dm, double beta,
                                        double dm_max);

/** Tinti & Mulargia (1987) from the mean of m - mc; delta_m = 0: the continuous estimate. NaN for
 * n = 0, INFINITY when all are at their completeness. */
double etas_beta_tinti_mulargia(size_t n, const double mag[], const double mc[], double delta_m);
/** b-positive (van der Elst 2021): the same from the rises between successive magnitudes in the
 * order of time, with delta_m as their completeness. NaN without any rise. */
double etas_beta_positive(size_t n, const double mag[], double delta_m);

/** Wells & Coppersmith (1994), subsurface rupture length of oblique slip: 10^(0.59 m - 2.44) km. */
double etas_rupture_length_km(double mag);

ETAS_API_END

#endif
