/* What an agent calls: registration, claims, beats, results, failures. */
#include <math.h>
#include <string.h>

#include "queue/queue_link.h"
#include "queue/queue_reply.h"

enum { MAX_FRAME = 1 << 20, MAX_LONE_FRAME = 1 << 28 };
enum { MAX_HELD = 4000, BEATS_AT_ONCE = 1000, MAX_LEASE_COUNTER = 1000000 };

static etas_status begin_agent(etas_queue *self, const char *name, const etas_agent *agent,
                               etas_error *err)
{
    if (!queue_is_hex(agent->id, ETAS_ID_HEX - 1))
        return etas_fail(err, ETAS_E_ARG, "an agent's id has 32 hexadecimal digits");
    queue_begin(self, name);
    queue_arg(self, agent->id);
    return ETAS_OK;
}

static bool is_lease(const etas_lease *l)
{
    return queue_is_hex(l->run, ETAS_ID_HEX - 1) && l->token < QUEUE_MAX_EXACT && l->count > 0 &&
           l->first < ETAS_MAX_CATALOGS && l->count <= ETAS_MAX_CATALOGS - l->first;
}

static etas_status bad_lease(etas_error *err)
{
    return etas_fail(err, ETAS_E_ARG, "not a lease as a claim gives it");
}

etas_status etas_queue_hello(etas_queue *self, const etas_agent *agent, size_t n_held,
                             const etas_lease held[], etas_error *err)
{
    char protocols[64] = "";
    redisReply *reply;
    etas_status st;

    if (n_held > MAX_HELD)
        return etas_fail(err, ETAS_E_LIMIT, "an agent holds at most %d leases", MAX_HELD);
    st = queue_connect(self, &self->link, err);
    if (st != ETAS_OK)
        return st;
    st = queue_check_policy(self, err);
    if (st == ETAS_OK)
        st = begin_agent(self, "hello", agent, err);
    if (st != ETAS_OK)
        return st;
    queue_arg_word(self, agent->host);
    queue_arg_u64(self, agent->pid);
    queue_arg_u64(self, agent->slots);
    queue_arg_u64(self, agent->busy);
    queue_arg_word(self, agent->release);
    queue_arg_u64(self, agent->algorithm);
    queue_arg_statistics(self, agent);
    for (size_t i = 0; i < n_held; i++) {
        if (!is_lease(&held[i]))
            return bad_lease(err);
        queue_arg_lease(self, &held[i]);
    }
    st = queue_call(self, QUEUE_LOAD, &reply, err);
    if (st != ETAS_OK)
        return st;
    if (reply_is(reply_at(reply, 0), "INCOMPATIBLE") &&
        reply_text(reply_at(reply, 1), sizeof protocols, protocols)) {
        st = etas_fail(err, ETAS_E_VERSION, "the pool speaks protocol %s, this program speaks %d",
                       protocols, ETAS_PROTOCOL_VERSION);
        (void)etas_error_on_host(err, self->place);
    } else if (!reply_is(reply_at(reply, 0), "OK"))
        st = queue_damaged(self, "hello", err);
    freeReplyObject(reply);
    return st;
}

etas_status etas_queue_bye(etas_queue *self, const etas_agent *agent, etas_error *err)
{
    redisReply *reply;
    etas_status st = begin_agent(self, "bye", agent, err);

    if (st != ETAS_OK)
        return st;
    st = queue_call(self, QUEUE_LOAD, &reply, err);
    if (st != ETAS_OK)
        return st;
    if (!reply_is(reply_at(reply, 0), "OK"))
        st = queue_damaged(self, "bye", err);
    freeReplyObject(reply);
    return st;
}

static bool read_command(const redisReply *word, etas_command *out)
{
    if (reply_is(word, "STOP"))
        *out = ETAS_COMMAND_STOP;
    else if (reply_is(word, "NOW"))
        *out = ETAS_COMMAND_STOP_NOW;
    else if (reply_is(word, "HELLO"))
        *out = ETAS_COMMAND_HELLO;
    else
        return false;
    return true;
}

static bool read_work(const redisReply *reply, etas_claim *out)
{
    etas_lease *l = &out->lease;
    uint64_t lease_ms;
    reply_fields at;

    if (!reply_fields_begin(reply_at(reply, 1), &at) ||
        !reply_take_u64(&at, QUEUE_MAX_EXACT - 1, &l->token) ||
        !reply_take_hex(&at, ETAS_ID_HEX - 1, l->run) ||
        !reply_take_u64(&at, ETAS_MAX_CATALOGS, &l->first) ||
        !reply_take_u64(&at, UINT32_MAX, &l->count) || !reply_take_u32(&at, &l->errors) ||
        !reply_take_u32(&at, &l->lost) || !reply_fields_done(&at) || !is_lease(l) ||
        l->errors > MAX_LEASE_COUNTER || l->lost > MAX_LEASE_COUNTER)
        return false;
    if (!reply_u64(reply_at(reply, 2), UINT64_MAX, &out->seed) ||
        !reply_hex(reply_at(reply, 3), 64, out->model_sha256) ||
        !reply_u64(reply_at(reply, 4), QUEUE_MAX_EXACT, &lease_ms) || lease_ms == 0)
        return false;
    out->lease_s = (double)lease_ms / 1000;
    out->kind = ETAS_CLAIM_WORK;
    return true;
}

