/** @file codec.h  Result frames and the model blob: the bytes between driver and workers.
 *
 * Tables of offsets are in docs/formats-internal.md. Every decoder treats its input as hostile.
 */
#ifndef ETAS_CODEC_H
#define ETAS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/events.h"
#include "etas/plan.h"
#include "etas/status.h"

ETAS_API_BEGIN

#define ETAS_FRAME_VERSION 2
#define ETAS_BLOB_VERSION  2
#define ETAS_FRAME_TARGET_BYTES \
    ((size_t)1 << 20) /**< a frame of several catalogues stays below it */
#define ETAS_FRAME_MAX_BYTES    ((size_t)1 << 29) /**< of raw columns */
#define ETAS_FRAME_HEADER_BYTES 176
#define ETAS_FRAME_INDEX_BYTES  4 /**< raw, of each index; events and records come on top */

/** What a frame holds of each index: a catalogue's events, or a record, any bytes. */
typedef enum etas_frame_kind { ETAS_FRAME_EVENTS, ETAS_FRAME_RECORDS } etas_frame_kind;

/** The task's monitor record, carried by its frame. */
typedef struct etas_task_info {
    char host[64];
    uint32_t pid;
    int64_t start_ns; /**< wall clock, ns since 1970 */
    double wall_s, cpu_s;
    uint64_t peak_memory_bytes;
} etas_task_info;

/** What a frame says of itself before its body. */
typedef struct etas_frame_header {
    etas_frame_kind kind;
    uint8_t run[16];
    uint64_t first;
    uint32_t count;    /**< catalogues or records */
    uint64_t n_events; /**< 0 for records */
    uint64_t raw_bytes, stored_bytes;
    uint64_t checksum; /**< XXH64 of the raw columns */
    bool compressed;
    bool with_parents; /**< catalogues: events tell their parent */
    etas_task_info task;
} etas_frame_header;

/** Raw bytes of an event. */
size_t etas_frame_event_bytes(bool with_parents);

/** Bytes that etas_frame_encode may need for these events, or for some of their catalogues. */
size_t etas_frame_bound(const etas_events *events);

/**
 * Encode the catalogues [at, at + header->count) of @p events. header->run, first, count, task and
 * compressed are inputs, the other fields are set. @p out has room for etas_frame_bound(). E_ARG
 * for no catalogue, an index of 2^48 or more, times that are no times; E_LIMIT beyond
 * ETAS_FRAME_MAX_BYTES. Bytes of the host that are not printable become '?'.
 */
ETAS_NODISCARD etas_status etas_frame_encode(etas_frame_header *header, const etas_events *events,
                                             size_t at, uint8_t out[], size_t *len);

/** Header only: lengths are checked against @p len, the body is not looked at. */
ETAS_NODISCARD etas_status etas_frame_peek(size_t len, const uint8_t bytes[],
                                           etas_frame_header *out, etas_error *err);

/** Whole frame of catalogues; @p out (which starts as {0}) is overwritten, empty on failure.
 * E_CORRUPT, E_VERSION; nothing is allocated before the lengths are known to fit. What comes out is
 * ordered in time, on the globe, and start + time_ms fits into etas_time for a start in 1970 or
 * before; a parent that is there comes before its children, is of the generation above and not
 * childless. That it all fits the plan (window, number of past events) is for the caller to check.
 */
ETAS_NODISCARD etas_status etas_frame_decode(size_t len, const uint8_t bytes[],
                                             etas_frame_header *header, etas_events *out,
                                             etas_error *err);

/** Byte strings, one after the other. Starts as {0}; etas_records_free is idempotent. */
typedef struct etas_records {
    size_t n, n_bytes; /**< records, and bytes in all of them */
    uint32_t *length;  /**< per record */
    uint8_t *bytes;
    size_t capacity, byte_capacity;
} etas_records;

/** Room for so many records and bytes in all; keeps the contents. */
ETAS_NODISCARD etas_status etas_records_reserve(etas_records *self, size_t n, size_t n_bytes);
/** Adds a record. E_NOMEM changes nothing; E_LIMIT for one that no frame could hold. */
ETAS_NODISCARD etas_status etas_records_append(etas_records *self, size_t len,
                                               const uint8_t bytes[]);
void etas_records_free(etas_records *self);

/** The same three for frames of records: a length for each index, and its bytes. What they mean is
 * for the receiver to check. */
size_t etas_record_frame_bound(const etas_records *records);
/** As etas_frame_encode. */
ETAS_NODISCARD etas_status etas_record_frame_encode(etas_frame_header *header,
                                                    const etas_records *records, size_t at,
                                                    uint8_t out[], size_t *len);
/** As etas_frame_decode. */
ETAS_NODISCARD etas_status etas_record_frame_decode(size_t len, const uint8_t bytes[],
                                                    etas_frame_header *header, etas_records *out,
                                                    etas_error *err);

/** A plan as bytes: *out is allocated with etas_array, *len set. Equal plans give equal bytes.
 * E_CORRUPT for a plan that etas_blob_decode would refuse. */
ETAS_NODISCARD etas_status etas_blob_encode(const etas_plan *plan, uint8_t **out, size_t *len,
                                            etas_error *err);
/** @p out starts as {0}. E_VERSION names both algorithm versions. */
ETAS_NODISCARD etas_status etas_blob_decode(size_t len, const uint8_t bytes[], etas_plan *out,
                                            etas_error *err);

/** The same for mixtures. That of one model is the model's blob, and decodes from it. E_CORRUPT for
 * turns beyond the models, and for plans that differ where a mixture's must not. */
ETAS_NODISCARD etas_status etas_mixture_encode(const etas_mixture *mixture, uint8_t **out,
                                               size_t *len, etas_error *err);
/** As etas_blob_decode. */
ETAS_NODISCARD etas_status etas_mixture_decode(size_t len, const uint8_t bytes[], etas_mixture *out,
                                               etas_error *err);

/** SHA-256 (libcrypto) of any bytes. */
ETAS_NODISCARD etas_status etas_sha256(size_t len, const uint8_t bytes[], uint8_t out[32]);
/** Lower-case hexadecimal, terminated; out holds 2 n + 1. */
char *etas_hex(size_t n, const uint8_t bytes[], char out[]);

ETAS_API_END

#endif
