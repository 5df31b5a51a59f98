/* Looking at the pool and steering it. */
#include "queue_pool.h"

#include <string.h>

static void an_empty_server_is_an_empty_pool_and_stays_empty(void **state)
{
    pool *p = pool_of(state);
    etas_pool_info info;
    etas_agent_info *agents;
    etas_dead *dead;
    size_t n;

    (void)pool_raw(p, "FUNCTION FLUSH");
    check_ok(etas_queue_info(p->queue, &info, NULL), NULL);
    assert_int_equal(info.agents + info.stale + info.n_runs + info.simulated, 0);
    assert_true(info.server_version[0] >= '7');
    etas_pool_info_free(&info);
    check_ok(etas_queue_agents(p->queue, &agents, &n, NULL), NULL);
    assert_int_equal(n, 0);
    check_ok(etas_queue_dead(p->queue, p->run.id, &dead, &n, NULL), NULL);
    assert_int_equal(n, 0);
    assert_int_equal(pool_raw_int(p, "DBSIZE"), 0);
    pool_reap(p); /* this one loads the library */
    check_ok(etas_queue_info(p->queue, &info, NULL), NULL);
    assert_int_equal(info.n_runs, 0);
    etas_pool_info_free(&info);
}

static void info_tells_what_there_is(void **state)
{
    pool *p = pool_of(state);
    etas_pool_info info;
    const etas_run_info *r;
    etas_lease lease;

    p->agent.slots = 12;
    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = pool_claim(p);
    p->agent.simulated = 4; /* busy is what holds a lease, whatever its last beat said */
    assert_int_equal(pool_commit(p, &lease, 4, 123), ETAS_VERDICT_OK);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_OK);
    check_ok(etas_queue_info(p->queue, &info, NULL), NULL);
    assert_int_equal(info.agents, 1);
    assert_int_equal(info.busy, 1);
    assert_int_equal(info.idle, 0);
    assert_int_equal(info.live_slots, 12);
    assert_int_equal(info.simulated, 4);
    assert_int_equal(info.incompatible, 0);
    assert_false(info.paused);
    assert_int_equal(info.n_runs, 1);
    r = &info.runs[0];
    assert_string_equal(r->meta.id, p->run.id);
    assert_string_equal(r->meta.name, "a run");
    assert_true(r->meta.seed == p->run.seed);
    assert_int_equal(r->meta.n_catalogs, 100);
    check_abs(r->meta.lease_s, 60, 0);
    assert_int_equal(r->pending, 90);
    assert_int_equal(r->leased, 6);
    assert_int_equal(r->out, 4);
    assert_int_equal(r->out_bytes, 123);
    assert_int_equal(r->mark_bytes, 1 << 20);
    assert_true(r->conserved);
    assert_true(r->driver_silent_s < 5);
    assert_false(r->finished || r->cancelled);
    etas_pool_info_free(&info);
}

static void the_rate_follows_what_arrives(void **state)
{
    pool *p = pool_of(state);
    etas_pool_info info;
    etas_lease lease;

    p->run.chunk_size = 1000;
    pool_begin(p, 1000);
    lease = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 1000, 100), ETAS_VERDICT_OK);
    (void)pool_raw(p, "HINCRBY %srun:%s rate_ms -10000", KEY, p->run.id);
    pool_reap(p);
    check_ok(etas_queue_info(p->queue, &info, NULL), NULL);
    check_rel(info.runs[0].rate, 100 * (1 - 0.36787944), 0.05);
    etas_pool_info_free(&info);
}

static void agents_of_other_versions_are_incompatible(void **state)
{
    pool *p = pool_of(state);
    etas_agent other = pool_agent(2, 4);
    etas_pool_info info;

    pool_begin(p, 100);
    other.algorithm = 9;
    check_ok(etas_queue_hello(p->queue, &other, 0, NULL, NULL), NULL);
    (void)pool_raw(p, "HSET etas:{default}:versions x 2^2.0^1^9999999999999");
    check_ok(etas_queue_info(p->queue, &info, NULL), NULL);
    assert_int_equal(info.incompatible, 2);
    etas_pool_info_free(&info);
}

