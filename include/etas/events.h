/** @file events.h  Simulated catalogues in the integer columns that every backend passes through.
 */
#ifndef ETAS_EVENTS_H
#define ETAS_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/status.h"

ETAS_API_BEGIN

#define ETAS_DEGREE_UNITS 1e6 /**< lat and lon: units per degree */
#define ETAS_MAG_UNITS    1e4 /**< mag: units per magnitude */

/** Bits of an event's flags. */
typedef enum etas_event_flag {
    ETAS_EVENT_CHILDLESS = 1, /**< no child was drawn, not even one outside window or region */
    ETAS_EVENT_INDUCED = 2    /**< of generation 0 */
} etas_event_flag;

/**
 * The catalogues of one range, one after the other; within a catalogue ordered by (time_ms,
 * generation, event index). Starts as {0}; etas_events_free is idempotent.
 */
typedef struct etas_events {
    size_t n_catalogs, n; /**< catalogues, and events in all of them */
    uint32_t *count;      /**< events per catalogue */
    uint64_t *time_ms;    /**< milliseconds since the start of the window, rounded down */
    int32_t *lat, *lon;   /**< 1e-6 degrees, rounded to nearest */
    int32_t *mag;         /**< 1e-4 magnitudes */
    uint16_t *generation; /**< 0 = background or induced */
    uint8_t *flags;       /**< etas_event_flag */
    int32_t *parent; /**< >= 0: place of the parent among the catalogue's events here; -1: none, or
                        one that is not reported; <= -2: event -2 - parent of the history. Only
                        with_parents, else NULL */
    bool with_parents;
    size_t catalog_capacity, event_capacity;
} etas_events;

/** Room for so many catalogues and events in all; keeps the contents. */
ETAS_NODISCARD etas_status etas_events_reserve(etas_events *self, size_t n_catalogs,
                                               size_t n_events);
/** Adds a catalogue: the @p n events of @p from that begin with @p first, whose parents' places
 * count from there already. E_NOMEM changes nothing. */
ETAS_NODISCARD etas_status etas_events_append(etas_events *self, const etas_events *from,
                                              size_t first, uint32_t n);
void etas_events_free(etas_events *self);

ETAS_API_END

#endif
