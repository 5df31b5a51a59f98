/* The processes backend: slots on this machine, chunks cut as the work goes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "runner/clock.h"
#include "runner/runner_backend.h"
#include "runner/slots.h"

/* Longer silence of a slot means that it hangs. */
static const double stall_s = 300;
static const double default_duration_s = 30;
static const double settle_s = 1;
enum { FIRST_CHUNK = 64 };

typedef struct suspect {
    uint64_t index;
    uint32_t errors;
} suspect;

typedef struct processes {
    const etas_job *job;
    etas_slots *slots;
    bool borrowed;       /* the slots are the caller's */
    etas_ranges waiting; /* neither delivered, dead, nor given to a slot */
    etas_range *given;   /* what each slot has still to deliver */
    double *since_s;     /* when it got that */
    uint64_t *size;      /* and how much it was */
    double rate;         /* catalogues per second of one slot; 0 unknown */
    suspect *suspects;   /* catalogues at which a slot died or failed */
    size_t n_suspects, suspect_capacity;
} processes;

/* Slots that go on living shall be idle: what is due now is their last word about a task. */
static void settle(processes *self)
{
    const double deadline = etas_clock_s() + settle_s;
    etas_slot_event event;

    for (uint32_t i = 0; i < etas_slots_count(self->slots); i++) {
        etas_status st = ETAS_OK;

        while (st == ETAS_OK && etas_slots_busy(self->slots, i) && etas_clock_s() < deadline)
            st = etas_slots_next(self->slots, deadline - etas_clock_s(), 0, NULL, &event, NULL);
        if (etas_slots_busy(self->slots, i) && etas_slots_abort(self->slots, i, NULL) != ETAS_OK) {
            /* the next run hears of it */
        }
    }
}

static void processes_close(void *handle)
{
    processes *const self = handle;

    if (self->borrowed)
        settle(self);
    else
        etas_slots_close(self->slots);
    etas_ranges_free(&self->waiting);
    etas_array_free((void **)&self->given);
    etas_array_free((void **)&self->since_s);
    etas_array_free((void **)&self->size);
    etas_array_free((void **)&self->suspects);
    free(self);
}

static etas_status prepare(processes *self, uint32_t n, etas_error *err)
{
    const etas_ranges *const todo = self->job->todo;
    etas_status st = etas_array_alloc((void **)&self->given, n, sizeof *self->given);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->since_s, n, sizeof *self->since_s);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->size, n, sizeof *self->size);
    for (size_t i = 0; i < todo->n && st == ETAS_OK; i++)
        st = etas_ranges_add(&self->waiting, todo->items[i]);
    return st == ETAS_OK ? st : etas_fail(err, st, "out of memory for %u slots", n);
}

static etas_slots_config slots_config(const etas_runner_config *cfg)
{
    return (etas_slots_config){.n = cfg->processes > 0 ? cfg->processes : 1,
                               .kernels = cfg->kernels,
                               .stall_s = stall_s,
                               .compress = true,
                               .memory_bytes = cfg->slot_memory_bytes,
                               .log = cfg->log};
}

etas_status etas_local_slots_open(struct etas_slots **out, const etas_runner_config *cfg,
                                  etas_error *err)
{
    const etas_slots_config how = slots_config(cfg);

    return etas_slots_open(out, &how, err);
}

void etas_local_slots_close(struct etas_slots *self)
{
    etas_slots_close(self);
}

static etas_status processes_open(void **out, const etas_job *job, etas_error *err)
{
    const uint64_t total = etas_ranges_total(job->todo);
    etas_slots_config cfg = slots_config(job->cfg);
    processes *const self = calloc(1, sizeof *self);
    etas_status st;

    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for the slots");
    self->job = job;
    self->slots = job->cfg->slots;
    self->borrowed = self->slots != NULL;
    if (self->borrowed)
        cfg.n = etas_slots_count(self->slots);
    else if (cfg.n > total)
        cfg.n = (uint32_t)total;
    st = prepare(self, cfg.n, err);
    if (st == ETAS_OK && !self->borrowed)
        st = etas_slots_open(&self->slots, &cfg, err);
    if (st == ETAS_OK)
        st = etas_slots_model_add(self->slots, job->blob_sha256_hex, job->run->blob_len,
                                  job->run->blob, err);
    if (st != ETAS_OK)
        processes_close(self);
    else
        *out = self;
    return st;
}

