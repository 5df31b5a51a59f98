#include "unit/store/store_fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/scratch.h"

enum { KILLS = 12, PIECE = 3 };

static void pause_us(long us)
{
    nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
}

/* Adds pieces from where it stands, telling each one through the pipe after it was stored. */
static _Noreturn void add_and_tell(const char *path, int out, uint64_t from)
{
    etas_store *store;
    uint64_t n_new;

    if (etas_store_open(&store, path, ETAS_STORE_RESUME, NULL) != ETAS_OK)
        _exit(2);
    for (uint64_t at = from;; at += PIECE) {
        if (add_range(store, at, PIECE, &n_new, NULL) != ETAS_OK)
            _exit(3);
        if (write(out, &at, sizeof at) != sizeof at)
            _exit(4);
    }
}

static void a_writer_killed_at_any_moment_loses_nothing_it_was_told_is_stored(void **state)
{
    const char *const path = scratch_path("killed.store");
    etas_store *store = open_store(path, ETAS_STORE_CREATE);
    uint64_t told = 0;

    (void)state;
    begin_run(store, 1000000);
    etas_store_close(store);
    for (int k = 0; k < KILLS; k++) {
        int pipe_fd[2], status;
        uint64_t at;
        pid_t pid;

        assert_int_equal(pipe(pipe_fd), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(pipe_fd[0]);
            add_and_tell(path, pipe_fd[1], told);
        }
        close(pipe_fd[1]);
        assert_int_equal(read(pipe_fd[0], &at, sizeof at), sizeof at);
        pause_us(100 + 2777 * k);
        kill(pid, SIGKILL);
        do
            told = at + PIECE;
        while (read(pipe_fd[0], &at, sizeof at) == sizeof at);
        close(pipe_fd[0]);
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));

        store = open_store(path, ETAS_STORE_RESUME);
        assert_int_equal(etas_store_epoch(store), 3 + 2 * k);
        assert_int_equal(etas_store_covered(store)->n, 1);
        /* at most the piece that was stored but not told yet */
        assert_in_range(etas_ranges_total(etas_store_covered(store)), told, told + PIECE);
        check_contents(store);
        etas_store_close(store);
    }
}

static void the_driver_that_came_last_wins(void **state)
{
    const char *const path = scratch_path("epochs.store");
    etas_store *const first = open_store(path, ETAS_STORE_CREATE);
    etas_store *second;
    uint64_t n_new = 99, serial;
    etas_error err = {0};

    (void)state;
    begin_run(first, 100);
    check_ok(add_range(first, 0, 10, &n_new, &err), &err);
    second = open_store(path, ETAS_STORE_RESUME);
    assert_int_equal(etas_ranges_total(etas_store_covered(second)), 10);
    assert_true(add_range(first, 10, 10, &n_new, &err) == ETAS_E_SUPERSEDED);
    assert_int_equal(n_new, 0);
    assert_int_equal(etas_ranges_total(etas_store_covered(first)), 10);
    assert_true(etas_store_check_epoch(first, NULL) == ETAS_E_SUPERSEDED);
    assert_true(etas_store_next_serial(first, &serial, NULL) == ETAS_E_SUPERSEDED);
    assert_true(etas_store_add_dead(first, (etas_range){3, 1}, "", NULL) == ETAS_E_SUPERSEDED);
    assert_true(etas_store_finish(first, "complete", NULL) == ETAS_E_SUPERSEDED);
    assert_true(etas_store_set(first, "a", "b", NULL) == ETAS_E_SUPERSEDED);
    err = (etas_error){0};
    check_ok(etas_store_check_epoch(second, &err), &err);
    check_ok(add_range(second, 10, 10, &n_new, &err), &err);
    etas_store_close(first);
    check_ok(add_range(second, 20, 10, &n_new, &err), &err);
    assert_false(etas_store_finished(second));
    check_contents(second);
    etas_store_close(second);
}

static void restart_ends_the_driver_of_what_it_throws_away(void **state)
{
    const char *const path = scratch_path("restart.store");
    etas_store *const first = open_store(path, ETAS_STORE_CREATE);
    etas_store *second;
    uint64_t n_new;
    etas_error err = {0};

    (void)state;
    begin_run(first, 100);
    check_ok(add_range(first, 0, 10, &n_new, &err), &err);
    second = open_store(path, ETAS_STORE_RESTART);
    assert_int_equal(etas_store_covered(second)->n, 0);
    assert_true(etas_store_epoch(second) > etas_store_epoch(first));
    begin_run(second, 50);
    assert_true(add_range(first, 10, 10, &n_new, NULL) == ETAS_E_SUPERSEDED);
    assert_true(etas_store_check_epoch(first, NULL) == ETAS_E_SUPERSEDED);
    etas_store_close(first);
    check_ok(add_range(second, 5, 10, &n_new, &err), &err);
    check_contents(second);
    etas_store_close(second);
    second = open_store(path, ETAS_STORE_READ);
    assert_int_equal(etas_ranges_total(etas_store_covered(second)), 10);
    check_contents(second);
    etas_store_close(second);
}

