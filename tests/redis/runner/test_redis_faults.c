/* Whatever is killed, frozen or lost on the way: the store ends with the bytes of a serial run. */
#include "pool_helpers.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "etas/text.h"
#include "support/check.h"

/* Long enough for something to happen in the middle. */
static const pool_model model = {.n_catalogs = 10000, .seed = 11, .mean_background = 500};
static const pool_driver quick = {.chunk_size = 80, .lease_s = 1.2};

static const char *store_path(const redis_fixture *fx)
{
    static char path[160];

    etas_format(sizeof path, path, "%s/run.store", fx->dir);
    return path;
}

/* A run with a worker of two slots; its driver. */
static pid_t begin(const redis_fixture *fx, const char *path)
{
    pool_store_create(path, &model);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    return pool_driver_start(fx, path, &quick);
}

static void finish(const redis_fixture *fx, const char *path, pid_t driver)
{
    pool_check_conserved(fx);
    assert_int_equal(pool_wait_exit(driver, 90), 0);
    pool_check_equals_serial(path, &model);
}

static void an_agent_may_be_killed(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, victim;

    pool_store_create(path, &model);
    victim = pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(fx, path, &quick);
    pool_wait_stored(fx, 400);
    pool_kill(victim);
    pool_worker_start(fx, &(pool_worker){.slots = 1});
    finish(fx, path, driver);
}

/* The lease is a minute: who waits for it does not pass this test. */
static void a_killed_slot_is_noticed_at_once(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, worker, slots[2];
    double start;

    pool_store_create(path, &model);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(fx, path, &(pool_driver){.chunk_size = 80, .lease_s = 60});
    pool_wait_stored(fx, 400);
    assert_int_equal(pool_children(worker, 2, slots), 2);
    kill(slots[0], SIGKILL);
    kill(slots[1], SIGSEGV);
    start = pool_seconds();
    finish(fx, path, driver);
    assert_true(pool_seconds() - start < 30);
}

/* What it held is made again by another while it still means to have it. */
static void an_agent_frozen_beyond_its_lease_does_no_harm(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, frozen, other;

    pool_store_create(path, &model);
    frozen = pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(fx, path, &quick);
    pool_wait_stored(fx, 400);
    pool_wait_leased(fx);
    kill(frozen, SIGSTOP); /* its slots go on until their pipes are full */
    pool_sleep(2.5 * quick.lease_s);
    pool_check_conserved(fx);
    other = pool_worker_start(fx, &(pool_worker){.slots = 1});
    pool_wait_stored(fx, 700);
    kill(frozen, SIGCONT);
    pool_wait_stored(fx, 2000);
    pool_kill(other);
    finish(fx, path, driver);
    kill(frozen, SIGTERM);
    assert_int_equal(pool_wait_exit(frozen, 10), 0);
}

static void the_driver_may_be_killed_and_resumed(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver;

    pool_store_create(path, &model);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    for (int i = 1; i <= 3; i++) {
        driver = pool_driver_start(fx, path, &quick);
        pool_wait_stored(fx, 600 * (uint64_t)i);
        pool_kill(driver);
    }
    driver = pool_driver_start(fx, path, &quick);
    assert_int_equal(pool_wait_exit(driver, 90), 0);
    pool_check_equals_serial(path, &model);
}

/* A redis-cli command line; %s in it is the socket. */
static bool redis_answers(const redis_fixture *fx, const char *command)
{
    const char *mark = strstr(command, "%s");
    char line[400];

    etas_format(sizeof line, line, "redis-cli -s %s %.*s%s >/dev/null", fx->socket,
                mark != NULL ? (int)(mark - command) : (int)strlen(command), command,
                mark != NULL ? fx->socket : "");
    return system(line) == 0;
}

static void redis_command(const redis_fixture *fx, const char *command)
{
    assert_true(redis_answers(fx, command));
}

