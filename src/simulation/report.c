/* From generations to catalogues in order of time. */
#include "simulation/sim_state.h"

#include <string.h>

#include "etas/array.h"

/* ---- what is reported ---- */

static etas_status found_reserve(sim_found *self, bool with_parents, size_t n)
{
    const struct {
        void **column;
        size_t size;
    } columns[] = {{(void **)&self->catalog, sizeof *self->catalog},
                   {(void **)&self->time_ms, sizeof *self->time_ms},
                   {(void **)&self->lat, sizeof *self->lat},
                   {(void **)&self->lon, sizeof *self->lon},
                   {(void **)&self->mag, sizeof *self->mag},
                   {(void **)&self->generation, sizeof *self->generation},
                   {(void **)&self->flags, sizeof *self->flags},
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

static uint8_t flags_of(const etas_simulator *self, size_t row, uint32_t generation)
{
    const sim_cohort *now = &self->now;
    const bool induced =
        generation == 0 && now->event[row] >= self->tally[now->catalog[row]].background;

    return (uint8_t)((now->number[row] > 0 ? 0 : ETAS_EVENT_CHILDLESS) |
                     (induced ? ETAS_EVENT_INDUCED : 0));
}

/* The block's columns hold the rounded numbers of the rows from @p start on. */
static void keep_reported(etas_simulator *self, size_t start, size_t n, uint32_t generation)
{
    sim_cohort *now = &self->now;
    const etas_plan *plan = self->plan;
    const sim_block *block = &self->block;
    sim_found *found = &self->found;

    for (size_t i = 0; i < n; i++) {
        const size_t row = found->n;

        if (plan->with_parents)
            now->row[start + i] = -1;
        if (block->time[i] < 0 ||
            (plan->filter_region &&
             !etas_raster_contains(&plan->raster, &plan->region, block->lat[i] / ETAS_DEGREE_UNITS,
                                   block->lon[i] / ETAS_DEGREE_UNITS)))
            continue;
        found->catalog[row] = now->catalog[start + i];
        found->time_ms[row] = (uint64_t)block->time[i];
        found->lat[row] = (int32_t)block->lat[i];
        found->lon[row] = (int32_t)block->lon[i];
        found->mag[row] = (int32_t)block->dm[i];
        found->generation[row] = (uint16_t)generation;
        found->flags[row] = flags_of(self, start + i, generation);
        if (plan->with_parents) {
            found->parent[row] = generation == 0 ? -1 : now->parent[start + i];
            now->row[start + i] = (int64_t)row;
        }
        found->n++;
        self->tally[now->catalog[start + i]].found++;
    }
}

etas_status sim_report(etas_simulator *self, uint32_t generation, etas_error *err)
{
    sim_cohort *now = &self->now;
    sim_block *block = &self->block;
    const sim_reported out = {block->time, block->lat, block->lon, block->dm};

    if (now->n == 0)
        return ETAS_OK;
    if (found_reserve(&self->found, self->plan->with_parents, self->found.n + now->n) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu events", self->found.n + now->n);
    sim_cohort_pad(now);
    for (size_t start = 0; start < now->n; start += SIM_BLOCK) {
        const size_t n = now->n - start < SIM_BLOCK ? now->n - start : SIM_BLOCK;
        const sim_reportable in = {now->time + start, now->dm + start, now->lat + start,
                                   now->lon + start};

        self->kernels->report(&self->constants, n, &in, &out);
        keep_reported(self, start, n, generation);
    }
    return ETAS_OK;
}

/* ---- order ---- */

enum { FEW = 32, DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };

/* Both sorts are stable: equal times stay in order of generation and event. */
static void sort_few(size_t n, sim_key keys[])
{
    for (size_t i = 1; i < n; i++) {
        const sim_key key = keys[i];
        size_t at = i;

        for (; at > 0 && keys[at - 1].time_ms > key.time_ms; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

static void sort_many(size_t n, sim_key keys[], sim_key spare[])
{
    uint64_t varying = 0;
    sim_key *from = keys, *to = spare;

    for (size_t i = 1; i < n; i++)
        varying |= keys[i].time_ms ^ keys[0].time_ms;
    for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
        size_t start[DIGITS] = {0}, sum = 0;
        sim_key *swap = from;

        if ((varying >> shift) % DIGITS == 0)
            continue;
        for (size_t i = 0; i < n; i++)
            start[(from[i].time_ms >> shift) % DIGITS]++;
        for (size_t digit = 0; digit < DIGITS; digit++) {
            const size_t in_digit = start[digit];

            start[digit] = sum;
            sum += in_digit;
        }
        for (size_t i = 0; i < n; i++)
            to[start[(from[i].time_ms >> shift) % DIGITS]++] = from[i];
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof *keys);
}

/* Keys of each catalogue together, in the order of generations. */
static etas_status gather_keys(etas_simulator *self)
{
    const sim_found *found = &self->found;
    size_t sum = 0;

    if (etas_array_reserve((void **)&self->keys, &self->keys_capacity, found->n,
                           sizeof *self->keys) != ETAS_OK ||
        etas_array_reserve((void **)&self->spare, &self->spare_capacity, found->n,
                           sizeof *self->spare) != ETAS_OK ||
        etas_array_reserve((void **)&self->offset, &self->offset_capacity, self->count,
                           sizeof *self->offset) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t k = 0; k < self->count; k++) {
        self->offset[k] = sum;
        sum += self->tally[k].found;
    }
    for (size_t row = 0; row < found->n; row++)
        self->keys[self->offset[found->catalog[row]]++] =
            (sim_key){.time_ms = found->time_ms[row], .row = row};
    return ETAS_OK;
}

/* Rows of parents become places among the catalogue's events. */
static etas_status deliver_parents(etas_simulator *self, int32_t parent[])
{
    const sim_found *found = &self->found;
    size_t i = 0;

    if (etas_array_reserve((void **)&self->place, &self->place_capacity, found->n,
                           sizeof *self->place) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t k = 0; k < self->count; k++)
        for (uint32_t at = 0; at < self->tally[k].found; at++)
            self->place[self->keys[i++].row] = (int32_t)at;
    for (i = 0; i < found->n; i++) {
        const int64_t of = found->parent[self->keys[i].row];

        parent[i] = of >= 0 ? self->place[of] : (int32_t)of;
    }
    return ETAS_OK;
}

etas_status sim_deliver(etas_simulator *self, etas_events *out, etas_error *err)
{
    const sim_found *found = &self->found;
    const size_t first = out->n;
    sim_key *keys;

    if (gather_keys(self) != ETAS_OK ||
        etas_events_reserve(out, out->n_catalogs + self->count, first + found->n) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu events", first + found->n);
    keys = self->keys;
    for (size_t k = 0; k < self->count; k++) {
        const uint32_t n = self->tally[k].found;

        if (n <= FEW)
            sort_few(n, keys);
        else
            sort_many(n, keys, self->spare);
        keys += n;
        out->count[out->n_catalogs + k] = n;
    }
    for (size_t i = 0; i < found->n; i++) {
        const size_t row = self->keys[i].row;

        out->time_ms[first + i] = found->time_ms[row];
        out->lat[first + i] = found->lat[row];
        out->lon[first + i] = found->lon[row];
        out->mag[first + i] = found->mag[row];
        out->generation[first + i] = found->generation[row];
        out->flags[first + i] = found->flags[row];
    }
    if (out->with_parents && deliver_parents(self, out->parent + first) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for the parents of %zu events", found->n);
    out->n_catalogs += self->count;
    out->n += found->n;
    return ETAS_OK;
}
