/* Rates on a grid: the mean number of events per catalogue in each cell. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/text.h"
#include "io/decimal.h"
#include "io/forecast_source.h"

typedef struct rates {
    const etas_forecast_target *to;
    etas_forecast_source source;
    uint64_t n_catalogs;
    uint64_t *count; /* of the cells */
} rates;

static void rates_close(void *state)
{
    rates *const self = state;

    if (self == NULL)
        return;
    etas_forecast_source_close(&self->source);
    free(self->count);
    free(self);
}

static etas_status rates_open(void **out, const etas_forecast_target *to, etas_error *err)
{
    rates *const self = calloc(1, sizeof *self);
    etas_status st;

    *out = self;
    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for rates");
    self->to = to;
    st = etas_forecast_source_open(&self->source, to, ETAS_SOURCE_CELLS, err);
    if (st != ETAS_OK)
        return st;
    /* calloc: pages of cells that no event falls into stay untouched */
    self->count = calloc((size_t)self->source.cells->n, sizeof *self->count);
    if (self->count == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %llu cells",
                         (unsigned long long)self->source.cells->n);
    return ETAS_OK;
}

static etas_status rates_take_counts(void *state, uint64_t catalog_id,
                                     const etas_catalog_counts *counts, etas_error *err)
{
    rates *const self = state;

    (void)catalog_id;
    (void)err;
    for (size_t i = 0; i < counts->n_cells; i++)
        self->count[counts->cell[i]] += counts->count[i];
    self->n_catalogs++;
    return ETAS_OK;
}

static etas_status rates_take(void *state, const etas_forecast_part *part, etas_error *err)
{
    rates *const self = state;

    return etas_forecast_source_each(&self->source, part, rates_take_counts, self, err);
}

static etas_status check_any(const rates *self, etas_error *err)
{
    return self->n_catalogs > 0
               ? ETAS_OK
               : etas_fail(err, ETAS_E_RANGE, "there is no catalogue to take rates from");
}

/* ---- pieces of lines ---- */

enum { PIECE = 160 };

static void put(FILE *out, double value)
{
    char text[33];

    (void)fwrite(text, 1, etas_decimal_put(value, text), out);
}

/* "lon0 lon1 lat0 lat1 " with any separator. */
static size_t put_place(const etas_cells *c, size_t place, char separator, char piece[PIECE])
{
    const double edges[] = {c->west[place], etas_cells_upper(c->west[place], c->dlon),
                            c->south[place], etas_cells_upper(c->south[place], c->dlat)};
    size_t len = 0;

    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        len += etas_decimal_put(edges[i], piece + len);
        piece[len++] = separator;
    }
    return len;
}

static double mag_width(const etas_cells *c)
{
    return c->n_mags > 1 ? c->mag[1] - c->mag[0] : 1;
}

/* Of a cell without regard to time. */
static uint64_t count_at(const rates *self, size_t place, size_t mag)
{
    const etas_cells *const c = self->source.cells;
    uint64_t sum = 0;

    for (size_t t = 0; t < c->n_times; t++)
        sum += self->count[(t * c->n_places + place) * c->n_mags + mag];
    return sum;
}

/* ---- CSEP1 ---- */

/* The open bin's upper edge is a number that says nothing: 10, as it is usual. */
static double upper_mag(const etas_cells *c, size_t k)
{
    return k + 1 < c->n_mags ? c->mag[k + 1] : fmax(10, c->mag[k] + mag_width(c));
}

static etas_status dat_finish(void *state, etas_error *err)
{
    rates *const self = state;
    const etas_cells *const c = self->source.cells;
    FILE *const out = self->to->stream;
    char place[PIECE], depths[PIECE];
    size_t n_depths = 0;
    etas_status st = check_any(self, err);

    if (st != ETAS_OK)
        return st;
    n_depths += etas_decimal_put(c->depth_first, depths);
    depths[n_depths++] = ' ';
    n_depths += etas_decimal_put(c->depth_last, depths + n_depths);
    depths[n_depths++] = ' ';
    for (size_t p = 0; p < c->n_places; p++) {
        const size_t n_place = put_place(c, p, ' ', place);

        for (size_t k = 0; k < c->n_mags; k++) {
            (void)fwrite(place, 1, n_place, out);
            (void)fwrite(depths, 1, n_depths, out);
            put(out, c->mag[k]);
            (void)fputc(' ', out);
            put(out, upper_mag(c, k));
            (void)fputc(' ', out);
            put(out, (double)count_at(self, p, k) / (double)self->n_catalogs);
            (void)fputs(" 1\n", out);
        }
        if (ferror(out))
            break; /* the caller finds out why */
    }
    return ETAS_OK;
}

