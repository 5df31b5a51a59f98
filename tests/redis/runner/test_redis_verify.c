/* Tasks that are made again on another host, and machines that compute wrong. */
#include "pool_helpers.h"

#include <hiredis/hiredis.h>
#include <limits.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "support/check.h"

static const pool_model small = {.n_catalogs = 400, .seed = 7, .mean_background = 300};
static const pool_driver all = {.chunk_size = 5, .verify = 1};

static const char *store_path(const redis_fixture *fx)
{
    static char path[160];

    etas_format(sizeof path, path, "%s/run.store", fx->dir);
    return path;
}

static long long ask(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    long long value;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 5000);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    value = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return value;
}

#define TASKS    "SELECT count(*) FROM task"
#define VERIFIED "SELECT count(*) FROM task WHERE verified_by IS NOT NULL"
#define BY_BAD   "SELECT count(*) FROM task WHERE host = 'bad' OR verified_by = 'bad'"
#define FAULTY   "SELECT count(*) FROM faulty"
#define THE_BAD  "SELECT removed FROM faulty WHERE host = 'bad' AND release = '6.6.6'"

static void worker(const redis_fixture *fx, const char *host)
{
    (void)pool_worker_start(fx, &(pool_worker){.slots = 1, .host = host});
}

static void a_clean_pool_makes_every_task_twice_and_finds_no_fault(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);

    pool_store_create(path, &small);
    worker(fx, "a");
    worker(fx, "b");
    assert_int_equal(pool_wait_exit(pool_driver_start(fx, path, &all), 60), 0);
    pool_check_equals_serial(path, &small);
    assert_int_equal(ask(path, TASKS), 80);
    assert_int_equal(ask(path, VERIFIED), 80);
    assert_int_equal(ask(path, TASKS " WHERE verified_by = host"), 0);
    assert_int_equal(ask(path, FAULTY), 0);
}

static void a_faulty_host_is_banned_and_its_results_are_made_again(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    etas_queue *queue = pool_queue_open(fx);
    etas_pool_info info = {0};
    etas_error err = {0};
    pid_t driver;

    pool_store_create(path, &small);
    (void)pool_liar_start(fx, "bad", UINT_MAX);
    driver = pool_driver_start(fx, path, &all);
    pool_wait_stored(fx, 100);
    worker(fx, "a");
    worker(fx, "b");
    assert_int_equal(pool_wait_exit(driver, 60), 0);
    pool_check_equals_serial(path, &small);
    assert_int_equal(ask(path, VERIFIED), ask(path, TASKS));
    assert_int_equal(ask(path, BY_BAD), 0);
    assert_int_equal(ask(path, FAULTY), 1);
    assert_true(ask(path, THE_BAD) >= 100);
    check_ok(etas_queue_info(queue, &info, &err), &err);
    assert_int_equal(info.n_runs, 1);
    assert_string_equal(info.runs[0].banned, "bad");
    etas_pool_info_free(&info);
    etas_queue_close(queue);
}

/* A range that came back for another reason, and is made by somebody else. */
static void a_repeat_that_nobody_asked_for_is_compared_too(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    const pool_driver none = {.chunk_size = 5};
    etas_queue *queue = pool_queue_open(fx);
    redisContext *raw = redisConnectUnix(fx->socket);
    etas_pool_info info = {0};
    etas_error err = {0};
    pid_t driver, liar;

    pool_store_create(path, &small);
    liar = pool_liar_start(fx, "bad", 10);
    driver = pool_driver_start(fx, path, &none);
    pool_wait_stored(fx, 50);
    pool_kill(liar);
    check_ok(etas_queue_info(queue, &info, &err), &err);
    assert_int_equal(info.n_runs, 1);
    for (size_t i = 0; i < 2; i++)
        freeReplyObject(redisCommand(raw, "HINCRBY etas:{default}:v1:run:%s %s 5",
                                     info.runs[0].meta.id, i == 0 ? "submitted" : "pend"));
    freeReplyObject(redisCommand(raw, "LPUSH etas:{default}:v1:pending:%s %s", info.runs[0].meta.id,
                                 "12 5 0 0"));
    worker(fx, "a");
    assert_int_equal(pool_wait_exit(driver, 60), 0);
    etas_pool_info_free(&info);
    redisFree(raw);
    etas_queue_close(queue);
    pool_check_equals_serial(path, &small);
    assert_int_equal(ask(path, BY_BAD), 0);
    assert_true(ask(path, THE_BAD) >= 50);
}

