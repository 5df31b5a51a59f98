/* How workers leave: signals, commands, limits. */
#include "pool_helpers.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "support/check.h"

static const pool_model model = {.n_catalogs = 12000, .seed = 13, .mean_background = 500};
/* One chunk: without handing over its prefix a worker that leaves has done nothing. */
static const pool_driver whole = {.chunk_size = 12000, .lease_s = 60};

static const char *store_path(const redis_fixture *fx)
{
    static char path[160];

    etas_format(sizeof path, path, "%s/run.store", fx->dir);
    return path;
}

typedef struct look {
    uint64_t stored, leased, pending, repeated, live_slots;
} look;

static look look_at(const redis_fixture *fx)
{
    etas_queue *queue = pool_queue_open(fx);
    etas_pool_info info = {0};
    etas_error err = {0};
    look l = {0};

    check_ok(etas_queue_info(queue, &info, &err), &err);
    assert_int_equal(info.n_runs, 1);
    assert_true(info.runs[0].conserved);
    l = (look){.stored = info.runs[0].meta.stored + info.runs[0].out,
               .leased = info.runs[0].leased,
               .pending = info.runs[0].pending,
               .repeated = info.runs[0].repeated,
               .live_slots = info.live_slots};
    etas_pool_info_free(&info);
    etas_queue_close(queue);
    return l;
}

static void finish_with_another(const redis_fixture *fx, const char *path, pid_t driver)
{
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    assert_int_equal(pool_wait_exit(driver, 90), 0);
    pool_check_equals_serial(path, &model);
}

static void one_signal_hands_over_what_is_finished(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, worker;
    uint64_t before;
    double start;
    look l;

    pool_store_create(path, &model);
    driver = pool_driver_start(fx, path, &whole);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 1});
    pool_wait_leased(fx);
    before = look_at(fx).stored;
    start = pool_seconds();
    kill(worker, SIGTERM);
    assert_int_equal(pool_wait_exit(worker, 20), 0);
    assert_true(pool_seconds() - start < 3);
    l = look_at(fx);
    assert_true(l.stored > before);
    assert_int_equal(l.leased, 0);
    assert_int_equal(l.stored + l.pending, model.n_catalogs);
    assert_int_equal(l.live_slots, 0);
    finish_with_another(fx, path, driver);
}

static void two_signals_give_everything_back_at_once(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, worker;
    look l;

    pool_store_create(path, &model);
    driver = pool_driver_start(fx, path, &whole);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 2});
    pool_wait_leased(fx);
    kill(worker, SIGSTOP); /* so that both are there when it looks */
    kill(worker, SIGTERM);
    kill(worker, SIGINT);
    kill(worker, SIGCONT);
    assert_int_equal(pool_wait_exit(worker, 5), 130);
    l = look_at(fx);
    assert_int_equal(l.leased, 0);
    assert_int_equal(l.pending, model.n_catalogs);
    finish_with_another(fx, path, driver);
}

static void stop(const redis_fixture *fx, bool now)
{
    etas_queue *queue = pool_queue_open(fx);
    uint64_t marked = 0;
    etas_error err = {0};

    check_ok(etas_queue_stop(queue, now, 0, NULL, &marked, &err), &err);
    assert_int_equal(marked, 1);
    etas_queue_close(queue);
}

static void told_to_stop_it_finishes_its_chunk(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, worker;
    look l;

    pool_store_create(path, &model);
    driver = pool_driver_start(fx, path, &(pool_driver){.chunk_size = 3000, .lease_s = 0.6});
    worker = pool_worker_start(fx, &(pool_worker){.slots = 1});
    pool_wait_leased(fx);
    stop(fx, false);
    assert_int_equal(pool_wait_exit(worker, 60), 0);
    l = look_at(fx);
    assert_int_equal(l.stored, 3000);
    assert_int_equal(l.pending, model.n_catalogs - 3000);
    finish_with_another(fx, path, driver); /* who comes later is not told */
}

static void told_to_stop_now_it_gives_the_rest_back(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, worker;
    look l;

    pool_store_create(path, &model);
    driver = pool_driver_start(fx, path, &(pool_driver){.chunk_size = 12000, .lease_s = 0.6});
    worker = pool_worker_start(fx, &(pool_worker){.slots = 1});
    pool_wait_leased(fx);
    stop(fx, true);
    assert_int_equal(pool_wait_exit(worker, 20), 0);
    l = look_at(fx);
    assert_true(l.stored < model.n_catalogs);
    assert_int_equal(l.stored + l.pending, model.n_catalogs);
    finish_with_another(fx, path, driver);
}

