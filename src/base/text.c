#include "etas/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h> /* vsnprintf only: the one place in the pure modules that may */
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"

size_t etas_vformat(size_t capacity, char out[], const char *fmt, va_list ap)
{
    int n;

    if (capacity == 0)
        return 0;
    n = vsnprintf(out, capacity, fmt, ap);
    if (n < 0) {
        out[0] = '\0';
        return 0;
    }
    return (size_t)n < capacity ? (size_t)n : capacity - 1;
}

size_t etas_format(size_t capacity, char out[], const char *fmt, ...)
{
    va_list ap;
    size_t n;

    va_start(ap, fmt);
    n = etas_vformat(capacity, out, fmt, ap);
    va_end(ap);
    return n;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Trims spaces and copies to a terminated buffer for the strto* family. */
static bool copy_number(const char *text, size_t len, size_t capacity, char out[])
{
    while (len > 0 && is_space(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && is_space(text[len - 1]))
        len--;
    if (len == 0 || len >= capacity || memchr(text, '\0', len) != NULL)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

bool etas_parse_double(const char *text, size_t len, double *out)
{
    char buf[512], *end;
    double value;

    if (!copy_number(text, len, sizeof buf, buf) || strpbrk(buf, "xXpP(") != NULL)
        return false;
    value = strtod(buf, &end);
    if (*end != '\0')
        return false;
    *out = value;
    return true;
}

bool etas_parse_i64(const char *text, size_t len, int64_t *out)
{
    char buf[64], *end;
    long long value;

    if (!copy_number(text, len, sizeof buf, buf))
        return false;
    errno = 0;
    value = strtoll(buf, &end, 10);
    if (*end != '\0' || errno == ERANGE)
        return false;
    *out = value;
    return true;
}

bool etas_parse_u64(const char *text, size_t len, uint64_t *out)
{
    char buf[64], *end;
    unsigned long long value;

    if (!copy_number(text, len, sizeof buf, buf) || strchr(buf, '-') != NULL)
        return false;
    errno = 0;
    value = strtoull(buf, &end, 10);
    if (*end != '\0' || errno == ERANGE)
        return false;
    *out = value;
    return true;
}

bool etas_parse_duration(const char *text, double *seconds)
{
    static const struct {
        char suffix;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    size_t len = strlen(text);
    double scale = 1, value;

    for (size_t i = 0; len > 0 && i < sizeof units / sizeof *units; i++)
        if (text[len - 1] == units[i].suffix) {
            scale = units[i].seconds;
            len--;
            break;
        }
    if (!etas_parse_double(text, len, &value) || !(value >= 0) || isinf(value * scale))
        return false;
    *seconds = value * scale;
    return true;
}

size_t etas_format_double(double value, char out[32])
{
    size_t n = 0;

    if (isnan(value))
        return etas_format(32, out, "NaN");
    if (isinf(value))
        return etas_format(32, out, value > 0 ? "Infinity" : "-Infinity");
    for (int digits = 15; digits <= 17; digits++) {
        n = etas_format(32, out, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    return n;
}

etas_status etas_text_append(etas_text *self, size_t len, const char bytes[])
{
    const etas_status st =
        etas_array_reserve((void **)&self->data, &self->capacity, self->len + len + 1, 1);

    if (st != ETAS_OK)
        return st;
    if (len > 0)
        memcpy(self->data + self->len, bytes, len);
    self->len += len;
    self->data[self->len] = '\0';
    return ETAS_OK;
}

etas_status etas_text_printf(etas_text *self, const char *fmt, ...)
{
    va_list ap;
    etas_status st;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return ETAS_E_ARG;
    st = etas_array_reserve((void **)&self->data, &self->capacity, self->len + (size_t)n + 1, 1);
    if (st != ETAS_OK)
        return st;
    va_start(ap, fmt);
    (void)vsnprintf(self->data + self->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    self->len += (size_t)n;
    return ETAS_OK;
}

void etas_text_free(etas_text *self)
{
    etas_array_free((void **)&self->data);
    self->len = self->capacity = 0;
}
