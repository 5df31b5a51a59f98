#include "etas/config.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/io.h"
#include "io/config_reader.h"

static void set_defaults(etas_config *self)
{
    *self = (etas_config){.auxiliary_start = ETAS_TIME_NONE,
                          .timewindow_start = ETAS_TIME_NONE,
                          .timewindow_end = ETAS_TIME_NONE,
                          .testwindow_end = ETAS_TIME_NONE,
                          .burn_start = ETAS_TIME_NONE,
                          .primary_start = ETAS_TIME_NONE,
                          .end = ETAS_TIME_NONE,
                          .mc = NAN,
                          .m_ref = NAN,
                          .delta_m = NAN,
                          .m_max = NAN,
                          .beta_method = ETAS_BETA_TINTI,
                          .beta = NAN,
                          .coppersmith_multiplier = 100,
                          .earth_radius = ETAS_EARTH_RADIUS_KM,
                          .estimator = ETAS_ESTIMATOR_REFERENCE,
                          .fixed = etas_fixed_none(),
                          .bw_sq = 1,
                          .space_unit_in_meters = 1000,
                          .forecast_days = NAN,
                          .m_threshold = NAN,
                          .filter_polygon = true};
    for (int i = 0; i < ETAS_N_PARAMS; i++)
        self->theta_0.value[i] = NAN;
}

enum { MAX_ID = 200 }; /* file names end at 255 bytes, and more than the id stands in them */

static bool names_a_file(const char *id)
{
    const size_t len = strlen(id);

    for (size_t i = 0; i < len; i++)
        if (id[i] == '/' || (unsigned char)id[i] < ' ' || id[i] == 0x7f)
            return false;
    return len > 0 && len <= MAX_ID;
}

static etas_status read_texts(const etas_config_reader *r)
{
    etas_config *c = r->self;
    const struct {
        const char *key;
        char **out;
        bool is_input;
    } texts[] = {{"name", &c->name, false},
                 {"id", &c->id, false},
                 {"data_path", &c->data_path, false},
                 {"fn_store_simulation", &c->fn_store_simulation, false},
                 {"fn_store", &c->fn_store, false},
                 {"fn_catalog", &c->fn_catalog, true}};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const etas_status st = texts[i].is_input ? etas_setting_path(r, texts[i].key, texts[i].out)
                                                 : etas_setting_text(r, texts[i].key, texts[i].out);

        if (st != ETAS_OK)
            return st;
    }
    if (!etas_setting_is_off(r, "bg_term")) {
        const etas_status st = etas_setting_text(r, "bg_term", &c->bg_term);

        if (st != ETAS_OK)
            return st;
    }
    if (c->id == NULL)
        c->id = strdup("0");
    if (c->name == NULL)
        c->name = strdup("NoName ETAS Model");
    if (c->id == NULL || c->name == NULL)
        return etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->file->path);
    if (!names_a_file(c->id))
        return etas_setting_fail(r, "id", ETAS_E_RANGE,
                                 "\"%.40s\" cannot be part of a file name; expected up to %d "
                                 "letters, digits, '_', '-' and the like",
                                 c->id, MAX_ID);
    return ETAS_OK;
}

static etas_status read_times(const etas_config_reader *r)
{
    etas_config *c = r->self;
    const struct {
        const char *key;
        etas_time *out;
    } times[] = {{"auxiliary_start", &c->auxiliary_start},
                 {"timewindow_start", &c->timewindow_start},
                 {"timewindow_end", &c->timewindow_end},
                 {"testwindow_end", &c->testwindow_end},
                 {"burn_start", &c->burn_start},
                 {"primary_start", &c->primary_start},
                 {"end", &c->end}};

    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        const etas_status st = etas_setting_time(r, times[i].key, times[i].out);

        if (st != ETAS_OK)
            return st;
    }
    return ETAS_OK;
}

