/* Index b is simulated catalogue b of a plan, or of the plan whose turn it is. */
#include "etas/array.h"
#include "etas/plan.h"
#include "etas/simulation.h"
#include "work/work.h"

/* A model of a mixture at work. */
typedef struct player {
    etas_simulator *simulator;
    etas_events events; /* its catalogues of the last range */
    size_t at;          /* the next of them */
} player;

typedef struct simulate {
    etas_mixture mixture;
    player *player; /* per model */
    size_t batch;
} simulate;

static void simulate_close(void *handle)
{
    simulate *self = handle;

    for (size_t k = 0; k < self->mixture.n && self->player != NULL; k++) {
        etas_simulator_close(self->player[k].simulator);
        etas_events_free(&self->player[k].events);
    }
    etas_array_free((void **)&self->player);
    etas_mixture_free(&self->mixture);
    etas_array_free((void **)&self);
}

/* As many catalogues as have together the events of one model's. */
static size_t batch_of(const etas_mixture *mixture)
{
    double share = 0;

    for (size_t i = 0; i < mixture->period; i++)
        share += 1 / (double)etas_simulator_batch(&mixture->plan[mixture->turn[i]]);
    return share < (double)mixture->period ? (size_t)((double)mixture->period / share) : 1;
}

static etas_status simulate_open(void **out, size_t len, const uint8_t blob[], const char *kernels,
                                 etas_error *err)
{
    simulate *self = NULL;
    etas_status st = etas_array_alloc((void **)&self, 1, sizeof *self);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the simulation");
    st = etas_mixture_decode(len, blob, &self->mixture, err);
    if (st == ETAS_OK &&
        etas_array_alloc((void **)&self->player, self->mixture.n, sizeof *self->player) != ETAS_OK)
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for the simulation");
    for (size_t k = 0; st == ETAS_OK && k < self->mixture.n; k++)
        st = etas_simulator_open(&self->player[k].simulator, &self->mixture.plan[k], kernels, err);
    if (st != ETAS_OK) {
        simulate_close(self);
        return st;
    }
    self->batch = batch_of(&self->mixture);
    *out = self;
    return ETAS_OK;
}

static size_t simulate_batch(const void *handle)
{
    return ((const simulate *)handle)->batch;
}

static etas_status simulate_make(void *handle, uint64_t seed, uint64_t first, size_t count,
                                 etas_payload *out, etas_error *err)
{
    simulate *const self = handle;

    return etas_simulator_run(self->player->simulator, seed, first, count, &out->events, err);
}

/* Each model's catalogues, those of the others empty. */
static etas_status play(simulate *self, uint64_t seed, uint64_t first, size_t count,
                        etas_error *err)
{
    const etas_mixture *m = &self->mixture;
    etas_turns which = {
        .period = m->period, .turn = m->turn, .seed = seed, .first = first, .count = count};
    etas_status st = ETAS_OK;

    for (size_t k = 0; st == ETAS_OK && k < m->n; k++) {
        which.mine = (uint8_t)k;
        self->player[k].at = 0;
        st = etas_simulator_run_turns(self->player[k].simulator, &which, &self->player[k].events,
                                      err);
    }
    return st;
}

static etas_status mixture_make(void *handle, uint64_t seed, uint64_t first, size_t count,
                                etas_payload *out, etas_error *err)
{
    simulate *const self = handle;
    const etas_mixture *m = &self->mixture;
    etas_status st = play(self, seed, first, count, err);

    out->events.n = out->events.n_catalogs = 0;
    out->events.with_parents = m->plan->with_parents;
    for (size_t i = 0; st == ETAS_OK && i < count; i++) {
        player *p = &self->player[m->turn[(first + i) % m->period]];
        const uint32_t n = p->events.count[i];

        st = etas_events_append(&out->events, &p->events, p->at, n);
        p->at += n;
    }
    if (st == ETAS_E_NOMEM)
        (void)etas_fail(err, st, "no memory for %zu catalogues", count);
    return st;
}

const etas_work_kind etas_work_simulate = {.magic = {'E', 'T', 'B', 'L'},
                                           .frames = ETAS_FRAME_EVENTS,
                                           .one = "catalogue",
                                           .many = "catalogues",
                                           .open = simulate_open,
                                           .close = simulate_close,
                                           .batch = simulate_batch,
                                           .make = simulate_make};

const etas_work_kind etas_work_mixture = {.magic = {'E', 'T', 'M', 'X'},
                                          .frames = ETAS_FRAME_EVENTS,
                                          .one = "catalogue",
                                          .many = "catalogues",
                                          .open = simulate_open,
                                          .close = simulate_close,
                                          .batch = simulate_batch,
                                          .make = mixture_make};
