#include "support/hostile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "support/refit_fixture.h"

/* As in docs/formats-internal.md. */
enum { AT_VERSION = 4, AT_FLAGS = 6, AT_ALGORITHM = 8, AT_START = 24, AT_THETA = 120 };
enum { AT_N_HISTORY = 280, AT_PLAN_LENGTH = 288, AT_SECTIONS = 296 };

static etas_refit model;
static uint8_t *blob;
static size_t blob_len;

static int make_model(void **state)
{
    (void)state;
    refit_make(&model);
    check_ok(etas_refit_encode(&model, &blob, &blob_len, NULL), NULL);
    return 0;
}

static int free_model(void **state)
{
    (void)state;
    etas_refit_free(&model);
    etas_array_free((void **)&blob);
    return 0;
}

static etas_status decode(size_t len, const uint8_t *bytes)
{
    uint8_t *exact = exact_copy(len, bytes);
    etas_refit out = {0};
    etas_error err = {0};
    etas_status st;

    st = etas_refit_decode(len, exact, &out, &err);
    assert_int_equal(err.code, st);
    if (st != ETAS_OK)
        assert_true(out.history.n == 0 && out.plan.history.n == 0);
    etas_refit_free(&out);
    free(exact);
    return st;
}

static void what_goes_in_comes_out(void **state)
{
    etas_refit out = {0};
    etas_error err = {0};
    uint8_t *again = NULL;
    size_t len;

    (void)state;
    check_ok(etas_refit_decode(blob_len, blob, &out, &err), &err);
    check_ok(etas_refit_encode(&out, &again, &len, &err), &err);
    assert_int_equal(len, blob_len);
    assert_memory_equal(again, blob, len);
    assert_true(model.history.n > 20);
    assert_int_equal(out.history.n, model.history.n);
    assert_memory_equal(out.history.time, model.history.time, model.history.n * 8);
    assert_true(out.history.mc[0] == 2);
    assert_int_equal(out.how.window_start, model.how.window_start);
    assert_int_equal(out.how.estimator, ETAS_ESTIMATOR_MLE);
    assert_int_equal(out.how.n_threads, 1);
    assert_true(out.how.area_km2 == model.how.area_km2 && out.how.tolerance == 1e-5);
    assert_true(out.how.theta_0.value[ETAS_A] == model.how.theta_0.value[ETAS_A]);
    assert_true(isnan(out.how.fixed.value.value[ETAS_A]));
    assert_true(out.n_hat == model.n_hat && out.beta == model.beta);
    etas_array_free((void **)&again);
    etas_refit_free(&out);
}

static void a_parameter_that_is_held_stays_held(void **state)
{
    etas_refit out = {0};
    uint8_t *bytes = NULL;
    size_t len;

    (void)state;
    model.how.fixed.value.value[ETAS_LOG10_TAU] = INFINITY;
    model.how.fixed.alpha_rule = ETAS_ALPHA_NUMBER;
    model.how.fixed.alpha = 1.25;
    model.how.plain_em = model.how.reference_stop = true;
    check_ok(etas_refit_encode(&model, &bytes, &len, NULL), NULL);
    check_ok(etas_refit_decode(len, bytes, &out, NULL), NULL);
    assert_true(isinf(out.how.fixed.value.value[ETAS_LOG10_TAU]));
    assert_int_equal(out.how.fixed.alpha_rule, ETAS_ALPHA_NUMBER);
    assert_true(out.how.fixed.alpha == 1.25);
    assert_true(out.how.plain_em && out.how.reference_stop);
    model.how.fixed = etas_fixed_none();
    model.how.plain_em = model.how.reference_stop = false;
    etas_refit_free(&out);
    etas_array_free((void **)&bytes);
}

static void a_blob_cut_or_lengthened_is_refused(void **state)
{
    uint8_t *longer = calloc(blob_len + 8, 1);

    (void)state;
    assert_non_null(longer);
    for (size_t len = 0; len < blob_len; len += len < 400 ? 1 : 331)
        assert_true(decode(len, blob) != ETAS_OK);
    memcpy(longer, blob, blob_len);
    assert_true(decode(blob_len + 1, longer) != ETAS_OK);
    assert_true(decode(blob_len + 8, longer) != ETAS_OK);
    free(longer);
}

static void put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static void check_lie(size_t at, uint64_t value)
{
    uint8_t *copy = malloc(blob_len);

    assert_non_null(copy);
    memcpy(copy, blob, blob_len);
    put_u64(copy + at, value);
    if (decode(blob_len, copy) == ETAS_OK)
        fail_msg("%llx at offset %zu was taken", (unsigned long long)value, at);
    free(copy);
}

