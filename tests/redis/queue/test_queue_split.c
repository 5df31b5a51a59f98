/* Long leases are shared out when slots are idle; what would fail again is not tried again. */
#include "queue_pool.h"

#include <stdio.h>
#include <string.h>

/* A second agent, whose claim is refused for want of work: it is registered in @p other. */
static etas_claim claim_as(pool *p, const etas_agent *agent)
{
    const etas_agent me = p->agent;
    etas_claim claim;

    p->agent = *agent;
    claim = pool_try_claim(p, 0);
    p->agent = me;
    return claim;
}

static etas_agent join(pool *p, unsigned id, uint32_t slots)
{
    const etas_agent agent = pool_agent(id, slots);

    check_ok(etas_queue_hello(p->queue, &agent, 0, NULL, NULL), NULL);
    return agent;
}

/* Another run of the same model; pool_begin would say hello again. */
static void begin_another(pool *p, unsigned id, uint64_t n_catalogs)
{
    p->run = pool_run(id, n_catalogs);
    p->run.chunk_size = n_catalogs;
    (void)pool_beat(p);
    pool_submit(p, 1, 0, n_catalogs);
}

static void an_idle_slot_has_the_largest_lease_split(void **state)
{
    pool *p = pool_of(state);
    etas_lease leases[3];
    etas_verdict verdicts[3];
    etas_beat beat = {.verdicts = verdicts};
    etas_agent idle;

    p->run.chunk_size = 40;
    p->agent.slots = 3;
    pool_begin(p, 100);
    for (size_t i = 0; i < 3; i++)
        leases[i] = pool_claim(p);
    check_ok(etas_queue_beat(p->queue, &p->agent, 3, leases, &beat, NULL), NULL);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(verdicts[i], ETAS_VERDICT_OK); /* nobody asked */
    idle = join(p, 2, 1);
    assert_int_equal(claim_as(p, &idle).kind, ETAS_CLAIM_EMPTY);
    assert_int_equal(pool_raw_int(p, "LLEN %swake:%s", KEY, p->agent.id), 1); /* called */
    assert_true(pool_raw_int(p, "TTL %swake:%s", KEY, p->agent.id) > 0);
    assert_int_equal(pool_raw_int(p, "LLEN %swake:%s", KEY, idle.id), 0);
    assert_int_equal(pool_commit(p, &leases[0], 10, 10), ETAS_VERDICT_OK);
    check_ok(etas_queue_beat(p->queue, &p->agent, 3, leases, &beat, NULL), NULL);
    assert_int_equal(verdicts[0], ETAS_VERDICT_OK);
    assert_int_equal(verdicts[1], ETAS_VERDICT_SPLIT); /* one slot is idle: one lease */
    assert_int_equal(verdicts[2], ETAS_VERDICT_OK);
    pool_drain(p, &leases[1]);
    check_ok(etas_queue_beat(p->queue, &p->agent, 1, leases, &beat, NULL), NULL);
    assert_int_equal(verdicts[0], ETAS_VERDICT_OK); /* there is work now */
    /* A sixteenth of it for each of four slots, although 40 were wished for. */
    assert_int_equal(claim_as(p, &idle).lease.count, 40 / 16);
    assert_int_equal(pool_check(p).leased, 30 + 20 + 2);
}

static void what_cannot_be_shared_is_not_split(void **state)
{
    pool *p = pool_of(state);
    const etas_run_meta run = p->run;
    etas_lease lease;
    etas_agent idle;

    p->run.chunk_size = 1;
    pool_begin(p, 1);
    lease = pool_claim(p);
    idle = join(p, 2, 1);
    assert_int_equal(claim_as(p, &idle).kind, ETAS_CLAIM_EMPTY);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_OK); /* one catalogue */
    begin_another(p, 2, 10);
    lease = pool_claim(p);
    assert_int_equal(claim_as(p, &idle).kind, ETAS_CLAIM_EMPTY);
    (void)pool_raw(p, "HSET %spool slots 2", KEY); /* all of them hold a lease */
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_OK);
    (void)pool_raw(p, "HSET %spool slots 3", KEY);
    check_ok(etas_queue_pause(p->queue, true, NULL), NULL);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_OK);
    check_ok(etas_queue_pause(p->queue, false, NULL), NULL);
    (void)pool_raw(p, "HSET %srun:%s full 1", KEY, p->run.id);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_OK); /* nobody could claim it */
    (void)pool_raw(p, "HSET %srun:%s full 0", KEY, p->run.id);
    (void)pool_raw(p, "HINCRBY %spool hungry -61000", KEY);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_OK); /* who asked has gone since */
    (void)pool_raw(p, "HINCRBY %spool hungry 61000", KEY);
    assert_string_equal(pool_raw(p, "FCALL etas_v1_beat 1 %spool %s 0 5 %llu^%s^0^10^0^0", KEY,
                                 p->agent.id, (unsigned long long)lease.token, lease.run),
                        "(nil)"); /* an agent of the first edition knows no such word */
    assert_int_equal(pool_raw_int(p, "HEXISTS %srun:%s split", KEY, p->run.id), 0);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_SPLIT);
    p->run = run;
}

