#include <math.h>
#include <string.h>

#include "etas/io.h"
#include "io/npy.h"

static etas_status append_magnitude(etas_catalog *out, double mag, size_t i, etas_error *err)
{
    const etas_event event = {.time = ETAS_TIME_NONE,
                              .lat = NAN,
                              .lon = NAN,
                              .mag = mag,
                              .mc = NAN,
                              .depth = NAN,
                              .x = NAN,
                              .y = NAN,
                              .z = NAN,
                              .covariate = NAN,
                              .id = ""};

    if (!(mag >= -10 && mag <= 12))
        return etas_fail(err, ETAS_E_RANGE, "magnitude %zu is %g, which is outside [-10, 12]",
                         i + 1, mag);
    if (etas_catalog_append(out, &event) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory after %zu magnitudes", i);
    return ETAS_OK;
}

etas_status etas_catalog_load_magnitudes(etas_catalog *out, const char *path, etas_error *err)
{
    etas_npy numbers = {0};
    etas_text text = {0};
    etas_status st = etas_file_read(path, &text, err);

    if (st != ETAS_OK)
        return st;
    if (text.len < 6 || memcmp(text.data, "\x93NUMPY", 6) != 0) {
        st = etas_catalog_read_csv(out, text.len, text.data, path, NULL, err);
        etas_text_free(&text);
        return st;
    }
    st = etas_npy_read(&numbers, text.len, (const uint8_t *)text.data, 1, err);
    for (size_t i = 0; st == ETAS_OK && i < numbers.rows; i++)
        st = append_magnitude(out, numbers.values[i], i, err);
    if (st != ETAS_OK) {
        (void)etas_error_in_file(err, path);
        etas_catalog_free(out);
    }
    etas_npy_free(&numbers);
    etas_text_free(&text);
    return st;
}
