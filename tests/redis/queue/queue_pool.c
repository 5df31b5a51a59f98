#include "queue_pool.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static redis_fixture *server;

etas_queue *pool_connect(const redis_fixture *fx)
{
    etas_redis_options o = etas_redis_options_default();
    etas_queue *queue;

    o.socket_path = fx->socket;
    o.password = fx->password;
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    return queue;
}

int pool_setup(void **state)
{
    pool *self = calloc(1, sizeof *self);

    if (self == NULL)
        return -1;
    server = *state;
    self->fx = server;
    self->queue = pool_connect(self->fx);
    self->raw = redisConnectUnix(self->fx->socket);
    self->run = pool_run(1, 1000);
    self->agent = pool_agent(1, 1);
    (void)pool_raw(self, "FLUSHALL");
    *state = self;
    return 0;
}

int pool_teardown(void **state)
{
    pool *self = *state;

    etas_queue_close(self->queue);
    redisFree(self->raw);
    *state = server;
    free(self);
    return 0;
}

pool *pool_of(void **state)
{
    return *state;
}

etas_run_meta pool_run(unsigned id, uint64_t n_catalogs)
{
    etas_run_meta run = {.name = "a run",
                         .epoch = 1,
                         .n_catalogs = n_catalogs,
                         .seed = UINT64_C(18446744073709551557),
                         .algorithm = 3,
                         .task_duration_s = 30,
                         .max_attempts = 3,
                         .max_lost = 10,
                         .mark_bytes = 1 << 20,
                         .lease_s = 60};

    (void)snprintf(run.id, sizeof run.id, "%032x", id);
    (void)snprintf(run.model_sha256, sizeof run.model_sha256, "%064x", 0xabc);
    return run;
}

etas_agent pool_agent(unsigned id, uint32_t slots)
{
    etas_agent agent = {
        .host = "node-1.example", .pid = 4711, .slots = slots, .algorithm = 3, .release = "0.1.0"};

    (void)snprintf(agent.id, sizeof agent.id, "%032x", 0xa0000 + id);
    return agent;
}

__attribute__((format(printf, 2, 0))) static redisReply *raw_reply(pool *self, const char *fmt,
                                                                   va_list ap)
{
    char line[1024], *save = NULL;
    const char *argv[32];
    size_t lens[32];
    int n = 0;
    redisReply *reply;

    (void)vsnprintf(line, sizeof line, fmt, ap);
    for (char *at = strtok_r(line, " ", &save); at != NULL && n < 32;
         at = strtok_r(NULL, " ", &save)) {
        for (char *c = at; *c != '\0'; c++)
            *c = (char)(*c == '^' ? ' ' : *c); /* a space inside an argument */
        lens[n] = strlen(at);
        argv[n++] = at;
    }
    reply = redisCommandArgv(self->raw, n, argv, lens);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s", reply->str);
    return reply;
}

const char *pool_raw(pool *self, const char *fmt, ...)
{
    static char text[512];
    va_list ap;
    redisReply *reply;

    va_start(ap, fmt);
    reply = raw_reply(self, fmt, ap);
    va_end(ap);
    (void)snprintf(text, sizeof text, "%s", reply->str != NULL ? reply->str : "(nil)");
    freeReplyObject(reply);
    return text;
}

long long pool_raw_int(pool *self, const char *fmt, ...)
{
    va_list ap;
    redisReply *reply;
    long long value;

    va_start(ap, fmt);
    reply = raw_reply(self, fmt, ap);
    va_end(ap);
    value = reply->type == REDIS_REPLY_INTEGER ? reply->integer : strtoll(reply->str, NULL, 10);
    freeReplyObject(reply);
    return value;
}

etas_run_state pool_beat(pool *self)
{
    etas_error err = {0};
    etas_run_state state;

    check_ok(etas_queue_run_beat(self->queue, &self->run, &state, &err), &err);
    return state;
}

void pool_submit(pool *self, uint64_t serial, uint64_t first, uint64_t count)
{
    const etas_range range = {first, count};
    etas_error err = {0};

    check_ok(etas_queue_submit(self->queue, &self->run, serial, 1, &range, &err), &err);
}

void pool_begin(pool *self, uint64_t n_catalogs)
{
    static const uint8_t model[] = "model";
    etas_error err = {0};

    self->run.n_catalogs = n_catalogs;
    (void)pool_beat(self);
    check_ok(etas_queue_model_put(self->queue, self->run.model_sha256, sizeof model, model, &err),
             &err);
    pool_submit(self, 1, 0, n_catalogs);
    check_ok(etas_queue_hello(self->queue, &self->agent, 0, NULL, &err), &err);
}

etas_claim pool_try_claim(pool *self, double rate)
{
    const etas_claim_request request = {.rate = rate, .remaining_s = INFINITY};
    etas_error err = {0};
    etas_claim claim;

    check_ok(etas_queue_claim(self->queue, &self->agent, &request, &claim, &err), &err);
    return claim;
}

