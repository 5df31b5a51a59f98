/* info: who works, and how far the runs are. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "manager.h"
#include "manager_agents.h"
#include "table.h"

enum { MOST_MISFITS = 10, MOST_HOSTS = 10 };

const char *manager_pool_name(const manager *self)
{
    return self->redis.queue.pool != NULL ? self->redis.queue.pool : "default";
}

double manager_run_eta_s(const etas_run_info *run)
{
    const uint64_t done = run->meta.stored + run->dead;

    if (run->meta.n_catalogs <= done)
        return 0;
    return run->rate > 0 ? (double)(run->meta.n_catalogs - done) / run->rate : NAN;
}

const char *manager_run_state(const etas_run_info *run)
{
    if (run->finished)
        return "finished";
    return run->cancelled ? "cancelled" : "open";
}

static void print_first_lines(const etas_pool_info *pool)
{
    char eta[32], rate[32], state[80];

    if (pool->n_runs == 0)
        (void)printf("Workers=%" PRIu64 " Evaluations=%" PRIu64 " Progress=0/0 (no run)\n",
                     pool->live_slots, pool->simulated);
    for (size_t i = 0; i < pool->n_runs; i++) {
        const etas_run_info *run = &pool->runs[i];

        if (run->finished || run->cancelled)
            etas_format(sizeof state, state, "%s", manager_run_state(run));
        else if (run->driver_silent_s > MANAGER_DRIVER_GONE_S)
            etas_format(sizeof state, state, "no driver for %.0f min", run->driver_silent_s / 60);
        else
            etas_format(sizeof state, state, "%s, ETA %s", talk_rate(run->rate, sizeof rate, rate),
                        talk_left(manager_run_eta_s(run), sizeof eta, eta));
        (void)printf("Workers=%" PRIu64 " Evaluations=%" PRIu64 " Progress=%" PRIu64 "/%" PRIu64
                     " (run %.6s, %s)\n",
                     pool->live_slots, run->simulated, run->meta.stored, run->meta.n_catalogs,
                     run->meta.id, state);
    }
}

double manager_slowfac(const etas_run_tally *tally)
{
    return tally->tasks > 0 ? tally->slowest[0].wall_s * (double)tally->tasks / tally->wall_s : NAN;
}

const char *manager_run_trouble(const etas_run_info *run)
{
    if (run->finished)
        return "";
    if (!run->conserved)
        return "broken";
    if (run->driver_silent_s > MANAGER_DRIVER_GONE_S)
        return "silent";
    if (run->cancelled)
        return "";
    return run->nomodel ? "nomodel" : run->full ? "full" : "";
}

static void print_tasks(const etas_run_tally *tally)
{
    char mean[TABLE_NUMBER], bytes[TABLE_NUMBER], cpu[TABLE_NUMBER], wall[TABLE_NUMBER];

    if (tally->tasks == 0)
        return;
    (void)printf("  tasks: %" PRIu64 ", mean %s, slowfac %.2f, CPU %s; received %s\n", tally->tasks,
                 table_seconds(tally->wall_s / (double)tally->tasks, mean), manager_slowfac(tally),
                 table_share(tally->cpu_s, tally->wall_s, cpu),
                 table_bytes(tally->received_bytes, bytes));
    for (size_t i = 0; i < 3 && tally->slowest[i].wall_s > 0; i++) {
        const etas_slow_task *const s = &tally->slowest[i];

        (void)printf("  %s %s on %s, catalogues %" PRIu64 "+%u\n", i == 0 ? "slowest:" : "        ",
                     table_seconds(s->wall_s, wall), s->host, s->first, s->count);
    }
}

static void print_run(const etas_run_info *run)
{
    (void)printf("run %s (%s), driver on %s", run->meta.id, manager_run_state(run),
                 run->meta.name[0] != '\0' ? run->meta.name : "an unknown host");
    if (!run->finished)
        (void)printf(" heard %.0f s ago", run->driver_silent_s);
    (void)printf("\n  catalogues: pending %" PRIu64 ", to be checked %" PRIu64 ", leased %" PRIu64
                 ", waiting for the "
                 "driver %" PRIu64 ", dead %" PRIu64 ", repeated %" PRIu64 "\n",
                 run->pending, run->checks, run->leased, run->out, run->dead, run->repeated);
    (void)printf("  results held: %.1f of %.1f MiB%s\n", (double)run->out_bytes / 1048576.0,
                 (double)run->mark_bytes / 1048576.0,
                 run->conserved ? "" : "; the books do not balance");
    if (run->banned[0] != '\0')
        (void)printf("  banned, for wrong results: %s\n", run->banned);
    print_tasks(&run->meta.tally);
}

/* What the agents have done, all together. */
static void print_totals(const manager_view *view)
{
    const agent_group all = agents_total(view->agents.n, view->agents.items);
    char busy[TABLE_NUMBER], cpu[TABLE_NUMBER], sent[TABLE_NUMBER], received[TABLE_NUMBER];

    if (view->agents.n == 0)
        return;
    (void)printf("efficiency: %s of the slots' time busy, %s CPU; results sent %s, models received "
                 "%s\n",
                 table_share(all.busy_s, all.slot_s, busy), table_share(all.cpu_s, all.slot_s, cpu),
                 table_bytes(all.sent_bytes, sent), table_bytes(all.received_bytes, received));
}

