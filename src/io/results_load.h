/** @file results_load.h  The files of an inversion while they are read. */
#ifndef ETAS_IO_RESULTS_LOAD_H
#define ETAS_IO_RESULTS_LOAD_H

#include "etas/io.h"
#include "io/config_reader.h"

typedef struct etas_results_loader {
    etas_results *self;
    const char *path;
    const etas_config *config;
    etas_config_reader settings;
    etas_error *err;
} etas_results_loader;

etas_status etas_results_fail_memory(const etas_results_loader *l);

/** trig_and_bg_probs_<id>.csv, after the parameters. */
ETAS_NODISCARD etas_status etas_results_read_targets(const etas_results_loader *l,
                                                     const char *path);
/** sources_<id>.csv, after the parameters; each source is looked up in the catalogue. */
ETAS_NODISCARD etas_status etas_results_read_sources(const etas_results_loader *l, const char *path,
                                                     const char *fn_catalog);

#endif
