/* workers and runs: who and what is there, as tables. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "manager.h"
#include "manager_agents.h"
#include "table.h"

/* ---- workers ---- */

static const char *mark_name(etas_command mark)
{
    switch (mark) {
    case ETAS_COMMAND_STOP:
        return "stop";
    case ETAS_COMMAND_STOP_NOW:
        return "now";
    default:
        return "-";
    }
}

static void add_worker(table *t, const pool_agent *one)
{
    const etas_agent *const a = &one->info.agent;
    const agent_group g = agents_total(1, one);
    char text[TABLE_NUMBER];

    table_add(t, "%.8s", a->id);
    table_add(t, "%s", a->host);
    table_add(t, "%u", a->pid);
    table_add(t, "%u", a->slots);
    table_add(t, "%u", a->busy);
    table_add(t, "%s", table_count(a->simulated, text));
    table_add(t, "%s", table_rate(agents_rate(&g), text));
    table_add(t, "%s", table_count(a->tasks, text));
    table_add(t, "%s", table_bytes(a->sent_bytes, text));
    table_add(t, "%s", table_share(g.busy_s, g.slot_s, text));
    table_add(t, "%s", table_bytes(a->memory_bytes, text));
    table_add(t, "%s", a->release);
    table_add(t, "%s", table_seconds(one->info.silent_s, text));
    table_add(t, "%s", mark_name(one->info.mark));
}

static etas_status print_workers(const pool_agents *agents, etas_error *err)
{
    static const table_column columns[] = {
        {"ID", true, 0},      {"HOST", true, 16},  {"PID", false, 0},  {"SLOTS", false, 0},
        {"BUSY", false, 0},   {"EVALS", false, 0}, {"RATE", false, 0}, {"TASKS", false, 0},
        {"SENT", false, 0},   {"EFF", false, 0},   {"MEM", false, 0},  {"RELEASE", true, 8},
        {"SILENT", false, 0}, {"MARK", true, 0}};
    table t;
    etas_status st;

    table_init(&t, sizeof columns / sizeof columns[0], columns);
    for (size_t i = 0; i < agents->n; i++)
        add_worker(&t, &agents->items[i]);
    st = table_print(&t, 0, err);
    table_free(&t);
    return st;
}

static json_t *worker_json(const pool_agent *one)
{
    const etas_agent_info *const info = &one->info;
    const etas_agent *const a = &info->agent;
    const agent_group g = agents_total(1, one);
    const bool marked = info->mark == ETAS_COMMAND_STOP || info->mark == ETAS_COMMAND_STOP_NOW;

    return json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:o,s:I,s:I,s:I,s:f,s:f,s:o,s:o,s:I,s:s,s:I,s:f,s:f,"
                     "s:o}",
                     "id", a->id, "host", a->host, "pid", (json_int_t)a->pid, "slots",
                     (json_int_t)a->slots, "busy", (json_int_t)a->busy, "evaluations",
                     (json_int_t)a->simulated, "slot_rate", manager_json_real(agents_rate(&g)),
                     "tasks", (json_int_t)a->tasks, "sent_bytes", (json_int_t)a->sent_bytes,
                     "received_bytes", (json_int_t)a->received_bytes, "busy_s", a->busy_s, "cpu_s",
                     a->cpu_s, "efficiency", manager_json_real(g.busy_s / g.slot_s),
                     "cpu_efficiency", manager_json_real(g.cpu_s / g.slot_s), "peak_memory_bytes",
                     (json_int_t)a->memory_bytes, "release", a->release, "algorithm",
                     (json_int_t)a->algorithm, "age_s", info->age_s, "silent_s", info->silent_s,
                     "mark", marked ? json_string(mark_name(info->mark)) : json_null());
}