static etas_status read_numbers(const etas_config_reader *r)
{
    const double tiny = 1e-9, huge = 1e9;
    etas_config *c = r->self;
    double m_thr = NAN;
    const struct {
        const char *key;
        double low, high, *out;
    } numbers[] = {{"delta_m", 0, 5, &c->delta_m},
                   {"m_ref", -10, 12, &c->m_ref},
                   {"m_max", -10, INFINITY, &c->m_max},
                   {"coppersmith_multiplier", tiny, huge, &c->coppersmith_multiplier},
                   {"earth_radius", tiny, huge, &c->earth_radius},
                   {"bw_sq", tiny, huge, &c->bw_sq},
                   {"forecast_duration", tiny, 1e6, &c->forecast_days},
                   {"m_threshold", -10, 12, &c->m_threshold},
                   {"m_thr", -10, 12, &m_thr},
                   {"space_unit_in_meters", tiny, huge, &c->space_unit_in_meters}};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const etas_status st =
            etas_setting_number(r, numbers[i].key, numbers[i].low, numbers[i].high, numbers[i].out);

        if (st != ETAS_OK)
            return st;
    }
    if (!isnan(m_thr) && !isnan(c->m_threshold) && m_thr != c->m_threshold)
        return etas_setting_fail(r, "m_thr", ETAS_E_RANGE,
                                 "%g contradicts \"m_threshold\" (%g), which means the same", m_thr,
                                 c->m_threshold);
    if (isnan(c->m_threshold))
        c->m_threshold = m_thr;
    if (isinf(c->m_max))
        c->m_max = NAN;
    return ETAS_OK;
}

static etas_status read_counts(const etas_config_reader *r)
{
    etas_config *c = r->self;
    const etas_setting seed = etas_setting_find(r, "seed");
    uint64_t parallel = 0;
    etas_status st =
        etas_setting_count(r, "n_simulations", 1, (UINT64_C(1) << 48) - 1, &c->n_simulations);

    if (st == ETAS_OK)
        st = etas_setting_count(r, "parallel", 1, 65536, &parallel);
    c->parallel = (uint32_t)parallel;
    if (st == ETAS_OK)
        st = etas_setting_count(r, "chunksize", 0, UINT64_C(1) << 32, &c->chunksize);
    if (st == ETAS_OK) /* beyond 2^63 - 1 JSON readers give up: a string of digits is fine too */
        st = json_is_string(seed.value) && etas_parse_u64(json_string_value(seed.value),
                                                          json_string_length(seed.value), &c->seed)
                 ? ETAS_OK
                 : etas_setting_count(r, "seed", 0, UINT64_MAX, &c->seed);
    c->has_seed = seed.value != NULL;
    return st;
}

static etas_status read_flags(const etas_config_reader *r)
{
    static const char *const estimators[2] = {"reference", "mle"};
    etas_config *c = r->self;
    bool mle = false;
    const struct {
        const char *key;
        bool *out;
    } flags[] = {{"free_background", &c->free_background},
                 {"free_productivity", &c->free_productivity},
                 {"three_dim", &c->three_dim},
                 {"filter_polygon", &c->filter_polygon},
                 {"reference_stop", &c->reference_stop}};
    etas_status st = etas_setting_choice(r, "estimator", estimators, &mle);

    c->estimator = mle ? ETAS_ESTIMATOR_MLE : ETAS_ESTIMATOR_REFERENCE;
    c->estimator_given = etas_setting_find(r, "estimator").value != NULL;
    for (size_t i = 0; st == ETAS_OK && i < sizeof flags / sizeof *flags; i++)
        st = etas_setting_flag(r, flags[i].key, flags[i].out);
    return st;
}

static bool is_word(const json_t *value, const char *word)
{
    return json_is_string(value) && strcmp(json_string_value(value), word) == 0;
}

