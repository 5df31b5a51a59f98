/* Runs that are interrupted, killed, taken over or fed with what is not theirs. */
#include "unit/runner/whole_run.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runner/sink.h"

/* ---- interruption, resumption, supersession ---- */

typedef struct observer {
    volatile sig_atomic_t stop;
    uint64_t stop_at, last, calls;
    const char *take_over;
    etas_store *other;
} observer;

static void observe(void *context, const etas_progress *now)
{
    observer *const self = context;

    assert_int_equal(now->total, N);
    assert_in_range(now->stored, self->last, N);
    assert_true(now->workers > 0);
    self->last = now->stored;
    self->calls++;
    if (now->stored < self->stop_at)
        return;
    if (self->take_over == NULL)
        self->stop = 1;
    else if (self->other == NULL)
        check_ok(etas_store_open(&self->other, self->take_over, ETAS_STORE_RESUME, NULL), NULL);
}

static void an_interrupted_run_goes_on_where_it_stopped(void **state)
{
    static const etas_backend backends[] = {ETAS_BACKEND_PROCESSES, ETAS_BACKEND_SERIAL};
    const char *const path = scratch_path("resumed.store");

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        observer o = {.stop_at = N / 4};
        etas_runner_config cfg = {.backend = backends[i],
                                  .processes = 2,
                                  .interrupted = &o.stop,
                                  .progress = observe,
                                  .progress_context = &o};
        etas_store *store = store_make(path, &small, N, seed_with(TROUBLE_SLOW, 0, SEED));
        etas_run_report report;
        etas_error err = {0};
        uint64_t stored;

        assert_true(etas_run(store, &cfg, &report, &err) == ETAS_E_INTERRUPTED);
        assert_string_equal(err.text, "interrupted");
        etas_ranges_free(&report.missing);
        etas_store_close(store);
        err = (etas_error){0};
        check_ok(etas_store_open(&store, path, ETAS_STORE_RESUME, &err), &err);
        stored = etas_ranges_total(etas_store_covered(store));
        assert_int_equal(stored, report.n_catalogs);
        assert_in_range(stored, N / 4, N - 1);
        o = (observer){.stop_at = UINT64_MAX};
        cfg.backend = backends[1 - i];
        check_ok(etas_run(store, &cfg, &report, &err), &err);
        assert_int_equal(o.last, N);
        assert_int_equal(report.repeated, 0);
        check_exports_as_wanted(store);
        etas_store_close(store);
    }
}

static void a_run_that_is_taken_over_stops_and_writes_nothing(void **state)
{
    const char *const path = scratch_path("taken.store");
    observer o = {.stop_at = N / 4, .take_over = path};
    const etas_runner_config cfg = {.backend = ETAS_BACKEND_PROCESSES,
                                    .processes = 2,
                                    .progress = observe,
                                    .progress_context = &o};
    etas_store *const store = store_make(path, &small, N, seed_with(TROUBLE_SLOW, 0, SEED));
    etas_run_report report;
    etas_export_summary summary;
    etas_error err = {0};
    size_t len;

    (void)state;
    unlink(scratch_path("taken.csv"));
    assert_true(etas_run(store, &cfg, &report, &err) == ETAS_E_SUPERSEDED);
    assert_true(export_to(store, scratch_path("taken.csv"), true, &summary, NULL) ==
                ETAS_E_SUPERSEDED);
    assert_null(scratch_read(scratch_path("taken.csv"), &len));
    etas_store_close(store);
    err = (etas_error){0};
    check_ok(
        etas_run(o.other, &(etas_runner_config){.backend = ETAS_BACKEND_SERIAL}, &report, &err),
        &err);
    check_exports_as_wanted(o.other);
    etas_store_close(o.other);
}

