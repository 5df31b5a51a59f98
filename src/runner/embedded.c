#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <math.h>

#include "etas/runner.h"
#include "etas/text.h"
#include "runner/clock.h"

#define START_S 10.0

enum { TICK_MS = 200, START_TICK_MS = 10, STALL_S = 300 };

/* Three processes below this one. The guardian, alone in its session, starts server and worker
 * again should they end, and ends with them when the pipe to this process closes, however that
 * comes about; then it removes the directory. Server and worker die with the guardian. */
struct etas_embedded {
    pid_t guardian;
    int pipe; /* nothing is ever written */
    char dir[80], socket[96];
};

typedef struct guard {
    const etas_embedded *self;
    const char *kernels;
    etas_log log;
    uint32_t workers;
    uint64_t slot_memory_bytes;
    pid_t guardian;
} guard;

static void remove_dir(const etas_embedded *self)
{
    char dump[160];

    etas_format(sizeof dump, dump, "%s/dump.rdb", self->dir);
    unlink(dump); /* somebody may have asked the server for one */
    unlink(self->socket);
    rmdir(self->dir);
}

static bool answers(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    etas_format(sizeof at.sun_path, at.sun_path, "%s", path);
    ok = fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* ---- in the guardian and its children ---- */

static void be_child_of(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it went before that was asked */
        _exit(1);
}

static _Noreturn void exec_server(const guard *g)
{
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    be_child_of(g->guardian);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", g->self->socket,
           "--unixsocketperm", "700", "--dir", g->self->dir, "--save", "", "--appendonly", "no",
           "--maxmemory-policy", "noeviction", "--daemonize", "no", (char *)NULL);
    _exit(127);
}

static _Noreturn void run_worker(const guard *g)
{
    etas_worker_config cfg = {.redis = etas_redis_options_default(),
                              .processes = g->workers,
                              .runtime_s = INFINITY,
                              .idle_timeout_s = INFINITY,
                              .stall_s = STALL_S,
                              .slot_memory_bytes = g->slot_memory_bytes,
                              .kernels = g->kernels,
                              .wake_fd = -1,
                              .log = &g->log};
    etas_error err = {0};
    char line[512];
    etas_status st;

    be_child_of(g->guardian);
    cfg.redis.socket_path = g->self->socket;
    cfg.redis.log = &g->log;
    st = etas_worker_run(&cfg, &err);
    if (st != ETAS_OK)
        etas_log_write(&g->log, ETAS_LOG_ERROR, "embedded worker: %s",
                       etas_error_format(&err, sizeof line, line));
    _exit(1);
}

static pid_t start(const guard *g, void (*child)(const guard *))
{
    const pid_t pid = fork();

    if (pid == 0)
        child(g);
    return pid;
}

static void end(pid_t pid)
{
    if (pid > 0 && kill(pid, SIGKILL) == 0)
        waitpid(pid, NULL, 0);
}

static _Noreturn void guard_until_closed(guard *g, int pipe)
{
    struct pollfd watch = {.fd = pipe, .events = POLLIN};
    pid_t server = -1, worker = -1;

    g->guardian = getpid();
    setsid();
    (void)signal(SIGINT, SIG_IGN); /* for the driver, not for us */
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGUSR1, SIG_IGN);
    (void)signal(SIGUSR2, SIG_IGN);
    do {
        if (server <= 0 || waitpid(server, NULL, WNOHANG) == server)
            server = start(g, exec_server);
        if (worker <= 0 || waitpid(worker, NULL, WNOHANG) == worker)
            worker = answers(g->self->socket) ? start(g, run_worker) : -1;
    } while (poll(&watch, 1, worker > 0 ? TICK_MS : START_TICK_MS) <= 0);
    end(worker);
    end(server);
    remove_dir(g->self);
    _exit(0);
}

/* ---- in this process ---- */

