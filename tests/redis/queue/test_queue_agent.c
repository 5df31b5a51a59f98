/* Registration, claims, beats, commits and failures. */
#include "queue_pool.h"

#include <math.h>
#include <string.h>
#include <time.h>

static void chunks_follow_rate_duration_share_and_runtime(void **state)
{
    pool *p = pool_of(state);
    etas_claim_request request = {.rate = 7, .remaining_s = INFINITY};
    etas_claim claim;

    p->agent.slots = 5;
    p->run.task_duration_s = 20;
    pool_begin(p, 100000);
    assert_int_equal(pool_try_claim(p, 0).lease.count, 64);  /* nothing measured yet */
    assert_int_equal(pool_try_claim(p, 7).lease.count, 140); /* 7/s for 20 s */
    request.remaining_s = 3;
    check_ok(etas_queue_claim(p->queue, &p->agent, &request, &claim, NULL), NULL);
    assert_int_equal(claim.lease.count, 21);
    request.remaining_s = 0;
    check_ok(etas_queue_claim(p->queue, &p->agent, &request, &claim, NULL), NULL);
    assert_int_equal(claim.lease.count, 1);
    /* a twentieth of what is left for five slots */
    assert_int_equal(pool_try_claim(p, 1e6).lease.count, (100000 - 64 - 140 - 21 - 1) / 20);
    assert_int_equal(pool_check(p).submitted, 100000);
}

static void chunks_shrink_to_one_at_the_end_of_a_run(void **state)
{
    pool *p = pool_of(state);
    uint64_t last = UINT64_MAX, sum = 0;
    etas_claim claim;

    pool_begin(p, 1000);
    while ((claim = pool_try_claim(p, 1e9)).kind == ETAS_CLAIM_WORK) {
        assert_true(claim.lease.count <= last);
        assert_int_equal(claim.lease.first, sum);
        last = claim.lease.count;
        sum += last;
        assert_int_equal(pool_check(p).leased, sum);
    }
    assert_int_equal(last, 1);
    assert_int_equal(sum, 1000);
    assert_string_equal(claim.why, "none");
}

static void a_fixed_chunk_size_is_kept(void **state)
{
    pool *p = pool_of(state);

    p->run.chunk_size = 37;
    pool_begin(p, 100);
    assert_int_equal(pool_try_claim(p, 0.001).lease.count, 37);
    assert_int_equal(pool_try_claim(p, 1e9).lease.count, 37);
    assert_int_equal(pool_try_claim(p, 0).lease.count, 26);
}

static void runs_are_served_in_turn(void **state)
{
    pool *p = pool_of(state);
    const etas_run_meta first = p->run;
    int served[3] = {0};

    p->run.chunk_size = 1;
    for (unsigned i = 0; i < 3; i++) {
        p->run = pool_run(i + 1, 100);
        p->run.chunk_size = 1;
        pool_begin(p, 100);
    }
    for (int i = 0; i < 9; i++)
        served[pool_claim(p).run[31] - '1']++;
    for (int i = 0; i < 3; i++)
        assert_int_equal(served[i], 3);
    p->run = first;
    assert_int_equal(pool_check(p).leased, 3);
}

static void claims_are_refused_with_the_reason(void **state)
{
    pool *p = pool_of(state);
    const int algorithm = (int)p->agent.algorithm;
    etas_claim claim;

    assert_int_equal(pool_try_claim(p, 0).command, ETAS_COMMAND_HELLO);
    pool_begin(p, 100);
    check_ok(etas_queue_pause(p->queue, true, NULL), NULL);
    assert_string_equal(pool_try_claim(p, 0).why, "paused");
    check_ok(etas_queue_pause(p->queue, false, NULL), NULL);
    p->agent.algorithm = 4;
    assert_string_equal(pool_try_claim(p, 0).why, "algorithm");
    p->agent.algorithm = (uint32_t)algorithm;
    (void)pool_raw(p, "HINCRBY %srun:%s beat -61000", KEY, p->run.id);
    assert_string_equal(pool_try_claim(p, 0).why, "silent");
    (void)pool_beat(p);
    (void)pool_raw(p, "HSET %srun:%s full 1", KEY, p->run.id);
    assert_string_equal(pool_try_claim(p, 0).why, "full");
    (void)pool_raw(p, "HSET %srun:%s full 0", KEY, p->run.id);
    check_ok(etas_queue_cancel(p->queue, p->run.id, NULL), NULL);
    assert_string_equal(pool_try_claim(p, 0).why, "cancelled");
    claim = pool_try_claim(p, 0);
    assert_int_equal(claim.kind, ETAS_CLAIM_EMPTY);
    assert_int_equal(pool_check(p).pending, 100);
}

