#include "manager_agents.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "manager.h"
#include "table.h"

static int by_host(const void *a, const void *b)
{
    const etas_agent *x = &((const pool_agent *)a)->info.agent;
    const etas_agent *y = &((const pool_agent *)b)->info.agent;
    const int order = strcmp(x->host, y->host);

    return order != 0 ? order : strcmp(x->id, y->id);
}

static int by_who(const void *a, const void *b)
{
    const etas_version_entry *x = a, *y = b;

    return strcmp(x->who, y->who);
}

/* Each beat renews the entry among the versions: that is when the totals were told. */
static double told_s(const pool_agents *self, const etas_agent_info *info)
{
    etas_version_entry key;
    const etas_version_entry *found;

    etas_format(sizeof key.who, key.who, "%s", info->agent.id);
    found = bsearch(&key, self->versions, self->n_versions, sizeof key, by_who);
    return found != NULL ? fmin(found->age_s, info->age_s) : 0;
}

etas_status agents_fetch(etas_queue *queue, pool_agents *out, etas_error *err)
{
    etas_agent_info *list = NULL;
    etas_status st = etas_queue_versions(queue, &out->versions, &out->n_versions, err);

    if (st == ETAS_OK && out->n_versions > 1)
        qsort(out->versions, out->n_versions, sizeof *out->versions, by_who);
    if (st == ETAS_OK)
        st = etas_queue_agents(queue, &list, &out->n, err);
    if (st == ETAS_OK) {
        st = etas_array_alloc((void **)&out->items, out->n, sizeof *out->items);
        if (st != ETAS_OK)
            (void)etas_fail(err, st, "out of memory for the workers");
    }
    for (size_t i = 0; st == ETAS_OK && i < out->n; i++)
        out->items[i] = (pool_agent){.info = list[i], .told_s = told_s(out, &list[i])};
    etas_array_free((void **)&list);
    if (st != ETAS_OK)
        agents_free(out);
    else if (out->n > 1)
        qsort(out->items, out->n, sizeof *out->items, by_host);
    return st;
}

void agents_free(pool_agents *self)
{
    etas_array_free((void **)&self->items);
    etas_array_free((void **)&self->versions);
    *self = (pool_agents){0};
}

static void add_to_group(agent_group *g, const pool_agent *one)
{
    const etas_agent *const a = &one->info.agent;

    g->agents++;
    g->slots += a->slots;
    g->busy += a->busy;
    g->simulated += a->simulated;
    g->tasks += a->tasks;
    g->sent_bytes += a->sent_bytes;
    g->received_bytes += a->received_bytes;
    g->memory_bytes = a->memory_bytes > g->memory_bytes ? a->memory_bytes : g->memory_bytes;
    g->busy_s += a->busy_s;
    g->cpu_s += a->cpu_s;
    g->slot_s += a->slots * (one->info.age_s - one->told_s);
    g->silent_s = fmax(g->silent_s, one->info.silent_s);
}

agent_group agents_total(size_t n, const pool_agent agents[])
{
    agent_group total = {0};

    for (size_t i = 0; i < n; i++)
        add_to_group(&total, &agents[i]);
    return total;
}

etas_status agents_by_host(const pool_agents *agents, agent_group **groups, size_t *n_groups,
                           etas_error *err)
{
    agent_group *list = NULL;
    const etas_status st = etas_array_alloc((void **)&list, agents->n, sizeof *list);

    *groups = list;
    *n_groups = 0;
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the hosts");
    for (size_t i = 0; i < agents->n; i++) {
        const char *const host = agents->items[i].info.agent.host;

        if (i == 0 || strcmp(host, agents->items[i - 1].info.agent.host) != 0)
            etas_format(sizeof list->host, list[(*n_groups)++].host, "%s", host);
        add_to_group(&list[*n_groups - 1], &agents->items[i]);
    }
    return ETAS_OK;
}

double agents_rate(const agent_group *group)
{
    return group->busy_s > 0 ? (double)group->simulated / group->busy_s : NAN;
}

static int by_simulated(const void *a, const void *b)
{
    const agent_group *x = a, *y = b;

    return (x->simulated < y->simulated) - (x->simulated > y->simulated);
}

