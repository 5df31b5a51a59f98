#include "unit/io/results_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "etas/array.h"
#include "etas/text.h"
#include "support/check.h"

static void check_same(const results_fixture *f, const etas_results *r)
{
    assert_memory_equal(&r->theta, &f->state.theta, sizeof r->theta);
    assert_true(r->beta == f->state.beta && r->area_km2 == f->input.area_km2);
    assert_true(r->mc == 2.5 && r->m_ref == 2.5 && r->delta_m == 0.1);
    assert_true(r->n_hat == f->state.n_hat);
    assert_int_equal(r->auxiliary_start, f->config.auxiliary_start);
    assert_int_equal(r->timewindow_start, f->config.timewindow_start);
    assert_int_equal(r->timewindow_end, f->config.timewindow_end);
    assert_int_equal(r->region.ring_start[1], 4);
    assert_memory_equal(r->region.lon, f->config.region.lon, 4 * sizeof(double));
    assert_int_equal(r->n_targets, 3);
    for (size_t j = 0; j < 3; j++) {
        assert_true(r->target_lat[j] == f->catalog.lat[j + 1]);
        assert_true(r->target_lon[j] == f->catalog.lon[j + 1]);
        assert_true(r->target_weight[j] == f->p_background[j]);
    }
    assert_int_equal(r->n_sources, 4);
    assert_int_equal(r->sources.n, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(r->xi_plus_1[i] == 1);
        assert_int_equal(r->sources.time[i], f->catalog.time[i]);
        assert_true(r->sources.lat[i] == f->catalog.lat[i]);
        assert_true(r->sources.lon[i] == f->catalog.lon[i]);
        assert_true(r->sources.mag[i] == f->catalog.mag[i]);
    }
}

static void results_read_back_bit_for_bit(void **state)
{
    etas_results r = {0};
    etas_error err = {0};
    results_fixture f;

    (void)state;
    results_fixture_make(&f, "out/put");
    check_ok(etas_results_save(&f.input, &err), &err);
    check_ok(etas_results_load(&r, "out/put/parameters_x.json", &f.config, &err), &err);
    check_same(&f, &r);
    etas_results_free(&r);
    etas_results_free(&r);
    results_fixture_release(&f);
}

/* The reader of the reference package takes these keys by name, so each must be there. */
static void parameters_have_the_keys_and_order_of_the_reference(void **state)
{
    static const char *const keys[] = {"name",
                                       "id",
                                       "fn_catalog",
                                       "auxiliary_start",
                                       "timewindow_start",
                                       "timewindow_end",
                                       "testwindow_end",
                                       "timewindow_length",
                                       "shape_coords",
                                       "delta_m",
                                       "mc",
                                       "m_ref",
                                       "coppersmith_multiplier",
                                       "earth_radius",
                                       "bw_sq",
                                       "free_productivity",
                                       "free_background",
                                       "bg_term",
                                       "preparation_done",
                                       "inversion_done",
                                       "n_target_events",
                                       "area",
                                       "log10_mu_range",
                                       "log10_k0_range",
                                       "a_range",
                                       "log10_c_range",
                                       "omega_range",
                                       "log10_tau_range",
                                       "log10_d_range",
                                       "gamma_range",
                                       "rho_range",
                                       "beta",
                                       "b_positive",
                                       "three_dim",
                                       "space_unit_in_meters",
                                       "n_hat",
                                       "i_hat",
                                       "calculation_date",
                                       "initial_values",
                                       "final_parameters",
                                       "n_iterations",
                                       "fn_ip",
                                       "fn_src"};
    etas_error err = {0};
    json_error_t e;
    json_t *root;
    void *it;
    results_fixture f;

    (void)state;
    results_fixture_make(&f, NULL);
    check_ok(etas_results_save(&f.input, &err), &err);
    root = json_load_file("parameters_x.json", JSON_REJECT_DUPLICATES, &e);
    assert_non_null(root);
    it = json_object_iter(root);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_non_null(it);
        assert_string_equal(json_object_iter_key(it), keys[i]);
        it = json_object_iter_next(root, it);
    }
    assert_string_equal(json_string_value(json_object_get(root, "name")), "A \"name\"");
    assert_string_equal(json_string_value(json_object_get(root, "timewindow_end")),
                        "2002-01-01 00:00:00");
    assert_string_equal(json_string_value(json_object_get(root, "testwindow_end")), "None");
    assert_string_equal(json_string_value(json_object_get(root, "shape_coords")),
                        "[array([45.1, 6.000000000000123]), array([47, 6]), array([47, 9.5]), "
                        "array([45, 9.5])]");
    assert_string_equal(json_string_value(json_object_get(root, "fn_src")), "sources_x.csv");
    assert_true(json_number_value(json_object_get(root, "timewindow_length")) == 731);
    assert_true(
        json_is_null(json_object_get(json_object_get(root, "final_parameters"), "log10_iota")));
    assert_true(json_number_value(json_array_get(json_object_get(root, "rho_range"), 0)) == 0.01);
    json_decref(root);
    results_fixture_release(&f);
}

static void tables_have_the_columns_of_the_reference(void **state)
{
    etas_error err = {0};
    results_fixture f;
    char *text;

    (void)state;
    results_fixture_make(&f, ".");
    check_ok(etas_results_save(&f.input, &err), &err);
    text = get_file("trig_and_bg_probs_x.csv");
    expect_start(text,
                 "target_id,latitude,longitude,time,magnitude,mc_current,mc_current_above_ref,mu,"
                 "P_triggered,P_background,zeta_plus_1\n"
                 "\"e,2\",46.2,7.2,2000-06-01 00:00:00.000000000,3,2.5,0,");
    etas_array_free((void **)&text);
    text = get_file("sources_x.csv");
    expect_start(text, "source_id,source_magnitude,source_completeness_above_ref,"
                       "source_to_end_time_distance,pos_source_to_start_time_distance,l_hat,G,"
                       "xi_plus_1\n"
                       "e1,2.5,0,1095.9999985");
    etas_array_free((void **)&text);
    results_fixture_release(&f);
}

