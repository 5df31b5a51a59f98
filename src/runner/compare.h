/** @file compare.h  Whether two makers made the same of the same indices. */
#ifndef ETAS_SRC_RUNNER_COMPARE_H
#define ETAS_SRC_RUNNER_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/store.h"
#include "work/payload.h"

/** Scratch memory. Starts as {0}; etas_comparer_free is idempotent. */
typedef struct etas_comparer {
    etas_payload stored;
    uint8_t *bytes;
    size_t capacity;
} etas_comparer;
void etas_comparer_free(etas_comparer *self);

/** Of the decoded columns, or the records, of indices [at, at + count): the checksum that a frame
 * of these alone has. */
ETAS_NODISCARD etas_status etas_compare_digest(etas_comparer *self, const etas_payload *payload,
                                               size_t at, size_t count, uint64_t *out,
                                               etas_error *err);

/** The first index of which something else is stored. */
typedef struct etas_difference {
    bool found;
    uint64_t index;
    char maker[64];        /**< of what is stored */
    uint64_t came, stored; /**< their digests */
} etas_difference;

/** What a frame brought: its header and the decoded rest. */
typedef struct etas_brought {
    const etas_frame_header *header;
    const etas_payload *payload;
} etas_brought;

/** Compares @p brought with what of it is stored for @p run, wherever the stored frames begin and
 * end. */
ETAS_NODISCARD etas_status etas_compare_with_store(etas_comparer *self, etas_store *store,
                                                   const etas_store_run *run,
                                                   const etas_brought *brought,
                                                   etas_difference *out, etas_error *err);

#endif
