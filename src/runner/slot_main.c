#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "etas/range.h"
#include "etas/runner.h"
#include "etas/text.h"
#include "runner/clock.h"
#include "runner/maker.h"
#include "runner/slot_confine.h"
#include "runner/slot_message.h"

enum { MODELS = 4, LEAST_ROOM = 16 << 20 };
static const double alive_s = 1, span_s = 0.1;

typedef struct slot_model {
    char key[65]; /* "" when the place is free */
    uint64_t used;
    etas_work work;
} slot_model;

typedef struct slot_state {
    slot_model models[MODELS];
    etas_maker maker;
    uint64_t n_orders, memory_bytes;
    etas_slot_message batch; /* what it has said last that it does, */
    double said_s;           /* when, */
    uint64_t span;           /* and about how many catalogues at a time */
    bool said_done;          /* with its last frame */
} slot_state;

/* There is nobody left to tell, or nothing more to say. */
static _Noreturn void leave(void)
{
    _exit(0);
}

/* In as few pieces as the socket takes: each wakes the parent. */
static void send_all(size_t n, struct iovec parts[])
{
    struct msghdr out = {.msg_iov = parts, .msg_iovlen = n};

    while (out.msg_iovlen > 0) {
        ssize_t sent = sendmsg(ETAS_SLOT_FD, &out, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            leave();
        while (out.msg_iovlen > 0 && sent >= (ssize_t)out.msg_iov->iov_len) {
            sent -= (ssize_t)out.msg_iov->iov_len;
            out.msg_iov++;
            out.msg_iovlen--;
        }
        if (out.msg_iovlen > 0 && sent > 0) {
            out.msg_iov->iov_base = (char *)out.msg_iov->iov_base + sent;
            out.msg_iov->iov_len -= (size_t)sent;
        }
    }
}

static void say(etas_slot_message message, const void *body)
{
    struct iovec parts[] = {{&message, sizeof message}, {(void *)(uintptr_t)body, message.len}};

    send_all(message.len > 0 ? 2 : 1, parts);
}

/* Reads exactly @p len bytes; a descriptor that comes with them goes to *fd. */
static void receive_all(size_t len, void *bytes, int *fd)
{
    char *at = bytes;

    while (len > 0) {
        union {
            struct cmsghdr head;
            char space[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec part = {at, len};
        struct msghdr in = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control};
        const ssize_t n = recvmsg(ETAS_SLOT_FD, &in, MSG_CMSG_CLOEXEC);
        const struct cmsghdr *c;

        if (n == 0 || (n < 0 && errno != EINTR))
            leave();
        if (n < 0)
            continue;
        c = CMSG_FIRSTHDR(&in);
        if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && fd != NULL)
            memcpy(fd, CMSG_DATA(c), sizeof *fd);
        at += n;
        len -= (size_t)n;
    }
}

static void model_drop(slot_model *self)
{
    etas_work_close(&self->work);
    *self = (slot_model){0};
}

static etas_status model_load(slot_model *self, const etas_slot_order *order, int fd,
                              etas_error *err)
{
    const size_t len = (size_t)order->model_len;
    etas_status st;
    void *bytes;

    if (fd < 0)
        return etas_fail(err, ETAS_E_IO, "the model did not arrive in the slot");
    bytes = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return etas_fail(err, ETAS_E_IO, "cannot map the model: %s", strerror(errno));
    st = etas_work_open(&self->work, len, bytes, order->kernels[0] != '\0' ? order->kernels : NULL,
                        err);
    munmap(bytes, len);
    if (st != ETAS_OK)
        return st;
    etas_format(sizeof self->key, self->key, "%s", order->model);
    return ETAS_OK;
}

/* From the one whose place it takes, or from another one. */
static void inherit(slot_state *self, const slot_model *m, const slot_model *old)
{
    bool done = etas_work_inherit(&m->work, &old->work);

    for (size_t i = 0; i < MODELS && !done; i++)
        done = &self->models[i] != m && etas_work_inherit(&m->work, &self->models[i].work);
}

/* Decoded once, kept until four others have been used since. */
static etas_status model_find(slot_state *self, const etas_slot_order *order, int fd,
                              slot_model **out, etas_error *err)
{
    slot_model *m = &self->models[0];
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < MODELS; i++) {
        slot_model *const other = &self->models[i];

        if (strcmp(other->key, order->model) == 0) {
            m = other;
            break;
        }
        if (other->used < m->used)
            m = other;
    }
    if (strcmp(m->key, order->model) != 0) {
        slot_model old = *m;

        *m = (slot_model){0};
        self->maker.work = NULL;
        st = model_load(m, order, fd, err);
        inherit(self, m, &old);
        model_drop(&old);
    }
    m->used = ++self->n_orders;
    *out = m;
    return st;
}