static void a_beat_extends_only_what_it_names(void **state)
{
    pool *p = pool_of(state);
    etas_lease leases[3];
    etas_verdict verdicts[3];
    etas_beat beat = {.verdicts = verdicts};

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    pool_reap(p);
    for (size_t i = 0; i < 3; i++)
        leases[i] = pool_claim(p);
    leases[1].token++;
    for (int i = 0; i < 6; i++) {
        pool_shift_leases(p, -20000);
        check_ok(etas_queue_beat(p->queue, &p->agent, 2, leases, &beat, NULL), NULL);
        assert_int_equal(beat.command, ETAS_COMMAND_NONE);
        assert_int_equal(verdicts[0], ETAS_VERDICT_OK);
        assert_int_equal(verdicts[1], ETAS_VERDICT_LOST);
        pool_reap(p);
        (void)pool_check(p);
    }
    leases[1].token--;
    check_ok(etas_queue_beat(p->queue, &p->agent, 3, leases, &beat, NULL), NULL);
    assert_int_equal(verdicts[0], ETAS_VERDICT_OK);
    assert_int_equal(verdicts[1], ETAS_VERDICT_LOST);
    assert_int_equal(verdicts[2], ETAS_VERDICT_LOST);
    assert_int_equal(pool_check(p).leased, 10);
}

static void a_lease_named_wrongly_is_nobodys(void **state)
{
    pool *p = pool_of(state);
    const etas_agent me = p->agent;
    etas_lease lease, wrong;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = pool_claim(p);
    wrong = lease;
    wrong.first++;
    assert_int_equal(pool_commit(p, &wrong, 5, 10), ETAS_VERDICT_LOST);
    wrong = lease;
    wrong.count++;
    assert_int_equal(pool_commit(p, &wrong, 5, 10), ETAS_VERDICT_LOST);
    wrong = lease;
    wrong.run[31] = '2';
    assert_int_equal(pool_commit(p, &wrong, 5, 10), ETAS_VERDICT_CANCEL);
    p->agent = pool_agent(2, 1);
    assert_int_equal(pool_commit(p, &lease, 5, 10), ETAS_VERDICT_LOST);
    pool_fail(p, &lease, lease.first);
    p->agent = me;
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_OK);
    assert_int_equal(pool_check(p).leased, 10);
}

static void a_prefix_is_taken_and_the_lease_keeps_the_rest(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease, before;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = pool_claim(p);
    before = lease;
    assert_int_equal(pool_commit(p, &lease, 4, 10), ETAS_VERDICT_OK);
    assert_int_equal(lease.first, 4);
    assert_int_equal(lease.count, 6);
    /* Its reply was lost: the repeat finds the shortened lease, and nothing counts twice. */
    assert_int_equal(pool_commit(p, &before, 4, 10), ETAS_VERDICT_OK);
    assert_memory_equal(&before, &lease, sizeof lease);
    assert_int_equal(pool_check(p).out, 4);
    assert_int_equal(pool_commit(p, &lease, 6, 10), ETAS_VERDICT_OK);
    assert_int_equal(lease.count, 0);
    lease.first = 4;
    lease.count = 6;
    assert_int_equal(pool_commit(p, &lease, 6, 10), ETAS_VERDICT_LOST);
    assert_int_equal(pool_check(p).out, 10);
    assert_int_equal(pool_check(p).leased, 0);
}

