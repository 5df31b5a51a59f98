/* Commands that change the pool: workers and runs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "etas/array.h"
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
