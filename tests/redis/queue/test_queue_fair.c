/* Runs that share the workers: equal shares, whatever becomes of one of them. */
#include "queue_pool.h"

#include <stdio.h>
#include <string.h>

enum { RUNS = 3 };

/* Three runs of one catalogue a chunk. */
static void begin_three(pool *p)
{
    for (unsigned i = 1; i <= RUNS; i++) {
        p->run = pool_run(i, 1000);
        p->run.chunk_size = 1;
        if (i == 1) {
            pool_begin(p, 1000);
        } else {
            (void)pool_beat(p);
            pool_submit(p, 1, 0, 1000);
        }
    }
}

/* Claims, and what they gave, "a b c". */
static const char *serve(pool *p, unsigned n)
{
    static char text[64];
    unsigned served[RUNS] = {0};

    while (n-- > 0)
        served[pool_claim(p).run[31] - '1']++;
    (void)snprintf(text, sizeof text, "%u %u %u", served[0], served[1], served[2]);
    return text;
}

static const char *id_of(unsigned run)
{
    static char id[2][ETAS_ID_HEX];
    static unsigned turn;

    turn = !turn;
    (void)snprintf(id[turn], sizeof id[0], "%032x", run);
    return id[turn];
}

static void set(pool *p, unsigned run, const char *field, const char *value)
{
    (void)pool_raw(p, "HSET %srun:%s %s %s", KEY, id_of(run), field, value);
}

static void check_laws(pool *p, unsigned n_runs)
{
    for (unsigned i = 1; i <= n_runs; i++) {
        p->run = pool_run(i, 1000);
        (void)pool_check(p);
    }
}

/* Whoever could not be served does not get more afterwards. */
static void a_run_that_is_full_silent_or_paused_takes_no_turn_and_none_extra(void **state)
{
    pool *p = pool_of(state);

    begin_three(p);
    assert_string_equal(serve(p, 30), "10 10 10");
    set(p, 2, "full", "1");
    assert_string_equal(serve(p, 20), "10 0 10");
    set(p, 2, "full", "0");
    assert_string_equal(serve(p, 30), "10 10 10");
    (void)pool_raw(p, "HINCRBY %srun:%s beat -61000", KEY, id_of(3));
    assert_string_equal(serve(p, 20), "10 10 0");
    (void)pool_raw(p, "HINCRBY %srun:%s beat 61000", KEY, id_of(3));
    assert_string_equal(serve(p, 30), "10 10 10");
    check_ok(etas_queue_pause(p->queue, true, NULL), NULL);
    for (int i = 0; i < 5; i++)
        assert_int_equal(pool_try_claim(p, 0).kind, ETAS_CLAIM_EMPTY);
    check_ok(etas_queue_pause(p->queue, false, NULL), NULL);
    assert_string_equal(serve(p, 30), "10 10 10");
    check_laws(p, RUNS);
}

static void a_run_with_nothing_to_give_takes_no_turn_and_none_extra(void **state)
{
    pool *p = pool_of(state);

    begin_three(p);
    p->run = pool_run(4, 5);
    p->run.chunk_size = 1;
    (void)pool_beat(p);
    assert_string_equal(serve(p, 30), "10 10 10");
    pool_submit(p, 1, 0, 5);
    for (int i = 0; i < 20; i++) {
        const etas_lease lease = pool_claim(p);

        /* it waited through thirty turns and is served once in four */
        assert_int_equal(strcmp(lease.run, p->run.id) == 0, i % 4 == 0);
    }
    assert_string_equal(serve(p, 30), "10 10 10");
}

static void cancel_retry_and_purge_of_one_leave_the_others_their_shares(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;
    uint64_t n;

    begin_three(p);
    p->run = pool_run(1, 1000);
    lease = pool_claim(p);
    assert_string_equal(lease.run, p->run.id);
    for (uint32_t i = 0; i < 3; i++) { /* one of its catalogues dies */
        const etas_failure why = {
            .kind = ETAS_FAIL_HOPELESS, .reached = lease.first, .message = "too many"};

        check_ok(etas_queue_fail(p->queue, &p->agent, &lease, &why, NULL), NULL);
    }
    assert_int_equal(pool_check(p).dead, 1);
    assert_string_equal(serve(p, 2), "0 1 1");
    check_ok(etas_queue_cancel(p->queue, id_of(2), NULL), NULL);
    assert_string_equal(serve(p, 20), "10 0 10");
    check_ok(etas_queue_retry(p->queue, id_of(1), &n, NULL), NULL);
    assert_int_equal(n, 1);
    assert_string_equal(serve(p, 20), "10 0 10");
    check_ok(etas_queue_purge(p->queue, id_of(2), NULL), NULL);
    assert_string_equal(serve(p, 20), "10 0 10");
    p->run = pool_run(2, 1000); /* the driver comes back: a new run */
    p->run.chunk_size = 1;
    assert_true(pool_beat(p).lost);
    pool_submit(p, 1, 0, 1000);
    assert_string_equal(serve(p, 30), "10 10 10");
    check_laws(p, RUNS);
}

/* What a slot holds of a run that takes nothing is dropped when others have work for it. */
static void a_silent_driver_with_results_above_its_mark_holds_nobody_up(void **state)
{
    pool *p = pool_of(state);
    const etas_run_meta first = p->run;
    etas_lease lease, other;

    p->run.chunk_size = 10;
    p->run.mark_bytes = 1000;
    pool_begin(p, 100);
    lease = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 5, 600), ETAS_VERDICT_OK);
    assert_int_equal(pool_commit(p, &lease, 5, 600), ETAS_VERDICT_WAIT);
    (void)pool_raw(p, "HINCRBY %srun:%s beat -61000", KEY, first.id);
    assert_int_equal(pool_commit(p, &lease, 5, 600), ETAS_VERDICT_WAIT); /* nobody else is here */
    p->run = pool_run(2, 100);
    p->run.chunk_size = 10;
    (void)pool_beat(p);
    pool_submit(p, 1, 0, 100);
    assert_int_equal(pool_commit(p, &lease, 5, 600), ETAS_VERDICT_LOST);
    other = pool_claim(p);
    assert_string_equal(other.run, p->run.id);
    assert_int_equal(pool_commit(p, &other, 10, 600), ETAS_VERDICT_OK);
    p->run = pool_run(1, 100);
    assert_int_equal(pool_check(p).leased, 0);
    assert_int_equal(pool_check(p).pending, 95);
    assert_int_equal(pool_check(p).out, 5); /* its driver may still come */
    (void)pool_raw(p, "HINCRBY %srun:%s beat -540000", KEY, first.id);
    (void)pool_raw(p, "HSET %spool swept 0", KEY);
    pool_reap(p);
    assert_int_equal(pool_check(p).pending, 100);
    assert_string_equal(pool_claim(p).run, pool_run(2, 1).id);
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(a_run_that_is_full_silent_or_paused_takes_no_turn_and_none_extra),
        POOL_TEST(a_run_with_nothing_to_give_takes_no_turn_and_none_extra),
        POOL_TEST(cancel_retry_and_purge_of_one_leave_the_others_their_shares),
        POOL_TEST(a_silent_driver_with_results_above_its_mark_holds_nobody_up),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
