/* E-steps as work: what comes back is the local E-step's to the last bit, and nothing else is let
 * in. */
#include "support/hostile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "unit/inversion/small_catalog.h"
#include "work/expect.h"
#include "work/work.h"

enum { N_EVENTS = 1000 };

typedef struct world {
    etas_catalog catalog;
    etas_inversion_config how;
    etas_em em;
    uint8_t *fixed;
    size_t fixed_len;
} world;

/* Every pair counts, so there are several shards. */
static void open_world(world *w, bool continuous)
{
    etas_error err = {0};

    *w = (world){.how = small_config()};
    small_catalog(N_EVENTS, 4711, &w->catalog);
    for (size_t i = 0; continuous && i < N_EVENTS; i++)
        w->catalog.mag[i] += 1e-4 * (double)(i % 997);
    w->how.coppersmith_multiplier = 1e6;
    check_ok(etas_em_init(&w->em, &w->catalog, &w->how, &err), &err);
    assert_true(w->em.n_shards >= 4);
}

static void close_world(world *w)
{
    etas_em_free(&w->em);
    etas_catalog_free(&w->catalog);
    etas_array_free((void **)&w->fixed);
}

static double *new_column(size_t n, double first)
{
    double *out = NULL;

    check_ok(etas_array_alloc((void **)&out, n, sizeof *out), NULL);
    for (size_t i = 0; i < n; i++)
        out[i] = first + 0.1 * (double)(i % 7);
    return out;
}

static void add_inputs(etas_em *em)
{
    em->zeta = new_column(em->n_targets, 1);
    em->xi = new_column(em->n_sources, 1.5);
    em->induced = new_column(em->n_targets, 0.5);
    em->kappa = new_column(em->n_sources, 0.01);
    em->smoothed = new_column(em->n_sources, 0.2);
}

/* The blob of the prepared E-step. */
static void encode(world *w, uint8_t **blob, size_t *len)
{
    etas_error err = {0};

    if (w->fixed == NULL)
        check_ok(
            etas_expect_encode_fixed(&w->catalog, &w->how, &w->em, &w->fixed, &w->fixed_len, &err),
            &err);
    check_ok(etas_expect_encode(w->fixed_len, w->fixed, &w->em, blob, len, &err), &err);
}

static etas_work open_work(world *w, const char *kernels)
{
    uint8_t *blob = NULL;
    size_t len;
    etas_work work = {0};
    etas_error err = {0};

    encode(w, &blob, &len);
    check_ok(etas_work_open(&work, len, blob, kernels, &err), &err);
    assert_ptr_equal(work.kind, &etas_work_expect);
    etas_array_free((void **)&blob);
    return work;
}

/* All shards, the last one first, into fresh statistics; compared with those of the E-step that was
 * made here. */
static void check_shards(world *w, const etas_work *work)
{
    const size_t parts = etas_expect_parts(&w->em);
    etas_payload payload = {.kind = ETAS_FRAME_RECORDS};
    etas_error err = {0};

    for (size_t s = w->em.n_shards; s-- > 0;) {
        etas_statistics got;

        check_ok(etas_em_statistics_init(&w->em, s, &got), NULL);
        for (size_t p = 0; p < parts; p++) {
            check_ok(work->kind->make(work->self, 0, s * parts + p, 1, &payload, &err), &err);
            assert_int_equal(payload.records.n, 1);
            assert_true(work->kind->is_record(payload.records.length[0], payload.records.bytes));
            assert_true(
                etas_expect_record_get(payload.records.length[0], payload.records.bytes, p, &got));
        }
        assert_int_equal(got.n_flat, w->em.shard[s].n_flat);
        assert_memory_equal(got.flat, w->em.shard[s].flat, got.n_flat * sizeof *got.flat);
        etas_statistics_free(&got);
    }
    etas_payload_free(&payload);
}

static void expect(world *w, double log10_mu)
{
    etas_params theta = w->how.theta_0;
    etas_error err = {0};

    theta.value[ETAS_LOG10_MU] = log10_mu;
    theta.value[ETAS_LOG10_IOTA] = w->em.induced != NULL ? -7 : NAN;
    check_ok(etas_em_expect(&w->em, &theta, &err), &err);
}

static void shards_from_a_blob_are_those_of_the_local_step(void **state)
{
    world w;
    etas_work work, scalar;

    (void)state;
    open_world(&w, false);
    expect(&w, -6);
    work = open_work(&w, NULL);
    scalar = open_work(&w, "scalar");
    check_shards(&w, &work);
    check_shards(&w, &scalar);
    check_shards(&w, &work); /* with cells that are known */
    etas_work_close(&work);
    etas_work_close(&scalar);
    close_world(&w);
}

static void every_optional_input_travels(void **state)
{
    world w;
    etas_work work;

    (void)state;
    open_world(&w, false);
    add_inputs(&w.em);
    expect(&w, -6);
    work = open_work(&w, NULL);
    check_shards(&w, &work);
    etas_work_close(&work);
    close_world(&w);
}

static void long_statistics_come_in_parts(void **state)
{
    world w;
    etas_work work;

    (void)state;
    open_world(&w, true);
    expect(&w, -6);
    assert_true(etas_expect_parts(&w.em) > 1);
    work = open_work(&w, NULL);
    check_shards(&w, &work);
    etas_work_close(&work);
    close_world(&w);
}