static void an_idle_worker_hears_a_stop(void **state)
{
    const redis_fixture *fx = *state;
    const pid_t worker = pool_worker_start(fx, &(pool_worker){.slots = 3});

    pool_wait_slots(fx, 3);
    stop(fx, false);
    assert_int_equal(pool_wait_exit(worker, 12), 0);
}

static void reset_in_the_middle_of_a_run_does_no_harm(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    etas_queue *queue = pool_queue_open(fx);
    uint64_t agents = 0, catalogs = 0;
    etas_error err = {0};
    pid_t driver;

    pool_store_create(path, &model);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(fx, path, &(pool_driver){.chunk_size = 100, .lease_s = 2});
    for (uint64_t i = 1; i <= 3; i++) {
        pool_wait_stored(fx, 600 * i);
        pool_wait_leased(fx);
        check_ok(etas_queue_reset(queue, &agents, &catalogs, &err), &err);
        assert_int_equal(agents, 1);
        pool_check_conserved(fx);
        pool_wait_slots(fx, 2); /* it said hello again */
    }
    etas_queue_close(queue);
    assert_int_equal(pool_wait_exit(driver, 90), 0);
    pool_check_equals_serial(path, &model);
}

static void the_runtime_ends_an_idle_worker(void **state)
{
    const redis_fixture *fx = *state;
    const double start = pool_seconds();
    const pid_t worker = pool_worker_start(fx, &(pool_worker){.slots = 1, .runtime_s = 1});

    assert_int_equal(pool_wait_exit(worker, 5), 0);
    assert_true(pool_seconds() - start >= 1);
}

static void the_runtime_ends_a_busy_worker_and_its_prefix_counts(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, worker;

    pool_store_create(path, &model);
    driver = pool_driver_start(fx, path, &whole);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 1, .runtime_s = 1});
    assert_int_equal(pool_wait_exit(worker, 10), 0);
    assert_true(look_at(fx).stored > 0);
    finish_with_another(fx, path, driver);
}

static void an_idle_worker_leaves_after_its_timeout_even_without_a_server(void **state)
{
    redis_fixture *fx = *state;
    pid_t worker = pool_worker_start(fx, &(pool_worker){.slots = 1, .idle_timeout_s = 1});

    assert_int_equal(pool_wait_exit(worker, 5), 0);
    redis_fixture_kill(fx);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 1, .idle_timeout_s = 1});
    assert_int_equal(pool_wait_exit(worker, 5), 0);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 1});
    pool_sleep(1);
    kill(worker, SIGINT);
    assert_int_equal(pool_wait_exit(worker, 5), 0);
}

/* Until the one worker has said that it holds a lease. */
static void wait_busy(const redis_fixture *fx)
{
    etas_queue *queue = pool_queue_open(fx);
    const double until = pool_seconds() + 30;
    bool busy = false;

    while (!busy) {
        etas_agent_info *agents;
        etas_error err = {0};
        size_t n;

        check_ok(etas_queue_agents(queue, &agents, &n, &err), &err);
        busy = n > 0 && agents[0].agent.busy > 0;
        etas_array_free((void **)&agents);
        assert_true(pool_seconds() < until);
        pool_sleep(0.02);
    }
    etas_queue_close(queue);
}

/* It accepts connections and commands, and never answers. */
static void signals_are_heard_while_the_server_is_silent(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, busy, fresh;
    double start;

    pool_store_create(path, &model);
    driver = pool_driver_start(fx, path, &(pool_driver){.chunk_size = 12000, .lease_s = 1.2});
    busy = pool_worker_start(fx, &(pool_worker){.slots = 1});
    wait_busy(fx);
    kill(fx->pid, SIGSTOP);
    fresh = pool_worker_start(fx, &(pool_worker){.slots = 1});
    pool_sleep(1.5); /* all three are in the middle of a call now */
    start = pool_seconds();
    kill(driver, SIGINT);
    kill(fresh, SIGTERM);
    kill(busy, SIGTERM);
    assert_int_equal(pool_wait_exit(driver, 5), 130);
    assert_int_equal(pool_wait_exit(fresh, 5), 0);
    pool_sleep(0.5);
    assert_int_equal(kill(busy, 0), 0); /* it holds results: the server may come back */
    kill(busy, SIGTERM);
    assert_int_equal(pool_wait_exit(busy, 5), 130);
    assert_true(pool_seconds() - start < 8);
    kill(fx->pid, SIGCONT);
}

