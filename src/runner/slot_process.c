#include "runner/slot_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/runner.h"
#include "etas/text.h"
#include "runner/clock.h"

enum { READ_BYTES = 1 << 18, FORK_TRIES = 10 };
#define TRY_S 10.0
#define MIB   1048576.0

static void close_from(int first)
{
    struct rlimit limit;

    if (close_range((unsigned)first, UINT_MAX, 0) == 0)
        return;
    /* Linux before 5.9 */
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        limit.rlim_cur = 65536;
    for (int fd = first; fd < (int)limit.rlim_cur; fd++)
        close(fd);
}

/* In the child, between fork and exec: only what is safe after fork in a program with threads.
 * The parent decides when a slot ends, so the terminal's ctrl-C and a polite kill of the whole
 * process group pass it by. */
static _Noreturn void become_slot(int fd, pid_t parent, char memory[])
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};
    char name[] = "etas-slot";
    char *const argv[] = {name, memory, NULL};
    char *const no_environment[] = {NULL};
    const int high = fcntl(fd, F_DUPFD, 16);
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigset_t none;
    const struct rlimit no_core = {0, 0};
    int null_fd;

    /* It has the parent's memory, secrets included, until it is another program. */
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)prctl(PR_SET_DUMPABLE, 0);
    if (high < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(127);
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        sigaction(ignored[i], &action, NULL);
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    null_fd = open("/dev/null", O_RDWR);
    for (int i = 0; i < ETAS_SLOT_FD; i++) {
        if (null_fd < 0)
            close(i);
        else
            dup2(null_fd, i);
    }
    if (dup2(high, ETAS_SLOT_FD) < 0)
        _exit(127);
    close_from(ETAS_SLOT_FD + 1);
    execve("/proc/self/exe", argv, no_environment);
    _exit(127);
}

static pid_t fork_patiently(void)
{
    pid_t pid = fork();

    for (int i = 0; pid < 0 && i < FORK_TRIES && (errno == EAGAIN || errno == ENOMEM); i++) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        pid = fork();
    }
    return pid;
}

etas_status etas_slot_process_start(etas_slot_process *self, uint64_t memory_bytes, etas_error *err)
{
    const pid_t parent = getpid();
    char memory[32];
    int pair[2];

    etas_format(sizeof memory, memory, "%llu", (unsigned long long)memory_bytes);

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return etas_fail(err, ETAS_E_IO, "cannot make a slot's socket: %s", strerror(errno));
    self->pid = fork_patiently();
    if (self->pid == 0)
        become_slot(pair[1], parent, memory_bytes > 0 ? memory : NULL);
    close(pair[1]);
    if (self->pid < 0) {
        self->pid = 0;
        close(pair[0]);
        return etas_fail(err, ETAS_E_IO, "cannot start a slot process: %s", strerror(errno));
    }
    self->fd = pair[0];
    self->ended = false;
    self->at = self->len = 0;
    return ETAS_OK;
}

void etas_slot_process_end(etas_slot_process *self, int *status)
{
    *status = 0;
    if (self->pid > 0) {
        /* After end-of-file it is a zombie, or nearly: its fate is sealed and kill changes nothing.
         */
        kill(self->pid, SIGKILL);
        while (waitpid(self->pid, status, 0) < 0 && errno == EINTR)
            continue;
    }
    if (self->fd >= 0)
        close(self->fd);
    self->pid = 0;
    self->fd = -1;
    self->at = self->len = 0;
    self->ended = true;
}

etas_status etas_slot_process_say(etas_slot_process *self, const etas_slot_message *message,
                                  const void *body, int fd, etas_error *err)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    uint8_t bytes[sizeof(etas_slot_message) + sizeof(etas_slot_order)];
    struct iovec part = {bytes, sizeof *message + message->len};
    struct msghdr out = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t n;

    memcpy(bytes, message, sizeof *message);
    if (message->len > 0)
        memcpy(bytes + sizeof *message, body, message->len);
    if (fd >= 0) {
        control.head = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
        out.msg_control = &control;
        out.msg_controllen = sizeof control;
    }
    do
        n = sendmsg(self->fd, &out, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)part.iov_len || (n < 0 && (errno == EPIPE || errno == ECONNRESET)))
        return ETAS_OK;
    return etas_fail(err, ETAS_E_IO, "cannot talk to slot process %d: %s", (int)self->pid,
                     n < 0 ? strerror(errno) : "it does not listen");
}

