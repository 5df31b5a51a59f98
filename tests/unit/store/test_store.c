#include "unit/store/store_fixture.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

#include "support/scratch.h"

static void what_a_run_is_made_of_comes_back_bit_for_bit(void **state)
{
    const char *const path = scratch_path("run.store");
    etas_store *store = open_store(path, ETAS_STORE_CREATE);
    etas_error err = {0};
    etas_store_run run;

    (void)state;
    assert_true(etas_store_run_get(store, &run, NULL) == ETAS_E_IO);
    begin_run(store, 100);
    assert_false(etas_store_finished(store));
    assert_int_equal(etas_store_epoch(store), 1);
    etas_store_close(store);

    store = open_store(path, ETAS_STORE_READ);
    check_ok(etas_store_run_get(store, &run, &err), &err);
    assert_int_equal(run.n_catalogs, 100);
    assert_int_equal(run.first_catalog, 7);
    assert_true(run.seed == UINT64_C(0xfedcba9876543210));
    assert_int_equal(run.algorithm, 1);
    assert_string_equal(run.config_text, "{\"a\": 1}");
    assert_string_equal(run.release, "0.1.0");
    assert_int_equal(run.blob_len, 22);
    assert_memory_equal(run.blob, "the model\0with a zero", 22);
    assert_int_equal(run.id[2], 3);
    assert_int_equal(run.blob_sha256[1], 8);
    assert_true(etas_store_add_phase(store, "load", 1, NULL) == ETAS_E_ARG);
    etas_store_close(store);
}

static void a_store_has_one_run(void **state)
{
    etas_store *const store = open_store(scratch_path("once.store"), ETAS_STORE_CREATE);
    const etas_store_run again = {.n_catalogs = 1, .blob = (const uint8_t *)"x", .blob_len = 1};

    (void)state;
    begin_run(store, 5);
    assert_true(etas_store_begin(store, &again, NULL) == ETAS_E_EXISTS);
    etas_store_close(store);
}

enum { SPAN = 400, ROUNDS = 200 };

static uint32_t next_random(uint64_t *x)
{
    *x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*x >> 33);
}

/* Batches of random overlapping frames, against one flag per catalogue, with reopening between. */
static void overlapping_frames_add_only_what_is_new(void **state)
{
    const char *const path = scratch_path("overlap.store");
    etas_store *store = open_store(path, ETAS_STORE_CREATE);
    bool flag[SPAN] = {false};
    uint64_t x = 12345;

    (void)state;
    begin_run(store, SPAN);
    for (int round = 0; round < ROUNDS; round++) {
        etas_store_frame frames[4];
        etas_store_task tasks[4] = {0};
        etas_error err = {0};
        const size_t n = next_random(&x) % 4 + 1;
        uint64_t want = 0, got, total = 0;

        for (size_t i = 0; i < n; i++) {
            const uint64_t first = next_random(&x) % (SPAN - 1);
            const uint64_t room = SPAN - first;
            const uint32_t count = 1 + next_random(&x) % (uint32_t)(room < 9 ? room : 9);

            frames[i] = make_frame(first, count);
            for (uint64_t k = first; k < first + count; k++) {
                want += !flag[k];
                flag[k] = true;
            }
        }
        check_ok(etas_store_add(store, n, frames, tasks, &got, &err), &err);
        assert_int_equal(got, want);
        for (size_t i = 0; i < n; i++)
            free_frame(&frames[i]);
        if (round % 20 == 19) {
            etas_store_close(store);
            store = open_store(path, ETAS_STORE_RESUME);
            assert_int_equal(etas_store_epoch(store), 2 + round / 20);
        }
        for (size_t k = 0; k < SPAN; k++) {
            total += flag[k];
            assert_int_equal(etas_ranges_overlap(etas_store_covered(store), (etas_range){k, 1}),
                             flag[k]);
        }
        assert_int_equal(etas_ranges_total(etas_store_covered(store)), total);
        check_contents(store);
    }
    etas_store_close(store);
}

