#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/special.h"
#include "inversion/em.h"
#include "inversion/fitted.h"
#include "inversion/fixed_point.h"

struct etas_inversion {
    const etas_catalog *catalog;
    etas_inversion_config cfg;
    etas_em em;
    etas_params theta;
    double beta;
    uint32_t n_iterations;
    double last_step, distance;
};

etas_inversion_config etas_inversion_config_default(void)
{
    return (etas_inversion_config){.window_start = ETAS_TIME_NONE,
                                   .window_end = ETAS_TIME_NONE,
                                   .m_ref = NAN,
                                   .area_km2 = NAN,
                                   .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                                   .coppersmith_multiplier = 100.0,
                                   .estimator = ETAS_ESTIMATOR_REFERENCE,
                                   .beta_method = ETAS_BETA_TINTI,
                                   .beta = NAN,
                                   .theta_0 = etas_inversion_default_start(),
                                   .fixed = etas_fixed_none(),
                                   .bw_sq_km2 = 1.0,
                                   .tolerance = 1e-7,
                                   .max_iterations = 10000,
                                   .n_threads = 1};
}

etas_fixed etas_fixed_none(void)
{
    etas_fixed out = {.alpha_rule = ETAS_ALPHA_FREE, .alpha = NAN};

    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        out.value.value[i] = NAN;
    return out;
}

etas_params etas_inversion_default_start(void)
{
    return (etas_params){.value = {[ETAS_LOG10_MU] = -5.8,
                                   [ETAS_LOG10_IOTA] = NAN,
                                   [ETAS_LOG10_K0] = -2.6,
                                   [ETAS_A] = 1.8,
                                   [ETAS_LOG10_C] = -2.5,
                                   [ETAS_OMEGA] = -0.02,
                                   [ETAS_LOG10_TAU] = 3.5,
                                   [ETAS_LOG10_D] = -0.85,
                                   [ETAS_GAMMA] = 1.3,
                                   [ETAS_RHO] = 0.66}};
}

static etas_status check_number(double x, double low, const char *name, etas_error *err)
{
    if (isfinite(x) && x >= low)
        return ETAS_OK;
    return etas_fail(err, ETAS_E_ARG, "%s is %g", name, x);
}

static etas_status check_config(const etas_inversion_config *cfg, etas_error *err)
{
    const double tiny = 1e-300;
    etas_status st = check_number(cfg->area_km2, tiny, "the region's area", err);

    if (cfg->window_start == ETAS_TIME_NONE || cfg->window_end <= cfg->window_start)
        return etas_fail(err, ETAS_E_ARG, "the time window is empty");
    if (st == ETAS_OK)
        st = check_number(cfg->earth_radius_km, tiny, "earth_radius", err);
    if (st == ETAS_OK)
        st = check_number(cfg->coppersmith_multiplier, 0.0, "coppersmith_multiplier", err);
    if (st == ETAS_OK)
        st = check_number(cfg->delta_m, 0.0, "delta_m", err);
    if (st == ETAS_OK)
        st = check_number(cfg->m_ref, -100.0, "m_ref", err);
    if (st == ETAS_OK)
        st = check_number(cfg->tolerance, tiny, "tolerance", err);
    if (st == ETAS_OK && cfg->beta_method == ETAS_BETA_FIXED)
        st = check_number(cfg->beta, tiny, "beta", err);
    if (st == ETAS_OK && !isnan(cfg->theta_0.value[ETAS_LOG10_IOTA]))
        st = etas_fail(err, ETAS_E_UNSUPPORTED, "an induced term (log10_iota) is not estimated");
    if (st == ETAS_OK)
        st = etas_params_check(&cfg->theta_0, err);
    return st;
}

