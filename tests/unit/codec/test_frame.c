#include "support/check.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "etas/codec.h"

enum { AT_FLAGS = 6, AT_STORED = 56, AT_CHECKSUM = 64, AT_HEADER_CHECK = 168, AT_BODY = 176 };

/* Five catalogues, the second and the last empty. */
static void fill_events(etas_events *events)
{
    static const uint32_t counts[] = {2, 0, 3, 1, 0};
    static const uint64_t time[] = {0, 2591999999u, 5, 5, 9223372036854u, 70000};
    static const int32_t lat[] = {-90000000, 90000000, 0, 46123456, -1, 1};
    static const int32_t lon[] = {-180000000, 179999999, 0, 7654321, -1, 1};
    static const int32_t mag[] = {23000, -100, 75000, 24000, INT32_MAX, INT32_MIN};
    static const uint16_t generation[] = {0, 65535, 1, 2, 0, 300};

    check_ok(etas_events_reserve(events, 5, 6), NULL);
    events->n_catalogs = 5;
    events->n = 6;
    memcpy(events->count, counts, sizeof counts);
    memcpy(events->time_ms, time, sizeof time);
    memcpy(events->lat, lat, sizeof lat);
    memcpy(events->lon, lon, sizeof lon);
    memcpy(events->mag, mag, sizeof mag);
    memcpy(events->generation, generation, sizeof generation);
}

static etas_frame_header some_header(uint32_t count, bool compressed)
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

static frame make_frame(const etas_events *events, size_t at, uint32_t count, bool compressed)
{
    etas_frame_header h = some_header(count, compressed);
    frame f = {malloc(etas_frame_bound(events)), 0};

    assert_non_null(f.bytes);
    check_ok(etas_frame_encode(&h, events, at, f.bytes, &f.len), NULL);
    assert_true(f.len <= etas_frame_bound(events));
    return f;
}

static void put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

/* What an attacker can do too: make the header's checksum fit again. */
static void seal(uint8_t *bytes)
{
    put_u64(bytes + AT_HEADER_CHECK, XXH64(bytes, AT_HEADER_CHECK, 0));
}

static etas_status decode(const uint8_t *bytes, size_t len)
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

static void what_goes_in_comes_out(void **state)
{
    etas_events in = {0}, out = {0};
    etas_error err = {0};

    (void)state;
    fill_events(&in);
    for (int compressed = 0; compressed < 2; compressed++) {
        frame f = make_frame(&in, 0, 5, compressed);
        const etas_frame_header want = some_header(5, compressed);
        etas_frame_header h;

        check_ok(etas_frame_decode(f.len, f.bytes, &h, &out, &err), &err);
        assert_memory_equal(h.run, want.run, 16);
        assert_int_equal(h.first, 1000);
        assert_int_equal(h.count, 5);
        assert_int_equal(h.n_events, 6);
        assert_int_equal(h.raw_bytes, 5 * 4 + 6 * 22);
        assert_int_equal(h.stored_bytes, f.len - AT_BODY);
        assert_int_equal(h.compressed, compressed);
        assert_string_equal(h.task.host, "node-7.example");
        assert_int_equal(h.task.pid, 4242);
        assert_int_equal(h.task.start_ns, -5);
        assert_true(h.task.wall_s == 1.5 && h.task.cpu_s == 1.25);
        assert_int_equal(h.task.peak_memory_bytes, 1 << 20);
        assert_int_equal(out.n_catalogs, 5);
        assert_int_equal(out.n, 6);
        assert_memory_equal(out.count, in.count, 5 * sizeof *in.count);
        assert_memory_equal(out.time_ms, in.time_ms, 6 * sizeof *in.time_ms);
        assert_memory_equal(out.lat, in.lat, 6 * sizeof *in.lat);
        assert_memory_equal(out.lon, in.lon, 6 * sizeof *in.lon);
        assert_memory_equal(out.mag, in.mag, 6 * sizeof *in.mag);
        assert_memory_equal(out.generation, in.generation, 6 * sizeof *in.generation);
        free(f.bytes);
    }
    etas_events_free(&in);
    etas_events_free(&out);
}

static void a_part_of_the_catalogues_makes_a_frame_of_its_own(void **state)
{
    etas_events in = {0}, out = {0};
    etas_frame_header h;
    frame f;

    (void)state;
    fill_events(&in);
    f = make_frame(&in, 1, 3, true);
    check_ok(etas_frame_decode(f.len, f.bytes, &h, &out, NULL), NULL);
    assert_int_equal(out.n_catalogs, 3);
    assert_int_equal(out.n, 4);
    assert_int_equal(out.count[0], 0);
    assert_int_equal(out.count[1], 3);
    assert_int_equal(out.time_ms[3], 70000);
    free(f.bytes);

    f = make_frame(&in, 4, 1, true); /* one empty catalogue */
    check_ok(etas_frame_decode(f.len, f.bytes, &h, &out, NULL), NULL);
    assert_int_equal(out.n_catalogs, 1);
    assert_int_equal(out.n, 0);
    free(f.bytes);
    etas_events_free(&in);
    etas_events_free(&out);
}