static void a_frame_with_nothing_new_leaves_no_trace(void **state)
{
    const char *const path = scratch_path("repeat.store");
    etas_store *const store = open_store(path, ETAS_STORE_CREATE);
    sqlite3 *db;
    sqlite3_stmt *q;
    uint64_t n_new;
    etas_error err = {0};

    (void)state;
    begin_run(store, 100);
    check_ok(add_range(store, 10, 20, &n_new, &err), &err);
    check_ok(add_range(store, 15, 5, &n_new, &err), &err);
    assert_int_equal(n_new, 0);
    check_ok(add_range(store, 10, 20, &n_new, &err), &err);
    assert_int_equal(n_new, 0);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT (SELECT count(*) FROM frame), (SELECT count(*) FROM task)", -1,
                       &q, NULL);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(q, 0), 1);
    assert_int_equal(sqlite3_column_int(q, 1), 1);
    sqlite3_finalize(q);
    sqlite3_close(db);
    etas_store_close(store);
}

static void impossible_frames_are_refused(void **state)
{
    etas_store *const store = open_store(scratch_path("bad.store"), ETAS_STORE_CREATE);
    const etas_store_frame none = {.first = 3, .count = 0, .len = 1, .bytes = (const uint8_t *)"x"};
    const etas_store_frame high = {
        .first = ETAS_MAX_CATALOGS - 1, .count = 2, .len = 1, .bytes = (const uint8_t *)"x"};
    uint64_t n_new;

    (void)state;
    begin_run(store, 100);
    assert_true(etas_store_add(store, 1, &none, NULL, &n_new, NULL) == ETAS_E_ARG);
    assert_true(etas_store_add(store, 1, &high, NULL, &n_new, NULL) == ETAS_E_ARG);
    assert_int_equal(etas_store_covered(store)->n, 0);
    etas_store_close(store);
}

static void serials_phases_and_facts_live_on_across_resumes(void **state)
{
    const char *const path = scratch_path("facts.store");
    etas_store *store = open_store(path, ETAS_STORE_CREATE);
    etas_error err = {0};
    sqlite3 *db;
    sqlite3_stmt *q;
    uint64_t serial;
    char *value;

    (void)state;
    begin_run(store, 5);
    check_ok(etas_store_next_serial(store, &serial, &err), &err);
    assert_int_equal(serial, 1);
    check_ok(etas_store_add_phase(store, "simulate", 1.25, &err), &err);
    check_ok(etas_store_set(store, "epoch", "not the epoch", &err), &err);
    etas_store_close(store);

    store = open_store(path, ETAS_STORE_RESUME);
    assert_int_equal(etas_store_epoch(store), 2);
    check_ok(etas_store_next_serial(store, &serial, &err), &err);
    assert_int_equal(serial, 2);
    check_ok(etas_store_add_phase(store, "simulate", 0.5, &err), &err);
    check_ok(etas_store_get(store, "epoch", &value, &err), &err);
    assert_string_equal(value, "not the epoch");
    free(value);
    check_ok(etas_store_get(store, "nothing", &value, &err), &err);
    assert_null(value);
    etas_store_close(store);

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT seconds FROM phase WHERE name='simulate'", -1, &q, NULL);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_true(sqlite3_column_double(q, 0) == 1.75);
    sqlite3_finalize(q);
    sqlite3_close(db);
}

static void dead_catalogues_are_listed_until_they_are_stored(void **state)
{
    etas_store *const store = open_store(scratch_path("dead.store"), ETAS_STORE_CREATE);
    etas_ranges dead = {0};
    etas_error err = {0};
    uint64_t n_new;

    (void)state;
    begin_run(store, 100);
    check_ok(etas_store_add_dead(store, (etas_range){20, 1}, "signal 11", &err), &err);
    check_ok(etas_store_add_dead(store, (etas_range){30, 3}, "too large", &err), &err);
    check_ok(etas_store_add_dead(store, (etas_range){20, 1}, "signal 9", &err), &err);
    check_ok(add_range(store, 31, 1, &n_new, &err), &err);
    check_ok(etas_store_dead(store, &dead, &err), &err);
    assert_int_equal(dead.n, 3);
    assert_int_equal(dead.items[0].first, 20);
    assert_int_equal(dead.items[1].first, 30);
    assert_int_equal(dead.items[1].count, 1);
    assert_int_equal(dead.items[2].first, 32);
    etas_ranges_free(&dead);
    etas_store_close(store);
}