static void everything_on_the_server_may_be_flushed(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver;

    driver = begin(fx, path);
    pool_wait_stored(fx, 400);
    redis_command(fx, "FLUSHALL");
    pool_wait_stored(fx, 1200);
    redis_command(fx, "FUNCTION FLUSH");
    pool_wait_stored(fx, 2000);
    redis_command(fx, "FLUSHALL");
    finish(fx, path, driver);
}

static void connections_may_be_cut(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver;

    driver = begin(fx, path);
    for (uint64_t i = 1; i <= 8; i++) {
        pool_wait_stored(fx, 400 * i);
        redis_command(fx, "CLIENT KILL TYPE normal SKIPME yes");
    }
    finish(fx, path, driver);
}

static void settings_may_go_bad_for_a_while(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver;

    driver = begin(fx, path);
    pool_wait_stored(fx, 400);
    redis_command(fx, "CONFIG SET maxmemory-policy allkeys-lru");
    redis_command(fx, "CLIENT KILL TYPE normal SKIPME yes");
    pool_sleep(1.5); /* nobody uses such a server, and nobody leaves */
    redis_command(fx, "CONFIG SET maxmemory-policy noeviction");
    finish(fx, path, driver);
}

static void kill_and_restart(redis_fixture *fx, bool appendonly)
{
    const char *path = store_path(fx);
    pid_t driver;

    fx->appendonly = appendonly;
    redis_fixture_kill(fx);
    assert_int_equal(redis_fixture_start(fx), 0);
    driver = begin(fx, path);
    for (uint64_t i = 1; i <= 2; i++) {
        pool_wait_stored(fx, 800 * i);
        redis_fixture_kill(fx);
        pool_sleep(0.7);
        assert_int_equal(redis_fixture_start(fx), 0);
    }
    pool_wait_stored(fx, 2400);
    finish(fx, path, driver);
}

static void the_server_may_be_killed_and_come_back_empty(void **state)
{
    kill_and_restart(*state, false);
}

static void the_server_may_be_killed_and_come_back_with_its_file(void **state)
{
    kill_and_restart(*state, true);
}

/* Results fill the server; workers and driver still get through, a little at a time. */
static void the_server_may_be_short_of_memory(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    etas_queue *queue = pool_queue_open(fx);
    etas_error err = {0};
    char line[300];
    pid_t driver;

    check_ok(etas_queue_check(queue, &err), &err); /* with the library, little more is left */
    etas_queue_close(queue);
    etas_format(sizeof line, line,
                "CONFIG SET maxmemory $(($(redis-cli -s %s INFO memory | tr -d '\r' | "
                "sed -n 's/^used_memory://p') + 1200000))",
                fx->socket);
    redis_command(fx, line);
    pool_store_create(path, &model);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(
        fx, path, &(pool_driver){.chunk_size = 80, .lease_s = 1.2, .mark_bytes = 1 << 30});
    pool_wait_stored(fx, 400);
    kill(driver, SIGSTOP);
    for (int i = 0; i < 300 && !redis_answers(fx, "INFO errorstats | grep errorstat_OOM"); i++)
        pool_sleep(0.1);
    redis_command(fx, "INFO errorstats | grep errorstat_OOM"); /* or it was not short enough */
    pool_sleep(1);
    kill(driver, SIGCONT);
    finish(fx, path, driver);
}

/* Damage that passes every check of the protocol: the driver sees it and has the range made again.
 */
static void a_damaged_result_is_made_again(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, worker;

    pool_store_create(path, &model);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(fx, path, &quick);
    pool_wait_stored(fx, 400);
    kill(driver, SIGSTOP);
    pool_sleep(1);
    redis_command(fx, "--raw KEYS 'etas:{default}:v1:out:*' | sed 's/.*/LSET & 0 damaged/' | "
                      "redis-cli -s %s");
    kill(driver, SIGCONT);
    finish(fx, path, driver);
    pool_kill(worker);
}

static void a_lost_model_is_published_again(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, worker;

    pool_store_create(path, &model);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(fx, path, &quick);
    pool_wait_stored(fx, 400);
    pool_kill(worker);
    redis_command(fx, "--raw KEYS 'etas:{default}:v1:model:*' | sed 's/^/DEL /' | redis-cli -s %s");
    pool_worker_start(fx, &(pool_worker){.slots = 2}); /* knows no model */
    finish(fx, path, driver);
}

