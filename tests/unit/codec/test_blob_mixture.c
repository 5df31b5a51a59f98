#include "support/hostile.h"
#include "unit/codec/plan_fixture.h"

enum { N = 3, PERIOD = 7, AT_MODELS = 6, AT_PERIOD = 8, AT_LENGTHS = 24 };

/* Three models: past events, cells, neither of which is like the first. */
static void make_mixture(etas_mixture *mixture)
{
    static const uint8_t turn[PERIOD] = {2, 0, 1, 1, 0, 2, 2};

    *mixture = (etas_mixture){.n = N, .period = PERIOD};
    check_ok(etas_array_alloc((void **)&mixture->plan, N, sizeof *mixture->plan), NULL);
    check_ok(etas_array_alloc((void **)&mixture->turn, PERIOD, 1), NULL);
    memcpy(mixture->turn, turn, sizeof turn);
    make_plan(&mixture->plan[0]);
    make_grid_plan(&mixture->plan[1]);
    make_plan(&mixture->plan[2]);
    mixture->plan[2].beta = 1.9;
    mixture->plan[2].reference_placement = true;
}

static uint8_t *encode(const etas_mixture *mixture, size_t *len)
{
    etas_error err = {0};
    uint8_t *blob = NULL;

    check_ok(etas_mixture_encode(mixture, &blob, len, &err), &err);
    return blob;
}

static uint8_t *some_blob(size_t *len)
{
    etas_mixture mixture;
    uint8_t *blob;

    make_mixture(&mixture);
    blob = encode(&mixture, len);
    etas_mixture_free(&mixture);
    return blob;
}

/* What is taken can be written again as it was. */
static etas_status decode(size_t len, const uint8_t bytes[])
{
    uint8_t *exact = exact_copy(len, bytes);
    etas_mixture mixture = {0};
    etas_error err = {0};
    etas_status st;

    st = etas_mixture_decode(len, exact, &mixture, &err);
    assert_int_equal(err.code, st);
    if (st == ETAS_OK) {
        size_t again_len;
        uint8_t *again = encode(&mixture, &again_len);

        assert_int_equal(again_len, len);
        etas_array_free((void **)&again);
    } else {
        assert_true(mixture.plan == NULL && mixture.turn == NULL && mixture.n == 0);
        assert_true(err.text[0] != '\0');
    }
    etas_mixture_free(&mixture);
    free(exact);
    return st;
}

static void what_goes_in_comes_out(void **state)
{
    etas_mixture want, got = {0};
    etas_error err = {0};
    size_t len, again_len;
    uint8_t *blob, *again;

    (void)state;
    make_mixture(&want);
    blob = encode(&want, &len);
    check_ok(etas_mixture_decode(len, blob, &got, &err), &err);
    assert_int_equal(got.n, N);
    assert_int_equal(got.period, PERIOD);
    assert_memory_equal(got.turn, want.turn, PERIOD);
    for (size_t k = 0; k < N; k++) {
        size_t one_len, other_len;
        uint8_t *one, *other;

        check_ok(etas_blob_encode(&want.plan[k], &one, &one_len, &err), &err);
        check_ok(etas_blob_encode(&got.plan[k], &other, &other_len, &err), &err);
        assert_int_equal(one_len, other_len);
        assert_memory_equal(one, other, one_len);
        etas_array_free((void **)&one);
        etas_array_free((void **)&other);
    }
    again = encode(&got, &again_len);
    assert_int_equal(again_len, len);
    assert_memory_equal(again, blob, len);
    /* decoding into a mixture that is in use frees what it held */
    check_ok(etas_mixture_decode(len, blob, &got, &err), &err);
    etas_array_free((void **)&again);
    etas_array_free((void **)&blob);
    etas_mixture_free(&want);
    etas_mixture_free(&got);
}

static void one_model_is_its_model_blob(void **state)
{
    etas_mixture mixture = {0}, got = {0};
    etas_error err = {0};
    size_t len, plain_len;
    uint8_t turn = 0, *blob, *plain;
    etas_plan plan;

    (void)state;
    make_plan(&plan);
    mixture = (etas_mixture){.n = 1, .plan = &plan, .period = 1, .turn = &turn};
    blob = encode(&mixture, &len);
    check_ok(etas_blob_encode(&plan, &plain, &plain_len, &err), &err);
    assert_int_equal(len, plain_len);
    assert_memory_equal(blob, plain, len);
    check_ok(etas_mixture_decode(len, blob, &got, &err), &err);
    assert_true(got.n == 1 && got.period == 1 && got.turn[0] == 0);
    assert_true(got.plan[0].beta == plan.beta);
    etas_mixture_free(&got);
    etas_array_free((void **)&blob);
    etas_array_free((void **)&plain);
    etas_plan_free(&plan);
}

static void every_truncation_and_every_trailing_byte_is_refused(void **state)
{
    size_t len;
    uint8_t *blob = some_blob(&len);

    (void)state;
    check_length_matters(len, blob, decode);
    etas_array_free((void **)&blob);
}

/* Every bit of the header, and one of each byte of the models, whose blobs have a test of their
 * own.
 */
