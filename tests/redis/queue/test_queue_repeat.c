/* Commits whose reply was lost, and what their agent says next. */
#include "queue_pool.h"

#include <string.h>

/* The agent was told to leave between the commit whose reply was lost and its repetition. */
static void a_repeated_commit_may_give_back_what_the_first_kept(void **state)
{
    pool *p = pool_of(state);
    const uint8_t frame[] = {1, 2, 3};
    const etas_commit what = {
        .count = 4, .give_back = true, .checksum = 1, .len = sizeof frame, .bytes = frame};
    etas_verdict verdict;
    etas_lease lease, before;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = before = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 4, 10), ETAS_VERDICT_OK);
    check_ok(etas_queue_commit(p->queue, &p->agent, &before, &what, &verdict, NULL), NULL);
    assert_int_equal(verdict, ETAS_VERDICT_OK);
    assert_int_equal(before.count, 0);
    assert_string_equal(pool_pending(p), "4 96 0 0");
    assert_int_equal(pool_check(p).leased, 0);
    assert_int_equal(pool_check(p).out, 4);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_LOST);
}

/* Its agent does not know yet: it will repeat the commit when the run takes results again. */
static void a_lease_that_a_commit_shortened_unheard_is_not_lost(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease, before, other;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    pool_reap(p);
    lease = before = pool_claim(p);
    other = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 4, 10), ETAS_VERDICT_OK);
    for (int i = 0; i < 4; i++) {
        pool_shift_leases(p, -20000);
        assert_int_equal(pool_beat_one(p, &before), ETAS_VERDICT_OK);
        assert_int_equal(pool_beat_one(p, &other), ETAS_VERDICT_OK);
        pool_reap(p);
    }
    assert_int_equal(pool_check(p).leased, 16);
    before.count++; /* another end, another token, another's beginning: nobody's */
    assert_int_equal(pool_beat_one(p, &before), ETAS_VERDICT_LOST);
    before.count--;
    before.token = other.token;
    assert_int_equal(pool_beat_one(p, &before), ETAS_VERDICT_LOST);
    before = lease;
    before.first++;
    before.count--;
    assert_int_equal(pool_beat_one(p, &before), ETAS_VERDICT_LOST);
    check_ok(etas_queue_cancel(p->queue, p->run.id, NULL), NULL);
    lease.first -= 4;
    lease.count += 4;
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_CANCEL);
    assert_int_equal(pool_check(p).leased, 10); /* and it is back */
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(a_repeated_commit_may_give_back_what_the_first_kept),
        POOL_TEST(a_lease_that_a_commit_shortened_unheard_is_not_lost),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
