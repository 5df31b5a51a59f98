/** @file fdsn_events.h  The events of a page, as the service wrote them. */
#ifndef ETAS_IO_FDSN_EVENTS_H
#define ETAS_IO_FDSN_EVENTS_H

#include "etas/fdsn.h"

/** An event without a time has ETAS_TIME_NONE, one without a place NaN. */
typedef struct etas_fdsn_event {
    size_t id, id_len;   /**< in the page's text */
    size_t raw, raw_len; /**< likewise: its line, without the end, or its element */
    etas_time time;
    double lat, lon;
} etas_fdsn_event;

/** Starts as {0}; etas_fdsn_events_free is idempotent. */
typedef struct etas_fdsn_events {
    size_t n, capacity;
    etas_fdsn_event *event;
    etas_text text; /**< what the events point into */
    size_t header, header_len;
} etas_fdsn_events;

/**
 * Takes an answer apart, after what was there before is forgotten. The readers of catalogues must
 * accept it first: E_PARSE, E_RANGE with what is wrong; in text the last line must have an end
 * unless @p complete. @p name stands for the answer in messages.
 */
typedef struct etas_fdsn_body {
    const char *name;
    etas_fdsn_format format;
    bool complete;
    size_t len;
    const char *bytes;
} etas_fdsn_body;
ETAS_NODISCARD etas_status etas_fdsn_events_read(etas_fdsn_events *self, const etas_fdsn_body *body,
                                                 etas_error *err);
void etas_fdsn_events_free(etas_fdsn_events *self);

/** For events_text.c and events_xml.c. */
ETAS_NODISCARD etas_status etas_fdsn_events_add(etas_fdsn_events *self, const etas_fdsn_event *e);
ETAS_NODISCARD etas_status etas_fdsn_events_read_xml(etas_fdsn_events *self, size_t len,
                                                     const char bytes[], etas_error *err);

#endif
