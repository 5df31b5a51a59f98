#include "reference_pool.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

void ref_insert(ref_run *r, size_t at, ref_range range)
{
    assert(r->n_pending < REF_ROOM);
    memmove(r->pending + at + 1, r->pending + at, (r->n_pending - at) * sizeof range);
    r->pending[at] = range;
    r->n_pending++;
}

static void remove_head(ref_run *r)
{
    r->n_pending--;
    memmove(r->pending, r->pending + 1, r->n_pending * sizeof r->pending[0]);
}

/* At the head of pending, in order; clean neighbours grow together. */
void ref_put_back(ref_run *r, size_t n, const ref_range list[])
{
    for (size_t i = n; i-- > 0;) {
        ref_range *const head = r->n_pending > 0 ? &r->pending[0] : NULL;
        const ref_range d = list[i];

        r->pend += d.count;
        if (head != NULL && d.errors + d.lost + head->errors + head->lost == 0 &&
            d.first + d.count == head->first) {
            head->first = d.first;
            head->count += d.count;
        } else if (d.count > 0) {
            ref_insert(r, 0, d);
        }
    }
}

/* At the tail of pending, with a clean record; neighbours in the list are joined. */
uint64_t ref_append(ref_run *r, size_t n, const ref_range list[])
{
    uint64_t sum = 0;
    size_t joined = r->n_pending;

    for (size_t i = 0; i < n; i++) {
        ref_range *const last = r->n_pending > joined ? &r->pending[r->n_pending - 1] : NULL;

        sum += list[i].count;
        if (last != NULL && last->first + last->count == list[i].first)
            last->count += list[i].count;
        else
            ref_insert(r, r->n_pending, (ref_range){list[i].first, list[i].count, 0, 0});
    }
    r->pend += sum;
    return sum;
}

static bool same_lease(const ref_lease *a, const ref_lease *b)
{
    return a->token == b->token && a->run == b->run && a->agent == b->agent &&
           a->range.first == b->range.first && a->range.count == b->range.count &&
           a->range.errors == b->range.errors && a->range.lost == b->range.lost;
}

ref_lease *ref_find(ref_pool *p, const ref_lease *lease)
{
    for (size_t i = 0; i < p->n_leases; i++)
        if (same_lease(&p->leases[i], lease))
            return &p->leases[i];
    return NULL;
}

void ref_end_lease(ref_pool *p, ref_lease *lease)
{
    *lease = p->leases[--p->n_leases];
}

/* End a lease, if it is there; its range goes back as it is. */
uint64_t ref_give_back(ref_pool *p, const ref_lease *lease)
{
    ref_lease *const there = ref_find(p, lease);
    const ref_lease copy = *lease;

    if (there == NULL)
        return 0;
    ref_end_lease(p, there);
    if (!p->runs[copy.run].exists)
        return 0;
    ref_put_back(&p->runs[copy.run], 1, &copy.range);
    return copy.range.count;
}

/* ---- agents ---- */

static int by_first_falling(const void *x, const void *y)
{
    const ref_lease *const a = x, *const b = y;

    if (a->range.first != b->range.first)
        return a->range.first < b->range.first ? 1 : -1;
    return a->token < b->token ? 1 : -1;
}

/* What the server holds for the agent and the agent does not name (by token and run) goes back. */
static uint64_t reconcile(ref_pool *p, unsigned agent, size_t n, const ref_lease held[])
{
    static ref_lease list[REF_ROOM];
    size_t k = 0;
    uint64_t sum = 0;

    for (size_t i = 0; i < p->n_leases; i++) {
        bool named = p->leases[i].agent != agent;

        for (size_t j = 0; j < n && !named; j++)
            named = held[j].token == p->leases[i].token && held[j].run == p->leases[i].run;
        if (!named)
            list[k++] = p->leases[i];
    }
    qsort(list, k, sizeof list[0], by_first_falling);
    for (size_t i = 0; i < k; i++)
        sum += ref_give_back(p, &list[i]);
    return sum;
}

