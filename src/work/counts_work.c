/* Index b is simulated catalogue b of a model, and what is kept of it are counts. */
#include "etas/array.h"
#include "etas/counts.h"
#include "work/work.h"

typedef struct counting {
    etas_counts counts;
    etas_counter *counter;
    etas_work simulation;
    etas_payload catalogs;
} counting;

static void counts_close(void *handle)
{
    counting *self = handle;

    etas_counter_close(self->counter);
    etas_work_close(&self->simulation);
    etas_payload_free(&self->catalogs);
    etas_counts_free(&self->counts);
    etas_array_free((void **)&self);
}

/* The model's part of the blob is at its end. */
static etas_status open_simulation(counting *self, size_t len, const uint8_t blob[],
                                   const char *kernels, etas_error *err)
{
    const size_t before = etas_counts_model_at(&self->counts);
    const etas_status st =
        etas_work_open(&self->simulation, len - before, blob + before, kernels, err);

    if (st == ETAS_OK && self->simulation.kind->frames != ETAS_FRAME_EVENTS)
        return etas_fail(err, ETAS_E_CORRUPT, "the counts are not of catalogues");
    return st;
}

static etas_status counts_open(void **out, size_t len, const uint8_t blob[], const char *kernels,
                               etas_error *err)
{
    counting *self = NULL;
    etas_counting what;
    etas_status st = etas_array_alloc((void **)&self, 1, sizeof *self);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the simulation");
    what = (etas_counting){&self->counts.model, &self->counts.cells, &self->counts.axes};
    st = etas_counts_decode(len, blob, &self->counts, err);
    if (st == ETAS_OK)
        st = etas_counter_open(&self->counter, &what, err);
    if (st == ETAS_OK)
        st = open_simulation(self, len, blob, kernels, err);
    self->catalogs.kind = ETAS_FRAME_EVENTS;
    if (st != ETAS_OK)
        counts_close(self);
    else
        *out = self;
    return st;
}

static size_t counts_batch(const void *handle)
{
    const counting *const self = handle;

    return self->simulation.kind->batch(self->simulation.self);
}

static etas_status counts_make(void *handle, uint64_t seed, uint64_t first, size_t count,
                               etas_payload *out, etas_error *err)
{
    counting *const self = handle;
    const etas_work *const w = &self->simulation;
    const etas_events *const e = &self->catalogs.events;
    size_t at = 0;
    etas_status st = w->kind->make(w->self, seed, first, count, &self->catalogs, err);

    etas_payload_clear(out);
    for (size_t i = 0; st == ETAS_OK && i < count; i++) {
        const etas_counted one = {.events = e, .first = at, .n = e->count[i], .index = first + i};

        st = etas_counter_record(self->counter, &one, &out->records, err);
        at += e->count[i];
    }
    return st;
}

const etas_work_kind etas_work_counts = {.magic = {'E', 'T', 'C', 'T'},
                                         .frames = ETAS_FRAME_RECORDS,
                                         .one = "catalogue",
                                         .many = "catalogues",
                                         .open = counts_open,
                                         .close = counts_close,
                                         .batch = counts_batch,
                                         .make = counts_make,
                                         .is_record = etas_counts_is_record};
