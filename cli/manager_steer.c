/* Commands that change the pool: workers and runs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "manager.h"

/* ---- the pool and its workers ---- */

/* The registered agent that @p text names, whole or by its start. */
static etas_status find_agent(size_t n, const etas_agent_info agents[], const char *text,
                              const char **id, etas_error *err)
{
    const size_t len = strlen(text);
    size_t hits = 0;

    for (size_t i = 0; i < n; i++)
        if (strncmp(agents[i].agent.id, text, len) == 0) {
            *id = agents[i].agent.id;
            hits++;
        }
    if (hits == 1)
        return ETAS_OK;
    return etas_fail(err, ETAS_E_ARG, hits == 0 ? "no agent \"%s\"" : "several agents \"%s...\"",
                     text);
}

int manager_stop(manager *self)
{
    etas_agent_info *agents = NULL;
    size_t n = 0;
    uint64_t marked = 0;
    etas_error err = {0};
    etas_status st = ETAS_OK;

    if (self->n > 0)
        st = etas_queue_agents(self->queue, &agents, &n, &err);
    for (size_t i = 0; st == ETAS_OK && i < self->n; i++)
        st = find_agent(n, agents, self->arguments[i], &self->arguments[i], &err);
    if (st == ETAS_OK)
        st = etas_queue_stop(self->queue, self->now, self->n, self->arguments, &marked, &err);
    etas_array_free((void **)&agents);
    if (st != ETAS_OK)
        return talk_fail(&self->out, st, &err);
    (void)printf("told %" PRIu64 " agents to stop%s\n", marked, self->now ? " now" : "");
    return 0;
}

int manager_reset_workers(manager *self)
{
    uint64_t agents = 0, catalogs = 0;
    etas_error err = {0};
    const etas_status st = etas_queue_reset(self->queue, &agents, &catalogs, &err);

    if (st != ETAS_OK)
        return talk_fail(&self->out, st, &err);
    (void)printf("forgot %" PRIu64 " agents; %" PRIu64 " catalogues are pending again\n", agents,
                 catalogs);
    return 0;
}

int manager_init_server(manager *self)
{
    etas_error err = {0};
    const etas_status st = etas_queue_check(self->queue, &err);

    if (st != ETAS_OK)
        return talk_fail(&self->out, st, &err);
    (void)printf("the function library is loaded at %s\n", etas_queue_host(self->queue));
    return 0;
}

static int set_paused(manager *self, bool paused)
{
    etas_error err = {0};
    const etas_status st = etas_queue_pause(self->queue, paused, &err);

    if (st != ETAS_OK)
        return talk_fail(&self->out, st, &err);
    (void)printf("pool \"%s\" is %s\n", manager_pool_name(self),
                 paused ? "paused: workers finish their chunks and claim no more"
                        : "open: workers claim again");
    return 0;
}

int manager_pause(manager *self)
{
    return set_paused(self, true);
}

int manager_resume(manager *self)
{
    return set_paused(self, false);
}

/* ---- runs ---- */

/* The run that the command's argument names, live or finished, whole or by its start. */
static etas_status find_run(manager *self, etas_run_info *out, etas_error *err)
{
    const char *const text = self->arguments[0];
    const size_t len = strlen(text);
    etas_pool_info pool = {0};
    size_t hits = 0;
    etas_status st = etas_queue_info(self->queue, &pool, err);

    for (size_t i = 0; st == ETAS_OK && i < pool.n_runs; i++)
        if (len > 0 && strncmp(pool.runs[i].meta.id, text, len) == 0) {
            *out = pool.runs[i];
            hits++;
        }
    etas_pool_info_free(&pool);
    if (st != ETAS_OK || hits == 1)
        return st;
    if (hits == 0)
        return etas_fail(err, ETAS_E_ARG, "no run \"%s\" in pool \"%s\" (see: runs)", text,
                         manager_pool_name(self));
    return etas_fail(err, ETAS_E_ARG, "several runs \"%s...\": give more of the id", text);
}

/* ... which must not be over. */
static etas_status find_live_run(manager *self, etas_run_info *out, etas_error *err)
{
    const etas_status st = find_run(self, out, err);

    if (st == ETAS_OK && out->finished)
        return etas_fail(err, ETAS_E_ARG, "run %.6s is finished", out->meta.id);
    return st;
}

