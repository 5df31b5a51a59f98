/* Generation 0: the background and induced events. */
#include "simulation/sim_state.h"

#include <math.h>

enum { MAX_ATTEMPTS = 1 << 16 };

static void append_catalog(etas_simulator *self, size_t k, size_t n)
{
    sim_cohort *now = &self->now;
    size_t row = now->n;

    now->n += n;
    for (size_t i = 0; i < n; i++, row++) {
        now->catalog[row] = (uint32_t)k;
        now->event[row] = (uint32_t)i;
    }
}

static double sum_of(size_t n, const double x[])
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

/* Catalogues of other models stay empty. */
static void keep_mine(const etas_simulator *self, size_t first, size_t n, double number[])
{
    const etas_turns *turns = self->turns;

    for (size_t i = 0; turns != NULL && i < n; i++)
        if (turns->turn[(self->first + first + i) % turns->period] != turns->mine)
            number[i] = 0;
}

/* For up to a block of catalogues: the children of the history, the background, the induced. */
static etas_status draw_numbers(etas_simulator *self, size_t first, size_t n, etas_error *err)
{
    const etas_plan *plan = self->plan;
    double *past = self->block.u0, *background = self->block.u1, *induced = self->block.time;
    double sum;
    etas_status st =
        sim_draw_numbers(self, SIM_HISTORY_NUMBER, plan->history.mean, first, n, past, err);

    if (st == ETAS_OK)
        st = sim_draw_numbers(self, SIM_BACKGROUND_NUMBER, plan->background.mean, first, n,
                              background, err);
    if (st == ETAS_OK)
        st = sim_draw_numbers(self, SIM_INDUCED_NUMBER, plan->induced.mean, first, n, induced, err);
    if (st != ETAS_OK)
        return st;
    keep_mine(self, first, n, past);
    keep_mine(self, first, n, background);
    keep_mine(self, first, n, induced);
    sum = sum_of(n, background) + sum_of(n, induced);
    st = sim_count_drawn(self, sum, err);
    if (st == ETAS_OK)
        st = sim_count_kept(self, sum, err);
    if (st != ETAS_OK)
        return st;
    if (sim_cohort_reserve(self, &self->now, self->now.n + (size_t)sum) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %.0f events of the background", sum);
    for (size_t i = 0; i < n; i++) {
        sim_tally *tally = &self->tally[first + i];

        tally->from_history = past[i];
        tally->background = background[i];
        append_catalog(self, first + i, (size_t)(background[i] + induced[i]));
    }
    return ETAS_OK;
}

static void try_cells(etas_simulator *self, const etas_plan_cells *cells, uint32_t attempt)
{
    sim_block *block = &self->block;
    const sim_addresses at = sim_addresses_of(self, 0, block->n, block->catalog, block->event);
    const sim_in_cells in = {cells->dlon_deg, block->u1, block->lat, block->lon};

    self->kernels->uniforms(&at, SIM_PLACE, 2 * attempt, block->u0, block->u1);
    for (size_t i = 0; i < block->n; i++) {
        const uint32_t cell = etas_alias_pick(&cells->pick, block->u0[i]);

        block->lon[i] = cells->west[cell];
        block->lat[i] = cells->sine_south[cell];
        block->u1[i] = cells->sine_north[cell];
    }
    self->kernels->place_in_cells(&at, attempt, &in);
}

static void try_past_events(etas_simulator *self, const etas_plan_background *b, uint32_t attempt)
{
    sim_block *block = &self->block;
    const sim_addresses at = sim_addresses_of(self, 0, block->n, block->catalog, block->event);

    self->kernels->uniforms(&at, SIM_PLACE, 2 * attempt, block->u0, block->u1);
    for (size_t i = 0; i < block->n; i++) {
        const uint32_t past = etas_alias_pick(&b->locations, block->u0[i]);

        block->lat[i] = b->lat[past];
        block->lon[i] = b->lon[past];
    }
    self->kernels->place_by_offset(&self->constants, &at, attempt, block->lat, block->lon);
}

static void try_places(etas_simulator *self, bool induced, uint32_t attempt)
{
    const etas_plan_background *b = &self->plan->background;
    sim_block *block = &self->block;
    const sim_addresses at = sim_addresses_of(self, 0, block->n, block->catalog, block->event);

    if (induced)
        try_cells(self, &self->plan->induced.cells, attempt);
    else if (b->kind == ETAS_BACKGROUND_GRID)
        try_cells(self, &b->cells, attempt);
    else if (b->kind == ETAS_BACKGROUND_CATALOG)
        try_past_events(self, b, attempt);
    else
        self->kernels->place_by_area(&self->constants, &at, attempt, block->lat, block->lon);
}

/* Those that lie inside get their place; those outside stay in the block for the next try. */
static void keep_places(etas_simulator *self)
{
    sim_block *block = &self->block;
    size_t left = 0;

    self->kernels->locate(&self->inside, block->n, block->lat, block->lon, block->cell);
    for (size_t i = 0; i < block->n; i++) {
        const uint32_t row = block->source[i];

        if (sim_lies_inside(self->plan, self->inside.cell[block->cell[i]],
                            sim_rounded_degrees(block->lat[i]),
                            sim_rounded_degrees(block->lon[i]))) {
            self->now.lat[row] = block->lat[i];
            self->now.lon[row] = block->lon[i];
        } else {
            block->catalog[left] = block->catalog[i];
            block->event[left] = block->event[i];
            block->source[left++] = row;
        }
    }
    block->n = left;
}

static etas_status place_block(etas_simulator *self, bool induced, etas_error *err)
{
    sim_block *block = &self->block;

    for (uint32_t attempt = 0; block->n > 0; attempt++) {
        if (attempt == MAX_ATTEMPTS)
            return sim_fail_limit(self, block->catalog[0],
                                  induced ? "found no place inside the region for an induced event"
                                          : "found no place inside the region for a background "
                                            "event",
                                  err);
        sim_block_pad(block);
        try_places(self, induced, attempt);
        keep_places(self);
    }
    return ETAS_OK;
}

/* Places of the background, or of the induced events. */
static etas_status draw_places(etas_simulator *self, bool induced, etas_error *err)
{
    sim_cohort *now = &self->now;
    sim_block *block = &self->block;

    block->n = 0;
    for (size_t row = 0; row < now->n; row++) {
        if (induced != (now->event[row] >= self->tally[now->catalog[row]].background))
            continue;
        if (block->n == SIM_BLOCK) {
            const etas_status st = place_block(self, induced, err);

            if (st != ETAS_OK)
                return st;
        }
        block->catalog[block->n] = now->catalog[row];
        block->event[block->n] = now->event[row];
        block->source[block->n++] = (uint32_t)row;
    }
    return place_block(self, induced, err);
}

static void draw_zone_magnitudes(etas_simulator *self)
{
    sim_cohort *now = &self->now;
    sim_block *block = &self->block;

    for (size_t start = 0; start < now->n; start += SIM_BLOCK) {
        const size_t n = now->n - start < SIM_BLOCK ? now->n - start : SIM_BLOCK;
        const sim_addresses at =
            sim_addresses_of(self, 0, n, now->catalog + start, now->event + start);
        const sim_places places = {n, now->lat + start, now->lon + start};

        self->kernels->uniforms(&at, SIM_TIME, 0, block->u0, block->u1);
        sim_zone_magnitudes(&self->plan->zones, &places, block->u1, now->dm + start);
    }
}

etas_status sim_background(etas_simulator *self, etas_error *err)
{
    sim_cohort *now = &self->now;
    sim_addresses at;
    etas_status st = ETAS_OK;

    now->n = 0;
    for (size_t k = 0; k < self->count && st == ETAS_OK; k += SIM_BLOCK)
        st = draw_numbers(self, k, self->count - k < SIM_BLOCK ? self->count - k : SIM_BLOCK, err);
    if (st != ETAS_OK || now->n == 0)
        return st;
    sim_cohort_pad(now);
    at = sim_addresses_of(self, 0, now->n, now->catalog, now->event);
    self->kernels->background(&self->constants, &at, now->time, now->dm);
    st = draw_places(self, false, err);
    if (st == ETAS_OK && self->plan->induced.mean > 0)
        st = draw_places(self, true, err);
    if (st == ETAS_OK && self->plan->zones.n > 0)
        draw_zone_magnitudes(self);
    self->kernels->sincos(now->n, now->lat, now->lat_sine, now->lat_cosine);
    return st;
}
