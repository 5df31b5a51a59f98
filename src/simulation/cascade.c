/* One generation of children. */
#include "simulation/sim_state.h"

#include <string.h>

/* What its children need to know of a parent before it is known which of them exist. */
typedef struct sim_parent {
    uint32_t catalog, source;
    double time, share;
} sim_parent;

/* ---- a block of draws ---- */

/* Each draws its parent in the history. */
static void pick_past(etas_simulator *self, const sim_addresses *at)
{
    const etas_alias *parents = &self->plan->history.parents;
    sim_block *block = &self->block;

    self->kernels->uniforms(at, SIM_PARENT, 0, block->u0, block->u1);
    for (size_t i = 0; i < block->n; i++) {
        const uint32_t source = etas_alias_pick(parents, block->u0[i]);

        block->source[i] = source;
        block->time[i] = 0; /* delays count from the window's start */
        block->a_days[i] = self->past[source].a_days;
        block->share[i] = self->past[source].share;
    }
}

/* Those that exist join the next generation, and their parents' places close ranks in the block.
 * Each is written, and kept if the next one does not take its place. */
static void keep_children(etas_simulator *self)
{
    const sim_cohort *now = &self->now;
    sim_block *block = &self->block;
    sim_cohort *next = &self->next;
    const double window = self->constants.window_days;
    size_t kept = 0;

    for (size_t i = 0; i < block->n; i++) {
        const size_t row = next->n + kept;
        const uint32_t p = block->source[i];

        next->catalog[row] = block->catalog[i];
        next->event[row] = block->event[i];
        next->time[row] = block->time[i];
        block->turn[kept] = block->turn[i];
        block->source[kept] = p;
        block->lon[kept] = now->lon[p];
        block->lat_sine[kept] = now->lat_sine[p];
        block->lat_cosine[kept] = now->lat_cosine[p];
        block->d_km2[kept] = now->d_km2[p];
        kept += block->time[i] < window;
    }
    block->n = kept;
    next->n += kept;
}

/* The same for children of the history. */
static void keep_children_of_past(etas_simulator *self)
{
    sim_block *block = &self->block;
    sim_cohort *next = &self->next;
    const double window = self->constants.window_days;
    size_t kept = 0;

    for (size_t i = 0; i < block->n; i++) {
        const size_t row = next->n + kept;
        const sim_past *past = &self->past[block->source[i]];

        next->catalog[row] = block->catalog[i];
        next->event[row] = block->event[i];
        next->time[row] = block->time[i];
        block->turn[kept] = block->turn[i];
        block->source[kept] = block->source[i];
        block->lon[kept] = past->lon;
        block->lat_sine[kept] = past->lat_sine;
        block->lat_cosine[kept] = past->lat_cosine;
        block->d_km2[kept] = past->d_km2;
        kept += block->time[i] < window;
    }
    block->n = kept;
    next->n += kept;
}

/* Of the events of the next generation from @p first on. */
static void note_parents(etas_simulator *self, size_t first)
{
    const sim_block *block = &self->block;

    for (size_t i = 0; i < block->n; i++)
        self->next.parent[first + i] =
            block->of_history ? -2 - (int64_t)block->source[i] : self->now.row[block->source[i]];
}

/* Only the reference's placement needs the parents' latitudes themselves. */
static void note_latitudes(etas_simulator *self)
{
    sim_block *block = &self->block;

    for (size_t i = 0; i < block->n; i++)
        block->lat[i] =
            block->of_history ? self->past[block->source[i]].lat : self->now.lat[block->source[i]];
}

/* Places and magnitudes of the events of the next generation from @p first on. */
static void place_children(etas_simulator *self, uint32_t generation, size_t first)
{
    const sim_kernels *kernels = self->kernels;
    const etas_plan_zones *zones = &self->plan->zones;
    sim_block *block = &self->block;
    sim_cohort *next = &self->next;
    const sim_addresses at =
        sim_addresses_of(self, generation, block->n, next->catalog + first, next->event + first);
    const sim_origins parents = {block->turn,     block->lat,        block->lon,
                                 block->lat_sine, block->lat_cosine, block->d_km2};
    const sim_spots spots = {next->lat + first,      next->lon + first,
                             next->lat_sine + first, next->lat_cosine + first,
                             next->dm + first,       zones->n > 0 ? block->u0 : NULL};

    sim_block_pad(block);
    for (size_t i = block->n; i % SIM_PAD != 0; i++)
        next->catalog[first + i] = next->event[first + i] = 0;
    if (self->plan->reference_placement) {
        note_latitudes(self);
        kernels->flat_spots(&self->constants, &at, &parents, &spots);
    } else {
        kernels->spots(&self->constants, &at, &parents, &spots);
    }
    if (zones->n > 0) {
        const sim_places places = {block->n, spots.lat, spots.lon};

        sim_zone_magnitudes(zones, &places, block->u0, spots.dm);
    }
}