/* However often: every round cuts the rest to pieces that are smaller. */
static void splitting_comes_to_an_end(void **state)
{
    pool *p = pool_of(state);
    const etas_agent me = p->agent;
    uint64_t last = UINT64_MAX;
    etas_agent idle;
    int rounds = 0;

    p->run.chunk_size = 1000;
    pool_begin(p, 1000);
    idle = join(p, 2, 1);
    for (;;) {
        etas_lease lease = pool_claim(p);
        etas_claim other;

        assert_true(lease.count <= last);
        while ((other = claim_as(p, &idle)).kind == ETAS_CLAIM_WORK) { /* it is done with those */
            p->agent = idle;
            assert_int_equal(pool_commit(p, &other.lease, (uint32_t)other.lease.count, 9),
                             ETAS_VERDICT_OK);
            p->agent = me;
        }
        if (pool_beat_one(p, &lease) != ETAS_VERDICT_SPLIT) {
            assert_int_equal(lease.count, 1);
            break;
        }
        last = lease.count;
        pool_drain(p, &lease);
        rounds++;
    }
    assert_true(rounds > 1 && rounds < 8);
    assert_int_equal(pool_check(p).leased, 1);
}

static void a_lease_that_lasts_makes_room_for_other_runs(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;
    unsigned long long token;

    p->run.chunk_size = 90;
    p->run.task_duration_s = 5;
    pool_begin(p, 100);
    lease = pool_claim(p);
    begin_another(p, 2, 50);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_OK); /* it is young */
    p->run = pool_run(1, 100);
    /* As if it had been claimed 21 s ago. */
    token = (unsigned long long)lease.token - 21000000;
    (void)pool_raw(p, "DEL %sleases", KEY);
    (void)pool_raw(p, "ZADD %sleases 99999999999999 %llu^%s^0^90^0^0^%s", KEY, token, lease.run,
                   p->agent.id);
    lease.token = token;
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_SPLIT);
    (void)pool_raw(p, "HINCRBY %srun:%032x beat -61000", KEY, 2);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_OK); /* nobody waits */
}

static bool called_within(etas_queue *queue, double seconds, bool *called)
{
    const bool fired = pool_hint_within(queue, seconds);

    *called = fired && etas_queue_hint_called(queue);
    return fired;
}

static void an_agent_is_called_also_while_all_its_slots_are_busy(void **state)
{
    pool *p = pool_of(state);
    const char *const me = p->agent.id;
    etas_agent idle;
    bool called;

    p->run.chunk_size = 100;
    pool_begin(p, 100);
    (void)pool_raw(p, "DEL %swake", KEY);
    (void)pool_claim(p);
    check_ok(etas_queue_hint_arm_agent(p->queue, me, false, 20, NULL), NULL);
    (void)pool_raw(p, "RPUSH %swake 1", KEY); /* for others */
    assert_false(called_within(p->queue, 0.1, &called));
    idle = join(p, 2, 1);
    assert_int_equal(claim_as(p, &idle).kind, ETAS_CLAIM_EMPTY);
    assert_true(called_within(p->queue, 5, &called));
    assert_true(called);
    /* A slot becomes idle while that question is out: it is put anew. */
    check_ok(etas_queue_hint_arm_agent(p->queue, me, false, 20, NULL), NULL);
    check_ok(etas_queue_hint_arm_agent(p->queue, me, true, 20, NULL), NULL);
    check_ok(etas_queue_hint_arm_agent(p->queue, me, true, 20, NULL), NULL);
    assert_true(called_within(p->queue, 5, &called));
    assert_true(called);
    check_ok(etas_queue_hint_arm_agent(p->queue, me, true, 20, NULL), NULL);
    assert_true(called_within(p->queue, 5, &called));
    assert_false(called); /* the work that was announced meanwhile */
    assert_int_equal(etas_queue_hint_arm_agent(p->queue, "me", true, 20, NULL), ETAS_E_ARG);
    (void)pool_raw(p, "RPUSH %swake:%s 1", KEY, me);
    check_ok(etas_queue_bye(p->queue, &p->agent, NULL), NULL);
    assert_int_equal(pool_raw_int(p, "EXISTS %swake:%s", KEY, me), 0);
}

static void what_would_fail_anywhere_is_dead_at_once(void **state)
{
    pool *p = pool_of(state);
    const etas_failure why = {
        .kind = ETAS_FAIL_HOPELESS, .reached = 13, .message = "more than the 256 MiB"};
    etas_lease lease;
    etas_dead *dead;
    size_t n;

    p->run.chunk_size = 10;
    pool_begin(p, 30);
    (void)pool_claim(p);
    lease = pool_claim(p);
    check_ok(etas_queue_fail(p->queue, &p->agent, &lease, &why, NULL), NULL);
    assert_string_equal(pool_pending(p), "10 3 0 0, 14 16 0 0");
    assert_int_equal(pool_check(p).dead, 1);
    check_ok(etas_queue_dead(p->queue, p->run.id, &dead, &n, NULL), NULL);
    assert_int_equal(n, 1);
    assert_int_equal(dead[0].range.first, 13);
    assert_int_equal(dead[0].range.count, 1);
    assert_non_null(strstr(dead[0].why, "more than the 256 MiB"));
    etas_array_free((void **)&dead);
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(an_idle_slot_has_the_largest_lease_split),
        POOL_TEST(what_cannot_be_shared_is_not_split),
        POOL_TEST(splitting_comes_to_an_end),
        POOL_TEST(a_lease_that_lasts_makes_room_for_other_runs),
        POOL_TEST(an_agent_is_called_also_while_all_its_slots_are_busy),
        POOL_TEST(what_would_fail_anywhere_is_dead_at_once),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