static void every_changed_byte_is_refused_or_gives_another_mixture(void **state)
{
    size_t len, taken = 0;
    uint8_t *blob = some_blob(&len);

    (void)state;
    for (size_t i = 0; i < len; i++)
        for (unsigned bit = i < 64 ? 0 : i % 8; bit < (i < 64 ? 8 : i % 8 + 1); bit++) {
            blob[i] ^= (uint8_t)(1u << bit);
            taken += decode(len, blob) == ETAS_OK;
            blob[i] ^= (uint8_t)(1u << bit);
        }
    assert_in_range(taken, 1, 8 * len - 1);
    etas_array_free((void **)&blob);
}

static void put(uint8_t bytes[], size_t width, uint64_t value)
{
    for (size_t b = 0; b < width; b++)
        bytes[b] = (uint8_t)(value >> 8 * b);
}

static void hostile_lengths_are_refused(void **state)
{
    static const struct {
        size_t at, width;
        uint64_t value;
    } lies[] = {
        {AT_MODELS, 2, 0},
        {AT_MODELS, 2, 1},
        {AT_MODELS, 2, 2},
        {AT_MODELS, 2, 4},
        {AT_MODELS, 2, 255},
        {AT_MODELS, 2, 65535},
        {AT_PERIOD, 4, 0},
        {AT_PERIOD, 4, PERIOD + 1},
        {AT_PERIOD, 4, PERIOD - 1},
        {AT_PERIOD, 4, UINT32_MAX},
        {12, 4, 1},
        {16, 8, 0},
        {16, 8, UINT64_MAX},
        {AT_LENGTHS, 8, 0},
        {AT_LENGTHS, 8, UINT64_MAX},
        {AT_LENGTHS + 8, 8, 511},
        {AT_LENGTHS + 16, 8, 65536},
        {AT_LENGTHS + 16, 8, 0},
    };
    size_t len;
    uint8_t *blob = some_blob(&len);

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        uint8_t was[8];

        memcpy(was, blob + lies[i].at, 8);
        put(blob + lies[i].at, lies[i].width, lies[i].value);
        assert_int_equal(decode(len, blob), ETAS_E_CORRUPT);
        memcpy(blob + lies[i].at, was, 8);
    }
    blob[len - 1] = N;
    assert_int_equal(decode(len, blob), ETAS_E_CORRUPT);
    blob[len - 1] = 0;
    check_ok(decode(len, blob), NULL);
    blob[4] = 2;
    assert_int_equal(decode(len, blob), ETAS_E_VERSION);
    etas_array_free((void **)&blob);
}

static void models_that_do_not_belong_together_are_refused(void **state)
{
    (void)state;
    for (int kind = 0; kind < 9; kind++) {
        etas_mixture mixture;
        etas_error err = {0};
        uint8_t *blob = NULL;
        size_t len;
        etas_plan *last;

        make_mixture(&mixture);
        last = &mixture.plan[N - 1];
        last->output_start += kind == 0;
        last->filter_region = kind != 1;
        last->with_parents = kind != 2;
        if (kind == 3) {
            last->end += ETAS_NS_PER_DAY;
            last->window_days += 1;
        } else if (kind == 4) {
            last->start -= ETAS_NS_PER_DAY;
            last->window_days += 1;
        }
        mixture.turn[PERIOD - 1] = kind == 5 ? N : 0;
        mixture.period = kind == 6 ? 0 : kind == 7 ? 65537 : PERIOD;
        last->beta = kind == 8 ? NAN : 2;
        assert_int_equal(etas_mixture_encode(&mixture, &blob, &len, &err), ETAS_E_CORRUPT);
        assert_null(blob);
        etas_mixture_free(&mixture);
    }
}

/* The same lies told by bytes: each plan is one, together they are no mixture. */
static void plans_that_disagree_are_refused_from_bytes_too(void **state)
{
    enum { AT_FLAGS = 6, AT_OUTPUT_START = 40 };
    size_t len;
    uint8_t *blob = some_blob(&len), *last;

    (void)state;
    last = blob + AT_LENGTHS + 8 * N;
    for (int k = 0; k < N - 1; k++)
        last += (size_t)blob[AT_LENGTHS + 8 * k] | (size_t)blob[AT_LENGTHS + 8 * k + 1] << 8;
    assert_memory_equal(last, "ETBL", 4);
    last[AT_FLAGS] ^= 1;
    assert_int_equal(decode(len, blob), ETAS_E_CORRUPT);
    last[AT_FLAGS] ^= 1 ^ 16;
    assert_int_equal(decode(len, blob), ETAS_E_CORRUPT);
    last[AT_FLAGS] ^= 16;
    last[AT_OUTPUT_START] ^= 1;
    assert_int_equal(decode(len, blob), ETAS_E_CORRUPT);
    last[AT_OUTPUT_START] ^= 1;
    check_ok(decode(len, blob), NULL);
    etas_array_free((void **)&blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(one_model_is_its_model_blob),
        cmocka_unit_test(every_truncation_and_every_trailing_byte_is_refused),
        cmocka_unit_test(every_changed_byte_is_refused_or_gives_another_mixture),
        cmocka_unit_test(hostile_lengths_are_refused),
        cmocka_unit_test(models_that_do_not_belong_together_are_refused),
        cmocka_unit_test(plans_that_disagree_are_refused_from_bytes_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
