/* What the connection's user may do: every command and function that a role needs, put to ACL
 * DRYRUN, or else called in a way that changes nothing. */
#include <string.h>

#include "etas/server.h"
#include "etas/text.h"
#include "queue/queue_link.h"
#include "queue/queue_reply.h"

enum { W = 1 << ETAS_ROLE_WORKER, D = 1 << ETAS_ROLE_DRIVER, M = 1 << ETAS_ROLE_MANAGER };
enum { ALL = W | D | M, MOST_WORDS = 6, MOST_WORD = 160 };

typedef struct right {
    const char *name; /* as an ACL rule has it */
    unsigned roles;
    const char *call; /* a call without effect; '@' stands for the pool's prefix */
} right;

/* Functions are called on a key that none of them accepts. */
#define FUNCTION(name, roles)                                          \
    {                                                                  \
        "fcall|etas_v1_" name, roles, "FCALL etas_v1_" name " 1 @runs" \
    }

/* The keys of run 0, which no run has, are missing: to read them or to take from them does nothing.
 */
static const right rights[] = {
    FUNCTION("hello", W),
    FUNCTION("bye", W),
    FUNCTION("claim", W),
    FUNCTION("beat", W),
    FUNCTION("commit", W),
    FUNCTION("fail", W),
    FUNCTION("model_get", W),
    FUNCTION("model_spoiled", W),
    FUNCTION("reap", W | D),
    FUNCTION("run", D),
    FUNCTION("submit", D),
    FUNCTION("check", D),
    FUNCTION("ban", D),
    FUNCTION("collect", D),
    FUNCTION("ackout", D),
    FUNCTION("mend", D),
    FUNCTION("finish", D),
    FUNCTION("audit", D),
    FUNCTION("model_put", D),
    FUNCTION("dead", D | M),
    FUNCTION("purge", D | M),
    FUNCTION("agents", ALL),
    FUNCTION("info", W | M),
    FUNCTION("versions", W | M),
    FUNCTION("control", M),
    FUNCTION("cancel", M),
    FUNCTION("retry", M),
    FUNCTION("reset", M),
    FUNCTION("revision", ALL),
    {"info", ALL, "INFO server"},
    {"time", ALL, "TIME"},
    {"client|setname", ALL, "CLIENT SETNAME etas-doctor"},
    {"function|load", M, "FUNCTION LOAD x"},
    {"blpop", W | D, "BLPOP @wake:0 0.001"},
    {"exists", W | M, "EXISTS @run:0"},
    {"unlink", ALL, "UNLINK @pending:0"},
    {"expire", W | D, "EXPIRE @run:0 1"},
    {"hget", ALL, "HGET @run:0 x"},
    {"hmget", ALL, "HMGET @run:0 x"},
    {"hgetall", ALL, "HGETALL @run:0"},
    {"hlen", W | D, "HLEN @run:0"},
    {"hdel", ALL, "HDEL @run:0 x"},
    {"hset", ALL, "HSET @run:0 x x x"},
    {"hincrby", ALL, "HINCRBY @run:0 x x"},
    {"llen", ALL, "LLEN @pending:0"},
    {"lindex", ALL, "LINDEX @pending:0 0"},
    {"lrange", ALL, "LRANGE @pending:0 0 0"},
    {"lset", W | M, "LSET @pending:0 0 x"},
    {"ltrim", D, "LTRIM @pending:0 0 0"},
    {"lpop", W, "LPOP @pending:0"},
    {"lrem", W, "LREM @pending:0 0 x"},
    {"lpush", ALL, "LPUSH @pending:0 x"},
    {"rpush", ALL, "RPUSH @pending:0 x"},
    {"zadd", W | D, "ZADD @dead:0 x x"},
    {"zcard", ALL, "ZCARD @dead:0"},
    {"zcount", W, "ZCOUNT @dead:0 0 0"},
    {"zrange", ALL, "ZRANGE @dead:0 0 0"},
    {"zrangebyscore", ALL, "ZRANGEBYSCORE @dead:0 0 0"},
    {"zrem", ALL, "ZREM @dead:0 x"},
    {"zremrangebyscore", W | D, "ZREMRANGEBYSCORE @dead:0 0 0"},
    {"zrevrange", W | M, "ZREVRANGE @dead:0 0 0"},
    {"zscore", W | M, "ZSCORE @dead:0 x"},
};

/* A call cut into its words, the keys written out, with room for "ACL DRYRUN USER" before them. */
typedef struct words {
    size_t n;
    char text[MOST_WORDS][MOST_WORD];
    const char *argv[MOST_WORDS + 3];
} words;

static void cut(const etas_queue *queue, const char *call, words *out)
{
    const int prefix = (int)strlen(queue->key) - (int)strlen("pool");

    out->n = 0;
    while (*call != '\0' && out->n < MOST_WORDS) {
        const int len = (int)strcspn(call, " ");

        if (*call == '@')
            etas_format(MOST_WORD, out->text[out->n], "%.*s%.*s", prefix, queue->key, len - 1,
                        call + 1);
        else
            etas_format(MOST_WORD, out->text[out->n], "%.*s", len, call);
        out->argv[3 + out->n] = out->text[out->n];
        out->n++;
        call += len + (call[len] == ' ');
    }
}

