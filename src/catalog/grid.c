#include "etas/grid.h"

#include "etas/array.h"

void etas_rate_grid_free(etas_rate_grid *self)
{
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    etas_array_free((void **)&self->weight);
    *self = (etas_rate_grid){0};
}

void etas_magnitude_zones_free(etas_magnitude_zones *self)
{
    etas_rate_grid_free(&self->map);
    etas_array_free((void **)&self->zone);
    etas_array_free((void **)&self->first);
    etas_array_free((void **)&self->mag);
    etas_array_free((void **)&self->weight);
    *self = (etas_magnitude_zones){0};
}
