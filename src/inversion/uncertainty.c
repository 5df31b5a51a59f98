#include "inversion/fitted.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_eigen.h>

#include "etas/special.h"
#include "etas/text.h"
#include "inversion/information.h"

/* An eigenvalue below this share of the largest one is rounding. */
static const double FLAT = 1e-13;

/* ---- which parameters, and why not ---- */

bool etas_fitted_at_bound(const etas_fitted *self, etas_param which)
{
    const double x = self->theta.value[which];
    const double room = 1e-9 * (1.0 + fabs(x));

    if (!isfinite(x) || etas_constraints_hold(self->box, which))
        return false;
    return x <= self->box->low[which] + room || x >= self->box->high[which] - room;
}

bool etas_fitted_moves(const etas_fitted *self, etas_param which)
{
    return isfinite(self->theta.value[which]) && !etas_constraints_hold(self->box, which) &&
           !etas_fitted_at_bound(self, which);
}

double etas_fitted_dm_max(const etas_fitted *self)
{
    return isnan(self->m_max) ? (double)INFINITY
                              : self->m_max + self->cfg->delta_m - self->cfg->m_ref;
}

static const char *reason_against(const etas_em *em, const etas_inversion_config *cfg)
{
    if (cfg->free_background)
        return "free_background leaves no likelihood of few parameters";
    if (cfg->free_productivity)
        return "free_productivity leaves no likelihood of few parameters";
    if (em->zeta != NULL || em->xi != NULL)
        return "varying completeness leaves no likelihood of the observed events alone";
    if (cfg->estimator != ETAS_ESTIMATOR_MLE)
        return "estimator \"reference\" does not maximise the likelihood: its curvature says "
               "nothing about that estimate's errors";
    return NULL;
}

/* ---- the free variables: those that move, but for the one that a constraint on alpha gives ----
 */

typedef struct free_set {
    size_t n;
    etas_param param[ETAS_N_PARAMS];
    etas_param follower; /* of a = alpha + q gamma: a, or gamma where a is held; or none */
    double q, gamma;
} free_set;

static free_set find_free(const etas_fitted *fitted)
{
    const double *v = fitted->theta.value;
    free_set out = {.follower = ETAS_N_PARAMS,
                    .q = etas_space_exponent(fitted->theta.three_dim, v[ETAS_RHO]),
                    .gamma = v[ETAS_GAMMA]};

    if (fitted->box->alpha_held)
        out.follower = etas_fitted_moves(fitted, ETAS_A) ? ETAS_A : ETAS_GAMMA;
    const bool rho_is_given =
        out.follower == ETAS_GAMMA && out.gamma != 0.0 && !etas_fitted_moves(fitted, ETAS_GAMMA);

    for (etas_param i = 0; i < ETAS_N_PARAMS; i++)
        if (i != out.follower && !(i == ETAS_RHO && rho_is_given) && etas_fitted_moves(fitted, i))
            out.param[out.n++] = i;
    return out;
}

/* The follower's derivative by gamma or rho. */
static double follows(const free_set *set, etas_param by)
{
    if (set->follower == ETAS_A)
        return by == ETAS_GAMMA ? set->q : by == ETAS_RHO ? set->gamma : 0.0;
    return by == ETAS_RHO ? -set->gamma / set->q : 0.0;
}

/* One row of the parameters' derivatives by the free variables. */
static void jacobian_row(const free_set *set, etas_param which, double row[ETAS_N_PARAMS])
{
    for (size_t k = 0; k < set->n; k++)
        row[k] = which == set->follower ? follows(set, set->param[k]) : set->param[k] == which;
}

typedef double matrix[ETAS_N_PARAMS][ETAS_N_PARAMS];

/* out = J' h J, J given by its rows; h and out symmetric. */
static void contract(size_t n, matrix jacobian, matrix h, matrix out)
{
    for (size_t k = 0; k < n; k++)
        for (size_t l = 0; l < n; l++) {
            double sum = 0.0;

            for (size_t i = 0; i < ETAS_N_PARAMS; i++)
                for (size_t j = 0; j < ETAS_N_PARAMS; j++)
                    sum += jacobian[i][k] * h[i][j] * jacobian[j][l];
            out[k][l] = sum;
        }
}

