#include "runner/agent.h"

#include <math.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/plan.h"
#include "etas/text.h"

/* A leaving agent whose results the server does not take gives up after this: what it held is made
 * again elsewhere. Shorter than the 30 s that Slurm leaves between SIGTERM and SIGKILL. */
#define LEAVE_S 20.0
/* How long a draining agent waits for the batch that a slot is at. */
#define HALT_S 1.0
/* For a goodbye: without it the leases run out. */
#define BYE_S 5.0
/* The longest that a slot holds finished catalogues before it delivers them. */
#define FRAME_S 5.0
/* Idle agents ask again after this long without a hint; jittered, so that they do not come
 * together. */
#define HINT_S       20.0
#define HINT_RETRY_S 5.0
/* Whoever holds a lease for longer listens for those who have nothing to do. */
#define WANTED_S 0.5

/* ---- leaving ---- */

static bool any_leased(const agent *self)
{
    for (uint32_t i = 0; i < self->n_rows; i++)
        if (self->rows[i].leased)
            return true;
    return false;
}

/* Let the slots stop; what they have finished comes as frames, agent_take gives back the rest. */
static etas_status drain(agent *self, const char *why, etas_error *err)
{
    etas_status st = ETAS_OK;

    if (self->state == AGENT_DRAINING)
        return ETAS_OK;
    etas_log_write(self->cfg->log, ETAS_LOG_INFO, "%s: handing over what is finished", why);
    self->state = AGENT_DRAINING;
    self->halt_by = etas_clock_s() + HALT_S;
    self->leave_by = etas_clock_s() + LEAVE_S;
    for (uint32_t i = 0; st == ETAS_OK && i < self->cfg->processes; i++) {
        etas_slots_pause(self->slots, i, false);
        if (self->at[i] != NULL)
            self->at[i]->paused = false;
        st = etas_slots_halt(self->slots, i, err);
    }
    agent_shed(self);
    return st;
}

/* Slots in the middle of something long are not waited for. */
static etas_status cut_short(agent *self, etas_error *err)
{
    etas_status st = ETAS_OK;

    for (uint32_t i = 0; st == ETAS_OK && i < self->cfg->processes; i++) {
        if (self->at[i] == NULL)
            continue;
        st = etas_slots_abort(self->slots, i, err);
        agent_end(self, self->at[i], LEASE_GIVE_BACK);
    }
    self->halt_by = INFINITY;
    return st;
}

etas_status agent_obey(agent *self, etas_command command, etas_error *err)
{
    if (command == ETAS_COMMAND_STOP_NOW)
        return drain(self, "told to stop now", err);
    if (command == ETAS_COMMAND_STOP && self->state == AGENT_WORKING) {
        etas_log_write(self->cfg->log, ETAS_LOG_INFO, "told to stop: finishing the current chunks");
        self->state = AGENT_FINISHING;
        agent_shed(self);
    }
    return ETAS_OK;
}

/* What time and signals ask for. *leave: the loop is over. */
static etas_status check_leave(agent *self, bool *leave, etas_error *err)
{
    const int signals = self->cfg->signals != NULL ? *self->cfg->signals : 0;
    const double now = etas_clock_s();
    etas_status st = ETAS_OK;

    if (signals >= 2)
        return etas_fail(err, ETAS_E_INTERRUPTED, "second signal: gave everything back");
    if (signals == 1)
        st = drain(self, "signal", err);
    else if (now >= self->stop_at)
        st = drain(self, "the runtime is over", err);
    if (st == ETAS_OK && self->state == AGENT_DRAINING && now >= self->halt_by)
        st = cut_short(self, err);
    if (st != ETAS_OK)
        return st;
    if (any_leased(self)) {
        *leave = self->state == AGENT_DRAINING && now >= self->leave_by;
        if (*leave)
            etas_log_write(self->cfg->log, ETAS_LOG_WARN,
                           "the server did not take the results: they will be made again");
        return ETAS_OK;
    }
    *leave = self->state != AGENT_WORKING || now - self->idle_since >= self->cfg->idle_timeout_s;
    if (*leave && self->state == AGENT_WORKING)
        etas_log_write(self->cfg->log, ETAS_LOG_INFO, "idle for %.0f s: leaving",
                       now - self->idle_since);
    return ETAS_OK;
}

/* ---- the loop ---- */

/* Everything that is due. After a reconnect a commit whose reply was lost is repeated before the
 * beat: it tells how long the lease still is. */
