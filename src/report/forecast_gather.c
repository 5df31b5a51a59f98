/* One pass over the catalogues. */
#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "io/forecast_source.h"
#include "report/forecast_data.h"
#include "report/forecast_map.h"
#include "work/childless.h"

const unsigned etas_fan_permille[ETAS_FAN_QUANTILES] = {50, 250, 500, 750, 950};

enum { MOST_MAGS = 100 };
static const double MS_PER_DAY = 86400e3;

struct etas_report_gather {
    const etas_forecast_about *about;
    etas_cells own_cells;
    const etas_cells *cells;
    etas_summary_axes axes;
    etas_counter *counter; /* NULL for a run that keeps counts */
    etas_catalog_counts counts;
    etas_summary_tally tally;
    uint64_t *in_place; /* events of all catalogues, by the cells' places */
    uint64_t n_catalogs, n_events, n_empty;
    int32_t lowest; /* units that reach the lowest threshold */
    size_t n_times, n_mags;
    double days[ETAS_FAN_TIMES];
    uint64_t until_ms[ETAS_FAN_TIMES];
    double mag[MOST_MAGS];
    int32_t mag_units[MOST_MAGS];
    etas_histogram by_time[ETAS_FAN_TIMES], by_mag[MOST_MAGS];
};

/* ---- open ---- */

static void set_times(etas_report_gather *self)
{
    const etas_plan *const p = &self->about->model->plan[0];
    const double window = etas_days_between(p->output_start, p->end);
    const double burn = etas_days_between(p->start, p->output_start);

    self->n_times = ETAS_FAN_TIMES;
    for (size_t i = 0; i < self->n_times; i++) {
        self->days[i] = window * (double)(i + 1) / (double)self->n_times;
        self->until_ms[i] = (uint64_t)ceil((burn + self->days[i]) * MS_PER_DAY - 1e-3);
    }
    self->days[self->n_times - 1] = window;
    self->until_ms[self->n_times - 1] = UINT64_MAX;
}

/* The bins of the reports, up to the largest magnitude or to where nothing much is left. */
static void set_mags(etas_report_gather *self)
{
    const etas_mixture *const m = self->about->model;
    const double first = self->axes.threshold[0];
    double step = 0.1, highest = -INFINITY;

    for (size_t i = 0; i < m->n; i++) {
        step = fmax(step, m->plan[i].delta_m);
        highest = fmax(highest, isinf(m->plan[i].m_max) ? fmax(8, first + 3) : m->plan[i].m_max);
    }
    for (size_t k = 0; k < MOST_MAGS; k++) {
        const double x = first + (double)k * step, decimal = floor(x * 1e4 + 0.5) / 1e4;

        if (k > 0 && decimal > highest + 1e-9)
            break;
        self->mag[k] = decimal;
        self->mag_units[k] = etas_reached_units(decimal);
        self->n_mags = k + 1;
    }
}

static etas_status open_events(etas_report_gather *self, size_t n_thresholds,
                               const double threshold[], etas_error *err)
{
    etas_counting what = {
        .model = self->about->model, .cells = &self->own_cells, .axes = &self->axes};
    etas_status st =
        etas_summary_axes_build(&self->axes, n_thresholds, threshold, self->about->model, err);

    if (st == ETAS_OK)
        st = etas_report_map_cells(&self->own_cells, self->about->model, err);
    if (st == ETAS_OK)
        st = etas_counter_open(&self->counter, &what, err);
    self->cells = &self->own_cells;
    if (st == ETAS_OK) {
        self->lowest = etas_reached_units(self->axes.threshold[0]);
        set_times(self);
        set_mags(self);
    }
    return st;
}

etas_status etas_report_gather_open(etas_report_gather **out, const etas_forecast_about *about,
                                    size_t n_thresholds, const double threshold[], etas_error *err)
{
    etas_report_gather *self = NULL;
    etas_status st = etas_array_alloc((void **)&self, 1, sizeof *self);

    *out = self;
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for a report");
    self->about = about;
    if (about->counts != NULL) {
        self->axes = about->counts->axes;
        self->cells = &about->counts->cells;
    } else {
        st = open_events(self, n_thresholds, threshold, err);
    }
    if (st == ETAS_OK)
        st = etas_summary_tally_init(&self->tally, &self->axes, err);
    if (st == ETAS_OK && etas_array_alloc((void **)&self->in_place, self->cells->n_places,
                                          sizeof *self->in_place) != ETAS_OK)
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for a map");
    return st;
}

