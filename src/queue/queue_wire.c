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
/* A server that moves fewer bytes a second does not keep a call alive with them. */
#define SLOWEST 16384.0
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

/* A plain connection has no other way to learn that the server waits for TLS. */
static etas_status cut(const etas_queue *queue, const queue_wire *self, const char *why,
                       etas_error *err)
{
    const bool doubt = !self->heard && self->tls == NULL && queue->options.socket_path == NULL;

    if (errno == ETIMEDOUT) /* TCP_USER_TIMEOUT or keep-alive */
        return broken(queue, ETAS_E_TIMEOUT, "no answer in time", err);
    (void)etas_fail(err, ETAS_E_NET, "%s%s", why,
                    doubt ? " without a word; if it wants TLS, use --tls" : "");
    (void)etas_error_on_host(err, queue->place);
    return ETAS_E_NET;
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
    const bool shaking = self->tls != NULL && !queue_tls_is_up(self->tls);
    const double patience = shaking ? queue->options.connect_timeout_s : queue->patience_s;
    double now = monotonic_s();
    double end = fmin(now, self->since_s + self->moved / SLOWEST) + patience;
    bool hurry = false;

    for (;; now = monotonic_s()) {
        int n;

        if (!hurry && signals_of(queue) > queue->signals_heard) {
            hurry = true;
            end = fmin(end, now + SIGNAL_S);
        }
        if (now >= end) {
            queue->signals_heard = signals_of(queue); /* the next call is patient again */
            return broken(queue, ETAS_E_TIMEOUT,
                          shaking ? "no answer to the TLS handshake; has the port TLS?"
                                  : "no answer in time",
                          err);
        }
        n = poll(&watch, 1, (int)ceil(fmin(end - now, SLICE_S) * 1000));
        if (n > 0)
            return ETAS_OK;
        if (n < 0 && errno != EINTR)
            return broken(queue, ETAS_E_NET, strerror(errno), err);
    }
}

/* ---- bytes ---- */

static bool would_block(int reason)
{
    return reason == EAGAIN || reason == EWOULDBLOCK;
}

/* Some of the bytes, or what to wait for. */
static etas_status put(etas_queue *queue, queue_wire *self, size_t len, const char bytes[],
                       queue_step *step, etas_error *err)
{
    ssize_t n;

    if (self->tls != NULL)
        return queue_tls_write(self->tls, len, bytes, step, err);
    n = send(self->redis->fd, bytes, len, MSG_NOSIGNAL);
    *step = (queue_step){.done = n > 0 ? (size_t)n : 0};
    if (n < 0 && would_block(errno))
        step->wait = POLLOUT;
    else if (n < 0 && errno != EINTR)
        return cut(queue, self, strerror(errno), err);
    return ETAS_OK;
}

static etas_status get(etas_queue *queue, queue_wire *self, size_t capacity, char bytes[],
                       queue_step *step, etas_error *err)
{
    ssize_t n;

    if (self->tls != NULL)
        return queue_tls_read(self->tls, capacity, bytes, step, err);
    n = recv(self->redis->fd, bytes, capacity, 0);
    *step = (queue_step){.done = n > 0 ? (size_t)n : 0};
    if (n == 0)
        return cut(queue, self, "the server closed the connection", err);
    if (n < 0 && would_block(errno))
        step->wait = POLLIN;
    else if (n < 0 && errno != EINTR)
        return cut(queue, self, strerror(errno), err);
    /* an alert: the start of the only thing that a TLS server may say to a plain client */
    if (n > 1 && !self->heard && bytes[0] == 0x15 && bytes[1] == 0x03)
        return etas_fail(err, ETAS_E_AUTH, "the server wants TLS: use --tls");
    return ETAS_OK;
}

etas_status queue_wire_send(etas_queue *queue, queue_wire *self, size_t len, const char bytes[],
                            etas_error *err)
{
    queue_step step;
    etas_status st = ETAS_OK;

    while (st == ETAS_OK && len > 0) {
        st = put(queue, self, len, bytes, &step, err);
        self->moved += (double)step.done;
        bytes += step.done;
        len -= step.done;
        if (st == ETAS_OK && step.wait != 0)
            st = wait_ready(queue, self, step.wait, err);
    }
    (void)etas_error_on_host(st == ETAS_OK ? NULL : err, queue->place);
    return st;
}

