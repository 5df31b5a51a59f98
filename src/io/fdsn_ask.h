/** @file fdsn_ask.h  Asking a service for a page until it has answered. */
#ifndef ETAS_IO_FDSN_ASK_H
#define ETAS_IO_FDSN_ASK_H

#include "io/fdsn_events.h"
#include "io/fdsn_walk.h"
#include "io/http.h"

/** What is borrowed from a fetch. */
typedef struct etas_fdsn_asker {
    const etas_fdsn_query *query;
    const etas_fdsn_manners *manners;
    const etas_log *log;
    const volatile sig_atomic_t *stop;
    etas_http http;
    etas_http_reply reply; /**< its body is the answer when that is ETAS_FDSN_EVENTS */
} etas_fdsn_asker;

ETAS_NODISCARD etas_status etas_fdsn_ask(etas_fdsn_asker *self, const etas_fdsn_page *page,
                                         etas_fdsn_answer *answer, etas_fdsn_events *events,
                                         etas_error *err);

#endif
