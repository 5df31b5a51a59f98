/* Which tasks are made again, and where they are on their way. */
#include "runner/redis_verify.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "runner/clock.h"
#include "runner/redis_driver.h"
#include "runner/sink.h"

/* When only checks are left: how often to look, and how long to wait for one that nobody could
 * make, or that somebody could but nobody takes or delivers. */
#define LOOK_S     2.0
#define HOPELESS_S 10.0
#define HOPEFUL_S  120.0

enum { MAX_ASKED = 3, ROWS = 64 };

static double fraction(const driver *self)
{
    return self->job->cfg->verify;
}

/* By seed and first index alone: whoever made it, whenever. */
static bool is_drawn(const driver *self, uint64_t first)
{
    uint64_t x = self->job->run->seed + (first + 1) * UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return (double)(x >> 11) * 0x1p-53 < fraction(self);
}

static etas_range range_of(const verify_check *check)
{
    return (etas_range){check->task.first, check->task.count};
}

/* ---- the window ---- */

static void drop(verification *v, size_t i)
{
    etas_ranges_free(&v->checks[i].done);
    v->checks[i] = v->checks[--v->n_checks];
}

static void take_up(verification *v, const etas_store_made *task)
{
    for (size_t i = 0; i < v->n_checks; i++)
        if (v->checks[i].task.id == task->id)
            return;
    v->checks[v->n_checks++] = (verify_check){.task = *task};
}

/* Up to the next tasks of the store that are drawn and not verified. */
static etas_status fill(driver *self, etas_error *err)
{
    verification *const v = &self->verify;
    const uint64_t there = etas_sink_tally(self->job->sink)->tasks;
    etas_store_made rows[ROWS];
    etas_status st = ETAS_OK;
    size_t n;

    if (v->seen != there)
        v->exhausted = false;
    while (st == ETAS_OK && !v->exhausted && v->n_checks < VERIFY_WINDOW) {
        st = etas_store_made_after(self->job->store, v->cursor, ROWS, rows, &n, err);
        for (size_t i = 0; st == ETAS_OK && i < n && v->n_checks < VERIFY_WINDOW; i++) {
            v->cursor = rows[i].id;
            if (rows[i].verified_by[0] == '\0' && is_drawn(self, rows[i].first))
                take_up(v, &rows[i]);
        }
        v->exhausted = n == 0;
    }
    v->seen = there;
    return st;
}

void verify_forget(driver *self, const char *host)
{
    verification *const v = &self->verify;

    for (size_t i = v->n_checks; i-- > 0;)
        if (strcmp(v->checks[i].task.host, host) == 0)
            drop(v, i);
        else
            etas_ranges_free(&v->checks[i].done); /* who has said what is not kept */
    v->cursor = 0;
    v->exhausted = false;
}

/* ---- asking ---- */

/* What of it has not come yet. */
static etas_status list_missing(const verify_check *check, etas_ranges *out)
{
    etas_status st = etas_ranges_add(out, range_of(check));

    for (size_t i = 0; st == ETAS_OK && i < check->done.n; i++)
        st = etas_ranges_subtract(out, check->done.items[i]);
    return st;
}

typedef struct request {
    etas_check items[VERIFY_WINDOW];
    bool chosen[VERIFY_WINDOW]; /* the checks of which they are */
    size_t n;
} request;

static etas_status choose(const verify_check *check, request *out, bool *chosen)
{
    etas_ranges missing = {0};
    etas_status st = list_missing(check, &missing);

    *chosen = st == ETAS_OK && out->n + missing.n <= VERIFY_WINDOW;
    for (size_t i = 0; *chosen && i < missing.n; i++) {
        etas_check *const item = &out->items[out->n++];

        item->range = missing.items[i];
        memcpy(item->maker, check->task.host, sizeof item->maker);
    }
    etas_ranges_free(&missing);
    return st;
}