/* The files were moved together: the paths inside are stale, the files lie beside each other. */
static void moved_results_are_found_beside_the_parameters(void **state)
{
    etas_results r = {0};
    etas_error err = {0};
    results_fixture f;

    (void)state;
    results_fixture_make(&f, "first/place");
    check_ok(etas_results_save(&f.input, &err), &err);
    assert_int_equal(rename("first/place", "second"), 0);
    assert_int_equal(rename("catalog.csv", "second/catalog.csv"), 0);
    check_ok(etas_results_load(&r, "second/parameters_x.json", NULL, &err), &err);
    check_same(&f, &r);
    etas_results_free(&r);
    results_fixture_release(&f);
}

static void catalogue_comes_from_the_configuration_when_the_named_one_is_gone(void **state)
{
    etas_results r = {0};
    etas_error err = {0};
    results_fixture f;

    (void)state;
    results_fixture_make(&f, "out");
    check_ok(etas_results_save(&f.input, &err), &err);
    assert_int_equal(rename("catalog.csv", "moved.csv"), 0);
    assert_int_equal(etas_results_load(&r, "out/parameters_x.json", NULL, &err), ETAS_E_IO);
    free(f.config.fn_catalog);
    f.config.fn_catalog = strdup("moved.csv");
    err = (etas_error){0};
    check_ok(etas_results_load(&r, "out/parameters_x.json", &f.config, &err), &err);
    check_same(&f, &r);
    etas_results_free(&r);
    results_fixture_release(&f);
}

static void changed_catalogue_or_damaged_results_are_refused(void **state)
{
    static const struct {
        const char *path, *from, *to;
        etas_status code;
        const char *file, *text;
    } cases[] = {
        {"catalog.csv", "e1,", "e9,", ETAS_E_PARSE, "sources_x.csv:2:1", "source \"e1\""},
        {"catalog.csv", "2.51", "2.91", ETAS_E_PARSE, "sources_x.csv:2:1", "another time or mag"},
        {"catalog.csv", "1999-01-01", "1999-01-02", ETAS_E_PARSE, "sources_x.csv:2:1", "another"},
        {"sources_x.csv", "source_magnitude", "magnitude", ETAS_E_PARSE, "sources_x.csv:1",
         "\"source_magnitude\": there is no such column"},
        {"trig_and_bg_probs_x.csv", "P_background", "P_back", ETAS_E_PARSE,
         "trig_and_bg_probs_x.csv:1", "P_background"},
        {"parameters_x.json", "\"rho\": 0.6\n  },\n  \"n_it", "\"rho\": null\n  },\n  \"n_it",
         ETAS_E_PARSE, "parameters_x.json", "\"rho\": missing"},
        {"parameters_x.json", "\"inversion_done\": true", "\"inversion_done\": false", ETAS_E_PARSE,
         "parameters_x.json:", "unfinished"},
        {"parameters_x.json", "\"beta\"", "\"bet\"", ETAS_E_PARSE, "parameters_x.json",
         "\"beta\": missing"},
        {"parameters_x.json", "\"mc\": 2.5", "\"mc\": \"var\"", ETAS_E_PARSE,
         "catalog.csv:1:", "\"mc_current\": there is no such column"},
        {"parameters_x.json", "\"mc\": 2.5", "\"mc\": \"some\"", ETAS_E_PARSE,
         "parameters_x.json:", "\"mc\": found the string \"some\""},
        {"parameters_x.json", "\"mc\": 2.5", "\"mc\": null", ETAS_E_PARSE,
         "parameters_x.json:", "\"mc\": missing"},
        {"parameters_x.json", "\"three_dim\": false", "\"three_dim\": true", ETAS_E_UNSUPPORTED,
         "parameters_x.json:", "three_dim"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        etas_error err = {0};
        results_fixture f;

        results_fixture_make(&f, "");
        check_ok(etas_results_save(&f.input, &err), &err);
        replace(cases[i].path, cases[i].from, cases[i].to);
        expect_load_error(cases[i].code, cases[i].file, cases[i].text);
        results_fixture_release(&f);
    }
    expect_load_error(ETAS_E_UNSUPPORTED, "parameters_x.json", "three_dim");
    assert_int_equal(unlink("sources_x.csv"), 0);
}

static void failing_save_leaves_the_old_files(void **state)
{
    etas_error err = {0};
    results_fixture f;
    char *text;

    (void)state;
    results_fixture_make(&f, "");
    put_file("sources_x.csv", "old");
    put_file("trig_and_bg_probs_x.csv", "old");
    assert_int_equal(rename("config.json", "parameters_x.json"), 0);
    f.config.name[0] = '\xff';
    assert_int_equal(etas_results_save(&f.input, &err), ETAS_E_ARG);
    text = get_file("sources_x.csv");
    assert_string_equal(text, "old");
    etas_array_free((void **)&text);
    text = get_file("parameters_x.json");
    assert_string_equal(text, results_config_text);
    etas_array_free((void **)&text);
    results_fixture_release(&f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, results_set_up, results_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(results_read_back_bit_for_bit),
        TEST(parameters_have_the_keys_and_order_of_the_reference),
        TEST(tables_have_the_columns_of_the_reference),
        TEST(moved_results_are_found_beside_the_parameters),
        TEST(catalogue_comes_from_the_configuration_when_the_named_one_is_gone),
        TEST(changed_catalogue_or_damaged_results_are_refused),
        TEST(failing_save_leaves_the_old_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
