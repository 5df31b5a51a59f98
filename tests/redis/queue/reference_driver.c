#include "reference_pool.h"

#include <stdlib.h>
#include <string.h>

/* ---- drivers ---- */

const char *ref_beat_run(ref_pool *p, unsigned run, const ref_run *facts, bool *lost)
{
    ref_run *const r = &p->runs[run];

    *lost = !r->exists;
    if (facts->epoch < r->epoch || (r->ended > 0 && facts->epoch <= r->ended))
        return "SUPERSEDED";
    if (*lost) {
        memset(r, 0, sizeof *r);
        r->exists = true;
    }
    if (facts->epoch > r->epoch)
        r->serial = 0;
    r->epoch = facts->epoch;
    r->n = facts->n;
    r->chunk = facts->chunk;
    r->mark = facts->mark;
    r->task_s = facts->task_s;
    r->attempts = facts->attempts;
    r->max_lost = facts->max_lost;
    r->silent = r->gone = false;
    return "OK";
}

static const char *fence(ref_run *r, uint64_t epoch)
{
    if (!r->exists)
        return "GONE";
    if (epoch < r->epoch)
        return "SUPERSEDED";
    if (epoch > r->epoch) {
        r->epoch = epoch;
        r->serial = 0;
    }
    return NULL;
}

/* What stops a list of @p n more entries beside @p held of at most @p most. */
static const char *closed_list(ref_run *r, uint64_t epoch, uint64_t serial, size_t held, size_t n,
                               size_t most)
{
    const char *const stop = fence(r, epoch);

    if (stop != NULL)
        return stop;
    if (serial <= r->serial)
        return "REPEAT";
    return held + n > most ? "FULL" : NULL;
}

const char *ref_submit(ref_pool *p, unsigned run, uint64_t epoch, uint64_t serial, size_t n,
                       const ref_range ranges[])
{
    ref_run *const r = &p->runs[run];
    const char *const stop = closed_list(r, epoch, serial, r->n_pending, n, REF_ENTRIES);

    if (stop != NULL)
        return stop;
    for (size_t i = 0; i < n; i++) {
        ref_insert(r, r->n_pending, (ref_range){ranges[i].first, ranges[i].count, 0, 0});
        r->submitted += ranges[i].count;
        r->pend += ranges[i].count;
    }
    r->serial = serial;
    return "OK";
}

const char *ref_check_again(ref_pool *p, unsigned run, uint64_t epoch, uint64_t serial, size_t n,
                            const ref_check checks[])
{
    ref_run *const r = &p->runs[run];
    const char *const stop = closed_list(r, epoch, serial, r->n_checks, n, REF_CHECKS);

    if (stop != NULL)
        return stop;
    for (size_t i = 0; i < n; i++) {
        r->check[r->n_checks++] = checks[i];
        r->submitted += checks[i].count;
        r->checks += checks[i].count;
    }
    r->serial = serial;
    return "OK";
}

const char *ref_ban(ref_pool *p, unsigned run, uint64_t epoch, const bool banned[REF_HOSTS])
{
    ref_run *const r = &p->runs[run];
    const char *const stop = fence(r, epoch);

    if (stop == NULL)
        memcpy(r->banned, banned, sizeof r->banned);
    return stop != NULL ? stop : "OK";
}

const char *ref_ackout(ref_pool *p, unsigned run, uint64_t epoch, size_t n,
                       const ref_result names[], const bool discard[], size_t *removed)
{
    ref_run *const r = &p->runs[run];
    const char *const stop = fence(r, epoch);

    *removed = 0;
    if (stop != NULL)
        return stop;
    for (size_t i = 0; i < n && r->n_out > 0; i++) {
        const ref_result head = r->out[0];

        if (head.first != names[i].first || head.count != names[i].count ||
            head.checksum != names[i].checksum)
            break;
        *(discard[i] ? &r->discarded : &r->acked) += head.count;
        r->bytes -= head.bytes;
        r->n_out--;
        memmove(r->out, r->out + 1, r->n_out * sizeof r->out[0]);
        ++*removed;
    }
    if (r->n_out == 0)
        r->full = false;
    return "OK";
}