static etas_status send(driver *self, const request *what, etas_error *err)
{
    verification *const v = &self->verify;
    etas_error error = {0};
    uint64_t serial;
    etas_status st = etas_store_next_serial(self->job->store, &serial, err);

    if (st != ETAS_OK)
        return st;
    v->ask_at = etas_clock_s() + DRIVER_DEFER_S; /* unless it works */
    st = etas_queue_submit_checks(self->queue, &self->meta, serial, what->n, what->items, &error);
    if (st == ETAS_E_LIMIT)
        return ETAS_OK;
    if (!driver_reached(self, &st, &error, err))
        return st;
    v->ask_at = 0;
    for (size_t i = 0; i < v->n_checks; i++)
        v->checks[i].asked += what->chosen[i];
    return ETAS_OK;
}

static bool is_somewhere(const verify_check *check, const etas_audit *audit)
{
    const etas_range range = range_of(check);

    return etas_ranges_overlap(&audit->checks, range) > 0 ||
           etas_ranges_overlap(&audit->pending, range) > 0 ||
           etas_ranges_overlap(&audit->leased, range) > 0 ||
           etas_ranges_overlap(&audit->out, range) > 0;
}

/* @p audit: those that are nowhere are asked for again; NULL: only new ones. */
static etas_status ask(driver *self, const etas_audit *audit, etas_error *err)
{
    verification *const v = &self->verify;
    request what = {0};
    etas_status st = ETAS_OK;

    if (etas_clock_s() < v->ask_at)
        return ETAS_OK;
    for (size_t i = v->n_checks; st == ETAS_OK && audit != NULL && i-- > 0;)
        if (is_somewhere(&v->checks[i], audit))
            v->checks[i].asked += v->checks[i].asked == 0; /* by the driver before this one */
        else if (v->checks[i].asked == MAX_ASKED)
            drop(v, i); /* it comes to nothing */
    for (size_t i = 0; st == ETAS_OK && i < v->n_checks; i++)
        if (audit != NULL ? !is_somewhere(&v->checks[i], audit) : v->checks[i].asked == 0)
            st = choose(&v->checks[i], &what, &what.chosen[i]);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the checks");
    return what.n > 0 ? send(self, &what, err) : ETAS_OK;
}

/* ---- what the server says ---- */

static bool is_live(const driver *self, const etas_agent_info *a)
{
    return a->silent_s < 60 && a->agent.slots > 0 && !verify_refuses(self, a->agent.host);
}

/* Is there somebody who could make one of the checks? */
static etas_status look_for_makers(driver *self, etas_error *err)
{
    verification *const v = &self->verify;
    etas_agent_info *agents = NULL;
    size_t n = 0;
    etas_error error = {0};
    etas_status st = etas_queue_agents(self->queue, &agents, &n, &error);

    if (!driver_reached(self, &st, &error, err))
        return st;
    v->possible = false;
    for (size_t i = 0; i < n && !v->possible; i++)
        for (size_t k = 0; k < v->n_checks && is_live(self, &agents[i]) && !v->possible; k++)
            v->possible = strcmp(agents[i].agent.host, v->checks[k].task.host) != 0;
    etas_array_free((void **)&agents);
    return ETAS_OK;
}

etas_status verify_audited(driver *self, const etas_audit *audit, etas_error *err)
{
    verification *const v = &self->verify;
    const bool last = self->job->todo->n == 0;
    etas_status st;

    if (!(fraction(self) > 0))
        return ETAS_OK;
    v->audited = true;
    v->audit_at = etas_clock_s() + (last ? LOOK_S : self->meta.lease_s);
    for (size_t i = 0; i < v->n_checks; i++)
        if (etas_ranges_overlap(&audit->leased, range_of(&v->checks[i])) > 0 ||
            etas_ranges_overlap(&audit->out, range_of(&v->checks[i])) > 0)
            v->moved_at = etas_clock_s();
    st = fill(self, err);
    if (st == ETAS_OK)
        st = ask(self, audit, err);
    return st == ETAS_OK && last && self->linked ? look_for_makers(self, err) : st;
}

