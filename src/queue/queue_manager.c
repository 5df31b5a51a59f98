/* What a manager calls: looking at the pool and steering it. */
#include <stddef.h>
#include <string.h>

#include "etas/text.h"
#include "queue/queue_link.h"
#include "queue/queue_reply.h"

/* ---- info ---- */

typedef enum field_kind {
    FIELD_U64,
    FIELD_U32,
    FIELD_MS, /**< seconds here, milliseconds there */
    FIELD_FLAG,
    FIELD_DOUBLE,
    FIELD_NAME,
    FIELD_WORDS,
    FIELD_ID,
    FIELD_DIGEST,
    FIELD_STATE,
    FIELD_TALLY
} field_kind;

static const struct {
    const char *name;
    field_kind kind;
    size_t at;
} fields[] = {
    {"id", FIELD_ID, offsetof(etas_run_info, meta.id)},
    {"name", FIELD_NAME, offsetof(etas_run_info, meta.name)},
    {"epoch", FIELD_U64, offsetof(etas_run_info, meta.epoch)},
    {"n", FIELD_U64, offsetof(etas_run_info, meta.n_catalogs)},
    {"stored", FIELD_U64, offsetof(etas_run_info, meta.stored)},
    {"seed", FIELD_U64, offsetof(etas_run_info, meta.seed)},
    {"algorithm", FIELD_U32, offsetof(etas_run_info, meta.algorithm)},
    {"sha", FIELD_DIGEST, offsetof(etas_run_info, meta.model_sha256)},
    {"chunk", FIELD_U64, offsetof(etas_run_info, meta.chunk_size)},
    {"task_ms", FIELD_MS, offsetof(etas_run_info, meta.task_duration_s)},
    {"attempts", FIELD_U32, offsetof(etas_run_info, meta.max_attempts)},
    {"max_lost", FIELD_U32, offsetof(etas_run_info, meta.max_lost)},
    {"mark", FIELD_U64, offsetof(etas_run_info, mark_bytes)},
    {"lease_ms", FIELD_MS, offsetof(etas_run_info, meta.lease_s)},
    {"pend", FIELD_U64, offsetof(etas_run_info, pending)},
    {"checks", FIELD_U64, offsetof(etas_run_info, checks)},
    {"banned", FIELD_WORDS, offsetof(etas_run_info, banned)},
    {"leased", FIELD_U64, offsetof(etas_run_info, leased)},
    {"out", FIELD_U64, offsetof(etas_run_info, out)},
    {"dead", FIELD_U64, offsetof(etas_run_info, dead)},
    {"repeated", FIELD_U64, offsetof(etas_run_info, repeated)},
    {"simulated", FIELD_U64, offsetof(etas_run_info, simulated)},
    {"bytes", FIELD_U64, offsetof(etas_run_info, out_bytes)},
    {"rate", FIELD_DOUBLE, offsetof(etas_run_info, rate)},
    {"silent_ms", FIELD_MS, offsetof(etas_run_info, driver_silent_s)},
    {"conserved", FIELD_FLAG, offsetof(etas_run_info, conserved)},
    {"full", FIELD_FLAG, offsetof(etas_run_info, full)},
    {"nomodel", FIELD_FLAG, offsetof(etas_run_info, nomodel)},
    {"tally", FIELD_TALLY, offsetof(etas_run_info, meta.tally)},
    {"state", FIELD_STATE, offsetof(etas_run_info, cancelled)},
};

static bool read_field(const redisReply *value, field_kind kind, void *at)
{
    uint64_t number = 0;

    switch (kind) {
    case FIELD_U64:
        return reply_u64(value, UINT64_MAX, at);
    case FIELD_U32:
        if (!reply_u64(value, UINT32_MAX, &number))
            return false;
        *(uint32_t *)at = (uint32_t)number;
        return true;
    case FIELD_MS:
        if (!reply_u64(value, QUEUE_MAX_EXACT, &number))
            return false;
        *(double *)at = (double)number / 1000;
        return true;
    case FIELD_FLAG:
        return reply_flag(value, at);
    case FIELD_DOUBLE:
        return reply_double(value, at);
    case FIELD_NAME:
        return reply_text(value, sizeof((etas_run_meta *)0)->name, at);
    case FIELD_WORDS:
        return reply_text(value, sizeof((etas_run_info *)0)->banned, at);
    case FIELD_ID:
        return reply_hex(value, ETAS_ID_HEX - 1, at);
    case FIELD_DIGEST:
        return reply_hex(value, 64, at);
    case FIELD_TALLY:
        return reply_tally(value, at);
    case FIELD_STATE:
        *(bool *)at = reply_is(value, "cancelled");
        return *(bool *)at || reply_is(value, "open");
    }
    return false;
}

