#include "pool_helpers.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "etas/text.h"
#include "support/check.h"

static const pool_model small = {.n_catalogs = 300, .seed = 5, .mean_background = 200};

static bool gone(const char *path)
{
    return access(path, F_OK) != 0;
}

static void wait_until_gone(const char *socket)
{
    char dir[128];

    etas_format(sizeof dir, dir, "%.*s", (int)(strrchr(socket, '/') - socket), socket);
    for (int i = 0; i < 500 && !gone(dir); i++)
        pool_sleep(0.01);
    assert_true(gone(dir));
}

static const etas_embedded_config two = {.workers = 2};

static void it_runs_a_forecast_and_leaves_nothing(void **state)
{
    char path[] = "/tmp/etas-embedded-XXXXXX", socket[128];
    redis_fixture fx = {0};
    etas_embedded *pool;
    etas_error err = {0};
    const int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    pool_store_create(path, &small);
    check_ok(etas_embedded_open(&pool, &two, &err), &err);
    etas_format(sizeof socket, socket, "%s", etas_embedded_socket(pool));
    etas_format(sizeof fx.socket, fx.socket, "%s", socket);
    assert_int_equal(pool_wait_exit(pool_driver_start(&fx, path, &(pool_driver){0}), 60), 0);
    etas_embedded_close(pool);
    assert_true(gone(socket));
    wait_until_gone(socket);
    pool_check_equals_serial(path, &small);
    unlink(path);
}

static void it_goes_when_its_owner_is_killed(void **state)
{
    int ends[2];
    char socket[128] = "";
    pid_t owner, guardian, below[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    owner = fork();
    assert_true(owner >= 0);
    if (owner == 0) {
        etas_embedded *pool;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (etas_embedded_open(&pool, &two, NULL) != ETAS_OK)
            _exit(1);
        if (write(ends[1], etas_embedded_socket(pool), strlen(etas_embedded_socket(pool)) + 1) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    close(ends[1]);
    assert_true(read(ends[0], socket, sizeof socket - 1) > 0);
    close(ends[0]);
    assert_int_equal(pool_children(owner, 1, &guardian), 1);
    for (int i = 0; i < 500 && pool_children(guardian, 2, below) < 2; i++)
        pool_sleep(0.01);
    assert_int_equal(pool_children(guardian, 2, below), 2); /* server and worker */
    kill(owner, SIGKILL);
    waitpid(owner, NULL, 0);
    wait_until_gone(socket);
    for (int i = 0; i < 2; i++)
        assert_int_not_equal(kill(below[i], 0), 0);
}

/* Nothing of its one chunk has been delivered yet when the signal comes. */
static void an_interrupted_run_takes_along_what_its_workers_have_made(void **state)
{
    const pool_model large = {.n_catalogs = 20000, .seed = 6, .mean_background = 500};
    char path[] = "/tmp/etas-embedded-XXXXXX";
    redis_fixture fx = {0};
    etas_embedded *pool;
    etas_error err = {0};
    const int fd = mkstemp(path);
    uint64_t n;
    double start;
    pid_t driver;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    pool_store_create(path, &large);
    check_ok(etas_embedded_open(&pool, &two, &err), &err);
    etas_format(sizeof fx.socket, fx.socket, "%s", etas_embedded_socket(pool));
    driver = pool_driver_start(&fx, path,
                               &(pool_driver){.chunk_size = 10000, .lease_s = 60, .drain = true});
    pool_wait_leased(&fx);
    pool_sleep(1);
    start = pool_seconds();
    kill(driver, SIGINT);
    assert_int_equal(pool_wait_exit(driver, 10), 130);
    print_message("left after %.2f s\n", pool_seconds() - start);
    (void)pool_digest(path, &n);
    assert_true(n > 0 && n < large.n_catalogs);
    pool_check_conserved(&fx);
    etas_embedded_close(pool);
    unlink(path);
}

static void without_a_server_it_says_what_to_install(void **state)
{
    const char *before = getenv("PATH");
    char *path = strdup(before != NULL ? before : "");
    etas_embedded *pool;
    etas_error err = {0};

    (void)state;
    setenv("PATH", "/nonexistent", 1);
    assert_int_equal(etas_embedded_open(&pool, &two, &err), ETAS_E_IO);
    setenv("PATH", path, 1);
    assert_non_null(strstr(err.text, "install redis-server"));
    free(path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_runs_a_forecast_and_leaves_nothing),
    cmocka_unit_test(an_interrupted_run_takes_along_what_its_workers_have_made),
    cmocka_unit_test(it_goes_when_its_owner_is_killed),
    cmocka_unit_test(without_a_server_it_says_what_to_install)};

POOL_TEST_MAIN(tests)