static void what_a_commit_gives_back_is_next(void **state)
{
    pool *p = pool_of(state);
    const uint8_t frame[] = {1, 2, 3};
    const etas_commit what = {
        .count = 4, .give_back = true, .checksum = 1, .len = sizeof frame, .bytes = frame};
    etas_verdict verdict;
    etas_lease lease;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = pool_claim(p);
    check_ok(etas_queue_commit(p->queue, &p->agent, &lease, &what, &verdict, NULL), NULL);
    assert_int_equal(verdict, ETAS_VERDICT_OK);
    assert_int_equal(lease.count, 0);
    assert_string_equal(pool_pending(p), "4 96 0 0");
    assert_int_equal(pool_check(p).leased, 0);
}

static void above_the_mark_commits_wait_unless_out_is_empty(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease, big;

    p->run.chunk_size = 10;
    p->run.mark_bytes = 1000;
    pool_begin(p, 100);
    lease = pool_claim(p);
    big = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 1, 600), ETAS_VERDICT_OK);
    assert_int_equal(pool_commit(p, &lease, 1, 401), ETAS_VERDICT_WAIT);
    assert_int_equal(lease.count, 9);
    assert_string_equal(pool_try_claim(p, 0).why, "full");
    assert_int_equal(pool_commit(p, &lease, 1, 400), ETAS_VERDICT_OK);
    assert_int_equal(pool_commit(p, &big, 10, 5000), ETAS_VERDICT_WAIT);
    assert_int_equal(pool_beat_one(p, &big), ETAS_VERDICT_OK);
    assert_int_equal(pool_check(p).out, 2);
    assert_int_equal(pool_take(p), 2);
    assert_int_equal(pool_commit(p, &big, 10, 5000), ETAS_VERDICT_OK); /* out was empty */
    assert_string_equal(pool_try_claim(p, 0).why, "full");
    assert_int_equal(pool_take(p), 10);
    assert_int_equal(pool_try_claim(p, 0).kind, ETAS_CLAIM_WORK);
    (void)pool_check(p);
}

static void a_frame_of_several_catalogues_is_at_most_a_mebibyte(void **state)
{
    pool *p = pool_of(state);
    const size_t len = (1 << 20) + 1;
    etas_commit what = {.count = 2, .len = len};
    uint8_t *frame;
    etas_verdict verdict;
    etas_lease lease;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = pool_claim(p);
    check_ok(etas_array_alloc((void **)&frame, len, 1), NULL);
    what.bytes = frame;
    assert_int_equal(etas_queue_commit(p->queue, &p->agent, &lease, &what, &verdict, NULL),
                     ETAS_E_LIMIT);
    what.len = ((size_t)1 << 28) + 1; /* looked at before the bytes are */
    what.count = 1;
    assert_int_equal(etas_queue_commit(p->queue, &p->agent, &lease, &what, &verdict, NULL),
                     ETAS_E_LIMIT);
    what.len = len;
    check_ok(etas_queue_commit(p->queue, &p->agent, &lease, &what, &verdict, NULL), NULL);
    assert_int_equal(verdict, ETAS_VERDICT_OK);
    etas_array_free((void **)&frame);
    assert_int_equal(pool_take(p), 1);
}

static void a_failing_catalogue_is_isolated_and_dies_alone(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;
    etas_dead *dead;
    size_t n;

    p->run.chunk_size = 10;
    pool_begin(p, 10);
    lease = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 4, 10), ETAS_VERDICT_OK);
    pool_fail(p, &lease, 4);
    pool_fail(p, &lease, 4); /* its reply was lost */
    assert_string_equal(pool_pending(p), "4 6 1 0");
    lease = pool_claim(p);
    assert_int_equal(lease.errors, 1);
    pool_fail(p, &lease, 4);
    assert_string_equal(pool_pending(p), "4 1 2 0, 5 5 0 0");
    lease = pool_claim(p);
    assert_int_equal(lease.count, 1);
    assert_int_equal(pool_check(p).leased, 1);
    pool_fail(p, &lease, 4);
    assert_string_equal(pool_pending(p), "5 5 0 0");
    assert_int_equal(pool_check(p).dead, 1);
    check_ok(etas_queue_dead(p->queue, p->run.id, &dead, &n, NULL), NULL);
    assert_int_equal(n, 1);
    assert_int_equal(dead[0].range.first, 4);
    assert_int_equal(dead[0].range.count, 1);
    assert_int_equal(dead[0].errors, 3);
    assert_int_equal(dead[0].signal, 11);
    assert_string_equal(dead[0].host, p->agent.host);
    assert_string_equal(dead[0].why, "it?fell? over");
    etas_array_free((void **)&dead);
    assert_int_equal(pool_beat(p).n_dead, 1);
}

