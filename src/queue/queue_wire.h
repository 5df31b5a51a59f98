/** @file queue_wire.h  One connection: hiredis makes it and parses the replies, the bytes are moved
 * here, so that every wait is in one place. */
#ifndef ETAS_QUEUE_WIRE_H
#define ETAS_QUEUE_WIRE_H

#include <hiredis/hiredis.h>

#include "etas/queue.h"
#include "queue/queue_guard.h"
#include "queue/queue_tls.h"

typedef struct queue_wire {
    redisContext *redis; /**< NULL: not connected; its descriptor does not block */
    queue_tls *tls;      /**< NULL: plain */
    bool heard;          /**< a byte has come */
    queue_guard guard;   /**< of what comes */
    double since_s;      /**< monotonic: of the command at hand */
    double moved;        /**< bytes since then */
} queue_wire;

/** Connects, with TLS if the options say so; no command is sent yet. */
ETAS_NODISCARD etas_status queue_wire_open(etas_queue *queue, queue_wire *self, etas_error *err);
void queue_wire_close(queue_wire *self);

/** Each gives up when nothing moves for the command timeout, or next to nothing for longer, and
 * leaves a broken wire to be closed by the caller. E_NET, E_TIMEOUT, E_AUTH (of TLS), E_CORRUPT (no
 * Redis protocol), E_NOMEM; with the host. */
ETAS_NODISCARD etas_status queue_wire_send(etas_queue *queue, queue_wire *self, size_t len,
                                           const char bytes[], etas_error *err);
/** *out is to be freed with freeReplyObject. */
ETAS_NODISCARD etas_status queue_wire_receive(etas_queue *queue, queue_wire *self, redisReply **out,
                                              etas_error *err);
/** What is there already: *out is NULL when that is not a whole reply. */
ETAS_NODISCARD etas_status queue_wire_look(etas_queue *queue, queue_wire *self, redisReply **out,
                                           etas_error *err);

/** A command to be sent; the arguments are the caller's. */
typedef struct queue_command {
    size_t n;
    const char **argv;
    const size_t *lens; /**< NULL: strings */
} queue_command;
/** Send only. What was formatted is wiped: it may hold a password. */
ETAS_NODISCARD etas_status queue_wire_tell(etas_queue *queue, queue_wire *self,
                                           const queue_command *command, etas_error *err);
/** Tell and receive. */
ETAS_NODISCARD etas_status queue_wire_ask(etas_queue *queue, queue_wire *self,
                                          const queue_command *command, redisReply **out,
                                          etas_error *err);

#endif