/* Length of the oldest message with its header, 0 while the header is not there. */
static size_t wanted(const etas_slot_process *self)
{
    etas_slot_message message;

    if (self->len - self->at < sizeof message)
        return 0;
    memcpy(&message, self->in + self->at, sizeof message);
    return sizeof message + message.len;
}

etas_status etas_slot_process_read(etas_slot_process *self, etas_error *err)
{
    size_t room = wanted(self);
    etas_status st;
    ssize_t n;

    if (self->at > 0) {
        memmove(self->in, self->in + self->at, self->len - self->at);
        self->len -= self->at;
        self->at = 0;
    }
    if (room < self->len + READ_BYTES)
        room = self->len + READ_BYTES;
    st = etas_array_reserve((void **)&self->in, &self->capacity, room, 1);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for a slot's results");
    do
        n = recv(self->fd, self->in + self->len, self->capacity - self->len, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        self->len += (size_t)n;
    else if (n == 0 || errno == ECONNRESET)
        self->ended = true;
    else if (errno != EAGAIN)
        return etas_fail(err, ETAS_E_IO, "cannot read from slot process %d: %s", (int)self->pid,
                         strerror(errno));
    return ETAS_OK;
}

etas_slot_peek etas_slot_process_peek(const etas_slot_process *self, etas_slot_message *message,
                                      const uint8_t **body)
{
    if (self->len - self->at < sizeof *message)
        return ETAS_SLOT_PEEK_NOTHING;
    memcpy(message, self->in + self->at, sizeof *message);
    if (message->len > ETAS_SLOT_BODY_MAX)
        return ETAS_SLOT_PEEK_BAD;
    if (self->len - self->at < sizeof *message + message->len)
        return ETAS_SLOT_PEEK_NOTHING;
    *body = self->in + self->at + sizeof *message;
    return ETAS_SLOT_PEEK_MESSAGE;
}

void etas_slot_process_drop(etas_slot_process *self)
{
    self->at += wanted(self);
}

int etas_slot_process_obituary(int status, const char *verdict, size_t capacity, char out[])
{
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const char *const name = signal != 0 ? sigdescr_np(signal) : NULL;
    const char *const link = verdict[0] != '\0' ? ": it " : "";

    if (signal != 0)
        etas_format(capacity, out, "slot process killed by signal %d (%s)%s%s", signal,
                    name != NULL ? name : "unknown", link, verdict);
    else
        etas_format(capacity, out, "slot process ended with exit code %d%s%s", WEXITSTATUS(status),
                    link, verdict);
    return signal;
}

etas_status etas_slot_memory_check(uint64_t memory_bytes, etas_error *err)
{
    const double deadline = etas_clock_s() + TRY_S;
    etas_slot_process one = {.fd = -1};
    etas_slot_message message = {0};
    const uint8_t *body;
    etas_status st = etas_slot_process_start(&one, memory_bytes, err);
    int status;

    while (st == ETAS_OK && !one.ended && etas_clock_s() < deadline &&
           etas_slot_process_peek(&one, &message, &body) == ETAS_SLOT_PEEK_NOTHING) {
        (void)poll(&(struct pollfd){.fd = one.fd, .events = POLLIN}, 1, 100);
        st = etas_slot_process_read(&one, err);
    }
    etas_slot_process_end(&one, &status);
    etas_array_free((void **)&one.in);
    if (st != ETAS_OK || message.kind == ETAS_SLOT_SAYS_READY)
        return st;
    if (message.kind == ETAS_SLOT_SAYS_CRAMPED)
        return etas_fail(err, ETAS_E_ARG,
                         "a slot cannot work in %.1f MiB of memory: it takes %.0f MiB at the least",
                         (double)memory_bytes / MIB, ceil((double)message.a / MIB));
    return etas_fail(err, ETAS_E_ARG, "a slot cannot start in %.1f MiB of memory",
                     (double)memory_bytes / MIB);
}
