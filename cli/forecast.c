#include "forecast.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/io.h"
#include "etas/simulation.h"
#include "etas/special.h"

/* ---- one model ---- */

/* Parameters at the reference magnitude of this run. */
static etas_params shifted(const etas_config_model *m, const etas_plan_input *in)
{
    return etas_params_shift_reference(&m->parameters, in->m_ref - m->parameters_m_ref, m->beta,
                                       in->m_max + in->delta_m - m->parameters_m_ref);
}

/* What the events of the history stand for, hidden ones included; *xi stays NULL where that is 1.
 */
static etas_status hidden_events(const etas_plan_input *in, double **xi, etas_error *err)
{
    const etas_catalog *h = in->history;
    const double slope = in->beta - etas_params_alpha(&in->theta);
    bool varies = false;

    for (size_t i = 0; h != NULL && i < h->n; i++)
        varies = varies || h->mc[i] != in->m_ref;
    if (!varies)
        return ETAS_OK;
    if (etas_array_alloc((void **)xi, h->n, sizeof **xi) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a history of %zu events", h->n);
    for (size_t i = 0; i < h->n; i++)
        (*xi)[i] = etas_exp(slope * (h->mc[i] - in->m_ref));
    return ETAS_OK;
}

/* @p common has what all models of a run share, and the model of an inversion for those that have
 * no parameters of their own. */
static etas_status build_model(const etas_plan_input *common, const etas_config_model *m,
                               etas_plan *out, etas_error *err)
{
    etas_plan_input in = *common;
    double *xi = NULL;
    etas_status st = ETAS_OK;

    in.m_max = isnan(m->m_max) ? INFINITY : m->m_max;
    in.gaussian_scale_deg = m->gaussian_scale;
    in.background_grid = m->background_grid;
    in.induced_grid = m->induced_grid;
    in.n_induced = isnan(m->n_induced) ? 0 : m->n_induced;
    in.zones = m->zones;
    in.reference_placement = m->reference_placement;
    if (m->has_parameters) {
        in.theta = shifted(m, &in);
        in.beta = m->beta;
        in.n_locations = 0;
        in.kappa = NULL;
        st = hidden_events(&in, &xi, err);
        in.xi = xi;
    }
    if (st == ETAS_OK)
        st = etas_plan_build(&in, out, err);
    etas_array_free((void **)&xi);
    return st;
}

/* ---- all of them ---- */

static etas_status build_mixture(const forecast *f, const etas_plan_input *common,
                                 etas_mixture *out, etas_error *err)
{
    const etas_config *cfg = f->cfg;
    uint64_t weight[ETAS_MIXTURE_MAX_MODELS];
    etas_status st;

    for (size_t k = 0; k < cfg->n_models; k++)
        weight[k] = cfg->models[k].weight;
    st = etas_mixture_init(out, cfg->n_models, weight, err);
    if (st != ETAS_OK)
        (void)etas_error_in_key(err, "models");
    for (size_t k = 0; st == ETAS_OK && k < cfg->n_models; k++) {
        const etas_config_model *m = &cfg->models[k];

        st = build_model(common, m, &out->plan[k], err);
        if (st != ETAS_OK)
            (void)etas_error_in_key(err, m->name != NULL ? m->name : "models");
        else
            etas_log_write(&f->t->log, ETAS_LOG_INFO,
                           "model %zu of %zu%s%s: weight %llu, branching ratio %.4g", k + 1,
                           cfg->n_models, m->name != NULL ? ", " : "",
                           m->name != NULL ? m->name : "", (unsigned long long)m->weight,
                           out->plan[k].branching_ratio);
    }
    return st;
}

static etas_status build_models(const forecast *f, const etas_plan_input *common, etas_mixture *out,
                                etas_error *err)
{
    static const uint64_t once = 1;
    etas_status st;

    if (f->cfg->n_models > 0) {
        st = build_mixture(f, common, out, err);
    } else {
        st = etas_mixture_init(out, 1, &once, err);
        if (st == ETAS_OK)
            st = build_model(common, &f->cfg->common, out->plan, err);
    }
    return st == ETAS_OK ? st : etas_error_in_file(err, f->cfg->path);
}

static etas_plan_input common_input(const forecast *f)
{
    const etas_config *cfg = f->cfg;

    return (etas_plan_input){
        .m_threshold = cfg->m_threshold,
        .m_ref = cfg->m_ref,
        .delta_m = cfg->delta_m,
        .region = &cfg->region,
        .earth_radius_km = cfg->earth_radius,
        .filter_region = cfg->filter_polygon,
        .with_parents = output_options_want_parent(&f->options->output),
        .allow_supercritical = f->options->allow_supercritical,
    };
}

static etas_plan_input forecast_input(const forecast *f)
{
    const etas_config *cfg = f->cfg;
    etas_plan_input in = common_input(f);

    in.start = in.output_start = cfg->timewindow_end;
    in.end = in.start + (etas_time)llround(cfg->forecast_days * (double)ETAS_NS_PER_DAY);
    return in;
}

/* ---- from an inversion ---- */

void forecast_basis_free(forecast_basis *self)
{
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    etas_array_free((void **)&self->weight);
    etas_array_free((void **)&self->kappa);
    *self = (forecast_basis){0};
}

/* Locations of the background: the targets, weighted by their probability of being background and
 * by the targets that each stands for. */
static void fill_locations(const fit *f, forecast_basis *out)
{
    for (size_t j = 0; j < out->n_locations; j++) {
        const uint32_t row = f->state.target[j];

        out->lat[j] = f->catalog.lat[row];
        out->lon[j] = f->catalog.lon[row];
        out->weight[j] =
            f->state.expectation->p_background[j] * (f->state.zeta != NULL ? f->state.zeta[j] : 1);
    }
}

etas_status forecast_basis_init(forecast_basis *self, const fit *f, etas_error *err)
{
    const size_t n = f->state.n_targets, n_sources = f->state.n_sources;

    *self = (forecast_basis){.theta = f->state.theta,
                             .beta = f->state.beta,
                             .m_ref = f->m_ref,
                             .area_km2 = f->area_km2,
                             .n_locations = n};
    if (etas_array_alloc((void **)&self->lat, n, sizeof *self->lat) != ETAS_OK ||
        etas_array_alloc((void **)&self->lon, n, sizeof *self->lon) != ETAS_OK ||
        etas_array_alloc((void **)&self->weight, n, sizeof *self->weight) != ETAS_OK ||
        (f->state.kappa != NULL &&
         etas_array_alloc((void **)&self->kappa, n_sources, sizeof *self->kappa) != ETAS_OK)) {
        forecast_basis_free(self);
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a model of %zu targets", n);
    }
    fill_locations(f, self);
    if (self->kappa != NULL)
        memcpy(self->kappa, f->state.kappa, n_sources * sizeof *self->kappa);
    return ETAS_OK;
}

etas_status forecast_build(const forecast *fc, const forecast_basis *basis,
                           const etas_catalog *history, etas_mixture *out, etas_error *err)
{
    etas_plan_input in = forecast_input(fc);
    double *xi = NULL;
    etas_status st;

    in.theta = basis->theta;
    in.beta = basis->beta;
    in.m_ref = basis->m_ref;
    in.area_km2 = basis->area_km2;
    in.history = history;
    in.kappa = basis->kappa;
    in.n_locations = basis->n_locations;
    in.location_lat = basis->lat;
    in.location_lon = basis->lon;
    in.location_weight = basis->weight;
    st = hidden_events(&in, &xi, err);
    in.xi = xi;
    if (st == ETAS_OK)
        st = build_models(fc, &in, out, err);
    etas_array_free((void **)&xi);
    return st;
}

static etas_status models_from_fit(const forecast *fc, etas_mixture *out, run_phases *phases,
                                   etas_error *err)
{
    forecast_basis basis = {0};
    fit f = {0};
    double start = 0;
    etas_status st = fit_run(&f, fc->cfg, &fc->fit, fc->t, err);

    if (st == ETAS_OK)
        st = fit_save(&f, fc->cfg, err);
    start = talk_seconds();
    if (st == ETAS_OK)
        st = forecast_basis_init(&basis, &f, err);
    if (st == ETAS_OK)
        st = forecast_build(fc, &basis, &f.catalog, out, err);
    *phases = (run_phases){f.load_s, f.prepare_s, f.invert_s, talk_seconds() - start};
    forecast_basis_free(&basis);
    fit_free(&f);
    return st;
}

/* ---- from its results ---- */

/* An induced term says how many events there were, not how many there will be. */
static etas_status check_induced(const etas_config *cfg, const etas_results *r, etas_error *err)
{
    bool missing = false;

    for (size_t k = 0; k < cfg->n_models; k++)
        missing = missing || (!cfg->models[k].has_parameters && isnan(cfg->models[k].n_induced));
    if (cfg->n_models == 0)
        missing = isnan(cfg->common.n_induced);
    if (!r->induced || !missing)
        return ETAS_OK;
    etas_fail(err, ETAS_E_PARSE,
              "missing; the inversion has an induced term (bg_term): \"n_induced\" says how many "
              "induced events are expected (0: none), \"induced_grid\" where");
    (void)etas_error_in_key(err, "n_induced");
    return etas_error_in_file(err, cfg->path);
}

static etas_status models_from_results(const forecast *fc, etas_mixture *out, run_phases *phases,
                                       etas_error *err)
{
    const etas_config *cfg = fc->cfg;
    const double start = talk_seconds();
    double loaded;
    etas_plan_input in = forecast_input(fc);
    etas_results r = {0};
    etas_status st = etas_results_load(&r, cfg->fn_inversion_output, cfg, err);

    if (st == ETAS_OK)
        st = check_induced(cfg, &r, err);
    loaded = talk_seconds();
    if (st == ETAS_OK) {
        in.theta = r.theta;
        in.beta = r.beta;
        in.m_ref = r.m_ref;
        in.delta_m = r.delta_m;
        in.region = &r.region;
        in.area_km2 = r.area_km2;
        in.history = &r.sources;
        in.xi = r.xi_plus_1;
        in.kappa = r.free_productivity ? r.kappa : NULL;
        in.n_locations = r.n_targets;
        in.location_lat = r.target_lat;
        in.location_lon = r.target_lon;
        in.location_weight = r.target_weight;
        st = build_models(fc, &in, out, err);
    }
    *phases = (run_phases){.load_s = loaded - start, .plan_s = talk_seconds() - loaded};
    etas_results_free(&r);
    return st;
}

/* ---- from given parameters ---- */

etas_status forecast_load_history(const forecast *fc, double m_ref, fit *f, etas_error *err)
{
    const etas_config *cfg = fc->cfg;
    etas_config as = *cfg; /* borrowed; no column but the completeness is needed */
    etas_status st;

    if (cfg->fn_catalog == NULL)
        return etas_region_area_km2(&cfg->region, cfg->earth_radius, &f->area_km2, err);
    as.bg_term = NULL;
    st = fit_load(f, &as, fc->t, err);
    if (st == ETAS_OK)
        st = fit_cut(f, m_ref, err);
    if (st == ETAS_OK)
        etas_log_write(&fc->t->log, f->catalog.n > 0 ? ETAS_LOG_INFO : ETAS_LOG_WARN,
                       "history: %zu of the %zu events of %s", f->catalog.n, f->n_loaded,
                       cfg->fn_catalog);
    return st;
}

static etas_status models_from_parameters(const forecast *fc, etas_mixture *out, run_phases *phases,
                                          etas_error *err)
{
    forecast_basis basis = {.m_ref = fc->cfg->m_ref};
    fit f = {0};
    double start;
    etas_status st = forecast_load_history(fc, basis.m_ref, &f, err);

    start = talk_seconds();
    basis.area_km2 = f.area_km2;
    if (st == ETAS_OK)
        st = forecast_build(fc, &basis, &f.catalog, out, err);
    *phases = (run_phases){f.load_s, f.prepare_s, 0, talk_seconds() - start};
    fit_free(&f);
    return st;
}

/* ---- */

etas_status forecast_make_models(void *context, etas_mixture *out, run_phases *phases,
                                 etas_error *err)
{
    forecast *fc = context;

    fc->fit.kernels = fc->options->kernels;
    if (fc->cfg->given_parameters)
        return models_from_parameters(fc, out, phases, err);
    return fc->cfg->fn_inversion_output != NULL ? models_from_results(fc, out, phases, err)
                                                : models_from_fit(fc, out, phases, err);
}

etas_status simulation_make_models(void *context, etas_mixture *out, run_phases *phases,
                                   etas_error *err)
{
    const forecast *fc = context;
    const etas_config *cfg = fc->cfg;
    const double begin = talk_seconds();
    etas_plan_input in = common_input(fc);
    etas_status st = etas_region_area_km2(&cfg->region, cfg->earth_radius, &in.area_km2, err);

    in.start = cfg->burn_start;
    in.end = cfg->end;
    in.output_start = cfg->primary_start;
    if (st == ETAS_OK)
        st = build_models(fc, &in, out, err);
    *phases = (run_phases){.plan_s = talk_seconds() - begin};
    return st;
}
