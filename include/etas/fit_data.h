/** @file fit_data.h  What a catalogue says about each part of a fitted model, beside what the model
 * says: sums over an inversion's pairs, weighted by the probability that one triggered the other.
 */
#ifndef ETAS_FIT_DATA_H
#define ETAS_FIT_DATA_H

#include <stddef.h>

#include "etas/api.h"
#include "etas/catalog.h"
#include "etas/inversion.h"

ETAS_API_BEGIN

/** Aftershocks in a bin, and how many the model expects of these sources in these windows (it knows
 * that a delay longer than what is left of the catalogue cannot be seen, nor a distance beyond the
 * search radius; it does not know the region's border). */
typedef struct etas_fit_bin {
    double low, high;
    double weight; /**< sum of P_ij zeta_j, zeta: events hidden below completeness, + 1 */
    double expected;
} etas_fit_bin;

/** Sources of about one magnitude. */
typedef struct etas_fit_group {
    double low, high; /**< magnitudes */
    size_t n_sources;
    double mag;      /**< their mean magnitude */
    double weight;   /**< their aftershocks: sum of P_ij zeta_j */
    double expected; /**< in the windows that they had */
    double lasting;  /**< in infinite time; not finite where the model has no such number */
} etas_fit_group;

/** Targets by magnitude. */
typedef struct etas_fit_size {
    double low;      /**< the bin's lower edge; it reaches to the next one */
    size_t n;        /**< in the bin */
    size_t n_above;  /**< in it and above */
    double expected; /**< n_above by beta, each from its own completeness on */
} etas_fit_size;

/** Starts as {0}; etas_fit_data_free is idempotent. */
typedef struct etas_fit_data {
    etas_params theta;
    double beta;
    double m_ref, delta_m;
    etas_time window_start, window_end;
    double n_weight; /**< sum of all pairs' weights */
    size_t n_delays; /**< bins of days, even in the logarithm */
    etas_fit_bin *delay;
    size_t n_distances; /**< of r / sqrt(d e^(gamma dm)): one kernel for all magnitudes */
    etas_fit_bin *distance;
    size_t n_groups;
    etas_fit_group *group;
    size_t n_sizes;
    etas_fit_size *size;
    size_t n_targets;
    double *time_days;  /**< of a target since the window's start, ascending */
    double *background; /**< sum of P_background zeta up to and with it */
} etas_fit_data;

/** The catalogue and configuration are those of the inversion, which is at the estimate (its latest
 * E-step too). Visits all pairs once. E_NOMEM. */
ETAS_NODISCARD etas_status etas_fit_data_gather(etas_fit_data *self, etas_inversion *inversion,
                                                const etas_catalog *catalog,
                                                const etas_inversion_config *cfg, etas_error *err);
void etas_fit_data_free(etas_fit_data *self);

/** The share of the spatial kernel's aftershocks within @p u = r / sqrt(d e^(gamma dm)), u >= 0. */
double etas_space_share(const etas_params *theta, double u);

ETAS_API_END

#endif
