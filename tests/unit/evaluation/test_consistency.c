/* Tests of forecasts on grids small enough for pencil and paper. */
#include <math.h>
#include <string.h>

#include "etas/consistency.h"
#include "support/check.h"

enum { MOST = 8 };

typedef struct forecast {
    size_t n;
    etas_gridded catalog[MOST];
    size_t calls;
} forecast;

static etas_status each(void *self, etas_gridded_take take, void *to, etas_error *err)
{
    forecast *const f = self;
    etas_status st = ETAS_OK;

    f->calls++;
    for (size_t i = 0; i < f->n && st == ETAS_OK; i++)
        st = take(to, &f->catalog[i], err);
    return st;
}

static const uint64_t CELL_0[] = {0}, CELLS_0_3[] = {0, 3}, CELLS_0_1[] = {0, 1},
                      CELLS_0_4[] = {0, 4}, CELL_4[] = {4};
static const uint32_t ONE[] = {1, 1}, TWO[] = {2}, ONE_TWO[] = {1, 2};

/* Three places of two magnitudes; no catalogue has an event in the last place. */
static forecast three(void)
{
    return (forecast){.n = 3, .catalog = {{2, CELLS_0_3, ONE}, {0, NULL, NULL}, {1, CELL_0, TWO}}};
}

static void run(forecast *f, const etas_gridded *observed, etas_test_result out[])
{
    const etas_gridded_source source = {each, f};
    etas_consistency_config cfg = etas_consistency_config_default();
    etas_expected expected;
    etas_error err = {0};

    cfg.n_samples = 1000;
    check_ok(etas_expected_init(&expected, 3, 2, &err), &err);
    check_ok(each(f, etas_expected_add, &expected, &err), &err);
    check_ok(etas_consistency(&expected, &source, observed, &cfg, out, &err), &err);
    etas_expected_free(&expected);
}

static void free_all(etas_test_result out[])
{
    for (size_t i = 0; i < ETAS_N_CONSISTENCY; i++)
        etas_test_result_free(&out[i]);
}

static void expected_numbers_are_sums(void **state)
{
    forecast f = three();
    etas_expected e;
    etas_error err = {0};

    (void)state;
    check_ok(etas_expected_init(&e, 3, 2, &err), &err);
    check_ok(each(&f, etas_expected_add, &e, &err), &err);
    assert_int_equal(e.n_catalogs, 3);
    assert_int_equal(e.n_events, 4);
    assert_int_equal(e.cell[0], 3);
    assert_int_equal(e.cell[3], 1);
    assert_int_equal(e.place[0], 3);
    assert_int_equal(e.place[1], 1);
    assert_int_equal(e.place[2], 0);
    assert_int_equal(e.mag[0], 3);
    assert_int_equal(e.mag[1], 1);
    etas_expected_free(&e);
    etas_expected_free(&e);
}