/* Field, value, ...; names of a newer edition are passed over. */
static bool read_run(const redisReply *reply, etas_run_info *out)
{
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements % 2 != 0)
        return false;
    for (size_t i = 0; i < reply->elements; i += 2)
        for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
            if (reply_is(reply_at(reply, i), fields[f].name) &&
                !read_field(reply_at(reply, i + 1), fields[f].kind, (char *)out + fields[f].at))
                return false;
    out->meta.mark_bytes = out->mark_bytes;
    return out->meta.id[0] != '\0';
}

void etas_pool_info_free(etas_pool_info *self)
{
    etas_array_free((void **)&self->runs);
    *self = (etas_pool_info){0};
}

static bool read_info(const redisReply *reply, etas_pool_info *out, etas_status *st)
{
    const redisReply *pool = reply_at(reply, 1), *runs = reply_at(reply, 2),
                     *past = reply_at(reply, 3);
    uint64_t *const numbers[] = {&out->agents,     &out->busy, &out->stale,    &out->incompatible,
                                 &out->live_slots, NULL,       &out->simulated};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] != NULL && !reply_u64(reply_at(pool, i), UINT64_MAX, numbers[i]))
            return false;
    if (!reply_flag(reply_at(pool, 5), &out->paused) || runs == NULL || past == NULL ||
        runs->type != REDIS_REPLY_ARRAY || past->type != REDIS_REPLY_ARRAY ||
        out->busy > out->agents)
        return false;
    out->idle = out->agents - out->busy;
    *st = etas_array_alloc((void **)&out->runs, runs->elements + past->elements, sizeof *out->runs);
    for (size_t i = 0; *st == ETAS_OK && i < runs->elements + past->elements; i++) {
        etas_run_info *run = &out->runs[out->n_runs++];

        run->finished = i >= runs->elements;
        if (!read_run(run->finished ? reply_at(past, i - runs->elements) : reply_at(runs, i), run))
            return false;
        if (run->finished) {
            run->pending = run->checks = run->out_bytes = 0;
            run->rate = 0;
            run->conserved = true;
        }
    }
    return true;
}

etas_status etas_queue_info(etas_queue *self, etas_pool_info *out, etas_error *err)
{
    redisReply *reply;
    etas_status st;
    bool sane;

    *out = (etas_pool_info){0};
    queue_begin(self, "info");
    st = queue_call(self, QUEUE_READ, &reply, err);
    if (st != ETAS_OK)
        return st;
    if (reply != NULL) {
        sane = reply_is(reply_at(reply, 0), "OK") && read_info(reply, out, &st);
        freeReplyObject(reply);
        if (!sane || st != ETAS_OK) {
            etas_pool_info_free(out);
            return sane ? etas_fail(err, st, "out of memory") : queue_damaged(self, "info", err);
        }
    }
    (void)etas_format(sizeof out->server_version, out->server_version, "%s", self->version);
    return ETAS_OK;
}

/* ---- agents ---- */

