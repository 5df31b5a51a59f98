#include "etas/codec.h"

#include <stddef.h>

#include "codec/frame_parts.h"
#include "codec/planes.h"
#include "etas/array.h"

/* Beyond it a time does not fit into 64 bits of nanoseconds. */
static const uint64_t MAX_TIME_MS = INT64_MAX / 1000000;
static const int32_t MAX_LAT = 90000000, LON_LIMIT = 180000000;

enum { N_COLUMNS = 7 };

/* Besides the count of each catalogue, whose lowest byte is stored as bits. */
static const etas_planes COUNTS = {.width = 4, .bits = 1};
static const struct column {
    size_t member;      /* of etas_events */
    etas_planes layout; /* as bits: the bytes of which some bits hardly vary */
} columns[N_COLUMNS] = {
    {offsetof(etas_events, time_ms), {.width = 8, .bits = 1 << 3}},
    {offsetof(etas_events, lat), {.width = 4, .bits = 1 << 3}},
    {offsetof(etas_events, lon), {.width = 4, .bits = 1 << 3}},
    {offsetof(etas_events, mag), {.width = 4, .bits = 1 << 1 | 1 << 0}},
    {offsetof(etas_events, generation), {.width = 2, .bits = 1 << 0}},
    {offsetof(etas_events, flags), {.width = 1, .bits = 1 << 0}},
    {offsetof(etas_events, parent), {.width = 4, .bits = 1 << 1 | 1 << 0}},
};

static size_t columns_of(bool with_parents)
{
    return with_parents ? N_COLUMNS : N_COLUMNS - 1;
}

static void *column_of(const etas_events *events, size_t c)
{
    return *(void *const *)(const void *)((const char *)events + columns[c].member);
}

size_t etas_frame_event_bytes(bool with_parents)
{
    size_t bytes = 0;

    for (size_t c = 0; c < columns_of(with_parents); c++)
        bytes += columns[c].layout.width;
    return bytes;
}

/* ---- encode ---- */

static size_t raw_bytes(const etas_events *events, size_t n_catalogs, size_t n_events)
{
    return ETAS_FRAME_INDEX_BYTES * n_catalogs +
           etas_frame_event_bytes(events->with_parents) * n_events;
}

size_t etas_frame_bound(const etas_events *events)
{
    return etas_frame_room(raw_bytes(events, events->n_catalogs, events->n));
}

etas_status etas_frame_encode(etas_frame_header *header, const etas_events *events, size_t at,
                              uint8_t out[], size_t *len)
{
    const etas_plane_kernels *const kernels = etas_plane_kernels_best();
    const size_t count = header->count;
    size_t start = 0, n = 0, raw;
    uint8_t *end;

    if (!etas_frame_may_begin(header, at, events->n_catalogs))
        return ETAS_E_ARG;
    for (size_t i = 0; i < at; i++)
        start += events->count[i];
    for (size_t i = at; i < at + count; i++)
        n += events->count[i];
    raw = raw_bytes(events, count, n);
    if (raw > ETAS_FRAME_MAX_BYTES)
        return ETAS_E_LIMIT;

    end = kernels->put(COUNTS, count, events->count + at, etas_frame_columns(header, raw, out));
    for (size_t c = 0; n > 0 && c < columns_of(events->with_parents); c++) {
        const etas_planes layout = columns[c].layout;

        end = kernels->put(layout, n, (uint8_t *)column_of(events, c) + start * layout.width, end);
    }
    header->kind = ETAS_FRAME_EVENTS;
    header->with_parents = events->with_parents;
    header->n_events = n;
    return etas_frame_seal(header, raw, out, len);
}

/* ---- decode ---- */

/* Neither loop stops at what is wrong: then both work on many events at once. */

static bool are_numbers(size_t n, const etas_events *events)
{
    uint32_t wrong = 0;

    for (size_t i = 0; i < n; i++)
        wrong |= (uint32_t)(events->time_ms[i] > MAX_TIME_MS);
    for (size_t i = 0; i < n; i++)
        wrong |= (uint32_t)(events->lat[i] < -MAX_LAT) | (uint32_t)(events->lat[i] > MAX_LAT) |
                 (uint32_t)(events->lon[i] < -LON_LIMIT) | (uint32_t)(events->lon[i] >= LON_LIMIT);
    for (size_t i = 0; i < n; i++)
        wrong |= (uint32_t)(events->flags[i] > (ETAS_EVENT_CHILDLESS | ETAS_EVENT_INDUCED)) |
                 ((uint32_t)(events->flags[i] >= ETAS_EVENT_INDUCED) &
                  (uint32_t)(events->generation[i] > 0));
    return wrong == 0;
}

static bool are_ordered(size_t n, const uint64_t time_ms[])
{
    uint32_t wrong = 0;

    for (size_t i = 1; i < n; i++)
        wrong |= (uint32_t)(time_ms[i] < time_ms[i - 1]);
    return wrong == 0;
}

/* Of the catalogue of @p n events from @p start on. */
static bool are_parents(const etas_events *events, size_t start, size_t n)
{
    const uint16_t *const generation = events->generation + start;

    for (size_t i = 0; i < n; i++) {
        const int32_t p = events->parent[start + i];

        if (p >= 0 ? (size_t)p >= i || generation[p] + 1 != generation[i] ||
                         (events->flags[start + (size_t)p] & ETAS_EVENT_CHILDLESS) != 0
                   : (p < -1 && generation[i] != 1))
            return false;
    }
    return true;
}

/* The checksum says that the bytes are the sender's; this says that they are catalogues. */
static bool are_catalogs(const etas_events *events)
{
    uint64_t total = 0;
    size_t at = 0;

    for (size_t k = 0; k < events->n_catalogs; k++)
        total += events->count[k];
    if (total != events->n || !are_numbers(events->n, events))
        return false;
    for (size_t k = 0; k < events->n_catalogs; at += events->count[k++])
        if (!are_ordered(events->count[k], events->time_ms + at) ||
            (events->with_parents && !are_parents(events, at, events->count[k])))
            return false;
    return true;
}

etas_status etas_frame_decode(size_t len, const uint8_t bytes[], etas_frame_header *header,
                              etas_events *out, etas_error *err)
{
    const etas_plane_kernels *const kernels = etas_plane_kernels_best();
    etas_frame_body body = {0};
    const uint8_t *p;
    size_t n;
    etas_status st = etas_frame_open(len, bytes, ETAS_FRAME_EVENTS, header, &body, err);

    out->n = out->n_catalogs = 0;
    if (st != ETAS_OK)
        goto out;
    n = header->n_events;
    out->with_parents = header->with_parents;
    st = etas_events_reserve(out, header->count, n);
    if (st != ETAS_OK) {
        etas_fail(err, st, "no memory for %zu events", n);
        goto out;
    }
    p = kernels->get(COUNTS, header->count, body.columns, out->count);
    for (size_t c = 0; c < columns_of(header->with_parents); c++)
        p = kernels->get(columns[c].layout, n, p, column_of(out, c));
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
