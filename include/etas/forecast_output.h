/** @file forecast_output.h  What is written of a run's catalogues: files of events, rates on a
 * grid, summaries. One interface, so that one pass over the store makes all of them. */
#ifndef ETAS_FORECAST_OUTPUT_H
#define ETAS_FORECAST_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/counts.h"
#include "etas/events.h"
#include "etas/plan.h"
#include "etas/status.h"

ETAS_API_BEGIN

/** The formats that forecasts are written in. */
typedef enum etas_forecast_format {
    ETAS_FORMAT_CSEP,      /**< pyCSEP's catalogue forecast CSV */
    ETAS_FORMAT_REFERENCE, /**< the reference package's CSV */
    ETAS_FORMAT_HDF5,
    ETAS_FORMAT_DAT, /**< gridded rates, CSEP1 */
    ETAS_FORMAT_RATES_CSV,
    ETAS_FORMAT_RATES_GEOJSON,
    ETAS_FORMAT_SUMMARY_JSON,
    ETAS_FORMAT_SUMMARY_CSV,
    ETAS_FORMAT_COUNTS_CSV /**< events per catalogue and cell */
} etas_forecast_format;

/** What every output may tell of its run; borrowed until the output is closed. */
typedef struct etas_forecast_about {
    const etas_mixture *model;
    uint64_t n_catalogs; /**< that will come */
    uint64_t seed;
    const char *config_text, *release; /**< may be NULL */
    const etas_counts *counts;         /**< of a run that keeps counts; NULL: events will come */
} etas_forecast_about;

/** One output; borrowed until it is closed. */
typedef struct etas_forecast_spec {
    const char *path;
    etas_forecast_format format;
    bool with_is_background, with_generation, with_parent; /**< columns of the reference's CSV */
    /** For rates and counts; NULL: the default. A run that keeps counts has its own. */
    const etas_forecast_grid *grid;
    size_t n_thresholds; /**< for summaries, likewise; 0: the default */
    const double *threshold;
} etas_forecast_spec;

/** Catalogues [at, at + count) of @p events under the ids catalog_id, catalog_id + 1, ... */
typedef struct etas_forecast_part {
    const etas_events *events;
    size_t at, count;
    uint64_t catalog_id; /**< rises without gaps from part to part */
    uint64_t index;      /**< the first one's index in the run, which names its model */
} etas_forecast_part;
/** Where in self->events the first of its events is. */
size_t etas_forecast_part_first(const etas_forecast_part *self);

/** A file of a forecast on its way; it gets its name when it is finished. */
typedef struct etas_forecast_output etas_forecast_output;

/** E_IO before any catalogue is taken when the file cannot be written there. Every error names the
 * file. */
ETAS_NODISCARD etas_status etas_forecast_output_open(etas_forecast_output **out,
                                                     const etas_forecast_spec *spec,
                                                     const etas_forecast_about *about,
                                                     etas_error *err);
/** The next catalogues, in the order of their indices. */
ETAS_NODISCARD etas_status etas_forecast_output_take(etas_forecast_output *self,
                                                     const etas_forecast_part *part,
                                                     etas_error *err);
/** The same for a catalogue of a run that keeps counts. */
ETAS_NODISCARD etas_status etas_forecast_output_take_counts(etas_forecast_output *self,
                                                            uint64_t catalog_id,
                                                            const etas_catalog_counts *counts,
                                                            etas_error *err);
/** Whether a format can be made from counts. */
bool etas_forecast_format_from_counts(etas_forecast_format format);
/** All catalogues were taken: nothing is missing in the file but its name. Called by commit; of
 * several outputs every one is finished before the first gets its name. */
ETAS_NODISCARD etas_status etas_forecast_output_finish(etas_forecast_output *self, etas_error *err);
/** The file gets its name. */
ETAS_NODISCARD etas_status etas_forecast_output_commit(etas_forecast_output *self, etas_error *err);
/** Without a commit nothing stays behind. */
void etas_forecast_output_close(etas_forecast_output *self);

ETAS_API_END

#endif
