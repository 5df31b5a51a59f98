/** @file simulation.h  From a model to a plan, from a plan to catalogues. */
#ifndef ETAS_SIMULATION_H
#define ETAS_SIMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/catalog.h"
#include "etas/events.h"
#include "etas/grid.h"
#include "etas/plan.h"

ETAS_API_BEGIN

/** What the driver knows. Pointers are borrowed for the call. */
typedef struct etas_plan_input {
    etas_params theta;
    double beta, m_ref, delta_m;
    double m_max;       /**< INFINITY: none; bounds Gutenberg-Richter, not the zones' tables */
    double m_threshold; /**< NaN: m_ref */
    etas_time start, end, output_start;
    const etas_region *region;
    double area_km2, earth_radius_km;
    bool filter_region;
    const etas_catalog *history; /**< NULL or the sources; events at or after start are refused */
    const double *xi;            /**< per history event, or NULL = 1 */
    size_t n_locations;          /**< 0: background uniform by area */
    const double *location_lat, *location_lon, *location_weight; /**< P_background * zeta */
    double gaussian_scale_deg;                                   /**< default 0.1 */
    /* Grids and map have passed etas_rate_grid_check; a cell's weight is its share of the events.
     */
    const etas_rate_grid *background_grid; /**< instead of the locations; NULL: none */
    const etas_rate_grid *induced_grid;    /**< where induced events happen; NULL: none */
    double n_induced;                      /**< expected number of them in the window */
    const etas_magnitude_zones *zones;     /**< NULL: Gutenberg-Richter everywhere */
    const double *kappa; /**< free productivities: per history event instead of k0 e^(a dm) (its
                            children, and those alone), or NULL */
    bool reference_placement; /**< aftershocks by flat degrees instead of along great circles */
    bool with_parents;        /**< events tell their parent (etas_events.parent) */
    bool allow_supercritical;
} etas_plan_input;

/** E_SUPERCRITICAL for a branching ratio >= 1 unless allowed; with zones the largest one counts
 * that any table or Gutenberg-Richter has. @p out starts as {0}. */
ETAS_NODISCARD etas_status etas_plan_build(const etas_plan_input *in, etas_plan *out,
                                           etas_error *err);

typedef struct etas_simulator etas_simulator; /**< scratch memory for one thread of simulation */

/** @p plan must outlive it. @p kernels: "scalar", "avx2", "avx512" or NULL = best; E_ARG for a name
 * that is unknown or that this CPU cannot run. */
ETAS_NODISCARD etas_status etas_simulator_open(etas_simulator **out, const etas_plan *plan,
                                               const char *kernels, etas_error *err);
void etas_simulator_close(etas_simulator *self);

/**
 * Catalogues first .. first + count - 1 of @p seed into @p out (overwritten). A pure function of
 * (plan, seed, index): how a range is cut changes nothing. E_LIMIT names the catalogue that passed
 * max_generations or max_events.
 */
ETAS_NODISCARD etas_status etas_simulator_run(etas_simulator *self, uint64_t seed, uint64_t first,
                                              size_t count, etas_events *out, etas_error *err);

/** The same, but only the catalogues b with turn[b % period] == @p mine; the others are left empty
 * and cost next to nothing. What a catalogue holds does not depend on it. */
typedef struct etas_turns {
    size_t period;
    const uint8_t *turn;
    uint8_t mine;
    uint64_t seed, first;
    size_t count;
} etas_turns;
/** As etas_simulator_run, of the catalogues whose turn it is. */
ETAS_NODISCARD etas_status etas_simulator_run_turns(etas_simulator *self, const etas_turns *which,
                                                    etas_events *out, etas_error *err);

/** A number of catalogues that keeps one run's scratch memory and time small (about 50,000 events).
 */
size_t etas_simulator_batch(const etas_plan *plan);

ETAS_API_END

#endif
