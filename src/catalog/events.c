#include "etas/events.h"

#include "catalog/columns.h"
#include "etas/array.h"

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
    return etas_columns_reserve(n_columns, columns, n_events, &self->event_capacity);
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
