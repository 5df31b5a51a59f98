/* The driver's audit: what is missing is submitted, what is dead is noted. */
#include <math.h>

#include "etas/array.h"
#include "etas/text.h"
#include "runner/clock.h"
#include "runner/redis_driver.h"

enum { MAX_PENDING = 1000 };

static etas_status take_dead(driver *self, etas_error *err)
{
    etas_dead *items = NULL;
    size_t n = 0;
    etas_error error = {0};
    etas_status st = etas_queue_dead(self->queue, self->meta.id, &items, &n, &error);

    if (!driver_reached(self, &st, &error, err))
        return st;
    for (size_t i = 0; st == ETAS_OK && i < n; i++) {
        char why[288];

        etas_format(sizeof why, why, items[i].host[0] != '\0' ? "%s (on %s)" : "%s", items[i].why,
                    items[i].host);
        if (etas_ranges_overlap(self->job->todo, items[i].range) > 0)
            st = etas_sink_dead(self->job->sink, items[i].range, why, err);
    }
    etas_array_free((void **)&items);
    return st;
}

static etas_status subtract_all(etas_ranges *from, const etas_ranges *what)
{
    etas_status st = ETAS_OK;

    for (size_t i = 0; st == ETAS_OK && i < what->n; i++)
        st = etas_ranges_subtract(from, what->items[i]);
    return st;
}

static etas_status find_missing(const driver *self, const etas_audit *audit, etas_ranges *out)
{
    etas_status st = ETAS_OK;

    for (size_t i = 0; st == ETAS_OK && i < self->job->todo->n; i++)
        st = etas_ranges_add(out, self->job->todo->items[i]);
    if (st == ETAS_OK)
        st = subtract_all(out, &audit->pending);
    if (st == ETAS_OK)
        st = subtract_all(out, &audit->leased);
    if (st == ETAS_OK)
        st = subtract_all(out, &audit->out);
    return st == ETAS_OK ? subtract_all(out, &audit->dead) : st;
}

/* Whole ranges: claims cut them into chunks. What does not fit the list comes with a later audit.
 */
static etas_status submit(driver *self, const etas_ranges *missing, etas_error *err)
{
    const uint64_t room =
        self->state.n_pending < MAX_PENDING ? MAX_PENDING - self->state.n_pending : 0;
    const size_t n = missing->n < room ? missing->n : (size_t)room;
    uint64_t serial;
    etas_error error = {0};
    etas_status st;

    if (n < missing->n)
        self->audit_at = etas_clock_s() + DRIVER_DEFER_S;
    if (n == 0)
        return ETAS_OK;
    st = etas_store_next_serial(self->job->store, &serial, err);
    if (st != ETAS_OK)
        return st;
    st = etas_queue_submit(self->queue, &self->meta, serial, n, missing->items, &error);
    if (st == ETAS_E_LIMIT) {
        self->audit_at = etas_clock_s() + DRIVER_DEFER_S;
        return ETAS_OK;
    }
    if (driver_reached(self, &st, &error, err)) {
        self->crowded = false;
        etas_log_write(driver_log(self), ETAS_LOG_DEBUG, "run %.6s: submitted %zu ranges from %llu",
                       self->meta.id, n, (unsigned long long)missing->items[0].first);
    }
    return st;
}

static etas_status judge_audit(driver *self, const etas_audit *audit, etas_error *err)
{
    etas_ranges missing = {0};
    etas_error error = {0};
    etas_status st = ETAS_OK;

    if (!audit->exists) {
        self->beat_at = self->audit_at = 0;
        return ETAS_OK;
    }
    if (!audit->conserved) {
        etas_log_write(driver_log(self), ETAS_LOG_WARN,
                       "run %.6s: the server has lost some of its data; mending", self->meta.id);
        st = etas_queue_mend(self->queue, &self->meta, &error);
        self->audit_at = etas_clock_s() + DRIVER_DEFER_S;
        (void)driver_reached(self, &st, &error, err);
        return st;
    }
    if (audit->dead.n > 0)
        st = take_dead(self, err);
    self->dead_seen = self->state.n_dead;
    if (st == ETAS_OK && self->linked) {
        st = find_missing(self, audit, &missing);
        if (st != ETAS_OK)
            st = etas_fail(err, st, "comparing the store with the pool");
        else if (missing.n > 0)
            st = submit(self, &missing, err);
    }
    if (st == ETAS_OK && self->linked)
        st = verify_audited(self, audit, err);
    etas_ranges_free(&missing);
    return st;
}

etas_status driver_audit(driver *self, etas_error *err)
{
    etas_audit audit = {0};
    etas_error error = {0};
    etas_status st = driver_beat(self, err); /* how full the list is */

    if (st != ETAS_OK || !self->linked)
        return st;
    self->audit_at = self->verify.audit_at = INFINITY;
    self->heard_at = etas_clock_s();
    st = etas_queue_audit(self->queue, self->meta.id, &audit, &error);
    if (driver_reached(self, &st, &error, err))
        st = judge_audit(self, &audit, err);
    etas_audit_free(&audit);
    return st;
}
