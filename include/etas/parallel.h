/** @file parallel.h  Fork-join over numbered blocks. */
#ifndef ETAS_PARALLEL_H
#define ETAS_PARALLEL_H

#include <stddef.h>

#include "etas/api.h"

ETAS_API_BEGIN

/**
 * Calls work(context, block) once for every block in [0, n_blocks), on up to @p n_threads threads
 * (0 or 1: on the caller's). Which thread takes which block is unspecified, so a result must depend
 * on the block alone; sums are combined by the caller in block order. Falls back to fewer threads
 * when none can be made: never fails.
 */
void etas_parallel_for(size_t n_threads, size_t n_blocks, void (*work)(void *context, size_t block),
                       void *context);

ETAS_API_END

#endif
