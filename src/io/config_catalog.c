/* How the catalogue is read: input_format, event_types, magnitude_types. */
#include <stdlib.h>
#include <string.h>

#include "io/catalog_reader.h"
#include "io/config_reader.h"

static etas_status read_format(const etas_config_reader *r)
{
    const char key[] = "input_format";
    char *text = NULL;
    etas_status st = etas_setting_text(r, key, &text);

    if (st == ETAS_OK && text != NULL && !etas_catalog_format_parse(text, &r->self->input_format))
        st = etas_setting_fail(r, key, ETAS_E_PARSE, "\"%.40s\"; expected one of %s", text,
                               ETAS_CATALOG_FORMAT_NAMES);
    free(text);
    return st;
}

/* A list of strings, joined by commas, or such a text. */
static etas_status join(const etas_config_reader *r, const char *key, const json_t *list,
                        etas_text *out)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = etas_json_text(json_array_get(list, i));

        if (name == NULL)
            return etas_setting_fail(r, key, ETAS_E_PARSE, "element %zu is no string", i + 1);
        if (etas_text_printf(out, "%s%s", i > 0 ? "," : "", name) != ETAS_OK)
            return etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->file->path);
    }
    return ETAS_OK;
}

static etas_status read_list(const etas_config_reader *r, const char *key, char **out)
{
    const json_t *value = etas_setting_find(r, key).value;
    etas_text joined = {0};
    etas_status st;

    if (value == NULL)
        return ETAS_OK;
    if (!json_is_array(value) && etas_json_text(value) == NULL)
        return etas_setting_fail_type(r, key, "a list of strings");
    if (!json_is_array(value)) {
        st = etas_setting_text(r, key, out);
    } else {
        st = join(r, key, value, &joined);
        free(*out);
        *out = st == ETAS_OK ? strdup(joined.data != NULL ? joined.data : "") : NULL;
        if (st == ETAS_OK && *out == NULL)
            st = etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->file->path);
        etas_text_free(&joined);
    }
    if (st == ETAS_OK && etas_list_length(*out) == 0)
        st = etas_setting_fail(r, key, ETAS_E_RANGE, "names no type");
    return st;
}

etas_status etas_setting_catalog(const etas_config_reader *r)
{
    etas_status st = read_format(r);

    if (st == ETAS_OK)
        st = read_list(r, "event_types", &r->self->event_types);
    if (st == ETAS_OK)
        st = read_list(r, "magnitude_types", &r->self->magnitude_types);
    return st;
}

etas_catalog_options etas_config_catalog_options(const etas_config *self,
                                                 const etas_catalog_wanted *want)
{
    return (etas_catalog_options){.want = want,
                                  .format = self->input_format,
                                  .event_types = self->event_types,
                                  .magnitude_types = self->magnitude_types};
}

etas_status etas_config_catalog(const etas_config *self, const char *path,
                                const etas_catalog_wanted *want, etas_catalog *out,
                                etas_catalog_summary *summary, etas_error *err)
{
    const etas_catalog_options options = etas_config_catalog_options(self, want);
    const etas_catalog_bytes own = {path, self->catalog_len, self->catalog_text};

    return own.bytes != NULL && self->fn_catalog != NULL && strcmp(path, self->fn_catalog) == 0
               ? etas_catalog_read(out, &own, &options, summary, err)
               : etas_catalog_load(out, path, &options, summary, err);
}
