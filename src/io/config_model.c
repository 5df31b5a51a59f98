/* The model of a forecast or simulation as far as its configuration says it, and mixtures. */
#include <math.h>
#include <stdlib.h>

#include "etas/array.h"
#include "etas/plan.h"
#include "io/config_reader.h"

/* In a model's own object, or anywhere for the model that is common to all. */
static bool stands(const etas_config_reader *r, const char *key)
{
    return r->inner != NULL ? etas_setting_is_inner(r, key)
                            : etas_setting_find(r, key).value != NULL;
}

static bool has_parameters(const etas_config_reader *r)
{
    return stands(r, "parameters") || stands(r, "standard_parameters");
}

bool etas_setting_has_parameters(const etas_config_reader *r)
{
    const json_t *list = etas_setting_find(r, "models").value;
    const size_t n = json_is_array(list) ? json_array_size(list) : 0;

    if (has_parameters(r))
        return true;
    for (size_t i = 0; i < n; i++) {
        const json_t *model = json_array_get(list, i);

        if (etas_json_get(model, "parameters") == NULL &&
            etas_json_get(model, "standard_parameters") == NULL)
            return false;
    }
    return n > 0;
}

/* ---- parameters ---- */

static etas_status read_standard(const etas_config_reader *r, etas_config_model *out)
{
    const char *const key = "standard_parameters";
    etas_standard_params p;
    const struct {
        const char *name;
        double low, high, *out;
    } rows[] = {
        {"a", -20, 20, &p.a},
        {"p", 0.01, 2, &p.p},
        {"alpha", -5, 10, &p.alpha},
        {"log10_c", etas_param_low(ETAS_LOG10_C), etas_param_high(ETAS_LOG10_C), &p.log10_c},
        {"log10_d", etas_param_low(ETAS_LOG10_D), etas_param_high(ETAS_LOG10_D), &p.log10_d},
        {"gamma", etas_param_low(ETAS_GAMMA), etas_param_high(ETAS_GAMMA), &p.gamma},
        {"rho", etas_param_low(ETAS_RHO), etas_param_high(ETAS_RHO), &p.rho},
        {"log10_mu", -20, etas_param_high(ETAS_LOG10_MU), &p.log10_mu},
        {"m_ref", -10, 12, &out->parameters_m_ref}};
    enum { N_ROWS = sizeof rows / sizeof *rows };
    const char *names[N_ROWS];
    etas_config_reader inside;
    etas_status st =
        etas_setting_enter(r, key, "an object {\"a\": ..., \"p\": ..., \"alpha\": ...}", &inside);

    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < N_ROWS; i++)
        names[i] = rows[i].name;
    etas_setting_warn_unknown(&inside, N_ROWS, names);
    for (size_t i = 0; st == ETAS_OK && i < N_ROWS; i++) {
        *rows[i].out = NAN;
        st = etas_setting_number(&inside, rows[i].name, rows[i].low, rows[i].high, rows[i].out);
        if (st == ETAS_OK && isnan(*rows[i].out))
            st = etas_setting_fail_member(r, key, rows[i].name, ETAS_E_PARSE,
                                          "missing in \"%s\"; expected a number", key);
    }
    if (st == ETAS_OK)
        out->parameters = etas_params_from_standard(&p);
    return st;
}

static etas_status read_parameters(const etas_config_reader *r, etas_config_model *out)
{
    const bool standard = stands(r, "standard_parameters");
    etas_status st;

    if (!has_parameters(r))
        return ETAS_OK;
    if (r->self->fn_inversion_output != NULL && r->inner == NULL && r->use != ETAS_CONFIG_SIMULATE)
        return etas_setting_fail(r, standard ? "standard_parameters" : "parameters", ETAS_E_RANGE,
                                 "contradicts \"fn_inversion_output\", which has parameters");
    if (standard && stands(r, "parameters"))
        return etas_setting_fail(r, "standard_parameters", ETAS_E_RANGE,
                                 "contradicts \"parameters\": only one of them can be used");
    out->has_parameters = true;
    if (standard)
        return read_standard(r, out);
    out->parameters_m_ref = r->self->m_ref;
    st = etas_setting_number(r, "parameters_m_ref", -10, 12, &out->parameters_m_ref);
    return st == ETAS_OK
               ? etas_setting_start(r, "parameters", &out->parameters, &out->has_parameters)
               : st;
}

/* ---- the rest ---- */

