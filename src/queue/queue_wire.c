#include "queue/queue_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "queue/queue_link.h"

enum { READ_BYTES = 1 << 16 };

/* After a signal the call at hand may wait so much longer. */
#define SIGNAL_S 1.0
/* A signal may come when poll is not there yet to be interrupted by it. */
#define SLICE_S 0.25

static double monotonic_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- errors ---- */

static etas_status broken(const etas_queue *queue, etas_status st, const char *why, etas_error *err)
{
    (void)etas_fail(err, st, "%s", why);
    (void)etas_error_on_host(err, queue->place);
    return st;
}

static etas_status cut(const etas_queue *queue, const char *why, etas_error *err)
{
    const bool late = errno == ETIMEDOUT; /* TCP_USER_TIMEOUT or keep-alive */

    return broken(queue, late ? ETAS_E_TIMEOUT : ETAS_E_NET, late ? "no answer in time" : why, err);
}

/* ---- waiting ---- */

static sig_atomic_t signals_of(const etas_queue *queue)
{
    return queue->options.signals != NULL ? *queue->options.signals : 0;
}

/* Until the descriptor is ready, at most as long as the server may be silent. */
static etas_status wait_ready(etas_queue *queue, const queue_wire *self, short events,
                              etas_error *err)
{
    struct pollfd watch = {.fd = self->redis->fd, .events = events};
    double now = monotonic_s(), end = now + queue->patience_s;
    bool hurry = false;

    for (;; now = monotonic_s()) {
        int n;

        if (!hurry && signals_of(queue) > queue->signals_heard) {
            hurry = true;
            end = fmin(end, now + SIGNAL_S);
        }
        if (now >= end) {
            queue->signals_heard = signals_of(queue); /* the next call is patient again */
            return broken(queue, ETAS_E_TIMEOUT, "no answer in time", err);
        }
        n = poll(&watch, 1, (int)ceil(fmin(end - now, SLICE_S) * 1000));
        if (n > 0)
            return ETAS_OK;
        if (n < 0 && errno != EINTR)
            return cut(queue, strerror(errno), err);
    }
}

/* ---- bytes ---- */

etas_status queue_wire_send(etas_queue *queue, queue_wire *self, size_t len, const char bytes[],
                            etas_error *err)
{
    etas_status st = ETAS_OK;

    while (st == ETAS_OK && len > 0) {
        const ssize_t n = send(self->redis->fd, bytes, len, MSG_NOSIGNAL);

        if (n >= 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            st = wait_ready(queue, self, POLLOUT, err);
        } else if (errno != EINTR) {
            st = cut(queue, strerror(errno), err);
        }
    }
    return st;
}

/* One piece to the reader. *more: there was something. */
static etas_status read_some(etas_queue *queue, queue_wire *self, bool *more, etas_error *err)
{
    char bytes[READ_BYTES];
    const ssize_t n = recv(self->redis->fd, bytes, sizeof bytes, 0);

    *more = n > 0;
    if (n == 0)
        return broken(queue, ETAS_E_NET, "the server closed the connection", err);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return ETAS_OK;
    if (n < 0)
        return cut(queue, strerror(errno), err);
    if (redisReaderFeed(self->redis->reader, bytes, (size_t)n) != REDIS_OK)
        return broken(queue, ETAS_E_NOMEM, "out of memory", err);
    return ETAS_OK;
}

/* What the reader has. */
static etas_status parse(etas_queue *queue, queue_wire *self, redisReply **out, etas_error *err)
{
    redisReader *const reader = self->redis->reader;

    if (redisReaderGetReply(reader, (void **)out) != REDIS_OK) {
        *out = NULL;
        return broken(queue, reader->err == REDIS_ERR_OOM ? ETAS_E_NOMEM : ETAS_E_CORRUPT,
                      reader->errstr, err);
    }
    self->heard = self->heard || *out != NULL;
    return ETAS_OK;
}

etas_status queue_wire_look(etas_queue *queue, queue_wire *self, redisReply **out, etas_error *err)
{
    bool more = true;
    etas_status st = parse(queue, self, out, err);

    while (st == ETAS_OK && *out == NULL && more) {
        st = read_some(queue, self, &more, err);
        if (st == ETAS_OK && more)
            st = parse(queue, self, out, err);
    }
    return st;
}

etas_status queue_wire_receive(etas_queue *queue, queue_wire *self, redisReply **out,
                               etas_error *err)
{
    etas_status st = queue_wire_look(queue, self, out, err);

    while (st == ETAS_OK && *out == NULL) {
        st = wait_ready(queue, self, POLLIN, err);
        if (st == ETAS_OK)
            st = queue_wire_look(queue, self, out, err);
    }
    return st;
}

/* ---- commands ---- */

etas_status queue_wire_tell(etas_queue *queue, queue_wire *self, const queue_command *command,
                            etas_error *err)
{
    char *text = NULL;
    const int len =
        (int)redisFormatCommandArgv(&text, (int)command->n, command->argv, command->lens);
    etas_status st;

    if (len < 0)
        return broken(queue, ETAS_E_NOMEM, "out of memory", err);
    st = queue_wire_send(queue, self, (size_t)len, text, err);
    explicit_bzero(text, (size_t)len);
    redisFreeCommand(text);
    return st;
}

etas_status queue_wire_ask(etas_queue *queue, queue_wire *self, const queue_command *command,
                           redisReply **out, etas_error *err)
{
    etas_status st = queue_wire_tell(queue, self, command, err);

    *out = NULL;
    return st == ETAS_OK ? queue_wire_receive(queue, self, out, err) : st;
}

/* ---- opening and closing ---- */

static struct timeval seconds(double s)
{
    const double whole = floor(fmin(s, 1e9));

    return (struct timeval){.tv_sec = (time_t)whole,
                            .tv_usec = (suseconds_t)((fmin(s, 1e9) - whole) * 1e6)};
}

/* Slots are started by fork and exec: they must not inherit the connection. */
static bool set_up(const etas_redis_options *o, redisContext *redis)
{
    const int idle_ms = (int)fmin(o->command_timeout_s * 1000, 1e9);
    const int flags = fcntl(redis->fd, F_GETFL);

    if (o->socket_path == NULL) {
        (void)redisEnableKeepAlive(redis);
        (void)setsockopt(redis->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &idle_ms, sizeof idle_ms);
    }
    return flags >= 0 && fcntl(redis->fd, F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(redis->fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

etas_status queue_wire_open(etas_queue *queue, queue_wire *self, etas_error *err)
{
    const etas_redis_options *o = &queue->options;
    const struct timeval patience = seconds(o->connect_timeout_s);
    redisContext *redis = o->socket_path != NULL
                              ? redisConnectUnixWithTimeout(o->socket_path, patience)
                              : redisConnectWithTimeout(o->host, o->port, patience);
    etas_status st = ETAS_OK;

    *self = (queue_wire){.redis = redis};
    if (redis == NULL)
        return broken(queue, ETAS_E_NOMEM, "out of memory", err);
    if (redis->err != 0) {
        st = redis->err == REDIS_ERR_OOM ? ETAS_E_NOMEM : ETAS_E_NET;
        (void)etas_fail(err, st, "cannot connect: %s", redis->errstr);
        (void)etas_error_on_host(err, queue->place);
    } else if (!set_up(o, redis)) {
        st = cut(queue, strerror(errno), err);
    }
    if (st != ETAS_OK)
        queue_wire_close(self);
    return st;
}

void queue_wire_close(queue_wire *self)
{
    if (self->redis != NULL)
        redisFree(self->redis);
    self->redis = NULL;
}
