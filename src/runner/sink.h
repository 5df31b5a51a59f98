/** @file sink.h  Where backends hand their frames in (runner_backend.h), as etas_run has it. */
#ifndef ETAS_SRC_RUNNER_SINK_H
#define ETAS_SRC_RUNNER_SINK_H

#include "etas/codec.h"
#include "etas/log.h"
#include "runner/runner_backend.h"
#include "work/work.h"

typedef struct etas_sink_entry {
    size_t at; /**< of the frame's bytes in the buffer */
    etas_store_frame frame;
    etas_store_task task;
} etas_sink_entry;

/** Starts as {0}. */
struct etas_sink {
    etas_store *store;
    const etas_store_run *run;
    const etas_work_kind *kind; /**< of what is made */
    etas_range whole;           /**< the run's catalogues */
    etas_ranges taken;          /**< stored or waiting in entries */
    etas_ranges todo;           /**< neither taken nor dead */
    etas_payload payload;       /**< scratch */
    uint8_t *bytes;             /**< frames that wait for the next transaction */
    size_t len, capacity;
    etas_sink_entry *entries;
    size_t n, entry_capacity;
    etas_store_frame *frames;
    size_t frame_capacity;
    etas_store_task *tasks;
    size_t task_capacity;
    double since_s; /**< when the oldest of them came */
    uint64_t n_events, repeated;
    etas_store_tally tally; /**< of the store's tasks */
};

/** @p store and @p run are borrowed. What is stored already is taken; dead catalogues of earlier
 * attempts are tried again. */
ETAS_NODISCARD etas_status etas_sink_open(etas_sink *self, etas_store *store,
                                          const etas_store_run *run, etas_error *err);
void etas_sink_close(etas_sink *self);
/** Flush if the oldest waiting frame has waited long enough. */
ETAS_NODISCARD etas_status etas_sink_tick(etas_sink *self, etas_error *err);

#endif