/* Of the targets' magnitudes. */
static etas_status estimate_beta(etas_inversion *self, etas_error *err)
{
    const size_t n = self->em.pairs.n_targets, first = self->em.pairs.target[0];
    const double *mag = self->catalog->mag + first;

    switch (self->cfg.beta_method) {
    case ETAS_BETA_FIXED:
        self->beta = self->cfg.beta;
        break;
    case ETAS_BETA_POSITIVE:
        self->beta = etas_beta_positive(n, mag, self->cfg.delta_m);
        break;
    case ETAS_BETA_TINTI:
        self->beta = etas_beta_tinti_mulargia(n, mag, self->catalog->mc + first, self->cfg.delta_m);
        break;
    }
    if (!(self->beta > 0.0) || !isfinite(self->beta))
        return etas_fail(err, ETAS_E_RANGE,
                         "the magnitudes of %zu target events give no beta (they do not vary)", n);
    return ETAS_OK;
}

etas_status etas_inversion_open(etas_inversion **out, const etas_catalog *catalog,
                                const etas_inversion_config *cfg, etas_error *err)
{
    etas_inversion *self = NULL;
    etas_status st = check_config(cfg, err);

    *out = NULL;
    if (st != ETAS_OK)
        return st;
    st = etas_array_alloc((void **)&self, 1, sizeof *self);
    if (st != ETAS_OK)
        return etas_fail(err, st, "opening the inversion: %s", etas_strerror(st));
    self->catalog = catalog;
    self->cfg = *cfg;
    self->theta = cfg->theta_0;
    self->last_step = self->distance = INFINITY;
    st = etas_em_init(&self->em, catalog, cfg, err);
    if (st == ETAS_OK)
        st = estimate_beta(self, err);
    if (st != ETAS_OK) {
        etas_inversion_close(self);
        return st;
    }
    *out = self;
    return ETAS_OK;
}

void etas_inversion_close(etas_inversion *self)
{
    if (self == NULL)
        return;
    etas_em_free(&self->em);
    etas_array_free((void **)&self);
}

/* ---- iteration ---- */

/* The parameters that the iteration moves. */
static const etas_param MOVING[] = {ETAS_LOG10_MU, ETAS_LOG10_K0, ETAS_A,
                                    ETAS_LOG10_C,  ETAS_OMEGA,    ETAS_LOG10_TAU,
                                    ETAS_LOG10_D,  ETAS_GAMMA,    ETAS_RHO};
enum { N_MOVING = sizeof MOVING / sizeof *MOVING };

static etas_params params_from(const double x[N_MOVING])
{
    etas_params theta = {.value = {[ETAS_LOG10_IOTA] = NAN}};

    for (size_t i = 0; i < N_MOVING; i++)
        theta.value[MOVING[i]] = x[i];
    return theta;
}

static void params_to(const etas_params *theta, double x[N_MOVING])
{
    for (size_t i = 0; i < N_MOVING; i++)
        x[i] = theta->value[MOVING[i]];
}

etas_status etas_inversion_step(etas_inversion *self, etas_error *err)
{
    etas_params next = self->theta;
    double step = 0.0;
    etas_status st = etas_em_expect(&self->em, &self->theta, err);

    if (st == ETAS_OK)
        st = etas_em_maximise(&self->em, &next, err);
    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < N_MOVING; i++)
        step = fmax(step, fabs(next.value[MOVING[i]] - self->theta.value[MOVING[i]]));
    self->theta = next;
    self->last_step = step;
    self->n_iterations++;
    return ETAS_OK;
}

static etas_status em_map(void *context, const double x[], double image[], double *merit,
                          etas_error *err)
{
    etas_inversion *self = context;
    etas_status st;

    self->theta = params_from(x);
    st = etas_inversion_step(self, err);
    if (st != ETAS_OK)
        return st;
    params_to(&self->theta, image);
    *merit = self->cfg.estimator == ETAS_ESTIMATOR_MLE ? self->em.expectation.log_likelihood : NAN;
    return ETAS_OK;
}

/* mu has no bounds here: the maximisation gives it in closed form. */
static bool inside_bounds(void *context, const double x[])
{
    (void)context;
    for (size_t i = 0; i < N_MOVING; i++)
        if (MOVING[i] != ETAS_LOG10_MU &&
            !(x[i] >= etas_param_low(MOVING[i]) && x[i] <= etas_param_high(MOVING[i])))
            return false;
    return isfinite(x[0]);
}

