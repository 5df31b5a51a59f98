/** @file slots.h  Slot processes: each simulates one task at a time and hands finished catalogues
 * back as frames over its one socket. Used by the processes backend and by the agent.
 *
 * A slot is a direct child: fork, then exec of /proc/self/exe with argv[0] "etas-slot" and a socket
 * as descriptor 3, no other descriptor, an empty environment. It dies with its parent
 * (PR_SET_PDEATHSIG, and end-of-file on the socket). A slot that dies is started again by
 * etas_slots_next; what it had sent before is delivered first.
 */
#ifndef ETAS_SRC_RUNNER_SLOTS_H
#define ETAS_SRC_RUNNER_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/log.h"
#include "etas/status.h"
#include "runner/slot_model.h"

typedef struct etas_slots etas_slots;

typedef struct etas_slots_config {
    uint32_t n;
    const char *kernels;   /**< NULL: best */
    const char *host_name; /**< the maker's name in the frames; NULL: the system's */
    double stall_s;        /**< a busy slot silent for so long is killed; 0 never */
    double frame_s;        /**< a frame goes out at the latest after so long; 0: one second. It goes
                              earlier when it is full (ETAS_FRAME_TARGET_BYTES) and at the task's end */
    bool compress;         /**< the slots compress the frames' bodies */
    uint64_t memory_bytes; /**< address space of each slot (RLIMIT_AS); 0: no limit. Whoever needs
                                more has not made the catalogue: ETAS_SLOT_ERROR */
    const etas_log *log;
} etas_slots_config;

typedef struct etas_slot_task {
    uint8_t run[16];
    uint64_t seed, first, count;
} etas_slot_task;

typedef enum etas_slot_event_kind {
    ETAS_SLOT_NONE,  /**< the timeout passed, or a watched descriptor is ready */
    ETAS_SLOT_FRAME, /**< the next catalogues of the task, in order */
    ETAS_SLOT_IDLE,  /**< the task is over; `reached` is the first catalogue not delivered: the end
                        of the task unless it was halted */
    ETAS_SLOT_ERROR, /**< the simulation of catalogue `reached` failed with `message`, and would
                        anywhere if it is `hopeless`; slot idle again */
    ETAS_SLOT_DIED   /**< the process ended; `reached` is the first catalogue not delivered, or
                        UINT64_MAX when it had no task; a new process is in place, idle. A process
                        that dies within a batch is first replaced without a word, and its batch cut
                        up, until the catalogue at which it dies is known: that is `reached` then.
                        So a chance death in a long task costs time and no event */
} etas_slot_event_kind;

typedef struct etas_slot_event {
    etas_slot_event_kind kind;
    uint32_t slot;
    uint64_t first, count; /**< of a frame */
    const uint8_t *bytes;  /**< of a frame; valid until the next call */
    size_t len;
    uint64_t reached;
    bool hopeless;
    int signal;        /**< that killed it, 0 if it exited */
    char message[200]; /**< of an error or a death */
} etas_slot_event;

ETAS_NODISCARD etas_status etas_slots_open(etas_slots **out, const etas_slots_config *cfg,
                                           etas_error *err);
/** Kills what is left. */
void etas_slots_close(etas_slots *self);

/** Share a model blob with the slots (memfd, sealed). The key is its SHA-256 in hexadecimal; known
 * keys are kept, the least recently used of more than four is dropped. */
ETAS_NODISCARD etas_status etas_slots_model_add(etas_slots *self, const char *sha256_hex,
                                                size_t len, const uint8_t bytes[], etas_error *err);
/** NULL for one that is not known. */
const etas_slot_model *etas_slots_model(const etas_slots *self, const char *sha256_hex);

/** Start @p task on the idle slot @p i with a model that was added. */
ETAS_NODISCARD etas_status etas_slots_assign(etas_slots *self, uint32_t i, const char *sha256_hex,
                                             const etas_slot_task *task, etas_error *err);
/** Ask a busy slot to stop after its current batch (a fraction of a second unless one catalogue
 * takes longer): what is finished comes as frames, then ETAS_SLOT_IDLE. Harmless when idle. */
ETAS_NODISCARD etas_status etas_slots_halt(etas_slots *self, uint32_t i, etas_error *err);
/** Kill the slot's process and start a new one; nothing more of its task is delivered, no event. */
ETAS_NODISCARD etas_status etas_slots_abort(etas_slots *self, uint32_t i, etas_error *err);
/** Leave the slot's messages unread (back-pressure) or read them again. A paused slot is not killed
 * for being silent; its death is noticed when it is read again. */
void etas_slots_pause(etas_slots *self, uint32_t i, bool paused);

bool etas_slots_busy(const etas_slots *self, uint32_t i);
uint32_t etas_slots_count(const etas_slots *self);
/** The slot's process, for tests and messages. */
int64_t etas_slots_pid(const etas_slots *self, uint32_t i);

/** Wait up to @p timeout_s for the next event, also while one of the @p n_fds extra descriptors is
 * not readable (ETAS_SLOT_NONE as soon as one is), and until a signal arrives. */
ETAS_NODISCARD etas_status etas_slots_next(etas_slots *self, double timeout_s, size_t n_fds,
                                           const int fds[], etas_slot_event *out, etas_error *err);

#endif
