/* Slot processes: what they deliver, and what happens when they die, hang or are killed. */
#include "support/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "etas/codec.h"
#include "etas/runner.h"
#include "etas/simulation.h"
#include "runner/slots.h"
#include "support/scratch.h"
#include "unit/runner/runner_fixture.h"

enum { N = 400, SEED = 77 };

static const char no_start[] = "slots-do-not-start";

static model small;

static int make_model(void **state)
{
    (void)state;
    model_make(&small, 4);
    return 0;
}

static int free_model(void **state)
{
    (void)state;
    model_free(&small);
    return 0;
}

static void wait_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static etas_slots *open_slots(uint32_t n, double stall_s)
{
    const etas_slots_config cfg = {.n = n, .stall_s = stall_s, .frame_s = 0.05, .compress = true};
    etas_slots *slots;
    etas_error err = {0};

    check_ok(etas_slots_open(&slots, &cfg, &err), &err);
    check_ok(etas_slots_model_add(slots, small.hex, small.len, small.blob, &err), &err);
    return slots;
}

static void assign(etas_slots *slots, uint32_t slot, uint64_t seed, etas_range range)
{
    const etas_slot_task task = {
        .run = {1, 2, 3}, .seed = seed, .first = range.first, .count = range.count};
    etas_error err = {0};

    check_ok(etas_slots_assign(slots, slot, small.hex, &task, &err), &err);
}

static etas_slot_event next_event(etas_slots *slots, double timeout_s)
{
    etas_slot_event e;
    etas_error err = {0};

    check_ok(etas_slots_next(slots, timeout_s, 0, NULL, &e, &err), &err);
    return e;
}

/* The frame is whole, follows *at, and holds exactly what the simulator makes here. */
static void check_frame(const etas_slot_event *e, uint64_t *at)
{
    etas_frame_header header;
    etas_events got = {0}, want = {0};
    etas_simulator *simulator;
    etas_error err = {0};

    assert_int_equal(e->first, *at);
    check_ok(etas_frame_decode(e->len, e->bytes, &header, &got, &err), &err);
    assert_int_equal(header.first, e->first);
    assert_int_equal(header.count, e->count);
    assert_int_equal(header.run[2], 3);
    assert_true(header.task.pid != (uint32_t)getpid());
    check_ok(etas_simulator_open(&simulator, &small.plan, "scalar", &err), &err);
    check_ok(etas_simulator_run(simulator, SEED, e->first, e->count, &want, &err), &err);
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.count, want.count, e->count * sizeof *got.count);
    if (got.n > 0) {
        assert_memory_equal(got.time_ms, want.time_ms, got.n * sizeof *got.time_ms);
        assert_memory_equal(got.lat, want.lat, got.n * sizeof *got.lat);
        assert_memory_equal(got.mag, want.mag, got.n * sizeof *got.mag);
    }
    etas_simulator_close(simulator);
    etas_events_free(&got);
    etas_events_free(&want);
    *at += e->count;
}

/* Takes frames until something else comes, at most for ten seconds. */
static etas_slot_event take_frames(etas_slots *slots, uint64_t *at)
{
    const double deadline = now_s() + 10;

    for (;;) {
        const etas_slot_event e = next_event(slots, 0.5);

        if (e.kind == ETAS_SLOT_FRAME)
            check_frame(&e, at);
        else if (e.kind != ETAS_SLOT_NONE)
            return e;
        if (now_s() > deadline)
            fail_msg("no end of the task after ten seconds, at catalogue %llu",
                     (unsigned long long)*at);
    }
}

static void a_task_comes_back_whole_and_in_order(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    uint64_t at = 1000;
    etas_slot_event e;

    (void)state;
    assign(slots, 0, SEED, (etas_range){1000, N});
    assert_true(etas_slots_busy(slots, 0));
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(e.reached, 1000 + N);
    assert_int_equal(at, 1000 + N);
    assert_false(etas_slots_busy(slots, 0));
    etas_slots_close(slots);
}

