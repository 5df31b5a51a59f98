#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/codec.h"
#include "etas/runner.h"
#include "etas/text.h"
#include "runner/stored_frame.h"
#include "work/work.h"

typedef struct export_state {
    const etas_export_config *cfg;
    etas_forecast_about about;
    etas_forecast_output **outputs; /* cfg->n_outputs */
    etas_store_run run;
    etas_mixture model;    /* of a run that stores events */
    etas_counts kept;      /* of one that stores counts, */
    etas_counter *counter; /* NULL for the other */
    etas_catalog_counts counts;
    etas_ranges missing;
    etas_payload payload; /* of one frame */
    uint64_t next_id;
    etas_export_summary sum;
} export_state;

static etas_status find_missing(etas_store *store, const etas_store_run *run, etas_ranges *out,
                                etas_error *err)
{
    const etas_ranges *const covered = etas_store_covered(store);
    etas_status st = etas_ranges_add(out, (etas_range){run->first_catalog, run->n_catalogs});

    for (size_t i = 0; i < covered->n && st == ETAS_OK; i++)
        st = etas_ranges_subtract(out, covered->items[i]);
    return st == ETAS_OK ? st : etas_fail(err, st, "out of memory for the run's ranges");
}

static etas_status refuse_incomplete(const etas_ranges *missing, etas_error *err)
{
    return etas_fail(err, ETAS_E_INCOMPLETE,
                     "%llu catalogues are missing, the first is %llu: nothing is written",
                     (unsigned long long)etas_ranges_total(missing),
                     (unsigned long long)missing->items[0].first);
}

static bool is_interrupted(const etas_export_config *cfg)
{
    return cfg->interrupted != NULL && *cfg->interrupted;
}

static void count_catalog(export_state *self, uint64_t n_events)
{
    self->sum.n_events += n_events;
    self->sum.n_empty += n_events == 0;
    self->sum.n_catalogs++;
}

static etas_status write_events(export_state *self, uint64_t first, etas_range part,
                                etas_error *err)
{
    const etas_events *const events = &self->payload.events;
    const size_t at = (size_t)(part.first - first);
    const etas_forecast_part piece = {.events = events,
                                      .at = at,
                                      .count = (size_t)part.count,
                                      .catalog_id = self->next_id,
                                      .index = part.first};
    etas_status st = ETAS_OK;

    for (size_t i = at; i < at + part.count; i++)
        count_catalog(self, events->count[i]);
    for (size_t i = 0; i < self->cfg->n_outputs && st == ETAS_OK; i++)
        st = etas_forecast_output_take(self->outputs[i], &piece, err);
    if (st == ETAS_OK && self->cfg->visitor != NULL)
        st = self->cfg->visitor->take(self->cfg->visitor->context, &piece, err);
    self->next_id += part.count;
    return st;
}

static etas_status write_counts(export_state *self, uint64_t first, etas_range part,
                                etas_error *err)
{
    const etas_records *const records = &self->payload.records;
    const size_t at = (size_t)(part.first - first);
    const uint8_t *bytes = records->bytes;
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < at + part.count && st == ETAS_OK; bytes += records->length[i++]) {
        if (i < at)
            continue;
        st = etas_counter_read(self->counter, first + i, records->length[i], bytes, &self->counts,
                               err);
        if (st == ETAS_OK)
            count_catalog(self, self->counts.n_events);
        for (size_t k = 0; k < self->cfg->n_outputs && st == ETAS_OK; k++)
            st = etas_forecast_output_take_counts(self->outputs[k], self->next_id, &self->counts,
                                                  err);
        if (st == ETAS_OK && self->cfg->visitor != NULL)
            st = self->cfg->visitor->take_counts(self->cfg->visitor->context, self->next_id,
                                                 &self->counts, err);
        self->next_id++;
    }
    return st;
}

