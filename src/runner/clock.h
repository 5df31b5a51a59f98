/** @file clock.h  The clocks that runs are timed with. */
#ifndef ETAS_SRC_RUNNER_CLOCK_H
#define ETAS_SRC_RUNNER_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline double etas_clock_read_s(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/** Seconds that never jump. */
static inline double etas_clock_s(void)
{
    return etas_clock_read_s(CLOCK_MONOTONIC);
}

/** Processor seconds of this process. */
static inline double etas_clock_cpu_s(void)
{
    return etas_clock_read_s(CLOCK_PROCESS_CPUTIME_ID);
}

/** Wall clock, ns since 1970. */
static inline int64_t etas_clock_wall_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

#endif
