#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/special.h"
#include "inversion/fitted.h"
#include "inversion/fixed_point.h"
#include "inversion/maximisation.h"
#include "inversion/terms.h"

struct etas_inversion {
    const etas_catalog *catalog;
    etas_inversion_config cfg;
    etas_em em;
    etas_constraints box;
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
    if (st == ETAS_OK && cfg->free_background)
        st = check_number(cfg->bw_sq_km2, tiny, "bw_sq", err);
    return st;
}

/* theta_0 in the model's space; an induced term that it does not have starts like mu. */
static etas_status first_theta(const etas_inversion_config *cfg, etas_params *out, etas_error *err)
{
    *out = cfg->theta_0;
    out->three_dim = cfg->three_dim;
    if (cfg->induced && isnan(out->value[ETAS_LOG10_IOTA]))
        out->value[ETAS_LOG10_IOTA] = out->value[ETAS_LOG10_MU];
    if (!cfg->induced && !isnan(out->value[ETAS_LOG10_IOTA])) {
        (void)etas_fail(err, ETAS_E_ARG, "given, but the model has no induced term (bg_term)");
        (void)etas_error_in_key(err, etas_param_name(ETAS_LOG10_IOTA));
        return ETAS_E_ARG;
    }
    return etas_params_check(out, err);
}

static double beta_of(const etas_inversion *self, size_t n, const double mag[], const double mc[])
{
    switch (self->cfg.beta_method) {
    case ETAS_BETA_FIXED:
        return self->cfg.beta;
    case ETAS_BETA_POSITIVE:
        return etas_beta_positive(n, mag, self->cfg.delta_m);
    case ETAS_BETA_TINTI:
        return etas_beta_tinti_mulargia(n, mag, mc, self->cfg.delta_m);
    }
    return NAN;
}