static void agents_are_listed_with_their_marks(void **state)
{
    pool *p = pool_of(state);
    const char *const one[] = {p->agent.id};
    etas_agent_info *agents;
    etas_agent agent;
    uint64_t marked;
    size_t n;

    for (unsigned i = 1; i <= 2100; i++) {
        agent = pool_agent(i, 2);
        check_ok(etas_queue_hello(p->queue, &agent, 0, NULL, NULL), NULL);
    }
    check_ok(etas_queue_stop(p->queue, true, 1, one, &marked, NULL), NULL);
    assert_int_equal(marked, 1);
    check_ok(etas_queue_agents(p->queue, &agents, &n, NULL), NULL);
    assert_int_equal(n, 2100);
    for (size_t i = 0; i < n; i++) {
        const bool first = strcmp(agents[i].agent.id, p->agent.id) == 0;

        assert_int_equal(agents[i].mark, first ? ETAS_COMMAND_STOP_NOW : ETAS_COMMAND_NONE);
        assert_string_equal(agents[i].agent.host, "node-1.example");
        assert_int_equal(agents[i].agent.pid, 4711);
        assert_int_equal(agents[i].agent.slots, 2);
        assert_string_equal(agents[i].agent.release, "0.1.0");
    }
    etas_array_free((void **)&agents);
    check_ok(etas_queue_stop(p->queue, false, 0, NULL, &marked, NULL), NULL);
    assert_int_equal(marked, 2100);
}

static void what_an_agent_tells_of_itself_comes_back(void **state)
{
    pool *p = pool_of(state);
    static const char *const bad[] = {"1 2",
                                      "",
                                      "1 2 3 4 5 6 7 8",
                                      "-1",
                                      "1 2 3 4 x 6 7",
                                      "1.5 2 3 4 5 6 7",
                                      "1 2 3 4 1e9 6 7",
                                      "1 2 3 4 5 6 99999999999999999"};
    etas_beat beat = {0};
    etas_agent_info *agents;
    size_t n;

    pool_begin(p, 100);
    p->agent.simulated = 12;
    p->agent.tasks = 3;
    p->agent.sent_bytes = UINT64_C(1) << 52;
    p->agent.received_bytes = 65536;
    p->agent.busy_s = 1234.5678;
    p->agent.cpu_s = 1e12;
    p->agent.memory_bytes = UINT64_MAX; /* no honest one: cut to what travels */
    check_ok(etas_queue_beat(p->queue, &p->agent, 0, NULL, &beat, NULL), NULL);
    for (int i = 0; i < 2; i++) {
        check_ok(etas_queue_agents(p->queue, &agents, &n, NULL), NULL);
        assert_int_equal(n, 1);
        assert_int_equal(agents[0].agent.simulated, 12);
        assert_int_equal(agents[0].agent.tasks, 3);
        assert_true(agents[0].agent.sent_bytes == UINT64_C(1) << 52);
        assert_int_equal(agents[0].agent.received_bytes, 65536);
        check_abs(agents[0].agent.busy_s, 1234.568, 1e-9);
        check_abs(agents[0].agent.cpu_s, 1e12, 0);
        assert_true(agents[0].agent.memory_bytes == (UINT64_C(1) << 53) - 1);
        etas_array_free((void **)&agents);
        check_ok(etas_queue_hello(p->queue, &p->agent, 0, NULL, NULL), NULL);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        redisReply *reply =
            redisCommand(p->raw, "FCALL etas_v1_beat 1 %spool %s 0 %s", KEY, p->agent.id, bad[i]);

        assert_int_equal(reply->type, REDIS_REPLY_ERROR);
        assert_non_null(strstr(reply->str, "ETAS bad statistics"));
        freeReplyObject(reply);
    }
}

