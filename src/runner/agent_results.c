#include "runner/agent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/text.h"

#define WAIT_CAP_S 8.0

static void drop_frame(agent_row *row)
{
    row->held_bytes -= row->frames[0].len;
    free(row->frames[0].bytes);
    row->n_frames--;
    memmove(row->frames, row->frames + 1, row->n_frames * sizeof row->frames[0]);
}

static void clear_row(agent_row *row)
{
    while (row->n_frames > 0)
        drop_frame(row);
    row->leased = false;
    row->stage = LEASE_WAITING;
    row->commit_at_s = 0;
    row->commit_tries = 0;
    row->wall_s = 0;
    row->made = 0;
    row->split_at = INFINITY;
    row->signal = 0;
    row->hopeless = false;
    row->message[0] = '\0';
}

void agent_row_free(agent_row *row)
{
    clear_row(row);
    etas_array_free((void **)&row->frames);
    row->frame_capacity = 0;
}

static void pause_by_need(agent *self, agent_row *row)
{
    if (!row->paused && row->held_bytes > AGENT_HOLD_BYTES && self->state != AGENT_DRAINING)
        row->paused = true;
    else if (row->paused && row->held_bytes <= AGENT_HOLD_BYTES / 2)
        row->paused = false;
    else
        return;
    etas_slots_pause(self->slots, row->slot, row->paused);
}

static void release(agent *self, agent_row *row)
{
    clear_row(row);
    self->idle_since = etas_clock_s();
    self->claim_at = 0;
}

/* The slot is stopped if it is still at it. */
static etas_status call_off(agent *self, agent_row *row, lease_stage end, etas_error *err)
{
    const bool runs = row->stage == LEASE_RUNNING;

    agent_end(self, row, end);
    return runs ? etas_slots_abort(self->slots, row->slot, err) : ETAS_OK;
}

etas_status agent_drop(agent *self, agent_row *row, const char *why, etas_error *err)
{
    etas_status st;

    etas_log_write(self->cfg->log, ETAS_LOG_WARN, "%llu %s from %llu of run %.6s: %s",
                   (unsigned long long)row->lease.count, row->many,
                   (unsigned long long)row->lease.first, row->lease.run, why);
    st = call_off(self, row, LEASE_GIVE_BACK, err);
    release(self, row);
    return st;
}

/* ---- delivered ---- */

/* What the lease is about, now that its model is there. */
static void name_work(agent *self, agent_row *row)
{
    const etas_slot_model *const model = etas_slots_model(self->slots, row->model);

    if (model == NULL || model->kind == NULL)
        return;
    row->one = model->kind->one;
    row->many = model->kind->many;
    if (self->many == NULL)
        self->many = row->many;
    else if (strcmp(self->many, row->many) != 0)
        self->many = "results";
}

etas_status agent_assign(agent *self, agent_row *row, uint32_t slot, etas_error *err)
{
    etas_slot_task task = {.seed = row->seed, .first = row->next, .count = row->stop - row->next};

    if (!agent_run_id(row->lease.run, task.run))
        return etas_fail(err, ETAS_E_CORRUPT, "\"%s\" is no run id", row->lease.run);
    name_work(self, row);
    etas_log_write(self->cfg->log, ETAS_LOG_DEBUG, "slot %u: %llu %s from %llu of run %.6s", slot,
                   (unsigned long long)task.count, row->many, (unsigned long long)task.first,
                   row->lease.run);
    row->stage = LEASE_RUNNING;
    row->slot = slot;
    row->since_s = row->heard_s = etas_clock_s();
    self->at[slot] = row;
    return etas_slots_assign(self->slots, slot, row->model, &task, err);
}

static etas_status keep(agent_row *row, const etas_slot_event *event,
                        const etas_frame_header *header)
{
    agent_frame frame = {.count = header->count,
                         .checksum = header->checksum,
                         .len = event->len,
                         .bytes = malloc(event->len)};
    etas_status st = frame.bytes != NULL ? ETAS_OK : ETAS_E_NOMEM;

    if (st == ETAS_OK)
        st = etas_array_reserve((void **)&row->frames, &row->frame_capacity, row->n_frames + 1,
                                sizeof row->frames[0]);
    if (st != ETAS_OK) {
        free(frame.bytes);
        return st;
    }
    memcpy(frame.bytes, event->bytes, event->len);
    row->frames[row->n_frames++] = frame;
    row->held_bytes += frame.len;
    return ETAS_OK;
}

