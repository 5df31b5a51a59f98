/** @file planes.h  Columns of whole numbers so that they compress well and fast: byte by byte, and
 * where only some bits of a byte vary, bit by bit. docs/formats-internal.md has the layout. */
#ifndef ETAS_SRC_CODEC_PLANES_H
#define ETAS_SRC_CODEC_PLANES_H

#include <stddef.h>
#include <stdint.h>

/** A column: @p width bytes (1, 2, 4 or 8) per number; bit b of @p bits: the plane of byte b is
 * stored as bit planes. */
typedef struct etas_planes {
    unsigned width, bits;
} etas_planes;

/** The same bytes by every instruction set. */
typedef struct etas_plane_kernels {
    /** @p n numbers, an array of unsigned integers of that width, into n * width bytes. Returns
     * their end. */
    uint8_t *(*put)(etas_planes layout, size_t n, const void *values, uint8_t out[]);
    /** And back; returns the end of what was read. */
    const uint8_t *(*get)(etas_planes layout, size_t n, const uint8_t in[], void *values);
} etas_plane_kernels;

extern const etas_plane_kernels etas_plane_kernels_scalar;
#if defined(__x86_64__)
extern const etas_plane_kernels etas_plane_kernels_avx2, etas_plane_kernels_avx512;
#endif

/** The fastest ones here. */
const etas_plane_kernels *etas_plane_kernels_best(void);

#endif
