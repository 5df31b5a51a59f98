#include "etas/events.h"

#include <string.h>

#include "catalog/columns.h"
#include "etas/array.h"

/* The column comes and goes with with_parents; events that were there have none. */
static etas_status fit_parents(etas_events *self)
{
    if (!self->with_parents)
        etas_array_free((void **)&self->parent);
    if (!self->with_parents || self->parent != NULL || self->event_capacity == 0)
        return ETAS_OK;
    if (etas_array_alloc((void **)&self->parent, self->event_capacity, sizeof *self->parent) !=
        ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t i = 0; i < self->n; i++)
        self->parent[i] = -1;
    return ETAS_OK;
}

etas_status etas_events_reserve(etas_events *self, size_t n_catalogs, size_t n_events)
{
    const etas_column columns[] = {{(void **)&self->time_ms, sizeof *self->time_ms},
                                   {(void **)&self->lat, sizeof *self->lat},
                                   {(void **)&self->lon, sizeof *self->lon},
                                   {(void **)&self->mag, sizeof *self->mag},
                                   {(void **)&self->generation, sizeof *self->generation},
                                   {(void **)&self->flags, sizeof *self->flags},
                                   {(void **)&self->parent, sizeof *self->parent}};
    const size_t n_columns = sizeof columns / sizeof *columns - (self->with_parents ? 0 : 1);

    if (etas_array_reserve((void **)&self->count, &self->catalog_capacity, n_catalogs,
                           sizeof *self->count) != ETAS_OK)
        return ETAS_E_NOMEM;
    if (fit_parents(self) != ETAS_OK)
        return ETAS_E_NOMEM;
    return etas_columns_reserve(n_columns, columns, n_events, &self->event_capacity);
}

static void copy(void *to, size_t at, const void *from, size_t first, size_t n, size_t size)
{
    if (n > 0)
        memcpy((char *)to + at * size, (const char *)from + first * size, n * size);
}

etas_status etas_events_append(etas_events *self, const etas_events *from, size_t first, uint32_t n)
{
    const size_t at = self->n;

    if (etas_events_reserve(self, self->n_catalogs + 1, at + n) != ETAS_OK)
        return ETAS_E_NOMEM;
    copy(self->time_ms, at, from->time_ms, first, n, sizeof *self->time_ms);
    copy(self->lat, at, from->lat, first, n, sizeof *self->lat);
    copy(self->lon, at, from->lon, first, n, sizeof *self->lon);
    copy(self->mag, at, from->mag, first, n, sizeof *self->mag);
    copy(self->generation, at, from->generation, first, n, sizeof *self->generation);
    copy(self->flags, at, from->flags, first, n, sizeof *self->flags);
    if (self->with_parents)
        copy(self->parent, at, from->parent, first, n, sizeof *self->parent);
    self->count[self->n_catalogs++] = n;
    self->n += n;
    return ETAS_OK;
}

void etas_events_free(etas_events *self)
{
    etas_array_free((void **)&self->count);
    etas_array_free((void **)&self->time_ms);
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    etas_array_free((void **)&self->mag);
    etas_array_free((void **)&self->generation);
    etas_array_free((void **)&self->flags);
    etas_array_free((void **)&self->parent);
    *self = (etas_events){0};
}