etas_lease pool_claim(pool *self)
{
    const etas_claim claim = pool_try_claim(self, 0);

    assert_int_equal(claim.kind, ETAS_CLAIM_WORK);
    return claim.lease;
}

etas_verdict pool_commit(pool *self, etas_lease *lease, uint32_t count, size_t bytes)
{
    etas_commit what = {.count = count, .len = bytes, .checksum = UINT64_C(0xfeedfacecafef00d)};
    etas_error err = {0};
    etas_verdict verdict;
    uint8_t *frame;

    check_ok(etas_array_alloc((void **)&frame, bytes, 1), NULL);
    memset(frame, 0xc3, bytes);
    what.bytes = frame;
    check_ok(etas_queue_commit(self->queue, &self->agent, lease, &what, &verdict, &err), &err);
    etas_array_free((void **)&frame);
    return verdict;
}

etas_verdict pool_beat_one(pool *self, const etas_lease *lease)
{
    etas_error err = {0};
    etas_verdict verdict;
    etas_beat beat = {.verdicts = &verdict};

    check_ok(etas_queue_beat(self->queue, &self->agent, 1, lease, &beat, &err), &err);
    return verdict;
}

void pool_fail(pool *self, const etas_lease *lease, uint64_t reached)
{
    const etas_failure why = {
        .kind = ETAS_FAIL_ERROR, .reached = reached, .signal = 11, .message = "it\tfell\n over"};
    etas_error err = {0};

    check_ok(etas_queue_fail(self->queue, &self->agent, lease, &why, &err), &err);
}

void pool_drain(pool *self, const etas_lease *lease)
{
    const etas_failure why = {.kind = ETAS_FAIL_DRAIN};
    etas_error err = {0};

    check_ok(etas_queue_fail(self->queue, &self->agent, lease, &why, &err), &err);
}

void pool_reap(pool *self)
{
    etas_error err = {0};

    check_ok(etas_queue_reap(self->queue, &err), &err);
}

void pool_shift_leases(pool *self, double ms)
{
    redisReply *all = redisCommand(self->raw, "ZRANGE %sleases 0 -1", KEY);

    for (size_t i = 0; i < all->elements; i++)
        freeReplyObject(
            redisCommand(self->raw, "ZINCRBY %sleases %f %s", KEY, ms, all->element[i]->str));
    freeReplyObject(all);
}

uint64_t pool_take(pool *self)
{
    uint64_t sum = 0;
    size_t n;

    do {
        etas_collected *items;
        etas_error err = {0};

        check_ok(etas_queue_collect(self->queue, &self->run, 1 << 23, &items, &n, &err), &err);
        for (size_t i = 0; i < n; i++) {
            const etas_ack ack = {
                .first = items[i].first, .count = items[i].count, .checksum = items[i].checksum};

            sum += items[i].count;
            check_ok(etas_queue_ackout(self->queue, &self->run, 1, &ack, &err), &err);
        }
        etas_queue_collected_free(&items, &n);
    } while (n > 0);
    return sum;
}

pool_sums pool_check(pool *self)
{
    etas_error err = {0};
    etas_audit a;
    pool_sums s;

    check_ok(etas_queue_audit(self->queue, self->run.id, &a, &err), &err);
    assert_true(a.exists);
    s = (pool_sums){.submitted = a.submitted,
                    .pending = a.n_pending,
                    .checks = a.n_checks,
                    .leased = a.n_leased,
                    .out = a.n_out,
                    .acked = a.acked,
                    .dead = a.n_dead,
                    .discarded = a.discarded};
    assert_int_equal(s.submitted,
                     s.pending + s.checks + s.leased + s.out + s.acked + s.dead + s.discarded);
    assert_true(a.conserved);
    etas_audit_free(&a);
    return s;
}

const char *pool_ranges(const etas_ranges *ranges)
{
    static char text[1024];
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < ranges->n && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%llu+%llu", i > 0 ? " " : "",
                               (unsigned long long)ranges->items[i].first,
                               (unsigned long long)ranges->items[i].count);
    return text;
}

const char *pool_pending(pool *self)
{
    static char text[1024];
    redisReply *reply = redisCommand(self->raw, "LRANGE %spending:%s 0 -1", KEY, self->run.id);
    size_t at = 0;

    assert_non_null(reply);
    text[0] = '\0';
    for (size_t i = 0; i < reply->elements && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i > 0 ? ", " : "",
                               reply->element[i]->str);
    freeReplyObject(reply);
    return text;
}

void pool_sleep(double seconds)
{
    const struct timespec t = {.tv_sec = (time_t)seconds,
                               .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};

    nanosleep(&t, NULL);
}

double pool_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

bool pool_hint_within(etas_queue *queue, double seconds)
{
    const double end = pool_seconds() + seconds;
    bool fired = false;

    while (!fired && pool_seconds() < end) {
        struct pollfd watch = {.fd = etas_queue_hint_fd(queue), .events = POLLIN};

        (void)poll(&watch, 1, 20);
        check_ok(etas_queue_hint_take(queue, &fired, NULL), NULL);
    }
    return fired;
}