/* The catalogues that @p part names of one frame; part lies within the frame. */
static etas_status write_piece(void *context, const etas_store_frame *frame, etas_range part,
                               etas_error *err)
{
    export_state *const self = context;
    etas_status st;

    if (is_interrupted(self->cfg))
        return ETAS_E_INTERRUPTED;
    if (etas_ranges_overlap(&self->missing, part) == part.count)
        return ETAS_OK; /* came after we looked what is there */
    st = etas_stored_frame_decode(&self->payload, &self->run, frame, "catalogue", err);
    if (st != ETAS_OK)
        return st;
    st = self->counter != NULL ? write_counts(self, frame->first, part, err)
                               : write_events(self, frame->first, part, err);
    if (st == ETAS_OK && self->cfg->progress != NULL)
        self->cfg->progress(self->cfg->progress_context, self->sum.n_catalogs,
                            self->about.n_catalogs);
    return st;
}

/* ---- FILE.missing.json ---- */

static char *missing_path(const char *path)
{
    const size_t capacity = strlen(path) + sizeof ".missing.json";
    char *const out = malloc(capacity);

    if (out != NULL)
        etas_format(capacity, out, "%s.missing.json", path);
    return out;
}

static bool print_missing(FILE *out, const etas_store_run *run, const etas_ranges *missing)
{
    bool good = fprintf(out, "{\n  \"n_catalogs\": %llu,\n  \"n_missing\": %llu,\n  \"missing\": [",
                        (unsigned long long)run->n_catalogs,
                        (unsigned long long)etas_ranges_total(missing)) > 0;

    for (size_t i = 0; i < missing->n && good; i++)
        good = fprintf(out, "%s\n    {\"first\": %llu, \"count\": %llu}", i > 0 ? "," : "",
                       (unsigned long long)missing->items[i].first,
                       (unsigned long long)missing->items[i].count) > 0;
    return good && fputs("\n  ]\n}\n", out) >= 0;
}

