/* The connection: opening, a frozen server, cut lines, hints, rights, editions of the library. */
#include "queue_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void opening_needs_no_server_but_a_proper_pool(void **state)
{
    etas_redis_options o = etas_redis_options_default();
    const char *const bad[] = {"", "a b", "a}b", "{", "a:b", "p\n"};
    etas_error err = {0};
    etas_pool_info info;
    etas_queue *queue;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        o.pool = bad[i];
        assert_int_equal(etas_queue_open(&queue, &o, NULL), ETAS_E_ARG);
        assert_null(queue);
    }
    o.pool = "default";
    o.socket_path = "/tmp/etas-nobody-listens-here";
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    assert_string_equal(etas_queue_host(queue), "/tmp/etas-nobody-listens-here");
    assert_int_equal(etas_queue_info(queue, &info, &err), ETAS_E_NET);
    assert_string_equal(err.host, "/tmp/etas-nobody-listens-here");
    assert_non_null(strstr(err.text, "No such file"));
    etas_queue_close(queue);
    etas_queue_close(NULL);
    o = etas_redis_options_default();
    o.port = 1;
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    assert_string_equal(etas_queue_host(queue), "localhost:1");
    err = (etas_error){0};
    assert_int_equal(etas_queue_check(queue, &err), ETAS_E_NET);
    assert_string_equal(err.host, "localhost:1");
    etas_queue_close(queue);
}

static void backing_off_stays_within_its_ceiling(void **state)
{
    (void)state;
    check_abs(etas_backoff_s(0, 60, UINT64_MAX), 0.1, 1e-9);
    check_abs(etas_backoff_s(3, 60, UINT64_MAX), 0.8, 1e-9);
    check_abs(etas_backoff_s(3, 60, UINT64_MAX / 2), 0.4, 1e-9);
    check_abs(etas_backoff_s(9, 0.5, UINT64_MAX), 0.5, 1e-9);
    check_abs(etas_backoff_s(UINT32_MAX, 60, UINT64_MAX), 60, 1e-9);
    check_abs(etas_backoff_s(7, 60, 0), 0, 0);
}

static void a_frozen_server_is_given_up_in_time_and_the_call_may_be_repeated(void **state)
{
    pool *p = pool_of(state);
    etas_redis_options o = etas_redis_options_default();
    const uint8_t frame[] = "late";
    const etas_commit what = {.count = 4, .checksum = 5, .len = sizeof frame, .bytes = frame};
    etas_verdict verdict;
    etas_lease lease;
    etas_queue *queue;
    double start;

    o.socket_path = p->fx->socket;
    o.command_timeout_s = 0.3;
    o.connect_timeout_s = 0.3;
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = pool_claim(p);
    check_ok(etas_queue_reap(queue, NULL), NULL);
    kill(p->fx->pid, SIGSTOP);
    start = pool_seconds();
    assert_int_equal(etas_queue_commit(queue, &p->agent, &lease, &what, &verdict, NULL),
                     ETAS_E_TIMEOUT);
    assert_int_equal(etas_queue_commit(queue, &p->agent, &lease, &what, &verdict, NULL),
                     ETAS_E_TIMEOUT);
    assert_true(pool_seconds() - start < 3);
    kill(p->fx->pid, SIGCONT);
    for (int i = 0; i < 100 && etas_queue_reap(queue, NULL) != ETAS_OK; i++)
        pool_sleep(0.02);
    check_ok(etas_queue_hello(queue, &p->agent, 1, &lease, NULL), NULL);
    check_ok(etas_queue_commit(queue, &p->agent, &lease, &what, &verdict, NULL), NULL);
    assert_int_equal(verdict, ETAS_VERDICT_OK);
    assert_int_equal(pool_check(p).out, 4); /* once, whichever of them it was */
    assert_int_equal(lease.first, 4);
    etas_queue_close(queue);
}

static volatile sig_atomic_t signals;

