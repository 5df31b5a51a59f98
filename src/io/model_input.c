#include "etas/model_input.h"

#include <stdlib.h>
#include <string.h>

#include "etas/io.h"
#include "io/args_text.h"
#include "io/platform.h"

etas_status etas_platform_set(const etas_platform *p, const char *key, json_t *value)
{
    return json_object_set_new(p->settings, key, value) == 0
               ? ETAS_OK
               : etas_fail(p->given.err, ETAS_E_NOMEM, "out of memory for %s", p->given.file->path);
}

static etas_status read_time(const etas_platform *p, const char *key, etas_time *out)
{
    const etas_status st = etas_setting_time(&p->given, key, out);

    if (st != ETAS_OK || *out != ETAS_TIME_NONE)
        return st;
    return etas_setting_fail(&p->given, key, ETAS_E_PARSE, "missing; a forecast needs this key");
}

etas_status etas_platform_window(const etas_platform *p, const char *start, const char *end,
                                 etas_time window[2])
{
    const char *const keys[] = {start, end};
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < 2 && st == ETAS_OK; i++) {
        window[i] = ETAS_TIME_NONE;
        st = read_time(p, keys[i], &window[i]);
    }
    if (st == ETAS_OK && window[1] <= window[0])
        st = etas_setting_fail(&p->given, end, ETAS_E_RANGE, "is not after \"%s\"", start);
    if (st == ETAS_OK)
        st = etas_platform_set(p, "timewindow_end",
                               json_incref(etas_setting_find(&p->given, start).value));
    if (st == ETAS_OK)
        st = etas_platform_set(p, "forecast_duration",
                               json_real(etas_days_between(window[0], window[1])));
    return st;
}

etas_status etas_platform_read(const etas_platform *p, const etas_json *from)
{
    etas_json view = *from;
    etas_config *const config = &p->self->config;
    char *const bytes = config->catalog_text;
    const size_t len = config->catalog_len;
    etas_text text = {0};
    etas_status st = etas_json_print(p->settings, &text);

    view.root = p->settings;
    if (st != ETAS_OK)
        return etas_fail(p->given.err, st, "out of memory for %s", from->path);
    st = etas_config_read(config, &view, ETAS_CONFIG_FORECAST, p->given.log, p->given.err);
    if (st != ETAS_OK) {
        free(bytes);
        etas_text_free(&text);
        return st;
    }
    config->catalog_text = bytes;
    config->catalog_len = len;
    free(config->text);
    config->text = text.data;
    return ETAS_OK;
}

static bool is_object(const etas_text *text)
{
    const char *at = text->data;

    if (at == NULL)
        return false;
    if (strncmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    return at[strspn(at, " \t\r\n")] == '{';
}

static etas_status read_platform(etas_platform *p)
{
    const json_t *const root = p->given.file->root;

    if (json_object_get(root, "forecast_start") != NULL ||
        json_object_get(root, "model_parameters") != NULL)
        return etas_platform_hermes(p);
    if (json_object_get(root, "start_date") != NULL || json_object_get(root, "end_date") != NULL)
        return etas_platform_float_csep(p);
    etas_fail(p->given.err, ETAS_E_PARSE,
              "neither a HERMES model input (key \"forecast_start\") nor the arguments of a "
              "floatCSEP model (key \"start_date\")");
    return etas_error_in_file(p->given.err, p->given.file->path);
}

etas_status etas_model_input_read(etas_model_input *self, const etas_text *text, const char *path,
                                  const etas_log *log, etas_error *err)
{
    const char *const bytes = text->data != NULL ? text->data : "";
    etas_json file = {.path = path};
    etas_platform p = {
        .self = self,
        .given = {.file = &file, .use = ETAS_CONFIG_FORECAST, .log = log, .err = err},
        .settings = json_object()};
    etas_status st = is_object(text) ? etas_json_read(&file, text->len, bytes, path, err)
                                     : etas_args_read(&file, text->len, bytes, path, err);

    if (st == ETAS_OK)
        st = read_platform(&p);
    json_decref(p.settings);
    etas_json_close(&file);
    if (st != ETAS_OK)
        etas_model_input_free(self);
    return st;
}

etas_status etas_model_input_load(etas_model_input *self, const char *path, const etas_log *log,
                                  etas_error *err)
{
    etas_text text = {0};
    etas_status st = etas_file_read(path, &text, err);

    if (st == ETAS_OK)
        st = etas_model_input_read(self, &text, path, log, err);
    if (st == ETAS_OK && etas_config_note_input(&self->config, path) != ETAS_OK) {
        etas_model_input_free(self);
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for %s", path);
    }
    etas_text_free(&text);
    return st;
}

void etas_model_input_free(etas_model_input *self)
{
    etas_config_free(&self->config);
    free(self->output);
    self->output = NULL;
}