static etas_status read_numbers(const etas_config_reader *r, etas_config_model *out)
{
    static const char *const placements[2] = {"geodesic", "reference"};
    etas_status st = etas_setting_number(r, "gaussian_scale", 0, 90, &out->gaussian_scale);

    if (st == ETAS_OK)
        st = etas_setting_number(r, "n_induced", 0, 1e9, &out->n_induced);
    if (st == ETAS_OK)
        st = etas_setting_choice(r, "placement", placements, &out->reference_placement);
    if (st == ETAS_OK && etas_setting_is_inner(r, "beta"))
        st = etas_setting_number(r, "beta", 1e-6, 1e3, &out->beta);
    if (st == ETAS_OK && etas_setting_is_inner(r, "m_max"))
        st = etas_setting_number(r, "m_max", -10, INFINITY, &out->m_max);
    if (st == ETAS_OK && isinf(out->m_max))
        out->m_max = NAN;
    return st;
}

static etas_status read_tables(const etas_config_reader *r, etas_config_model *out)
{
    const struct {
        const char *key;
        etas_rate_grid **out;
    } grids[] = {{"bg_grid", &out->background_grid}, {"induced_grid", &out->induced_grid}};
    etas_status st = ETAS_OK;

    for (size_t i = 0; st == ETAS_OK && i < sizeof grids / sizeof *grids; i++) {
        if (!stands(r, grids[i].key))
            continue;
        *grids[i].out = NULL;
        if (!etas_setting_is_off(r, grids[i].key))
            st = etas_setting_grid(r, grids[i].key, grids[i].out);
    }
    if (st != ETAS_OK || !stands(r, "mfd_zones"))
        return st;
    out->zones = NULL;
    return etas_setting_is_off(r, "mfd_zones") ? ETAS_OK
                                               : etas_setting_zones(r, "mfd_zones", &out->zones);
}

static etas_status check_induced(const etas_config_reader *r, const etas_config_model *m)
{
    const bool fitted = !m->has_parameters && r->self->bg_term != NULL;

    if (isnan(m->n_induced) && m->induced_grid != NULL)
        return etas_setting_fail(r, "induced_grid", ETAS_E_PARSE,
                                 "needs \"n_induced\", the expected number of induced events");
    if (m->n_induced > 0 && m->induced_grid == NULL)
        return etas_setting_fail(r, "n_induced", ETAS_E_PARSE,
                                 "needs \"induced_grid\", where the induced events happen");
    if (!isnan(m->n_induced) ||
        (!fitted && (!m->has_parameters || isnan(m->parameters.value[ETAS_LOG10_IOTA]))))
        return ETAS_OK;
    return etas_setting_fail(r, "n_induced", ETAS_E_PARSE,
                             "missing; %s: \"n_induced\" says how many induced events are "
                             "expected (0: none), \"induced_grid\" where",
                             fitted ? "with \"bg_term\" the model has an induced term"
                                    : "with log10_iota the parameters have an induced term");
}

static etas_status check_beta(const etas_config_reader *r, const etas_config_model *m)
{
    const bool positive = r->self->beta_method == ETAS_BETA_POSITIVE;

    return isnan(m->beta) && m->has_parameters
               ? etas_setting_fail(r, "beta", ETAS_E_PARSE,
                                   "%s; given parameters need this key, a number",
                                   positive ? "\"positive\"" : "missing")
               : ETAS_OK;
}

static etas_status check_model(const etas_config_reader *r, const etas_config_model *m)
{
    const etas_config *c = r->self;
    etas_status st;

    if (!m->has_parameters && r->use == ETAS_CONFIG_SIMULATE)
        return etas_setting_fail(r, "parameters", ETAS_E_PARSE,
                                 "missing; a simulation needs this key");
    if (isnan(m->beta) && r->use == ETAS_CONFIG_SIMULATE)
        return etas_setting_fail(r, "beta", ETAS_E_PARSE, "missing; a simulation needs this key");
    st = check_beta(r, m);
    if (st != ETAS_OK)
        return st;
    if (m->m_max < c->m_ref)
        return etas_setting_fail(r, "m_max", ETAS_E_RANGE, "%g lies below m_ref (%g)", m->m_max,
                                 c->m_ref);
    if (m->has_parameters && m->m_max + c->delta_m <= m->parameters_m_ref)
        return etas_setting_fail(r, "m_max", ETAS_E_RANGE,
                                 "%g lies below the reference magnitude of the parameters (%g)",
                                 m->m_max, m->parameters_m_ref);
    return check_induced(r, m);
}

/* ---- mixtures ---- */

