#include "etas/gridded_run.h"

#include <string.h>

#include "etas/runner.h"
#include "work/work.h"

etas_status etas_gridded_run_open(etas_gridded_run *self, etas_store *store,
                                  const etas_forecast_grid *grid, etas_error *err)
{
    etas_store_run run;
    etas_status st = etas_store_run_get(store, &run, err);

    if (st != ETAS_OK)
        return st;
    self->store = store;
    if (etas_counts_is_blob(run.blob_len, run.blob)) {
        st = etas_counts_decode(run.blob_len, run.blob, &self->kept, err);
        self->model = &self->kept.model;
        self->cells = &self->kept.cells;
    } else if (etas_work_kind_of(run.blob_len, run.blob) != NULL &&
               etas_work_kind_of(run.blob_len, run.blob)->frames != ETAS_FRAME_EVENTS) {
        st = etas_fail(err, ETAS_E_ARG, "the run makes %s, not catalogues",
                       etas_work_kind_of(run.blob_len, run.blob)->many);
    } else {
        st = etas_mixture_decode(run.blob_len, run.blob, &self->own_model, err);
        if (st == ETAS_OK)
            st = etas_cells_build(&self->own_cells, grid, &self->own_model, err);
        self->model = &self->own_model;
        self->cells = &self->own_cells;
    }
    if (st != ETAS_OK)
        etas_gridded_run_close(self);
    return st;
}

void etas_gridded_run_close(etas_gridded_run *self)
{
    etas_mixture_free(&self->own_model);
    etas_cells_free(&self->own_cells);
    etas_counts_free(&self->kept);
    etas_gridding_free(&self->events);
    *self = (etas_gridded_run){0};
}

static bool is_same(const etas_cells *a, const etas_cells *b)
{
    return a->n_places == b->n_places && a->n_mags == b->n_mags && a->dlat == b->dlat &&
           a->dlon == b->dlon && memcmp(a->west, b->west, a->n_places * sizeof *a->west) == 0 &&
           memcmp(a->south, b->south, a->n_places * sizeof *a->south) == 0 &&
           memcmp(a->mag, b->mag, a->n_mags * sizeof *a->mag) == 0;
}

etas_status etas_gridded_run_share(etas_gridded_run *self, const etas_cells *cells, etas_error *err)
{
    if (self->cells == &self->kept.cells)
        return is_same(self->cells, cells)
                   ? ETAS_OK
                   : etas_fail(err, ETAS_E_ARG, "the run keeps counts on another grid");
    self->cells = cells;
    return ETAS_OK;
}

/* ---- a pass ---- */

static etas_status begin(void *context, const etas_forecast_about *about, etas_error *err)
{
    (void)context;
    (void)about;
    (void)err;
    return ETAS_OK;
}

/* What has been put into cells is one catalogue. */
static etas_status pass_on(etas_gridded_run *self, etas_error *err)
{
    etas_gridded counts;
    const etas_status st = etas_gridding_take(&self->events, &counts, err);

    return st == ETAS_OK ? self->take(self->to, &counts, err) : st;
}

static etas_status take_events(void *context, const etas_forecast_part *part, etas_error *err)
{
    etas_gridded_run *const self = context;
    const etas_events *const e = part->events;
    etas_status st = ETAS_OK;
    size_t i = etas_forecast_part_first(part);

    for (size_t k = part->at; k < part->at + part->count && st == ETAS_OK; k++) {
        for (const size_t end = i + e->count[k]; i < end && st == ETAS_OK; i++) {
            const uint64_t cell = etas_cells_find(self->cells, e, i);

            if (cell != UINT64_MAX)
                st = etas_gridding_add(&self->events, cell, err);
        }
        if (st == ETAS_OK)
            st = pass_on(self, err);
    }
    return st;
}

static etas_status take_counts(void *context, uint64_t catalog_id,
                               const etas_catalog_counts *counts, etas_error *err)
{
    etas_gridded_run *const self = context;
    const uint64_t n = (uint64_t)self->cells->n_places * self->cells->n_mags;
    etas_status st = ETAS_OK;

    (void)catalog_id;
    if (self->cells->n_times == 1)
        return self->take(self->to, &(etas_gridded){counts->n_cells, counts->cell, counts->count},
                          err);
    for (size_t i = 0; i < counts->n_cells; i++)
        for (uint32_t k = 0; k < counts->count[i] && st == ETAS_OK; k++)
            st = etas_gridding_add(&self->events, counts->cell[i] % n, err);
    return st == ETAS_OK ? pass_on(self, err) : st;
}

static etas_status each(void *context, etas_gridded_take take, void *to, etas_error *err)
{
    etas_gridded_run *const self = context;
    const etas_export_visitor visitor = {
        .context = self, .begin = begin, .take = take_events, .take_counts = take_counts};
    const etas_export_config how = {.visitor = &visitor,
                                    .interrupted = self->interrupted,
                                    .progress = self->progress,
                                    .progress_context = self->progress_context};
    etas_export_summary sum;

    self->take = take;
    self->to = to;
    self->events.n = 0;
    return etas_export(self->store, &how, &sum, err);
}

etas_gridded_source etas_gridded_run_source(etas_gridded_run *self)
{
    return (etas_gridded_source){.each = each, .self = self};
}