/* A worker and a manager of the first edition, which knew one number. */
static void the_first_edition_is_understood(void **state)
{
    pool *p = pool_of(state);
    etas_agent_info *agents;
    redisReply *reply;
    size_t n;

    pool_begin(p, 100);
    (void)pool_raw(p, "HSET %sinfo %s host-1^7^4^2^0.1.0^3^99^1700000000000", KEY, p->agent.id);
    check_ok(etas_queue_agents(p->queue, &agents, &n, NULL), NULL);
    assert_int_equal(n, 1);
    assert_int_equal(agents[0].agent.simulated, 99);
    assert_int_equal(agents[0].agent.tasks, 0);
    etas_array_free((void **)&agents);
    (void)pool_raw(p, "FCALL etas_v1_beat 1 %spool %s 3 123", KEY, p->agent.id);
    check_ok(etas_queue_agents(p->queue, &agents, &n, NULL), NULL);
    assert_int_equal(agents[0].agent.busy, 3);
    assert_int_equal(agents[0].agent.simulated, 123);
    etas_array_free((void **)&agents);
    reply = redisCommand(p->raw, "FCALL etas_v1_agents 1 %spool 0", KEY);
    assert_string_equal(reply->element[2]->str, "host-1 7 4 3 0.1.0 3 123 1700000000000");
    freeReplyObject(reply);
    reply = redisCommand(p->raw,
                         "FCALL etas_v1_run 1 %spool %s 1 old 10 0 1 3 %s 0 1000 3 10 999 60000 r",
                         KEY, p->run.id, p->run.model_sha256);
    assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
    freeReplyObject(reply);
}

static void check_tally(pool *p, bool finished)
{
    etas_pool_info info;
    const etas_run_tally *t;

    check_ok(etas_queue_info(p->queue, &info, NULL), NULL);
    assert_int_equal(info.n_runs, 1);
    assert_int_equal(info.runs[0].finished, finished);
    t = &info.runs[0].meta.tally;
    assert_int_equal(t->tasks, 5);
    assert_int_equal(t->received_bytes, 1000);
    check_abs(t->wall_s, 12.345678, 1e-9);
    check_abs(t->cpu_s, 12, 0);
    check_abs(t->slowest[0].wall_s, 9.5, 0);
    assert_true(t->slowest[0].first == (UINT64_C(1) << 47));
    assert_int_equal(t->slowest[0].count, UINT32_MAX);
    assert_string_equal(t->slowest[0].host, "node_1_.example");
    check_abs(t->slowest[1].wall_s, 0.000001, 1e-12);
    assert_string_equal(t->slowest[1].host, "_");
    check_abs(t->slowest[2].wall_s, 0, 0);
    etas_pool_info_free(&info);
}

static void what_a_driver_tells_of_its_tasks_comes_back(void **state)
{
    pool *p = pool_of(state);
    static const char *const bad[] = {"1 2 3",
                                      "1 2 3 4 5",
                                      "a 2 3 4",
                                      "1 2 -3 4",
                                      "1 2 3 4 5 6 7 a^b|c",
                                      "1 2 3 4 5 x 7 h",
                                      "1 2 3 4 5 6 7 h 5 6 7 h 5 6 7 h 5 6 7 h"};

    pool_begin(p, 100);
    p->run.tally = (etas_run_tally){.tasks = 5,
                                    .received_bytes = 1000,
                                    .wall_s = 12.345678,
                                    .cpu_s = 12,
                                    .slowest = {{.wall_s = 9.5,
                                                 .first = UINT64_C(1) << 47,
                                                 .count = UINT32_MAX,
                                                 .host = "node(1).example"},
                                                {.wall_s = 0.000001, .first = 3, .count = 1}}};
    (void)pool_beat(p);
    check_tally(p, false);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        redisReply *reply = redisCommand(
            p->raw, "FCALL etas_v1_run 1 %spool %s 1 n 10 0 1 3 %s 0 1000 3 10 999 60000 r %s", KEY,
            p->run.id, p->run.model_sha256, bad[i]);

        assert_int_equal(reply->type, REDIS_REPLY_ERROR);
        assert_non_null(strstr(reply->str, "ETAS bad tally"));
        freeReplyObject(reply);
    }
    p->run.tally.tasks = 4;
    (void)pool_beat(p);
    p->run.tally.tasks = 5;
    check_ok(etas_queue_run_finish(p->queue, &p->run, NULL), NULL);
    check_tally(p, true); /* as it was at the end */
}