static void print_misfits(const manager_view *view)
{
    for (size_t i = 0; i < view->n_misfits && i < MOST_MISFITS; i++) {
        const agent_misfit *const m = &view->misfits[i];

        (void)printf("  incompatible: %.8s%s%s, release %s, %s (said %.0f s ago)\n", m->who,
                     m->host[0] != '\0' ? " on " : "", m->host, m->versions.release, m->why,
                     m->versions.age_s);
    }
    if (view->n_misfits > MOST_MISFITS)
        (void)printf("  ... and %zu more\n", view->n_misfits - MOST_MISFITS);
}

static etas_status print_details(const manager *self, manager_view *view, etas_error *err)
{
    const etas_pool_info *const pool = &view->pool;
    const char *const tls = etas_queue_tls(self->queue);

    (void)printf("pool \"%s\" at %s, Redis %s%s%s%s\n", manager_pool_name(self),
                 etas_queue_host(self->queue), pool->server_version, tls[0] != '\0' ? ", " : "",
                 tls, pool->paused ? ", paused" : "");
    (void)printf("agents: %" PRIu64 " (%" PRIu64 " busy, %" PRIu64 " idle), stale %" PRIu64
                 ", incompatible %" PRIu64 "\n",
                 pool->agents, pool->busy, pool->idle, pool->stale, pool->incompatible);
    print_misfits(view);
    print_totals(view);
    for (size_t i = 0; i < pool->n_runs; i++)
        print_run(&pool->runs[i]);
    return view->n_hosts > 1 ? agents_print_hosts(view->n_hosts, view->hosts, MOST_HOSTS, 0, err)
                             : ETAS_OK;
}

etas_status manager_view_fetch(const manager *self, manager_view *out, etas_error *err)
{
    etas_status st;

    *out = (manager_view){0};
    st = etas_queue_info(self->queue, &out->pool, err);
    if (st == ETAS_OK)
        st = agents_fetch(self->queue, &out->agents, err);
    if (st == ETAS_OK)
        st = agents_by_host(&out->agents, &out->hosts, &out->n_hosts, err);
    if (st == ETAS_OK)
        st = agents_misfits(&out->agents, &out->pool, &out->misfits, &out->n_misfits, err);
    if (st != ETAS_OK)
        manager_view_free(out);
    return st;
}

void manager_view_free(manager_view *self)
{
    etas_pool_info_free(&self->pool);
    agents_free(&self->agents);
    etas_array_free((void **)&self->hosts);
    etas_array_free((void **)&self->misfits);
    *self = (manager_view){0};
}

static etas_status show_info(void *context, bool *over, etas_error *err)
{
    manager *const self = context;
    manager_view view;
    etas_status st = manager_view_fetch(self, &view, err);

    *over = false;
    if (st != ETAS_OK)
        return st;
    if (self->json) {
        st = watch_print_json(self->watch_s, manager_info_json(self, &view), err);
    } else {
        print_first_lines(&view.pool);
        st = print_details(self, &view, err);
    }
    for (size_t i = 0; st == ETAS_OK && self->check && i < view.pool.n_runs; i++)
        if (!view.pool.runs[i].conserved)
            st = etas_fail(err, ETAS_E_CORRUPT, "run %.6s breaks the conservation law",
                           view.pool.runs[i].meta.id);
    manager_view_free(&view);
    return st;
}

int manager_info(manager *self)
{
    return manager_look(self, show_info);
}

int manager_look(manager *self, watch_show show)
{
    bool over = false;
    etas_error err = {0};
    etas_status st;

    if (self->watch_s > 0)
        return watch_run(&self->out, self->watch_s, self->json, show, self);
    st = show(self, &over, &err);
    return st == ETAS_OK ? 0 : talk_fail(&self->out, st, &err);
}