static void an_unfinished_run_is_not_overwritten_and_its_driver_not_disturbed(void **state)
{
    const char *const path = scratch_path("unfinished.store");
    etas_store *const store = open_store(path, ETAS_STORE_CREATE);
    etas_store *other;
    etas_error err = {0};
    uint64_t n_new;

    (void)state;
    begin_run(store, 100);
    check_ok(add_range(store, 10, 10, &n_new, &err), &err);
    assert_true(etas_store_open(&other, path, ETAS_STORE_CREATE, &err) == ETAS_E_EXISTS);
    assert_null(other);
    assert_non_null(strstr(err.text, "--resume"));
    assert_non_null(strstr(err.text, "--restart"));
    assert_string_equal(err.file, path);
    err = (etas_error){0};
    check_ok(add_range(store, 20, 10, &n_new, &err), &err);
    assert_int_equal(n_new, 10);
    check_ok(etas_store_finish(store, "incomplete", &err), &err);
    assert_true(etas_store_open(&other, path, ETAS_STORE_CREATE, NULL) == ETAS_E_EXISTS);
    etas_store_close(store);
}

static void a_complete_run_is_replaced_by_the_next(void **state)
{
    const char *const path = scratch_path("complete.store");
    etas_store *store = open_store(path, ETAS_STORE_CREATE);
    etas_error err = {0};
    uint64_t n_new;

    (void)state;
    begin_run(store, 100);
    check_ok(add_range(store, 0, 100, &n_new, &err), &err);
    check_ok(etas_store_finish(store, "complete", &err), &err);
    assert_true(etas_store_finished(store));
    etas_store_close(store);
    store = open_store(path, ETAS_STORE_READ);
    assert_true(etas_store_finished(store));
    etas_store_close(store);
    store = open_store(path, ETAS_STORE_CREATE);
    assert_int_equal(etas_store_covered(store)->n, 0);
    assert_int_equal(etas_store_epoch(store), 3);
    begin_run(store, 50);
    check_contents(store);
    etas_store_close(store);
}

static void resume_and_read_need_a_store(void **state)
{
    etas_store *store;
    etas_error err = {0};

    (void)state;
    assert_true(etas_store_open(&store, scratch_path("none"), ETAS_STORE_RESUME, &err) ==
                ETAS_E_IO);
    assert_string_equal(err.file, scratch_path("none"));
    assert_true(etas_store_open(&store, scratch_path("none"), ETAS_STORE_READ, NULL) == ETAS_E_IO);
    assert_true(etas_store_open(&store, scratch_path("no/such/place"), ETAS_STORE_CREATE, NULL) ==
                ETAS_E_IO);
    scratch_write(scratch_path("empty"), 0, "");
    assert_true(etas_store_open(&store, scratch_path("empty"), ETAS_STORE_RESUME, NULL) ==
                ETAS_E_IO);
    store = open_store(scratch_path("empty"), ETAS_STORE_CREATE);
    etas_store_close(store);
}

static void a_store_at_rest_is_one_plain_file(void **state)
{
    const char *const path = scratch_path("rest.store");
    etas_store *const store = open_store(path, ETAS_STORE_CREATE);
    uint8_t *bytes;
    size_t len;
    uint64_t n_new;
    etas_error err = {0};

    (void)state;
    begin_run(store, 100);
    check_ok(add_range(store, 0, 10, &n_new, &err), &err);
    etas_store_close(store);
    assert_null(scratch_read(scratch_path("rest.store-wal"), &len));
    bytes = scratch_read(path, &len);
    assert_true(len > 100);
    assert_memory_equal(bytes + 68, "ETAS", 4);
    assert_int_equal(bytes[18], 1); /* written with a rollback journal: readable without writing */
    free(bytes);
}

