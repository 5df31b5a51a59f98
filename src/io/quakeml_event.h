/** @file quakeml_event.h  One event of QuakeML as it is read, and what of it goes into a catalogue.
 */
#ifndef ETAS_IO_QUAKEML_EVENT_H
#define ETAS_IO_QUAKEML_EVENT_H

#include "io/catalog_reader.h"

/** Bytes of etas_quakeml_event.texts. */
typedef struct etas_quakeml_text {
    size_t at, len;
} etas_quakeml_text;

typedef struct etas_quakeml_number {
    double value;  /**< NaN: not given */
    uint64_t line; /**< in the file */
} etas_quakeml_number;

typedef struct etas_quakeml_origin {
    etas_quakeml_text id;
    etas_time time; /**< or ETAS_TIME_NONE */
    etas_quakeml_number lat, lon, depth_m;
} etas_quakeml_origin;

typedef struct etas_quakeml_magnitude {
    etas_quakeml_text id, origin, type;
    etas_quakeml_number mag;
} etas_quakeml_magnitude;

/** Starts as {0}. */
typedef struct etas_quakeml_event {
    etas_text texts;
    etas_quakeml_text id, type, preferred_origin, preferred_magnitude;
    size_t n_origins, origin_capacity, n_magnitudes, magnitude_capacity;
    etas_quakeml_origin *origins;
    etas_quakeml_magnitude *magnitudes;
} etas_quakeml_event;

/** Where numbers stand, for messages. */
#define ETAS_QUAKEML_LATITUDE  "origin/latitude/value"
#define ETAS_QUAKEML_LONGITUDE "origin/longitude/value"
#define ETAS_QUAKEML_DEPTH     "origin/depth/value"
#define ETAS_QUAKEML_MAGNITUDE "magnitude/mag/value"

/** An event of which nothing is known yet; the memory is used again. */
void etas_quakeml_event_clear(etas_quakeml_event *self);
void etas_quakeml_event_free(etas_quakeml_event *self);

/** Each appends; E_NOMEM. */
ETAS_NODISCARD etas_status etas_quakeml_event_add_text(etas_quakeml_event *self, size_t len,
                                                       const char text[], etas_quakeml_text *out);
ETAS_NODISCARD etas_status etas_quakeml_event_add_origin(etas_quakeml_event *self);
ETAS_NODISCARD etas_status etas_quakeml_event_add_magnitude(etas_quakeml_event *self);

/** Keeps the event or counts why not. E_RANGE for a value that would be used. */
ETAS_NODISCARD etas_status etas_quakeml_event_end(const etas_quakeml_event *self,
                                                  const etas_catalog_reader *r);

#endif
