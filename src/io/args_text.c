#include "io/args_text.h"

#include <string.h>

#include "io/lines.h"

/* '=' or, in front of it, ':' followed by a space: a time has colons too. */
static const char *separator(const etas_lines *l)
{
    for (const char *at = l->text; at < l->text + l->len; at++)
        if (*at == '=' || (*at == ':' && at + 1 < l->text + l->len && at[1] == ' '))
            return at;
    return NULL;
}

static json_t *value_of(const etas_field *v)
{
    const char quote = v->len > 1 ? v->text[0] : '\0';
    json_t *value;

    if ((quote == '"' || quote == '\'') && v->text[v->len - 1] == quote)
        return json_stringn(v->text + 1, v->len - 2);
    value = json_loadb(v->text, v->len, JSON_DECODE_ANY, NULL);
    return value != NULL ? value : json_stringn(v->text, v->len);
}

static etas_status fail_line(const etas_json *file, const etas_lines *l, const char *what,
                             etas_error *err)
{
    (void)etas_fail(err, ETAS_E_PARSE, "%s", what);
    (void)etas_error_in_file(err, file->path);
    (void)etas_error_at_line(err, l->line, 1);
    return ETAS_E_PARSE;
}

static etas_status take_line(etas_json *out, const etas_lines *l, etas_error *err)
{
    const char *const cut = separator(l);
    const etas_field line = etas_lines_field(l, 0, l->len);
    etas_field name, text;
    char key[80] = "";
    json_t *value;

    if (line.len == 0 || line.text[0] == '#')
        return ETAS_OK;
    if (cut == NULL)
        return fail_line(out, l, "expected \"key = value\"", err);
    name = etas_lines_field(l, 0, (size_t)(cut - l->text));
    text = etas_lines_field(l, (size_t)(cut - l->text) + 1, l->len);
    if (name.len == 0 || name.len >= sizeof key)
        return fail_line(out, l, "expected a key before the value", err);
    memcpy(key, name.text, name.len);
    if (json_object_get(out->root, key) != NULL) {
        (void)fail_line(out, l, "this key stands twice", err);
        return etas_error_in_key(err, key);
    }
    value = text.len > 0 ? value_of(&text) : json_null();
    if (value == NULL || json_object_set_new(out->root, key, value) != 0)
        return fail_line(out, l, "is not UTF-8", err);
    return ETAS_OK;
}

etas_status etas_args_read(etas_json *out, size_t len, const char text[], const char *path,
                           etas_error *err)
{
    etas_lines lines = {.at = text, .end = text + len};
    etas_status st = ETAS_OK;

    *out = (etas_json){.path = path, .root = json_object(), .is_lines = true};
    if (out->root == NULL || etas_text_append(&out->text, len, text) != ETAS_OK)
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for %s", path);
    while (st == ETAS_OK && etas_lines_next(&lines))
        st = take_line(out, &lines, err);
    if (st != ETAS_OK)
        etas_json_close(out);
    return st;
}
