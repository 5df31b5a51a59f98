#include "io/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"

/* A number that JSON does not have is handed to the parser as a string of the same length that is
 * made of this byte only; its length says which. */
#define STAND_IN '\x7f'

static const struct {
    const char *text;
    double value;
} specials[] = {{"-Infinity", -INFINITY}, {"Infinity", INFINITY}, {"NaN", NAN}};
enum { N_SPECIALS = sizeof specials / sizeof *specials };

static void replace_specials(size_t len, char text[])
{
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        if (in_string && text[i] == '\\') {
            i++;
            continue;
        }
        if (text[i] == '"')
            in_string = !in_string;
        if (in_string)
            continue;
        for (size_t k = 0; k < N_SPECIALS; k++) {
            const size_t n = strlen(specials[k].text);

            if (len - i < n || memcmp(text + i, specials[k].text, n) != 0)
                continue;
            memset(text + i, STAND_IN, n);
            text[i] = text[i + n - 1] = '"';
            i += n - 1;
            break;
        }
    }
}

static etas_status fail_syntax(const etas_json *self, const char *text, const json_error_t *e,
                               etas_error *err)
{
    const size_t at = e->position > 0 ? (size_t)e->position : 0;
    size_t line_start = at;

    while (line_start > 0 && text[line_start - 1] != '\n')
        line_start--;
    /* out of memory the parser mostly says nothing at all */
    if (json_error_code(e) == json_error_out_of_memory || e->text[0] == '\0')
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %s", self->path);
    etas_fail(err, ETAS_E_PARSE, "not valid JSON: %s", e->text);
    etas_error_in_file(err, self->path);
    etas_error_at_line(err, e->line > 0 ? (uint64_t)e->line : 1, (uint64_t)(at - line_start) + 1);
    return ETAS_E_PARSE;
}

/* Takes self->text, which etas_json_close frees. */
static etas_status parse(etas_json *self, etas_error *err)
{
    const bool bom = self->text.len >= 3 && memcmp(self->text.data, "\xef\xbb\xbf", 3) == 0;
    const size_t skip = bom ? 3 : 0;
    etas_text copy = {0};
    etas_status st = ETAS_OK;
    json_error_t e;

    if (etas_text_append(&copy, self->text.len - skip,
                         self->text.len > 0 ? self->text.data + skip : "") != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %s", self->path);
    replace_specials(copy.len, copy.data);
    self->root = json_loadb(copy.data, copy.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (self->root == NULL) {
        st = fail_syntax(self, copy.data, &e, err);
    } else if (!json_is_object(self->root)) {
        st = etas_fail(err, ETAS_E_PARSE, "expected a JSON object {\"key\": value, ...}");
        etas_error_in_file(err, self->path);
    }
    etas_text_free(&copy);
    if (st != ETAS_OK)
        etas_json_close(self);
    return st;
}

etas_status etas_json_open(etas_json *self, const char *path, etas_error *err)
{
    const etas_status st = etas_file_read(path, &self->text, err);

    self->path = path;
    return st == ETAS_OK ? parse(self, err) : st;
}

etas_status etas_json_read(etas_json *self, size_t len, const char text[], const char *path,
                           etas_error *err)
{
    self->path = path;
    if (etas_text_append(&self->text, len, text) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %s", path);
    return parse(self, err);
}

void etas_json_close(etas_json *self)
{
    json_decref(self->root);
    self->root = NULL;
    etas_text_free(&self->text);
}

json_t *etas_json_get(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    if (value == NULL || json_is_null(value) ||
        (json_is_string(value) && strcmp(json_string_value(value), "None") == 0))
        return NULL;
    return value;
}

static bool is_special(const json_t *value, double *out)
{
    const size_t len = json_is_string(value) ? json_string_length(value) : 0;
    const char *text = json_string_value(value);

    for (size_t i = 0; i < len; i++)
        if (text[i] != STAND_IN)
            return false;
    for (size_t k = 0; k < N_SPECIALS; k++)
        if (len > 0 && len == strlen(specials[k].text) - 2) {
            *out = specials[k].value;
            return true;
        }
    return false;
}

bool etas_json_is_number(const json_t *value, double *out)
{
    if (is_special(value, out))
        return true;
    if (!json_is_number(value))
        return false;
    *out = json_number_value(value);
    return true;
}

const char *etas_json_text(const json_t *value)
{
    double number;

    return is_special(value, &number) ? NULL : json_string_value(value);
}

const char *etas_json_describe(const json_t *value, char out[64])
{
    double number;

    if (etas_json_is_number(value, &number))
        etas_format(64, out, "the number %.12g", number);
    else if (json_is_string(value))
        etas_format(64, out, "the string \"%.40s\"", json_string_value(value));
    else if (json_is_boolean(value))
        etas_format(64, out, "%s", json_is_true(value) ? "true" : "false");
    else if (json_is_array(value))
        etas_format(64, out, "a list");
    else
        etas_format(64, out, json_is_object(value) ? "an object" : "null");
    return out;
}

/* ---- places ---- */

/* The text is known to be valid, so quotes and brackets are all that has to be followed. */
static const char *skip_space(const char *p, const char *end)
{
    while (p < end && strchr(" \t\r\n,:", *p) != NULL)
        p++;
    return p;
}

/* @p p stands at the opening quote; what follows the closing one. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        p += *p == '\\';
    return p < end ? p + 1 : end;
}

static const char *skip_value(const char *p, const char *end)
{
    size_t depth = 0;

    while (p < end) {
        if (*p == '"') {
            p = skip_string(p, end);
        } else if (*p == '{' || *p == '[') {
            depth++;
            p++;
        } else if (*p == '}' || *p == ']') {
            depth--;
            p++;
        } else { /* a number or a word, or space inside brackets */
            const size_t n = strcspn(p, " \t\r\n,:{}[]\"");

            p += n > 0 ? n : 1;
        }
        if (depth == 0)
            break;
    }
    return p < end ? p : end;
}