static void versions_name_everybody(void **state)
{
    pool *p = pool_of(state);
    etas_version_entry *items;
    size_t n;
    int seen = 0;

    (void)pool_raw(p, "FUNCTION FLUSH");
    check_ok(etas_queue_versions(p->queue, &items, &n, NULL), NULL);
    assert_int_equal(n, 0);
    pool_begin(p, 100);
    (void)pool_raw(p, "HSET etas:{default}:versions new-one 2^2.0^17^1700000000000 odd what?");
    check_ok(etas_queue_versions(p->queue, &items, &n, NULL), NULL);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        const etas_version_entry *v = &items[i];

        if (strcmp(v->who, p->agent.id) == 0) {
            assert_int_equal(v->protocol, 1);
            assert_int_equal(v->algorithm, 3);
            assert_string_equal(v->release, "0.1.0");
            assert_true(v->age_s < 60);
            seen |= 1;
        } else if (strncmp(v->who, "driver:", 7) == 0) {
            assert_string_equal(v->who + 7, p->run.id);
            seen |= 2;
        } else {
            assert_string_equal(v->who, "new-one");
            assert_int_equal(v->protocol, 2);
            assert_int_equal(v->algorithm, 17);
            assert_true(v->age_s > 1e6);
            seen |= 4;
        }
    }
    assert_int_equal(seen, 7);
    etas_array_free((void **)&items);
}

static void stop_marks_those_that_are_there_and_nobody_else(void **state)
{
    pool *p = pool_of(state);
    const etas_agent me = p->agent;
    etas_verdict verdict;
    etas_beat beat = {.verdicts = &verdict};
    etas_lease lease;
    uint64_t marked;

    pool_begin(p, 1000);
    lease = pool_claim(p);
    check_ok(etas_queue_stop(p->queue, false, 0, NULL, &marked, NULL), NULL);
    assert_int_equal(marked, 1);
    assert_int_equal(pool_try_claim(p, 0).kind, ETAS_CLAIM_COMMAND);
    assert_int_equal(pool_try_claim(p, 0).command, ETAS_COMMAND_STOP);
    check_ok(etas_queue_beat(p->queue, &me, 1, &lease, &beat, NULL), NULL);
    assert_int_equal(beat.command, ETAS_COMMAND_STOP);
    assert_int_equal(verdict, ETAS_VERDICT_OK);
    check_ok(etas_queue_stop(p->queue, true, 0, NULL, &marked, NULL), NULL);
    check_ok(etas_queue_beat(p->queue, &me, 0, NULL, &beat, NULL), NULL);
    assert_int_equal(beat.command, ETAS_COMMAND_STOP_NOW);
    p->agent = pool_agent(2, 1);
    check_ok(etas_queue_hello(p->queue, &p->agent, 0, NULL, NULL), NULL);
    assert_int_equal(pool_try_claim(p, 0).kind, ETAS_CLAIM_WORK);
}

static void reset_forgets_everybody_and_loses_nothing(void **state)
{
    pool *p = pool_of(state);
    uint64_t agents, catalogs;
    etas_verdict verdict;
    etas_beat beat = {.verdicts = &verdict};
    etas_lease lease;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = pool_claim(p);
    (void)pool_claim(p);
    check_ok(etas_queue_reset(p->queue, &agents, &catalogs, NULL), NULL);
    assert_int_equal(agents, 1);
    assert_int_equal(catalogs, 20);
    assert_string_equal(pool_pending(p), "0 100 0 0");
    check_ok(etas_queue_beat(p->queue, &p->agent, 1, &lease, &beat, NULL), NULL);
    assert_int_equal(beat.command, ETAS_COMMAND_HELLO);
    assert_int_equal(verdict, ETAS_VERDICT_LOST);
    check_ok(etas_queue_reset(p->queue, &agents, &catalogs, NULL), NULL);
    assert_int_equal(agents + catalogs, 0);
    (void)pool_check(p);
}

