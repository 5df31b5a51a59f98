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

etas_status etas_queue_hint_arm(etas_queue *self, const char *run_id, double seconds,
                                etas_error *err)
{
    const double wait = fmin(fmax(seconds, 0.01), 3600);
    const int prefix = (int)strlen(self->key) - (int)strlen("pool");
    char key[160], wait_text[24];
    const char *argv[3] = {"BLPOP", key, wait_text};
    etas_status st;

    if (self->hint.redis != NULL && self->hint_deadline > 0)
        return ETAS_OK;
    if (run_id != NULL && !queue_is_hex(run_id, ETAS_ID_HEX - 1))
        return etas_fail(err, ETAS_E_ARG, "a run's id has 32 hexadecimal digits");
    st = queue_connect(self, &self->hint, err);
    if (st != ETAS_OK)
        return st;
    (void)etas_format(sizeof key, key, "%.*swake%s%s", prefix, self->key, run_id != NULL ? ":" : "",
                      run_id != NULL ? run_id : "");
    (void)etas_format(sizeof wait_text, wait_text, "%.3f", wait);
    st = queue_wire_tell(self, &self->hint, &(queue_command){.n = 3, .argv = argv}, err);
    if (st != ETAS_OK) {
        drop_hint(self);
        return st;
    }
    self->hint_deadline = monotonic_s() + wait + MARGIN_S;
    return ETAS_OK;
}

int etas_queue_hint_fd(const etas_queue *self)
{
    return self->hint.redis != NULL && self->hint_deadline > 0 ? self->hint.redis->fd : -1;
}

etas_status etas_queue_hint_take(etas_queue *self, bool *fired, etas_error *err)
{
    struct pollfd watch = {.fd = etas_queue_hint_fd(self), .events = POLLIN};
    redisReply *reply = NULL;
    etas_status st = ETAS_OK;

    *fired = false;
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
    freeReplyObject(reply);
    self->hint_deadline = 0;
    *fired = true;
    return st;
}
