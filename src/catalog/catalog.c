#include "etas/catalog.h"

#include <string.h>

#include "catalog/columns.h"
#include "etas/array.h"

static etas_status reserve_rows(etas_catalog *self, size_t need)
{
    const etas_column columns[] = {{(void **)&self->time, sizeof *self->time},
                                   {(void **)&self->lat, sizeof *self->lat},
                                   {(void **)&self->lon, sizeof *self->lon},
                                   {(void **)&self->mag, sizeof *self->mag},
                                   {(void **)&self->mc, sizeof *self->mc},
                                   {(void **)&self->depth, sizeof *self->depth},
                                   {(void **)&self->x, sizeof *self->x},
                                   {(void **)&self->y, sizeof *self->y},
                                   {(void **)&self->z, sizeof *self->z},
                                   {(void **)&self->covariate, sizeof *self->covariate}};

    return etas_columns_reserve(sizeof columns / sizeof columns[0], columns, need, &self->capacity);
}

static etas_status append_id(etas_catalog *self, size_t len, const char id[])
{
    const size_t end = self->n > 0 ? self->id_start[self->n] : 0;

    if (len > SIZE_MAX - end)
        return ETAS_E_NOMEM;
    if (etas_array_reserve((void **)&self->id_start, &self->id_start_capacity, self->n + 2,
                           sizeof *self->id_start) != ETAS_OK ||
        etas_array_reserve((void **)&self->id_text, &self->id_capacity, end + len,
                           sizeof *self->id_text) != ETAS_OK)
        return ETAS_E_NOMEM;
    self->id_start[self->n] = end;
    self->id_start[self->n + 1] = end + len;
    if (len > 0)
        memcpy(self->id_text + end, id, len);
    return ETAS_OK;
}

etas_status etas_catalog_append(etas_catalog *self, const etas_event *row)
{
    const size_t i = self->n;

    if (reserve_rows(self, i + 1) != ETAS_OK || append_id(self, row->id_len, row->id) != ETAS_OK)
        return ETAS_E_NOMEM;
    self->time[i] = row->time;
    self->lat[i] = row->lat;
    self->lon[i] = row->lon;
    self->mag[i] = row->mag;
    self->mc[i] = row->mc;
    self->depth[i] = row->depth;
    self->x[i] = row->x;
    self->y[i] = row->y;
    self->z[i] = row->z;
    self->covariate[i] = row->covariate;
    self->n++;
    return ETAS_OK;
}

etas_event etas_catalog_row(const etas_catalog *self, size_t i)
{
    return (etas_event){.time = self->time[i],
                        .lat = self->lat[i],
                        .lon = self->lon[i],
                        .mag = self->mag[i],
                        .mc = self->mc[i],
                        .depth = self->depth[i],
                        .x = self->x[i],
                        .y = self->y[i],
                        .z = self->z[i],
                        .covariate = self->covariate[i],
                        .id = self->id_text + self->id_start[i],
                        .id_len = self->id_start[i + 1] - self->id_start[i]};
}

void etas_catalog_free(etas_catalog *self)
{
    etas_array_free((void **)&self->time);
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    etas_array_free((void **)&self->mag);
    etas_array_free((void **)&self->mc);
    etas_array_free((void **)&self->depth);
    etas_array_free((void **)&self->x);
    etas_array_free((void **)&self->y);
    etas_array_free((void **)&self->z);
    etas_array_free((void **)&self->covariate);
    etas_array_free((void **)&self->id_start);
    etas_array_free((void **)&self->id_text);
    *self = (etas_catalog){0};
}