/* From an object at @p p to the quote before its key; NULL when it has none such. */
static const char *find_member(const char *p, const char *end, size_t n, const char key[])
{
    for (p = skip_space(p + 1, end); p < end && *p == '"'; p = skip_space(p, end)) {
        const char *after = skip_string(p, end);

        if ((size_t)(after - p) == n + 2 && memcmp(p + 1, key, n) == 0)
            return p;
        p = skip_value(skip_space(after, end), end);
    }
    return NULL;
}

static const char *find_element(const char *p, const char *end, size_t number)
{
    for (p = skip_space(p + 1, end); p < end && *p != ']'; p = skip_space(p, end)) {
        if (number-- == 0)
            return p;
        p = skip_value(p, end);
    }
    return NULL;
}

/* One step down, by a key or by the number of a list's element: from a value to the place of the
 * next one's name, and to that value. */
static const char *step_down(const char *p, const char *end, size_t n, const char step[],
                             const char **value)
{
    uint64_t number;
    const char *at = NULL;

    if (p < end && *p == '{') {
        at = find_member(p, end, n, step);
        *value = at != NULL ? skip_space(skip_string(at, end), end) : NULL;
    } else if (p < end && *p == '[' && etas_parse_u64(step, n, &number)) {
        at = *value = find_element(p, end, (size_t)number);
    }
    return at;
}

/* Where @p key of the object @p parent (NULL: the outermost) stands; false when it is not there,
 * with the place of that object. */
static bool find_key(const etas_text *text, const char *parent, const char *key, uint64_t *line,
                     uint64_t *column)
{
    const char *const end = text->data + text->len;
    const char *p = text->data, *at = NULL, *found, *line_start = text->data;

    *line = *column = 0;
    while (p < end && *p != '{')
        p++;
    while (parent != NULL && *parent != '\0') {
        const size_t n = strcspn(parent, "/");

        at = step_down(p, end, n, parent, &p);
        if (at == NULL)
            return false;
        parent += n + (parent[n] == '/');
    }
    found = step_down(p, end, strlen(key), key, &p);
    at = found != NULL ? found : at;
    if (at == NULL)
        return false;
    *line = 1;
    for (p = text->data; p < at; p++)
        if (*p == '\n') {
            ++*line;
            line_start = p + 1;
        }
    *column = (uint64_t)(at - line_start) + 1;
    return found != NULL;
}

/* The first line that begins with the key, which no letter follows. */
static bool find_line(const etas_text *text, const char *key, uint64_t *line, uint64_t *column)
{
    const char *const end = text->data + text->len;
    const size_t n = strlen(key);

    *line = *column = 1;
    for (const char *p = text->data; p < end; p++, ++*line) {
        const char *at = p + strspn(p, " \t");

        if (strncmp(at, key, n) == 0 && strchr(" \t=:", at[n]) != NULL)
            return true;
        p += strcspn(p, "\n");
    }
    *line = *column = 0;
    return false;
}

/* The same as find_key, also inside of self->within. */
static bool find_place(const etas_json *self, const char *parent, const char *key, uint64_t *line,
                       uint64_t *column)
{
    bool found = self->is_lines ? find_line(&self->text, key, line, column)
                                : find_key(&self->text, parent, key, line, column);

    for (const char *const *in = self->within; in != NULL && *in != NULL && *line == 0; in++) {
        char path[256];

        etas_format(sizeof path, path, "%s%s%s", *in, parent != NULL ? "/" : "",
                    parent != NULL ? parent : "");
        found = find_key(&self->text, path, key, line, column);
        if (!found && parent == NULL)
            *line = 0; /* the object is there, the key is not in it */
    }
    return found;
}

etas_status etas_json_fail(const etas_json *self, const char *parent, const char *name,
                           etas_error *err, etas_status code, const char *fmt, ...)
{
    uint64_t line, column;
    char text[sizeof err->text];
    va_list ap;

    va_start(ap, fmt);
    etas_vformat(sizeof text, text, fmt, ap);
    va_end(ap);
    etas_fail(err, code, "%s", text);
    etas_error_in_file(err, self->path);
    etas_error_in_key(err, name);
    (void)find_place(self, parent, name, &line, &column);
    if (line > 0)
        etas_error_at_line(err, line, column);
    return code;
}

uint64_t etas_json_line(const etas_json *self, const char *parent, const char *key)
{
    uint64_t line, column;

    return find_place(self, parent, key, &line, &column) ? line : 0;
}

/* The reverse of replace_specials: what it made is as long as what it was made of. */
static void restore_specials(size_t len, char text[])
{
    for (size_t i = 0; i + 2 < len; i++) {
        const size_t n = text[i] == '"' ? strspn(text + i + 1, "\x7f") : 0;

        if (n == 0 || text[i + 1 + n] != '"')
            continue;
        for (size_t k = 0; k < N_SPECIALS; k++)
            if (strlen(specials[k].text) == n + 2)
                memcpy(text + i, specials[k].text, n + 2);
    }
}

etas_status etas_json_print(const json_t *value, etas_text *out)
{
    char *const text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
    etas_status st = text != NULL ? ETAS_OK : ETAS_E_NOMEM;

    if (st == ETAS_OK) {
        restore_specials(strlen(text), text);
        st = etas_text_append(out, strlen(text), text);
    }
    free(text);
    return st;
}
