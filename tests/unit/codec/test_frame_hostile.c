/* Frames that were cut, changed, or made to lie with checksums that fit. */
#include "unit/codec/frame_fixture.h"

#include <zstd.h>

static void every_truncation_and_every_trailing_byte_is_refused(void **state)
{
    etas_events in = {0};

    (void)state;
    fill_events(&in);
    for (int compressed = 0; compressed < 2; compressed++) {
        frame f = make_frame(&in, 0, 5, compressed);

        for (size_t len = 0; len < f.len; len++)
            assert_int_equal(decode(f.bytes, len), ETAS_E_CORRUPT);
        check_ok(decode(f.bytes, f.len), NULL);
        f.bytes = realloc(f.bytes, f.len + 1);
        assert_non_null(f.bytes);
        f.bytes[f.len] = 0;
        assert_int_equal(decode(f.bytes, f.len + 1), ETAS_E_CORRUPT);
        free(f.bytes);
    }
    etas_events_free(&in);
}

/* Zstandard has bits that mean nothing: in a compressed body a change may also change nothing. */
static void every_changed_bit_is_refused_or_changes_no_number(void **state)
{
    etas_events in = {0};
    size_t harmless = 0;

    (void)state;
    fill_events(&in);
    for (int compressed = 0; compressed < 2; compressed++) {
        frame f = make_frame(&in, 0, 5, compressed);

        for (size_t i = 0; i < f.len; i++)
            for (unsigned bit = 0; bit < 8; bit++) {
                etas_status st;

                f.bytes[i] ^= (uint8_t)(1u << bit);
                st = decode(f.bytes, f.len);
                if (st == ETAS_OK && compressed && i >= AT_BODY)
                    harmless++; /* the checksum of the columns was right */
                else
                    assert_int_equal(st, i == 4 || i == 5 ? ETAS_E_VERSION : ETAS_E_CORRUPT);
                f.bytes[i] ^= (uint8_t)(1u << bit);
            }
        free(f.bytes);
    }
    assert_in_range(harmless, 0, 8);
    etas_events_free(&in);
}

static void a_sealed_lie_about_lengths_is_refused(void **state)
{
    /* offset in the header, and values that are wrong there */
    static const struct {
        size_t at, width;
        uint64_t value;
    } lies[] = {
        {AT_FLAGS, 2, 3},
        {AT_FLAGS, 2, 1},
        {AT_FLAGS, 2, 4},
        {AT_FLAGS, 2, 8},
        {24, 8, UINT64_C(1) << 48},
        {24, 8, UINT64_MAX},
        {32, 4, 0},
        {32, 4, UINT32_MAX},
        {32, 4, 4},
        {40, 8, 5},
        {40, 8, UINT64_MAX},
        {40, 8, UINT64_C(802032351030850070)}, /* 23 n overflows */
        {48, 8, 0},
        {48, 8, UINT64_MAX},
        {AT_STORED, 8, 0},
        {AT_STORED, 8, 1},
        {AT_STORED, 8, UINT64_MAX},
        {80, 8, UINT64_C(0x7ff8000000000000)},
        {88, 8, UINT64_C(0xbff0000000000000)},
        {104, 1, '\n'},
        {119, 1, 'x'},
        {167, 1, 'x'},
    };
    etas_events in = {0};

    (void)state;
    fill_events(&in);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        frame f = make_frame(&in, 0, 5, false);

        for (size_t b = 0; b < lies[i].width; b++)
            f.bytes[lies[i].at + b] = (uint8_t)(lies[i].value >> 8 * b);
        seal(f.bytes);
        assert_int_equal(decode(f.bytes, f.len), ETAS_E_CORRUPT);
        free(f.bytes);
    }
    etas_events_free(&in);
}

static void impossible_catalogues_are_refused_whatever_the_checksum(void **state)
{
    enum { N = 6, COUNTS = 5 * 4, TIME = COUNTS, LAT = TIME + 8 * N, LON = LAT + 4 * N };
    enum { FLAGS = LON + 4 * N + 4 * N + 2 * N };
    static const struct {
        size_t at;
        uint8_t value;
    } lies[] = {
        {0, 3},                /* the counts add up to 7 */
        {15, 1},               /* the first count is 2^24 + 2 */
        {TIME, 255},           /* still in order: 255 ms */
        {TIME + 3, 6},         /* 5, 6, 9223372036854: in order */
        {TIME + 2, 6},         /* 6, 5: falls */
        {TIME + 5 * N + 4, 9}, /* later than 64 bits of nanoseconds */
        {LAT + N + 1, 0x4b},   /* above 90 degrees: 0x055d4a80 becomes 0x055d4b80 */
        {LON + 1, 0x00},       /* 180 degrees or more, see below */
        {FLAGS, 4},            /* not known */
        {FLAGS + 2, 2},        /* induced, but a child */
    };
    etas_events in = {0};

    (void)state;
    fill_events(&in);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        frame f = make_frame(&in, 0, 5, false);
        const etas_status want =
            lies[i].at == TIME || lies[i].at == TIME + 3 ? ETAS_OK : ETAS_E_CORRUPT;

        if (lies[i].at == LON + 1) { /* 179999999 + 1 */
            const uint32_t v = 180000000;

            for (size_t b = 0; b < 4; b++)
                f.bytes[AT_BODY + LON + b * N + 1] = (uint8_t)(v >> 8 * b);
        } else {
            f.bytes[AT_BODY + lies[i].at] = lies[i].value;
        }
        put_u64(f.bytes + AT_CHECKSUM, XXH64(f.bytes + AT_BODY, f.len - AT_BODY, 0));
        seal(f.bytes);
        assert_int_equal(decode(f.bytes, f.len), want);
        free(f.bytes);
    }
    etas_events_free(&in);
}

