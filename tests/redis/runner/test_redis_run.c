#include "pool_helpers.h"

#include <signal.h>
#include <stdlib.h>

#include "etas/array.h"
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

typedef struct sums {
    uint64_t frames, bytes;
} sums;

static etas_status add_frame(void *context, const etas_store_frame *frame, etas_range part,
                             etas_error *err)
{
    sums *s = context;

    (void)err;
    if (part.first == frame->first) { /* every frame has its beginning here, or none of it twice */
        s->frames++;
        s->bytes += frame->len;
    }
    return ETAS_OK;
}

/* What the pool says after the end is what lies in the store, and what workers say adds up to it.
 */
static void what_the_pool_tells_of_tasks_is_in_the_store(void **state)
{
    const redis_fixture *fx = *state;
    const pool_model longer = {.n_catalogs = 8000, .seed = 7, .mean_background = 300};
    const char *path = store_path(fx);
    etas_queue *queue = pool_queue_open(fx);
    etas_pool_info info = {0};
    etas_agent_info *agents;
    etas_store *store;
    etas_store_tally tally;
    etas_error err = {0};
    sums s = {0}, sent = {0};
    double cpu_s = 0, busy_s = 0;
    size_t n;
    pid_t driver;

    pool_store_create(path, &longer);
    driver = pool_driver_start(fx, path, &(pool_driver){.chunk_size = 20});
    for (int i = 0; i < 2; i++)
        pool_worker_start(fx, &(pool_worker){.slots = 2});
    pool_wait_stored(fx, 100);
    kill(driver, SIGINT); /* the sums go on after a resume */
    assert_int_equal(pool_wait_exit(driver, 60), 130);
    driver = pool_driver_start(fx, path, &(pool_driver){.chunk_size = 20});
    assert_int_equal(pool_wait_exit(driver, 60), 0);
    check_ok(etas_store_open(&store, path, ETAS_STORE_READ, &err), &err);
    check_ok(etas_store_each(store, add_frame, &s, &err), &err);
    check_ok(etas_store_tally_get(store, &tally, &err), &err);
    etas_store_close(store);
    check_ok(etas_queue_info(queue, &info, &err), &err);
    assert_int_equal(info.n_runs, 1);
    {
        const etas_run_tally *t = &info.runs[0].meta.tally;

        assert_int_equal(t->tasks, s.frames);
        assert_int_equal(t->received_bytes, s.bytes);
        check_abs(t->wall_s, tally.wall_s, 1e-6);
        check_abs(t->cpu_s, tally.cpu_s, 1e-6);
        assert_true(t->wall_s > 0 && t->cpu_s > 0);
        for (size_t i = 0; i < 3; i++) {
            check_abs(t->slowest[i].wall_s, tally.slowest[i].wall_s, 1e-6);
            assert_int_equal(t->slowest[i].first, tally.slowest[i].first);
            assert_int_equal(t->slowest[i].count, tally.slowest[i].count);
        }
    }
    etas_pool_info_free(&info);
    pool_sleep(1); /* a lease of 2 s asks for three beats a second: the last word of both */
    check_ok(etas_queue_agents(queue, &agents, &n, &err), &err);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        const etas_agent *a = &agents[i].agent;

        assert_true(a->tasks > 0 && a->simulated > 0);
        assert_true(a->received_bytes > 0);
        assert_true(a->memory_bytes > 1 << 20 && a->memory_bytes < UINT64_C(1) << 40);
        sent.frames += a->simulated;
        sent.bytes += a->sent_bytes;
        cpu_s += a->cpu_s;
        busy_s += a->busy_s;
    }
    assert_int_equal(sent.frames, longer.n_catalogs);
    assert_int_equal(sent.bytes, s.bytes);
    check_abs(cpu_s, tally.cpu_s, 0.002 * 4); /* travels in thousandths */
    assert_true(busy_s >= 0.5 * tally.wall_s);
    etas_array_free((void **)&agents);
    etas_queue_close(queue);
    pool_check_equals_serial(path, &longer);
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
    pool_test(what_the_pool_tells_of_tasks_is_in_the_store),
    pool_test(a_later_driver_supersedes_an_earlier_one),
    pool_test(two_runs_share_the_workers),
    pool_test(results_beyond_the_mark_are_held_until_the_driver_takes_them),
    pool_test(a_poisonous_catalogue_is_dead_and_the_others_complete),
    pool_test(ten_idle_slots_use_next_to_no_cpu)};

POOL_TEST_MAIN(tests)
