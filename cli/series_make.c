#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/text.h"
#include "magnitudes.h"
#include "run_session.h"
#include "series.h"

/* ---- the catalogue ---- */

/* What no date can use goes: outside the region, or before any history. */
static etas_status keep_usable(const etas_config *cfg, const etas_catalog *all, etas_catalog *out,
                               etas_error *err)
{
    for (size_t i = 0; i < all->n; i++) {
        const etas_event e = etas_catalog_row(all, i);

        if (e.time >= cfg->auxiliary_start && etas_region_contains(&cfg->region, e.lat, e.lon) &&
            etas_catalog_append(out, &e) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "no memory for a catalogue of %zu events", all->n);
    }
    return ETAS_OK;
}

etas_status series_maker_init(series_maker *self, etas_error *err)
{
    const etas_config *const cfg = self->cfg;
    etas_catalog all = {0};
    etas_status st = fit_read(cfg, self->t, &all, err);

    self->quiet = *self->t; /* its log speaks through the one of t */
    if (self->quiet.log.max_level > ETAS_LOG_WARN)
        self->quiet.log.max_level = ETAS_LOG_WARN;
    self->last_event = ETAS_TIME_NONE;
    for (size_t i = 0; i < all.n; i++)
        self->last_event = all.time[i] > self->last_event ? all.time[i] : self->last_event;
    if (st == ETAS_OK)
        magnitudes_check_grid(&all, cfg->delta_m, cfg->fn_catalog, &self->t->log);
    if (st == ETAS_OK)
        st = keep_usable(cfg, &all, &self->events, err);
    if (st == ETAS_OK)
        st = fit_region_size(cfg, &self->area_km2, err);
    etas_catalog_free(&all);
    return st;
}

void series_maker_free(series_maker *self)
{
    etas_catalog_free(&self->events);
    forecast_basis_free(&self->basis);
}

/* ---- one date ---- */

/* The configuration as it would stand had it been written for a forecast on this date; borrowed. */
static etas_config dated_config(const series_maker *self, etas_time date)
{
    etas_config out = *self->cfg;

    out.timewindow_end = date;
    out.forecast_days = self->settings->horizon_days;
    return out;
}

static void take_catalog(fit *f, etas_catalog *out)
{
    *out = f->catalog;
    f->catalog = (etas_catalog){0};
}

/* Inverts what was known at date @p i, into self->basis; the prepared events into @p history. */
static etas_status invert(series_maker *self, uint64_t i, etas_catalog *history, etas_error *err)
{
    const etas_config cfg = dated_config(self, series_date(self->settings, i));
    fit f = {.events = &self->events, .area_km2 = self->area_km2};
    etas_status st = fit_run(&f, &cfg, self->fit, &self->quiet, err);

    forecast_basis_free(&self->basis);
    if (st == ETAS_OK)
        st = forecast_basis_init(&self->basis, &f, err);
    etas_inversion_close(f.inversion);
    f.inversion = NULL;
    if (st == ETAS_OK)
        take_catalog(&f, history);
    fit_free(&f);
    return st;
}

/* The model that date @p i uses; its history too where the two are of the same date. */
static etas_status get_basis(series_maker *self, uint64_t i, etas_catalog *history, etas_error *err)
{
    const uint64_t of = series_fit_date(self->settings, i);

    if (self->cfg->given_parameters) {
        self->basis = (forecast_basis){.m_ref = self->cfg->m_ref, .area_km2 = self->area_km2};
        return ETAS_OK;
    }
    if (!self->has_basis || self->basis_of != of) {
        self->basis_error = (etas_error){0};
        self->basis_status = invert(self, of, history, &self->basis_error);
        self->has_basis = true;
        self->basis_of = of;
        if (of != i)
            etas_catalog_free(history);
    }
    if (self->basis_status != ETAS_OK && err != NULL)
        *err = self->basis_error;
    return self->basis_status;
}