static void frames_of_large_tasks_stay_below_their_target(void **state)
{
    etas_slots *slots;
    const etas_slots_config cfg = {.n = 1, .frame_s = 100};
    etas_error err = {0};
    uint64_t at = 0;
    size_t largest = 0, n_frames = 0;

    (void)state;
    check_ok(etas_slots_open(&slots, &cfg, &err), &err);
    check_ok(etas_slots_model_add(slots, small.hex, small.len, small.blob, &err), &err);
    assign(slots, 0, SEED, (etas_range){0, 40000});
    for (;;) {
        const etas_slot_event e = next_event(slots, 20);

        if (e.kind != ETAS_SLOT_FRAME) {
            assert_int_equal(e.kind, ETAS_SLOT_IDLE);
            break;
        }
        assert_int_equal(e.first, at);
        at += e.count;
        n_frames++;
        if (e.len > largest)
            largest = e.len;
    }
    assert_int_equal(at, 40000);
    assert_true(n_frames >= 2);
    assert_in_range(largest, ETAS_FRAME_TARGET_BYTES / 2, ETAS_FRAME_TARGET_BYTES);
    etas_slots_close(slots);
}

/* Whoever is killed between two frames loses neither what was delivered nor the rest. When the
 * process had only one catalogue in hand the caller is told, and gives the rest out again. */
static void a_slot_killed_within_a_task_is_replaced_and_the_task_goes_on(void **state)
{
    const uint64_t seed = seed_with(TROUBLE_SLOW, 0, SEED);
    etas_slots *const slots = open_slots(1, 0);
    uint64_t at = 0;
    int kills = 0;

    (void)state;
    assign(slots, 0, seed, (etas_range){0, N});
    while (at < N || etas_slots_busy(slots, 0)) {
        const etas_slot_event e = next_event(slots, 5);
        const int64_t pid = etas_slots_pid(slots, 0);

        if (e.kind == ETAS_SLOT_FRAME) {
            check_frame(&e, &at);
            if (kills++ < 4)
                assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
        } else if (e.kind == ETAS_SLOT_DIED) {
            assert_int_equal(e.reached, at);
            assert_int_equal(e.signal, SIGKILL);
            assign(slots, 0, seed, (etas_range){at, N - at});
        } else {
            assert_int_equal(e.kind, ETAS_SLOT_IDLE);
            assert_int_equal(e.reached, N);
        }
    }
    assert_int_equal(at, N);
    assert_true(kills >= 4);
    etas_slots_close(slots);
}

/* One slot dies while the other has something to say: both are heard, whoever is asked first. */
static void a_death_hides_no_event_of_another_slot(void **state)
{
    const uint64_t seed = seed_with(TROUBLE_SLOW, 0, SEED);
    etas_slots *const slots = open_slots(2, 0);
    uint64_t at[2] = {0, 5000};
    int kills = 0;

    (void)state;
    assign(slots, 0, seed, (etas_range){0, 600});
    assign(slots, 1, seed, (etas_range){5000, 600});
    while (etas_slots_busy(slots, 0) || etas_slots_busy(slots, 1)) {
        const etas_slot_event e = next_event(slots, 5);

        assert_int_not_equal(e.kind, ETAS_SLOT_NONE);
        if (e.kind == ETAS_SLOT_FRAME)
            check_frame(&e, &at[e.slot]);
        if (e.kind == ETAS_SLOT_DIED)
            assign(slots, e.slot, seed, (etas_range){at[e.slot], e.slot * 5000 + 600 - at[e.slot]});
        if (kills < 8 && e.kind == ETAS_SLOT_FRAME) {
            kill((pid_t)etas_slots_pid(slots, (uint32_t)kills++ % 2), SIGKILL);
            wait_ms(70);
        }
    }
    assert_int_equal(at[0], 600);
    assert_int_equal(at[1], 5600);
    etas_slots_close(slots);
}

