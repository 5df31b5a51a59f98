/* Two hosts have made different things of one index: this machine makes it too, and whoever differs
 * from that is not believed any more. */
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "runner/redis_driver.h"
#include "runner/redis_verify.h"
#include "runner/sink.h"

enum { MAX_BANNED = 64 };

#define UNKNOWN_RELEASE "?"

etas_status dispute_load_faults(driver *self, etas_error *err)
{
    verification *const v = &self->verify;

    etas_array_free((void **)&v->faults);
    v->untold = true;
    return etas_store_faults(self->job->store, &v->faults, &v->n_faults, err);
}

/* ---- opening ---- */

/* By its agent, where that is known; else by anybody on the host. Nobody answers for those that
 * have left. */
static void find_releases(driver *self, const char *agent, verify_dispute *d)
{
    etas_agent_info *items = NULL;
    size_t n = 0;

    etas_format(sizeof d->release[0], d->release[0], UNKNOWN_RELEASE);
    etas_format(sizeof d->release[1], d->release[1], UNKNOWN_RELEASE);
    if (etas_queue_agents(self->queue, &items, &n, NULL) != ETAS_OK)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(items[i].agent.host, d->host[0]) == 0)
            memcpy(d->release[0], items[i].agent.release, sizeof d->release[0]);
        if (strcmp(items[i].agent.id, agent) == 0)
            memcpy(d->release[1], items[i].agent.release, sizeof d->release[1]);
    }
    etas_array_free((void **)&items);
}

static bool is_about(const verify_dispute *d, const char *host)
{
    return strcmp(d->host[0], host) == 0 || strcmp(d->host[1], host) == 0;
}

void dispute_begin(driver *self, const etas_collected *item, const etas_frame_header *header,
                   const etas_difference *what)
{
    verification *const v = &self->verify;
    verify_dispute d = {.index = what->index, .digest = {what->stored, what->came}};

    etas_format(sizeof d.host[0], d.host[0], "%s", what->maker);
    etas_format(sizeof d.host[1], d.host[1], "%s", header->task.host);
    for (size_t i = 0; i < v->n_disputes; i++)
        if (is_about(&v->disputes[i], d.host[0]) && is_about(&v->disputes[i], d.host[1]))
            return; /* the answer to that one will do */
    if (v->n_disputes == VERIFY_DISPUTES)
        return; /* it is asked again, and differs again */
    find_releases(self, item->agent, &d);
    etas_log_write(driver_log(self), ETAS_LOG_WARN,
                   "%s %llu: hosts %s (etas %s) and %s (etas %s) have made different ones; this "
                   "machine makes it too",
                   self->job->thing, (unsigned long long)d.index, d.host[0], d.release[0],
                   d.host[1], d.release[1]);
    v->disputes[v->n_disputes++] = d;
}

/* ---- deciding ---- */

void dispute_close(driver *self)
{
    verification *const v = &self->verify;

    etas_slots_close(v->judge);
    v->judge = NULL;
    etas_payload_free(&v->opinion);
}

/* A slot of our own, without the kernels that the others are likely to have used. */
static etas_status call_judge(driver *self, etas_error *err)
{
    verification *const v = &self->verify;
    const etas_job *const job = self->job;
    const etas_slots_config how = {.n = 1, .kernels = "scalar", .log = driver_log(self)};
    etas_slot_task task = {.seed = job->run->seed, .first = v->disputes[0].index, .count = 1};
    etas_status st = etas_slots_open(&v->judge, &how, err);

    memcpy(task.run, job->run->id, sizeof task.run);
    if (st == ETAS_OK)
        st = etas_slots_model_add(v->judge, job->blob_sha256_hex, job->run->blob_len,
                                  job->run->blob, err);
    if (st == ETAS_OK)
        st = etas_slots_assign(v->judge, 0, job->blob_sha256_hex, &task, err);
    return st;
}

