#include "io/csv.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "etas/array.h"
#include "io/suggest.h"

enum { EXCERPT = 40, MOST_COLUMNS = 4096 };

/* What the file has, fit for a message: printable and short. */
static const char *excerpt(const char *text, size_t len, char out[EXCERPT + 4])
{
    size_t n = len < EXCERPT ? len : EXCERPT;

    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
    if (len > EXCERPT)
        for (; n < EXCERPT + 3; n++)
            out[n] = '.';
    out[n] = '\0';
    return out;
}

static etas_status fail_at(const etas_csv *self, uint64_t line, uint64_t column, etas_error *err)
{
    etas_error_in_file(err, self->name);
    etas_error_at_line(err, line, column);
    return err != NULL ? err->code : ETAS_E_PARSE;
}

static uint64_t column_of(const etas_csv *self, const char *at)
{
    return (uint64_t)(at - self->line_start) + 1;
}

/* Steps over a line end, if there is one here: \n, \r\n or a lone \r. */
static bool take_line_end(etas_csv *self)
{
    if (self->at == self->end || (*self->at != '\n' && *self->at != '\r'))
        return false;
    if (*self->at == '\r' && self->at + 1 < self->end && self->at[1] == '\n')
        self->at++;
    self->at++;
    self->line++;
    self->line_start = self->at;
    return true;
}

/* self->at stands behind the opening quote; leaves it behind the closing one. */
static etas_status read_quoted(etas_csv *self, etas_csv_field *f, etas_error *err)
{
    f->text = self->at;
    while (self->at < self->end) {
        if (*self->at == '"') {
            if (self->at + 1 == self->end || self->at[1] != '"') {
                f->len = (size_t)(self->at++ - f->text);
                return ETAS_OK;
            }
            f->doubled = true;
            self->at += 2;
        } else if (!take_line_end(self)) {
            self->at++;
        }
    }
    etas_fail(err, ETAS_E_PARSE, "the quote that opens here is never closed");
    fail_at(self, f->line, f->column, err);
    return ETAS_E_PARSE;
}

static etas_status read_field(etas_csv *self, etas_csv_field *f, etas_error *err)
{
    *f = (etas_csv_field){.line = self->line, .column = column_of(self, self->at)};
    if (self->at < self->end && *self->at == '"') {
        etas_status st;

        self->at++;
        st = read_quoted(self, f, err);
        if (st != ETAS_OK)
            return st;
        if (self->at < self->end && *self->at != ',' && *self->at != '\n' && *self->at != '\r') {
            etas_fail(err, ETAS_E_PARSE,
                      "text after a closing quote; expected ',' or the end of the line");
            fail_at(self, self->line, column_of(self, self->at), err);
            return ETAS_E_PARSE;
        }
        return ETAS_OK;
    }
    f->text = self->at;
    while (self->at < self->end && *self->at != ',' && *self->at != '\n' && *self->at != '\r')
        self->at++;
    f->len = (size_t)(self->at - f->text);
    return ETAS_OK;
}

/* One row with any number of fields into self->field; none at the end. */
static etas_status read_row(etas_csv *self, etas_error *err)
{
    self->n_fields = 0;
    while (take_line_end(self))
        continue;
    while (self->at < self->end || self->n_fields > 0) {
        etas_status st = etas_array_reserve((void **)&self->field, &self->field_capacity,
                                            self->n_fields + 1, sizeof *self->field);

        if (st != ETAS_OK)
            return etas_fail(err, st, "out of memory for a row of %zu fields", self->n_fields);
        st = read_field(self, &self->field[self->n_fields++], err);
        if (st != ETAS_OK)
            return st;
        if (self->at == self->end || take_line_end(self))
            break;
        self->at++; /* a comma: a field follows, perhaps an empty one */
    }
    return ETAS_OK;
}

static bool is_blank(const etas_csv_field *f)
{
    for (size_t i = 0; i < f->len; i++)
        if (f->text[i] != ' ' && f->text[i] != '\t')
            return false;
    return true;
}

static etas_status check_text(etas_csv *self, const char *text, size_t len, etas_error *err)
{
    const char *nul = len > 0 ? memchr(text, '\0', len) : NULL;

    if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
        etas_fail(err, ETAS_E_PARSE, "the text is UTF-16; expected UTF-8");
        fail_at(self, 1, 1, err);
        return ETAS_E_PARSE;
    }
    if (nul == NULL)
        return ETAS_OK;
    while (self->at < nul)
        if (!take_line_end(self))
            self->at++;
    etas_fail(err, ETAS_E_PARSE, "a byte 0; expected comma-separated text");
    fail_at(self, self->line, column_of(self, nul), err);
    return ETAS_E_PARSE;
}