static void a_poisonous_catalogue_is_named_and_takes_no_other_with_it(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    uint64_t at = 0;
    etas_slot_event e;

    (void)state;
    assign(slots, 0, seed_with(TROUBLE_CRASH, 333, SEED), (etas_range){0, N});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_DIED);
    assert_int_equal(e.reached, 333);
    assert_int_equal(at, 333);
    assert_int_equal(e.signal, SIGABRT);
    assert_non_null(strstr(e.message, "signal 6"));
    assert_false(etas_slots_busy(slots, 0));
    at = 334;
    assign(slots, 0, seed_with(TROUBLE_CRASH, 333, SEED), (etas_range){334, N - 334});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(at, N);
    etas_slots_close(slots);
}

static void a_hanging_catalogue_is_killed_and_named(void **state)
{
    etas_slots *const slots = open_slots(1, 0.3);
    uint64_t at = 0;
    etas_slot_event e;

    (void)state;
    assign(slots, 0, seed_with(TROUBLE_HANG, 20, SEED), (etas_range){0, 50});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_DIED);
    assert_int_equal(e.reached, 20);
    assert_int_equal(at, 20);
    assert_int_equal(e.signal, SIGKILL);
    assert_non_null(strstr(e.message, "no progress for 0.3 s"));
    etas_slots_close(slots);
}

static void a_frozen_slot_is_replaced(void **state)
{
    etas_slots *const slots = open_slots(1, 0.4);
    const int64_t pid = etas_slots_pid(slots, 0);
    uint64_t at = 0;
    etas_slot_event e;

    (void)state;
    assign(slots, 0, seed_with(TROUBLE_SLOW, 0, SEED), (etas_range){0, N});
    do
        e = next_event(slots, 5);
    while (e.kind == ETAS_SLOT_NONE);
    assert_int_equal(e.kind, ETAS_SLOT_FRAME);
    check_frame(&e, &at);
    assert_int_equal(kill((pid_t)pid, SIGSTOP), 0);
    e = take_frames(slots, &at);
    if (e.kind == ETAS_SLOT_DIED) { /* it had one catalogue in hand */
        assert_int_equal(e.reached, at);
        assign(slots, 0, SEED, (etas_range){at, N - at});
        e = take_frames(slots, &at);
    }
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(at, N);
    assert_true(etas_slots_pid(slots, 0) != pid);
    assert_true(kill((pid_t)pid, 0) != 0 && errno == ESRCH);
    etas_slots_close(slots);
}

static void a_failing_catalogue_is_an_error_with_its_index_and_reason(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    const int64_t pid = etas_slots_pid(slots, 0);
    uint64_t at = 0;
    etas_slot_event e;

    (void)state;
    assign(slots, 0, seed_with(TROUBLE_LIMIT, 250, SEED), (etas_range){0, N});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_ERROR);
    assert_int_equal(e.reached, 250);
    assert_int_equal(at, 250);
    assert_string_equal(e.message, "catalogue 250 is too large");
    assert_int_equal(etas_slots_pid(slots, 0), pid);
    at = 251;
    assign(slots, 0, SEED, (etas_range){251, 10});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    etas_slots_close(slots);
}

static void a_slot_that_dies_idle_is_replaced_and_works(void **state)
{
    etas_slots *const slots = open_slots(2, 0);
    etas_slot_event e;
    uint64_t at = 5;

    (void)state;
    assert_int_equal(next_event(slots, 0.2).kind, ETAS_SLOT_NONE);
    assert_int_equal(kill((pid_t)etas_slots_pid(slots, 1), SIGKILL), 0);
    e = next_event(slots, 5);
    assert_int_equal(e.kind, ETAS_SLOT_DIED);
    assert_int_equal(e.slot, 1);
    assert_true(e.reached == UINT64_MAX);
    assign(slots, 1, SEED, (etas_range){5, 10});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(at, 15);
    etas_slots_close(slots);
}

