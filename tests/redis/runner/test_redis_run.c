#include "pool_helpers.h"

#include <signal.h>
#include <stdlib.h>

#include "etas/text.h"
#include "support/check.h"

static const pool_model small = {.n_catalogs = 400, .seed = 7, .mean_background = 300};

static const char *store_path(const redis_fixture *fx)
{
    static char path[160];

    etas_format(sizeof path, path, "%s/run.store", fx->dir);
    return path;
}

static void one_slot_gives_the_bytes_of_a_serial_run(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver;

    pool_store_create(path, &small);
    pool_worker_start(fx, &(pool_worker){.slots = 1});
    driver = pool_driver_start(fx, path, &(pool_driver){0});
    assert_int_equal(pool_wait_exit(driver, 60), 0);
    pool_check_equals_serial(path, &small);
}

static void twelve_slots_on_three_agents_give_the_same_bytes(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver;

    pool_store_create(path, &small);
    for (int i = 0; i < 3; i++)
        pool_worker_start(fx, &(pool_worker){.slots = 4});
    driver = pool_driver_start(fx, path, &(pool_driver){.chunk_size = 7});
    assert_int_equal(pool_wait_exit(driver, 60), 0);
    pool_check_equals_serial(path, &small);
}

static void a_run_waits_for_workers_that_come_late(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver;

    pool_store_create(path, &small);
    driver = pool_driver_start(fx, path, &(pool_driver){0});
    pool_sleep(1.5);
    assert_int_equal(kill(driver, 0), 0);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    assert_int_equal(pool_wait_exit(driver, 60), 0);
    pool_check_equals_serial(path, &small);
}

static void a_finished_run_leaves_only_its_summary(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    etas_queue *queue = pool_queue_open(fx);
    etas_pool_info info = {0};
    etas_audit audit = {0};
    etas_error err = {0};
    pid_t driver;

    pool_store_create(path, &small);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(fx, path, &(pool_driver){0});
    assert_int_equal(pool_wait_exit(driver, 60), 0);
    check_ok(etas_queue_info(queue, &info, &err), &err);
    assert_int_equal(info.n_runs, 1);
    assert_true(info.runs[0].finished);
    assert_int_equal(info.runs[0].meta.stored, small.n_catalogs);
    check_ok(etas_queue_audit(queue, info.runs[0].meta.id, &audit, &err), &err);
    assert_false(audit.exists);
    etas_audit_free(&audit);
    etas_pool_info_free(&info);
    etas_queue_close(queue);
}

static void a_later_driver_supersedes_an_earlier_one(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t first, second;

    pool_store_create(path, &small);
    first = pool_driver_start(fx, path, &(pool_driver){0});
    pool_sleep(1);
    second = pool_driver_start(fx, path, &(pool_driver){0});
    assert_int_equal(pool_wait_exit(first, 30), 4);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    assert_int_equal(pool_wait_exit(second, 60), 0);
    pool_check_equals_serial(path, &small);
}

static void two_runs_share_the_workers(void **state)
{
    const redis_fixture *fx = *state;
    const pool_model other = {.n_catalogs = 300, .seed = 8, .mean_background = 200};
    char second_path[160];
    const char *path = store_path(fx);
    pid_t first, second;

    etas_format(sizeof second_path, second_path, "%s.2", path);
    pool_store_create(path, &small);
    pool_store_create(second_path, &other);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    first = pool_driver_start(fx, path, &(pool_driver){.chunk_size = 20});
    second = pool_driver_start(fx, second_path, &(pool_driver){.chunk_size = 20});
    assert_int_equal(pool_wait_exit(first, 60), 0);
    assert_int_equal(pool_wait_exit(second, 60), 0);
    pool_check_equals_serial(path, &small);
    pool_check_equals_serial(second_path, &other);
}

/* The driver is frozen: results pile up to the mark, then the workers keep them. */
static void results_beyond_the_mark_are_held_until_the_driver_takes_them(void **state)
{
    enum { MARK = 20000, FRAME = 4000 };
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    etas_queue *queue = pool_queue_open(fx);
    uint64_t most = 0, repeated = 0;
    pid_t driver;

    pool_store_create(path, &small);
    driver = pool_driver_start(fx, path,
                               &(pool_driver){.chunk_size = 5, .lease_s = 1, .mark_bytes = MARK});
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    pool_wait_stored(fx, 1);
    kill(driver, SIGSTOP);
    for (int i = 0; i < 30; i++) {
        etas_pool_info info = {0};
        etas_error err = {0};

        pool_sleep(0.1);
        check_ok(etas_queue_info(queue, &info, &err), &err);
        if (info.runs[0].out_bytes > most)
            most = info.runs[0].out_bytes;
        repeated = info.runs[0].repeated;
        assert_true(info.runs[0].conserved);
        etas_pool_info_free(&info);
    }
    assert_true(most <= MARK);
    assert_true(most > MARK / 2);
    assert_int_equal(repeated, 0); /* held for three leases, and not one was lost */
    kill(driver, SIGCONT);
    assert_int_equal(pool_wait_exit(driver, 60), 0);
    etas_queue_close(queue);
    pool_check_equals_serial(path, &small);
}

static void a_poisonous_catalogue_is_dead_and_the_others_complete(void **state)
{
    const redis_fixture *fx = *state;
    const pool_model poisonous = {
        .n_catalogs = 400, .seed = 7, .mean_background = 300, .max_events = 600};
    const char *path = store_path(fx);
    char serial[160];
    etas_ranges dead = {0}, dead_serially = {0};
    pid_t driver;

    pool_store_create(path, &poisonous);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(fx, path, &(pool_driver){0});
    assert_int_equal(pool_wait_exit(driver, 60), 3);
    pool_check_equals_serial(path, &poisonous);
    etas_format(sizeof serial, serial, "%s.2", path);
    pool_store_create(serial, &poisonous);
    pool_run_serially(serial);
    pool_dead(path, &dead);
    pool_dead(serial, &dead_serially);
    assert_true(dead.n > 0 && etas_ranges_total(&dead) < 40);
    assert_int_equal(dead.n, dead_serially.n);
    assert_memory_equal(dead.items, dead_serially.items, dead.n * sizeof dead.items[0]);
    etas_ranges_free(&dead);
    etas_ranges_free(&dead_serially);
}

static void ten_idle_slots_use_next_to_no_cpu(void **state)
{
    const redis_fixture *fx = *state;
    const pid_t worker = pool_worker_start(fx, &(pool_worker){.slots = 10});
    double before, used;

    pool_wait_slots(fx, 10);
    pool_sleep(1);
    before = pool_cpu_s(worker);
    pool_sleep(6);
    used = pool_cpu_s(worker) - before;
    print_message("10 idle slots: %.2f CPU s in 6 s\n", used);
    assert_true(used < 0.1); /* 0.1 s per slot and minute */
}

static const struct CMUnitTest tests[] = {
    pool_test(one_slot_gives_the_bytes_of_a_serial_run),
    pool_test(twelve_slots_on_three_agents_give_the_same_bytes),
    pool_test(a_run_waits_for_workers_that_come_late),
    pool_test(a_finished_run_leaves_only_its_summary),
    pool_test(a_later_driver_supersedes_an_earlier_one),
    pool_test(two_runs_share_the_workers),
    pool_test(results_beyond_the_mark_are_held_until_the_driver_takes_them),
    pool_test(a_poisonous_catalogue_is_dead_and_the_others_complete),
    pool_test(ten_idle_slots_use_next_to_no_cpu)};

POOL_TEST_MAIN(tests)
