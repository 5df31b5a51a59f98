#include "etas/run_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"

/* ---- one task after the other ---- */

/* Where @p host stands among the hosts, or is put. */
static etas_status find_host(etas_run_tasks *self, const char *host, size_t *out)
{
    etas_status st;

    /* Results of one host come in a row: the last one found is often right. */
    for (size_t i = 0; i < self->n_hosts; i++)
        if (strcmp(self->hosts[i].host, host) == 0) {
            *out = i;
            return ETAS_OK;
        }
    st = etas_array_reserve((void **)&self->hosts, &self->host_capacity, self->n_hosts + 1,
                            sizeof *self->hosts);
    if (st != ETAS_OK)
        return st;
    *out = self->n_hosts++;
    self->hosts[*out] = (etas_run_host){0};
    etas_format(sizeof self->hosts->host, self->hosts[*out].host, "%s", host);
    return ETAS_OK;
}

static int order_slots(const etas_run_slot *a, size_t host, uint32_t pid)
{
    if (a->host != host)
        return a->host < host ? -1 : 1;
    return (a->pid > pid) - (a->pid < pid);
}

/* The slots are kept sorted by host and pid. */
static etas_status note_slot(etas_run_tasks *self, const etas_run_slot *piece)
{
    size_t lo = 0, hi = self->n_slots;
    etas_status st;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (order_slots(&self->slots[mid], piece->host, piece->pid) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < self->n_slots && order_slots(&self->slots[lo], piece->host, piece->pid) == 0) {
        self->slots[lo].from_s = fmin(self->slots[lo].from_s, piece->from_s);
        self->slots[lo].to_s = fmax(self->slots[lo].to_s, piece->to_s);
        return ETAS_OK;
    }
    st = etas_array_reserve((void **)&self->slots, &self->slot_capacity, self->n_slots + 1,
                            sizeof *self->slots);
    if (st != ETAS_OK)
        return st;
    memmove(self->slots + lo + 1, self->slots + lo, (self->n_slots - lo) * sizeof *self->slots);
    self->slots[lo] = *piece;
    self->n_slots++;
    self->hosts[piece->host].slots++;
    return ETAS_OK;
}

static void add_to(etas_run_host *h, const etas_store_task *t, bool verified)
{
    h->tasks++;
    h->catalogs += t->count;
    h->events += t->n_events;
    h->bytes += t->bytes;
    h->verified += verified;
    h->wall_s += t->wall_s;
    h->cpu_s += t->cpu_s;
    h->slowest_s = fmax(h->slowest_s, t->wall_s);
    if (t->peak_memory_bytes > h->peak_memory_bytes)
        h->peak_memory_bytes = t->peak_memory_bytes;
}

static void note_slow(etas_run_tasks *self, const etas_store_task *t)
{
    size_t at = self->n_slowest;

    while (at > 0 && t->wall_s > self->slowest[at - 1].wall_s)
        at--;
    if (at == ETAS_RUN_SLOWEST)
        return;
    if (self->n_slowest < ETAS_RUN_SLOWEST)
        self->n_slowest++;
    memmove(self->slowest + at + 1, self->slowest + at,
            (self->n_slowest - 1 - at) * sizeof self->slowest[0]);
    self->slowest[at] = *t;
}

static etas_status take(void *context, const etas_store_task *t, const char *verified_by,
                        etas_error *err)
{
    etas_run_tasks *const self = context;
    etas_run_slot piece = {.pid = t->pid, .from_s = (double)t->start_ns * 1e-9};
    etas_status st = find_host(self, t->host, &piece.host);

    piece.to_s = piece.from_s + t->wall_s;
    if (st == ETAS_OK)
        st = note_slot(self, &piece);
    if (st == ETAS_OK)
        st = etas_array_reserve((void **)&self->walls, &self->wall_capacity, self->total.tasks + 1,
                                sizeof *self->walls);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the tasks");
    self->walls[self->total.tasks] = t->wall_s;
    add_to(&self->total, t, verified_by[0] != '\0');
    add_to(&self->hosts[piece.host], t, verified_by[0] != '\0');
    note_slow(self, t);
    return ETAS_OK;
}

