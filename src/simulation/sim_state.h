/** @file sim_state.h  A simulator's scratch memory, and the stages of one batch of catalogues. */
#ifndef ETAS_SRC_SIMULATION_SIM_STATE_H
#define ETAS_SRC_SIMULATION_SIM_STATE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "etas/events.h"
#include "etas/simulation.h"
#include "simulation/sim_kernels.h"

/** One generation of all catalogues of a batch. A catalogue's events are in order of their index;
 * in generation 1 the children of the history of all catalogues come before those of the
 * background. */
typedef struct sim_cohort {
    size_t n, capacity;
    uint32_t *catalog; /**< in the batch */
    uint32_t *event;   /**< index within the generation */
    double *time, *lat, *lon, *lat_sine, *lat_cosine, *dm;
    double *share, *d_km2, *number; /**< as parents */
    size_t n_busy;
    uint32_t *busy;        /**< rows of those that have children, or may have */
    int64_t *parent, *row; /**< row of the parent in sim_found, or as etas_events has it; own row
                              there, -1 = not reported. Only with_parents */
} sim_cohort;

/** An event of the history as a parent. */
typedef struct sim_past {
    double a_days, share, d_km2, lat, lon, lat_sine, lat_cosine;
} sim_past;

/** Draws on their way; columns as the kernels want them, with room for whole vectors. */
typedef struct sim_block {
    size_t n;
    bool of_history; /**< children of the history: sources are events of it */
    uint32_t catalog[SIM_ROOM], event[SIM_ROOM];
    uint32_t source[SIM_ROOM]; /**< parent in its cohort, or slot of a background event */
    uint32_t turn[SIM_ROOM];
    double time[SIM_ROOM], lat[SIM_ROOM], lon[SIM_ROOM], dm[SIM_ROOM];
    double lat_sine[SIM_ROOM], lat_cosine[SIM_ROOM];
    double a_days[SIM_ROOM], share[SIM_ROOM], d_km2[SIM_ROOM];
    double u0[SIM_ROOM], u1[SIM_ROOM];
    uint64_t time_ms[SIM_ROOM];
    int32_t lat_units[SIM_ROOM], lon_units[SIM_ROOM], mag_units[SIM_ROOM];
    uint32_t cell[SIM_ROOM];
} sim_block;

/** An event that will be reported, but for when and in which catalogue. */
typedef struct sim_row {
    int32_t lat, lon, mag;
    uint16_t generation;
    uint8_t flags;
} sim_row;

/** What will be reported, in the order of generations. */
typedef struct sim_found {
    size_t n, capacity;
    uint64_t *time_ms;
    uint32_t *catalog;
    sim_row *row;    /**< the rest */
    int64_t *parent; /**< as the cohort's; only with_parents */
} sim_found;

/** Bookkeeping per catalogue of a batch. */
typedef struct sim_tally {
    double from_history; /**< number of children of the history */
    double background;   /**< events of the background; induced ones have the indices after them */
    uint32_t next;       /**< index of the next draw in the present generation */
} sim_tally;

struct etas_simulator {
    const etas_plan *plan;
    const sim_kernels *kernels;
    sim_constants constants;
    size_t batch; /**< catalogues that go through the generations together */
    uint64_t seed, first;
    size_t count;            /**< catalogues in the present batch */
    const etas_turns *turns; /**< NULL, or which of them are simulated */
    double drawn, kept;      /**< events of all its generations so far */
    sim_past *past;          /**< of the plan's history */
    double c_days[SIM_ROOM]; /**< the plan's, a_days of all events of the window */
    sim_map inside;          /**< for places that must lie inside the region */
    sim_map reported;        /**< for those that are reported */
    uint8_t *cells;          /**< of a map */
    sim_cohort now, next;
    sim_block block;
    sim_found found;
    sim_tally *tally;
    size_t tally_capacity;
    uint64_t *keys, *spare; /**< time above the row in found; deliver.c */
    size_t keys_capacity, spare_capacity;
    int32_t *place; /**< per row of found, in its catalogue; only with_parents */
    size_t place_capacity;
};