/* The task's last frame says that it is done in the same breath. */
static etas_status send_frame(void *context, uint64_t first, uint32_t count, size_t len,
                              const uint8_t bytes[], etas_error *err)
{
    slot_state *const self = context;
    etas_slot_message frame = {ETAS_SLOT_SAYS_FRAME, (uint32_t)len, first, count};
    etas_slot_message done = {.kind = ETAS_SLOT_SAYS_DONE, .a = first + count};
    struct iovec parts[] = {
        {&frame, sizeof frame}, {(void *)(uintptr_t)bytes, len}, {&done, sizeof done}};

    if (len > ETAS_SLOT_BODY_MAX)
        return etas_fail(err, ETAS_E_LIMIT, "the frame of result %llu takes %zu bytes",
                         (unsigned long long)first, len);
    self->said_done = first + count == self->maker.end;
    send_all(self->said_done ? 3 : 2, parts);
    return ETAS_OK;
}

/* Has the parent asked to stop this task? Stale requests are read and forgotten. */
static bool halted(uint64_t number)
{
    struct pollfd p = {.fd = ETAS_SLOT_FD, .events = POLLIN};
    etas_slot_message message;

    while (poll(&p, 1, 0) == 1) {
        receive_all(sizeof message, &message, NULL);
        if (message.kind != ETAS_SLOT_SAYS_HALT)
            leave();
        if (message.a == number)
            return true;
    }
    return false;
}

static void say_batch(slot_state *self, uint64_t first, uint64_t stop)
{
    self->batch = (etas_slot_message){.kind = ETAS_SLOT_SAYS_BATCH, .a = first, .b = stop};
    self->said_s = etas_clock_s();
    say(self->batch, NULL);
}

/* Silence for minutes would mean that it hangs: the same again, but not all the time. */
static void say_alive(void *context)
{
    slot_state *const self = context;
    const uint64_t first =
        self->batch.a > self->maker.held_first ? self->batch.a : self->maker.held_first;

    if (etas_clock_s() - self->said_s >= alive_s)
        say_batch(self, first, self->batch.b);
}

/* Says what comes next, a tenth of a second's work at a time: each word wakes the parent. Not after
 * a death, when it shall be known exactly. */
static void announce(slot_state *self)
{
    const etas_maker *const maker = &self->maker;
    const bool careful = maker->task.careful_first < maker->task.careful_end;
    const bool begins = self->batch.b == 0, over = maker->next >= self->batch.b;
    const double took_s = etas_clock_s() - self->said_s;
    uint64_t count = etas_maker_next_batch(maker);

    if (!over && !careful && took_s < alive_s)
        return;
    if (!begins && took_s > 2 * span_s)
        self->span = (uint64_t)((double)self->span * span_s / took_s);
    else if (!begins && over && took_s < span_s)
        self->span = 2 * (self->span > count ? self->span : count);
    if (!careful && count < self->span)
        count = self->span < maker->end - maker->next ? self->span : maker->end - maker->next;
    say_batch(self, maker->next, maker->next + count);
}

static etas_status run_task(slot_state *self, const etas_slot_order *order, slot_model *m,
                            etas_error *err)
{
    etas_maker_task task = {.seed = order->seed,
                            .first = order->first,
                            .count = order->count,
                            .frame_s = order->frame_s,
                            .compress = order->compress != 0,
                            .host = order->host,
                            .careful_first = order->careful_first,
                            .careful_end = order->careful_end,
                            .careful_step = (size_t)order->careful_step};
    etas_maker *const maker = &self->maker;
    etas_status st = ETAS_OK;

    memcpy(task.run, order->run, sizeof task.run);
    etas_work_watch(&m->work, say_alive, self);
    etas_maker_start(maker, &m->work, &task);
    self->batch.b = 0; /* nothing is said yet */
    self->said_s = etas_clock_s();
    while (st == ETAS_OK && maker->next < maker->end) {
        announce(self);
        st = etas_maker_step(maker, send_frame, self, err);
        /* After the last one it is the next task that may be on its way. */
        if (st == ETAS_OK && maker->next < maker->end && halted(order->number)) {
            st = etas_maker_flush(maker, send_frame, self, err);
            break;
        }
    }
    return st;
}

