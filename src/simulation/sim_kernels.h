/** @file sim_kernels.h  The arithmetic of the simulation on columns of events, one table per
 * instruction set. docs/simulation.md says which random number decides what.
 *
 * Kernels work on whole vectors: they read and write up to SIM_PAD - 1 elements behind the n-th,
 * so columns have room for them and hold numbers there (any).
 */
#ifndef ETAS_SRC_SIMULATION_SIM_KERNELS_H
#define ETAS_SRC_SIMULATION_SIM_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/sampling.h"

enum { SIM_PAD = 8 };

/** Draws that are processed together: 65 KB of columns. The kernels of children take no more. */
enum { SIM_BLOCK = 512, SIM_ROOM = SIM_BLOCK + SIM_PAD };

/** What a draw decides; part of its address. */
typedef enum sim_purpose {
    SIM_BACKGROUND_NUMBER = 1,
    SIM_HISTORY_NUMBER,
    SIM_CHILDREN_NUMBER,
    SIM_TIME,
    SIM_PARENT,
    SIM_PLACE,
    SIM_INDUCED_NUMBER
} sim_purpose;

/** The plan's numbers as the kernels want them. */
typedef struct sim_constants {
    double window_days, horizon_days; /**< delays are cut at the horizon, 40 tau; may be INFINITY */
    double inv_c_days, inv_tau;
    double omega, inv_omega; /**< where the plan's is 0, so small that it makes no difference */
    double children;         /**< productivity c^-omega / omega */
    double alpha, d_km2, gamma, minus_inv_rho;
    double km_per_degree, turns_per_km;
    double inv_beta, mag_span_cdf, mag_tail; /**< share of magnitudes below m_max, and above */
    double mc, delta_m, m_max;
    double gaussian_scale_deg;
    double lon_min, lon_span, sine_min, sine_span; /**< box of the region */
    double output_ms, end_ms, threshold_units;     /**< reported: output <= time < end, >= */
} sim_constants;

/** Which places are inside the plan's region: cells from (lat0, lon0) on, row by row, and one more
 * for all that lies outside of them. */
typedef struct sim_map {
    double lat0, lon0, inv_dlat, inv_dlon;
    double n_lat, n_lon;
    uint32_t outside;
    const uint8_t *cell; /**< ETAS_CELL_* */
} sim_map;

/** Where the draws of some events live: catalogue first + catalog[i], event[i] of a generation. */
typedef struct sim_addresses {
    uint64_t seed, first;
    uint32_t generation;
    size_t n;
    const uint32_t *catalog, *event;
} sim_addresses;

/** Cells going in, places in them coming out. */
typedef struct sim_in_cells {
    double dlon;
    const double *sine_north;
    double *lat, *lon; /**< sine of the southern edge and western edge; the place, in place */
} sim_in_cells;

/** Children that may be: their parents' columns and their own. */
typedef struct sim_delays {
    const double *a_days, *share; /**< the parent's */
    double *time;   /**< the parent's; the child's (INFINITY: it does not exist), in place */
    uint32_t *turn; /**< direction from the parent */
} sim_delays;

/** Where and how large events are. */
typedef struct sim_spots {
    double *lat, *lon, *lat_sine, *lat_cosine;
    double *dm;
    double *size; /**< the uniform numbers that the magnitudes come from, or NULL: not wanted */
} sim_spots;

/** Parents of the events that are to be placed. */
typedef struct sim_origins {
    const uint32_t *turn; /**< the child's */
    const double *lat, *lon, *lat_sine, *lat_cosine, *d_km2;
} sim_origins;

/** Events as parents. */
typedef struct sim_parents {
    const double *time, *dm;
    double *share; /**< 1 - exp(-omega L), L = ln(1 + R/c) of the time R that remains */
    double *d_km2;
    double *number; /**< of children; minus their mean where it is too large for one draw */
} sim_parents;

/** Events as they are simulated. */
typedef struct sim_reportable {
    const double *time, *dm, *lat, *lon;
} sim_reportable;

/** Events as they are reported, in the units of etas_events. */
typedef struct sim_reported {
    uint64_t *time_ms;
    int32_t *lat, *lon, *mag;
    uint32_t *cell; /**< of the map; outside for those that are not reported in any case */
} sim_reported;

typedef struct sim_kernels {
    double (*poisson)(uint64_t seed, const etas_address *address, double mean);
    /** The same for event 0 of generation 0 of the catalogues from address->catalog on. */
    void (*numbers)(uint64_t seed, const etas_address *address, double mean, size_t n,
                    double number[]);
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
    /** Sine and cosine of angles in degrees. */
    void (*sincos)(size_t n, const double degrees[], double sine[], double cosine[]);
    void (*delays)(const sim_constants *c, const sim_addresses *at, const sim_delays *children);
    /** Along great circles, or by flat degrees. */
    void (*spots)(const sim_constants *c, const sim_addresses *at, const sim_origins *parents,
                  const sim_spots *out);
    void (*flat_spots)(const sim_constants *c, const sim_addresses *at, const sim_origins *parents,
                       const sim_spots *out);
    void (*parents)(const sim_constants *c, const sim_addresses *at, const sim_parents *out);
    /** The cells of places, after rounding to what is reported. */
    void (*locate)(const sim_map *map, size_t n, const double lat[], const double lon[],
                   uint32_t cell[]);
    void (*report)(const sim_constants *c, const sim_map *map, size_t n, const sim_reportable *in,
                   const sim_reported *out);
} sim_kernels;

extern const sim_kernels sim_kernels_scalar;
#if defined(__x86_64__)
extern const sim_kernels sim_kernels_avx2, sim_kernels_avx512;
#endif

#endif
