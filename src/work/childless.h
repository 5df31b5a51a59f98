/** @file childless.h  Magnitudes of events that have drawn no child: what is left to know of them
 * once everything else about a catalogue is known. */
#ifndef ETAS_SRC_WORK_CHILDLESS_H
#define ETAS_SRC_WORK_CHILDLESS_H

#include <stddef.h>
#include <stdint.h>

#include "etas/plan.h"
#include "etas/status.h"

/**
 * q_j: the probability that a reported event of a given time without drawn children reaches
 * threshold j. Its density is f(m) exp(-K(m)) above what is reported, f the law of magnitudes, K
 * the mean number of drawn children, which is e^u times a function of m with u the logarithm of the
 * time kernel's integral over what remains of the window. Tabulated as quintics in u. Starts as
 * {0}; etas_childless_free is idempotent.
 */
typedef struct etas_childless {
    size_t n;                       /**< thresholds */
    double window_ms, horizon_days; /**< the model's, for u */
    double c_days, omega;
    double u_first, cells_per_unit;
    size_t n_cells;
    double *coefficient; /**< n_cells * 6 * n */
} etas_childless;

/** @p threshold: rising magnitudes, reached by reported ones (etas_reached_units). */
ETAS_NODISCARD etas_status etas_childless_build(etas_childless *self, const etas_plan *plan,
                                                size_t n, const double threshold[],
                                                etas_error *err);
void etas_childless_free(etas_childless *self);
/** All q_j, falling, at a time of the report. */
void etas_childless_at(const etas_childless *self, uint64_t time_ms, double q[]);

/** Reported magnitudes, in the units of etas_events, from these on are there when the simulation's
 * threshold is @p m: half a bin below it. */
int32_t etas_reported_units(const etas_plan *plan, double m);
/** Reported magnitudes from these units on reach the threshold @p m of a summary: as the files say
 * it, also where m is no centre of a bin. */
int32_t etas_reached_units(double m);
/** The smallest magnitude above plan->mc that is reported with so many units or more; INFINITY:
 * none. */
double etas_reported_edge(const etas_plan *plan, int32_t units);

#endif
