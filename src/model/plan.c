#include "etas/plan.h"

#include "etas/array.h"

static void cells_free(etas_plan_cells *self)
{
    etas_array_free((void **)&self->west);
    etas_array_free((void **)&self->sine_south);
    etas_array_free((void **)&self->sine_north);
    etas_alias_free(&self->pick);
}

static void zones_free(etas_plan_zones *self)
{
    etas_array_free((void **)&self->zone);
    etas_array_free((void **)&self->first);
    etas_array_free((void **)&self->dm);
    etas_array_free((void **)&self->above);
    etas_array_free((void **)&self->dm_max);
}

void etas_plan_free(etas_plan *self)
{
    etas_plan_history *history = &self->history;
    etas_plan_background *background = &self->background;

    etas_array_free((void **)&history->lat);
    etas_array_free((void **)&history->lon);
    etas_array_free((void **)&history->a_days);
    etas_array_free((void **)&history->log_ratio);
    etas_array_free((void **)&history->d_km2);
    etas_alias_free(&history->parents);
    etas_array_free((void **)&background->lat);
    etas_array_free((void **)&background->lon);
    etas_alias_free(&background->locations);
    cells_free(&background->cells);
    cells_free(&self->induced.cells);
    zones_free(&self->zones);
    etas_region_free(&self->region);
    etas_raster_free(&self->raster);
    *self = (etas_plan){0};
}

void etas_mixture_free(etas_mixture *self)
{
    for (size_t k = 0; k < self->n && self->plan != NULL; k++)
        etas_plan_free(&self->plan[k]);
    etas_array_free((void **)&self->plan);
    etas_array_free((void **)&self->turn);
    *self = (etas_mixture){0};
}