/* The bytes b of the model on the server become what @p damage says, and an agent comes that needs
 * them. */
static void damage_the_model(const redis_fixture *fx, const char *damage)
{
    const char *path = store_path(fx);
    char line[400];
    pid_t driver, worker;
    double start;

    pool_store_create(path, &model);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(fx, path, &quick);
    pool_wait_stored(fx, 400);
    pool_kill(worker);
    etas_format(sizeof line, line,
                "EVAL \"local k = redis.call('KEYS', 'etas:{default}:v1:model:*')[1] local b = "
                "redis.call('HGET', k, '0') redis.call('HSET', k, '0', %s) return #b\" 0",
                damage);
    redis_command(fx, line);
    start = pool_seconds();
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    pool_wait_leased(fx);
    finish(fx, path, driver);
    assert_true(pool_seconds() - start < 30);
}

static void a_model_damaged_on_the_server_is_published_again(void **state)
{
    damage_the_model(*state,
                     "b:sub(1, 999) .. string.char((b:byte(1000) + 1) % 256) .. b:sub(1001)");
}

static void a_model_cut_short_on_the_server_is_published_again(void **state)
{
    damage_the_model(*state, "b:sub(1, 999)");
}

static void a_slot_that_makes_no_progress_is_replaced(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver, worker, slot;

    pool_store_create(path, &model);
    worker = pool_worker_start(fx, &(pool_worker){.slots = 1, .stall_s = 1.5});
    driver = pool_driver_start(fx, path, &quick);
    pool_wait_stored(fx, 400);
    assert_int_equal(pool_children(worker, 1, &slot), 1);
    kill(slot, SIGSTOP);
    finish(fx, path, driver);
}

static void a_cancelled_run_ends_and_leaves_no_work(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    etas_queue *queue = pool_queue_open(fx);
    etas_pool_info info = {0};
    etas_error err = {0};
    pid_t driver;

    driver = begin(fx, path);
    pool_wait_stored(fx, 400);
    check_ok(etas_queue_info(queue, &info, &err), &err);
    check_ok(etas_queue_cancel(queue, info.runs[0].meta.id, &err), &err);
    etas_pool_info_free(&info);
    assert_int_equal(pool_wait_exit(driver, 20), 130);
    check_ok(etas_queue_info(queue, &info, &err), &err);
    assert_true(info.runs[0].finished);
    assert_true(info.runs[0].meta.stored < model.n_catalogs);
    etas_pool_info_free(&info);
    etas_queue_close(queue);
    driver = pool_driver_start(fx, path, &quick); /* resumed, it is an ordinary run */
    assert_int_equal(pool_wait_exit(driver, 90), 0);
    pool_check_equals_serial(path, &model);
}

static const struct CMUnitTest tests[] = {
    pool_test(an_agent_may_be_killed),
    pool_test(a_killed_slot_is_noticed_at_once),
    pool_test(an_agent_frozen_beyond_its_lease_does_no_harm),
    pool_test(the_driver_may_be_killed_and_resumed),
    pool_test(everything_on_the_server_may_be_flushed),
    pool_test(connections_may_be_cut),
    pool_test(settings_may_go_bad_for_a_while),
    pool_test(the_server_may_be_killed_and_come_back_empty),
    pool_test(the_server_may_be_killed_and_come_back_with_its_file),
    pool_test(the_server_may_be_short_of_memory),
    pool_test(a_damaged_result_is_made_again),
    pool_test(a_lost_model_is_published_again),
    pool_test(a_model_damaged_on_the_server_is_published_again),
    pool_test(a_model_cut_short_on_the_server_is_published_again),
    pool_test(a_slot_that_makes_no_progress_is_replaced),
    pool_test(a_cancelled_run_ends_and_leaves_no_work)};

POOL_TEST_MAIN(tests)
