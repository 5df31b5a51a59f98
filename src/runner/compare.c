#include "runner/compare.h"

#include "etas/array.h"
#include "etas/text.h"
#include "runner/stored_frame.h"

void etas_comparer_free(etas_comparer *self)
{
    etas_payload_free(&self->stored);
    etas_array_free((void **)&self->bytes);
    self->capacity = 0;
}

etas_status etas_compare_digest(etas_comparer *self, const etas_payload *payload, size_t at,
                                size_t count, uint64_t *out, etas_error *err)
{
    etas_frame_header header = {.count = (uint32_t)count};
    size_t len;
    etas_status st =
        etas_array_reserve((void **)&self->bytes, &self->capacity, etas_payload_bound(payload), 1);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for comparing results");
    st = etas_payload_encode(&header, payload, at, self->bytes, &len);
    if (st != ETAS_OK)
        return etas_fail(err, st, "results cannot be compared");
    *out = header.checksum;
    return ETAS_OK;
}

/* Both hold [first, first + count). */
typedef struct pair {
    etas_comparer *scratch;
    const etas_payload *came, *stored;
    uint64_t came_first, stored_first;
} pair;

static etas_status digests(const pair *self, etas_range range, etas_difference *out,
                           etas_error *err)
{
    const size_t n = (size_t)range.count;
    etas_status st = etas_compare_digest(
        self->scratch, self->came, (size_t)(range.first - self->came_first), n, &out->came, err);

    if (st == ETAS_OK)
        st = etas_compare_digest(self->scratch, self->stored,
                                 (size_t)(range.first - self->stored_first), n, &out->stored, err);
    out->found = out->came != out->stored;
    return st;
}

/* All of it first; then the first index that differs is closed in on by halves. */
static etas_status compare(const pair *self, etas_range range, etas_difference *out,
                           etas_error *err)
{
    etas_status st = digests(self, range, out, err);

    while (st == ETAS_OK && out->found && range.count > 1) {
        const etas_range half = {range.first, range.count / 2};

        st = digests(self, half, out, err);
        range = out->found ? half : (etas_range){half.first + half.count, range.count - half.count};
        out->found = true;
    }
    if (st == ETAS_OK && out->found)
        st = digests(self, range, out, err); /* of that index alone */
    out->index = range.first;
    return st;
}

typedef struct comparison {
    etas_comparer *scratch;
    const etas_store_run *run;
    const etas_frame_header *header;
    const etas_payload *payload;
    etas_difference *out;
} comparison;

static etas_status compare_piece(void *context, const etas_store_frame *frame, etas_range part,
                                 etas_error *err)
{
    const comparison *const self = context;
    etas_payload *const stored = &self->scratch->stored;
    const pair both = {self->scratch, self->payload, stored, self->header->first, frame->first};
    etas_frame_header header;
    etas_status st;

    if (self->out->found)
        return ETAS_OK;
    st = etas_frame_peek(frame->len, frame->bytes, &header, err);
    if (st == ETAS_OK)
        st = etas_stored_frame_decode(stored, self->run, frame, "result", err);
    if (st == ETAS_OK)
        st = compare(&both, part, self->out, err);
    if (st == ETAS_OK && self->out->found)
        etas_format(sizeof self->out->maker, self->out->maker, "%.*s",
                    (int)sizeof header.task.host - 1, header.task.host);
    return st;
}

etas_status etas_compare_with_store(etas_comparer *self, etas_store *store,
                                    const etas_store_run *run, const etas_brought *brought,
                                    etas_difference *out, etas_error *err)
{
    const etas_frame_header *const header = brought->header;
    comparison what = {self, run, header, brought->payload, out};

    *out = (etas_difference){0};
    self->stored.kind = brought->payload->kind;
    return etas_store_find(store, (etas_range){header->first, header->count}, compare_piece, &what,
                           err);
}
