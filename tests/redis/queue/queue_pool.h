/** @file queue_pool.h  A pool on the fixture's server, and shorthands that check as they go. */
#ifndef ETAS_TESTS_QUEUE_POOL_H
#define ETAS_TESTS_QUEUE_POOL_H

#include "support/check.h"

#include <stdbool.h>

#include <hiredis/hiredis.h>

#include "etas/array.h"
#include "etas/queue.h"
#include "support/redis_fixture.h"

typedef struct pool {
    redis_fixture *fx;
    etas_queue *queue;
    redisContext *raw; /**< to look and meddle behind the queue's back */
    etas_run_meta run;
    etas_agent agent;
} pool;

#define KEY "etas:{default}:v1:"

/** cmocka setup and teardown of one test on an emptied server; *state: the fixture's, then ours. */
int pool_setup(void **state);
int pool_teardown(void **state);
pool *pool_of(void **state);

etas_run_meta pool_run(unsigned id, uint64_t n_catalogs);
etas_agent pool_agent(unsigned id, uint32_t slots);
etas_queue *pool_connect(const redis_fixture *fx);

/** The answer of one command as text ("(nil)" for nothing), in a static buffer. */
const char *pool_raw(pool *self, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
long long pool_raw_int(pool *self, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Beat, model and one submission of the whole run; hello. */
void pool_begin(pool *self, uint64_t n_catalogs);
etas_run_state pool_beat(pool *self);
void pool_submit(pool *self, uint64_t serial, uint64_t first, uint64_t count);
/** A claim that must be work. */
etas_lease pool_claim(pool *self);
etas_claim pool_try_claim(pool *self, double rate);
etas_verdict pool_commit(pool *self, etas_lease *lease, uint32_t count, size_t bytes);
etas_verdict pool_beat_one(pool *self, const etas_lease *lease);
void pool_fail(pool *self, const etas_lease *lease, uint64_t reached);
void pool_drain(pool *self, const etas_lease *lease);
void pool_reap(pool *self);
/** Move every lease's deadline by that many milliseconds: time goes by when they are negative. */
void pool_shift_leases(pool *self, double ms);
/** Collect and ack everything; returns the catalogues. */
uint64_t pool_take(pool *self);

/** Totals of an audit whose law must hold. */
typedef struct pool_sums {
    uint64_t submitted, pending, checks, leased, out, acked, dead, discarded;
} pool_sums;
pool_sums pool_check(pool *self);
/** The audit's ranges of one place as text "first+count ...". */
const char *pool_ranges(const etas_ranges *ranges);
/** The pending list as it lies there, "first count errors lost, ...". */
const char *pool_pending(pool *self);

void pool_sleep(double seconds);
double pool_seconds(void);
/** Whether a hint comes in time; it is taken then. */
bool pool_hint_within(etas_queue *queue, double seconds);

#endif
