/* Beats, epochs, submissions, models, results and the end of a run. */
#include "queue_pool.h"

#include <stdio.h>
#include <string.h>

static void a_new_run_is_lost_once_and_needs_its_model(void **state)
{
    pool *p = pool_of(state);
    etas_run_state s = pool_beat(p);

    assert_true(s.lost);
    assert_true(s.needs_model);
    assert_false(s.cancelled);
    s = pool_beat(p);
    assert_false(s.lost);
    assert_true(s.needs_model);
    pool_begin(p, 500);
    s = pool_beat(p);
    assert_false(s.needs_model);
    assert_int_equal(s.n_pending, 1);
    assert_int_equal(s.n_catalogs, 500);
    assert_int_equal(s.live_slots, 1);
    assert_int_equal(pool_check(p).pending, 500);
}

static void the_seed_travels_with_all_its_64_bits(void **state)
{
    pool *p = pool_of(state);
    etas_claim claim;

    p->run.n_catalogs = ETAS_MAX_CATALOGS;
    pool_begin(p, ETAS_MAX_CATALOGS);
    claim = pool_try_claim(p, 0);
    assert_int_equal(claim.kind, ETAS_CLAIM_WORK);
    assert_true(claim.seed == UINT64_C(18446744073709551557));
    assert_string_equal(claim.model_sha256, p->run.model_sha256);
    check_abs(claim.lease_s, 60, 0);
}

static void indices_up_to_two_to_the_48_stay_exact(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;
    etas_audit a;

    p->run.chunk_size = 3;
    p->run.n_catalogs = ETAS_MAX_CATALOGS;
    (void)pool_beat(p);
    pool_begin(p, ETAS_MAX_CATALOGS);
    lease = pool_claim(p);
    pool_submit(p, 2, ETAS_MAX_CATALOGS - 7, 7);
    check_ok(etas_queue_audit(p->queue, p->run.id, &a, NULL), NULL);
    assert_string_equal(pool_ranges(&a.pending), "3+281474976710653");
    assert_true(a.submitted == ETAS_MAX_CATALOGS + 7);
    assert_true(a.conserved);
    etas_audit_free(&a);
    assert_int_equal(pool_commit(p, &lease, 3, 100), ETAS_VERDICT_OK);
    (void)pool_raw(p, "LPOP %spending:%s", KEY, p->run.id);
    lease = pool_claim(p);
    assert_true(lease.first == ETAS_MAX_CATALOGS - 7);
    assert_int_equal(lease.count, 3);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_OK);
}

static void a_submission_counts_once_however_often_it_is_sent(void **state)
{
    pool *p = pool_of(state);

    pool_begin(p, 100);
    pool_submit(p, 1, 0, 100);
    pool_submit(p, 2, 10, 5);
    pool_submit(p, 2, 10, 5);
    pool_submit(p, 1, 0, 100);
    assert_int_equal(pool_check(p).submitted, 105);
    p->run.epoch = 2; /* a new epoch starts its own numbers */
    pool_submit(p, 1, 0, 1);
    assert_int_equal(pool_check(p).submitted, 106);
}

static void a_submission_beyond_a_thousand_entries_is_refused_whole(void **state)
{
    pool *p = pool_of(state);
    etas_range ranges[1001];
    etas_error err = {0};

    for (uint64_t i = 0; i < 1001; i++)
        ranges[i] = (etas_range){i * 2, 1};
    p->run.n_catalogs = 5000;
    (void)pool_beat(p);
    assert_int_equal(etas_queue_submit(p->queue, &p->run, 1, 1001, ranges, &err), ETAS_E_LIMIT);
    check_ok(etas_queue_submit(p->queue, &p->run, 1, 999, ranges, NULL), NULL);
    err = (etas_error){0};
    assert_int_equal(etas_queue_submit(p->queue, &p->run, 2, 2, ranges, &err), ETAS_E_LIMIT);
    assert_int_equal(pool_check(p).submitted, 999);
    check_ok(etas_queue_submit(p->queue, &p->run, 2, 1, ranges, NULL), NULL);
    assert_int_equal(pool_check(p).submitted, 1000);
}

static void ranges_outside_the_run_are_refused(void **state)
{
    pool *p = pool_of(state);
    const etas_range bad[] = {{0, 0}, {999, 2}, {UINT64_MAX, 1}};

    (void)pool_beat(p);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(etas_queue_submit(p->queue, &p->run, 1, 1, &bad[i], NULL), ETAS_E_ARG);
    assert_int_equal(pool_check(p).submitted, 0);
}

