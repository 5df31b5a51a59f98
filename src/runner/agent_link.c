#include "runner/agent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/text.h"
#include "work/work.h"

#define BACKOFF_CAP_S 60.0
#define BEAT_S        10.0
#define REAP_S        5.0
#define NOMODEL_S     1.0 /**< until the driver has published again */
#define BAD_MODEL_S   10.0
#define NO_DIGEST     "0000000000000000000000000000000000000000000000000000000000000000"

bool agent_run_id(const char *hex, uint8_t out[16])
{
    for (size_t i = 0; i < 16; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i] == '\0' ? '\0' : hex[2 * i + 1], '\0'};
        char *end;

        out[i] = (uint8_t)strtoul(pair, &end, 16);
        if (end != pair + 2)
            return false;
    }
    return hex[32] == '\0';
}

bool agent_reached(agent *self, etas_status *st, const etas_error *what, etas_error *err)
{
    char line[512];

    switch (*st) {
    case ETAS_OK:
        return true;
    case ETAS_E_AUTH:
    case ETAS_E_VERSION:
    case ETAS_E_NOMEM:
    case ETAS_E_ARG:
        if (err != NULL && err->code == ETAS_OK)
            *err = *what;
        return false;
    default:
        break;
    }
    if (self->linked || self->tries == 0)
        etas_log_write(self->cfg->log, ETAS_LOG_WARN, "%s; trying again, results are kept",
                       etas_error_format(what, sizeof line, line));
    if (*st != ETAS_E_AWAY)
        etas_queue_disconnect(self->queue);
    self->linked = false;
    self->retry_at = etas_clock_s() + etas_backoff_random_s(self->tries, BACKOFF_CAP_S);
    self->tries++;
    *st = ETAS_OK;
    return false;
}

size_t agent_held(agent *self)
{
    const double now = etas_clock_s();
    size_t n = 0;

    self->self.busy = agent_busy(self);
    self->self.busy_s = self->busy_s;
    for (uint32_t i = 0; i < self->n_rows; i++) {
        if (!self->rows[i].leased)
            continue;
        if (self->rows[i].stage == LEASE_RUNNING)
            self->self.busy_s += now - self->rows[i].since_s;
        if (self->rows[i].lease.count > 0) /* else it is used up, and the slot about to say so */
            self->leases[n++] = self->rows[i].lease;
    }
    return n;
}

double agent_beat_s(const agent *self)
{
    double beat = BEAT_S;

    for (uint32_t i = 0; i < self->n_rows; i++)
        if (self->rows[i].leased)
            beat = fmin(beat, self->rows[i].lease_s / 6);
    return beat;
}

static etas_status greet(agent *self, etas_error *err)
{
    const size_t n = agent_held(self);
    etas_error error = {0};
    etas_status st = etas_queue_hello(self->queue, &self->self, n, self->leases, &error);

    if (!agent_reached(self, &st, &error, err))
        return st;
    self->beat_at = 0; /* the reply says which leases are still ours */
    self->claim_at = 0;
    return ETAS_OK;
}

etas_status agent_connect(agent *self, etas_error *err)
{
    etas_error error = {0};
    etas_status st;

    if (self->linked || etas_clock_s() < self->retry_at)
        return ETAS_OK;
    st = etas_queue_check(self->queue, &error);
    if (st == ETAS_E_REFUSED) { /* a server that cannot be used, and why */
        if (err != NULL && err->code == ETAS_OK)
            *err = error;
        return st;
    }
    if (!agent_reached(self, &st, &error, err))
        return st;
    self->linked = true;
    st = greet(self, err);
    if (st != ETAS_OK || !self->linked)
        return st;
    self->tries = 0;
    self->reap_at = 0;
    self->hint_at = 0;
    etas_log_write(self->cfg->log, ETAS_LOG_INFO, "agent %.6s: connected to %s", self->self.id,
                   etas_queue_host(self->queue));
    return ETAS_OK;
}

