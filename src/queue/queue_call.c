/* Arguments, and calls of the function library, which is loaded when the server lacks it. */
#include <stdarg.h>
#include <string.h>

#include "etas/text.h"
#include "queue/queue_library.h"
#include "queue/queue_link.h"
#include "queue/queue_reply.h"

void queue_arg_bytes(etas_queue *self, size_t len, const void *bytes)
{
    queue_args *a = &self->args;

    if (a->failed ||
        etas_array_reserve((void **)&a->argv, &a->argv_capacity, a->n + 1, sizeof *a->argv) !=
            ETAS_OK ||
        etas_array_reserve((void **)&a->lens, &a->lens_capacity, a->n + 1, sizeof *a->lens) !=
            ETAS_OK) {
        a->failed = true;
        return;
    }
    a->argv[a->n] = bytes;
    a->lens[a->n++] = len;
}

void queue_arg(etas_queue *self, const char *text)
{
    queue_arg_bytes(self, strlen(text), text);
}

void queue_arg_format(etas_queue *self, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    size_t len;
    char *copy;

    va_start(ap, fmt);
    len = etas_vformat(sizeof text, text, fmt, ap);
    va_end(ap);
    copy = etas_arena_alloc(&self->args.arena, len + 1, 1);
    if (copy == NULL) {
        self->args.failed = true;
        return;
    }
    memcpy(copy, text, len + 1);
    queue_arg_bytes(self, len, copy);
}

void queue_arg_u64(etas_queue *self, uint64_t value)
{
    queue_arg_format(self, "%llu", (unsigned long long)value);
}

const char *queue_word(const char *text, size_t capacity, char out[])
{
    size_t n = 0;

    for (; text[n] != '\0' && n + 1 < capacity; n++) {
        const char c = text[n];
        const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || strchr("._:+-", c) != NULL;

        out[n] = c;
        if (!fits)
            out[n] = '_';
    }
    out[n] = '\0';
    return n > 0 ? out : "_";
}

void queue_arg_word(etas_queue *self, const char *text)
{
    char word[64];

    queue_arg_format(self, "%s", queue_word(text, sizeof word, word));
}

void queue_arg_lease(etas_queue *self, const etas_lease *lease)
{
    queue_arg_format(self, "%llu %s %llu %llu %u %u", (unsigned long long)lease->token, lease->run,
                     (unsigned long long)lease->first, (unsigned long long)lease->count,
                     lease->errors, lease->lost);
}

void queue_begin(etas_queue *self, const char *name)
{
    etas_arena_reset(&self->args.arena);
    self->args.n = 0;
    self->args.failed = false;
    self->reply_bytes = QUEUE_REPLY_BYTES;
    queue_arg(self, "FCALL");
    queue_arg_format(self, "etas_v%d_%s", ETAS_PROTOCOL_VERSION, name);
    queue_arg(self, "1");
    queue_arg(self, self->key);
}

/* One command on the link, which is made when there is none. */
static etas_status round_trip(etas_queue *self, const queue_command *command, redisReply **out,
                              etas_error *err)
{
    etas_status st = queue_connect(self, &self->link, err);

    *out = NULL;
    if (st == ETAS_OK)
        st = queue_wire_ask(self, &self->link, command, out, err);
    if (st != ETAS_OK)
        queue_wire_close(&self->link);
    return st;
}

/* The arguments as they are. */
static etas_status send_arguments(etas_queue *self, redisReply **out, etas_error *err)
{
    const queue_command command = {self->args.n, self->args.argv, self->args.lens};

    *out = NULL;
    if (self->args.failed)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory");
    return round_trip(self, &command, out, err);
}

static bool begins(const redisReply *reply, const char *text)
{
    return reply->type == REDIS_REPLY_ERROR && reply->str != NULL &&
           strncmp(reply->str, text, strlen(text)) == 0;
}

