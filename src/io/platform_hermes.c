/* HERMES: a JSON object with the observations as QuakeML and the region as WKT inside. */
#include <math.h>
#include <string.h>

#include "etas/io.h"
#include "io/platform.h"
#include "io/suggest.h"

static const char *const KEYS[] = {
    "forecast_start",   "forecast_end",           "depth_min",        "depth_max",
    "bounding_polygon", "seismicity_observation", "model_parameters", "model_settings",
    "injection_plan",   "injection_observation"};
enum { N_KEYS = sizeof KEYS / sizeof *KEYS };

static void warn_unused(const etas_platform *p)
{
    const etas_json *const file = p->given.file;
    const char *name;
    json_t *value;

    json_object_foreach(file->root, name, value)
    {
        const char *near = etas_suggest(name, N_KEYS, KEYS);
        const bool known = near != NULL && strcmp(near, name) == 0;

        if (known && (strncmp(name, "injection", 9) != 0 || json_is_null(value)))
            continue;
        etas_log_write(p->given.log, ETAS_LOG_WARN, "%s: %s key \"%.80s\" is ignored%s%s%s",
                       file->path, known ? "the model has no use for it: the" : "unknown", name,
                       !known && near != NULL ? "; did you mean \"" : "",
                       !known && near != NULL ? near : "", !known && near != NULL ? "\"?" : "");
    }
}

static etas_status take_settings(const etas_platform *p)
{
    static const char *const objects[] = {"model_parameters", "model_settings"};

    for (size_t i = 0; i < 2; i++) {
        const etas_setting s = etas_setting_find(&p->given, objects[i]);

        if (s.value != NULL && !json_is_object(s.value))
            return etas_setting_fail_type(&p->given, objects[i], "an object of settings");
        if (s.value != NULL && json_object_update(p->settings, s.value) != 0)
            return etas_fail(p->given.err, ETAS_E_NOMEM, "out of memory for %s",
                             p->given.file->path);
    }
    return ETAS_OK;
}

/* What the input says itself goes before what its settings say. */
static void warn_overridden(const etas_platform *p, const char *key, const char *by)
{
    if (etas_json_get(p->settings, key) != NULL)
        etas_log_write(p->given.log, ETAS_LOG_WARN, "%s: \"%s\" is ignored: there is \"%s\"",
                       p->given.file->path, key, by);
}

static etas_status check_depths(const etas_platform *p)
{
    double low = -INFINITY, high = INFINITY;
    etas_status st = etas_setting_number(&p->given, "depth_min", -1e9, 1e9, &low);

    if (st == ETAS_OK)
        st = etas_setting_number(&p->given, "depth_max", -1e9, 1e9, &high);
    if (st == ETAS_OK && high < low)
        st = etas_setting_fail(&p->given, "depth_max", ETAS_E_RANGE,
                               "%g is less than \"depth_min\" (%g)", high, low);
    return st;
}

static etas_status take_polygon(const etas_platform *p)
{
    static const char key[] = "bounding_polygon";
    json_t *const value = etas_setting_find(&p->given, key).value;
    const char *const text = etas_json_text(value);
    etas_region region = {0};
    etas_error e = {0};

    if (value == NULL)
        return ETAS_OK;
    if (text == NULL)
        return etas_setting_fail_type(&p->given, key, "WKT, \"POLYGON ((lon lat, ...))\"");
    if (etas_region_read(&region, strlen(text), text, true, &e) != ETAS_OK)
        return etas_setting_fail(&p->given, key, e.code, "%s", e.text);
    etas_region_free(&region);
    warn_overridden(p, "shape_coords", key);
    return etas_platform_set(p, "shape_coords", json_incref(value));
}

/* Models that are given, or results of an inversion, need no observations. */
static bool needs_events(const etas_platform *p)
{
    static const char *const instead[] = {"fn_catalog", "fn_inversion_output", "parameters",
                                          "standard_parameters", "models"};

    for (size_t i = 0; i < sizeof instead / sizeof *instead; i++)
        if (etas_json_get(p->settings, instead[i]) != NULL)
            return false;
    return true;
}

static etas_status take_events(const etas_platform *p)
{
    static const char key[] = "seismicity_observation";
    const json_t *const value = etas_setting_find(&p->given, key).value;
    const char *const text = etas_json_text(value);
    etas_config *const config = &p->self->config;

    if (value == NULL && needs_events(p))
        return etas_setting_fail(&p->given, key, ETAS_E_PARSE,
                                 "missing; an inversion needs the events as QuakeML");
    if (value == NULL)
        return ETAS_OK;
    if (text == NULL)
        return etas_setting_fail_type(&p->given, key, "QuakeML or null");
    warn_overridden(p, "fn_catalog", key);
    config->catalog_text = strdup(text);
    config->catalog_len = strlen(text);
    if (config->catalog_text == NULL)
        return etas_fail(p->given.err, ETAS_E_NOMEM, "out of memory for %s", p->given.file->path);
    return etas_platform_set(p, "fn_catalog", json_string(p->given.file->path));
}

etas_status etas_platform_hermes(etas_platform *p)
{
    etas_time window[2];
    etas_status st;

    warn_unused(p);
    st = take_settings(p);
    if (st == ETAS_OK)
        warn_overridden(p, "forecast_duration", "forecast_end");
    if (st == ETAS_OK)
        st = etas_platform_window(p, "forecast_start", "forecast_end", window);
    if (st == ETAS_OK)
        st = check_depths(p);
    if (st == ETAS_OK)
        st = take_polygon(p);
    if (st == ETAS_OK)
        st = take_events(p);
    if (st == ETAS_OK) {
        static const char *const within[] = {"model_settings", "model_parameters", NULL};
        etas_json file = *p->given.file;

        file.within = within;
        st = etas_platform_read(p, &file);
    }
    return st;
}
