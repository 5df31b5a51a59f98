#include "unit/io/results_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/text.h"
#include "support/check.h"

static char folder[64];

int results_set_up(void **state)
{
    (void)state;
    etas_format(sizeof folder, folder, "/tmp/etas-results-XXXXXX");
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

int results_tear_down(void **state)
{
    char command[128];

    (void)state;
    if (chdir("/") != 0)
        return -1;
    etas_format(sizeof command, command, "rm -rf '%s'", folder);
    return system(command);
}

void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

char *get_file(const char *path)
{
    etas_text text = {0};
    char bytes[4096];
    FILE *file = fopen(path, "r");
    size_t n;

    if (file == NULL)
        fail_msg("%s is not there", path);
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        check_ok(etas_text_append(&text, n, bytes), NULL);
    (void)fclose(file);
    return text.data;
}

static const char results_catalog_text[] =
    "id,latitude,longitude,time,magnitude\n"
    "e1,46.1,7.123456789012345,1999-01-01 00:00:00.123456789,2.51\n"
    "\"e,2\",46.2,7.2,2000-06-01,3.04\n"
    "e3,10,10,2000-06-01,5\n"
    "e4,46.4,7.4,2001-01-01 12:00:00,2.4\n"
    "e5,46.5,7.5,2001-01-02,4\n"
    "e5,46.6,7.6,2001-01-03,4\n";

const char results_config_text[] =
    "{\"fn_catalog\": \"catalog.csv\", \"id\": \"x\", \"name\": \"A \\\"name\\\"\","
    "\"auxiliary_start\": \"1998-01-01\", \"timewindow_start\": \"2000-01-01\","
    "\"timewindow_end\": \"2002-01-01\", \"mc\": 2.5, \"delta_m\": 0.1,"
    "\"shape_coords\": [[45.1, 6.000000000000123], [47, 6], [47, 9.5], [45, 9.5]],"
    "\"theta_0\": {\"log10_mu\": -6.2, \"log10_k0\": -2.7, \"a\": 1.2, \"log10_c\": -2.8,"
    "\"omega\": -0.1, \"log10_tau\": 3.5, \"log10_d\": -0.5, \"gamma\": 0.2, \"rho\": 0.6}}";

void results_fixture_make(results_fixture *f, const char *directory)
{
    etas_catalog all = {0};
    etas_error err = {0};

    *f = (results_fixture){.target = {1, 2, 3},
                           .l_hat = {0.1, 1.0 / 3, 0, 1e-300},
                           .p_background = {1, 0.1, 2.0 / 3},
                           .p_triggered = {0, 0.9, 1.0 / 3}};
    put_file("catalog.csv", results_catalog_text);
    put_file("config.json", results_config_text);
    check_ok(etas_config_load(&f->config, "config.json", ETAS_CONFIG_INVERT, NULL, &err), &err);
    check_ok(etas_catalog_load(&all, "catalog.csv", NULL, NULL, &err), &err);
    check_ok(etas_catalog_select(&all,
                                 &(etas_selection){.start = f->config.auxiliary_start,
                                                   .end = f->config.timewindow_end,
                                                   .region = &f->config.region,
                                                   .delta_m = 0.1,
                                                   .mc = 2.5},
                                 &f->catalog, &err),
             &err);
    etas_catalog_free(&all);
    assert_int_equal(f->catalog.n, 4);
    f->expectation = (etas_expectation){.n_hat = 1.7666666666666666,
                                        .l_hat = f->l_hat,
                                        .p_background = f->p_background,
                                        .p_triggered = f->p_triggered};
    f->state = (etas_inversion_state){.theta = f->config.theta_0,
                                      .beta = 2.4229955718468461,
                                      .branching_ratio = 0.5,
                                      .n_hat = 1.7666666666666666,
                                      .log_likelihood = -1234.5678901234567,
                                      .n_iterations = 15,
                                      .n_sources = 4,
                                      .n_targets = 3,
                                      .target = f->target,
                                      .n_pairs = 5,
                                      .expectation = &f->expectation};
    f->state.theta.value[ETAS_LOG10_MU] = -6.2062276284360433;
    f->input = (etas_results_input){.config = &f->config,
                                    .directory = directory,
                                    .catalog = &f->catalog,
                                    .state = &f->state,
                                    .area_km2 = 88623.432179435578,
                                    .m_ref = 2.5,
                                    .invert_seconds = 0.25};
}

void results_fixture_release(results_fixture *f)
{
    etas_config_free(&f->config);
    etas_catalog_free(&f->catalog);
}

void expect_start(const char *text, const char *want)
{
    if (strncmp(text, want, strlen(want)) != 0)
        fail_msg("\"%.300s\" does not start with \"%s\"", text, want);
}

void expect_load_error(etas_status code, const char *file, const char *text)
{
    etas_results r = {0};
    etas_error err = {0};
    char line[1024];

    assert_int_equal(etas_results_load(&r, "parameters_x.json", NULL, &err), code);
    etas_error_format(&err, sizeof line, line);
    if (strstr(line, file) == NULL || strstr(line, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\" \"%s\"", line, file, text);
    assert_null(r.target_lat);
    assert_null(r.xi_plus_1);
    assert_int_equal(r.n_sources, 0);
}

void replace(const char *path, const char *from, const char *to)
{
    char *text = get_file(path), *at = strstr(text, from);
    etas_text out = {0};

    assert_non_null(at);
    check_ok(etas_text_printf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)),
             NULL);
    put_file(path, out.data);
    etas_text_free(&out);
    etas_array_free((void **)&text);
}
