#include "etas/geometry.h"

#include <math.h>

#include "etas/array.h"
#include "geometry/region_plane.h"

/* A point near a border between cells may be looked up in either, so an edge counts for every cell
 * it comes near to: nearer than this share of a cell plus what rounding moves a coordinate. */
static const double SLACK_CELLS = 1e-6;
static const double SLACK_DEG = 1e-11;

static uint32_t cell_index(double offset, double inverse, uint32_t n)
{
    const double i = offset * inverse;

    if (!(i > 0))
        return 0;
    return i < n ? (uint32_t)i : n - 1;
}

/* Mark the cells of one row that the stretch of an edge from lon1 to lon2 comes near to. */
static void mark_row(etas_raster *self, uint32_t row, double lon1, double lon2)
{
    const double slack = SLACK_CELLS * self->dlon + SLACK_DEG;
    const uint32_t first =
        cell_index(fmin(lon1, lon2) - slack - self->lon0, self->inv_dlon, self->n_lon);
    const uint32_t last =
        cell_index(fmax(lon1, lon2) + slack - self->lon0, self->inv_dlon, self->n_lon);

    for (uint32_t j = first; j <= last; j++)
        self->cell[(size_t)row * self->n_lon + j] = ETAS_CELL_EDGE;
}

static double clamp(double x, double low, double high)
{
    return fmin(fmax(x, low), high);
}

static void mark_edge(etas_raster *self, double lat1, double lon1, double lat2, double lon2)
{
    const double slack = SLACK_CELLS * self->dlat + SLACK_DEG;
    const double low = fmin(lat1, lat2), high = fmax(lat1, lat2);
    const uint32_t first = cell_index(low - slack - self->lat0, self->inv_dlat, self->n_lat);
    const uint32_t last = cell_index(high + slack - self->lat0, self->inv_dlat, self->n_lat);
    const double slope = lat1 != lat2 ? (lon2 - lon1) / (lat2 - lat1) : 0;

    for (uint32_t row = first; row <= last; row++) {
        const double south = self->lat0 + row * self->dlat - slack;
        const double north = self->lat0 + (row + 1) * self->dlat + slack;
        const bool whole = low >= south && high <= north;
        const double from = whole ? lon1 : lon1 + (clamp(south, low, high) - lat1) * slope;
        const double to = whole ? lon2 : lon1 + (clamp(north, low, high) - lat1) * slope;

        mark_row(self, row, from, to);
    }
}

/* The edges that a parallel meets, as vertices they begin and end at. */
typedef struct meeting {
    size_t from, to;
} meeting;

static size_t find_meetings(const etas_region *region, double lat, meeting out[])
{
    size_t n = 0;

    for (size_t ring = 0; ring < region->n_rings; ring++) {
        const size_t first = region->ring_start[ring], end = region->ring_start[ring + 1];

        for (size_t i = first, before = end - 1; i < end; before = i++)
            if ((region->lat[before] > lat) != (region->lat[i] > lat))
                out[n++] = (meeting){before, i};
    }
    return n;
}

/* etas_region_holds for a point that is not near an edge. */
static bool is_inside(const etas_region *region, size_t n, const meeting meetings[], double lat,
                      double lon)
{
    bool inside = false;

    for (size_t i = 0; i < n; i++) {
        const size_t a = meetings[i].from, b = meetings[i].to;

        inside ^= etas_edge_crossing(region->lon[a], region->lat[a], region->lon[b], region->lat[b],
                                     lon, lat) == ETAS_CROSSING_YES;
    }
    return inside;
}

/* Cells that no edge comes near to are all inside or all outside, and the same as the neighbour
 * before them in the row. */
static void fill_row(etas_raster *self, const etas_region *region, uint32_t row, meeting scratch[])
{
    uint8_t *cell = self->cell + (size_t)row * self->n_lon;
    const double lat = self->lat0 + (row + 0.5) * self->dlat;
    const size_t n = find_meetings(region, lat, scratch);

    for (uint32_t j = 0; j < self->n_lon; j++) {
        if (cell[j] == ETAS_CELL_EDGE)
            continue;
        if (j > 0 && cell[j - 1] != ETAS_CELL_EDGE)
            cell[j] = cell[j - 1];
        else
            cell[j] = is_inside(region, n, scratch, lat, self->lon0 + (j + 0.5) * self->dlon)
                          ? ETAS_CELL_IN
                          : ETAS_CELL_OUT;
    }
}

/* Cells for a region with rings. */
static etas_status fill_cells(etas_raster *self, const etas_region *region, uint32_t n_per_side)
{
    meeting *scratch = NULL;
    etas_status st = etas_array_alloc((void **)&self->cell, (size_t)n_per_side * n_per_side, 1);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&scratch, region->ring_start[region->n_rings],
                              sizeof *scratch);
    if (st != ETAS_OK)
        return st;
    for (size_t ring = 0; ring < region->n_rings; ring++) {
        const size_t first = region->ring_start[ring], end = region->ring_start[ring + 1];

        for (size_t i = first, before = end - 1; i < end; before = i++)
            mark_edge(self, region->lat[before], region->lon[before], region->lat[i],
                      region->lon[i]);
    }
    for (uint32_t row = 0; row < n_per_side; row++)
        fill_row(self, region, row, scratch);
    etas_array_free((void **)&scratch);
    return ETAS_OK;
}

etas_status etas_raster_build(etas_raster *self, const etas_region *region, uint32_t n_per_side,
                              etas_error *err)
{
    etas_raster fresh = {.lat0 = region->lat_min, .lon0 = region->lon_min};

    if (n_per_side == 0)
        return etas_fail(err, ETAS_E_ARG, "a raster needs 1 cell per side or more");
    if (region->n_rings > 0) {
        fresh.n_lat = fresh.n_lon = n_per_side;
        fresh.dlat = (region->lat_max - region->lat_min) / n_per_side;
        fresh.dlon = (region->lon_max - region->lon_min) / n_per_side;
        fresh.inv_dlat = 1 / fresh.dlat;
        fresh.inv_dlon = 1 / fresh.dlon;
        if (fill_cells(&fresh, region, n_per_side) != ETAS_OK) {
            etas_raster_free(&fresh);
            return etas_fail(err, ETAS_E_NOMEM, "no memory for a raster of %u cells per side",
                             (unsigned)n_per_side);
        }
    }
    etas_raster_free(self);
    *self = fresh;
    return ETAS_OK;
}

void etas_raster_free(etas_raster *self)
{
    etas_array_free((void **)&self->cell);
    *self = (etas_raster){0};
}

static bool holds(const etas_raster *self, const etas_region *region, double lat_deg,
                  double lon_deg)
{
    uint32_t row, column;

    if (!(lat_deg >= region->lat_min && lat_deg <= region->lat_max && lon_deg >= region->lon_min &&
          lon_deg <= region->lon_max))
        return false;
    row = cell_index(lat_deg - self->lat0, self->inv_dlat, self->n_lat);
    column = cell_index(lon_deg - self->lon0, self->inv_dlon, self->n_lon);
    switch (self->cell[(size_t)row * self->n_lon + column]) {
    case ETAS_CELL_IN:
        return true;
    case ETAS_CELL_OUT:
        return false;
    default:
        return etas_region_holds(region, lat_deg, lon_deg);
    }
}

bool etas_raster_contains(const etas_raster *self, const etas_region *region, double lat_deg,
                          double lon_deg)
{
    if (region->n_rings == 0)
        return true;
    return holds(self, region, lat_deg, lon_deg) || holds(self, region, lat_deg, lon_deg + 360) ||
           holds(self, region, lat_deg, lon_deg - 360);
}
