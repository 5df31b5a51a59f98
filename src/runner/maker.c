#include "runner/maker.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/text.h"
#include "runner/clock.h"

/* A batch that takes less grows, one that takes more shrinks; the first is one catalogue. */
static const double batch_short_s = 0.1, batch_long_s = 0.2;

enum { HEADER_BYTES = 1024 }; /* generous */

void etas_maker_start(etas_maker *self, const etas_work *work, const etas_maker_task *task)
{
    self->task = *task;
    self->batch_max = work->kind->batch(work->self);
    if (self->work != work || self->batch > self->batch_max)
        self->batch = 1; /* otherwise what the task before has learned still holds */
    self->work = work;
    self->fresh.kind = self->held.kind = work->kind->frames;
    self->next = self->held_first = task->first;
    self->end = task->first + task->count;
    etas_payload_clear(&self->held);
    self->since_s = etas_clock_s();
    self->since_cpu_s = etas_clock_cpu_s();
    self->since_ns = etas_clock_wall_ns();
    if (task->host != NULL && task->host[0] != '\0')
        etas_format(sizeof self->host, self->host, "%s", task->host);
    else if (gethostname(self->host, sizeof self->host) != 0)
        self->host[0] = '\0';
    self->host[sizeof self->host - 1] = '\0';
}

/* How many catalogues from @p at on fill a frame, at least one; *bytes is what they take. */
static uint32_t fill_frame(const etas_payload *held, size_t at, size_t *bytes)
{
    const size_t n_held = etas_payload_count(held);
    uint32_t n = 1;

    *bytes = etas_payload_bytes(held, at);
    for (; at + n < n_held; n++) {
        const size_t more = etas_payload_bytes(held, at + n);

        if (*bytes + more > ETAS_FRAME_TARGET_BYTES - HEADER_BYTES)
            break;
        *bytes += more;
    }
    return n;
}

/* The time since the last frames is shared out by catalogues. */
static void fill_header(const etas_maker *self, size_t at, uint32_t count, double share,
                        etas_frame_header *header)
{
    struct rusage usage;

    *header = (etas_frame_header){.first = self->held_first + at,
                                  .count = count,
                                  .compressed = self->task.compress,
                                  .task = {.pid = (uint32_t)getpid(), .start_ns = self->since_ns}};
    memcpy(header->run, self->task.run, sizeof header->run);
    memcpy(header->task.host, self->host, sizeof header->task.host);
    header->task.wall_s = share * (etas_clock_s() - self->since_s);
    header->task.cpu_s = share * (etas_clock_cpu_s() - self->since_cpu_s);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        header->task.peak_memory_bytes = (uint64_t)usage.ru_maxrss * 1024;
}

/* Emits the frames that are full, or everything. */
static etas_status emit_held(etas_maker *self, bool all, etas_maker_emit emit, void *context,
                             etas_error *err)
{
    const size_t n = etas_payload_count(&self->held);
    size_t at = 0, bytes, len;
    etas_status st = etas_array_reserve((void **)&self->bytes, &self->byte_capacity,
                                        etas_payload_bound(&self->held), 1);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for a result frame");
    while (at < n) {
        const uint32_t count = fill_frame(&self->held, at, &bytes);
        etas_frame_header header;

        if (!all && at + count == n && bytes < ETAS_FRAME_TARGET_BYTES / 2)
            break;
        fill_header(self, at, count, (double)count / (double)n, &header);
        st = etas_payload_encode(&header, &self->held, at, self->bytes, &len);
        if (st != ETAS_OK)
            return etas_fail(err, st, "%s %llu cannot be encoded", self->work->kind->one,
                             (unsigned long long)header.first);
        st = emit(context, header.first, count, len, self->bytes, err);
        if (st != ETAS_OK)
            return st;
        at += count;
    }
    if (at == 0)
        return ETAS_OK;
    etas_payload_drop_front(&self->held, at);
    self->held_first += at;
    self->since_s = etas_clock_s();
    self->since_cpu_s = etas_clock_cpu_s();
    self->since_ns = etas_clock_wall_ns();
    return ETAS_OK;
}