static void the_layout_is_the_documented_one(void **state)
{
    etas_events in = {0};
    frame f;

    (void)state;
    fill_events(&in);
    f = make_frame(&in, 0, 5, false);
    assert_memory_equal(f.bytes,
                        "ETFR\1\0\0\0"
                        "0123456789abcdef",
                        24);
    assert_memory_equal(f.bytes + 24, "\xe8\3\0\0\0\0\0\0\5\0\0\0", 12);
    assert_memory_equal(f.bytes + 104, "node-7.example\0", 15);
    /* counts, lowest bytes first; then the lowest bytes of the six times */
    assert_memory_equal(f.bytes + AT_BODY, "\2\0\3\1\0", 5);
    assert_memory_equal(f.bytes + AT_BODY + 20, "\0\xff\5\5\xf6\x70", 6);
    /* the high bytes of the generations end the frame: 65535 and 300 */
    assert_memory_equal(f.bytes + f.len - 6, "\0\xff\0\0\0\1", 6);
    /* XXH64 of the columns, as the xxhsum program computes it */
    assert_int_equal(XXH64(f.bytes + AT_BODY, 5 * 4 + 6 * 22, 0),
                     (uint64_t)f.bytes[64] | (uint64_t)f.bytes[65] << 8 |
                         (uint64_t)f.bytes[66] << 16 | (uint64_t)f.bytes[67] << 24 |
                         (uint64_t)f.bytes[68] << 32 | (uint64_t)f.bytes[69] << 40 |
                         (uint64_t)f.bytes[70] << 48 | (uint64_t)f.bytes[71] << 56);
    free(f.bytes);
    etas_events_free(&in);
}

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
        {24, 8, UINT64_C(1) << 48},
        {24, 8, UINT64_MAX},
        {32, 4, 0},
        {32, 4, UINT32_MAX},
        {32, 4, 4},
        {40, 8, 5},
        {40, 8, UINT64_MAX},
        {40, 8, UINT64_C(838488366986797800)}, /* 22 n overflows to 0 */
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

/* A compressed body whose frame says nothing of its size, or says another one, or comes twice. */
static void a_compressed_body_must_be_one_frame_of_the_stated_size(void **state)
{
    etas_events in = {0};
    uint8_t raw[5 * 4 + 6 * 22], body[1024];
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

static void peek_reads_the_header_without_the_body(void **state)
{
    etas_events in = {0};
    etas_frame_header h;
    frame f;

    (void)state;
    fill_events(&in);
    f = make_frame(&in, 0, 5, true);
    f.bytes[AT_BODY] ^= 1;
    check_ok(etas_frame_peek(f.len, f.bytes, &h, NULL), NULL);
    assert_int_equal(h.count, 5);
    assert_int_equal(decode(f.bytes, f.len), ETAS_E_CORRUPT);
    free(f.bytes);
    etas_events_free(&in);
}

static void the_encoder_refuses_what_no_decoder_would_take(void **state)
{
    etas_events in = {0};
    etas_frame_header h = some_header(0, false);
    uint8_t *out;
    size_t len;

    (void)state;
    fill_events(&in);
    out = malloc(etas_frame_bound(&in));
    assert_non_null(out);
    assert_int_equal(etas_frame_encode(&h, &in, 0, out, &len), ETAS_E_ARG);
    h = some_header(5, false);
    assert_int_equal(etas_frame_encode(&h, &in, 1, out, &len), ETAS_E_ARG);
    assert_int_equal(etas_frame_encode(&h, &in, 6, out, &len), ETAS_E_ARG);
    h.first = (UINT64_C(1) << 48) - 4;
    assert_int_equal(etas_frame_encode(&h, &in, 0, out, &len), ETAS_E_ARG);
    h.first--;
    check_ok(etas_frame_encode(&h, &in, 0, out, &len), NULL);
    check_ok(decode(out, len), NULL);
    h.task.cpu_s = -1;
    assert_int_equal(etas_frame_encode(&h, &in, 0, out, &len), ETAS_E_ARG);
    h = some_header(5, false);
    memset(h.task.host, '\t', sizeof h.task.host); /* not terminated, not printable */
    check_ok(etas_frame_encode(&h, &in, 0, out, &len), NULL);
    check_ok(decode(out, len), NULL);
    assert_int_equal(out[104], '?');
    free(out);
    etas_events_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(a_part_of_the_catalogues_makes_a_frame_of_its_own),
        cmocka_unit_test(the_layout_is_the_documented_one),
        cmocka_unit_test(every_truncation_and_every_trailing_byte_is_refused),
        cmocka_unit_test(every_changed_bit_is_refused_or_changes_no_number),
        cmocka_unit_test(a_sealed_lie_about_lengths_is_refused),
        cmocka_unit_test(impossible_catalogues_are_refused_whatever_the_checksum),
        cmocka_unit_test(a_compressed_body_must_be_one_frame_of_the_stated_size),
        cmocka_unit_test(peek_reads_the_header_without_the_body),
        cmocka_unit_test(the_encoder_refuses_what_no_decoder_would_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
