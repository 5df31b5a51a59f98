/** @file pool_helpers.h  Drivers, workers and stores for tests of the pool: real processes on a
 * real server, small synthetic models. Every helper fails the test by itself. */
#ifndef ETAS_TESTS_POOL_HELPERS_H
#define ETAS_TESTS_POOL_HELPERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "etas/queue.h"
#include "etas/range.h"
#include "etas/runner.h"
#include "support/redis_fixture.h"

typedef struct pool_model {
    uint64_t n_catalogs, seed;
    double mean_background; /**< events per catalogue before aftershocks */
    uint64_t max_events;    /**< per catalogue: a larger one is an error; 0 no limit */
    double threshold;       /**< smallest magnitude reported; 0: 4 */
} pool_model;

/** A fresh run's store at @p path. */
void pool_store_create(const char *path, const pool_model *model);
/** Resumes the store and makes what is missing. */
etas_status pool_run(const char *path, const etas_runner_config *cfg, etas_error *err);
/** Makes the run in this process with the serial backend; catalogues beyond max_events are dead. */
void pool_run_serially(const char *path);
/** Of everything stored, catalogue by catalogue; *n_catalogs counts them. */
uint64_t pool_digest(const char *path, uint64_t *n_catalogs);
/** The digest is that of a serial run of the same model, all catalogues there. */
void pool_check_equals_serial(const char *path, const pool_model *model);
/** Dead ranges in the store. */
void pool_dead(const char *path, etas_ranges *out);

typedef struct pool_driver {
    uint64_t chunk_size;
    double lease_s; /**< 0: 2 s */
    uint64_t mark_bytes;
    double verify;
    double task_duration_s; /**< 0: 1 s */
    bool drain;
} pool_driver;
/** A process that runs etas_run on the store; its exit code is pool_exit_code of the status. */
pid_t pool_driver_start(const redis_fixture *fx, const char *path, const pool_driver *how);

typedef struct pool_worker {
    uint32_t slots;
    double runtime_s, idle_timeout_s, stall_s; /**< 0: none */
    const char *host;                          /**< NULL: the machine's name */
} pool_worker;
/** A process that runs etas_worker_run with signals wired up as in the program. */
pid_t pool_worker_start(const redis_fixture *fx, const pool_worker *how);

/** An agent on that host whose results are whole and wrong: of every catalogue with an event one
 * magnitude is a ten-thousandth too large. It makes `most` tasks and waits then. */
pid_t pool_liar_start(const redis_fixture *fx, const char *host, unsigned most);
/** pool_liar.c: the life of that agent; returns when the server is gone. */
void pool_liar_serve(etas_queue *queue, const char *host, unsigned most);

int pool_exit_code(etas_status st);
/** Exit code within @p seconds; a process that ends by a signal gives 256 + signal. */
int pool_wait_exit(pid_t pid, double seconds);
/** Children of a process; returns how many, at most @p capacity. */
size_t pool_children(pid_t pid, size_t capacity, pid_t out[]);
/** SIGKILL and reap. */
void pool_kill(pid_t pid);
/** CPU seconds that the process and its children have used. */
double pool_cpu_s(pid_t pid);

etas_queue *pool_queue_open(const redis_fixture *fx);
/** What the manager sees; waits until at least so many catalogues are stored, or the condition of
 * the others holds, for at most 60 s. */
void pool_wait_stored(const redis_fixture *fx, uint64_t at_least);
void pool_wait_slots(const redis_fixture *fx, uint64_t live_slots);
void pool_wait_leased(const redis_fixture *fx);
/** The conservation law for every run there. */
void pool_check_conserved(const redis_fixture *fx);
/** Ends what the test has started and removes its directory; the setup is redis_group_setup. */
int pool_teardown(void **state);
#define pool_test(name) cmocka_unit_test_setup_teardown(name, redis_group_setup, pool_teardown)
/** The main of a test: slots are this program again. */
#define POOL_TEST_MAIN(tests)                                               \
    int main(int argc, char *argv[])                                        \
    {                                                                       \
        int code;                                                           \
                                                                            \
        if (etas_slot_main(argc, argv, &code))                              \
            return code;                                                    \
        if (argc > 1)                                                       \
            cmocka_set_test_filter(argv[1]); /* a pattern, for one alone */ \
        return cmocka_run_group_tests(tests, NULL, NULL);                   \
    }
double pool_seconds(void);
void pool_sleep(double seconds);

#endif
