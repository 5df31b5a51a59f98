/* What the commands say with --json. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etas/text.h"
#include "manager.h"

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

json_t *manager_json_real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *tally_json(const etas_run_tally *tally)
{
    json_t *const slowest = json_array();
    bool ok = slowest != NULL;

    for (size_t i = 0; i < 3 && tally->slowest[i].wall_s > 0; i++) {
        const etas_slow_task *const s = &tally->slowest[i];

        ok = json_array_append_new(slowest, json_pack("{s:f,s:o,s:o,s:s}", "wall_s", s->wall_s,
                                                      "first", count(s->first), "count",
                                                      count(s->count), "host", s->host)) == 0 &&
             ok;
    }
    if (!ok) {
        json_decref(slowest);
        return NULL;
    }
    return json_pack("{s:o,s:o,s:f,s:f,s:o,s:o}", "number", count(tally->tasks), "received_bytes",
                     count(tally->received_bytes), "wall_s", tally->wall_s, "cpu_s", tally->cpu_s,
                     "slowfac", manager_json_real(manager_slowfac(tally)), "slowest", slowest);
}

static json_t *words_json(const char *words)
{
    json_t *const list = json_array();

    while (*words != '\0') {
        const size_t len = strcspn(words, " ");

        if (json_array_append_new(list, json_stringn(words, len)) != 0)
            break;
        words += len + (words[len] == ' ');
    }
    return list;
}

static json_t *run_json(const etas_run_info *run)
{
    char seed[24];

    etas_format(sizeof seed, seed, "%" PRIu64, run->meta.seed); /* 64 bits: not all readers do */
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:b,"
        "s:b,s:o,s:o,s:o}",
        "id", run->meta.id, "driver", run->meta.name, "state", manager_run_state(run), "seed", seed,
        "model", run->meta.model_sha256, "algorithm", count(run->meta.algorithm), "epoch",
        count(run->meta.epoch), "total", count(run->meta.n_catalogs), "stored",
        count(run->meta.stored), "evaluations", count(run->simulated), "pending",
        count(run->pending), "leased", count(run->leased), "out", count(run->out), "dead",
        count(run->dead), "repeated", count(run->repeated), "out_bytes", count(run->out_bytes),
        "mark_bytes", count(run->mark_bytes), "rate", manager_json_real(run->rate), "eta_s",
        manager_json_real(manager_run_eta_s(run)), "driver_silent_s",
        manager_json_real(run->driver_silent_s), "conserved", run->conserved, "full", run->full,
        "model_missing", run->nomodel, "tasks", tally_json(&run->meta.tally), "checks",
        count(run->checks), "banned", words_json(run->banned));
}

json_t *manager_runs_json(const etas_pool_info *pool)
{
    json_t *const runs = json_array();

    for (size_t i = 0; i < pool->n_runs; i++)
        if (json_array_append_new(runs, run_json(&pool->runs[i])) != 0) {
            json_decref(runs);
            return NULL;
        }
    return runs;
}

static json_t *misfits_json(size_t n, const agent_misfit misfits[])
{
    json_t *const list = json_array();

    for (size_t i = 0; i < n; i++) {
        const agent_misfit *const m = &misfits[i];
        json_t *const one =
            json_pack("{s:s,s:s,s:o,s:o,s:s,s:f,s:s}", "who", m->who, "host", m->host, "protocol",
                      count(m->versions.protocol), "algorithm", count(m->versions.algorithm),
                      "release", m->versions.release, "said_s", m->versions.age_s, "why", m->why);

        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *manager_info_json(const manager *self, const manager_view *view)
{
    const etas_pool_info *const pool = &view->pool;
    const agent_group all = agents_total(view->agents.n, view->agents.items);

    return json_pack("{s:s,s:s,s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "pool",
                     manager_pool_name(self), "server", etas_queue_host(self->queue), "redis",
                     pool->server_version, "paused", pool->paused, "workers",
                     count(pool->live_slots), "agents", count(pool->agents), "busy",
                     count(pool->busy), "idle", count(pool->idle), "stale", count(pool->stale),
                     "incompatible", count(pool->incompatible), "evaluations",
                     count(pool->simulated), "totals", agents_group_json(&all), "hosts",
                     agents_groups_json(view->n_hosts, view->hosts), "misfits",
                     misfits_json(view->n_misfits, view->misfits), "runs", manager_runs_json(pool));
}