/* One piece to the reader, or what to wait for. */
static etas_status read_some(etas_queue *queue, queue_wire *self, short *wait, etas_error *err)
{
    char bytes[READ_BYTES];
    queue_step step;
    const char *why;
    const etas_status st = get(queue, self, sizeof bytes, bytes, &step, err);

    *wait = step.wait;
    if (st != ETAS_OK) {
        (void)etas_error_on_host(err, queue->place);
        return st;
    }
    self->heard = self->heard || step.done > 0;
    self->moved += (double)step.done;
    why = queue_guard_pass(&self->guard, queue->reply_bytes, step.done, bytes);
    if (why != NULL)
        return broken(queue, ETAS_E_CORRUPT, why, err);
    if (step.done > 0 && redisReaderFeed(self->redis->reader, bytes, step.done) != REDIS_OK)
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
    return ETAS_OK;
}

/* What is there; *wait is not 0 when that is not a whole reply. */
static etas_status look(etas_queue *queue, queue_wire *self, redisReply **out, short *wait,
                        etas_error *err)
{
    etas_status st = parse(queue, self, out, err);

    *wait = 0;
    while (st == ETAS_OK && *out == NULL && *wait == 0) {
        st = read_some(queue, self, wait, err);
        if (st == ETAS_OK)
            st = parse(queue, self, out, err);
    }
    return st;
}

etas_status queue_wire_look(etas_queue *queue, queue_wire *self, redisReply **out, etas_error *err)
{
    short wait;

    return look(queue, self, out, &wait, err);
}

etas_status queue_wire_receive(etas_queue *queue, queue_wire *self, redisReply **out,
                               etas_error *err)
{
    short wait;
    etas_status st = look(queue, self, out, &wait, err);

    while (st == ETAS_OK && *out == NULL) {
        st = wait_ready(queue, self, wait, err);
        if (st == ETAS_OK)
            st = look(queue, self, out, &wait, err);
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
    self->since_s = monotonic_s();
    self->moved = 0;
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

static etas_status start_tls(etas_queue *queue, queue_wire *self, etas_error *err)
{
    queue_step step = {0};
    etas_status st = queue_tls_open(&queue->options, self->redis->fd, &self->tls, err);

    if (st != ETAS_OK)
        return st;
    do {
        st = queue_tls_shake(self->tls, &step, err);
        if (st == ETAS_OK && step.wait != 0)
            st = wait_ready(queue, self, step.wait, err);
    } while (st == ETAS_OK && step.wait != 0);
    (void)etas_error_on_host(st == ETAS_OK ? NULL : err, queue->place);
    return st;
}

etas_status queue_wire_open(etas_queue *queue, queue_wire *self, etas_error *err)
{
    const etas_redis_options *o = &queue->options;
    const struct timeval patience = seconds(o->connect_timeout_s);
    redisContext *redis = o->socket_path != NULL
                              ? redisConnectUnixWithTimeout(o->socket_path, patience)
                              : redisConnectWithTimeout(o->host, o->port, patience);
    etas_status st = ETAS_OK;

    *self = (queue_wire){.redis = redis, .since_s = monotonic_s()};
    if (redis == NULL)
        return broken(queue, ETAS_E_NOMEM, "out of memory", err);
    if (redis->err != 0) {
        st = redis->err == REDIS_ERR_OOM ? ETAS_E_NOMEM : ETAS_E_NET;
        (void)etas_fail(err, st, "cannot connect: %s", redis->errstr);
        (void)etas_error_on_host(err, queue->place);
    } else if (!set_up(o, redis)) {
        st = broken(queue, ETAS_E_NET, strerror(errno), err);
    } else if (o->tls) {
        st = start_tls(queue, self, err);
    }
    if (st != ETAS_OK)
        queue_wire_close(self);
    return st;
}

void queue_wire_close(queue_wire *self)
{
    queue_tls_close(self->tls);
    if (self->redis != NULL)
        redisFree(self->redis);
    *self = (queue_wire){0};
}
