/** @file slots_fixture.h  Tasks for slots, and a check that what comes back is right. */
#ifndef ETAS_TESTS_SLOTS_FIXTURE_H
#define ETAS_TESTS_SLOTS_FIXTURE_H

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"

#include "etas/codec.h"
#include "etas/runner.h"
#include "etas/simulation.h"
#include "runner/slots.h"
#include "unit/runner/runner_fixture.h"

enum { N = 400, SEED = 77 };

static model small;

static inline int make_model(void **state)
{
    (void)state;
    model_make(&small, 4);
    return 0;
}

static inline int free_model(void **state)
{
    (void)state;
    model_free(&small);
    return 0;
}

static inline void wait_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static inline double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline etas_slots *open_slots(uint32_t n, double stall_s)
{
    const etas_slots_config cfg = {.n = n, .stall_s = stall_s, .frame_s = 0.05, .compress = true};
    etas_slots *slots;
    etas_error err = {0};

    check_ok(etas_slots_open(&slots, &cfg, &err), &err);
    check_ok(etas_slots_model_add(slots, small.hex, small.len, small.blob, &err), &err);
    return slots;
}

static inline void assign(etas_slots *slots, uint32_t slot, uint64_t seed, etas_range range)
{
    const etas_slot_task task = {
        .run = {1, 2, 3}, .seed = seed, .first = range.first, .count = range.count};
    etas_error err = {0};

    check_ok(etas_slots_assign(slots, slot, small.hex, &task, &err), &err);
}

static inline etas_slot_event next_event(etas_slots *slots, double timeout_s)
{
    etas_slot_event e;
    etas_error err = {0};

    check_ok(etas_slots_next(slots, timeout_s, 0, NULL, &e, &err), &err);
    return e;
}

/* The frame is whole, follows *at, and holds exactly what the simulator makes here. */
static inline void check_frame(const etas_slot_event *e, uint64_t *at)
{
    etas_frame_header header;
    etas_events got = {0}, want = {0};
    etas_simulator *simulator;
    etas_error err = {0};

    assert_int_equal(e->first, *at);
    check_ok(etas_frame_decode(e->len, e->bytes, &header, &got, &err), &err);
    assert_int_equal(header.first, e->first);
    assert_int_equal(header.count, e->count);
    assert_int_equal(header.run[2], 3);
    assert_true(header.task.pid != (uint32_t)getpid());
    check_ok(etas_simulator_open(&simulator, &small.plan, "scalar", &err), &err);
    check_ok(etas_simulator_run(simulator, SEED, e->first, e->count, &want, &err), &err);
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.count, want.count, e->count * sizeof *got.count);
    if (got.n > 0) {
        assert_memory_equal(got.time_ms, want.time_ms, got.n * sizeof *got.time_ms);
        assert_memory_equal(got.lat, want.lat, got.n * sizeof *got.lat);
        assert_memory_equal(got.mag, want.mag, got.n * sizeof *got.mag);
    }
    etas_simulator_close(simulator);
    etas_events_free(&got);
    etas_events_free(&want);
    *at += e->count;
}

/* Takes frames until something else comes, at most for a minute. */
static inline etas_slot_event take_frames(etas_slots *slots, uint64_t *at)
{
    const double deadline = now_s() + 60;

    for (;;) {
        const etas_slot_event e = next_event(slots, 0.5);

        if (e.kind == ETAS_SLOT_FRAME)
            check_frame(&e, at);
        else if (e.kind != ETAS_SLOT_NONE)
            return e;
        if (now_s() > deadline)
            fail_msg("no end of the task after a minute, at catalogue %llu",
                     (unsigned long long)*at);
    }
}

#endif
