/* Who made what, what was made again, and hosts that are not believed any more. */
#include "unit/store/store_fixture.h"

#include "etas/array.h"
#include "support/scratch.h"

static void add_by(etas_store *store, uint64_t first, uint32_t count, const char *host)
{
    etas_store_frame frame = make_frame(first, count);
    etas_store_task task = {.first = first, .count = count};
    uint64_t n_new;
    etas_error err = {0};

    memcpy(task.host, host, strlen(host) + 1);
    check_ok(etas_store_add(store, 1, &frame, &task, &n_new, &err), &err);
    free_frame(&frame);
}

enum { MOST = 16 };

static size_t list(etas_store *store, uint64_t after, etas_store_made out[MOST])
{
    size_t n;
    etas_error err = {0};

    check_ok(etas_store_made_after(store, after, MOST, out, &n, &err), &err);
    return n;
}

static void verify(etas_store *store, const etas_store_made *task, const char *host)
{
    etas_store_made note = *task;
    etas_error err = {0};

    memcpy(note.verified_by, host, strlen(host) + 1);
    check_ok(etas_store_verified(store, 1, &note, &err), &err);
}

static uint64_t distrust(etas_store *store, const char *host)
{
    etas_store_fault fault = {.release = "0.1.0", .index = 12};
    etas_ranges removed = {0};
    etas_error err = {0};
    uint64_t n;

    memcpy(fault.host, host, strlen(host) + 1);
    check_ok(etas_store_distrust(store, &fault, &removed, &err), &err);
    for (size_t i = 0; i < removed.n; i++)
        assert_int_equal(etas_ranges_overlap(etas_store_covered(store), removed.items[i]), 0);
    n = etas_ranges_total(&removed);
    etas_ranges_free(&removed);
    return n;
}

static void tasks_come_in_the_order_of_storing_with_their_hosts(void **state)
{
    const char *const path = scratch_path("made.store");
    etas_store *store = open_store(path, ETAS_STORE_CREATE);
    etas_store_made made[MOST];
    size_t n;
    etas_error err = {0};

    (void)state;
    begin_run(store, 100);
    add_by(store, 50, 10, "a");
    add_by(store, 0, 20, "b");
    add_by(store, 5, 3, "c"); /* nothing new */
    add_by(store, 15, 10, "a");
    assert_int_equal(list(store, 0, made), 3);
    assert_int_equal(made[0].first, 50);
    assert_int_equal(made[1].first, 0);
    assert_int_equal(made[1].count, 20);
    assert_string_equal(made[1].host, "b");
    assert_int_equal(made[2].first, 15);
    assert_true(made[0].id < made[1].id && made[1].id < made[2].id);
    verify(store, &made[1], "d");
    etas_store_close(store);

    store = open_store(path, ETAS_STORE_RESUME);
    assert_int_equal(list(store, made[0].id, made), 2);
    assert_string_equal(made[0].verified_by, "d");
    assert_string_equal(made[1].verified_by, "");
    check_ok(etas_store_made_after(store, 0, 1, made, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_int_equal(made[0].first, 50);
    etas_store_close(store);
}

static void a_distrusted_host_has_made_and_verified_nothing(void **state)
{
    const char *const path = scratch_path("distrust.store");
    etas_store *store = open_store(path, ETAS_STORE_CREATE);
    etas_store_made made[MOST];
    etas_store_fault *faults;
    size_t n;
    etas_error err = {0};

    (void)state;
    begin_run(store, 100);
    add_by(store, 0, 10, "good");
    add_by(store, 5, 10, "bad"); /* 10 .. 14 are new */
    add_by(store, 30, 20, "bad");
    add_by(store, 50, 10, "good");
    assert_int_equal(list(store, 0, made), 4);
    verify(store, &made[0], "bad");
    verify(store, &made[3], "other");
    assert_int_equal(distrust(store, "bad"), 25);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(etas_ranges_total(etas_store_covered(store)), 20);
        check_contents(store);
        assert_int_equal(list(store, 0, made), 2);
        assert_string_equal(made[0].verified_by, "");
        assert_string_equal(made[1].verified_by, "other");
        check_ok(etas_store_faults(store, &faults, &n, &err), &err);
        assert_int_equal(n, 1);
        assert_string_equal(faults[0].host, "bad");
        assert_string_equal(faults[0].release, "0.1.0");
        assert_int_equal(faults[0].index, 12);
        assert_int_equal(faults[0].removed, 25);
        etas_array_free((void **)&faults);
        etas_store_close(store);
        store = open_store(path, ETAS_STORE_RESUME);
    }
    /* The gap is filled by frames with the ranges of those that went. */
    add_by(store, 5, 10, "good");
    add_by(store, 30, 20, "good");
    assert_int_equal(etas_ranges_total(etas_store_covered(store)), 45);
    check_contents(store);
    assert_int_equal(distrust(store, "nobody"), 0);
    check_ok(etas_store_faults(store, &faults, &n, &err), &err);
    assert_int_equal(n, 2);
    etas_array_free((void **)&faults);
    etas_store_close(store);
}

static void a_superseded_driver_neither_verifies_nor_distrusts(void **state)
{
    const char *const path = scratch_path("late.store");
    etas_store *const old = open_store(path, ETAS_STORE_CREATE);
    const etas_store_fault fault = {.host = "here"};
    etas_store_made made[MOST];
    etas_ranges removed = {0};
    uint64_t n_new;
    etas_store *new;
    etas_error err = {0};

    (void)state;
    begin_run(old, 100);
    check_ok(add_range(old, 0, 10, &n_new, &err), &err);
    assert_int_equal(list(old, 0, made), 1);
    new = open_store(path, ETAS_STORE_RESUME);
    assert_int_equal(etas_store_verified(old, 1, made, NULL), ETAS_E_SUPERSEDED);
    assert_int_equal(etas_store_distrust(old, &fault, &removed, NULL), ETAS_E_SUPERSEDED);
    assert_int_equal(etas_ranges_total(etas_store_covered(old)), 10);
    assert_int_equal(list(new, 0, made), 1);
    etas_ranges_free(&removed);
    etas_store_close(old);
    etas_store_close(new);
}

static void what_is_stored_of_a_range_is_found(void **state)
{
    etas_store *const store = open_store(scratch_path("find.store"), ETAS_STORE_CREATE);
    const uint64_t from[][2] = {{0, 3}, {10, 5}, {15, 5}, {20, 10}, {40, 20}};

    (void)state;
    begin_run(store, 100);
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        add_by(store, from[i][0], (uint32_t)from[i][1], "a");
    for (uint64_t first = 0; first < 65; first++)
        for (uint64_t count = 1; count < 40; count += 3) {
            const etas_range range = {first, count};
            etas_ranges seen = {0};
            etas_error err = {0};

            check_ok(etas_store_find(store, range, check_piece, &seen, &err), &err);
            assert_int_equal(etas_ranges_total(&seen),
                             etas_ranges_overlap(etas_store_covered(store), range));
            assert_int_equal(etas_ranges_overlap(&seen, range), etas_ranges_total(&seen));
            etas_ranges_free(&seen);
        }
    assert_int_equal(
        etas_store_find(store, (etas_range){ETAS_MAX_CATALOGS, 1}, check_piece, NULL, NULL),
        ETAS_E_ARG);
    etas_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_come_in_the_order_of_storing_with_their_hosts),
        cmocka_unit_test(a_distrusted_host_has_made_and_verified_nothing),
        cmocka_unit_test(a_superseded_driver_neither_verifies_nor_distrusts),
        cmocka_unit_test(what_is_stored_of_a_range_is_found),
    };

    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close();
    return failed;
}