static void halting_hands_over_what_is_finished(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    uint64_t at = 0;
    etas_slot_event e;
    etas_error err = {0};

    (void)state;
    check_ok(etas_slots_halt(slots, 0, &err), &err);
    assign(slots, 0, seed_with(TROUBLE_SLOW, 0, SEED), (etas_range){0, 100000});
    wait_ms(120);
    check_ok(etas_slots_halt(slots, 0, &err), &err);
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(e.reached, at);
    assert_in_range(at, 1, 2000);
    assign(slots, 0, SEED, (etas_range){at, 10});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    etas_slots_close(slots);
}

static void an_aborted_task_is_never_heard_of_again(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    const int64_t pid = etas_slots_pid(slots, 0);
    uint64_t at = 0;
    etas_slot_event e;
    etas_error err = {0};

    (void)state;
    assign(slots, 0, seed_with(TROUBLE_SLOW, 0, SEED), (etas_range){0, N});
    e = next_event(slots, 5);
    check_ok(etas_slots_abort(slots, 0, &err), &err);
    assert_false(etas_slots_busy(slots, 0));
    assert_true(etas_slots_pid(slots, 0) != pid);
    assert_int_equal(next_event(slots, 0.2).kind, ETAS_SLOT_NONE);
    at = 7000;
    assign(slots, 0, SEED, (etas_range){7000, 20});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(at, 7020);
    etas_slots_close(slots);
}

static void a_paused_slot_keeps_its_results(void **state)
{
    etas_slots *const slots = open_slots(1, 0.2);
    uint64_t at = 0;

    (void)state;
    assign(slots, 0, SEED, (etas_range){0, N});
    etas_slots_pause(slots, 0, true);
    for (int i = 0; i < 5; i++)
        assert_int_equal(next_event(slots, 0.1).kind, ETAS_SLOT_NONE);
    etas_slots_pause(slots, 0, false);
    assert_int_equal(take_frames(slots, &at).kind, ETAS_SLOT_IDLE);
    assert_int_equal(at, N);
    etas_slots_close(slots);
}

static void a_ready_descriptor_ends_the_wait(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    etas_slot_event e;
    etas_error err = {0};
    double start;
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    start = now_s();
    check_ok(etas_slots_next(slots, 10, 1, fds, &e, &err), &err);
    assert_int_equal(e.kind, ETAS_SLOT_NONE);
    assert_true(now_s() - start < 5);
    close(fds[0]);
    close(fds[1]);
    etas_slots_close(slots);
}

static void the_fifth_model_drops_the_one_used_longest_ago(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    etas_error err = {0};
    char key[65];
    uint64_t at = 0;

    (void)state;
    memset(key, 'a', 64);
    key[64] = '\0';
    for (char c = 'a'; c < 'd'; c++) {
        key[0] = c;
        check_ok(etas_slots_model_add(slots, key, small.len, small.blob, &err), &err);
    }
    assign(slots, 0, SEED, (etas_range){0, 5}); /* small is in use again */
    assert_int_equal(take_frames(slots, &at).kind, ETAS_SLOT_IDLE);
    key[0] = 'd';
    check_ok(etas_slots_model_add(slots, key, small.len, small.blob, &err), &err);
    assert_true(etas_slots_model_known(slots, small.hex));
    assert_true(etas_slots_model_known(slots, key));
    key[0] = 'a';
    assert_false(etas_slots_model_known(slots, key));
    etas_slots_close(slots);
}

static void a_model_that_is_none_is_an_error_of_the_task(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    etas_slot_task task = {.seed = 1, .first = 9, .count = 3};
    etas_slot_event e;
    etas_error err = {0};
    char key[65];
    uint64_t at = 0;

    (void)state;
    memset(key, 'f', 64);
    key[64] = '\0';
    check_ok(etas_slots_model_add(slots, key, 9, (const uint8_t *)"no model", &err), &err);
    check_ok(etas_slots_assign(slots, 0, key, &task, &err), &err);
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_ERROR);
    assert_int_equal(e.reached, 9);
    assert_true(e.message[0] != '\0');
    etas_slots_close(slots);
}

