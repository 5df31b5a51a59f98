#include "io/lines.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "etas/text.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool etas_lines_next(etas_lines *self)
{
    if (self->at == self->end)
        return false;
    self->text = self->at;
    while (self->at < self->end && *self->at != '\n' && *self->at != '\r')
        self->at++;
    self->len = (size_t)(self->at - self->text);
    if (self->at < self->end && *self->at == '\r' && self->end - self->at > 1 &&
        self->at[1] == '\n')
        self->at++;
    self->at += self->at < self->end;
    self->line++;
    return true;
}

etas_field etas_lines_field(const etas_lines *self, size_t begin, size_t end)
{
    while (begin < end && is_blank(self->text[begin]))
        begin++;
    while (end > begin && is_blank(self->text[end - 1]))
        end--;
    return (etas_field){self->text + begin, end - begin, begin + 1};
}

size_t etas_lines_split(const etas_lines *self, char separator, etas_field out[ETAS_FIELDS])
{
    const bool blanks = separator == ' ';
    size_t n = 0, at = 0;

    for (;;) {
        const size_t begin = at;

        while (blanks && at < self->len && is_blank(self->text[at]))
            at++;
        if (blanks && at == self->len)
            return n;
        while (at < self->len && (blanks ? !is_blank(self->text[at]) : self->text[at] != separator))
            at++;
        if (n == ETAS_FIELDS - 1)
            at = self->len;
        out[n++] = etas_lines_field(self, begin, at);
        if (at == self->len)
            return n;
        at += !blanks;
    }
}

bool etas_field_is(const etas_field *self, const char *name)
{
    return self->len == strlen(name) && strncasecmp(self->text, name, self->len) == 0;
}

etas_place etas_field_place(const etas_lines *lines, const etas_field *self, const char *key)
{
    return (etas_place){.line = lines->line, .column = self->column, .key = key};
}

etas_status etas_field_number(const etas_catalog_reader *r, const etas_lines *lines,
                              const etas_field *self, const char *key, double *out)
{
    const etas_place at = etas_field_place(lines, self, key);
    char shown[ETAS_EXCERPT];

    if (etas_parse_double(self->text, self->len, out))
        return ETAS_OK;
    if (self->len == 0)
        return etas_catalog_fail(r, &at, ETAS_E_PARSE, "empty; expected a number");
    return etas_catalog_fail(r, &at, ETAS_E_PARSE, "\"%s\" is not a number",
                             etas_excerpt(self->len, self->text, shown));
}

etas_status etas_field_number_or_nan(const etas_catalog_reader *r, const etas_lines *lines,
                                     const etas_field *self, const char *key, double *out)
{
    *out = NAN;
    return self->len > 0 ? etas_field_number(r, lines, self, key, out) : ETAS_OK;
}
