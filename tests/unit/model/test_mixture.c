#include <string.h>

#include "etas/plan.h"
#include "support/check.h"

static void expect_turns(size_t n, const uint64_t weight[], const char *turns)
{
    etas_mixture m = {0};
    etas_error err = {0};

    check_ok(etas_mixture_init(&m, n, weight, &err), &err);
    assert_int_equal(m.n, n);
    assert_int_equal(m.period, strlen(turns));
    for (size_t i = 0; i < m.period; i++)
        assert_int_equal(m.turn[i], turns[i] - '0');
    etas_mixture_free(&m);
    etas_mixture_free(&m);
}

static void turns_are_interleaved_and_without_common_divisor(void **state)
{
    (void)state;
    expect_turns(1, (const uint64_t[]){7}, "0");
    expect_turns(2, (const uint64_t[]){1, 1}, "01");
    expect_turns(2, (const uint64_t[]){50, 50}, "01");
    expect_turns(2, (const uint64_t[]){1, 3}, "1011");
    expect_turns(2, (const uint64_t[]){3, 1}, "0010");
    expect_turns(3, (const uint64_t[]){5, 1, 1}, "0010200");
    expect_turns(3, (const uint64_t[]){UINT64_C(1) << 63, UINT64_C(1) << 63, UINT64_C(1) << 63},
                 "012");
}

/* At every moment each model has had its share to within one turn. */
static void no_model_runs_ahead(void **state)
{
    static const uint64_t weight[] = {13, 1, 40, 7, 7};
    const uint64_t sum = 68;
    uint64_t had[5] = {0};
    etas_mixture m = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_mixture_init(&m, 5, weight, &err), &err);
    assert_int_equal(m.period, sum);
    for (size_t i = 0; i < m.period; i++) {
        had[m.turn[i]]++;
        for (size_t k = 0; k < 5; k++) {
            const double due = (double)(i + 1) * (double)weight[k] / (double)sum;

            assert_true((double)had[k] > due - 1 && (double)had[k] < due + 1);
        }
    }
    assert_memory_equal(had, weight, sizeof had);
    etas_mixture_free(&m);
}

static void expect_refused(size_t n, const uint64_t weight[])
{
    etas_mixture m = {0};
    etas_error err = {0};

    assert_int_equal(etas_mixture_init(&m, n, weight, &err), ETAS_E_RANGE);
    assert_null(m.plan);
    assert_null(m.turn);
    assert_true(strlen(err.text) > 0);
}

static void impossible_weights_are_refused(void **state)
{
    uint64_t many[256];

    (void)state;
    for (size_t i = 0; i < 256; i++)
        many[i] = 1;
    expect_refused(0, many);
    expect_refused(256, many);
    expect_refused(2, (const uint64_t[]){1, 0});
    expect_refused(2, (const uint64_t[]){1, 65536});
    expect_refused(3, (const uint64_t[]){UINT64_MAX, UINT64_MAX - 1, 2});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_interleaved_and_without_common_divisor),
        cmocka_unit_test(no_model_runs_ahead),
        cmocka_unit_test(impossible_weights_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
