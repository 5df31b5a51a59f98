/* Processes, and what the server says. */
#include "pool_helpers.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "etas/text.h"
#include "support/check.h"

/* A server under test may be away for a while; the machine may be busy. */
#define PATIENCE_S 60.0

double pool_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void pool_sleep(double seconds)
{
    (void)poll(NULL, 0, (int)(seconds * 1e3));
}

/* ---- processes ---- */

static volatile sig_atomic_t signals_seen;
static int wake[2] = {-1, -1};

static void on_signal(int number)
{
    (void)number;
    if (signals_seen < 2)
        signals_seen = signals_seen + 1;
    (void)!write(wake[1], "", 1);
}

static void emit(void *context, etas_log_level level, const char *text)
{
    (void)level;
    (void)fprintf(stderr, "  [%s %d %.2f] %s\n", (const char *)context, getpid(),
                  fmod(pool_seconds(), 1000), text);
}

static etas_log log_as(const char *who)
{
    return (etas_log){.emit = emit,
                      .context = (void *)(uintptr_t)who,
                      .max_level = getenv("POOL_DEBUG") != NULL ? ETAS_LOG_DEBUG : ETAS_LOG_INFO};
}

/* What is left of a test that failed must not meddle with the next one. */
static pid_t started[64];
static size_t n_started;

int pool_teardown(void **state)
{
    while (n_started > 0) {
        kill(started[--n_started], SIGKILL);
        waitpid(started[n_started], NULL, 0);
    }
    return redis_fixture_free(*state);
}

static void forget(pid_t pid)
{
    for (size_t i = 0; i < n_started; i++)
        if (started[i] == pid)
            started[i] = started[--n_started];
}

/* Both kinds of children die with the test and see signals as the programs do. */
static pid_t start(pid_t parent)
{
    struct sigaction action = {.sa_handler = on_signal};
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid != 0) {
        assert_true(n_started < sizeof started / sizeof started[0]);
        started[n_started++] = pid;
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        _exit(99);
    signals_seen = 0;
    (void)signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    return 0;
}

int pool_exit_code(etas_status st)
{
    switch (st) {
    case ETAS_OK:
        return 0;
    case ETAS_E_INCOMPLETE:
        return 3;
    case ETAS_E_SUPERSEDED:
        return 4;
    case ETAS_E_INTERRUPTED:
        return 130;
    default:
        return 1;
    }
}

static _Noreturn void leave(const char *who, etas_status st, const etas_error *err)
{
    char line[600];

    if (st != ETAS_OK)
        (void)fprintf(stderr, "  [%s %d] ends: %s\n", who, getpid(),
                      etas_error_format(err, sizeof line, line));
    _exit(pool_exit_code(st));
}

pid_t pool_driver_start(const redis_fixture *fx, const char *path, const pool_driver *how)
{
    const etas_log log = log_as("driver");
    etas_runner_config cfg = {.backend = ETAS_BACKEND_REDIS,
                              .chunk_size = how->chunk_size,
                              .task_duration_s =
                                  how->task_duration_s > 0 ? how->task_duration_s : 1,
                              .redis = etas_redis_options_default(),
                              .lease_s = how->lease_s > 0 ? how->lease_s : 2,
                              .mark_bytes = how->mark_bytes,
                              .verify = how->verify,
                              .drain = how->drain,
                              .interrupted = &signals_seen,
                              .log = &log};
    etas_error err = {0};
    const pid_t pid = start(getpid());

    if (pid != 0)
        return pid;
    cfg.redis.socket_path = fx->socket;
    cfg.redis.log = &log;
    leave("driver", pool_run(path, &cfg, &err), &err);
}

pid_t pool_worker_start(const redis_fixture *fx, const pool_worker *how)
{
    const etas_log log = log_as("worker");
    etas_worker_config cfg = {.redis = etas_redis_options_default(),
                              .processes = how->slots,
                              .runtime_s = how->runtime_s > 0 ? how->runtime_s : INFINITY,
                              .idle_timeout_s =
                                  how->idle_timeout_s > 0 ? how->idle_timeout_s : INFINITY,
                              .stall_s = how->stall_s,
                              .host_name = how->host,
                              .signals = &signals_seen,
                              .log = &log};
    etas_error err = {0};
    const pid_t pid = start(getpid());
    etas_status st;

    if (pid != 0)
        return pid;
    cfg.wake_fd = wake[0];
    cfg.redis.socket_path = fx->socket;
    cfg.redis.log = &log;
    st = etas_worker_run(&cfg, &err);
    leave("worker", st, &err);
}