static etas_status take_frame(agent *self, agent_row *row, const etas_slot_event *event,
                              etas_error *err)
{
    etas_frame_header header;
    etas_error what = {0};
    etas_status st = etas_frame_peek(event->len, event->bytes, &header, &what);

    if (st != ETAS_OK || header.first != row->next || header.count == 0 ||
        header.count > row->stop - row->next) {
        etas_format(sizeof row->message, row->message, "the slot delivered a bad frame: %s",
                    st != ETAS_OK ? what.text : "not what was due");
        return call_off(self, row, LEASE_FAILED, err);
    }
    st = keep(row, event, &header);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for a result of %zu bytes", event->len);
    row->next += header.count;
    row->made += header.count;
    row->heard_s = etas_clock_s();
    row->wall_s += header.task.wall_s;
    self->self.simulated += header.count;
    self->self.cpu_s += header.task.cpu_s;
    if (header.task.peak_memory_bytes > self->self.memory_bytes)
        self->self.memory_bytes = header.task.peak_memory_bytes;
    pause_by_need(self, row);
    return ETAS_OK;
}

void agent_end(agent *self, agent_row *row, lease_stage end)
{
    const double rate = row->wall_s > 0 ? (double)row->made / row->wall_s : 0;

    if (row->stage == LEASE_RUNNING) {
        self->at[row->slot] = NULL;
        self->self.tasks++;
        self->busy_s += etas_clock_s() - row->since_s;
        if (row->paused)
            etas_slots_pause(self->slots, row->slot, false);
        row->paused = false;
    }
    row->stage = end;
    if (rate > 0 && isfinite(rate))
        self->rate = self->rate > 0 ? 0.5 * (self->rate + rate) : rate;
}

etas_status agent_take(agent *self, const etas_slot_event *event, etas_error *err)
{
    agent_row *const row = event->kind != ETAS_SLOT_NONE ? self->at[event->slot] : NULL;

    if (row == NULL)
        return ETAS_OK;
    switch (event->kind) {
    case ETAS_SLOT_FRAME:
        return take_frame(self, row, event, err);
    case ETAS_SLOT_IDLE:
        agent_end(self, row, row->next == row->stop ? LEASE_DONE : LEASE_GIVE_BACK);
        break;
    case ETAS_SLOT_ERROR:
    case ETAS_SLOT_DIED:
        etas_log_write(self->cfg->log, ETAS_LOG_WARN, "slot %u: run %.6s, %s %llu: %s", event->slot,
                       row->lease.run, row->one, (unsigned long long)row->next, event->message);
        row->signal = event->signal;
        row->hopeless = event->kind == ETAS_SLOT_ERROR && event->hopeless;
        etas_format(sizeof row->message, row->message, "%s", event->message);
        agent_end(self, row, LEASE_FAILED);
        break;
    case ETAS_SLOT_NONE:
        break;
    }
    return agent_fill(self, err);
}

/* ---- committed ---- */

/* The run takes no more at present: all its leases here wait, so that one of them asks. */
static void wait_for_run(agent *self, const agent_row *asked)
{
    const uint32_t tries = asked->commit_tries + 1;
    const double at = etas_clock_s() + 0.1 + etas_backoff_random_s(tries + 2, WAIT_CAP_S);

    if (tries == 1)
        etas_log_write(
            self->cfg->log, ETAS_LOG_INFO,
            "run %.6s is above its mark, or the server's memory is full: holding results",
            asked->lease.run);
    for (uint32_t i = 0; i < self->n_rows; i++)
        if (self->rows[i].leased && strcmp(self->rows[i].lease.run, asked->lease.run) == 0) {
            self->rows[i].commit_at_s = at;
            self->rows[i].commit_tries = tries;
        }
}

