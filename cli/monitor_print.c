#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "etas/codec.h"
#include "etas/text.h"
#include "etas/time.h"
#include "monitor.h"
#include "table.h"

enum { MOST_DEAD = 10, BAR = 40 };

static void print_head(const etas_run_view *v)
{
    char id[33], sha[65], events[TABLE_NUMBER], bytes[TABLE_NUMBER];

    (void)printf("run %s (%s), seed %" PRIu64 ", model %.16s\nrelease %s\n",
                 etas_hex(sizeof v->run.id, v->run.id, id), etas_store_state_name(v->state),
                 v->run.seed, etas_hex(sizeof v->run.blob_sha256, v->run.blob_sha256, sha),
                 v->run.release);
    (void)printf("progress: %" PRIu64 "/%" PRIu64 " (%.1f %%), %" PRIu64 " dead; %s events in %s\n",
                 v->stored, v->run.n_catalogs,
                 100.0 * (double)v->stored / (double)v->run.n_catalogs, v->n_dead,
                 table_count(v->tasks.total.events, events),
                 table_bytes(v->tasks.total.bytes, bytes));
}

static void print_phases(const etas_run_view *v)
{
    double sum = 0;
    char text[TABLE_NUMBER], share[TABLE_NUMBER];

    for (size_t i = 0; i < v->n_phases; i++)
        sum += v->phases[i].seconds;
    (void)fputs("phases:", stdout);
    for (size_t i = 0; i < v->n_phases; i++)
        (void)printf("%s %s %s (%s)", i > 0 ? "," : "", v->phases[i].name,
                     table_seconds(v->phases[i].seconds, text),
                     table_share(v->phases[i].seconds, sum, share));
    (void)fputs(v->n_phases > 0 ? "\n" : " none is over\n", stdout);
}

static void print_summary(const etas_run_tasks *t)
{
    char mean[TABLE_NUMBER], median[TABLE_NUMBER], worst[TABLE_NUMBER], cpu[TABLE_NUMBER],
        elapsed[TABLE_NUMBER], share[TABLE_NUMBER];

    (void)printf("tasks: %" PRIu64 ", mean %s, median %s, max %s, slowfac %.2f, CPU %s\n",
                 t->total.tasks, table_seconds(t->mean_s, mean), table_seconds(t->median_s, median),
                 table_seconds(t->total.slowest_s, worst), t->slowfac,
                 table_share(t->total.cpu_s, t->total.wall_s, cpu));
    (void)printf("parallel efficiency: %s of %" PRIu64 " slots over %s\n",
                 table_share(t->efficiency, 1, share), t->total.slots,
                 table_seconds(t->elapsed_s, elapsed));
}

static etas_status print_slowest(const etas_run_tasks *t, etas_error *err)
{
    static const table_column columns[] = {
        {"SLOWEST", false, 0}, {"CPU", false, 0},        {"HOST", true, 20},   {"PID", false, 0},
        {"FIRST", false, 0},   {"CATALOGUES", false, 0}, {"EVENTS", false, 0}, {"BYTES", false, 0},
        {"MEM", false, 0},     {"STARTED", true, 0}};
    char text[TABLE_NUMBER], when[32];
    table rows;
    etas_status st;

    table_init(&rows, sizeof columns / sizeof columns[0], columns);
    for (size_t i = 0; i < t->n_slowest; i++) {
        const etas_store_task *const s = &t->slowest[i];

        etas_time_format(s->start_ns, 'T', when);
        table_add(&rows, "%s", table_seconds(s->wall_s, text));
        table_add(&rows, "%s", table_share(s->cpu_s, s->wall_s, text));
        table_add(&rows, "%s", s->host);
        table_add(&rows, "%u", s->pid);
        table_add(&rows, "%" PRIu64, s->first);
        table_add(&rows, "%" PRIu64, s->count);
        table_add(&rows, "%s", table_count(s->n_events, text));
        table_add(&rows, "%s", table_bytes(s->bytes, text));
        table_add(&rows, "%s", table_bytes(s->peak_memory_bytes, text));
        table_add(&rows, "%.19s", when);
    }
    st = table_print(&rows, 0, err);
    table_free(&rows);
    return st;
}

