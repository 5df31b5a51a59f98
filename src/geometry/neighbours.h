/** @file neighbours.h  Which points reach a place: k-d trees over points that each have a reach.
 *
 * A point reaches a place when their straight distance is at most the point's reach. Points of like
 * reach share a tree, so that a few far-reaching ones do not blur the others.
 */
#ifndef ETAS_GEOMETRY_NEIGHBOURS_H
#define ETAS_GEOMETRY_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/status.h"

/** A range of points and the box they lie in; nodes stand in depth-first order. */
typedef struct etas_neighbour_node {
    double low[3], high[3];
    double reach;        /**< the largest of its points */
    uint32_t first, end; /**< positions in etas_neighbours.index */
    uint32_t skip;       /**< the node after the last one below it */
    uint32_t least;      /**< the least index of its points */
} etas_neighbour_node;

/** Starts as {0}; etas_neighbours_free is idempotent. */
typedef struct etas_neighbours {
    size_t n, n_nodes, node_capacity;
    etas_neighbour_node *node;
    uint32_t *index; /**< n: position in the arrays it came from; ascending within a leaf */
} etas_neighbours;

/** A run of the points in the order of etas_neighbours.index; starts as {0}. */
typedef struct etas_neighbour_run {
    size_t next_node;
    uint32_t first, end;
} etas_neighbour_run;

enum { ETAS_NEIGHBOUR_RUN = 32 }; /**< a run is no longer */

/** n < 2^32 points with reach[i] >= 0 (INFINITY: everywhere); O(n log n). @p out starts as {0}.
 * E_LIMIT for more. */
ETAS_NODISCARD etas_status etas_neighbours_build(etas_neighbours *out, size_t n,
                                                 const double at[][3], const double reach[]);
void etas_neighbours_free(etas_neighbours *self);

/**
 * The next run of points that may reach @p at, of those with an index < @p before; false after the
 * last. Never misses a point whose reach is longer than its distance by a relative 1e-15; returns
 * others too, which the caller's exact test removes. The order is the same every time.
 */
bool etas_neighbours_next(const etas_neighbours *self, const double at[3], uint32_t before,
                          etas_neighbour_run *run);

/** The straight distance of two points of the unit sphere at the angle @p radians, longer by a
 * relative 1e-9: far more than unit vectors are wrong by. INFINITY from pi on. */
double etas_neighbour_chord(double radians);

#endif