static void forget_run(ref_pool *p, unsigned run)
{
    for (size_t i = p->n_leases; i-- > 0;)
        if (p->leases[i].run == run)
            ref_end_lease(p, &p->leases[i]);
    memset(&p->runs[run], 0, sizeof p->runs[run]);
}

static bool any_run(const ref_pool *p)
{
    for (unsigned i = 0; i < REF_RUNS; i++)
        if (p->runs[i].exists)
            return true;
    return false;
}

const char *ref_finish(ref_pool *p, unsigned run, uint64_t epoch)
{
    ref_run *const r = &p->runs[run];

    if (!r->exists)
        return "GONE";
    if (epoch < r->epoch)
        return "SUPERSEDED";
    forget_run(p, run);
    p->runs[run].ended = epoch;
    p->model = p->model && any_run(p);
    return "OK";
}

/* ---- time ---- */

static int by_deadline(const void *x, const void *y)
{
    const ref_lease *const a = x, *const b = y;

    return a->expired < b->expired ? -1 : a->expired > b->expired;
}

/* Once a second at most; the trace sees to it that it is always time. */
static void sweep(ref_pool *p)
{
    p->slots = 0;
    for (unsigned i = 0; i < REF_AGENTS; i++)
        if (p->agents[i].known && !p->agents[i].silent)
            p->slots += p->agents[i].slots;
    for (unsigned i = 0; i < REF_RUNS; i++) {
        ref_run *const r = &p->runs[i];
        ref_range list[REF_ROOM];

        if (!r->exists || !r->gone || !(r->full || r->bytes >= r->mark))
            continue;
        for (size_t k = 0; k < r->n_out; k++)
            list[k] = (ref_range){r->out[k].first, r->out[k].count, 0, 0};
        (void)ref_append(r, r->n_out, list);
        r->n_out = 0;
        r->bytes = 0;
        r->full = false;
    }
}

void ref_reap(ref_pool *p, bool gap, uint64_t *back, uint64_t *dead, uint64_t *rearmed)
{
    static ref_lease late[REF_ROOM];
    size_t n = 0;

    *back = *dead = *rearmed = 0;
    for (size_t i = p->n_leases; i-- > 0;) {
        ref_lease *const l = &p->leases[i];

        if (!p->runs[l->run].exists) {
            ref_end_lease(p, l);
        } else if (gap && !l->half) {
            l->half = true;
            l->expired = 0;
            ++*rearmed;
        } else if (l->expired > 0) {
            late[n++] = *l;
            ref_end_lease(p, l);
        }
    }
    qsort(late, n, sizeof late[0], by_deadline);
    for (size_t i = 0; i < n; i++)
        *(ref_lose(p, &late[i]) ? dead : back) += late[i].range.count;
    sweep(p);
}

/* ---- managers ---- */

void ref_control(ref_pool *p, char what)
{
    if (what == 'p' || what == 'r')
        p->paused = what == 'p';
    for (unsigned i = 0; i < REF_AGENTS && (what == 's' || what == 'n'); i++)
        if (p->agents[i].known)
            p->agents[i].mark = what;
}

const char *ref_cancel(ref_pool *p, unsigned run)
{
    if (!p->runs[run].exists)
        return "GONE";
    p->runs[run].cancelled = true;
    return "OK";
}

static int by_first(const void *x, const void *y)
{
    const ref_dead *const a = x, *const b = y;

    if (a->range.first != b->range.first)
        return a->range.first < b->range.first ? -1 : 1;
    return 0;
}

const char *ref_retry(ref_pool *p, unsigned run, uint64_t *catalogs)
{
    ref_run *const r = &p->runs[run];
    ref_range list[REF_ROOM];

    *catalogs = 0;
    if (!r->exists)
        return "GONE";
    qsort(r->dead, r->n_dead, sizeof r->dead[0], by_first);
    for (size_t i = 0; i < r->n_dead; i++)
        list[i] = r->dead[i].range;
    *catalogs = ref_append(r, r->n_dead, list);
    r->n_dead = 0;
    return "OK";
}

bool ref_others_wait(const ref_pool *p, unsigned run)
{
    bool any = false;

    for (unsigned i = 0; i < REF_RUNS; i++) {
        const ref_run *const r = &p->runs[i];

        any = any || (i != run && r->exists && !r->cancelled && !r->full && r->pend > 0 &&
                      !r->silent && !r->gone);
    }
    return any;
}
