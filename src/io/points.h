/** @file region_ring.h  Vertices of one ring while a file is read. */
#ifndef ETAS_IO_REGION_RING_H
#define ETAS_IO_REGION_RING_H

#include <stdbool.h>

#include "etas/geometry.h"

/** Pairs in the order of the file. Starts as {0}. */
typedef struct etas_ring {
    size_t n, capacity[2];
    double *first, *second;
} etas_ring;

ETAS_NODISCARD etas_status etas_ring_append(etas_ring *self, double first, double second);
void etas_ring_free(etas_ring *self);

/** The ring as a region; @p lonlat: the pairs have lon first. Errors of etas_region_set_ring. */
ETAS_NODISCARD etas_status etas_ring_to_region(const etas_ring *self, bool lonlat, etas_region *out,
                                               etas_error *err);

#endif