static void what_was_found_goes_on_to_the_next_iteration(void **state)
{
    world w, other;
    etas_work first, second, foreign;

    (void)state;
    open_world(&w, false);
    expect(&w, -6);
    first = open_work(&w, NULL);
    check_shards(&w, &first);
    expect(&w, -5.5);
    second = open_work(&w, NULL);
    assert_true(etas_work_inherit(&second, &first));
    assert_false(etas_work_inherit(&second, &first));
    check_shards(&w, &second);
    expect(&w, -6);
    check_shards(&w, &first); /* finds it out again */

    open_world(&other, false);
    other.catalog.mag[5] += 0.1;
    expect(&other, -6);
    foreign = open_work(&other, NULL);
    assert_false(etas_work_inherit(&foreign, &first));
    etas_work_close(&first);
    etas_work_close(&second);
    etas_work_close(&foreign);
    close_world(&w);
    close_world(&other);
}

/* ---- hostile ---- */

static void try_blob(size_t len, const uint8_t *bytes, bool may_open)
{
    uint8_t *exact = exact_copy(len, bytes);
    etas_payload payload = {.kind = ETAS_FRAME_RECORDS};
    etas_work work = {0};
    etas_error err = {0};
    etas_status st;

    st = etas_work_open(&work, len, exact, NULL, &err);
    free(exact);
    assert_int_equal(err.code, st);
    if (st == ETAS_OK) {
        assert_true(may_open);
        if (work.kind->make(work.self, 0, 0, 1, &payload, &err) == ETAS_OK)
            assert_int_equal(payload.records.n, 1);
    }
    etas_payload_free(&payload);
    etas_work_close(&work);
}

static void put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static void blobs_that_lie_break_nothing(void **state)
{
    static const uint64_t lies[] = {0,
                                    1,
                                    7,
                                    UINT32_MAX,
                                    UINT64_MAX,
                                    UINT64_C(1) << 61,
                                    UINT64_C(0x7ff8000000000000),
                                    UINT64_C(0x7fefffffffffffff)};
    world w;
    uint8_t *blob = NULL;
    size_t len;

    (void)state;
    open_world(&w, false);
    expect(&w, -6);
    encode(&w, &blob, &len);
    for (size_t cut = 0; cut < len; cut += cut < 300 ? 1 : 1013)
        try_blob(cut, blob, false);
    for (size_t at = 0; at < 112 + 112 + 8 * 6; at += 8)
        for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
            uint8_t *lie = malloc(len);

            assert_non_null(lie);
            memcpy(lie, blob, len);
            put_u64(lie + at, lies[i]);
            try_blob(len, lie, true);
            free(lie);
        }
    etas_array_free((void **)&blob);
    close_world(&w);
}

static void an_index_beyond_the_shards_is_an_error(void **state)
{
    world w;
    etas_work work;
    etas_payload payload = {.kind = ETAS_FRAME_RECORDS};
    etas_error err = {0};

    (void)state;
    open_world(&w, false);
    expect(&w, -6);
    work = open_work(&w, NULL);
    assert_int_equal(work.kind->make(work.self, 0, w.em.n_shards, 1, &payload, &err), ETAS_E_ARG);
    etas_payload_free(&payload);
    etas_work_close(&work);
    close_world(&w);
}

static void records_of_another_part_or_shape_are_refused(void **state)
{
    uint8_t *bytes = malloc(ETAS_EXPECT_RECORD_MAX);
    world w;
    size_t len;

    (void)state;
    assert_non_null(bytes);
    open_world(&w, false);
    expect(&w, -6);
    len = etas_expect_record_put(&w.em.shard[1], 0, bytes);
    assert_true(etas_expect_record_check(len, bytes));
    assert_true(etas_expect_record_get(len, bytes, 0, &w.em.shard[1]));
    assert_false(etas_expect_record_get(len, bytes, 1, &w.em.shard[1]));
    assert_false(etas_expect_record_get(len, bytes, 0, &w.em.shard[0]));
    assert_false(etas_expect_record_get(len - 8, bytes, 0, &w.em.shard[1]));
    for (size_t cut = 0; cut < 16; cut++)
        assert_false(etas_expect_record_check(cut, bytes));
    assert_false(etas_expect_record_check(len - 1, bytes));
    put_u64(bytes + 8, UINT64_MAX - 7);
    assert_false(etas_expect_record_check(len, bytes));
    put_u64(bytes + 8, 0);
    put_u64(bytes, 3);
    assert_false(etas_expect_record_check(len, bytes));
    len = etas_expect_record_put(&w.em.shard[1], 5, bytes); /* beyond the end: empty */
    assert_int_equal(len, 16);
    assert_true(etas_expect_record_get(len, bytes, 5, &w.em.shard[1]));
    free(bytes);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_from_a_blob_are_those_of_the_local_step),
        cmocka_unit_test(every_optional_input_travels),
        cmocka_unit_test(long_statistics_come_in_parts),
        cmocka_unit_test(what_was_found_goes_on_to_the_next_iteration),
        cmocka_unit_test(blobs_that_lie_break_nothing),
        cmocka_unit_test(an_index_beyond_the_shards_is_an_error),
        cmocka_unit_test(records_of_another_part_or_shape_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
