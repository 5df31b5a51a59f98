/* Memory that runs out at every single allocation: nothing is left behind, and the next call works.
 */
#include "support/exhaust.h"
#include "unit/codec/frame_fixture.h"
#include "unit/codec/plan_fixture.h"

typedef struct bytes {
    size_t len;
    uint8_t *bytes;
} bytes;

static etas_status encode_plan(void *context, etas_error *err)
{
    uint8_t *blob = NULL;
    size_t len;
    const etas_status st = etas_blob_encode(context, &blob, &len, err);

    assert_true(st == ETAS_OK || blob == NULL);
    etas_array_free((void **)&blob);
    return st;
}

static etas_status decode_plan(void *context, etas_error *err)
{
    const bytes *const blob = context;
    etas_plan plan = {0};
    const etas_status st = etas_blob_decode(blob->len, blob->bytes, &plan, err);

    if (st != ETAS_OK) {
        assert_null(plan.history.lat);
        assert_null(plan.region.lat);
    }
    etas_plan_free(&plan);
    return st;
}

static void plans(void **state)
{
    void (*const make[])(etas_plan *) = {make_plan, make_grid_plan};
    etas_error err = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        etas_plan plan;
        bytes blob = {0};

        make[i](&plan);
        exhaust(encode_plan, &plan, 1);
        check_ok(etas_blob_encode(&plan, &blob.bytes, &blob.len, &err), &err);
        exhaust(decode_plan, &blob, 10);
        etas_array_free((void **)&blob.bytes);
        etas_plan_free(&plan);
    }
}

static etas_status encode_mixture(void *context, etas_error *err)
{
    uint8_t *blob = NULL;
    size_t len;
    const etas_status st = etas_mixture_encode(context, &blob, &len, err);

    assert_true(st == ETAS_OK || blob == NULL);
    etas_array_free((void **)&blob);
    return st;
}

static etas_status decode_mixture(void *context, etas_error *err)
{
    const bytes *const blob = context;
    etas_mixture mixture = {0};
    const etas_status st = etas_mixture_decode(blob->len, blob->bytes, &mixture, err);

    if (st != ETAS_OK)
        assert_null(mixture.plan);
    etas_mixture_free(&mixture);
    return st;
}

static void mixtures(void **state)
{
    uint8_t turn[] = {0, 1, 0};
    etas_plan plan[2];
    const etas_mixture mixture = {.n = 2, .plan = plan, .period = 3, .turn = turn};
    bytes blob = {0};
    etas_error err = {0};

    (void)state;
    make_plan(&plan[0]);
    make_plan(&plan[1]);
    exhaust(encode_mixture, (void *)(uintptr_t)&mixture, 2);
    check_ok(etas_mixture_encode(&mixture, &blob.bytes, &blob.len, &err), &err);
    exhaust(decode_mixture, &blob, 20);
    etas_array_free((void **)&blob.bytes);
    etas_plan_free(&plan[0]);
    etas_plan_free(&plan[1]);
}

static etas_status decode_events(void *context, etas_error *err)
{
    const frame *const f = context;
    etas_frame_header h;
    etas_events out = {0};
    const etas_status st = etas_frame_decode(f->len, f->bytes, &h, &out, err);

    assert_true(st == ETAS_OK || (out.n == 0 && out.n_catalogs == 0));
    etas_events_free(&out);
    return st;
}

static void frames_of_catalogues(void **state)
{
    etas_events events = {0};

    (void)state;
    fill_events_with(&events, true);
    for (int compressed = 0; compressed < 2; compressed++) {
        frame f = make_frame(&events, 0, 5, compressed);

        exhaust(decode_events, &f, 8);
        free(f.bytes);
    }
    etas_events_free(&events);
}

/* A record that found no memory is not there; those before it are. */
static etas_status append_records(void *context, etas_error *err)
{
    etas_records *const records = context;
    etas_status st = ETAS_OK;
    uint32_t n = 0;

    etas_records_free(records);
    for (; n < 20 && st == ETAS_OK; n += st == ETAS_OK)
        st = etas_records_append(records, 7, (const uint8_t *)"record");
    assert_int_equal(records->n, n);
    assert_int_equal(records->n_bytes, 7 * (size_t)n);
    return st == ETAS_OK ? st : etas_fail(err, st, "no memory");
}

static etas_status decode_records(void *context, etas_error *err)
{
    const frame *const f = context;
    etas_frame_header h;
    etas_records out = {0};
    const etas_status st = etas_record_frame_decode(f->len, f->bytes, &h, &out, err);

    assert_true(st == ETAS_OK || out.n == 0);
    etas_records_free(&out);
    return st;
}

static void frames_of_records(void **state)
{
    etas_records records = {0};
    etas_frame_header h = some_header(20, true);
    frame f;

    (void)state;
    exhaust(append_records, &records, 2);
    f = (frame){malloc(etas_record_frame_bound(&records)), 0};
    assert_non_null(f.bytes);
    check_ok(etas_record_frame_encode(&h, &records, 0, f.bytes, &f.len), NULL);
    exhaust(decode_records, &f, 2);
    free(f.bytes);
    etas_records_free(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans),
        cmocka_unit_test(mixtures),
        cmocka_unit_test(frames_of_catalogues),
        cmocka_unit_test(frames_of_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
