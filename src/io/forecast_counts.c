/* Events per catalogue and cell, a row for each cell with events; a row with no cell and the number
 * 0 for a catalogue without any. */
#include <stdlib.h>

#include "io/decimal.h"
#include "io/forecast_source.h"

typedef struct counts {
    const etas_forecast_target *to;
    etas_forecast_source source;
} counts;

static void counts_close(void *state)
{
    counts *const self = state;

    if (self == NULL)
        return;
    etas_forecast_source_close(&self->source);
    free(self);
}

static etas_status counts_open(void **out, const etas_forecast_target *to, etas_error *err)
{
    counts *const self = calloc(1, sizeof *self);

    *out = self;
    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for counts");
    self->to = to;
    (void)fputs("catalog_id,day_first,lon_min,lat_min,mag_min,number\n", to->stream);
    return etas_forecast_source_open(&self->source, to, ETAS_SOURCE_CELLS, err);
}

static void put(FILE *out, double value)
{
    char text[33];
    const size_t len = etas_decimal_put(value, text);

    text[len] = ',';
    (void)fwrite(text, 1, len + 1, out);
}

static etas_status counts_take_counts(void *state, uint64_t catalog_id,
                                      const etas_catalog_counts *kept, etas_error *err)
{
    counts *const self = state;
    const etas_cells *const c = self->source.cells;
    FILE *const out = self->to->stream;

    (void)err;
    if (kept->n_cells == 0)
        (void)fprintf(out, "%llu,,,,,0\n", (unsigned long long)catalog_id);
    for (size_t i = 0; i < kept->n_cells; i++) {
        const uint64_t column = kept->cell[i] / c->n_mags;
        const size_t place = (size_t)(column % c->n_places);

        (void)fprintf(out, "%llu,", (unsigned long long)catalog_id);
        put(out, c->time_days[column / c->n_places]);
        put(out, c->west[place]);
        put(out, c->south[place]);
        put(out, c->mag[kept->cell[i] % c->n_mags]);
        (void)fprintf(out, "%u\n", (unsigned)kept->count[i]);
    }
    return ETAS_OK;
}

static etas_status counts_take(void *state, const etas_forecast_part *part, etas_error *err)
{
    counts *const self = state;

    return etas_forecast_source_each(&self->source, part, counts_take_counts, self, err);
}

static etas_status counts_finish(void *state, etas_error *err)
{
    (void)state;
    (void)err;
    return ETAS_OK;
}

const etas_forecast_writer etas_forecast_counts_csv = {.open = counts_open,
                                                       .take = counts_take,
                                                       .take_counts = counts_take_counts,
                                                       .finish = counts_finish,
                                                       .close = counts_close};