static etas_status stop_here(void *context, const etas_store_frame *frame, etas_range part,
                             etas_error *err)
{
    (void)frame;
    (void)part;
    ++*(int *)context;
    return etas_fail(err, ETAS_E_INTERRUPTED, "enough");
}

static void a_visitor_may_stop(void **state)
{
    etas_store *const store = open_store(scratch_path("stop.store"), ETAS_STORE_CREATE);
    uint64_t n_new;
    int calls = 0;
    etas_error err = {0};

    (void)state;
    begin_run(store, 100);
    check_ok(add_range(store, 0, 10, &n_new, &err), &err);
    check_ok(add_range(store, 20, 10, &n_new, &err), &err);
    assert_true(etas_store_each(store, stop_here, &calls, &err) == ETAS_E_INTERRUPTED);
    assert_int_equal(calls, 1);
    etas_store_close(store);
}

/* Kept while tasks come, or read again from the file: the same. */
static void the_tally_of_tasks_is_that_of_the_table(void **state)
{
    static const double wall[] = {0.25, 2, 0.5, 4, 0, 1, 2};
    const char *const path = scratch_path("tally.store");
    etas_store *store = open_store(path, ETAS_STORE_CREATE);
    etas_store_tally kept = {0}, read;
    etas_error err = {0};
    uint64_t n_new;

    (void)state;
    begin_run(store, 100);
    check_ok(etas_store_tally_get(store, &read, &err), &err);
    assert_memory_equal(&kept, &read, sizeof kept);
    for (size_t i = 0; i < 7; i++) {
        etas_store_frame frame = make_frame(10 * i, 10);
        etas_store_task task = {.first = 10 * i,
                                .count = 10,
                                .bytes = 100 + i,
                                .wall_s = wall[i],
                                .cpu_s = wall[i] / 2,
                                .host = "node"};

        check_ok(etas_store_add(store, 1, &frame, &task, &n_new, &err), &err);
        etas_store_tally_add(&kept, &task);
        free_frame(&frame);
    }
    etas_store_close(store);
    store = open_store(path, ETAS_STORE_RESUME);
    check_ok(etas_store_tally_get(store, &read, &err), &err);
    assert_int_equal(read.tasks, 7);
    assert_int_equal(read.bytes, 721);
    assert_true(read.wall_s == 9.75 && read.cpu_s == 4.875);
    assert_int_equal(read.slowest[0].first, 30);
    assert_int_equal(read.slowest[1].first, 10); /* the earlier of equals */
    assert_int_equal(read.slowest[2].first, 60);
    assert_string_equal(read.slowest[2].host, "node");
    assert_memory_equal(&kept, &read, sizeof kept);
    etas_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_run_is_made_of_comes_back_bit_for_bit),
        cmocka_unit_test(a_store_has_one_run),
        cmocka_unit_test(overlapping_frames_add_only_what_is_new),
        cmocka_unit_test(a_frame_with_nothing_new_leaves_no_trace),
        cmocka_unit_test(impossible_frames_are_refused),
        cmocka_unit_test(serials_phases_and_facts_live_on_across_resumes),
        cmocka_unit_test(dead_catalogues_are_listed_until_they_are_stored),
        cmocka_unit_test(an_unfinished_run_is_not_overwritten_and_its_driver_not_disturbed),
        cmocka_unit_test(a_complete_run_is_replaced_by_the_next),
        cmocka_unit_test(resume_and_read_need_a_store),
        cmocka_unit_test(a_store_at_rest_is_one_plain_file),
        cmocka_unit_test(a_visitor_may_stop),
        cmocka_unit_test(the_tally_of_tasks_is_that_of_the_table),
    };
    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close();
    return failed;
}
