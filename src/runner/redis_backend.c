#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <math.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/queue.h"
#include "etas/text.h"
#include "runner/backoff.h"
#include "runner/clock.h"
#include "runner/redis_driver.h"
#include "runner/sink.h"

#define BACKOFF_CAP_S 60.0
#define BEAT_S        10.0
#define REAP_S        5.0
/* Small results are gathered for so long: each round ends with a durable transaction. */
#define GATHER_S       0.1
#define GATHER_LEAST_S 0.005
#define GATHER_BYTES   0x1p20

enum { PEEK_BYTES = 8 << 20 };

const etas_log *driver_log(const driver *self)
{
    return self->job->cfg->log;
}

bool driver_reached(driver *self, etas_status *st, const etas_error *what, etas_error *err)
{
    char line[512];

    switch (*st) {
    case ETAS_OK:
        return true;
    case ETAS_E_AUTH:
    case ETAS_E_VERSION:
    case ETAS_E_SUPERSEDED:
    case ETAS_E_NOMEM:
    case ETAS_E_ARG:
    case ETAS_E_REFUSED:
        if (*st == ETAS_E_REFUSED && etas_queue_memory_full(self->queue)) {
            *st = ETAS_OK; /* collecting makes room: the next beat or audit tries again */
            self->audit_at = fmin(self->audit_at, etas_clock_s() + DRIVER_DEFER_S);
            if (!self->crowded)
                etas_log_write(driver_log(self), ETAS_LOG_WARN, "the memory of %s is full: waiting",
                               etas_queue_host(self->queue));
            self->crowded = true;
        } else if (err != NULL && err->code == ETAS_OK) {
            *err = *what;
        }
        return false;
    default:
        break;
    }
    if (self->linked || self->tries == 0)
        etas_log_write(driver_log(self), ETAS_LOG_WARN, "%s; trying again",
                       etas_error_format(what, sizeof line, line));
    if (*st != ETAS_E_AWAY)
        etas_queue_disconnect(self->queue);
    self->linked = false;
    self->retry_at = etas_clock_s() + etas_backoff_random_s(self->tries, BACKOFF_CAP_S);
    self->tries++;
    *st = ETAS_OK;
    return false;
}

/* When told to, and whenever nothing has come for one lease. */
static double audit_due(const driver *self)
{
    return fmin(fmin(self->audit_at, self->heard_at + self->meta.lease_s), verify_audit_due(self));
}

static double beat_s(const driver *self)
{
    return fmin(BEAT_S, self->meta.lease_s / 6);
}

static void note_workers(driver *self)
{
    const double now = etas_clock_s();

    if (self->state.live_slots > 0) {
        self->lonely = false;
        self->lonely_at = 0;
    } else if (self->lonely_at == 0) {
        self->lonely_at = now + self->job->cfg->lonely_s;
    }
    if (self->lonely_at == 0 || self->lonely)
        return;
    if (now < self->lonely_at) {
        self->beat_at = fmin(self->beat_at, self->lonely_at);
        return;
    }
    etas_log_write(driver_log(self), ETAS_LOG_INFO,
                   "no workers in pool \"%s\" at %s: waiting for some",
                   self->job->cfg->redis.pool != NULL ? self->job->cfg->redis.pool : "default",
                   etas_queue_host(self->queue));
    self->lonely = true;
}

void driver_look_at_store(driver *self)
{
    const etas_store_tally *const t = etas_sink_tally(self->job->sink);
    etas_run_tally *const out = &self->meta.tally;

    self->meta.stored = etas_ranges_total(etas_store_covered(self->job->store));
    *out = (etas_run_tally){
        .tasks = t->tasks, .received_bytes = t->bytes, .wall_s = t->wall_s, .cpu_s = t->cpu_s};
    for (size_t i = 0; i < sizeof out->slowest / sizeof out->slowest[0]; i++) {
        const etas_store_task *const slow = &t->slowest[i];

        out->slowest[i] = (etas_slow_task){
            .wall_s = slow->wall_s, .first = slow->first, .count = (uint32_t)slow->count};
        etas_format(sizeof out->slowest[i].host, out->slowest[i].host, "%s", slow->host);
    }
}

etas_status driver_beat(driver *self, etas_error *err)
{
    etas_error error = {0};
    etas_status st;

    driver_look_at_store(self);
    self->beat_at = etas_clock_s() + beat_s(self);
    st = etas_queue_run_beat(self->queue, &self->meta, &self->state, &error);
    if (!driver_reached(self, &st, &error, err))
        return st;
    if (self->state.cancelled) {
        self->cancelled = true;
        return etas_fail(err, ETAS_E_INTERRUPTED, "the run was cancelled by a pool manager");
    }
    if (self->state.lost || self->state.n_dead != self->dead_seen)
        self->audit_at = 0;
    if (self->state.lost)
        verify_linked(self);
    if (self->state.needs_model) {
        const etas_store_run *run = self->job->run;

        st = etas_queue_model_put(self->queue, self->meta.model_sha256, run->blob_len, run->blob,
                                  &error);
        if (!driver_reached(self, &st, &error, err))
            return st;
    }
    note_workers(self);
    return ETAS_OK;
}

