/* Ranges to be made again elsewhere, and hosts that a run takes nothing from. */
#include "queue_pool.h"

#include <math.h>
#include <string.h>

static etas_check check_of(uint64_t first, uint64_t count, const char *maker)
{
    etas_check check = {.range = {first, count}};

    memcpy(check.maker, maker, strlen(maker) + 1);
    return check;
}

static etas_status submit_checks(pool *p, uint64_t serial, size_t n, const etas_check checks[])
{
    return etas_queue_submit_checks(p->queue, &p->run, serial, n, checks, NULL);
}

static void ban(pool *p, const char *host)
{
    etas_error err = {0};

    check_ok(etas_queue_ban(p->queue, &p->run, host != NULL ? 1 : 0, &host, &err), &err);
}

/* From now on the pool's agent is another one, on that host. */
static void become(pool *p, unsigned id, const char *host)
{
    etas_error err = {0};

    p->agent = pool_agent(id, 1);
    memset(p->agent.host, 0, sizeof p->agent.host);
    memcpy(p->agent.host, host, strlen(host));
    check_ok(etas_queue_hello(p->queue, &p->agent, 0, NULL, &err), &err);
}

static void a_check_is_done_before_other_work_but_never_by_its_maker(void **state)
{
    pool *p = pool_of(state);
    const etas_check checks[] = {check_of(0, 5, "a"), check_of(5, 7, "b")};
    etas_lease lease;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    check_ok(submit_checks(p, 2, 2, checks), NULL);
    assert_int_equal(pool_check(p).checks, 12);
    become(p, 2, "b");
    lease = pool_claim(p);
    assert_int_equal(lease.first, 0);
    assert_int_equal(lease.count, 5); /* whole, whatever the size of chunks */
    assert_int_equal(pool_check(p).checks, 7);
    lease = pool_claim(p); /* not its own */
    assert_int_equal(lease.count, 10);
    become(p, 3, "a");
    lease = pool_claim(p);
    assert_int_equal(lease.first, 5);
    assert_int_equal(pool_check(p).checks, 0);
}

static void checks_alone_are_no_work_for_their_maker(void **state)
{
    pool *p = pool_of(state);
    const etas_check check = check_of(3, 4, "a");
    etas_claim claim;

    pool_begin(p, 10);
    become(p, 2, "a");
    while (pool_try_claim(p, 0).kind == ETAS_CLAIM_WORK) {
    }
    check_ok(submit_checks(p, 2, 1, &check), NULL);
    claim = pool_try_claim(p, 0);
    assert_int_equal(claim.kind, ETAS_CLAIM_EMPTY);
    assert_string_equal(claim.why, "none");
    become(p, 3, "c");
    assert_int_equal(pool_claim(p).first, 3);
}

static void a_check_far_down_the_list_is_found(void **state)
{
    enum { MOST = 256 };
    pool *p = pool_of(state);
    etas_check checks[MOST];

    pool_begin(p, 1000);
    for (size_t i = 0; i < MOST; i++)
        checks[i] = check_of(i, 1, i + 1 < MOST ? "a" : "b");
    check_ok(submit_checks(p, 2, MOST, checks), NULL);
    assert_int_equal(submit_checks(p, 3, 1, checks), ETAS_E_LIMIT);
    assert_int_equal(pool_check(p).checks, MOST);
    become(p, 2, "a");
    assert_int_equal(pool_claim(p).first, MOST - 1);
    check_ok(submit_checks(p, 3, 1, checks), NULL); /* the number was not used up */
    assert_int_equal(submit_checks(p, 4, MOST + 1, checks), ETAS_E_LIMIT);
}

static void checks_are_numbered_with_the_other_submissions(void **state)
{
    pool *p = pool_of(state);
    const etas_check check = check_of(0, 5, "a"), outside = check_of(98, 3, "a");

    pool_begin(p, 100);
    check_ok(submit_checks(p, 2, 1, &check), NULL);
    check_ok(submit_checks(p, 2, 1, &check), NULL);
    assert_int_equal(pool_check(p).checks, 5);
    pool_submit(p, 2, 0, 5);
    assert_int_equal(pool_check(p).pending, 100);
    assert_int_equal(submit_checks(p, 0, 1, &check), ETAS_E_ARG);
    assert_true(submit_checks(p, 3, 1, &outside) != ETAS_OK);
    p->run.epoch--;
    assert_int_equal(submit_checks(p, 3, 1, &check), ETAS_E_SUPERSEDED);
    p->run.epoch++;
    (void)pool_raw(p, "DEL %srun:%s", KEY, p->run.id);
    assert_int_equal(submit_checks(p, 3, 1, &check), ETAS_E_AWAY);
}

static void a_check_whose_worker_is_lost_becomes_ordinary_work(void **state)
{
    pool *p = pool_of(state);
    const etas_check check = check_of(20, 5, "a");

    pool_begin(p, 30);
    become(p, 2, "a");
    while (pool_try_claim(p, 0).kind == ETAS_CLAIM_WORK) {
    }
    check_ok(submit_checks(p, 2, 1, &check), NULL);
    become(p, 3, "b");
    (void)pool_claim(p);
    check_ok(etas_queue_bye(p->queue, &p->agent, NULL), NULL);
    assert_string_equal(pool_pending(p), "20 5 0 0");
    assert_int_equal(pool_check(p).checks, 0);
    become(p, 4, "a"); /* even of its maker: a duplicate like any other */
    assert_int_equal(pool_claim(p).first, 20);
}