/* Lists what is left out; where nothing is, a list of an earlier export goes. */
static etas_status write_missing(const char *path, const etas_store_run *run,
                                 const etas_ranges *missing, etas_error *err)
{
    char *const name = missing_path(path);
    etas_output out = {0};
    etas_status st = ETAS_OK;

    if (name == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a file name");
    if (missing->n == 0) {
        unlink(name);
        free(name);
        return ETAS_OK;
    }
    st = etas_output_open(&out, name, err);
    if (st == ETAS_OK && !print_missing(out.stream, run, missing)) {
        etas_fail(err, ETAS_E_IO, "cannot be written: %s", strerror(errno));
        etas_error_in_file(err, name);
        st = ETAS_E_IO;
    }
    if (st == ETAS_OK)
        st = etas_output_commit(&out, err);
    etas_output_discard(&out);
    free(name);
    return st;
}

/* ---- */

static etas_status open_all(export_state *self, etas_error *err)
{
    const size_t n = self->cfg->n_outputs;
    etas_status st = ETAS_OK;

    self->outputs = calloc(n > 0 ? n : 1, sizeof(etas_forecast_output *));
    if (self->outputs == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %zu outputs", n);
    for (size_t i = 0; i < n && st == ETAS_OK; i++)
        st =
            etas_forecast_output_open(&self->outputs[i], &self->cfg->outputs[i], &self->about, err);
    return st;
}

static etas_status commit_all(export_state *self, etas_store *store, etas_error *err)
{
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < self->cfg->n_outputs && st == ETAS_OK; i++)
        st = etas_forecast_output_finish(self->outputs[i], err);
    if (st == ETAS_OK && is_interrupted(self->cfg))
        st = ETAS_E_INTERRUPTED;
    if (st == ETAS_OK)
        st = etas_store_check_epoch(store, err);
    if (st == ETAS_OK && self->cfg->n_outputs > 0)
        st = write_missing(self->cfg->outputs[0].path, &self->run, &self->missing, err);
    for (size_t i = 0; i < self->cfg->n_outputs && st == ETAS_OK; i++)
        st = etas_forecast_output_commit(self->outputs[i], err);
    return st;
}

static etas_status write_all(export_state *self, etas_store *store, etas_error *err)
{
    const uint64_t n = self->run.n_catalogs - etas_ranges_total(&self->missing);
    const bool kept = self->counter != NULL;
    etas_status st;

    self->about = (etas_forecast_about){.model = kept ? &self->kept.model : &self->model,
                                        .counts = kept ? &self->kept : NULL,
                                        .n_catalogs = n,
                                        .seed = self->run.seed,
                                        .config_text = self->run.config_text,
                                        .release = self->run.release};
    st = open_all(self, err);
    if (st == ETAS_OK && self->cfg->visitor != NULL)
        st = self->cfg->visitor->begin(self->cfg->visitor->context, &self->about, err);
    if (st == ETAS_OK)
        st = etas_store_each(store, write_piece, self, err);
    if (st == ETAS_OK && self->sum.n_catalogs != n)
        st = etas_fail(err, ETAS_E_CORRUPT, "the store lists catalogues that are not the run's");
    if (st == ETAS_OK)
        st = commit_all(self, store, err);
    for (size_t i = 0; self->outputs != NULL && i < self->cfg->n_outputs; i++)
        etas_forecast_output_close(self->outputs[i]);
    free(self->outputs);
    return st;
}

static etas_status take_counts_model(export_state *self, etas_error *err)
{
    const etas_counting what = {&self->kept.model, &self->kept.cells, &self->kept.axes};
    const etas_status st = etas_counts_decode(self->run.blob_len, self->run.blob, &self->kept, err);

    return st == ETAS_OK ? etas_counter_open(&self->counter, &what, err) : st;
}

/* The run, its model, and what of it is not there. */
static etas_status look_at(export_state *self, etas_store *store, etas_error *err)
{
    const etas_work_kind *kind;
    etas_status st = etas_store_run_get(store, &self->run, err);

    if (st != ETAS_OK)
        return st;
    kind = etas_work_kind_of(self->run.blob_len, self->run.blob);
    if (kind != NULL && kind->frames != ETAS_FRAME_EVENTS && kind != &etas_work_counts)
        return etas_fail(err, ETAS_E_ARG, "the run makes %s, not catalogues", kind->many);
    self->payload.kind = kind != NULL ? kind->frames : ETAS_FRAME_EVENTS;
    self->next_id = self->run.first_catalog;
    st = kind == &etas_work_counts
             ? take_counts_model(self, err)
             : etas_mixture_decode(self->run.blob_len, self->run.blob, &self->model, err);
    return st == ETAS_OK ? find_missing(store, &self->run, &self->missing, err) : st;
}

etas_status etas_export(etas_store *store, const etas_export_config *cfg, etas_export_summary *out,
                        etas_error *err)
{
    export_state self = {.cfg = cfg};
    etas_status st = look_at(&self, store, err);

    *out = (etas_export_summary){0};
    if (st == ETAS_OK && self.missing.n > 0 && !cfg->skip_missing)
        st = refuse_incomplete(&self.missing, err);
    if (st == ETAS_OK)
        st = write_all(&self, store, err);
    if (st == ETAS_OK)
        *out = self.sum;
    if (st == ETAS_E_INTERRUPTED || (st == ETAS_E_IO && is_interrupted(cfg))) {
        if (err != NULL)
            *err = (etas_error){0}; /* a write that the signal ended early */
        st = etas_fail(err, ETAS_E_INTERRUPTED, "interrupted: nothing is written");
    }
    etas_ranges_free(&self.missing);
    etas_payload_free(&self.payload);
    etas_catalog_counts_free(&self.counts);
    etas_counter_close(self.counter);
    etas_counts_free(&self.kept);
    etas_mixture_free(&self.model);
    return st;
}
