/* A slot that asks the system for what a slot may not, in a pool. */
#include "pool_helpers.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "etas/simulation.h"
#include "etas/text.h"
#include "runner/slot_confine.h"
#include "support/check.h"

enum { CURIOUS = 7 };

static const pool_model model = {.n_catalogs = 60, .seed = 13, .mean_background = 20};
static bool in_slot;

etas_status __real_etas_simulator_run(etas_simulator *self, uint64_t seed, uint64_t first,
                                      size_t count, etas_events *out, etas_error *err);
etas_status __wrap_etas_simulator_run(etas_simulator *self, uint64_t seed, uint64_t first,
                                      size_t count, etas_events *out, etas_error *err);

/* In the slots one catalogue reads a file. */
etas_status __wrap_etas_simulator_run(etas_simulator *self, uint64_t seed, uint64_t first,
                                      size_t count, etas_events *out, etas_error *err)
{
    if (in_slot && first <= CURIOUS && CURIOUS < first + count)
        (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
    return __real_etas_simulator_run(self, seed, first, count, out, err);
}

static size_t read_file(const char *path, size_t capacity, char out[])
{
    FILE *const f = fopen(path, "re");
    size_t n;

    assert_non_null(f);
    n = fread(out, 1, capacity - 1, f);
    (void)fclose(f);
    out[n] = '\0';
    return n;
}

static void the_agent_says_what_its_slot_died_of_and_the_others_complete(void **state)
{
    static char log[1 << 16];
    const redis_fixture *fx = *state;
    const int before = dup(STDERR_FILENO);
    char path[160], log_path[160];
    etas_ranges dead = {0};
    pid_t driver;
    int fd;

    if (!etas_slot_confine_built())
        skip();
    etas_format(sizeof path, path, "%s/run.store", fx->dir);
    etas_format(sizeof log_path, log_path, "%s/worker.log", fx->dir);
    pool_store_create(path, &model);
    fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    driver = pool_driver_start(fx, path, &(pool_driver){0});
    assert_int_equal(pool_wait_exit(driver, 60), 3);
    pool_dead(path, &dead);
    assert_int_equal(dead.n, 1);
    assert_int_equal(dead.items[0].first, CURIOUS);
    assert_int_equal(dead.items[0].count, 1);
    etas_ranges_free(&dead);
    read_file(log_path, sizeof log, log);
    assert_non_null(strstr(log, "catalogue 7: slot process killed by signal 31 (Bad system call): "
                                "it asked for openat, which a slot may not"));
    close(fd);
    close(before);
}

static const struct CMUnitTest tests[] = {
    pool_test(the_agent_says_what_its_slot_died_of_and_the_others_complete)};

int main(int argc, char *argv[])
{
    int code;

    in_slot = strcmp(argv[0], "etas-slot") == 0;
    if (etas_slot_main(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
