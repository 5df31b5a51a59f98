#include "io/forecast_source.h"

static etas_status build_cells(etas_forecast_source *self, const etas_forecast_target *to,
                               etas_error *err)
{
    const etas_forecast_grid usual = etas_forecast_grid_default();

    self->cells = &self->own_cells;
    return etas_cells_build(&self->own_cells, to->spec->grid != NULL ? to->spec->grid : &usual,
                            to->about->model, err);
}

static etas_status build_axes(etas_forecast_source *self, const etas_forecast_target *to,
                              etas_error *err)
{
    self->axes = &self->own_axes;
    return etas_summary_axes_build(&self->own_axes, to->spec->n_thresholds, to->spec->threshold,
                                   to->about->model, err);
}

etas_status etas_forecast_source_open(etas_forecast_source *self, const etas_forecast_target *to,
                                      etas_source_kind kind, etas_error *err)
{
    const etas_counts *const kept = to->about->counts;
    etas_counting what = {.model = to->about->model};
    etas_status st;

    if (kept != NULL) {
        self->cells = &kept->cells;
        self->axes = &kept->axes;
        return ETAS_OK;
    }
    st = kind == ETAS_SOURCE_CELLS ? build_cells(self, to, err) : build_axes(self, to, err);
    what.cells = self->cells;
    what.axes = self->axes;
    return st == ETAS_OK ? etas_counter_open(&self->counter, &what, err) : st;
}

void etas_forecast_source_close(etas_forecast_source *self)
{
    etas_counter_close(self->counter);
    etas_cells_free(&self->own_cells);
    etas_catalog_counts_free(&self->counts);
    *self = (etas_forecast_source){0};
}

etas_status etas_forecast_source_each(etas_forecast_source *self, const etas_forecast_part *part,
                                      etas_take_counts take, void *context, etas_error *err)
{
    const etas_events *const e = part->events;
    etas_status st = ETAS_OK;
    size_t first = etas_forecast_part_first(part);

    for (size_t i = 0; i < part->count && st == ETAS_OK; i++) {
        const etas_counted one = {
            .events = e, .first = first, .n = e->count[part->at + i], .index = part->index + i};

        st = etas_counter_count(self->counter, &one, &self->counts, err);
        if (st == ETAS_OK)
            st = take(context, part->catalog_id + i, &self->counts, err);
        first += one.n;
    }
    return st;
}
