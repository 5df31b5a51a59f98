/* The cells of a grid, and the summary's thresholds and horizons. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "etas/array.h"
#include "etas/counts.h"
#include "etas/text.h"
#include "work/childless.h"

static const double SLACK = 1e-9; /* of a cell */
static const double MS_PER_DAY = 86400e3;
enum { MAX_SIDE = 1 << 20, MAX_LATTICE = 1 << 26, MAX_BINS = 10000 };

etas_forecast_grid etas_forecast_grid_default(void)
{
    return (etas_forecast_grid){
        .dlat = 0.1, .dlon = 0.1, .mag_first = NAN, .dmag = NAN, .mag_last = NAN, .depth_last = 30};
}

/* ---- bins ---- */

static double bin_of(double x, double first, double second)
{
    const double slack = fabs(first) * 0x1p-52;

    return floor((x - first + fabs(x) * 0x1p-52 + slack) / (second - first - slack));
}

/* The k-th multiple of a width, to the last bit where 1 / width is a whole number. */
static double multiple(double k, double width)
{
    const double per_unit = floor(1 / width + 0.5);

    return per_unit >= 1 && fabs(per_unit * width - 1) < 1e-9 ? k / per_unit : k * width;
}

/* ---- magnitudes and times ---- */

static double lowest_reported(const etas_mixture *model)
{
    double lowest = INFINITY;

    for (size_t i = 0; i < model->n; i++) {
        const etas_plan *const p = &model->plan[i];
        const double units = etas_reported_units(p, p->m_threshold);
        const double first = p->delta_m > 0 ? ceil(units / ETAS_MAG_UNITS / p->delta_m - SLACK)
                                            : units / ETAS_MAG_UNITS;

        lowest = fmin(lowest, p->delta_m > 0 ? multiple(first, p->delta_m) : first);
    }
    return lowest;
}

/* first + k width; decimals stay decimals. */
static double edge_of(double first, double k, double width)
{
    const double steps = floor(first / width + 0.5);

    return fabs(multiple(steps, width) - first) < SLACK * width ? multiple(steps + k, width)
                                                                : first + k * width;
}

/* @p key is the option that says it. */
__attribute__((format(printf, 4, 5))) static etas_status
fail_in(etas_error *err, etas_status code, const char *key, const char *fmt, ...)
{
    char text[200];
    va_list ap;

    va_start(ap, fmt);
    etas_vformat(sizeof text, text, fmt, ap);
    va_end(ap);
    etas_fail(err, code, "%s", text);
    etas_error_in_key(err, key);
    return code;
}

double etas_cells_upper(double lower, double width)
{
    return edge_of(lower, 1, width);
}

/* A bin narrower than those of the reports would leave bins empty in between. */
static double default_step(const etas_mixture *model)
{
    double step = 0.1;

    for (size_t i = 0; i < model->n; i++)
        step = fmax(step, model->plan[i].delta_m);
    return step;
}

