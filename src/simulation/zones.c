/* Magnitudes that depend on the place. */
#include "simulation/sim_state.h"

/* A cell is closed in the south and the west, open in the north and the east; a place on an edge is
 * on it in spite of the edge's last digits. */
static const double ON_EDGE = 1e-9;

static uint32_t table_at(const etas_plan_zones *z, double lat, double lon)
{
    const double row = floor((sim_rounded_degrees(lat) - z->lat0) / z->dlat + ON_EDGE);
    const double east = sim_rounded_degrees(lon) - z->lon0 + ON_EDGE * z->dlon;
    const double column = floor((east - 360 * floor(east / 360)) / z->dlon);

    if (!(row >= 0 && row < z->n_lat && column >= 0 && column < z->n_lon))
        return (uint32_t)z->n;
    return z->zone[(size_t)row * z->n_lon + (size_t)column];
}

/* The magnitude that a share u of its table is above. */
static double magnitude(const etas_plan_zones *z, uint32_t table, double u)
{
    size_t low = z->first[table], high = z->first[table + 1] - 1;
    double dm;

    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;

        if (z->above[middle] > u)
            low = middle;
        else
            high = middle;
    }
    dm = z->dm[high] -
         (u - z->above[high]) / (z->above[low] - z->above[high]) * (z->dm[high] - z->dm[low]);
    return fmin(dm, z->dm_max[table]);
}

void sim_zone_magnitudes(const etas_plan_zones *zones, const sim_places *places, const double u[],
                         double dm[])
{
    for (size_t i = 0; i < places->n; i++) {
        const uint32_t table = table_at(zones, places->lat[i], places->lon[i]);

        if (table < zones->n)
            dm[i] = magnitude(zones, table, u[i]);
    }
}