/* What it gave back would be made by anybody. */
static void a_check_is_not_split_for_those_who_are_idle(void **state)
{
    pool *p = pool_of(state);
    const etas_check check = check_of(0, 10, "a");
    etas_lease whole, again;
    etas_agent first, b;

    p->run.chunk_size = 10;
    pool_begin(p, 10);
    first = p->agent;
    whole = pool_claim(p);
    check_ok(submit_checks(p, 2, 1, &check), NULL);
    become(p, 2, "b");
    b = p->agent;
    again = pool_claim(p);
    assert_int_equal(whole.token % 2, 0);
    assert_int_equal(again.token % 2, 1);
    become(p, 3, "a");
    assert_int_equal(pool_try_claim(p, 0).kind, ETAS_CLAIM_EMPTY);
    (void)pool_raw(p, "HSET %spool slots 10", KEY);
    p->agent = b;
    assert_int_equal(pool_beat_one(p, &again), ETAS_VERDICT_OK);
    p->agent = first;
    assert_int_equal(pool_beat_one(p, &whole), ETAS_VERDICT_SPLIT);
}

static void the_books_are_mended_when_the_list_is_lost(void **state)
{
    pool *p = pool_of(state);
    const etas_check check = check_of(20, 5, "a");
    etas_error err = {0};
    etas_audit a;

    pool_begin(p, 30);
    check_ok(submit_checks(p, 2, 1, &check), NULL);
    (void)pool_raw(p, "DEL %scheck:%s", KEY, p->run.id);
    check_ok(etas_queue_audit(p->queue, p->run.id, &a, &err), &err);
    assert_false(a.conserved);
    etas_audit_free(&a);
    check_ok(etas_queue_mend(p->queue, &p->run, &err), &err);
    assert_int_equal(pool_check(p).checks, 0);
    assert_int_equal(pool_check(p).pending, 30);
}

static void a_banned_host_gets_nothing_and_delivers_nothing(void **state)
{
    pool *p = pool_of(state);
    etas_lease held, other;
    etas_claim claim;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    become(p, 2, "bad");
    held = pool_claim(p);
    other = pool_claim(p);
    ban(p, "bad");
    claim = pool_try_claim(p, 0);
    assert_int_equal(claim.kind, ETAS_CLAIM_EMPTY);
    assert_string_equal(claim.why, "banned");
    assert_int_equal(pool_commit(p, &held, 10, 50), ETAS_VERDICT_CANCEL);
    assert_int_equal(pool_beat_one(p, &other), ETAS_VERDICT_CANCEL);
    assert_int_equal(pool_check(p).pending, 100); /* given back at once */
    become(p, 3, "ba");                           /* no part of its name */
    held = pool_claim(p);
    assert_int_equal(pool_commit(p, &held, 10, 50), ETAS_VERDICT_OK);
    become(p, 4, "bad");
    ban(p, NULL);
    assert_int_equal(pool_try_claim(p, 0).kind, ETAS_CLAIM_WORK);
}

static void a_ban_is_of_one_run_and_is_shown(void **state)
{
    static const char *const hosts[] = {"x y", "bad"};
    pool *p = pool_of(state);
    const etas_run_meta first = p->run;
    etas_pool_info info;
    etas_error err = {0};

    pool_begin(p, 10);
    check_ok(etas_queue_ban(p->queue, &p->run, 2, hosts, &err), &err);
    p->run = pool_run(2, 10);
    pool_begin(p, 10);
    become(p, 2, "bad");
    assert_string_equal(pool_claim(p).run, p->run.id);
    check_ok(etas_queue_info(p->queue, &info, &err), &err);
    for (size_t i = 0; i < info.n_runs; i++)
        assert_string_equal(info.runs[i].banned,
                            strcmp(info.runs[i].meta.id, first.id) == 0 ? "x_y bad" : "");
    etas_pool_info_free(&info);
}

static void an_idle_agent_hears_of_checks(void **state)
{
    pool *p = pool_of(state);
    const etas_check check = check_of(3, 4, "a");

    pool_begin(p, 10);
    while (pool_try_claim(p, 0).kind == ETAS_CLAIM_WORK) {
    }
    (void)pool_raw(p, "DEL %swake", KEY);
    check_ok(submit_checks(p, 2, 1, &check), NULL);
    assert_int_equal(pool_raw_int(p, "LLEN %swake", KEY), 4);
    (void)pool_raw(p, "DEL %swake", KEY);
    (void)pool_beat(p); /* and again: others may have heard it who may not */
    assert_int_equal(pool_raw_int(p, "LLEN %swake", KEY), 4);
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(a_check_is_done_before_other_work_but_never_by_its_maker),
        POOL_TEST(checks_alone_are_no_work_for_their_maker),
        POOL_TEST(a_check_far_down_the_list_is_found),
        POOL_TEST(checks_are_numbered_with_the_other_submissions),
        POOL_TEST(a_check_whose_worker_is_lost_becomes_ordinary_work),
        POOL_TEST(a_check_is_not_split_for_those_who_are_idle),
        POOL_TEST(the_books_are_mended_when_the_list_is_lost),
        POOL_TEST(a_banned_host_gets_nothing_and_delivers_nothing),
        POOL_TEST(a_ban_is_of_one_run_and_is_shown),
        POOL_TEST(an_idle_agent_hears_of_checks),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