json_t *manager_agents_json(const pool_agents *agents)
{
    json_t *const list = json_array();

    for (size_t i = 0; i < agents->n; i++)
        if (json_array_append_new(list, worker_json(&agents->items[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* ... of the workers, or of the hosts. */
static json_t *workers_json(const manager *self, const pool_agents *agents, size_t n_groups,
                            const agent_group groups[])
{
    json_t *const list =
        self->hosts ? agents_groups_json(n_groups, groups) : manager_agents_json(agents);

    return json_pack("{s:s,s:s,s:o}", "pool", manager_pool_name(self), "server",
                     etas_queue_host(self->queue), self->hosts ? "hosts" : "workers", list);
}

static etas_status show_workers(void *context, bool *over, etas_error *err)
{
    manager *const self = context;
    pool_agents agents = {0};
    agent_group *groups = NULL;
    size_t n_groups = 0;
    etas_status st = agents_fetch(self->queue, &agents, err);

    *over = false;
    if (st == ETAS_OK)
        st = agents_by_host(&agents, &groups, &n_groups, err);
    if (st == ETAS_OK && self->json)
        st = watch_print_json(self->watch_s, workers_json(self, &agents, n_groups, groups), err);
    else if (st == ETAS_OK && agents.n == 0)
        (void)printf("no workers in pool \"%s\" at %s\n", manager_pool_name(self),
                     etas_queue_host(self->queue));
    else if (st == ETAS_OK && self->hosts)
        st = agents_print_hosts(n_groups, groups, SIZE_MAX, 0, err);
    else if (st == ETAS_OK)
        st = print_workers(&agents, err);
    etas_array_free((void **)&groups);
    agents_free(&agents);
    return st;
}

int manager_workers(manager *self)
{
    return manager_look(self, show_workers);
}

/* ---- runs ---- */

static void add_run(table *t, const etas_run_info *run)
{
    const etas_run_meta *const m = &run->meta;
    char text[TABLE_NUMBER];

    table_add(t, "%.8s", m->id);
    table_add(t, "%s",
              manager_run_trouble(run)[0] != '\0' && !run->finished && !run->cancelled
                  ? manager_run_trouble(run)
                  : manager_run_state(run));
    table_add(t, "%s", table_count(m->stored, text));
    table_add(t, "%s", table_count(m->n_catalogs, text));
    table_add(t, "%s", table_share((double)m->stored, (double)m->n_catalogs, text));
    table_add(t, "%s", run->finished ? "-" : table_rate(run->rate, text));
    table_add(t, "%s", run->finished ? "-" : table_seconds(manager_run_eta_s(run), text));
    table_add(t, "%s", table_count(run->pending, text));
    table_add(t, "%s", table_count(run->leased, text));
    table_add(t, "%s", table_count(run->out, text));
    table_add(t, "%s", table_count(run->dead, text));
    table_add(t, "%s", table_count(run->repeated, text));
    table_add(t, "%s", m->name[0] != '\0' ? m->name : "-");
    table_add(t, "%s", run->finished ? "-" : table_seconds(run->driver_silent_s, text));
}

static etas_status print_runs(const etas_pool_info *pool, etas_error *err)
{
    static const table_column columns[] = {
        {"RUN", true, 0},     {"STATE", true, 0}, {"STORED", false, 0}, {"TOTAL", false, 0},
        {"DONE", false, 0},   {"RATE", false, 0}, {"ETA", false, 0},    {"QUEUED", false, 0},
        {"LEASED", false, 0}, {"OUT", false, 0},  {"DEAD", false, 0},   {"AGAIN", false, 0},
        {"DRIVER", true, 14}, {"HEARD", false, 0}};
    table t;
    etas_status st;

    table_init(&t, sizeof columns / sizeof columns[0], columns);
    for (size_t i = 0; i < pool->n_runs; i++)
        add_run(&t, &pool->runs[i]);
    st = table_print(&t, 0, err);
    table_free(&t);
    return st;
}

static etas_status show_runs(void *context, bool *over, etas_error *err)
{
    manager *const self = context;
    etas_pool_info pool = {0};
    etas_status st = etas_queue_info(self->queue, &pool, err);

    *over = false;
    if (st == ETAS_OK && self->json)
        st = watch_print_json(self->watch_s,
                              json_pack("{s:s,s:s,s:b,s:o}", "pool", manager_pool_name(self),
                                        "server", etas_queue_host(self->queue), "paused",
                                        pool.paused, "runs", manager_runs_json(&pool)),
                              err);
    else if (st == ETAS_OK && pool.n_runs == 0)
        (void)printf("no runs in pool \"%s\" at %s\n", manager_pool_name(self),
                     etas_queue_host(self->queue));
    else if (st == ETAS_OK)
        st = print_runs(&pool, err);
    etas_pool_info_free(&pool);
    return st;
}

int manager_runs(manager *self)
{
    return manager_look(self, show_runs);
}