pid_t pool_liar_start(const redis_fixture *fx, const char *host, unsigned most)
{
    const pid_t pid = start(getpid());

    if (pid != 0)
        return pid;
    pool_liar_serve(pool_queue_open(fx), host, most);
    _exit(0);
}

int pool_wait_exit(pid_t pid, double seconds)
{
    const double until = pool_seconds() + seconds;
    int status = 0;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (pool_seconds() > until)
            fail_msg("process %d still runs after %.0f s", pid, seconds);
        pool_sleep(0.01);
    }
    forget(pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

void pool_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    forget(pid);
}

size_t pool_children(pid_t pid, size_t capacity, pid_t out[])
{
    char path[64], text[4096] = "", *at = text;
    size_t n = 0;
    int fd;

    etas_format(sizeof path, path, "/proc/%d/task/%d/children", pid, pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof text - 1) < 0)
        text[0] = '\0';
    close(fd);
    while (n < capacity) {
        char *end;
        const long child = strtol(at, &end, 10);

        if (end == at)
            break;
        out[n++] = (pid_t)child;
        at = end;
    }
    return n;
}

static double own_cpu_s(pid_t pid)
{
    char path[64], text[1024] = "", *at;
    unsigned long user, system;
    int fd;

    etas_format(sizeof path, path, "/proc/%d/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof text - 1) < 0)
        text[0] = '\0';
    close(fd);
    at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < 14; field++) /* the name in (); the user's ticks */
        at = strchr(at + 1, ' ');
    if (at == NULL)
        return 0;
    user = strtoul(at, &at, 10);
    system = strtoul(at, NULL, 10);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

double pool_cpu_s(pid_t pid)
{
    pid_t children[64];
    const size_t n = pool_children(pid, 64, children);
    double sum = own_cpu_s(pid);

    for (size_t i = 0; i < n; i++)
        sum += own_cpu_s(children[i]);
    return sum;
}

/* ---- the server ---- */

etas_queue *pool_queue_open(const redis_fixture *fx)
{
    etas_redis_options options = etas_redis_options_default();
    etas_queue *queue;
    etas_error err = {0};

    options.socket_path = fx->socket;
    check_ok(etas_queue_open(&queue, &options, &err), &err);
    return queue;
}

typedef struct wish {
    uint64_t stored, live_slots, leased;
    bool any_slots;
} wish;

static bool granted(const etas_pool_info *info, const wish *w)
{
    uint64_t stored = 0, leased = 0;

    for (size_t i = 0; i < info->n_runs; i++) { /* one may have finished since we last looked */
        stored += info->runs[i].meta.stored;
        leased += info->runs[i].leased;
    }
    return stored >= w->stored && leased >= w->leased &&
           (w->any_slots || info->live_slots == w->live_slots);
}

static void wait_for(const redis_fixture *fx, const wish *w)
{
    const double until = pool_seconds() + PATIENCE_S;
    etas_queue *queue = pool_queue_open(fx);

    for (;;) {
        etas_pool_info info = {0};
        etas_error err = {0};
        const bool done = etas_queue_info(queue, &info, &err) == ETAS_OK && granted(&info, w);

        etas_pool_info_free(&info);
        if (done)
            break;
        if (pool_seconds() > until)
            fail_msg("waited in vain for stored >= %llu, leased >= %llu, slots %llu",
                     (unsigned long long)w->stored, (unsigned long long)w->leased,
                     (unsigned long long)w->live_slots);
        pool_sleep(0.005);
    }
    etas_queue_close(queue);
}

void pool_wait_stored(const redis_fixture *fx, uint64_t at_least)
{
    wait_for(fx, &(wish){.stored = at_least, .any_slots = true});
}

void pool_wait_slots(const redis_fixture *fx, uint64_t live_slots)
{
    wait_for(fx, &(wish){.live_slots = live_slots});
}

void pool_wait_leased(const redis_fixture *fx)
{
    wait_for(fx, &(wish){.leased = 1, .any_slots = true});
}

void pool_check_conserved(const redis_fixture *fx)
{
    etas_queue *queue = pool_queue_open(fx);
    etas_pool_info info = {0};
    etas_error err = {0};

    check_ok(etas_queue_info(queue, &info, &err), &err);
    for (size_t i = 0; i < info.n_runs; i++)
        assert_true(info.runs[i].conserved);
    etas_pool_info_free(&info);
    etas_queue_close(queue);
}
