#include "etas/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"
#include "unit/io/golden.h"

static void collect(void *context, etas_log_level level, const char *text)
{
    golden_print(context, "%s: %s\n", level == ETAS_LOG_WARN ? "warning" : "log", text);
}

static etas_config_use use_of(const char *path)
{
    if (strncmp(path, "simulate", 8) == 0)
        return ETAS_CONFIG_SIMULATE;
    if (strncmp(path, "catalog", 7) == 0)
        return ETAS_CONFIG_CATALOG;
    return strncmp(path, "forecast", 8) == 0 ? ETAS_CONFIG_FORECAST : ETAS_CONFIG_INVERT;
}

static void show_time(etas_text *out, const char *name, etas_time t)
{
    char text[32];

    if (t == ETAS_TIME_NONE)
        return;
    etas_time_format(t, ' ', text);
    golden_print(out, "%s %s\n", name, text);
}

static void show_number(etas_text *out, const char *name, double value)
{
    char text[32];

    if (isnan(value))
        return;
    etas_format_double(value, text);
    golden_print(out, "%s %s\n", name, text);
}

static void show_fixed(const etas_fixed *fixed, etas_text *out)
{
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++)
        if (!isnan(fixed->value.value[i])) {
            golden_print(out, "fixed ");
            show_number(out, etas_param_name(i), fixed->value.value[i]);
        }
    if (fixed->alpha_rule == ETAS_ALPHA_BETA)
        golden_print(out, "fixed alpha beta\n");
    else if (fixed->alpha_rule == ETAS_ALPHA_NUMBER)
        golden_print(out, "fixed alpha %g\n", fixed->alpha);
}

static void show_options(const etas_config *c, etas_text *out)
{
    static const char *const methods[] = {"constant", "column", "positive"};

    if (c->mc_method != ETAS_MC_CONSTANT)
        golden_print(out, "mc_method %s\n", methods[c->mc_method]);
    show_fixed(&c->fixed, out);
    if (c->free_background || c->free_productivity)
        golden_print(out, "free_background %d free_productivity %d\n", c->free_background,
                     c->free_productivity);
    if (c->bg_term != NULL) {
        golden_print(out, "bg_term [%s] ", c->bg_term);
        show_number(out, "log10_iota", c->theta_0.value[ETAS_LOG10_IOTA]);
    }
    if (c->three_dim || c->space_unit_in_meters != 1000)
        golden_print(out, "three_dim %d space_unit_in_meters %g\n", c->three_dim,
                     c->space_unit_in_meters);
    if (c->input_format != ETAS_CATALOG_AUTO)
        golden_print(out, "input_format %s\n", etas_catalog_format_name(c->input_format));
    if (c->event_types != NULL)
        golden_print(out, "event_types [%s]\n", c->event_types);
    if (c->magnitude_types != NULL)
        golden_print(out, "magnitude_types [%s]\n", c->magnitude_types);
    if (c->has_hull)
        golden_print(out, "hull: %zu facets, %.10g km^3\n", c->hull.n_facets, c->hull.volume_km3);
    if (c->has_inner_region)
        golden_print(out, "inner_shape_coords: %zu vertices\n", c->inner_region.ring_start[1]);
}

static void show_grid(const char *name, const etas_rate_grid *grid, etas_text *out)
{
    double sum = 0;

    for (size_t i = 0; grid != NULL && i < grid->n; i++)
        sum += grid->weight[i];
    if (grid != NULL)
        golden_print(out, "  %s: %zu cells of %.6g x %.6g with rates of %.10g\n", name, grid->n,
                     grid->dlat, grid->dlon, sum);
}

static void show_model(const etas_config_model *m, etas_text *out)
{
    golden_print(out, "model [%s] weight %llu\n", m->name != NULL ? m->name : "",
                 (unsigned long long)m->weight);
    for (etas_param i = 0; m->has_parameters && i < ETAS_N_PARAMS; i++)
        if (!isnan(m->parameters.value[i]))
            golden_print(out, "  %s %.10g\n", etas_param_name(i), m->parameters.value[i]);
    if (m->has_parameters)
        golden_print(out, "  at %g\n", m->parameters_m_ref);
    if (!isnan(m->beta))
        golden_print(out, "  beta %.10g\n", m->beta);
    if (!isnan(m->m_max))
        golden_print(out, "  m_max %g\n", m->m_max);
    if (m->gaussian_scale != 0.1)
        golden_print(out, "  gaussian_scale %g\n", m->gaussian_scale);
    if (!isnan(m->n_induced))
        golden_print(out, "  n_induced %g\n", m->n_induced);
    if (m->reference_placement)
        golden_print(out, "  reference placement\n");
    show_grid("background", m->background_grid, out);
    show_grid("induced", m->induced_grid, out);
    if (m->zones != NULL)
        golden_print(out, "  zones: %zu tables, bins of %.6g, %zu cells\n", m->zones->n_zones,
                     m->zones->bin_width, m->zones->map.n);
}

static void show_models(const etas_config *c, etas_text *out)
{
    if (c->given_parameters)
        golden_print(out, "given parameters\n");
    if (c->common.weight > 0)
        show_model(&c->common, out);
    for (size_t i = 0; i < c->n_models; i++)
        show_model(&c->models[i], out);
}