/* agent, "host pid slots busy release algorithm STATISTICS since", silent_ms, age_ms, mark */
static bool read_agent(const redisReply *reply, size_t at, etas_agent_info *out)
{
    uint64_t silent, age, since;
    reply_fields f;

    if (!reply_hex(reply_at(reply, at), ETAS_ID_HEX - 1, out->agent.id) ||
        !reply_fields_begin(reply_at(reply, at + 1), &f) ||
        !reply_take_word(&f, sizeof out->agent.host, out->agent.host) ||
        !reply_take_u32(&f, &out->agent.pid) || !reply_take_u32(&f, &out->agent.slots) ||
        !reply_take_u32(&f, &out->agent.busy) ||
        !reply_take_word(&f, sizeof out->agent.release, out->agent.release) ||
        !reply_take_u32(&f, &out->agent.algorithm) || !reply_take_statistics(&f, &out->agent) ||
        !reply_take_u64(&f, UINT64_MAX, &since) || !reply_fields_done(&f) ||
        !reply_u64(reply_at(reply, at + 2), QUEUE_MAX_EXACT, &silent) ||
        !reply_u64(reply_at(reply, at + 3), QUEUE_MAX_EXACT, &age))
        return false;
    out->silent_s = (double)silent / 1000;
    out->age_s = (double)age / 1000;
    if (reply_is(reply_at(reply, at + 4), "STOP"))
        out->mark = ETAS_COMMAND_STOP;
    else if (reply_is(reply_at(reply, at + 4), "NOW"))
        out->mark = ETAS_COMMAND_STOP_NOW;
    else
        out->mark = ETAS_COMMAND_NONE;
    return true;
}

etas_status etas_queue_agents(etas_queue *self, etas_agent_info **items, size_t *n, etas_error *err)
{
    size_t capacity = 0, got = 1;
    etas_status st = ETAS_OK;
    bool sane = true;

    *items = NULL;
    *n = 0;
    while (st == ETAS_OK && sane && got > 0) {
        redisReply *reply;

        queue_begin(self, "agents");
        queue_arg_u64(self, *n);
        queue_arg(self, "all");
        st = queue_call(self, QUEUE_READ, &reply, err);
        if (st != ETAS_OK || reply == NULL)
            break;
        got = (reply->elements - 1) / 5;
        sane = reply_is(reply_at(reply, 0), "OK") && reply->elements % 5 == 1 &&
               *n + got <= QUEUE_LISTED;
        for (size_t i = 0; sane && st == ETAS_OK && i < got; i++) {
            st = etas_array_reserve((void **)items, &capacity, *n + 1, sizeof **items);
            if (st != ETAS_OK)
                (void)etas_fail(err, st, "out of memory");
            else
                sane = read_agent(reply, 1 + 5 * i, &(*items)[(*n)++]);
        }
        freeReplyObject(reply);
    }
    if (st == ETAS_OK && sane)
        return ETAS_OK;
    etas_array_free((void **)items);
    *n = 0;
    return sane ? st : queue_damaged(self, "agents", err);
}

/* ---- versions ---- */

/* who, "protocol release algorithm", age_ms */
static bool read_version(const redisReply *reply, size_t at, etas_version_entry *out)
{
    uint64_t age;
    reply_fields f;

    if (!reply_text(reply_at(reply, at), sizeof out->who, out->who) ||
        !reply_fields_begin(reply_at(reply, at + 1), &f) || !reply_take_u32(&f, &out->protocol) ||
        !reply_take_word(&f, sizeof out->release, out->release) ||
        !reply_take_u32(&f, &out->algorithm) || !reply_fields_done(&f) ||
        !reply_u64(reply_at(reply, at + 2), QUEUE_MAX_EXACT, &age))
        return false;
    out->age_s = (double)age / 1000;
    return true;
}

etas_status etas_queue_versions(etas_queue *self, etas_version_entry **items, size_t *n,
                                etas_error *err)
{
    redisReply *reply;
    etas_status st;
    bool sane;

    *items = NULL;
    *n = 0;
    queue_begin(self, "versions");
    st = queue_call(self, QUEUE_READ, &reply, err);
    if (st != ETAS_OK || reply == NULL)
        return st;
    sane = reply_is(reply_at(reply, 0), "OK") && reply->elements % 3 == 1;
    if (sane)
        st = etas_array_alloc((void **)items, reply->elements / 3, sizeof **items);
    for (size_t at = 1; sane && st == ETAS_OK && at < reply->elements; at += 3)
        sane = read_version(reply, at, &(*items)[(*n)++]);
    freeReplyObject(reply);
    if (sane && st == ETAS_OK)
        return ETAS_OK;
    etas_array_free((void **)items);
    *n = 0;
    return sane ? etas_fail(err, st, "out of memory") : queue_damaged(self, "versions", err);
}