void verify_linked(driver *self)
{
    self->verify.audited = false;
    for (size_t i = 0; i < self->verify.n_checks; i++)
        self->verify.checks[i].asked = 0; /* none of them is to blame */
    self->verify.untold = self->verify.n_faults > 0;
}

double verify_audit_due(const driver *self)
{
    const verification *const v = &self->verify;

    return v->n_checks > 0 ? v->audit_at : INFINITY;
}

/* ---- what comes ---- */

bool verify_refuses(const driver *self, const char *host)
{
    for (size_t i = 0; i < self->verify.n_faults; i++)
        if (strcmp(self->verify.faults[i].host, host) == 0)
            return true;
    return false;
}

/* What of @p range the check wants, and a host other than its maker has made. */
static etas_status confirm(verify_check *check, etas_range range, const char *host, bool *some)
{
    const etas_range whole = range_of(check);
    const uint64_t first = range.first > whole.first ? range.first : whole.first;
    const uint64_t end = range.first + range.count, stop = whole.first + whole.count;

    *some = first < end && first < stop && strcmp(check->task.host, host) != 0;
    if (!*some)
        return ETAS_OK;
    etas_format(sizeof check->by, check->by, "%s", host);
    return etas_ranges_add(&check->done, (etas_range){first, (end < stop ? end : stop) - first});
}

etas_status verify_repeat(driver *self, const etas_collected *item, const etas_frame_header *header,
                          etas_error *err)
{
    verification *const v = &self->verify;
    const etas_range range = {header->first, header->count};
    const etas_brought brought = {header, &self->job->sink->payload};
    etas_difference difference;
    etas_status st = etas_sink_flush(self->job->sink, err);

    if (st == ETAS_OK)
        st = etas_compare_with_store(&v->comparer, self->job->store, self->job->run, &brought,
                                     &difference, err);
    if (st != ETAS_OK)
        return st;
    if (difference.found) {
        dispute_begin(self, item, header, &difference);
        return ETAS_OK;
    }
    for (size_t i = 0; st == ETAS_OK && i < v->n_checks; i++) {
        bool some;

        st = confirm(&v->checks[i], range, header->task.host, &some);
        if (some)
            v->moved_at = etas_clock_s();
    }
    return st == ETAS_OK ? st : etas_fail(err, st, "out of memory for the checks");
}

etas_status verify_note(driver *self, etas_error *err)
{
    verification *const v = &self->verify;
    etas_store_made notes[VERIFY_WINDOW];
    size_t n = 0;

    for (size_t i = v->n_checks; i-- > 0;) {
        const verify_check *const check = &v->checks[i];

        if (etas_ranges_total(&check->done) < check->task.count)
            continue;
        notes[n] = check->task;
        memcpy(notes[n++].verified_by, check->by, sizeof check->by);
        drop(v, i);
    }
    return n > 0 ? etas_store_verified(self->job->store, n, notes, err) : ETAS_OK;
}

/* ---- the interface ---- */

etas_status verify_open(driver *self, etas_error *err)
{
    const etas_status st = dispute_load_faults(self, err);

    self->verify.audit_at = INFINITY;
    self->verify.moved_at = etas_clock_s();
    self->verify.possible = true;
    return st;
}

void verify_close(driver *self)
{
    verification *const v = &self->verify;

    dispute_close(self);
    while (v->n_checks > 0)
        drop(v, 0);
    etas_array_free((void **)&v->faults);
    etas_comparer_free(&v->comparer);
}

static void note_waiting(driver *self)
{
    verification *const v = &self->verify;
    const double now = etas_clock_s();

    if (self->job->todo->n > 0) {
        v->waiting = false;
        v->moved_at = now;
        return;
    }
    v->audit_at = fmin(v->audit_at, now + LOOK_S);
    if (!v->waiting && v->n_checks > 0)
        etas_log_write(driver_log(self), ETAS_LOG_INFO,
                       "run %.6s: all is stored; waiting for tasks to be made again on other hosts",
                       self->meta.id);
    v->waiting = v->waiting || v->n_checks > 0;
}

