/** @file slot_message.h  What travels between a process and its slots: a fixed header, then len
 * bytes. Both ends are the same program on the same machine, so the bytes are the structs'. */
#ifndef ETAS_SRC_RUNNER_SLOT_MESSAGE_H
#define ETAS_SRC_RUNNER_SLOT_MESSAGE_H

#include <stdint.h>

/** The slot's end of the socket. */
enum { ETAS_SLOT_FD = 3 };

typedef enum etas_slot_kind {
    /* to the slot */
    ETAS_SLOT_SAYS_TASK = 1, /**< body: etas_slot_order, with the model's memfd attached */
    ETAS_SLOT_SAYS_HALT,     /**< a: the task's number */
    /* from the slot */
    ETAS_SLOT_SAYS_READY = 16, /**< alive, waiting for its first task; a: errno, not confined */
    ETAS_SLOT_SAYS_CRAMPED,    /**< instead: its memory limit is below a, and it ends */
    ETAS_SLOT_SAYS_FORBIDDEN,  /**< a: the system call that it dies of */
    ETAS_SLOT_SAYS_BATCH,      /**< a, b: it begins to simulate catalogues a .. b - 1 */
    ETAS_SLOT_SAYS_FRAME,      /**< a: first, b: count; body: the frame */
    ETAS_SLOT_SAYS_DONE,       /**< a: first catalogue not delivered */
    ETAS_SLOT_SAYS_ERROR       /**< a: the catalogue that failed; b: 1 when it would anywhere; body:
                                  why, terminated */
} etas_slot_kind;

typedef struct etas_slot_message {
    uint32_t kind, len;
    uint64_t a, b;
} etas_slot_message;

/** Largest body: the largest frame there is (docs/formats-internal.md), and its header. */
#define ETAS_SLOT_BODY_MAX ((UINT32_C(1) << 29) + 4096)

typedef struct etas_slot_order {
    uint64_t number; /**< of the task, for HALT */
    uint64_t seed, first, count, model_len;
    uint64_t careful_first, careful_end, careful_step; /**< as in etas_maker_task */
    double frame_s;
    uint32_t compress;
    uint8_t run[16];
    char model[65];   /**< SHA-256 in hexadecimal */
    char kernels[15]; /**< "": best */
    char host[64];    /**< "": as the system is called */
} etas_slot_order;

/** The whole life of a slot process with at most so much memory, 0: no limit; returns its exit
 * code. */
int etas_slot_serve(uint64_t memory_bytes);

#endif