/* Loads the library; ETAS_OK also when somebody else was faster. */
static etas_status load_library(etas_queue *self, bool replace, etas_error *err)
{
    const char *argv[4] = {"FUNCTION", "LOAD"};
    size_t lens[4] = {8, 4};
    size_t n = 2;
    redisReply *reply;
    etas_status st;

    if (replace) {
        argv[n] = "REPLACE";
        lens[n++] = 7;
    }
    argv[n] = (const char *)etas_queue_library;
    lens[n++] = etas_queue_library_len;
    st = round_trip(self, &(queue_command){n, argv, lens}, &reply, err);
    if (st != ETAS_OK)
        return st;
    if (begins(reply, "ERR unknown command"))
        st = etas_fail(err, ETAS_E_REFUSED, "the server is older than Redis 7.0");
    else if (begins(reply, "NOPERM") || begins(reply, "OOM")) {
        st = etas_fail(err, ETAS_E_AWAY,
                       "the function library etas_v%d is not loaded and cannot be loaded here: run "
                       "etas-redis-manager init",
                       ETAS_PROTOCOL_VERSION);
        if (!self->denied_said)
            etas_log_write(
                self->options.log, ETAS_LOG_WARN,
                "%s: the function library etas_v%d is missing and cannot be loaded (%s); "
                "waiting, etas-redis-manager init loads it",
                self->place, ETAS_PROTOCOL_VERSION,
                begins(reply, "OOM") ? "out of memory" : "no permission");
        self->denied_said = true;
    } else if (reply->type == REDIS_REPLY_ERROR && strstr(reply->str, "already exists") == NULL)
        st = queue_classify(self, reply, err);
    (void)etas_error_on_host(st == ETAS_OK ? NULL : err, self->place);
    freeReplyObject(reply);
    return st;
}

etas_status queue_call(etas_queue *self, queue_mode mode, redisReply **out, etas_error *err)
{
    const redisReply *first;
    redisReply *reply = NULL;
    etas_status st = send_arguments(self, &reply, err);

    *out = NULL;
    self->memory_full = false;
    if (reply == NULL)
        return st;
    if (begins(reply, "ERR Function not found") || begins(reply, "ERR unknown command")) {
        freeReplyObject(reply);
        if (mode == QUEUE_READ)
            return ETAS_OK;
        reply = NULL;
        st = load_library(self, false, err);
        self->revision = 0;
        if (st == ETAS_OK)
            st = send_arguments(self, &reply, err);
        if (reply == NULL)
            return st;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        self->memory_full = begins(reply, "OOM");
        st = queue_classify(self, reply, err);
        freeReplyObject(reply);
        return st;
    }
    first = reply_at(reply, 0);
    if (first == NULL || first->type != REDIS_REPLY_STRING) {
        freeReplyObject(reply);
        return queue_damaged(self, "a call", err);
    }
    *out = reply;
    return ETAS_OK;
}

etas_status queue_check_policy(const etas_queue *self, etas_error *err)
{
    if (self->policy[0] == '\0' || strcmp(self->policy, "noeviction") == 0)
        return ETAS_OK;
    (void)etas_fail(err, ETAS_E_REFUSED,
                    "the server's maxmemory-policy is %s: it may drop pieces of the pool; set "
                    "maxmemory-policy noeviction",
                    self->policy);
    (void)etas_error_on_host(err, self->place);
    return ETAS_E_REFUSED;
}

static etas_status check_server(etas_queue *self, etas_error *err)
{
    redisReply *reply;
    uint64_t revision, major = 7;
    etas_status st;

    st = queue_connect(self, &self->link, err);
    if (st != ETAS_OK)
        return st;
    if (self->version[0] != '\0' &&
        (!etas_parse_u64(self->version, strcspn(self->version, "."), &major) || major < 7)) {
        (void)etas_error_on_host(err, self->place);
        return etas_fail(err, ETAS_E_REFUSED, "the server is Redis %s; 7.0 or newer is needed",
                         self->version);
    }
    st = queue_check_policy(self, err);
    if (st != ETAS_OK)
        return st;
    queue_begin(self, "revision");
    st = queue_call(self, QUEUE_LOAD, &reply, err);
    if (st != ETAS_OK)
        return st;
    if (!reply_is(reply_at(reply, 0), "OK") ||
        !reply_u64(reply_at(reply, 1), QUEUE_MAX_EXACT, &revision)) {
        freeReplyObject(reply);
        return queue_damaged(self, "revision", err);
    }
    freeReplyObject(reply);
    self->revision = revision;
    /* An older edition of the same protocol still does; ours is better where we may replace it. */
    if (revision < ETAS_LIBRARY_REVISION) {
        etas_error denied = {0};

        st = load_library(self, true, &denied);
        if (st == ETAS_OK)
            self->revision = ETAS_LIBRARY_REVISION;
        else if (st != ETAS_E_AWAY)
            return etas_fail(err, st, "%s", denied.text);
    }
    return ETAS_OK;
}

etas_status etas_queue_check(etas_queue *self, etas_error *err)
{
    const etas_status st = check_server(self, err);

    if (st == ETAS_E_REFUSED && self->approved) { /* it was good, and may be so again */
        etas_queue_disconnect(self);
        return ETAS_E_AWAY;
    }
    self->approved = self->approved || st == ETAS_OK;
    return st;
}