static etas_status ask(etas_queue *self, size_t n, const char *argv[], redisReply **out,
                       etas_error *err)
{
    const queue_command command = {.n = n, .argv = argv};
    etas_status st = queue_connect(self, &self->link, err);

    *out = NULL;
    if (st == ETAS_OK)
        st = queue_wire_ask(self, &self->link, &command, out, err);
    if (st != ETAS_OK)
        queue_wire_close(&self->link);
    return st;
}

typedef enum answer { ALLOWED, COMMAND_DENIED, KEYS_DENIED } answer;

/* Of the call itself, or of DRYRUN, which replies with the words of the refusal. */
static answer judge(const redisReply *reply, bool dryrun)
{
    const bool denied =
        dryrun ? !reply_is(reply, "OK")
               : reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOPERM", 6) == 0;

    if (!denied)
        return ALLOWED;
    return reply->str != NULL && strstr(reply->str, " key") != NULL ? KEYS_DENIED : COMMAND_DENIED;
}

/* The name of the connection's user, "" when it may not be asked for or has no right to DRYRUN. */
static etas_status who_am_i(etas_queue *self, size_t capacity, char out[], etas_error *err)
{
    const char *whoami[] = {"ACL", "WHOAMI"};
    const char *dryrun[] = {"ACL", "DRYRUN", out, "PING"};
    redisReply *reply;
    etas_status st = ask(self, 2, whoami, &reply, err);

    out[0] = '\0';
    if (st != ETAS_OK)
        return st;
    if (reply->type == REDIS_REPLY_STRING)
        (void)reply_text(reply, capacity, out);
    freeReplyObject(reply);
    if (out[0] == '\0')
        return ETAS_OK;
    st = ask(self, 4, dryrun, &reply, err);
    if (st != ETAS_OK)
        return st;
    if (reply->type == REDIS_REPLY_ERROR)
        out[0] = '\0';
    freeReplyObject(reply);
    return ETAS_OK;
}

static etas_status may(etas_queue *self, const char *user, const right *r, answer *out,
                       etas_error *err)
{
    words w;
    redisReply *reply;
    etas_status st;

    cut(self, r->call, &w);
    w.argv[0] = "ACL";
    w.argv[1] = "DRYRUN";
    w.argv[2] = user;
    st = user[0] != '\0' ? ask(self, w.n + 3, w.argv, &reply, err)
                         : ask(self, w.n, w.argv + 3, &reply, err);
    if (st != ETAS_OK)
        return st;
    *out = judge(reply, user[0] != '\0');
    freeReplyObject(reply);
    return ETAS_OK;
}

/* Takes away again what a push that was really made has left. */
static etas_status tidy(etas_queue *self, const right *r, etas_error *err)
{
    static const right unlink = {"unlink", ALL, "UNLINK @pending:0"};
    static const right lpop = {"lpop", ALL, "LPOP @pending:0"};
    answer unused;
    etas_status st;

    if (strcmp(r->name, "lpush") != 0 && strcmp(r->name, "rpush") != 0)
        return ETAS_OK;
    st = may(self, "", &unlink, &unused, err);
    return st == ETAS_OK ? may(self, "", &lpop, &unused, err) : st;
}

static void miss(etas_rights *out, const char *rule)
{
    const size_t len = strlen(out->missing), room = sizeof out->missing - len;

    out->n_missing++;
    if (len >= 4 && strcmp(out->missing + len - 4, " ...") == 0)
        return;
    if (strlen(rule) + 8 > room)
        etas_format(room, out->missing + len, " ...");
    else
        etas_format(room, out->missing + len, "%s%s", len > 0 ? " " : "", rule);
}

static void note_denial(const etas_queue *queue, answer denied, const right *r, etas_rights *out)
{
    char rule[MOST_WORD];

    if (denied == COMMAND_DENIED)
        etas_format(sizeof rule, rule, "+%s", r->name);
    else
        etas_format(sizeof rule, rule, "~etas:{%s}:*", queue->options.pool);
    if (denied == COMMAND_DENIED || strstr(out->missing, rule) == NULL)
        miss(out, rule);
}

etas_status etas_server_rights(etas_queue *self, etas_role role, etas_rights *out, etas_error *err)
{
    char user[128];
    etas_status st = who_am_i(self, sizeof user, user, err);

    *out = (etas_rights){.tried = st == ETAS_OK && user[0] == '\0'};
    for (size_t i = 0; st == ETAS_OK && i < sizeof rights / sizeof rights[0]; i++) {
        answer got = ALLOWED;

        if ((rights[i].roles & (1U << role)) == 0)
            continue;
        out->n_needed++;
        st = may(self, user, &rights[i], &got, err);
        if (st == ETAS_OK && out->tried && got == ALLOWED)
            st = tidy(self, &rights[i], err);
        if (st == ETAS_OK && got != ALLOWED)
            note_denial(self, got, &rights[i], out);
    }
    return st;
}
