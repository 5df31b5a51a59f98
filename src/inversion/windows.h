/** @file windows.h  Sums over the sources' windows, at a cost that does not grow with their number.
 *
 * T_i depends on one number per source: the delay t1 at which its window ends (t0 = 0), or, of a
 * source before the time window, the delay t0 at which it starts (t1 = t0 plus the window's
 * length). Sources whose number is alike within a factor of 1.5 (1.2 before the window) make a
 * group, and what is smooth in that number, T and ln T, is interpolated between 16 Chebyshev points
 * of the group (to about 1e-15); groups of few sources have those themselves as points. Sums over
 * sources are sums over points then, with weights that know the magnitudes or l_hat.
 */
#ifndef ETAS_INVERSION_WINDOWS_H
#define ETAS_INVERSION_WINDOWS_H

#include "inversion/time_mesh.h"

enum { ETAS_WINDOW_POINTS = 16 };

/** Consecutive sources and their points: one each, or ETAS_WINDOW_POINTS for all. */
typedef struct etas_window_group {
    size_t first_source, n_sources;
    size_t first_point, n_points;
} etas_window_group;

/** Sources of one magnitude in one group: sums of their interpolation weights. */
typedef struct etas_window_entry {
    uint32_t magnitude, group;
    double weight[ETAS_WINDOW_POINTS];
} etas_window_entry;

/** The sum over sources of e^(alpha dm) T: by point, factors of T and their derivatives by alpha.
 */
typedef struct etas_window_growth {
    double value, slope, curvature;
} etas_window_growth;

/** Starts as {0}; etas_windows_free is idempotent. */
typedef struct etas_windows {
    size_t n_sources, n_points, n_groups, n_entries, n_magnitudes;
    etas_time_mesh mesh; /**< its sources are the points */
    etas_window_group *group;
    uint32_t *group_of; /**< by source */
    double *share;      /**< by source, ETAS_WINDOW_POINTS each: interpolation weights */
    size_t entry_capacity;
    etas_window_entry *entry;
    double *magnitude;          /**< n_magnitudes: different values of dm */
    double *growth;             /**< n_magnitudes, scratch: e^(alpha dm) */
    etas_window_growth *weight; /**< n_points, scratch */
    double *l_weight;           /**< n_points: sums of l_hat times interpolation weights */
} etas_windows;

/** Sources at times @p time (all < end), sorted, of magnitudes @p dm beyond mc. */
ETAS_NODISCARD etas_status etas_windows_build(etas_windows *self, size_t n, const etas_time time[],
                                              const double dm[], etas_time start, etas_time end);
void etas_windows_free(etas_windows *self);

/** The mesh at one kernel: etas_windows_get and _values then answer, and so does the mesh by point.
 */
void etas_windows_evaluate(etas_windows *self, const etas_pair_kernels *kernels,
                           const etas_omori *omori);
/** T_i of every source, to a relative 1e-12. */
void etas_windows_values(const etas_windows *self, double value[]);
/** T_i with its derivatives, to 1e-15 of the kernel's whole integral. */
etas_time_integral etas_windows_get(const etas_windows *self, size_t source);

/** Fills weight for one alpha. */
void etas_windows_grow(etas_windows *self, double alpha);
/** The sum over sources of e^(alpha dm) T: evaluates and fills weight. */
double etas_windows_total(etas_windows *self, const etas_pair_kernels *kernels,
                          const etas_omori *omori, double alpha);
/** Fills l_weight. */
void etas_windows_weigh(etas_windows *self, const double l_hat[]);

#endif
