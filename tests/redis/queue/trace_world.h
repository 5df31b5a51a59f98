/** @file trace_world.h  A trace of calls to the Lua library and to the reference at once. */
#ifndef ETAS_TESTS_TRACE_WORLD_H
#define ETAS_TESTS_TRACE_WORLD_H

#include "queue_pool.h"
#include "reference_pool.h"

enum { SIZE = 90, PICTURES = 24, ARGS = 40, TEXT = 1 << 14 };

/** So long that no real time matters. */
#define LEASE_MS "10000000"

typedef struct trace {
    pool *p;
    ref_pool *ref;
    uint64_t random, clock;
    uint64_t epoch[REF_RUNS], serial[REF_RUNS];
    bool drought;                 /**< nothing new is submitted */
    ref_lease pictures[PICTURES]; /* leases as they once were */
    ref_result names[PICTURES];   /* results as they once lay at the head */
    ref_lease committed;          /* the last commit, to be repeated */
    ref_commit commit;
    char call[TEXT]; /* the last one, for messages */
} trace;

typedef struct args {
    size_t n;
    char text[ARGS][224];
} args;

uint64_t draw(trace *t, uint64_t below);
bool one_in(trace *t, uint64_t n);

void add(args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void add_run(args *a, unsigned run);
void add_agent(args *a, unsigned agent);
void add_lease(args *a, const ref_lease *lease);
void lease_text(const ref_lease *lease, size_t capacity, char out[]);
/** Makes the call; its answer as text, members separated by '|', in a static buffer. */
const char *fcall(trace *t, const char *name, const args *a);
/** The answer is what the reference said, or starts with it. */
void expect(const trace *t, const char *got, const char *want);
void expect_start(const trace *t, const char *got, const char *want);
/** Everything in the pool is what the reference has. */
void compare(const trace *t);

/** Notes that @p name was answered with @p reply; in the end fails for what was never met. */
void note(const char *name, const char *reply);
void check_met(void);

/* Moves of a driver, of time and of a manager. */
void move_run(trace *t, unsigned run);
void move_submit(trace *t, unsigned run);
void move_check(trace *t, unsigned run);
void move_ban(trace *t, unsigned run);
void move_ackout(trace *t, unsigned run);
void move_finish(trace *t, unsigned run);
void move_model(trace *t);
void move_expire(trace *t);
void move_silence(trace *t, unsigned agent, unsigned run);
void move_reap(trace *t);
void move_manager(trace *t, unsigned run);

#endif
