/** @file fdsn.h  Catalogues from FDSN event web services (version 1), page by page.
 *
 * A page is asked for by a window of time, limit and offset, in ascending order of time. An answer
 * that is shorter than the limit does not end a window (some services leave events out of pages, or
 * have limits of their own): an empty one does, or one that has nothing new. Where a service knows
 * no offset, or refuses a window as too large (413), the window is halved. Every answer is kept in
 * the folder OUTPUT.pieces until the catalogue is complete, so that what was interrupted goes on.
 */
#ifndef ETAS_FDSN_H
#define ETAS_FDSN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "etas/api.h"
#include "etas/geometry.h"
#include "etas/log.h"
#include "etas/status.h"
#include "etas/text.h"
#include "etas/time.h"

ETAS_API_BEGIN

/** A data centre with such a service. */
typedef struct etas_fdsn_service {
    const char *name, *title;
    const char *url;
    uint32_t page_size; /**< events to ask for at once */
} etas_fdsn_service;

/** The i-th of those that have a name here; NULL behind the last. */
const etas_fdsn_service *etas_fdsn_service_at(size_t i);
/** NULL: there is none of this name, whatever its case. */
const etas_fdsn_service *etas_fdsn_service_find(const char *name);

/** Degrees; west <= east, both in [-180, 180]. */
typedef struct etas_fdsn_box {
    double south, north, west, east;
} etas_fdsn_box;

/** What of the map is asked for in boxes, two at the meridian of +-180, and then cut to the circle
 * or the region. Starts as etas_fdsn_globe(). */
typedef struct etas_fdsn_area {
    size_t n_boxes; /**< 0: the globe */
    etas_fdsn_box boxes[2];
    double lat, lon, radius_km; /**< radius NaN: no circle */
    const etas_region *region;  /**< NULL: none */
} etas_fdsn_area;

/** The area without an end. */
etas_fdsn_area etas_fdsn_globe(void);
/** Longitudes in [-360, 360]; when east is less than west the box crosses the meridian of +-180.
 * E_RANGE. */
ETAS_NODISCARD etas_status etas_fdsn_box_set(etas_fdsn_area *self, const etas_fdsn_box *box,
                                             etas_error *err);
/** E_RANGE. */
ETAS_NODISCARD etas_status etas_fdsn_circle_set(etas_fdsn_area *self, double lat, double lon,
                                                double radius_km, etas_error *err);
/** The region stays the caller's. */
ETAS_NODISCARD etas_status etas_fdsn_region_set(etas_fdsn_area *self, const etas_region *region,
                                                etas_error *err);
/** Whether a place lies in the area; its border belongs to it. */
bool etas_fdsn_area_contains(const etas_fdsn_area *self, double lat, double lon);

/** The formats that services answer in. */
typedef enum etas_fdsn_format { ETAS_FDSN_TEXT, ETAS_FDSN_XML } etas_fdsn_format;

/** What is asked for. */
typedef struct etas_fdsn_query {
    const char *url; /**< as etas_fdsn_url makes it */
    etas_fdsn_format format;
    etas_time start, end;
    double min_magnitude, max_magnitude; /**< NaN: any */
    etas_fdsn_area area;
    uint32_t page_size;
    size_t n_extra;
    const char *const *extra; /**< "key=value", further parameters */
} etas_fdsn_query;

/** "https://host", "https://host/fdsnws/event/1" or with "/query" behind it, as the last. E_ARG for
 * what is no http or https URL, holds a user or parameters. */
ETAS_NODISCARD etas_status etas_fdsn_url(const char *text, etas_text *out, etas_error *err);
/** E_ARG unless it is key=value and the key none that a query has anyway. */
ETAS_NODISCARD etas_status etas_fdsn_check_extra(const char *text, etas_error *err);

/** How patient the client is. */
typedef struct etas_fdsn_manners {
    const char *user_agent;
    const char *ca_file; /**< PEM; NULL: the system's */
    double stall_s;      /**< a connection that carries nothing for so long is given up */
    double first_wait_s; /**< before the second try; doubled from try to try, up to a minute */
    uint32_t retries;    /**< tries of one page behind the first */
    double patience_s;   /**< longest time to wait in all for one page */
} etas_fdsn_manners;

/** 2 minutes, 1 s, 8, 15 minutes. */
etas_fdsn_manners etas_fdsn_manners_default(void);

/** How far a download is. */
typedef struct etas_fdsn_progress {
    size_t n_events;   /**< different ones, so far */
    size_t n_requests; /**< answered by the service */
    size_t n_pieces;   /**< that were there already */
    double days, days_in_all;
} etas_fdsn_progress;

/** What etas_fdsn_fetch is told beside the query. */
typedef struct etas_fdsn_fetch_config {
    const char *output; /**< the pieces lie beside it, in OUTPUT.pieces */
    bool restart;       /**< pieces that are there are thrown away */
    bool end_is_now;    /**< pieces that are there say which end was meant */
    etas_fdsn_manners manners;
    const etas_log *log;
    void (*progress)(void *context, const etas_fdsn_progress *now); /**< may be NULL */
    void *context;
    const volatile sig_atomic_t *stop; /**< not 0: leave with E_INTERRUPTED; may be NULL */
} etas_fdsn_fetch_config;

/** Everything that the service gave. Starts as {0}. */
typedef struct etas_fdsn_result {
    struct etas_fdsn_fetched *fetched;
    size_t n_events;  /**< different ones in the area, ordered by time */
    size_t n_twice;   /**< left out: on another page too */
    size_t n_outside; /**< left out: in the boxes, not in the area */
    size_t n_requests, n_pieces;
    etas_time end; /**< of the query */
} etas_fdsn_result;

/**
 * E_NET, E_TIMEOUT when patience ends; E_REFUSED, E_AUTH with what the service says; E_PARSE for
 * answers that are no catalogue; E_LIMIT when a second has more events than the service gives;
 * E_EXISTS for pieces of another query, or that another process is fetching; E_IO; E_INTERRUPTED.
 * The pieces stay in all these cases.
 */
ETAS_NODISCARD etas_status etas_fdsn_fetch(etas_fdsn_result *self, const etas_fdsn_query *query,
                                           const etas_fdsn_fetch_config *cfg, etas_error *err);
/** The events as they came, as one document: every line, every element as the service wrote it. */
ETAS_NODISCARD etas_status etas_fdsn_write(const etas_fdsn_result *self, FILE *out,
                                           etas_error *err);
/** Removes the pieces: the catalogue is written. */
ETAS_NODISCARD etas_status etas_fdsn_forget(etas_fdsn_result *self, etas_error *err);
void etas_fdsn_free(etas_fdsn_result *self);

ETAS_API_END

#endif
