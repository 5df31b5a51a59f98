/* Memory that runs out at every single allocation: the reader says so, and leaves nothing behind.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/io.h"
#include "support/check.h"

void *__real_malloc(size_t size);
int __real_posix_memalign(void **out, size_t align, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);
char *__wrap_strdup(const char *text);

static long allocations_left = -1; /* negative: no limit */

static bool may_allocate(void)
{
    if (allocations_left < 0)
        return true;
    if (allocations_left == 0)
        return false;
    allocations_left--;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    return may_allocate() ? __real_posix_memalign(out, align, size) : 12;
}

char *__wrap_strdup(const char *text)
{
    return may_allocate() ? __real_strdup(text) : NULL;
}

static int set_up(void **state)
{
    const char *data = getenv("ETAS_TEST_DATA");

    (void)state;
    return data != NULL && chdir(data) == 0 ? chdir("io") : -1;
}

/* Calls attempt() with memory for 0, 1, 2, ... allocations until it succeeds. */
static void exhaust(etas_status (*attempt)(etas_error *err))
{
    etas_status st = ETAS_E_NOMEM;
    long n = 0;

    for (; st != ETAS_OK && n < 5000; n++) {
        etas_error err = {0};

        allocations_left = n;
        st = attempt(&err);
        allocations_left = -1;
        if (st != ETAS_OK && (st != ETAS_E_NOMEM || err.code != ETAS_E_NOMEM))
            fail_msg("allocation %ld: %s: %s", n, etas_strerror(st), err.text);
    }
    assert_int_equal(st, ETAS_OK);
    assert_true(n > 5);
}

static etas_status load_config(etas_error *err)
{
    etas_config c = {0};
    const etas_status st =
        etas_config_load(&c, "config/valid/invert_full.json", ETAS_CONFIG_INVERT, NULL, err);

    if (st != ETAS_OK) {
        assert_null(c.id);
        assert_null(c.text);
        assert_null(c.region.lat);
    }
    etas_config_free(&c);
    return st;
}

static etas_status load_every_option(etas_error *err)
{
    etas_config c = {0};
    const etas_status st = etas_config_load(&c, "config/valid/invert_every_option.json",
                                            ETAS_CONFIG_INVERT, NULL, err);

    if (st != ETAS_OK) {
        assert_null(c.bg_term);
        assert_null(c.inner_region.lat);
        assert_null(c.inner_shape_text);
    }
    etas_config_free(&c);
    return st;
}

static etas_status load_forecast(etas_error *err)
{
    etas_config c = {0};
    const etas_status st = etas_config_load(&c, "config/valid/forecast_from_results.json",
                                            ETAS_CONFIG_FORECAST, NULL, err);

    etas_config_free(&c);
    return st;
}

static etas_status load_as(const char *path, etas_config_use use, etas_error *err)
{
    etas_config c = {0};
    const etas_status st = etas_config_load(&c, path, use, NULL, err);

    if (st != ETAS_OK) {
        assert_null(c.models);
        assert_int_equal(c.n_models, 0);
        assert_null(c.common.background_grid);
        assert_null(c.common.zones);
    }
    etas_config_free(&c);
    return st;
}

static etas_status load_mixture(etas_error *err)
{
    return load_as("config/valid/forecast_models.json", ETAS_CONFIG_FORECAST, err);
}

static etas_status load_tables(etas_error *err)
{
    return load_as("config/valid/simulate_features.json", ETAS_CONFIG_SIMULATE, err);
}

static etas_status load_region_list(etas_error *err)
{
    etas_region r = {0};
    const etas_status st = etas_region_load(&r, "region/valid/printed_arrays.txt", false, err);

    if (st != ETAS_OK)
        assert_null(r.lat);
    etas_region_free(&r);
    return st;
}

static etas_status load_region_npy(etas_error *err)
{
    etas_region r = {0};
    const etas_status st = etas_region_load(&r, "region/valid/f8_fortran_version3.npy", false, err);

    etas_region_free(&r);
    return st;
}

static etas_status load_results(etas_error *err)
{
    etas_results r = {0};
    const etas_status st = etas_results_load(&r, "results/parameters_x.json", NULL, err);

    if (st != ETAS_OK) {
        assert_null(r.target_lat);
        assert_null(r.sources.time);
        assert_null(r.region.lat);
    } else {
        assert_int_equal(r.n_sources, 2);
        assert_int_equal(r.n_targets, 1);
        assert_true(r.target_weight[0] == 0.5 * 1.25 && r.xi_plus_1[1] == 1.5);
    }
    etas_results_free(&r);
    return st;
}

static void configuration_survives_exhausted_memory(void **state)
{
    (void)state;
    exhaust(load_config);
    exhaust(load_every_option);
    exhaust(load_forecast);
    exhaust(load_mixture);
    exhaust(load_tables);
}

static void regions_survive_exhausted_memory(void **state)
{
    (void)state;
    exhaust(load_region_list);
    exhaust(load_region_npy);
}

static void results_survive_exhausted_memory(void **state)
{
    (void)state;
    exhaust(load_results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configuration_survives_exhausted_memory),
        cmocka_unit_test(regions_survive_exhausted_memory),
        cmocka_unit_test(results_survive_exhausted_memory),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
