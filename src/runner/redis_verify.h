/** @file redis_verify.h  Tasks that are made again on another host, and what comes of it. The store
 * is the truth about what has been verified and who is faulty; here is only what is on its way. */
#ifndef ETAS_SRC_RUNNER_REDIS_VERIFY_H
#define ETAS_SRC_RUNNER_REDIS_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/queue.h"
#include "etas/store.h"
#include "runner/compare.h"
#include "runner/slots.h"

struct driver;

/** Checks on their way at most, as many as the server's list holds. */
enum { VERIFY_WINDOW = 256, VERIFY_DISPUTES = 16 };

/** A task that is being made again. */
typedef struct verify_check {
    etas_store_made task;
    etas_ranges done; /**< made again by other hosts, and the same */
    char by[64];      /**< the last of them */
    uint32_t asked;   /**< how often it was submitted */
} verify_check;

/** One index of which two hosts have made different things. */
typedef struct verify_dispute {
    uint64_t index;
    uint64_t digest[2];
    char host[2][64], release[2][24];
} verify_dispute;

/** Starts as {0}. */
typedef struct verification {
    verify_check checks[VERIFY_WINDOW];
    size_t n_checks;
    uint64_t cursor; /**< the last task of the store that was looked at, */
    uint64_t seen;   /**< and how many tasks it had then */
    bool exhausted;  /**< there was none behind it */
    bool audited;    /**< since the link was made: what lies on the server is known */
    bool untold;     /**< the server is to hear who is banned */
    bool waiting;    /**< only checks are left, and that was said */
    bool possible;   /**< a live host could make one of them */
    double ask_at;   /**< not before */
    double audit_at; /**< when to look where they are */
    double moved_at; /**< when one was last seen to make progress */
    etas_store_fault *faults;
    size_t n_faults;
    verify_dispute disputes[VERIFY_DISPUTES];
    size_t n_disputes;
    etas_slots *judge; /**< makes the index of the first dispute; NULL: there is none */
    etas_payload opinion;
    etas_comparer comparer;
} verification;

ETAS_NODISCARD etas_status verify_open(struct driver *self, etas_error *err);
void verify_close(struct driver *self);

/** Whether results of that host are refused. */
bool verify_refuses(const struct driver *self, const char *host);
/** The sink has just taken @p item, of which something was stored already: is it the same? */
ETAS_NODISCARD etas_status verify_repeat(struct driver *self, const etas_collected *item,
                                         const etas_frame_header *header, etas_error *err);
/** Before what was collected is acknowledged: note which checks are complete. */
ETAS_NODISCARD etas_status verify_note(struct driver *self, etas_error *err);
/** After an audit: ask for what is to be checked and nowhere to be found. */
ETAS_NODISCARD etas_status verify_audited(struct driver *self, const etas_audit *audit,
                                          etas_error *err);
/** The link is new, or the run's keys are: nothing is known of the server. */
void verify_linked(struct driver *self);
/** Everything that is due; call it often. */
ETAS_NODISCARD etas_status verify_tend(struct driver *self, etas_error *err);
/** Whether something is worth waiting for when everything else is done. */
bool verify_busy(const struct driver *self);
/** When an audit is wanted. */
double verify_audit_due(const struct driver *self);
/** That host is distrusted now: what was to be checked of it, and what it said, is no more. */
void verify_forget(struct driver *self, const char *host);
/** Say how it went. */
void verify_report(const struct driver *self);

/* redis_dispute.c, for redis_verify.c */

/** Who is faulty, from the store. */
ETAS_NODISCARD etas_status dispute_load_faults(struct driver *self, etas_error *err);
/** What @p item holds differs from what is stored, and this machine shall decide. */
void dispute_begin(struct driver *self, const etas_collected *item, const etas_frame_header *header,
                   const etas_difference *what);
/** Have the disputes decided, one after the other; who was wrong is distrusted. */
ETAS_NODISCARD etas_status dispute_tend(struct driver *self, etas_error *err);
void dispute_close(struct driver *self);

#endif