etas_status etas_inversion_solve(etas_inversion *self, etas_error *err)
{
    const etas_fixed_point problem = {.n = N_MOVING,
                                      .context = self,
                                      .map = em_map,
                                      .accepts = inside_bounds,
                                      .tolerance = self->cfg.tolerance,
                                      .plain_sum = self->cfg.reference_stop ? 1e-3 : 0.0,
                                      .max_maps = self->cfg.max_iterations};
    etas_fixed_point_result result;
    double x[N_MOVING];
    etas_status st;

    params_to(&self->theta, x);
    st = etas_fixed_point_find(&problem, x, &result, err);
    self->theta = params_from(x);
    self->distance = result.distance;
    if (st == ETAS_OK)
        st = etas_em_expect(&self->em, &self->theta, err);
    return st;
}

/* ---- results ---- */

etas_inversion_state etas_inversion_state_get(const etas_inversion *self)
{
    etas_inversion_state out = {.theta = self->theta,
                                .beta = self->beta,
                                .n_hat = self->em.expectation.n_hat,
                                .log_likelihood = self->em.expectation.log_likelihood,
                                .n_iterations = self->n_iterations,
                                .last_step = self->last_step,
                                .distance = self->distance,
                                .n_sources = self->em.n_sources,
                                .n_targets = self->em.pairs.n_targets,
                                .n_pairs = self->em.pairs.n_pairs,
                                .pairs = &self->em.pairs,
                                .target = self->em.pairs.target,
                                .expectation = &self->em.expectation};

    out.branching_ratio =
        etas_branching_ratio(&self->theta, self->beta, INFINITY, &out.branching_note);
    return out;
}

static etas_fitted fitted(const etas_inversion *self, double m_max)
{
    return (etas_fitted){
        .cfg = &self->cfg, .theta = self->theta, .beta = self->beta, .m_max = m_max};
}

etas_status etas_inversion_uncertainty(etas_inversion *self, double m_max, etas_uncertainty *out,
                                       etas_error *err)
{
    const etas_fitted estimate = fitted(self, m_max);

    return etas_uncertainty_find(&self->em, &estimate, out, err);
}

void etas_inversion_diagnose(const etas_inversion *self, double m_max,
                             const etas_uncertainty *uncertainty, etas_diagnostics *out)
{
    const etas_fitted estimate = fitted(self, m_max);

    etas_diagnostics_find(&self->em, &estimate, uncertainty, out);
}

etas_status etas_inversion_expect(etas_inversion *self, const etas_params *theta, etas_error *err)
{
    return etas_em_expect(&self->em, theta, err);
}

/* Straight from the formulas: of the E-step it uses the pairs and their rates alone. */
etas_status etas_inversion_log_likelihood(const etas_inversion *self, const etas_params *theta,
                                          double *out, etas_error *err)
{
    const etas_em *em = &self->em;
    const double *v = theta->value;
    const double mu = etas_pow(10.0, v[ETAS_LOG10_MU]);
    double *scratch = NULL, sum = 0.0;
    etas_status st =
        etas_array_alloc((void **)&scratch, 2 * em->n_sources + em->pairs.n_pairs, sizeof *scratch);

    if (st != ETAS_OK)
        return etas_fail(err, st, "the log-likelihood: %s", etas_strerror(st));
    etas_em_rates(em, theta, scratch, scratch + em->n_sources, scratch + 2 * em->n_sources);
    for (size_t j = 0; j < em->pairs.n_targets; j++) {
        double rate = 0.0;

        for (size_t k = em->pairs.row_start[j]; k < em->pairs.row_start[j + 1]; k++)
            rate += scratch[2 * em->n_sources + k];
        sum += etas_ln(mu + rate);
    }
    for (size_t i = 0; i < em->n_sources; i++) {
        const double start = etas_days_between(self->catalog->time[i], self->cfg.window_start);

        sum -= etas_expected_aftershocks(
            theta, em->dm[i], fmax(0.0, start),
            etas_days_between(self->catalog->time[i], self->cfg.window_end));
    }
    *out = sum - mu * em->area_km2 * em->window_days;
    etas_array_free((void **)&scratch);
    return isfinite(*out) ? ETAS_OK
                          : etas_fail(err, ETAS_E_RANGE, "the log-likelihood is not finite");
}