static etas_status judge(agent *self, size_t n, etas_error *err)
{
    etas_status st = ETAS_OK;

    for (uint32_t i = 0; st == ETAS_OK && i < self->n_rows; i++) {
        agent_row *row = &self->rows[i];

        for (size_t k = 0; row->leased && k < n; k++) {
            if (self->leases[k].token != row->lease.token ||
                strcmp(self->leases[k].run, row->lease.run) != 0)
                continue;
            if (self->verdicts[k] == ETAS_VERDICT_LOST)
                st = agent_drop(self, row, "the lease was lost", err);
            else if (self->verdicts[k] == ETAS_VERDICT_CANCEL)
                st = agent_drop(self, row, "the run takes no more from here", err);
            else if (self->verdicts[k] == ETAS_VERDICT_SPLIT && row->split_at == INFINITY)
                row->split_at = 0;
            break;
        }
    }
    return st;
}

etas_status agent_beat(agent *self, etas_error *err)
{
    const size_t n = agent_held(self);
    etas_beat beat = {.verdicts = self->verdicts};
    etas_error error = {0};
    etas_status st = etas_queue_beat(self->queue, &self->self, n, self->leases, &beat, &error);

    self->beat_at = etas_clock_s() + agent_beat_s(self);
    if (!agent_reached(self, &st, &error, err))
        return st;
    if (beat.command == ETAS_COMMAND_HELLO)
        return greet(self, err);
    st = judge(self, n, err);
    return st == ETAS_OK ? agent_obey(self, beat.command, err) : st;
}

etas_status agent_reap(agent *self, etas_error *err)
{
    etas_error error = {0};
    etas_status st = etas_queue_reap(self->queue, &error);

    self->reap_at = etas_clock_s() + fmin(REAP_S, agent_beat_s(self));
    (void)agent_reached(self, &st, &error, err);
    return st;
}

/* ---- claims ---- */

/* The model for the slots, fetched once per host and trusted only after its digest. *good: it is
 * there. */
static etas_status complain(agent *self, const char *sha256, const char *got, etas_error *err)
{
    etas_error error = {0};
    bool dropped;
    etas_status st =
        etas_queue_model_spoiled(self->queue, &self->self, sha256, got, &dropped, &error);

    if (agent_reached(self, &st, &error, err) && dropped) {
        self->claim_after = etas_clock_s() + NOMODEL_S;
        etas_log_write(self->cfg->log, ETAS_LOG_WARN,
                       "model %.12s: dropped from the server, to be published again", sha256);
    }
    return st;
}

static etas_status fetch_model(agent *self, const char *sha256, bool *good, etas_error *err)
{
    uint8_t *bytes = NULL, digest[32];
    char hex[65];
    size_t len = 0;
    bool spoiled;
    etas_work work = {0};
    etas_error error = {0};
    etas_status st = etas_queue_model_get(self->queue, sha256, &bytes, &len, &error);

    *good = false;
    if (st == ETAS_E_CORRUPT) { /* not even its length is right */
        const etas_status said = complain(self, sha256, NO_DIGEST, err);

        if (said != ETAS_OK)
            return said;
    }
    if (!agent_reached(self, &st, &error, err))
        return st;
    if (bytes == NULL) {
        self->claim_after = etas_clock_s() + NOMODEL_S;
        return ETAS_OK;
    }
    self->self.received_bytes += len;
    st = etas_sha256(len, bytes, digest);
    spoiled = st == ETAS_OK && strcmp(etas_hex(sizeof digest, digest, hex), sha256) != 0;
    if (spoiled)
        st = etas_fail(&error, ETAS_E_CORRUPT, "its SHA-256 is %s", hex);
    if (st == ETAS_OK)
        st = etas_work_open(&work, len, bytes, self->cfg->kernels, &error);
    etas_work_close(&work);
    if (st == ETAS_OK) {
        st = etas_slots_model_add(self->slots, sha256, len, bytes, err);
        *good = st == ETAS_OK;
        etas_log_write(self->cfg->log, ETAS_LOG_INFO, "model %.12s: %zu bytes", sha256, len);
    } else if (st != ETAS_E_NOMEM) {
        etas_log_write(self->cfg->log, ETAS_LOG_ERROR, "model %.12s cannot be used: %s", sha256,
                       error.text);
        self->claim_after = etas_clock_s() + BAD_MODEL_S;
        st = spoiled ? complain(self, sha256, hex, err) : ETAS_OK;
    }
    etas_array_free((void **)&bytes);
    return st;
}

