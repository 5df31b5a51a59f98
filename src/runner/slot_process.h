/** @file slot_process.h  One slot's process as its parent has it: start it, talk to it, end it. */
#ifndef ETAS_SRC_RUNNER_SLOT_PROCESS_H
#define ETAS_SRC_RUNNER_SLOT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "etas/status.h"
#include "runner/slot_message.h"

/** Starts as {.fd = -1}. */
typedef struct etas_slot_process {
    pid_t pid;  /**< 0: none */
    int fd;     /**< our end of its socket */
    bool ended; /**< it said all that it will ever say, and that has been read into in */
    uint8_t *in;
    size_t at, len, capacity; /**< in[at, len) has arrived and is not used up */
} etas_slot_process;

/** Fork, exec; tries again for a second when the system has no process to give. @p memory_bytes is
 * the slot's limit, 0 for none. */
ETAS_NODISCARD etas_status etas_slot_process_start(etas_slot_process *self, uint64_t memory_bytes,
                                                   etas_error *err);

/** Kill it if it lives, wait for it, forget what it said; *status is waitpid's. */
void etas_slot_process_end(etas_slot_process *self, int *status);

/** Why it ended, for people: @p status, and @p verdict if it was killed for something ("": not).
 * Returns the signal, 0 for none. */
int etas_slot_process_obituary(int status, const char *verdict, size_t capacity, char out[]);

/** Send a short message with an optional descriptor (-1: none). A slot that is gone is not an
 * error here: reading from it will tell. */
ETAS_NODISCARD etas_status etas_slot_process_say(etas_slot_process *self,
                                                 const etas_slot_message *message, const void *body,
                                                 int fd, etas_error *err);

/** Read what has arrived, without waiting. */
ETAS_NODISCARD etas_status etas_slot_process_read(etas_slot_process *self, etas_error *err);

typedef enum etas_slot_peek {
    ETAS_SLOT_PEEK_NOTHING,
    ETAS_SLOT_PEEK_MESSAGE,
    ETAS_SLOT_PEEK_BAD
} etas_slot_peek;

/** The oldest message, if it is there in full; the body stays where it is until _drop. */
etas_slot_peek etas_slot_process_peek(const etas_slot_process *self, etas_slot_message *message,
                                      const uint8_t **body);
/** Use up the oldest message. */
void etas_slot_process_drop(etas_slot_process *self);

#endif