static void the_dead_may_try_again(void **state)
{
    pool *p = pool_of(state);
    uint64_t again;

    p->run.chunk_size = 1;
    p->run.max_attempts = 1;
    pool_begin(p, 1500);
    for (uint64_t i = 0; i < 1500; i++) {
        const etas_lease lease = pool_claim(p);

        pool_fail(p, &lease, lease.first);
    }
    assert_int_equal(pool_check(p).dead, 1500);
    check_ok(etas_queue_retry(p->queue, p->run.id, &again, NULL), NULL);
    assert_int_equal(again, 1500);
    assert_int_equal(pool_check(p).dead, 0);
    assert_int_equal(pool_check(p).pending, 1500);
}

static void a_run_is_purged_only_without_its_driver(void **state)
{
    pool *p = pool_of(state);
    etas_pool_info info;

    assert_int_equal(etas_queue_purge(p->queue, p->run.id, NULL), ETAS_E_ARG);
    assert_int_equal(etas_queue_cancel(p->queue, p->run.id, NULL), ETAS_E_ARG);
    pool_begin(p, 100);
    (void)pool_claim(p);
    assert_int_equal(etas_queue_purge(p->queue, p->run.id, NULL), ETAS_E_REFUSED);
    (void)pool_raw(p, "HINCRBY %srun:%s beat -61000", KEY, p->run.id);
    check_ok(etas_queue_purge(p->queue, p->run.id, NULL), NULL);
    assert_int_equal(pool_raw_int(p, "EXISTS %sleases %sruns %smodel:%s %spending:%s", KEY, KEY,
                                  KEY, p->run.model_sha256, KEY, p->run.id),
                     0);
    pool_begin(p, 100);
    check_ok(etas_queue_cancel(p->queue, p->run.id, NULL), NULL);
    check_ok(etas_queue_purge(p->queue, p->run.id, NULL), NULL);
    check_ok(etas_queue_info(p->queue, &info, NULL), NULL);
    assert_int_equal(info.n_runs, 0);
    etas_pool_info_free(&info);
}

static void cancelling_one_run_touches_no_other(void **state)
{
    pool *p = pool_of(state);
    etas_run_meta first = p->run;

    p->run.chunk_size = first.chunk_size = 10;
    pool_begin(p, 100);
    first = p->run;
    p->run = pool_run(2, 100);
    p->run.chunk_size = 10;
    pool_begin(p, 100);
    check_ok(etas_queue_cancel(p->queue, first.id, NULL), NULL);
    for (int i = 0; i < 4; i++)
        assert_string_equal(pool_claim(p).run, p->run.id);
    assert_false(pool_beat(p).cancelled);
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(an_empty_server_is_an_empty_pool_and_stays_empty),
        POOL_TEST(info_tells_what_there_is),
        POOL_TEST(the_rate_follows_what_arrives),
        POOL_TEST(agents_of_other_versions_are_incompatible),
        POOL_TEST(agents_are_listed_with_their_marks),
        POOL_TEST(what_an_agent_tells_of_itself_comes_back),
        POOL_TEST(the_first_edition_is_understood),
        POOL_TEST(what_a_driver_tells_of_its_tasks_comes_back),
        POOL_TEST(versions_name_everybody),
        POOL_TEST(stop_marks_those_that_are_there_and_nobody_else),
        POOL_TEST(reset_forgets_everybody_and_loses_nothing),
        POOL_TEST(the_dead_may_try_again),
        POOL_TEST(a_run_is_purged_only_without_its_driver),
        POOL_TEST(cancelling_one_run_touches_no_other),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
