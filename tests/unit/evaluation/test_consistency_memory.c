/* Memory that runs out at every single allocation of the tests of forecasts. */
#include <math.h>

#include "etas/consistency.h"
#include "support/exhaust.h"

static const uint64_t CELL_0[] = {0}, CELLS_0_3[] = {0, 3}, CELLS_0_1[] = {0, 1};
static const uint32_t ONE[] = {1, 1}, TWO[] = {2};
static const etas_gridded OBSERVED = {2, CELLS_0_1, ONE};

static etas_status each(void *self, etas_gridded_take take, void *to, etas_error *err)
{
    const etas_gridded catalogs[] = {{2, CELLS_0_3, ONE}, {0, NULL, NULL}, {1, CELL_0, TWO}};
    etas_status st = ETAS_OK;

    (void)self;
    for (size_t i = 0; i < 3 && st == ETAS_OK; i++)
        st = take(to, &catalogs[i], err);
    return st;
}

static etas_status test_all(void *context, etas_error *err)
{
    const etas_gridded_source source = {each, NULL};
    const etas_consistency_config cfg = etas_consistency_config_default();
    etas_test_result out[ETAS_N_CONSISTENCY] = {0};
    etas_expected expected;
    etas_status st = etas_expected_init(&expected, 3, 2, err);

    (void)context;
    if (st == ETAS_OK)
        st = each(NULL, etas_expected_add, &expected, err);
    if (st == ETAS_OK)
        st = etas_consistency(&expected, &source, &OBSERVED, &cfg, out, err);
    for (size_t i = 0; i < ETAS_N_CONSISTENCY; i++)
        etas_test_result_free(&out[i]);
    etas_expected_free(&expected);
    return st;
}

static void consistency(void **state)
{
    (void)state;
    exhaust(test_all, NULL, 10);
}

typedef struct pair {
    etas_expected a, b;
} pair;

static etas_status compare(void *context, etas_error *err)
{
    const pair *const p = context;
    const etas_comparison of = {&p->a, &p->b, &OBSERVED, 0.05};
    etas_test_result t = {0}, w = {0};
    etas_status st = etas_comparison_t(&of, &t, err);

    if (st == ETAS_OK)
        st = etas_comparison_w(&of, &w, err);
    etas_test_result_free(&t);
    etas_test_result_free(&w);
    return st;
}

static void comparison(void **state)
{
    const etas_gridded other = {2, CELLS_0_1, ONE};
    pair p;

    (void)state;
    check_ok(etas_expected_init(&p.a, 3, 2, NULL), NULL);
    check_ok(etas_expected_init(&p.b, 3, 2, NULL), NULL);
    check_ok(each(NULL, etas_expected_add, &p.a, NULL), NULL);
    check_ok(etas_expected_add(&p.a, &other, NULL), NULL);
    check_ok(etas_expected_add(&p.b, &other, NULL), NULL);
    exhaust(compare, &p, 2);
    etas_expected_free(&p.a);
    etas_expected_free(&p.b);
}

static etas_status calibrate(void *context, etas_error *err)
{
    const etas_test_result results[] = {
        {.test = ETAS_TEST_N, .n_quantiles = 2, .quantile = {0.3, 0.8}},
        {.test = ETAS_TEST_N, .n_quantiles = 2, .quantile = {0.9, 0.2}}};
    etas_test_result out = {0};
    const etas_status st = etas_calibration(2, results, false, &out, err);

    (void)context;
    etas_test_result_free(&out);
    return st;
}

static void calibration(void **state)
{
    (void)state;
    exhaust(calibrate, NULL, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(consistency),
        cmocka_unit_test(comparison),
        cmocka_unit_test(calibration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