/* ---- inversion of the information ---- */

typedef struct spectrum {
    double value[ETAS_N_PARAMS];
    matrix vector; /* columns */
} spectrum;

static etas_status decompose(size_t n, matrix symmetric, spectrum *out, etas_error *err)
{
    gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(n);
    gsl_matrix_view a = gsl_matrix_view_array_with_tda(&symmetric[0][0], n, n, ETAS_N_PARAMS);
    gsl_matrix_view vectors =
        gsl_matrix_view_array_with_tda(&out->vector[0][0], n, n, ETAS_N_PARAMS);
    gsl_vector_view values = gsl_vector_view_array(out->value, n);

    if (work == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for the covariance");
    (void)gsl_eigen_symmv(&a.matrix, &values.vector, &vectors.matrix, work);
    gsl_eigen_symmv_free(work);
    return ETAS_OK;
}

static void name_flat_direction(const free_set *set, const spectrum *s, size_t flat,
                                etas_uncertainty *out)
{
    size_t first = 0, second = 0;

    out->not_positive = true;
    for (size_t k = 1; k < set->n; k++)
        if (fabs(s->vector[k][flat]) > fabs(s->vector[first][flat]))
            first = k;
    second = first == 0 && set->n > 1 ? 1 : 0;
    for (size_t k = 0; k < set->n; k++)
        if (k != first && fabs(s->vector[k][flat]) > fabs(s->vector[second][flat]))
            second = k;
    etas_format(sizeof out->note, out->note,
                "the observed information is not positive definite: the likelihood has no maximum "
                "along a direction of %s and %s, mostly",
                etas_param_name(set->param[first]), etas_param_name(set->param[second]));
}

/* The inverse into @p covariance, or a note. */
static etas_status invert(const free_set *set, matrix information, matrix covariance,
                          etas_uncertainty *out, etas_error *err)
{
    const size_t n = set->n;
    double scale[ETAS_N_PARAMS], low = INFINITY, high = 0.0;
    size_t flat = 0;
    matrix scaled;
    spectrum s;

    for (size_t k = 0; k < n; k++) {
        if (!(information[k][k] > 0.0)) {
            out->not_positive = true;
            etas_format(sizeof out->note, out->note,
                        "the observed information is not positive definite: the likelihood has no "
                        "maximum along %s",
                        etas_param_name(set->param[k]));
            return ETAS_OK;
        }
        scale[k] = 1.0 / sqrt(information[k][k]);
    }
    for (size_t k = 0; k < n; k++)
        for (size_t l = 0; l < n; l++)
            scaled[k][l] = scale[k] * information[k][l] * scale[l];
    const etas_status st = decompose(n, scaled, &s, err);
    if (st != ETAS_OK)
        return st;
    for (size_t k = 0; k < n; k++) {
        flat = s.value[k] < s.value[flat] ? k : flat;
        low = fmin(low, s.value[k]);
        high = fmax(high, s.value[k]);
    }
    if (!(low > FLAT * high)) {
        name_flat_direction(set, &s, flat, out);
        return ETAS_OK;
    }
    out->condition = high / low;
    out->available = true;
    for (size_t k = 0; k < n; k++)
        for (size_t l = 0; l < n; l++) {
            double sum = 0.0;

            for (size_t e = 0; e < n; e++)
                sum += s.vector[k][e] * s.vector[l][e] / s.value[e];
            covariance[k][l] = scale[k] * sum * scale[l];
        }
    return ETAS_OK;
}

/* ---- back to the parameters ---- */

static bool has_variance(const free_set *set, const double row[])
{
    bool moves = false;

    for (size_t k = 0; k < set->n; k++)
        moves |= row[k] != 0.0;
    return moves;
}

static void spread(const free_set *set, matrix jacobian, matrix free_covariance,
                   etas_uncertainty *out)
{
    double slope[ETAS_N_PARAMS] = {0};

    for (size_t k = 0; k < set->n; k++)
        for (size_t i = 0; i < ETAS_N_PARAMS; i++)
            if (!isnan(out->gradient[i]))
                slope[k] += jacobian[i][k] * out->gradient[i];
    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        double step = 0.0;

        if (!has_variance(set, jacobian[i]))
            continue;
        out->estimated[i] = true;
        for (size_t k = 0; k < set->n; k++)
            for (size_t l = 0; l < set->n; l++)
                step += jacobian[i][k] * free_covariance[k][l] * slope[l];
        out->newton_step[i] = step;
        for (size_t j = 0; j < ETAS_N_PARAMS; j++) {
            double sum = 0.0;

            if (!has_variance(set, jacobian[j]))
                continue;
            for (size_t k = 0; k < set->n; k++)
                for (size_t l = 0; l < set->n; l++)
                    sum += jacobian[i][k] * free_covariance[k][l] * jacobian[j][l];
            out->covariance[i][j] = sum;
        }
        out->standard_error[i] = sqrt(out->covariance[i][i]);
    }
}

