#include <math.h>
#include <string.h>

#include "etas/io.h"
#include "io/catalog_reader.h"
#include "io/npy.h"

static etas_status append_magnitude(etas_catalog *out, double mag, size_t i, etas_error *err)
{
    etas_event event = etas_event_blank();

    event.mag = mag;
    if (!(mag >= -10 && mag <= 12))
        return etas_fail(err, ETAS_E_RANGE, "magnitude %zu is %g, which is outside [-10, 12]",
                         i + 1, mag);
    if (etas_catalog_append(out, &event) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory after %zu magnitudes", i);
    return ETAS_OK;
}

static etas_status read_npy(etas_catalog *out, etas_input *from, etas_error *err)
{
    etas_npy numbers = {0};
    etas_status st = etas_input_all(from, err);

    if (st == ETAS_OK)
        st = etas_npy_read(&numbers, from->len, (const uint8_t *)from->bytes, 1, err);
    for (size_t i = 0; st == ETAS_OK && i < numbers.rows; i++)
        st = append_magnitude(out, numbers.values[i], i, err);
    if (st != ETAS_OK) {
        (void)etas_error_in_file(err, from->name);
        etas_catalog_free(out);
    }
    etas_npy_free(&numbers);
    return st;
}

etas_status etas_catalog_load_magnitudes(etas_catalog *out, const char *path,
                                         const etas_catalog_options *options,
                                         etas_catalog_summary *summary, etas_error *err)
{
    etas_input from;
    etas_status st = etas_input_open(&from, path, err);

    if (st != ETAS_OK)
        return st;
    if (from.len < 6 || memcmp(from.bytes, "\x93NUMPY", 6) != 0) {
        st = etas_catalog_read_input(out, &from, options, summary, err);
    } else {
        st = read_npy(out, &from, err);
        if (summary != NULL)
            *summary = (etas_catalog_summary){.n_events = out->n};
    }
    etas_input_close(&from);
    return st;
}