static etas_status connect_when_due(driver *self, etas_error *err)
{
    etas_error error = {0};
    etas_status st;

    if (self->linked || etas_clock_s() < self->retry_at)
        return ETAS_OK;
    st = etas_queue_check(self->queue, &error);
    if (!driver_reached(self, &st, &error, err))
        return st;
    self->linked = true;
    verify_linked(self);
    self->audit_at = 0; /* anything may have been lost meanwhile */
    self->reap_at = 0;
    st = driver_beat(self, err);
    if (st != ETAS_OK || !self->linked)
        return st;
    etas_log_write(driver_log(self), ETAS_LOG_INFO, "run %.6s: connected to %s", self->meta.id,
                   etas_queue_host(self->queue));
    self->tries = 0;
    return ETAS_OK;
}

/* ---- collect ---- */

/* What was there already is compared, whatever the reason that it was made again. */
static etas_status take_frame(driver *self, const etas_collected *item,
                              const etas_frame_header *header, bool *valid, char why[200],
                              etas_error *err)
{
    etas_sink *const sink = self->job->sink;
    const etas_range range = {header->first, header->count};
    const bool repeat = etas_ranges_overlap(&sink->taken, range) > 0;
    const etas_status st = etas_sink_frame(sink, item->len, item->bytes, valid, why, err);

    return st == ETAS_OK && *valid && repeat && !self->job->cfg->brief
               ? verify_repeat(self, item, header, err)
               : st;
}

/* Hands one frame to the sink. One that cannot be used is discarded and made again. */
static etas_status take(driver *self, const etas_collected *item, etas_ack *ack, etas_error *err)
{
    etas_frame_header header;
    etas_error what = {0};
    char why[200] = "";
    bool valid = false, faulty = false;
    etas_status st = etas_frame_peek(item->len, item->bytes, &header, &what);

    *ack = (etas_ack){.first = item->first, .count = item->count, .checksum = item->checksum};
    if (st == ETAS_E_NOMEM)
        return etas_fail(err, st, "taking a result");
    if (st != ETAS_OK)
        etas_format(sizeof why, why, "%s", what.text);
    else if (header.first != item->first || header.count != item->count)
        etas_format(sizeof why, why, "it holds something else than its lease");
    else if ((faulty = verify_refuses(self, header.task.host)))
        etas_format(sizeof why, why, "host %s is faulty", header.task.host);
    else if ((st = take_frame(self, item, &header, &valid, why, err)) != ETAS_OK)
        return st;
    if (valid)
        return ETAS_OK;
    etas_log_write(driver_log(self), faulty ? ETAS_LOG_DEBUG : ETAS_LOG_WARN,
                   "result %llu+%u of agent %.6s discarded, to be made again: %s",
                   (unsigned long long)item->first, item->count, item->agent, why);
    ack->discard = true;
    self->audit_at = 0;
    return ETAS_OK;
}

etas_status driver_collect(driver *self, size_t *bytes, etas_error *err)
{
    etas_collected *items = NULL;
    etas_ack *acks = NULL;
    size_t n = 0;
    etas_error error = {0};
    etas_status st = etas_queue_collect(self->queue, &self->meta, PEEK_BYTES, &items, &n, &error);

    *bytes = 0;
    if (!driver_reached(self, &st, &error, err) || n == 0)
        goto out;
    st = etas_array_alloc((void **)&acks, n, sizeof acks[0]);
    for (size_t i = 0; st == ETAS_OK && i < n; i++) {
        st = take(self, &items[i], &acks[i], err);
        *bytes += items[i].len;
    }
    if (st == ETAS_OK)
        st = etas_sink_flush(self->job->sink, err);
    if (st == ETAS_OK)
        st = verify_note(self, err);
    if (st != ETAS_OK)
        goto out;
    self->meta.stored = etas_ranges_total(etas_store_covered(self->job->store));
    st = etas_queue_ackout(self->queue, &self->meta, n, acks, &error);
    (void)driver_reached(self, &st, &error, err);
    self->heard_at = etas_clock_s();
out:
    etas_array_free((void **)&acks);
    etas_queue_collected_free(&items, &n);
    return st;
}

/* ---- the interface ---- */

static void redis_close(void *opaque)
{
    driver *self = opaque;

    if (self == NULL)
        return;
    verify_close(self);
    etas_queue_close(self->queue);
    free(self);
}