static void go_on_with_run(agent *self, const agent_row *asked)
{
    if (asked->commit_tries == 0)
        return;
    for (uint32_t i = 0; i < self->n_rows; i++)
        if (self->rows[i].leased && strcmp(self->rows[i].lease.run, asked->lease.run) == 0) {
            self->rows[i].commit_at_s = 0;
            self->rows[i].commit_tries = 0;
        }
}

/* The server does not take this result from us: the lease fails where it begins. */
static etas_status refuse(agent *self, agent_row *row, etas_error *err)
{
    etas_log_write(self->cfg->log, ETAS_LOG_ERROR, "slot %u: %s", row->slot, row->message);
    while (row->n_frames > 0)
        drop_frame(row);
    return call_off(self, row, LEASE_FAILED, err);
}

/* Commit the oldest frame of a lease. */
static etas_status commit_one(agent *self, agent_row *row, etas_error *err)
{
    const agent_frame *frame = &row->frames[0];
    const etas_commit what = {.count = frame->count,
                              .give_back = row->stage == LEASE_GIVE_BACK && row->n_frames == 1,
                              .checksum = frame->checksum,
                              .len = frame->len,
                              .bytes = frame->bytes};
    etas_verdict verdict = ETAS_VERDICT_OK;
    etas_error error = {0};
    etas_status st =
        etas_queue_commit(self->queue, &self->self, &row->lease, &what, &verdict, &error);

    if (st == ETAS_E_REFUSED || st == ETAS_E_ARG || st == ETAS_E_LIMIT) { /* never to be taken */
        row->hopeless = st == ETAS_E_LIMIT;
        etas_format(sizeof row->message, row->message, "%s%s",
                    st == ETAS_E_LIMIT ? "" : "the server refused a result: ", error.text);
        return refuse(self, row, err);
    }
    if (!agent_reached(self, &st, &error, err))
        return st;
    switch (verdict) {
    case ETAS_VERDICT_OK:
        self->self.sent_bytes += frame->len;
        drop_frame(row);
        go_on_with_run(self, row);
        if (what.give_back)
            row->lease.count = 0; /* the rest is pending again */
        pause_by_need(self, row);
        return ETAS_OK;
    case ETAS_VERDICT_WAIT:
        wait_for_run(self, row);
        return ETAS_OK;
    case ETAS_VERDICT_LOST:
        return agent_drop(self, row, "the lease was lost", err);
    case ETAS_VERDICT_CANCEL:
        return agent_drop(self, row, "the run takes no more from here", err);
    case ETAS_VERDICT_SPLIT:
        break;
    }
    return ETAS_OK;
}

/* Every frame is committed and there will be no more: settle the rest of the lease. */
static etas_status settle(agent *self, agent_row *row, etas_error *err)
{
    const etas_failure why = {.kind = row->stage != LEASE_FAILED ? ETAS_FAIL_DRAIN
                                      : row->hopeless            ? ETAS_FAIL_HOPELESS
                                                                 : ETAS_FAIL_ERROR,
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
    release(self, row);
    return ETAS_OK;
}

static etas_status flush_row(agent *self, agent_row *row, double now, etas_error *err)
{
    etas_status st = ETAS_OK;

    while (st == ETAS_OK && self->linked && row->leased && row->n_frames > 0 &&
           row->commit_at_s <= now)
        st = commit_one(self, row, err);
    if (st == ETAS_OK && self->linked && row->leased && row->n_frames == 0 &&
        row->stage > LEASE_RUNNING)
        st = settle(self, row, err);
    return st;
}

etas_status agent_flush(agent *self, etas_error *err)
{
    const double now = etas_clock_s();
    etas_status st = ETAS_OK;

    for (uint32_t i = 0; st == ETAS_OK && self->linked && i < self->n_rows; i++)
        st = flush_row(self, &self->rows[i], now, err);
    return st;
}

double agent_flush_at(const agent *self)
{
    double at = INFINITY;

    for (uint32_t i = 0; self->linked && i < self->n_rows; i++) {
        const agent_row *row = &self->rows[i];

        if (row->leased && row->n_frames > 0)
            at = fmin(at, row->commit_at_s);
        else if (row->leased && row->stage > LEASE_RUNNING)
            at = 0;
    }
    return at;
}
