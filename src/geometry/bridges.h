/** @file bridges.h  Islands that a ring reaches over bridges drawn there and back. */
#ifndef ETAS_GEOMETRY_BRIDGES_H
#define ETAS_GEOMETRY_BRIDGES_H

#include <stddef.h>

#include "etas/status.h"

/**
 * Cut the ring of n vertices where it runs edges forth and later back, so that the parts on both
 * sides become rings of their own; under the even-odd rule that changes nothing but the bridges.
 * @p order receives the vertices of the rings one after the other (n at most), @p ring_start
 * n_rings + 1 offsets into it; both hold n + 1 elements. O(n^2).
 */
ETAS_NODISCARD etas_status etas_ring_cut_bridges(size_t n, const double lat[], const double lon[],
                                                 size_t order[], size_t ring_start[],
                                                 size_t *n_rings);

#endif
