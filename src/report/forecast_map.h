/** @file forecast_map.h  Rates of places as a map of few enough cells to be drawn. */
#ifndef ETAS_SRC_REPORT_FORECAST_MAP_H
#define ETAS_SRC_REPORT_FORECAST_MAP_H

#include "report/forecast_data.h"

/** Cells for the map of a model's region, of a round size. */
ETAS_NODISCARD etas_status etas_report_map_cells(etas_cells *out, const etas_mixture *model,
                                                 etas_error *err);
/** Cells are put together where there are too many of them, or too few events to fill them.
 * E_NOMEM. @p in_place: events of all catalogues in each place. */
ETAS_NODISCARD etas_status etas_report_map_make(etas_report_map *out, const etas_cells *cells,
                                                const uint64_t in_place[], uint64_t n_catalogs);

#endif
