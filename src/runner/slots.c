#include "runner/slots.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "etas/array.h"
#include "etas/range.h"
#include "etas/runner.h"
#include "etas/text.h"
#include "runner/clock.h"
#include "runner/slot_confine.h"
#include "runner/slot_model.h"
#include "runner/slot_process.h"

/* A batch that killed its process is cut into so many for the next try: six deaths find one among
 * millions, two more may be by chance. Deaths count from the last catalogue delivered. */
enum { CUTS = 16, RETRIES = 8 };

/* A process that ends before its first batch is hardly the fault of a catalogue, and when it was
 * killed by somebody of none at all. */
enum { RETRIES_EARLY = 2, RETRIES_EARLY_KILLED = 20, BAD_STARTS = 5 };

/* A parent that does not look for longer was stopped or busy itself: no fault of its slots. */
static const double look_s = 1.0;

typedef struct slot {
    etas_slot_process process;
    bool ready, busy, paused, halting;
    etas_slot_order order;           /* its task */
    uint64_t next, end;              /* first catalogue not delivered, end of the task */
    uint64_t batch_first, batch_end; /* what it is simulating, as far as it has said */
    uint32_t retries;
    double heard_s;
    char verdict[120]; /* why it was killed; "" otherwise */
    char asked[96];    /* for what it died of SIGSYS; "" otherwise */
} slot;

struct etas_slots {
    etas_slots_config cfg;
    etas_slot_order
        common; /* what all tasks share; its padding is 0, it goes through sockets too */
    slot *slots;
    etas_slot_models models;
    struct pollfd *polls;
    size_t poll_capacity;
    uint64_t n_tasks;
    uint32_t turn;       /* the slot that is asked first */
    int64_t held;        /* slot whose oldest message the caller is looking at, or -1 */
    uint32_t bad_starts; /* deaths in a row before the process was ready */
    bool told_free;      /* that slots are not confined */
    bool outside;        /* a watched descriptor was ready together with a slot */
    double looked_s;
};

const etas_slot_model *etas_slots_model(const etas_slots *self, const char *sha256_hex)
{
    return etas_slot_models_find(&self->models, sha256_hex);
}

etas_status etas_slots_model_add(etas_slots *self, const char *sha256_hex, size_t len,
                                 const uint8_t bytes[], etas_error *err)
{
    return etas_slot_models_add(&self->models, sha256_hex, len, bytes, err);
}

/* ---- life ---- */

static etas_status start_slot(const etas_slots *self, slot *s, etas_error *err)
{
    s->ready = s->busy = s->halting = s->paused = false;
    s->verdict[0] = s->asked[0] = '\0';
    s->heard_s = etas_clock_s();
    return etas_slot_process_start(&s->process, self->cfg.memory_bytes, err);
}

static void describe_tasks(const etas_slots_config *cfg, etas_slot_order *out)
{
    out->frame_s = cfg->frame_s > 0 ? cfg->frame_s : 1.0;
    out->compress = cfg->compress;
    if (cfg->kernels != NULL)
        etas_format(sizeof out->kernels, out->kernels, "%s", cfg->kernels);
    if (cfg->host_name != NULL)
        etas_format(sizeof out->host, out->host, "%s", cfg->host_name);
}

etas_status etas_slots_open(etas_slots **out, const etas_slots_config *cfg, etas_error *err)
{
    etas_slots *self;
    etas_status st = ETAS_OK;

    *out = NULL;
    if (cfg->n == 0)
        return etas_fail(err, ETAS_E_ARG, "at least one slot is needed");
    if (cfg->kernels != NULL && strlen(cfg->kernels) >= sizeof self->common.kernels)
        return etas_fail(err, ETAS_E_ARG, "unknown kernels \"%.20s\"", cfg->kernels);
    self = calloc(1, sizeof *self);
    if (self == NULL ||
        etas_array_alloc((void **)&self->slots, cfg->n, sizeof *self->slots) != ETAS_OK) {
        free(self);
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %u slots", cfg->n);
    }
    self->cfg = *cfg;
    describe_tasks(cfg, &self->common);
    self->held = -1;
    self->looked_s = etas_clock_s();
    etas_slot_models_init(&self->models);
    for (uint32_t i = 0; i < cfg->n; i++)
        self->slots[i].process.fd = -1;
    if (cfg->memory_bytes > 0)
        st = etas_slot_memory_check(cfg->memory_bytes, err);
    for (uint32_t i = 0; i < cfg->n && st == ETAS_OK; i++)
        st = start_slot(self, &self->slots[i], err);
    if (st != ETAS_OK)
        etas_slots_close(self);
    else
        *out = self;
    return st;
}