static etas_status make(etas_maker *self, size_t count, etas_error *err)
{
    const etas_work *const work = self->work;
    etas_status st;

    etas_payload_clear(&self->fresh);
    st = work->kind->make(work->self, self->task.seed, self->next, count, &self->fresh, err);
    if (st == ETAS_OK) {
        st = etas_payload_append(&self->held, &self->fresh);
        if (st != ETAS_OK)
            st = etas_fail(err, st, "out of memory for what was made");
    }
    if (st == ETAS_E_NOMEM)
        etas_payload_free(&self->fresh); /* what is held must get out */
    if (st != ETAS_OK)
        return st;
    self->next += count;
    return ETAS_OK;
}

/* A batch that fails is repeated one by one to find the catalogue to blame and keep the others. */
static etas_status make_batch(etas_maker *self, size_t count, etas_error *err)
{
    const uint64_t stop = self->next + count;
    etas_error first = {0};
    etas_status st = make(self, count, count > 1 ? &first : err);

    if (st == ETAS_OK || count == 1)
        return st;
    do
        st = make(self, 1, err);
    while (st == ETAS_OK && self->next < stop);
    self->batch = 1;
    return st;
}

static void adapt_batch(etas_maker *self, double took_s)
{
    if (took_s > batch_long_s)
        self->batch = (size_t)((double)self->batch * batch_long_s / (2 * took_s));
    else if (took_s < batch_short_s / 4)
        self->batch *= 4;
    else if (took_s < batch_short_s)
        self->batch *= 2;
    if (self->batch < 1)
        self->batch = 1;
    if (self->batch > self->batch_max)
        self->batch = self->batch_max;
}

static bool inside_careful(const etas_maker *self)
{
    return self->next >= self->task.careful_first && self->next < self->task.careful_end;
}

size_t etas_maker_next_batch(const etas_maker *self)
{
    const etas_maker_task *const t = &self->task;
    uint64_t stop = self->end;
    size_t count = self->batch;

    if (inside_careful(self)) {
        stop = t->careful_end;
        count = t->careful_step;
    } else if (self->next < t->careful_first && t->careful_first < t->careful_end) {
        stop = t->careful_first;
    }
    if (stop > self->end)
        stop = self->end;
    return stop - self->next < count ? (size_t)(stop - self->next) : count;
}

etas_status etas_maker_step(etas_maker *self, etas_maker_emit emit, void *context, etas_error *err)
{
    const size_t count = etas_maker_next_batch(self);
    const bool careful = inside_careful(self);
    const double start = etas_clock_s();
    etas_status st, sent;
    bool all;

    if (count == 0)
        return etas_maker_flush(self, emit, context, err);
    st = make_batch(self, count, err);
    if (!careful && count == self->batch)
        adapt_batch(self, etas_clock_s() - start);
    all = st != ETAS_OK || self->next == self->end || careful || inside_careful(self) ||
          etas_clock_s() - self->since_s >= self->task.frame_s;
    sent = etas_payload_count(&self->held) > 0
               ? emit_held(self, all, emit, context, st == ETAS_OK ? err : NULL)
               : ETAS_OK;
    return st != ETAS_OK ? st : sent;
}

etas_status etas_maker_flush(etas_maker *self, etas_maker_emit emit, void *context, etas_error *err)
{
    return etas_payload_count(&self->held) > 0 ? emit_held(self, true, emit, context, err)
                                               : ETAS_OK;
}

void etas_maker_free(etas_maker *self)
{
    etas_payload_free(&self->fresh);
    etas_payload_free(&self->held);
    etas_array_free((void **)&self->bytes);
    self->byte_capacity = 0;
}
