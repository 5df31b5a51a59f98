#include "etas/observed.h"

#include <math.h>

#include "etas/array.h"
#include "work/counter.h"

/* ---- cells ---- */

etas_status etas_gridding_add(etas_gridding *self, uint64_t cell, etas_error *err)
{
    if (etas_array_reserve((void **)&self->cell, &self->cell_capacity, self->n + 1,
                           sizeof *self->cell) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for the events of a catalogue");
    self->cell[self->n++] = cell;
    return ETAS_OK;
}

/* Equal cells become one. */
etas_status etas_gridding_take(etas_gridding *self, etas_gridded *out, etas_error *err)
{
    const size_t n = self->n;
    size_t n_cells = 0;

    if (etas_array_reserve((void **)&self->count, &self->count_capacity, n, sizeof *self->count) !=
        ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for the events of a catalogue");
    etas_cells_sort(n, self->cell);
    for (size_t i = 0; i < n; i++) {
        if (n_cells == 0 || self->cell[n_cells - 1] != self->cell[i]) {
            self->cell[n_cells] = self->cell[i];
            self->count[n_cells++] = 0;
        }
        self->count[n_cells - 1]++;
    }
    self->n = 0;
    *out = (etas_gridded){.n = n_cells, .cell = self->cell, .count = self->count};
    return ETAS_OK;
}

void etas_gridding_free(etas_gridding *self)
{
    etas_array_free((void **)&self->cell);
    etas_array_free((void **)&self->count);
    *self = (etas_gridding){0};
}

/* ---- the observation ---- */

static double bin_width(const etas_mixture *model)
{
    double width = 0;

    for (size_t i = 0; i < model->n; i++)
        width = fmax(width, model->plan[i].delta_m);
    return width;
}

static bool is_in_region(const etas_mixture *model, double lat, double lon)
{
    for (size_t i = 0; i < model->n; i++)
        if (!model->plan[i].filter_region ||
            etas_raster_contains(&model->plan[i].raster, &model->plan[i].region, lat, lon))
            return true;
    return false;
}

static etas_status sort_out(etas_observed *self, const etas_catalog *catalog,
                            const etas_mixture *model, const etas_cells *cells, etas_error *err)
{
    const etas_plan *const window = &model->plan[0];
    const double delta_m = bin_width(model);
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < catalog->n && st == ETAS_OK; i++) {
        const double lat = catalog->lat[i], lon = catalog->lon[i];
        const double mag = etas_magnitude_round(catalog->mag[i], delta_m);
        const uint64_t cell = etas_cells_at(cells, lat, lon, mag);

        if (catalog->time[i] < window->output_start || catalog->time[i] >= window->end) {
            self->n_time++;
        } else if (!etas_cells_reach(cells, mag)) {
            self->n_small++;
        } else if (!is_in_region(model, lat, lon)) {
            self->n_region++;
        } else if (cell == UINT64_MAX) {
            self->n_border++;
        } else {
            self->row[self->n_events++] = i;
            st = etas_gridding_add(&self->cells, cell, err);
        }
    }
    return st == ETAS_OK ? etas_gridding_take(&self->cells, &self->gridded, err) : st;
}

etas_status etas_observed_build(etas_observed *self, const etas_catalog *catalog,
                                const etas_mixture *model, const etas_cells *cells, etas_error *err)
{
    etas_observed out = {0};
    etas_status st = etas_array_alloc((void **)&out.row, catalog->n, sizeof *out.row);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for %zu events", catalog->n);
    st = sort_out(&out, catalog, model, cells, err);
    etas_observed_free(st == ETAS_OK ? self : &out);
    if (st == ETAS_OK)
        *self = out;
    return st;
}

void etas_observed_free(etas_observed *self)
{
    etas_gridding_free(&self->cells);
    etas_array_free((void **)&self->row);
    *self = (etas_observed){0};
}
