/** @file queue_tls.h  TLS on a connected descriptor that does not block, by OpenSSL: hiredis has it
 * in newer releases only. Certificate and name of the server are always checked. */
#ifndef ETAS_QUEUE_TLS_H
#define ETAS_QUEUE_TLS_H

#include "etas/queue.h"

typedef struct queue_tls queue_tls;

/** What came of an attempt to move bytes. */
typedef struct queue_step {
    size_t done; /**< bytes moved */
    short wait;  /**< 0, or POLLIN or POLLOUT: wait for that and ask the same again */
} queue_step;

/** Whether the files of the options can be read and fit together. E_IO with the file. */
ETAS_NODISCARD etas_status queue_tls_check(const etas_redis_options *options, etas_error *err);

/** Reads the files anew, so that renewed certificates are taken; nothing is sent yet. The
 * descriptor stays the caller's. */
ETAS_NODISCARD etas_status queue_tls_open(const etas_redis_options *options, int fd,
                                          queue_tls **out, etas_error *err);
/** Says goodbye if it can at once. NULL is allowed. */
void queue_tls_close(queue_tls *self);

/** Until step->wait is 0. E_AUTH, to give up: a certificate is missing or not good, or what answers
 * is no TLS server; E_NET, E_TIMEOUT. */
ETAS_NODISCARD etas_status queue_tls_shake(queue_tls *self, queue_step *step, etas_error *err);
/** At least one byte unless step->wait says otherwise. */
ETAS_NODISCARD etas_status queue_tls_read(queue_tls *self, size_t capacity, char bytes[],
                                          queue_step *step, etas_error *err);
ETAS_NODISCARD etas_status queue_tls_write(queue_tls *self, size_t len, const char bytes[],
                                           queue_step *step, etas_error *err);
/** The handshake is over. */
bool queue_tls_is_up(const queue_tls *self);
/** Such as "TLSv1.3". */
const char *queue_tls_version(const queue_tls *self);

#endif
