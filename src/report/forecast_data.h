/** @file forecast_data.h  What a report shows of a forecast, gathered in one pass over its
 * catalogues. Memory does not grow with their number. */
#ifndef ETAS_SRC_REPORT_FORECAST_DATA_H
#define ETAS_SRC_REPORT_FORECAST_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/report.h"
#include "io/summary_tally.h"

enum { ETAS_FAN_QUANTILES = 5, ETAS_FAN_TIMES = 200, ETAS_REPORT_MAP_CELLS = 4000 };
/** Of the cumulative numbers: 5, 25, 50, 75, 95 %. */
extern const unsigned etas_fan_permille[ETAS_FAN_QUANTILES];

/** Numbers of events from the start of the output to a time, over the catalogues. */
typedef struct etas_report_fan {
    size_t n;
    double *days; /**< rising, above 0; the last is the whole window */
    double *mean;
    double *quantile[ETAS_FAN_QUANTILES];
} etas_report_fan;

/** Numbers of events of a magnitude or a larger one in the whole window, over the catalogues. */
typedef struct etas_report_mags {
    size_t n;
    double *mag;               /**< rising, from the threshold on */
    double *mean, *low, *high; /**< low and high: 2.5 and 97.5 % */
} etas_report_mags;

/** Mean numbers of events per catalogue on a lattice; NaN where no cell of the region is. */
typedef struct etas_report_map {
    double lat0, lon0, dlat, dlon; /**< south-western corner and size of its cells, degrees */
    uint32_t n_lat, n_lon;
    double *rate; /**< n_lon * n_lat, latitude fastest */
} etas_report_map;

struct etas_report_forecast {
    const etas_mixture *model; /**< borrowed */
    uint64_t n_catalogs, n_events, n_empty;
    bool of_counts;   /**< fan and magnitudes are known at horizons and thresholds alone */
    double threshold; /**< of fan, map of events and numbers: the lowest of the summary */
    etas_summary_axes axes;
    etas_summary_row *row; /**< by horizon, then threshold (fastest) */
    size_t n_numbers;      /**< different numbers of events in the whole window */
    etas_histogram_bar *number;
    etas_report_fan fan;
    etas_report_mags mags;
    etas_report_map map;
};

/** The summary of a threshold and a horizon. */
const etas_summary_row *etas_report_row(const etas_report_forecast *self, size_t threshold,
                                        size_t horizon);

#endif
