/** @file grid_input.h  Tables of cells: rates, and magnitude distributions by zone. */
#ifndef ETAS_GRID_INPUT_H
#define ETAS_GRID_INPUT_H

#include "etas/api.h"
#include "etas/grid.h"

ETAS_API_BEGIN

/** Names of columns; NULL: the one that stands behind it. */
typedef struct etas_grid_columns {
    const char *latitude, *longitude; /**< "latitude", "longitude": centres, degrees */
    const char *rate;                 /**< "rate", else "total" */
    const char *select;               /**< every cell; else a column of True and False:
                                         the rates of the others count as 0 */
} etas_grid_columns;

/**
 * Rates of the cells of a regular grid from a CSV with a header row, a cell each, whose size
 * etas_rate_grid_check finds. E_PARSE, E_RANGE with file, line and, where one field is wrong, its
 * column; E_RANGE also when all rates are 0. @p columns NULL: the defaults. @p out starts as {0}
 * and stays so on failure.
 */
ETAS_NODISCARD etas_status etas_rate_grid_load_csv(etas_rate_grid *out, const char *path,
                                                   const etas_grid_columns *columns,
                                                   etas_error *err);

/** Two CSV files and the names of their columns, NULL as above. */
typedef struct etas_zone_files {
    const char *map;                           /**< which zone a cell of a regular grid has */
    const char *latitude, *longitude, *zone;   /**< "latitude", "longitude", "zone" */
    const char *tables;                        /**< the rate of a magnitude in a zone */
    const char *table_zone, *magnitude, *rate; /**< "zone", "magnitude", "rate" */
} etas_zone_files;

/**
 * Zones are texts or numbers (26 and 26.0 are one); a cell without one has the empty text or nan.
 * Rows of the tables come in any order; the magnitudes of a zone, centres of bins, must follow each
 * other without a gap, with the same width in all zones. E_RANGE for a zone of the map without a
 * table. @p out starts as {0} and stays so on failure.
 */
ETAS_NODISCARD etas_status etas_magnitude_zones_load_csv(etas_magnitude_zones *out,
                                                         const etas_zone_files *files,
                                                         etas_error *err);

ETAS_API_END

#endif