etas_status etas_queue_claim(etas_queue *self, const etas_agent *agent,
                             const etas_claim_request *request, etas_claim *out, etas_error *err)
{
    const redisReply *word;
    redisReply *reply;
    etas_status st = begin_agent(self, "claim", agent, err);
    bool sane = true;

    *out = (etas_claim){.kind = ETAS_CLAIM_EMPTY};
    if (st != ETAS_OK)
        return st;
    queue_arg_u64(self, agent->algorithm);
    queue_arg_format(self, "%.9g", request->rate > 0 ? fmin(request->rate, 1e14) : 0.0);
    queue_arg_format(self, "%.9g",
                     request->remaining_s < 1e14 ? fmax(request->remaining_s, 0)
                                                 : -1.0); /* -1: no limit */
    st = queue_call(self, QUEUE_LOAD, &reply, err);
    if (st != ETAS_OK)
        return st;
    word = reply_at(reply, 0);
    if (reply_is(word, "WORK"))
        sane = read_work(reply, out);
    else if (reply_is(word, "NOMODEL"))
        out->kind = ETAS_CLAIM_NOMODEL;
    else if (reply_is(word, "EMPTY"))
        sane = reply_text(reply_at(reply, 1), sizeof out->why, out->why);
    else if (read_command(word, &out->command))
        out->kind = ETAS_CLAIM_COMMAND;
    else
        sane = false;
    freeReplyObject(reply);
    if (sane)
        return ETAS_OK;
    *out = (etas_claim){.kind = ETAS_CLAIM_EMPTY};
    return queue_damaged(self, "claim", err);
}

etas_status etas_queue_model_spoiled(etas_queue *self, const etas_agent *agent,
                                     const char *sha256_hex, const char *got_hex, bool *dropped,
                                     etas_error *err)
{
    redisReply *reply;
    etas_status st = begin_agent(self, "model_spoiled", agent, err);

    *dropped = false;
    if (st != ETAS_OK)
        return st;
    if (!queue_is_hex(sha256_hex, 64) || !queue_is_hex(got_hex, 64))
        return etas_fail(err, ETAS_E_ARG, "a digest has 64 hexadecimal digits");
    queue_arg(self, sha256_hex);
    queue_arg(self, got_hex);
    st = queue_call(self, QUEUE_LOAD, &reply, err);
    if (st != ETAS_OK)
        return st;
    *dropped = reply_is(reply_at(reply, 0), "OK");
    if (!*dropped && !reply_is(reply_at(reply, 0), "LATER"))
        st = queue_damaged(self, "model_spoiled", err);
    freeReplyObject(reply);
    return st;
}

static bool read_verdict(const redisReply *word, etas_verdict *out)
{
    if (reply_is(word, "OK"))
        *out = ETAS_VERDICT_OK;
    else if (reply_is(word, "LOST"))
        *out = ETAS_VERDICT_LOST;
    else if (reply_is(word, "CANCEL"))
        *out = ETAS_VERDICT_CANCEL;
    else if (reply_is(word, "SPLIT"))
        *out = ETAS_VERDICT_SPLIT;
    else
        return false;
    return true;
}

static etas_status beat_some(etas_queue *self, const etas_agent *agent, size_t n,
                             const etas_lease leases[], etas_beat *out, etas_error *err)
{
    redisReply *reply;
    etas_status st = begin_agent(self, "beat", agent, err);
    bool sane;

    if (st != ETAS_OK)
        return st;
    queue_arg_u64(self, agent->busy);
    queue_arg_statistics(self, agent);
    for (size_t i = 0; i < n; i++) {
        if (!is_lease(&leases[i]))
            return bad_lease(err);
        queue_arg_lease(self, &leases[i]);
    }
    st = queue_call(self, QUEUE_LOAD, &reply, err);
    if (st != ETAS_OK)
        return st;
    sane = reply->elements == n + 1 &&
           (reply_is(reply_at(reply, 0), "OK") || read_command(reply_at(reply, 0), &out->command));
    for (size_t i = 0; sane && i < n; i++)
        sane = read_verdict(reply_at(reply, i + 1), &out->verdicts[i]);
    freeReplyObject(reply);
    return sane ? ETAS_OK : queue_damaged(self, "beat", err);
}