static etas_status tend(agent *self, etas_error *err)
{
    etas_status st;

    if (self->state == AGENT_DRAINING) /* no answer is waited for longer than we stay */
        etas_queue_set_patience(self->queue, fmax(self->leave_by - etas_clock_s(), 1));
    st = agent_connect(self, err);
    if (st == ETAS_OK)
        st = agent_flush(self, err);
    if (st == ETAS_OK && self->linked && etas_clock_s() >= self->beat_at)
        st = agent_beat(self, err);
    if (st == ETAS_OK)
        st = agent_share(self, err);
    if (st == ETAS_OK && self->linked && etas_clock_s() >= self->reap_at)
        st = agent_reap(self, err);
    if (st == ETAS_OK)
        st = agent_fill(self, err);
    if (st == ETAS_OK && self->linked && self->state == AGENT_WORKING &&
        etas_clock_s() >= fmax(self->claim_at, self->claim_after))
        st = agent_claim(self, err);
    return st;
}

/* The server may have no connection left for hints: claims are tried now and then. */
static void do_without_hint(agent *self)
{
    self->hint_at = etas_clock_s() + HINT_RETRY_S;
    self->claim_at = fmin(self->claim_at, self->hint_at);
}

static bool wants_work(const agent *self)
{
    return self->state == AGENT_WORKING && agent_busy(self) < self->cfg->processes;
}

/* When a lease is so old that others may be waiting for what is in it. */
static double wanted_at(const agent *self)
{
    double at = INFINITY;

    for (uint32_t i = 0; self->state != AGENT_DRAINING && i < self->n_rows; i++)
        if (self->rows[i].leased)
            at = fmin(at, self->rows[i].since_s + WANTED_S);
    return at;
}

/* Ask to be told about work, and that others want ours. */
static void ask_for_hint(agent *self)
{
    const double now = etas_clock_s();

    if (!self->linked || now < self->hint_at || (!wants_work(self) && now < wanted_at(self)))
        return;
    self->hint_at = 0;
    if (etas_queue_hint_arm_agent(self->queue, self->self.id, wants_work(self),
                                  HINT_S + etas_backoff_random_s(30, HINT_S), NULL) != ETAS_OK)
        do_without_hint(self);
}

static void take_hint(agent *self)
{
    bool fired = false;

    if (etas_queue_hint_fd(self->queue) < 0)
        return;
    if (etas_queue_hint_take(self->queue, &fired, NULL) != ETAS_OK)
        do_without_hint(self);
    if (!fired)
        return;
    if (etas_queue_hint_called(self->queue))
        self->beat_at = 0; /* others want our leases */
    else
        self->claim_at = 0;
}

static double due(const agent *self)
{
    double at = fmin(fmin(self->stop_at, agent_flush_at(self)), agent_share_at(self));

    if (self->linked)
        at = fmin(at, fmin(self->beat_at, self->reap_at));
    else
        at = fmin(at, self->retry_at);
    if (self->linked && wants_work(self))
        at = fmin(at, fmin(fmax(self->claim_at, self->claim_after),
                           self->hint_at > 0 ? self->hint_at : INFINITY));
    if (self->linked && etas_queue_hint_fd(self->queue) < 0)
        at = fmin(at, fmax(self->hint_at, wanted_at(self)));
    if (self->state == AGENT_DRAINING)
        at = fmin(at, fmin(self->halt_by, self->leave_by));
    else if (!any_leased(self))
        at = fmin(at, self->idle_since + self->cfg->idle_timeout_s);
    return at;
}

static etas_status wait(agent *self, etas_error *err)
{
    const double timeout = fmin(fmax(due(self) - etas_clock_s(), 0), 60);
    etas_slot_event event = {.kind = ETAS_SLOT_NONE};
    char bytes[16];
    int fds[2];
    size_t n = 0;
    etas_status st;

    if (self->cfg->wake_fd >= 0)
        fds[n++] = self->cfg->wake_fd;
    if (etas_queue_hint_fd(self->queue) >= 0)
        fds[n++] = etas_queue_hint_fd(self->queue);
    st = etas_slots_next(self->slots, timeout, n, fds, &event, err);
    if (st == ETAS_OK)
        st = agent_take(self, &event, err);
    /* What else is there: the last frame of a task and its end belong together. */
    for (uint32_t i = 0; st == ETAS_OK && event.kind != ETAS_SLOT_NONE && i < self->cfg->processes;
         i++) {
        st = etas_slots_next(self->slots, 0, n, fds, &event, err);
        if (st == ETAS_OK)
            st = agent_take(self, &event, err);
    }
    if (self->cfg->wake_fd >= 0)
        (void)!read(self->cfg->wake_fd, bytes, sizeof bytes);
    take_hint(self);
    return st;
}

