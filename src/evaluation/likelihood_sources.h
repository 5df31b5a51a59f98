/** @file likelihood_sources.h  The catalogue as what triggers, and its sums at one moment. */
#ifndef ETAS_EVALUATION_LIKELIHOOD_SOURCES_H
#define ETAS_EVALUATION_LIKELIHOOD_SOURCES_H

#include <stddef.h>

#include "etas/likelihood.h"

/** Columns of all events. Starts as {0}; etas_sources_free is idempotent. */
typedef struct etas_sources {
    const etas_catalog *catalog;
    bool three_dim;
    double radius_km;
    etas_omori omori;
    double inv_tau, q; /**< 1 / tau, 0 without a taper; 1 + rho */
    double *k;         /**< events from m_test on per unit of both kernels */
    double *k_time;    /**< the same integrated over space */
    double *d_km2;     /**< D of the spatial kernel */
    double *a, *b, *c; /**< places: lat, lon (degrees) and cos lat, or x, y, z */
} etas_sources;

/** @p share: of the events above m_ref that are tested. E_NOMEM. */
ETAS_NODISCARD etas_status etas_sources_init(etas_sources *self, const etas_likelihood_input *in,
                                             double share);
void etas_sources_free(etas_sources *self);

/** What is triggered by everything before @p time. */
typedef struct etas_triggered {
    double rate;        /**< at a place */
    double time_rate;   /**< over all space */
    double compensator; /**< time_rate integrated from @p since on */
} etas_triggered;

/** @p place: a, b, c of where; NULL: no rate. */
etas_triggered etas_sources_sum(const etas_sources *self, etas_time since, etas_time time,
                                const double place[3]);

/** Square of a distance. */
double etas_sources_r2(const etas_sources *self, const double x[3], const double y[3]);
/** a, b, c of an event. */
void etas_sources_place(const etas_sources *self, size_t row, double out[3]);
/** The same of a point on the globe. */
void etas_place_of(double lat_deg, double lon_deg, double out[3]);

#endif
