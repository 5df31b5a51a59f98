/* Tallies of catalogues. */
#include "work/counter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"

/* ---- tallies ---- */

void etas_catalog_counts_free(etas_catalog_counts *self)
{
    etas_array_free((void **)&self->cell);
    etas_array_free((void **)&self->count);
    self->n_cells = self->cell_capacity = self->count_capacity = 0;
}

etas_status etas_catalog_counts_reserve(etas_catalog_counts *self, size_t n_cells)
{
    etas_status st =
        etas_array_reserve((void **)&self->cell, &self->cell_capacity, n_cells, sizeof *self->cell);

    if (st == ETAS_OK)
        st = etas_array_reserve((void **)&self->count, &self->count_capacity, n_cells,
                                sizeof *self->count);
    return st;
}

/* ---- open ---- */

static etas_status build_models(etas_counter *self, etas_error *err)
{
    const etas_mixture *const mixture = self->what.model;
    const etas_summary_axes *const axes = self->what.axes;
    etas_status st = etas_array_alloc((void **)&self->models, mixture->n, sizeof *self->models);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for %zu models", mixture->n);
    for (size_t i = 0; i < mixture->n && st == ETAS_OK; i++) {
        etas_counter_model *const m = &self->models[i];

        for (size_t j = 0; j < axes->n_thresholds; j++)
            m->units[j] = etas_reached_units(axes->threshold[j]);
        st = etas_childless_build(&m->childless, &mixture->plan[i], axes->n_thresholds,
                                  axes->threshold, err);
    }
    return st;
}

static void set_horizons(etas_counter *self)
{
    const etas_plan *const p = &self->what.model->plan[0];
    const etas_summary_axes *const axes = self->what.axes;
    const double burn = etas_days_between(p->start, p->output_start);

    for (size_t h = 0; h + 1 < axes->n_horizons; h++)
        self->horizon_ms[h] = (uint64_t)ceil((burn + axes->horizon_days[h]) * 86400e3 - 1e-3);
    self->horizon_ms[axes->n_horizons - 1] = UINT64_MAX;
}

etas_status etas_counter_open(etas_counter **out, const etas_counting *what, etas_error *err)
{
    etas_counter *self = NULL;
    etas_status st = etas_array_alloc((void **)&self, 1, sizeof *self);

    *out = NULL;
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for counts");
    self->what = *what;
    if (what->axes != NULL) {
        set_horizons(self);
        st = build_models(self, err);
    }
    if (st == ETAS_OK)
        *out = self;
    else
        etas_counter_close(self);
    return st;
}

void etas_counter_close(etas_counter *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; self->models != NULL && i < self->what.model->n; i++)
        etas_childless_free(&self->models[i].childless);
    etas_array_free((void **)&self->models);
    etas_array_free((void **)&self->events);
    etas_array_free((void **)&self->cells);
    etas_array_free((void **)&self->bytes);
    etas_catalog_counts_free(&self->tally);
    etas_array_free((void **)&self);
}

const etas_counter_model *etas_counter_model_of(const etas_counter *self, uint64_t index)
{
    const etas_mixture *const m = self->what.model;

    return &self->models[m->n > 1 ? m->turn[index % m->period] : 0];
}

/* ---- cells ---- */

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

void etas_cells_sort(size_t n, uint64_t cells[])
{
    enum { FEW = 32 };

    if (n > FEW) {
        qsort(cells, n, sizeof *cells, compare);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const uint64_t x = cells[i];
        size_t at = i;

        for (; at > 0 && cells[at - 1] > x; at--)
            cells[at] = cells[at - 1];
        cells[at] = x;
    }
}

static etas_status count_cells(etas_counter *self, const etas_counted *catalog,
                               etas_catalog_counts *out)
{
    size_t n = 0;

    out->n_cells = 0;
    if (self->what.cells == NULL || catalog->n == 0)
        return ETAS_OK;
    if (etas_array_reserve((void **)&self->cells, &self->cell_capacity, catalog->n,
                           sizeof *self->cells) != ETAS_OK ||
        etas_catalog_counts_reserve(out, catalog->n) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t i = 0; i < catalog->n; i++) {
        const uint64_t cell =
            etas_cells_find(self->what.cells, catalog->events, catalog->first + i);

        if (cell != UINT64_MAX)
            self->cells[n++] = cell;
    }
    etas_cells_sort(n, self->cells);
    for (size_t i = 0; i < n; i++) {
        if (out->n_cells == 0 || out->cell[out->n_cells - 1] != self->cells[i]) {
            out->cell[out->n_cells] = self->cells[i];
            out->count[out->n_cells++] = 0;
        }
        out->count[out->n_cells - 1]++;
    }
    return ETAS_OK;
}

