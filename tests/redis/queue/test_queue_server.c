/* Other servers than the group's: with a password, short of memory, evicting, killed and started
 * again with and without their file, over TCP. */
#include "queue_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Start another server than the group's; ends in pool_close. */
static void pool_open_on(pool *p, redis_fixture *fx)
{
    assert_int_equal(redis_fixture_start(fx), 0);
    *p = (pool){.fx = fx, .run = pool_run(1, 1000), .agent = pool_agent(1, 1)};
    p->queue = pool_connect(fx);
    p->raw = redisConnectUnix(fx->socket);
    if (fx->password != NULL)
        freeReplyObject(redisCommand(p->raw, "AUTH %s", fx->password));
}

static void pool_close(pool *p)
{
    etas_queue_close(p->queue);
    redisFree(p->raw);
    assert_int_equal(redis_fixture_free(p->fx), 0);
}

/* Run @p command in the server's directory. */
static void shell(const redis_fixture *fx, const char *command)
{
    char line[256];

    (void)snprintf(line, sizeof line, "cd %s && %s", fx->dir, command);
    assert_int_equal(system(line), 0);
}

static void a_wrong_password_is_final_and_never_repeated(void **state)
{
    redis_fixture fx;
    etas_redis_options o = etas_redis_options_default();
    const char *const users[] = {NULL, "default", "nobody"};
    etas_queue *queue;
    pool p;

    (void)state;
    assert_int_equal(redis_fixture_init(&fx), 0);
    fx.password = "open sesame";
    pool_open_on(&p, &fx);
    check_ok(etas_queue_check(p.queue, NULL), NULL);
    for (size_t i = 0; i < 3; i++) {
        etas_error err = {0};

        o.socket_path = fx.socket;
        o.user = users[i];
        o.password = "swordfish";
        check_ok(etas_queue_open(&queue, &o, NULL), NULL);
        assert_int_equal(etas_queue_check(queue, &err), ETAS_E_AUTH);
        assert_null(strstr(err.text, "swordfish"));
        assert_string_equal(err.host, fx.socket);
        assert_int_equal(etas_queue_hint_arm(queue, NULL, 1, NULL), ETAS_E_AUTH);
        etas_queue_close(queue);
    }
    o.password = NULL;
    o.user = NULL;
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    assert_int_equal(etas_queue_check(queue, NULL), ETAS_E_AUTH);
    etas_queue_close(queue);
    pool_close(&p);
}

static void an_evicting_server_is_refused_with_the_reason(void **state)
{
    redis_fixture fx;
    etas_error err = {0};
    etas_run_state s;
    etas_pool_info info;
    pool p;

    (void)state;
    assert_int_equal(redis_fixture_init(&fx), 0);
    fx.policy = "allkeys-lru";
    pool_open_on(&p, &fx);
    assert_int_equal(etas_queue_check(p.queue, &err), ETAS_E_REFUSED);
    assert_non_null(strstr(err.text, "allkeys-lru"));
    assert_non_null(strstr(err.text, "noeviction"));
    assert_false(etas_queue_memory_full(p.queue));
    assert_int_equal(etas_queue_run_beat(p.queue, &p.run, &s, NULL), ETAS_E_REFUSED);
    assert_int_equal(etas_queue_hello(p.queue, &p.agent, 0, NULL, NULL), ETAS_E_REFUSED);
    check_ok(etas_queue_info(p.queue, &info, NULL), NULL);
    etas_pool_info_free(&info);
    pool_close(&p);
}

static void a_full_server_still_hands_out_and_takes_back(void **state)
{
    const etas_range range = {0, 10};
    redis_fixture fx;
    etas_error err = {0};
    etas_lease leases[4];
    etas_pool_info info;
    uint64_t agents, catalogs;
    pool p;

    (void)state;
    assert_int_equal(redis_fixture_init(&fx), 0);
    fx.maxmemory = "8mb";
    pool_open_on(&p, &fx);
    p.run.chunk_size = 10;
    p.run.mark_bytes = 0;
    pool_begin(&p, 1000);
    check_ok(etas_queue_info(p.queue, &info, NULL), NULL);
    assert_int_equal(info.runs[0].mark_bytes, 2 << 20); /* a quarter of maxmemory */
    etas_pool_info_free(&info);
    for (size_t i = 0; i < 3; i++)
        leases[i] = pool_claim(&p);
    assert_int_equal(pool_commit(&p, &leases[0], 2, 1000), ETAS_VERDICT_OK);
    (void)pool_raw(&p, "CONFIG SET maxmemory 1mb");

    assert_int_equal(etas_queue_submit(p.queue, &p.run, 2, 1, &range, &err), ETAS_E_REFUSED);
    assert_true(etas_queue_memory_full(p.queue));
    assert_int_equal(pool_commit(&p, &leases[0], 2, 1000), ETAS_VERDICT_WAIT);
    assert_int_equal(pool_beat_one(&p, &leases[0]), ETAS_VERDICT_OK);
    assert_false(etas_queue_memory_full(p.queue));
    leases[3] = pool_claim(&p);
    pool_fail(&p, &leases[1], leases[1].first);
    pool_drain(&p, &leases[2]);
    pool_reap(&p);
    check_ok(etas_queue_hello(p.queue, &p.agent, 1, &leases[0], NULL), NULL);
    assert_int_equal(pool_check(&p).leased, 8);
    (void)pool_beat(&p);
    assert_int_equal(pool_take(&p), 2);
    check_ok(etas_queue_reset(p.queue, &agents, &catalogs, NULL), NULL);
    assert_int_equal(catalogs, 8);
    assert_int_equal(pool_check(&p).submitted, 1000);
    (void)pool_raw(&p, "CONFIG SET maxmemory 8mb");
    check_ok(etas_queue_submit(p.queue, &p.run, 2, 1, &range, NULL), NULL);
    check_ok(etas_queue_run_finish(p.queue, &p.run, NULL), NULL);
    pool_close(&p);
}

