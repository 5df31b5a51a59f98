/** @file likelihood.h  How well a model with given parameters did on the events of a test window:
 * log-likelihoods, information gain over a homogeneous Poisson process, residuals in transformed
 * time (Ogata 1988, doi:10.1080/01621459.1988.10478560). */
#ifndef ETAS_LIKELIHOOD_H
#define ETAS_LIKELIHOOD_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/catalog.h"
#include "etas/geometry.h"
#include "etas/model.h"
#include "etas/status.h"
#include "etas/time.h"

ETAS_API_BEGIN

/** A background of Gaussians instead of a constant: sum of weight / window_days * N(place). */
typedef struct etas_smooth_background {
    size_t n; /**< 0: mu everywhere */
    const double *lat, *lon;
    const double *weight; /**< expected background events in the training window, by place */
    double variance_km2;
} etas_smooth_background;

/** Pointers are borrowed for the call. */
typedef struct etas_likelihood_input {
    /** All that is known up to test_end, sorted by time, with the completeness of each event; what
     * an induced term needs in the covariate column. */
    const etas_catalog *catalog;
    etas_time train_start, test_start, test_end; /**< trained on train_start <= t < test_start */
    const etas_region *inner_region;             /**< NULL, or where tested events must lie too */
    etas_params theta;
    double beta;
    double m_ref, delta_m; /**< magnitudes count from m_ref - delta_m / 2 */
    /** Events from this magnitude on are tested; NaN: from the largest completeness of an event in
     * the test window on. */
    double m_test;
    double area_km2; /**< three_dim: the volume in km^3 */
    double earth_radius_km;
    etas_smooth_background smooth;
    size_t n_kappa;      /**< free productivities of so many first events; 0: k0 e^(a dm) for all */
    const double *kappa; /**< in place of k0 e^(a dm) */
    size_t n_threads;    /**< changes no result */
    const volatile sig_atomic_t *interrupted; /**< NULL, or non-zero: end with E_INTERRUPTED */
} etas_likelihood_input;

/** One tested event. Rates are of events from m_test on. */
typedef struct etas_event_score {
    uint32_t row;        /**< of the catalogue */
    double rate;         /**< lambda(t, x) just before it, per day and km^2 (km^3) */
    double time_rate;    /**< the same over all space, per day */
    double compensator;  /**< integral of time_rate since the tested event before it */
    double ll;           /**< ln rate - compensator */
    double p_background; /**< share of rate; the rest is triggered, or induced: */
    double p_induced;    /**< 0 without an induced term */
    double tau;          /**< transformed time: integral of time_rate since test_start */
    double u;            /**< 1 - exp(-compensator): uniform if the model is right */
} etas_event_score;

/** Means per tested event: of the likelihood of times, and of places given the times; nll = -(tll +
 * sll). NaN without events. */
typedef struct etas_scores {
    double nll, tll, sll;
} etas_scores;

/** Distance of a sample from the uniform distribution, and the probability of one at least as
 * large (exact up to 2000 values and for p below 1e-3, to 1e-7 otherwise). NaN without values. */
typedef struct etas_ks {
    double distance, p;
} etas_ks;

/** What a test window says of a model; free with etas_likelihood_free. */
typedef struct etas_likelihood {
    size_t n; /**< tested events */
    etas_event_score *event;
    double m_test;
    double compensator; /**< expected events: background + induced + triggered */
    double background, induced, triggered;
    double tail; /**< what of the compensator comes after the last event */
    double log_likelihood;
    etas_scores model;
    size_t n_train;      /**< events the Poisson process is fitted to */
    double poisson_rate; /**< per day and km^2; hidden events included where completeness varies */
    etas_scores poisson;
    /** Information gain: mean log-likelihood per event above the Poisson process's, in all, of
     * times, of places. */
    double gain, time_gain, space_gain;
    double background_share; /**< mean of p_background */
    etas_ks tau;             /**< tau / compensator: how events spread over the window */
    etas_ks u;               /**< intervals, and with them the number of events */
} etas_likelihood;

/**
 * @p out starts as {0} and stays so on failure. History is everything earlier, however far; space
 * is not bounded. The completeness has to be one number in the test window: E_RANGE when an event
 * there is complete only above m_test, or m_test is below m_ref. E_ARG for a catalogue that is not
 * sorted or numbers outside their domain, E_RANGE for a covariate that is negative or unknown,
 * E_UNSUPPORTED for a smooth background in three dimensions.
 */
ETAS_NODISCARD etas_status etas_likelihood_evaluate(const etas_likelihood_input *in,
                                                    etas_likelihood *out, etas_error *err);
/** Idempotent. */
void etas_likelihood_free(etas_likelihood *self);

/** Kolmogorov and Smirnov's test of uniformity on [0, 1]; @p u is rising. */
etas_ks etas_ks_uniform(size_t n, const double u[]);
/** Probability that the distance of @p n uniform values is at least @p distance. */
double etas_ks_p(size_t n, double distance);

ETAS_API_END

#endif
