/** @file forecast_subject.h  Forecasts to be tested: stores, or files of any program with what says
 * where, when and from which magnitude on they hold. */
#ifndef ETAS_CLI_FORECAST_SUBJECT_H
#define ETAS_CLI_FORECAST_SUBJECT_H

#include "etas/config.h"
#include "etas/forecast_input.h"
#include "etas/gridded_run.h"
#include "grid_options.h"
#include "options.h"
#include "talk.h"

/** What a file does not say. The caller fills it from options. */
typedef struct subject_frame_options {
    const char *config, *polygon;
    bool lonlat;          /**< of the polygon */
    etas_time start, end; /**< ETAS_TIME_NONE: the configuration's */
    double delta_m;       /**< NaN: likewise */
    uint64_t n_catalogs;  /**< of files; 0: by their ids */
    const etas_forecast_grid *grid;
    const etas_log *log; /**< for what is odd in the configuration */
} subject_frame_options;

/** Region, window and grid of all that is tested. Starts as {0}. */
typedef struct subject_frame {
    const etas_mixture *model; /**< of which region, region filter, window and delta_m count */
    const etas_cells *cells;
    etas_mixture own_model; /**< without a store to take it from */
    etas_cells own_cells;
} subject_frame;

enum { SUBJECT_NAME = 256 };

/** Starts as {0}. */
typedef struct forecast_subject {
    char path[4096];         /**< of the store or file */
    char name[SUBJECT_NAME]; /**< without folders, .store and .csv */
    etas_store *store;       /**< NULL: a file */
    etas_gridded_run run;
    etas_csep_forecast file;
    etas_expected expected;
    talk *t; /**< where progress is shown */
    double start;
    int pass;
} forecast_subject;

/** A store, or the one beside an output unless the options say what a file needs. */
etas_status subject_open(forecast_subject *self, const char *path,
                         const subject_frame_options *options, etas_error *err);
void subject_close(forecast_subject *self);

/** From the first of the @p n subjects that is a store, else from the options. */
etas_status subject_frame_build(subject_frame *self, size_t n, forecast_subject subjects[],
                                const subject_frame_options *options, etas_error *err);
void subject_frame_free(subject_frame *self);

/** Puts the subject on the frame's grid and sums up its catalogues. */
etas_status subject_expect(forecast_subject *self, const subject_frame *frame, etas_error *err);
/** Its catalogues, once more. */
etas_gridded_source subject_source(forecast_subject *self);

#endif