static void on_alarm(int number)
{
    (void)number;
    signals = signals + 1;
}

/* How long a call to a frozen server takes. */
static double hangs_for(etas_queue *queue)
{
    const double start = pool_seconds();

    assert_int_equal(etas_queue_reap(queue, NULL), ETAS_E_TIMEOUT);
    return pool_seconds() - start;
}

static void a_signal_ends_the_call_that_hangs_and_no_other(void **state)
{
    pool *p = pool_of(state);
    const struct sigaction action = {.sa_handler = on_alarm};
    etas_redis_options o = etas_redis_options_default();
    etas_queue *queue;
    double hung;

    o.socket_path = p->fx->socket;
    o.signals = &signals;
    signals = 0;
    sigaction(SIGALRM, &action, NULL);
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    check_ok(etas_queue_reap(queue, NULL), NULL);
    kill(p->fx->pid, SIGSTOP);
    (void)alarm(1);
    hung = hangs_for(queue);
    assert_true(hung > 1.9 && hung < 6);
    etas_queue_set_patience(queue, 2); /* the connection is accepted, the greeting hangs */
    hung = hangs_for(queue);
    assert_true(hung > 1.9 && hung < 6);
    signals = 2; /* just before the call */
    hung = hangs_for(queue);
    assert_true(hung > 0.9 && hung < 1.9);
    kill(p->fx->pid, SIGCONT);
    etas_queue_set_patience(queue, 1e9); /* the options' is the most */
    signals = 3;                         /* a server that answers is heard out */
    check_ok(etas_queue_reap(queue, NULL), NULL);
    etas_queue_close(queue);
    (void)signal(SIGALRM, SIG_DFL);
}

static void cut_connections_come_back(void **state)
{
    pool *p = pool_of(state);
    int failures = 0;

    pool_begin(p, 100);
    for (int i = 0; i < 5; i++) {
        (void)pool_raw(p, "CLIENT KILL TYPE normal SKIPME yes");
        while (etas_queue_reap(p->queue, NULL) != ETAS_OK) {
            failures++;
            assert_true(failures <= 10);
        }
    }
    assert_int_equal(failures, 5);
    assert_int_equal(pool_check(p).pending, 100);
}

static void a_hint_wakes_agents_and_drivers(void **state)
{
    pool *p = pool_of(state);
    etas_queue *driver = pool_connect(p->fx);
    etas_lease lease;

    pool_begin(p, 100);
    (void)pool_raw(p, "DEL %swake %swake:%s", KEY, KEY, p->run.id);
    assert_int_equal(etas_queue_hint_fd(p->queue), -1);
    check_ok(etas_queue_hint_arm(p->queue, NULL, 20, NULL), NULL);
    check_ok(etas_queue_hint_arm(p->queue, NULL, 20, NULL), NULL);
    check_ok(etas_queue_hint_arm(driver, p->run.id, 20, NULL), NULL);
    assert_false(pool_hint_within(p->queue, 0.1));
    pool_submit(p, 2, 0, 10);
    assert_true(pool_hint_within(p->queue, 5));
    assert_int_equal(etas_queue_hint_fd(p->queue), -1);
    assert_false(pool_hint_within(driver, 0.1));
    lease = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 1, 5), ETAS_VERDICT_OK);
    assert_true(pool_hint_within(driver, 5));
    (void)pool_raw(p, "DEL %swake", KEY);
    check_ok(etas_queue_hint_arm(p->queue, NULL, 0.2, NULL), NULL);
    assert_true(pool_hint_within(p->queue, 5)); /* its time is over */
    check_ok(etas_queue_hint_arm(p->queue, NULL, 20, NULL), NULL);
    (void)pool_raw(p, "CLIENT KILL TYPE normal SKIPME yes");
    pool_sleep(0.05);
    {
        bool fired;

        assert_int_equal(etas_queue_hint_take(p->queue, &fired, NULL), ETAS_E_NET);
        assert_false(fired);
    }
    check_ok(etas_queue_hint_arm(p->queue, NULL, 0.05, NULL), NULL);
    assert_true(pool_hint_within(p->queue, 5));
    etas_queue_close(driver);
}

