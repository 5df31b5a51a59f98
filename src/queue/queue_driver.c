/* What a driver calls: beat, models, submissions, results. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/text.h"
#include "queue/queue_link.h"
#include "queue/queue_reply.h"

#define PART_BYTES      ((size_t)1 << 22)
#define MAX_MODEL_BYTES (256 * PART_BYTES)

enum { MAX_NAMES = 4096, MAX_SUBMIT = 1000, MAX_CHECKS = 256, MAX_BANNED = 64 };

/* The largest result, of one catalogue. */
#define MAX_LONE_FRAME (UINT64_C(1) << 28)

#define DEFAULT_MARK_BYTES (UINT64_C(256) << 20)

static etas_status begin_run(etas_queue *self, const char *name, const etas_run_meta *run,
                             etas_error *err)
{
    if (!queue_is_hex(run->id, ETAS_ID_HEX - 1) || run->epoch >= QUEUE_MAX_EXACT)
        return etas_fail(err, ETAS_E_ARG, "a run has an id of 32 hexadecimal digits and an epoch");
    queue_begin(self, name);
    queue_arg(self, run->id);
    queue_arg_u64(self, run->epoch);
    return ETAS_OK;
}

/* The call's reply when it is OK; else what the other words mean. */
static etas_status driver_call(etas_queue *self, const char *name, redisReply **out,
                               etas_error *err)
{
    const etas_status st = queue_call(self, QUEUE_LOAD, out, err);
    const redisReply *word;
    etas_status meaning = ETAS_OK;

    if (st != ETAS_OK)
        return st;
    word = reply_at(*out, 0);
    if (reply_is(word, "OK"))
        return ETAS_OK;
    if (reply_is(word, "SUPERSEDED"))
        meaning = etas_fail(err, ETAS_E_SUPERSEDED, "another driver has taken this run over");
    else if (reply_is(word, "GONE"))
        meaning = etas_fail(err, ETAS_E_AWAY, "the run's keys are gone");
    freeReplyObject(*out);
    *out = NULL;
    if (meaning == ETAS_OK)
        return queue_damaged(self, name, err);
    (void)etas_error_on_host(err, self->place);
    return meaning;
}

static void arg_ms(etas_queue *self, double seconds)
{
    queue_arg_u64(self, (uint64_t)fmin(fmax(seconds * 1000, 1), 1e12));
}

/* The run as its driver knows it; the server's default mark depends on its memory. */
static void arg_meta(etas_queue *self, const etas_run_meta *run)
{
    uint64_t mark = run->mark_bytes;

    if (mark == 0)
        mark = self->maxmemory > 0 && self->maxmemory / 4 < DEFAULT_MARK_BYTES ? self->maxmemory / 4
                                                                               : DEFAULT_MARK_BYTES;
    queue_arg_format(self, "%.63s", run->name);
    queue_arg_u64(self, run->n_catalogs);
    queue_arg_u64(self, run->stored);
    queue_arg_u64(self, run->seed);
    queue_arg_u64(self, run->algorithm);
    queue_arg(self, run->model_sha256);
    queue_arg_u64(self, run->chunk_size);
    arg_ms(self, run->task_duration_s);
    queue_arg_u64(self, run->max_attempts > 0 ? run->max_attempts : 1);
    queue_arg_u64(self, run->max_lost > 0 ? run->max_lost : 1);
    queue_arg_u64(self, mark);
    arg_ms(self, run->lease_s);
    queue_arg(self, ETAS_RELEASE);
    if (!queue_older_than(self, 2))
        queue_arg_tally(self, &run->tally);
}

static bool read_state(const redisReply *reply, etas_run_state *out)
{
    *out = (etas_run_state){0};
    return reply_flag(reply_at(reply, 1), &out->lost) &&
           reply_flag(reply_at(reply, 2), &out->needs_model) &&
           reply_flag(reply_at(reply, 3), &out->cancelled) &&
           reply_u64(reply_at(reply, 4), QUEUE_MAX_EXACT, &out->n_pending) &&
           reply_u64(reply_at(reply, 5), QUEUE_MAX_EXACT, &out->n_catalogs) &&
           reply_u64(reply_at(reply, 6), QUEUE_MAX_EXACT, &out->n_dead) &&
           reply_u64(reply_at(reply, 7), QUEUE_MAX_EXACT, &out->live_slots);
}

