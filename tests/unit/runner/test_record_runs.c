/* Runs that make records: the same bytes from every backend, and nothing else is let in. */
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/runner.h"
#include "runner/sink.h"
#include "support/refit_fixture.h"
#include "support/scratch.h"
#include "unit/runner/begun_store.h"

enum { N = 9, SEED = 3 };

static etas_refit model;
static uint8_t *blob;
static size_t blob_len;
static etas_records wanted; /* the serial run's */

static etas_store *begin(const char *path)
{
    return begun_store(path, blob_len, blob, N, SEED);
}

static etas_status keep(void *context, uint64_t index, size_t len, const uint8_t bytes[],
                        etas_error *err)
{
    etas_records *const out = context;

    (void)err;
    assert_int_equal(index, out->n);
    return etas_records_append(out, len, bytes);
}

static etas_records read_all(etas_store *store)
{
    etas_records out = {0};
    etas_error err = {0};

    check_ok(etas_records_each(store, keep, &out, &err), &err);
    return out;
}

static int make_reference(void **state)
{
    const etas_runner_config cfg = {.backend = ETAS_BACKEND_SERIAL};
    etas_run_report report;
    etas_error err = {0};
    etas_store *store;

    (void)state;
    refit_make(&model);
    check_ok(etas_refit_encode(&model, &blob, &blob_len, &err), &err);
    store = begin(scratch_path("serial.store"));
    check_ok(etas_run(store, &cfg, &report, &err), &err);
    assert_int_equal(report.n_catalogs, N);
    assert_int_equal(report.n_events, 0);
    wanted = read_all(store);
    assert_int_equal(wanted.n, N);
    etas_store_close(store);
    return 0;
}

static int free_reference(void **state)
{
    (void)state;
    etas_refit_free(&model);
    etas_array_free((void **)&blob);
    etas_records_free(&wanted);
    return 0;
}

static void check_as_wanted(etas_store *store)
{
    etas_records got = read_all(store);

    assert_int_equal(got.n, wanted.n);
    assert_int_equal(got.n_bytes, wanted.n_bytes);
    assert_memory_equal(got.length, wanted.length, wanted.n * sizeof *wanted.length);
    assert_memory_equal(got.bytes, wanted.bytes, wanted.n_bytes);
    etas_records_free(&got);
}

static void processes_make_the_serial_runs_bytes(void **state)
{
    static const struct {
        uint32_t processes;
        uint64_t chunk;
    } ways[] = {{1, 0}, {2, 1}, {3, 4}, {2, 100}};

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const etas_runner_config cfg = {.backend = ETAS_BACKEND_PROCESSES,
                                        .processes = ways[i].processes,
                                        .chunk_size = ways[i].chunk,
                                        .kernels = i == 1 ? "scalar" : NULL};
        etas_store *store = begin(scratch_path("processes.store"));
        etas_run_report report;
        etas_error err = {0};

        check_ok(etas_run(store, &cfg, &report, &err), &err);
        check_as_wanted(store);
        etas_store_close(store);
    }
}

/* ---- what the sink takes ---- */

static bool taken(etas_sink *sink, size_t len, const uint8_t *bytes, char why[200])
{
    etas_error err = {0};
    bool valid;

    check_ok(etas_sink_frame(sink, len, bytes, &valid, why, &err), &err);
    return valid;
}

static size_t frame_of(const etas_records *r, uint32_t count, uint64_t first, uint8_t *out)
{
    etas_frame_header h = {.run = {1, 2, 3, 4}, .first = first, .count = count};
    size_t len;

    check_ok(etas_record_frame_encode(&h, r, 0, out, &len), NULL);
    return len;
}

/* Some of the records, in a frame of their own, as if a run had stopped behind them. */
static void store_some(etas_store *store, size_t at, uint32_t count)
{
    uint8_t *const bytes = malloc(etas_record_frame_bound(&wanted));
    etas_frame_header h = {.run = {1, 2, 3, 4}, .first = at, .count = count, .compressed = true};
    etas_store_run run;
    etas_sink sink = {0};
    etas_error err = {0};
    char why[200];
    size_t len;

    assert_non_null(bytes);
    check_ok(etas_record_frame_encode(&h, &wanted, at, bytes, &len), NULL);
    check_ok(etas_store_run_get(store, &run, &err), &err);
    check_ok(etas_sink_open(&sink, store, &run, &err), &err);
    assert_true(taken(&sink, len, bytes, why));
    check_ok(etas_sink_flush(&sink, &err), &err);
    etas_sink_close(&sink);
    free(bytes);
}