void etas_slots_close(etas_slots *self)
{
    int status;

    if (self == NULL)
        return;
    for (uint32_t i = 0; i < self->cfg.n; i++)
        if (self->slots[i].process.pid > 0)
            kill(self->slots[i].process.pid, SIGKILL); /* all at once, then wait for each */
    for (uint32_t i = 0; i < self->cfg.n; i++) {
        etas_slot_process_end(&self->slots[i].process, &status);
        etas_array_free((void **)&self->slots[i].process.in);
    }
    etas_slot_models_free(&self->models);
    etas_array_free((void **)&self->slots);
    etas_array_free((void **)&self->polls);
    free(self);
}

bool etas_slots_busy(const etas_slots *self, uint32_t i)
{
    return self->slots[i].busy;
}

uint32_t etas_slots_count(const etas_slots *self)
{
    return self->cfg.n;
}

int64_t etas_slots_pid(const etas_slots *self, uint32_t i)
{
    return self->slots[i].process.pid;
}

void etas_slots_pause(etas_slots *self, uint32_t i, bool paused)
{
    if (self->slots[i].paused && !paused)
        self->slots[i].heard_s = etas_clock_s();
    self->slots[i].paused = paused;
}

/* ---- orders ---- */

static etas_status give_order(slot *s, const etas_slot_model *m, etas_error *err)
{
    const etas_slot_message message = {.kind = ETAS_SLOT_SAYS_TASK, .len = sizeof s->order};

    s->busy = true;
    s->batch_first = s->batch_end = s->next;
    s->heard_s = etas_clock_s();
    return etas_slot_process_say(&s->process, &message, &s->order, m->fd, err);
}

static etas_status ask_to_halt(slot *s, etas_error *err)
{
    const etas_slot_message message = {.kind = ETAS_SLOT_SAYS_HALT, .a = s->order.number};

    s->halting = true;
    return etas_slot_process_say(&s->process, &message, NULL, -1, err);
}

etas_status etas_slots_assign(etas_slots *self, uint32_t i, const char *sha256_hex,
                              const etas_slot_task *task, etas_error *err)
{
    slot *const s = &self->slots[i];
    const etas_slot_model *const m = etas_slot_models_use(&self->models, sha256_hex);
    etas_slot_order *const order = &s->order;

    if (s->busy || m == NULL || task->count == 0 || task->first >= ETAS_MAX_CATALOGS ||
        task->count > ETAS_MAX_CATALOGS - task->first)
        return etas_fail(err, ETAS_E_ARG, "slot %u is busy, or its task is not one", i);
    memcpy(order, &self->common, sizeof *order);
    order->number = ++self->n_tasks;
    order->seed = task->seed;
    order->first = task->first;
    order->count = task->count;
    order->model_len = m->len;
    memcpy(order->run, task->run, sizeof order->run);
    memcpy(order->model, m->key, sizeof order->model);
    s->halting = false;
    s->retries = 0;
    s->next = task->first;
    s->end = task->first + task->count;
    return give_order(s, m, err);
}

etas_status etas_slots_halt(etas_slots *self, uint32_t i, etas_error *err)
{
    slot *const s = &self->slots[i];

    return s->busy && !s->halting ? ask_to_halt(s, err) : ETAS_OK;
}

etas_status etas_slots_abort(etas_slots *self, uint32_t i, etas_error *err)
{
    int status;

    if (self->held == (int64_t)i)
        self->held = -1;
    etas_slot_process_end(&self->slots[i].process, &status);
    return start_slot(self, &self->slots[i], err);
}

/* ---- events ---- */

/* It breaks the rules or does not move: what it sent in order stays delivered, the rest is off. */
static void condemn(slot *s, const char *why)
{
    kill(s->process.pid, SIGKILL);
    etas_format(sizeof s->verdict, s->verdict, "%s", why);
}

static void break_off(slot *s)
{
    condemn(s, "broke the protocol between slot and parent");
    s->process.at = s->process.len = 0;
    s->process.ended = true;
}

/* Whether the message is one that a slot in this state may send. */
static bool in_order(const slot *s, const etas_slot_message *m)
{
    switch (m->kind) {
    case ETAS_SLOT_SAYS_READY:
        return !s->ready && m->len == 0;
    case ETAS_SLOT_SAYS_FORBIDDEN:
        return m->len == 0;
    case ETAS_SLOT_SAYS_BATCH:
        return s->busy && m->a >= s->next && m->b > m->a && m->b <= s->end && m->len == 0;
    case ETAS_SLOT_SAYS_FRAME:
        return s->busy && m->a == s->next && m->b > 0 && m->b <= s->end - s->next;
    case ETAS_SLOT_SAYS_DONE:
        return s->busy && m->a == s->next && (s->halting || s->next == s->end) && m->len == 0;
    case ETAS_SLOT_SAYS_ERROR:
        return s->busy && m->a == s->next && s->next < s->end && m->len > 0;
    default:
        return false;
    }
}