static void a_tie_counts_on_both_sides(void **state)
{
    const etas_gridded observed = {2, CELLS_0_1, ONE};
    etas_test_result r[ETAS_N_CONSISTENCY] = {0};
    forecast f = three();

    (void)state;
    run(&f, &observed, r);
    /* X = 2, 0, 2 and 2 was observed */
    assert_int_equal(r[ETAS_TEST_N].status, ETAS_TEST_NORMAL);
    assert_int_equal(r[ETAS_TEST_N].n, 3);
    check_abs(r[ETAS_TEST_N].statistic, 2, 0);
    check_abs(r[ETAS_TEST_N].quantile[0], 2.0 / 3, 1e-15);
    check_abs(r[ETAS_TEST_N].quantile[1], 1, 0);
    /* shares 3/4, 1/4: the catalogue without events has no mean */
    assert_int_equal(r[ETAS_TEST_S].n, 2);
    check_rel(r[ETAS_TEST_S].distribution[0], (log(0.75) + log(0.25)) / 2, 1e-15);
    check_rel(r[ETAS_TEST_S].distribution[1], log(0.75), 1e-15);
    check_rel(r[ETAS_TEST_S].statistic, log(0.75), 1e-15);
    check_abs(r[ETAS_TEST_S].quantile[0], 0.5, 0);
    check_abs(r[ETAS_TEST_S].quantile[1], 1, 0);
    /* means 1, 1/3, together 4/3: the one without events has -4/3 */
    assert_int_equal(r[ETAS_TEST_PL].n, 3);
    check_rel(r[ETAS_TEST_PL].distribution[0], log(1.0 / 3) - 4.0 / 3, 1e-15);
    check_rel(r[ETAS_TEST_PL].distribution[1], -4.0 / 3, 1e-15);
    check_rel(r[ETAS_TEST_PL].distribution[2], -4.0 / 3, 1e-15);
    check_abs(r[ETAS_TEST_PL].quantile[0], 2.0 / 3, 1e-15);
    check_abs(r[ETAS_TEST_PL].quantile[1], 1, 0);
    /* magnitudes: 3/2 and 1/2 are expected of two */
    assert_int_equal(r[ETAS_TEST_M].n, 2);
    check_rel(r[ETAS_TEST_M].distribution[0], pow(log10(2 / 2.5), 2) + pow(log10(2 / 1.5), 2),
              1e-14);
    check_rel(r[ETAS_TEST_M].distribution[1], pow(log10(3 / 2.5), 2) + pow(log10(1 / 1.5), 2),
              1e-14);
    check_abs(r[ETAS_TEST_M].statistic, r[ETAS_TEST_M].distribution[0], 0);
    check_abs(r[ETAS_TEST_M].quantile[0], 1, 0);
    check_abs(r[ETAS_TEST_M].quantile[1], 0.5, 0);
    assert_int_equal(f.calls, 2);
    free_all(r);
}

static void events_where_no_catalogue_has_any_are_left_out(void **state)
{
    const etas_gridded some = {2, CELLS_0_4, ONE_TWO}, all = {1, CELL_4, ONE};
    etas_test_result r[ETAS_N_CONSISTENCY] = {0};
    forecast f = three();

    (void)state;
    run(&f, &some, r);
    assert_int_equal(r[ETAS_TEST_N].status, ETAS_TEST_NORMAL);
    assert_int_equal(r[ETAS_TEST_M].status, ETAS_TEST_NORMAL);
    assert_int_equal(r[ETAS_TEST_S].status, ETAS_TEST_UNDERSAMPLED);
    assert_int_equal(r[ETAS_TEST_S].n_left_out, 2);
    assert_int_equal(r[ETAS_TEST_S].n_used, 1);
    check_rel(r[ETAS_TEST_S].statistic, log(0.75), 1e-15);
    assert_int_equal(r[ETAS_TEST_PL].status, ETAS_TEST_UNDERSAMPLED);
    check_rel(r[ETAS_TEST_PL].statistic, -4.0 / 3, 1e-15);
    free_all(r);

    run(&f, &all, r);
    for (etas_test t = ETAS_TEST_S; t <= ETAS_TEST_PL; t++) {
        assert_int_equal(r[t].status, ETAS_TEST_NOT_VALID);
        assert_true(isnan(r[t].statistic));
        check_abs(r[t].quantile[0], -1, 0);
        check_abs(r[t].quantile[1], -1, 0);
    }
    free_all(r);
}

static void without_observed_events_only_their_number_is_tested(void **state)
{
    const etas_gridded none = {0, NULL, NULL};
    etas_test_result r[ETAS_N_CONSISTENCY] = {0};
    forecast f = three();

    (void)state;
    run(&f, &none, r);
    check_abs(r[ETAS_TEST_N].quantile[0], 1, 0);
    check_abs(r[ETAS_TEST_N].quantile[1], 1.0 / 3, 1e-15);
    for (etas_test t = ETAS_TEST_M; t < ETAS_N_CONSISTENCY; t++) {
        assert_int_equal(r[t].status, ETAS_TEST_NOT_VALID);
        assert_true(isnan(r[t].statistic));
        check_abs(r[t].quantile[1], -1, 0);
        assert_int_equal(r[t].n, 0);
    }
    free_all(r);
}

static void a_forecast_of_nothing_leaves_the_number_to_test(void **state)
{
    const etas_gridded observed = {1, CELL_0, TWO};
    etas_test_result r[ETAS_N_CONSISTENCY] = {0};
    forecast f = {.n = 2};

    (void)state;
    run(&f, &observed, r);
    check_abs(r[ETAS_TEST_N].quantile[0], 0, 0);
    check_abs(r[ETAS_TEST_N].quantile[1], 1, 0);
    for (etas_test t = ETAS_TEST_M; t < ETAS_N_CONSISTENCY; t++)
        assert_int_equal(r[t].status, ETAS_TEST_NOT_VALID);
    free_all(r);
}

