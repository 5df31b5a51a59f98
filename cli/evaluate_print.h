/** @file evaluate_print.h  What the tests of forecasts found: a table or JSON on stdout, files. */
#ifndef ETAS_CLI_EVALUATE_PRINT_H
#define ETAS_CLI_EVALUATE_PRINT_H

#include "etas/catalog.h"
#include "etas/consistency.h"
#include "etas/consistency_output.h"
#include "forecast_subject.h"

/** All of it; borrowed. Results of tests that were not made are {0}. */
typedef struct evaluation_report {
    const forecast_subject *forecast, *against; /**< against NULL: none */
    const subject_frame *frame;
    const char *sim_name, *against_name, *observed_path;
    const etas_catalog *catalog;
    const etas_observed *observed;
    bool made[ETAS_N_TESTS];
    etas_test_result result[ETAS_N_TESTS];
} evaluation_report;

etas_status evaluation_print(const evaluation_report *self, etas_error *err);
etas_status evaluation_print_json(const evaluation_report *self, etas_error *err);
/** DIRECTORY/n_test.json and so on. */
etas_status evaluation_save(const evaluation_report *self, const char *directory, etas_error *err);

/** DIRECTORY/KEY_test.json. */
etas_status test_result_save_in(const char *directory, const etas_test_result *result,
                                const etas_test_about *about, etas_error *err);

#endif
