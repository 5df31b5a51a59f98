#include "etas/forecast_output.h"

#include <stdlib.h>

#include "etas/io.h"
#include "io/forecast_writer.h"

struct etas_forecast_output {
    etas_forecast_target to;
    const etas_forecast_writer *writer;
    void *state; /* the writer's */
    etas_output file;
    bool any, finished;
    uint64_t next_id; /* once there was any part */
};

static const etas_forecast_writer *const writers[] = {
    [ETAS_FORMAT_CSEP] = &etas_forecast_csv,
    [ETAS_FORMAT_REFERENCE] = &etas_forecast_csv,
    [ETAS_FORMAT_HDF5] = &etas_forecast_hdf5,
    [ETAS_FORMAT_DAT] = &etas_forecast_dat,
    [ETAS_FORMAT_RATES_CSV] = &etas_forecast_rates_csv,
    [ETAS_FORMAT_RATES_GEOJSON] = &etas_forecast_rates_geojson,
    [ETAS_FORMAT_SUMMARY_JSON] = &etas_forecast_summary_json,
    [ETAS_FORMAT_SUMMARY_CSV] = &etas_forecast_summary_csv,
    [ETAS_FORMAT_COUNTS_CSV] = &etas_forecast_counts_csv,
};

size_t etas_forecast_part_first(const etas_forecast_part *self)
{
    size_t first = 0;

    for (size_t i = 0; i < self->at; i++)
        first += self->events->count[i];
    return first;
}

static etas_status in_file(const etas_forecast_output *self, etas_status st, etas_error *err)
{
    if (st != ETAS_OK)
        etas_error_in_file(err, self->to.spec->path);
    return st;
}

static etas_status start(etas_forecast_output *self, etas_error *err)
{
    const etas_forecast_spec *const spec = self->to.spec;
    const etas_mixture *const model = self->to.about->model;
    etas_status st;

    if ((size_t)spec->format >= sizeof writers / sizeof(const etas_forecast_writer *))
        return etas_fail(err, ETAS_E_ARG, "an unknown format of forecasts: %d", (int)spec->format);
    if (model == NULL || model->n == 0 || model->plan[0].start == ETAS_TIME_NONE)
        return etas_fail(err, ETAS_E_ARG, "the window of the forecast has no start");
    if (spec->with_parent && !model->plan[0].with_parents)
        return etas_fail(err, ETAS_E_ARG,
                         "the run was made without the parents of its events: it needs --columns "
                         "parent itself");
    self->writer = writers[spec->format];
    if (self->to.about->counts != NULL && self->writer->take_counts == NULL)
        return etas_fail(err, ETAS_E_ARG, "the run keeps counts: there are no events to write");
    st = etas_output_open(&self->file, spec->path, err);
    if (st != ETAS_OK)
        return st;
    self->to.stream = self->file.stream;
    self->to.temporary = self->file.temporary;
    return self->writer->open(&self->state, &self->to, err);
}

etas_status etas_forecast_output_open(etas_forecast_output **out, const etas_forecast_spec *spec,
                                      const etas_forecast_about *about, etas_error *err)
{
    etas_forecast_output *self = calloc(1, sizeof *self);
    etas_status st;

    *out = NULL;
    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a forecast file");
    self->to.spec = spec;
    self->to.about = about;
    st = in_file(self, start(self, err), err);
    if (st == ETAS_OK)
        *out = self;
    else
        etas_forecast_output_close(self);
    return st;
}

bool etas_forecast_format_from_counts(etas_forecast_format format)
{
    return (size_t)format < sizeof writers / sizeof(const etas_forecast_writer *) &&
           writers[format]->take_counts != NULL;
}

static etas_status check_id(const etas_forecast_output *self, uint64_t catalog_id, etas_error *err)
{
    if (self->finished)
        return etas_fail(err, ETAS_E_ARG, "a catalogue after the last one");
    if (self->any && catalog_id != self->next_id)
        return etas_fail(err, ETAS_E_ARG, "catalogue %llu follows where %llu should",
                         (unsigned long long)catalog_id, (unsigned long long)self->next_id);
    return ETAS_OK;
}

static etas_status check_part(const etas_forecast_output *self, const etas_forecast_part *part,
                              etas_error *err)
{
    if (self->to.about->counts != NULL)
        return etas_fail(err, ETAS_E_ARG, "events of a run that keeps counts");
    if (part->at > part->events->n_catalogs || part->count > part->events->n_catalogs - part->at)
        return etas_fail(err, ETAS_E_ARG, "catalogues %zu + %zu of %zu", part->at, part->count,
                         part->events->n_catalogs);
    return check_id(self, part->catalog_id, err);
}

etas_status etas_forecast_output_take(etas_forecast_output *self, const etas_forecast_part *part,
                                      etas_error *err)
{
    etas_status st = check_part(self, part, err);

    if (st != ETAS_OK)
        return in_file(self, st, err);
    self->any = true;
    self->next_id = part->catalog_id + part->count;
    return in_file(self, self->writer->take(self->state, part, err), err);
}

etas_status etas_forecast_output_take_counts(etas_forecast_output *self, uint64_t catalog_id,
                                             const etas_catalog_counts *counts, etas_error *err)
{
    etas_status st = check_id(self, catalog_id, err);

    if (st == ETAS_OK && self->to.about->counts == NULL)
        st = etas_fail(err, ETAS_E_ARG, "counts of a run that keeps events");
    if (st != ETAS_OK)
        return in_file(self, st, err);
    self->any = true;
    self->next_id = catalog_id + 1;
    return in_file(self, self->writer->take_counts(self->state, catalog_id, counts, err), err);
}

etas_status etas_forecast_output_finish(etas_forecast_output *self, etas_error *err)
{
    etas_status st = ETAS_OK;

    if (self->finished)
        return ETAS_OK;
    st = self->writer->finish(self->state, err);
    if (st == ETAS_OK)
        st = etas_output_sync(&self->file, err);
    self->finished = st == ETAS_OK;
    return in_file(self, st, err);
}

etas_status etas_forecast_output_commit(etas_forecast_output *self, etas_error *err)
{
    etas_status st = etas_forecast_output_finish(self, err);

    if (st == ETAS_OK)
        st = etas_output_commit(&self->file, err);
    return in_file(self, st, err);
}

void etas_forecast_output_close(etas_forecast_output *self)
{
    if (self == NULL)
        return;
    if (self->writer != NULL)
        self->writer->close(self->state);
    etas_output_discard(&self->file);
    free(self);
}
