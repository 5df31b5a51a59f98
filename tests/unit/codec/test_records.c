#include "support/hostile.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "etas/codec.h"

enum { AT_FLAGS = 6, AT_COUNT = 32, AT_ITEMS = 40, AT_RAW = 48, AT_STORED = 56, AT_CHECKSUM = 64 };
enum { AT_HEADER_CHECK = 168, AT_BODY = 176 };

/* Four records: some bytes, none, one, and many alike. */
static void fill(etas_records *r)
{
    static const uint8_t bytes[5] = {1, 0, 255, 7, 9};
    static uint8_t many[3000];

    check_ok(etas_records_append(r, sizeof bytes, bytes), NULL);
    check_ok(etas_records_append(r, 0, NULL), NULL);
    check_ok(etas_records_append(r, 1, bytes + 2), NULL);
    memset(many, 77, sizeof many);
    check_ok(etas_records_append(r, sizeof many, many), NULL);
}

typedef struct frame {
    uint8_t *bytes;
    size_t len;
} frame;

static frame make_frame(const etas_records *r, size_t at, uint32_t count, bool compressed)
{
    etas_frame_header h = {.first = 30,
                           .count = count,
                           .compressed = compressed,
                           .task = {.host = "node-7", .pid = 4242, .wall_s = 1.5, .cpu_s = 1.25}};
    frame f = {malloc(etas_record_frame_bound(r)), 0};

    assert_non_null(f.bytes);
    memcpy(h.run, "0123456789abcdef", 16);
    check_ok(etas_record_frame_encode(&h, r, at, f.bytes, &f.len), NULL);
    assert_true(f.len <= etas_record_frame_bound(r));
    return f;
}

static void put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

/* What an attacker can do too: make both checksums fit again. */
static void seal(frame *f)
{
    if ((f->bytes[AT_FLAGS] & 1) == 0)
        put_u64(f->bytes + AT_CHECKSUM, XXH64(f->bytes + AT_BODY, f->len - AT_BODY, 0));
    put_u64(f->bytes + AT_HEADER_CHECK, XXH64(f->bytes, AT_HEADER_CHECK, 0));
}

static etas_status decode(size_t len, const uint8_t *bytes)
{
    uint8_t *exact = exact_copy(len, bytes);
    etas_frame_header h;
    etas_records out = {0};
    etas_error err = {0};
    etas_status st;

    st = etas_record_frame_decode(len, exact, &h, &out, &err);
    assert_int_equal(err.code, st);
    if (st != ETAS_OK)
        assert_true(out.n == 0 && out.n_bytes == 0);
    etas_records_free(&out);
    free(exact);
    return st;
}

static void records_that_go_in_come_out(void **state)
{
    etas_records in = {0}, out = {0};
    etas_error err = {0};

    (void)state;
    fill(&in);
    for (int compressed = 0; compressed < 2; compressed++) {
        frame f = make_frame(&in, 0, 4, compressed);
        etas_frame_header h;

        check_ok(etas_record_frame_decode(f.len, f.bytes, &h, &out, &err), &err);
        assert_int_equal(h.kind, ETAS_FRAME_RECORDS);
        assert_int_equal(h.first, 30);
        assert_int_equal(h.count, 4);
        assert_int_equal(h.n_events, 0);
        assert_int_equal(h.raw_bytes, 4 * 4 + 3006);
        assert_int_equal(h.compressed, compressed);
        assert_int_equal(out.n, 4);
        assert_int_equal(out.n_bytes, in.n_bytes);
        assert_memory_equal(out.length, in.length, 4 * sizeof *in.length);
        assert_memory_equal(out.bytes, in.bytes, in.n_bytes);
        assert_true(compressed ? f.len < 300 : f.len == AT_BODY + h.raw_bytes);
        free(f.bytes);
    }
    etas_records_free(&in);
    etas_records_free(&out);
}

static void some_of_the_records_make_a_frame_too(void **state)
{
    etas_records in = {0}, out = {0};
    etas_frame_header h;
    etas_error err = {0};
    frame f;

    (void)state;
    fill(&in);
    f = make_frame(&in, 1, 2, false);
    check_ok(etas_record_frame_decode(f.len, f.bytes, &h, &out, &err), &err);
    assert_int_equal(out.n, 2);
    assert_int_equal(out.length[0], 0);
    assert_int_equal(out.length[1], 1);
    assert_int_equal(out.bytes[0], 255);
    h.count = 4;
    assert_int_equal(etas_record_frame_encode(&h, &in, 1, f.bytes, &f.len), ETAS_E_ARG);
    h.count = 0;
    assert_int_equal(etas_record_frame_encode(&h, &in, 1, f.bytes, &f.len), ETAS_E_ARG);
    free(f.bytes);
    etas_records_free(&in);
    etas_records_free(&out);
}

