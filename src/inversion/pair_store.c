#include "inversion/pair_store.h"

#include <string.h>

#include "etas/array.h"

etas_status etas_pair_store_open(etas_pair_store *self, const etas_catalog *catalog,
                                 const etas_inversion_config *cfg,
                                 const etas_expect_kernels *kernels, etas_error *err)
{
    etas_status st = etas_pair_search_open(&self->search, catalog, cfg, kernels, err);

    if (st != ETAS_OK)
        return st;
    self->limit_bytes = cfg->memory_bytes;
    self->interrupted = cfg->interrupted;
    self->n_blocks = (self->search.n_targets + ETAS_BLOCK_ROWS - 1) / ETAS_BLOCK_ROWS;
    st = etas_array_alloc((void **)&self->block, self->n_blocks, sizeof *self->block);
    return st == ETAS_OK ? ETAS_OK
                         : etas_fail(err, st, "preparing the pairs: %s", etas_strerror(st));
}

void etas_pair_store_free(etas_pair_store *self)
{
    for (size_t b = 0; b < self->n_blocks && self->block != NULL; b++)
        etas_array_free((void **)&self->block[b].columns);
    etas_array_free((void **)&self->block);
    etas_pair_search_free(&self->search);
    self->n_blocks = 0;
}

/* The columns of @p n pairs; reading beyond one of them ends in the next one. */
static void place_columns(double *columns, size_t n, etas_pair_block *out)
{
    const size_t whole = etas_whole_lanes(n);

    out->time_days = columns;
    out->r2_km2 = columns + whole;
    out->source = (uint32_t *)(void *)(columns + 2 * whole);
}

static etas_status keep(etas_pair_store *self, size_t block, const etas_pair_block *found)
{
    etas_stored_block *own = &self->block[block];
    const size_t n = found->row_start[found->n_rows], whole = etas_whole_lanes(n);
    const size_t bytes =
        whole * (2 * sizeof(double) + sizeof(uint32_t)) + ETAS_LANES * sizeof(double);
    etas_pair_block to;

    if (self->limit_bytes != 0 &&
        atomic_fetch_add(&self->used_bytes, bytes) + bytes > self->limit_bytes) {
        atomic_fetch_sub(&self->used_bytes, bytes);
        return ETAS_OK;
    }
    if (etas_array_alloc((void **)&own->columns, 1, bytes) != ETAS_OK)
        return ETAS_E_NOMEM;
    place_columns(own->columns, n, &to);
    memcpy(to.time_days, found->time_days, whole * sizeof *to.time_days);
    memcpy(to.r2_km2, found->r2_km2, whole * sizeof *to.r2_km2);
    memcpy(to.source, found->source, whole * sizeof *to.source);
    for (size_t k = 0; k <= found->n_rows; k++)
        own->row_start[k] = (uint32_t)found->row_start[k];
    for (size_t k = 0; k < found->n_rows; k++)
        own->n_far[k] = (uint32_t)found->n_far[k];
    return ETAS_OK;
}

etas_status etas_pair_store_get(etas_pair_store *self, size_t block, etas_search_scratch *scratch,
                                etas_pair_block *out)
{
    const etas_stored_block *own = &self->block[block];
    const size_t first = block * ETAS_BLOCK_ROWS, left = self->search.n_targets - first;
    const size_t n_rows = left < ETAS_BLOCK_ROWS ? left : ETAS_BLOCK_ROWS;
    etas_status st;

    if (self->interrupted != NULL && *self->interrupted != 0)
        return ETAS_E_INTERRUPTED;
    if (own->columns == NULL) {
        st = etas_pair_search_find(&self->search, first, n_rows, scratch, out);
        return st == ETAS_OK ? keep(self, block, out) : st;
    }
    *out = (etas_pair_block){.first_target = first, .n_rows = n_rows};
    for (size_t k = 0; k <= n_rows; k++)
        out->row_start[k] = own->row_start[k];
    for (size_t k = 0; k < n_rows; k++)
        out->n_far[k] = own->n_far[k];
    place_columns(own->columns, out->row_start[n_rows], out);
    return ETAS_OK;
}
