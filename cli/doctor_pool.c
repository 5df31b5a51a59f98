#include <inttypes.h>

#include "doctor.h"
#include "table.h"

static void check_workers(doctor *self, const manager_view *view)
{
    const etas_pool_info *const pool = &view->pool;

    if (pool->paused)
        doctor_say(self, DOCTOR_WARN, "workers", "the pool is paused: etas-redis-manager resume");
    else
        doctor_say(self, DOCTOR_OK, "workers",
                   "%" PRIu64 " (%" PRIu64 " slots), %" PRIu64 " more are silent", pool->agents,
                   pool->live_slots, pool->stale);
}

static void check_versions(doctor *self, const manager_view *view)
{
    for (size_t i = 0; i < view->n_misfits; i++) {
        const agent_misfit *const m = &view->misfits[i];

        doctor_say(self, DOCTOR_WARN, "versions", "%.8s%s%s of release %s %s: update it", m->who,
                   m->host[0] != '\0' ? " on " : "", m->host, m->versions.release, m->why);
    }
    if (view->n_misfits == 0)
        doctor_say(self, DOCTOR_OK, "versions", "%zu workers and drivers, none that does not fit",
                   view->agents.n_versions);
}

/* What ails one run; false when nothing does. */
static bool check_run(doctor *self, const etas_run_info *run)
{
    const char *const id = run->meta.id;
    char silent[TABLE_NUMBER];
    bool well = true;

    if (!run->conserved) {
        well = false;
        doctor_say(
            self, DOCTOR_FAIL, "runs",
            "%.8s: its books do not balance, the server has lost some of its data: its driver "
            "mends that by itself within a minute",
            id);
    }
    if (run->driver_silent_s > MANAGER_DRIVER_GONE_S) {
        well = false;
        doctor_say(
            self, DOCTOR_WARN, "runs",
            "%.8s: its driver on %s has been silent for %s: --resume goes on, purge gives up", id,
            run->meta.name, table_seconds(run->driver_silent_s, silent));
    } else if (run->nomodel) {
        well = false;
        doctor_say(self, DOCTOR_WARN, "runs",
                   "%.8s: its model is missing, its driver should publish it within seconds", id);
    }
    if (run->full) {
        well = false;
        doctor_say(
            self, DOCTOR_WARN, "runs",
            "%.8s: results wait at the mark: its driver stores them more slowly than they are "
            "made, or not at all",
            id);
    }
    if (run->banned[0] != '\0') {
        well = false;
        doctor_say(self, DOCTOR_WARN, "runs",
                   "%.8s: made wrong results and work for it no more: %s; have these machines "
                   "examined",
                   id, run->banned);
    }
    if (run->dead > 0) {
        well = false;
        doctor_say(self, DOCTOR_WARN, "runs",
                   "%.8s: %" PRIu64 " catalogues are dead: dead says why, retry tries again", id,
                   run->dead);
    }
    return well;
}

void doctor_check_pool(doctor *self, const manager_view *view)
{
    size_t live = 0, well = 0;

    check_workers(self, view);
    check_versions(self, view);
    for (size_t i = 0; i < view->pool.n_runs; i++) {
        if (view->pool.runs[i].finished)
            continue;
        live++;
        well += check_run(self, &view->pool.runs[i]);
    }
    if (live == well)
        doctor_say(self, DOCTOR_OK, "runs", "%zu, none in trouble", live);
}
