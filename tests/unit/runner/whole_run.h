/** @file whole_run.h  The run that all others are compared with. */
#ifndef ETAS_TESTS_WHOLE_RUN_H
#define ETAS_TESTS_WHOLE_RUN_H

#include <stdlib.h>
#include <string.h>

#include "support/check.h"

#include "etas/codec.h"
#include "etas/runner.h"
#include "support/scratch.h"
#include "unit/runner/runner_fixture.h"

enum { N = 1500, SEED = 4711 };

static model small;
static uint8_t *wanted; /* the serial run's file */
static size_t wanted_len;

static inline etas_status export_to(etas_store *store, const char *path, bool skip_missing,
                                    etas_export_summary *summary, etas_error *err)
{
    const etas_forecast_spec output = {.path = path, .format = ETAS_FORMAT_CSEP};
    const etas_export_config cfg = {
        .n_outputs = 1, .outputs = &output, .skip_missing = skip_missing};

    return etas_export(store, &cfg, summary, err);
}

static inline void check_exports_as_wanted(etas_store *store)
{
    etas_export_summary summary;
    etas_error err = {0};
    uint8_t *got;
    size_t len;

    check_ok(export_to(store, scratch_path("out.csv"), false, &summary, &err), &err);
    assert_int_equal(summary.n_catalogs, N);
    got = scratch_read(scratch_path("out.csv"), &len);
    assert_int_equal(len, wanted_len);
    assert_memory_equal(got, wanted, len);
    free(got);
}

static inline int make_reference(void **state)
{
    const etas_runner_config cfg = {.backend = ETAS_BACKEND_SERIAL};
    etas_run_report report;
    etas_export_summary summary;
    etas_error err = {0};
    etas_store *store;

    (void)state;
    model_make(&small, 4);
    store = store_make(scratch_path("serial.store"), &small, N, SEED);
    check_ok(etas_run(store, &cfg, &report, &err), &err);
    assert_int_equal(report.n_catalogs, N);
    assert_int_equal(report.missing.n, 0);
    check_ok(export_to(store, scratch_path("serial.csv"), false, &summary, &err), &err);
    assert_true(summary.n_events > N);
    assert_true(summary.n_empty > 0);
    assert_int_equal(summary.n_events, report.n_events);
    wanted = scratch_read(scratch_path("serial.csv"), &wanted_len);
    assert_true(wanted_len > 10 * N);
    etas_store_close(store);
    return 0;
}

static inline int free_reference(void **state)
{
    (void)state;
    free(wanted);
    model_free(&small);
    return 0;
}

#endif