static void a_smaller_epoch_can_do_nothing(void **state)
{
    pool *p = pool_of(state);
    const etas_range range = {0, 1};
    const etas_ack ack = {.first = 0, .count = 1};
    etas_run_state s;
    etas_collected *items;
    size_t n;
    etas_run_meta old;

    pool_begin(p, 100);
    old = p->run;
    p->run.epoch = 7;
    assert_false(pool_beat(p).lost);
    assert_int_equal(etas_queue_run_beat(p->queue, &old, &s, NULL), ETAS_E_SUPERSEDED);
    assert_int_equal(etas_queue_submit(p->queue, &old, 9, 1, &range, NULL), ETAS_E_SUPERSEDED);
    assert_int_equal(etas_queue_collect(p->queue, &old, 99, &items, &n, NULL), ETAS_E_SUPERSEDED);
    assert_int_equal(etas_queue_ackout(p->queue, &old, 1, &ack, NULL), ETAS_E_SUPERSEDED);
    assert_int_equal(etas_queue_mend(p->queue, &old, NULL), ETAS_E_SUPERSEDED);
    assert_int_equal(etas_queue_run_finish(p->queue, &old, NULL), ETAS_E_SUPERSEDED);
    check_ok(etas_queue_run_finish(p->queue, &p->run, NULL), NULL);
    assert_int_equal(etas_queue_run_beat(p->queue, &old, &s, NULL), ETAS_E_SUPERSEDED);
}

static void without_its_keys_a_run_says_so(void **state)
{
    pool *p = pool_of(state);
    const etas_range range = {0, 1};
    etas_collected *items;
    etas_audit a;
    size_t n;

    pool_begin(p, 100);
    (void)pool_raw(p, "FLUSHALL");
    assert_int_equal(etas_queue_submit(p->queue, &p->run, 2, 1, &range, NULL), ETAS_E_AWAY);
    check_ok(etas_queue_collect(p->queue, &p->run, 99, &items, &n, NULL), NULL);
    assert_int_equal(n, 0);
    etas_queue_collected_free(&items, &n);
    check_ok(etas_queue_ackout(p->queue, &p->run, 0, NULL, NULL), NULL);
    check_ok(etas_queue_audit(p->queue, p->run.id, &a, NULL), NULL);
    assert_false(a.exists);
    etas_audit_free(&a);
    assert_true(pool_beat(p).lost);
}

static void leftovers_of_a_run_without_its_books_are_swept_away(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 5, 100), ETAS_VERDICT_OK);
    (void)pool_raw(p, "DEL %srun:%s", KEY, p->run.id);
    assert_true(pool_beat(p).lost);
    assert_int_equal(pool_check(p).submitted, 0);
    assert_int_equal(pool_beat_one(p, &lease), ETAS_VERDICT_LOST);
}

static void results_come_in_order_and_within_the_wished_size(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;
    etas_collected *items;
    size_t n;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = pool_claim(p);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(pool_commit(p, &lease, 2, 1000), ETAS_VERDICT_OK);
    assert_int_equal(lease.count, 0);
    check_ok(etas_queue_collect(p->queue, &p->run, 3500, &items, &n, NULL), NULL);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(items[i].first, 2 * i);
        assert_int_equal(items[i].count, 2);
        assert_int_equal(items[i].len, 1000);
        assert_int_equal(items[i].bytes[999], 0xc3);
        assert_true(items[i].checksum == UINT64_C(0xfeedfacecafef00d));
        assert_string_equal(items[i].agent, p->agent.id);
    }
    etas_queue_collected_free(&items, &n);
    check_ok(etas_queue_collect(p->queue, &p->run, 1, &items, &n, NULL), NULL);
    assert_int_equal(n, 1); /* always one */
    etas_queue_collected_free(&items, &n);
    assert_int_equal(pool_take(p), 10);
    assert_int_equal(pool_check(p).acked, 10);
}

static void ackout_removes_only_what_it_names(void **state)
{
    pool *p = pool_of(state);
    const uint64_t sum = UINT64_C(0xfeedfacecafef00d);
    etas_ack acks[] = {{0, 2, sum, false}, {2, 2, sum, true}, {4, 1, sum, false}};
    etas_lease lease;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = pool_claim(p);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(pool_commit(p, &lease, 2, 50), ETAS_VERDICT_OK);
    acks[0].checksum++;
    check_ok(etas_queue_ackout(p->queue, &p->run, 3, acks, NULL), NULL);
    assert_int_equal(pool_check(p).out, 10);
    acks[0].checksum--;
    check_ok(etas_queue_ackout(p->queue, &p->run, 3, acks, NULL), NULL);
    assert_int_equal(pool_check(p).out, 6);
    assert_int_equal(pool_check(p).acked, 2);
    assert_int_equal(pool_check(p).discarded, 2);
    check_ok(etas_queue_ackout(p->queue, &p->run, 3, acks, NULL), NULL); /* its reply was lost */
    assert_int_equal(pool_check(p).out, 6);
}