/* The driver is killed again and again; what its slots were doing dies with it. */
static void a_killed_driver_s_run_goes_on_with_the_same_bytes(void **state)
{
    const char *const path = scratch_path("driver.store");
    const etas_runner_config cfg = {.backend = ETAS_BACKEND_PROCESSES, .processes = 2};
    etas_store *store = store_make(path, &small, N, seed_with(TROUBLE_SLOW, 0, SEED));
    etas_run_report report;
    etas_error err = {0};

    (void)state;
    etas_store_close(store);
    for (int k = 0; k < 3; k++) {
        const pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
            if (etas_store_open(&store, path, ETAS_STORE_RESUME, NULL) == ETAS_OK &&
                etas_run(store, &cfg, &report, NULL) == ETAS_OK)
                _exit(0);
            _exit(1);
        }
        nanosleep(&(struct timespec){.tv_nsec = 620000000}, NULL);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    }
    check_ok(etas_store_open(&store, path, ETAS_STORE_RESUME, &err), &err);
    assert_int_equal(etas_store_epoch(store), 5);
    check_ok(etas_run(store, &cfg, &report, &err), &err);
    check_exports_as_wanted(store);
    etas_store_close(store);
}

static void a_complete_run_asks_for_nothing_more(void **state)
{
    const etas_runner_config cfg = {.backend = ETAS_BACKEND_PROCESSES, .processes = 1};
    etas_store *store;
    etas_run_report report;
    etas_error err = {0};

    (void)state;
    check_ok(etas_store_open(&store, scratch_path("serial.store"), ETAS_STORE_RESUME, &err), &err);
    check_ok(etas_run(store, &cfg, &report, &err), &err);
    assert_int_equal(report.n_catalogs, N);
    assert_int_equal(report.n_events, 0);
    etas_store_close(store);
}

static void a_store_of_another_algorithm_or_with_another_model_is_refused(void **state)
{
    const etas_runner_config cfg = {.backend = ETAS_BACKEND_SERIAL};
    etas_store_run run = {.n_catalogs = 5, .algorithm = 99, .blob_len = 3};
    etas_run_report report;
    etas_error err = {0};
    etas_store *store;

    (void)state;
    run.blob = (const uint8_t *)"abc";
    check_ok(etas_store_open(&store, scratch_path("old.store"), ETAS_STORE_RESTART, &err), &err);
    check_ok(etas_store_begin(store, &run, &err), &err);
    assert_true(etas_run(store, &cfg, &report, &err) == ETAS_E_VERSION);
    assert_non_null(strstr(err.text, "99"));
    etas_store_close(store);
    run.algorithm = ETAS_ALGORITHM_VERSION;
    err = (etas_error){0};
    check_ok(etas_store_open(&store, scratch_path("old.store"), ETAS_STORE_RESTART, &err), &err);
    check_ok(etas_store_begin(store, &run, &err), &err);
    assert_true(etas_run(store, &cfg, &report, &err) == ETAS_E_CORRUPT);
    etas_store_close(store);
}

/* ---- the sink ---- */

static size_t encode(uint8_t out[], size_t capacity, uint64_t first, uint32_t count, uint8_t run)
{
    uint32_t counts[16] = {0};
    const etas_events events = {.n_catalogs = count, .count = counts};
    etas_frame_header header = {.run = {run, 2, 3, 4}, .first = first, .count = count};
    size_t len;

    assert_true(count <= 16 && etas_frame_bound(&events) <= capacity);
    check_ok(etas_frame_encode(&header, &events, 0, out, &len), NULL);
    return len;
}

