/* The model's parameters: theta_0, fixed_parameters, and those that results have. */
#include <math.h>
#include <string.h>

#include "io/config_reader.h"

/* log10_tau may also be one of the words for no taper. */
static bool read_value(const json_t *value, etas_param which, double *out)
{
    static const char *const words[] = {"inf", "Infinity", "infinity"};

    if (etas_json_is_number(value, out))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (which == ETAS_LOG10_TAU && json_is_string(value) &&
            strcmp(json_string_value(value), words[i]) == 0) {
            *out = INFINITY;
            return true;
        }
    return false;
}

static etas_status fail_value(const etas_config_reader *r, const char *key, const char *name,
                              const json_t *value, const char *expected)
{
    char found[64];

    return etas_setting_fail_member(r, key, name, ETAS_E_PARSE, "found %s, expected %s",
                                    etas_json_describe(value, found), expected);
}

/* @p key is an object whose members are parameters, or "alpha" where that is @p allowed. */
static etas_status check_names(const etas_config_reader *r, const char *key, bool alpha_allowed)
{
    const etas_setting s = etas_setting_find(r, key);
    const char *name;
    json_t *unused;

    if (!json_is_object(s.value))
        return etas_setting_fail_type(r, key, "an object {\"log10_mu\": ..., \"rho\": ...}");
    json_object_foreach(s.value, name, unused)
    {
        if (etas_param_named(name) == ETAS_N_PARAMS && !(alpha_allowed && !strcmp(name, "alpha")))
            return etas_setting_fail_member(
                r, key, name, ETAS_E_PARSE,
                "no such parameter; \"%s\" holds log10_mu, log10_iota, log10_k0, a, log10_c, "
                "omega, log10_tau, log10_d, gamma, rho%s",
                key, alpha_allowed ? ", alpha" : "");
    }
    return ETAS_OK;
}

etas_status etas_setting_params(const etas_config_reader *r, const char *key, etas_params *out,
                                bool *has)
{
    const etas_setting s = etas_setting_find(r, key);
    etas_status st;

    if (s.value == NULL)
        return ETAS_OK;
    st = check_names(r, key, false);
    for (etas_param which = 0; st == ETAS_OK && which < ETAS_N_PARAMS; which++) {
        const char *name = etas_param_name(which);
        const json_t *value = etas_json_get(s.value, name);

        out->value[which] = NAN;
        if (value != NULL && !read_value(value, which, &out->value[which]))
            st = fail_value(r, key, name, value, "a number");
        else if (which != ETAS_LOG10_IOTA && isnan(out->value[which]))
            st = etas_setting_fail_member(r, key, name, ETAS_E_PARSE,
                                          "missing in \"%s\"; expected a number", key);
    }
    if (st != ETAS_OK)
        return st;
    *has = true;
    return ETAS_OK;
}

etas_status etas_setting_start(const etas_config_reader *r, const char *key, etas_params *out,
                               bool *has)
{
    etas_error e = {0};
    const etas_status st = etas_setting_params(r, key, out, has);

    if (st != ETAS_OK || !*has || etas_params_check(out, &e) == ETAS_OK)
        return st;
    return etas_setting_fail_member(r, key, e.key, e.code, "%s", e.text);
}

static etas_status read_fixed(const etas_config_reader *r, const char *key, etas_param which,
                              double *out)
{
    const etas_setting s = etas_setting_find(r, key);
    const char *name = etas_param_name(which);
    const json_t *value = etas_json_get(s.value, name);
    const double low = etas_param_least(which), high = etas_param_high(which);
    double number;

    if (value == NULL)
        return ETAS_OK;
    if (!read_value(value, which, &number) || isnan(number))
        return fail_value(r, key, name, value, "a number or null");
    if (!(number >= low && number <= high) &&
        !(which == ETAS_LOG10_TAU && number > high && isinf(number)))
        return etas_setting_fail_member(r, key, name, ETAS_E_RANGE,
                                        "%.10g is not within [%g, %g]%s", number, low, high,
                                        which == ETAS_LOG10_TAU ? ", nor Infinity" : "");
    *out = number;
    return ETAS_OK;
}

/* a - rho gamma has no bounds of its own: these are what those of a, rho and gamma leave. */
static etas_status read_alpha(const etas_config_reader *r, const char *key, etas_fixed *out)
{
    const double low =
        etas_param_low(ETAS_A) - etas_param_high(ETAS_RHO) * etas_param_high(ETAS_GAMMA);
    const double high =
        etas_param_high(ETAS_A) - etas_param_high(ETAS_RHO) * etas_param_low(ETAS_GAMMA);
    const etas_setting s = etas_setting_find(r, key);
    const json_t *value = etas_json_get(s.value, "alpha");

    if (value == NULL)
        return ETAS_OK;
    if (json_is_string(value) && strcmp(json_string_value(value), "beta") == 0) {
        out->alpha_rule = ETAS_ALPHA_BETA;
        return ETAS_OK;
    }
    if (!etas_json_is_number(value, &out->alpha) || isnan(out->alpha))
        return fail_value(r, key, "alpha", value, "a number, \"beta\" or null");
    if (!(out->alpha >= low && out->alpha <= high))
        return etas_setting_fail_member(r, key, "alpha", ETAS_E_RANGE,
                                        "%.10g is not within [%g, %g]", out->alpha, low, high);
    out->alpha_rule = ETAS_ALPHA_NUMBER;
    return ETAS_OK;
}

etas_status etas_setting_fixed(const etas_config_reader *r, const char *key, etas_fixed *out)
{
    etas_status st;

    *out = etas_fixed_none();
    if (etas_setting_is_off(r, key))
        return ETAS_OK;
    st = check_names(r, key, true);
    for (etas_param which = 0; st == ETAS_OK && which < ETAS_N_PARAMS; which++)
        st = read_fixed(r, key, which, &out->value.value[which]);
    return st == ETAS_OK ? read_alpha(r, key, out) : st;
}