static etas_status print_hosts(const etas_run_tasks *t, etas_error *err)
{
    static const table_column columns[] = {
        {"HOST", true, 20},       {"PROCESSES", false, 0}, {"TASKS", false, 0},
        {"CATALOGUES", false, 0}, {"EVENTS", false, 0},    {"BUSY", false, 0},
        {"CPU", false, 0},        {"MEAN", false, 0},      {"MAX", false, 0},
        {"MEM", false, 0},        {"RECV", false, 0}};
    char text[TABLE_NUMBER];
    table rows;
    etas_status st;

    table_init(&rows, sizeof columns / sizeof columns[0], columns);
    for (size_t i = 0; i < t->n_hosts; i++) {
        const etas_run_host *const h = &t->hosts[i];

        table_add(&rows, "%s", h->host);
        table_add(&rows, "%" PRIu64, h->slots);
        table_add(&rows, "%s", table_count(h->tasks, text));
        table_add(&rows, "%s", table_count(h->catalogs, text));
        table_add(&rows, "%s", table_count(h->events, text));
        table_add(&rows, "%s", table_seconds(h->wall_s, text));
        table_add(&rows, "%s", table_share(h->cpu_s, h->wall_s, text));
        table_add(&rows, "%s", table_seconds(h->wall_s / (double)h->tasks, text));
        table_add(&rows, "%s", table_seconds(h->slowest_s, text));
        table_add(&rows, "%s", table_bytes(h->peak_memory_bytes, text));
        table_add(&rows, "%s", table_bytes(h->bytes, text));
    }
    st = table_print(&rows, 0, err);
    table_free(&rows);
    return st;
}

static void print_histogram(const etas_run_tasks *t)
{
    char lo[TABLE_NUMBER], hi[TABLE_NUMBER];
    uint64_t most = 1;

    for (size_t b = 0; b < t->n_bins; b++)
        most = t->bins[b].tasks > most ? t->bins[b].tasks : most;
    (void)puts("durations of tasks:");
    for (size_t b = 0; b < t->n_bins; b++) {
        const etas_run_bin *const bin = &t->bins[b];
        const int len = (int)ceil(BAR * (double)bin->tasks / (double)most);

        (void)printf("%7s to %7s  %-*.*s  %" PRIu64 "\n", table_seconds(bin->lo_s, lo),
                     table_seconds(bin->hi_s, hi), BAR, len,
                     "########################################", bin->tasks);
    }
}

static void print_trust(const etas_run_view *v)
{
    const uint64_t verified = v->tasks.total.verified;

    if (verified > 0 || v->n_faults > 0)
        (void)printf("verified: %" PRIu64 " of %" PRIu64 " tasks were made again on another host, "
                     "the same\n",
                     verified, v->tasks.total.tasks);
    for (size_t i = 0; i < v->n_faults; i++)
        (void)printf("FAULTY: host %s (release %s) made other results than the rest, such as "
                     "catalogue %" PRIu64 "; %" PRIu64 " of its catalogues were taken out\n",
                     v->faults[i].host, v->faults[i].release, v->faults[i].index,
                     v->faults[i].removed);
}

static void print_dead(const etas_run_view *v)
{
    for (size_t i = 0; i < v->n_deaths && i < MOST_DEAD; i++) {
        const etas_range r = v->deaths[i].range;

        (void)printf("dead: %" PRIu64 "+%" PRIu64 ": %s\n", r.first, r.count, v->deaths[i].why);
    }
    if (v->n_deaths > MOST_DEAD)
        (void)printf("... and %zu more\n", v->n_deaths - MOST_DEAD);
}

etas_status monitor_print(const etas_run_view *v, etas_error *err)
{
    etas_status st = ETAS_OK;

    print_head(v);
    print_phases(v);
    if (v->tasks.total.tasks > 0) {
        print_summary(&v->tasks);
        st = print_slowest(&v->tasks, err);
        if (st == ETAS_OK)
            st = print_hosts(&v->tasks, err);
        if (st == ETAS_OK)
            print_histogram(&v->tasks);
    }
    print_trust(v);
    print_dead(v);
    return st;
}