static etas_status get_history(series_maker *self, const forecast *fc, etas_catalog *out,
                               etas_error *err)
{
    fit f = {.events = &self->events, .area_km2 = self->area_km2};
    const etas_status st = forecast_load_history(fc, self->basis.m_ref, &f, err);

    if (st == ETAS_OK)
        take_catalog(&f, out);
    fit_free(&f);
    return st;
}

/* Of the inversion, also where it leads to no forecast; of given parameters when they are one set.
 */
static void describe_model(const series_maker *self, const etas_plan *plan, series_row *out)
{
    out->has_theta = plan != NULL || !self->cfg->given_parameters;
    out->theta = plan != NULL ? plan->theta : self->basis.theta;
    out->beta = plan != NULL ? plan->beta : self->basis.beta;
    out->branching = plan != NULL ? plan->branching_ratio : NAN;
}

/* ---- its catalogues ---- */

static etas_status create_store(const series_maker *self, const series_row *row,
                                const etas_mixture *model, etas_store **out, etas_error *err)
{
    etas_store_run run = {.n_catalogs = row->n_simulations,
                          .seed = row->seed,
                          .algorithm = ETAS_ALGORITHM_VERSION,
                          .config_text = self->cfg->text,
                          .release = ETAS_RELEASE};
    char date[SERIES_DATE];
    etas_text path = {0};
    uint8_t *blob = NULL;
    etas_status st = etas_mixture_encode(model, &blob, &run.blob_len, err);

    run.blob = blob;
    if (st == ETAS_OK && self->stores != NULL &&
        etas_text_printf(&path, "%s/%s.store", self->stores, series_date_text(row->issue, date)) !=
            ETAS_OK)
        st = etas_fail(err, ETAS_E_NOMEM, "no memory for a file name");
    if (st == ETAS_OK)
        st = run_store_begin(out, path.data != NULL ? path.data : ETAS_STORE_MEMORY,
                             ETAS_STORE_RESTART, &run, err);
    etas_text_free(&path);
    etas_array_free((void **)&blob);
    return st;
}

static etas_status simulate(series_maker *self, const series_row *row, const etas_mixture *model,
                            etas_store **out, etas_error *err)
{
    const double now = talk_seconds();
    etas_runner_config how = self->pool->how;
    etas_run_report report = {0};
    etas_status st;

    if (now >= self->options->stop_at)
        return etas_fail(err, ETAS_E_RUNTIME, "the runtime is over");
    if (isfinite(self->options->stop_at))
        how.runtime_s = self->options->stop_at - now;
    how.brief = self->stores == NULL;
    how.log = how.redis.log = self->n_runs++ == 0 ? &self->t->log : &self->quiet.log;
    st = create_store(self, row, model, out, err);
    if (st == ETAS_OK)
        st = etas_run(*out, &how, &report, err);
    etas_ranges_free(&report.missing);
    return st;
}

/* ---- what happened ---- */

static etas_status select_observed(const series_maker *self, const series_row *row,
                                   etas_catalog *out, etas_error *err)
{
    const etas_config *const cfg = self->cfg;
    const etas_selection how = {.start = row->issue,
                                .end = row->end,
                                .region = &cfg->region,
                                .delta_m = cfg->delta_m,
                                .mc_method = ETAS_MC_CONSTANT,
                                .mc = cfg->m_threshold};
    const etas_status st = etas_catalog_select(&self->events, &how, out, err);

    return st == ETAS_OK ? st : etas_error_in_file(err, cfg->fn_catalog);
}

/* Events per day since the targets' window began (without one: the history), times the horizon. */
static double baseline_mean(const series_maker *self, const series_row *row,
                            const etas_catalog *history)
{
    const etas_config *const cfg = self->cfg;
    const double half_bin = cfg->delta_m > 0 ? cfg->delta_m / 2 : 1e-9;
    const etas_time start =
        cfg->timewindow_start != ETAS_TIME_NONE ? cfg->timewindow_start : cfg->auxiliary_start;
    size_t n = 0;

    for (size_t i = 0; i < history->n; i++)
        n += history->time[i] >= start && history->mag[i] >= cfg->m_threshold - half_bin;
    return (double)n / etas_days_between(start, row->issue) *
           etas_days_between(row->issue, row->end);
}

