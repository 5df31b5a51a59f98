#include "io/config_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "io/file.h"
#include "io/suggest.h"

/* What a forecast, or an evaluation, takes from the inversion's parameters file when the
 * configuration is silent. */
static const char *const inherited[] = {"fn_catalog",
                                        "auxiliary_start",
                                        "timewindow_start",
                                        "timewindow_end",
                                        "mc",
                                        "m_ref",
                                        "delta_m",
                                        "shape_coords",
                                        "coppersmith_multiplier",
                                        "earth_radius",
                                        "bw_sq",
                                        "beta",
                                        "id",
                                        "name",
                                        "three_dim",
                                        "space_unit_in_meters",
                                        "input_format",
                                        "event_types",
                                        "magnitude_types"};

static json_t *present_in(const json_t *object, const char *key)
{
    json_t *value = etas_json_get(object, key);
    double number;

    return etas_json_is_number(value, &number) && isnan(number) ? NULL : value;
}

bool etas_setting_is_inner(const etas_config_reader *r, const char *key)
{
    return r->inner != NULL && present_in(r->inner, key) != NULL;
}

etas_setting etas_setting_find(const etas_config_reader *r, const char *key)
{
    etas_setting s = {.file = r->file};

    if (etas_setting_is_inner(r, key) || r->inner_only)
        return (etas_setting){present_in(r->inner, key), r->file, r->inner_path};
    s.value = present_in(r->file->root, key);
    if (s.value == NULL && r->inner != NULL)
        s.parent = r->inner_path;
    if (s.value != NULL || r->results == NULL)
        return s;
    for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++)
        if (strcmp(key, inherited[i]) == 0 && present_in(r->results->root, key) != NULL)
            return (etas_setting){present_in(r->results->root, key), r->results, NULL};
    return s;
}

etas_status etas_setting_fail(const etas_config_reader *r, const char *key, etas_status code,
                              const char *fmt, ...)
{
    const etas_setting s = etas_setting_find(r, key);
    char text[sizeof r->err->text];
    va_list ap;

    va_start(ap, fmt);
    etas_vformat(sizeof text, text, fmt, ap);
    va_end(ap);
    return etas_json_fail(s.file, s.parent, key, r->err, code, "%s", text);
}

static void join(const char *before, const char *last, char out[ETAS_CONFIG_PATH])
{
    etas_format(ETAS_CONFIG_PATH, out, "%s%s%s", before != NULL ? before : "",
                before != NULL ? "/" : "", last);
}

etas_status etas_setting_fail_member(const etas_config_reader *r, const char *key, const char *name,
                                     etas_status code, const char *fmt, ...)
{
    const etas_setting s = etas_setting_find(r, key);
    char text[sizeof r->err->text], parent[ETAS_CONFIG_PATH];
    va_list ap;

    va_start(ap, fmt);
    etas_vformat(sizeof text, text, fmt, ap);
    va_end(ap);
    join(s.parent, key, parent);
    return etas_json_fail(s.file, parent, name, r->err, code, "%s", text);
}

etas_status etas_setting_enter(const etas_config_reader *r, const char *key, const char *expected,
                               etas_config_reader *inside)
{
    const etas_setting s = etas_setting_find(r, key);

    if (!json_is_object(s.value))
        return etas_setting_fail_type(r, key, expected);
    *inside = *r;
    inside->file = s.file;
    inside->inner = s.value;
    inside->inner_only = true;
    join(s.parent, key, inside->inner_path);
    return ETAS_OK;
}

etas_status etas_setting_enter_element(const etas_config_reader *r, const char *key, size_t i,
                                       etas_config_reader *inside)
{
    const etas_setting s = etas_setting_find(r, key);
    json_t *element = json_array_get(s.value, i);
    char found[64], number[32];

    *inside = *r;
    inside->file = s.file;
    inside->inner = element;
    etas_format(sizeof number, number, "%zu", i);
    join(key, number, inside->inner_path);
    if (json_is_object(element))
        return ETAS_OK;
    etas_json_fail(s.file, key, number, r->err, ETAS_E_PARSE,
                   "element %zu is %s, expected an object", i + 1,
                   etas_json_describe(element, found));
    if (r->err != NULL) /* the place is the element's, the name the list's */
        etas_format(sizeof r->err->key, r->err->key, "%s", key);
    return ETAS_E_PARSE;
}

void etas_setting_warn_unknown(const etas_config_reader *r, size_t n, const char *const names[])
{
    const char *name;
    json_t *unused;

    json_object_foreach(r->inner, name, unused)
    {
        const char *near = etas_suggest(name, n, names);
        const unsigned long long line = etas_json_line(r->file, r->inner_path, name);
        char at[24] = ""; /* nothing where a platform's settings come from another place */

        if (line > 0)
            etas_format(sizeof at, at, ":%llu", line);
        if (near != NULL && strcmp(near, name) == 0)
            continue;
        etas_log_write(r->log, ETAS_LOG_WARN, "%s%s: unknown key \"%.80s\" is ignored%s%s%s",
                       r->file->path, at, name, near != NULL ? "; did you mean \"" : "",
                       near != NULL ? near : "", near != NULL ? "\"?" : "");
    }
}

etas_status etas_setting_fail_type(const etas_config_reader *r, const char *key,
                                   const char *expected)
{
    char found[64];

    return etas_setting_fail(r, key, ETAS_E_PARSE, "found %s, expected %s",
                             etas_json_describe(etas_setting_find(r, key).value, found), expected);
}

