#include "stored_forecast.h"

#include "etas/codec.h"
#include "etas/runner.h"
#include "outputs.h"
#include "run_session.h"

/* ---- the model, which outlives the pass over the catalogues ---- */

static etas_status take_model(stored_forecast *self, etas_store *store, etas_error *err)
{
    etas_store_run run;
    etas_status st = etas_store_run_get(store, &run, err);

    if (st != ETAS_OK)
        return st;
    if (etas_counts_is_blob(run.blob_len, run.blob)) {
        st = etas_counts_decode(run.blob_len, run.blob, &self->kept, err);
        self->about.model = &self->kept.model;
        self->about.counts = &self->kept;
    } else {
        st = etas_mixture_decode(run.blob_len, run.blob, &self->own, err);
        self->about.model = &self->own;
    }
    return st;
}

/* ---- the catalogues ---- */

typedef struct pass {
    stored_forecast *self;
    const stored_source *from;
} pass;

static etas_status begin(void *context, const etas_forecast_about *about, etas_error *err)
{
    pass *const p = context;
    etas_status st = take_model(p->self, p->from->store, err);

    p->self->about.n_catalogs = about->n_catalogs;
    if (st == ETAS_OK)
        st = etas_report_gather_open(&p->self->gather, &p->self->about, p->from->n_thresholds,
                                     p->from->threshold, err);
    return st;
}

static etas_status take(void *context, const etas_forecast_part *part, etas_error *err)
{
    return etas_report_gather_take(((pass *)context)->self->gather, part, err);
}

static etas_status take_counts(void *context, uint64_t catalog_id,
                               const etas_catalog_counts *counts, etas_error *err)
{
    (void)catalog_id;
    return etas_report_gather_take_counts(((pass *)context)->self->gather, counts, err);
}

static etas_status gather(stored_forecast *self, const stored_source *from, talk *t,
                          etas_error *err)
{
    pass p = {self, from};
    const etas_export_visitor visitor = {&p, begin, take, take_counts};
    writing_progress reading = {t, talk_seconds(), "reading"};
    const etas_export_config how = {.visitor = &visitor,
                                    .skip_missing = true,
                                    .interrupted = run_catch_signals(),
                                    .progress = show_writing,
                                    .progress_context = &reading};
    etas_export_summary summary;
    etas_status st = etas_export(from->store, &how, &summary, err);

    talk_show_end(t);
    if (st == ETAS_OK)
        st = etas_report_gather_finish(self->gather, &self->forecast, err);
    etas_report_gather_close(self->gather);
    self->gather = NULL;
    return st == ETAS_OK ? st : etas_error_in_file(err, from->path);
}

/* ---- the observation ---- */

static etas_status observe(stored_forecast *self, const stored_source *from, talk *t,
                           etas_error *err)
{
    etas_catalog_summary summary = {0};
    etas_status st = etas_catalog_load(&self->catalog, from->observed, &from->how, &summary, err);

    if (st == ETAS_OK) {
        catalog_options_warn(&summary, from->observed, &t->log);
        st = etas_report_observed_select(&self->observed, &self->catalog, self->forecast, err);
    }
    self->has_observed = st == ETAS_OK;
    return st;
}

etas_status stored_forecast_load(stored_forecast *self, const stored_source *from, talk *t,
                                 etas_error *err)
{
    etas_status st = gather(self, from, t, err);

    return st == ETAS_OK && from->observed != NULL ? observe(self, from, t, err) : st;
}

const etas_report_observed *stored_forecast_observed(const stored_forecast *self)
{
    return self->has_observed ? &self->observed : NULL;
}

void stored_forecast_free(stored_forecast *self)
{
    etas_report_observed_free(&self->observed);
    etas_catalog_free(&self->catalog);
    etas_report_forecast_close(self->forecast);
    etas_report_gather_close(self->gather);
    etas_counts_free(&self->kept);
    etas_mixture_free(&self->own);
    *self = (stored_forecast){0};
}
