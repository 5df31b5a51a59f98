/** @file sim_kernels.h  The arithmetic of the simulation on columns of events, one table per
 * instruction set. docs/simulation.md says which random number decides what.
 *
 * Kernels work on whole vectors: they read and write up to SIM_PAD - 1 elements behind the n-th,
 * so columns have room for them and hold numbers there (any).
 */
#ifndef ETAS_SRC_SIMULATION_SIM_KERNELS_H
#define ETAS_SRC_SIMULATION_SIM_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "etas/sampling.h"

enum { SIM_PAD = 8 };

/** What a draw decides; part of its address. */
typedef enum sim_purpose {
    SIM_BACKGROUND_NUMBER = 1,
    SIM_HISTORY_NUMBER,
    SIM_CHILDREN_NUMBER,
    SIM_TIME,
    SIM_SIZE,
    SIM_PLACE,
    SIM_INDUCED_NUMBER
} sim_purpose;

/** The plan's numbers as the kernels want them. */
typedef struct sim_constants {
    double window_days, horizon_days; /**< delays are cut at the horizon, 40 tau; may be INFINITY */
    double c_days, omega, inv_tau;
    double productivity; /**< times c^-omega */
    double alpha, d_km2, gamma, minus_inv_rho, km_per_degree;
    double beta, mag_span_cdf, mc, delta_m, m_max;
    double gaussian_scale_deg;
    double lon_min, lon_span, sine_min, sine_span; /**< box of the region */
    double output_ms, end_ms, threshold_units;     /**< reported: output <= time < end, >= */
} sim_constants;

/** Where the draws of some events live: catalogue first + catalog[i], event[i] of a generation. */
typedef struct sim_addresses {
    uint64_t seed, first;
    uint32_t generation;
    size_t n;
    const uint32_t *catalog, *event;
} sim_addresses;

/** Children with their parents' columns going in and their own coming out, in place. */
typedef struct sim_children {
    double *time, *lat, *lon; /**< the parent's; the child's (time INFINITY: it does not exist) */
    const double *a_days, *log_ratio, *d_km2; /**< the parent's */
    double *dm;                               /**< the child's */
} sim_children;

/** Cells going in, places in them coming out. */
typedef struct sim_in_cells {
    double dlon;
    const double *sine_north;
    double *lat, *lon; /**< sine of the southern edge and western edge; the place, in place */
} sim_in_cells;

/** Events as parents. */
typedef struct sim_parents {
    const double *time, *dm;
    double *log_ratio, *d_km2;
    double *number; /**< of children; minus their mean where it is too large for one draw */
} sim_parents;

/** Events as they are simulated. */
typedef struct sim_reportable {
    const double *time, *dm, *lat, *lon;
} sim_reportable;

/** Events as they are reported, whole numbers in the units of etas_events. */
typedef struct sim_reported {
    double *time_ms; /**< -1: not reported */
    double *lat, *lon, *mag;
} sim_reported;

typedef struct sim_kernels {
    double (*poisson)(uint64_t seed, const etas_address *address, double mean);
    /** Both uniform numbers of one purpose and draw for each event. */
    void (*uniforms)(const sim_addresses *at, sim_purpose purpose, uint32_t draw, double u0[],
                     double u1[]);
    /** Times and magnitudes of background events. */
    void (*background)(const sim_constants *c, const sim_addresses *at, double time[], double dm[]);
    /** Try number @p attempt of their places: anywhere by area, or near the places given, or by
     * area in the cells given. */
    void (*place_by_area)(const sim_constants *c, const sim_addresses *at, uint32_t attempt,
                          double lat[], double lon[]);
    void (*place_by_offset)(const sim_constants *c, const sim_addresses *at, uint32_t attempt,
                            double lat[], double lon[]);
    void (*place_in_cells)(const sim_addresses *at, uint32_t attempt, const sim_in_cells *cells);
    void (*children)(const sim_constants *c, const sim_addresses *at, const sim_children *out);
    void (*parents)(const sim_constants *c, const sim_addresses *at, const sim_parents *out);
    void (*report)(const sim_constants *c, size_t n, const sim_reportable *in,
                   const sim_reported *out);
} sim_kernels;

extern const sim_kernels sim_kernels_scalar;
#if defined(__x86_64__)
extern const sim_kernels sim_kernels_avx2, sim_kernels_avx512;
#endif

#endif