/* Names lie one after the other in self->names; pointers are set when it no longer grows. */
static etas_status keep_names(etas_csv *self)
{
    size_t at = 0;

    for (size_t i = 0; i < self->n_columns; i++) {
        const char *text;
        size_t len;
        etas_status st = etas_csv_word(self, i, &text, &len, NULL);

        if (st == ETAS_OK)
            st = etas_text_append(&self->names, len, text);
        if (st == ETAS_OK)
            st = etas_text_append(&self->names, 1, "");
        if (st != ETAS_OK)
            return st;
    }
    for (size_t i = 0; i < self->n_columns; i++) {
        self->column[i] = self->names.data + at;
        at += strlen(self->column[i]) + 1;
    }
    return ETAS_OK;
}

static etas_status check_names(etas_csv *self, etas_error *err)
{
    for (size_t i = 2; i < self->n_columns; i++)
        for (size_t j = 1; j < i; j++)
            if (self->column[i][0] != '\0' && strcmp(self->column[i], self->column[j]) == 0) {
                etas_fail(err, ETAS_E_PARSE, "this column stands twice in the header");
                etas_error_in_key(err, self->column[i]);
                fail_at(self, self->header[i].line, self->header[i].column, err);
                return ETAS_E_PARSE;
            }
    return ETAS_OK;
}

etas_status etas_csv_open(etas_csv *self, size_t len, const char text[], const char *name,
                          etas_error *err)
{
    etas_status st;

    *self = (etas_csv){.name = name, .at = text, .end = text + len, .line_start = text, .line = 1};
    st = check_text(self, text, len, err);
    if (st != ETAS_OK)
        return st;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        self->at = self->line_start = text + 3;
    st = read_row(self, err);
    if (st != ETAS_OK)
        return st;
    if (self->n_fields == 0) {
        etas_fail(err, ETAS_E_PARSE, "the file is empty; expected a header row");
        fail_at(self, 1, 1, err);
        return ETAS_E_PARSE;
    }
    if (self->n_fields > MOST_COLUMNS) {
        etas_fail(err, ETAS_E_LIMIT, "%zu columns; at most %d are read", self->n_fields,
                  MOST_COLUMNS);
        fail_at(self, 1, 0, err);
        etas_csv_free(self);
        return ETAS_E_LIMIT;
    }
    self->n_columns = self->n_fields;
    if (etas_array_alloc((void **)&self->column, self->n_columns, sizeof *self->column) !=
            ETAS_OK ||
        etas_array_alloc((void **)&self->header, self->n_columns, sizeof *self->header) !=
            ETAS_OK ||
        keep_names(self) != ETAS_OK) {
        etas_csv_free(self);
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for the header");
    }
    memcpy(self->header, self->field, self->n_columns * sizeof *self->header);
    st = check_names(self, err);
    if (st != ETAS_OK)
        etas_csv_free(self);
    return st;
}

void etas_csv_free(etas_csv *self)
{
    etas_array_free((void **)&self->field);
    etas_array_free((void **)&self->header);
    etas_array_free((void **)&self->column);
    etas_text_free(&self->names);
    etas_text_free(&self->unquoted);
    self->n_fields = self->n_columns = self->field_capacity = 0;
}

size_t etas_csv_find(const etas_csv *self, const char *name)
{
    for (size_t i = 1; i < self->n_columns; i++)
        if (strcmp(self->column[i], name) == 0)
            return i;
    return self->n_columns > 0 && strcmp(self->column[0], name) == 0 ? 0 : ETAS_CSV_NONE;
}

static bool is_one_of(const char *word, size_t n, const char *const names[])
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, names[i]) == 0)
            return true;
    return false;
}

static etas_status fail_missing(const etas_csv *self, const char *name, size_t n,
                                const char *const names[], etas_error *err)
{
    char list[160] = "", hint[96] = "";
    const char *near = NULL;
    size_t used = 0;

    for (size_t i = 0; near == NULL && i < self->n_columns; i++)
        if (!is_one_of(self->column[i], n, names))
            near = etas_suggest(name, 1, &self->column[i]);
    if (near != NULL)
        etas_format(sizeof hint, hint, "; did you mean \"%.48s\"?", near);
    else if (self->n_columns == 1 && strpbrk(self->column[0], ";\t|") != NULL)
        etas_format(sizeof hint, hint, "; fields are separated by ','");
    for (size_t i = 0; i < self->n_columns && used + 1 < sizeof list; i++)
        used += etas_format(sizeof list - used, list + used, "%s\"%s\"", i > 0 ? ", " : "",
                            self->column[i]);
    etas_fail(err, ETAS_E_PARSE, "there is no such column; the header has %s%s%s", list,
              used + 1 == sizeof list ? "..." : "", hint);
    etas_error_in_key(err, name);
    fail_at(self, self->header[0].line, 0, err);
    return ETAS_E_PARSE;
}

etas_status etas_csv_require(const etas_csv *self, size_t n, const char *const names[],
                             size_t column[], etas_error *err)
{
    for (size_t i = 0; i < n; i++) {
        column[i] = etas_csv_find(self, names[i]);
        if (column[i] == ETAS_CSV_NONE)
            return fail_missing(self, names[i], n, names, err);
    }
    return ETAS_OK;
}

