/** @file forecast_writer.h  What a format of forecasts is: forecast_output.c opens, finishes and
 * renames the file, and has one of these fill it. */
#ifndef ETAS_SRC_IO_FORECAST_WRITER_H
#define ETAS_SRC_IO_FORECAST_WRITER_H

#include <stdio.h>

#include "etas/forecast_output.h"

/** Everything is borrowed and outlives the writer. */
typedef struct etas_forecast_target {
    const etas_forecast_spec *spec;
    const etas_forecast_about *about; /**< with a model of at least one plan */
    FILE *stream;                     /**< open for writing */
    const char *temporary; /**< name of the same file, for libraries that want one; NULL for a
                              device or pipe */
} etas_forecast_target;

/** Errors need not name the file. */
typedef struct etas_forecast_writer {
    /** *self may be set on failure too: it is closed in any case. */
    etas_status (*open)(void **self, const etas_forecast_target *to, etas_error *err);
    /** The part lies within its events, and its ids follow those of the part before. */
    etas_status (*take)(void *self, const etas_forecast_part *part, etas_error *err);
    /** A catalogue of a run that keeps counts; NULL: the format needs the events. */
    etas_status (*take_counts)(void *self, uint64_t catalog_id, const etas_catalog_counts *counts,
                               etas_error *err);
    /** After the last part: what is still to be written; the stream is flushed by the caller. */
    etas_status (*finish)(void *self, etas_error *err);
    /** Of NULL: harmless. */
    void (*close)(void *self);
} etas_forecast_writer;

extern const etas_forecast_writer etas_forecast_dat, etas_forecast_rates_csv,
    etas_forecast_rates_geojson, etas_forecast_summary_json, etas_forecast_summary_csv,
    etas_forecast_counts_csv;
extern const etas_forecast_writer etas_forecast_csv, etas_forecast_hdf5;

#endif