static etas_status loop(agent *self, etas_error *err)
{
    bool leave = false;
    etas_status st = ETAS_OK;

    while (st == ETAS_OK) {
        st = check_leave(self, &leave, err);
        if (st != ETAS_OK || leave)
            break;
        st = tend(self, err);
        if (st != ETAS_OK)
            break;
        st = check_leave(self, &leave, err); /* nothing left to wait for */
        if (st != ETAS_OK || leave)
            break;
        ask_for_hint(self);
        st = wait(self, err);
    }
    return st;
}

/* ---- start and end ---- */

static etas_status init(agent *self, const etas_worker_config *cfg, etas_error *err)
{
    const etas_slots_config slots = {.n = cfg->processes,
                                     .kernels = cfg->kernels,
                                     .host_name = cfg->host_name,
                                     .stall_s = cfg->stall_s,
                                     .frame_s = FRAME_S,
                                     .compress = true,
                                     .memory_bytes = cfg->slot_memory_bytes,
                                     .log = cfg->log};
    etas_redis_options redis = cfg->redis;
    uint8_t id[16];
    etas_status st;

    redis.signals = cfg->signals;
    if (cfg->processes == 0)
        return etas_fail(err, ETAS_E_ARG, "a worker needs at least one process");
    if (cfg->agent_id != NULL)
        memcpy(id, cfg->agent_id, sizeof id);
    else if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
        return etas_fail(err, ETAS_E_IO, "no random bits for the agent's id");
    etas_hex(sizeof id, id, self->self.id);
    if (cfg->host_name != NULL)
        etas_format(sizeof self->self.host, self->self.host, "%s", cfg->host_name);
    else if (gethostname(self->self.host, sizeof self->self.host - 1) != 0)
        etas_format(sizeof self->self.host, self->self.host, "unknown");
    self->self.pid = (uint32_t)getpid();
    self->self.slots = cfg->processes;
    self->self.algorithm = ETAS_ALGORITHM_VERSION;
    etas_format(sizeof self->self.release, self->self.release, "%s", ETAS_RELEASE);
    self->idle_since = etas_clock_s();
    self->n_rows =
        cfg->processes + (cfg->processes < AGENT_SPARES ? cfg->processes : (uint32_t)AGENT_SPARES);
    self->stop_at = self->idle_since + cfg->runtime_s;
    st = etas_array_alloc((void **)&self->rows, self->n_rows, sizeof self->rows[0]);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->at, cfg->processes, sizeof self->at[0]);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->leases, self->n_rows, sizeof self->leases[0]);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->verdicts, self->n_rows, sizeof self->verdicts[0]);
    if (st != ETAS_OK)
        return etas_fail(err, st, "starting the worker");
    st = etas_slots_open(&self->slots, &slots, err); /* children first, connections later */
    if (st == ETAS_OK)
        st = etas_queue_open(&self->queue, &redis, err);
    return st;
}

static void say_goodbye(agent *self)
{
    etas_error error = {0};
    char line[512];

    etas_queue_set_patience(self->queue, BYE_S);
    if (self->linked && etas_queue_bye(self->queue, &self->self, &error) != ETAS_OK)
        etas_log_write(self->cfg->log, ETAS_LOG_WARN, "leaving without a goodbye: %s",
                       etas_error_format(&error, sizeof line, line));
    etas_log_write(self->cfg->log, ETAS_LOG_INFO, "agent %.6s: %llu %s made, bye", self->self.id,
                   (unsigned long long)self->self.simulated,
                   self->many != NULL ? self->many : "results");
}

etas_status etas_worker_run(const etas_worker_config *cfg, etas_error *err)
{
    agent self = {.cfg = cfg};
    etas_status st = init(&self, cfg, err);

    if (st == ETAS_OK) {
        etas_log_write(cfg->log, ETAS_LOG_INFO, "agent %.6s: %u slots on %s, pid %u", self.self.id,
                       cfg->processes, self.self.host, self.self.pid);
        st = loop(&self, err);
        say_goodbye(&self);
    }
    etas_slots_close(self.slots);
    etas_queue_close(self.queue);
    for (uint32_t i = 0; self.rows != NULL && i < self.n_rows; i++)
        agent_row_free(&self.rows[i]);
    etas_array_free((void **)&self.rows);
    etas_array_free((void **)&self.at);
    etas_array_free((void **)&self.leases);
    etas_array_free((void **)&self.verdicts);
    return st;
}
