/** @file vmath_table.h  The vector functions of math/ over arrays, one table per instruction set.
 */
#ifndef ETAS_TESTS_VMATH_TABLE_H
#define ETAS_TESTS_VMATH_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "etas/sampling.h"
#include "math/dispatch.h"

enum { VMATH_COLUMNS = 16 };

typedef struct vmath_table {
    /** Name of the function that fills column i of all(). */
    const char *name[VMATH_COLUMNS];
    /** One function: out[0..n) from x[0..n), y[0..n) (only pow, poisson_part and atan2 read y). */
    void (*map[VMATH_COLUMNS])(size_t n, const double x[], const double y[], double out[]);
    /** Sum of exp(x[i]) over eight logical lanes. */
    double (*sum_exp)(size_t n, const double x[]);
    /** Blocks of Philox for event first + i and draw i: words and uniforms, 2 n of each. */
    void (*philox)(size_t n, uint64_t seed, const uint32_t counter[4], uint64_t words[],
                   double uniforms[]);
    double (*poisson)(uint64_t seed, const etas_address *address, double mean);
} vmath_table;

extern const vmath_table vmath_scalar, vmath_avx2, vmath_avx512;

/** NULL where this CPU cannot run @p isa. */
const vmath_table *vmath_table_get(etas_isa isa);

#endif
