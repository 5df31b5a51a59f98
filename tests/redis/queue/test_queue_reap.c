/* Expired leases, gaps, clocks, sweeps. Time is faked by moving the server's stamps. */
#include "queue_pool.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static double deadline_of(pool *p)
{
    redisReply *all = redisCommand(p->raw, "ZRANGE %sleases 0 0 WITHSCORES", KEY);
    double score;

    assert_int_equal(all->elements, 2);
    score = strtod(all->element[1]->str, NULL);
    freeReplyObject(all);
    return score;
}

static void lose_once(pool *p)
{
    pool_reap(p); /* so that there is no gap */
    pool_shift_leases(p, -61000);
    pool_reap(p);
}

static void an_expired_lease_returns_to_the_head(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;

    p->run.chunk_size = 10;
    pool_begin(p, 30);
    lease = pool_claim(p);
    pool_reap(p);
    pool_reap(p);
    assert_int_equal(pool_check(p).leased, 10);
    lose_once(p);
    assert_string_equal(pool_pending(p), "0 10 0 1, 10 20 0 0");
    assert_int_equal(pool_commit(p, &lease, 10, 9), ETAS_VERDICT_LOST); /* too late */
    assert_int_equal(pool_check(p).out, 0);
}

static void real_time_expires_leases_as_well(void **state)
{
    pool *p = pool_of(state);
    struct timespec start, end;

    p->run.chunk_size = 10;
    p->run.lease_s = 0.5;
    pool_begin(p, 30);
    pool_reap(p);
    clock_gettime(CLOCK_REALTIME, &start);
    (void)pool_claim(p);
    for (int i = 0; i < 200 && pool_check(p).leased > 0; i++) {
        pool_sleep(0.05);
        pool_reap(p);
    }
    clock_gettime(CLOCK_REALTIME, &end);
    assert_int_equal(pool_check(p).leased, 0);
    assert_true((double)(end.tv_sec - start.tv_sec) +
                    1e-9 * (double)(end.tv_nsec - start.tv_nsec) >=
                0.499);
}

static void a_second_loss_halves_and_the_last_one_is_dead_alone(void **state)
{
    pool *p = pool_of(state);
    etas_dead *dead;
    size_t n;
    int losses = 0;

    p->run.chunk_size = 100;
    p->run.max_lost = 4;
    pool_begin(p, 100);
    (void)pool_claim(p);
    lose_once(p);
    assert_string_equal(pool_pending(p), "0 100 0 1");
    (void)pool_claim(p);
    lose_once(p);
    assert_string_equal(pool_pending(p), "0 50 0 2, 50 50 0 2");
    while (pool_beat(p).n_dead == 0) { /* catalogue 0 takes every worker down */
        const etas_lease lease = pool_claim(p);

        assert_int_equal(lease.first, 0);
        lose_once(p);
        assert_int_equal(pool_check(p).submitted, 100);
        losses++;
        assert_true(losses < 20);
    }
    assert_int_equal(pool_check(p).dead, 1);
    check_ok(etas_queue_dead(p->queue, p->run.id, &dead, &n, NULL), NULL);
    assert_int_equal(n, 1);
    assert_int_equal(dead[0].range.first, 0);
    assert_true(dead[0].lost >= 4);
    assert_string_equal(dead[0].host, p->agent.host);
    assert_string_equal(dead[0].why, "lost with its worker 9 times");
    etas_array_free((void **)&dead);
    assert_int_equal(pool_check(p).pending, 99);
}

static void a_lone_catalogue_dies_at_max_lost(void **state)
{
    pool *p = pool_of(state);

    p->run.max_lost = 3;
    pool_begin(p, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pool_check(p).dead, 0);
        (void)pool_claim(p);
        lose_once(p);
    }
    assert_int_equal(pool_check(p).dead, 1);
}

static void after_a_gap_leases_are_armed_again_once(void **state)
{
    pool *p = pool_of(state);
    etas_lease silent, alive;

    p->run.chunk_size = 10;
    pool_begin(p, 30);
    pool_reap(p);
    silent = pool_claim(p);
    alive = pool_claim(p);
    (void)pool_raw(p, "HINCRBY %spool reap -31000", KEY);
    pool_shift_leases(p, -100000);
    pool_reap(p);
    assert_int_equal(pool_check(p).leased, 20);
    assert_int_equal(pool_beat_one(p, &alive), ETAS_VERDICT_OK);
    (void)pool_raw(p, "HINCRBY %spool reap -31000", KEY);
    pool_shift_leases(p, -100000);
    pool_reap(p); /* a second gap: who has not beaten since the first is lost */
    assert_int_equal(pool_beat_one(p, &silent), ETAS_VERDICT_LOST);
    assert_int_equal(pool_beat_one(p, &alive), ETAS_VERDICT_OK);
    assert_string_equal(pool_pending(p), "0 10 0 1, 20 10 0 0");
    (void)pool_check(p);
}

