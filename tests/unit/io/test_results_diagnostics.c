#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "io/results_diagnostics.h"
#include "support/check.h"

static json_t *written(const etas_uncertainty *u, const etas_diagnostics *d)
{
    const etas_inversion_state state = {.n_iterations = 11, .distance = 2e-8};
    char *text = NULL;
    size_t len;
    FILE *stream = open_memstream(&text, &len);
    etas_json_out o = {.stream = stream};
    json_error_t error;
    json_t *root;

    assert_non_null(stream);
    etas_json_out_begin(&o, NULL);
    etas_results_put_diagnostics(&o, &state, u, d);
    etas_json_out_end(&o);
    assert_int_equal(fclose(stream), 0);
    root = json_loads(text, 0, &error);
    if (root == NULL)
        fail_msg("%s in %s", error.text, text);
    free(text);
    return root;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    assert_true(json_is_number(value));
    return json_number_value(value);
}

/* Everything but iota and rho estimated; covariance 100 i + j in the order of the file. */
static etas_uncertainty example(void)
{
    etas_uncertainty u = {.available = true,
                          .condition = 1e5,
                          .beta_error = 0.03,
                          .alpha_error = 0.02,
                          .branching_error = 0.05,
                          .branching_error_m_max = NAN};

    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        u.estimated[i] = i != ETAS_LOG10_IOTA && i != ETAS_RHO;
        u.standard_error[i] = u.estimated[i] ? 0.1 * (double)i + 1.0 / 3 : NAN;
        u.gradient[i] = u.newton_step[i] = u.estimated[i] ? 1e-9 : NAN;
        for (size_t j = 0; j < ETAS_N_PARAMS; j++)
            u.covariance[i][j] = u.estimated[i] && i != ETAS_RHO ? (double)(100 * i + j) : NAN;
    }
    return u;
}

static void what_was_left_out_is_null(void **state)
{
    const etas_uncertainty u = example();
    const etas_diagnostics d = {.alpha = 1.5, .branching_ratio = NAN, .background_share = 0.25};
    json_t *root = written(&u, &d);
    const json_t *errors = json_object_get(root, "standard_errors");

    (void)state;
    check_rel(number(errors, "log10_mu"), 1.0 / 3, 0); /* to the last bit */
    assert_true(json_is_null(json_object_get(errors, "rho")));
    assert_true(json_is_null(json_object_get(errors, "log10_iota")));
    assert_true(json_is_null(json_object_get(errors, "branching_ratio_m_max")));
    check_rel(number(errors, "alpha"), 0.02, 0);
    check_rel(number(errors, "beta"), 0.03, 0);
    assert_null(json_object_get(root, "uncertainty_note"));
    json_decref(root);
}

static void covariance_is_a_matrix_of_the_named_parameters(void **state)
{
    const etas_uncertainty u = example();
    const etas_diagnostics d = {.alpha = 1.5};
    json_t *root = written(&u, &d);
    const json_t *covariance = json_object_get(root, "covariance");
    const json_t *names = json_object_get(covariance, "names");
    const json_t *matrix = json_object_get(covariance, "matrix");

    (void)state;
    assert_int_equal(json_array_size(names), 8);
    assert_int_equal(json_array_size(matrix), 8);
    for (size_t i = 0; i < 8; i++) {
        const etas_param a = etas_param_named(json_string_value(json_array_get(names, i)));

        assert_int_equal(json_array_size(json_array_get(matrix, i)), 8);
        for (size_t j = 0; j < 8; j++) {
            const etas_param b = etas_param_named(json_string_value(json_array_get(names, j)));

            check_rel(json_number_value(json_array_get(json_array_get(matrix, i), j)),
                      100.0 * a + b, 0);
        }
    }
    json_decref(root);
}

static void diagnostics_and_warnings_stand_beside_them(void **state)
{
    const etas_uncertainty u = example();
    etas_diagnostics d = {.alpha = 1.5,
                          .branching_ratio = 0.8,
                          .branching_ratio_m_max = 0.75,
                          .background_share = 0.25,
                          .largest_newton_step = 1e-6,
                          .at_bound = {[ETAS_RHO] = true},
                          .n_warnings = 2,
                          .warning = {"rho ended at its \"upper\" bound", "another"}};
    json_t *root = written(&u, &d);
    const json_t *diagnostics = json_object_get(root, "diagnostics");
    const json_t *warnings = json_object_get(root, "warnings");
    const json_t *at_bound = json_object_get(diagnostics, "at_bound");

    (void)state;
    check_rel(number(diagnostics, "n_iterations"), 11, 0);
    check_rel(number(diagnostics, "distance_to_fixed_point"), 2e-8, 0);
    check_rel(number(diagnostics, "branching_ratio_m_max"), 0.75, 0);
    check_rel(number(diagnostics, "background_share"), 0.25, 0);
    check_rel(number(diagnostics, "information_condition"), 1e5, 0);
    check_rel(number(diagnostics, "largest_newton_step_in_standard_errors"), 1e-6, 0);
    check_rel(number(json_object_get(diagnostics, "gradient"), "omega"), 1e-9, 0);
    assert_int_equal(json_array_size(at_bound), 1);
    assert_string_equal(json_string_value(json_array_get(at_bound, 0)), "rho");
    assert_int_equal(json_array_size(warnings), 2);
    assert_string_equal(json_string_value(json_array_get(warnings, 0)), d.warning[0]);
    json_decref(root);
}

static void without_errors_there_is_null_and_the_reason(void **state)
{
    etas_uncertainty u = {.note = "the reason"};
    const etas_diagnostics d = {.alpha = 1.5};
    json_t *root;

    (void)state;
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        u.gradient[i] = u.newton_step[i] = NAN;
    root = written(&u, &d);
    assert_true(json_is_null(json_object_get(root, "standard_errors")));
    assert_true(json_is_null(json_object_get(root, "covariance")));
    assert_string_equal(json_string_value(json_object_get(root, "uncertainty_note")), "the reason");
    assert_int_equal(json_array_size(json_object_get(root, "warnings")), 0);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_left_out_is_null),
        cmocka_unit_test(covariance_is_a_matrix_of_the_named_parameters),
        cmocka_unit_test(diagnostics_and_warnings_stand_beside_them),
        cmocka_unit_test(without_errors_there_is_null_and_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