/* ---- leases that wait for a slot ---- */

/* Chunks of a few milliseconds: the next one is there before the slot is done with the last. */
static const pool_model brief = {.n_catalogs = 20000, .seed = 14, .mean_background = 20};
enum { BRIEF = 20 };
static const pool_driver brief_chunks = {.chunk_size = BRIEF, .lease_s = 60};

/* Until the worker of one slot holds two leases; lets it go on then. */
static void wait_for_spare(const redis_fixture *fx, pid_t worker)
{
    const double end = pool_seconds() + 60;
    bool held = false;

    pool_wait_leased(fx);
    while (!held) {
        assert_true(pool_seconds() < end);
        kill(worker, SIGSTOP); /* what it holds does not change while we look */
        held = look_at(fx).leased == 2 * BRIEF;
        if (!held)
            kill(worker, SIGCONT);
    }
}

static void what_waits_for_a_slot_is_given_back_on_leaving(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, worker;
    look l;

    pool_store_create(path, &brief);
    driver = pool_driver_start(fx, path, &brief_chunks);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 1});
    wait_for_spare(fx, worker);
    kill(worker, SIGTERM);
    kill(worker, SIGCONT);
    assert_int_equal(pool_wait_exit(worker, 20), 0);
    l = look_at(fx);
    assert_int_equal(l.leased, 0);
    assert_true(l.pending > 0);
    assert_int_equal(l.stored + l.pending, brief.n_catalogs);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 1});
    wait_for_spare(fx, worker);
    stop(fx, false);
    kill(worker, SIGCONT);
    assert_int_equal(pool_wait_exit(worker, 20), 0);
    l = look_at(fx);
    assert_int_equal(l.leased, 0);
    assert_true(l.pending > 0);
    assert_int_equal(l.stored + l.pending, brief.n_catalogs);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    assert_int_equal(pool_wait_exit(driver, 90), 0);
    pool_check_equals_serial(path, &brief);
}

static void what_waits_for_a_slot_that_stands_still_is_made_by_others(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    const double end = pool_seconds() + 90;
    pid_t driver, worker, slot;
    look l;

    pool_store_create(path, &brief);
    driver = pool_driver_start(fx, path, &brief_chunks);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 1});
    wait_for_spare(fx, worker);
    assert_int_equal(pool_children(worker, 1, &slot), 1);
    kill(slot, SIGSTOP);
    kill(worker, SIGCONT);
    pool_worker_start(fx, &(pool_worker){.slots = 1});
    /* Leases are extended as long as the worker lives: what is done by others was given back. */
    do {
        assert_true(pool_seconds() < end);
        pool_sleep(0.05);
        l = look_at(fx);
    } while (l.pending > 0 || l.leased > BRIEF);
    assert_int_equal(l.leased, BRIEF);
    assert_int_equal(l.repeated, 0);
    kill(slot, SIGCONT);
    assert_int_equal(pool_wait_exit(driver, 90), 0);
    pool_check_equals_serial(path, &brief);
}

static const struct CMUnitTest tests[] = {
    pool_test(one_signal_hands_over_what_is_finished),
    pool_test(two_signals_give_everything_back_at_once),
    pool_test(told_to_stop_it_finishes_its_chunk),
    pool_test(told_to_stop_now_it_gives_the_rest_back),
    pool_test(an_idle_worker_hears_a_stop),
    pool_test(reset_in_the_middle_of_a_run_does_no_harm),
    pool_test(the_runtime_ends_an_idle_worker),
    pool_test(the_runtime_ends_a_busy_worker_and_its_prefix_counts),
    pool_test(an_idle_worker_leaves_after_its_timeout_even_without_a_server),
    pool_test(signals_are_heard_while_the_server_is_silent),
    pool_test(what_waits_for_a_slot_is_given_back_on_leaving),
    pool_test(what_waits_for_a_slot_that_stands_still_is_made_by_others)};

POOL_TEST_MAIN(tests)