etas_status etas_setting_mc(const etas_config_reader *r, double *mc, etas_mc_method *method)
{
    const json_t *value = etas_setting_find(r, "mc").value;

    *mc = NAN;
    *method = ETAS_MC_CONSTANT;
    if (r->use == ETAS_CONFIG_SIMULATE)
        return etas_setting_number(r, "mc", -10, 12, mc);
    if (is_word(value, "var"))
        *method = ETAS_MC_COLUMN;
    else if (is_word(value, "positive"))
        *method = ETAS_MC_POSITIVE;
    else if (value != NULL && !etas_json_is_number(value, mc))
        return etas_setting_fail_type(r, "mc", "a number, \"var\" or \"positive\"");
    else
        return etas_setting_number(r, "mc", -10, 12, mc);
    return ETAS_OK;
}

static etas_status read_beta(const etas_config_reader *r)
{
    const json_t *beta = etas_setting_find(r, "beta").value;
    etas_config *c = r->self;
    etas_status st;

    if (c->mc_method == ETAS_MC_POSITIVE)
        c->beta_method = ETAS_BETA_POSITIVE;
    if (r->use != ETAS_CONFIG_SIMULATE && is_word(beta, "positive")) {
        c->beta_method = ETAS_BETA_POSITIVE;
        return ETAS_OK;
    }
    if (r->use != ETAS_CONFIG_SIMULATE && json_is_string(beta))
        return etas_setting_fail(r, "beta", ETAS_E_PARSE, "expected a number or \"positive\"");
    st = etas_setting_number(r, "beta", 1e-6, 1e3, &c->beta);
    if (!isnan(c->beta))
        c->beta_method = ETAS_BETA_FIXED;
    return st;
}

static etas_status read_magnitudes(const etas_config_reader *r)
{
    etas_config *c = r->self;
    etas_status st = etas_setting_mc(r, &c->mc, &c->mc_method);

    if (st == ETAS_OK)
        st = read_beta(r);
    if (st == ETAS_OK)
        st = read_numbers(r);
    if (c->mc_method == ETAS_MC_CONSTANT) {
        if (!c->given_parameters || isnan(c->m_ref))
            c->m_ref = c->mc; /* a constant completeness is its own reference */
        if (isnan(c->m_threshold))
            c->m_threshold = c->m_ref;
    }
    return st;
}

/* The start, complete: an induced term starts as large as the background. */
static etas_status read_start(const etas_config_reader *r)
{
    etas_config *c = r->self;
    double *iota = &c->theta_0.value[ETAS_LOG10_IOTA];
    etas_status st;

    if (r->use == ETAS_CONFIG_SIMULATE || c->given_parameters)
        return ETAS_OK;
    c->theta_0.three_dim = c->three_dim;
    st = etas_setting_start(r, "theta_0", &c->theta_0, &c->has_theta_0);
    if (st != ETAS_OK)
        return st;
    if (!c->has_theta_0)
        c->theta_0 = etas_inversion_default_start();
    c->theta_0.three_dim = c->three_dim;
    if (!isnan(*iota) || c->bg_term == NULL)
        return ETAS_OK;
    *iota = c->theta_0.value[ETAS_LOG10_MU];
    if (c->has_theta_0)
        etas_log_write(r->log, ETAS_LOG_INFO,
                       "%s: \"theta_0\" has no log10_iota: it starts at log10_mu (%g)",
                       r->file->path, *iota);
    return ETAS_OK;
}

static etas_status read_all(const etas_config_reader *r)
{
    etas_config *c = r->self;
    etas_status st;

    if (r->use != ETAS_CONFIG_EVALUATE || !etas_config_is_results(r))
        etas_config_warn_unknown(r);
    st = etas_config_refuse_unsupported(r);
    if (st == ETAS_OK)
        st = etas_config_require(r);
    if (st == ETAS_OK)
        st = read_magnitudes(r);
    if (st == ETAS_OK)
        st = read_times(r);
    if (st == ETAS_OK)
        st = read_counts(r);
    if (st == ETAS_OK)
        st = read_flags(r);
    if (st == ETAS_OK)
        st = read_texts(r);
    if (st == ETAS_OK)
        st = etas_setting_catalog(r);
    if (st == ETAS_OK)
        st = read_start(r);
    if (st == ETAS_OK && !c->given_parameters)
        st = etas_setting_fixed(r, "fixed_parameters", &c->fixed);
    if (st == ETAS_OK)
        st = etas_config_check(r);
    if (st == ETAS_OK)
        st = etas_setting_places(r);
    if (st == ETAS_OK)
        st = etas_setting_models(r);
    return st;
}

