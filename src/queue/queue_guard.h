/** @file queue_guard.h  What a server may make this process hold: hiredis believes every length
 * that it is told and allocates for it, so the bytes of replies pass here first. */
#ifndef ETAS_QUEUE_GUARD_H
#define ETAS_QUEUE_GUARD_H

#include <stddef.h>
#include <stdint.h>

enum {
    QUEUE_REPLY_ITEMS = 1 << 18, /**< of one reply, those of arrays in arrays counted too */
    QUEUE_REPLY_BYTES = 32 << 20 /**< of one reply, unless its call expects more */
};

/** Where a stream of replies is; starts as {0}. */
typedef struct queue_guard {
    uint64_t due;   /**< items still to come before the reply at hand is whole; 0: between two */
    uint64_t items; /**< announced in it */
    uint64_t bytes; /**< of it, bulk strings as announced */
    uint64_t body;  /**< of a bulk string and its line end, still to come */
    size_t line;    /**< bytes of the line at hand */
    char start[24]; /**< of it */
    char last;      /**< byte */
} queue_guard;

/** Whether these bytes may go on, in replies of at most @p most bytes: NULL, or what is wrong; then
 * the connection is of no more use. */
const char *queue_guard_pass(queue_guard *self, uint64_t most, size_t len, const char bytes[]);

#endif