static void describe(const slot_state *self, etas_status st, const etas_error *err, size_t capacity,
                     char out[])
{
    char why[160];

    etas_error_format(err, sizeof why, why);
    if (st == ETAS_E_NOMEM && self->memory_bytes > 0)
        etas_format(capacity, out, "the slot's memory limit of %.1f MiB was reached: %s",
                    (double)self->memory_bytes / 1048576, why);
    else
        etas_error_format(err, capacity, out);
}

static void serve_task(slot_state *self, const etas_slot_order *order, int fd)
{
    etas_error err = {0};
    slot_model *m;
    uint64_t reached = order->first;
    etas_status st = model_find(self, order, fd, &m, &err);

    self->said_done = false;
    if (fd >= 0)
        close(fd);
    if (st == ETAS_OK) {
        st = run_task(self, order, m, &err);
        reached = self->maker.held_first; /* what is held has not been delivered */
    }
    if (st == ETAS_OK) {
        if (!self->said_done)
            say((etas_slot_message){.kind = ETAS_SLOT_SAYS_DONE, .a = reached}, NULL);
    } else {
        char text[200];

        describe(self, st, &err, sizeof text, text);
        say((etas_slot_message){ETAS_SLOT_SAYS_ERROR, (uint32_t)strlen(text) + 1, reached,
                                st == ETAS_E_LIMIT},
            text);
        if (st == ETAS_E_NOMEM)
            leave(); /* what used it up may hold it still: others shall not pay for that */
    }
}

/* When memory runs out the kernel shall take a slot, not the process that holds the results. */
static void volunteer_for_oom(void)
{
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, "500", 3) != 3) {
        /* not allowed here: nothing is lost */
    }
    close(fd);
}

static void say_forbidden(uint64_t number)
{
    say((etas_slot_message){.kind = ETAS_SLOT_SAYS_FORBIDDEN, .a = number}, NULL);
}

/* What the process takes by now, and some room to work in. */
static uint64_t least_memory(void)
{
    char line[160];
    uint64_t pages = 0;
    FILE *const f = fopen("/proc/self/statm", "re");

    if (f == NULL || fgets(line, sizeof line, f) == NULL ||
        !etas_parse_u64(line, strcspn(line, " \n"), &pages))
        pages = 0;
    if (f != NULL)
        (void)fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE) + LEAST_ROOM;
}

static bool limit_memory(uint64_t bytes)
{
    const struct rlimit limit = {bytes, bytes};

    return setrlimit(RLIMIT_AS, &limit) == 0;
}

/* A parent of another build, or one that lost its place, is left rather than obeyed. */
static bool is_order(const etas_slot_order *o)
{
    return strnlen(o->model, sizeof o->model) == sizeof o->model - 1 &&
           memchr(o->kernels, '\0', sizeof o->kernels) != NULL &&
           memchr(o->host, '\0', sizeof o->host) != NULL && o->count > 0 &&
           o->first < ETAS_MAX_CATALOGS && o->count <= ETAS_MAX_CATALOGS - o->first &&
           o->model_len > 0 && o->model_len <= PTRDIFF_MAX && isfinite(o->frame_s);
}

int etas_slot_serve(uint64_t memory_bytes)
{
    slot_state state = {.memory_bytes = memory_bytes};
    slot_state *const self = &state;
    const uint64_t least = memory_bytes > 0 ? least_memory() : 0;
    int free_by;

    volunteer_for_oom();
    if (memory_bytes > 0 && (memory_bytes < least || !limit_memory(memory_bytes))) {
        say((etas_slot_message){.kind = ETAS_SLOT_SAYS_CRAMPED, .a = least}, NULL);
        return 1;
    }
    free_by = etas_slot_confine(say_forbidden);
    say((etas_slot_message){.kind = ETAS_SLOT_SAYS_READY, .a = (uint64_t)free_by}, NULL);
    for (;;) {
        etas_slot_message message;
        etas_slot_order order;
        int fd = -1;

        receive_all(sizeof message, &message, &fd);
        if (message.kind == ETAS_SLOT_SAYS_HALT)
            continue;
        if (message.kind != ETAS_SLOT_SAYS_TASK || message.len != sizeof order)
            return 1;
        receive_all(sizeof order, &order, &fd);
        if (!is_order(&order))
            return 1;
        serve_task(self, &order, fd);
    }
}

bool etas_slot_main(int argc, char *const argv[], int *exit_code)
{
    uint64_t memory = 0;

    if (argc < 1 || strcmp(argv[0], "etas-slot") != 0)
        return false;
    if (argc > 1 && !etas_parse_u64(argv[1], strlen(argv[1]), &memory))
        *exit_code = 1;
    else
        *exit_code = etas_slot_serve(memory);
    return true;
}
