/* What of a generation is reported. */
#include "etas/array.h"
#include "simulation/sim_state.h"

static etas_status found_reserve(sim_found *self, bool with_parents, size_t n)
{
    const struct {
        void **column;
        size_t size;
    } columns[] = {{(void **)&self->time_ms, sizeof *self->time_ms},
                   {(void **)&self->catalog, sizeof *self->catalog},
                   {(void **)&self->row, sizeof *self->row},
                   {(void **)&self->parent, sizeof *self->parent}};
    const size_t n_columns = sizeof columns / sizeof *columns - (with_parents ? 0 : 1);
    size_t capacity = self->capacity;

    for (size_t i = 0; i < n_columns; i++) {
        capacity = self->capacity;
        if (etas_array_reserve(columns[i].column, &capacity, n, columns[i].size) != ETAS_OK)
            return ETAS_E_NOMEM;
    }
    self->capacity = capacity;
    return ETAS_OK;
}

/* What only some plans want to know of event @p at of this generation, which got row @p row. */
static void note_more(etas_simulator *self, size_t at, size_t row, bool kept, uint32_t generation)
{
    sim_cohort *now = &self->now;
    sim_found *found = &self->found;

    if (generation == 0 && now->event[at] >= self->tally[now->catalog[at]].background)
        found->row[row].flags |= ETAS_EVENT_INDUCED;
    if (self->plan->with_parents) {
        found->parent[row] = generation == 0 ? -1 : now->parent[at];
        now->row[at] = kept ? (int64_t)row : -1;
    }
}

/* The block's columns hold what would be reported of the @p n events from @p start on. A row is
 * written for each, and kept if the next one does not take its place. */
static void keep_reported(etas_simulator *self, size_t start, size_t n, uint32_t generation)
{
    const sim_block *block = &self->block;
    const uint8_t *cells = self->reported.cell;
    const uint32_t *catalog = self->now.catalog + start;
    const double *number = self->now.number + start;
    sim_found *found = &self->found;
    uint64_t *time_ms = found->time_ms;
    uint32_t *found_catalog = found->catalog;
    sim_row *rows = found->row;
    const bool more = self->plan->with_parents || self->plan->induced.mean > 0;
    size_t row = found->n;

    for (size_t i = 0; i < n; i++) {
        const bool kept = sim_lies_inside(self->plan, cells[block->cell[i]],
                                          block->lat_units[i] / ETAS_DEGREE_UNITS,
                                          block->lon_units[i] / ETAS_DEGREE_UNITS);

        time_ms[row] = block->time_ms[i];
        found_catalog[row] = catalog[i];
        rows[row] = (sim_row){.lat = block->lat_units[i],
                              .lon = block->lon_units[i],
                              .mag = block->mag_units[i],
                              .generation = (uint16_t)generation,
                              .flags = number[i] > 0 ? 0 : ETAS_EVENT_CHILDLESS};
        if (more)
            note_more(self, start + i, row, kept, generation);
        row += kept;
    }
    found->n = row;
}

etas_status sim_report(etas_simulator *self, uint32_t generation, etas_error *err)
{
    sim_cohort *now = &self->now;
    sim_block *block = &self->block;
    const sim_reported out = {block->time_ms, block->lat_units, block->lon_units, block->mag_units,
                              block->cell};
    const size_t most = self->found.n + now->n + 1; /* one is written that may not be kept */

    if (now->n == 0)
        return ETAS_OK;
    if (found_reserve(&self->found, self->plan->with_parents, most) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu events", most);
    sim_cohort_pad(now);
    for (size_t start = 0; start < now->n; start += SIM_BLOCK) {
        const size_t n = now->n - start < SIM_BLOCK ? now->n - start : SIM_BLOCK;
        const sim_reportable in = {now->time + start, now->dm + start, now->lat + start,
                                   now->lon + start};

        self->kernels->report(&self->constants, &self->reported, n, &in, &out);
        keep_reported(self, start, n, generation);
    }
    return ETAS_OK;
}
