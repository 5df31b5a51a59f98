/* Whole runs: whatever makes the catalogues, the file is the same; and what is left out is named.
 */
#include "unit/runner/whole_run.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "runner/runner_backend.h"

/* Per run: where starting a process takes longer than the time between two kills, an endless series
 * of them would leave no room for work. */
enum { MOST_KILLS = 15 };

/* ---- somebody who kills slots ---- */

typedef struct killer {
    atomic_bool stop;
    int kills;
    pthread_t thread;
} killer;

static void *kill_slots(void *context)
{
    killer *const self = context;
    uint64_t x = 88172645463325252u;

    while (!self->stop) {
        char path[64], text[4096] = "";
        int pids[64], n = 0;
        FILE *f;

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        nanosleep(&(struct timespec){.tv_nsec = 40000000 + (long)(x >> 32) % 100 * 1000000}, NULL);
        (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
        f = fopen(path, "r");
        if (f == NULL)
            continue;
        for (char *at = fgets(text, sizeof text, f), *word; at != NULL && n < 64;) {
            word = strsep(&at, " ");
            if (word != NULL && *word != '\0')
                pids[n++] = (int)strtol(word, NULL, 10);
        }
        (void)fclose(f);
        if (n > 0 && pids[x % (uint64_t)n] > 1 && self->kills < MOST_KILLS) {
            kill(pids[x % (uint64_t)n], SIGKILL);
            self->kills++;
        }
    }
    return NULL;
}

typedef struct way {
    uint32_t processes;
    uint64_t chunk_size;
    bool kill;
} way;

static void run_and_compare(const way *how)
{
    const etas_runner_config cfg = {.backend = ETAS_BACKEND_PROCESSES,
                                    .processes = how->processes,
                                    .chunk_size = how->chunk_size,
                                    .task_duration_s = 30};
    const uint64_t seed = how->kill ? seed_with(TROUBLE_SLOW, 0, SEED) : SEED;
    etas_store *const store = store_make(scratch_path("pool.store"), &small, N, seed);
    killer k = {0};
    etas_run_report report;
    etas_error err = {0};
    etas_status st;

    if (how->kill)
        assert_int_equal(pthread_create(&k.thread, NULL, kill_slots, &k), 0);
    st = etas_run(store, &cfg, &report, &err);
    if (how->kill) {
        k.stop = true;
        pthread_join(k.thread, NULL);
        assert_true(k.kills > 0);
    }
    check_ok(st, &err);
    assert_int_equal(report.n_catalogs, N);
    check_exports_as_wanted(store);
    etas_store_close(store);
}

static void any_number_of_slots_and_any_chunk_size_give_the_serial_bytes(void **state)
{
    static const uint32_t processes[] = {1, 2, 5};
    static const uint64_t chunks[] = {1, 7, 100, 0};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 4; k++)
            run_and_compare(&(way){processes[i], chunks[k], false});
}

static void slots_killed_at_random_change_nothing(void **state)
{
    (void)state;
    run_and_compare(&(way){2, 100, true});
    run_and_compare(&(way){5, 0, true});
    run_and_compare(&(way){1, 0, true});
}

/* ---- poison ---- */

/* The reference file without one catalogue and with the ids behind it one lower. */
static void check_without(uint64_t gone, const char *path)
{
    uint8_t *got;
    size_t len, at = 0, lines = 0;
    char *copy = strndup((const char *)wanted, wanted_len), *rest = copy;
    uint64_t n_events = 0;

    assert_non_null(copy);
    got = scratch_read(path, &len);
    for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; lines++) {
        char want[256];
        char *const id_at = strrchr(line, ',');
        char *before;
        unsigned long long id;
        bool empty;

        if (lines == 0) {
            (void)snprintf(want, sizeof want, "%s\n", line);
        } else {
            empty = id_at[1] == '\0';
            *id_at = '\0';
            before = strrchr(line, ',');
            id = strtoull(before + 1, NULL, 10);
            *before = '\0';
            if (id == gone)
                continue;
            if (empty)
                (void)snprintf(want, sizeof want, "%s,%llu,\n", line, id - (id > gone));
            else
                (void)snprintf(want, sizeof want, "%s,%llu,%llu\n", line, id - (id > gone),
                               (unsigned long long)n_events++);
        }
        assert_true(at + strlen(want) <= len);
        assert_memory_equal(got + at, want, strlen(want));
        at += strlen(want);
    }
    assert_int_equal(at, len);
    free(copy);
    free(got);
}