etas_status etas_queue_run_beat(etas_queue *self, const etas_run_meta *run, etas_run_state *state,
                                etas_error *err)
{
    redisReply *reply;
    etas_status st;
    bool sane;

    if (run->n_catalogs > ETAS_MAX_CATALOGS || run->chunk_size > ETAS_MAX_CATALOGS ||
        run->mark_bytes >= QUEUE_MAX_EXACT || run->stored > run->n_catalogs ||
        !queue_is_hex(run->model_sha256, 64) || !(run->lease_s > 0) || !(run->task_duration_s >= 0))
        return etas_fail(err, ETAS_E_ARG, "the run's description is outside its domain");
    /* the mark and the policy need to be known before */
    st = queue_connect(self, &self->link, err);
    if (st != ETAS_OK)
        return st;
    st = queue_check_policy(self, err);
    if (st == ETAS_OK)
        st = begin_run(self, "run", run, err);
    if (st != ETAS_OK)
        return st;
    arg_meta(self, run);
    st = driver_call(self, "run", &reply, err);
    if (st != ETAS_OK)
        return st;
    sane = read_state(reply, state);
    freeReplyObject(reply);
    return sane ? ETAS_OK : queue_damaged(self, "run", err);
}

etas_status etas_queue_model_put(etas_queue *self, const char *sha256_hex, size_t len,
                                 const uint8_t bytes[], etas_error *err)
{
    const size_t parts = (len + PART_BYTES - 1) / PART_BYTES;

    if (!queue_is_hex(sha256_hex, 64) || len == 0 || len > MAX_MODEL_BYTES)
        return etas_fail(err, ETAS_E_ARG, "a model has a digest and 1 byte to 1 GiB");
    for (size_t i = 0; i < parts; i++) {
        const size_t at = i * PART_BYTES;
        redisReply *reply;
        etas_status st;

        queue_begin(self, "model_put");
        queue_arg(self, sha256_hex);
        queue_arg_u64(self, i);
        queue_arg_u64(self, parts);
        queue_arg_u64(self, len);
        queue_arg_bytes(self, len - at < PART_BYTES ? len - at : PART_BYTES, bytes + at);
        st = driver_call(self, "model_put", &reply, err);
        if (st != ETAS_OK)
            return st;
        freeReplyObject(reply);
    }
    return ETAS_OK;
}

typedef struct download {
    uint8_t *bytes;
    size_t len;
    bool none; /* the server does not have it (or not as the first part said) */
} download;

static etas_status model_part(etas_queue *self, const char *sha256_hex, size_t i, download *out,
                              etas_error *err)
{
    const redisReply *part;
    redisReply *reply;
    uint64_t parts, length;
    etas_status st;
    bool sane;

    queue_begin(self, "model_get");
    queue_arg(self, sha256_hex);
    queue_arg_u64(self, i);
    st = queue_call(self, QUEUE_LOAD, &reply, err);
    if (st != ETAS_OK)
        return st;
    out->none = reply_is(reply_at(reply, 0), "NONE");
    part = reply_at(reply, 3);
    sane =
        out->none || (reply_is(reply_at(reply, 0), "OK") &&
                      reply_u64(reply_at(reply, 1), MAX_MODEL_BYTES / PART_BYTES, &parts) &&
                      reply_u64(reply_at(reply, 2), MAX_MODEL_BYTES, &length) && length > 0 &&
                      (length + PART_BYTES - 1) / PART_BYTES == parts && i < parts &&
                      part != NULL && part->type == REDIS_REPLY_STRING &&
                      (size_t)part->len == (i + 1 < parts ? PART_BYTES : length - i * PART_BYTES));
    if (sane && !out->none && out->bytes == NULL) {
        st = etas_array_alloc((void **)&out->bytes, (size_t)length, 1);
        out->len = (size_t)length;
        if (st != ETAS_OK)
            (void)etas_fail(err, st, "out of memory");
    }
    out->none = out->none || (sane && length != out->len);
    if (sane && !out->none && st == ETAS_OK)
        memcpy(out->bytes + i * PART_BYTES, part->str, (size_t)part->len);
    freeReplyObject(reply);
    return sane ? st : queue_damaged(self, "model_get", err);
}