static void catalogues_and_records_are_not_taken_for_each_other(void **state)
{
    etas_records records = {0};
    etas_events events = {0};
    etas_frame_header h;
    etas_error err = {0};
    frame f;

    (void)state;
    fill(&records);
    f = make_frame(&records, 0, 4, false);
    assert_int_equal(etas_frame_decode(f.len, f.bytes, &h, &events, &err), ETAS_E_CORRUPT);
    assert_true(events.n == 0 && events.n_catalogs == 0);
    free(f.bytes);

    check_ok(etas_events_reserve(&events, 1, 1), NULL);
    events.n_catalogs = 1;
    events.count[0] = 0;
    h = (etas_frame_header){.count = 1};
    f.bytes = malloc(etas_frame_bound(&events));
    assert_non_null(f.bytes);
    check_ok(etas_frame_encode(&h, &events, 0, f.bytes, &f.len), NULL);
    assert_int_equal(decode(f.len, f.bytes), ETAS_E_CORRUPT);
    free(f.bytes);
    etas_events_free(&events);
    etas_records_free(&records);
}

static void a_frame_cut_anywhere_is_refused(void **state)
{
    etas_records in = {0};

    (void)state;
    fill(&in);
    for (int compressed = 0; compressed < 2; compressed++) {
        const frame f = make_frame(&in, 0, 4, compressed);

        for (size_t len = 0; len < f.len; len += len < 300 ? 1 : 97)
            assert_int_equal(decode(len, f.bytes), ETAS_E_CORRUPT);
        free(f.bytes);
    }
    etas_records_free(&in);
}

static void every_byte_counts(void **state)
{
    etas_records in = {0};
    frame f;

    (void)state;
    fill(&in);
    f = make_frame(&in, 0, 4, false);
    for (size_t i = 0; i < f.len; i += i < 300 ? 1 : 97) {
        f.bytes[i] ^= 64;
        assert_true(decode(f.len, f.bytes) != ETAS_OK);
        f.bytes[i] ^= 64;
    }
    free(f.bytes);
    etas_records_free(&in);
}

/* A header whose checksum fits, with a number in it that does not. */
static void check_lie(const frame *good, size_t at, uint64_t value)
{
    frame f = {malloc(good->len), good->len};

    assert_non_null(f.bytes);
    memcpy(f.bytes, good->bytes, good->len);
    put_u64(f.bytes + at, value);
    seal(&f);
    assert_int_equal(decode(f.len, f.bytes), ETAS_E_CORRUPT);
    free(f.bytes);
}

static void a_header_that_lies_is_refused_before_memory_is_asked_for(void **state)
{
    static const uint64_t sizes[] = {0,
                                     1,
                                     3005,
                                     3007,
                                     UINT32_MAX,
                                     UINT64_MAX,
                                     UINT64_MAX - 16,
                                     UINT64_C(1) << 29,
                                     UINT64_C(1) << 63};
    etas_records in = {0};

    (void)state;
    fill(&in);
    for (int compressed = 0; compressed < 2; compressed++) {
        frame f = make_frame(&in, 0, 4, compressed);

        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            check_lie(&f, AT_ITEMS, sizes[i]);
            check_lie(&f, AT_RAW, sizes[i]);
            check_lie(&f, AT_STORED, sizes[i]);
        }
        check_lie(&f, AT_COUNT, 5 | UINT64_C(4242) << 32);
        check_lie(&f, AT_COUNT, UINT64_C(4242) << 32);
        f.bytes[AT_FLAGS] |= 4;
        seal(&f);
        assert_int_equal(decode(f.len, f.bytes), ETAS_E_CORRUPT);
        free(f.bytes);
    }
    etas_records_free(&in);
}

static void lengths_that_do_not_add_up_are_refused(void **state)
{
    etas_records in = {0};
    frame f;

    (void)state;
    fill(&in);
    f = make_frame(&in, 0, 4, false);
    f.bytes[AT_BODY] ^= 1; /* the lowest byte of the first length */
    seal(&f);
    assert_int_equal(decode(f.len, f.bytes), ETAS_E_CORRUPT);
    f.bytes[AT_BODY] ^= 1;
    f.bytes[AT_BODY + 12] = 255; /* the highest: their sum passes 32 bits */
    f.bytes[AT_BODY + 13] = 255;
    seal(&f);
    assert_int_equal(decode(f.len, f.bytes), ETAS_E_CORRUPT);
    free(f.bytes);
    etas_records_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_that_go_in_come_out),
        cmocka_unit_test(some_of_the_records_make_a_frame_too),
        cmocka_unit_test(catalogues_and_records_are_not_taken_for_each_other),
        cmocka_unit_test(a_frame_cut_anywhere_is_refused),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(a_header_that_lies_is_refused_before_memory_is_asked_for),
        cmocka_unit_test(lengths_that_do_not_add_up_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