/* ---- all of them ---- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int by_start(const void *a, const void *b)
{
    const etas_run_slot *x = a, *y = b;

    return (x->from_s > y->from_s) - (x->from_s < y->from_s);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const etas_run_host *)a)->host, ((const etas_run_host *)b)->host);
}

/* How many slots were there at once, and for how long there were any. */
static etas_status sum_slots(etas_run_tasks *self)
{
    double *ends = NULL, until = -INFINITY;
    size_t gone = 0;
    etas_status st = etas_array_alloc((void **)&ends, self->n_slots, sizeof *ends);

    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < self->n_slots; i++)
        ends[i] = self->slots[i].to_s;
    qsort(ends, self->n_slots, sizeof *ends, by_value);
    qsort(self->slots, self->n_slots, sizeof *self->slots, by_start);
    for (size_t i = 0; i < self->n_slots; i++) {
        const etas_run_slot *const s = &self->slots[i];

        while (ends[gone] < s->from_s)
            gone++;
        if (i + 1 - gone > self->total.slots)
            self->total.slots = i + 1 - gone;
        self->elapsed_s += fmax(0, s->to_s - fmax(s->from_s, until));
        until = fmax(until, s->to_s);
    }
    etas_array_free((void **)&ends);
    return ETAS_OK;
}

/* Bins of equal ratio; the walls are sorted. */
static void fill_bins(etas_run_tasks *self)
{
    const size_t n = self->total.tasks;
    const double lo = fmax(self->walls[0], 1e-6), hi = fmax(self->walls[n - 1], lo);
    const double ratio = hi / lo;

    self->n_bins = ratio < 1.2 ? 1 : ETAS_RUN_BINS;
    for (size_t b = 0; b < self->n_bins; b++) {
        self->bins[b].lo_s = lo * pow(ratio, (double)b / (double)self->n_bins);
        self->bins[b].hi_s = lo * pow(ratio, (double)(b + 1) / (double)self->n_bins);
    }
    for (size_t i = 0, b = 0; i < n; i++) {
        while (b + 1 < self->n_bins && self->walls[i] >= self->bins[b].hi_s)
            b++;
        self->bins[b].tasks++;
    }
}

etas_status etas_run_tasks_read(etas_run_tasks *out, etas_store *store, etas_error *err)
{
    etas_run_host *const all = &out->total;
    etas_status st;
    size_t n;

    *out = (etas_run_tasks){.mean_s = NAN, .median_s = NAN, .slowfac = NAN, .efficiency = NAN};
    st = etas_store_each_task(store, take, out, err);
    n = all->tasks;
    if (st == ETAS_OK && n > 0) {
        st = sum_slots(out);
        if (st != ETAS_OK)
            (void)etas_fail(err, st, "out of memory for the slots");
        qsort(out->walls, n, sizeof *out->walls, by_value);
        qsort(out->hosts, out->n_hosts, sizeof *out->hosts, by_name);
        out->mean_s = all->wall_s / (double)n;
        out->median_s = (out->walls[(n - 1) / 2] + out->walls[n / 2]) / 2;
        out->slowfac = all->slowest_s / out->mean_s;
        out->efficiency = all->wall_s / ((double)all->slots * out->elapsed_s);
        fill_bins(out);
    }
    if (st != ETAS_OK)
        etas_run_tasks_free(out);
    return st;
}

void etas_run_tasks_free(etas_run_tasks *self)
{
    etas_array_free((void **)&self->hosts);
    etas_array_free((void **)&self->slots);
    etas_array_free((void **)&self->walls);
    *self = (etas_run_tasks){0};
}
