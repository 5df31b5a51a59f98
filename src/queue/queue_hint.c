/* Hints: a blocking question on a second connection whose answer nobody has to wait for. */
#include <math.h>
#include <string.h>
#include <time.h>

#include <poll.h>

#include "etas/text.h"
#include "queue/queue_link.h"
#include "queue/queue_reply.h"

enum { MARGIN_S = 5 };

static double monotonic_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void drop_hint(etas_queue *self)
{
    queue_wire_close(&self->hint);
    self->hint_deadline = 0;
}

/* The hint list of that name, "" for the workers'. */
static void hint_key(const etas_queue *self, const char *id, size_t capacity, char out[])
{
    const int prefix = (int)strlen(self->key) - (int)strlen("pool");

    (void)etas_format(capacity, out, "%.*swake%s%s", prefix, self->key, id[0] != '\0' ? ":" : "",
                      id);
}

/* Asks for a hint on the lists of one or two ids. */
static etas_status ask(etas_queue *self, size_t n, const char *const ids[], double seconds,
                       etas_error *err)
{
    const double wait = fmin(fmax(seconds, 0.01), 3600);
    char keys[2][160], wait_text[24];
    const char *argv[4] = {"BLPOP"};
    queue_command command = {.n = n + 2, .argv = argv};
    etas_status st = queue_connect(self, &self->hint, err);

    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < n; i++) {
        hint_key(self, ids[i], sizeof keys[i], keys[i]);
        argv[1 + i] = keys[i];
    }
    (void)etas_format(sizeof wait_text, wait_text, "%.3f", wait);
    argv[1 + n] = wait_text;
    st = queue_wire_tell(self, &self->hint, &command, err);
    if (st != ETAS_OK) {
        drop_hint(self);
        return st;
    }
    self->hint_deadline = monotonic_s() + wait + MARGIN_S;
    return ETAS_OK;
}

static bool asked(const etas_queue *self)
{
    return self->hint.redis != NULL && self->hint_deadline > 0;
}

static etas_status bad_id(etas_error *err)
{
    return etas_fail(err, ETAS_E_ARG, "an id has 32 hexadecimal digits");
}

etas_status etas_queue_hint_arm(etas_queue *self, const char *run_id, double seconds,
                                etas_error *err)
{
    const char *const id = run_id != NULL ? run_id : "";

    if (asked(self))
        return ETAS_OK;
    if (run_id != NULL && !queue_is_hex(run_id, ETAS_ID_HEX - 1))
        return bad_id(err);
    self->hint_for_work = run_id == NULL;
    self->hint_agent[0] = '\0';
    return ask(self, 1, &id, seconds, err);
}

/* A question cannot be changed; but it can be answered by whoever asked. */
static etas_status answer_myself(etas_queue *self, const char *id, etas_error *err)
{
    char key[160];
    const char *argv[3] = {"RPUSH", key, "1"};
    const queue_command command = {.n = 3, .argv = argv};
    redisReply *reply = NULL;
    etas_status st = queue_connect(self, &self->link, err);

    hint_key(self, id, sizeof key, key);
    if (st == ETAS_OK)
        st = queue_wire_ask(self, &self->link, &command, &reply, err);
    if (st != ETAS_OK) {
        queue_wire_close(&self->link);
        return st;
    }
    if (reply->type == REDIS_REPLY_ERROR) /* memory is full */
        drop_hint(self);
    freeReplyObject(reply);
    return ETAS_OK;
}

etas_status etas_queue_hint_arm_agent(etas_queue *self, const char *agent_id, bool work,
                                      double seconds, etas_error *err)
{
    const char *const ids[2] = {agent_id, ""};
    etas_status st;

    if (!queue_is_hex(agent_id, ETAS_ID_HEX - 1))
        return bad_id(err);
    if (asked(self) && (self->hint_for_work || !work))
        return ETAS_OK;
    if (asked(self)) {
        self->hint_for_work = true; /* once is enough */
        st = answer_myself(self, agent_id, err);
        if (st != ETAS_OK || asked(self))
            return st;
    }
    self->hint_for_work = work;
    (void)etas_format(sizeof self->hint_agent, self->hint_agent, "%s", agent_id);
    return ask(self, work ? 2 : 1, ids, seconds, err);
}

int etas_queue_hint_fd(const etas_queue *self)
{
    return asked(self) ? self->hint.redis->fd : -1;
}

bool etas_queue_hint_called(const etas_queue *self)
{
    return self->hint_called;
}

etas_status etas_queue_hint_take(etas_queue *self, bool *fired, etas_error *err)
{
    struct pollfd watch = {.fd = etas_queue_hint_fd(self), .events = POLLIN};
    char key[160];
    redisReply *reply = NULL;
    etas_status st = ETAS_OK;

    *fired = self->hint_called = false;
    if (watch.fd < 0)
        return ETAS_OK;
    if (poll(&watch, 1, 0) <= 0) {
        if (monotonic_s() < self->hint_deadline)
            return ETAS_OK;
        drop_hint(self); /* half open: the answer will never come */
        *fired = true;
        return ETAS_OK;
    }
    st = queue_wire_look(self, &self->hint, &reply, err);
    if (st != ETAS_OK) {
        drop_hint(self);
        return st;
    }
    if (reply == NULL)
        return ETAS_OK; /* not all of it yet */
    if (reply->type == REDIS_REPLY_ERROR)
        st = queue_classify(self, reply, err);
    hint_key(self, self->hint_agent, sizeof key, key);
    self->hint_called = self->hint_agent[0] != '\0' && reply_is(reply_at(reply, 0), key);
    freeReplyObject(reply);
    self->hint_deadline = 0;
    *fired = true;
    return st;
}
