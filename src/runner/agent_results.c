#include "runner/agent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"

/* What one event and one catalogue take in a raw frame; room left for the frame's header. */
enum { EVENT_BYTES = 22, CATALOG_BYTES = 4, HEADER_ROOM = 512 };

/* The longest that finished catalogues wait for more before they are committed. */
#define BATCH_AGE_S 30.0
#define WAIT_CAP_S  8.0

static size_t raw_bytes(size_t n_catalogs, size_t n_events)
{
    return CATALOG_BYTES * n_catalogs + EVENT_BYTES * n_events;
}

static size_t held_bytes(const agent_slot *row)
{
    return row->held_bytes + raw_bytes(row->batch.n_catalogs, row->batch.n);
}

static void drop_frame(agent_slot *row)
{
    row->held_bytes -= row->frames[0].len;
    free(row->frames[0].bytes);
    row->n_frames--;
    memmove(row->frames, row->frames + 1, row->n_frames * sizeof row->frames[0]);
}

static void clear_row(agent_slot *row)
{
    while (row->n_frames > 0)
        drop_frame(row);
    row->batch.n_catalogs = row->batch.n = 0;
    row->task = (etas_task_info){0};
    row->leased = false;
    row->end = LEASE_RUNNING;
    row->commit_at_s = 0;
    row->commit_tries = 0;
    row->wall_s = 0;
    row->made = 0;
    row->signal = 0;
    row->message[0] = '\0';
}

void agent_row_free(agent_slot *row)
{
    clear_row(row);
    etas_events_free(&row->batch);
    etas_array_free((void **)&row->frames);
    row->frame_capacity = 0;
}

static void pause_by_need(agent *self, uint32_t slot)
{
    agent_slot *row = &self->rows[slot];
    const size_t held = held_bytes(row);

    if (!row->paused && held > AGENT_HOLD_BYTES)
        row->paused = true;
    else if (row->paused && held <= AGENT_HOLD_BYTES / 2)
        row->paused = false;
    else
        return;
    etas_slots_pause(self->slots, slot, row->paused);
}

static void release(agent *self, uint32_t slot)
{
    agent_slot *row = &self->rows[slot];

    clear_row(row);
    pause_by_need(self, slot);
    self->idle_since = agent_now();
    self->claim_at = 0;
}

etas_status agent_drop(agent *self, uint32_t slot, const char *why, etas_error *err)
{
    const agent_slot *row = &self->rows[slot];
    etas_status st = ETAS_OK;

    etas_log_write(self->cfg->log, ETAS_LOG_WARN,
                   "slot %u: %llu catalogues from %llu of run %.6s: %s", slot,
                   (unsigned long long)row->lease.count, (unsigned long long)row->lease.first,
                   row->lease.run, why);
    if (etas_slots_busy(self->slots, slot))
        st = etas_slots_abort(self->slots, slot, err);
    release(self, slot);
    return st;
}

/* ---- delivered: frames of a slot, appended to its batch ---- */

static etas_status append(etas_events *to, const etas_events *from)
{
    const etas_status st =
        etas_events_reserve(to, to->n_catalogs + from->n_catalogs, to->n + from->n);

    if (st != ETAS_OK)
        return st;
    memcpy(to->count + to->n_catalogs, from->count, from->n_catalogs * sizeof to->count[0]);
    if (from->n > 0) {
        memcpy(to->time_ms + to->n, from->time_ms, from->n * sizeof to->time_ms[0]);
        memcpy(to->lat + to->n, from->lat, from->n * sizeof to->lat[0]);
        memcpy(to->lon + to->n, from->lon, from->n * sizeof to->lon[0]);
        memcpy(to->mag + to->n, from->mag, from->n * sizeof to->mag[0]);
        memcpy(to->generation + to->n, from->generation, from->n * sizeof to->generation[0]);
    }
    to->n_catalogs += from->n_catalogs;
    to->n += from->n;
    return ETAS_OK;
}