static void a_run_that_was_stopped_goes_on_to_the_same_bytes(void **state)
{
    const etas_runner_config cfg = {.backend = ETAS_BACKEND_PROCESSES, .processes = 2};
    etas_store *store = begin(scratch_path("stopped.store"));
    etas_run_report report;
    etas_error err = {0};

    (void)state;
    store_some(store, 2, 3);
    store_some(store, 4, 2); /* overlaps: one of its records is there */
    etas_store_close(store);
    check_ok(etas_store_open(&store, scratch_path("stopped.store"), ETAS_STORE_RESUME, &err), &err);
    assert_int_equal(etas_ranges_total(etas_store_covered(store)), 4);
    check_ok(etas_run(store, &cfg, &report, &err), &err);
    check_as_wanted(store);
    etas_store_close(store);
}

static void the_sink_takes_records_of_the_runs_kind_and_nothing_else(void **state)
{
    etas_store *store = begin(scratch_path("sink.store"));
    uint8_t *const bytes = malloc(etas_record_frame_bound(&wanted));
    etas_frame_header catalogs = {.run = {1, 2, 3, 4}, .count = 1};
    etas_events none = {0};
    etas_records odd = {0};
    etas_store_run run;
    etas_sink sink = {0};
    etas_error err = {0};
    char why[200];
    size_t len;

    (void)state;
    assert_non_null(bytes);
    check_ok(etas_store_run_get(store, &run, &err), &err);
    check_ok(etas_sink_open(&sink, store, &run, &err), &err);

    check_ok(etas_events_reserve(&none, 1, 1), NULL);
    none.n_catalogs = 1;
    none.count[0] = 0;
    check_ok(etas_frame_encode(&catalogs, &none, 0, bytes, &len), NULL);
    assert_false(taken(&sink, len, bytes, why));
    assert_non_null(strstr(why, "catalogues"));

    check_ok(etas_records_append(&odd, wanted.length[0], wanted.bytes), NULL);
    check_ok(etas_records_append(&odd, 3, wanted.bytes), NULL); /* too short for a refit */
    assert_false(taken(&sink, frame_of(&odd, 2, 0, bytes), bytes, why));
    assert_non_null(strstr(why, "kind"));
    assert_true(taken(&sink, frame_of(&odd, 1, 0, bytes), bytes, why));

    assert_false(taken(&sink, frame_of(&wanted, 2, N - 1, bytes), bytes, why));
    assert_int_equal(etas_ranges_total(&sink.todo), N - 1);
    check_ok(etas_sink_flush(&sink, &err), &err);
    etas_sink_close(&sink);
    etas_store_close(store);
    etas_events_free(&none);
    etas_records_free(&odd);
    free(bytes);
}

static etas_status no_visit(void *context, uint64_t index, size_t len, const uint8_t bytes[],
                            etas_error *err)
{
    (void)context, (void)index, (void)len, (void)bytes, (void)err;
    fail();
    return ETAS_OK;
}

static void catalogues_are_not_read_as_records(void **state)
{
    etas_store_run run = {.n_catalogs = 1, .config_text = "{}", .release = "test"};
    etas_error err = {0};
    etas_store *store;
    uint8_t *plan = NULL;

    (void)state;
    check_ok(etas_blob_encode(&model.plan, &plan, &run.blob_len, &err), &err);
    run.blob = plan;
    check_ok(etas_store_open(&store, scratch_path("plain.store"), ETAS_STORE_RESTART, &err), &err);
    check_ok(etas_store_begin(store, &run, &err), &err);
    assert_int_equal(etas_records_each(store, no_visit, NULL, &err), ETAS_E_ARG);
    etas_store_close(store);
    etas_array_free((void **)&plan);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_make_the_serial_runs_bytes),
        cmocka_unit_test(a_run_that_was_stopped_goes_on_to_the_same_bytes),
        cmocka_unit_test(the_sink_takes_records_of_the_runs_kind_and_nothing_else),
        cmocka_unit_test(catalogues_are_not_read_as_records),
    };
    int code;

    if (etas_slot_main(argc, argv, &code))
        return code;
    scratch_open();
    code = cmocka_run_group_tests(tests, make_reference, free_reference);
    scratch_close();
    return code;
}
