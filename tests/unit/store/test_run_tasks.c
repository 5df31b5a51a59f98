/* What the task table amounts to, on tables small enough to do by hand. */
#include "unit/store/store_fixture.h"

#include <math.h>

#include "etas/run_view.h"

/* start and wall in seconds */
static void add(etas_store *store, uint64_t first, const char *host, uint32_t pid, double start,
                double wall)
{
    etas_store_frame frame = make_frame(first, 10);
    etas_store_task task = {.first = first,
                            .count = 10,
                            .n_events = 100 + first,
                            .bytes = 1000,
                            .pid = pid,
                            .start_ns = (int64_t)(start * 1e9),
                            .wall_s = wall,
                            .cpu_s = wall / 2,
                            .peak_memory_bytes = 1000 * pid};
    uint64_t n_new;
    etas_error err = {0};

    memcpy(task.host, host, strlen(host) + 1);
    check_ok(etas_store_add(store, 1, &frame, &task, &n_new, &err), &err);
    free_frame(&frame);
}

static etas_store *fresh(void)
{
    etas_store *store;
    etas_error err = {0};

    check_ok(etas_store_open(&store, ETAS_STORE_MEMORY, ETAS_STORE_CREATE, &err), &err);
    return store;
}

static void two_hosts_are_summed_and_ranked(void **state)
{
    etas_store *const store = fresh();
    etas_run_tasks t;
    etas_error err = {0};

    (void)state;
    add(store, 0, "b", 7, 100, 4); /* 100..104 */
    add(store, 10, "a", 7, 101, 1);
    add(store, 20, "b", 7, 104, 2);   /* the same slot, to 106 */
    add(store, 30, "a", 8, 102.5, 3); /* 102.5..105.5 */
    check_ok(etas_run_tasks_read(&t, store, &err), &err);
    assert_int_equal(t.total.tasks, 4);
    assert_int_equal(t.total.catalogs, 40);
    assert_int_equal(t.total.events, 460);
    assert_int_equal(t.total.bytes, 4000);
    assert_int_equal(t.total.peak_memory_bytes, 8000);
    check_abs(t.total.wall_s, 10, 1e-12);
    check_abs(t.total.cpu_s, 5, 1e-12);
    check_abs(t.mean_s, 2.5, 1e-12);
    check_abs(t.median_s, 2.5, 1e-12);
    check_abs(t.slowfac, 1.6, 1e-12);
    assert_int_equal(t.n_slowest, 4);
    for (size_t i = 0; i < 4; i++)
        check_abs(t.slowest[i].wall_s, 4 - (double)i, 1e-12);
    assert_int_equal(t.slowest[1].first, 30);
    assert_int_equal(t.n_hosts, 2);
    assert_string_equal(t.hosts[0].host, "a");
    assert_int_equal(t.hosts[0].slots, 2);
    assert_int_equal(t.hosts[1].slots, 1);
    check_abs(t.hosts[1].wall_s, 6, 1e-12);
    check_abs(t.hosts[1].slowest_s, 4, 1e-12);
    /* a/8 took the place of a/7; b/7 is there throughout: 100..106 */
    assert_int_equal(t.total.slots, 2);
    check_abs(t.elapsed_s, 6, 1e-6);
    check_abs(t.efficiency, 10.0 / 12, 1e-6);
    etas_run_tasks_free(&t);
    etas_store_close(store);
}

static void time_without_any_slot_does_not_count(void **state)
{
    etas_store *const store = fresh();
    etas_run_tasks t;
    etas_error err = {0};

    (void)state;
    add(store, 0, "a", 1, 100, 10);
    add(store, 10, "a", 2, 105, 10);  /* to 115 */
    add(store, 20, "a", 3, 5000, 10); /* resumed */
    check_ok(etas_run_tasks_read(&t, store, &err), &err);
    assert_int_equal(t.total.slots, 2);
    check_abs(t.elapsed_s, 25, 1e-6);
    check_abs(t.efficiency, 30.0 / 50, 1e-6);
    etas_run_tasks_free(&t);
    etas_store_close(store);
}

static void durations_fall_into_bins_that_hold_all(void **state)
{
    etas_store *const store = fresh();
    etas_run_tasks t;
    etas_error err = {0};
    uint64_t sum = 0;

    (void)state;
    for (uint64_t i = 0; i < 50; i++)
        add(store, 10 * i, "a", 1, (double)i, 0.001 * pow(1.2, (double)i));
    check_ok(etas_run_tasks_read(&t, store, &err), &err);
    assert_int_equal(t.n_bins, ETAS_RUN_BINS);
    check_rel(t.bins[0].lo_s, 0.001, 1e-12);
    check_rel(t.bins[ETAS_RUN_BINS - 1].hi_s, t.slowest[0].wall_s, 1e-12);
    for (size_t b = 0; b < t.n_bins; b++) {
        assert_true(t.bins[b].tasks >= 4 && t.bins[b].tasks <= 6); /* of equal ratio */
        sum += t.bins[b].tasks;
    }
    assert_int_equal(sum, 50);
    assert_int_equal(t.n_slowest, ETAS_RUN_SLOWEST);
    check_rel(t.slowest[ETAS_RUN_SLOWEST - 1].wall_s, 0.001 * pow(1.2, 45), 1e-12);
    etas_run_tasks_free(&t);
    etas_run_tasks_free(&t);
    etas_store_close(store);
}

static void equal_and_empty_durations_have_one_bin_or_none(void **state)
{
    etas_store *const store = fresh();
    etas_run_tasks t;
    etas_error err = {0};

    (void)state;
    check_ok(etas_run_tasks_read(&t, store, &err), &err);
    assert_int_equal(t.total.tasks + t.n_bins + t.n_hosts, 0);
    assert_true(isnan(t.slowfac) && isnan(t.efficiency) && isnan(t.mean_s) && isnan(t.median_s));
    add(store, 0, "a", 1, 1, 0);
    add(store, 10, "a", 1, 1, 0);
    check_ok(etas_run_tasks_read(&t, store, &err), &err);
    assert_int_equal(t.n_bins, 1);
    assert_int_equal(t.bins[0].tasks, 2);
    assert_int_equal(t.total.slots, 1);
    etas_run_tasks_free(&t);
    etas_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hosts_are_summed_and_ranked),
        cmocka_unit_test(time_without_any_slot_does_not_count),
        cmocka_unit_test(durations_fall_into_bins_that_hold_all),
        cmocka_unit_test(equal_and_empty_durations_have_one_bin_or_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
