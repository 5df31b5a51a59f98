/* What the options of an inversion add to its files. */
#include "unit/io/results_fixture.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "etas/array.h"
#include "etas/text.h"
#include "support/check.h"

static const char rich_catalog[] =
    "id,latitude,longitude,time,magnitude,mc_current,x,y,z,\"str,ength\"\n"
    "e1,46.1,7.1,1999-01-01,2.5,2.1,1000,2000,-3000,7\n"
    "e2,46.2,7.2,2000-06-01,3,2.5,,,,0\n"
    "e3,46.4,7.4,2001-01-01,3.4,2.6,1,2,3,0.125\n"
    "e4,46.5,7.5,2001-01-02,4,4,1,2,3,1\n";

static const char rich_config[] =
    "{\"fn_catalog\": \"catalog.csv\", \"id\": \"x\","
    "\"auxiliary_start\": \"1998-01-01\", \"timewindow_start\": \"2000-01-01\","
    "\"timewindow_end\": \"2002-01-01\", \"mc\": \"var\", \"m_ref\": 2.3, \"delta_m\": 0.1,"
    "\"bg_term\": \"str,ength\", \"space_unit_in_meters\": 10, \"free_productivity\": true,"
    "\"free_background\": true, \"bw_sq\": 2.5, \"inner_shape_coords\": [[46, 7], [47, 7], [47, "
    "8]],"
    "\"fixed_parameters\": {\"log10_tau\": Infinity, \"omega\": 0.25, \"alpha\": null}}";

/* Results with everything an option adds, made by hand on the fixture. */
static void make_rich(results_fixture *f, double p_induced[3], const double kappa[4],
                      const double zeta[3], const double xi[4])
{
    const etas_catalog_wanted want = {.space_unit_in_meters = 10, .covariate = "str,ength"};
    etas_catalog all = {0};
    etas_error err = {0};

    results_fixture_make(f, "");
    results_fixture_release(f);
    put_file("catalog.csv", rich_catalog);
    put_file("config.json", rich_config);
    check_ok(etas_config_load(&f->config, "config.json", ETAS_CONFIG_INVERT, NULL, &err), &err);
    check_ok(
        etas_catalog_load(&all, "catalog.csv", &(etas_catalog_options){.want = &want}, NULL, &err),
        &err);
    f->catalog = (etas_catalog){0};
    check_ok(etas_catalog_select(&all,
                                 &(etas_selection){.start = f->config.auxiliary_start,
                                                   .end = f->config.timewindow_end,
                                                   .region = &f->config.region,
                                                   .delta_m = 0.1,
                                                   .mc_method = ETAS_MC_COLUMN},
                                 &f->catalog, &err),
             &err);
    etas_catalog_free(&all);
    assert_int_equal(f->catalog.n, 4);
    f->input.m_ref = 2.1;
    f->state.theta.value[ETAS_LOG10_MU] = -10.5; /* bounds are for estimations */
    f->state.theta.value[ETAS_A] = 0;
    f->state.theta.value[ETAS_LOG10_IOTA] = -7.25;
    f->state.theta.value[ETAS_LOG10_TAU] = INFINITY;
    f->state.theta.value[ETAS_OMEGA] = 0.25;
    f->state.i_hat = 0.75;
    f->state.log_likelihood = NAN;
    f->state.zeta = zeta;
    f->state.xi = xi;
    f->state.kappa = kappa;
    f->expectation.p_induced = p_induced;
    f->expectation.mu = p_induced;
}

static void check_rich(const etas_results *r, const results_fixture *f)
{
    assert_int_equal(r->mc_method, ETAS_MC_COLUMN);
    assert_true(isnan(r->mc) && r->m_ref == 2.1 && r->i_hat == 0.75);
    assert_true(r->free_background && r->free_productivity && r->induced);
    assert_true(r->theta.value[ETAS_LOG10_IOTA] == -7.25);
    assert_true(r->theta.value[ETAS_LOG10_MU] == -10.5 && r->theta.value[ETAS_A] == 0);
    assert_true(isinf(r->theta.value[ETAS_LOG10_TAU]));
    assert_int_equal(r->n_targets, 3);
    assert_int_equal(r->n_sources, 4);
    for (size_t j = 0; j < 3; j++) {
        assert_true(r->target_weight[j] == f->p_background[j] * f->state.zeta[j]);
        assert_true(r->target_mu[j] == f->expectation.mu[j]);
        assert_true(r->target_p_induced[j] == f->expectation.p_induced[j]);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_true(r->kappa[i] == f->state.kappa[i] && r->xi_plus_1[i] == f->state.xi[i]);
        assert_true(r->sources.mc[i] == f->catalog.mc[i]);
    }
}