static void a_driver_whose_store_was_removed_stops(void **state)
{
    const char *const path = scratch_path("removed.store");
    etas_store *const store = open_store(path, ETAS_STORE_CREATE);
    uint64_t n_new;

    (void)state;
    begin_run(store, 100);
    assert_int_equal(unlink(path), 0);
    assert_true(add_range(store, 0, 10, &n_new, NULL) == ETAS_E_SUPERSEDED);
    etas_store_close(store);
}

static void check_refused_and_untouched(const char *path, size_t len, const void *bytes,
                                        etas_status want)
{
    static const etas_store_mode modes[] = {ETAS_STORE_CREATE, ETAS_STORE_RESUME,
                                            ETAS_STORE_RESTART, ETAS_STORE_READ};

    scratch_write(path, len, bytes);
    for (size_t i = 0; i < 4; i++) {
        etas_store *store;
        etas_error err = {0};
        uint8_t *after;
        size_t after_len;

        assert_true(etas_store_open(&store, path, modes[i], &err) == want);
        assert_string_equal(err.file, path);
        after = scratch_read(path, &after_len);
        assert_int_equal(after_len, len);
        assert_memory_equal(after, bytes, len);
        free(after);
    }
}

static void files_of_others_are_never_touched(void **state)
{
    const char *const other = scratch_path("other.sqlite");
    sqlite3 *db;
    uint8_t *bytes;
    size_t len;

    (void)state;
    check_refused_and_untouched(scratch_path("thesis.txt"), 11, "my thesis\n\n", ETAS_E_CORRUPT);
    assert_int_equal(sqlite3_open(other, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE photos (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    bytes = scratch_read(other, &len);
    check_refused_and_untouched(other, len, bytes, ETAS_E_CORRUPT);
    free(bytes);
}

static void another_schema_is_refused_with_its_number(void **state)
{
    const char *const path = scratch_path("future.store");
    etas_store *store = open_store(path, ETAS_STORE_CREATE);
    etas_error err = {0};
    sqlite3 *db;

    (void)state;
    begin_run(store, 10);
    etas_store_close(store);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=9", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_true(etas_store_open(&store, path, ETAS_STORE_RESUME, &err) == ETAS_E_VERSION);
    assert_non_null(strstr(err.text, "9"));
    assert_true(etas_store_open(&store, path, ETAS_STORE_CREATE, NULL) == ETAS_E_VERSION);
    assert_true(etas_store_open(&store, path, ETAS_STORE_READ, NULL) == ETAS_E_VERSION);
    store = open_store(path, ETAS_STORE_RESTART);
    etas_store_close(store);
}

static etas_status count_piece(void *context, const etas_store_frame *frame, etas_range part,
                               etas_error *err)
{
    (void)frame;
    (void)part;
    (void)err;
    ++*(int *)context;
    return ETAS_OK;
}

/* Every page in turn filled with rubbish: an error or a right answer, never a crash or a write. */
static void damage_is_an_error_and_goes_only_when_asked(void **state)
{
    const char *const path = scratch_path("damaged.store");
    etas_store *store = open_store(path, ETAS_STORE_CREATE);
    uint64_t n_new;
    etas_error err = {0};
    uint8_t *good;
    size_t len, refused = 0;

    (void)state;
    begin_run(store, 4000);
    for (uint64_t i = 0; i < 40; i++)
        check_ok(add_range(store, 100 * i, 90, &n_new, &err), &err);
    etas_store_close(store);
    good = scratch_read(path, &len);
    for (size_t page = 0; page < len / 4096; page++) {
        uint8_t *const bad = malloc(len);
        etas_status st;
        int pieces = 0;

        assert_non_null(bad);
        memcpy(bad, good, len);
        memset(bad + 4096 * page + (page == 0 ? 100 : 0), 0xa5, page == 0 ? 3996 : 4096);
        scratch_write(path, len, bad);
        free(bad);
        err = (etas_error){0};
        st = etas_store_open(&store, path, ETAS_STORE_READ, &err);
        if (st == ETAS_OK)
            st = etas_store_each(store, count_piece, &pieces, &err);
        if (st != ETAS_OK) {
            assert_true(st == ETAS_E_CORRUPT);
            assert_string_equal(err.file, path);
            refused++;
        }
        etas_store_close(store);
    }
    assert_true(refused > 4);
    memset(good + 4096, 0xa5, 3 * 4096);
    scratch_write(path, len, good);
    free(good);
    assert_true(etas_store_open(&store, path, ETAS_STORE_CREATE, NULL) != ETAS_OK);
    store = open_store(path, ETAS_STORE_RESTART);
    begin_run(store, 10);
    check_contents(store);
    etas_store_close(store);
}

/* In a child whose files may not grow beyond a limit: the full disk of the poor. */
static _Noreturn void fill_up(const char *path, int out)
{
    const struct rlimit limit = {600000, 600000};
    etas_store *store;
    uint64_t n_new, at = 0;
    etas_error err = {0};
    etas_status st = ETAS_OK;

    (void)signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    if (etas_store_open(&store, path, ETAS_STORE_RESUME, NULL) != ETAS_OK)
        _exit(2);
    while (at < 1000000) {
        st = add_range(store, at, 1000, &n_new, &err);
        if (st != ETAS_OK)
            break;
        at += 1000;
    }
    if (st != ETAS_E_IO || strcmp(err.file, path) != 0 || err.text[0] == '\0')
        _exit(3);
    if (etas_ranges_total(etas_store_covered(store)) != at)
        _exit(4);
    if (write(out, &at, sizeof at) != sizeof at)
        _exit(5);
    etas_store_close(store);
    _exit(0);
}

static void a_full_disk_is_an_error_that_loses_nothing(void **state)
{
    const char *const path = scratch_path("full.store");
    etas_store *store = open_store(path, ETAS_STORE_CREATE);
    int pipe_fd[2], status;
    uint64_t at = 0, n_new;
    etas_error err = {0};
    pid_t pid;

    (void)state;
    begin_run(store, 1000000);
    etas_store_close(store);
    assert_int_equal(pipe(pipe_fd), 0);
    pid = fork();
    if (pid == 0)
        fill_up(path, pipe_fd[1]);
    close(pipe_fd[1]);
    assert_int_equal(read(pipe_fd[0], &at, sizeof at), sizeof at);
    close(pipe_fd[0]);
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_in_range(at, 10000, 900000);
    store = open_store(path, ETAS_STORE_RESUME);
    assert_int_equal(etas_ranges_total(etas_store_covered(store)), at);
    check_contents(store);
    check_ok(add_range(store, at, 1000, &n_new, &err), &err);
    etas_store_close(store);
}

static void a_writer_waits_for_another_transaction(void **state)
{
    const char *const path = scratch_path("busy.store");
    etas_store *const store = open_store(path, ETAS_STORE_CREATE);
    int pipe_fd[2], status;
    char ready;
    uint64_t n_new;
    etas_error err = {0};
    pid_t pid;

    (void)state;
    begin_run(store, 100);
    assert_int_equal(pipe(pipe_fd), 0);
    pid = fork();
    if (pid == 0) {
        sqlite3 *db;

        if (sqlite3_open(path, &db) != SQLITE_OK ||
            sqlite3_exec(db, "BEGIN IMMEDIATE; UPDATE meta SET value = value WHERE name='state'",
                         NULL, NULL, NULL) != SQLITE_OK ||
            write(pipe_fd[1], "r", 1) != 1)
            _exit(1);
        pause_us(300000);
        _exit(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? 0 : 2);
    }
    assert_int_equal(read(pipe_fd[0], &ready, 1), 1);
    check_ok(add_range(store, 0, 10, &n_new, &err), &err);
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    check_contents(store);
    etas_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_writer_killed_at_any_moment_loses_nothing_it_was_told_is_stored),
        cmocka_unit_test(the_driver_that_came_last_wins),
        cmocka_unit_test(restart_ends_the_driver_of_what_it_throws_away),
        cmocka_unit_test(a_driver_whose_store_was_removed_stops),
        cmocka_unit_test(files_of_others_are_never_touched),
        cmocka_unit_test(another_schema_is_refused_with_its_number),
        cmocka_unit_test(damage_is_an_error_and_goes_only_when_asked),
        cmocka_unit_test(a_full_disk_is_an_error_that_loses_nothing),
        cmocka_unit_test(a_writer_waits_for_another_transaction),
    };
    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close();
    return failed;
}