etas_status verify_tend(driver *self, etas_error *err)
{
    etas_status st = dispute_tend(self, err);

    if (st != ETAS_OK || !(fraction(self) > 0))
        return st;
    st = fill(self, err);
    note_waiting(self);
    if (st == ETAS_OK && self->linked && self->verify.audited)
        st = ask(self, NULL, err);
    return st;
}

bool verify_busy(const driver *self)
{
    const verification *const v = &self->verify;

    if (v->n_disputes > 0)
        return true;
    if (!(fraction(self) > 0))
        return false;
    if (v->n_checks == 0)
        return !v->exhausted;
    return etas_clock_s() < v->moved_at + (v->possible ? HOPEFUL_S : HOPELESS_S);
}

/* ---- the report ---- */

typedef struct tally {
    uint64_t tasks, drawn, verified;
    char hosts[64][64]; /* that have verified something */
    size_t n_hosts;
} tally;

static void count(const driver *self, const etas_store_made *task, tally *out)
{
    const char *const by = task->verified_by;
    size_t i = 0;

    out->tasks++;
    if (!is_drawn(self, task->first))
        return;
    out->drawn++;
    if (by[0] == '\0')
        return;
    out->verified++;
    while (i < out->n_hosts && strcmp(out->hosts[i], by) != 0)
        i++;
    if (i == out->n_hosts && i < sizeof out->hosts / sizeof out->hosts[0])
        memcpy(out->hosts[out->n_hosts++], by, sizeof task->verified_by);
}

static void say_verified(const driver *self, const tally *t)
{
    const unsigned long long drawn = t->drawn, verified = t->verified, tasks = t->tasks;

    if (verified == drawn)
        etas_log_write(driver_log(self), ETAS_LOG_INFO,
                       "verified: %llu of %llu tasks were made again on another host (%zu hosts in "
                       "all) and are the same",
                       verified, tasks, t->n_hosts);
    else
        etas_log_write(driver_log(self), ETAS_LOG_WARN,
                       "verified: %llu of %llu tasks were made again on another host (%zu hosts in "
                       "all) and are the same; %llu more should have been, but no other host made "
                       "them",
                       verified, tasks, t->n_hosts, drawn - verified);
}

/* Over all of the run, whichever driver it was. */
static etas_status count_all(const driver *self, tally *out, etas_error *err)
{
    etas_store_made rows[ROWS];
    uint64_t after = 0;
    size_t n = 1;
    etas_status st = ETAS_OK;

    while (st == ETAS_OK && n > 0) {
        st = etas_store_made_after(self->job->store, after, ROWS, rows, &n, err);
        for (size_t i = 0; i < n; i++)
            count(self, &rows[i], out);
        if (n > 0)
            after = rows[n - 1].id;
    }
    return st;
}

void verify_report(const driver *self)
{
    const verification *const v = &self->verify;
    const char *const many = self->job->sink->kind->many;
    etas_error error = {0};
    char line[512];
    tally t = {0};

    if (fraction(self) > 0 && count_all(self, &t, &error) == ETAS_OK)
        say_verified(self, &t);
    else if (fraction(self) > 0)
        etas_log_write(driver_log(self), ETAS_LOG_WARN, "verified: %s",
                       etas_error_format(&error, sizeof line, line));
    for (size_t i = 0; i < v->n_faults; i++)
        etas_log_write(driver_log(self), ETAS_LOG_WARN,
                       "host %s (etas %s) is faulty: it made %s %llu wrong; the %llu %s that were "
                       "stored of it were thrown away and made again by others",
                       v->faults[i].host, v->faults[i].release, self->job->thing,
                       (unsigned long long)v->faults[i].index,
                       (unsigned long long)v->faults[i].removed, many);
}
