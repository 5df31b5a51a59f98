#include "etas/codec.h"

#include <string.h>

#include "codec/frame_parts.h"
#include "etas/array.h"

/* Beyond it a time does not fit into 64 bits of nanoseconds. */
static const uint64_t MAX_TIME_MS = INT64_MAX / 1000000;
static const int32_t MAX_LAT = 90000000, LON_LIMIT = 180000000;

/* ---- columns as byte planes ---- */

static uint8_t *pack_u16(uint8_t *out, size_t n, const uint16_t v[])
{
    for (unsigned b = 0; b < 2; b++, out += n)
        for (size_t i = 0; i < n; i++)
            out[i] = (uint8_t)(v[i] >> 8 * b);
    return out;
}

static uint8_t *pack_u64(uint8_t *out, size_t n, const uint64_t v[])
{
    for (unsigned b = 0; b < 8; b++, out += n)
        for (size_t i = 0; i < n; i++)
            out[i] = (uint8_t)(v[i] >> 8 * b);
    return out;
}

static const uint8_t *unpack_u16(const uint8_t *in, size_t n, uint16_t v[])
{
    for (size_t i = 0; i < n; i++)
        v[i] = (uint16_t)(in[i] | in[n + i] << 8);
    return in + 2 * n;
}

static const uint8_t *unpack_u64(const uint8_t *in, size_t n, uint64_t v[])
{
    memset(v, 0, n * sizeof *v);
    for (unsigned b = 0; b < 8; b++, in += n)
        for (size_t i = 0; i < n; i++)
            v[i] |= (uint64_t)in[i] << 8 * b;
    return in;
}

/* ---- encode ---- */

static size_t raw_bytes(size_t n_catalogs, size_t n_events)
{
    return ETAS_BYTES_PER_INDEX * n_catalogs + ETAS_BYTES_PER_EVENT * n_events;
}

size_t etas_frame_bound(const etas_events *events)
{
    return etas_frame_room(raw_bytes(events->n_catalogs, events->n));
}

etas_status etas_frame_encode(etas_frame_header *header, const etas_events *events, size_t at,
                              uint8_t out[], size_t *len)
{
    const size_t count = header->count;
    size_t start = 0, n = 0, raw;
    uint8_t *end;

    if (!etas_frame_may_begin(header, at, events->n_catalogs))
        return ETAS_E_ARG;
    for (size_t i = 0; i < at; i++)
        start += events->count[i];
    for (size_t i = at; i < at + count; i++)
        n += events->count[i];
    raw = raw_bytes(count, n);
    if (raw > ETAS_FRAME_MAX_BYTES)
        return ETAS_E_LIMIT;

    end = etas_plane_put_u32(etas_frame_columns(header, raw, out), count, events->count + at);
    if (n > 0) {
        end = pack_u64(end, n, events->time_ms + start);
        end = etas_plane_put_u32(end, n, (const uint32_t *)events->lat + start);
        end = etas_plane_put_u32(end, n, (const uint32_t *)events->lon + start);
        end = etas_plane_put_u32(end, n, (const uint32_t *)events->mag + start);
        (void)pack_u16(end, n, events->generation + start);
    }
    header->kind = ETAS_FRAME_EVENTS;
    header->n_events = n;
    return etas_frame_seal(header, raw, out, len);
}

/* ---- decode ---- */

/* The checksum says that the bytes are the sender's; this says that they are catalogues. */
static bool are_catalogs(const etas_events *events)
{
    uint64_t total = 0;
    size_t at = 0;

    for (size_t k = 0; k < events->n_catalogs; k++)
        total += events->count[k];
    if (total != events->n)
        return false;
    for (size_t k = 0; k < events->n_catalogs; k++) {
        uint64_t before = 0;

        for (const size_t end = at + events->count[k]; at < end; at++) {
            if (events->time_ms[at] < before || events->time_ms[at] > MAX_TIME_MS ||
                events->lat[at] < -MAX_LAT || events->lat[at] > MAX_LAT ||
                events->lon[at] < -LON_LIMIT || events->lon[at] >= LON_LIMIT)
                return false;
            before = events->time_ms[at];
        }
    }
    return true;
}

etas_status etas_frame_decode(size_t len, const uint8_t bytes[], etas_frame_header *header,
                              etas_events *out, etas_error *err)
{
    etas_frame_body body = {0};
    const uint8_t *p;
    size_t n;
    etas_status st = etas_frame_open(len, bytes, ETAS_FRAME_EVENTS, header, &body, err);

    out->n = out->n_catalogs = 0;
    if (st != ETAS_OK)
        goto out;
    n = header->n_events;
    st = etas_events_reserve(out, header->count, n);
    if (st != ETAS_OK) {
        etas_fail(err, st, "no memory for %zu events", n);
        goto out;
    }
    p = etas_plane_get_u32(body.columns, header->count, out->count);
    p = unpack_u64(p, n, out->time_ms);
    p = etas_plane_get_u32(p, n, (uint32_t *)out->lat);
    p = etas_plane_get_u32(p, n, (uint32_t *)out->lon);
    p = etas_plane_get_u32(p, n, (uint32_t *)out->mag);
    (void)unpack_u16(p, n, out->generation);
    out->n = n;
    out->n_catalogs = header->count;
    if (!are_catalogs(out)) {
        out->n = out->n_catalogs = 0;
        st = etas_fail(err, ETAS_E_CORRUPT, "a result frame holds no possible catalogues");
    }
out:
    etas_array_free((void **)&body.scratch);
    return st;
}
