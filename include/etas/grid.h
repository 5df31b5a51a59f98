/** @file grid.h  Cells of a regular grid in latitude and longitude, with a weight each. */
#ifndef ETAS_GRID_H
#define ETAS_GRID_H

#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/status.h"

ETAS_API_BEGIN

/**
 * Cells of one size by their centres; cells may be missing. Starts as {0}; etas_rate_grid_free is
 * idempotent.
 */
typedef struct etas_rate_grid {
    size_t n;
    double *lat, *lon; /**< centres, degrees; longitudes in [-360, 360] */
    double *weight;    /**< >= 0, finite; their unit does not matter */
    double dlat, dlon; /**< size of a cell, degrees */
} etas_rate_grid;

/** Sets the sizes, dlat and dlon, from the smallest distances between the centres' different
 * latitudes and longitudes, which all others must be multiples of (to 1e-3 of a cell, for files
 * with few digits). E_RANGE names the row, from 1 on, of the first that is not, of a second cell in
 * one place (360 degrees away is the same place), of a centre off the globe, of a weight that is
 * negative or not finite; E_ARG for a grid without two latitudes and two longitudes. Weights may be
 * NULL. */
ETAS_NODISCARD etas_status etas_rate_grid_check(etas_rate_grid *self, etas_error *err);
void etas_rate_grid_free(etas_rate_grid *self);

/** Magnitude distributions by zone: a map of zones, and one table for each. Starts as {0};
 * etas_magnitude_zones_free is idempotent. */
typedef struct etas_magnitude_zones {
    etas_rate_grid map; /**< weight NULL */
    uint32_t *zone;     /**< per cell of the map: number of its table, or UINT32_MAX: none */
    size_t n_zones;
    size_t *first;  /**< n_zones + 1 offsets into mag and weight */
    double *mag;    /**< centres of the bins of a table, rising by bin_width */
    double *weight; /**< of a bin, >= 0; a table's sum is positive */
    double bin_width;
} etas_magnitude_zones;

void etas_magnitude_zones_free(etas_magnitude_zones *self);

ETAS_API_END

#endif
