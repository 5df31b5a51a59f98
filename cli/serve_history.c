/* The last hour of a pool, in a ring. */
#include "serve.h"

bool serve_history_add(serve_history *self, const serve_facts *facts, double unix_s)
{
    const double clock_s = talk_seconds();
    const struct serve_point *last = &self->points[(self->next + SERVE_POINTS - 1) % SERVE_POINTS];

    if (self->n > 0 && clock_s - last->clock_s < SERVE_STEP_S)
        return false;
    self->points[self->next] = (struct serve_point){.unix_s = unix_s,
                                                    .clock_s = clock_s,
                                                    .up = facts->up,
                                                    .simulated = facts->view.pool.simulated,
                                                    .workers = facts->view.pool.live_slots};
    self->next = (self->next + 1) % SERVE_POINTS;
    self->n += self->n < SERVE_POINTS;
    return true;
}

/* Catalogues per second since the point before; null where that is not known: a server that came
 * back empty counts from 0 again. */
static json_t *rate_between(const struct serve_point *before, const struct serve_point *at)
{
    if (!before->up || !at->up || at->simulated < before->simulated)
        return json_null();
    return json_real((double)(at->simulated - before->simulated) / (at->clock_s - before->clock_s));
}

json_t *serve_history_json(const serve_history *self, double unix_s)
{
    json_t *time = json_array(), *rate = json_array(), *workers = json_array();
    const size_t oldest = (self->next + SERVE_POINTS - self->n) % SERVE_POINTS;
    int bad = 0;

    for (size_t i = 1; i < self->n; i++) {
        const struct serve_point *before = &self->points[(oldest + i - 1) % SERVE_POINTS];
        const struct serve_point *at = &self->points[(oldest + i) % SERVE_POINTS];

        bad |= json_array_append_new(time, json_real(at->unix_s));
        bad |= json_array_append_new(rate, rate_between(before, at));
        bad |= json_array_append_new(workers,
                                     at->up ? json_integer((json_int_t)at->workers) : json_null());
    }
    if (bad != 0) {
        json_decref(time);
        time = NULL; /* makes the whole NULL */
    }
    return json_pack("{s:f,s:i,s:o,s:o,s:o}", "now", unix_s, "step_s", SERVE_STEP_S, "time", time,
                     "rate", rate, "workers", workers);
}