static etas_status fail_memory(const etas_config_reader *r)
{
    return etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->file->path);
}

etas_status etas_setting_text(const etas_config_reader *r, const char *key, char **out)
{
    const json_t *value = etas_setting_find(r, key).value;
    char digits[32];
    const char *text = etas_json_text(value);

    if (value == NULL)
        return ETAS_OK;
    if (json_is_integer(value)) { /* an id is often one */
        etas_format(sizeof digits, digits, "%lld", (long long)json_integer_value(value));
        text = digits;
    }
    if (text == NULL)
        return etas_setting_fail_type(r, key, "a string");
    free(*out);
    *out = strdup(text);
    return *out != NULL ? ETAS_OK : fail_memory(r);
}

etas_status etas_config_note_input(etas_config *self, const char *path)
{
    const size_t size = sizeof *self->inputs;
    char *copy;

    if (etas_array_reserve((void **)&self->inputs, &self->inputs_capacity, self->n_inputs + 1,
                           size) != ETAS_OK)
        return ETAS_E_NOMEM;
    copy = strdup(path);
    if (copy == NULL)
        return ETAS_E_NOMEM;
    self->inputs[self->n_inputs++] = copy;
    return ETAS_OK;
}

etas_status etas_setting_path(const etas_config_reader *r, const char *key, char **out)
{
    const etas_setting s = etas_setting_find(r, key);
    const char *text = etas_json_text(s.value);

    if (s.value == NULL)
        return ETAS_OK;
    if (text == NULL || text[0] == '\0')
        return etas_setting_fail_type(r, key, "the path of a file");
    if (etas_path_resolve(text, s.file->path, out) != ETAS_OK ||
        etas_config_note_input(r->self, *out) != ETAS_OK)
        return fail_memory(r);
    return ETAS_OK;
}

etas_status etas_setting_number(const etas_config_reader *r, const char *key, double low,
                                double high, double *out)
{
    const json_t *value = etas_setting_find(r, key).value;
    double number;

    if (value == NULL)
        return ETAS_OK;
    if (!etas_json_is_number(value, &number))
        return etas_setting_fail_type(r, key, "a number");
    if (number < low && isinf(high))
        return etas_setting_fail(r, key, ETAS_E_RANGE, "found %.12g, expected at least %g", number,
                                 low);
    if (!(number >= low && number <= high))
        return etas_setting_fail(r, key, ETAS_E_RANGE,
                                 "%.12g is outside its allowed range [%g, %g]", number, low, high);
    *out = number;
    return ETAS_OK;
}

etas_status etas_setting_count(const etas_config_reader *r, const char *key, uint64_t low,
                               uint64_t high, uint64_t *out)
{
    const json_t *value = etas_setting_find(r, key).value;
    double number = -1;
    uint64_t count = 0;

    if (value == NULL)
        return ETAS_OK;
    if (json_is_integer(value) && json_integer_value(value) >= 0)
        count = (uint64_t)json_integer_value(value);
    else if (json_is_real(value) && json_real_value(value) >= 0 && json_real_value(value) < 0x1p53)
        count = (uint64_t)json_real_value(value); /* Python writes 1e5 as 100000.0 */
    (void)etas_json_is_number(value, &number);
    if (number < 0 || (json_is_real(value) && (double)count != number) || json_is_string(value))
        return etas_setting_fail_type(r, key, "a whole number that is not negative");
    if (count < low || count > high)
        return etas_setting_fail(
            r, key, ETAS_E_RANGE, "%llu is outside its allowed range [%llu, %llu]",
            (unsigned long long)count, (unsigned long long)low, (unsigned long long)high);
    *out = count;
    return ETAS_OK;
}

etas_status etas_setting_flag(const etas_config_reader *r, const char *key, bool *out)
{
    const json_t *value = etas_setting_find(r, key).value;

    if (value == NULL)
        return ETAS_OK;
    if (!json_is_boolean(value))
        return etas_setting_fail_type(r, key, "true or false");
    *out = json_is_true(value);
    return ETAS_OK;
}

etas_status etas_setting_time(const etas_config_reader *r, const char *key, etas_time *out)
{
    const json_t *value = etas_setting_find(r, key).value;
    const char *text = etas_json_text(value);
    etas_error e = {0};

    if (value == NULL)
        return ETAS_OK;
    if (text == NULL)
        return etas_setting_fail_type(r, key, "a time \"YYYY-MM-DD HH:MM:SS\"");
    if (etas_time_parse(text, json_string_length(value), out, &e) != ETAS_OK)
        return etas_setting_fail(r, key, e.code, "%s", e.text);
    return ETAS_OK;
}

etas_status etas_setting_choice(const etas_config_reader *r, const char *key,
                                const char *const words[2], bool *out)
{
    const json_t *value = etas_setting_find(r, key).value;
    char expected[64];

    if (value == NULL)
        return ETAS_OK;
    for (int i = 0; i < 2; i++)
        if (json_is_string(value) && strcmp(json_string_value(value), words[i]) == 0) {
            *out = i == 1;
            return ETAS_OK;
        }
    etas_format(sizeof expected, expected, "\"%s\" or \"%s\"", words[0], words[1]);
    return etas_setting_fail_type(r, key, expected);
}