static etas_status covariance(etas_em *em, const etas_fitted *fitted, etas_uncertainty *out,
                              etas_error *err)
{
    const free_set set = find_free(fitted);
    matrix jacobian = {{0}}, minus_hessian = {{0}}, information = {{0}}, inverse = {{0}};
    etas_curvature at;
    etas_status st = etas_curvature_evaluate(em, &fitted->theta, &at, err);

    if (st != ETAS_OK)
        return st;
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++) {
        jacobian_row(&set, i, jacobian[i]);
        if (isfinite(fitted->theta.value[i]))
            out->gradient[i] = at.gradient[i] * etas_param_unit(i);
        for (etas_param j = 0; j < ETAS_N_PARAMS; j++)
            minus_hessian[i][j] = -at.hessian[i][j] * etas_param_unit(i) * etas_param_unit(j);
    }
    /* The follower is curved: a in gamma rho, gamma in 1 / q. */
    if (set.follower == ETAS_A) {
        minus_hessian[ETAS_GAMMA][ETAS_RHO] -= at.gradient[ETAS_A];
        minus_hessian[ETAS_RHO][ETAS_GAMMA] -= at.gradient[ETAS_A];
    } else if (set.follower == ETAS_GAMMA) {
        minus_hessian[ETAS_RHO][ETAS_RHO] -=
            at.gradient[ETAS_GAMMA] * 2.0 * set.gamma / (set.q * set.q);
    }
    contract(set.n, jacobian, minus_hessian, information);
    st = invert(&set, information, inverse, out, err);
    if (st == ETAS_OK && out->available)
        spread(&set, jacobian, inverse, out);
    return st;
}

/* ---- derived quantities ---- */

/* Of the estimators of beta; with bins the number of a geometric distribution. */
static double beta_error(const etas_em *em, const etas_fitted *fitted)
{
    const double beta = fitted->beta, delta_m = fitted->cfg->delta_m;
    const uint32_t *target = em->target;
    size_t n = em->n_targets;

    if (fitted->cfg->beta_method == ETAS_BETA_FIXED)
        return 0.0;
    if (fitted->cfg->beta_method == ETAS_BETA_POSITIVE) {
        n = 0;
        for (size_t j = 1; j < em->n_targets; j++)
            n += em->dm[target[j]] - em->dm[target[j - 1]] > 0.5 * delta_m;
    }
    return (delta_m > 0.0 ? 2.0 * sinh(0.5 * beta * delta_m) / delta_m : beta) / sqrt((double)n);
}

/* The standard error of a function with the given derivatives by the parameters. */
static double delta_method(const etas_uncertainty *u, const double slope[ETAS_N_PARAMS])
{
    double sum = 0.0;

    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        for (size_t j = 0; j < ETAS_N_PARAMS; j++)
            if (u->estimated[i] && u->estimated[j])
                sum += slope[i] * u->covariance[i][j] * slope[j];
    return sqrt(fmax(sum, 0.0));
}

/* d ln M / d(alpha - beta), M = (e^(x dm_max) - 1) / x. */
static double magnitude_slope(double x, double dm_max)
{
    const double z = x * dm_max;

    if (isinf(dm_max))
        return -1.0 / x;
    if (fabs(z) < 0.1)
        return dm_max * (0.5 + z / 12.0 * (1.0 - z * z / 60.0 * (1.0 - z * z / 42.0)));
    return dm_max / -etas_expm1(-z) - 1.0 / x;
}

