/* The server itself, for a check-up. */
#include "etas/server.h"

#include <string.h>
#include <time.h>

#include "etas/text.h"
#include "queue/queue_library.h"
#include "queue/queue_link.h"
#include "queue/queue_reply.h"

enum { MOST_WORDS = 6 };

/* One command of at most six words, the last followed by NULL; error replies are replies. */
static etas_status ask(etas_queue *self, const char *const words[MOST_WORDS + 1], redisReply **out,
                       etas_error *err)
{
    const char *argv[MOST_WORDS];
    queue_command command = {.argv = argv};
    etas_status st = queue_connect(self, &self->link, err);

    *out = NULL;
    for (; words[command.n] != NULL; command.n++)
        argv[command.n] = words[command.n];
    if (st == ETAS_OK)
        st = queue_wire_ask(self, &self->link, &command, out, err);
    if (st != ETAS_OK)
        queue_wire_close(&self->link);
    return st;
}

/* ---- what it is ---- */

static void info_number(const redisReply *info, const char *name, uint64_t *out)
{
    char text[32];

    *out = ETAS_SERVER_UNKNOWN;
    if (reply_info(info, name, sizeof text, text))
        (void)etas_parse_u64(text, strlen(text), out);
}

static void read_info(const redisReply *info, etas_server *out)
{
    (void)reply_info(info, "redis_version", sizeof out->version, out->version);
    (void)reply_info(info, "role", sizeof out->role, out->role);
    (void)reply_info(info, "maxmemory_policy", sizeof out->policy, out->policy);
    (void)reply_info(info, "aof_last_write_status", sizeof out->write_status, out->write_status);
    (void)reply_info(info, "aof_last_bgrewrite_status", sizeof out->rewrite_status,
                     out->rewrite_status);
    (void)reply_info(info, "rdb_last_bgsave_status", sizeof out->snapshot_status,
                     out->snapshot_status);
    info_number(info, "uptime_in_seconds", &out->uptime_s);
    info_number(info, "maxmemory", &out->max_memory);
    info_number(info, "used_memory", &out->used_memory);
    info_number(info, "total_system_memory", &out->total_memory);
    info_number(info, "maxclients", &out->max_clients);
    info_number(info, "connected_clients", &out->clients);
    info_number(info, "rejected_connections", &out->rejected_clients);
    info_number(info, "evicted_keys", &out->evicted_keys);
    info_number(info, "loading", &out->loading);
    info_number(info, "aof_enabled", &out->append_only);
}

/* A setting as text; "" when it may not be seen. */
static etas_status setting(etas_queue *self, const char *name, size_t capacity, char out[],
                           etas_error *err)
{
    const char *const words[MOST_WORDS + 1] = {"CONFIG", "GET", name};
    redisReply *reply;
    const etas_status st = ask(self, words, &reply, err);

    out[0] = '\0';
    if (st != ETAS_OK)
        return st;
    if (reply_is(reply_at(reply, 0), name))
        (void)reply_text(reply_at(reply, 1), capacity, out);
    freeReplyObject(reply);
    return ETAS_OK;
}

static etas_status read_settings(etas_queue *self, etas_server *out, etas_error *err)
{
    char text[64];
    etas_status st = setting(self, "appendfsync", sizeof out->append_fsync, out->append_fsync, err);

    if (st == ETAS_OK)
        st = setting(self, "timeout", sizeof text, text, err);
    if (st == ETAS_OK)
        (void)etas_parse_u64(text, strlen(text), &out->idle_timeout_s);
    if (st == ETAS_OK)
        st = setting(self, "tcp-keepalive", sizeof text, text, err);
    if (st == ETAS_OK)
        (void)etas_parse_u64(text, strlen(text), &out->keepalive_s);
    if (st == ETAS_OK)
        st = setting(self, "save", sizeof text, text, err);
    if (st == ETAS_OK && out->append_fsync[0] != '\0')
        out->snapshots = text[0] != '\0';
    return st;
}

etas_status etas_server_look(etas_queue *self, etas_server *out, etas_error *err)
{
    static const char *const info[MOST_WORDS + 1] = {"INFO"};
    redisReply *reply;
    etas_status st = ask(self, info, &reply, err);

    *out = (etas_server){0};
    out->snapshots = out->idle_timeout_s = out->keepalive_s = ETAS_SERVER_UNKNOWN;
    if (st != ETAS_OK)
        return st;
    read_info(reply, out);
    freeReplyObject(reply);
    return read_settings(self, out, err);
}

static double clock_seconds(clockid_t which)
{
    struct timespec t;

    (void)clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What TIME answers, in seconds. */
static etas_status read_time(etas_queue *self, const redisReply *reply, double *out,
                             etas_error *err)
{
    uint64_t s, us;

    if (reply->type == REDIS_REPLY_ERROR)
        return queue_classify(self, reply, err);
    if (!reply_u64(reply_at(reply, 0), QUEUE_MAX_EXACT, &s) ||
        !reply_u64(reply_at(reply, 1), 999999, &us))
        return queue_damaged(self, "TIME", err);
    *out = (double)s + (double)us * 1e-6;
    return ETAS_OK;
}

etas_status etas_server_time(etas_queue *self, size_t n, double seconds[], double *ahead_s,
                             etas_error *err)
{
    static const char *const words[MOST_WORDS + 1] = {"TIME"};
    double best = 1e30;

    for (size_t i = 0; i < n; i++) {
        redisReply *reply;
        double there = 0, start, here;
        etas_status st = queue_connect(self, &self->link, err);

        if (st != ETAS_OK)
            return st;
        start = clock_seconds(CLOCK_MONOTONIC);
        here = clock_seconds(CLOCK_REALTIME);
        st = ask(self, words, &reply, err);
        if (st != ETAS_OK)
            return st;
        seconds[i] = clock_seconds(CLOCK_MONOTONIC) - start;
        st = read_time(self, reply, &there, err);
        freeReplyObject(reply);
        if (st != ETAS_OK)
            return st;
        if (seconds[i] < best) {
            best = seconds[i];
            *ahead_s = there - (here + best / 2);
        }
    }
    return ETAS_OK;
}

etas_status etas_server_library(etas_queue *self, uint64_t *loaded, uint64_t *own, etas_error *err)
{
    redisReply *reply;
    etas_status st;

    *loaded = 0;
    *own = ETAS_LIBRARY_REVISION;
    queue_begin(self, "revision");
    st = queue_call(self, QUEUE_READ, &reply, err);
    if (st != ETAS_OK || reply == NULL)
        return st;
    if (!reply_is(reply_at(reply, 0), "OK") ||
        !reply_u64(reply_at(reply, 1), QUEUE_MAX_EXACT, loaded))
        st = queue_damaged(self, "revision", err);
    freeReplyObject(reply);
    return st;
}
