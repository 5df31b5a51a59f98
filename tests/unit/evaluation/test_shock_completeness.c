#include "support/check.h"

#include <math.h>

#include "etas/completeness.h"
#include "etas/model.h"

static void add(etas_catalog *c, double days, double lat, double mag)
{
    const etas_event event = {.time = (etas_time)(days * 86400e9),
                              .lat = lat,
                              .mag = mag,
                              .mc = NAN,
                              .depth = NAN,
                              .id = "",
                              .id_len = 0};

    check_ok(etas_catalog_append(c, &event), NULL);
}

static void check_levels(const etas_catalog *c, const etas_shock_completeness *cfg,
                         double background, const double want[])
{
    double below[16], mc[16];
    etas_error err = {0};

    assert_true(c->n <= 16);
    for (size_t i = 0; i < c->n; i++)
        below[i] = background;
    check_ok(etas_completeness_after_shocks(c, below, cfg, mc, &err), &err);
    for (size_t i = 0; i < c->n; i++)
        check_abs(mc[i], want[i], 1e-9);
}

static void follows_the_relation_and_ends_at_the_background(void **state)
{
    const etas_shock_completeness cfg = etas_shock_completeness_default();
    etas_catalog c = {0};

    (void)state;
    add(&c, 9, 0, 3); /* before */
    add(&c, 10, 0, 7);
    add(&c, 10, 0, 3); /* at the same time */
    add(&c, 10.01, 0, 3);
    add(&c, 10.1, 0, 3);
    add(&c, 11, 0, 3);
    add(&c, 14, 0, 3); /* 2.5 - 0.75 log10 4 = 2.048 */
    add(&c, 15, 0, 3); /* below the background */
    check_levels(&c, &cfg, 2,
                 (const double[]){2, 2, 2, 2.5 + 1.5, 2.5 + 0.75, 2.5, 2.5 - 0.75 * log10(4), 2});
    etas_catalog_free(&c);
}

static void order_of_rows_does_not_matter_and_the_largest_shock_counts(void **state)
{
    const etas_shock_completeness cfg = etas_shock_completeness_default();
    etas_catalog c = {0};

    (void)state;
    add(&c, 10.2, 0, 3);
    add(&c, 10.1, 0, 6); /* 5.9 days later than nothing, 0.1 after the first shock */
    add(&c, 10.11, 0, 3);
    add(&c, 10, 0, 6.5);
    check_levels(&c, &cfg, 1,
                 (const double[]){fmax(2.0 - 0.75 * log10(0.2), 1.5 - 0.75 * log10(0.1)),
                                  2.0 + 0.75, 1.5 + 1.5, 1});
    etas_catalog_free(&c);
}

static void small_shocks_do_not_count(void **state)
{
    etas_shock_completeness cfg = etas_shock_completeness_default();
    etas_catalog c = {0};

    (void)state;
    add(&c, 10, 0, 4.9);
    add(&c, 10.001, 0, 1);
    check_levels(&c, &cfg, 0, (const double[]){0, 0});
    cfg.shock_magnitude = 4.9;
    check_levels(&c, &cfg, 0, (const double[]){0, 4.9 - 4.5 + 2.25});
    etas_catalog_free(&c);
}

static void seconds_after_a_shock_its_own_magnitude_is_the_limit(void **state)
{
    const etas_shock_completeness cfg = etas_shock_completeness_default();
    etas_catalog c = {0};

    (void)state;
    add(&c, 0, 0, 6);
    add(&c, 1e-9, 0, 6.3);
    check_levels(&c, &cfg, 2, (const double[]){2, 6});
    etas_catalog_free(&c);
}

static void reach_is_a_multiple_of_the_rupture(void **state)
{
    etas_shock_completeness cfg = etas_shock_completeness_default();
    const double reach_deg =
        3 * etas_rupture_length_km(6) / (ETAS_EARTH_RADIUS_KM * acos(-1) / 180);
    etas_catalog c = {0};

    (void)state;
    add(&c, 0, 0, 6);
    add(&c, 0.1, reach_deg * 0.999, 2);
    add(&c, 0.1, reach_deg * 1.001, 2);
    add(&c, 0.1, 80, 2);
    check_levels(&c, &cfg, 1, (const double[]){1, 2.25, 1, 1});
    cfg.rupture_lengths = INFINITY;
    check_levels(&c, &cfg, 1, (const double[]){1, 2.25, 2.25, 2.25});
    etas_catalog_free(&c);
}

static void levels_are_rounded_up_to_the_bins(void **state)
{
    etas_shock_completeness cfg = etas_shock_completeness_default();
    etas_catalog c = {0};

    (void)state;
    cfg.delta_m = 0.1;
    add(&c, 0, 0, 6);
    add(&c, 0.1, 0, 2);  /* 2.25 */
    add(&c, 0.01, 0, 2); /* 3.0 */
    check_levels(&c, &cfg, 1.3, (const double[]){1.3, 2.3, 3.0});
    etas_catalog_free(&c);
}

static void each_event_has_its_own_background(void **state)
{
    const etas_shock_completeness cfg = etas_shock_completeness_default();
    const double below[] = {1, 3, 1};
    double mc[3];
    etas_catalog c = {0};
    etas_error err = {0};

    (void)state;
    add(&c, 0, 0, 6);
    add(&c, 0.1, 0, 2);
    add(&c, 0.2, 0, 2);
    check_ok(etas_completeness_after_shocks(&c, below, &cfg, mc, &err), &err);
    check_abs(mc[1], 3, 1e-12);
    check_abs(mc[2], 1.5 - 0.75 * log10(0.2), 1e-12);
    etas_catalog_free(&c);
}

static void refuses_what_makes_no_sense(void **state)
{
    const etas_shock_completeness good = etas_shock_completeness_default();
    etas_shock_completeness bad[5] = {good, good, good, good, good};
    double below = 2, mc;
    etas_catalog c = {0};

    (void)state;
    add(&c, 0, 0, 6);
    bad[0].slope = 0;
    bad[1].offset = NAN;
    bad[2].shock_magnitude = NAN;
    bad[3].rupture_lengths = -1;
    bad[4].delta_m = -0.1;
    for (size_t i = 0; i < 5; i++) {
        etas_error err = {0};

        assert_int_equal(etas_completeness_after_shocks(&c, &below, &bad[i], &mc, &err),
                         ETAS_E_ARG);
        assert_true(err.text[0] != '\0');
    }
    below = NAN;
    assert_int_equal(etas_completeness_after_shocks(&c, &below, &good, &mc, NULL), ETAS_E_ARG);
    etas_catalog_free(&c);
    check_ok(etas_completeness_after_shocks(&c, NULL, &good, NULL, NULL), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_relation_and_ends_at_the_background),
        cmocka_unit_test(order_of_rows_does_not_matter_and_the_largest_shock_counts),
        cmocka_unit_test(small_shocks_do_not_count),
        cmocka_unit_test(seconds_after_a_shock_its_own_magnitude_is_the_limit),
        cmocka_unit_test(reach_is_a_multiple_of_the_rupture),
        cmocka_unit_test(levels_are_rounded_up_to_the_bins),
        cmocka_unit_test(each_event_has_its_own_background),
        cmocka_unit_test(refuses_what_makes_no_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
