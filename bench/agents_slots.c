/* Slots that compute nothing: a timer each in place of a process, behind the functions of
 * runner/slot_process.h that --wrap brings here. A part
 * of the task is delivered whenever the timer has run out, a valid frame of random events. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agents.h"
#include "etas/array.h"
#include "etas/codec.h"
#include "runner/slot_process.h"

etas_status __wrap_etas_slot_process_start(etas_slot_process *self, uint64_t memory_bytes,
                                           etas_error *err);
void __wrap_etas_slot_process_end(etas_slot_process *self, int *status);
etas_status __wrap_etas_slot_process_say(etas_slot_process *self, const etas_slot_message *message,
                                         const void *body, int fd, etas_error *err);
etas_status __wrap_etas_slot_process_read(etas_slot_process *self, etas_error *err);

enum { MAX_FD = 1 << 16 };

typedef struct timer_slot {
    etas_slot_order order;
    uint64_t next;
    double part_s; /**< until a part is delivered */
    bool ready, busy;
} timer_slot;

/* By descriptor: each belongs to the thread that opened it. */
static timer_slot *slots[MAX_FD];

static double random_share(void)
{
    uint32_t bits = 0;

    return getrandom(&bits, sizeof bits, 0) == (ssize_t)sizeof bits ? ldexp(bits, -32) : 0.5;
}

static void arm(int fd, double seconds)
{
    const long ns = lround(1e9 * fmin(fmax(seconds, 1e-9), 1e6));
    const struct itimerspec at = {.it_value = {ns / 1000000000, ns % 1000000000}};

    (void)timerfd_settime(fd, 0, &at, NULL);
}

etas_status __wrap_etas_slot_process_start(etas_slot_process *self, uint64_t memory_bytes,
                                           etas_error *err)
{
    const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

    (void)memory_bytes;
    if (fd < 0 || fd >= MAX_FD || (slots[fd] = calloc(1, sizeof *slots[fd])) == NULL)
        return etas_fail(err, ETAS_E_IO, "cannot make a timer: %s", strerror(errno));
    *self = (etas_slot_process){.fd = fd, .in = self->in, .capacity = self->capacity};
    arm(fd, 0);
    return ETAS_OK;
}

void __wrap_etas_slot_process_end(etas_slot_process *self, int *status)
{
    *status = 0;
    if (self->fd >= 0) {
        free(slots[self->fd]);
        slots[self->fd] = NULL;
        close(self->fd);
    }
    self->fd = -1;
    self->at = self->len = 0;
    self->ended = true;
}

static etas_status append(etas_slot_process *self, etas_slot_message message, const void *body)
{
    const etas_status st = etas_array_reserve((void **)&self->in, &self->capacity,
                                              self->len + sizeof message + message.len, 1);

    if (st != ETAS_OK)
        return st;
    memcpy(self->in + self->len, &message, sizeof message);
    if (message.len > 0)
        memcpy(self->in + self->len + sizeof message, body, message.len);
    self->len += sizeof message + message.len;
    return ETAS_OK;
}

etas_status __wrap_etas_slot_process_say(etas_slot_process *self, const etas_slot_message *message,
                                         const void *body, int fd, etas_error *err)
{
    timer_slot *const s = slots[self->fd];
    etas_status st = ETAS_OK;

    (void)fd;
    if (message->kind == ETAS_SLOT_SAYS_TASK) {
        memcpy(&s->order, body, sizeof s->order);
        s->next = s->order.first;
        s->busy = true;
        s->part_s =
            agents_shared->options.task_s * (0.5 + random_share()) / agents_shared->parts_per_chunk;
        arm(self->fd, s->part_s);
    } else if (s->busy && message->a == s->order.number) {
        s->busy = false;
        st = append(self, (etas_slot_message){.kind = ETAS_SLOT_SAYS_DONE, .a = s->next}, NULL);
    }
    return st == ETAS_OK ? st : etas_fail(err, st, "out of memory for a slot");
}

/* Events that no two parts share, so that nothing compresses them away. */
static etas_status random_events(etas_events *events, uint32_t n_catalogs, uint32_t n)
{
    etas_status st = etas_events_reserve(events, n_catalogs, n);
    uint64_t state = 0;

    if (st != ETAS_OK || getrandom(&state, sizeof state, 0) != (ssize_t)sizeof state)
        return st;
    events->n_catalogs = n_catalogs;
    events->n = n;
    memset(events->generation, 0, n * sizeof events->generation[0]);
    memset(events->flags, 0, n * sizeof events->flags[0]);
    for (uint32_t c = 0, at = 0; c < n_catalogs; c++) {
        const uint32_t count = (uint32_t)((uint64_t)n * (c + 1) / n_catalogs) - at;

        events->count[c] = count;
        for (uint32_t i = 0; i < count; i++, at++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            events->time_ms[at] =
                (uint64_t)(2.6e9 * (i + ldexp((double)(state >> 33), -31)) / count);
            events->lat[at] = (int32_t)(32000000 + (state >> 40) % 10000000);
            events->lon[at] = (int32_t)(-125000000 + (int64_t)((state >> 20) % 10000000));
            events->mag[at] = (int32_t)(30000 + 1000 * ((state >> 11) % 30));
        }
    }
    return ETAS_OK;
}

static etas_status deliver(etas_slot_process *self, timer_slot *s)
{
    const uint64_t left = s->order.first + s->order.count - s->next;
    const uint32_t size = PART_CATALOGS;
    const uint32_t part = size - (uint32_t)(s->next % size);
    etas_frame_header header = {.first = s->next,
                                .count = left < part ? (uint32_t)left : part,
                                .compressed = true,
                                .task = {.wall_s = s->part_s, .cpu_s = s->part_s, .host = "bench"}};
    etas_events events = {0};
    uint8_t *bytes = NULL;
    size_t len = 0;
    etas_status st = random_events(&events, header.count, agents_shared->events_per_part);

    memcpy(header.run, s->order.run, sizeof header.run);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&bytes, etas_frame_bound(&events), 1);
    if (st == ETAS_OK)
        st = etas_frame_encode(&header, &events, 0, bytes, &len);
    if (st == ETAS_OK)
        st = append(self,
                    (etas_slot_message){ETAS_SLOT_SAYS_FRAME, (uint32_t)len, s->next, header.count},
                    bytes);
    s->next += header.count;
    if (st == ETAS_OK && header.count == left) {
        s->busy = false;
        st = append(self, (etas_slot_message){.kind = ETAS_SLOT_SAYS_DONE, .a = s->next}, NULL);
    }
    etas_array_free((void **)&bytes);
    etas_events_free(&events);
    return st;
}

etas_status __wrap_etas_slot_process_read(etas_slot_process *self, etas_error *err)
{
    timer_slot *const s = slots[self->fd];
    uint64_t times;
    etas_status st = ETAS_OK;

    if (self->at > 0) {
        memmove(self->in, self->in + self->at, self->len - self->at);
        self->len -= self->at;
        self->at = 0;
    }
    if (read(self->fd, &times, sizeof times) != (ssize_t)sizeof times)
        return ETAS_OK;
    if (!s->ready) {
        s->ready = true;
        st = append(self, (etas_slot_message){.kind = ETAS_SLOT_SAYS_READY}, NULL);
    }
    /* A task may have come before the slot had said that it is ready. */
    if (st == ETAS_OK && s->busy)
        st = deliver(self, s);
    if (st == ETAS_OK && s->busy)
        arm(self->fd, s->part_s);
    return st == ETAS_OK ? st : etas_fail(err, st, "a slot cannot deliver");
}
