#include <math.h>
#include <string.h>

#include "io/config_reader.h"

/* GIVEN: a forecast from given parameters. */
enum {
    INVERT = 1,
    FORECAST = 2,
    SIMULATE = 4,
    GIVEN = 8,
    EVALUATE = 16,
    SIMULATIONS = FORECAST | SIMULATE,
    FITTED = INVERT | FORECAST | EVALUATE
};

static unsigned bit_of(const etas_config_reader *r)
{
    static const unsigned bits[] = {[ETAS_CONFIG_INVERT] = INVERT,
                                    [ETAS_CONFIG_FORECAST] = FORECAST,
                                    [ETAS_CONFIG_SIMULATE] = SIMULATE,
                                    [ETAS_CONFIG_EVALUATE] = EVALUATE,
                                    [ETAS_CONFIG_CATALOG] = 0};

    return r->self->given_parameters ? GIVEN : bits[r->use];
}

/* Every key that means something, and the uses that cannot do without it. */
static const struct {
    const char *name;
    unsigned required;
} keys[] = {
    {"fn_catalog", FITTED},
    {"input_format", 0},
    {"event_types", 0},
    {"magnitude_types", 0},
    {"data_path", 0},
    {"auxiliary_start", FITTED},
    {"timewindow_start", FITTED},
    {"timewindow_end", FITTED | GIVEN},
    {"testwindow_end", 0},
    {"theta_0", 0},
    {"fixed_parameters", 0},
    {"mc", FITTED | SIMULATE},
    {"m_ref", 0},
    {"delta_m", FITTED | SIMULATE | GIVEN},
    {"m_max", 0},
    {"beta", 0},
    {"coppersmith_multiplier", 0},
    {"earth_radius", 0},
    {"shape_coords", 0},
    {"inner_shape_coords", 0},
    {"free_background", 0},
    {"free_productivity", 0},
    {"bw_sq", 0},
    {"bg_term", 0},
    {"three_dim", 0},
    {"space_unit_in_meters", 0},
    {"name", 0},
    {"id", 0},
    {"forecast_duration", FORECAST | GIVEN},
    {"fn_store_simulation", 0},
    {"n_simulations", 0},
    {"m_threshold", 0},
    {"m_thr", 0},
    {"fn_inversion_output", 0},
    {"fn_store", 0},
    {"burn_start", SIMULATE},
    {"primary_start", SIMULATE},
    {"end", SIMULATE},
    {"parameters", 0},
    {"parameters_m_ref", 0},
    {"standard_parameters", 0},
    {"models", 0},
    {"estimator", 0},
    {"reference_stop", 0},
    {"polygon_axes", 0},
    {"bg_grid", 0},
    {"gaussian_scale", 0},
    {"n_induced", 0},
    {"induced_grid", 0},
    {"mfd_zones", 0},
    {"filter_polygon", 0},
    {"placement", 0},
    {"seed", 0},
    {"parallel", 0},
    {"chunksize", 0},
};
enum { N_KEYS = sizeof keys / sizeof *keys };

void etas_config_warn_unknown(const etas_config_reader *r)
{
    const char *names[N_KEYS];
    etas_config_reader outermost = *r;

    for (size_t i = 0; i < N_KEYS; i++)
        names[i] = keys[i].name;
    outermost.inner = r->file->root;
    etas_setting_warn_unknown(&outermost, N_KEYS, names);
}