/* Nobody else is left in the end, so that nothing can be verified. */
static void two_hosts(const redis_fixture *fx, bool liar_first)
{
    const char *path = store_path(fx);
    pid_t driver;

    pool_store_create(path, &small);
    if (liar_first)
        (void)pool_liar_start(fx, "bad", UINT_MAX);
    else
        worker(fx, "a");
    driver = pool_driver_start(fx, path, &all);
    pool_wait_stored(fx, 100);
    if (liar_first)
        worker(fx, "a");
    else
        (void)pool_liar_start(fx, "bad", UINT_MAX);
    assert_int_equal(pool_wait_exit(driver, 60), 0);
    pool_check_equals_serial(path, &small);
    assert_int_equal(ask(path, BY_BAD), 0);
    assert_int_equal(ask(path, FAULTY), 1);
    assert_true(ask(path, THE_BAD) >= (liar_first ? 100 : 0));
    assert_int_equal(ask(path, VERIFIED), 0);
}

static void of_two_hosts_the_faulty_one_is_found_when_it_has_made_everything(void **state)
{
    two_hosts(*state, true);
}

static void of_two_hosts_the_faulty_one_is_found_when_it_makes_the_checks(void **state)
{
    two_hosts(*state, false);
}

static void the_same_tasks_are_drawn_whoever_makes_them(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    const pool_driver some = {.chunk_size = 5, .verify = 0.3};
    long long sum[2];

    worker(fx, "a");
    worker(fx, "b");
    for (int i = 0; i < 2; i++) {
        pool_store_create(path, &small);
        assert_int_equal(pool_wait_exit(pool_driver_start(fx, path, &some), 60), 0);
        assert_in_range(ask(path, VERIFIED), 12, 36); /* of 80 */
        sum[i] = ask(path, "SELECT sum(first * first) FROM task WHERE verified_by IS NOT NULL");
    }
    assert_true(sum[0] == sum[1]);
}

static void a_resumed_driver_goes_on_with_what_is_verified(void **state)
{
    const redis_fixture *fx = *state;
    const pool_model large = {.n_catalogs = 4000, .seed = 7, .mean_background = 300};
    const char *path = store_path(fx);
    const double until = pool_seconds() + 60;
    pid_t driver;

    pool_store_create(path, &large);
    worker(fx, "a");
    worker(fx, "b");
    driver = pool_driver_start(fx, path, &all);
    while (ask(path, VERIFIED) < 10 && pool_seconds() < until)
        pool_sleep(0.01);
    pool_kill(driver);
    assert_in_range(ask(path, VERIFIED), 10, 700);
    assert_int_equal(pool_wait_exit(pool_driver_start(fx, path, &all), 60), 0);
    pool_check_equals_serial(path, &large);
    assert_int_equal(ask(path, VERIFIED), ask(path, TASKS));
    /* Complete, and resumed once more: nothing is left to do. */
    assert_int_equal(pool_wait_exit(pool_driver_start(fx, path, &all), 5), 0);
}

static void a_faulty_host_stays_banned_for_the_next_driver(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    const pool_driver none = {.chunk_size = 5};
    etas_store_fault fault = {.host = "bad", .release = "6.6.6"};
    etas_ranges removed = {0};
    etas_store *store;
    etas_error err = {0};
    pid_t driver;

    pool_store_create(path, &small);
    check_ok(etas_store_open(&store, path, ETAS_STORE_RESUME, &err), &err);
    check_ok(etas_store_distrust(store, &fault, &removed, &err), &err);
    etas_store_close(store);
    (void)pool_liar_start(fx, "bad", UINT_MAX);
    driver = pool_driver_start(fx, path, &none);
    pool_sleep(2);
    worker(fx, "a");
    assert_int_equal(pool_wait_exit(driver, 60), 0);
    pool_check_equals_serial(path, &small);
    assert_int_equal(ask(path, BY_BAD), 0);
}

static void checks_survive_a_server_that_forgets_everything(void **state)
{
    redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver;

    pool_store_create(path, &small);
    worker(fx, "a");
    worker(fx, "b");
    driver = pool_driver_start(fx, path, &all);
    for (uint64_t at = 100; at <= 300; at += 100) {
        pool_wait_stored(fx, at);
        redis_fixture_kill(fx);
        assert_int_equal(redis_fixture_start(fx), 0);
    }
    assert_int_equal(pool_wait_exit(driver, 120), 0);
    pool_check_equals_serial(path, &small);
    assert_int_equal(ask(path, VERIFIED), ask(path, TASKS));
    assert_int_equal(ask(path, FAULTY), 0);
}

static const struct CMUnitTest tests[] = {
    pool_test(a_clean_pool_makes_every_task_twice_and_finds_no_fault),
    pool_test(a_faulty_host_is_banned_and_its_results_are_made_again),
    pool_test(a_repeat_that_nobody_asked_for_is_compared_too),
    pool_test(of_two_hosts_the_faulty_one_is_found_when_it_has_made_everything),
    pool_test(of_two_hosts_the_faulty_one_is_found_when_it_makes_the_checks),
    pool_test(the_same_tasks_are_drawn_whoever_makes_them),
    pool_test(a_resumed_driver_goes_on_with_what_is_verified),
    pool_test(a_faulty_host_stays_banned_for_the_next_driver),
    pool_test(checks_survive_a_server_that_forgets_everything)};

POOL_TEST_MAIN(tests)