static etas_status flush(etas_simulator *self, uint32_t generation, etas_error *err)
{
    sim_block *block = &self->block;
    const size_t first = self->next.n;
    const sim_addresses at =
        sim_addresses_of(self, generation, block->n, block->catalog, block->event);
    const sim_delays children = {block->of_history ? block->a_days : self->c_days, block->share,
                                 block->time, block->turn};
    etas_status st;

    if (block->n == 0)
        return ETAS_OK;
    if (sim_cohort_reserve(self, &self->next, first + block->n) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu events", first + block->n);
    sim_block_pad(block);
    if (block->of_history)
        pick_past(self, &at);
    self->kernels->delays(&self->constants, &at, &children);
    if (block->of_history)
        keep_children_of_past(self);
    else
        keep_children(self);
    st = sim_count_kept(self, (double)block->n, err);
    if (st != ETAS_OK)
        return st;
    if (self->plan->with_parents)
        note_parents(self, first);
    place_children(self, generation, first);
    block->n = 0;
    return ETAS_OK;
}

/* ---- all draws ---- */

enum { STEP = 4 };
typedef uint32_t step_u32 __attribute__((vector_size(4 * STEP)));
typedef double step_half __attribute__((vector_size(4 * STEP)));

static inline void write_u32(uint32_t p[STEP], step_u32 v)
{
    memcpy(p, &v, sizeof v);
}

static inline void write_double(double p[STEP], double x)
{
    const step_half v = {x, x};

    memcpy(p, &v, sizeof v);
    memcpy(p + STEP / 2, &v, sizeof v);
}

/* Writes the next STEP draws of one parent into the block. */
static inline void write_step(sim_block *block, size_t i, const sim_parent *of, uint32_t event)
{
    const step_u32 zero = {0}, count = {0, 1, 2, 3};

    write_u32(block->catalog + i, zero + of->catalog);
    write_u32(block->event + i, count + event);
    write_u32(block->source + i, zero + of->source);
    write_double(block->time + i, of->time);
    write_double(block->share + i, of->share);
}

/* Any number, over blocks. */
static etas_status draw_children(etas_simulator *self, uint32_t generation, const sim_parent *of,
                                 double number, etas_error *err)
{
    uint32_t *event = &self->tally[of->catalog].next;
    sim_block *block = &self->block;

    for (uint64_t left = (uint64_t)number; left > 0;) {
        const size_t room = SIM_BLOCK - block->n, n = left < room ? (size_t)left : room;

        for (size_t i = 0; i < n; i += STEP)
            write_step(block, block->n + i, of, *event + (uint32_t)i);
        block->n += n;
        *event += (uint32_t)n;
        left -= n;
        if (block->n == SIM_BLOCK) {
            const etas_status st = flush(self, generation, err);

            if (st != ETAS_OK)
                return st;
        }
    }
    return ETAS_OK;
}

static etas_status draw_from_history(etas_simulator *self, etas_error *err)
{
    etas_status st = ETAS_OK;

    self->block.of_history = true;
    for (size_t k = 0; k < self->count && st == ETAS_OK; k++) {
        const sim_parent past = {.catalog = (uint32_t)k};
        const double number = self->tally[k].from_history;

        st = sim_count_drawn(self, number, err);
        if (st == ETAS_OK)
            st = draw_children(self, 1, &past, number, err);
    }
    if (st == ETAS_OK)
        st = flush(self, 1, err);
    self->block.of_history = false;
    return st;
}

/* Most are known after the kernel, few need more than one draw. */
etas_status sim_number(etas_simulator *self, uint32_t generation, etas_error *err)
{
    sim_cohort *now = &self->now;
    const sim_addresses at = sim_addresses_of(self, generation, now->n, now->catalog, now->event);
    const sim_parents parents = {now->time, now->dm, now->share, now->d_km2, now->number};
    double sum = 0;

    sim_cohort_pad(now);
    self->kernels->parents(&self->constants, &at, &parents);
    now->n_busy = 0;
    for (size_t p = 0; p < now->n; p++) {
        now->busy[now->n_busy] = (uint32_t)p;
        now->n_busy += now->number[p] != 0;
    }
    for (size_t i = 0; i < now->n_busy; i++) {
        const uint32_t p = now->busy[i];

        if (!(now->number[p] >= 0)) {
            const etas_address address = {.catalog = self->first + now->catalog[p],
                                          .generation = (uint16_t)generation,
                                          .event = now->event[p],
                                          .purpose = SIM_CHILDREN_NUMBER};
            const etas_status st =
                sim_draw_number(self, &address, -now->number[p], &now->number[p], err);

            if (st != ETAS_OK)
                return st;
        }
        sum += now->number[p];
    }
    return sim_count_drawn(self, sum, err);
}

etas_status sim_cascade(etas_simulator *self, uint32_t generation, etas_error *err)
{
    const sim_cohort *now = &self->now;
    sim_block *block = &self->block;
    etas_status st = ETAS_OK;

    self->next.n = 0;
    block->n = 0;
    for (size_t i = 0; i < now->n_busy; i++)
        self->tally[now->catalog[now->busy[i]]].next = 0;
    if (generation == 1 && self->plan->history.n > 0)
        st = draw_from_history(self, err);
    for (size_t i = 0; i < now->n_busy && st == ETAS_OK; i++) {
        const uint32_t p = now->busy[i];
        const sim_parent of = {now->catalog[p], p, now->time[p], now->share[p]};
        const double number = now->number[p];

        if (number <= STEP && block->n + STEP < SIM_BLOCK) { /* most of them */
            write_step(block, block->n, &of, self->tally[of.catalog].next);
            self->tally[of.catalog].next += (uint32_t)number;
            block->n += (size_t)number;
        } else {
            st = draw_children(self, generation, &of, number, err);
        }
    }
    return st == ETAS_OK ? flush(self, generation, err) : st;
}