static void numbers_that_cannot_be_are_refused(void **state)
{
    static const uint64_t lengths[] = {
        0, 1, UINT32_MAX, UINT64_MAX, UINT64_MAX / 32, UINT64_C(1) << 59};
    const uint64_t nan = UINT64_C(0x7ff8000000000000), inf = UINT64_C(0x7ff0000000000000);

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        check_lie(AT_N_HISTORY, lengths[i]);
        check_lie(AT_PLAN_LENGTH, lengths[i]);
        check_lie(AT_START, lengths[i]);
    }
    check_lie(AT_START, UINT64_C(1) << 63);
    check_lie(AT_VERSION, 2);
    check_lie(AT_FLAGS, 4 | (uint64_t)ETAS_ALGORITHM_VERSION << 16);
    check_lie(AT_ALGORITHM, 77);
    for (size_t at = 40; at < 80; at += 8) {
        if (at != 56) /* the number that alpha is held at */
            check_lie(at, nan);
        if (at != 56)
            check_lie(at, inf);
    }
    check_lie(AT_THETA + 8 * ETAS_A, nan);
    check_lie(AT_THETA + 8 * ETAS_LOG10_IOTA, 0);
    check_lie(AT_SECTIONS, UINT64_C(1) << 62);                          /* a time out of order */
    check_lie(AT_SECTIONS + 8 * model.history.n, nan);                  /* a latitude */
    check_lie(AT_SECTIONS + 24 * model.history.n, inf);                 /* a magnitude */
    check_lie(AT_SECTIONS + 32 * model.history.n, 0x5858585858585858u); /* the plan */
}

static void records_are_put_and_got(void **state)
{
    etas_refit_result in = {.status = ETAS_REFIT_DIVERGED,
                            .n_iterations = 17,
                            .n_sources = 1000,
                            .n_targets = 900,
                            .n_pairs = UINT64_C(1) << 40,
                            .beta = 2.3,
                            .n_hat = 0.1,
                            .branching_ratio = NAN,
                            .log_likelihood = -1e-300,
                            .distance = INFINITY,
                            .note = "theta left \"its\" bounds"};
    etas_refit_result out;
    uint8_t bytes[ETAS_REFIT_RECORD_MAX];
    size_t len;

    (void)state;
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        in.theta.value[i] = 1.0 / (double)(i + 3);
    len = etas_refit_record_put(&in, bytes);
    assert_true(etas_refit_record_get(len, bytes, &out));
    assert_int_equal(out.status, ETAS_REFIT_DIVERGED);
    assert_int_equal(out.n_iterations, 17);
    assert_int_equal(out.n_pairs, UINT64_C(1) << 40);
    assert_memory_equal(out.theta.value, in.theta.value, sizeof in.theta.value);
    assert_true(out.beta == 2.3 && out.n_hat == 0.1 && out.log_likelihood == -1e-300);
    assert_true(isnan(out.branching_ratio) && isinf(out.distance));
    assert_string_equal(out.note, in.note);
    for (size_t cut = 0; cut < 152; cut++)
        assert_false(etas_refit_record_get(cut, bytes, &out));
    assert_true(etas_refit_record_get(152, bytes, &out));
    assert_string_equal(out.note, "");
}

static void bytes_that_are_no_record_are_refused(void **state)
{
    const etas_refit_result in = {.note = "why"};
    etas_refit_result out;
    uint8_t bytes[ETAS_REFIT_RECORD_MAX + 1] = {0};
    size_t len;

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    len = etas_refit_record_put(&in, bytes);
    assert_false(etas_refit_record_get(152 + 200, bytes, &out)); /* no room for the end */
    assert_true(etas_refit_record_get(152 + 199, bytes, &out));
    bytes[0] = ETAS_N_REFIT_STATUS;
    assert_false(etas_refit_record_get(len, bytes, &out));
    bytes[0] = 0;
    bytes[3] = 255;
    assert_false(etas_refit_record_get(len, bytes, &out));
    bytes[3] = 0;
    bytes[len - 1] = 27; /* a control character for the terminal */
    assert_false(etas_refit_record_get(len, bytes, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(a_parameter_that_is_held_stays_held),
        cmocka_unit_test(a_blob_cut_or_lengthened_is_refused),
        cmocka_unit_test(numbers_that_cannot_be_are_refused),
        cmocka_unit_test(records_are_put_and_got),
        cmocka_unit_test(bytes_that_are_no_record_are_refused),
    };

    return cmocka_run_group_tests(tests, make_model, free_model);
}