/* ln of a multinomial probability of the counts at their own shares. */
static double multinomial(size_t n, const double x[])
{
    double sum = 0, out = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    for (size_t i = 0; i < n; i++)
        out += x[i] * log(x[i] / sum) - lgamma(x[i] + 1);
    return out + lgamma(sum + 1);
}

static void samples_have_the_size_of_the_observation(void **state)
{
    const etas_gridded observed = {2, CELLS_0_1, ONE};
    const double u[] = {5, 3}, c[] = {2, 2}, both[] = {7, 5}; /* union 3, 1; more by 4/2, and 1 */
    const double d[] = {pow(log10(1 / 2.5), 2) + pow(log10(3 / 1.5), 2),
                        pow(log10(2 / 2.5), 2) + pow(log10(2 / 1.5), 2),
                        pow(log10(3 / 2.5), 2) + pow(log10(1 / 1.5), 2)};
    double seen[3] = {0};
    etas_test_result r[ETAS_N_CONSISTENCY] = {0};
    forecast f = three();

    (void)state;
    run(&f, &observed, r);
    check_rel(r[ETAS_TEST_MLL].statistic,
              2 * (multinomial(2, both) - multinomial(2, u) - multinomial(2, c)), 1e-13);
    assert_int_equal(r[ETAS_TEST_RESAMPLED_M].n, 1000);
    for (size_t i = 0; i < 1000; i++) {
        size_t k = 0;

        while (k < 3 && fabs(r[ETAS_TEST_RESAMPLED_M].distribution[i] - d[k]) > 1e-14)
            k++;
        assert_true(k < 3);
        seen[k]++;
    }
    /* binomial: 1/16, 6/16, 9/16, five standard errors */
    check_abs(seen[0] / 1000, 1.0 / 16, 0.04);
    check_abs(seen[1] / 1000, 6.0 / 16, 0.08);
    check_abs(seen[2] / 1000, 9.0 / 16, 0.08);
    check_abs(r[ETAS_TEST_RESAMPLED_M].quantile[1], seen[1] / 1000, 1e-15);
    free_all(r);
}