static void errors_at_different_catalogues_do_not_add_up(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;

    p->run.chunk_size = 10;
    pool_begin(p, 10);
    lease = pool_claim(p);
    pool_fail(p, &lease, 6);
    assert_string_equal(pool_pending(p), "0 6 0 0, 6 4 1 0");
    lease = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 6, 9), ETAS_VERDICT_OK);
    lease = pool_claim(p);
    pool_fail(p, &lease, 8);
    assert_string_equal(pool_pending(p), "6 2 1 0, 8 2 1 0");
    lease = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 1, 9), ETAS_VERDICT_OK);
    pool_fail(p, &lease, 7); /* 6 is done: its error is forgotten */
    assert_string_equal(pool_pending(p), "7 1 1 0, 8 2 1 0");
    assert_int_equal(pool_check(p).dead, 0);
}

static void with_one_attempt_the_first_failure_kills(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;

    p->run.chunk_size = 10;
    p->run.max_attempts = 1;
    pool_begin(p, 10);
    lease = pool_claim(p);
    pool_fail(p, &lease, 3);
    assert_string_equal(pool_pending(p), "0 3 0 0, 4 6 0 0");
    assert_int_equal(pool_check(p).dead, 1);
}

static void dying_twice_in_the_same_way_keeps_the_books(void **state)
{
    pool *p = pool_of(state);

    p->run.chunk_size = 1;
    p->run.max_attempts = 1;
    pool_begin(p, 1);
    for (uint64_t i = 2; i < 5; i++) {
        const etas_lease lease = pool_claim(p);

        pool_fail(p, &lease, 0);
        pool_submit(p, i, 0, 1);
    }
    assert_int_equal(pool_check(p).submitted, 4);
    assert_int_equal(pool_check(p).dead, 1);
    assert_int_equal(pool_check(p).discarded, 2);
}

static void drained_work_keeps_its_record(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;

    p->run.chunk_size = 10;
    pool_begin(p, 30);
    lease = pool_claim(p);
    pool_fail(p, &lease, 0);
    lease = pool_claim(p);
    assert_int_equal(lease.errors, 1);
    pool_drain(p, &lease);
    assert_string_equal(pool_pending(p), "0 10 1 0, 10 20 0 0");
    for (int i = 0; i < 5; i++) {
        lease = pool_claim(p);
        pool_drain(p, &lease);
    }
    assert_string_equal(pool_pending(p), "0 10 1 0, 10 20 0 0");
    assert_int_equal(pool_check(p).dead, 0);
}

static void pieces_that_come_back_clean_grow_together(void **state)
{
    pool *p = pool_of(state);
    etas_lease a, b;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    a = pool_claim(p);
    b = pool_claim(p);
    pool_drain(p, &b);
    pool_drain(p, &a);
    assert_string_equal(pool_pending(p), "0 100 0 0");
    (void)pool_check(p);
}

static void hello_takes_back_what_the_agent_does_not_know_of(void **state)
{
    pool *p = pool_of(state);
    etas_lease kept, shortened, lost;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    kept = pool_claim(p);
    lost = pool_claim(p); /* say its reply never came */
    shortened = kept;
    assert_int_equal(pool_commit(p, &shortened, 3, 9), ETAS_VERDICT_OK); /* nor this one's */
    check_ok(etas_queue_hello(p->queue, &p->agent, 1, &kept, NULL), NULL);
    assert_int_equal(pool_check(p).leased, 7);
    assert_int_equal(pool_beat_one(p, &lost), ETAS_VERDICT_LOST);
    assert_int_equal(pool_commit(p, &kept, 3, 9), ETAS_VERDICT_OK);
    assert_int_equal(kept.first, 3);
    assert_int_equal(pool_beat_one(p, &kept), ETAS_VERDICT_OK);
}