/* Of the targets' magnitudes, in the order of time. */
static etas_status estimate_beta(etas_inversion *self, etas_error *err)
{
    const size_t n = self->em.n_targets;
    double *mag = NULL;
    etas_status st = etas_array_alloc((void **)&mag, 2 * n, sizeof *mag);

    if (st != ETAS_OK)
        return etas_fail(err, st, "estimating beta: %s", etas_strerror(st));
    for (size_t j = 0; j < n; j++) {
        mag[j] = self->catalog->mag[self->em.target[j]];
        mag[n + j] = self->catalog->mc[self->em.target[j]];
    }
    self->beta = beta_of(self, n, mag, mag + n);
    etas_array_free((void **)&mag);
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
    self->last_step = self->distance = INFINITY;
    st = first_theta(cfg, &self->theta, err);
    if (st == ETAS_OK)
        st = etas_em_init(&self->em, catalog, cfg, err);
    self->em.compute = cfg->compute;
    self->em.compute_context = cfg->compute_context;
    if (st == ETAS_OK)
        st = estimate_beta(self, err);
    if (st == ETAS_OK)
        st = etas_constraints_init(&self->box, cfg, self->beta, err);
    if (st == ETAS_OK)
        st = etas_terms_init(&self->em, catalog, cfg, self->beta, err);
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

static etas_status expect(etas_inversion *self, const etas_params *theta, etas_error *err)
{
    etas_terms_hide_sources(&self->em, self->catalog, self->cfg.m_ref, self->beta, theta);
    return etas_em_expect(&self->em, theta, err);
}

/* The largest change of a parameter. */
static double largest_change(const etas_params *a, const etas_params *b)
{
    double out = 0.0;

    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        if (a->value[k] != b->value[k])                       /* neither both infinite ... */
            out = fmax(out, fabs(a->value[k] - b->value[k])); /* ... nor NaN: fmax passes it by */
    return out;
}

etas_status etas_inversion_step(etas_inversion *self, etas_error *err)
{
    etas_params next = self->theta;
    etas_status st = expect(self, &self->theta, err);

    if (st == ETAS_OK)
        st = etas_em_maximise(&self->em, &self->box, &next, err);
    if (st == ETAS_OK && self->em.kappa != NULL)
        st = etas_terms_free_productivity(&self->em, &self->box, &next, err);
    if (st != ETAS_OK)
        return st;
    etas_terms_free_background(&self->em);
    self->last_step = largest_change(&self->theta, &next);
    self->theta = next;
    self->n_iterations++;
    return ETAS_OK;
}

/* The parameters that move. Free modes have a state beside them, which stays in the arrays of em:
 * they are iterated plainly, because extrapolating hundreds of productivities on their way to zero
 * ends in other fixed points than the iteration's own. */
typedef struct search {
    etas_inversion *inversion;
    size_t n;
    etas_param moving[ETAS_N_PARAMS];
    double *kappa, *smoothed; /* that state before the latest step, where there is one */
} search;

static search search_of(etas_inversion *self)
{
    search out = {.inversion = self};

    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        if (self->box.low[k] < self->box.high[k])
            out.moving[out.n++] = k;
    return out;
}

static void params_to(const search *s, const etas_params *theta, double x[])
{
    for (size_t i = 0; i < s->n; i++)
        x[i] = theta->value[s->moving[i]];
}

static void params_from(const search *s, const double x[], etas_params *theta)
{
    for (size_t i = 0; i < s->n; i++)
        theta->value[s->moving[i]] = x[i];
}

static etas_status keep_state(search *s, const etas_em *em)
{
    etas_status st = ETAS_OK;

    if (em->kappa != NULL)
        st = etas_array_alloc((void **)&s->kappa, em->n_sources, sizeof *s->kappa);
    if (st == ETAS_OK && em->smoothed != NULL)
        st = etas_array_alloc((void **)&s->smoothed, em->n_sources, sizeof *s->smoothed);
    return st;
}

static void copy_state(size_t n, const double from[], double to[])
{
    if (from != NULL)
        memcpy(to, from, n * sizeof *to);
}

static etas_status em_map(void *context, const double x[], double image[], double *merit,
                          etas_error *err)
{
    const search *s = context;
    etas_inversion *self = s->inversion;
    etas_status st;

    params_from(s, x, &self->theta);
    copy_state(self->em.n_sources, self->em.kappa, s->kappa);
    copy_state(self->em.n_sources, self->em.smoothed, s->smoothed);
    st = etas_inversion_step(self, err);
    if (st != ETAS_OK)
        return st;
    params_to(s, &self->theta, image);
    *merit = self->cfg.estimator == ETAS_ESTIMATOR_MLE ? self->em.expectation.log_likelihood : NAN;
    return ETAS_OK;
}

/* The point must keep a held alpha: otherwise it may be likelier than any that does. */
static bool accepts(void *context, double x[])
{
    const search *s = context;
    etas_params theta = s->inversion->theta;

    if (s->inversion->em.expectation.sum_l_hat < 1.0)
        return false; /* hardly any triggering yet: steps there lead nowhere in particular */
    params_from(s, x, &theta);
    etas_constraints_complete(&s->inversion->box, &theta);
    params_to(s, &theta, x);
    return etas_constraints_admit(&s->inversion->box, &theta);
}

/* Fixed values enter in the first M-step, and a start may lie outside what they allow. */
static etas_status enter_bounds(etas_inversion *self, etas_error *err)
{
    if (etas_constraints_admit(&self->box, &self->theta))
        return ETAS_OK;
    return etas_inversion_step(self, err);
}

etas_status etas_inversion_solve(etas_inversion *self, etas_error *err)
{
    search s = search_of(self);
    const etas_fixed_point problem = {.n = s.n,
                                      .context = &s,
                                      .map = em_map,
                                      .accepts = accepts,
                                      .tolerance = self->cfg.tolerance,
                                      .plain = self->cfg.plain_em || self->cfg.free_background ||
                                               self->cfg.free_productivity,
                                      .plain_sum = self->cfg.reference_stop ? 1e-3 : 0.0,
                                      .max_maps = self->cfg.max_iterations};
    etas_fixed_point_result result;
    double x[ETAS_N_PARAMS];
    etas_status st = enter_bounds(self, err);

    if (st == ETAS_OK && (st = keep_state(&s, &self->em)) != ETAS_OK)
        st = etas_fail(err, st, "the iteration's state: %s", etas_strerror(st));
    if (st != ETAS_OK)
        goto out;
    params_to(&s, &self->theta, x);
    st = etas_fixed_point_find(&problem, x, &result, err);
    params_from(&s, x, &self->theta);
    self->distance = result.distance;
    if (st == ETAS_OK && !self->cfg.reference_stop) { /* before the step that confirmed it */
        copy_state(self->em.n_sources, s.kappa, self->em.kappa);
        copy_state(self->em.n_sources, s.smoothed, self->em.smoothed);
    }
    if (st == ETAS_OK)
        st = expect(self, &self->theta, err);
    if (st == ETAS_OK)
        st = etas_em_check_triggered(&self->em, err);
out:
    etas_array_free((void **)&s.kappa);
    etas_array_free((void **)&s.smoothed);
    return st;
}

/* ---- results ---- */

etas_inversion_state etas_inversion_state_get(const etas_inversion *self)
{
    etas_inversion_state out = {.theta = self->theta,
                                .beta = self->beta,
                                .n_hat = self->em.expectation.n_hat,
                                .i_hat = self->em.expectation.i_hat,
                                .log_likelihood = self->em.expectation.log_likelihood,
                                .n_iterations = self->n_iterations,
                                .last_step = self->last_step,
                                .distance = self->distance,
                                .n_sources = self->em.n_sources,
                                .n_targets = self->em.n_targets,
                                .n_pairs = self->em.n_pairs,
                                .target = self->em.target,
                                .zeta = self->em.zeta,
                                .xi = self->em.xi,
                                .kappa = self->em.kappa,
                                .expectation = &self->em.expectation};

    out.branching_ratio =
        etas_branching_ratio(&self->theta, self->beta, INFINITY, &out.branching_note);
    return out;
}

static etas_fitted fitted(const etas_inversion *self, double m_max)
{
    return (etas_fitted){.cfg = &self->cfg,
                         .box = &self->box,
                         .theta = self->theta,
                         .beta = self->beta,
                         .m_max = m_max};
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

/* A caller's parameters mean this model's space. */
static etas_params in_space(const etas_inversion *self, const etas_params *theta)
{
    etas_params out = *theta;

    out.three_dim = self->cfg.three_dim;
    return out;
}

etas_status etas_inversion_expect(etas_inversion *self, const etas_params *theta, etas_error *err)
{
    const etas_params at = in_space(self, theta);

    return expect(self, &at, err);
}

/* Sum over sources of G_i, by the incomplete gamma function. */
static double expected_by_formula(const etas_inversion *self, const etas_params *theta)
{
    double sum = 0.0;

    for (size_t i = 0; i < self->em.n_sources; i++) {
        const double start = etas_days_between(self->catalog->time[i], self->cfg.window_start);
        const double end = etas_days_between(self->catalog->time[i], self->cfg.window_end);

        sum += etas_expected_aftershocks(theta, self->em.dm[i], fmax(0.0, start), end);
    }
    return sum;
}

etas_status etas_inversion_visit_pairs(etas_inversion *self, etas_pair_visitor visitor,
                                       void *context, etas_error *err)
{
    etas_em_prepare(&self->em, &self->theta);
    return etas_em_visit(&self->em, visitor, context, err);
}

static etas_status add_ln_rate(void *context, const etas_pair_row *row, etas_error *err)
{
    double *sum = context;

    (void)err;
    *sum += etas_ln(row->rate);
    return ETAS_OK;
}

/* Straight from the formulas: of the E-step it uses the rates alone. */
etas_status etas_inversion_log_likelihood(etas_inversion *self, const etas_params *theta,
                                          double *out, etas_error *err)
{
    const etas_params at = in_space(self, theta);
    etas_em *em = &self->em;
    double sum = 0.0;
    etas_status st;

    if (!etas_em_has_likelihood(em))
        return etas_fail(err, ETAS_E_UNSUPPORTED,
                         "this model has no likelihood: its completeness varies, or productivity "
                         "or background are free");
    etas_em_prepare(em, &at);
    st = etas_em_visit(em, add_ln_rate, &sum, err);
    if (st != ETAS_OK)
        return st;
    *out =
        sum - expected_by_formula(self, &at) - (em->mu + em->iota) * em->area_km2 * em->window_days;
    return isfinite(*out) ? ETAS_OK
                          : etas_fail(err, ETAS_E_RANGE, "the log-likelihood is not finite");
}