static void without_a_known_last_reap_nobody_is_lost_at_once(void **state)
{
    pool *p = pool_of(state);

    p->run.chunk_size = 10;
    pool_begin(p, 30);
    (void)pool_claim(p);
    pool_shift_leases(p, -100000);
    (void)pool_raw(p, "HDEL %spool reap", KEY);
    pool_reap(p);
    assert_int_equal(pool_check(p).leased, 10);
}

static void deadlines_from_the_future_come_back(void **state)
{
    pool *p = pool_of(state);
    double before;

    p->run.chunk_size = 10;
    pool_begin(p, 30);
    (void)pool_claim(p);
    pool_reap(p);
    before = deadline_of(p);
    pool_shift_leases(p, 5e6);
    pool_reap(p);
    assert_true(deadline_of(p) - before < 5000);
    /* The clock was set back: every stamp is ahead of it. */
    pool_shift_leases(p, 5e6);
    (void)pool_raw(p, "HINCRBY %spool reap 5000000", KEY);
    (void)pool_raw(p, "HINCRBY %srun:%s beat 5000000", KEY, p->run.id);
    (void)pool_raw(p, "ZINCRBY %sagents 5000000 %s", KEY, p->agent.id);
    pool_reap(p);
    assert_true(deadline_of(p) - before < 5000);
    (void)pool_raw(p, "HINCRBY %srun:%s beat -61000", KEY, p->run.id);
    assert_string_equal(pool_try_claim(p, 0).why, "silent");
}

static void leases_without_their_run_vanish(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;

    pool_begin(p, 30);
    lease = pool_claim(p);
    pool_reap(p);
    (void)pool_raw(p, "DEL %srun:%s", KEY, p->run.id);
    (void)pool_raw(p, "ZADD %sleases 1 nonsense", KEY);
    pool_shift_leases(p, -100000);
    pool_reap(p);
    assert_int_equal(pool_raw_int(p, "EXISTS %sleases", KEY), 0);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_CANCEL);
}

static void results_of_a_driver_that_is_gone_become_work_again(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;

    p->run.chunk_size = 10;
    p->run.mark_bytes = 1000;
    pool_begin(p, 30);
    lease = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 5, 600), ETAS_VERDICT_OK);
    assert_int_equal(pool_commit(p, &lease, 5, 600), ETAS_VERDICT_WAIT);
    (void)pool_raw(p, "HINCRBY %srun:%s beat -599000", KEY, p->run.id);
    pool_reap(p);
    assert_int_equal(pool_check(p).out, 5);
    (void)pool_raw(p, "HINCRBY %srun:%s beat -2000", KEY, p->run.id);
    (void)pool_raw(p, "HSET %spool swept 0", KEY);
    pool_reap(p);
    assert_int_equal(pool_check(p).out, 0);
    assert_string_equal(pool_pending(p), "10 20 0 0, 0 5 0 0");
    assert_int_equal(pool_raw_int(p, "EXISTS %sout:%s", KEY, p->run.id), 0);
    assert_false(pool_beat(p).lost);
    assert_int_equal(pool_commit(p, &lease, 5, 600), ETAS_VERDICT_OK);
    assert_int_equal(pool_check(p).submitted, 30);
}

static void below_its_mark_a_run_keeps_its_results_for_its_driver(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;

    p->run.chunk_size = 10;
    pool_begin(p, 30);
    lease = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 5, 600), ETAS_VERDICT_OK);
    (void)pool_raw(p, "HINCRBY %srun:%s beat -9999000", KEY, p->run.id);
    pool_reap(p);
    assert_int_equal(pool_check(p).out, 5);
}

static void a_run_that_nobody_drives_for_a_week_is_forgotten(void **state)
{
    pool *p = pool_of(state);

    p->run.chunk_size = 10;
    pool_begin(p, 30);
    (void)pool_claim(p);
    pool_reap(p);
    (void)pool_raw(p, "HINCRBY %srun:%s beat -604790000", KEY, p->run.id);
    (void)pool_raw(p, "HSET %spool pruned 0", KEY);
    pool_reap(p);
    assert_int_equal(pool_check(p).submitted, 30);
    (void)pool_raw(p, "HINCRBY %srun:%s beat -20000", KEY, p->run.id);
    (void)pool_raw(p, "HSET %spool pruned 0", KEY);
    pool_reap(p);
    assert_int_equal(pool_raw_int(p, "EXISTS %srun:%s %spending:%s %sleases %sruns %smodel:%s", KEY,
                                  p->run.id, KEY, p->run.id, KEY, KEY, KEY, p->run.model_sha256),
                     0);
    assert_true(pool_beat(p).lost);
}

