/** @file consistency_output.h  Results of tests as files: pyCSEP's EvaluationResult as JSON. */
#ifndef ETAS_CONSISTENCY_OUTPUT_H
#define ETAS_CONSISTENCY_OUTPUT_H

#include "etas/api.h"
#include "etas/consistency.h"

ETAS_API_BEGIN

/** What a result is about; borrowed. */
typedef struct etas_test_about {
    const char *sim_name, *against_name; /**< NULL: the test is of one forecast */
    const char *obs_name, *obs_repr;
    const char *of; /**< of a calibration: the name of the test */
    double min_mw;  /**< lowest magnitude */
} etas_test_about;

/** Keys and order as pyCSEP's to_dict; NaN is null. E_IO as etas_output_commit, E_ARG for a name
 * that is not UTF-8. */
ETAS_NODISCARD etas_status etas_test_result_save(const char *path, const etas_test_result *result,
                                                 const etas_test_about *about, etas_error *err);

/** A file of one of the consistency tests, ours or pyCSEP's. Starts as {0}; etas_test_file_free is
 * idempotent. */
typedef struct etas_test_file {
    etas_test_result result; /**< without the distribution */
    char *sim_name, *obs_name, *obs_repr;
    double min_mw; /**< NaN: not said */
} etas_test_file;

/** E_IO; E_PARSE and E_RANGE with file, line and key for what is no such result. */
ETAS_NODISCARD etas_status etas_test_file_load(etas_test_file *self, const char *path,
                                               etas_error *err);
void etas_test_file_free(etas_test_file *self);

ETAS_API_END

#endif
