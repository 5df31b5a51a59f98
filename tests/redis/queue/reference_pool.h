/** @file reference_pool.h  The pool as docs/protocol.md describes it, as a plain state machine:
 * what every function of the library must answer and leave behind. Knows no server and no clock:
 * time is what the trace says it is (a lease is expired, a driver is silent).
 */
#ifndef ETAS_TESTS_REFERENCE_POOL_H
#define ETAS_TESTS_REFERENCE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REF_RUNS = 2,
    REF_AGENTS = 4,
    REF_ENTRIES = 1000, /**< that a pending list may have after a submission */
    REF_ROOM = 4096,
    REF_CHECKS = 256, /**< that a run may have waiting */
    REF_HOSTS = 2     /**< agent i is on host i % REF_HOSTS */
};

typedef struct ref_range {
    uint64_t first, count;
    unsigned errors, lost;
} ref_range;

typedef struct ref_lease {
    ref_range range;
    uint64_t token;
    unsigned run, agent;
    double expired; /**< order among the expired; 0: it has time */
    bool half;      /**< armed again after a gap and not beaten since */
} ref_lease;

typedef struct ref_result {
    uint64_t first, count, checksum, bytes;
    unsigned agent;
} ref_result;

/** To be made again by another host than @c host. */
typedef struct ref_check {
    uint64_t first, count;
    unsigned host;
} ref_check;

typedef struct ref_dead {
    ref_range range;
    int signal;
    char message[64];
} ref_dead;

typedef struct ref_run {
    bool exists, cancelled, silent, gone, full, split;
    uint64_t epoch, serial, n, chunk, mark;
    uint64_t ended; /**< epoch of the driver that finished it before */
    double task_s;
    unsigned attempts, max_lost;
    uint64_t submitted, acked, discarded, simulated, repeated, pend, bytes, turn;
    uint64_t checks; /**< catalogues in them */
    bool banned[REF_HOSTS];
    size_t n_pending, n_out, n_dead, n_checks;
    ref_range pending[REF_ROOM];
    ref_result out[REF_ROOM];
    ref_dead dead[REF_ROOM];
    ref_check check[REF_CHECKS];
} ref_run;

typedef struct ref_agent {
    bool known, silent;
    char mark; /**< 0, 's' stop or 'n' now */
    int64_t slots;
} ref_agent;

typedef struct ref_pool {
    bool paused, hungry; /**< hungry: a claim was in vain */
    bool model;          /**< the runs share one */
    uint64_t turn, token;
    int64_t slots; /**< negative for a moment when a silent agent leaves; a sweep recounts */
    size_t n_leases;
    ref_lease leases[REF_ROOM];
    ref_run runs[REF_RUNS];
    ref_agent agents[REF_AGENTS];
} ref_pool;

/* Each answers with the first word of the function's reply. */

const char *ref_beat_run(ref_pool *p, unsigned run, const ref_run *facts, bool *lost);
const char *ref_submit(ref_pool *p, unsigned run, uint64_t epoch, uint64_t serial, size_t n,
                       const ref_range ranges[]);
const char *ref_check_again(ref_pool *p, unsigned run, uint64_t epoch, uint64_t serial, size_t n,
                            const ref_check checks[]);
const char *ref_ban(ref_pool *p, unsigned run, uint64_t epoch, const bool banned[REF_HOSTS]);
/** Removes what lies at the head of out while it equals the next name. */
const char *ref_ackout(ref_pool *p, unsigned run, uint64_t epoch, size_t n,
                       const ref_result names[], const bool discard[], size_t *removed);
const char *ref_finish(ref_pool *p, unsigned run, uint64_t epoch);

const char *ref_hello(ref_pool *p, unsigned agent, int64_t slots, size_t n, const ref_lease held[],
                      uint64_t *requeued);
const char *ref_bye(ref_pool *p, unsigned agent, uint64_t *requeued);
/** WORK: *out is the lease but for its token, which goes to ref_claimed. *why of EMPTY. */
const char *ref_claim(ref_pool *p, unsigned agent, double rate, double remaining_s, ref_lease *out,
                      const char **why);
void ref_claimed(ref_pool *p, const ref_lease *lease);
const char *ref_beat(ref_pool *p, unsigned agent, size_t n, const ref_lease held[],
                     const char *verdicts[]);
typedef struct ref_commit {
    uint64_t count, checksum, bytes;
    bool give_back;
} ref_commit;
const char *ref_take(ref_pool *p, const ref_lease *lease, const ref_commit *what);
typedef struct ref_failure {
    bool drain, hopeless;
    uint64_t reached;
    int signal;
    const char *message;
} ref_failure;
const char *ref_fail(ref_pool *p, const ref_lease *lease, const ref_failure *why);
void ref_reap(ref_pool *p, bool gap, uint64_t *back, uint64_t *dead, uint64_t *rearmed);

void ref_control(ref_pool *p,
                 char what); /**< 's', 'n': mark who is there; 'p', 'r': pause, resume */
const char *ref_cancel(ref_pool *p, unsigned run);
const char *ref_retry(ref_pool *p, unsigned run, uint64_t *catalogs);

/** Whether another run has work to give. */
bool ref_others_wait(const ref_pool *p, unsigned run);
/** The lease of that token, range and owner, or NULL. */
ref_lease *ref_find(ref_pool *p, const ref_lease *lease);

/* What both halves use. */

void ref_insert(ref_run *r, size_t at, ref_range range);
/** At the head of pending, in order; clean neighbours grow together. */
void ref_put_back(ref_run *r, size_t n, const ref_range list[]);
/** At the tail of pending, with a clean record; neighbours in the list are joined. */
uint64_t ref_append(ref_run *r, size_t n, const ref_range list[]);
void ref_end_lease(ref_pool *p, ref_lease *lease);
/** Ends a lease, if it is there; its range goes back as it is. */
uint64_t ref_give_back(ref_pool *p, const ref_lease *lease);
/** An expired lease; true: its catalogue is dead. */
bool ref_lose(ref_pool *p, const ref_lease *lease);

#endif