static etas_status keep_path(const etas_config_reader *r, char **out)
{
    *out = strdup(r->file->path);
    return *out != NULL ? ETAS_OK
                        : etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->file->path);
}

/* The bytes that a store keeps, and where they come from. */
static etas_status keep_texts(const etas_config_reader *r)
{
    etas_config *c = r->self;

    c->text = strdup(r->file->text.data);
    if (c->text == NULL)
        return etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->file->path);
    return keep_path(r, &c->path);
}

etas_status etas_config_read(etas_config *self, const etas_json *file, etas_config_use use,
                             const etas_log *log, etas_error *err)
{
    etas_json results = {0};
    etas_config_reader r = {.self = self, .file = file, .use = use, .log = log, .err = err};
    etas_status st;

    set_defaults(self);
    st = etas_setting_path(&r, "fn_inversion_output", &self->fn_inversion_output);
    if (st == ETAS_OK && use == ETAS_CONFIG_EVALUATE && self->fn_inversion_output == NULL &&
        etas_config_is_results(&r))
        st = keep_path(&r, &self->fn_inversion_output);
    if (st == ETAS_OK && (use == ETAS_CONFIG_FORECAST || use == ETAS_CONFIG_EVALUATE) &&
        self->fn_inversion_output != NULL) {
        st = etas_json_open(&results, self->fn_inversion_output, err);
        if (st != ETAS_OK)
            etas_error_in_key(err, "fn_inversion_output");
        r.results = &results;
    }
    self->given_parameters = use == ETAS_CONFIG_FORECAST && self->fn_inversion_output == NULL &&
                             etas_setting_has_parameters(&r);
    if (st == ETAS_OK && (use == ETAS_CONFIG_FORECAST || use == ETAS_CONFIG_SIMULATE))
        st = etas_setting_check_models(&r);
    if (st == ETAS_OK)
        st = read_all(&r);
    if (st == ETAS_OK)
        st = keep_texts(&r);
    etas_json_close(&results);
    if (st != ETAS_OK)
        etas_config_free(self);
    return st;
}

etas_status etas_config_load(etas_config *self, const char *path, etas_config_use use,
                             const etas_log *log, etas_error *err)
{
    etas_json file = {0};
    etas_status st = etas_json_open(&file, path, err);

    if (st == ETAS_OK)
        st = etas_config_read(self, &file, use, log, err);
    etas_json_close(&file);
    return st;
}

void etas_config_free(etas_config *self)
{
    char **const texts[] = {&self->path,
                            &self->text,
                            &self->name,
                            &self->id,
                            &self->catalog_text,
                            &self->fn_catalog,
                            &self->data_path,
                            &self->fn_inversion_output,
                            &self->fn_store_simulation,
                            &self->fn_store,
                            &self->bg_term,
                            &self->event_types,
                            &self->magnitude_types,
                            &self->shape_text,
                            &self->inner_shape_text};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        free(*texts[i]);
        *texts[i] = NULL;
    }
    for (size_t i = 0; i < self->n_inputs; i++)
        free(self->inputs[i]);
    etas_array_free((void **)&self->inputs);
    self->n_inputs = self->inputs_capacity = 0;
    etas_region_free(&self->region);
    etas_region_free(&self->inner_region);
    etas_hull_free(&self->hull);
    self->has_inner_region = self->has_hull = false;
    etas_config_models_free(self);
}