static void bye_gives_everything_back_and_leaves_no_trace(void **state)
{
    pool *p = pool_of(state);

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    (void)pool_claim(p);
    (void)pool_claim(p);
    check_ok(etas_queue_bye(p->queue, &p->agent, NULL), NULL);
    check_ok(etas_queue_bye(p->queue, &p->agent, NULL), NULL);
    assert_string_equal(pool_pending(p), "0 100 0 0");
    assert_int_equal(pool_beat(p).live_slots, 0);
    assert_int_equal(pool_raw_int(p, "EXISTS %sagents %sinfo", KEY, KEY), 0);
    assert_string_equal(pool_raw(p, "HGET etas:{default}:versions %s", p->agent.id), "(nil)");
}

static void an_agent_among_strangers_is_told_their_protocol(void **state)
{
    pool *p = pool_of(state);
    etas_error err = {0};
    const long long now = (long long)time(NULL) * 1000; /* the server runs on this machine */

    (void)pool_raw(p, "HSET etas:{default}:versions old 9^1.0^1^%lld", now - 700000);
    check_ok(etas_queue_hello(p->queue, &p->agent, 0, NULL, &err), &err);
    check_ok(etas_queue_bye(p->queue, &p->agent, NULL), NULL);
    (void)pool_raw(p, "HSET etas:{default}:versions other 2^2.0^1^%lld", now);
    assert_int_equal(etas_queue_hello(p->queue, &p->agent, 0, NULL, &err), ETAS_E_VERSION);
    assert_string_equal(err.text, "the pool speaks protocol 2, this program speaks 1");
    (void)pool_raw(p, "HSET etas:{default}:versions third 1^2.0^1^%lld", now);
    check_ok(etas_queue_hello(p->queue, &p->agent, 0, NULL, NULL), NULL);
}

static void cancelled_work_goes_back_and_its_holders_hear_of_it(void **state)
{
    pool *p = pool_of(state);
    etas_lease a, b;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    a = pool_claim(p);
    b = pool_claim(p);
    check_ok(etas_queue_cancel(p->queue, p->run.id, NULL), NULL);
    assert_true(pool_beat(p).cancelled);
    assert_int_equal(pool_beat_one(p, &a), ETAS_VERDICT_CANCEL);
    assert_int_equal(pool_commit(p, &b, 10, 9), ETAS_VERDICT_CANCEL);
    assert_int_equal(pool_check(p).pending, 100);
    check_ok(etas_queue_run_finish(p->queue, &p->run, NULL), NULL);
    assert_int_equal(pool_beat_one(p, &a), ETAS_VERDICT_CANCEL);
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(chunks_follow_rate_duration_share_and_runtime),
        POOL_TEST(chunks_shrink_to_one_at_the_end_of_a_run),
        POOL_TEST(a_fixed_chunk_size_is_kept),
        POOL_TEST(runs_are_served_in_turn),
        POOL_TEST(claims_are_refused_with_the_reason),
        POOL_TEST(a_beat_extends_only_what_it_names),
        POOL_TEST(a_lease_named_wrongly_is_nobodys),
        POOL_TEST(a_prefix_is_taken_and_the_lease_keeps_the_rest),
        POOL_TEST(what_a_commit_gives_back_is_next),
        POOL_TEST(above_the_mark_commits_wait_unless_out_is_empty),
        POOL_TEST(a_frame_of_several_catalogues_is_at_most_a_mebibyte),
        POOL_TEST(a_failing_catalogue_is_isolated_and_dies_alone),
        POOL_TEST(errors_at_different_catalogues_do_not_add_up),
        POOL_TEST(with_one_attempt_the_first_failure_kills),
        POOL_TEST(dying_twice_in_the_same_way_keeps_the_books),
        POOL_TEST(drained_work_keeps_its_record),
        POOL_TEST(pieces_that_come_back_clean_grow_together),
        POOL_TEST(hello_takes_back_what_the_agent_does_not_know_of),
        POOL_TEST(bye_gives_everything_back_and_leaves_no_trace),
        POOL_TEST(an_agent_among_strangers_is_told_their_protocol),
        POOL_TEST(cancelled_work_goes_back_and_its_holders_hear_of_it),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
