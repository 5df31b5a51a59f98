/** @file likelihood_output.h  The likelihood of a test window as files: ll_scores.json and
 * augmented_catalog.csv with the reference package's keys and columns, and ours behind them. */
#ifndef ETAS_LIKELIHOOD_OUTPUT_H
#define ETAS_LIKELIHOOD_OUTPUT_H

#include <stdio.h>

#include "etas/api.h"
#include "etas/likelihood.h"

ETAS_API_BEGIN

/** What is written of an evaluation. */
typedef struct etas_likelihood_report {
    const etas_likelihood_input *in;
    const etas_likelihood *result;
    const char *parameters_from; /**< the file with the parameters; NULL: they were estimated */
} etas_likelihood_report;

/** The scores as JSON; NaN is null. Write errors stay with the stream; E_ARG for a name that is not
 * UTF-8, E_NOMEM. */
ETAS_NODISCARD etas_status etas_likelihood_write_json(FILE *out, const etas_likelihood_report *self,
                                                      etas_error *err);
/** DIRECTORY/augmented_catalog.csv, a row per tested event, and DIRECTORY/ll_scores.json, which
 * appears last. E_IO as etas_output_commit. */
ETAS_NODISCARD etas_status etas_likelihood_save(const etas_likelihood_report *self,
                                                const char *directory, etas_error *err);

ETAS_API_END

#endif