etas_status agents_print_hosts(size_t n, agent_group groups[], size_t most, int indent,
                               etas_error *err)
{
    static const table_column columns[] = {
        {"HOST", true, 20},  {"AGENTS", false, 0}, {"SLOTS", false, 0}, {"BUSY", false, 0},
        {"EVALS", false, 0}, {"RATE", false, 0},   {"TASKS", false, 0}, {"SENT", false, 0},
        {"RECV", false, 0},  {"EFF", false, 0},    {"CPU", false, 0},   {"MEM", false, 0},
        {"SILENT", false, 0}};
    enum { COLUMNS = sizeof columns / sizeof columns[0] };
    char text[TABLE_NUMBER];
    table t;
    etas_status st;

    if (n > most)
        qsort(groups, n, sizeof *groups, by_simulated);
    table_init(&t, COLUMNS, columns);
    for (size_t i = 0; i < n && i < most; i++) {
        const agent_group *const g = &groups[i];

        table_add(&t, "%s", g->host);
        table_add(&t, "%" PRIu64, g->agents);
        table_add(&t, "%" PRIu64, g->slots);
        table_add(&t, "%" PRIu64, g->busy);
        table_add(&t, "%s", table_count(g->simulated, text));
        table_add(&t, "%s", table_rate(agents_rate(g), text));
        table_add(&t, "%s", table_count(g->tasks, text));
        table_add(&t, "%s", table_bytes(g->sent_bytes, text));
        table_add(&t, "%s", table_bytes(g->received_bytes, text));
        table_add(&t, "%s", table_share(g->busy_s, g->slot_s, text));
        table_add(&t, "%s", table_share(g->cpu_s, g->slot_s, text));
        table_add(&t, "%s", table_bytes(g->memory_bytes, text));
        table_add(&t, "%s", table_seconds(g->silent_s, text));
    }
    st = table_print(&t, indent, err);
    table_free(&t);
    if (st == ETAS_OK && n > most)
        (void)printf("%*s... and %zu more\n", indent, "", n - most);
    return st;
}

json_t *agents_group_json(const agent_group *g)
{
    json_t *const object = json_pack(
        "{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:f,s:o,s:o,s:o,s:f}", "agents",
        (json_int_t)g->agents, "slots", (json_int_t)g->slots, "busy", (json_int_t)g->busy,
        "evaluations", (json_int_t)g->simulated, "tasks", (json_int_t)g->tasks, "sent_bytes",
        (json_int_t)g->sent_bytes, "received_bytes", (json_int_t)g->received_bytes,
        "peak_memory_bytes", (json_int_t)g->memory_bytes, "busy_s", g->busy_s, "cpu_s", g->cpu_s,
        "slot_rate", manager_json_real(agents_rate(g)), "efficiency",
        manager_json_real(g->busy_s / g->slot_s), "cpu_efficiency",
        manager_json_real(g->cpu_s / g->slot_s), "silent_s", g->silent_s);

    if (object != NULL && g->host[0] != '\0' &&
        json_object_set_new(object, "host", json_string(g->host)) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

json_t *agents_groups_json(size_t n, const agent_group groups[])
{
    json_t *const list = json_array();

    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, agents_group_json(&groups[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* ---- who does not fit ---- */

static const char *host_of(const pool_agents *agents, const char *id)
{
    for (size_t i = 0; i < agents->n; i++)
        if (strcmp(agents->items[i].info.agent.id, id) == 0)
            return agents->items[i].info.agent.host;
    return "";
}

/* A live run that this algorithm could work for, or else *wanting, one that it cannot. */
static bool has_use(const etas_pool_info *pool, uint32_t algorithm, const etas_run_info **wanting)
{
    *wanting = NULL;
    for (size_t i = 0; i < pool->n_runs; i++) {
        if (pool->runs[i].finished)
            continue;
        if (pool->runs[i].meta.algorithm == algorithm)
            return true;
        *wanting = &pool->runs[i];
    }
    return *wanting == NULL;
}

static bool is_misfit(const etas_pool_info *pool, const etas_version_entry *e, agent_misfit *out)
{
    const etas_run_info *wanting;

    *out = (agent_misfit){.versions = *e};
    etas_format(sizeof out->who, out->who, "%s", e->who);
    if (e->protocol != ETAS_PROTOCOL_VERSION)
        etas_format(sizeof out->why, out->why, "speaks protocol %u, this pool is of protocol %d",
                    e->protocol, ETAS_PROTOCOL_VERSION);
    else if (strncmp(e->who, "driver:", 7) != 0 && !has_use(pool, e->algorithm, &wanting))
        etas_format(sizeof out->why, out->why, "has algorithm %u, run %.6s wants %u", e->algorithm,
                    wanting->meta.id, wanting->meta.algorithm);
    return out->why[0] != '\0';
}

etas_status agents_misfits(const pool_agents *agents, const etas_pool_info *pool,
                           agent_misfit **items, size_t *n, etas_error *err)
{
    const etas_status st = etas_array_alloc((void **)items, agents->n_versions, sizeof **items);

    *n = 0;
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the versions");
    for (size_t i = 0; i < agents->n_versions; i++) {
        agent_misfit *const m = &(*items)[*n];

        if (!is_misfit(pool, &agents->versions[i], m))
            continue;
        etas_format(sizeof m->host, m->host, "%s", host_of(agents, m->who));
        (*n)++;
    }
    return ETAS_OK;
}
