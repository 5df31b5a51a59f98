/* Memory that runs out at every single allocation of a run: it goes on, or says so and can be
 * resumed; what is made in the end is the same. */
#include "support/exhaust.h"
#include "support/scratch.h"
#include "unit/runner/runner_fixture.h"

#include <stdlib.h>

#include "etas/runner.h"

enum { N = 30, SEED = 4711, MOST = 2000 };

static model small;
static uint8_t *wanted; /* the file of a run without failures */
static size_t wanted_len;

static etas_status export_to(etas_store *store, etas_error *err)
{
    const etas_forecast_spec output = {.path = scratch_path("out.csv"), .format = ETAS_FORMAT_CSEP};
    const etas_export_config cfg = {.n_outputs = 1, .outputs = &output};
    etas_export_summary summary;

    return etas_export(store, &cfg, &summary, err);
}

static void check_exports_as_wanted(etas_store *store)
{
    etas_error err = {0};
    uint8_t *got;
    size_t len;

    check_ok(export_to(store, &err), &err);
    got = scratch_read(scratch_path("out.csv"), &len);
    assert_int_equal(len, wanted_len);
    assert_memory_equal(got, wanted, len);
    free(got);
}

static etas_status run(etas_store *store, etas_backend backend, etas_error *err)
{
    const etas_runner_config cfg = {.backend = backend, .processes = 1, .chunk_size = 10};
    etas_run_report report = {0};
    const etas_status st = etas_run(store, &cfg, &report, err);

    assert_true(st != ETAS_OK || report.n_catalogs == N);
    etas_ranges_free(&report.missing);
    return st;
}

/* Whether allocation @p n of a run was there to fail. */
static bool survives(long n, etas_backend backend)
{
    etas_store *const store = store_make(ETAS_STORE_MEMORY, &small, N, SEED);
    etas_error err = {0};
    etas_status st;
    bool failed;

    exhaust_at(n);
    st = run(store, backend, &err);
    failed = exhaust_end();
    if (st != ETAS_OK) {
        if (!failed || st != ETAS_E_NOMEM || err.code != ETAS_E_NOMEM)
            fail_msg("allocation %ld: %s: %s", n, etas_strerror(st), err.text);
        err = (etas_error){0};
        check_ok(run(store, backend, &err), &err);
    }
    check_exports_as_wanted(store);
    etas_store_close(store);
    return failed;
}

static long survive_all(etas_backend backend)
{
    long n = 0;

    while (n < MOST && survives(n, backend))
        n++;
    assert_true(n < MOST);
    return n;
}

static void a_serial_run(void **state)
{
    (void)state;
    assert_true(survive_all(ETAS_BACKEND_SERIAL) > 20);
}

static void a_run_with_processes(void **state)
{
    (void)state;
    assert_true(survive_all(ETAS_BACKEND_PROCESSES) > 10);
}

static etas_status export_again(void *context, etas_error *err)
{
    return export_to(context, err);
}

static void an_export(void **state)
{
    etas_store *const store = store_make(ETAS_STORE_MEMORY, &small, N, SEED);
    etas_error err = {0};

    (void)state;
    check_ok(run(store, ETAS_BACKEND_SERIAL, &err), &err);
    exhaust(export_again, store, 10);
    check_exports_as_wanted(store);
    etas_store_close(store);
}

static etas_status open_slots(void *context, etas_error *err)
{
    const etas_runner_config cfg = {.backend = ETAS_BACKEND_PROCESSES, .processes = 2};
    struct etas_slots *slots = NULL;
    const etas_status st = etas_local_slots_open(&slots, &cfg, err);

    (void)context;
    assert_true(st == ETAS_OK || slots == NULL);
    etas_local_slots_close(slots);
    return st;
}

static void slots(void **state)
{
    (void)state;
    exhaust(open_slots, NULL, 1);
}

static int set_up(void **state)
{
    etas_store *store;
    etas_error err = {0};

    (void)state;
    model_make(&small, 4);
    store = store_make(ETAS_STORE_MEMORY, &small, N, SEED);
    check_ok(run(store, ETAS_BACKEND_SERIAL, &err), &err);
    check_ok(export_to(store, &err), &err);
    wanted = scratch_read(scratch_path("out.csv"), &wanted_len);
    assert_true(wanted_len > 10 * (size_t)N);
    etas_store_close(store);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(wanted);
    model_free(&small);
    return 0;
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_serial_run),
        cmocka_unit_test(a_run_with_processes),
        cmocka_unit_test(an_export),
        cmocka_unit_test(slots),
    };
    int code;

    if (etas_slot_main(argc, argv, &code))
        return code;
    scratch_open();
    code = cmocka_run_group_tests(tests, set_up, tear_down);
    scratch_close();
    return code;
}