etas_status etas_queue_model_get(etas_queue *self, const char *sha256_hex, uint8_t **out,
                                 size_t *len, etas_error *err)
{
    etas_status st = ETAS_OK;
    download got = {0};

    *out = NULL;
    *len = 0;
    if (!queue_is_hex(sha256_hex, 64))
        return etas_fail(err, ETAS_E_ARG, "a digest has 64 hexadecimal digits");
    for (size_t i = 0; st == ETAS_OK && !got.none && (i == 0 || i * PART_BYTES < got.len); i++)
        st = model_part(self, sha256_hex, i, &got, err);
    if (st != ETAS_OK || got.none) {
        etas_array_free((void **)&got.bytes);
        return st;
    }
    *out = got.bytes;
    *len = got.len;
    return ETAS_OK;
}

/* A submission up to its entries. */
static etas_status begin_submit(etas_queue *self, const char *name, const etas_run_meta *run,
                                uint64_t serial, etas_error *err)
{
    etas_status st;

    if (serial >= QUEUE_MAX_EXACT || serial == 0)
        return etas_fail(err, ETAS_E_ARG, "serials start at 1");
    st = begin_run(self, name, run, err);
    if (st == ETAS_OK)
        queue_arg_u64(self, serial);
    return st;
}

static etas_status end_submit(etas_queue *self, const char *name, etas_error *err)
{
    const redisReply *word;
    redisReply *reply;
    etas_status st = queue_call(self, QUEUE_LOAD, &reply, err);

    if (st != ETAS_OK)
        return st;
    word = reply_at(reply, 0);
    if (reply_is(word, "FULL"))
        st = etas_fail(err, ETAS_E_LIMIT, "the run's list is full");
    else if (reply_is(word, "GONE"))
        st = etas_fail(err, ETAS_E_AWAY, "the run's keys are gone");
    else if (reply_is(word, "SUPERSEDED"))
        st = etas_fail(err, ETAS_E_SUPERSEDED, "another driver has taken this run over");
    else if (!reply_is(word, "OK") && !reply_is(word, "REPEAT"))
        st = queue_damaged(self, name, err);
    freeReplyObject(reply);
    return st;
}

etas_status etas_queue_submit(etas_queue *self, const etas_run_meta *run, uint64_t serial, size_t n,
                              const etas_range ranges[], etas_error *err)
{
    etas_status st;

    if (n > MAX_SUBMIT)
        return etas_fail(err, ETAS_E_LIMIT, "at most %d ranges at once", MAX_SUBMIT);
    st = begin_submit(self, "submit", run, serial, err);
    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < n; i++) {
        queue_arg_u64(self, ranges[i].first);
        queue_arg_u64(self, ranges[i].count);
    }
    return end_submit(self, "submit", err);
}

etas_status etas_queue_submit_checks(etas_queue *self, const etas_run_meta *run, uint64_t serial,
                                     size_t n, const etas_check checks[], etas_error *err)
{
    etas_status st;

    if (n > MAX_CHECKS)
        return etas_fail(err, ETAS_E_LIMIT, "at most %d checks at once", MAX_CHECKS);
    st = begin_submit(self, "check", run, serial, err);
    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < n; i++) {
        queue_arg_u64(self, checks[i].range.first);
        queue_arg_u64(self, checks[i].range.count);
        queue_arg_word(self, checks[i].maker);
    }
    return end_submit(self, "check", err);
}

etas_status etas_queue_ban(etas_queue *self, const etas_run_meta *run, size_t n,
                           const char *const hosts[], etas_error *err)
{
    redisReply *reply;
    etas_status st;

    if (n > MAX_BANNED)
        return etas_fail(err, ETAS_E_LIMIT, "at most %d hosts can be banned", MAX_BANNED);
    st = begin_run(self, "ban", run, err);
    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < n; i++)
        queue_arg_word(self, hosts[i]);
    st = driver_call(self, "ban", &reply, err);
    if (st == ETAS_OK)
        freeReplyObject(reply);
    return st;
}

void etas_queue_collected_free(etas_collected **items, size_t *n)
{
    for (size_t i = 0; *items != NULL && i < *n; i++)
        etas_array_free((void **)&(*items)[i].bytes);
    etas_array_free((void **)items);
    *n = 0;
}