int manager_cancel(manager *self)
{
    etas_run_info run;
    etas_error err = {0};
    etas_status st = find_live_run(self, &run, &err);

    if (st == ETAS_OK)
        st = etas_queue_cancel(self->queue, run.meta.id, &err);
    if (st != ETAS_OK)
        return talk_fail(&self->out, st, &err);
    (void)printf("run %.6s is cancelled; its driver on %s keeps what is stored: --resume goes on\n",
                 run.meta.id, run.meta.name[0] != '\0' ? run.meta.name : "an unknown host");
    return 0;
}

/* "12" or "12..15", as they count in the output. */
static void format_range(etas_range range, size_t capacity, char out[])
{
    if (range.count == 1)
        etas_format(capacity, out, "%" PRIu64, range.first);
    else
        etas_format(capacity, out, "%" PRIu64 "..%" PRIu64, range.first,
                    range.first + range.count - 1);
}

static void print_dead(size_t n, const etas_dead dead[])
{
    (void)printf("%-12s  ATTEMPTS  LOST  SIGNAL  %-16s  MESSAGE\n", "CATALOGUES", "HOST");
    for (size_t i = 0; i < n; i++) {
        const etas_dead *const d = &dead[i];
        const char *const signal = d->signal > 0 ? sigabbrev_np(d->signal) : NULL;
        char range[48];

        format_range(d->range, sizeof range, range);
        (void)printf("%-12s  %8u  %4u  %-6s  %-16s  %s\n", range, d->errors, d->lost,
                     signal != NULL ? signal : "-", d->host[0] != '\0' ? d->host : "-", d->why);
    }
}

static json_t *dead_json(const etas_run_info *run, size_t n, const etas_dead dead[])
{
    json_t *const list = json_array();

    for (size_t i = 0; i < n; i++) {
        const etas_dead *const d = &dead[i];
        json_t *const one = json_pack(
            "{s:I,s:I,s:I,s:I,s:o,s:o,s:s}", "first", (json_int_t)d->range.first, "count",
            (json_int_t)d->range.count, "attempts", (json_int_t)d->errors, "losses",
            (json_int_t)d->lost, "signal", d->signal > 0 ? json_integer(d->signal) : json_null(),
            "host", d->host[0] != '\0' ? json_string(d->host) : json_null(), "message", d->why);

        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:s,s:o}", "run", run->meta.id, "dead", list);
}

int manager_dead(manager *self)
{
    etas_run_info run;
    etas_dead *dead = NULL;
    size_t n = 0;
    etas_error err = {0};
    etas_status st = find_run(self, &run, &err);

    if (st == ETAS_OK && run.finished && run.dead > 0)
        st = etas_fail(&err, ETAS_E_ARG,
                       "run %.6s is finished: its store names the %" PRIu64
                       " dead catalogues (etas monitor)",
                       run.meta.id, run.dead);
    if (st == ETAS_OK && !run.finished)
        st = etas_queue_dead(self->queue, run.meta.id, &dead, &n, &err);
    if (st == ETAS_OK && self->json)
        st = watch_print_json(self->watch_s, dead_json(&run, n, dead), &err);
    else if (st == ETAS_OK && n == 0)
        (void)printf("run %.6s has no dead catalogues\n", run.meta.id);
    else if (st == ETAS_OK)
        print_dead(n, dead);
    etas_array_free((void **)&dead);
    return st == ETAS_OK ? 0 : talk_fail(&self->out, st, &err);
}

int manager_retry(manager *self)
{
    uint64_t catalogs = 0;
    etas_run_info run;
    etas_error err = {0};
    etas_status st = find_live_run(self, &run, &err);

    if (st == ETAS_OK)
        st = etas_queue_retry(self->queue, run.meta.id, &catalogs, &err);
    if (st != ETAS_OK)
        return talk_fail(&self->out, st, &err);
    (void)printf("run %.6s: %" PRIu64 " dead catalogues are pending again\n", run.meta.id,
                 catalogs);
    return 0;
}

int manager_purge(manager *self)
{
    etas_run_info run;
    etas_error err = {0};
    etas_status st = find_run(self, &run, &err);

    if (st == ETAS_OK)
        st = etas_queue_purge(self->queue, run.meta.id, &err);
    if (st != ETAS_OK)
        return talk_fail(&self->out, st, &err);
    (void)printf("run %.6s: everything that the server had of it is deleted\n", run.meta.id);
    return 0;
}
