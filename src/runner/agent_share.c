#include "runner/agent.h"

#include <math.h>

/* A lease is not split before it has shown how fast it is, nor when it is done in a moment. */
#define SPLIT_AGE_S   1.0
#define SPLIT_WORTH_S 2.0
/* A slot that is done with its lease within this time shall find the next one here. For longer ones
 * the server's answer is a short time, and others might have had the lease meanwhile. */
#define SOON_S 0.25
/* What no slot was free for by then goes back. */
#define SPARE_S 0.5
/* Who had no use for a spare, or got none, does without for so long. */
#define NO_SPARE_S 1.0

/* Seconds until the slot is done with its lease, as far as one can tell; negative when it should
 * be done, INFINITY when nothing is known. */
static double work_left_s(const agent *self, const agent_row *row, double now)
{
    const double rate = row->wall_s > 0 ? (double)row->made / row->wall_s : self->rate;

    return rate > 0 ? (double)(row->stop - row->next) / rate - (now - row->heard_s) : INFINITY;
}

/* ---- spares ---- */

uint32_t agent_busy(const agent *self)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < self->n_rows; i++)
        n += self->rows[i].leased && self->rows[i].stage != LEASE_WAITING;
    return n < self->cfg->processes ? n : self->cfg->processes;
}

static bool wants_spare(const agent *self, double now)
{
    uint32_t soon = 0, spare = 0, n = 0;

    for (uint32_t i = 0; i < self->n_rows; i++) {
        const agent_row *const row = &self->rows[i];

        if (!row->leased)
            continue;
        /* Results are held: there is enough here. Or others have not survived this lease: what is
         * held beside it when this agent does not either would be blamed as well. */
        if (row->stage > LEASE_RUNNING || row->lease.lost > 0)
            return false;
        n++;
        spare += row->stage == LEASE_WAITING;
        soon += row->stage == LEASE_RUNNING && fabs(work_left_s(self, row, now)) < SOON_S;
    }
    return spare < soon && n < self->n_rows;
}

bool agent_wants_lease(const agent *self)
{
    const double now = etas_clock_s();

    if (self->state != AGENT_WORKING)
        return false;
    return agent_busy(self) < self->cfg->processes ||
           (now >= self->spare_after && wants_spare(self, now));
}

void agent_do_without_spares(agent *self)
{
    self->spare_after = etas_clock_s() + NO_SPARE_S;
}

void agent_shed(agent *self)
{
    agent_do_without_spares(self);
    for (uint32_t i = 0; i < self->n_rows; i++)
        if (self->rows[i].leased && self->rows[i].stage == LEASE_WAITING)
            agent_end(self, &self->rows[i], LEASE_GIVE_BACK);
}

/* ---- split ---- */

static etas_status split(agent *self, agent_row *row, double now, etas_error *err)
{
    row->split_at = now + SPLIT_WORTH_S;
    if (now - row->since_s < SPLIT_AGE_S || row->stop - row->next < 2) {
        row->split_at = row->stop - row->next < 2 ? INFINITY : row->since_s + SPLIT_AGE_S;
    } else if (fabs(work_left_s(self, row, now)) >= SPLIT_WORTH_S) {
        etas_log_write(self->cfg->log, ETAS_LOG_DEBUG,
                       "slot %u: %llu %s from %llu of run %.6s are wanted by others", row->slot,
                       (unsigned long long)(row->stop - row->next), row->many,
                       (unsigned long long)row->next, row->lease.run);
        row->split_at = INFINITY;
        return etas_slots_halt(self->slots, row->slot, err);
    }
    return ETAS_OK;
}

/* When it is time to look at the row. */
static double due(const agent_row *row)
{
    if (row->leased && row->stage == LEASE_WAITING)
        return fmin(row->split_at, row->since_s + SPARE_S);
    return row->leased && row->stage == LEASE_RUNNING ? row->split_at : INFINITY;
}

etas_status agent_share(agent *self, etas_error *err)
{
    const double now = etas_clock_s();
    etas_status st = ETAS_OK;

    for (uint32_t i = 0; st == ETAS_OK && i < self->n_rows; i++) {
        agent_row *const row = &self->rows[i];

        if (now < due(row))
            continue;
        if (row->stage == LEASE_WAITING)
            agent_shed(self);
        else
            st = split(self, row, now, err);
    }
    return st;
}

double agent_share_at(const agent *self)
{
    double at = INFINITY;

    for (uint32_t i = 0; i < self->n_rows; i++)
        at = fmin(at, due(&self->rows[i]));
    return at;
}
