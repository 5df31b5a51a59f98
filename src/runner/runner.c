#include <math.h>
#include <string.h>

#include "etas/plan.h"
#include "runner/clock.h"
#include "runner/runner_backend.h"
#include "runner/sink.h"

/* One step of a backend, the time between two progress reports, and the memory of the rate. */
static const double step_s = 0.2, report_s = 0.1, rate_memory_s = 5.0;

typedef struct run_state {
    const etas_runner_config *cfg;
    const etas_runner_backend *backend;
    void *handle;
    etas_sink sink;
    etas_store_run run;
    double begin_s, start_s, reported_s, rate;
    uint64_t reported;
} run_state;

static const etas_runner_backend *backend_of(etas_backend which)
{
    switch (which) {
    case ETAS_BACKEND_SERIAL:
        return &etas_backend_serial;
    case ETAS_BACKEND_PROCESSES:
        return &etas_backend_processes;
    case ETAS_BACKEND_REDIS:
        return &etas_backend_redis;
    }
    return NULL;
}

/* The stored model must be what it was, and mean what it meant. */
static etas_status check_run(const etas_store_run *run, etas_error *err)
{
    uint8_t sha[32];
    etas_status st;

    if (run->algorithm != ETAS_ALGORITHM_VERSION)
        return etas_fail(err, ETAS_E_VERSION,
                         "the run was begun with algorithm version %u, this program has %u: "
                         "results of both would not fit together",
                         run->algorithm, (unsigned)ETAS_ALGORITHM_VERSION);
    st = etas_sha256(run->blob_len, run->blob, sha);
    if (st != ETAS_OK)
        return etas_fail(err, st, "cannot check the stored model");
    if (memcmp(sha, run->blob_sha256, sizeof sha) != 0)
        return etas_fail(err, ETAS_E_CORRUPT, "the stored model is damaged: its SHA-256 differs");
    return ETAS_OK;
}

/* A rate that forgets what is older than some seconds. */
static void report(run_state *self, bool last)
{
    const double now = etas_clock_s(), passed = now - self->reported_s;
    const uint64_t left = etas_ranges_total(&self->sink.todo);
    const uint64_t stored = etas_ranges_total(&self->sink.taken);
    etas_progress progress;

    if (self->cfg->progress == NULL || (!last && passed < report_s))
        return;
    if (passed > 0) {
        const double sample = ((double)stored - (double)self->reported) / passed;
        const double age = now - self->start_s;
        const double memory = age < rate_memory_s ? age : rate_memory_s;
        const double weight = memory > 0 ? 1 - exp(-passed / memory) : 1;

        self->rate += weight * (fmax(sample, 0) - self->rate); /* some may have been taken out */
    }
    self->reported_s = now;
    self->reported = stored;
    progress = (etas_progress){.stored = stored,
                               .total = self->run.n_catalogs,
                               .rate = self->rate,
                               .eta_s = self->rate > 0 ? (double)left / self->rate : NAN,
                               .workers = self->backend->workers(self->handle)};
    if (left == 0)
        progress.eta_s = 0;
    self->cfg->progress(self->cfg->progress_context, &progress);
}

static bool interrupted(const run_state *self)
{
    return self->cfg->interrupted != NULL && *self->cfg->interrupted != 0;
}

static bool busy(const run_state *self)
{
    return self->backend->busy != NULL && self->backend->busy(self->handle);
}

static etas_status work(run_state *self, etas_error *err)
{
    etas_status st = ETAS_OK;

    while (st == ETAS_OK && (self->sink.todo.n > 0 || busy(self))) {
        if (interrupted(self))
            return etas_fail(err, ETAS_E_INTERRUPTED, "interrupted");
        if (self->cfg->runtime_s > 0 && etas_clock_s() >= self->begin_s + self->cfg->runtime_s)
            return etas_fail(err, ETAS_E_RUNTIME, "the runtime is over");
        st = self->backend->step(self->handle, step_s, err);
        if (st == ETAS_OK)
            st = etas_sink_tick(&self->sink, err);
        report(self, false);
    }
    return st;
}