static void show_values(const etas_config *c, etas_text *out)
{
    static const char *const betas[] = {"tinti", "positive", "fixed"};
    const struct {
        const char *name, *value;
    } texts[] = {{"name", c->name},
                 {"id", c->id},
                 {"fn_catalog", c->fn_catalog},
                 {"data_path", c->data_path},
                 {"fn_inversion_output", c->fn_inversion_output},
                 {"fn_store_simulation", c->fn_store_simulation},
                 {"fn_store", c->fn_store},
                 {"shape", c->shape_text},
                 {"inner", c->inner_shape_text}};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].value != NULL)
            golden_print(out, "%s [%s]\n", texts[i].name, texts[i].value);
    show_time(out, "auxiliary_start", c->auxiliary_start);
    show_time(out, "timewindow_start", c->timewindow_start);
    show_time(out, "timewindow_end", c->timewindow_end);
    show_time(out, "testwindow_end", c->testwindow_end);
    show_time(out, "burn_start", c->burn_start);
    show_time(out, "primary_start", c->primary_start);
    show_time(out, "end", c->end);
    for (etas_param i = 0; c->has_theta_0 && i < ETAS_N_PARAMS; i++)
        show_number(out, etas_param_name(i), c->theta_0.value[i]);
    show_number(out, "mc", c->mc);
    show_number(out, "m_ref", c->m_ref);
    show_number(out, "delta_m", c->delta_m);
    show_number(out, "m_max", c->m_max);
    golden_print(out, "beta_method %s\n", betas[c->beta_method]);
    show_number(out, "beta", c->beta);
    show_number(out, "coppersmith_multiplier", c->coppersmith_multiplier);
    show_number(out, "earth_radius", c->earth_radius);
    golden_print(out, "estimator %s%s\n", c->estimator == ETAS_ESTIMATOR_MLE ? "mle" : "reference",
                 c->estimator_given ? " (given)" : "");
    show_number(out, "bw_sq", c->bw_sq);
    show_number(out, "forecast_days", c->forecast_days);
    golden_print(out, "n_simulations %llu\n", (unsigned long long)c->n_simulations);
    show_number(out, "m_threshold", c->m_threshold);
    if (c->has_seed)
        golden_print(out, "seed %llu\n", (unsigned long long)c->seed);
    golden_print(out, "filter_polygon %d parallel %u chunksize %llu reference_stop %d\n",
                 c->filter_polygon, c->parallel, (unsigned long long)c->chunksize,
                 c->reference_stop);
    show_options(c, out);
    show_models(c, out);
}

static void show_config(const char *path, etas_text *out)
{
    const etas_log log = {.emit = collect, .context = out, .max_level = ETAS_LOG_DEBUG};
    etas_config c = {0};
    etas_error err = {0};

    if (etas_config_load(&c, path, use_of(path), &log, &err) != ETAS_OK) {
        assert_null(c.id);
        assert_null(c.fn_catalog);
        assert_null(c.text);
        assert_null(c.bg_term);
        assert_int_equal(c.region.n_rings, 0);
        golden_error(out, &err);
        return;
    }
    assert_string_equal(c.path, path);
    assert_int_equal(c.text[0] == '{' || c.text[0] == '\xef' || c.text[0] == '\n', 1);
    show_values(&c, out);
    etas_config_free(&c);
    etas_config_free(&c);
}

static void good_configurations_are_read_key_for_key(void **state)
{
    (void)state;
    golden_check("config/valid", 44, show_config);
}

static void bad_configurations_name_file_line_and_key(void **state)
{
    (void)state;
    golden_check("config/invalid", 140, show_config);
}

/* The file in the current directory goes before the one beside the configuration. */
static void input_files_are_looked_for_here_first_then_beside_the_configuration(void **state)
{
    const char *data = getenv("ETAS_TEST_DATA");
    char path[512], beside[512];
    etas_config c = {0};
    etas_error err = {0};

    (void)state;
    etas_format(sizeof path, path, "%s/io/config/valid/invert_full.json", data);
    etas_format(sizeof beside, beside, "%s/io/config/valid/inputs/catalog.csv", data);
    assert_int_equal(chdir("/"), 0);
    check_ok(etas_config_load(&c, path, ETAS_CONFIG_INVERT, NULL, &err), &err);
    assert_string_equal(c.fn_catalog, beside);
    etas_config_free(&c);
    etas_format(sizeof path, path, "%s/io/config/valid", data);
    assert_int_equal(chdir(path), 0);
    etas_format(sizeof path, path, "%s/io/config/valid/invert_full.json", data);
    check_ok(etas_config_load(&c, path, ETAS_CONFIG_INVERT, NULL, &err), &err);
    assert_string_equal(c.fn_catalog, "inputs/catalog.csv");
    etas_config_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_configurations_are_read_key_for_key),
        cmocka_unit_test(bad_configurations_name_file_line_and_key),
        cmocka_unit_test(input_files_are_looked_for_here_first_then_beside_the_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
