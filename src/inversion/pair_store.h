/** @file pair_store.h  All pairs in blocks of targets: kept while they fit, found anew otherwise.
 */
#ifndef ETAS_INVERSION_PAIR_STORE_H
#define ETAS_INVERSION_PAIR_STORE_H

#include <signal.h>
#include <stdatomic.h>

#include "inversion/pair_search.h"

/** A block's pairs in one piece of memory: delays, squares of distances, sources. */
typedef struct etas_stored_block {
    double *columns;                         /**< NULL: not kept */
    uint32_t row_start[ETAS_BLOCK_ROWS + 1]; /**< of a kept one */
    uint32_t n_far[ETAS_BLOCK_ROWS];
} etas_stored_block;

/** Starts as {0}; etas_pair_store_free is idempotent. */
typedef struct etas_pair_store {
    etas_pair_search search;
    size_t n_blocks;
    etas_stored_block *block;
    size_t limit_bytes; /**< 0: none */
    _Atomic size_t used_bytes;
    const volatile sig_atomic_t *interrupted; /**< NULL, or non-zero: no more pairs */
} etas_pair_store;

ETAS_NODISCARD etas_status etas_pair_store_open(etas_pair_store *self, const etas_catalog *catalog,
                                                const etas_inversion_config *cfg,
                                                const etas_expect_kernels *kernels,
                                                etas_error *err);
void etas_pair_store_free(etas_pair_store *self);

/**
 * The pairs of a block, found if they are not kept, and kept from then on if they fit. @p out
 * points into the store or into the scratch. Threads may ask for different blocks at once. E_NOMEM,
 * E_INTERRUPTED.
 */
ETAS_NODISCARD etas_status etas_pair_store_get(etas_pair_store *self, size_t block,
                                               etas_search_scratch *scratch, etas_pair_block *out);

#endif
