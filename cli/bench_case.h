/** @file bench_case.h  One workload on one backend, measured and looked at. */
#ifndef ETAS_CLI_BENCH_CASE_H
#define ETAS_CLI_BENCH_CASE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "etas/log.h"
#include "etas/runner.h"

/** What all cases make. */
typedef struct bench_workload {
    size_t len;
    const uint8_t *blob; /**< the model */
    uint64_t seed;
    uint64_t n_catalogs;
    uint32_t repeat; /**< measurements, of which the shortest counts */
    const volatile sig_atomic_t *interrupted;
    const etas_log *log;
} bench_workload;

typedef struct bench_case {
    etas_backend backend; /**< ETAS_BACKEND_REDIS: a private server */
    uint32_t slots;
    const char *kernels; /**< never NULL */
    /* results */
    double seconds; /**< the shortest; NaN: not measured */
    uint64_t n_events;
    uint8_t digest[32]; /**< of every catalogue's events in order; the same in every repetition */
} bench_case;

/** E_CORRUPT when the repetitions made different catalogues. */
ETAS_NODISCARD etas_status bench_case_run(bench_case *self, const bench_workload *work,
                                          etas_error *err);

/** So many catalogues take about @p seconds in this process with @p kernels. */
ETAS_NODISCARD etas_status bench_size(const bench_workload *work, const char *kernels,
                                      double seconds, uint64_t *n_catalogs, etas_error *err);

#endif
