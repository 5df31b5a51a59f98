/* Index b is simulated catalogue b of a plan. */
#include "etas/array.h"
#include "etas/plan.h"
#include "etas/simulation.h"
#include "work/work.h"

typedef struct simulate {
    etas_plan plan;
    etas_simulator *simulator;
} simulate;

static void simulate_close(void *handle)
{
    simulate *self = handle;

    etas_simulator_close(self->simulator);
    etas_plan_free(&self->plan);
    etas_array_free((void **)&self);
}

static etas_status simulate_open(void **out, size_t len, const uint8_t blob[], const char *kernels,
                                 etas_error *err)
{
    simulate *self = NULL;
    etas_status st = etas_array_alloc((void **)&self, 1, sizeof *self);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the simulation");
    st = etas_blob_decode(len, blob, &self->plan, err);
    if (st == ETAS_OK)
        st = etas_simulator_open(&self->simulator, &self->plan, kernels, err);
    if (st != ETAS_OK)
        simulate_close(self);
    else
        *out = self;
    return st;
}

static size_t simulate_batch(const void *handle)
{
    return etas_simulator_batch(&((const simulate *)handle)->plan);
}

static etas_status simulate_make(void *handle, uint64_t seed, uint64_t first, size_t count,
                                 etas_payload *out, etas_error *err)
{
    simulate *const self = handle;

    return etas_simulator_run(self->simulator, seed, first, count, &out->events, err);
}

const etas_work_kind etas_work_simulate = {.magic = {'E', 'T', 'B', 'L'},
                                           .frames = ETAS_FRAME_EVENTS,
                                           .one = "catalogue",
                                           .many = "catalogues",
                                           .open = simulate_open,
                                           .close = simulate_close,
                                           .batch = simulate_batch,
                                           .make = simulate_make};
