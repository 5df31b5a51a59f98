#include "io/points.h"

#include <string.h>

#include "etas/array.h"
#include "io/npy.h"

enum { MOST_COLUMNS = 3 };

etas_status etas_points_append(etas_points *self, const double row[])
{
    const size_t n = self->columns;

    if (etas_array_reserve((void **)&self->values, &self->capacity, (self->n + 1) * n,
                           sizeof *self->values) != ETAS_OK)
        return ETAS_E_NOMEM;
    memcpy(self->values + self->n * n, row, n * sizeof *row);
    self->n++;
    return ETAS_OK;
}

void etas_points_free(etas_points *self)
{
    etas_array_free((void **)&self->values);
    *self = (etas_points){.columns = self->columns};
}

static etas_status no_memory(const etas_points *self, etas_error *err)
{
    return etas_fail(err, ETAS_E_NOMEM, "out of memory after %zu vertices", self->n);
}

static etas_status read_npy(etas_points *self, size_t len, const uint8_t bytes[], etas_error *err)
{
    etas_npy array = {0};
    etas_status st = etas_npy_read(&array, len, bytes, self->columns, err);

    for (size_t i = 0; st == ETAS_OK && i < array.rows; i++)
        if (etas_points_append(self, array.values + i * array.columns) != ETAS_OK)
            st = no_memory(self, err);
    etas_npy_free(&array);
    return st;
}

etas_status etas_points_read(etas_points *self, size_t len, const char bytes[], etas_error *err)
{
    if (len >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0)
        return read_npy(self, len, (const uint8_t *)bytes, err);
    return etas_points_read_list(self, len, bytes, err);
}

etas_status etas_points_read_json(etas_points *self, const json_t *list, etas_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        bool good = json_array_size(item) == self->columns;
        double row[MOST_COLUMNS];

        for (size_t k = 0; good && k < self->columns; k++) {
            good = json_is_number(json_array_get(item, k));
            row[k] = json_number_value(json_array_get(item, k));
        }
        if (!good)
            return etas_fail(err, ETAS_E_PARSE, "vertex %zu is not a %s", i + 1,
                             self->columns == 2 ? "pair of numbers [lat, lon]"
                                                : "triple of numbers [x, y, z]");
        if (etas_points_append(self, row) != ETAS_OK)
            return no_memory(self, err);
    }
    return ETAS_OK;
}

etas_status etas_points_to_region(const etas_points *self, bool lonlat, etas_region *out,
                                  etas_error *err)
{
    double *lat = NULL, *lon = NULL;
    etas_status st = ETAS_OK;

    if (self->n < 3)
        return etas_fail(err, ETAS_E_PARSE, "%zu vertices; a region needs at least 3", self->n);
    if (etas_array_alloc((void **)&lat, self->n, sizeof *lat) != ETAS_OK ||
        etas_array_alloc((void **)&lon, self->n, sizeof *lon) != ETAS_OK)
        st = ETAS_E_NOMEM;
    for (size_t i = 0; st == ETAS_OK && i < self->n; i++) {
        lat[i] = self->values[2 * i + lonlat];
        lon[i] = self->values[2 * i + !lonlat];
    }
    if (st == ETAS_OK)
        st = etas_region_set_ring(out, self->n, lat, lon, err);
    else
        (void)no_memory(self, err);
    etas_array_free((void **)&lat);
    etas_array_free((void **)&lon);
    return st;
}

etas_status etas_points_to_hull(const etas_points *self, double unit_in_meters, etas_hull *out,
                                etas_error *err)
{
    double *km = NULL;
    etas_status st = ETAS_OK;

    if (etas_array_alloc((void **)&km, 3 * self->n, sizeof *km) != ETAS_OK)
        return no_memory(self, err);
    for (size_t i = 0; i < 3 * self->n; i++)
        km[i] = self->values[i] * (unit_in_meters / 1000);
    st = etas_hull_build(out, self->n, km, err);
    etas_array_free((void **)&km);
    return st;
}

etas_status etas_points_print(const etas_points *self, etas_text *out)
{
    etas_status st = ETAS_OK;

    for (size_t i = 0; st == ETAS_OK && i < self->n; i++) {
        st = etas_text_printf(out, i == 0 ? "[array([" : ", array([");
        for (size_t k = 0; st == ETAS_OK && k < self->columns; k++) {
            char number[32];

            etas_format_double(self->values[i * self->columns + k], number);
            st = etas_text_printf(out, "%s%s", k == 0 ? "" : ", ", number);
        }
        if (st == ETAS_OK)
            st = etas_text_append(out, 2, "])");
    }
    return st == ETAS_OK ? etas_text_append(out, 1, "]") : st;
}