const char *ref_hello(ref_pool *p, unsigned agent, int64_t slots, size_t n, const ref_lease held[],
                      uint64_t *requeued)
{
    ref_agent *const a = &p->agents[agent];

    *requeued = reconcile(p, agent, n, held);
    p->slots += slots - a->slots;
    a->slots = slots;
    a->known = true;
    a->silent = false;
    return "OK";
}

const char *ref_bye(ref_pool *p, unsigned agent, uint64_t *requeued)
{
    *requeued = reconcile(p, agent, 0, NULL);
    p->slots -= p->agents[agent].slots;
    p->agents[agent] = (ref_agent){0};
    return "OK";
}

static const char *command(ref_agent *a)
{
    if (!a->known)
        return "HELLO";
    a->silent = false;
    if (a->mark != 0)
        return a->mark == 'n' ? "NOW" : "STOP";
    return NULL;
}

static uint64_t chunk_of(const ref_pool *p, const ref_run *r, double rate, double remaining_s)
{
    const int64_t live = p->slots > 0 ? p->slots : 1;
    const double share = (double)r->pend / (4.0 * (double)live);
    double chunk = (double)r->chunk;

    if (r->chunk > 0 && r->split)
        chunk = fmin(chunk, share);
    if (r->chunk == 0) {
        chunk = share;
        if (rate > 0) {
            chunk = fmin(chunk, rate * r->task_s);
            if (isfinite(remaining_s))
                chunk = fmin(chunk, rate * remaining_s);
        } else {
            chunk = fmin(chunk, 64);
        }
    }
    return chunk < 1 ? 1 : (uint64_t)floor(chunk);
}

/* A stranger's host is not known. */
static bool is_banned(const ref_pool *p, const ref_run *r, unsigned agent)
{
    return p->agents[agent].known && r->banned[agent % REF_HOSTS];
}

/* The run takes nothing more from this agent. */
static bool over(const ref_pool *p, const ref_run *r, unsigned agent)
{
    return !r->exists || r->cancelled || is_banned(p, r, agent);
}

static const char *closed(const ref_pool *p, const ref_run *r, unsigned agent)
{
    if (r->cancelled)
        return "cancelled";
    if (is_banned(p, r, agent))
        return "banned";
    if (r->full || r->bytes >= r->mark)
        return "full";
    if (r->silent || r->gone)
        return "silent";
    return p->model ? NULL : "nomodel";
}

/* The first range that another host has made. */
static bool take_check(ref_run *r, unsigned host, ref_range *out)
{
    for (size_t i = 0; i < r->n_checks; i++) {
        if (r->check[i].host == host)
            continue;
        *out = (ref_range){r->check[i].first, r->check[i].count, 0, 0};
        r->checks -= out->count;
        r->n_checks--;
        memmove(r->check + i, r->check + i + 1, (r->n_checks - i) * sizeof r->check[0]);
        return true;
    }
    return false;
}

/* The head of pending, or a piece of it. */
static bool cut(ref_run *r, uint64_t chunk, ref_range *out)
{
    ref_range *const head = &r->pending[0];

    if (r->n_pending == 0)
        return false;
    *out = *head;
    if (head->count > chunk) {
        out->count = chunk;
        head->first += chunk;
        head->count -= chunk;
        head->errors = 0;
    } else {
        remove_head(r);
    }
    r->pend -= out->count;
    return true;
}