static void only_whole_frames_of_the_run_are_taken_and_each_catalogue_once(void **state)
{
    etas_store *const store = store_make(scratch_path("sink.store"), &small, 100, SEED);
    etas_store_run run;
    etas_sink sink = {0};
    etas_error err = {0};
    uint8_t frame[2048];
    char why[200];
    size_t len;
    bool valid;

    (void)state;
    check_ok(etas_store_run_get(store, &run, &err), &err);
    check_ok(etas_sink_open(&sink, store, &run, &err), &err);
    len = encode(frame, sizeof frame, 0, 5, 9);
    check_ok(etas_sink_frame(&sink, len, frame, &valid, why, &err), &err);
    assert_false(valid);
    assert_non_null(strstr(why, "another run"));
    len = encode(frame, sizeof frame, 98, 3, 1);
    check_ok(etas_sink_frame(&sink, len, frame, &valid, why, &err), &err);
    assert_false(valid);
    assert_non_null(strstr(why, "98 to 100"));
    len = encode(frame, sizeof frame, 10, 10, 1);
    frame[len - 1] ^= 1;
    check_ok(etas_sink_frame(&sink, len, frame, &valid, why, &err), &err);
    assert_false(valid);
    check_ok(etas_sink_frame(&sink, 3, frame, &valid, NULL, &err), &err);
    assert_false(valid);
    assert_int_equal(etas_ranges_total(&sink.todo), 100);
    frame[len - 1] ^= 1;
    check_ok(etas_sink_frame(&sink, len, frame, &valid, why, &err), &err);
    assert_true(valid);
    assert_int_equal(etas_ranges_total(&sink.todo), 90);
    len = encode(frame, sizeof frame, 15, 10, 1);
    check_ok(etas_sink_frame(&sink, len, frame, &valid, why, &err), &err);
    assert_true(valid);
    assert_int_equal(sink.repeated, 5);
    assert_int_equal(etas_ranges_total(&sink.todo), 85);
    check_ok(etas_sink_dead(&sink, (etas_range){20, 7}, "bad", &err), &err);
    assert_int_equal(etas_ranges_total(&sink.todo), 83);
    check_ok(etas_sink_flush(&sink, &err), &err);
    assert_int_equal(etas_ranges_total(etas_store_covered(store)), 15);
    len = encode(frame, sizeof frame, 25, 2, 1); /* dead, yet somebody has made them */
    check_ok(etas_sink_frame(&sink, len, frame, &valid, why, &err), &err);
    assert_true(valid);
    check_ok(etas_sink_flush(&sink, &err), &err);
    assert_int_equal(etas_ranges_total(etas_store_covered(store)), 17);
    etas_sink_close(&sink);
    etas_store_close(store);
}

/* ---- export ---- */

static void a_failed_export_leaves_the_file_that_was_there(void **state)
{
    const char *const path = scratch_path("hurt.store"), *const csv = scratch_path("kept.csv");
    etas_store *store = store_make(path, &small, N, SEED);
    etas_run_report report;
    etas_export_summary summary;
    etas_error err = {0};
    sqlite3 *db;
    uint8_t *kept;
    size_t len;

    (void)state;
    check_ok(etas_run(store, &(etas_runner_config){.backend = ETAS_BACKEND_SERIAL}, &report, &err),
             &err);
    etas_store_close(store);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE frame SET body = zeroblob(length(body))", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    scratch_write(csv, 4, "old\n");
    check_ok(etas_store_open(&store, path, ETAS_STORE_READ, &err), &err);
    assert_true(export_to(store, csv, false, &summary, &err) == ETAS_E_CORRUPT);
    etas_store_close(store);
    kept = scratch_read(csv, &len);
    assert_int_equal(len, 4);
    assert_memory_equal(kept, "old\n", 4);
    free(kept);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interrupted_run_goes_on_where_it_stopped),
        cmocka_unit_test(a_run_that_is_taken_over_stops_and_writes_nothing),
        cmocka_unit_test(a_killed_driver_s_run_goes_on_with_the_same_bytes),
        cmocka_unit_test(a_complete_run_asks_for_nothing_more),
        cmocka_unit_test(a_store_of_another_algorithm_or_with_another_model_is_refused),
        cmocka_unit_test(only_whole_frames_of_the_run_are_taken_and_each_catalogue_once),
        cmocka_unit_test(a_failed_export_leaves_the_file_that_was_there),
    };
    int code;

    if (etas_slot_main(argc, argv, &code))
        return code;
    scratch_open();
    code = cmocka_run_group_tests(tests, make_reference, free_reference);
    scratch_close();
    return code;
}
