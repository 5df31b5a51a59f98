/** @file frame_parts.h  What frames of catalogues and frames of records share: header and body. */
#ifndef ETAS_SRC_CODEC_FRAME_PARTS_H
#define ETAS_SRC_CODEC_FRAME_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/codec.h"

/** Bytes of a frame of so many raw ones, and room for the raw ones beside it. */
size_t etas_frame_room(size_t raw);

/** Whether the header's inputs can be encoded. */
bool etas_frame_may_begin(const etas_frame_header *header, size_t at, size_t n);

/** Where the @p raw bytes of a frame in @p out are to be written before etas_frame_seal. */
uint8_t *etas_frame_columns(const etas_frame_header *header, size_t raw, uint8_t out[]);
/** Compresses, checksums, puts the header in front. header->n_events is an input too. */
ETAS_NODISCARD etas_status etas_frame_seal(etas_frame_header *header, size_t raw, uint8_t out[],
                                           size_t *len);

/** Raw bytes of a frame: in the frame itself, or in scratch, to be freed with etas_array_free. */
typedef struct etas_frame_body {
    const uint8_t *columns;
    uint8_t *scratch;
} etas_frame_body;

/** Header and raw bytes of a frame that has to be of @p kind; @p body starts as {0}. */
ETAS_NODISCARD etas_status etas_frame_open(size_t len, const uint8_t bytes[], etas_frame_kind kind,
                                           etas_frame_header *header, etas_frame_body *body,
                                           etas_error *err);

#endif