static void a_model_comes_back_in_one_piece_or_not_at_all(void **state)
{
    enum { LEN = (9 << 20) + 17 };
    pool *p = pool_of(state);
    uint8_t *bytes, *got;
    size_t len;

    check_ok(etas_array_alloc((void **)&bytes, LEN, 1), NULL);
    for (size_t i = 0; i < LEN; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    check_ok(etas_queue_model_get(p->queue, p->run.model_sha256, &got, &len, NULL), NULL);
    assert_null(got);
    assert_int_equal(len, 0);
    check_ok(etas_queue_model_put(p->queue, p->run.model_sha256, LEN, bytes, NULL), NULL);
    check_ok(etas_queue_model_get(p->queue, p->run.model_sha256, &got, &len, NULL), NULL);
    assert_int_equal(len, LEN);
    assert_memory_equal(got, bytes, LEN);
    etas_array_free((void **)&got);
    assert_true(pool_raw_int(p, "TTL %smodel:%s", KEY, p->run.model_sha256) > 3500);
    (void)pool_raw(p, "HDEL %smodel:%s 1", KEY, p->run.model_sha256);
    assert_true(pool_beat(p).needs_model);
    check_ok(etas_queue_model_get(p->queue, p->run.model_sha256, &got, &len, NULL), NULL);
    assert_null(got);
    /* Parts of another length (a damaged upload) are not mixed with these. */
    check_ok(etas_queue_model_put(p->queue, p->run.model_sha256, 7, bytes, NULL), NULL);
    check_ok(etas_queue_model_get(p->queue, p->run.model_sha256, &got, &len, NULL), NULL);
    assert_int_equal(len, 7);
    assert_memory_equal(got, bytes, 7);
    etas_array_free((void **)&got);
    etas_array_free((void **)&bytes);
}

static void a_missing_model_is_reported_to_agent_and_driver(void **state)
{
    pool *p = pool_of(state);

    pool_begin(p, 100);
    (void)pool_raw(p, "DEL %smodel:%s", KEY, p->run.model_sha256);
    (void)pool_raw(p, "DEL %swake:%s", KEY, p->run.id);
    assert_int_equal(pool_try_claim(p, 0).kind, ETAS_CLAIM_NOMODEL);
    assert_int_equal(pool_raw_int(p, "LLEN %swake:%s", KEY, p->run.id), 1);
    assert_true(pool_beat(p).needs_model);
    pool_begin(p, 100);
    assert_int_equal(pool_try_claim(p, 0).kind, ETAS_CLAIM_WORK);
    assert_false(pool_beat(p).needs_model);
}

static void after_the_end_only_a_summary_is_left(void **state)
{
    pool *p = pool_of(state);
    etas_run_meta other = pool_run(2, 10);
    etas_pool_info info;
    etas_run_state s;

    pool_begin(p, 100);
    (void)pool_claim(p);
    check_ok(etas_queue_run_beat(p->queue, &other, &s, NULL), NULL);
    p->run.stored = 100;
    check_ok(etas_queue_run_finish(p->queue, &p->run, NULL), NULL);
    assert_int_equal(pool_raw_int(p, "EXISTS %smodel:%s", KEY, p->run.model_sha256), 1);
    check_ok(etas_queue_run_finish(p->queue, &other, NULL), NULL);
    check_ok(etas_queue_run_finish(p->queue, &other, NULL), NULL);
    /* pool, agents, info, past, two summaries, the versions, and a hint */
    assert_true(pool_raw_int(p, "DBSIZE") <= 8);
    assert_int_equal(
        pool_raw_int(p, "EXISTS %sleases %sruns %smodel:%s", KEY, KEY, KEY, p->run.model_sha256),
        0);
    assert_true(pool_raw_int(p, "TTL %ssummary:%s", KEY, p->run.id) > 3500);
    check_ok(etas_queue_info(p->queue, &info, NULL), NULL);
    assert_int_equal(info.n_runs, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(info.runs[i].finished);
        if (info.runs[i].meta.n_catalogs == 100)
            assert_int_equal(info.runs[i].meta.stored, 100);
    }
    etas_pool_info_free(&info);
}

static void mending_makes_the_law_hold_again_after_a_loss(void **state)
{
    pool *p = pool_of(state);
    etas_lease lease;
    etas_audit a;

    p->run.chunk_size = 10;
    pool_begin(p, 100);
    lease = pool_claim(p);
    assert_int_equal(pool_commit(p, &lease, 2, 50), ETAS_VERDICT_OK);
    assert_int_equal(pool_commit(p, &lease, 2, 50), ETAS_VERDICT_OK);
    (void)pool_raw(p, "DEL %spending:%s", KEY, p->run.id);
    (void)pool_raw(p, "LPOP %sout:%s", KEY, p->run.id);
    check_ok(etas_queue_audit(p->queue, p->run.id, &a, NULL), NULL);
    assert_false(a.conserved);
    etas_audit_free(&a);
    check_ok(etas_queue_mend(p->queue, &p->run, NULL), NULL);
    assert_int_equal(pool_check(p).submitted, 10);
    check_ok(etas_queue_audit(p->queue, p->run.id, &a, NULL), NULL);
    assert_string_equal(pool_ranges(&a.pending), "0+4"); /* the results without names */
    assert_string_equal(pool_ranges(&a.leased), "4+6");
    etas_audit_free(&a);
    pool_submit(p, 2, 10, 90);
    assert_int_equal(pool_check(p).submitted, 100);
}

static void a_spoiled_model_is_dropped_and_asked_for_once_a_minute(void **state)
{
    pool *p = pool_of(state);
    const char *const sha = p->run.model_sha256;
    char other[65];
    uint8_t *bytes;
    size_t len;
    bool dropped;

    pool_begin(p, 100);
    (void)snprintf(other, sizeof other, "%064x", 0xdef);
    assert_int_equal(etas_queue_model_spoiled(p->queue, &p->agent, sha, sha, &dropped, NULL),
                     ETAS_E_ARG);
    check_ok(etas_queue_model_spoiled(p->queue, &p->agent, other, sha, &dropped, NULL), NULL);
    assert_false(dropped); /* nobody has published that one */
    for (int i = 0; i < 3; i++) {
        check_ok(etas_queue_model_spoiled(p->queue, &p->agent, sha, other, &dropped, NULL), NULL);
        assert_int_equal(dropped, i == 0);
        check_ok(etas_queue_model_get(p->queue, sha, &bytes, &len, NULL), NULL);
        assert_int_equal(bytes == NULL, i == 0);
        etas_array_free((void **)&bytes);
        if (i > 0)
            continue;
        assert_int_equal(pool_raw_int(p, "HGET %srun:%s nomodel", KEY, p->run.id), 1);
        assert_int_equal(pool_raw_int(p, "LLEN %swake:%s", KEY, p->run.id), 1);
        assert_true(pool_beat(p).needs_model);
        check_ok(etas_queue_model_put(p->queue, sha, 6, (const uint8_t *)"model", NULL), NULL);
        assert_false(pool_beat(p).needs_model);
    }
    assert_true(pool_raw_int(p, "TTL %sspoiled:%s", KEY, sha) > 0);
    (void)pool_raw(p, "DEL %sspoiled:%s", KEY, sha); /* a minute later */
    check_ok(etas_queue_model_spoiled(p->queue, &p->agent, sha, other, &dropped, NULL), NULL);
    assert_true(dropped);
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(a_new_run_is_lost_once_and_needs_its_model),
        POOL_TEST(the_seed_travels_with_all_its_64_bits),
        POOL_TEST(indices_up_to_two_to_the_48_stay_exact),
        POOL_TEST(a_submission_counts_once_however_often_it_is_sent),
        POOL_TEST(a_submission_beyond_a_thousand_entries_is_refused_whole),
        POOL_TEST(ranges_outside_the_run_are_refused),
        POOL_TEST(a_smaller_epoch_can_do_nothing),
        POOL_TEST(without_its_keys_a_run_says_so),
        POOL_TEST(leftovers_of_a_run_without_its_books_are_swept_away),
        POOL_TEST(results_come_in_order_and_within_the_wished_size),
        POOL_TEST(ackout_removes_only_what_it_names),
        POOL_TEST(a_model_comes_back_in_one_piece_or_not_at_all),
        POOL_TEST(a_missing_model_is_reported_to_agent_and_driver),
        POOL_TEST(after_the_end_only_a_summary_is_left),
        POOL_TEST(mending_makes_the_law_hold_again_after_a_loss),
        POOL_TEST(a_spoiled_model_is_dropped_and_asked_for_once_a_minute),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