/* ---- steering ---- */

/* A call that answers OK and up to two numbers, or that the run is not there. */
static etas_status steer(etas_queue *self, const char *name, uint64_t *first, uint64_t *second,
                         etas_error *err)
{
    const redisReply *word;
    redisReply *reply;
    etas_status st = queue_call(self, QUEUE_LOAD, &reply, err);

    if (st != ETAS_OK)
        return st;
    word = reply_at(reply, 0);
    if (reply_is(word, "GONE"))
        st = etas_fail(err, ETAS_E_ARG, "the pool has no such run");
    else if (reply_is(word, "ALIVE"))
        st = etas_fail(err, ETAS_E_REFUSED, "the run's driver is alive: cancel the run first");
    else if (!reply_is(word, "OK") ||
             (first != NULL && !reply_u64(reply_at(reply, 1), QUEUE_MAX_EXACT, first)) ||
             (second != NULL && !reply_u64(reply_at(reply, 2), QUEUE_MAX_EXACT, second)))
        st = queue_damaged(self, name, err);
    freeReplyObject(reply);
    return st;
}

static etas_status begin_steer(etas_queue *self, const char *name, const char *run_id,
                               etas_error *err)
{
    if (!queue_is_hex(run_id, ETAS_ID_HEX - 1))
        return etas_fail(err, ETAS_E_ARG, "a run's id has 32 hexadecimal digits");
    queue_begin(self, name);
    queue_arg(self, run_id);
    return ETAS_OK;
}

etas_status etas_queue_stop(etas_queue *self, bool now, size_t n, const char *const agents[],
                            uint64_t *marked, etas_error *err)
{
    enum { AT_ONCE = 1000 };
    size_t at = 0;

    *marked = 0;
    for (size_t i = 0; i < n; i++)
        if (!queue_is_hex(agents[i], ETAS_ID_HEX - 1))
            return etas_fail(err, ETAS_E_ARG, "an agent's id has 32 hexadecimal digits");
    do {
        uint64_t some;
        etas_status st;

        queue_begin(self, "control");
        queue_arg(self, now ? "now" : "stop");
        for (size_t i = 0; at < n && i < AT_ONCE; i++)
            queue_arg(self, agents[at++]);
        st = steer(self, "control", &some, NULL, err);
        if (st != ETAS_OK)
            return st;
        *marked += some;
    } while (at < n);
    return ETAS_OK;
}

etas_status etas_queue_pause(etas_queue *self, bool paused, etas_error *err)
{
    queue_begin(self, "control");
    queue_arg(self, paused ? "pause" : "resume");
    return steer(self, "control", NULL, NULL, err);
}

etas_status etas_queue_reset(etas_queue *self, uint64_t *agents, uint64_t *catalogs,
                             etas_error *err)
{
    queue_begin(self, "reset");
    return steer(self, "reset", agents, catalogs, err);
}

etas_status etas_queue_cancel(etas_queue *self, const char *run_id, etas_error *err)
{
    const etas_status st = begin_steer(self, "cancel", run_id, err);

    return st != ETAS_OK ? st : steer(self, "cancel", NULL, NULL, err);
}

etas_status etas_queue_retry(etas_queue *self, const char *run_id, uint64_t *catalogs,
                             etas_error *err)
{
    enum {
        MOST_RETRIES = 1000
    }; /* the dead list has at most a hundred times what one call takes */
    uint64_t some = 0, more = 0;
    int calls = 0;

    *catalogs = 0;
    do {
        etas_status st = begin_steer(self, "retry", run_id, err);

        if (st == ETAS_OK)
            st = steer(self, "retry", &some, &more, err);
        if (st != ETAS_OK)
            return st;
        *catalogs += some;
    } while (some > 0 && more > 0 && ++calls < MOST_RETRIES);
    return ETAS_OK;
}

etas_status etas_queue_purge(etas_queue *self, const char *run_id, etas_error *err)
{
    const etas_status st = begin_steer(self, "purge", run_id, err);

    return st != ETAS_OK ? st : steer(self, "purge", NULL, NULL, err);
}
