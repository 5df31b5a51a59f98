#include "etas/events.h"

#include "catalog/columns.h"
#include "etas/array.h"

etas_status etas_events_reserve(etas_events *self, size_t n_catalogs, size_t n_events)
{
    const etas_column columns[] = {{(void **)&self->time_ms, sizeof *self->time_ms},
                                   {(void **)&self->lat, sizeof *self->lat},
                                   {(void **)&self->lon, sizeof *self->lon},
                                   {(void **)&self->mag, sizeof *self->mag},
                                   {(void **)&self->generation, sizeof *self->generation}};

    if (etas_array_reserve((void **)&self->count, &self->catalog_capacity, n_catalogs,
                           sizeof *self->count) != ETAS_OK)
        return ETAS_E_NOMEM;
    return etas_columns_reserve(sizeof columns / sizeof columns[0], columns, n_events,
                                &self->event_capacity);
}

void etas_events_free(etas_events *self)
{
    etas_array_free((void **)&self->count);
    etas_array_free((void **)&self->time_ms);
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    etas_array_free((void **)&self->mag);
    etas_array_free((void **)&self->generation);
    *self = (etas_events){0};
}
