/** @file unwrap.h  Rings across the meridian of +-180 degrees, as rings in the plane. */
#ifndef ETAS_GEOMETRY_UNWRAP_H
#define ETAS_GEOMETRY_UNWRAP_H

#include <stddef.h>

#include "etas/status.h"

/**
 * Add whole turns of 360 degrees to longitudes so that every edge runs the short way: the vertex
 * after 179 is not -179 but 181. An edge of exactly 360 degrees stays one: it runs along the border
 * of the map. What needs no turn keeps every bit; the result lies in [-360, 360] as the input must.
 * E_PARSE for a ring that does not close then, because it goes round a pole; E_RANGE for one that
 * is wider than 360 degrees.
 */
ETAS_NODISCARD etas_status etas_ring_unwrap(size_t n, double lon[], etas_error *err);

#endif
