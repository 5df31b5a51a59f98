/** @file http.h  One GET of http or https by libcurl: proxies by environment, compression,
 * redirects, limits. */
#ifndef ETAS_IO_HTTP_H
#define ETAS_IO_HTTP_H

#include <signal.h>
#include <stdbool.h>

#include "etas/status.h"
#include "etas/text.h"

typedef struct etas_http_config {
    const char *user_agent, *ca_file; /**< NULL: the system's authorities */
    double stall_s;
    const volatile sig_atomic_t *stop; /**< may be NULL */
} etas_http_config;

/** Starts as {0}; etas_http_close is idempotent. */
typedef struct etas_http {
    etas_http_config cfg;
    void *curl;
    bool reached; /**< it has answered once: what fails later may pass */
} etas_http;

/** Starts as {0}; body is to be freed. */
typedef struct etas_http_reply {
    long status;
    etas_text body;
    double retry_after_s; /**< 0: not said */
    bool complete;        /**< the transport tells where the body ends, and it came that far */
    bool passing;         /**< the failure may be over at the next try */
} etas_http_reply;

ETAS_NODISCARD etas_status etas_http_open(etas_http *self, const etas_http_config *cfg,
                                          etas_error *err);
/** Any status is ETAS_OK. E_NET, E_TIMEOUT, and out->passing; E_LIMIT for a body beyond 1 GiB;
 * E_INTERRUPTED. */
ETAS_NODISCARD etas_status etas_http_get(etas_http *self, const char *url, etas_http_reply *out,
                                         etas_error *err);
void etas_http_close(etas_http *self);

#endif
