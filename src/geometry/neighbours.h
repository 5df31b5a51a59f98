/** @file neighbours.h  Which points of the sphere lie near a place: a k-d tree on unit vectors. */
#ifndef ETAS_GEOMETRY_NEIGHBOURS_H
#define ETAS_GEOMETRY_NEIGHBOURS_H

#include <stddef.h>
#include <stdint.h>

#include "etas/status.h"

typedef struct etas_neighbour_point {
    double at[3];   /**< unit vector */
    uint32_t index; /**< position in the arrays it came from */
    uint8_t axis;   /**< the node splits its range along it */
} etas_neighbour_point;

/** Starts as {0}; etas_neighbours_free is idempotent. */
typedef struct etas_neighbours {
    size_t n;
    etas_neighbour_point *point; /**< the middle of a range is its root, halves are its subtrees */
} etas_neighbours;

/** A growing list of indices; starts as {0}. */
typedef struct etas_neighbour_list {
    size_t n, capacity;
    uint32_t *index;
} etas_neighbour_list;

/** n < 2^32 points in degrees; O(n log n). @p out starts as {0}. E_LIMIT for more. */
ETAS_NODISCARD etas_status etas_neighbours_build(etas_neighbours *out, size_t n, const double lat[],
                                                 const double lon[]);
void etas_neighbours_free(etas_neighbours *self);

/**
 * Replaces @p found by the points within the angle @p radius_rad >= 0 of a place. Never misses one;
 * may return a few whose chord is longer by a relative 1e-9, which the caller's exact test removes.
 * The order is the tree's, the same on every run. E_NOMEM.
 */
ETAS_NODISCARD etas_status etas_neighbours_query(const etas_neighbours *self, double lat,
                                                 double lon, double radius_rad,
                                                 etas_neighbour_list *found);
void etas_neighbour_list_free(etas_neighbour_list *self);

#endif