static void add_task(agent_slot *row, const etas_task_info *add)
{
    etas_task_info *task = &row->task;

    if (row->batch.n_catalogs == 0) {
        *task = *add;
        row->batch_since_s = agent_now();
        return;
    }
    task->wall_s += add->wall_s;
    task->cpu_s += add->cpu_s;
    if (add->peak_memory_bytes > task->peak_memory_bytes)
        task->peak_memory_bytes = add->peak_memory_bytes;
}

/* The first @p n catalogues of the batch with @p n_events events go. */
static void drop_front(etas_events *batch, size_t n, size_t n_events)
{
    batch->n_catalogs -= n;
    batch->n -= n_events;
    memmove(batch->count, batch->count + n, batch->n_catalogs * sizeof batch->count[0]);
    if (n_events == 0 || batch->n == 0)
        return;
    memmove(batch->time_ms, batch->time_ms + n_events, batch->n * sizeof batch->time_ms[0]);
    memmove(batch->lat, batch->lat + n_events, batch->n * sizeof batch->lat[0]);
    memmove(batch->lon, batch->lon + n_events, batch->n * sizeof batch->lon[0]);
    memmove(batch->mag, batch->mag + n_events, batch->n * sizeof batch->mag[0]);
    memmove(batch->generation, batch->generation + n_events,
            batch->n * sizeof batch->generation[0]);
}

/* As many catalogues as fit a frame, at least one. */
static size_t fitting(const etas_events *batch, size_t *n_events)
{
    size_t n = 0;

    *n_events = 0;
    while (n < batch->n_catalogs) {
        const size_t events = *n_events + batch->count[n];

        if (n > 0 && raw_bytes(n + 1, events) > ETAS_FRAME_TARGET_BYTES - HEADER_ROOM)
            break;
        *n_events = events;
        n++;
    }
    return n;
}

/* The record of a part that is @p share of the batch; the rest stays with the batch. */
static etas_task_info split_task(etas_task_info *task, double share)
{
    etas_task_info part = *task;

    part.wall_s *= share;
    part.cpu_s *= share;
    task->wall_s -= part.wall_s;
    task->cpu_s -= part.cpu_s;
    task->start_ns += (int64_t)(part.wall_s * 1e9);
    return part;
}

/* One frame off the front of the batch. */
static etas_status seal(agent_slot *row, etas_error *err)
{
    etas_events *batch = &row->batch;
    etas_frame_header header = {.first = row->next - batch->n_catalogs, .compressed = true};
    agent_frame frame = {0};
    size_t n_events;
    uint8_t *room = NULL, *exact;
    etas_status st;

    st = etas_array_reserve((void **)&row->frames, &row->frame_capacity, row->n_frames + 1,
                            sizeof row->frames[0]);
    if (st == ETAS_OK)
        st = (room = malloc(etas_frame_bound(batch))) != NULL ? ETAS_OK : ETAS_E_NOMEM;
    if (st != ETAS_OK)
        goto out;
    frame.count = header.count = (uint32_t)fitting(batch, &n_events);
    header.task = split_task(&row->task, (double)raw_bytes(frame.count, n_events) /
                                             (double)raw_bytes(batch->n_catalogs, batch->n));
    if (!agent_run_id(row->lease.run, header.run)) {
        st = etas_fail(err, ETAS_E_CORRUPT, "\"%s\" is no run id", row->lease.run);
        goto out;
    }
    st = etas_frame_encode(&header, batch, 0, room, &frame.len);
    if (st != ETAS_OK)
        goto out;
    exact = realloc(room, frame.len);
    frame.bytes = exact != NULL ? exact : room;
    room = NULL;
    row->frames[row->n_frames++] = frame;
    row->held_bytes += frame.len;
    drop_front(batch, frame.count, n_events);
    row->batch_since_s = agent_now();
out:
    free(room);
    return st == ETAS_OK ? st : etas_fail(err, st, "sealing a result frame");
}

static bool batch_is_full(const agent_slot *row)
{
    return raw_bytes(row->batch.n_catalogs, row->batch.n) >= ETAS_FRAME_TARGET_BYTES - HEADER_ROOM;
}

