/* Which observed events belong to a forecast. */
#include <math.h>
#include <stdlib.h>

#include "etas/array.h"
#include "report/forecast_data.h"
#include "work/childless.h"

typedef struct seen {
    etas_time time;
    size_t row;
} seen;

static int by_time(const void *a, const void *b)
{
    const seen *const x = a, *const y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool in_any_region(const etas_mixture *model, double lat, double lon)
{
    for (size_t i = 0; i < model->n; i++)
        if (!model->plan[i].filter_region || etas_region_contains(&model->plan[i].region, lat, lon))
            return true;
    return false;
}

/* As the catalogue of an inversion is prepared. */
static double binned(double mag, const etas_mixture *model)
{
    double width = 0;

    for (size_t i = 0; i < model->n; i++)
        width = fmax(width, model->plan[i].delta_m);
    return etas_magnitude_round(mag, width);
}

static bool belongs(const etas_catalog *c, size_t i, const etas_mixture *model, double threshold)
{
    const etas_plan *const p = &model->plan[0];
    const double mag = binned(c->mag[i], model);

    return c->time[i] >= p->output_start && c->time[i] < p->end && mag > -100 && mag < 100 &&
           etas_reached_units(mag) >= etas_reached_units(threshold) &&
           in_any_region(model, c->lat[i], c->lon[i]);
}

static etas_status allocate(etas_report_observed *out, seen **rows, size_t n)
{
    if (etas_array_alloc((void **)rows, n, sizeof **rows) != ETAS_OK ||
        etas_array_alloc((void **)&out->days, n, sizeof *out->days) != ETAS_OK ||
        etas_array_alloc((void **)&out->lat, n, sizeof *out->lat) != ETAS_OK ||
        etas_array_alloc((void **)&out->lon, n, sizeof *out->lon) != ETAS_OK ||
        etas_array_alloc((void **)&out->mag, n, sizeof *out->mag) != ETAS_OK)
        return ETAS_E_NOMEM;
    return ETAS_OK;
}

etas_status etas_report_observed_select(etas_report_observed *out, const etas_catalog *catalog,
                                        const etas_report_forecast *forecast, etas_error *err)
{
    const etas_mixture *const model = forecast->model;
    seen *rows = NULL;
    const etas_status st = allocate(out, &rows, catalog->n);

    if (st != ETAS_OK) {
        etas_array_free((void **)&rows);
        return etas_fail(err, st, "out of memory for the observed events");
    }
    out->n = 0;
    out->n_in_file = catalog->n;
    for (size_t i = 0; i < catalog->n; i++)
        if (belongs(catalog, i, model, forecast->threshold))
            rows[out->n++] = (seen){catalog->time[i], i};
    qsort(rows, out->n, sizeof *rows, by_time);
    for (size_t k = 0; k < out->n; k++) {
        const size_t i = rows[k].row;

        out->days[k] = etas_days_between(model->plan[0].output_start, rows[k].time);
        out->lat[k] = catalog->lat[i];
        out->lon[k] = catalog->lon[i];
        out->mag[k] = binned(catalog->mag[i], model);
    }
    etas_array_free((void **)&rows);
    return ETAS_OK;
}

void etas_report_observed_free(etas_report_observed *self)
{
    etas_array_free((void **)&self->days);
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    etas_array_free((void **)&self->mag);
    *self = (etas_report_observed){0};
}
