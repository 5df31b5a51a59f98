/** @file catalog.h  Earthquake catalogues as columns, and the preparation that an inversion needs.
 */
#ifndef ETAS_CATALOG_H
#define ETAS_CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/geometry.h"
#include "etas/hull.h"
#include "etas/status.h"
#include "etas/time.h"

ETAS_API_BEGIN

/** Columns of length n. Starts as {0}; etas_catalog_free is idempotent. */
typedef struct etas_catalog {
    size_t n, capacity;
    etas_time *time;
    double *lat, *lon; /**< degrees */
    double *mag;
    double *mc;        /**< completeness magnitude per event; NaN where unknown */
    double *depth;     /**< km, NaN where unknown */
    double *x, *y, *z; /**< km, for the model in three dimensions; NaN where unknown */
    double *covariate; /**< the column that the configuration's bg_term names; NaN where unknown */
    size_t *id_start;  /**< n + 1 offsets into id_text */
    char *id_text;     /**< the ids as the input had them, not terminated */
    size_t id_capacity, id_start_capacity;
} etas_catalog;

/** One row of a catalogue. */
typedef struct etas_event {
    etas_time time;
    double lat, lon, mag;
    double mc, depth, x, y, z, covariate; /**< NaN when unknown */
    const char *id;                       /**< borrowed for the call */
    size_t id_len;
} etas_event;

/** Adds one row; the columns may move. E_NOMEM changes nothing. */
ETAS_NODISCARD etas_status etas_catalog_append(etas_catalog *self, const etas_event *row);
/** Row @p i; its id points into the catalogue until the next append. */
etas_event etas_catalog_row(const etas_catalog *self, size_t i);
void etas_catalog_free(etas_catalog *self);

/** floor(m / delta_m + 0.5) * delta_m; m itself when delta_m is 0. */
double etas_magnitude_round(double mag, double delta_m);

/** Where an event's completeness magnitude comes from. */
typedef enum etas_mc_method {
    ETAS_MC_CONSTANT, /**< one number */
    ETAS_MC_COLUMN,   /**< the catalogue's mc column */
    ETAS_MC_POSITIVE  /**< ETAS-positive: the previous event's magnitude + delta_m */
} etas_mc_method;

/** Which events of a catalogue are kept, and with which completeness. */
typedef struct etas_selection {
    etas_time start, end;      /**< keep start <= time < end */
    const etas_region *region; /**< keep what it contains; never NULL without a hull */
    const etas_hull *hull;     /**< NULL, or keep what it contains by x, y, z instead */
    double delta_m;            /**< bin width; 0: magnitudes are continuous */
    etas_mc_method mc_method;
    double mc; /**< ETAS_MC_CONSTANT: keep magnitude >= mc, immune to the last bit */
} etas_selection;

/**
 * Cut in time and space, sort by time (stable), round magnitudes half up to multiples of delta_m,
 * keep those at or above their completeness. ETAS_MC_POSITIVE takes the previous event in time
 * among all that are left before this last step, kept or not; the first one drops out. E_RANGE
 * names the first event whose mc column, x, y or z is needed and NaN, or whose mc is below -10. @p
 * out starts as {0}; its mc column holds the completeness of each.
 */
ETAS_NODISCARD etas_status etas_catalog_select(const etas_catalog *self, const etas_selection *how,
                                               etas_catalog *out, etas_error *err);

ETAS_API_END

#endif
