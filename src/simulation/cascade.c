/* One generation of children. */
#include "simulation/sim_state.h"

static void gather_from_history(etas_simulator *self, size_t i)
{
    const etas_plan_history *h = &self->plan->history;
    sim_block *block = &self->block;
    const uint32_t past = etas_alias_pick(&h->parents, block->u1[i]);

    block->time[i] = 0; /* delays count from the window's start */
    block->lat[i] = h->lat[past];
    block->lon[i] = h->lon[past];
    block->a_days[i] = h->a_days[past];
    block->log_ratio[i] = h->log_ratio[past];
    block->d_km2[i] = h->d_km2[past];
}

static void gather_parents(etas_simulator *self)
{
    const sim_cohort *now = &self->now;
    sim_block *block = &self->block;

    for (size_t i = 0; i < block->n; i++) {
        const uint32_t p = block->source[i];

        if (now->event[p] == SIM_HISTORY_EVENT) {
            gather_from_history(self, i);
            continue;
        }
        block->time[i] = now->time[p];
        block->lat[i] = now->lat[p];
        block->lon[i] = now->lon[p];
        block->a_days[i] = self->constants.c_days;
        block->log_ratio[i] = now->log_ratio[p];
        block->d_km2[i] = now->d_km2[p];
    }
}

/* Of the children on their way; a parent in the history is picked as gather_from_history does. */
static void note_parents(etas_simulator *self)
{
    const sim_cohort *now = &self->now;
    sim_block *block = &self->block;

    for (size_t i = 0; i < block->n; i++) {
        const uint32_t p = block->source[i];

        block->parent[i] =
            now->event[p] == SIM_HISTORY_EVENT
                ? -2 - (int64_t)etas_alias_pick(&self->plan->history.parents, block->u1[i])
                : now->row[p];
    }
}

/* Those that exist become the next generation. */
static etas_status keep_children(etas_simulator *self, etas_error *err)
{
    const sim_block *block = &self->block;
    const bool with_parents = self->plan->with_parents;
    sim_cohort *next = &self->next;

    if (sim_cohort_reserve(self, next, next->n + block->n) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu events", next->n + block->n);
    for (size_t i = 0; i < block->n; i++) {
        const size_t row = next->n;
        etas_status st;

        if (!(block->time[i] < self->constants.window_days))
            continue;
        st = sim_count_kept(self, block->catalog[i], 1, err);
        if (st != ETAS_OK)
            return st;
        next->catalog[row] = block->catalog[i];
        next->event[row] = block->event[i];
        next->time[row] = block->time[i];
        next->lat[row] = block->lat[i];
        next->lon[row] = block->lon[i];
        next->dm[row] = block->dm[i];
        if (with_parents)
            next->parent[row] = block->parent[i];
        next->n++;
    }
    return ETAS_OK;
}

static etas_status flush(etas_simulator *self, uint32_t generation, etas_error *err)
{
    sim_block *block = &self->block;
    const sim_addresses at =
        sim_addresses_of(self, generation, block->n, block->catalog, block->event);
    const sim_children children = {block->time,      block->lat,   block->lon, block->a_days,
                                   block->log_ratio, block->d_km2, block->dm};
    etas_status st;

    if (block->n == 0)
        return ETAS_OK;
    sim_block_pad(block);
    if (generation == 1 && self->plan->history.n > 0)
        self->kernels->uniforms(&at, SIM_SIZE, 0, block->u0, block->u1);
    gather_parents(self);
    if (self->plan->with_parents)
        note_parents(self);
    self->kernels->children(&self->constants, &at, &children);
    if (self->plan->zones.n > 0) {
        const sim_places places = {block->n, block->lat, block->lon};

        self->kernels->uniforms(&at, SIM_SIZE, 0, block->u0, block->u1);
        sim_zone_magnitudes(&self->plan->zones, &places, block->u0, block->dm);
    }
    st = keep_children(self, err);
    block->n = 0;
    return st;
}

/* Most are known after the kernel, few need more than one draw. */
etas_status sim_number(etas_simulator *self, uint32_t generation, etas_error *err)
{
    sim_cohort *now = &self->now;
    const sim_addresses at = sim_addresses_of(self, generation, now->n, now->catalog, now->event);
    const sim_parents parents = {now->time, now->dm, now->log_ratio, now->d_km2, now->number};

    sim_cohort_pad(now);
    self->kernels->parents(&self->constants, &at, &parents);
    for (size_t p = 0; p < now->n; p++) {
        const double number = now->number[p];
        etas_status st = ETAS_OK;

        if (now->event[p] == SIM_HISTORY_EVENT) {
            now->number[p] = self->tally[now->catalog[p]].from_history;
        } else if (!(number >= 0)) {
            const etas_address address = {.catalog = self->first + now->catalog[p],
                                          .generation = (uint16_t)generation,
                                          .event = now->event[p],
                                          .purpose = SIM_CHILDREN_NUMBER};

            st = sim_draw_number(self, &address, -number, &now->number[p], err);
        } else if (number > 0) {
            st = sim_count_drawn(self, now->catalog[p], number, err);
        }
        if (st != ETAS_OK)
            return st;
    }
    return ETAS_OK;
}

etas_status sim_cascade(etas_simulator *self, uint32_t generation, etas_error *err)
{
    const sim_cohort *now = &self->now;
    sim_block *block = &self->block;
    uint32_t catalog = UINT32_MAX, event = 0;
    etas_status st = ETAS_OK;

    self->next.n = 0;
    block->n = 0;
    for (size_t p = 0; p < now->n && st == ETAS_OK; p++) {
        if (now->catalog[p] != catalog) {
            catalog = now->catalog[p];
            event = 0;
        }
        for (uint64_t left = (uint64_t)now->number[p]; left > 0 && st == ETAS_OK; left--) {
            block->catalog[block->n] = catalog;
            block->event[block->n] = event++;
            block->source[block->n++] = (uint32_t)p;
            if (block->n == SIM_BLOCK)
                st = flush(self, generation, err);
        }
    }
    return st == ETAS_OK ? flush(self, generation, err) : st;
}
