/* The blob of a run that keeps counts. */
#include <string.h>

#include "codec/bytes.h"
#include "etas/array.h"
#include "etas/counts.h"

/* docs/formats-internal.md has the same table. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_ZERO = 6,
    AT_N_THRESHOLDS = 8,
    AT_N_TIMES = 12,
    AT_NUMBERS = 16,
    AT_MODEL_LENGTH = 72,
    AT_SECTIONS = 80
};
enum { COUNTS_VERSION = 1, MAX_TIMES = 10000 };
static const uint8_t MAGIC[4] = {'E', 'T', 'C', 'T'};

static const size_t numbers[] = {
    offsetof(etas_forecast_grid, dlat),      offsetof(etas_forecast_grid, dlon),
    offsetof(etas_forecast_grid, mag_first), offsetof(etas_forecast_grid, dmag),
    offsetof(etas_forecast_grid, mag_last),  offsetof(etas_forecast_grid, depth_first),
    offsetof(etas_forecast_grid, depth_last)};
enum { N_NUMBERS = sizeof numbers / sizeof *numbers };
_Static_assert(AT_NUMBERS + 8 * N_NUMBERS == AT_MODEL_LENGTH, "the table fills its place");

void etas_counts_free(etas_counts *self)
{
    etas_mixture_free(&self->model);
    etas_array_free((void **)&self->grid.time_days);
    etas_cells_free(&self->cells);
    *self = (etas_counts){0};
}

bool etas_counts_is_blob(size_t len, const uint8_t blob[])
{
    return len >= sizeof MAGIC && memcmp(blob, MAGIC, sizeof MAGIC) == 0;
}

size_t etas_counts_model_at(const etas_counts *self)
{
    return AT_SECTIONS + 8 * (self->axes.n_thresholds + self->grid.n_times);
}

static uint8_t *put_column(uint8_t *p, size_t n, const double v[])
{
    for (size_t i = 0; i < n; i++, p += 8)
        put_f64(p, v[i]);
    return p;
}

etas_status etas_counts_encode(const etas_counts_input *in, uint8_t **out, size_t *len,
                               etas_error *err)
{
    const etas_forecast_grid *const grid = in->grid;
    const etas_summary_axes *const axes = in->axes;
    uint8_t *p;
    etas_status st;

    if (grid->n_times > MAX_TIMES)
        return etas_fail(err, ETAS_E_LIMIT, "more than %d intervals", MAX_TIMES);
    *len = AT_SECTIONS + 8 * (axes->n_thresholds + grid->n_times) + in->model_len;
    st = etas_array_alloc((void **)out, *len, 1);
    if (st != ETAS_OK)
        return etas_fail(err, st, "no memory for a blob of %zu bytes", *len);
    p = *out;
    memcpy(p + AT_MAGIC, MAGIC, sizeof MAGIC);
    put_u16(p + AT_VERSION, COUNTS_VERSION);
    put_u32(p + AT_N_THRESHOLDS, (uint32_t)axes->n_thresholds);
    put_u32(p + AT_N_TIMES, (uint32_t)grid->n_times);
    put_members(p + AT_NUMBERS, grid, N_NUMBERS, numbers);
    put_u64(p + AT_MODEL_LENGTH, in->model_len);
    p = put_column(p + AT_SECTIONS, axes->n_thresholds, axes->threshold);
    p = put_column(p, grid->n_times, grid->time_days);
    memcpy(p, in->model, in->model_len);
    return ETAS_OK;
}

/* The numbers before the model; their meaning is checked when cells and axes are built. */
static etas_status get_start(size_t len, const uint8_t blob[], etas_counts *self,
                             double threshold[ETAS_MAX_THRESHOLDS], etas_error *err)
{
    const uint8_t *p = blob + AT_SECTIONS;
    uint32_t n_thresholds, n_times;
    size_t sections;

    if (len < AT_SECTIONS || !etas_counts_is_blob(len, blob))
        return etas_fail(err, ETAS_E_CORRUPT, "this is not a blob of counts");
    if (get_u16(blob + AT_VERSION) != COUNTS_VERSION)
        return etas_fail(err, ETAS_E_VERSION, "counts of version %u, this program reads %d",
                         get_u16(blob + AT_VERSION), COUNTS_VERSION);
    n_thresholds = get_u32(blob + AT_N_THRESHOLDS);
    n_times = get_u32(blob + AT_N_TIMES);
    if (n_thresholds == 0 || n_thresholds > ETAS_MAX_THRESHOLDS || n_times > MAX_TIMES ||
        get_u16(blob + AT_ZERO) != 0)
        return etas_fail(err, ETAS_E_CORRUPT, "the blob of counts is damaged: its numbers");
    sections = AT_SECTIONS + 8 * ((size_t)n_thresholds + n_times);
    if (len < sections || get_u64(blob + AT_MODEL_LENGTH) != len - sections)
        return etas_fail(err, ETAS_E_CORRUPT,
                         "the blob of counts is damaged: %zu bytes are not what it needs", len);
    if (etas_array_alloc((void **)&self->grid.time_days, n_times, sizeof(double)) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for intervals");
    get_members(blob + AT_NUMBERS, &self->grid, N_NUMBERS, numbers);
    for (size_t i = 0; i < n_thresholds; i++, p += 8)
        threshold[i] = get_f64(p);
    for (size_t i = 0; i < n_times; i++, p += 8)
        self->grid.time_days[i] = get_f64(p);
    self->axes.n_thresholds = n_thresholds;
    self->grid.n_times = n_times;
    return ETAS_OK;
}

etas_status etas_counts_decode(size_t len, const uint8_t blob[], etas_counts *out, etas_error *err)
{
    double threshold[ETAS_MAX_THRESHOLDS];
    etas_counts self = {0};
    etas_status st = get_start(len, blob, &self, threshold, err);
    const size_t n = self.axes.n_thresholds;

    if (st == ETAS_OK) {
        const size_t at = etas_counts_model_at(&self);

        st = etas_mixture_decode(len - at, blob + at, &self.model, err);
    }
    if (st == ETAS_OK)
        st = etas_summary_axes_build(&self.axes, n, threshold, &self.model, err);
    if (st == ETAS_OK)
        st = etas_cells_build(&self.cells, &self.grid, &self.model, err);
    etas_counts_free(st == ETAS_OK ? out : &self);
    if (st == ETAS_OK)
        *out = self;
    return st;
}