static void check_rich_parameters(void)
{
    json_t *root = json_load_file("parameters_x.json", 0, NULL), *fixed;

    assert_null(root); /* Infinity is not JSON proper */
    replace("parameters_x.json", "\"log10_tau\": Infinity,", "\"log10_tau\": 99,");
    replace("parameters_x.json", "\"log10_tau\": Infinity", "\"log10_tau\": 99");
    root = json_load_file("parameters_x.json", 0, NULL);
    assert_non_null(root);
    fixed = json_object_get(root, "fixed_parameters");
    assert_int_equal(json_object_size(fixed), 2);
    assert_true(json_number_value(json_object_get(fixed, "log10_tau")) == 99);
    assert_string_equal(json_string_value(json_object_get(root, "mc")), "var");
    assert_true(json_number_value(json_object_get(root, "m_ref")) == 2.1);
    assert_true(json_number_value(json_object_get(root, "m_ref_given")) == 2.3);
    assert_true(json_number_value(json_object_get(root, "i_hat")) == 0.75);
    assert_true(json_number_value(json_object_get(root, "bw_sq")) == 2.5);
    assert_true(json_number_value(json_object_get(root, "space_unit_in_meters")) == 10);
    assert_string_equal(json_string_value(json_object_get(root, "bg_term")), "str,ength");
    assert_true(json_is_true(json_object_get(root, "free_productivity")));
    assert_true(json_is_true(json_object_get(root, "free_background")));
    assert_true(json_is_null(json_object_get(root, "log_likelihood")));
    assert_string_equal(json_string_value(json_object_get(root, "inner_shape_coords")),
                        "[array([46, 7]), array([47, 7]), array([47, 8])]");
    json_decref(root);
}

static void what_options_add_reads_back_bit_for_bit(void **state)
{
    double p_induced[3] = {0.125, 1.0 / 3, 0}, kappa[4] = {0, 1.0 / 7, 2e-5, 1};
    double zeta[3] = {exp(1), exp(2), 1}, xi[4] = {1, 1.5, 2.25, 1.0 / 3};
    etas_results r = {0};
    etas_error err = {0};
    results_fixture f;
    char *text;

    (void)state;
    make_rich(&f, p_induced, kappa, zeta, xi);
    check_ok(etas_results_save(&f.input, &err), &err);
    check_ok(etas_results_load(&r, "parameters_x.json", NULL, &err), &err);
    check_rich(&r, &f);
    etas_results_free(&r);
    text = get_file("trig_and_bg_probs_x.csv");
    expect_start(text,
                 "target_id,latitude,longitude,time,magnitude,mc_current,x,y,z,\"str,ength\","
                 "mc_current_above_ref,mu,P_triggered,P_background,P_induced,zeta_plus_1\n"
                 "e2,46.2,7.2,2000-06-01 00:00:00.000000,3,2.5,,,,0,0.3999999999999999,0.125,0,1,"
                 "0.125,2.718281828459045\n");
    etas_array_free((void **)&text);
    text = get_file("sources_x.csv");
    expect_start(text, "source_id,source_magnitude,source_completeness_above_ref,"
                       "source_to_end_time_distance,pos_source_to_start_time_distance,"
                       "source_kappa,l_hat,G,xi_plus_1\n"
                       "e1,2.5,0,1096,365,0,0.1,0,1\n");
    etas_array_free((void **)&text);
    check_rich_parameters();
    results_fixture_release(&f);
}

/* The reference does not write xi_plus_1, and with free_background no P_background where no source
 * precedes. */
static void what_the_reference_leaves_out_is_filled_in(void **state)
{
    double p_induced[3] = {0.125, 1.0 / 3, 0}, kappa[4] = {0, 1.0 / 7, 2e-5, 1};
    double zeta[3] = {2, 3, 4}, xi[4] = {99, 99, 99, 99}, hidden;
    etas_results r = {0};
    etas_error err = {0};
    results_fixture f;

    (void)state;
    make_rich(&f, p_induced, kappa, zeta, xi);
    hidden = f.state.theta.value[ETAS_A] -
             f.state.theta.value[ETAS_RHO] * f.state.theta.value[ETAS_GAMMA] - f.state.beta;
    check_ok(etas_results_save(&f.input, &err), &err);
    replace("sources_x.csv", "xi_plus_1", "other");
    replace("trig_and_bg_probs_x.csv", "0.125,0,1,0.125,2\n", "0.125,0,,0.125,2\n");
    check_ok(etas_results_load(&r, "parameters_x.json", NULL, &err), &err);
    assert_true(r.target_weight[0] == 2);
    for (size_t i = 0; i < 4; i++)
        check_rel(r.xi_plus_1[i], exp(-hidden * (f.catalog.mc[i] - 2.1)), 1e-14);
    assert_true(r.xi_plus_1[3] > 10);
    etas_results_free(&r);
    replace("parameters_x.json", "\"free_background\": true", "\"free_background\": false");
    expect_load_error(ETAS_E_PARSE, "trig_and_bg_probs_x.csv:2:", "\"P_background\": empty");
    results_fixture_release(&f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, results_set_up, results_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_options_add_reads_back_bit_for_bit),
        TEST(what_the_reference_leaves_out_is_filled_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
