/** @file bench.h  Time per element, the best of several runs (the least disturbed one). */
#ifndef ETAS_BENCH_H
#define ETAS_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { BENCH_RUNS = 7 };

static inline double bench_clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline double bench_now_ns(void)
{
    return bench_clock_ns(CLOCK_MONOTONIC);
}

/** Nanoseconds by @p clock per element of body(context), which handles @p elements of them each
 * time. */
static inline double bench_ns_by(clockid_t clock, void (*body)(void *context), void *context,
                                 size_t elements)
{
    const double at_least_ns = 5e6;
    double best = 0.0;
    uint64_t repeats = 1;

    for (;;) { /* so many repeats that the clock's own cost does not show; warms up, too */
        const double start = bench_clock_ns(clock);

        for (uint64_t i = 0; i < repeats; i++)
            body(context);
        if (bench_clock_ns(clock) - start >= at_least_ns)
            break;
        repeats *= 2;
    }
    for (int run = 0; run < BENCH_RUNS; run++) {
        const double start = bench_clock_ns(clock);
        double ns;

        for (uint64_t i = 0; i < repeats; i++)
            body(context);
        ns = (bench_clock_ns(clock) - start) / ((double)repeats * (double)elements);
        best = run == 0 || ns < best ? ns : best;
    }
    return best;
}

/** The same by the clock on the wall. */
static inline double bench_ns(void (*body)(void *context), void *context, size_t elements)
{
    return bench_ns_by(CLOCK_MONOTONIC, body, context, elements);
}

/** One line of the table: the name, then a column per instruction set (a negative time: none). */
static inline void bench_print(const char *name, size_t columns, const double ns[])
{
    printf("%-14s", name);
    for (size_t i = 0; i < columns; i++)
        if (ns[i] < 0.0)
            printf(" %10s", "-");
        else
            printf(" %10.2f", ns[i]);
    printf("\n");
}

#endif