static bool on_path(const char *name)
{
    const char *at = getenv("PATH");
    char file[4096];

    while (at != NULL && *at != '\0') {
        const size_t len = strcspn(at, ":");

        etas_format(sizeof file, file, "%.*s/%s", (int)len, at, name);
        if (access(file, X_OK) == 0)
            return true;
        at += len + (at[len] == ':');
    }
    return false;
}

/* A socket's path holds 107 bytes, so a long TMPDIR gives way to /tmp. */
static etas_status make_dir(etas_embedded *self, etas_error *err)
{
    const char *base = getenv("TMPDIR");

    if (base == NULL || base[0] != '/' || strlen(base) + sizeof "/etas-XXXXXX" > sizeof self->dir)
        base = "/tmp";
    etas_format(sizeof self->dir, self->dir, "%s/etas-XXXXXX", base);
    if (mkdtemp(self->dir) == NULL) /* mode 0700 */
        return etas_fail(err, ETAS_E_IO, "cannot make a directory in %s: %s", base,
                         strerror(errno));
    etas_format(sizeof self->socket, self->socket, "%s/s", self->dir);
    return ETAS_OK;
}

static etas_status start_guardian(etas_embedded *self, guard *g, etas_error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return etas_fail(err, ETAS_E_IO, "no pipe: %s", strerror(errno));
    (void)fflush(NULL); /* or the children hold copies */
    self->guardian = fork();
    if (self->guardian == 0) {
        close(ends[1]);
        guard_until_closed(g, ends[0]);
    }
    close(ends[0]);
    self->pipe = ends[1];
    if (self->guardian < 0)
        return etas_fail(err, ETAS_E_IO, "no process for the private server: %s", strerror(errno));
    return ETAS_OK;
}

static etas_status wait_for_server(const etas_embedded *self, etas_error *err)
{
    const double until = etas_clock_s() + START_S;

    while (!answers(self->socket)) {
        if (etas_clock_s() > until)
            return etas_fail(err, ETAS_E_TIMEOUT,
                             "the private redis-server did not start within %.0f s", START_S);
        (void)poll(NULL, 0, 10);
    }
    return ETAS_OK;
}

etas_status etas_embedded_open(etas_embedded **out, const etas_embedded_config *cfg,
                               etas_error *err)
{
    etas_embedded *self;
    guard g = {.workers = cfg->workers,
               .kernels = cfg->kernels,
               .slot_memory_bytes = cfg->slot_memory_bytes};
    const etas_log *const log = cfg->log;
    etas_status st = ETAS_OK;

    *out = NULL;
    if (cfg->workers == 0)
        return etas_fail(err, ETAS_E_ARG, "an embedded pool needs at least one worker process");
    if (!on_path("redis-server"))
        return etas_fail(err, ETAS_E_IO,
                         "redis-server is not on the PATH: install redis-server (7.0 or newer)");
    if (cfg->slot_memory_bytes > 0) /* the guardian would try again for ever */
        st = etas_slot_memory_check(cfg->slot_memory_bytes, err);
    if (st != ETAS_OK)
        return st;
    self = calloc(1, sizeof *self);
    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "starting the embedded pool");
    self->pipe = -1;
    g.self = self;
    if (log != NULL)
        g.log = *log;
    if (g.log.max_level == ETAS_LOG_INFO)
        g.log.max_level = ETAS_LOG_WARN; /* the driver's lines are enough */
    st = make_dir(self, err);
    if (st == ETAS_OK)
        st = start_guardian(self, &g, err);
    if (st == ETAS_OK)
        st = wait_for_server(self, err);
    if (st == ETAS_OK)
        *out = self;
    else
        etas_embedded_close(self);
    return st;
}

const char *etas_embedded_socket(const etas_embedded *self)
{
    return self->socket;
}

void etas_embedded_close(etas_embedded *self)
{
    if (self == NULL)
        return;
    if (self->pipe >= 0)
        close(self->pipe);
    if (self->guardian > 0)
        waitpid(self->guardian, NULL, 0);
    if (self->dir[0] != '\0')
        remove_dir(self); /* for a guardian that was killed */
    free(self);
}
