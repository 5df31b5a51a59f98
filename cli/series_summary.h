/** @file series_summary.h  What the rows of a series say together. */
#ifndef ETAS_CLI_SERIES_SUMMARY_H
#define ETAS_CLI_SERIES_SUMMARY_H

#include "series.h"

/** How one test went at all dates. */
typedef struct series_test_summary {
    etas_test test;
    uint64_t n_normal, n_undersampled, n_not_valid;
    uint64_t n_low, n_high; /**< second quantiles below 2.5 %, above 97.5 % */
    etas_test_result calibration;
} series_test_summary;

enum { SERIES_TESTS = 3 };

/** Starts as {0}; series_summary_free is idempotent. */
typedef struct series_summary {
    uint64_t n_dates, n_failed, n_refits;
    uint64_t n_inside;        /**< observed within the 2.5 and 97.5 % quantiles */
    uint64_t n_few;           /**< observed significantly less than forecast: delta_2 below 2.5 % */
    uint64_t n_many;          /**< more: delta_1 below 2.5 % */
    uint64_t n_unseen;        /**< numbers that no catalogue had: a log score of -INFINITY */
    uint64_t n_scored;        /**< dates with log scores of forecast and baseline */
    uint64_t n_gains;         /**< dates with an information gain that is finite, and */
    double gain, gain_events; /**< sums over them: gain, observed events */
    double expected, observed;              /**< sums */
    double log_score, baseline_log_score;   /**< sums over n_scored dates */
    etas_test_result delta_2, randomised;   /**< calibration of the numbers */
    series_test_summary test[SERIES_TESTS]; /**< M, S, PL */
} series_summary;

/** From the table at @p path. */
ETAS_NODISCARD etas_status series_summary_make(const series_settings *settings, const char *path,
                                               series_summary *out, etas_error *err);
void series_summary_free(series_summary *self);
/** To stdout. */
void series_summary_print(const series_summary *self);
ETAS_NODISCARD etas_status series_summary_save(const series_summary *self, const char *path,
                                               etas_error *err);

#endif
