/** @file maker.h  From a range of indices to frames: the loop that the serial backend and every
 * slot run. Works in batches of a fraction of a second and cuts the results into frames. Index by
 * index a work makes a catalogue, or whatever else its kind is (work/work.h). */
#ifndef ETAS_SRC_RUNNER_MAKER_H
#define ETAS_SRC_RUNNER_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/status.h"
#include "work/work.h"

typedef etas_status (*etas_maker_emit)(void *context, uint64_t first, uint32_t count, size_t len,
                                       const uint8_t bytes[], etas_error *err);

typedef struct etas_maker_task {
    uint8_t run[16];
    uint64_t seed, first, count;
    double frame_s; /**< a frame goes out at the latest after so long */
    bool compress;
    const char *host; /**< the maker's name in the frames; NULL or "": the system's */
    /** Among the catalogues [careful_first, careful_end) is one that killed the process before:
     * they are made at most careful_step at a time, each such batch is emitted before the next
     * begins. Equal: none. */
    uint64_t careful_first, careful_end;
    size_t careful_step;
} etas_maker_task;

/** Starts as {0}; etas_maker_free is idempotent. The fields are the maker's own but for next. */
typedef struct etas_maker {
    etas_maker_task task;
    const etas_work *work; /**< borrowed */
    uint64_t next, end;    /**< next: first catalogue that is not made yet */
    size_t batch, batch_max;
    etas_payload fresh, held; /**< one batch; what is not in a frame yet */
    uint64_t held_first;
    double since_s, since_cpu_s; /**< when the work on the held catalogues began */
    int64_t since_ns;
    char host[64];
    uint8_t *bytes;
    size_t byte_capacity;
} etas_maker;

void etas_maker_start(etas_maker *self, const etas_work *work, const etas_maker_task *task);

/** How many catalogues the next step will make, from self->next on; 0 at the end. */
size_t etas_maker_next_batch(const etas_maker *self);

/**
 * Make the next batch and emit the frames that are full or due, all at the task's end. When a
 * catalogue fails, the ones before it are emitted, self->next is its index and its status is
 * returned.
 */
ETAS_NODISCARD etas_status etas_maker_step(etas_maker *self, etas_maker_emit emit, void *context,
                                           etas_error *err);

/** Emit everything that is held. */
ETAS_NODISCARD etas_status etas_maker_flush(etas_maker *self, etas_maker_emit emit, void *context,
                                            etas_error *err);
void etas_maker_free(etas_maker *self);

#endif