const char *ref_claim(ref_pool *p, unsigned agent, double rate, double remaining_s, ref_lease *out,
                      const char **why)
{
    const char *const told = command(&p->agents[agent]);
    unsigned order[REF_RUNS];

    *why = "none";
    if (told != NULL)
        return told;
    if (p->paused) {
        *why = "paused";
        return "EMPTY";
    }
    for (unsigned i = 0; i < REF_RUNS; i++) { /* who was served longest ago comes first */
        unsigned at = i;

        for (; at > 0 && p->runs[order[at - 1]].turn > p->runs[i].turn; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (unsigned i = 0; i < REF_RUNS; i++) {
        ref_run *const r = &p->runs[order[i]];
        const char *const reason = closed(p, r, agent);

        if (!r->exists || r->n_pending + r->n_checks == 0)
            continue;
        if (reason != NULL) {
            *why = strcmp(*why, "nomodel") == 0 ? *why : reason;
            continue;
        }
        *out = (ref_lease){.run = order[i], .agent = agent};
        if (!take_check(r, agent % REF_HOSTS, &out->range) &&
            !cut(r, chunk_of(p, r, rate, remaining_s), &out->range))
            continue;
        r->turn = ++p->turn;
        return "WORK";
    }
    if (strcmp(*why, "nomodel") == 0)
        return "NOMODEL";
    if (strcmp(*why, "banned") != 0)
        p->hungry = true;
    return "EMPTY";
}

void ref_claimed(ref_pool *p, const ref_lease *lease)
{
    assert(p->n_leases < REF_ROOM && lease->token > p->token);
    p->leases[p->n_leases++] = *lease;
    p->token = lease->token;
}

/* Also by its former, longer range: the reply to the commit that shortened it was lost. */
static ref_lease *find_or_shortened(ref_pool *p, const ref_lease *l)
{
    ref_lease *const exact = ref_find(p, l);

    for (size_t i = 0; exact == NULL && i < p->n_leases; i++) {
        ref_lease *const x = &p->leases[i];

        if (x->token == l->token && x->run == l->run && x->agent == l->agent &&
            x->range.first > l->range.first &&
            x->range.first + x->range.count == l->range.first + l->range.count)
            return x;
    }
    return exact;
}

/* Of the leases that are there, as many of the largest as slots are idle, where nothing else is to
 * be had. (Their age does not matter here: traces are short.) */
static void split(ref_pool *p, size_t n, const ref_lease held[], const uint64_t counts[],
                  const char *verdicts[])
{
    int64_t idle = p->slots - (int64_t)p->n_leases;

    while (p->hungry && !p->paused && idle > 0) {
        size_t best = n;

        for (size_t i = 0; i < n; i++) {
            const ref_run *const r = &p->runs[held[i].run];

            if (strcmp(verdicts[i], "OK") == 0 && counts[i] > 1 && !r->full && r->n_pending == 0 &&
                (best == n || counts[i] > counts[best]))
                best = i;
        }
        if (best == n)
            return;
        verdicts[best] = "SPLIT";
        p->runs[held[best].run].split = true;
        idle--;
    }
}

const char *ref_beat(ref_pool *p, unsigned agent, size_t n, const ref_lease held[],
                     const char *verdicts[])
{
    const char *const told = command(&p->agents[agent]);
    uint64_t counts[REF_ROOM] = {0};

    for (size_t i = 0; i < n; i++) {
        const ref_run *const r = &p->runs[held[i].run];
        ref_lease *const there = find_or_shortened(p, &held[i]);

        verdicts[i] = "LOST";
        if (over(p, r, agent)) {
            if (there != NULL)
                (void)ref_give_back(p, there);
            verdicts[i] = "CANCEL";
        } else if (there != NULL) {
            there->expired = 0;
            there->half = false;
            verdicts[i] = "OK";
            counts[i] = there->token % 2 == 0 ? there->range.count : 0; /* no checks */
        }
    }
    split(p, n, held, counts, verdicts);
    return told != NULL ? told : "OK";
}

const char *ref_take(ref_pool *p, const ref_lease *lease, const ref_commit *what)
{
    ref_run *const r = &p->runs[lease->run];
    ref_lease *there = ref_find(p, lease);
    ref_lease rest = *lease;

    if (over(p, r, lease->agent)) {
        (void)ref_give_back(p, lease);
        return "CANCEL";
    }
    rest.range = (ref_range){lease->range.first + what->count, lease->range.count - what->count, 0,
                             lease->range.lost};
    rest.expired = 0;
    rest.half = false;
    if (there == NULL) { /* done before, if the rest is leased */
        if (rest.range.count == 0 || ref_find(p, &rest) == NULL)
            return "LOST";
        if (what->give_back)
            (void)ref_give_back(p, &rest);
        return "OK";
    }
    if (r->n_out > 0 && r->bytes + what->bytes > r->mark) {
        r->full = true;
        if (!(r->silent || r->gone) || !ref_others_wait(p, lease->run))
            return "WAIT";
        (void)ref_give_back(p, lease);
        return "LOST";
    }
    assert(r->n_out < REF_ROOM);
    r->out[r->n_out++] = (ref_result){.first = lease->range.first,
                                      .count = what->count,
                                      .checksum = what->checksum,
                                      .bytes = what->bytes,
                                      .agent = lease->agent};
    r->bytes += what->bytes;
    r->simulated += what->count;
    if (rest.range.count == 0 || what->give_back)
        ref_end_lease(p, there);
    else
        *there = rest;
    if (rest.range.count > 0 && what->give_back)
        ref_put_back(r, 1, &rest.range);
    return "OK";
}

/* ---- failures ---- */

/* With the host where it died last, if its agent is known. */
static void bury(ref_pool *p, const ref_lease *lease, const ref_range *range, int signal,
                 const char *message)
{
    ref_run *const r = &p->runs[lease->run];
    ref_dead d = {.range = *range, .signal = signal};

    if (p->agents[lease->agent].known)
        (void)snprintf(d.message, sizeof d.message, "@host%u %s", lease->agent % REF_HOSTS,
                       message);
    else
        (void)snprintf(d.message, sizeof d.message, "%s", message);
    for (size_t i = 0; i < r->n_dead; i++)
        if (memcmp(&r->dead[i].range, range, sizeof *range) == 0 && r->dead[i].signal == signal &&
            strcmp(r->dead[i].message, d.message) == 0) {
            r->discarded += range->count; /* word for word the same entry */
            return;
        }
    assert(r->n_dead < REF_ROOM);
    r->dead[r->n_dead++] = d;
}

const char *ref_fail(ref_pool *p, const ref_lease *lease, const ref_failure *why)
{
    ref_run *const r = &p->runs[lease->run];
    ref_lease *const there = ref_find(p, lease);
    const ref_range range = lease->range;
    ref_range back[3],
        bad = {why->reached, range.first + range.count - why->reached, 1, range.lost};
    size_t n = 0;

    if (there == NULL)
        return "LOST";
    if (!r->exists || why->drain) {
        (void)ref_give_back(p, lease);
        return "OK";
    }
    ref_end_lease(p, there);
    if (why->reached > range.first)
        back[n++] = (ref_range){range.first, why->reached - range.first, range.errors, range.lost};
    else
        bad.errors = range.errors + 1;
    if (why->hopeless && bad.errors < r->attempts)
        bad.errors = r->attempts;
    if (bad.errors >= 2 || bad.errors >= r->attempts) { /* alone from now on */
        const ref_range rest = {why->reached + 1, bad.count - 1, 0, range.lost};

        bad.count = 1;
        if (bad.errors >= r->attempts)
            bury(p, lease, &bad, why->signal, why->message);
        else
            back[n++] = bad;
        if (rest.count > 0)
            back[n++] = rest;
    } else {
        back[n++] = bad;
    }
    r->repeated += range.count;
    ref_put_back(r, n, back);
    return "OK";
}

bool ref_lose(ref_pool *p, const ref_lease *lease)
{
    ref_run *const r = &p->runs[lease->run];
    ref_range first = lease->range, second = lease->range;
    char message[64];

    first.lost = second.lost = lease->range.lost + 1;
    r->repeated += lease->range.count;
    if (first.lost >= r->max_lost && first.count == 1) {
        (void)snprintf(message, sizeof message, "lost with its worker %u times", first.lost);
        bury(p, lease, &first, 0, message);
        return true;
    }
    if (first.lost >= 2 && first.count > 1) {
        first.count = (first.count + 1) / 2;
        second.first += first.count;
        second.count -= first.count;
        second.errors = 0;
        ref_put_back(r, 2, (ref_range[]){first, second});
    } else {
        ref_put_back(r, 1, &first);
    }
    return false;
}
