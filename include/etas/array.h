/** @file array.h  Growing 64-byte aligned arrays and a bump arena. */
#ifndef ETAS_ARRAY_H
#define ETAS_ARRAY_H

#include <stddef.h>

#include "etas/api.h"
#include "etas/status.h"

ETAS_API_BEGIN

enum { ETAS_ALIGN = 64 };

/**
 * Make room for @p need elements of @p size bytes in *array, whose capacity in elements is
 * *capacity; grows by doubling and keeps the contents. *array starts as NULL with *capacity 0.
 * E_NOMEM when the product overflows or memory is out; then nothing has changed.
 */
ETAS_NODISCARD etas_status etas_array_reserve(void **array, size_t *capacity, size_t need,
                                              size_t size);

/** A zeroed array of exactly @p count elements, never NULL on success, also for count 0. */
ETAS_NODISCARD etas_status etas_array_alloc(void **array, size_t count, size_t size);

/** Frees and sets to NULL; idempotent. */
void etas_array_free(void **array);

/** Scratch memory that is handed out in order and given back all at once. Starts as {0}. */
typedef struct etas_arena {
    struct etas_arena_block *first, *current;
} etas_arena;

/** @p count * @p size bytes, 64-byte aligned, contents undefined; NULL when memory is out. */
void *etas_arena_alloc(etas_arena *self, size_t count, size_t size);

/** Forget everything handed out, keep the memory for the next round. */
void etas_arena_reset(etas_arena *self);

void etas_arena_free(etas_arena *self);

ETAS_API_END

#endif