static etas_status take_frame(agent *self, const etas_slot_event *event, etas_error *err)
{
    agent_slot *row = &self->rows[event->slot];
    etas_frame_header header;
    etas_error what = {0};
    etas_status st = etas_frame_decode(event->len, event->bytes, &header, &self->incoming, &what);

    if (st == ETAS_E_NOMEM)
        return etas_fail(err, st, "taking a slot's results");
    if (st != ETAS_OK || header.first != row->next ||
        header.count > row->lease.first + row->lease.count - row->next) {
        etas_format(sizeof row->message, row->message, "the slot delivered a bad frame: %s",
                    st != ETAS_OK ? what.text : "not the catalogues that were due");
        st = etas_slots_abort(self->slots, event->slot, err);
        return st == ETAS_OK ? agent_end(self, event->slot, LEASE_FAILED, err) : st;
    }
    add_task(row, &header.task);
    st = append(&row->batch, &self->incoming);
    if (st != ETAS_OK)
        return etas_fail(err, st, "taking a slot's results");
    row->next += header.count;
    row->made += header.count;
    row->wall_s += header.task.wall_s;
    self->self.simulated += header.count;
    while (st == ETAS_OK && batch_is_full(row))
        st = seal(row, err);
    pause_by_need(self, event->slot);
    return st;
}

static void learn_rate(agent *self, const agent_slot *row)
{
    const double rate = row->wall_s > 0 ? (double)row->made / row->wall_s : 0;

    if (rate > 0 && isfinite(rate))
        self->rate = self->rate > 0 ? 0.5 * (self->rate + rate) : rate;
}

etas_status agent_end(agent *self, uint32_t slot, lease_end end, etas_error *err)
{
    agent_slot *row = &self->rows[slot];
    etas_status st = ETAS_OK;

    if (!row->leased || row->end != LEASE_RUNNING)
        return ETAS_OK;
    row->end = end;
    while (st == ETAS_OK && row->batch.n_catalogs > 0)
        st = seal(row, err);
    learn_rate(self, row);
    return st;
}

etas_status agent_take(agent *self, const etas_slot_event *event, etas_error *err)
{
    agent_slot *row;

    if (event->kind == ETAS_SLOT_NONE)
        return ETAS_OK;
    row = &self->rows[event->slot];
    if (event->kind == ETAS_SLOT_DIED || event->kind == ETAS_SLOT_ERROR)
        etas_log_write(self->cfg->log, ETAS_LOG_WARN, "slot %u%s: %s", event->slot,
                       row->leased ? "" : " (idle)", event->message);
    if (!row->leased || row->end != LEASE_RUNNING)
        return ETAS_OK;
    switch (event->kind) {
    case ETAS_SLOT_FRAME:
        return take_frame(self, event, err);
    case ETAS_SLOT_IDLE:
        return agent_end(self, event->slot, LEASE_DONE, err);
    case ETAS_SLOT_ERROR:
    case ETAS_SLOT_DIED:
        row->signal = event->signal;
        etas_format(sizeof row->message, row->message, "%s", event->message);
        return agent_end(self, event->slot, LEASE_FAILED, err);
    case ETAS_SLOT_NONE:
        break;
    }
    return ETAS_OK;
}

/* ---- committed ---- */

/* The run takes no more for now: all its leases here wait, so that one of them asks. */
static void wait_for_run(agent *self, const agent_slot *asked)
{
    const uint32_t tries = asked->commit_tries + 1;
    const double at = agent_now() + 0.1 + agent_backoff(tries + 2, WAIT_CAP_S);

    if (tries == 1)
        etas_log_write(self->cfg->log, ETAS_LOG_INFO, "run %.6s is above its mark: holding results",
                       asked->lease.run);
    for (uint32_t i = 0; i < self->cfg->processes; i++)
        if (self->rows[i].leased && strcmp(self->rows[i].lease.run, asked->lease.run) == 0) {
            self->rows[i].commit_at_s = at;
            self->rows[i].commit_tries = tries;
        }
}