/* Starts the backend, lets it work, and puts away what it made, also when it ended badly. */
static etas_status run_backend(run_state *self, etas_error *err)
{
    char sha[65];
    const etas_job job = {.cfg = self->cfg,
                          .run = &self->run,
                          .thing = self->sink.kind->one,
                          .blob_sha256_hex = etas_hex(32, self->run.blob_sha256, sha),
                          .store = self->sink.store,
                          .sink = &self->sink,
                          .todo = &self->sink.todo};
    etas_status st = self->backend->open(&self->handle, &job, err), flushed;

    if (st != ETAS_OK)
        return st;
    self->start_s = self->reported_s = etas_clock_s();
    self->reported = etas_ranges_total(&self->sink.taken);
    st = work(self, err);
    if ((st == ETAS_E_INTERRUPTED || st == ETAS_E_RUNTIME) && self->backend->hand_over != NULL) {
        const etas_status given = self->backend->hand_over(self->handle, NULL);

        if (given == ETAS_E_SUPERSEDED)
            st = given;
    }
    if (st != ETAS_E_SUPERSEDED) {
        flushed = etas_sink_flush(&self->sink, st == ETAS_OK ? err : NULL);
        if (st == ETAS_OK)
            st = flushed;
    }
    report(self, true);
    if (st == ETAS_OK &&
        etas_ranges_total(etas_store_covered(self->sink.store)) < self->run.n_catalogs)
        st = ETAS_E_INCOMPLETE;
    if (self->backend->finish != NULL)
        self->backend->finish(self->handle, st);
    self->backend->close(self->handle);
    return st;
}

static etas_status fill_report(const run_state *self, etas_run_report *out, etas_error *err)
{
    const etas_ranges *const covered = etas_store_covered(self->sink.store);
    etas_status st = etas_ranges_add(&out->missing, self->sink.whole);

    for (size_t i = 0; i < covered->n && st == ETAS_OK; i++)
        st = etas_ranges_subtract(&out->missing, covered->items[i]);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the run's ranges");
    out->n_catalogs = self->run.n_catalogs - etas_ranges_total(&out->missing);
    if (out->missing.n == 0)
        etas_ranges_free(&out->missing); /* whoever sees success need not think of it */
    out->n_events = self->sink.n_events;
    out->repeated = self->sink.repeated;
    return ETAS_OK;
}

etas_status etas_run(etas_store *store, const etas_runner_config *cfg, etas_run_report *out,
                     etas_error *err)
{
    const double start = etas_clock_s();
    run_state self = {.cfg = cfg, .backend = backend_of(cfg->backend), .begin_s = start};
    etas_status st, told;

    *out = (etas_run_report){0};
    if (self.backend == NULL)
        return etas_fail(err, ETAS_E_ARG, "unknown backend %d", (int)cfg->backend);
    st = etas_store_run_get(store, &self.run, err);
    if (st == ETAS_OK)
        st = check_run(&self.run, err);
    if (st == ETAS_OK)
        st = etas_sink_open(&self.sink, store, &self.run, err);
    if (st == ETAS_OK && (self.sink.todo.n > 0 || cfg->verify > 0))
        st = run_backend(&self, err);
    out->simulate_s = etas_clock_s() - start;
    if (st == ETAS_OK || st == ETAS_E_INCOMPLETE || st == ETAS_E_INTERRUPTED ||
        st == ETAS_E_RUNTIME) {
        told = fill_report(&self, out, err);
        if (told == ETAS_OK)
            told = etas_store_add_phase(store, "simulate", out->simulate_s,
                                        st == ETAS_OK ? err : NULL);
        if (st == ETAS_OK || told == ETAS_E_SUPERSEDED)
            st = told;
    }
    if (st == ETAS_E_INCOMPLETE)
        etas_fail(err, st, "%llu of %llu %s could not be made",
                  (unsigned long long)(self.run.n_catalogs - out->n_catalogs),
                  (unsigned long long)self.run.n_catalogs, self.sink.kind->many);
    etas_sink_close(&self.sink);
    return st;
}