/* d ln T_inf by log10_c, omega and log10_tau. */
static void time_slopes(const etas_em *em, const etas_params *theta, double slope[ETAS_N_PARAMS])
{
    const etas_omori omori = etas_params_omori(theta);

    if (isinf(omori.tau_days)) {
        slope[ETAS_LOG10_C] = -omori.omega * M_LN10;
        slope[ETAS_OMEGA] = -etas_ln(omori.c_days) - 1.0 / omori.omega;
        return;
    }
    const etas_time_integral all = etas_time_mesh_all(&em->windows.mesh, em->kernels, &omori);

    slope[ETAS_LOG10_C] = M_LN10 * all.d[ETAS_T_C] / all.d[ETAS_T];
    slope[ETAS_OMEGA] = all.d[ETAS_T_W] / all.d[ETAS_T];
    slope[ETAS_LOG10_TAU] = M_LN10 * all.d[ETAS_T_U] / all.d[ETAS_T];
}

static double branching_error(const etas_em *em, const etas_fitted *fitted, double dm_max,
                              const etas_uncertainty *u)
{
    const etas_params *theta = &fitted->theta;
    const double rho = theta->value[ETAS_RHO], gamma = theta->value[ETAS_GAMMA];
    const double q = etas_space_exponent(theta->three_dim, rho);
    const double by_magnitude = magnitude_slope(etas_params_alpha(theta) - fitted->beta, dm_max);
    double slope[ETAS_N_PARAMS] = {0};
    const char *why;
    const double ratio = etas_branching_ratio(theta, fitted->beta, dm_max, &why);

    time_slopes(em, theta, slope);
    slope[ETAS_LOG10_K0] = M_LN10;
    slope[ETAS_A] = by_magnitude;
    slope[ETAS_LOG10_D] = -q * M_LN10;
    slope[ETAS_GAMMA] = -q * by_magnitude;
    slope[ETAS_RHO] = etas_space_normalisation(theta->three_dim, rho).slope -
                      theta->value[ETAS_LOG10_D] * M_LN10 - gamma * by_magnitude;
    return ratio *
           hypot(delta_method(u, slope), (1.0 / fitted->beta - by_magnitude) * u->beta_error);
}

static double alpha_error(const etas_params *theta, const etas_uncertainty *u)
{
    const double slope[ETAS_N_PARAMS] = {
        [ETAS_A] = 1.0,
        [ETAS_GAMMA] = -etas_space_exponent(theta->three_dim, theta->value[ETAS_RHO]),
        [ETAS_RHO] = -theta->value[ETAS_GAMMA]};

    return delta_method(u, slope);
}

static void nothing_known(etas_uncertainty *out)
{
    *out = (etas_uncertainty){
        .condition = NAN, .alpha_error = NAN, .branching_error = NAN, .branching_error_m_max = NAN};
    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        out->standard_error[i] = out->gradient[i] = out->newton_step[i] = NAN;
        for (size_t j = 0; j < ETAS_N_PARAMS; j++)
            out->covariance[i][j] = NAN;
    }
}

etas_status etas_uncertainty_find(etas_em *em, const etas_fitted *fitted, etas_uncertainty *out,
                                  etas_error *err)
{
    const char *reason = reason_against(em, fitted->cfg);
    etas_status st = ETAS_OK;

    nothing_known(out);
    out->beta_error = beta_error(em, fitted);
    if (reason != NULL)
        etas_format(sizeof out->note, out->note, "%s", reason);
    else
        st = covariance(em, fitted, out, err);
    if (st != ETAS_OK || !out->available)
        return st;
    out->alpha_error = alpha_error(&fitted->theta, out);
    out->branching_error = branching_error(em, fitted, INFINITY, out);
    if (!isnan(fitted->m_max))
        out->branching_error_m_max = branching_error(em, fitted, etas_fitted_dm_max(fitted), out);
    return ETAS_OK;
}

double etas_uncertainty_correlation(const etas_uncertainty *self, etas_param a, etas_param b)
{
    return self->covariance[a][b] / (self->standard_error[a] * self->standard_error[b]);
}
