/** @file plan.h  Everything a simulated catalogue depends on, besides its seed and index.
 *
 * The driver computes it once; workers use nothing else. Every number that needs more than
 * + - * / sqrt and this library's own elementary functions is computed here, not by a worker.
 */
#ifndef ETAS_PLAN_H
#define ETAS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/geometry.h"
#include "etas/model.h"
#include "etas/sampling.h"
#include "etas/status.h"
#include "etas/time.h"

ETAS_API_BEGIN

/** Rises with every change of what a given blob and seed produce. */
#define ETAS_ALGORITHM_VERSION 2

/* The most that a plan may allow. */
#define ETAS_PLAN_MAX_GENERATIONS 65534u
#define ETAS_PLAN_MAX_EVENTS      UINT64_C(20000000)

/** Delays are drawn up to so many taper times; what lies beyond is e^-40 of the children. */
#define ETAS_PLAN_HORIZON_TAUS 40.0

/** Events that happened before the window and may trigger inside it. */
typedef struct etas_plan_history {
    size_t n;
    double *lat, *lon; /**< degrees */
    double *a_days;    /**< elapsed time at the window's start + c */
    double *log_ratio; /**< ln(1 + min(window, 40 tau) / a) */
    double *d_km2;     /**< spatial scale d exp(gamma dm) */
    double mean; /**< untapered expected children in the window, tapers at its start folded in */
    etas_alias parents; /**< by the expected children of each */
} etas_plan_history;

/** Where background events are drawn from. */
typedef enum etas_background_kind {
    ETAS_BACKGROUND_UNIFORM, /**< by area inside the region */
    ETAS_BACKGROUND_CATALOG, /**< past events by weight, with a Gaussian offset */
    ETAS_BACKGROUND_GRID     /**< cells by weight, by area inside a cell */
} etas_background_kind;

/** Cells to place events in. Empty where they are not used. */
typedef struct etas_plan_cells {
    size_t n;
    double *west;                    /**< edge, degrees, [-180, 180) */
    double *sine_south, *sine_north; /**< of the latitudes of the other edges */
    double dlon_deg;                 /**< width of each */
    etas_alias pick;
} etas_plan_cells;

/** One kind of events without a mother. */
typedef struct etas_plan_background {
    etas_background_kind kind;
    double mean; /**< expected number in the window, mu A T */
    size_t n;
    double *lat, *lon; /**< degrees */
    etas_alias locations;
    double gaussian_scale_deg;
    etas_plan_cells cells; /**< of a grid */
} etas_plan_background;

/** Events of generation 0 besides the background. */
typedef struct etas_plan_induced {
    double mean; /**< expected number in the window */
    etas_plan_cells cells;
} etas_plan_induced;

/**
 * Magnitude distributions by zone. A place at (lat, lon) lies in row (lat - lat0) / dlat and column
 * (lon - lon0, modulo 360) / dlon of the lattice; without a zone there (none has number n) its
 * magnitude is Gutenberg-Richter's.
 */
typedef struct etas_plan_zones {
    size_t n;              /**< tables */
    uint32_t n_lat, n_lon; /**< lattice; 0 without zones */
    double lat0, lon0;     /**< its south-western corner, degrees; lon0 in [-180, 180) */
    double dlat, dlon;
    uint32_t *zone; /**< n_lat * n_lon, row by row from the south: a table, or n */
    size_t *first;  /**< n + 1 offsets into dm and above: at least two knots each */
    double *dm;     /**< edges of a table's bins, rising */
    double *above;  /**< share of magnitudes above, linear between edges; from 1 to 0 */
    double *dm_max; /**< per table: no magnitude is above it */
} etas_plan_zones;

/** Everything that a simulated catalogue depends on besides seed and index: what a blob holds. */
typedef struct etas_plan {
    uint32_t algorithm;
    etas_time start, end; /**< the window start <= t < end that is simulated */
    etas_time
        output_start; /**< events before it trigger but are not reported; start for forecasts */
    double window_days;
    etas_params theta;             /**< for people and checks; a worker uses the numbers below */
    double beta, mc;               /**< mc = m_ref - delta_m / 2: magnitudes are drawn above it */
    double mag_span_cdf;           /**< 1 - exp(-beta (m_max + delta_m/2 - mc)); 1 without m_max */
    double delta_m;                /**< bin width of reported magnitudes; 0 none */
    double m_threshold;            /**< reported from m_threshold - delta_m / 2 on */
    double m_max;                  /**< no reported magnitude is above it; INFINITY: none */
    double productivity, alpha;    /**< children per day^-omega: productivity * exp(alpha dm) */
    double c_days, omega, inv_tau; /**< inv_tau 0: no taper */
    double d_km2, gamma, rho;
    double earth_radius_km;
    double branching_ratio; /**< NaN when undefined; with zones the largest of any distribution */
    bool filter_region;
    bool reference_placement; /**< of aftershocks: by flat degrees instead of great circles */
    bool with_parents;        /**< events tell their parent */
    uint32_t max_generations; /**< beyond it the catalogue is an error, never cut short */
    uint64_t max_events;      /**< per catalogue, all generations */
    etas_plan_history history;
    etas_plan_background background;
    etas_plan_induced induced;
    etas_plan_zones zones;
    etas_region region;
    etas_raster raster;
} etas_plan;

/** Frees everything it owns; idempotent; a plan starts as {0}. */
void etas_plan_free(etas_plan *self);

/**
 * The models of one forecast: catalogue b comes from model turn[b % period], so that a catalogue
 * keeps its model however many there are. The plans have the same start, end, output_start,
 * region filter and with_parents. Starts as {0}; etas_mixture_free is idempotent.
 */
typedef struct etas_mixture {
    size_t n; /**< 1 .. 255 */
    etas_plan *plan;
    size_t period; /**< 1 .. 65536; 1 for one model */
    uint8_t *turn;
} etas_mixture;

void etas_mixture_free(etas_mixture *self);

/**
 * Room for @p n empty plans, and their turns in proportion to @p weight, n positive numbers: each
 * turn goes to the model that is furthest behind its share of the turns so far, this one included,
 * to the first of equals. The period is the sum of the weights without their common divisor.
 * E_RANGE for no model or too many, a weight of 0, a period that is too long. @p self starts as
 * {0}.
 */
ETAS_NODISCARD etas_status etas_mixture_init(etas_mixture *self, size_t n, const uint64_t weight[],
                                             etas_error *err);
#define ETAS_MIXTURE_MAX_MODELS 255
#define ETAS_MIXTURE_MAX_PERIOD 65536

ETAS_API_END

#endif
