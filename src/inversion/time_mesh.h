/** @file time_mesh.h  The time kernel's integrals over every source's window, with derivatives.
 *
 * T_i = integral of h(t) = e^(-t/tau) (t + c)^(-1-omega) over delays t0_i to t1_i. All sources
 * share one composite Gauss-Legendre rule whose nodes depend on the catalogue alone: delays are cut
 * at every t0 and t1 (so an evaluation costs one exponential and one logarithm per node, about four
 * nodes per source), and geometrically where they are far apart. Cumulative sums between the cuts
 * start at anchors that lie inside the windows they serve, so that no T_i is a difference of two
 * larger numbers.
 */
#ifndef ETAS_INVERSION_TIME_MESH_H
#define ETAS_INVERSION_TIME_MESH_H

#include <stddef.h>
#include <stdint.h>

#include "etas/model.h"
#include "etas/time.h"
#include "inversion/pair_kernels.h"

/** Derivatives by ln c (C), omega (W) and ln tau (U). */
enum {
    ETAS_T,
    ETAS_T_C,
    ETAS_T_W,
    ETAS_T_U,
    ETAS_T_CC,
    ETAS_T_CW,
    ETAS_T_CU,
    ETAS_T_WW,
    ETAS_T_WU,
    ETAS_T_UU,
    ETAS_T_COUNT
};

typedef struct etas_time_integral {
    double d[ETAS_T_COUNT];
} etas_time_integral;

enum { ETAS_TIME_ORDER = 12 };

/** Starts as {0}; etas_time_mesh_free is idempotent. */
typedef struct etas_time_mesh {
    size_t n_sources, n_cuts, n_nodes;
    size_t node_capacity, weight_capacity;
    double *node, *weight; /**< n_nodes: delay in days, quadrature weight */
    size_t *first_node;    /**< n_cuts: of the interval that ends at the cut; [0] is 0 */
    uint8_t *is_anchor;    /**< n_cuts */
    uint32_t *from, *to;   /**< n_sources: cuts at t0_i and t1_i */
    double unit_node[ETAS_TIME_ORDER], unit_weight[ETAS_TIME_ORDER]; /**< the rule on [0, 1] */
    double *ln_tc, *h;                                               /**< scratch, n_nodes */
    etas_time_integral *up;   /**< scratch, n_cuts: from the last anchor before the cut */
    etas_time_integral *down; /**< scratch, n_cuts: to the first anchor at or after the cut */
} etas_time_mesh;

/** Sources at times @p time (all < window_end), sorted; window_start < window_end. */
ETAS_NODISCARD etas_status etas_time_mesh_build(etas_time_mesh *self, size_t n,
                                                const etas_time time[], etas_time window_start,
                                                etas_time window_end);
void etas_time_mesh_free(etas_time_mesh *self);

/** Evaluate at one kernel; etas_time_mesh_get then answers for every source. c >= 1e-8 days; the
 * relative error is a few 1e-14 for tau >= 10 days (below, of the integral over all delays). */
void etas_time_mesh_evaluate(etas_time_mesh *self, const etas_pair_kernels *kernels,
                             const etas_omori *omori);

static inline etas_time_integral etas_time_mesh_get(const etas_time_mesh *self, size_t source)
{
    const etas_time_integral *down = &self->down[self->from[source]];
    const etas_time_integral *up = &self->up[self->to[source]];
    etas_time_integral out;

    for (size_t k = 0; k < ETAS_T_COUNT; k++)
        out.d[k] = down->d[k] + up->d[k];
    return out;
}

/** T_i alone. */
static inline double etas_time_mesh_value(const etas_time_mesh *self, size_t source)
{
    return self->down[self->from[source]].d[ETAS_T] + self->up[self->to[source]].d[ETAS_T];
}

/** The same over all delays, 0 to infinity (cut at 45 tau); without a taper omega > 0. */
etas_time_integral etas_time_mesh_all(const etas_time_mesh *self, const etas_pair_kernels *kernels,
                                      const etas_omori *omori);

#endif