void etas_report_gather_close(etas_report_gather *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; i < ETAS_FAN_TIMES; i++)
        etas_histogram_free(&self->by_time[i]);
    for (size_t i = 0; i < MOST_MAGS; i++)
        etas_histogram_free(&self->by_mag[i]);
    etas_summary_tally_free(&self->tally);
    etas_counter_close(self->counter);
    etas_catalog_counts_free(&self->counts);
    etas_cells_free(&self->own_cells);
    etas_array_free((void **)&self->in_place);
    etas_array_free((void **)&self);
}

/* ---- take ---- */

etas_status etas_report_gather_take_counts(etas_report_gather *self,
                                           const etas_catalog_counts *counts, etas_error *err)
{
    const etas_cells *const cells = self->cells;

    self->n_catalogs++;
    self->n_events += counts->n_events;
    self->n_empty += counts->n_events == 0;
    for (size_t i = 0; i < counts->n_cells; i++)
        self->in_place[counts->cell[i] / cells->n_mags % cells->n_places] += counts->count[i];
    return etas_summary_tally_add(&self->tally, counts, err);
}

static etas_status add_times(etas_report_gather *self, const etas_counted *catalog)
{
    const etas_events *const e = catalog->events;
    const size_t end = catalog->first + catalog->n;
    size_t at = catalog->first;
    uint32_t number = 0;
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < self->n_times && st == ETAS_OK; i++) {
        for (; at < end && e->time_ms[at] < self->until_ms[i]; at++)
            number += e->mag[at] >= self->lowest;
        st = etas_histogram_add(&self->by_time[i], number);
    }
    return st;
}

static etas_status add_mags(etas_report_gather *self, const etas_counted *catalog)
{
    uint32_t reached[MOST_MAGS + 1] = {0}; /* by how many of the magnitudes they reach */
    uint32_t number = 0;
    etas_status st = ETAS_OK;

    for (size_t i = catalog->first; i < catalog->first + catalog->n; i++) {
        size_t k = 0;

        while (k < self->n_mags && catalog->events->mag[i] >= self->mag_units[k])
            k++;
        reached[k]++;
    }
    for (size_t k = self->n_mags; k-- > 0 && st == ETAS_OK;) {
        number += reached[k + 1];
        st = etas_histogram_add(&self->by_mag[k], number);
    }
    return st;
}

static etas_status take_one(etas_report_gather *self, const etas_counted *one, etas_error *err)
{
    etas_status st = etas_counter_count(self->counter, one, &self->counts, err);

    if (st == ETAS_OK)
        st = etas_report_gather_take_counts(self, &self->counts, err);
    if (st != ETAS_OK)
        return st;
    if (add_times(self, one) != ETAS_OK || add_mags(self, one) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a report");
    return ETAS_OK;
}

etas_status etas_report_gather_take(etas_report_gather *self, const etas_forecast_part *part,
                                    etas_error *err)
{
    const etas_events *const e = part->events;
    etas_status st = ETAS_OK;
    size_t first = etas_forecast_part_first(part);

    for (size_t i = 0; i < part->count && st == ETAS_OK; i++) {
        const etas_counted one = {
            .events = e, .first = first, .n = e->count[part->at + i], .index = part->index + i};

        st = take_one(self, &one, err);
        first += one.n;
    }
    return st;
}

/* ---- finish ---- */

/* Quantiles of a series of histograms, one list of doubles per quantile. */
typedef struct series {
    size_t n, n_quantiles;
    const unsigned *permille;
    double *mean, **quantile;
} series;

static etas_status series_alloc(const series *self, double **values)
{
    etas_status st = etas_array_alloc((void **)values, self->n, sizeof **values);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->quantile[0], self->n, sizeof(double));
    for (size_t q = 1; q < self->n_quantiles && st == ETAS_OK; q++)
        st = etas_array_alloc((void **)&self->quantile[q], self->n, sizeof(double));
    return st;
}

static etas_status series_set(const series *self, size_t i, const etas_histogram *numbers)
{
    uint32_t q[ETAS_FAN_QUANTILES];
    etas_status st = etas_histogram_quantiles(numbers, self->n_quantiles, self->permille, q);

    self->mean[i] = (double)numbers->sum / (double)numbers->n;
    for (size_t k = 0; k < self->n_quantiles && st == ETAS_OK; k++)
        self->quantile[k][i] = q[k];
    return st;
}