static void neither_connection_survives_an_exec(void **state)
{
    pool *p = pool_of(state);
    char path[64], target[256];
    int sockets = 0;

    check_ok(etas_queue_check(p->queue, NULL), NULL);
    check_ok(etas_queue_hint_arm(p->queue, NULL, 1, NULL), NULL);
    for (int fd = 3; fd < 64; fd++) {
        ssize_t n;

        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        n = readlink(path, target, sizeof target - 1);
        if (n <= 0 || fd == p->raw->fd)
            continue;
        target[n] = '\0';
        if (strncmp(target, "socket:", 7) != 0)
            continue;
        sockets++;
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    assert_int_equal(sockets, 2);
}

static void count_lines(void *context, etas_log_level level, const char *text)
{
    (void)level;
    assert_non_null(strstr(text, "etas-redis-manager init"));
    ++*(int *)context;
}

static void without_the_right_to_load_it_waits_and_says_so_once(void **state)
{
    pool *p = pool_of(state);
    int lines = 0;
    const etas_log log = {.emit = count_lines, .context = &lines, .max_level = ETAS_LOG_DEBUG};
    etas_redis_options o = etas_redis_options_default();
    etas_pool_info info;
    etas_queue *queue;

    (void)pool_raw(p, "ACL SETUSER worker on >secret resetchannels ~etas:{default}:* -@all +fcall "
                      "+blpop +auth +select +ping +info +client|setname +time");
    (void)pool_raw(p, "ACL SETUSER worker +hget +hmget +hgetall +hset +hdel +hincrby +hexists "
                      "+hlen +lpush +rpush +lpop +llen +lrange +lindex +lrem +lset +ltrim");
    (void)pool_raw(p, "ACL SETUSER worker +zadd +zrem +zscore +zcard +zcount +zrange +zrevrange "
                      "+zrangebyscore +zremrangebyscore +del +unlink +exists +expire");
    (void)pool_raw(p, "FUNCTION FLUSH");
    o.socket_path = p->fx->socket;
    o.user = "worker";
    o.password = "secret";
    o.log = &log;
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(etas_queue_hello(queue, &p->agent, 0, NULL, NULL), ETAS_E_AWAY);
        check_ok(etas_queue_info(queue, &info, NULL), NULL);
        etas_pool_info_free(&info);
    }
    assert_int_equal(lines, 1);
    check_ok(etas_queue_check(p->queue, NULL), NULL); /* init, by somebody who may */
    (void)pool_raw(p, "ACL SETUSER worker -zadd");    /* a right that lacks inside a function */
    assert_int_equal(etas_queue_hello(queue, &p->agent, 0, NULL, NULL), ETAS_E_AUTH);
    (void)pool_raw(p, "ACL SETUSER worker +zadd");
    etas_queue_close(p->queue);
    p->queue = queue;
    p->run.chunk_size = 10;
    pool_begin(p, 100); /* and the rights in docs/protocol.md are enough for everything */
    {
        etas_lease lease = pool_claim(p);
        uint64_t n;
        etas_agent_info *agents;
        size_t n_agents;

        assert_int_equal(pool_commit(p, &lease, 2, 9), ETAS_VERDICT_OK);
        assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_OK);
        pool_fail(p, &lease, 2);
        pool_reap(p);
        assert_int_equal(pool_take(p), 2);
        check_ok(etas_queue_mend(queue, &p->run, NULL), NULL);
        check_ok(etas_queue_retry(queue, p->run.id, &n, NULL), NULL);
        check_ok(etas_queue_stop(queue, false, 0, NULL, &n, NULL), NULL);
        check_ok(etas_queue_agents(queue, &agents, &n_agents, NULL), NULL);
        etas_array_free((void **)&agents);
        check_ok(etas_queue_reset(queue, &n, &n, NULL), NULL);
        check_ok(etas_queue_bye(queue, &p->agent, NULL), NULL);
        check_ok(etas_queue_run_finish(queue, &p->run, NULL), NULL);
        check_ok(etas_queue_hint_arm(queue, NULL, 0.01, NULL), NULL);
        assert_true(pool_hint_within(queue, 5));
        check_ok(etas_queue_info(queue, &info, NULL), NULL);
        etas_pool_info_free(&info);
    }
    (void)pool_raw(p, "ACL DELUSER worker");
}