static etas_status read_member(const etas_config_reader *r, size_t i, etas_config_model *out)
{
    static const char *const names[] = {
        "name",         "weight",    "parameters", "parameters_m_ref", "standard_parameters",
        "beta",         "m_max",     "bg_grid",    "gaussian_scale",   "n_induced",
        "induced_grid", "mfd_zones", "placement"};
    etas_config_reader inside;
    etas_status st = etas_setting_enter_element(r, "models", i, &inside);

    *out = r->self->common;
    out->name = NULL;
    out->weight = 1;
    if (st != ETAS_OK)
        return st;
    etas_setting_warn_unknown(&inside, sizeof names / sizeof *names, names);
    if (etas_setting_is_inner(&inside, "name"))
        st = etas_setting_text(&inside, "name", &out->name);
    if (st == ETAS_OK)
        st = etas_setting_count(&inside, "weight", 1, UINT32_MAX, &out->weight);
    if (st == ETAS_OK)
        st = read_parameters(&inside, out);
    if (st == ETAS_OK)
        st = read_numbers(&inside, out);
    if (st == ETAS_OK)
        st = read_tables(&inside, out);
    return st == ETAS_OK ? check_model(&inside, out) : st;
}

etas_status etas_setting_check_models(const etas_config_reader *r)
{
    const json_t *list = etas_setting_find(r, "models").value;
    etas_config_reader inside;
    etas_status st = ETAS_OK;

    if (!json_is_array(list) && !etas_setting_is_off(r, "models"))
        return etas_setting_fail_type(r, "models", "a list of objects");
    for (size_t i = 0; st == ETAS_OK && i < json_array_size(list); i++)
        st = etas_setting_enter_element(r, "models", i, &inside);
    return st;
}

static etas_status read_models(const etas_config_reader *r)
{
    const json_t *list = etas_setting_find(r, "models").value;
    const size_t n = json_array_size(list);
    etas_config *c = r->self;
    etas_status st = ETAS_OK;

    if (n > ETAS_MIXTURE_MAX_MODELS)
        return etas_setting_fail(r, "models", ETAS_E_RANGE, "%zu models; at most %d", n,
                                 ETAS_MIXTURE_MAX_MODELS);
    if (etas_array_alloc((void **)&c->models, n, sizeof *c->models) != ETAS_OK)
        return etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->file->path);
    for (size_t i = 0; st == ETAS_OK && i < n; i++) {
        st = read_member(r, i, &c->models[i]);
        c->n_models = i + 1;
    }
    return st;
}

etas_status etas_setting_models(const etas_config_reader *r)
{
    etas_config *c = r->self;
    etas_status st;

    if (r->use == ETAS_CONFIG_INVERT || r->use == ETAS_CONFIG_CATALOG)
        return ETAS_OK;
    c->common = (etas_config_model){.weight = 1,
                                    .parameters_m_ref = NAN,
                                    .beta = c->beta,
                                    .m_max = c->m_max,
                                    .gaussian_scale = 0.1,
                                    .n_induced = NAN};
    st = read_parameters(r, &c->common);
    if (r->use == ETAS_CONFIG_EVALUATE)
        return st == ETAS_OK ? check_beta(r, &c->common) : st;
    if (st == ETAS_OK)
        st = read_numbers(r, &c->common);
    if (st == ETAS_OK)
        st = read_tables(r, &c->common);
    if (st != ETAS_OK)
        return st;
    return etas_setting_is_off(r, "models") ? check_model(r, &c->common) : read_models(r);
}

static void free_tables(etas_config_model *m, const etas_config_model *shared)
{
    if (m->background_grid != shared->background_grid && m->background_grid != NULL) {
        etas_rate_grid_free(m->background_grid);
        etas_array_free((void **)&m->background_grid);
    }
    if (m->induced_grid != shared->induced_grid && m->induced_grid != NULL) {
        etas_rate_grid_free(m->induced_grid);
        etas_array_free((void **)&m->induced_grid);
    }
    if (m->zones != shared->zones && m->zones != NULL) {
        etas_magnitude_zones_free(m->zones);
        etas_array_free((void **)&m->zones);
    }
}

void etas_config_models_free(etas_config *self)
{
    static const etas_config_model nothing;

    for (size_t i = 0; i < self->n_models; i++) {
        free(self->models[i].name);
        free_tables(&self->models[i], &self->common);
    }
    etas_array_free((void **)&self->models);
    self->n_models = 0;
    free_tables(&self->common, &nothing);
    self->common = nothing;
}