static etas_status set_mags(etas_cells *self, const etas_forecast_grid *grid,
                            const etas_mixture *model, etas_error *err)
{
    const double step = isnan(grid->dmag) ? default_step(model) : grid->dmag;
    const double first = isnan(grid->mag_first) ? lowest_reported(model) : grid->mag_first;
    const double last = isnan(grid->mag_last) ? first + 30 * step : grid->mag_last;
    const double steps = floor((last - first) / step + 0.5);
    const char *const key = !isnan(grid->mag_last)    ? "mag-last"
                            : !isnan(grid->mag_first) ? "mag-first"
                                                      : "mag-step";

    if (last < first)
        return fail_in(err, ETAS_E_RANGE, key,
                       "the last magnitude bin, at %g, lies below the first, at %g", last, first);
    if (!(step > 0) || !(fabs(first) <= 100) || !(fabs(last) <= 1e6) || !(steps >= 0) ||
        fabs(first + steps * step - last) > 1e-6 * step)
        return fail_in(err, ETAS_E_RANGE, key,
                       "magnitude bins from %g to %g by %g: the last is not a whole number of "
                       "steps above the first",
                       first, last, step);
    if (steps >= MAX_BINS)
        return fail_in(err, ETAS_E_LIMIT, key, "more than %d magnitude bins", MAX_BINS);
    self->n_mags = (size_t)steps + 1;
    if (etas_array_alloc((void **)&self->mag, self->n_mags, sizeof *self->mag) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for magnitude bins");
    for (size_t k = 0; k < self->n_mags; k++)
        self->mag[k] = edge_of(first, (double)k, step);
    return ETAS_OK;
}

static double output_days(const etas_plan *plan)
{
    return etas_days_between(plan->output_start, plan->end);
}

/* A time after the start of the output, counted as events are: whole milliseconds before it. */
static uint64_t ms_at(const etas_plan *plan, double days)
{
    const double burn = etas_days_between(plan->start, plan->output_start);

    return (uint64_t)ceil((burn + days) * MS_PER_DAY - 1e-3);
}

static etas_status set_times(etas_cells *self, const etas_forecast_grid *grid,
                             const etas_mixture *model, etas_error *err)
{
    const double window = output_days(&model->plan[0]);
    size_t n = 0;

    if (grid->n_times > MAX_BINS)
        return fail_in(err, ETAS_E_LIMIT, "intervals", "more than %d intervals", MAX_BINS);
    if (etas_array_alloc((void **)&self->time_days, grid->n_times + 2, sizeof *self->time_days) !=
            ETAS_OK ||
        etas_array_alloc((void **)&self->time_ms, grid->n_times + 1, sizeof *self->time_ms) !=
            ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for intervals");
    for (size_t i = 0; i < grid->n_times; i++) {
        const double end = grid->time_days[i];

        if (!(end > self->time_days[n]))
            return fail_in(err, ETAS_E_RANGE, "intervals",
                           "the intervals' ends must rise from above 0, and %g days do not", end);
        if (end > window * (1 + SLACK))
            return fail_in(err, ETAS_E_RANGE, "intervals",
                           "an interval ends after %g days, the window after %g", end, window);
        self->time_ms[n] = ms_at(&model->plan[0], end);
        self->time_days[++n] = end;
    }
    if (n == 0 || self->time_days[n] < window * (1 - SLACK)) {
        self->time_ms[n] = UINT64_MAX;
        self->time_days[++n] = window;
    }
    self->time_ms[n - 1] = UINT64_MAX; /* the last one has all that is left */
    self->n_times = n;
    return ETAS_OK;
}

/* ---- places ---- */

typedef struct box {
    double lat_min, lat_max, lon_min, lon_max;
} box;

static box box_of(const etas_mixture *model)
{
    box b = {90, -90, 360, -360};

    for (size_t i = 0; i < model->n; i++) {
        const etas_region *const r = &model->plan[i].region;

        if (r->n_rings == 0)
            return (box){-90, 90, -180, 180};
        b.lat_min = fmin(b.lat_min, r->lat_min);
        b.lat_max = fmax(b.lat_max, r->lat_max);
        b.lon_min = fmin(b.lon_min, r->lon_min);
        b.lon_max = fmax(b.lon_max, r->lon_max);
    }
    return b;
}

static bool in_any_region(const etas_mixture *model, double lat, double lon)
{
    for (size_t i = 0; i < model->n; i++)
        if (etas_raster_contains(&model->plan[i].raster, &model->plan[i].region, lat, lon))
            return true;
    return false;
}

static double wrapped(double lon)
{
    return lon >= 180 - SLACK ? lon - 360 : lon < -180 - SLACK ? lon + 360 : lon;
}

static etas_status set_lattice(etas_cells *self, const etas_forecast_grid *grid, const box *b,
                               double first[2], etas_error *err)
{
    double n_lat, n_lon;

    if (!(grid->dlat > 0) || !(grid->dlat <= 180) || !(grid->dlon > 0) || !(grid->dlon <= 360))
        return fail_in(err, ETAS_E_RANGE, "cell-size", "cells of %g by %g degrees", grid->dlat,
                       grid->dlon);
    first[0] = floor(b->lat_min / grid->dlat + SLACK);
    first[1] = floor(b->lon_min / grid->dlon + SLACK);
    n_lat = fmax(1, ceil(b->lat_max / grid->dlat - SLACK) - first[0]);
    n_lon = fmax(1, ceil(b->lon_max / grid->dlon - SLACK) - first[1]);
    n_lon = fmin(n_lon, fmax(1, floor(360 / grid->dlon + SLACK))); /* none twice */
    if (n_lat > MAX_SIDE || n_lon > MAX_SIDE || n_lat * n_lon > MAX_LATTICE)
        return fail_in(err, ETAS_E_LIMIT, "cell-size", "cells of %g by %g degrees: too many",
                       grid->dlat, grid->dlon);
    self->n_lat = (uint32_t)n_lat;
    self->n_lon = (uint32_t)n_lon;
    self->dlat = grid->dlat;
    self->dlon = grid->dlon;
    self->lat0 = multiple(first[0], grid->dlat);
    self->lon0 = multiple(first[1], grid->dlon);
    if (etas_array_alloc((void **)&self->place, (size_t)self->n_lat * self->n_lon,
                         sizeof *self->place) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a map of %u by %u cells",
                         (unsigned)self->n_lat, (unsigned)self->n_lon);
    return ETAS_OK;
}

/* Numbers those whose centre lies inside. */
static void number_places(etas_cells *self, const etas_mixture *model)
{
    for (uint32_t j = 0; j < self->n_lon; j++)
        for (uint32_t i = 0; i < self->n_lat; i++) {
            const double lat = self->lat0 + (i + 0.5) * self->dlat;
            const double lon = wrapped(self->lon0 + (j + 0.5) * self->dlon);
            const bool inside = fabs(lat) <= 90 && in_any_region(model, lat, lon);

            self->place[(size_t)j * self->n_lat + i] =
                inside ? (uint32_t)self->n_places++ : UINT32_MAX;
        }
}

static etas_status set_places(etas_cells *self, const etas_forecast_grid *grid,
                              const etas_mixture *model, etas_error *err)
{
    const box b = box_of(model);
    double first[2] = {0};
    etas_status st = set_lattice(self, grid, &b, first, err);

    if (st != ETAS_OK)
        return st;
    number_places(self, model);
    if (self->n_places == 0)
        return fail_in(err, ETAS_E_RANGE, "cell-size",
                       "no cell of %g by %g degrees has its centre in the region", grid->dlat,
                       grid->dlon);
    if (etas_array_alloc((void **)&self->west, self->n_places, sizeof *self->west) != ETAS_OK ||
        etas_array_alloc((void **)&self->south, self->n_places, sizeof *self->south) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu cells", self->n_places);
    for (size_t j = 0; j < self->n_lon; j++)
        for (size_t i = 0; i < self->n_lat; i++) {
            const uint32_t at = self->place[j * self->n_lat + i];

            if (at == UINT32_MAX)
                continue;
            self->west[at] = wrapped(multiple(first[1] + (double)j, grid->dlon));
            self->south[at] = multiple(first[0] + (double)i, grid->dlat);
        }
    return ETAS_OK;
}

/* ---- cells ---- */

etas_status etas_cells_build(etas_cells *self, const etas_forecast_grid *grid,
                             const etas_mixture *model, etas_error *err)
{
    etas_cells fresh = {.depth_first = grid->depth_first, .depth_last = grid->depth_last};
    etas_status st = ETAS_OK;

    if (!(grid->depth_first < grid->depth_last) || isinf(grid->depth_first) ||
        isinf(grid->depth_last))
        return fail_in(err, ETAS_E_RANGE, "depth-range", "depths from %g to %g km",
                       grid->depth_first, grid->depth_last);
    st = set_mags(&fresh, grid, model, err);
    if (st == ETAS_OK)
        st = set_times(&fresh, grid, model, err);
    if (st == ETAS_OK)
        st = set_places(&fresh, grid, model, err);
    if (st == ETAS_OK) {
        const double n = (double)fresh.n_places * (double)fresh.n_mags * (double)fresh.n_times;

        if (n > 0x1p32)
            st = fail_in(err, ETAS_E_LIMIT, "cell-size", "a grid of %g cells", n);
        else
            fresh.n = (uint64_t)n;
    }
    etas_cells_free(st == ETAS_OK ? self : &fresh);
    if (st == ETAS_OK)
        *self = fresh;
    return st;
}

void etas_cells_free(etas_cells *self)
{
    etas_array_free((void **)&self->west);
    etas_array_free((void **)&self->south);
    etas_array_free((void **)&self->mag);
    etas_array_free((void **)&self->time_days);
    etas_array_free((void **)&self->time_ms);
    etas_array_free((void **)&self->place);
    *self = (etas_cells){0};
}

static uint32_t find_place(const etas_cells *self, double lat, double lon)
{
    double row, column;

    while (lon < self->lon0 - SLACK * self->dlon)
        lon += 360;
    while (lon >= self->lon0 + 360 - SLACK * self->dlon)
        lon -= 360;
    row = bin_of(lat, self->lat0, self->lat0 + self->dlat);
    column = bin_of(lon, self->lon0, self->lon0 + self->dlon);
    if (!(row >= 0 && row < self->n_lat && column >= 0 && column < self->n_lon))
        return UINT32_MAX;
    return self->place[(size_t)column * self->n_lat + (size_t)row];
}

static double mag_bin(const etas_cells *self, double mag)
{
    const double first = self->mag[0];

    return bin_of(mag, first, self->n_mags > 1 ? self->mag[1] : first + 1);
}

bool etas_cells_reach(const etas_cells *self, double mag)
{
    return mag_bin(self, mag) >= 0;
}

uint64_t etas_cells_at(const etas_cells *self, double lat, double lon, double mag)
{
    const double bin = mag_bin(self, mag);
    const uint32_t place = find_place(self, lat, lon);

    if (place == UINT32_MAX || !(bin >= 0))
        return UINT64_MAX;
    return (uint64_t)place * self->n_mags +
           (bin < (double)self->n_mags ? (uint64_t)bin : self->n_mags - 1);
}

uint64_t etas_cells_find(const etas_cells *self, const etas_events *events, size_t i)
{
    const uint64_t cell =
        etas_cells_at(self, events->lat[i] / ETAS_DEGREE_UNITS, events->lon[i] / ETAS_DEGREE_UNITS,
                      events->mag[i] / ETAS_MAG_UNITS);
    size_t interval = 0;

    while (interval + 1 < self->n_times && events->time_ms[i] >= self->time_ms[interval])
        interval++;
    return cell == UINT64_MAX ? cell : (uint64_t)interval * self->n_places * self->n_mags + cell;
}

/* ---- summaries ---- */

static etas_status add_threshold(etas_summary_axes *self, double m, etas_error *err)
{
    if (self->n_thresholds == ETAS_MAX_THRESHOLDS)
        return etas_fail(err, ETAS_E_LIMIT, "more than %d magnitude thresholds",
                         ETAS_MAX_THRESHOLDS);
    self->threshold[self->n_thresholds++] = m;
    return ETAS_OK;
}

static etas_status default_thresholds(etas_summary_axes *self, const etas_mixture *model,
                                      double lowest, etas_error *err)
{
    double highest = -INFINITY;
    etas_status st = add_threshold(self, lowest, err);

    for (size_t i = 0; i < model->n; i++)
        highest = fmax(highest, isinf(model->plan[i].m_max) ? 8 : model->plan[i].m_max);
    highest = fmin(highest, lowest + (ETAS_MAX_THRESHOLDS - 2) / 2.0);
    for (double k = floor(2 * lowest + SLACK) + 1; st == ETAS_OK && k / 2 <= highest; k++)
        st = add_threshold(self, k / 2, err);
    return st;
}

etas_status etas_summary_axes_build(etas_summary_axes *self, size_t n, const double thresholds[],
                                    const etas_mixture *model, etas_error *err)
{
    static const double horizons[ETAS_MAX_HORIZONS - 1] = {1, 7, 30, 365.25};
    const double window = output_days(&model->plan[0]);
    double lowest = -INFINITY;
    etas_status st = ETAS_OK;

    *self = (etas_summary_axes){0};
    for (size_t i = 0; i < model->n; i++)
        lowest = fmax(lowest, model->plan[i].m_threshold);
    if (n == 0)
        st = default_thresholds(self, model, lowest, err);
    for (size_t i = 0; i < n && st == ETAS_OK; i++) {
        if (!(thresholds[i] >= lowest - SLACK) || !(thresholds[i] <= 100))
            return fail_in(err, ETAS_E_RANGE, "thresholds",
                           "threshold %g: the catalogues hold magnitudes from %g on", thresholds[i],
                           lowest);
        if (i > 0 && !(thresholds[i] > thresholds[i - 1]))
            return fail_in(err, ETAS_E_RANGE, "thresholds", "the thresholds must rise: %g after %g",
                           thresholds[i], thresholds[i - 1]);
        st = add_threshold(self, thresholds[i], err);
    }
    for (size_t i = 0; i < sizeof horizons / sizeof *horizons; i++)
        if (horizons[i] < window * (1 - SLACK))
            self->horizon_days[self->n_horizons++] = horizons[i];
    self->horizon_days[self->n_horizons++] = window;
    return st;
}
