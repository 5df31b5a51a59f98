/** @file results_save.h  The files of an inversion while they are written. */
#ifndef ETAS_IO_RESULTS_SAVE_H
#define ETAS_IO_RESULTS_SAVE_H

#include "etas/io.h"

typedef struct etas_results_saver {
    const etas_results_input *in;
    char *fn_parameters, *fn_targets, *fn_sources;
    char *fn_pij; /**< NULL without pairs */
    etas_error *err;
} etas_results_saver;

/** trig_and_bg_probs_<id>.csv */
ETAS_NODISCARD etas_status etas_results_write_targets(const etas_results_saver *s, FILE *out);
/** sources_<id>.csv */
ETAS_NODISCARD etas_status etas_results_write_sources(const etas_results_saver *s, FILE *out);
/** pij_<id>.csv, target by target. */
ETAS_NODISCARD etas_status etas_results_write_pij(const etas_results_saver *s, FILE *out);

#endif