/* main below lets slots end at once while this file is in their working directory. */
static void slots_that_cannot_start_are_an_error_not_a_storm(void **state)
{
    etas_slots *slots;
    etas_slot_event e;
    etas_error err = {0};
    etas_status st = ETAS_OK;
    int events = 0;

    (void)state;
    scratch_write(scratch_path(no_start), 0, "");
    slots = open_slots(2, 0);
    while (st == ETAS_OK && events++ < 20)
        st = etas_slots_next(slots, 5, 0, NULL, &e, &err);
    unlink(scratch_path(no_start));
    assert_true(st == ETAS_E_IO);
    assert_non_null(strstr(err.text, "exit code 3"));
    etas_slots_close(slots);
}

/* ---- what a slot has of its parent ---- */

static size_t read_proc(int64_t pid, const char *what, size_t capacity, char out[])
{
    char path[64];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, what);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    n = read(fd, out, capacity - 1);
    close(fd);
    assert_true(n >= 0);
    out[n] = '\0';
    return (size_t)n;
}

static void a_slot_has_one_socket_no_environment_and_no_argument(void **state)
{
    const int secret = open("/etc/passwd", O_RDONLY); /* not close-on-exec */
    int fds[2];
    etas_slots *slots;
    char text[4096], path[64];
    unsigned seen = 0;
    const struct dirent *entry;
    DIR *folder;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    setenv("ETAS_REDIS_PASSWORD", "secret", 1);
    slots = open_slots(2, 0);
    assign(slots, 1, seed_with(TROUBLE_SLOW, 0, SEED), (etas_range){0, N});
    while (next_event(slots, 5).kind != ETAS_SLOT_FRAME)
        continue;
    assert_int_equal(read_proc(etas_slots_pid(slots, 1), "environ", sizeof text, text), 0);
    assert_int_equal(read_proc(etas_slots_pid(slots, 1), "cmdline", sizeof text, text), 10);
    assert_string_equal(text, "etas-slot");
    snprintf(path, sizeof path, "/proc/%lld/fd", (long long)etas_slots_pid(slots, 1));
    folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char link[600];
        ssize_t n;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(link, sizeof link, "%s/%s", path, entry->d_name);
        n = readlink(link, text, sizeof text - 1);
        assert_true(n > 0);
        text[n] = '\0';
        assert_in_range(atoi(entry->d_name), 0, 3);
        if (atoi(entry->d_name) == 3)
            assert_non_null(strstr(text, "socket:"));
        else
            assert_string_equal(text, "/dev/null");
        seen |= 1u << atoi(entry->d_name);
    }
    closedir(folder);
    assert_int_equal(seen, 0xf);
    unsetenv("ETAS_REDIS_PASSWORD");
    close(secret);
    close(fds[0]);
    close(fds[1]);
    etas_slots_close(slots);
}

static void the_terminal_s_interrupt_passes_a_slot_by(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    const int64_t pid = etas_slots_pid(slots, 0);
    uint64_t at = 0;

    (void)state;
    assert_int_equal(next_event(slots, 0.1).kind, ETAS_SLOT_NONE);
    kill((pid_t)pid, SIGINT);
    kill((pid_t)pid, SIGTERM);
    kill((pid_t)pid, SIGHUP);
    assign(slots, 0, SEED, (etas_range){0, 20});
    assert_int_equal(take_frames(slots, &at).kind, ETAS_SLOT_IDLE);
    assert_int_equal(etas_slots_pid(slots, 0), pid);
    etas_slots_close(slots);
}

static bool alive(pid_t pid)
{
    char path[64], text[512];
    FILE *f;
    const char *state;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    f = fopen(path, "r");
    if (f == NULL)
        return false;
    state = fgets(text, sizeof text, f) != NULL ? strrchr(text, ')') : NULL;
    fclose(f);
    return state != NULL && state[2] != 'Z';
}