/* ---- giving out ---- */

static suspect *find_suspect(processes *self, uint64_t index)
{
    for (size_t i = 0; i < self->n_suspects; i++)
        if (self->suspects[i].index == index)
            return &self->suspects[i];
    return NULL;
}

/* A fixed size, or: as long as wished, and small enough that all slots end together. */
static uint64_t chunk_size(const processes *self)
{
    const etas_runner_config *const cfg = self->job->cfg;
    const double wish_s = cfg->task_duration_s > 0 ? cfg->task_duration_s : default_duration_s;
    const uint64_t share =
        etas_ranges_total(&self->waiting) / (4 * (uint64_t)etas_slots_count(self->slots));
    const double wish = self->rate > 0 ? self->rate * wish_s : FIRST_CHUNK;
    uint64_t size = share;

    if (cfg->chunk_size > 0)
        return cfg->chunk_size;
    if (wish < (double)size)
        size = (uint64_t)wish;
    return size > 0 ? size : 1;
}

/* The next piece of what waits. A catalogue that failed twice goes alone. */
static etas_range cut(processes *self)
{
    etas_range piece = self->waiting.items[0];
    const uint64_t size = chunk_size(self);

    if (piece.count > size)
        piece.count = size;
    for (size_t i = 0; i < self->n_suspects; i++) {
        const suspect *const s = &self->suspects[i];

        if (s->errors < 2 || s->index < piece.first || s->index >= piece.first + piece.count)
            continue;
        piece.count = s->index == piece.first ? 1 : s->index - piece.first;
    }
    return piece;
}

static etas_status give(processes *self, uint32_t slot, etas_error *err)
{
    const etas_range piece = cut(self);
    etas_slot_task task = {
        .seed = self->job->run->seed, .first = piece.first, .count = piece.count};
    etas_status st = etas_ranges_subtract(&self->waiting, piece);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the run's ranges");
    memcpy(task.run, self->job->run->id, sizeof task.run);
    self->given[slot] = piece;
    self->size[slot] = piece.count;
    self->since_s[slot] = etas_clock_s();
    return etas_slots_assign(self->slots, slot, self->job->blob_sha256_hex, &task, err);
}

/* ---- taking in ---- */

/* Back in the queue with what the slot has not delivered; the catalogue at its head gets the blame
 * and is given up in the end, or at once when it would fail again. */
static etas_status give_back(processes *self, uint32_t slot, bool hopeless, const char *why,
                             etas_error *err)
{
    const etas_range rest = self->given[slot];
    suspect *s = find_suspect(self, rest.first);
    etas_status st = etas_ranges_add(&self->waiting, rest);

    self->given[slot].count = 0;
    if (st == ETAS_OK && s == NULL) {
        st = etas_array_reserve((void **)&self->suspects, &self->suspect_capacity,
                                self->n_suspects + 1, sizeof *self->suspects);
        if (st == ETAS_OK) {
            s = &self->suspects[self->n_suspects++];
            *s = (suspect){.index = rest.first};
        }
    }
    if (st == ETAS_OK && (++s->errors >= ETAS_MAX_ATTEMPTS || hopeless)) {
        etas_log_write(self->job->cfg->log, ETAS_LOG_WARN, "%s %llu cannot be made: %s",
                       self->job->thing, (unsigned long long)rest.first, why);
        *s = self->suspects[--self->n_suspects];
        st = etas_ranges_subtract(&self->waiting, (etas_range){rest.first, 1});
        if (st == ETAS_OK)
            return etas_sink_dead(self->job->sink, (etas_range){rest.first, 1}, why, err);
    }
    return st == ETAS_OK ? st : etas_fail(err, st, "out of memory for the run's ranges");
}