etas_status etas_csv_next(etas_csv *self, bool *more, etas_error *err)
{
    const etas_csv_field *where;

    do {
        const etas_status st = read_row(self, err);

        if (st != ETAS_OK)
            return st;
    } while (self->n_fields == 1 && self->n_columns > 1 && is_blank(&self->field[0]));
    *more = self->n_fields > 0;
    if (!*more || self->n_fields == self->n_columns)
        return ETAS_OK;
    where = &self->field[self->n_fields < self->n_columns ? self->n_fields - 1 : self->n_columns];
    etas_fail(err, ETAS_E_PARSE, "%zu fields; the header has %zu", self->n_fields, self->n_columns);
    fail_at(self, where->line, where->column, err);
    return ETAS_E_PARSE;
}

etas_status etas_csv_text(etas_csv *self, size_t column, const char **text, size_t *len,
                          etas_error *err)
{
    const etas_csv_field *f = &self->field[column];

    *text = f->text;
    *len = f->len;
    if (!f->doubled)
        return ETAS_OK;
    self->unquoted.len = 0;
    for (size_t i = 0; i < f->len; i++) {
        const etas_status st = etas_text_append(&self->unquoted, 1, &f->text[i]);

        if (st != ETAS_OK)
            return etas_fail(err, st, "out of memory for a field of %zu bytes", f->len);
        if (f->text[i] == '"')
            i++;
    }
    *text = self->unquoted.data;
    *len = self->unquoted.len;
    return ETAS_OK;
}

etas_status etas_csv_word(etas_csv *self, size_t column, const char **text, size_t *len,
                          etas_error *err)
{
    const etas_status st = etas_csv_text(self, column, text, len, err);

    if (st != ETAS_OK)
        return st;
    while (*len > 0 && (*text)[0] == ' ') {
        ++*text;
        --*len;
    }
    while (*len > 0 && (*text)[*len - 1] == ' ')
        --*len;
    return ETAS_OK;
}

static etas_status fail_field(const etas_csv *self, size_t column, etas_error *err)
{
    etas_error_in_key(err, self->column[column]);
    return fail_at(self, self->field[column].line, self->field[column].column, err);
}

etas_status etas_csv_fail_field(const etas_csv *self, size_t column, etas_status code,
                                const char *expected, etas_error *err)
{
    const etas_csv_field *f = &self->field[column];
    char shown[EXCERPT + 4];

    etas_fail(err, code, "found \"%s\", expected %s", excerpt(f->text, f->len, shown), expected);
    fail_field(self, column, err);
    return code;
}

/* Up to 15 digits and a power of ten that is exact are one correctly rounded division; everything
 * else is left to the general reader. */
static bool short_decimal(const char *text, size_t len, double *out)
{
    static const double power[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const bool minus = len > 0 && text[0] == '-';
    size_t i = minus ? 1 : 0, n_digits = 0, n_after = 0;
    bool point = false;
    int64_t value = 0;

    if (len - i > 16)
        return false;
    for (; i < len; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
        n_digits++;
        n_after += point;
    }
    if (n_digits == 0 || n_digits > 15)
        return false;
    *out = (double)value / power[n_after];
    if (minus)
        *out = -*out;
    return true;
}

static etas_status read_number(const etas_csv *self, size_t column, double *out, etas_error *err)
{
    const etas_csv_field *f = &self->field[column];
    char shown[EXCERPT + 4];

    if (short_decimal(f->text, f->len, out) || etas_parse_double(f->text, f->len, out))
        return ETAS_OK;
    if (is_blank(f))
        etas_fail(err, ETAS_E_PARSE, "empty; expected a number");
    else
        etas_fail(err, ETAS_E_PARSE, "\"%s\" is not a number", excerpt(f->text, f->len, shown));
    fail_field(self, column, err);
    return ETAS_E_PARSE;
}

etas_status etas_csv_number(const etas_csv *self, size_t column, double low, double high,
                            double *out, etas_error *err)
{
    char shown[EXCERPT + 4];
    double value;
    const etas_status st = read_number(self, column, &value, err);

    if (st != ETAS_OK)
        return st;
    if (isfinite(value) && value >= low && value <= high) {
        *out = value;
        return ETAS_OK;
    }
    excerpt(self->field[column].text, self->field[column].len, shown);
    if (isinf(low) && isinf(high))
        etas_fail(err, ETAS_E_RANGE, "\"%s\" is not a finite number", shown);
    else
        etas_fail(err, ETAS_E_RANGE, "\"%s\" is outside [%g, %g]", shown, low, high);
    fail_field(self, column, err);
    return ETAS_E_RANGE;
}

etas_status etas_csv_number_or_nan(const etas_csv *self, size_t column, double *out,
                                   etas_error *err)
{
    *out = NAN;
    if (column == ETAS_CSV_NONE || is_blank(&self->field[column]))
        return ETAS_OK;
    return read_number(self, column, out, err);
}

etas_status etas_csv_time(const etas_csv *self, size_t column, etas_time *out, etas_error *err)
{
    const etas_csv_field *f = &self->field[column];

    if (etas_time_parse(f->text, f->len, out, err) == ETAS_OK)
        return ETAS_OK;
    fail_field(self, column, err);
    return ETAS_E_PARSE;
}