static void an_older_edition_of_the_library_is_replaced_at_the_check(void **state)
{
    pool *p = pool_of(state);
    redisReply *reply;

    (void)pool_raw(p, "FUNCTION FLUSH");
    reply = redisCommand(p->raw, "FUNCTION LOAD %s",
                         "#!lua name=etas_v1\nredis.register_function{function_name="
                         "'etas_v1_revision', callback=function() return {'OK', '0'} end, "
                         "flags={'no-writes'}}");
    assert_int_equal(reply->type, REDIS_REPLY_STRING);
    freeReplyObject(reply);
    check_ok(etas_queue_check(p->queue, NULL), NULL);
    pool_reap(p);
}

/* It knows one number of an agent, and may not be replaced by this user. */
static void an_older_edition_that_must_stay_is_spoken_to_as_it_understands(void **state)
{
    pool *p = pool_of(state);
    etas_redis_options o = etas_redis_options_default();
    etas_queue *queue;
    redisReply *reply;

    (void)pool_raw(p, "ACL SETUSER guest on >secret ~* &* +@all -function|load");
    (void)pool_raw(p, "FUNCTION FLUSH");
    reply = redisCommand(p->raw, "FUNCTION LOAD %s",
                         "#!lua name=etas_v1\nredis.register_function('etas_v1_revision',"
                         "function() return {'OK', '1'} end)\n"
                         "redis.register_function('etas_v1_hello', function(keys, args) return "
                         "args[8] == '42' and {'OK', '0'} or {err = 'ETAS bad simulated'} end)");
    assert_int_equal(reply->type, REDIS_REPLY_STRING);
    freeReplyObject(reply);
    o.socket_path = p->fx->socket;
    o.user = "guest";
    o.password = "secret";
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    p->agent.simulated = 42;
    check_ok(etas_queue_check(queue, NULL), NULL);
    check_ok(etas_queue_hello(queue, &p->agent, 0, NULL, NULL), NULL);
    check_ok(etas_queue_check(p->queue, NULL), NULL); /* by somebody who may */
    check_ok(etas_queue_hello(queue, &p->agent, 0, NULL, NULL), NULL);
    check_ok(etas_queue_check(queue, NULL), NULL);
    check_ok(etas_queue_hello(queue, &p->agent, 0, NULL, NULL), NULL);
    etas_queue_close(queue);
    (void)pool_raw(p, "ACL DELUSER guest");
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_needs_no_server_but_a_proper_pool),
        cmocka_unit_test(backing_off_stays_within_its_ceiling),
        POOL_TEST(a_frozen_server_is_given_up_in_time_and_the_call_may_be_repeated),
        POOL_TEST(a_signal_ends_the_call_that_hangs_and_no_other),
        POOL_TEST(cut_connections_come_back),
        POOL_TEST(a_hint_wakes_agents_and_drivers),
        POOL_TEST(neither_connection_survives_an_exec),
        POOL_TEST(without_the_right_to_load_it_waits_and_says_so_once),
        POOL_TEST(an_older_edition_of_the_library_is_replaced_at_the_check),
        POOL_TEST(an_older_edition_that_must_stay_is_spoken_to_as_it_understands),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
