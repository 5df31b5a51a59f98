#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/model.h"
#include "support/vectors.h"

static json_t *vectors;

static double number(const json_t *row, const char *key)
{
    const json_t *value = json_object_get(row, key);

    assert_true(json_is_number(value));
    return json_number_value(value);
}

static const json_t *rows_of(const char *key, size_t at_least)
{
    const json_t *rows = json_object_get(vectors, key);

    assert_true(json_array_size(rows) >= at_least);
    return rows;
}

/* log10_k0 to rho; an infinite log10_tau arrives as null. */
static etas_params params_of(const json_t *values)
{
    etas_params theta = {.value = {-5, NAN}};

    assert_int_equal(json_array_size(values), ETAS_N_PARAMS - ETAS_LOG10_K0);
    for (size_t i = 0; i < json_array_size(values); i++) {
        const json_t *value = json_array_get(values, i);

        theta.value[ETAS_LOG10_K0 + i] =
            json_is_null(value) ? (double)INFINITY : json_number_value(value);
    }
    return theta;
}

static etas_params params_named(const char *name)
{
    const json_t *rows = rows_of("expected_aftershocks", 48);

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        if (strcmp(json_string_value(json_object_get(row, "theta")), name) == 0)
            return params_of(json_object_get(row, "theta_values"));
    }
    fail_msg("no parameters named %s", name);
    return (etas_params){.value = {0}};
}

static void check_windows(const etas_params *theta, double dm, const json_t *times)
{
    assert_true(json_array_size(times) >= 7);
    for (size_t i = 0; i < json_array_size(times); i++) {
        const json_t *row = json_array_get(times, i);
        const double t0 = number(row, "start"), t1 = number(row, "end");
        const double from_start = number(row, "start_no_end"), to_end = number(row, "no_start_end");
        const double window = number(row, "start_end");
        const double lost = 1e-14 * (from_start + to_end); /* by its difference of two gammas */

        check_rel(etas_expected_aftershocks(theta, dm, t0, INFINITY), from_start, 2e-12);
        check_abs(etas_expected_aftershocks(theta, dm, 0, t1), to_end, 2e-12 * to_end + lost);
        check_abs(etas_expected_aftershocks(theta, dm, t0, t1), window, 2e-12 * window + lost);
    }
}

static void expected_aftershocks_are_the_reference_s(void **state)
{
    const json_t *rows = rows_of("expected_aftershocks", 48);

    (void)state;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const etas_params theta = params_of(json_object_get(row, "theta_values"));
        const double dm = number(row, "m") - number(row, "mc");

        check_rel(etas_expected_aftershocks(&theta, dm, 0, INFINITY),
                  number(row, "no_start_no_end"), 2e-12);
        check_windows(&theta, dm, json_object_get(row, "times"));
    }
}

static void branching_ratios_are_the_reference_s(void **state)
{
    const json_t *rows = rows_of("branching_ratio", 54);

    (void)state;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const etas_params theta = params_named(json_string_value(json_object_get(row, "theta")));
        const json_t *dm_max = json_object_get(row, "dm_max");
        const char *why;

        check_rel(etas_branching_ratio(
                      &theta, number(row, "beta"),
                      json_is_number(dm_max) ? json_number_value(dm_max) : (double)INFINITY, &why),
                  number(row, "branching_ratio"), 2e-12);
        assert_null(why);
    }
}

static void shares_of_the_aftershocks_by_time_are_the_reference_s(void **state)
{
    const json_t *rows = rows_of("time_cdf", 45);

    (void)state;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const etas_params theta = params_named(json_string_value(json_object_get(row, "theta")));
        const etas_omori omori = etas_params_omori(&theta);

        check_rel(etas_omori_integral(&omori, 0, number(row, "t_days")) /
                      etas_omori_integral(&omori, 0, INFINITY),
                  number(row, "cdf"), 2e-12);
    }
}

static void rupture_lengths_are_the_reference_s(void **state)
{
    const json_t *rows = rows_of("coppersmith", 20);
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        if (number(row, "fault_type") != 4)
            continue;
        check_rel(etas_rupture_length_km(number(row, "mag")), number(row, "SSRL"), 1e-14);
        n++;
    }
    assert_int_equal(n, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expected_aftershocks_are_the_reference_s),
        cmocka_unit_test(branching_ratios_are_the_reference_s),
        cmocka_unit_test(shares_of_the_aftershocks_by_time_are_the_reference_s),
        cmocka_unit_test(rupture_lengths_are_the_reference_s),
    };
    int failed;

    vectors = vectors_load("special_functions.json");
    if (vectors == NULL)
        return VECTORS_SKIPPED;
    failed = cmocka_run_group_tests_name("model reference", tests, NULL, NULL);
    json_decref(vectors);
    return failed;
}
