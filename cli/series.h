/** @file series.h  A pseudo-prospective series: a forecast for each of many dates, made from what
 * was known then and scored with what happened next. */
#ifndef ETAS_CLI_SERIES_H
#define ETAS_CLI_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/config.h"
#include "etas/consistency.h"
#include "forecast.h"
#include "grid_options.h"
#include "run_pool.h"
#include "talk.h"

/* ---- what is asked for ---- */

/** What all dates share; beside catalogue and configuration all that a row depends on. */
typedef struct series_settings {
    etas_time from, to;   /**< issue dates are from <= from + i every < to */
    int64_t every;        /**< ns, > 0 */
    double horizon_days;  /**< of each forecast */
    uint64_t refit_every; /**< dates from one inversion to the next; 0: only the first has one */
    uint64_t n_simulations, seed;
    grid_request grid; /**< with at least one threshold */
} series_settings;

/** Number of dates, and when they are. */
uint64_t series_n_dates(const series_settings *self);
etas_time series_date(const series_settings *self, uint64_t i);
/** The date whose inversion date @p i uses. */
uint64_t series_fit_date(const series_settings *self, uint64_t i);

/** "2021-05-03T00:00:00" */
enum { SERIES_DATE = 32 };
const char *series_date_text(etas_time t, char out[SERIES_DATE]);

/** What is random about a date, from the SHA-256 of "SEED DATE": its first eight bytes as a number,
 * the high one first, are the seed of the catalogues, the next eight the numerator of a fraction in
 * [0, 1) that breaks the ties of the randomised transform. */
typedef struct series_chance {
    uint64_t seed;
    double fraction;
} series_chance;
ETAS_NODISCARD etas_status series_chance_of(uint64_t seed, etas_time date, series_chance *out,
                                            etas_error *err);

/* ---- a row ---- */

enum { SERIES_QUANTILES = 5 };
/** Of the numbers of events: 2.5, 25, 50, 75, 97.5 %. */
extern const unsigned series_permille[SERIES_QUANTILES];

/** What was forecast, what happened, and how they fit. */
typedef struct series_score {
    double mean;
    uint64_t quantile[SERIES_QUANTILES]; /**< the smallest number that so many do not exceed */
    double chance[ETAS_MAX_THRESHOLDS];  /**< of at least one event, averaged over magnitudes */
    uint64_t observed;
    double observed_max;  /**< magnitude; NaN: no event */
    double delta[2];      /**< P(N >= observed), P(N <= observed) */
    double log_score;     /**< ln P(N = observed); -INFINITY: in no catalogue */
    double baseline_mean; /**< of a homogeneous Poisson process at the history's rate */
    double baseline_log_score;
    double gain; /**< ln likelihood of the mean over the baseline's, both Poisson */
    struct {
        etas_test_status status;
        double delta[2];
    } test[ETAS_N_CONSISTENCY]; /**< M, S, PL */
} series_score;

typedef struct series_row {
    etas_time issue, end,
        fitted; /**< fitted: date of the inversion; ETAS_TIME_NONE: there is none */
    uint64_t seed, n_history, n_simulations;
    bool has_theta; /**< theta, beta, branching: not those of a mixture */
    etas_params theta;
    double beta, branching;
    series_score score;
    char reason[512]; /**< why there is no forecast; "": there is one */
    double load_s, invert_s, plan_s, simulate_s, score_s;
} series_row;

/* ---- one date ---- */

/** Everything that lasts from one date to the next. The caller fills in the first rows; the rest
 * starts as {0}; series_maker_free is idempotent. */
typedef struct series_maker {
    const series_settings *settings;
    const etas_config *cfg;
    const run_options *options;
    const fit_options *fit;
    const run_pool *pool;
    const char *stores; /**< folder for the dates' stores; NULL: none are kept */
    talk *t;
    talk quiet;           /**< of what would be said at every date */
    etas_catalog events;  /**< inside the region, from auxiliary_start on */
    etas_time last_event; /**< of the file; ETAS_TIME_NONE: it has none */
    double area_km2;
    forecast_basis basis; /**< of the inversion at date basis_of */
    bool has_basis;
    uint64_t basis_of;
    etas_status basis_status; /**< of that inversion */
    etas_error basis_error;
    uint64_t n_runs; /**< so far; the first one tells about its pool */
} series_maker;

/** Reads the catalogue, once for all dates. */
ETAS_NODISCARD etas_status series_maker_init(series_maker *self, etas_error *err);
void series_maker_free(series_maker *self);
/** Date @p i. What keeps this date alone from having a forecast is the row's reason, and ETAS_OK;
 * any other status ends the series. */
ETAS_NODISCARD etas_status series_make(series_maker *self, uint64_t i, series_row *out,
                                       etas_error *err);

/** What a forecast is scored with; borrowed. */
typedef struct series_scoring {
    const series_settings *settings;
    etas_store *store; /**< of the complete run */
    const etas_mixture *model;
    const etas_catalog *observed; /**< events of the window that were to be forecast */
    double baseline_mean;
} series_scoring;
ETAS_NODISCARD etas_status series_score_make(const series_scoring *in, series_score *out,
                                             etas_error *err);

/* ---- the table ---- */

/** The first line, and the line of a date, each with its end of line. */
ETAS_NODISCARD etas_status series_print_header(const series_settings *settings, etas_text *out,
                                               etas_error *err);
ETAS_NODISCARD etas_status series_print_row(const series_settings *settings, const series_row *row,
                                            etas_text *out, etas_error *err);

#endif