static etas_status take_frame(processes *self, const etas_slot_event *e, etas_error *err)
{
    etas_range *const given = &self->given[e->slot];
    char why[200];
    bool valid;
    etas_status st = etas_sink_frame(self->job->sink, e->len, e->bytes, &valid, why, err);

    if (st != ETAS_OK)
        return st;
    if (!valid) {
        etas_log_write(self->job->cfg->log, ETAS_LOG_WARN, "slot %u sent a bad frame: %s", e->slot,
                       why);
        st = give_back(self, e->slot, false, why, err);
        return st == ETAS_OK ? etas_slots_abort(self->slots, e->slot, err) : st;
    }
    given->first += e->count;
    given->count -= e->count;
    return ETAS_OK;
}

static void learn_rate(processes *self, uint32_t slot)
{
    const double took = etas_clock_s() - self->since_s[slot];
    const double rate = (double)self->size[slot] / fmax(took, 1e-6);

    self->rate = self->rate > 0 ? 0.5 * (self->rate + rate) : rate;
}

static etas_status take(processes *self, const etas_slot_event *e, etas_error *err)
{
    switch (e->kind) {
    case ETAS_SLOT_NONE:
        return ETAS_OK;
    case ETAS_SLOT_FRAME:
        return take_frame(self, e, err);
    case ETAS_SLOT_IDLE:
        learn_rate(self, e->slot);
        return ETAS_OK;
    case ETAS_SLOT_ERROR:
    case ETAS_SLOT_DIED:
        return self->given[e->slot].count > 0
                   ? give_back(self, e->slot, e->hopeless, e->message, err)
                   : ETAS_OK;
    }
    return ETAS_OK;
}

static etas_status processes_step(void *handle, double timeout_s, etas_error *err)
{
    processes *const self = handle;
    const double deadline = etas_clock_s() + timeout_s;
    const volatile sig_atomic_t *const stop = self->job->cfg->interrupted;
    etas_slot_event event;
    etas_status st = ETAS_OK;

    do {
        for (uint32_t i = 0; i < etas_slots_count(self->slots) && st == ETAS_OK; i++)
            if (self->waiting.n > 0 && !etas_slots_busy(self->slots, i))
                st = give(self, i, err);
        if (st == ETAS_OK)
            st = etas_slots_next(self->slots, fmax(0, deadline - etas_clock_s()), 0, NULL, &event,
                                 err);
        if (st == ETAS_OK)
            st = take(self, &event, err);
    } while (st == ETAS_OK && self->job->todo->n > 0 && etas_clock_s() < deadline &&
             (stop == NULL || *stop == 0));
    return st;
}

/* The slots stop after the batches that they are at. */
static etas_status processes_hand_over(void *handle, etas_error *err)
{
    processes *const self = handle;
    const double deadline = etas_clock_s() + settle_s;
    const uint32_t n = etas_slots_count(self->slots);
    uint32_t busy = 0;
    etas_slot_event event;
    etas_status st = ETAS_OK;

    for (uint32_t i = 0; i < n && st == ETAS_OK; i++)
        st = etas_slots_halt(self->slots, i, err);
    do {
        busy = 0;
        for (uint32_t i = 0; i < n; i++)
            busy += etas_slots_busy(self->slots, i);
        if (st == ETAS_OK && busy > 0)
            st = etas_slots_next(self->slots, fmax(0, deadline - etas_clock_s()), 0, NULL, &event,
                                 err);
        if (st == ETAS_OK && busy > 0 && event.kind == ETAS_SLOT_FRAME)
            st = take_frame(self, &event, err);
    } while (st == ETAS_OK && busy > 0 && etas_clock_s() < deadline);
    return st;
}

static uint64_t processes_workers(const void *handle)
{
    return etas_slots_count(((const processes *)handle)->slots);
}

const etas_runner_backend etas_backend_processes = {.name = "processes",
                                                    .open = processes_open,
                                                    .step = processes_step,
                                                    .hand_over = processes_hand_over,
                                                    .workers = processes_workers,
                                                    .close = processes_close};