static etas_status finish_fan(const etas_report_gather *self, etas_report_fan *out)
{
    const bool kept = self->counter == NULL;
    series s = {.n = kept ? self->axes.n_horizons : self->n_times,
                .n_quantiles = ETAS_FAN_QUANTILES,
                .permille = etas_fan_permille,
                .quantile = out->quantile};
    etas_status st = series_alloc(&s, &out->mean);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&out->days, s.n, sizeof *out->days);
    s.mean = out->mean;
    out->n = st == ETAS_OK ? s.n : 0;
    for (size_t i = 0; i < s.n && st == ETAS_OK; i++) {
        out->days[i] = kept ? self->axes.horizon_days[i] : self->days[i];
        st = series_set(&s, i,
                        kept ? etas_summary_tally_numbers(&self->tally, 0, i) : &self->by_time[i]);
    }
    return st;
}

static etas_status finish_mags(const etas_report_gather *self, etas_report_mags *out)
{
    static const unsigned permille[] = {25, 975};
    const bool kept = self->counter == NULL;
    double *quantile[2] = {NULL, NULL};
    series s = {.n = kept ? self->axes.n_thresholds : self->n_mags,
                .n_quantiles = 2,
                .permille = permille,
                .quantile = quantile};
    etas_status st = series_alloc(&s, &out->mean);

    out->low = quantile[0];
    out->high = quantile[1];
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&out->mag, s.n, sizeof *out->mag);
    s.mean = out->mean;
    out->n = st == ETAS_OK ? s.n : 0;
    for (size_t i = 0; i < s.n && st == ETAS_OK; i++) {
        out->mag[i] = kept ? self->axes.threshold[i] : self->mag[i];
        st =
            series_set(&s, i,
                       kept ? etas_summary_tally_numbers(&self->tally, i, self->axes.n_horizons - 1)
                            : &self->by_mag[i]);
    }
    return st;
}

static etas_status finish_rows(const etas_report_gather *self, etas_report_forecast *out,
                               etas_error *err)
{
    const etas_summary_axes *const axes = &self->axes;
    etas_status st = etas_array_alloc((void **)&out->row, self->tally.n, sizeof *out->row);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for a report");
    for (size_t h = 0; h < axes->n_horizons; h++)
        for (size_t j = 0; j < axes->n_thresholds && st == ETAS_OK; j++)
            st = etas_summary_tally_row(&self->tally, j, h, &out->row[h * axes->n_thresholds + j],
                                        err);
    return st;
}

static etas_status fill(etas_report_gather *self, etas_report_forecast *out, etas_error *err)
{
    const size_t window = self->axes.n_horizons - 1;
    etas_status st = finish_rows(self, out, err);

    if (st != ETAS_OK)
        return st;
    st = etas_histogram_list(etas_summary_tally_numbers(&self->tally, 0, window), &out->n_numbers,
                             &out->number);
    if (st == ETAS_OK)
        st = finish_fan(self, &out->fan);
    if (st == ETAS_OK)
        st = finish_mags(self, &out->mags);
    if (st == ETAS_OK)
        st = etas_report_map_make(&out->map, self->cells, self->in_place, self->n_catalogs);
    return st == ETAS_OK ? st : etas_fail(err, st, "out of memory for a report");
}

etas_status etas_report_gather_finish(etas_report_gather *self, etas_report_forecast **out,
                                      etas_error *err)
{
    etas_report_forecast *f = NULL;
    etas_status st;

    *out = NULL;
    if (self->n_catalogs == 0)
        return etas_fail(err, ETAS_E_RANGE, "there is no catalogue to report on");
    if (etas_array_alloc((void **)&f, 1, sizeof *f) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a report");
    *f = (etas_report_forecast){.model = self->about->model,
                                .n_catalogs = self->n_catalogs,
                                .n_events = self->n_events,
                                .n_empty = self->n_empty,
                                .of_counts = self->counter == NULL,
                                .threshold = self->axes.threshold[0],
                                .axes = self->axes};
    st = fill(self, f, err);
    if (st == ETAS_OK)
        *out = f;
    else
        etas_report_forecast_close(f);
    return st;
}

const etas_summary_row *etas_report_row(const etas_report_forecast *self, size_t threshold,
                                        size_t horizon)
{
    return &self->row[horizon * self->axes.n_thresholds + threshold];
}

void etas_report_forecast_close(etas_report_forecast *self)
{
    if (self == NULL)
        return;
    etas_array_free((void **)&self->row);
    etas_array_free((void **)&self->number);
    etas_array_free((void **)&self->fan.days);
    etas_array_free((void **)&self->fan.mean);
    for (size_t q = 0; q < ETAS_FAN_QUANTILES; q++)
        etas_array_free((void **)&self->fan.quantile[q]);
    etas_array_free((void **)&self->mags.mag);
    etas_array_free((void **)&self->mags.mean);
    etas_array_free((void **)&self->mags.low);
    etas_array_free((void **)&self->mags.high);
    etas_array_free((void **)&self->map.rate);
    etas_array_free((void **)&self);
}
