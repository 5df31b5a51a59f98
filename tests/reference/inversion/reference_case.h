/** @file reference_case.h  One of the reference inversions: its catalogue, settings and numbers. */
#ifndef ETAS_TESTS_REFERENCE_CASE_H
#define ETAS_TESTS_REFERENCE_CASE_H

#include "support/check.h"

#include <jansson.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etas/inversion.h"
#include "etas/io.h"

typedef struct reference_case {
    etas_catalog catalog; /* prepared */
    etas_inversion_config cfg;
    json_t *inversion;
    json_t *exact; /* NULL where there is none */
} reference_case;

static const char *shared_path(const char *folder, const char *file, char out[512])
{
    (void)snprintf(out, 512, "%s/%s/%s", getenv("ETAS_SHARED"), folder, file);
    return out;
}

/* Python's NaN, which jansson does not read, becomes 0.0: no test looks at it. */
static json_t *load_json(const char *file)
{
    char path[512], *text = NULL;
    size_t size = 0;
    json_error_t error;
    FILE *in = fopen(shared_path("vectors", file, path), "rb");
    json_t *out;

    assert_non_null(in);
    assert_true(getdelim(&text, &size, '\0', in) > 0);
    (void)fclose(in);
    for (char *nan = strstr(text, "NaN"); nan != NULL; nan = strstr(nan, "NaN"))
        memcpy(nan, "0.0", 3);
    out = json_loads(text, 0, &error);
    free(text);
    if (out == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return out;
}

static json_t *load_vectors(const char *prefix, const char *name)
{
    char file[64];

    (void)snprintf(file, sizeof file, "%s_%s.json", prefix, name);
    return load_json(file);
}

static json_t *member(json_t *object, const char *key)
{
    json_t *out = json_object_get(object, key);

    if (out == NULL)
        fail_msg("no member %s", key);
    return out;
}

static double number(json_t *object, const char *key)
{
    return json_number_value(member(object, key));
}

static etas_params params_of(json_t *theta)
{
    etas_params out = {.three_dim = false};

    for (etas_param k = 0; k < ETAS_N_PARAMS; k++) {
        json_t *value = json_object_get(theta, etas_param_name(k));

        out.value[k] = json_is_number(value) ? json_number_value(value) : NAN;
    }
    return out;
}

static etas_time time_of(json_t *config, const char *key)
{
    const char *text = json_string_value(member(config, key));
    etas_error err = {0};
    etas_time out;

    check_ok(etas_time_parse(text, strlen(text), &out, &err), &err);
    return out;
}

/* "../input_data/x.csv" is data/x.csv here. */
static const char *data_path(json_t *config, const char *key, char out[512])
{
    const char *name = json_string_value(member(config, key));

    return shared_path("data", strrchr(name, '/') + 1, out);
}

static void take_fixed(json_t *fixed, etas_fixed *out)
{
    json_t *alpha = json_object_get(fixed, "alpha");

    out->value = params_of(fixed);
    if (json_is_string(alpha))
        out->alpha_rule = ETAS_ALPHA_BETA;
    else if (alpha != NULL) {
        out->alpha_rule = ETAS_ALPHA_NUMBER;
        out->alpha = json_number_value(alpha);
    }
}

static void take_options(json_t *config, etas_inversion_config *cfg)
{
    cfg->window_start = time_of(config, "timewindow_start");
    cfg->window_end = time_of(config, "timewindow_end");
    cfg->m_ref = number(config, json_object_get(config, "m_ref") != NULL ? "m_ref" : "mc");
    cfg->delta_m = number(config, "delta_m");
    cfg->theta_0 = params_of(member(config, "theta_0"));
    cfg->free_background = json_is_true(json_object_get(config, "free_background"));
    cfg->free_productivity = json_is_true(json_object_get(config, "free_productivity"));
    cfg->induced = json_object_get(config, "bg_term") != NULL;
    if (json_object_get(config, "fixed_parameters") != NULL)
        take_fixed(member(config, "fixed_parameters"), &cfg->fixed);
}

/* The column that case j's catalogue was given: 1 + sin(latitude) / 2, its degrees taken as
 * radians. */
static void add_covariate(etas_catalog *catalog)
{
    for (size_t i = 0; i < catalog->n; i++)
        catalog->covariate[i] = 1 + 0.5 * sin(catalog->lat[i]);
}

static void reference_case_load(reference_case *self, const char *name)
{
    const bool solved = strchr("abd", name[0]) != NULL;
    etas_catalog all = {0};
    etas_region region = {0};
    etas_error err = {0};
    char path[512];
    json_t *config;

    memset(self, 0, sizeof *self);
    self->inversion = load_vectors("inversion", name);
    self->exact = solved ? load_vectors("exact_em", name) : NULL;
    config = member(self->inversion, "config");
    check_ok(etas_catalog_load(&all, data_path(config, "fn_catalog", path), NULL, NULL, &err),
             &err);
    check_ok(etas_region_load(&region, data_path(config, "shape_coords", path), false, &err), &err);
    self->cfg = etas_inversion_config_default();
    take_options(config, &self->cfg);
    check_ok(etas_region_area_km2(&region, self->cfg.earth_radius_km, &self->cfg.area_km2, &err),
             &err);
    check_ok(etas_catalog_select(&all,
                                 &(etas_selection){.start = time_of(config, "auxiliary_start"),
                                                   .end = self->cfg.window_end,
                                                   .region = &region,
                                                   .delta_m = self->cfg.delta_m,
                                                   .mc_method = json_is_string(member(config, "mc"))
                                                                    ? ETAS_MC_POSITIVE
                                                                    : ETAS_MC_CONSTANT,
                                                   .mc = self->cfg.m_ref},
                                 &self->catalog, &err),
             &err);
    if (json_is_string(member(config, "mc")))
        self->cfg.beta_method = ETAS_BETA_POSITIVE;
    add_covariate(&self->catalog);
    etas_region_free(&region);
    etas_catalog_free(&all);
}

static void reference_case_free(reference_case *self)
{
    etas_catalog_free(&self->catalog);
    json_decref(self->inversion);
    json_decref(self->exact);
}

/* Row of the prepared catalogue with a reference id. */
static size_t row_of(const reference_case *self, json_t *record, const char *key)
{
    json_t *value = member(record, key);
    char want[32];

    if (json_is_string(value))
        (void)snprintf(want, sizeof want, "%s", json_string_value(value));
    else
        (void)snprintf(want, sizeof want, "%lld", (long long)json_integer_value(value));
    for (size_t i = 0; i < self->catalog.n; i++) {
        const etas_event row = etas_catalog_row(&self->catalog, i);

        if (row.id_len == strlen(want) && memcmp(row.id, want, row.id_len) == 0)
            return i;
    }
    fail_msg("no event %s", want);
    return 0;
}

/* An inversion of the case at its start. */
static inline etas_inversion *opened(const reference_case *c, const etas_inversion_config *cfg)
{
    etas_inversion *out = NULL;
    etas_error err = {0};

    check_ok(etas_inversion_open(&out, &c->catalog, cfg, &err), &err);
    return out;
}

/* All parameters that @p theta has. */
static inline void check_params(const etas_params *got, json_t *theta, double tolerance)
{
    const etas_params want = params_of(theta);

    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        if (!isnan(want.value[k]) && !(fabs(got->value[k] - want.value[k]) <= tolerance))
            fail_msg("%s is %.12g, expected %.12g (%.2g)", etas_param_name(k), got->value[k],
                     want.value[k], got->value[k] - want.value[k]);
}

#endif
