#include <string.h>

#include "etas/array.h"
#include "etas/io.h"
#include "io/file.h"
#include "io/npy.h"
#include "io/region_ring.h"

etas_status etas_ring_append(etas_ring *self, double first, double second)
{
    if (etas_array_reserve((void **)&self->first, &self->capacity[0], self->n + 1,
                           sizeof *self->first) != ETAS_OK ||
        etas_array_reserve((void **)&self->second, &self->capacity[1], self->n + 1,
                           sizeof *self->second) != ETAS_OK)
        return ETAS_E_NOMEM;
    self->first[self->n] = first;
    self->second[self->n] = second;
    self->n++;
    return ETAS_OK;
}

void etas_ring_free(etas_ring *self)
{
    etas_array_free((void **)&self->first);
    etas_array_free((void **)&self->second);
    *self = (etas_ring){0};
}

etas_status etas_ring_to_region(const etas_ring *self, bool lonlat, etas_region *out,
                                etas_error *err)
{
    if (self->n < 3)
        return etas_fail(err, ETAS_E_PARSE, "%zu vertices; a region needs at least 3", self->n);
    return etas_region_set_ring(out, self->n, lonlat ? self->second : self->first,
                                lonlat ? self->first : self->second, err);
}

etas_status etas_region_read_npy(etas_region *out, size_t len, const uint8_t bytes[], bool lonlat,
                                 etas_error *err)
{
    etas_ring ring = {0};
    etas_npy array = {0};
    etas_status st = etas_npy_read(&array, len, bytes, 2, err);

    for (size_t i = 0; st == ETAS_OK && i < array.rows; i++) {
        st = etas_ring_append(&ring, array.values[2 * i], array.values[2 * i + 1]);
        if (st != ETAS_OK)
            etas_fail(err, st, "out of memory for %zu vertices", array.rows);
    }
    if (st == ETAS_OK)
        st = etas_ring_to_region(&ring, lonlat, out, err);
    etas_npy_free(&array);
    etas_ring_free(&ring);
    return st;
}

etas_status etas_region_load(etas_region *out, const char *path, bool lonlat, etas_error *err)
{
    etas_text text = {0};
    etas_status st = etas_file_read(path, &text, err);

    if (st == ETAS_OK) {
        if (text.len >= 6 && memcmp(text.data, "\x93NUMPY", 6) == 0)
            st = etas_region_read_npy(out, text.len, (const uint8_t *)text.data, lonlat, err);
        else
            st = etas_region_read_list(out, text.len, text.data, lonlat, err);
    }
    if (st != ETAS_OK)
        etas_error_in_file(err, path);
    etas_text_free(&text);
    return st;
}
