/* info: who works, and how far the runs are. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "etas/text.h"
#include "manager.h"

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

static void format_eta(double seconds, size_t capacity, char out[])
{
    if (!isfinite(seconds))
        etas_format(capacity, out, "-");
    else if (seconds < 120)
        etas_format(capacity, out, "%.0f s", seconds);
    else if (seconds < 7200)
        etas_format(capacity, out, "%.0f min", seconds / 60);
    else
        etas_format(capacity, out, "%.1f h", seconds / 3600);
}

const char *manager_run_state(const etas_run_info *run)
{
    if (run->finished)
        return "finished";
    return run->cancelled ? "cancelled" : "open";
}

static void print_first_lines(const etas_pool_info *pool)
{
    char eta[32], state[80];

    if (pool->n_runs == 0)
        (void)printf("Workers=%" PRIu64 " Evaluations=%" PRIu64 " Progress=0/0 (no run)\n",
                     pool->live_slots, pool->simulated);
    for (size_t i = 0; i < pool->n_runs; i++) {
        const etas_run_info *run = &pool->runs[i];

        format_eta(manager_run_eta_s(run), sizeof eta, eta);
        if (run->finished || run->cancelled)
            etas_format(sizeof state, state, "%s", manager_run_state(run));
        else if (run->driver_silent_s > MANAGER_DRIVER_GONE_S)
            etas_format(sizeof state, state, "no driver for %.0f min", run->driver_silent_s / 60);
        else
            etas_format(sizeof state, state, "%.0f/s, ETA %s", run->rate, eta);
        (void)printf("Workers=%" PRIu64 " Evaluations=%" PRIu64 " Progress=%" PRIu64 "/%" PRIu64
                     " (run %.6s, %s)\n",
                     pool->live_slots, run->simulated, run->meta.stored, run->meta.n_catalogs,
                     run->meta.id, state);
    }
}

static void print_details(const manager *self, const etas_pool_info *pool)
{
    (void)printf("pool \"%s\" at %s, Redis %s%s\n", manager_pool_name(self),
                 etas_queue_host(self->queue), pool->server_version,
                 pool->paused ? ", paused" : "");
    (void)printf("agents: %" PRIu64 " (%" PRIu64 " busy, %" PRIu64 " idle), stale %" PRIu64
                 ", incompatible %" PRIu64 "\n",
                 pool->agents, pool->busy, pool->idle, pool->stale, pool->incompatible);
    for (size_t i = 0; i < pool->n_runs; i++) {
        const etas_run_info *run = &pool->runs[i];

        (void)printf("run %s (%s), driver on %s", run->meta.id, manager_run_state(run),
                     run->meta.name[0] != '\0' ? run->meta.name : "an unknown host");
        if (!run->finished)
            (void)printf(" heard %.0f s ago", run->driver_silent_s);
        (void)printf("\n  catalogues: pending %" PRIu64 ", leased %" PRIu64 ", waiting for the "
                     "driver %" PRIu64 ", dead %" PRIu64 ", repeated %" PRIu64 "\n",
                     run->pending, run->leased, run->out, run->dead, run->repeated);
        (void)printf("  results held: %.1f of %.1f MiB%s\n", (double)run->out_bytes / 1048576.0,
                     (double)run->mark_bytes / 1048576.0,
                     run->conserved ? "" : "; the books do not balance");
    }
}

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *number_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *run_to_json(const etas_run_info *run)
{
    char seed[24];

    etas_format(sizeof seed, seed, "%" PRIu64, run->meta.seed); /* 64 bits: not all readers do */
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b}", "id",
        run->meta.id, "driver", run->meta.name, "state", manager_run_state(run), "seed", seed,
        "model", run->meta.model_sha256, "epoch", count(run->meta.epoch), "total",
        count(run->meta.n_catalogs), "stored", count(run->meta.stored), "evaluations",
        count(run->simulated), "pending", count(run->pending), "leased", count(run->leased), "out",
        count(run->out), "dead", count(run->dead), "repeated", count(run->repeated), "out_bytes",
        count(run->out_bytes), "mark_bytes", count(run->mark_bytes), "rate",
        number_or_null(run->rate), "eta_s", number_or_null(manager_run_eta_s(run)),
        "driver_silent_s", number_or_null(run->driver_silent_s), "conserved", run->conserved);
}

json_t *manager_info_json(const manager *self, const etas_pool_info *pool)
{
    json_t *runs = json_array();
    bool ok = true;

    for (size_t i = 0; i < pool->n_runs; i++)
        ok = json_array_append_new(runs, run_to_json(&pool->runs[i])) == 0 && ok;
    if (!ok) {
        json_decref(runs);
        return NULL;
    }
    return json_pack(
        "{s:s,s:s,s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "pool", manager_pool_name(self),
        "server", etas_queue_host(self->queue), "redis", pool->server_version, "paused",
        pool->paused, "workers", count(pool->live_slots), "agents", count(pool->agents), "busy",
        count(pool->busy), "idle", count(pool->idle), "stale", count(pool->stale), "incompatible",
        count(pool->incompatible), "evaluations", count(pool->simulated), "runs", runs);
}

bool manager_print_json(json_t *root)
{
    char *const text = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    const bool ok = text != NULL;

    if (ok)
        (void)puts(text);
    free(text);
    json_decref(root);
    return ok;
}

int manager_info(manager *self)
{
    etas_pool_info pool = {0};
    etas_error err = {0};
    etas_status st = etas_queue_info(self->queue, &pool, &err);
    int code = 0;

    if (st == ETAS_OK && self->json && !manager_print_json(manager_info_json(self, &pool)))
        st = ETAS_E_NOMEM;
    if (st != ETAS_OK) {
        code = talk_fail(&self->out, st, &err);
    } else if (!self->json) {
        print_first_lines(&pool);
        print_details(self, &pool);
    }
    for (size_t i = 0; code == 0 && self->check && i < pool.n_runs; i++)
        if (!pool.runs[i].conserved)
            code = talk_fail(&self->out,
                             etas_fail(&err, ETAS_E_CORRUPT, "run %.6s breaks the conservation law",
                                       pool.runs[i].meta.id),
                             &err);
    etas_pool_info_free(&pool);
    return code;
}
