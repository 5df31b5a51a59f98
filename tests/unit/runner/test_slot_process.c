/* Slot processes as the system sees them: what they inherit, and when they start and end. */
#include "unit/runner/slots_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "runner/slot_confine.h"
#include "support/scratch.h"

static const char no_start[] = "slots-do-not-start";

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

static size_t read_proc(int64_t pid, const char *what, size_t capacity, char out[])
{
    char path[64];
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, what);
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
    (void)snprintf(path, sizeof path, "/proc/%lld/fd", (long long)etas_slots_pid(slots, 1));
    folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char link[600];
        long fd;
        ssize_t n;

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(link, sizeof link, "%s/%s", path, entry->d_name);
        n = readlink(link, text, sizeof text - 1);
        assert_true(n > 0);
        text[n] = '\0';
        fd = strtol(entry->d_name, NULL, 10);
        assert_in_range(fd, 0, 3);
        if (fd == 3)
            assert_non_null(strstr(text, "socket:"));
        else
            assert_string_equal(text, "/dev/null");
        seen |= 1u << fd;
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

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    f = fopen(path, "r");
    if (f == NULL)
        return false;
    state = fgets(text, sizeof text, f) != NULL ? strrchr(text, ')') : NULL;
    (void)fclose(f);
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

/* The slot dies of asking, not of what it gets; the catalogues before that one are delivered. */
static void dies_of(trouble what, const char *call)
{
    etas_slots *const slots = open_slots(1, 0);
    uint64_t at = 0;
    etas_slot_event e;

    assign(slots, 0, seed_with(what, 7, SEED), (etas_range){0, 20});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_DIED);
    assert_int_equal(e.signal, SIGSYS);
    assert_int_equal(e.reached, 7);
    assert_int_equal(at, 7);
    assert_non_null(strstr(e.message, call));
    at = 8;
    assign(slots, 0, SEED, (etas_range){8, 12});
    assert_int_equal(take_frames(slots, &at).kind, ETAS_SLOT_IDLE);
    assert_int_equal(at, 20);
    etas_slots_close(slots);
}

static void a_slot_that_opens_a_file_or_a_socket_dies_of_it(void **state)
{
    (void)state;
    if (!etas_slot_confine_built())
        skip();
    dies_of(TROUBLE_FILE, "it asked for openat, which a slot may not");
    dies_of(TROUBLE_SOCKET, "it asked for socket, which a slot may not");
}

/* A line of /proc/PID/status. */
static void check_status(int64_t pid, const char *line)
{
    char text[4096];

    read_proc(pid, "status", sizeof text, text);
    if (strstr(text, line) == NULL)
        fail_msg("no \"%s\" in %s", line, text);
}

static void a_working_slot_is_confined_and_dumps_no_core(void **state)
{
    etas_slots *slots;
    char text[4096];
    const char *core;

    (void)state;
    if (!etas_slot_confine_built())
        skip();
    slots = open_slots(1, 0);
    assign(slots, 0, seed_with(TROUBLE_SLOW, 0, SEED), (etas_range){0, N});
    while (next_event(slots, 5).kind != ETAS_SLOT_FRAME)
        continue;
    check_status(etas_slots_pid(slots, 0), "\nSeccomp:\t2\n");
    check_status(etas_slots_pid(slots, 0), "\nNoNewPrivs:\t1\n");
    read_proc(etas_slots_pid(slots, 0), "limits", sizeof text, text);
    core = strstr(text, "Max core file size");
    assert_non_null(core);
    assert_int_equal(strtol(core + strlen("Max core file size"), NULL, 10), 0);
    etas_slots_close(slots);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_that_cannot_start_are_an_error_not_a_storm),
        cmocka_unit_test(a_slot_has_one_socket_no_environment_and_no_argument),
        cmocka_unit_test(the_terminal_s_interrupt_passes_a_slot_by),
        cmocka_unit_test(no_slot_outlives_its_parent),
        cmocka_unit_test(an_idle_slot_uses_no_processor_time),
        cmocka_unit_test(a_slot_that_opens_a_file_or_a_socket_dies_of_it),
        cmocka_unit_test(a_working_slot_is_confined_and_dumps_no_core),
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
