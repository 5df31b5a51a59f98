#include "report/forecast_map.h"

#include <math.h>

#include "etas/array.h"

/* ---- size of the cells ---- */

static double cells_across(const etas_mixture *model, double size)
{
    double lat_min = 90, lat_max = -90, lon_min = 360, lon_max = -360;

    for (size_t i = 0; i < model->n; i++) {
        const etas_region *const r = &model->plan[i].region;

        if (r->n_rings == 0)
            return ceil(180 / size) * ceil(360 / size);
        lat_min = fmin(lat_min, r->lat_min);
        lat_max = fmax(lat_max, r->lat_max);
        lon_min = fmin(lon_min, r->lon_min);
        lon_max = fmax(lon_max, r->lon_max);
    }
    return ceil((lat_max - lat_min) / size) * ceil(fmin(lon_max - lon_min, 360) / size);
}

etas_status etas_report_map_cells(etas_cells *out, const etas_mixture *model, etas_error *err)
{
    static const double sizes[] = {5,    2,    1,     0.5,   0.2,   0.1,   0.05,
                                   0.02, 0.01, 0.005, 0.002, 0.001, 0.0005};
    enum { N_SIZES = sizeof sizes / sizeof *sizes };
    etas_forecast_grid grid = etas_forecast_grid_default();
    etas_error first = {0};
    etas_status st = ETAS_E_RANGE;
    size_t k = 0;

    while (k + 1 < N_SIZES && cells_across(model, sizes[k + 1]) <= ETAS_REPORT_MAP_CELLS)
        k++;
    /* a thin region may miss the centres of all cells: of smaller ones it does not */
    for (; k < N_SIZES && st == ETAS_E_RANGE; k++) {
        etas_error why = {0};

        grid.dlat = grid.dlon = sizes[k];
        st = etas_cells_build(out, &grid, model, &why);
        if (st != ETAS_OK && first.code == ETAS_OK)
            first = why;
    }
    if (st != ETAS_OK && err != NULL && err->code == ETAS_OK)
        *err = first;
    return st;
}

/* ---- putting cells together ---- */

static size_t parts(uint32_t n, uint32_t by)
{
    return ((size_t)n + by - 1) / by;
}

/* Cells with fewer events than that say more about chance than about the forecast. */
static const double enough = 25;

/* How many cells to a side are one on the map: 1, 2, 5, 10, 20, 50, ... */
static uint32_t coarseness(const etas_cells *cells, uint64_t n_events)
{
    const double share = (double)cells->n_places / ((double)cells->n_lat * (double)cells->n_lon);
    uint32_t unit = 1, by = 1;

    for (;;) {
        const double n = (double)parts(cells->n_lat, by) * (double)parts(cells->n_lon, by);

        if (n <= 100 || (n <= ETAS_REPORT_MAP_CELLS && n * share * enough <= (double)n_events))
            return by;
        if (by == 5 * unit)
            unit *= 10;
        by = by == unit ? 2 * unit : by == 2 * unit ? 5 * unit : unit;
    }
}

etas_status etas_report_map_make(etas_report_map *out, const etas_cells *cells,
                                 const uint64_t in_place[], uint64_t n_catalogs)
{
    uint64_t n_events = 0;
    uint32_t by;
    size_t n;

    for (size_t i = 0; i < cells->n_places; i++)
        n_events += in_place[i];
    by = coarseness(cells, n_events);
    *out = (etas_report_map){.lat0 = cells->lat0,
                             .lon0 = cells->lon0,
                             .dlat = by * cells->dlat,
                             .dlon = by * cells->dlon,
                             .n_lat = (uint32_t)parts(cells->n_lat, by),
                             .n_lon = (uint32_t)parts(cells->n_lon, by)};
    n = (size_t)out->n_lat * out->n_lon;
    if (etas_array_alloc((void **)&out->rate, n, sizeof *out->rate) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t i = 0; i < n; i++)
        out->rate[i] = NAN;
    for (uint32_t j = 0; j < cells->n_lon; j++)
        for (uint32_t i = 0; i < cells->n_lat; i++) {
            const uint32_t place = cells->place[(size_t)j * cells->n_lat + i];
            double *const rate = &out->rate[(size_t)(j / by) * out->n_lat + i / by];

            if (place != UINT32_MAX)
                *rate = (isnan(*rate) ? 0 : *rate) + (double)in_place[place];
        }
    for (size_t i = 0; i < n; i++)
        out->rate[i] /= (double)n_catalogs;
    return ETAS_OK;
}
