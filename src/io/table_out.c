#include "io/table_out.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "io/decimal.h"

void etas_csv_put_text(FILE *out, size_t len, const char text[])
{
    bool quote = false;

    for (size_t i = 0; i < len; i++)
        quote |= text[i] != '\0' && strchr(",\"\r\n", text[i]) != NULL;
    if (!quote) {
        (void)fwrite(text, 1, len, out);
        return;
    }
    (void)fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            (void)fputc('"', out);
        (void)fputc(text[i], out);
    }
    (void)fputc('"', out);
}

void etas_table_put_text(FILE *out, size_t len, const char text[])
{
    etas_csv_put_text(out, len, text);
    (void)fputc(',', out);
}

void etas_table_put_number(FILE *out, double value, char after)
{
    char text[33];
    const size_t len = isnan(value) ? 0 : etas_decimal_put(value, text);

    text[len] = after;
    (void)fwrite(text, 1, len + 1, out);
}

etas_status etas_table_check(FILE *out, const char *path, etas_error *err)
{
    if (!ferror(out))
        return ETAS_OK;
    etas_fail(err, ETAS_E_IO, "cannot be written: %s", strerror(errno));
    etas_error_in_file(err, path);
    return ETAS_E_IO;
}