static void poison(etas_backend backend, trouble what, const char *why)
{
    const etas_runner_config cfg = {.backend = backend, .processes = 2};
    const char *const csv = scratch_path("poison.csv"), *const path = scratch_path("poison.store");
    etas_store *const store = store_make(path, &small, N, seed_with(what, 777, SEED));
    etas_run_report report;
    etas_export_summary summary;
    etas_error err = {0};
    etas_ranges dead = {0};
    uint8_t *list;
    size_t len;
    sqlite3 *db;
    sqlite3_stmt *q;

    assert_true(etas_run(store, &cfg, &report, &err) == ETAS_E_INCOMPLETE);
    assert_non_null(strstr(err.text, "1 of 1500"));
    assert_int_equal(report.n_catalogs, N - 1);
    assert_int_equal(report.missing.n, 1);
    assert_int_equal(report.missing.items[0].first, 777);
    assert_int_equal(report.missing.items[0].count, 1);
    etas_ranges_free(&report.missing);
    check_ok(etas_store_dead(store, &dead, NULL), NULL);
    assert_int_equal(etas_ranges_total(&dead), 1);
    etas_ranges_free(&dead);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT why FROM dead WHERE first = 777", -1, &q, NULL);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_non_null(strstr((const char *)sqlite3_column_text(q, 0), why));
    sqlite3_finalize(q);
    sqlite3_close(db);

    unlink(csv);
    err = (etas_error){0};
    assert_true(export_to(store, csv, false, &summary, &err) == ETAS_E_INCOMPLETE);
    assert_null(scratch_read(csv, &len));
    err = (etas_error){0};
    check_ok(export_to(store, csv, true, &summary, &err), &err);
    assert_int_equal(summary.n_catalogs, N - 1);
    check_without(777, csv);
    list = scratch_read(scratch_path("poison.csv.missing.json"), &len);
    assert_non_null(list);
    list[len - 1] = '\0';
    assert_non_null(strstr((char *)list, "{\"first\": 777, \"count\": 1}"));
    assert_non_null(strstr((char *)list, "\"n_missing\": 1"));
    free(list);
    etas_store_close(store);
}

static void a_crashing_catalogue_is_left_out_and_named(void **state)
{
    (void)state;
    poison(ETAS_BACKEND_PROCESSES, TROUBLE_CRASH, "signal 6");
}

static void a_failing_catalogue_is_left_out_and_named(void **state)
{
    (void)state;
    poison(ETAS_BACKEND_PROCESSES, TROUBLE_LIMIT, "catalogue 777 is too large");
}

static void the_serial_run_contains_a_failing_catalogue_too(void **state)
{
    (void)state;
    limits_reported = 0;
    poison(ETAS_BACKEND_SERIAL, TROUBLE_LIMIT, "catalogue 777 is too large");
    assert_in_range(limits_reported, ETAS_MAX_ATTEMPTS, 2 * ETAS_MAX_ATTEMPTS);
}

static void dead_catalogues_are_tried_again_by_a_resume(void **state)
{
    const etas_runner_config cfg = {.backend = ETAS_BACKEND_SERIAL};
    const char *const path = scratch_path("again.store");
    etas_store *const store = store_make(path, &small, N, SEED);
    etas_run_report report;
    etas_error err = {0};

    (void)state;
    check_ok(etas_store_add_dead(store, (etas_range){5, 3}, "no memory", &err), &err);
    check_ok(etas_run(store, &cfg, &report, &err), &err);
    assert_int_equal(report.n_catalogs, N);
    check_exports_as_wanted(store);
    etas_store_close(store);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_slots_and_any_chunk_size_give_the_serial_bytes),
        cmocka_unit_test(slots_killed_at_random_change_nothing),
        cmocka_unit_test(a_crashing_catalogue_is_left_out_and_named),
        cmocka_unit_test(a_failing_catalogue_is_left_out_and_named),
        cmocka_unit_test(the_serial_run_contains_a_failing_catalogue_too),
        cmocka_unit_test(dead_catalogues_are_tried_again_by_a_resume),
    };
    int code;

    if (etas_slot_main(argc, argv, &code))
        return code;
    scratch_open();
    code = cmocka_run_group_tests(tests, make_reference, free_reference);
    scratch_close();
    return code;
}
