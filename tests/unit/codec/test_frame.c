/* Frames of catalogues: what goes in comes out, in the documented layout. */
#include "unit/codec/frame_fixture.h"

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
        assert_int_equal(h.raw_bytes, 5 * 4 + 6 * 23);
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
        assert_memory_equal(out.flags, in.flags, 6);
        assert_null(out.parent);
        free(f.bytes);
    }
    etas_events_free(&in);
    etas_events_free(&out);
}

static void parents_travel_along_where_they_are_asked_for(void **state)
{
    etas_events in = {0}, out = {0};
    etas_error err = {0};

    (void)state;
    fill_events_with(&in, true);
    for (int compressed = 0; compressed < 2; compressed++) {
        frame f = make_frame(&in, 0, 5, compressed);
        etas_frame_header h;

        check_ok(etas_frame_decode(f.len, f.bytes, &h, &out, &err), &err);
        assert_true(h.with_parents);
        assert_int_equal(h.raw_bytes, 5 * 4 + 6 * 27);
        assert_memory_equal(out.flags, in.flags, 6);
        assert_memory_equal(out.parent, in.parent, 6 * sizeof *in.parent);
        free(f.bytes);
    }
    in.with_parents = false; /* the same memory takes a frame of the other kind */
    for (int i = 0; i < 2; i++) {
        frame f = make_frame(&in, 0, 5, false);
        etas_frame_header h;

        check_ok(etas_frame_decode(f.len, f.bytes, &h, &out, &err), &err);
        assert_int_equal(h.with_parents, i == 1);
        assert_int_equal(out.parent != NULL, i == 1);
        in.with_parents = true;
        free(f.bytes);
    }
    etas_events_free(&in);
    etas_events_free(&out);
}

/* More than one block of planes, and a few events behind the last whole eight. */
static void large_catalogues_come_out_as_they_went_in(void **state)
{
    enum { N = 5003 };
    etas_events in = {.with_parents = true}, out = {0};
    etas_error err = {0};
    etas_frame_header h;
    frame f;

    (void)state;
    check_ok(etas_events_reserve(&in, 1, N), NULL);
    in.n_catalogs = 1;
    in.count[0] = N;
    in.n = N;
    for (uint32_t i = 0; i < N; i++) {
        const uint32_t x = i * UINT32_C(2654435761);

        in.time_ms[i] = (uint64_t)i * 517123 + x % 517123;
        in.lat[i] = (int32_t)(x % 180000001) - 90000000;
        in.lon[i] = (int32_t)(x % 360000000) - 180000000;
        in.mag[i] = (int32_t)x;
        in.generation[i] = i % 3 == 0 ? 0 : (uint16_t)(in.generation[i - 1] + 1);
        in.flags[i] = i % 3 == 2 ? ETAS_EVENT_CHILDLESS : i % 6 == 0 ? ETAS_EVENT_INDUCED : 0;
        in.parent[i] = i % 3 == 0 ? -1 : (int32_t)i - 1;
    }
    f = make_frame(&in, 0, 1, true);
    check_ok(etas_frame_decode(f.len, f.bytes, &h, &out, &err), &err);
    assert_memory_equal(out.time_ms, in.time_ms, N * sizeof *in.time_ms);
    assert_memory_equal(out.lat, in.lat, N * sizeof *in.lat);
    assert_memory_equal(out.lon, in.lon, N * sizeof *in.lon);
    assert_memory_equal(out.mag, in.mag, N * sizeof *in.mag);
    assert_memory_equal(out.generation, in.generation, N * sizeof *in.generation);
    assert_memory_equal(out.flags, in.flags, N);
    assert_memory_equal(out.parent, in.parent, N * sizeof *in.parent);
    free(f.bytes);
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
                        "ETFR\2\0\0\0"
                        "0123456789abcdef",
                        24);
    assert_memory_equal(f.bytes + 24, "\xe8\3\0\0\0\0\0\0\5\0\0\0", 12);
    assert_memory_equal(f.bytes + 104, "node-7.example\0", 15);
    /* counts, lowest bytes first; then the lowest bytes of the six times */
    assert_memory_equal(f.bytes + AT_BODY, "\2\0\3\1\0", 5);
    assert_memory_equal(f.bytes + AT_BODY + 20, "\0\xff\5\5\xf6\x70", 6);
    /* the high bytes of the generations, 65535 and 300, then the flags end the frame */
    assert_memory_equal(f.bytes + f.len - 12, "\0\xff\0\0\0\1\1\0\0\1\3\0", 12);
    /* XXH64 of the columns, as the xxhsum program computes it */
    assert_int_equal(XXH64(f.bytes + AT_BODY, 5 * 4 + 6 * 23, 0),
                     (uint64_t)f.bytes[64] | (uint64_t)f.bytes[65] << 8 |
                         (uint64_t)f.bytes[66] << 16 | (uint64_t)f.bytes[67] << 24 |
                         (uint64_t)f.bytes[68] << 32 | (uint64_t)f.bytes[69] << 40 |
                         (uint64_t)f.bytes[70] << 48 | (uint64_t)f.bytes[71] << 56);
    free(f.bytes);
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
        cmocka_unit_test(parents_travel_along_where_they_are_asked_for),
        cmocka_unit_test(large_catalogues_come_out_as_they_went_in),
        cmocka_unit_test(a_part_of_the_catalogues_makes_a_frame_of_its_own),
        cmocka_unit_test(the_layout_is_the_documented_one),
        cmocka_unit_test(peek_reads_the_header_without_the_body),
        cmocka_unit_test(the_encoder_refuses_what_no_decoder_would_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
