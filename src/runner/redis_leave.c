/* How a driver leaves. */
#include <math.h>
#include <poll.h>

#include "etas/range.h"
#include "runner/clock.h"
#include "runner/redis_driver.h"

/* How long one try to remove a finished run's keys may take. */
#define FINISH_S 10.0
/* For the workers of a private pool to hand over what they have. */
#define DRAIN_S 3.0

enum { FINISH_TRIES = 3, DRAIN_TICK_MS = 20 };

/* Nothing more will come: nobody holds a lease, and what was delivered is stored. */
static bool nothing_left(driver *self)
{
    etas_audit audit = {0};
    const bool none = etas_queue_audit(self->queue, self->meta.id, &audit, NULL) != ETAS_OK ||
                      audit.n_leased + audit.n_out == 0;

    etas_audit_free(&audit);
    return none;
}

/* The workers go with us, and with them what their slots have made and not delivered. Nobody is to
 * begin anew, not even a worker that is started in place of another. */
static void drain(driver *self)
{
    const double until = etas_clock_s() + DRAIN_S;
    uint64_t marked;
    size_t bytes;
    etas_status st;

    etas_queue_set_patience(self->queue, DRAIN_S);
    st = etas_queue_pause(self->queue, true, NULL);
    if (st == ETAS_OK)
        st = etas_queue_stop(self->queue, true, 0, NULL, &marked, NULL);
    while (st == ETAS_OK && self->linked && etas_clock_s() < until && !nothing_left(self)) {
        (void)poll(NULL, 0, DRAIN_TICK_MS);
        st = driver_collect(self, &bytes, NULL);
    }
}

void driver_leave(driver *self, etas_status outcome)
{
    const bool over = outcome == ETAS_OK || outcome == ETAS_E_INCOMPLETE;
    etas_error error = {0};
    etas_status st = ETAS_E_NET;
    char line[512];

    if (self->job->cfg->drain && self->linked &&
        (outcome == ETAS_E_INTERRUPTED || outcome == ETAS_E_RUNTIME))
        drain(self);
    driver_look_at_store(self);
    /* A resumed driver finds everything where it is; with nothing stored none will come. */
    if (!over && !self->cancelled &&
        (self->meta.stored > 0 || !self->linked || outcome == ETAS_E_SUPERSEDED ||
         outcome == ETAS_E_RUNTIME))
        return;
    etas_queue_set_patience(self->queue, FINISH_S);
    for (int i = 0; st != ETAS_OK && i < FINISH_TRIES; i++) {
        error = (etas_error){0};
        st = etas_queue_run_finish(self->queue, &self->meta, &error);
        if (st == ETAS_OK && self->job->cfg->brief)
            st = etas_queue_purge(self->queue, self->meta.id, &error);
    }
    if (st != ETAS_OK)
        etas_log_write(driver_log(self), ETAS_LOG_WARN, "run %.6s: its keys stay on the server: %s",
                       self->meta.id, etas_error_format(&error, sizeof line, line));
}