static void go_on_with_run(agent *self, const agent_slot *asked)
{
    if (asked->commit_tries == 0)
        return;
    for (uint32_t i = 0; i < self->cfg->processes; i++)
        if (self->rows[i].leased && strcmp(self->rows[i].lease.run, asked->lease.run) == 0) {
            self->rows[i].commit_at_s = 0;
            self->rows[i].commit_tries = 0;
        }
}

/* Commit the oldest frame of a slot. */
static etas_status commit_one(agent *self, uint32_t slot, etas_error *err)
{
    agent_slot *row = &self->rows[slot];
    const agent_frame *frame = &row->frames[0];
    const etas_commit what = {.count = frame->count,
                              .give_back = row->end == LEASE_GIVE_BACK && row->n_frames == 1,
                              .len = frame->len,
                              .bytes = frame->bytes};
    etas_verdict verdict = ETAS_VERDICT_OK;
    etas_error error = {0};
    etas_status st =
        etas_queue_commit(self->queue, &self->self, &row->lease, &what, &verdict, &error);

    if (st == ETAS_E_REFUSED) { /* the server's memory is full */
        wait_for_run(self, row);
        return ETAS_OK;
    }
    if (!agent_reached(self, &st, &error, err))
        return st;
    switch (verdict) {
    case ETAS_VERDICT_OK:
        drop_frame(row);
        go_on_with_run(self, row);
        if (what.give_back)
            row->lease.count = 0; /* the rest is pending again */
        pause_by_need(self, slot);
        return ETAS_OK;
    case ETAS_VERDICT_WAIT:
        wait_for_run(self, row);
        return ETAS_OK;
    case ETAS_VERDICT_LOST:
        return agent_drop(self, slot, "the lease was lost", err);
    case ETAS_VERDICT_CANCEL:
        return agent_drop(self, slot, "the run is gone", err);
    }
    return ETAS_OK;
}

/* Every frame is committed and the slot is done with the lease: settle the rest of it. */
static etas_status settle(agent *self, uint32_t slot, etas_error *err)
{
    const agent_slot *row = &self->rows[slot];
    const etas_failure why = {.kind = row->end == LEASE_FAILED ? ETAS_FAIL_ERROR : ETAS_FAIL_DRAIN,
                              .reached = row->lease.first,
                              .signal = row->signal,
                              .message = row->message};
    etas_error error = {0};
    etas_status st = ETAS_OK;

    if (row->lease.count > 0) {
        st = etas_queue_fail(self->queue, &self->self, &row->lease, &why, &error);
        if (!agent_reached(self, &st, &error, err))
            return st;
    }
    release(self, slot);
    return ETAS_OK;
}

static etas_status flush_slot(agent *self, uint32_t slot, double now, etas_error *err)
{
    agent_slot *row = &self->rows[slot];
    etas_status st = ETAS_OK;

    if (row->leased && row->end == LEASE_RUNNING && row->n_frames == 0 &&
        row->batch.n_catalogs > 0 && now - row->batch_since_s >= BATCH_AGE_S)
        st = seal(row, err);
    while (st == ETAS_OK && self->linked && row->leased && row->n_frames > 0 &&
           row->commit_at_s <= now)
        st = commit_one(self, slot, err);
    if (st == ETAS_OK && self->linked && row->leased && row->n_frames == 0 &&
        row->end != LEASE_RUNNING)
        st = settle(self, slot, err);
    return st;
}

etas_status agent_flush(agent *self, etas_error *err)
{
    const double now = agent_now();
    etas_status st = ETAS_OK;

    for (uint32_t i = 0; st == ETAS_OK && self->linked && i < self->cfg->processes; i++)
        st = flush_slot(self, i, now, err);
    return st;
}

double agent_flush_at(const agent *self)
{
    double at = INFINITY;

    for (uint32_t i = 0; self->linked && i < self->cfg->processes; i++) {
        const agent_slot *row = &self->rows[i];

        if (row->leased && row->n_frames > 0)
            at = fmin(at, row->commit_at_s);
        else if (row->leased && row->end != LEASE_RUNNING)
            at = 0;
        else if (row->leased && row->batch.n_catalogs > 0)
            at = fmin(at, row->batch_since_s + BATCH_AGE_S);
    }
    return at;
}
