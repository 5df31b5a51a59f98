/* What platforms ask for, as a configuration: key for key, and every error with its place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/io.h"
#include "etas/model_input.h"
#include "support/check.h"
#include "support/scratch.h"

static const char hermes[] =
    "{\"forecast_start\": \"2020-01-02T03:04:05.25\",\n"
    " \"forecast_end\": \"2020-01-03 15:04:05.25\",\n"
    " \"seismicity_observation\": \"<quakeml>\\u00e9 \\\"x\\\"</quakeml>\",\n"
    " \"bounding_polygon\": \"POLYGON ((7 45, 11 45, 11 48, 7 48, 7 45))\",\n"
    " \"depth_min\": 0, \"depth_max\": 1, \"injection_plan\": null,\n"
    " \"model_parameters\": {\n"
    "  \"auxiliary_start\": \"1992-01-01\", \"timewindow_start\": \"1997-01-01\",\n"
    "  \"mc\": 2.3, \"delta_m\": 0.1, \"m_thr\": 3.0, \"n_simulations\": 5, \"parallel\": 3,\n"
    "  \"theta_0\": {\"log10_mu\": -6.2, \"log10_k0\": -2.7, \"a\": 1.1, \"log10_c\": -2.8,\n"
    "   \"omega\": 0.1, \"log10_tau\": Infinity, \"log10_d\": -0.5, \"gamma\": 0.1, \"rho\": "
    "0.6},\n"
    "  \"timewindow_end\": \"2000-01-01\"},\n"
    " \"model_settings\": {\"n_simulations\": 50}}\n";

static void write_text(const char *name, const char *text)
{
    scratch_write(scratch_path(name), strlen(text), text);
}

/* The text of hermes with @p from replaced. */
static void write_changed(const char *from, const char *to)
{
    const char *const at = strstr(hermes, from);
    etas_text out = {0};

    assert_non_null(at);
    check_ok(etas_text_printf(&out, "%.*s%s%s", (int)(at - hermes), hermes, to, at + strlen(from)),
             NULL);
    write_text("input.json", out.data);
    etas_text_free(&out);
}

static void load(const char *name, etas_model_input *out)
{
    etas_error err = {0};

    check_ok(etas_model_input_load(out, scratch_path(name), NULL, &err), &err);
}

