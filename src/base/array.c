#include "etas/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *aligned_block(size_t bytes)
{
    void *p = NULL;

    return posix_memalign(&p, ETAS_ALIGN, bytes > 0 ? bytes : 1) == 0 ? p : NULL;
}

etas_status etas_array_reserve(void **array, size_t *capacity, size_t need, size_t size)
{
    size_t grown = *capacity < 16 ? 16 : *capacity;
    void *p;

    if (need <= *capacity && *array != NULL)
        return ETAS_OK;
    while (grown < need) {
        if (grown > SIZE_MAX / 2)
            return ETAS_E_NOMEM;
        grown *= 2;
    }
    if (grown > (SIZE_MAX / 2) / size)
        return ETAS_E_NOMEM;
    p = aligned_block(grown * size);
    if (p == NULL)
        return ETAS_E_NOMEM;
    if (*array != NULL)
        memcpy(p, *array, *capacity * size);
    free(*array);
    *array = p;
    *capacity = grown;
    return ETAS_OK;
}

etas_status etas_array_alloc(void **array, size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX / 2) / size)
        return ETAS_E_NOMEM;
    *array = aligned_block(count * size);
    if (*array == NULL)
        return ETAS_E_NOMEM;
    memset(*array, 0, count * size);
    return ETAS_OK;
}

void etas_array_free(void **array)
{
    free(*array);
    *array = NULL;
}

struct etas_arena_block {
    struct etas_arena_block *next;
    size_t used, capacity;
    char *bytes;
};

enum { FIRST_BLOCK = 1 << 16 };

static struct etas_arena_block *block_new(size_t bytes)
{
    struct etas_arena_block *b = malloc(sizeof *b);

    if (b == NULL)
        return NULL;
    *b = (struct etas_arena_block){.capacity = bytes, .bytes = aligned_block(bytes)};
    if (b->bytes == NULL) {
        free(b);
        return NULL;
    }
    return b;
}

void *etas_arena_alloc(etas_arena *self, size_t count, size_t size)
{
    struct etas_arena_block *b = self->current;
    size_t bytes, want;

    if (size != 0 && count > (SIZE_MAX / 4) / size)
        return NULL;
    bytes = (count * size + ETAS_ALIGN - 1) / ETAS_ALIGN * ETAS_ALIGN;
    while (b != NULL && b->capacity - b->used < bytes && b->next != NULL)
        b = b->next;
    if (b == NULL || b->capacity - b->used < bytes) {
        want = b != NULL ? 2 * b->capacity : FIRST_BLOCK;
        struct etas_arena_block *fresh = block_new(want > bytes ? want : bytes);

        if (fresh == NULL)
            return NULL;
        if (b != NULL)
            b->next = fresh;
        else
            self->first = fresh;
        b = fresh;
    }
    self->current = b;
    b->used += bytes;
    return b->bytes + (b->used - bytes);
}

void etas_arena_reset(etas_arena *self)
{
    for (struct etas_arena_block *b = self->first; b != NULL; b = b->next)
        b->used = 0;
    self->current = self->first;
}

void etas_arena_free(etas_arena *self)
{
    while (self->first != NULL) {
        struct etas_arena_block *next = self->first->next;

        free(self->first->bytes);
        free(self->first);
        self->first = next;
    }
    self->current = NULL;
}
