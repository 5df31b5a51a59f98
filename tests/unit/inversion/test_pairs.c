#include "small_catalog.h"

static double distance_km(const etas_catalog *c, size_t i, size_t j, double radius)
{
    const double rad = acos(-1) / 180;
    const double dlat = sin((c->lat[j] - c->lat[i]) * rad / 2);
    const double dlon = sin((c->lon[j] - c->lon[i]) * rad / 2);
    const double h = dlat * dlat + cos(c->lat[i] * rad) * cos(c->lat[j] * rad) * dlon * dlon;

    return 2 * radius * asin(sqrt(h));
}

/* Every pair by trying all of them. */
static void check_against_all(const etas_catalog *c, const etas_inversion_config *cfg,
                              const etas_pairs *got)
{
    size_t k = 0, target = 0;

    for (size_t j = 0; j < c->n; j++) {
        if (c->time[j] < cfg->window_start)
            continue;
        assert_int_equal(got->target[target], j);
        assert_int_equal(got->row_start[target], k);
        for (size_t i = 0; i < c->n; i++) {
            const double r = distance_km(c, i, j, cfg->earth_radius_km);
            const double reach = pow(10, 0.59 * c->mag[i] - 2.44) * cfg->coppersmith_multiplier;

            if (c->time[i] >= c->time[j] || r > reach)
                continue;
            assert_true(k < got->n_pairs);
            assert_int_equal(got->source[k], i);
            check_abs(got->r2_km2[k], r * r, 1e-9 * (r * r + 1e-6));
            check_rel(got->time_days[k], (double)(c->time[j] - c->time[i]) / 86400e9, 1e-15);
            k++;
        }
        target++;
    }
    assert_int_equal(got->n_pairs, k);
    assert_int_equal(got->n_targets, target);
    assert_int_equal(got->row_start[target], k);
}

static void pairs_are_those_of_a_search_through_all(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        etas_catalog c = {0};
        etas_pairs pairs = {0};
        etas_inversion_config cfg = small_config();
        etas_error err = {0};

        small_catalog(150, seed * 0x9e3779b97f4a7c15u, &c);
        cfg.coppersmith_multiplier = seed % 2 ? 100 : 3000;
        check_ok(etas_pairs_build(&c, &cfg, &pairs, &err), &err);
        assert_true(pairs.n_pairs > 50);
        check_against_all(&c, &cfg, &pairs);
        etas_pairs_free(&pairs);
        etas_pairs_free(&pairs);
        etas_catalog_free(&c);
    }
}

static void equal_times_make_no_pair(void **state)
{
    etas_catalog c = {0};
    etas_pairs pairs = {0};
    const etas_inversion_config cfg = small_config();

    (void)state;
    for (size_t i = 0; i < 3; i++)
        small_add(&c, 300, 47, 8, 3);
    small_add(&c, 301, 47, 8, 3);
    check_ok(etas_pairs_build(&c, &cfg, &pairs, NULL), NULL);
    assert_int_equal(pairs.n_targets, 4);
    assert_int_equal(pairs.n_pairs, 3);
    assert_int_equal(pairs.row_start[3], 0);
    for (size_t k = 0; k < 3; k++) {
        check_abs(pairs.r2_km2[k], 0, 0);
        check_rel(pairs.time_days[k], 1, 1e-15);
    }
    etas_pairs_free(&pairs);
    etas_catalog_free(&c);
}

static void an_event_at_the_window_s_start_is_a_target(void **state)
{
    etas_catalog c = {0};
    etas_pairs pairs = {0};
    const etas_inversion_config cfg = small_config();

    (void)state;
    small_add(&c, SMALL_AUXILIARY_DAYS - 1, 47, 8, 3);
    small_add(&c, SMALL_AUXILIARY_DAYS, 47, 8, 3);
    check_ok(etas_pairs_build(&c, &cfg, &pairs, NULL), NULL);
    assert_int_equal(pairs.n_targets, 1);
    assert_int_equal(pairs.target[0], 1);
    assert_int_equal(pairs.n_pairs, 1);
    etas_pairs_free(&pairs);
    etas_catalog_free(&c);
}

static void a_catalogue_out_of_order_is_refused(void **state)
{
    etas_catalog c = {0};
    etas_pairs pairs = {0};
    const etas_inversion_config cfg = small_config();
    etas_error err = {0};

    (void)state;
    small_add(&c, 400, 47, 8, 3);
    small_add(&c, 300, 47, 8, 3);
    assert_int_equal(etas_pairs_build(&c, &cfg, &pairs, &err), ETAS_E_ARG);
    assert_non_null(strstr(err.text, "sorted by time"));
    etas_catalog_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_those_of_a_search_through_all),
        cmocka_unit_test(equal_times_make_no_pair),
        cmocka_unit_test(an_event_at_the_window_s_start_is_a_target),
        cmocka_unit_test(a_catalogue_out_of_order_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
