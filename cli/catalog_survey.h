/** @file catalog_survey.h  What there is to know of a catalogue before it is used: numbers for etas
 * catalog info. */
#ifndef ETAS_CLI_CATALOG_SURVEY_H
#define ETAS_CLI_CATALOG_SURVEY_H

#include "etas/catalog.h"
#include "etas/completeness.h"

/* Two events this close are likely to be one that is there twice. */
#define SURVEY_PAIR_SECONDS 2.0
#define SURVEY_PAIR_KM      25.0
#define SURVEY_PAIR_MAG     0.5
#define SURVEY_BIN_WIDTH    0.5 /**< of the histogram of magnitudes */
#define SURVEY_BIN_LOW      (-10.0)
enum { SURVEY_BINS = 45, SURVEY_PAIRS = 5, SURVEY_GAPS = 3, SURVEY_SAMPLES = 500 };

typedef struct survey_pair {
    size_t first, second; /**< rows */
    double seconds, km;
} survey_pair;

/** An interval without events. */
typedef struct survey_gap {
    etas_time from, to;
    double days;
    double p; /**< that the longest of as many intervals is so long, at the mean rate and without
                   clustering, which makes long ones likelier */
} survey_gap;

typedef struct catalog_survey {
    etas_time first, last;
    bool sorted; /**< by time, as the file has them */
    size_t n_pairs, n_listed;
    survey_pair pair[SURVEY_PAIRS]; /**< the first ones in time */
    double mean_days;               /**< between events; NaN for fewer than two */
    size_t n_gaps;
    survey_gap gap[SURVEY_GAPS]; /**< the longest, longest first */
    size_t count[SURVEY_BINS];   /**< magnitudes in [low + k width, low + (k + 1) width) */
    etas_magnitude_grid grid;    /**< of the delta_m asked for, or of the step found */
    /** Of maximum curvature (Wiemer & Wyss 2000) + 0.2 (Woessner & Wiemer 2005), and the first
     * magnitude from the most frequent one on that the Kolmogorov-Smirnov test of etas estimate-mc
     * passes. mc is NaN when there are too few events. */
    etas_completeness_test curvature, ks;
} catalog_survey;

/** @p catalog has an event; @p delta_m NaN: the step of the magnitudes. E_NOMEM, E_ARG. */
ETAS_NODISCARD etas_status catalog_survey_make(catalog_survey *self, const etas_catalog *catalog,
                                               double delta_m, etas_error *err);

#endif
