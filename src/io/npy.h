/** @file npy.h  NumPy's .npy files of numbers, format versions 1.0 to 3.0, from memory. */
#ifndef ETAS_IO_NPY_H
#define ETAS_IO_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "etas/status.h"

/** Starts as {0}; etas_npy_free is idempotent. */
typedef struct etas_npy {
    size_t rows, columns;
    double *values; /**< rows * columns, row by row; NULL when there are none */
} etas_npy;

/**
 * Floats of 4 or 8 bytes or integers of 1 to 8, of either byte order, C or Fortran order, of shape
 * (N, columns), or (N,) when @p columns is 1. E_PARSE for any other shape or type and a file whose
 * length does not fit, E_VERSION, E_NOMEM; @p out stays as it was then.
 */
ETAS_NODISCARD etas_status etas_npy_read(etas_npy *out, size_t len, const uint8_t bytes[],
                                         size_t columns, etas_error *err);
void etas_npy_free(etas_npy *self);

#endif
