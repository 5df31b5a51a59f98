/* Results that the reference package wrote, as they come. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/io.h"
#include "support/check.h"

static size_t row_named(const etas_catalog *c, const char *id)
{
    for (size_t i = 0; i < c->n; i++) {
        const etas_event e = etas_catalog_row(c, i);

        if (e.id_len == strlen(id) && memcmp(e.id, id, e.id_len) == 0)
            return i;
    }
    fail_msg("no source %s", id);
    return 0;
}

static void swiss_results_are_read(void **state)
{
    etas_results r = {0};
    etas_error err = {0};
    double sum = 0;
    size_t row;

    (void)state;
    check_ok(etas_results_load(&r, "vectors/parameters_b.json", NULL, &err), &err);
    assert_int_equal(r.n_targets, 998);
    assert_int_equal(r.n_sources, 1219);
    assert_true(r.theta.value[ETAS_LOG10_MU] == -6.206227628436043);
    assert_true(isnan(r.theta.value[ETAS_LOG10_IOTA]));
    assert_true(r.theta.value[ETAS_RHO] == 0.6415300797434131);
    assert_true(r.beta == 2.422995571846904 && r.area_km2 == 88623.43217943558);
    assert_int_equal(r.region.ring_start[1], 5);
    for (size_t j = 0; j < r.n_targets; j++)
        sum += r.target_weight[j];
    check_rel(sum, r.n_hat, 1e-12);
    row = row_named(&r.sources, "7889");
    check_abs(r.sources.mag[row], 2.4, 1e-12);
    check_abs(etas_days_between(r.sources.time[row], r.timewindow_end), 11174.099050925926, 1e-9);
    for (size_t i = 0; i < r.n_sources; i++)
        assert_true(r.xi_plus_1[i] == 1 &&
                    etas_region_contains(&r.region, r.sources.lat[i], r.sources.lon[i]));
    etas_results_free(&r);
}

static void californian_results_are_read(void **state)
{
    etas_results r = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_results_load(&r, "vectors/parameters_a.json", NULL, &err), &err);
    assert_int_equal(r.n_targets, 2350);
    assert_int_equal(r.n_sources, 3303);
    etas_results_free(&r);
}

/* A forecast's configuration that says no more than where the inversion's results are. */
static void forecast_takes_the_rest_from_the_results(void **state)
{
    static const char text[] = "{\"fn_inversion_output\": \"vectors/parameters_b.json\","
                               "\"forecast_duration\": 30, \"n_simulations\": 10}";
    char path[] = "/tmp/etas-forecast-XXXXXX";
    const int fd = mkstemp(path);
    etas_config c = {0};
    etas_error err = {0};

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(close(fd), 0);
    check_ok(etas_config_load(&c, path, ETAS_CONFIG_FORECAST, NULL, &err), &err);
    assert_string_equal(c.fn_catalog, "vectors/../data/ch_catalog.csv");
    assert_string_equal(c.id, "b");
    assert_true(c.mc == 2.3 && c.delta_m == 0.1 && c.beta == 2.422995571846904);
    assert_int_equal(c.region.ring_start[1], 5);
    etas_config_free(&c);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(swiss_results_are_read),
        cmocka_unit_test(californian_results_are_read),
        cmocka_unit_test(forecast_takes_the_rest_from_the_results),
    };
    const char *shared = getenv("ETAS_SHARED");

    if (shared == NULL || chdir(shared) != 0 || access("vectors/parameters_b.json", R_OK) != 0 ||
        access("data/ch_catalog.csv", R_OK) != 0) {
        puts("skipped: ETAS_SHARED names no folder with vectors/ and data/");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