/* One slot works, one is idle, one is frozen; their parent is killed. */
static void no_slot_outlives_its_parent(void **state)
{
    pid_t pids[3] = {0};
    int fds[2], status, left = 3;
    pid_t parent;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        etas_slots *const slots = open_slots(3, 0);

        assign(slots, 1, seed_with(TROUBLE_SLOW, 0, SEED), (etas_range){0, 1000000});
        while (next_event(slots, 5).kind != ETAS_SLOT_FRAME)
            continue;
        for (uint32_t i = 0; i < 3; i++)
            pids[i] = (pid_t)etas_slots_pid(slots, i);
        kill(pids[2], SIGSTOP);
        if (write(fds[1], pids, sizeof pids) != sizeof pids)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(fds[0], pids, sizeof pids), sizeof pids);
    for (int i = 0; i < 3; i++)
        assert_true(alive(pids[i]));
    kill(parent, SIGKILL);
    waitpid(parent, &status, 0);
    for (int tries = 0; tries < 500 && left > 0; tries++) {
        left = 0;
        for (int i = 0; i < 3; i++)
            left += alive(pids[i]);
        wait_ms(10);
    }
    assert_int_equal(left, 0);
    close(fds[0]);
    close(fds[1]);
}

static void an_idle_slot_uses_no_processor_time(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    char before[1024], after[1024];
    uint64_t at = 0;

    (void)state;
    assign(slots, 0, SEED, (etas_range){0, 20});
    assert_int_equal(take_frames(slots, &at).kind, ETAS_SLOT_IDLE);
    wait_ms(50);
    read_proc(etas_slots_pid(slots, 0), "schedstat", sizeof before, before);
    wait_ms(400);
    read_proc(etas_slots_pid(slots, 0), "schedstat", sizeof after, after);
    assert_string_equal(before, after);
    etas_slots_close(slots);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_comes_back_whole_and_in_order),
        cmocka_unit_test(frames_of_large_tasks_stay_below_their_target),
        cmocka_unit_test(a_slot_killed_within_a_task_is_replaced_and_the_task_goes_on),
        cmocka_unit_test(a_death_hides_no_event_of_another_slot),
        cmocka_unit_test(a_poisonous_catalogue_is_named_and_takes_no_other_with_it),
        cmocka_unit_test(a_hanging_catalogue_is_killed_and_named),
        cmocka_unit_test(a_frozen_slot_is_replaced),
        cmocka_unit_test(a_failing_catalogue_is_an_error_with_its_index_and_reason),
        cmocka_unit_test(a_slot_that_dies_idle_is_replaced_and_works),
        cmocka_unit_test(halting_hands_over_what_is_finished),
        cmocka_unit_test(an_aborted_task_is_never_heard_of_again),
        cmocka_unit_test(a_paused_slot_keeps_its_results),
        cmocka_unit_test(a_ready_descriptor_ends_the_wait),
        cmocka_unit_test(the_fifth_model_drops_the_one_used_longest_ago),
        cmocka_unit_test(a_model_that_is_none_is_an_error_of_the_task),
        cmocka_unit_test(slots_that_cannot_start_are_an_error_not_a_storm),
        cmocka_unit_test(a_slot_has_one_socket_no_environment_and_no_argument),
        cmocka_unit_test(the_terminal_s_interrupt_passes_a_slot_by),
        cmocka_unit_test(no_slot_outlives_its_parent),
        cmocka_unit_test(an_idle_slot_uses_no_processor_time),
    };
    int code;

    if (strcmp(argv[0], "etas-slot") == 0 && access(no_start, F_OK) == 0)
        return 3;
    if (etas_slot_main(argc, argv, &code))
        return code;
    scratch_open();
    if (chdir(scratch_path(".")) != 0)
        return 1;
    code = cmocka_run_group_tests(tests, make_model, free_model);
    scratch_close();
    return code;
}