/* Turns the slot's oldest message into an event; false when it is none. */
static bool hear(etas_slots *self, uint32_t i, etas_slot_event *out)
{
    slot *const s = &self->slots[i];
    etas_slot_message m;
    const uint8_t *body;
    const etas_slot_peek peek = etas_slot_process_peek(&s->process, &m, &body);

    if (peek == ETAS_SLOT_PEEK_NOTHING)
        return false;
    if (peek == ETAS_SLOT_PEEK_BAD || !in_order(s, &m)) {
        break_off(s);
        return false;
    }
    self->held = i; /* dropped by the next call */
    s->heard_s = etas_clock_s();
    *out = (etas_slot_event){.kind = ETAS_SLOT_NONE, .slot = i, .reached = m.a};
    if (m.kind == ETAS_SLOT_SAYS_READY) {
        s->ready = true;
        self->bad_starts = 0;
        if (m.a != 0 && !self->told_free)
            etas_log_write(self->cfg.log, ETAS_LOG_DEBUG, "slots are not confined: error %llu",
                           (unsigned long long)m.a);
        self->told_free |= m.a != 0;
    } else if (m.kind == ETAS_SLOT_SAYS_FORBIDDEN) {
        etas_slot_confine_verdict(m.a, sizeof s->asked, s->asked);
    } else if (m.kind == ETAS_SLOT_SAYS_BATCH) {
        s->batch_first = m.a;
        s->batch_end = m.b;
    } else if (m.kind == ETAS_SLOT_SAYS_FRAME) {
        *out = (etas_slot_event){.kind = ETAS_SLOT_FRAME,
                                 .slot = i,
                                 .first = m.a,
                                 .count = m.b,
                                 .bytes = body,
                                 .len = m.len,
                                 .reached = m.a + m.b};
        s->next = m.a + m.b;
        s->retries = 0;
    } else if (m.kind == ETAS_SLOT_SAYS_DONE) {
        out->kind = ETAS_SLOT_IDLE;
        s->busy = false;
    } else if (m.kind == ETAS_SLOT_SAYS_ERROR) {
        out->kind = ETAS_SLOT_ERROR;
        out->hopeless = m.b == 1;
        etas_format(sizeof out->message, out->message, "%.*s", (int)m.len - 1, (const char *)body);
        s->busy = false;
    }
    return true;
}

static void breathe(uint32_t times)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000L * times}, NULL);
}

/* The task goes on in the new process where the old one's deliveries end. What it was simulating is
 * cut up and delivered piece by piece this time, so that another death tells more. */
static etas_status carry_on(slot *s, const etas_slot_model *m, bool halt, etas_error *err)
{
    const uint64_t width = s->batch_end - s->batch_first;
    etas_status st;

    if (width == 0)
        breathe(s->retries);
    s->retries++;
    s->order.first = s->next;
    s->order.count = s->end - s->next;
    s->order.careful_first = s->batch_first;
    s->order.careful_end = s->batch_end;
    s->order.careful_step = (width + CUTS - 1) / CUTS;
    st = give_order(s, m, err);
    return st == ETAS_OK && halt ? ask_to_halt(s, err) : st;
}

static uint32_t retries_allowed(const slot *s, int signal)
{
    if (s->batch_end > s->batch_first)
        return RETRIES;
    return signal == SIGKILL ? RETRIES_EARLY_KILLED : RETRIES_EARLY;
}

/* Every message has been heard and the process is gone: put a new one in place. *found: the caller
 * is told, because it had no task or the catalogue to blame is known. */
static etas_status bury(etas_slots *self, uint32_t i, bool *found, etas_slot_event *out,
                        etas_error *err)
{
    slot *const s = &self->slots[i];
    const bool was_ready = s->ready, was_busy = s->busy, halt = s->halting;
    const bool exact = s->next == s->batch_first && s->batch_end == s->batch_first + 1;
    const bool over = was_busy && s->next == s->end;
    const etas_slot_model *const m =
        was_busy ? etas_slot_models_use(&self->models, s->order.model) : NULL;
    etas_status st;
    int status;

    *out = (etas_slot_event){
        .kind = ETAS_SLOT_DIED, .slot = i, .reached = was_busy ? s->next : UINT64_MAX};
    etas_slot_process_end(&s->process, &status);
    out->signal = etas_slot_process_obituary(status, s->asked[0] != '\0' ? s->asked : s->verdict,
                                             sizeof out->message, out->message);
    if (!was_ready && out->signal != SIGKILL) { /* nobody kills himself with that one */
        self->bad_starts++;
        if (self->bad_starts >= BAD_STARTS)
            return etas_fail(err, ETAS_E_IO, "slot processes end as soon as they start (%s)",
                             out->message);
        breathe(self->bad_starts);
    }
    *found =
        !was_busy || exact || m == NULL || over || s->retries >= retries_allowed(s, out->signal);
    if (over)
        out->kind = ETAS_SLOT_IDLE; /* every catalogue had been delivered */
    etas_log_write(self->cfg.log, *found ? ETAS_LOG_WARN : ETAS_LOG_INFO, "slot %u: %s", i,
                   out->message);
    st = start_slot(self, s, err);
    return st != ETAS_OK || *found ? st : carry_on(s, m, halt, err);
}

