/** @file report_tests.h  Consistency tests of a stored forecast, for its report. */
#ifndef ETAS_CLI_REPORT_TESTS_H
#define ETAS_CLI_REPORT_TESTS_H

#include "etas/catalog.h"
#include "etas/consistency.h"
#include "etas/store.h"

enum { REPORT_TESTS = 4 };

/** Starts as {0}; report_tests_free is idempotent. */
typedef struct report_tests {
    size_t n; /**< 0 or REPORT_TESTS: N, M, S, PL */
    etas_test_result result[REPORT_TESTS];
    double cell_deg;
} report_tests;

/** Goes through the stored catalogues twice; all of them must be there. */
ETAS_NODISCARD etas_status report_tests_run(report_tests *self, etas_store *store,
                                            const etas_catalog *observed, etas_error *err);
void report_tests_free(report_tests *self);

#endif