static etas_status redis_open(void **out, const etas_job *job, etas_error *err)
{
    driver *self = calloc(1, sizeof *self);
    const etas_runner_config *cfg = job->cfg;
    etas_redis_options redis = cfg->redis;
    etas_status st;

    *out = self;
    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "starting the driver");
    self->job = job;
    self->start_s = etas_clock_s();
    self->todo_at_start = (double)etas_ranges_total(job->todo);
    self->meta =
        (etas_run_meta){.epoch = etas_store_epoch(job->store),
                        .n_catalogs = job->run->n_catalogs,
                        .seed = job->run->seed,
                        .algorithm = job->run->algorithm,
                        .chunk_size = cfg->chunk_size,
                        .task_duration_s = cfg->task_duration_s > 0 ? cfg->task_duration_s : 30,
                        .max_attempts = ETAS_MAX_ATTEMPTS,
                        .max_lost = 10,
                        .mark_bytes = cfg->mark_bytes,
                        .lease_s = cfg->lease_s > 0 ? cfg->lease_s : 60};
    etas_hex(sizeof job->run->id, job->run->id, self->meta.id);
    etas_format(sizeof self->meta.model_sha256, self->meta.model_sha256, "%s",
                job->blob_sha256_hex);
    if (gethostname(self->meta.name, sizeof self->meta.name - 1) != 0)
        self->meta.name[0] = '\0';
    redis.signals = cfg->interrupted;
    st = verify_open(self, err);
    if (st == ETAS_OK)
        st = etas_queue_open(&self->queue, &redis, err);
    if (st != ETAS_OK) {
        redis_close(self);
        *out = NULL;
    }
    return st;
}

static etas_status tend(driver *self, etas_error *err)
{
    etas_error error = {0};
    etas_status st = connect_when_due(self, err);

    if (st == ETAS_OK && self->linked && etas_clock_s() >= audit_due(self))
        st = driver_audit(self, err);
    if (st == ETAS_OK && self->linked && etas_clock_s() >= self->beat_at)
        st = driver_beat(self, err);
    if (st == ETAS_OK && self->linked && etas_clock_s() >= self->reap_at) {
        self->reap_at = etas_clock_s() + fmin(REAP_S, beat_s(self));
        st = etas_queue_reap(self->queue, &error);
        (void)driver_reached(self, &st, &error, err);
    }
    return st;
}

/* Until results or something else are due, or a signal comes. */
static void wait_for_hint(driver *self, double until)
{
    struct pollfd hint = {.fd = -1, .events = POLLIN};
    bool fired = false;
    double left;

    if (self->linked) {
        until = fmin(until, fmin(self->beat_at, fmin(self->reap_at, audit_due(self))));
        if (etas_queue_hint_arm(self->queue, self->meta.id, BEAT_S, NULL) == ETAS_OK)
            hint.fd = etas_queue_hint_fd(self->queue);
    } else {
        until = fmin(until, self->retry_at);
    }
    left = until - etas_clock_s();
    if (left <= 0 || poll(&hint, 1, (int)ceil(left * 1e3)) <= 0 || hint.fd < 0)
        return;
    if (etas_queue_hint_take(self->queue, &fired, NULL) == ETAS_OK && fired)
        self->beat_at =
            fmin(self->beat_at, etas_clock_s() + DRIVER_DEFER_S); /* dead, or no model? */
}

/* How long to wait for more results before the next round: a tenth of what the run will still take,
 * so that its end is not delayed, and not until they are many. */
static double gather_s(const driver *self)
{
    const double took = etas_clock_s() - self->start_s;
    const double left = (double)etas_ranges_total(self->job->todo);
    const double done = self->todo_at_start - left;
    const double room = self->meta.mark_bytes > 0
                            ? fmin(GATHER_BYTES, (double)self->meta.mark_bytes / 4)
                            : GATHER_BYTES;
    const double wait = done > 0 ? fmin(0.1 * took * left / done, GATHER_S) : 0;

    return fmax(fmin(wait, room * took / self->bytes), GATHER_LEAST_S);
}

static etas_status redis_step(void *opaque, double timeout_s, etas_error *err)
{
    driver *self = opaque;
    const double until = etas_clock_s() + timeout_s;
    size_t bytes = 0;
    etas_status st = tend(self, err);

    if (st == ETAS_OK && self->linked)
        st = driver_collect(self, &bytes, err);
    self->bytes += (double)bytes;
    if (st == ETAS_OK)
        st = verify_tend(self, err);
    if (st != ETAS_OK || (double)bytes >= GATHER_BYTES ||
        (self->job->todo->n == 0 && !verify_busy(self)))
        return st;
    if (bytes > 0 && self->job->cfg->brief)
        return ETAS_OK;
    if (bytes > 0)
        (void)poll(NULL, 0, (int)ceil(1e3 * fmin(gather_s(self), fmax(timeout_s, 0))));
    else
        wait_for_hint(self, until);
    return ETAS_OK;
}

static bool redis_busy(const void *opaque)
{
    return verify_busy(opaque);
}

static uint64_t redis_workers(const void *opaque)
{
    const driver *self = opaque;

    return self->state.live_slots;
}

static void redis_finish(void *opaque, etas_status outcome)
{
    driver *self = opaque;

    if (outcome == ETAS_OK || outcome == ETAS_E_INCOMPLETE)
        verify_report(self);
    driver_leave(self, outcome);
}

const etas_runner_backend etas_backend_redis = {.name = "redis",
                                                .open = redis_open,
                                                .step = redis_step,
                                                .busy = redis_busy,
                                                .workers = redis_workers,
                                                .finish = redis_finish,
                                                .close = redis_close};
