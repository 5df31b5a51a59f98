/** @file store_fixture.h  Frames whose bodies say which catalogues they hold, and a check that a
 * store gives them back. */
#ifndef ETAS_TESTS_STORE_FIXTURE_H
#define ETAS_TESTS_STORE_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "support/check.h"

#include "etas/store.h"

static inline uint64_t catalog_value(uint64_t i)
{
    return (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Eight bytes for each catalogue; free frame->bytes. */
static inline etas_store_frame make_frame(uint64_t first, uint32_t count)
{
    uint64_t *const body = malloc(count * sizeof *body);

    assert_non_null(body);
    for (uint32_t i = 0; i < count; i++)
        body[i] = catalog_value(first + i);
    return (etas_store_frame){first, count, count * sizeof *body, (const uint8_t *)body};
}

static inline void free_frame(etas_store_frame *frame)
{
    free((void *)(uintptr_t)frame->bytes);
    frame->bytes = NULL;
}

static inline etas_status add_range(etas_store *store, uint64_t first, uint32_t count,
                                    uint64_t *n_new, etas_error *err)
{
    etas_store_frame frame = make_frame(first, count);
    const etas_store_task task = {.first = first, .count = count, .host = "here", .wall_s = 0.5};
    const etas_status st = etas_store_add(store, 1, &frame, &task, n_new, err);

    free_frame(&frame);
    return st;
}

static inline etas_status check_piece(void *context, const etas_store_frame *frame, etas_range part,
                                      etas_error *err)
{
    etas_ranges *const seen = context;

    (void)err;
    assert_true(part.first >= frame->first);
    assert_true(part.first + part.count <= frame->first + frame->count);
    assert_int_equal(frame->len, frame->count * sizeof(uint64_t));
    assert_true(seen->n == 0 ||
                part.first >= seen->items[seen->n - 1].first + seen->items[seen->n - 1].count);
    for (uint64_t i = part.first; i < part.first + part.count; i++) {
        uint64_t value;

        memcpy(&value, frame->bytes + (i - frame->first) * sizeof value, sizeof value);
        assert_true(value == catalog_value(i));
    }
    return etas_ranges_add(seen, part);
}

/* Every piece is right, in order, without overlap, and they add up to the coverage. */
static inline void check_contents(etas_store *store)
{
    const etas_ranges *const covered = etas_store_covered(store);
    etas_ranges seen = {0};
    etas_error err = {0};

    check_ok(etas_store_each(store, check_piece, &seen, &err), &err);
    assert_int_equal(seen.n, covered->n);
    for (size_t i = 0; i < seen.n; i++) {
        assert_int_equal(seen.items[i].first, covered->items[i].first);
        assert_int_equal(seen.items[i].count, covered->items[i].count);
    }
    etas_ranges_free(&seen);
}

static inline etas_store *open_store(const char *path, etas_store_mode mode)
{
    etas_store *store;
    etas_error err = {0};

    check_ok(etas_store_open(&store, path, mode, &err), &err);
    return store;
}

static inline void begin_run(etas_store *store, uint64_t n_catalogs)
{
    static const uint8_t blob[] = "the model\0with a zero";
    etas_error err = {0};
    const etas_store_run run = {.id = {1, 2, 3},
                                .n_catalogs = n_catalogs,
                                .first_catalog = 7,
                                .seed = UINT64_C(0xfedcba9876543210),
                                .algorithm = 1,
                                .config_text = "{\"a\": 1}",
                                .release = "0.1.0",
                                .blob_len = sizeof blob,
                                .blob = blob,
                                .blob_sha256 = {9, 8, 7}};

    check_ok(etas_store_begin(store, &run, &err), &err);
}

#endif
