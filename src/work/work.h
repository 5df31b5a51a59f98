/** @file work.h  What the slots of a run do: one interface, chosen by the blob that they are given.
 *
 * A work is a pure function: whatever is made for an index depends on blob, seed and index alone.
 */
#ifndef ETAS_SRC_WORK_WORK_H
#define ETAS_SRC_WORK_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/status.h"
#include "work/payload.h"

enum { ETAS_WORK_MAGIC = 4 };

/** Called now and then while one index takes long. */
typedef void (*etas_work_alive)(void *context);

/** One kind of work. */
typedef struct etas_work_kind {
    uint8_t magic[ETAS_WORK_MAGIC]; /**< its blobs begin with it */
    etas_frame_kind frames;
    const char *one, *many; /**< what an index is: "catalogue", "catalogues" */
    etas_status (*open)(void **self, size_t len, const uint8_t blob[], const char *kernels,
                        etas_error *err);
    void (*close)(void *self);
    /** Have @p alive called from now on. May be NULL: no index takes long. */
    void (*watch)(void *self, etas_work_alive alive, void *context);
    /** Take over what @p from, of this kind and of an older blob, has found out and this one can
     * use too; @p from finds it out again if it must. Whether it did. May be NULL. */
    bool (*inherit)(void *self, void *from);
    /** The largest number of indices to make at a time, at least 1. */
    size_t (*batch)(const void *self);
    /** Indices first .. first + count - 1 into @p out (overwritten; of this kind). An error says
     * that one of them cannot be made. */
    etas_status (*make)(void *self, uint64_t seed, uint64_t first, size_t count, etas_payload *out,
                        etas_error *err);
    /** Whether these bytes can be a record of this kind; NULL for catalogues. */
    bool (*is_record)(size_t len, const uint8_t bytes[]);
} etas_work_kind;

/** The kind of a blob, by its first bytes; NULL when it is of none. */
const etas_work_kind *etas_work_kind_of(size_t len, const uint8_t blob[]);

/** Blob decoded, ready to make. Starts as {0}; etas_work_close is idempotent. */
typedef struct etas_work {
    const etas_work_kind *kind;
    void *self;
} etas_work;

/** @p blob is not needed any more afterwards. @p kernels: "scalar", "avx2", "avx512", NULL = best.
 */
ETAS_NODISCARD etas_status etas_work_open(etas_work *out, size_t len, const uint8_t blob[],
                                          const char *kernels, etas_error *err);
void etas_work_close(etas_work *self);
/** See etas_work_kind. */
void etas_work_watch(const etas_work *self, etas_work_alive alive, void *context);
/** See etas_work_kind; false for works of different kinds. */
bool etas_work_inherit(const etas_work *self, const etas_work *from);

extern const etas_work_kind etas_work_simulate, etas_work_mixture, etas_work_counts,
    etas_work_refit, etas_work_expect;

#endif