bool etas_setting_is_off(const etas_config_reader *r, const char *key)
{
    const json_t *value = etas_setting_find(r, key).value;
    double number;

    return value == NULL || json_is_false(value) ||
           (etas_json_is_number(value, &number) && number == 0) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

bool etas_config_is_results(const etas_config_reader *r)
{
    return json_is_object(etas_json_get(r->file->root, "final_parameters"));
}

etas_status etas_config_refuse_unsupported(const etas_config_reader *r)
{
    static const struct {
        const char *key, *text;
        unsigned uses;
    } missing[] = {
        {"three_dim",
         "catalogues are simulated on the surface of the globe, without depth; expected false",
         SIMULATIONS | GIVEN},
        {"free_productivity",
         "without an inversion no event has a productivity of its own; expected false", SIMULATE},
        {"bg_term",
         "without a catalogue there is no such column; \"n_induced\" and \"induced_grid\" say how "
         "many induced events there are, and where; expected null",
         SIMULATE}};

    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if ((missing[i].uses & bit_of(r)) != 0 && !etas_setting_is_off(r, missing[i].key))
            return etas_setting_fail(r, missing[i].key, ETAS_E_UNSUPPORTED, "%s", missing[i].text);
    return ETAS_OK;
}

etas_status etas_config_require(const etas_config_reader *r)
{
    static const char *const uses[] = {[ETAS_CONFIG_INVERT] = "an inversion",
                                       [ETAS_CONFIG_FORECAST] = "a forecast",
                                       [ETAS_CONFIG_SIMULATE] = "a simulation",
                                       [ETAS_CONFIG_EVALUATE] = "an evaluation",
                                       [ETAS_CONFIG_CATALOG] = "a catalogue"};

    for (size_t i = 0; i < N_KEYS; i++)
        if ((keys[i].required & bit_of(r)) != 0 &&
            etas_setting_find(r, keys[i].name).value == NULL) {
            etas_fail(r->err, ETAS_E_PARSE, "missing; %s needs this key", uses[r->use]);
            etas_error_in_file(r->err, r->file->path);
            etas_error_in_key(r->err, keys[i].name);
            return ETAS_E_PARSE;
        }
    return ETAS_OK;
}

/* @p later must not lie before @p earlier, nor on it when @p strict. */
static etas_status check_order(const etas_config_reader *r, const char *earlier, etas_time a,
                               const char *later, etas_time b, bool strict)
{
    char text[32];

    if (a == ETAS_TIME_NONE || b == ETAS_TIME_NONE || a < b || (a == b && !strict))
        return ETAS_OK;
    etas_time_format(a, ' ', text);
    return etas_setting_fail(r, later, ETAS_E_RANGE, "must %s \"%s\" (%s)",
                             strict ? "be after" : "not be before", earlier, text);
}

static etas_status check_times(const etas_config_reader *r)
{
    const etas_config *c = r->self;
    etas_status st = check_order(r, "auxiliary_start", c->auxiliary_start, "timewindow_start",
                                 c->timewindow_start, false);

    if (st == ETAS_OK)
        st = check_order(r, "timewindow_start", c->timewindow_start, "timewindow_end",
                         c->timewindow_end, true);
    if (st == ETAS_OK)
        st = check_order(r, "timewindow_end", c->timewindow_end, "testwindow_end",
                         c->testwindow_end, true);
    if (st == ETAS_OK)
        st = check_order(r, "burn_start", c->burn_start, "primary_start", c->primary_start, false);
    if (st == ETAS_OK)
        st = check_order(r, "primary_start", c->primary_start, "end", c->end, true);
    if (st == ETAS_OK && c->timewindow_end != ETAS_TIME_NONE && !isnan(c->forecast_days) &&
        (double)c->timewindow_end + c->forecast_days * (double)ETAS_NS_PER_DAY > 9.2e18)
        st = etas_setting_fail(r, "forecast_duration", ETAS_E_RANGE,
                               "%g days after timewindow_end is beyond the year 2261",
                               c->forecast_days);
    return st;
}

/* What a history needs that a forecast from given parameters can do without otherwise. */
static etas_status check_given(const etas_config_reader *r)
{
    const etas_config *c = r->self;

    if (!c->given_parameters)
        return ETAS_OK;
    if (c->mc_method == ETAS_MC_CONSTANT && isnan(c->m_ref))
        return etas_setting_fail(r, "mc", ETAS_E_PARSE,
                                 "missing; a forecast needs this key, or \"m_ref\"");
    if (c->fn_catalog != NULL && c->mc_method == ETAS_MC_CONSTANT && isnan(c->mc))
        return etas_setting_fail(r, "mc", ETAS_E_PARSE,
                                 "missing; the history in \"fn_catalog\" needs this key");
    if (c->fn_catalog != NULL && c->auxiliary_start == ETAS_TIME_NONE)
        return etas_setting_fail(r, "auxiliary_start", ETAS_E_PARSE,
                                 "missing; the history in \"fn_catalog\" needs this key");
    return check_order(r, "auxiliary_start", c->auxiliary_start, "timewindow_end",
                       c->timewindow_end, true);
}

static void warn_off_grid(const etas_config_reader *r)
{
    static const double OFF = 1e-6; /* decimals are no multiples to the last bit */
    const double steps = r->self->mc / r->self->delta_m;

    if (r->self->mc_method == ETAS_MC_CONSTANT && r->self->delta_m > 0 &&
        fabs(steps - floor(steps + 0.5)) > OFF)
        etas_log_write(
            r->log, ETAS_LOG_WARN,
            "%s: \"mc\" (%g) is no multiple of \"delta_m\" (%g), to which magnitudes are "
            "rounded in reports",
            r->file->path, r->self->mc, r->self->delta_m);
}

static etas_status check_magnitudes(const etas_config_reader *r)
{
    const etas_config *c = r->self;
    const etas_setting m_ref = etas_setting_find(r, "m_ref");
    const char *mc = c->mc_method == ETAS_MC_CONSTANT && !c->given_parameters ? "mc" : "m_ref";
    double given;

    if (r->use == ETAS_CONFIG_CATALOG)
        return ETAS_OK;
    if (isnan(c->m_ref))
        return etas_setting_fail(r, "m_ref", ETAS_E_PARSE, "missing; \"mc\": \"%s\" needs this key",
                                 c->mc_method == ETAS_MC_COLUMN ? "var" : "positive");
    if (!isnan(c->m_max) && c->m_max < c->m_ref)
        return etas_setting_fail(r, "m_max", ETAS_E_RANGE, "%g lies below %s (%g)", c->m_max, mc,
                                 c->m_ref);
    if (!c->given_parameters && etas_json_is_number(m_ref.value, &given) &&
        fabs(given - c->m_ref) > 1e-9)
        etas_log_write(r->log, ETAS_LOG_WARN,
                       "%s: \"m_ref\" (%g) is ignored: with a constant mc it is mc (%g)",
                       m_ref.file->path, given, c->mc);
    warn_off_grid(r);
    if (c->m_threshold < c->m_ref)
        etas_log_write(
            r->log, ETAS_LOG_WARN,
            "%s: \"m_threshold\" (%g) lies below %s (%g): no smaller events are simulated",
            r->file->path, c->m_threshold, mc, c->m_ref);
    if (!isnan(c->m_max) && c->m_threshold > c->m_max)
        etas_log_write(r->log, ETAS_LOG_WARN,
                       "%s: \"m_threshold\" (%g) lies above m_max (%g): all catalogues stay empty",
                       r->file->path, c->m_threshold, c->m_max);
    return ETAS_OK;
}

static bool is_fixed(const etas_config *c, etas_param which)
{
    return !isnan(c->fixed.value.value[which]);
}

static etas_status fail_fixed(const etas_config_reader *r, const char *name, const char *why)
{
    return etas_json_fail(etas_setting_find(r, "fixed_parameters").file, "fixed_parameters", name,
                          r->err, ETAS_E_RANGE, "cannot be fixed: %s", why);
}

static etas_status check_fixed(const etas_config_reader *r)
{
    const etas_config *c = r->self;
    const char *kappa = "\"free_productivity\" takes it from the events' own productivities";

    if (is_fixed(c, ETAS_LOG10_IOTA) && c->bg_term == NULL)
        return fail_fixed(r, "log10_iota", "without \"bg_term\" there is no induced term");
    if (is_fixed(c, ETAS_LOG10_MU) && c->free_background)
        return fail_fixed(r, "log10_mu", "\"free_background\" gives each target its own");
    if (is_fixed(c, ETAS_LOG10_K0) && c->free_productivity)
        return fail_fixed(r, "log10_k0", kappa);
    if (is_fixed(c, ETAS_A) && c->free_productivity)
        return fail_fixed(r, "a", kappa);
    if (c->fixed.alpha_rule != ETAS_ALPHA_FREE && c->free_productivity)
        return fail_fixed(r, "alpha", kappa);
    if (c->fixed.alpha_rule != ETAS_ALPHA_FREE && is_fixed(c, ETAS_A) && is_fixed(c, ETAS_GAMMA) &&
        is_fixed(c, ETAS_RHO))
        return fail_fixed(r, "alpha", "a, gamma and rho are fixed and leave nothing of it");
    if (c->fixed.value.value[ETAS_OMEGA] <= 0 && isinf(c->fixed.value.value[ETAS_LOG10_TAU]))
        return fail_fixed(r, "omega", "without a taper (log10_tau infinite) it must be positive");
    if (c->three_dim && c->fixed.value.value[ETAS_RHO] <= 0.5)
        return fail_fixed(r, "rho", "in three dimensions it must be above 0.5");
    return ETAS_OK;
}

static etas_status check_options(const etas_config_reader *r)
{
    const etas_config *c = r->self;
    const etas_json *theta_file = etas_setting_find(r, "theta_0").file;

    if (r->use == ETAS_CONFIG_SIMULATE || r->use == ETAS_CONFIG_CATALOG || c->given_parameters)
        return ETAS_OK;
    if (!isnan(c->theta_0.value[ETAS_LOG10_IOTA]) && c->bg_term == NULL)
        return etas_json_fail(theta_file, "theta_0", "log10_iota", r->err, ETAS_E_RANGE,
                              "without \"bg_term\" there is no induced term; expected null");
    if (c->three_dim && etas_setting_find(r, "shape_coords").value == NULL)
        return etas_setting_fail(r, "three_dim", ETAS_E_PARSE,
                                 "needs \"shape_coords\", whose convex hull is the region");
    if (c->three_dim && etas_setting_find(r, "inner_shape_coords").value != NULL)
        return etas_setting_fail(r, "inner_shape_coords", ETAS_E_UNSUPPORTED,
                                 "not supported together with \"three_dim\"; expected null");
    return check_fixed(r);
}

etas_status etas_config_check(const etas_config_reader *r)
{
    etas_status st = check_given(r);

    if (st == ETAS_OK)
        st = check_magnitudes(r);
    if (st == ETAS_OK)
        st = check_options(r);
    return st == ETAS_OK ? check_times(r) : st;
}
