/** @file consistency.h  Whether what was observed could have come from a forecast's catalogues
 * (Savran et al. 2020, doi 10.1785/0120200026; Serafini et al. 2024), and which of two forecasts
 * said more about it (Rhoades et al. 2011, doi 10.2478/s11600-011-0013-5), as pyCSEP defines the
 * tests (docs/evaluation.md). All of it is about counts on a grid of places and magnitudes.
 *
 * A forecast comes catalogue by catalogue and is gone through twice: for its expected numbers, then
 * for the statistic of every catalogue. Memory: 8 bytes per cell, and per catalogue and test.
 * Results depend on the counts alone, to the last bit.
 */
#ifndef ETAS_CONSISTENCY_H
#define ETAS_CONSISTENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/status.h"

ETAS_API_BEGIN

/** Events of one catalogue on the grid: cell = place * n_mags + bin. Those that lie in no cell are
 * no events of the catalogue. */
typedef struct etas_gridded {
    size_t n;             /**< cells with events */
    const uint64_t *cell; /**< rising */
    const uint32_t *count;
} etas_gridded;

/** Takes one catalogue; it is valid during the call. */
typedef etas_status (*etas_gridded_take)(void *to, const etas_gridded *catalog, etas_error *err);

/** A forecast: what gives every catalogue, also those without events, once and in order, each time
 * that it is called, and stops at the first status that is not ETAS_OK. */
typedef struct etas_gridded_source {
    etas_status (*each)(void *self, etas_gridded_take take, void *to, etas_error *err);
    void *self;
} etas_gridded_source;

/* ---- expected numbers ---- */

/** Sums over a forecast's catalogues. Starts with etas_expected_init; etas_expected_free is
 * idempotent. */
typedef struct etas_expected {
    size_t n_places, n_mags;
    uint64_t n_catalogs, n_events;
    uint64_t *cell;  /**< n_places * n_mags: events in all catalogues */
    uint64_t *place; /**< n_places: the same over all magnitudes */
    uint64_t *mag;   /**< n_mags: the same over all places */
} etas_expected;

/** Nothing expected anywhere yet. E_ARG for a grid without cells or with too many, E_NOMEM. */
ETAS_NODISCARD etas_status etas_expected_init(etas_expected *self, size_t n_places, size_t n_mags,
                                              etas_error *err);
void etas_expected_free(etas_expected *self);
/** Adds one catalogue. E_RANGE for cells that are not the grid's or do not rise. An
 * etas_gridded_take: @p self is the etas_expected. */
ETAS_NODISCARD etas_status etas_expected_add(void *self, const etas_gridded *catalog,
                                             etas_error *err);

/* ---- results ---- */

/** The tests. */
typedef enum etas_test {
    ETAS_TEST_N,           /**< number of events */
    ETAS_TEST_M,           /**< magnitudes */
    ETAS_TEST_S,           /**< places */
    ETAS_TEST_PL,          /**< pseudo-likelihood: number and places */
    ETAS_TEST_RESAMPLED_M, /**< magnitudes, against samples as large as the observation */
    ETAS_TEST_MLL,         /**< the same by a multinomial likelihood ratio */
    ETAS_N_CONSISTENCY,
    ETAS_TEST_T = ETAS_N_CONSISTENCY, /**< mean information gain over another forecast */
    ETAS_TEST_W,                      /**< its median (Wilcoxon) */
    ETAS_TEST_CALIBRATION,            /**< of many results of one test */
    ETAS_N_TESTS
} etas_test;

/** "n", "m", "s", "pl", "rm", "mll", "t", "w", "calibration": as options and file names have them.
 */
const char *etas_test_key(etas_test test);
/** pyCSEP's name: "Catalog N-Test", "S-Test"; of the calibration test "Calibration Test". */
const char *etas_test_title(etas_test test);
/** pyCSEP's class of results: "CatalogNumberTestResult". */
const char *etas_test_class(etas_test test);