static void killed_with_its_append_only_file_it_forgets_nothing(void **state)
{
    redis_fixture fx;
    etas_lease lease;
    pool p;
    pool_sums before, after;

    (void)state;
    assert_int_equal(redis_fixture_init(&fx), 0);
    fx.appendonly = true;
    pool_open_on(&p, &fx);
    p.run.chunk_size = 10;
    pool_begin(&p, 100);
    for (int i = 0; i < 5; i++) {
        lease = pool_claim(&p);
        assert_int_equal(pool_commit(&p, &lease, 5, 5000), ETAS_VERDICT_OK);
    }
    before = pool_check(&p);
    redis_fixture_kill(&fx);
    assert_int_equal(etas_queue_reap(p.queue, NULL), ETAS_E_NET);
    assert_int_equal(redis_fixture_start(&fx), 0);
    for (int i = 0; i < 500 && etas_queue_check(p.queue, NULL) != ETAS_OK; i++)
        pool_sleep(0.01);
    after = pool_check(&p);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(pool_beat_one(&p, &lease), ETAS_VERDICT_OK);
    assert_false(pool_beat(&p).lost);
    assert_int_equal(pool_take(&p), 25);
    pool_close(&p);
}

static void an_older_file_is_a_consistent_past_that_the_driver_completes(void **state)
{
    redis_fixture fx;
    etas_lease early, late;
    etas_audit a;
    pool p;

    (void)state;
    assert_int_equal(redis_fixture_init(&fx), 0);
    fx.appendonly = true;
    fx.extra[0] = "--appendfsync";
    fx.extra[1] = "always";
    pool_open_on(&p, &fx);
    p.run.chunk_size = 10;
    pool_begin(&p, 100);
    early = pool_claim(&p);
    assert_int_equal(pool_commit(&p, &early, 5, 500), ETAS_VERDICT_OK);
    shell(&fx, "cp -r appendonlydir older");
    assert_int_equal(pool_take(&p), 5);
    pool_submit(&p, 2, 90, 10);
    late = pool_claim(&p);
    assert_int_equal(pool_commit(&p, &late, 4, 500), ETAS_VERDICT_OK);
    assert_int_equal(pool_take(&p), 4);
    redis_fixture_kill(&fx);
    shell(&fx, "rm -r appendonlydir && mv older appendonlydir");
    assert_int_equal(redis_fixture_start(&fx), 0);
    for (int i = 0; i < 500 && etas_queue_check(p.queue, NULL) != ETAS_OK; i++)
        pool_sleep(0.01);
    assert_false(pool_beat(&p).lost);
    assert_int_equal(pool_check(&p).submitted, 100);
    assert_int_equal(pool_take(&p), 5); /* once more; the store has them already */
    assert_int_equal(pool_beat_one(&p, &late), ETAS_VERDICT_LOST);
    assert_int_equal(pool_beat_one(&p, &early), ETAS_VERDICT_OK);
    check_ok(etas_queue_audit(p.queue, p.run.id, &a, NULL), NULL);
    assert_string_equal(pool_ranges(&a.pending), "10+90");
    etas_audit_free(&a);
    pool_close(&p);
}

static void killed_without_a_file_the_driver_hears_of_it(void **state)
{
    redis_fixture fx;
    etas_error err = {0};
    etas_run_state s;
    pool p;

    (void)state;
    assert_int_equal(redis_fixture_init(&fx), 0);
    pool_open_on(&p, &fx);
    pool_begin(&p, 100);
    redis_fixture_kill(&fx);
    assert_int_equal(etas_queue_run_beat(p.queue, &p.run, &s, &err), ETAS_E_NET);
    err = (etas_error){0};
    assert_int_equal(etas_queue_run_beat(p.queue, &p.run, &s, &err), ETAS_E_NET);
    assert_string_equal(err.host, fx.socket);
    assert_int_equal(redis_fixture_start(&fx), 0);
    assert_true(pool_beat(&p).lost); /* the library was loaded again, too */
    pool_close(&p);
}

static void over_tcp_with_a_database_of_its_own(void **state)
{
    redis_fixture fx;
    etas_redis_options o = etas_redis_options_default();
    etas_queue *queue;
    pool p;

    (void)state;
    assert_int_equal(redis_fixture_init(&fx), 0);
    fx.tcp = true;
    pool_open_on(&p, &fx);
    o.host = "127.0.0.1";
    o.port = fx.port;
    o.db = 3;
    o.pool = "eu-1.b_2";
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    check_ok(etas_queue_hello(queue, &p.agent, 0, NULL, NULL), NULL);
    assert_int_equal(pool_raw_int(&p, "DBSIZE"), 0);
    (void)pool_raw(&p, "SELECT 3");
    assert_int_equal(pool_raw_int(&p, "EXISTS etas:{eu-1.b_2}:v1:agents"), 1);
    etas_queue_close(queue);
    o.db = 999;
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    assert_int_equal(etas_queue_check(queue, NULL), ETAS_E_REFUSED);
    etas_queue_close(queue);
    pool_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_password_is_final_and_never_repeated),
        cmocka_unit_test(an_evicting_server_is_refused_with_the_reason),
        cmocka_unit_test(a_full_server_still_hands_out_and_takes_back),
        cmocka_unit_test(killed_with_its_append_only_file_it_forgets_nothing),
        cmocka_unit_test(an_older_file_is_a_consistent_past_that_the_driver_completes),
        cmocka_unit_test(killed_without_a_file_the_driver_hears_of_it),
        cmocka_unit_test(over_tcp_with_a_database_of_its_own),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
