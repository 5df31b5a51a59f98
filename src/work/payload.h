/** @file payload.h  What a work makes for a range of indices: catalogues or records. */
#ifndef ETAS_SRC_WORK_PAYLOAD_H
#define ETAS_SRC_WORK_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "etas/codec.h"

/** Starts as {.kind}; etas_payload_free is idempotent and keeps the kind. */
typedef struct etas_payload {
    etas_frame_kind kind;
    etas_events events;   /**< ETAS_FRAME_EVENTS */
    etas_records records; /**< ETAS_FRAME_RECORDS */
} etas_payload;

void etas_payload_free(etas_payload *self);
/** Indices in it. */
size_t etas_payload_count(const etas_payload *self);
/** What index @p i of it adds to the raw length of a frame. */
size_t etas_payload_bytes(const etas_payload *self, size_t i);
/** Empties it and keeps the memory. */
void etas_payload_clear(etas_payload *self);
ETAS_NODISCARD etas_status etas_payload_append(etas_payload *self, const etas_payload *from);
void etas_payload_drop_front(etas_payload *self, size_t count);

/** Frames of its kind, as etas_frame_bound, _encode and _decode. A frame of the other kind is
 * E_CORRUPT. */
size_t etas_payload_bound(const etas_payload *self);
ETAS_NODISCARD etas_status etas_payload_encode(etas_frame_header *header, const etas_payload *self,
                                               size_t at, uint8_t out[], size_t *len);
ETAS_NODISCARD etas_status etas_payload_decode(etas_payload *self, size_t len,
                                               const uint8_t bytes[], etas_frame_header *header,
                                               etas_error *err);

#endif
