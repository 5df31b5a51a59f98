/** @file fdsn_walk.h  Which pages to ask for, given what the others were. */
#ifndef ETAS_IO_FDSN_WALK_H
#define ETAS_IO_FDSN_WALK_H

#include "io/fdsn_query.h"

typedef enum etas_fdsn_answer {
    ETAS_FDSN_EVENTS,    /**< one at least */
    ETAS_FDSN_EMPTY,     /**< there are none, or none from this offset on */
    ETAS_FDSN_TOO_MANY,  /**< refused: the window has more than the service gives */
    ETAS_FDSN_NO_OFFSET, /**< refused: it knows no offsets */
    ETAS_FDSN_N_ANSWERS
} etas_fdsn_answer;

typedef struct etas_fdsn_reply {
    etas_fdsn_answer answer;
    size_t n;       /**< events on the page */
    size_t n_new;   /**< those that no page before had */
    uint64_t first; /**< a hash of its first event's id */
} etas_fdsn_reply;

/** Asks for a page, or takes it from where it is kept. */
typedef etas_status etas_fdsn_get(void *context, const etas_fdsn_page *page, etas_fdsn_reply *out,
                                  etas_error *err);

/** Gets all pages of the query, boxes one after the other, windows in order of time. E_LIMIT when a
 * window of a second is too large; the errors of @p get. */
ETAS_NODISCARD etas_status etas_fdsn_walk(const etas_fdsn_query *query, etas_fdsn_get *get,
                                          void *context, etas_error *err);

#endif
