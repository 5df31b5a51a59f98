/* Frames of records: a length for each index, and its bytes. */
#include <string.h>

#include "codec/frame_parts.h"
#include "codec/planes.h"
#include "etas/array.h"
#include "etas/codec.h"

static const etas_planes LENGTHS = {.width = 4};
static const size_t MAX_BYTES = ETAS_FRAME_MAX_BYTES - ETAS_FRAME_INDEX_BYTES;

etas_status etas_records_reserve(etas_records *self, size_t n, size_t n_bytes)
{
    etas_status st = etas_array_reserve((void **)&self->length, &self->capacity, n > 0 ? n : 1,
                                        sizeof *self->length);

    if (st == ETAS_OK)
        st = etas_array_reserve((void **)&self->bytes, &self->byte_capacity,
                                n_bytes > 0 ? n_bytes : 1, 1);
    return st;
}

etas_status etas_records_append(etas_records *self, size_t len, const uint8_t bytes[])
{
    etas_status st;

    if (len > MAX_BYTES)
        return ETAS_E_LIMIT;
    if (len > SIZE_MAX - self->n_bytes)
        return ETAS_E_NOMEM;
    st = etas_records_reserve(self, self->n + 1, self->n_bytes + len);
    if (st != ETAS_OK)
        return st;
    if (len > 0)
        memcpy(self->bytes + self->n_bytes, bytes, len);
    self->length[self->n++] = (uint32_t)len;
    self->n_bytes += len;
    return ETAS_OK;
}

void etas_records_free(etas_records *self)
{
    etas_array_free((void **)&self->length);
    etas_array_free((void **)&self->bytes);
    *self = (etas_records){0};
}

size_t etas_record_frame_bound(const etas_records *records)
{
    return etas_frame_room(ETAS_FRAME_INDEX_BYTES * records->n + records->n_bytes);
}

etas_status etas_record_frame_encode(etas_frame_header *header, const etas_records *records,
                                     size_t at, uint8_t out[], size_t *len)
{
    const size_t count = header->count;
    size_t start = 0, n = 0, raw;
    uint8_t *end;

    if (!etas_frame_may_begin(header, at, records->n))
        return ETAS_E_ARG;
    for (size_t i = 0; i < at; i++)
        start += records->length[i];
    for (size_t i = at; i < at + count; i++)
        n += records->length[i];
    raw = ETAS_FRAME_INDEX_BYTES * count + n;
    if (raw > ETAS_FRAME_MAX_BYTES)
        return ETAS_E_LIMIT;
    end = etas_plane_kernels_best()->put(LENGTHS, count, records->length + at,
                                         etas_frame_columns(header, raw, out));
    if (n > 0)
        memcpy(end, records->bytes + start, n);
    header->kind = ETAS_FRAME_RECORDS;
    header->n_events = 0;
    return etas_frame_seal(header, raw, out, len);
}

etas_status etas_record_frame_decode(size_t len, const uint8_t bytes[], etas_frame_header *header,
                                     etas_records *out, etas_error *err)
{
    etas_frame_body body = {0};
    const uint8_t *p;
    uint64_t total = 0;
    size_t n_bytes;
    etas_status st = etas_frame_open(len, bytes, ETAS_FRAME_RECORDS, header, &body, err);

    out->n = out->n_bytes = 0;
    if (st != ETAS_OK)
        goto out;
    n_bytes = header->raw_bytes - (uint64_t)ETAS_FRAME_INDEX_BYTES * header->count;
    st = etas_records_reserve(out, header->count, n_bytes);
    if (st != ETAS_OK) {
        etas_fail(err, st, "no memory for records of %zu bytes", n_bytes);
        goto out;
    }
    p = etas_plane_kernels_best()->get(LENGTHS, header->count, body.columns, out->length);
    for (size_t i = 0; i < header->count; i++)
        total += out->length[i];
    if (total != n_bytes) {
        st = etas_fail(err, ETAS_E_CORRUPT, "the lengths of a result frame's records do not fit");
        goto out;
    }
    memcpy(out->bytes, p, n_bytes);
    out->n = header->count;
    out->n_bytes = n_bytes;
out:
    etas_array_free((void **)&body.scratch);
    return st;
}