/** What a result is worth. */
typedef enum etas_test_status {
    ETAS_TEST_NORMAL,       /**< "normal" */
    ETAS_TEST_UNDERSAMPLED, /**< "undersampled": observed events lie where no catalogue has any, and
                               are left out */
    ETAS_TEST_NOT_VALID     /**< "not-valid": there is nothing to test, the quantiles are -1 */
} etas_test_status;

/** As pyCSEP's results have it. */
const char *etas_test_status_name(etas_test_status status);

/** Starts as {0}; etas_test_result_free is idempotent. */
typedef struct etas_test_result {
    etas_test test;
    etas_test_status status;
    size_t n_quantiles; /**< 2; 1 for W and calibration */
    /** P(X >= statistic) and P(X <= statistic) over the distribution, ties in both; T: t and its
     * critical value; W and calibration: the p-value. */
    double quantile[2];
    double statistic; /**< observed; NaN: none. T: information gain per event; W: z;
                         calibration: Kolmogorov-Smirnov distance */
    uint64_t n_used;  /**< observed events in it; calibration: results */
    uint64_t
        n_left_out; /**< observed events that are not, calibration: results that are not valid */
    size_t n;       /**< of the distribution */
    double *distribution; /**< of the catalogues that have the statistic, in order; T: the interval
                             of the information gain; W: none; calibration: the quantiles */
} etas_test_result;

void etas_test_result_free(etas_test_result *self);

/* ---- consistency ---- */

/** Which tests, and what their samples are drawn from. */
typedef struct etas_consistency_config {
    bool test[ETAS_N_CONSISTENCY]; /**< which ones; the others' results stay {0} */
    uint64_t seed;                 /**< of the samples of the last two */
    uint64_t n_samples;            /**< of these; 0: as many as catalogues, as pyCSEP does */
} etas_consistency_config;

/** All tests, seed 0, as many samples as catalogues. */
etas_consistency_config etas_consistency_config_default(void);

/**
 * Tests the observation against a forecast, whose sums @p expected has already: the second pass,
 * which is not made when no test needs it. @p out starts as {0}. E_RANGE for an observation that is
 * not on the grid.
 */
ETAS_NODISCARD etas_status etas_consistency(const etas_expected *expected,
                                            const etas_gridded_source *forecast,
                                            const etas_gridded *observed,
                                            const etas_consistency_config *cfg,
                                            etas_test_result out[ETAS_N_CONSISTENCY],
                                            etas_error *err);

/* ---- two forecasts ---- */

/**
 * T- and W-test of forecast @p a against @p b, on the same grid, by their expected numbers in the
 * cells of the observed events. An event that one of them gives no chance at all (a mean of 0: no
 * catalogue has one there) cannot be compared: it is left out, status "undersampled". Not valid
 * with less than two events, or when the gain is the same for all of them (W: with none that
 * differs). @p alpha: of the interval, 0.05.
 */
typedef struct etas_comparison {
    const etas_expected *a, *b;
    const etas_gridded *observed;
    double alpha;
} etas_comparison;
/** Paired T-test of the gains per event. */
ETAS_NODISCARD etas_status etas_comparison_t(const etas_comparison *of, etas_test_result *out,
                                             etas_error *err);
/** Wilcoxon's signed-rank test of the same gains. */
ETAS_NODISCARD etas_status etas_comparison_w(const etas_comparison *of, etas_test_result *out,
                                             etas_error *err);

/* ---- many periods ---- */

/** Whether the second quantiles (@p first: the first) of many results of one test are uniform, by
 * Kolmogorov and Smirnov's test; results that are not valid are left out, and with none left this
 * one is not valid either. E_ARG for results of different tests or of none that has quantiles. */
ETAS_NODISCARD etas_status etas_calibration(size_t n, const etas_test_result results[], bool first,
                                            etas_test_result *out, etas_error *err);

ETAS_API_END

#endif
