#include "etas/events.h"

#include "etas/array.h"

etas_status etas_events_reserve(etas_events *self, size_t n_catalogs, size_t n_events)
{
    const struct {
        void **column;
        size_t size;
    } columns[] = {{(void **)&self->time_ms, sizeof *self->time_ms},
                   {(void **)&self->lat, sizeof *self->lat},
                   {(void **)&self->lon, sizeof *self->lon},
                   {(void **)&self->mag, sizeof *self->mag},
                   {(void **)&self->generation, sizeof *self->generation}};
    size_t capacity = self->event_capacity;

    if (etas_array_reserve((void **)&self->count, &self->catalog_capacity, n_catalogs,
                           sizeof *self->count) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        capacity = self->event_capacity;
        if (etas_array_reserve(columns[i].column, &capacity, n_events, columns[i].size) != ETAS_OK)
            return ETAS_E_NOMEM;
    }
    self->event_capacity = capacity; /* only now: after a failure some columns have spare room */
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
    *self = (etas_events){0};
}