etas_status etas_queue_beat(etas_queue *self, const etas_agent *agent, size_t n,
                            const etas_lease leases[], etas_beat *out, etas_error *err)
{
    size_t at = 0;

    out->command = ETAS_COMMAND_NONE;
    do {
        const size_t some = n - at < BEATS_AT_ONCE ? n - at : BEATS_AT_ONCE;
        etas_beat part = {out->command, some > 0 ? out->verdicts + at : NULL};
        const etas_status st =
            beat_some(self, agent, some, some > 0 ? leases + at : NULL, &part, err);

        if (st != ETAS_OK)
            return st;
        out->command = part.command;
        at += some;
    } while (at < n);
    return ETAS_OK;
}

etas_status etas_queue_commit(etas_queue *self, const etas_agent *agent, etas_lease *lease,
                              const etas_commit *what, etas_verdict *verdict, etas_error *err)
{
    redisReply *reply;
    etas_error refused = {0};
    etas_status st;
    bool sane;

    if (!is_lease(lease) || what->count == 0 || what->count > lease->count || what->len == 0)
        return bad_lease(err);
    if (what->len > (what->count > 1 ? MAX_FRAME : MAX_LONE_FRAME))
        return etas_fail(
            err, ETAS_E_LIMIT, "a result of %zu bytes is more than the %u MiB that one may have",
            what->len, (unsigned)((what->count > 1 ? MAX_FRAME : MAX_LONE_FRAME) >> 20));
    st = begin_agent(self, "commit", agent, err);
    if (st != ETAS_OK)
        return st;
    queue_arg_lease(self, lease);
    queue_arg_u64(self, what->count);
    queue_arg(self, what->give_back ? "1" : "0");
    queue_arg_format(self, "%016llx", (unsigned long long)what->checksum);
    queue_arg_bytes(self, what->len, what->bytes);
    st = queue_call(self, QUEUE_LOAD, &reply, &refused);
    if (st == ETAS_E_REFUSED && self->memory_full) {
        *verdict = ETAS_VERDICT_WAIT;
        return ETAS_OK;
    }
    if (st != ETAS_OK) {
        if (err != NULL && err->code == ETAS_OK)
            *err = refused;
        return st;
    }
    sane = read_verdict(reply_at(reply, 0), verdict) && *verdict != ETAS_VERDICT_SPLIT;
    if (!sane && reply_is(reply_at(reply, 0), "WAIT")) {
        *verdict = ETAS_VERDICT_WAIT;
        sane = true;
    }
    freeReplyObject(reply);
    if (!sane)
        return queue_damaged(self, "commit", err);
    if (*verdict == ETAS_VERDICT_OK) { /* as the server wrote the rest down */
        lease->first += what->count;
        lease->count = what->give_back ? 0 : lease->count - what->count;
        lease->errors = 0;
    }
    return ETAS_OK;
}

etas_status etas_queue_fail(etas_queue *self, const etas_agent *agent, const etas_lease *lease,
                            const etas_failure *why, etas_error *err)
{
    const bool counts = why->kind != ETAS_FAIL_DRAIN;
    const bool hopeless = why->kind == ETAS_FAIL_HOPELESS && !queue_older_than(self, 6);
    redisReply *reply;
    etas_status st;

    if (!is_lease(lease) || why->signal < 0 || why->signal > 1024 ||
        (counts && (why->reached < lease->first || why->reached - lease->first >= lease->count)))
        return bad_lease(err);
    st = begin_agent(self, "fail", agent, err);
    if (st != ETAS_OK)
        return st;
    queue_arg_lease(self, lease);
    queue_arg(self, hopeless ? "hopeless" : counts ? "error" : "drain");
    queue_arg_u64(self, counts ? why->reached : lease->first);
    queue_arg_u64(self, (uint64_t)why->signal);
    queue_arg_format(self, "%.190s", why->message != NULL ? why->message : "");
    st = queue_call(self, QUEUE_LOAD, &reply, err);
    if (st != ETAS_OK)
        return st;
    if (!reply_is(reply_at(reply, 0), "OK") && !reply_is(reply_at(reply, 0), "LOST"))
        st = queue_damaged(self, "fail", err);
    freeReplyObject(reply);
    return st;
}

etas_status etas_queue_reap(etas_queue *self, etas_error *err)
{
    redisReply *reply;
    etas_status st;

    queue_begin(self, "reap");
    st = queue_call(self, QUEUE_LOAD, &reply, err);
    if (st != ETAS_OK)
        return st;
    if (!reply_is(reply_at(reply, 0), "OK"))
        st = queue_damaged(self, "reap", err);
    freeReplyObject(reply);
    return st;
}