/** Room for @p n events and the padding behind them; the columns for parents where the plan asks
 * for them. */
ETAS_NODISCARD etas_status sim_cohort_reserve(const etas_simulator *sim, sim_cohort *self,
                                              size_t n);
void sim_cohort_free(sim_cohort *self);
/** Fills the padding behind the last event, n > 0, with copies of it. */
void sim_cohort_pad(sim_cohort *self);
void sim_block_pad(sim_block *self);

typedef struct sim_places {
    size_t n;
    const double *lat, *lon;
} sim_places;

/** Where the draws of events in generation @p generation live. */
sim_addresses sim_addresses_of(const etas_simulator *self, uint32_t generation, size_t n,
                               const uint32_t catalog[], const uint32_t event[]);

/** The error of a catalogue (of the batch) that cannot be finished. In a batch of several E_LIMIT
 * without a message: the caller starts again with each alone, so that the first one is named. */
etas_status sim_fail_limit(const etas_simulator *self, size_t catalog, const char *what,
                           etas_error *err);

/** A Poisson number of children of an event of the batch. */
ETAS_NODISCARD etas_status sim_draw_number(etas_simulator *self, const etas_address *address,
                                           double mean, double *number, etas_error *err);
/** Poisson numbers of mean @p mean for the @p n catalogues from @p first of the batch on. */
ETAS_NODISCARD etas_status sim_draw_numbers(etas_simulator *self, sim_purpose purpose, double mean,
                                            size_t first, size_t n, double number[],
                                            etas_error *err);
/** Counts events that were drawn, and those that exist; E_LIMIT when they are too many, which
 * several catalogues together may be without one of them being so. */
ETAS_NODISCARD etas_status sim_count_drawn(etas_simulator *self, double n, etas_error *err);
ETAS_NODISCARD etas_status sim_count_kept(etas_simulator *self, double n, etas_error *err);

/** Whether a place in a cell of a map, in degrees as they are reported, is where it must be. */
static inline bool sim_lies_inside(const etas_plan *plan, uint8_t cell, double lat, double lon)
{
    return cell == ETAS_CELL_EDGE ? etas_raster_contains(&plan->raster, &plan->region, lat, lon)
                                  : cell == ETAS_CELL_IN;
}

/** Degrees as they are reported. */
static inline double sim_rounded_degrees(double x)
{
    return floor(x * ETAS_DEGREE_UNITS + 0.5) / ETAS_DEGREE_UNITS;
}

/** Magnitudes of events that lie in zones, from the uniform numbers @p u that gave them theirs. */
void sim_zone_magnitudes(const etas_plan_zones *zones, const sim_places *places, const double u[],
                         double dm[]);

/** Nothing of the batch self->first, self->count is known yet. */
ETAS_NODISCARD etas_status sim_begin(etas_simulator *self, etas_error *err);
/** Generation 0 into self->now. */
ETAS_NODISCARD etas_status sim_background(etas_simulator *self, etas_error *err);
/** How many children each event of self->now has, which is generation @p generation. */
ETAS_NODISCARD etas_status sim_number(etas_simulator *self, uint32_t generation, etas_error *err);
/** Then: adds what is to be reported of it to self->found. */
ETAS_NODISCARD etas_status sim_report(etas_simulator *self, uint32_t generation, etas_error *err);
/** Then: the children, generation @p generation, of self->now into self->next. */
ETAS_NODISCARD etas_status sim_cascade(etas_simulator *self, uint32_t generation, etas_error *err);
/** Then self->next becomes self->now. */
void sim_next_generation(etas_simulator *self);
/** Appends the batch's catalogues to @p out, each in order of time. */
ETAS_NODISCARD etas_status sim_deliver(etas_simulator *self, etas_events *out, etas_error *err);

#endif