static agent_row *free_row(const agent *self)
{
    for (uint32_t i = 0; i < self->n_rows; i++)
        if (!self->rows[i].leased)
            return &self->rows[i];
    return NULL;
}

/* A lease came: it waits for a slot. */
static void write_down(agent *self, agent_row *row, const etas_claim *claim)
{
    row->leased = true;
    row->stage = LEASE_WAITING;
    row->lease = claim->lease;
    row->lease_s = claim->lease_s > 0 ? claim->lease_s : 60;
    row->since_s = etas_clock_s();
    row->split_at = INFINITY;
    row->seed = claim->seed;
    row->next = claim->lease.first;
    row->stop = claim->lease.first + claim->lease.count;
    row->one = "result";
    row->many = "results"; /* until the model is known */
    etas_format(sizeof row->model, row->model, "%s", claim->model_sha256);
    self->beat_at = fmin(self->beat_at, etas_clock_s() + agent_beat_s(self));
    self->reap_at = fmin(self->reap_at, self->beat_at);
}

/* Run the lease, or give it back if that cannot be. */
static etas_status begin(agent *self, agent_row *row, uint32_t slot, etas_error *err)
{
    bool good = etas_slots_model(self->slots, row->model) != NULL;
    etas_status st = ETAS_OK;

    row->stage = LEASE_GIVE_BACK; /* until it runs */
    if (!good)
        st = fetch_model(self, row->model, &good, err);
    return st == ETAS_OK && good ? agent_assign(self, row, slot, err) : st;
}

static agent_row *longest_waiting(const agent *self)
{
    agent_row *first = NULL;

    for (uint32_t i = 0; i < self->n_rows; i++) {
        agent_row *const row = &self->rows[i];

        if (row->leased && row->stage == LEASE_WAITING &&
            (first == NULL || row->since_s < first->since_s))
            first = row;
    }
    return first;
}

etas_status agent_fill(agent *self, etas_error *err)
{
    agent_row *row = longest_waiting(self);
    etas_status st = ETAS_OK;

    for (uint32_t i = 0; st == ETAS_OK && row != NULL && i < self->cfg->processes; i++) {
        if (self->at[i] != NULL || etas_slots_busy(self->slots, i))
            continue;
        st = begin(self, row, i, err);
        row = longest_waiting(self);
    }
    return st;
}

/* *more: this claim brought work that can be done, so there may be more. */
static etas_status claim_one(agent *self, agent_row *row, bool *more, etas_error *err)
{
    const etas_claim_request request = {.rate = self->rate,
                                        .remaining_s = self->stop_at - etas_clock_s()};
    etas_claim claim = {.kind = ETAS_CLAIM_EMPTY};
    etas_error error = {0};
    etas_status st;

    *more = false;
    (void)agent_held(self);
    st = etas_queue_claim(self->queue, &self->self, &request, &claim, &error);
    if (!agent_reached(self, &st, &error, err))
        return st;
    switch (claim.kind) {
    case ETAS_CLAIM_WORK:
        write_down(self, row, &claim);
        st = agent_fill(self, err);
        *more = row->stage <= LEASE_RUNNING;
        return st;
    case ETAS_CLAIM_NOMODEL:
        self->claim_at = self->claim_after = etas_clock_s() + NOMODEL_S;
        return ETAS_OK;
    case ETAS_CLAIM_COMMAND:
        return claim.command == ETAS_COMMAND_HELLO ? greet(self, err)
                                                   : agent_obey(self, claim.command, err);
    case ETAS_CLAIM_EMPTY:
        if (strcmp(claim.why, "paused") == 0)
            agent_shed(self);
        else
            agent_do_without_spares(self);
        break;
    }
    return ETAS_OK;
}

etas_status agent_claim(agent *self, etas_error *err)
{
    etas_status st = ETAS_OK;
    bool more = true;

    self->claim_at = INFINITY; /* a hint or a lease's end asks again */
    while (st == ETAS_OK && more && self->linked && agent_wants_lease(self))
        st = claim_one(self, free_row(self), &more, err);
    return st;
}
