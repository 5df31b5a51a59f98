/** @file agents.h  Inside bench_agents: what its processes share, and the slots that only wait.
 *
 * The farms run the real agent (etas_worker_run), one thread each, on slots that are timers instead
 * of processes (agents_slots.c); the driver is the real one (etas_run). The calls to the server are
 * timed where they are made, by wrappers that the linker puts in place (agents_watch.c).
 */
#ifndef ETAS_BENCH_AGENTS_H
#define ETAS_BENCH_AGENTS_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "etas/queue.h"
#include "runner/clock.h"

enum { FARMS = 2, PART_CATALOGS = 100 };

typedef struct agents_options {
    const char *socket, *dir;
    uint32_t port, agents, slots;
    double task_s; /**< mean duration of a chunk; single ones take half to one and a half of it */
    double frame_bytes, steady_s, lease_s;
    int reconnect, kill;
} agents_options;

typedef enum agents_phase {
    PHASE_JOIN,
    PHASE_STEADY,
    PHASE_RECONNECT,
    PHASE_LOSS,
    PHASE_REST,
    PHASES
} agents_phase;

typedef enum agents_call {
    CALL_HELLO,
    CALL_CLAIM,
    CALL_BEAT,
    CALL_COMMIT,
    CALL_REAP,
    CALL_BYE,
    CALL_RUN,
    CALL_COLLECT,
    CALL_ACKOUT,
    CALL_LAG, /**< no call: from the commit of a result until it is stored and acknowledged */
    CALLS
} agents_call;

/* Eight buckets per octave of microseconds. */
enum { HISTOGRAM_BUCKETS = 8 * 32 };

typedef struct agents_histogram {
    _Atomic uint64_t count, max_us, buckets[HISTOGRAM_BUCKETS];
} agents_histogram;

/** What a slot delivers at a time: PART_CATALOGS catalogues. */
typedef struct agents_part {
    _Atomic double sent_s;   /**< when its commit was sent last */
    _Atomic uint32_t stored; /**< how often it was acknowledged as stored */
    _Atomic uint32_t holder; /**< farm that claimed it last, plus 1 */
} agents_part;

/** Shared by all processes of the bench. */
typedef struct agents_world {
    agents_options options;
    uint32_t parts_per_chunk, events_per_part;
    uint64_t n_parts;
    char store_path[4200], run[ETAS_ID_HEX];
    /* counted */
    _Atomic uint32_t phase;
    _Atomic uint64_t claims, commits, bytes, warnings;
    _Atomic uint64_t stored, repeated; /**< catalogues, as the driver says */
    _Atomic int driver_status;         /**< -1: still at work */
    agents_histogram histograms[PHASES][CALLS];
    agents_part parts[];
} agents_world;

/* agents_watch.c */

extern agents_world *agents_shared;
/** Of this process, plus 1. */
extern uint32_t agents_farm;

/** Upper bound of the bucket that holds this share of all, in milliseconds; 0 for none. */
double agents_quantile_ms(const agents_histogram *histogram, double share);

/* agents_people.c: each starts a process; the agents of a farm begin within a second. */

pid_t agents_start_driver(void);
pid_t agents_start_farm(uint32_t index, double start_s);
etas_redis_options agents_server(void);
void agents_nap(double seconds);
/** Says what is wrong and ends this process. */
void agents_must(etas_status st, const etas_error *err);

#endif