/* ---- CSV ---- */

static void put_interval(const rates *self, size_t t)
{
    const etas_cells *const c = self->source.cells;
    FILE *const out = self->to->stream;
    char place[PIECE];

    for (size_t p = 0; p < c->n_places; p++) {
        const size_t n_place = put_place(c, p, ',', place);

        for (size_t k = 0; k < c->n_mags; k++) {
            put(out, c->time_days[t]);
            (void)fputc(',', out);
            put(out, c->time_days[t + 1]);
            (void)fputc(',', out);
            (void)fwrite(place, 1, n_place, out);
            put(out, c->mag[k]);
            (void)fputc(',', out);
            if (k + 1 < c->n_mags)
                put(out, c->mag[k + 1]);
            else
                (void)fputs("inf", out);
            (void)fputc(',', out);
            put(out, (double)self->count[(t * c->n_places + p) * c->n_mags + k] /
                         (double)self->n_catalogs);
            (void)fputc('\n', out);
        }
        if (ferror(out))
            return;
    }
}

static etas_status csv_finish(void *state, etas_error *err)
{
    rates *const self = state;
    const etas_status st = check_any(self, err);

    if (st != ETAS_OK)
        return st;
    (void)fputs("day_first,day_last,lon_min,lon_max,lat_min,lat_max,mag_min,mag_max,rate\n",
                self->to->stream);
    for (size_t t = 0; t < self->source.cells->n_times; t++)
        put_interval(self, t);
    return ETAS_OK;
}

/* ---- GeoJSON ---- */

static void put_list(FILE *out, size_t n, const double values[])
{
    (void)fputc('[', out);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            (void)fputc(',', out);
        put(out, values[i]);
    }
    (void)fputc(']', out);
}

static void put_feature(const rates *self, size_t place, double rate[])
{
    const etas_cells *const c = self->source.cells;
    const double west = c->west[place], east = etas_cells_upper(west, c->dlon);
    const double south = c->south[place], north = etas_cells_upper(south, c->dlat);
    const double corners[5][2] = {
        {west, south}, {east, south}, {east, north}, {west, north}, {west, south}};
    FILE *const out = self->to->stream;
    uint64_t sum = 0;

    for (size_t k = 0; k < c->n_mags; k++) {
        const uint64_t n = count_at(self, place, k);

        rate[k] = (double)n / (double)self->n_catalogs;
        sum += n;
    }
    (void)fputs("{\"type\":\"Feature\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[", out);
    for (size_t i = 0; i < 5; i++) {
        if (i > 0)
            (void)fputc(',', out);
        put_list(out, 2, corners[i]);
    }
    (void)fputs("]]},\"properties\":{\"rate\":", out);
    put(out, (double)sum / (double)self->n_catalogs);
    (void)fputs(",\"rates\":", out);
    put_list(out, c->n_mags, rate);
    (void)fputs("}}", out);
}

static etas_status geojson_finish(void *state, etas_error *err)
{
    rates *const self = state;
    const etas_cells *const c = self->source.cells;
    FILE *const out = self->to->stream;
    double *const rate = malloc(c->n_mags * sizeof *rate);
    etas_status st = check_any(self, err);

    if (st == ETAS_OK && rate == NULL)
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for rates");
    if (st != ETAS_OK) {
        free(rate);
        return st;
    }
    (void)fprintf(out, "{\"type\":\"FeatureCollection\",\"n_catalogs\":%llu,\"days\":",
                  (unsigned long long)self->n_catalogs);
    put(out, c->time_days[c->n_times]);
    (void)fputs(",\"magnitudes\":", out);
    put_list(out, c->n_mags, c->mag);
    (void)fputs(",\"features\":[", out);
    for (size_t p = 0; p < c->n_places && !ferror(out); p++) {
        (void)fputs(p > 0 ? ",\n" : "\n", out);
        put_feature(self, p, rate);
    }
    (void)fputs("\n]}\n", out);
    free(rate);
    return ETAS_OK;
}

const etas_forecast_writer etas_forecast_dat = {.open = rates_open,
                                                .take = rates_take,
                                                .take_counts = rates_take_counts,
                                                .finish = dat_finish,
                                                .close = rates_close};
const etas_forecast_writer etas_forecast_rates_csv = {.open = rates_open,
                                                      .take = rates_take,
                                                      .take_counts = rates_take_counts,
                                                      .finish = csv_finish,
                                                      .close = rates_close};
const etas_forecast_writer etas_forecast_rates_geojson = {.open = rates_open,
                                                          .take = rates_take,
                                                          .take_counts = rates_take_counts,
                                                          .finish = geojson_finish,
                                                          .close = rates_close};