static void refused(const char *name, etas_status code, uint64_t line, const char *key,
                    const char *says)
{
    etas_model_input in = {0};
    etas_error err = {0};

    assert_int_equal(etas_model_input_load(&in, scratch_path(name), NULL, &err), code);
    assert_non_null(strstr(err.file, name));
    assert_int_equal(err.line, line);
    assert_string_equal(err.key, key);
    if (strstr(err.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    assert_null(in.config.catalog_text);
    assert_null(in.config.text);
    assert_null(in.output);
}

static void check_time(etas_time t, const char *want)
{
    char text[32];

    etas_time_format(t, ' ', text);
    assert_string_equal(text, want);
}

static void a_hermes_input_is_a_configuration(void **state)
{
    etas_model_input in = {0};
    const etas_config *const c = &in.config;

    (void)state;
    write_text("input.json", hermes);
    load("input.json", &in);
    check_time(c->timewindow_end, "2020-01-02 03:04:05.250000");
    check_time(c->auxiliary_start, "1992-01-01 00:00:00.000000");
    check_abs(c->forecast_days, 1.5, 0);
    check_abs(c->mc, 2.3, 0);
    check_abs(c->m_threshold, 3, 0);
    assert_int_equal(c->n_simulations, 50);
    assert_int_equal(c->parallel, 3);
    assert_true(isinf(c->theta_0.value[ETAS_LOG10_TAU]));
    assert_true(etas_region_contains(&c->region, 46, 8));
    assert_false(etas_region_contains(&c->region, 8, 46));
    assert_string_equal(c->catalog_text, "<quakeml>\xc3\xa9 \"x\"</quakeml>");
    assert_int_equal(c->catalog_len, strlen(c->catalog_text));
    assert_string_equal(c->fn_catalog, scratch_path("input.json"));
    assert_null(in.output);
    assert_null(strstr(c->text, "quakeml"));
    assert_non_null(strstr(c->text, "\"log10_tau\": Infinity"));
    etas_model_input_free(&in);
    etas_model_input_free(&in);
}

static void what_is_kept_of_an_input_is_a_configuration(void **state)
{
    etas_model_input in = {0};
    etas_config again = {0};
    etas_error err = {0};

    (void)state;
    write_text("input.json", hermes);
    load("input.json", &in);
    write_text("kept.json", in.config.text);
    check_ok(etas_config_load(&again, scratch_path("kept.json"), ETAS_CONFIG_FORECAST, NULL, &err),
             &err);
    assert_memory_equal(again.theta_0.value, in.config.theta_0.value, 9 * sizeof(double));
    assert_true(again.timewindow_end == in.config.timewindow_end);
    check_abs(again.forecast_days, 1.5, 0);
    etas_config_free(&again);
    etas_model_input_free(&in);
}

static void errors_of_a_hermes_input_name_key_and_line(void **state)
{
    static const struct {
        const char *from, *to;
        etas_status code;
        uint64_t line;
        const char *key, *says;
    } cases[] = {
        {"\"forecast_end\"", "\"forecast_till\"", ETAS_E_PARSE, 0, "forecast_end", "missing"},
        {"2020-01-03 15", "2020-01-02 03", ETAS_E_RANGE, 2, "forecast_end", "forecast_start"},
        {"\"2020-01-02T", "\"2020-13-02T", ETAS_E_PARSE, 1, "forecast_start", "YYYY"},
        {"\"POLYGON ((7 45", "\"POLYGON ((x", ETAS_E_PARSE, 4, "bounding_polygon", ""},
        {"\"depth_max\": 1", "\"depth_max\": -1", ETAS_E_RANGE, 5, "depth_max", "depth_min"},
        {"\"depth_max\": 1", "\"depth_max\": \"x\"", ETAS_E_PARSE, 5, "depth_max", "a number"},
        {"\"delta_m\": 0.1", "\"delta_m\": 9", ETAS_E_RANGE, 8, "delta_m", "outside"},
        {"\"rho\": 0.6", "\"rho\": 60", ETAS_E_RANGE, 10, "rho", "not within"},
        {"{\"n_simulations\": 50}", "{\"n_simulations\": 0}", ETAS_E_RANGE, 12, "n_simulations",
         "outside"},
        {"{\"n_simulations\": 50}", "7", ETAS_E_PARSE, 12, "model_settings", "the number 7"},
        {"\"mc\": 2.3", "\"m_ref\": 2.3", ETAS_E_PARSE, 0, "mc", "missing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_changed(cases[i].from, cases[i].to);
        refused("input.json", cases[i].code, cases[i].line, cases[i].key, cases[i].says);
    }
}

static void observations_may_be_missing_where_the_model_is_given(void **state)
{
    static const char observation[] = "\"<quakeml>\\u00e9 \\\"x\\\"</quakeml>\"";
    etas_model_input in = {0};

    (void)state;
    write_changed(observation, "null");
    refused("input.json", ETAS_E_PARSE, 3, "seismicity_observation", "QuakeML");
    write_text(
        "input.json",
        "{\"forecast_start\": \"2020-01-01\", \"forecast_end\": \"2020-02-01\",\n"
        "\"bounding_polygon\": \"POLYGON ((7 45, 11 45, 11 48, 7 48, 7 45))\",\n"
        "\"seismicity_observation\": null, \"model_parameters\": {\"mc\": 2, \"delta_m\": 0.1,\n"
        "\"beta\": 2.3, \"n_simulations\": 3, \"parameters\": {\"log10_mu\": -6.2, \"log10_k0\": "
        "-2.7,\n"
        "\"a\": 1.1, \"log10_c\": -2.8, \"omega\": 0.1, \"log10_tau\": 3.5, \"log10_d\": -0.5,\n"
        "\"gamma\": 0.1, \"rho\": 0.6}}}");
    load("input.json", &in);
    assert_null(in.config.fn_catalog);
    assert_true(in.config.given_parameters);
    check_abs(in.config.forecast_days, 31, 0);
    etas_model_input_free(&in);
}

static const char base[] =
    "{\"auxiliary_start\": \"1992-01-01\", \"timewindow_start\": \"1997-01-01\",\n"
    " \"mc\": 2.3, \"delta_m\": 0.1, \"fn_catalog\": \"old.csv\", \"seed\": 3,\n"
    " \"n_simulations\": 9}";

static void the_arguments_of_a_model_go_before_its_base(void **state)
{
    static const char args[] = "# of a model\n"
                               "start_date = 2020-01-01T00:00:00\n"
                               "\n"
                               "end_date: 2020-01-08T00:00:00\r\n"
                               "config = \"base.json\"\n"
                               "n_sims=20\n"
                               "m_thr = 3.5\n"
                               "model = m 1\n";
    etas_model_input in = {0};
    const etas_config *const c = &in.config;

    (void)state;
    write_text("base.json", base);
    write_text("args.txt", args);
    load("args.txt", &in);
    check_time(c->timewindow_end, "2020-01-01 00:00:00.000000");
    check_abs(c->forecast_days, 7, 0);
    check_abs(c->m_threshold, 3.5, 0);
    assert_int_equal(c->n_simulations, 20);
    assert_true(c->has_seed && c->seed == 3);
    assert_non_null(strstr(c->fn_catalog, "catalog.csv"));
    assert_non_null(strstr(in.output, "/forecasts/m 1_2020-01-01_2020-01-08.csv"));
    assert_null(c->catalog_text);
    etas_model_input_free(&in);
}

static void a_seed_in_the_arguments_may_need_all_64_bits(void **state)
{
    etas_model_input in = {0};

    (void)state;
    write_text("base.json", base);
    write_text("args.txt", "start_date = 2020-01-01T06:00:00\nend_date = 2020-01-02\n"
                           "config = base.json\nseed = 18446744073709551615\n");
    load("args.txt", &in);
    assert_true(in.config.seed == UINT64_MAX);
    assert_int_equal(in.config.n_simulations, 9);
    assert_non_null(strstr(in.output, "_2020-01-01T06-00-00_2020-01-02T00-00-00.csv"));
    etas_model_input_free(&in);
}

static void errors_of_arguments_name_key_and_line(void **state)
{
    static const struct {
        const char *args;
        etas_status code;
        uint64_t line;
        const char *key, *says;
    } cases[] = {
        {"start_date = 2020-01-01\n", ETAS_E_PARSE, 0, "end_date", "missing"},
        {"end_date = 2020-01-01\nstart_date = soon\n", ETAS_E_PARSE, 2, "start_date", ""},
        {"start_date = 2020-01-01\nend_date = 2020-01-01\n", ETAS_E_RANGE, 2, "end_date",
         "start_date"},
        {"start_date = 2020-01-01\nend_date = 2020-01-02\n\nn_sims = -4\n", ETAS_E_PARSE, 4,
         "n_sims", "whole number"},
        {"start_date = 2020-01-01\nend_date = 2020-01-02\nseed = x\n", ETAS_E_PARSE, 3, "seed",
         "whole number"},
        {"start_date = 2020-01-01\nend_date = 2020-01-02\nmodel = a/b\n", ETAS_E_RANGE, 3, "model",
         "file name"},
        {"start_date = 2020-01-01\nnothing\n", ETAS_E_PARSE, 2, "", "key = value"},
        {"start_date = 2020-01-01\n = 3\n", ETAS_E_PARSE, 2, "", "a key"},
        {"start_date = 2020-01-01\nstart_date = 2020-01-01\n", ETAS_E_PARSE, 2, "start_date",
         "twice"},
        {"name = \xff\xfe\nstart_date = 2020-01-01\n", ETAS_E_PARSE, 1, "", "UTF-8"},
        {"day = 1\n", ETAS_E_PARSE, 0, "", "start_date"},
        {"", ETAS_E_PARSE, 0, "", "forecast_start"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text("args.txt", cases[i].args);
        refused("args.txt", cases[i].code, cases[i].line, cases[i].key, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hermes_input_is_a_configuration),
        cmocka_unit_test(what_is_kept_of_an_input_is_a_configuration),
        cmocka_unit_test(errors_of_a_hermes_input_name_key_and_line),
        cmocka_unit_test(observations_may_be_missing_where_the_model_is_given),
        cmocka_unit_test(the_arguments_of_a_model_go_before_its_base),
        cmocka_unit_test(a_seed_in_the_arguments_may_need_all_64_bits),
        cmocka_unit_test(errors_of_arguments_name_key_and_line),
    };
    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close();
    return failed;
}