/* Five elements of the reply from @p at; false when they make no sense. */
static bool read_collected(const redisReply *reply, size_t at, etas_collected *out, etas_status *st)
{
    const redisReply *frame = reply_at(reply, at + 4);
    uint64_t count;
    char sum[17], *end = NULL;

    if (!reply_u64(reply_at(reply, at), ETAS_MAX_CATALOGS, &out->first) ||
        !reply_u64(reply_at(reply, at + 1), UINT32_MAX, &count) || count == 0 ||
        out->first + count > ETAS_MAX_CATALOGS || !reply_hex(reply_at(reply, at + 2), 16, sum) ||
        !reply_hex(reply_at(reply, at + 3), ETAS_ID_HEX - 1, out->agent) || frame == NULL ||
        frame->type != REDIS_REPLY_STRING)
        return false;
    out->count = (uint32_t)count;
    out->checksum = strtoull(sum, &end, 16);
    out->len = (size_t)frame->len;
    *st = etas_array_alloc((void **)&out->bytes, out->len, 1);
    if (*st == ETAS_OK)
        memcpy(out->bytes, frame->str, out->len);
    return true;
}

etas_status etas_queue_collect(etas_queue *self, const etas_run_meta *run, size_t max_bytes,
                               etas_collected **items, size_t *n, etas_error *err)
{
    redisReply *reply;
    size_t there;
    bool sane;
    etas_status st = begin_run(self, "collect", run, err);

    *items = NULL;
    *n = 0;
    if (st != ETAS_OK)
        return st;
    queue_arg_u64(self, max_bytes < QUEUE_MAX_EXACT ? max_bytes : QUEUE_MAX_EXACT - 1);
    self->reply_bytes = MAX_LONE_FRAME + QUEUE_REPLY_BYTES;
    st = queue_call(self, QUEUE_LOAD, &reply, err);
    if (st != ETAS_OK)
        return st;
    if (reply_is(reply_at(reply, 0), "SUPERSEDED")) {
        freeReplyObject(reply);
        return etas_fail(err, ETAS_E_SUPERSEDED, "another driver has taken this run over");
    }
    there = (reply->elements - 1) / 5;
    sane = (reply_is(reply_at(reply, 0), "OK") && reply->elements % 5 == 1) ||
           reply_is(reply_at(reply, 0), "GONE");
    if (sane)
        st = etas_array_alloc((void **)items, there, sizeof **items);
    for (; sane && st == ETAS_OK && *n < there; *n += 1)
        sane = read_collected(reply, 1 + 5 * *n, &(*items)[*n], &st);
    freeReplyObject(reply);
    if (sane && st == ETAS_OK)
        return ETAS_OK;
    etas_queue_collected_free(items, n);
    return sane ? etas_fail(err, st, "out of memory") : queue_damaged(self, "collect", err);
}

/* For calls where keys that are gone mean that nothing is left to do. */
static etas_status quiet_call(etas_queue *self, const char *name, etas_error *err)
{
    redisReply *reply;
    etas_status st = queue_call(self, QUEUE_LOAD, &reply, err);

    if (st != ETAS_OK)
        return st;
    if (reply_is(reply_at(reply, 0), "SUPERSEDED"))
        st = etas_fail(err, ETAS_E_SUPERSEDED, "another driver has taken this run over");
    else if (!reply_is(reply_at(reply, 0), "OK") && !reply_is(reply_at(reply, 0), "GONE"))
        st = queue_damaged(self, name, err);
    freeReplyObject(reply);
    return st;
}

etas_status etas_queue_ackout(etas_queue *self, const etas_run_meta *run, size_t n,
                              const etas_ack acks[], etas_error *err)
{
    etas_status st;

    if (n > MAX_NAMES)
        return etas_fail(err, ETAS_E_ARG, "at most %d frames are acked at once", MAX_NAMES);
    st = begin_run(self, "ackout", run, err);
    if (st != ETAS_OK)
        return st;
    queue_arg_u64(self, run->stored);
    for (size_t i = 0; i < n; i++) {
        queue_arg_u64(self, acks[i].first);
        queue_arg_u64(self, acks[i].count);
        queue_arg_format(self, "%016llx", (unsigned long long)acks[i].checksum);
        queue_arg(self, acks[i].discard ? "1" : "0");
    }
    return quiet_call(self, "ackout", err);
}

etas_status etas_queue_mend(etas_queue *self, const etas_run_meta *run, etas_error *err)
{
    const etas_status st = begin_run(self, "mend", run, err);

    return st != ETAS_OK ? st : quiet_call(self, "mend", err);
}

etas_status etas_queue_run_finish(etas_queue *self, const etas_run_meta *run, etas_error *err)
{
    const etas_status st = begin_run(self, "finish", run, err);

    if (st != ETAS_OK)
        return st;
    queue_arg_u64(self, run->stored);
    queue_arg_tally(self, &run->tally);
    return quiet_call(self, "finish", err);
}