/* Equal sums are equal whatever the order of their terms. */
static void the_order_of_places_makes_no_difference(void **state)
{
    enum { PLACES = 40, EVENTS = 12 };
    uint64_t cell[2][EVENTS];
    uint32_t many[PLACES];
    uint64_t all[PLACES];
    const uint32_t ones[EVENTS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    forecast f = {.n = 3};
    etas_consistency_config cfg = etas_consistency_config_default();
    etas_test_result r[ETAS_N_CONSISTENCY] = {0};
    const etas_gridded_source source = {each, &f};
    etas_gridded observed;
    etas_expected e;
    etas_error err = {0};

    (void)state;
    for (uint64_t i = 0; i < PLACES; i++) {
        all[i] = i; /* the first half mirrored is the second half */
        many[i] = (uint32_t)(1 + 7 * (i < PLACES / 2 ? i : PLACES - 1 - i));
    }
    for (uint64_t i = 0; i < EVENTS; i++) {
        cell[0][i] = i;
        cell[1][EVENTS - 1 - i] = PLACES - 1 - i;
    }
    f.catalog[0] = (etas_gridded){PLACES, all, many};
    f.catalog[1] = (etas_gridded){EVENTS, cell[0], ones};
    f.catalog[2] = observed = (etas_gridded){EVENTS, cell[1], ones};
    cfg.n_samples = 1;
    check_ok(etas_expected_init(&e, PLACES, 1, &err), &err);
    check_ok(each(&f, etas_expected_add, &e, &err), &err);
    check_ok(etas_consistency(&e, &source, &observed, &cfg, r, &err), &err);
    check_abs(r[ETAS_TEST_S].distribution[1], r[ETAS_TEST_S].statistic, 0);
    check_abs(r[ETAS_TEST_PL].distribution[1], r[ETAS_TEST_PL].statistic, 0);
    free_all(r);
    etas_expected_free(&e);
}

static void what_is_not_on_the_grid_is_refused(void **state)
{
    const uint64_t falling[] = {3, 0}, beyond[] = {6};
    const etas_gridded a = {2, falling, ONE}, b = {1, beyond, ONE}, good = {1, CELL_0, ONE};
    etas_test_result r[ETAS_N_CONSISTENCY] = {0};
    const etas_consistency_config cfg = etas_consistency_config_default();
    forecast f = three();
    const etas_gridded_source source = {each, &f};
    etas_expected e;
    etas_error err = {0};

    (void)state;
    check_ok(etas_expected_init(&e, 3, 2, &err), &err);
    assert_int_equal(etas_expected_add(&e, &a, NULL), ETAS_E_RANGE);
    assert_int_equal(etas_expected_add(&e, &b, NULL), ETAS_E_RANGE);
    assert_int_equal(etas_consistency(&e, &source, &good, &cfg, r, NULL), ETAS_E_ARG);
    check_ok(each(&f, etas_expected_add, &e, &err), &err);
    assert_int_equal(etas_consistency(&e, &source, &b, &cfg, r, NULL), ETAS_E_RANGE);
    f.n = 2; /* another forecast the second time */
    assert_int_equal(etas_consistency(&e, &source, &good, &cfg, r, NULL), ETAS_E_CORRUPT);
    f.n = 4;
    assert_int_equal(etas_consistency(&e, &source, &good, &cfg, r, NULL), ETAS_E_CORRUPT);
    assert_null(r[ETAS_TEST_N].distribution);
    etas_expected_free(&e);
}

/* ---- two forecasts ---- */

typedef struct pair {
    etas_expected a, b;
} pair;

/* Means per catalogue of 2 places: a 1.5, 0.5; b 0.5, 1. */
static pair make_pair(void)
{
    static const uint64_t cells[] = {0, 1};
    static const uint32_t a[] = {3, 1}, b[] = {1, 2};
    const etas_gridded none = {0, NULL, NULL}, of_a = {2, cells, a}, of_b = {2, cells, b};
    pair out;
    etas_error err = {0};

    check_ok(etas_expected_init(&out.a, 3, 1, &err), &err);
    check_ok(etas_expected_init(&out.b, 3, 1, &err), &err);
    check_ok(etas_expected_add(&out.a, &of_a, &err), &err);
    check_ok(etas_expected_add(&out.a, &none, &err), &err);
    check_ok(etas_expected_add(&out.b, &of_b, &err), &err);
    check_ok(etas_expected_add(&out.b, &none, &err), &err);
    return out;
}

static void free_pair(pair *p)
{
    etas_expected_free(&p->a);
    etas_expected_free(&p->b);
}

static void the_gain_is_a_mean_with_its_interval(void **state)
{
    static const uint64_t cells[] = {0, 1};
    static const uint32_t counts[] = {3, 1};
    const etas_gridded observed = {2, cells, counts};
    pair p = make_pair();
    const etas_comparison of = {&p.a, &p.b, &observed, 0.05};
    const double x = log(3), y = log(0.5), gain = (3 * x + y - 0.5) / 4;
    const double first = (3 * x * x + y * y) / 3, second = pow(3 * x + y, 2) / 12;
    const double error = sqrt((first - second) / 4), critical = 3.182446305283710; /* 3 degrees */
    etas_test_result r = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_comparison_t(&of, &r, &err), &err);
    assert_int_equal(r.status, ETAS_TEST_NORMAL);
    check_rel(r.statistic, gain, 1e-14);
    check_rel(r.quantile[0], gain / error, 1e-13);
    check_rel(r.quantile[1], critical, 1e-12);
    assert_int_equal(r.n, 2);
    check_rel(r.distribution[0], gain - critical * error, 1e-12);
    check_rel(r.distribution[1], gain + critical * error, 1e-12);
    etas_test_result_free(&r);

    /* less 1/8: three of x (ranks 3 each) and one of y (rank 1): z = (1 - 5) / sqrt(...) */
    check_ok(etas_comparison_w(&of, &r, &err), &err);
    assert_int_equal(r.status, ETAS_TEST_NORMAL);
    assert_int_equal(r.n_quantiles, 1);
    check_rel(r.statistic, (1 - 5) / sqrt((4 * 5 * 9 - 0.5 * 3 * 8) / 24), 1e-14);
    check_rel(r.quantile[0], erfc(fabs(r.statistic) / sqrt(2)), 1e-12);
    etas_test_result_free(&r);
    free_pair(&p);
}