/* ---- summaries ---- */

/* Whether a place may lie in a zone with a magnitude law of its own. The place that decided was
 * rounded for the report, so that one beside it counts too. */
static bool may_be_zoned(const etas_plan *plan, double lat, double lon)
{
    const etas_plan_zones *const z = &plan->zones;
    const double step = 1.5 / ETAS_DEGREE_UNITS;

    for (int corner = 0; z->n > 0 && corner < 4; corner++) {
        const double row = floor((lat + (corner % 2 > 0 ? step : -step) - z->lat0) / z->dlat);
        double east = lon + (corner / 2 > 0 ? step : -step) - z->lon0;
        double column;

        east -= 360 * floor(east / 360);
        column = floor(east / z->dlon);
        if (row >= 0 && row < z->n_lat && column >= 0 && column < z->n_lon &&
            z->zone[(size_t)row * z->n_lon + (size_t)column] != z->n)
            return true;
    }
    return false;
}

static etas_status gather(etas_counter *self, const etas_counted *catalog)
{
    const etas_mixture *const mixture = self->what.model;
    const etas_counter_model *const model = etas_counter_model_of(self, catalog->index);
    const etas_plan *const plan = &mixture->plan[model - self->models];
    const etas_events *const e = catalog->events;

    if (etas_array_reserve((void **)&self->events, &self->event_capacity, catalog->n,
                           sizeof *self->events) != ETAS_OK)
        return ETAS_E_NOMEM;
    self->n_events = catalog->n;
    for (size_t k = 0; k < catalog->n; k++) {
        const size_t i = catalog->first + k;
        etas_counted_event *const out = &self->events[k];

        *out = (etas_counted_event){.time_ms = e->time_ms[i]};
        while (out->reached < self->what.axes->n_thresholds &&
               e->mag[i] >= model->units[out->reached])
            out->reached++;
        out->childless =
            (e->flags[i] & ETAS_EVENT_CHILDLESS) != 0 &&
            !may_be_zoned(plan, e->lat[i] / ETAS_DEGREE_UNITS, e->lon[i] / ETAS_DEGREE_UNITS);
    }
    return ETAS_OK;
}

/* At least one of independent events: p + q - p q keeps the digits of small ones. */
static void add_event(const etas_counter_model *model, size_t n, const etas_counted_event *e,
                      uint32_t number[], double chance[])
{
    double q[ETAS_MAX_THRESHOLDS];

    for (size_t j = 0; j < e->reached; j++)
        number[j]++;
    if (!e->childless) {
        for (size_t j = 0; j < e->reached; j++)
            chance[j] = 1;
        return;
    }
    etas_childless_at(&model->childless, e->time_ms, q);
    for (size_t j = 0; j < n; j++)
        chance[j] += q[j] * (1 - chance[j]);
}

void etas_counter_sum_up(const etas_counter *self, const etas_counter_model *model,
                         etas_catalog_counts *out)
{
    const size_t n = self->what.axes->n_thresholds, horizons = self->what.axes->n_horizons;
    uint32_t *number = out->number;
    double *chance = out->chance;
    size_t i = 0;

    memset(number, 0, n * sizeof *number);
    for (size_t j = 0; j < n; j++)
        chance[j] = 0;
    for (size_t h = 0; h < horizons; h++) {
        for (; i < self->n_events && self->events[i].time_ms < self->horizon_ms[h]; i++)
            add_event(model, n, &self->events[i], number, chance);
        if (h + 1 == horizons)
            break;
        memcpy(number + n, number, n * sizeof *number);
        memcpy(chance + n, chance, n * sizeof *chance);
        number += n;
        chance += n;
    }
}

etas_status etas_counter_take(etas_counter *self, const etas_counted *catalog,
                              etas_catalog_counts *out, etas_error *err)
{
    etas_status st = count_cells(self, catalog, out);

    out->n_events = catalog->n;
    if (st == ETAS_OK && self->what.axes != NULL)
        st = gather(self, catalog);
    return st == ETAS_OK ? st
                         : etas_fail(err, st, "out of memory for the counts of catalogue %llu",
                                     (unsigned long long)catalog->index);
}

etas_status etas_counter_count(etas_counter *self, const etas_counted *catalog,
                               etas_catalog_counts *out, etas_error *err)
{
    const etas_status st = etas_counter_take(self, catalog, out, err);

    if (st == ETAS_OK && self->what.axes != NULL)
        etas_counter_sum_up(self, etas_counter_model_of(self, catalog->index), out);
    return st;
}