static etas_status score(const series_maker *self, const etas_mixture *model,
                         const etas_catalog *history, etas_store *store, series_row *row,
                         etas_error *err)
{
    etas_catalog observed = {0};
    series_scoring in = {.settings = self->settings,
                         .store = store,
                         .model = model,
                         .observed = &observed,
                         .baseline_mean = baseline_mean(self, row, history)};
    etas_status st = select_observed(self, row, &observed, err);

    if (st == ETAS_OK)
        st = series_score_make(&in, &row->score, err);
    etas_catalog_free(&observed);
    return st;
}

/* ---- */

static etas_status make_model(series_maker *self, uint64_t i, etas_catalog *history,
                              etas_mixture *model, series_row *row, etas_error *err)
{
    const etas_config cfg = dated_config(self, row->issue);
    const forecast fc = {.cfg = &cfg, .options = self->options, .t = &self->quiet};
    const double start = talk_seconds();
    double now;
    etas_status st = get_basis(self, i, history, err);

    now = talk_seconds();
    row->invert_s = now - start;
    if (st == ETAS_OK && history->n == 0)
        st = get_history(self, &fc, history, err);
    row->load_s = talk_seconds() - now;
    now = talk_seconds();
    row->n_history = history->n;
    if (st != ETAS_OK)
        return st;
    st = forecast_build(&fc, &self->basis, history, model, err);
    describe_model(self, st == ETAS_OK && model->n == 1 ? model->plan : NULL, row);
    row->plan_s = talk_seconds() - now;
    return st;
}

/* Whether another date may do better. */
static bool concerns_date(etas_status st)
{
    return st == ETAS_E_RANGE || st == ETAS_E_CONVERGE || st == ETAS_E_SUPERCRITICAL ||
           st == ETAS_E_INCOMPLETE || st == ETAS_E_LIMIT;
}

static etas_status make_row(series_maker *self, uint64_t i, series_row *row, etas_error *err)
{
    etas_catalog history = {0};
    etas_mixture model = {0};
    etas_store *store = NULL;
    etas_error why = {0};
    double now, then;
    etas_status st = make_model(self, i, &history, &model, row, &why);

    then = talk_seconds();
    if (st == ETAS_OK)
        st = simulate(self, row, &model, &store, &why);
    now = talk_seconds();
    row->simulate_s = now - then;
    if (st == ETAS_OK)
        st = score(self, &model, &history, store, row, &why);
    else if (concerns_date(st))
        etas_error_format(&why, sizeof row->reason, row->reason);
    if (st == ETAS_OK && self->stores != NULL)
        st = etas_store_finish(store, "complete", &why);
    row->score_s = talk_seconds() - now;
    etas_store_close(store);
    etas_mixture_free(&model);
    etas_catalog_free(&history);
    if (row->reason[0] != '\0')
        return ETAS_OK;
    if (st != ETAS_OK && err != NULL)
        *err = why;
    return st;
}

etas_status series_make(series_maker *self, uint64_t i, series_row *out, etas_error *err)
{
    const series_settings *const settings = self->settings;
    const etas_time issue = series_date(settings, i);
    series_chance chance;
    const etas_status st = series_chance_of(settings->seed, issue, &chance, err);

    if (st != ETAS_OK)
        return st;
    *out = (series_row){
        .issue = issue,
        .end = issue + (etas_time)llround(settings->horizon_days * (double)ETAS_NS_PER_DAY),
        .fitted = self->cfg->given_parameters ? ETAS_TIME_NONE
                                              : series_date(settings, series_fit_date(settings, i)),
        .seed = chance.seed,
        .n_simulations = settings->n_simulations};
    return make_row(self, i, out, err);
}
