/* What two makers made of the same indices, wherever their frames begin and end. */
#include "support/check.h"

#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "runner/compare.h"
#include "support/scratch.h"
#include "unit/runner/begun_store.h"

enum { N = 30 };

/* Catalogue i has i % 4 events, or record i has i % 4 bytes. */
static void append(etas_payload *p, uint64_t i)
{
    const uint32_t n = (uint32_t)(i % 4);

    if (p->kind == ETAS_FRAME_RECORDS) {
        const uint8_t bytes[] = {(uint8_t)i, 7, (uint8_t)(i + 1)};

        check_ok(etas_records_append(&p->records, n, bytes), NULL);
        return;
    }
    check_ok(etas_events_reserve(&p->events, p->events.n_catalogs + 1, p->events.n + n), NULL);
    p->events.count[p->events.n_catalogs++] = n;
    for (uint32_t k = 0; k < n; k++) {
        const size_t at = p->events.n++;

        p->events.time_ms[at] = 1000 * i + k;
        p->events.lat[at] = (int32_t)(47000000 + i);
        p->events.lon[at] = (int32_t)(8000000 + k);
        p->events.mag[at] = (int32_t)(40000 + 100 * i + k);
        p->events.generation[at] = (uint16_t)k;
        p->events.flags[at] = ETAS_EVENT_CHILDLESS;
    }
}

static etas_payload make(etas_frame_kind kind, etas_range range)
{
    etas_payload p = {.kind = kind};

    for (uint64_t i = range.first; i < range.first + range.count; i++)
        append(&p, i);
    return p;
}

static void store_range(etas_store *store, etas_frame_kind kind, etas_range range, const char *host)
{
    etas_payload p = make(kind, range);
    etas_frame_header header = {.run = {1, 2, 3, 4},
                                .first = range.first,
                                .count = (uint32_t)range.count,
                                .compressed = range.first % 2 == 0};
    const etas_store_task task = {.first = range.first, .count = range.count};
    etas_store_frame frame = {.first = range.first, .count = (uint32_t)range.count};
    uint8_t *bytes;
    uint64_t n_new;
    etas_error err = {0};

    etas_format(sizeof header.task.host, header.task.host, "%s", host);
    check_ok(etas_array_alloc((void **)&bytes, etas_payload_bound(&p), 1), NULL);
    check_ok(etas_payload_encode(&header, &p, 0, bytes, &frame.len), NULL);
    frame.bytes = bytes;
    check_ok(etas_store_add(store, 1, &frame, &task, &n_new, &err), &err);
    etas_array_free((void **)&bytes);
    etas_payload_free(&p);
}

static etas_difference compare(etas_store *store, etas_range range, const etas_payload *came)
{
    const etas_frame_header header = {.first = range.first, .count = (uint32_t)range.count};
    const etas_brought brought = {&header, came};
    etas_comparer scratch = {0};
    etas_difference difference;
    etas_store_run run;
    etas_error err = {0};

    check_ok(etas_store_run_get(store, &run, &err), &err);
    check_ok(etas_compare_with_store(&scratch, store, &run, &brought, &difference, &err), &err);
    etas_comparer_free(&scratch);
    return difference;
}

/* Frames of 7 from two hosts, 14 to 20 not stored. */
static etas_store *stored(etas_frame_kind kind)
{
    etas_store *const store =
        begun_store(scratch_path("compare.store"), 4, (const uint8_t *)"blob", N, 1);

    store_range(store, kind, (etas_range){0, 7}, "a");
    store_range(store, kind, (etas_range){5, 9}, "b"); /* 7 .. 13 are new */
    store_range(store, kind, (etas_range){21, 9}, "c");
    return store;
}

static void the_same_is_the_same_however_it_is_cut(void **state)
{
    (void)state;
    for (int kind = ETAS_FRAME_EVENTS; kind <= ETAS_FRAME_RECORDS; kind++) {
        etas_store *const store = stored((etas_frame_kind)kind);

        for (uint64_t first = 0; first < N; first += 3)
            for (uint64_t count = 1; first + count <= N; count += 2) {
                etas_payload came = make((etas_frame_kind)kind, (etas_range){first, count});

                assert_false(compare(store, (etas_range){first, count}, &came).found);
                etas_payload_free(&came);
            }
        etas_store_close(store);
    }
}

/* One thing of one index, and that index and its maker are named. */
static void the_first_index_that_differs_is_named_with_its_maker(void **state)
{
    const etas_range range = {3, 25};

    (void)state;
    for (int kind = ETAS_FRAME_EVENTS; kind <= ETAS_FRAME_RECORDS; kind++) {
        etas_store *const store = stored((etas_frame_kind)kind);

        for (uint64_t bad = range.first; bad < range.first + range.count; bad++) {
            etas_payload came = make((etas_frame_kind)kind, range);
            const char *maker = bad < 7 ? "a" : bad < 14 ? "b" : "c";
            size_t at = 0;
            etas_difference found;

            for (uint64_t i = range.first; i < bad; i++)
                at += i % 4;
            if (bad % 4 == 0) {
                etas_payload_free(&came);
                continue; /* nothing in it */
            }
            if (kind == ETAS_FRAME_RECORDS) {
                came.records.bytes[at] ^= 1;
                came.records.bytes[came.records.n_bytes - 1] ^= 1; /* of the last, too */
            } else {
                came.events.mag[at]++;
                came.events.lat[came.events.n - 1]--;
            }
            found = compare(store, range, &came);
            assert_true(found.found);
            assert_true(found.came != found.stored);
            if (bad >= 14 && bad < 21) { /* not stored: only the last is left */
                assert_int_equal(found.index, 27);
                maker = "c";
            } else {
                assert_int_equal(found.index, bad);
            }
            assert_string_equal(found.maker, maker);
            etas_payload_free(&came);
        }
        etas_store_close(store);
    }
}

/* As the driver compares its own opinion with both. */
static void the_digest_of_one_index_does_not_depend_on_its_frame(void **state)
{
    const etas_range range = {3, 25};
    etas_comparer scratch = {0};
    etas_error err = {0};

    (void)state;
    for (int kind = ETAS_FRAME_EVENTS; kind <= ETAS_FRAME_RECORDS; kind++) {
        etas_payload all = make((etas_frame_kind)kind, range);

        for (uint64_t i = range.first; i < range.first + range.count; i++) {
            etas_payload one = make((etas_frame_kind)kind, (etas_range){i, 1});
            uint64_t alone, among;

            check_ok(etas_compare_digest(&scratch, &one, 0, 1, &alone, &err), &err);
            check_ok(etas_compare_digest(&scratch, &all, i - range.first, 1, &among, &err), &err);
            assert_true(alone == among);
            etas_payload_free(&one);
        }
        etas_payload_free(&all);
    }
    etas_comparer_free(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_the_same_however_it_is_cut),
        cmocka_unit_test(the_first_index_that_differs_is_named_with_its_maker),
        cmocka_unit_test(the_digest_of_one_index_does_not_depend_on_its_frame),
    };
    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close();
    return failed;
}
