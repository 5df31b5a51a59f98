/* /metrics: what Prometheus reads. Run, name, host and agent are labels, so that a family holds one
 * sample per run or agent; everything that only rises is a counter and ends in _total. */
#include <math.h>
#include <string.h>

#include "serve.h"

typedef struct writer {
    etas_text *out;
    etas_status st; /* the first failure; nothing is written after it */
} writer;

static void put(writer *self, size_t len, const char bytes[])
{
    if (self->st == ETAS_OK)
        self->st = etas_text_append(self->out, len, bytes);
}

static void put_text(writer *self, const char *text)
{
    put(self, strlen(text), text);
}

static void family(writer *self, const char *name, const char *type, const char *help)
{
    if (self->st == ETAS_OK)
        self->st =
            etas_text_printf(self->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* NAME="value" as the format wants it. */
static void label(writer *self, const char *name, const char *value)
{
    put_text(self, name);
    put_text(self, "=\"");
    for (const char *c = value; *c != '\0'; c++)
        if (*c == '\n')
            put_text(self, "\\n");
        else if (*c == '"' || *c == '\\')
            put(self, 2, (const char[2]){'\\', *c});
        else
            put(self, 1, c);
    put_text(self, "\"");
}

/* Ends a sample. */
static void put_value(writer *self, double x)
{
    char digits[32];

    (void)etas_format_double(x, digits);
    put_text(self, " ");
    if (isnan(x))
        put_text(self, "NaN");
    else if (isinf(x))
        put_text(self, x > 0 ? "+Inf" : "-Inf");
    else
        put_text(self, digits);
    put_text(self, "\n");
}

/* A family without labels. */
static void single(writer *self, const char *name, const char *type, const char *help, double x)
{
    family(self, name, type, help);
    put_text(self, name);
    put_value(self, x);
}

/* ---- runs ---- */

typedef struct run_family {
    const char *name, *type, *help;
    double (*value)(const etas_run_info *run);
} run_family;

#define RUN_VALUE(function, expression)              \
    static double function(const etas_run_info *run) \
    {                                                \
        return (double)(expression);                 \
    }
RUN_VALUE(run_requested, run->meta.n_catalogs)
RUN_VALUE(run_stored, run->meta.stored)
RUN_VALUE(run_pending, run->pending)
RUN_VALUE(run_leased, run->leased)
RUN_VALUE(run_out, run->out)
RUN_VALUE(run_dead, run->dead)
RUN_VALUE(run_simulated, run->simulated)
RUN_VALUE(run_repeated, run->repeated)
RUN_VALUE(run_bytes, run->out_bytes)
RUN_VALUE(run_mark, run->mark_bytes)
RUN_VALUE(run_rate, run->rate)
RUN_VALUE(run_silent, run->driver_silent_s)
RUN_VALUE(run_conserved, run->conserved)
RUN_VALUE(run_cancelled, run->cancelled)
RUN_VALUE(run_full, run->full)
RUN_VALUE(run_tasks, run->meta.tally.tasks)
RUN_VALUE(run_received, run->meta.tally.received_bytes)
RUN_VALUE(run_wall, run->meta.tally.wall_s)
RUN_VALUE(run_cpu, run->meta.tally.cpu_s)
RUN_VALUE(run_slowest, run->meta.tally.slowest[0].wall_s)

static const run_family run_families[] = {
    {"etas_run_catalogues_requested", "gauge", "Catalogues that the run is to have.",
     run_requested},
    {"etas_run_catalogues_stored", "gauge", "Catalogues in the driver's store.", run_stored},
    {"etas_run_catalogues_pending", "gauge", "Catalogues that wait for a worker.", run_pending},
    {"etas_run_catalogues_leased", "gauge", "Catalogues that workers are at.", run_leased},
    {"etas_run_catalogues_out", "gauge", "Catalogues that wait for the driver.", run_out},
    {"etas_run_catalogues_dead", "gauge", "Catalogues that were given up.", run_dead},
    {"etas_run_catalogues_simulated_total", "counter",
     "Catalogues handed over by workers, repeats included.", run_simulated},
    {"etas_run_catalogues_repeated_total", "counter",
     "Catalogues that were lost, failed or given back.", run_repeated},
    {"etas_run_result_bytes", "gauge", "Results in the server's memory that wait for the driver.",
     run_bytes},
    {"etas_run_mark_bytes", "gauge", "Results beyond which workers keep theirs.", run_mark},
    {"etas_run_catalogues_per_second", "gauge", "Smoothed rate of simulation.", run_rate},
    {"etas_run_driver_silent_seconds", "gauge", "Since the driver was heard of.", run_silent},
    {"etas_run_conserved", "gauge", "1 while the run's books balance.", run_conserved},
    {"etas_run_cancelled", "gauge", "1 when somebody cancelled the run.", run_cancelled},
    {"etas_run_full", "gauge", "1 while workers keep results because of the mark.", run_full},
    {"etas_run_tasks_total", "counter", "Tasks in the driver's store.", run_tasks},
    {"etas_run_received_bytes_total", "counter", "Results that the driver received.", run_received},
    {"etas_run_task_seconds_total", "counter", "What the stored tasks took, summed.", run_wall},
    {"etas_run_task_cpu_seconds_total", "counter", "CPU time of the stored tasks, summed.",
     run_cpu},
    {"etas_run_slowest_task_seconds", "gauge", "What the slowest stored task took.", run_slowest},
};

static void runs(writer *self, const etas_pool_info *pool)
{
    for (size_t k = 0; k < sizeof run_families / sizeof *run_families; k++) {
        const run_family *f = &run_families[k];

        family(self, f->name, f->type, f->help);
        for (size_t i = 0; i < pool->n_runs; i++) {
            const etas_run_info *run = &pool->runs[i];

            if (run->finished)
                continue;
            put_text(self, f->name);
            put_text(self, "{");
            label(self, "run", run->meta.id);
            put_text(self, ",");
            label(self, "name", run->meta.name);
            put_text(self, "}");
            put_value(self, f->value(run));
        }
    }
}

/* ---- agents ---- */

typedef struct agent_family {
    const char *name, *type, *help;
    double (*value)(const etas_agent_info *agent);
} agent_family;

#define AGENT_VALUE(function, expression)            \
    static double function(const etas_agent_info *a) \
    {                                                \
        return (double)(expression);                 \
    }
AGENT_VALUE(agent_slots, a->agent.slots)
AGENT_VALUE(agent_busy, a->agent.busy)
AGENT_VALUE(agent_simulated, a->agent.simulated)
AGENT_VALUE(agent_silent, a->silent_s)
AGENT_VALUE(agent_tasks, a->agent.tasks)
AGENT_VALUE(agent_sent, a->agent.sent_bytes)
AGENT_VALUE(agent_received, a->agent.received_bytes)
AGENT_VALUE(agent_busy_seconds, a->agent.busy_s)
AGENT_VALUE(agent_cpu, a->agent.cpu_s)
AGENT_VALUE(agent_memory, a->agent.memory_bytes)
AGENT_VALUE(agent_stopping, a->mark != ETAS_COMMAND_NONE)

static const agent_family agent_families[] = {
    {"etas_agent_workers", "gauge", "Slots of the agent.", agent_slots},
    {"etas_agent_workers_busy", "gauge", "Slots that simulate.", agent_busy},
    {"etas_agent_catalogues_simulated_total", "counter", "Catalogues simulated, repeats included.",
     agent_simulated},
    {"etas_agent_tasks_total", "counter", "Leases that ended, in whatever way.", agent_tasks},
    {"etas_agent_sent_bytes_total", "counter", "Results handed over.", agent_sent},
    {"etas_agent_received_bytes_total", "counter", "Models fetched.", agent_received},
    {"etas_agent_busy_seconds_total", "counter", "Time of slots spent on leases, summed.",
     agent_busy_seconds},
    {"etas_agent_cpu_seconds_total", "counter", "CPU time of what was handed over.", agent_cpu},
    {"etas_agent_memory_peak_bytes", "gauge", "The largest peak of one slot.", agent_memory},
    {"etas_agent_silent_seconds", "gauge", "Since the agent was heard of.", agent_silent},
    {"etas_agent_stopping", "gauge", "1 when the agent was told to leave.", agent_stopping},
};

static void agents(writer *self, const pool_agents *list)
{
    for (size_t k = 0; k < sizeof agent_families / sizeof *agent_families; k++) {
        const agent_family *f = &agent_families[k];

        family(self, f->name, f->type, f->help);
        for (size_t i = 0; i < list->n; i++) {
            const etas_agent_info *a = &list->items[i].info;

            put_text(self, f->name);
            put_text(self, "{");
            label(self, "agent", a->agent.id);
            put_text(self, ",");
            label(self, "host", a->agent.host);
            put_text(self, "}");
            put_value(self, f->value(a));
        }
    }
}

/* ---- all ---- */

static void pool_families(writer *self, const etas_pool_info *pool)
{
    const struct {
        const char *state;
        uint64_t n;
    } states[] = {{"idle", pool->idle},
                  {"busy", pool->busy},
                  {"stale", pool->stale},
                  {"incompatible", pool->incompatible}};
    size_t running = 0;

    for (size_t i = 0; i < pool->n_runs; i++)
        running += !pool->runs[i].finished;
    single(self, "etas_pool_workers", "gauge", "Live slots.", (double)pool->live_slots);
    family(self, "etas_pool_agents", "gauge",
           "Agents: heard of lately (idle, busy), silent, or of no use for any run.");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        put_text(self, "etas_pool_agents{");
        label(self, "state", states[i].state);
        put_text(self, "}");
        put_value(self, (double)states[i].n);
    }
    single(self, "etas_pool_paused", "gauge", "1 while nobody takes work.", pool->paused);
    single(self, "etas_pool_runs", "gauge", "Runs that are not finished.", (double)running);
    single(self, "etas_pool_catalogues_simulated_total", "counter",
           "Catalogues handed over by workers, ever, repeats included.", (double)pool->simulated);
}

etas_status serve_metrics(const serve_facts *facts, etas_text *out)
{
    writer self = {.out = out};

    family(&self, "etas_build_info", "gauge", "The release of this program.");
    put_text(&self, "etas_build_info{");
    label(&self, "release", ETAS_RELEASE);
    put_text(&self, "}");
    put_value(&self, 1);
    single(&self, "etas_redis_up", "gauge", "1 while the Redis server answers.", facts->up);
    single(&self, "etas_redis_scrape_duration_seconds", "gauge",
           "What the last look at the server took.", facts->took_s);
    single(&self, "etas_redis_scrapes_total", "counter", "Looks at the server.",
           (double)facts->looks);
    single(&self, "etas_redis_scrape_failures_total", "counter", "Looks that failed.",
           (double)facts->failures);
    if (facts->seen)
        single(&self, "etas_redis_last_scrape_timestamp_seconds", "gauge",
               "When the last look succeeded.", facts->as_of);
    if (facts->up) { /* old figures would pass for new ones */
        pool_families(&self, &facts->view.pool);
        runs(&self, &facts->view.pool);
        agents(&self, &facts->view.agents);
    }
    return self.st;
}
