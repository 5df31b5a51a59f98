#include "etas/status.h"

#include <stdarg.h>

#include "etas/text.h"

const char *etas_strerror(etas_status code)
{
    switch (code) {
#define X(name, value, text) \
    case ETAS_##name:        \
        return text;
        ETAS_STATUS_MAP(X)
#undef X
    }
    return "unknown status";
}

etas_status etas_fail(etas_error *err, etas_status code, const char *fmt, ...)
{
    if (err != NULL && err->code == ETAS_OK) {
        va_list ap;

        err->code = code;
        va_start(ap, fmt);
        etas_vformat(sizeof err->text, err->text, fmt, ap);
        va_end(ap);
    }
    return code;
}

static void set_if_empty(size_t capacity, char field[], const char *value)
{
    if (field[0] == '\0' && value != NULL)
        etas_format(capacity, field, "%s", value);
}

etas_status etas_error_in_file(etas_error *err, const char *file)
{
    if (err == NULL)
        return ETAS_OK;
    set_if_empty(sizeof err->file, err->file, file);
    return err->code;
}

etas_status etas_error_at_line(etas_error *err, uint64_t line, uint64_t column)
{
    if (err == NULL)
        return ETAS_OK;
    if (err->line == 0) {
        err->line = line;
        err->column = column;
    }
    return err->code;
}

etas_status etas_error_in_key(etas_error *err, const char *key)
{
    if (err == NULL)
        return ETAS_OK;
    set_if_empty(sizeof err->key, err->key, key);
    return err->code;
}

etas_status etas_error_on_host(etas_error *err, const char *host)
{
    if (err == NULL)
        return ETAS_OK;
    set_if_empty(sizeof err->host, err->host, host);
    return err->code;
}

char *etas_error_format(const etas_error *err, size_t capacity, char out[])
{
    char place[320] = "", key[96] = "", host[160] = "";
    const char *text = err->text[0] != '\0' ? err->text : etas_strerror(err->code);

    if (err->file[0] != '\0' && err->line != 0 && err->column != 0)
        etas_format(sizeof place, place, "%s:%llu:%llu: ", err->file, (unsigned long long)err->line,
                    (unsigned long long)err->column);
    else if (err->file[0] != '\0' && err->line != 0)
        etas_format(sizeof place, place, "%s:%llu: ", err->file, (unsigned long long)err->line);
    else if (err->file[0] != '\0')
        etas_format(sizeof place, place, "%s: ", err->file);
    if (err->key[0] != '\0')
        etas_format(sizeof key, key, "\"%s\": ", err->key);
    if (err->host[0] != '\0')
        etas_format(sizeof host, host, " (%s)", err->host);
    etas_format(capacity, out, "%s%s%s%s", place, key, text, host);
    return out;
}