static void events_that_one_forecast_excludes_are_not_compared(void **state)
{
    static const uint64_t cells[] = {0, 1, 2};
    static const uint32_t counts[] = {1, 1, 5}, one[] = {1, 0, 5}, same[] = {4, 0, 0};
    const etas_gridded observed = {3, cells, counts}, single = {3, cells, one},
                       equal = {1, cells, same};
    pair p = make_pair();
    etas_comparison of = {&p.a, &p.b, &observed, 0.05};
    etas_test_result r = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_comparison_t(&of, &r, &err), &err);
    assert_int_equal(r.status, ETAS_TEST_UNDERSAMPLED);
    assert_int_equal(r.n_used, 2);
    assert_int_equal(r.n_left_out, 5);
    check_rel(r.statistic, (log(3) + log(0.5) - 0.5) / 2, 1e-14);
    check_ok(etas_comparison_w(&of, &r, &err), &err);
    assert_int_equal(r.status, ETAS_TEST_UNDERSAMPLED);
    of.observed = &single;
    check_ok(etas_comparison_t(&of, &r, &err), &err);
    assert_int_equal(r.status, ETAS_TEST_NOT_VALID);
    of.observed = &equal; /* no spread */
    check_ok(etas_comparison_t(&of, &r, &err), &err);
    assert_int_equal(r.status, ETAS_TEST_NOT_VALID);
    check_rel(r.statistic, log(3) - 0.5 / 4, 1e-14);
    of.b = &p.a;
    check_ok(etas_comparison_w(&of, &r, &err), &err);
    assert_int_equal(r.status, ETAS_TEST_NOT_VALID);
    etas_test_result_free(&r);
    free_pair(&p);
}

/* ---- many periods ---- */

static void calibration_leaves_out_what_is_not_valid(void **state)
{
    const double delta_2[] = {0.1, 0.8, -1, 0.4};
    etas_test_result in[4], r = {0};
    etas_error err = {0};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        in[i] = (etas_test_result){.test = ETAS_TEST_S,
                                   .status = i == 2 ? ETAS_TEST_NOT_VALID : ETAS_TEST_UNDERSAMPLED,
                                   .n_quantiles = 2,
                                   .quantile = {0.5, delta_2[i]}};
    check_ok(etas_calibration(4, in, false, &r, &err), &err);
    assert_int_equal(r.status, ETAS_TEST_NORMAL);
    assert_int_equal(r.n_used, 3);
    assert_int_equal(r.n_left_out, 1);
    check_abs(r.distribution[1], 0.8, 0);
    check_abs(r.statistic, 2.0 / 3 - 0.4, 1e-15);
    check_abs(r.quantile[0], 0.952, 1e-12); /* scipy.stats.kstest */
    check_ok(etas_calibration(4, in, true, &r, &err), &err);
    check_abs(r.statistic, 0.5, 1e-15);
    check_ok(etas_calibration(1, in + 2, false, &r, &err), &err);
    assert_int_equal(r.status, ETAS_TEST_NOT_VALID);
    in[1].test = ETAS_TEST_N;
    assert_int_equal(etas_calibration(4, in, false, &r, NULL), ETAS_E_ARG);
    in[0].test = ETAS_TEST_T;
    assert_int_equal(etas_calibration(1, in, false, &r, NULL), ETAS_E_ARG);
    etas_test_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expected_numbers_are_sums),
        cmocka_unit_test(a_tie_counts_on_both_sides),
        cmocka_unit_test(events_where_no_catalogue_has_any_are_left_out),
        cmocka_unit_test(without_observed_events_only_their_number_is_tested),
        cmocka_unit_test(a_forecast_of_nothing_leaves_the_number_to_test),
        cmocka_unit_test(samples_have_the_size_of_the_observation),
        cmocka_unit_test(the_order_of_places_makes_no_difference),
        cmocka_unit_test(what_is_not_on_the_grid_is_refused),
        cmocka_unit_test(the_gain_is_a_mean_with_its_interval),
        cmocka_unit_test(events_that_one_forecast_excludes_are_not_compared),
        cmocka_unit_test(calibration_leaves_out_what_is_not_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