/* The first event that is there already; *found false when there is none. */
static etas_status next_heard(etas_slots *self, bool *found, etas_slot_event *out, etas_error *err)
{
    for (uint32_t k = 0; k < self->cfg.n; k++) {
        const uint32_t i = (self->turn + k) % self->cfg.n;
        slot *const s = &self->slots[i];

        if (s->paused)
            continue;
        while (hear(self, i, out)) {
            if (out->kind != ETAS_SLOT_NONE) {
                *found = true;
                self->turn = (i + 1) % self->cfg.n;
                return ETAS_OK;
            }
            self->held = -1;
            etas_slot_process_drop(&s->process);
        }
        if (s->process.ended) {
            const etas_status st = bury(self, i, found, out, err);

            if (st != ETAS_OK || *found)
                return st;
        }
    }
    *found = false;
    *out = (etas_slot_event){.kind = ETAS_SLOT_NONE}; /* a death that is nobody's business */
    return ETAS_OK;
}

static void kill_the_silent(etas_slots *self)
{
    const double now = etas_clock_s(), gap = now - self->looked_s;

    self->looked_s = now;
    if (!(self->cfg.stall_s > 0))
        return;
    for (uint32_t i = 0; i < self->cfg.n; i++) {
        slot *const s = &self->slots[i];

        if (gap > 2 * look_s)
            s->heard_s += gap;
        if (s->busy && !s->paused && s->verdict[0] == '\0' &&
            now - s->heard_s > self->cfg.stall_s) {
            char why[64];

            etas_format(sizeof why, why, "made no progress for %g s", self->cfg.stall_s);
            condemn(s, why);
        }
    }
}

/* Polls once, reads what has come. @p more: what may still be waited. */
static etas_status look(etas_slots *self, double more_s, size_t n_fds, const int fds[],
                        bool *interrupted, etas_error *err)
{
    const size_t n = self->cfg.n;
    const bool watch = self->cfg.stall_s > 0;
    struct pollfd *p;
    etas_status st = etas_array_reserve((void **)&self->polls, &self->poll_capacity, n + n_fds,
                                        sizeof *self->polls);
    int got;

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for %zu descriptors", n + n_fds);
    p = self->polls;
    for (size_t i = 0; i < n; i++)
        p[i] = (struct pollfd){.fd = self->slots[i].paused ? -1 : self->slots[i].process.fd,
                               .events = POLLIN};
    for (size_t i = 0; i < n_fds; i++)
        p[n + i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    if (watch && more_s > look_s)
        more_s = look_s;
    got = poll(p, n + n_fds, more_s > 3600 ? 3600000 : (int)ceil(1e3 * fmax(more_s, 0)));
    *interrupted = got < 0 && errno == EINTR;
    if (got < 0 && !*interrupted)
        return etas_fail(err, ETAS_E_IO, "cannot wait for slots: %s", strerror(errno));
    for (size_t i = 0; got > 0 && i < n && st == ETAS_OK; i++)
        if (p[i].revents != 0)
            st = etas_slot_process_read(&self->slots[i].process, err);
    self->outside = false;
    for (size_t i = 0; got > 0 && i < n_fds; i++)
        if (p[n + i].revents != 0)
            self->outside = true;
    return st;
}

etas_status etas_slots_next(etas_slots *self, double timeout_s, size_t n_fds, const int fds[],
                            etas_slot_event *out, etas_error *err)
{
    const double deadline = etas_clock_s() + timeout_s;
    bool found = false, interrupted = false, asked = false;
    etas_status st = ETAS_OK;

    *out = (etas_slot_event){.kind = ETAS_SLOT_NONE};
    if (self->held >= 0)
        etas_slot_process_drop(&self->slots[self->held].process);
    self->held = -1;
    if (self->outside) { /* seen together with the event before this one: now it is its turn */
        self->outside = false;
        return ETAS_OK;
    }
    while (st == ETAS_OK) {
        st = next_heard(self, &found, out, err);
        if (found || st != ETAS_OK || interrupted || (asked && etas_clock_s() >= deadline))
            break;
        if (self->outside) {
            self->outside = false;
            break;
        }
        st = look(self, deadline - etas_clock_s(), n_fds, fds, &interrupted, err);
        kill_the_silent(self);
        asked = true;
    }
    return st;
}
