/** @file forecast_input.h  Catalogue forecasts of any program in pyCSEP's CSV, counted on a grid.
 */
#ifndef ETAS_FORECAST_INPUT_H
#define ETAS_FORECAST_INPUT_H

#include <signal.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/consistency.h"
#include "etas/counts.h"
#include "etas/observed.h"
#include "etas/status.h"
#include "etas/time.h"

ETAS_API_BEGIN

/**
 * lon,lat,mag,time_string,depth,catalog_id,event_id, with a header or without. Catalogue ids start
 * at 0 and do not fall; ids that are left out are catalogues without events, as are rows in which
 * the first four fields are empty. Read line by line, as often as wanted; memory is that of the
 * largest catalogue. The caller fills the first rows, the rest starts as 0.
 */
typedef struct etas_csep_forecast {
    const char *path;
    const etas_cells *cells;                  /**< events in none of them are not counted */
    etas_time start, end;                     /**< nor are those outside start <= time < end */
    uint64_t n_catalogs;                      /**< how many there are; 0: up to the largest id */
    const volatile sig_atomic_t *interrupted; /**< may be NULL */
    void (*progress)(void *context, uint64_t done, uint64_t total); /**< bytes; may be NULL */
    void *progress_context;
    /* what the last pass saw */
    uint64_t n_seen, n_events, n_counted; /**< catalogues; events; those in cells and window */
    etas_gridding events;
} etas_csep_forecast;

void etas_csep_forecast_free(etas_csep_forecast *self);

/** E_IO; E_PARSE and E_RANGE with file, line and column for a row that is none, E_RANGE for an id
 * that falls or is not below n_catalogs, E_ARG for what is no regular file, E_INTERRUPTED. */
etas_gridded_source etas_csep_forecast_source(etas_csep_forecast *self);

ETAS_API_END

#endif
