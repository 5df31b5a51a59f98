/** @file agent.h  The worker side of the pool, inside: one agent per host that claims for its
 * slots, holds their results until the server has them, and beats for all of them.
 *
 * A lease lives in a row from claim to release. `lease` always names what the server has not
 * taken yet: [lease.first, next) lies in `frames`, [next, end) is still to be delivered.
 *
 * While chunks are short there are more leases than slots: a slot that is done with one gets the
 * next at once, and the server hears of it while the slot computes.
 */
#ifndef ETAS_SRC_RUNNER_AGENT_H
#define ETAS_SRC_RUNNER_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/queue.h"
#include "etas/runner.h"
#include "runner/backoff.h"
#include "runner/clock.h"
#include "runner/slots.h"

/** A slot whose lease holds more results than this is not read any further. */
#define AGENT_HOLD_BYTES ((size_t)4 << 20)
/** So many leases at most wait for a slot. */
#define AGENT_SPARES 64

typedef struct agent_frame {
    uint32_t count;
    uint64_t checksum;
    size_t len;
    uint8_t *bytes;
} agent_frame;

typedef enum lease_stage {
    LEASE_WAITING, /**< for a slot */
    LEASE_RUNNING,
    LEASE_DONE,      /**< every catalogue was delivered */
    LEASE_GIVE_BACK, /**< hand over what is finished, give back the rest */
    LEASE_FAILED     /**< hand over what is finished, then fail the rest */
} lease_stage;

typedef struct agent_row {
    bool leased, paused;
    lease_stage stage;
    uint32_t slot;    /**< that runs it, or ran it */
    etas_lease lease; /**< what is not committed yet */
    double lease_s;
    double since_s;  /**< when it came; when it began, once it runs */
    double heard_s;  /**< the slot's last frame of it */
    double split_at; /**< when to see whether the rest is to go to others; INFINITY: nobody asked */
    char model[65];
    const char *one, *many;    /**< what the lease is about, for people */
    uint64_t seed, next, stop; /**< the slot delivers [next, stop) */
    agent_frame *frames;       /**< oldest first */
    size_t n_frames, frame_capacity, held_bytes;
    double commit_at_s; /**< not before: the run is above its mark */
    uint32_t commit_tries;
    double wall_s; /**< of the slot for this lease, */
    uint64_t made; /**< and the catalogues it made meanwhile: the rate */
    int signal;
    bool hopeless;     /**< it failed, and would anywhere */
    char message[200]; /**< why */
} agent_row;

typedef enum agent_state {
    AGENT_WORKING,
    AGENT_FINISHING, /**< no more claims; leave when the current chunks are done */
    AGENT_DRAINING   /**< slots are stopped; leave when their results are handed over */
} agent_state;

typedef struct agent {
    const etas_worker_config *cfg;
    etas_queue *queue;
    etas_slots *slots;
    agent_row *rows; /**< n_rows: one per slot, and the spares */
    uint32_t n_rows;
    agent_row **at; /**< per slot: the row that it runs; NULL none */
    etas_lease *leases;
    etas_verdict *verdicts; /**< room for a beat */
    etas_agent self;
    agent_state state;
    double busy_s;    /**< slot seconds of the leases that have ended */
    double rate;      /**< catalogues per second of one slot, 0 unknown */
    const char *many; /**< what was made, for people */
    bool linked;      /**< the last call reached the server */
    uint32_t tries;   /**< since the link was lost */
    /* When to do things next: seconds on the monotonic clock, INFINITY never. */
    double retry_at, beat_at, reap_at, claim_at, claim_after, spare_after, hint_at, stop_at,
        halt_by, leave_by, idle_since;
} agent;

/* agent_results.c: from a slot's delivery to the server. They fail only when memory is out or the
 * server will never have us; a link that breaks is noted and waited for. */

/** Set the slot to work on the lease, whose model is there. */
ETAS_NODISCARD etas_status agent_assign(agent *self, agent_row *row, uint32_t slot,
                                        etas_error *err);
/** Take what the slots reported. */
ETAS_NODISCARD etas_status agent_take(agent *self, const etas_slot_event *event, etas_error *err);
/** Nothing more will be delivered: the rest of the lease goes as @p end says. */
void agent_end(agent *self, agent_row *row, lease_stage end);
/** Commit what can be committed; release leases that are settled. */
ETAS_NODISCARD etas_status agent_flush(agent *self, etas_error *err);
/** The lease is gone: stop its work, forget its results. */
ETAS_NODISCARD etas_status agent_drop(agent *self, agent_row *row, const char *why,
                                      etas_error *err);
/** When agent_flush wants to be called again. */
double agent_flush_at(const agent *self);
void agent_row_free(agent_row *row);

/* agent_share.c: what is leased here and better done by others. */

/** Give back what others want, unless it is soon done, and what has waited for too long. */
ETAS_NODISCARD etas_status agent_share(agent *self, etas_error *err);
/** When agent_share wants to be called. */
double agent_share_at(const agent *self);
/** The pool has nothing more: claim for idle slots only, for a while. */
void agent_do_without_spares(agent *self);
/** Give back what waits for a slot. */
void agent_shed(agent *self);
/** Slots that run a lease, or ran it and its results are held: those that shall not claim. */
uint32_t agent_busy(const agent *self);
/** Whether to claim: a slot is idle, or soon will be and nothing waits for it. */
bool agent_wants_lease(const agent *self);

/* agent_link.c: talking to the server. */

/**
 * Judge the status of a call: OK stays OK. A broken or absent link is noted (*st is then ETAS_OK
 * and false is returned); what cannot be cured stays, with its error copied to @p err.
 */
bool agent_reached(agent *self, etas_status *st, const etas_error *what, etas_error *err);
/** Connect, check, register and name what is held, when it is time for another try. */
ETAS_NODISCARD etas_status agent_connect(agent *self, etas_error *err);
ETAS_NODISCARD etas_status agent_beat(agent *self, etas_error *err);
ETAS_NODISCARD etas_status agent_reap(agent *self, etas_error *err);
/** Claim for every idle slot, and spares, until there is nothing. */
ETAS_NODISCARD etas_status agent_claim(agent *self, etas_error *err);
/** Idle slots take up what waits for one. */
ETAS_NODISCARD etas_status agent_fill(agent *self, etas_error *err);
/** A run's id of 32 hexadecimal digits as bytes; false for anything else. */
bool agent_run_id(const char *hex, uint8_t out[16]);
/** Seconds between beats: a sixth of the shortest lease held, at most 10. */
double agent_beat_s(const agent *self);
/** Leases held; the first @p n rows of self->leases name them, self->self says how busy we are. */
size_t agent_held(agent *self);

/* agent.c */

/** Obey a command that came with a reply. */
ETAS_NODISCARD etas_status agent_obey(agent *self, etas_command command, etas_error *err);

#endif