/* Nothing that the host has made or said counts any more, and it is told so. */
static etas_status distrust(driver *self, const verify_dispute *d, int which, etas_error *err)
{
    etas_store_fault fault = {.index = d->index};
    etas_status st;

    memcpy(fault.host, d->host[which], sizeof fault.host);
    memcpy(fault.release, d->release[which], sizeof fault.release);
    st = etas_sink_distrust(self->job->sink, &fault, err);
    if (st == ETAS_OK)
        st = dispute_load_faults(self, err);
    if (st != ETAS_OK)
        return st;
    etas_log_write(driver_log(self), ETAS_LOG_WARN,
                   "host %s (etas %s) has made %s %llu wrong: what it has made is thrown away and "
                   "made again by others, and it gets no more work from this run",
                   fault.host, fault.release, self->job->thing, (unsigned long long)d->index);
    verify_forget(self, fault.host);
    self->audit_at = 0;
    return ETAS_OK;
}

/* Whoever differs is wrong. If both do, but one of them is this machine, it contradicts itself;
 * else at least one of the three is wrong besides, and neither of the two can be right. */
static etas_status decide(driver *self, uint64_t digest, etas_error *err)
{
    verification *const v = &self->verify;
    const verify_dispute d = v->disputes[0];
    const bool wrong[2] = {d.digest[0] != digest, d.digest[1] != digest};
    etas_status st = ETAS_OK;

    dispute_close(self);
    memmove(v->disputes, v->disputes + 1, --v->n_disputes * sizeof v->disputes[0]);
    for (int i = 0; i < 2 && st == ETAS_OK; i++) {
        const bool excused = wrong[1 - i] && strcmp(d.host[1 - i], self->meta.name) == 0 &&
                             strcmp(d.host[i], self->meta.name) != 0;

        if (wrong[i] && !excused && !verify_refuses(self, d.host[i]))
            st = distrust(self, &d, i, err);
    }
    for (size_t i = v->n_disputes; i-- > 0;)
        if (verify_refuses(self, v->disputes[i].host[0]) ||
            verify_refuses(self, v->disputes[i].host[1]))
            v->disputes[i] = v->disputes[--v->n_disputes];
    return st;
}

static etas_status hear_judge(driver *self, etas_error *err)
{
    verification *const v = &self->verify;
    etas_slot_event event = {.kind = ETAS_SLOT_NONE};
    etas_frame_header header;
    uint64_t digest;
    etas_status st = etas_slots_next(v->judge, 0, 0, NULL, &event, err);

    if (st != ETAS_OK)
        return st;
    if (event.kind == ETAS_SLOT_ERROR || event.kind == ETAS_SLOT_DIED)
        return etas_fail(err, ETAS_E_CORRUPT,
                         "hosts %s and %s have made different things of %s %llu, and it cannot be "
                         "made here: %s",
                         v->disputes[0].host[0], v->disputes[0].host[1], self->job->thing,
                         (unsigned long long)v->disputes[0].index, event.message);
    if (event.kind != ETAS_SLOT_FRAME)
        return ETAS_OK;
    v->opinion.kind = self->job->sink->kind->frames;
    st = etas_payload_decode(&v->opinion, event.len, event.bytes, &header, err);
    if (st == ETAS_OK)
        st = etas_compare_digest(&v->comparer, &v->opinion, 0, 1, &digest, err);
    return st == ETAS_OK ? decide(self, digest, err) : st;
}

static etas_status tell_bans(driver *self, etas_error *err)
{
    verification *const v = &self->verify;
    const char *hosts[MAX_BANNED];
    const size_t n = v->n_faults < MAX_BANNED ? v->n_faults : MAX_BANNED;
    etas_error error = {0};
    etas_status st;

    for (size_t i = 0; i < n; i++)
        hosts[i] = v->faults[i].host;
    st = etas_queue_ban(self->queue, &self->meta, n, hosts, &error);
    if (driver_reached(self, &st, &error, err))
        v->untold = false;
    return st;
}

etas_status dispute_tend(driver *self, etas_error *err)
{
    verification *const v = &self->verify;
    etas_status st = ETAS_OK;

    if (v->judge != NULL)
        st = hear_judge(self, err);
    if (st == ETAS_OK && v->judge == NULL && v->n_disputes > 0)
        st = call_judge(self, err);
    if (st == ETAS_OK && v->untold && v->n_faults > 0 && self->linked)
        st = tell_bans(self, err);
    return st;
}
