/* What a check-up learns of the server: facts, times, the library, rights. */
#include "queue_pool.h"

#include <math.h>
#include <string.h>

#include "etas/server.h"

static void the_server_is_described_as_it_is(void **state)
{
    pool *p = pool_of(state);
    etas_server s;

    (void)pool_raw(p, "CONFIG SET timeout 77");
    (void)pool_raw(p, "CONFIG SET tcp-keepalive 0");
    (void)pool_raw(p, "CONFIG SET maxmemory 123456789");
    (void)pool_raw(p, "CONFIG SET maxmemory-policy allkeys-lru");
    check_ok(etas_server_look(p->queue, &s, NULL), NULL);
    assert_string_equal(s.role, "master");
    assert_string_equal(s.policy, "allkeys-lru");
    assert_true(s.version[0] >= '7');
    assert_int_equal(s.max_memory, 123456789);
    assert_int_equal(s.idle_timeout_s, 77);
    assert_int_equal(s.keepalive_s, 0);
    assert_int_equal(s.append_only, 0);
    assert_int_equal(s.snapshots, 0);
    assert_int_equal(s.loading, 0);
    assert_string_equal(s.append_fsync, "always");
    assert_string_equal(s.write_status, "ok");
    assert_true(s.used_memory > 100000 && s.used_memory < s.max_memory);
    assert_true(s.clients >= 2 && s.clients < s.max_clients);
    (void)pool_raw(p, "CONFIG SET maxmemory-policy noeviction");
    (void)pool_raw(p, "CONFIG SET maxmemory 0");
    (void)pool_raw(p, "CONFIG SET timeout 0");
    (void)pool_raw(p, "CONFIG SET tcp-keepalive 300");
    check_ok(etas_server_look(p->queue, &s, NULL), NULL);
    assert_int_equal(s.max_memory, 0);
}

static void the_clock_and_the_way_to_it_are_measured(void **state)
{
    enum { N = 20 };
    pool *p = pool_of(state);
    double seconds[N], ahead = 1e9;

    check_ok(etas_server_time(p->queue, N, seconds, &ahead, NULL), NULL);
    for (size_t i = 0; i < N; i++)
        assert_true(seconds[i] > 0 && seconds[i] < 5);
    assert_true(fabs(ahead) < 1); /* it is this machine's clock */
}

static void the_library_is_looked_at_and_not_loaded(void **state)
{
    pool *p = pool_of(state);
    uint64_t loaded = 99, own = 0;

    (void)pool_raw(p, "FUNCTION FLUSH");
    check_ok(etas_server_library(p->queue, &loaded, &own, NULL), NULL);
    assert_int_equal(loaded, 0);
    assert_true(own > 0);
    check_ok(etas_queue_check(p->queue, NULL), NULL); /* this loads it */
    check_ok(etas_server_library(p->queue, &loaded, &own, NULL), NULL);
    assert_int_equal(loaded, own); /* the header counts as the library does */
}

/* A user with those keys and all rights but those that the rules take away, and its queue. */
static etas_queue *as_user(pool *p, const char *keys, const char *const rules[4])
{
    etas_redis_options o = etas_redis_options_default();
    etas_queue *queue;

    (void)pool_raw(p, "ACL DELUSER somebody");
    assert_string_equal(pool_raw(p, "ACL SETUSER somebody on nopass ~%s +@all", keys), "OK");
    for (size_t i = 0; i < 4 && rules[i] != NULL; i++)
        assert_string_equal(pool_raw(p, "ACL SETUSER somebody %s", rules[i]), "OK");
    o.socket_path = p->fx->socket;
    o.user = "somebody";
    o.password = "x";
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    return queue;
}

static void rights_that_lack_are_named_with_and_without_dryrun(void **state)
{
    static const char *const users[2][4] = {{"-hset", "-blpop", "-fcall"},
                                            {"-hset", "-blpop", "-fcall", "-acl|dryrun"}};
    pool *p = pool_of(state);

    check_ok(etas_queue_check(p->queue, NULL), NULL);
    for (size_t i = 0; i < 2; i++) {
        etas_queue *queue = as_user(p, "*", users[i]);
        etas_rights r;

        check_ok(etas_server_rights(queue, ETAS_ROLE_WORKER, &r, NULL), NULL);
        assert_int_equal(r.tried, i == 1);
        assert_true(r.n_needed > 30 && r.n_missing < r.n_needed);
        assert_non_null(strstr(r.missing, "+fcall|etas_v1_hello +"));
        check_ok(etas_server_rights(queue, ETAS_ROLE_MANAGER, &r, NULL), NULL);
        assert_null(strstr(r.missing, "+blpop")); /* that is for workers and drivers */
        etas_queue_close(queue);
    }
    assert_int_equal(pool_raw_int(p, "DBSIZE"), 0); /* nothing was left behind */
}

static void a_whole_user_lacks_nothing_and_trying_changes_nothing(void **state)
{
    static const char *const users[3][4] = {{NULL}, {"-acl|dryrun"}, {"-acl"}};
    pool *p = pool_of(state);

    pool_begin(p, 100);
    for (size_t i = 0; i < 3; i++) {
        etas_queue *queue = as_user(p, "*", users[i]);

        for (int role = ETAS_ROLE_WORKER; role <= ETAS_ROLE_MANAGER; role++) {
            const long long keys = pool_raw_int(p, "DBSIZE");
            etas_rights r;

            check_ok(etas_server_rights(queue, (etas_role)role, &r, NULL), NULL);
            assert_string_equal(r.missing, "");
            assert_int_equal(r.n_missing, 0);
            assert_int_equal(pool_raw_int(p, "DBSIZE"), keys);
        }
        etas_queue_close(queue);
    }
    assert_int_equal(pool_check(p).pending, 100);
}

static void a_user_of_other_keys_lacks_the_keys(void **state)
{
    static const char *const without_dryrun[4] = {"-acl|dryrun"};
    pool *p = pool_of(state);
    etas_queue *queue;
    etas_rights r;

    check_ok(etas_queue_check(p->queue, NULL), NULL);
    queue = as_user(p, "etas:{other}:*", without_dryrun);
    check_ok(etas_server_rights(queue, ETAS_ROLE_DRIVER, &r, NULL), NULL);
    assert_string_equal(r.missing, "~etas:{default}:*");
    assert_int_equal(r.n_missing, 1);
    etas_queue_close(queue);
}

#define POOL_TEST(name) cmocka_unit_test_setup_teardown(name, pool_setup, pool_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(the_server_is_described_as_it_is),
        POOL_TEST(the_clock_and_the_way_to_it_are_measured),
        POOL_TEST(the_library_is_looked_at_and_not_loaded),
        POOL_TEST(rights_that_lack_are_named_with_and_without_dryrun),
        POOL_TEST(a_whole_user_lacks_nothing_and_trying_changes_nothing),
        POOL_TEST(a_user_of_other_keys_lacks_the_keys),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