static void what_has_outlived_its_use_is_pruned(void **state)
{
    pool *p = pool_of(state);
    const long long now = (long long)time(NULL) * 1000; /* the server runs on this machine */
    uint64_t marked;

    pool_begin(p, 30);
    check_ok(etas_queue_stop(p->queue, false, 0, NULL, &marked, NULL), NULL);
    (void)pool_raw(p, "HSET etas:{default}:versions old 2^2.0^1^%lld new 2^2.0^1^%lld",
                   now - 610000, now);
    (void)pool_raw(p, "HSET %smarks old stop^%lld", KEY, now - 90000000);
    (void)pool_raw(p, "ZADD %spast %lld old", KEY, now - 3700000);
    pool_reap(p);
    assert_int_equal(pool_raw_int(p, "HEXISTS etas:{default}:versions old"), 0);
    assert_int_equal(pool_raw_int(p, "HEXISTS etas:{default}:versions new"), 1);
    assert_int_equal(pool_raw_int(p, "HLEN %smarks", KEY), 1);
    assert_int_equal(pool_raw_int(p, "EXISTS %spast", KEY), 0);
}

static void silent_agents_are_stale_and_then_forgotten(void **state)
{
    pool *p = pool_of(state);
    etas_pool_info info;

    pool_begin(p, 30);
    (void)pool_raw(p, "ZINCRBY %sagents -61000 %s", KEY, p->agent.id);
    check_ok(etas_queue_info(p->queue, &info, NULL), NULL);
    assert_int_equal(info.stale, 1);
    assert_int_equal(info.agents, 0);
    assert_int_equal(info.live_slots, 0);
    etas_pool_info_free(&info);
    (void)pool_raw(p, "ZINCRBY %sagents -540000 %s", KEY, p->agent.id);
    pool_reap(p);
    assert_int_equal(pool_raw_int(p, "ZCARD %sagents", KEY), 0);
    assert_int_equal(pool_try_claim(p, 0).command, ETAS_COMMAND_HELLO);
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

static void the_index_of_leases_by_agent_is_made_anew_when_it_is_lost(void **state)
{
    pool *p = pool_of(state);
    etas_lease leases[3];

    pool_begin(p, 90);
    for (size_t i = 0; i < 3; i++)
        leases[i] = pool_claim(p);
    assert_int_equal(pool_raw_int(p, "ZCARD " KEY "held"), 3);
    pool_raw(p, "DEL " KEY "held");
    pool_raw(p, "HDEL " KEY "pool swept"); /* the next reap sweeps */
    pool_reap(p);
    assert_int_equal(pool_raw_int(p, "ZCARD " KEY "held"), 3);
    check_ok(etas_queue_hello(p->queue, &p->agent, 1, &leases[1], NULL), NULL);
    assert_int_equal(pool_check(p).leased, leases[1].count);
    assert_int_equal(pool_raw_int(p, "ZCARD " KEY "held"), 1);
    assert_int_equal(pool_beat_one(p, &leases[0]), ETAS_VERDICT_LOST);
    assert_int_equal(pool_commit(p, &leases[1], (uint32_t)leases[1].count, 100), ETAS_VERDICT_OK);
    assert_int_equal(pool_raw_int(p, "EXISTS " KEY "held " KEY "leases"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(an_expired_lease_returns_to_the_head),
        POOL_TEST(real_time_expires_leases_as_well),
        POOL_TEST(a_second_loss_halves_and_the_last_one_is_dead_alone),
        POOL_TEST(a_lone_catalogue_dies_at_max_lost),
        POOL_TEST(after_a_gap_leases_are_armed_again_once),
        POOL_TEST(without_a_known_last_reap_nobody_is_lost_at_once),
        POOL_TEST(deadlines_from_the_future_come_back),
        POOL_TEST(leases_without_their_run_vanish),
        POOL_TEST(results_of_a_driver_that_is_gone_become_work_again),
        POOL_TEST(below_its_mark_a_run_keeps_its_results_for_its_driver),
        POOL_TEST(a_run_that_nobody_drives_for_a_week_is_forgotten),
        POOL_TEST(what_has_outlived_its_use_is_pruned),
        POOL_TEST(silent_agents_are_stale_and_then_forgotten),
        POOL_TEST(the_index_of_leases_by_agent_is_made_anew_when_it_is_lost),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