static void impossible_parents_are_refused(void **state)
{
    static const struct {
        size_t event;
        int32_t parent;
        uint16_t generation;
        uint8_t flags_of_first;
    } lies[] = {
        {3, 1, 2, 0},                       /* itself */
        {3, 2, 1, 0},                       /* comes later */
        {3, 3, 2, 0},                       /* none of the catalogue's */
        {3, INT32_MAX, 2, 0}, {3, 0, 1, 0}, /* of the same generation */
        {3, 0, 3, 0},                       /* of the one above that */
        {3, 0, 2, 1},                       /* is childless */
        {3, -2, 2, 0},                      /* the past has children, not grandchildren */
        {4, -2, 0, 0},                      /* and the background has no parents */
        {3, INT32_MIN, 2, 0}, {0, 0, 0, 0},
    };
    etas_events in = {0};

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        frame f;

        fill_events_with(&in, true);
        in.parent[lies[i].event] = lies[i].parent;
        in.generation[lies[i].event] = lies[i].generation;
        in.flags[2] = lies[i].flags_of_first;
        f = make_frame(&in, 0, 5, i % 2 == 0);
        assert_int_equal(decode(f.bytes, f.len), ETAS_E_CORRUPT);
        free(f.bytes);
    }
    etas_events_free(&in);
}

static void frames_of_the_first_version_are_refused_by_their_number(void **state)
{
    etas_events in = {0};
    frame f;

    (void)state;
    fill_events(&in);
    f = make_frame(&in, 0, 5, false);
    f.bytes[4] = 1;
    seal(f.bytes);
    assert_int_equal(decode(f.bytes, f.len), ETAS_E_VERSION);
    free(f.bytes);
    etas_events_free(&in);
}

/* A compressed body whose frame says nothing of its size, or says another one, or comes twice. */
static void a_compressed_body_must_be_one_frame_of_the_stated_size(void **state)
{
    etas_events in = {0};
    uint8_t raw[5 * 4 + 6 * 23], body[1024];
    frame plain;

    (void)state;
    fill_events(&in);
    plain = make_frame(&in, 0, 5, false);
    memcpy(raw, plain.bytes + AT_BODY, sizeof raw);
    for (int kind = 0; kind < 4; kind++) {
        ZSTD_CCtx *ctx = ZSTD_createCCtx();
        uint8_t bytes[AT_BODY + sizeof body];
        size_t n;

        ZSTD_CCtx_setParameter(ctx, ZSTD_c_contentSizeFlag, kind != 1);
        n = ZSTD_compress2(ctx, body, sizeof body, raw, kind == 2 ? sizeof raw - 1 : sizeof raw);
        assert_false(ZSTD_isError(n));
        if (kind == 3) { /* an empty second frame behind it */
            const size_t more = ZSTD_compress2(ctx, body + n, sizeof body - n, raw, 0);

            assert_false(ZSTD_isError(more));
            n += more;
        }
        ZSTD_freeCCtx(ctx);
        memcpy(bytes, plain.bytes, AT_BODY);
        memcpy(bytes + AT_BODY, body, n);
        bytes[AT_FLAGS] = 1;
        put_u64(bytes + AT_STORED, n);
        seal(bytes);
        assert_int_equal(decode(bytes, AT_BODY + n), kind == 0 ? ETAS_OK : ETAS_E_CORRUPT);
    }
    free(plain.bytes);
    etas_events_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_and_every_trailing_byte_is_refused),
        cmocka_unit_test(every_changed_bit_is_refused_or_changes_no_number),
        cmocka_unit_test(a_sealed_lie_about_lengths_is_refused),
        cmocka_unit_test(impossible_catalogues_are_refused_whatever_the_checksum),
        cmocka_unit_test(impossible_parents_are_refused),
        cmocka_unit_test(frames_of_the_first_version_are_refused_by_their_number),
        cmocka_unit_test(a_compressed_body_must_be_one_frame_of_the_stated_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
