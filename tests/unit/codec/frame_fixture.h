/** @file frame_fixture.h  A few catalogues, frames of them, and frames that lie. */
#ifndef ETAS_TESTS_FRAME_FIXTURE_H
#define ETAS_TESTS_FRAME_FIXTURE_H

#include "support/check.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "etas/codec.h"

enum { AT_FLAGS = 6, AT_STORED = 56, AT_CHECKSUM = 64, AT_HEADER_CHECK = 168, AT_BODY = 176 };

/* Five catalogues, the second and the last empty. The event of generation 2 is a child of the one
 * before, which is one of the past's. */
static inline void fill_events_with(etas_events *events, bool with_parents)
{
    static const uint32_t counts[] = {2, 0, 3, 1, 0};
    static const uint64_t time[] = {0, 2591999999u, 5, 5, 9223372036854u, 70000};
    static const int32_t lat[] = {-90000000, 90000000, 0, 46123456, -1, 1};
    static const int32_t lon[] = {-180000000, 179999999, 0, 7654321, -1, 1};
    static const int32_t mag[] = {23000, -100, 75000, 24000, INT32_MAX, INT32_MIN};
    static const uint16_t generation[] = {0, 65535, 1, 2, 0, 300};
    static const uint8_t flags[] = {1, 0, 0, 1, 3, 0};
    static const int32_t parent[] = {-1, -1, -6, 0, -1, -1};

    events->with_parents = with_parents;
    check_ok(etas_events_reserve(events, 5, 6), NULL);
    events->n_catalogs = 5;
    events->n = 6;
    memcpy(events->count, counts, sizeof counts);
    memcpy(events->time_ms, time, sizeof time);
    memcpy(events->lat, lat, sizeof lat);
    memcpy(events->lon, lon, sizeof lon);
    memcpy(events->mag, mag, sizeof mag);
    memcpy(events->generation, generation, sizeof generation);
    memcpy(events->flags, flags, sizeof flags);
    if (with_parents)
        memcpy(events->parent, parent, sizeof parent);
}

static inline void fill_events(etas_events *events)
{
    fill_events_with(events, false);
}

static inline etas_frame_header some_header(uint32_t count, bool compressed)
{
    etas_frame_header h = {.first = 1000,
                           .count = count,
                           .compressed = compressed,
                           .task = {.host = "node-7.example",
                                    .pid = 4242,
                                    .start_ns = -5,
                                    .wall_s = 1.5,
                                    .cpu_s = 1.25,
                                    .peak_memory_bytes = 1 << 20}};

    memcpy(h.run, "0123456789abcdef", 16);
    return h;
}

typedef struct frame {
    uint8_t *bytes;
    size_t len;
} frame;

static inline frame make_frame(const etas_events *events, size_t at, uint32_t count,
                               bool compressed)
{
    etas_frame_header h = some_header(count, compressed);
    frame f = {malloc(etas_frame_bound(events)), 0};

    assert_non_null(f.bytes);
    check_ok(etas_frame_encode(&h, events, at, f.bytes, &f.len), NULL);
    assert_true(f.len <= etas_frame_bound(events));
    return f;
}

static inline void put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

/* What an attacker can do too: make the header's checksum fit again. */
static inline void seal(uint8_t *bytes)
{
    put_u64(bytes + AT_HEADER_CHECK, XXH64(bytes, AT_HEADER_CHECK, 0));
}

static inline etas_status decode(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len > 0 ? len : 1); /* so that a sanitizer sees one byte too far */
    etas_frame_header h;
    etas_events out = {0};
    etas_error err = {0};
    etas_status st;

    assert_non_null(exact);
    memcpy(exact, bytes, len);
    st = etas_frame_decode(len, exact, &h, &out, &err);
    assert_int_equal(err.code, st);
    if (st != ETAS_OK)
        assert_true(out.n == 0 && out.n_catalogs == 0);
    etas_events_free(&out);
    free(exact);
    return st;
}

#endif
