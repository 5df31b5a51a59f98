#include "work/payload.h"

#include <string.h>

void etas_payload_free(etas_payload *self)
{
    etas_events_free(&self->events);
    etas_records_free(&self->records);
}

size_t etas_payload_count(const etas_payload *self)
{
    return self->kind == ETAS_FRAME_EVENTS ? self->events.n_catalogs : self->records.n;
}

size_t etas_payload_bytes(const etas_payload *self, size_t i)
{
    return self->kind == ETAS_FRAME_EVENTS
               ? ETAS_FRAME_INDEX_BYTES + etas_frame_event_bytes(self->events.with_parents) *
                                              (size_t)self->events.count[i]
               : ETAS_FRAME_INDEX_BYTES + (size_t)self->records.length[i];
}

void etas_payload_clear(etas_payload *self)
{
    self->events.n = self->events.n_catalogs = 0;
    self->records.n = self->records.n_bytes = 0;
}

/* ---- catalogues ---- */

static etas_status append_events(etas_events *to, const etas_events *from)
{
    const size_t at = to->n, n = from->n;
    etas_status st;

    to->with_parents = from->with_parents;
    st = etas_events_reserve(to, to->n_catalogs + from->n_catalogs, at + n);
    if (st != ETAS_OK)
        return st;
    memcpy(to->count + to->n_catalogs, from->count, from->n_catalogs * sizeof *to->count);
    to->n_catalogs += from->n_catalogs;
    if (n == 0)
        return ETAS_OK;
    memcpy(to->time_ms + at, from->time_ms, n * sizeof *to->time_ms);
    memcpy(to->lat + at, from->lat, n * sizeof *to->lat);
    memcpy(to->lon + at, from->lon, n * sizeof *to->lon);
    memcpy(to->mag + at, from->mag, n * sizeof *to->mag);
    memcpy(to->generation + at, from->generation, n * sizeof *to->generation);
    memcpy(to->flags + at, from->flags, n * sizeof *to->flags);
    if (to->with_parents)
        memcpy(to->parent + at, from->parent, n * sizeof *to->parent);
    to->n += n;
    return ETAS_OK;
}

static void drop_events(etas_events *self, size_t n_catalogs)
{
    size_t n_events = 0, n;

    for (size_t i = 0; i < n_catalogs; i++)
        n_events += self->count[i];
    n = self->n - n_events;
    memmove(self->count, self->count + n_catalogs,
            (self->n_catalogs - n_catalogs) * sizeof *self->count);
    memmove(self->time_ms, self->time_ms + n_events, n * sizeof *self->time_ms);
    memmove(self->lat, self->lat + n_events, n * sizeof *self->lat);
    memmove(self->lon, self->lon + n_events, n * sizeof *self->lon);
    memmove(self->mag, self->mag + n_events, n * sizeof *self->mag);
    memmove(self->generation, self->generation + n_events, n * sizeof *self->generation);
    memmove(self->flags, self->flags + n_events, n * sizeof *self->flags);
    if (self->with_parents)
        memmove(self->parent, self->parent + n_events, n * sizeof *self->parent);
    self->n_catalogs -= n_catalogs;
    self->n = n;
}

/* ---- records ---- */

static etas_status append_records(etas_records *to, const etas_records *from)
{
    const etas_status st = etas_records_reserve(to, to->n + from->n, to->n_bytes + from->n_bytes);

    if (st != ETAS_OK || from->n == 0)
        return st;
    memcpy(to->length + to->n, from->length, from->n * sizeof *to->length);
    memcpy(to->bytes + to->n_bytes, from->bytes, from->n_bytes);
    to->n += from->n;
    to->n_bytes += from->n_bytes;
    return ETAS_OK;
}

static void drop_records(etas_records *self, size_t n)
{
    size_t n_bytes = 0;

    for (size_t i = 0; i < n; i++)
        n_bytes += self->length[i];
    memmove(self->length, self->length + n, (self->n - n) * sizeof *self->length);
    memmove(self->bytes, self->bytes + n_bytes, self->n_bytes - n_bytes);
    self->n -= n;
    self->n_bytes -= n_bytes;
}

/* ---- either ---- */

etas_status etas_payload_append(etas_payload *self, const etas_payload *from)
{
    return self->kind == ETAS_FRAME_EVENTS ? append_events(&self->events, &from->events)
                                           : append_records(&self->records, &from->records);
}

void etas_payload_drop_front(etas_payload *self, size_t count)
{
    if (self->kind == ETAS_FRAME_EVENTS)
        drop_events(&self->events, count);
    else
        drop_records(&self->records, count);
}

size_t etas_payload_bound(const etas_payload *self)
{
    return self->kind == ETAS_FRAME_EVENTS ? etas_frame_bound(&self->events)
                                           : etas_record_frame_bound(&self->records);
}

etas_status etas_payload_encode(etas_frame_header *header, const etas_payload *self, size_t at,
                                uint8_t out[], size_t *len)
{
    return self->kind == ETAS_FRAME_EVENTS
               ? etas_frame_encode(header, &self->events, at, out, len)
               : etas_record_frame_encode(header, &self->records, at, out, len);
}

etas_status etas_payload_decode(etas_payload *self, size_t len, const uint8_t bytes[],
                                etas_frame_header *header, etas_error *err)
{
    return self->kind == ETAS_FRAME_EVENTS
               ? etas_frame_decode(len, bytes, header, &self->events, err)
               : etas_record_frame_decode(len, bytes, header, &self->records, err);
}
