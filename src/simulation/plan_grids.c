#include "simulation/plan_grids.h"

#include <math.h>
#include <stdbool.h>

#include "etas/array.h"
#include "etas/events.h"
#include "etas/special.h"

static const double SAME_MAG = 1e-9;    /* edges as close as that are one */
static const double OFF_LATTICE = 1e-3; /* of a cell or bin, for files with few digits */
static const size_t MAX_LATTICE = (size_t)1 << 24;

/* ---- cells ---- */

static etas_status check_cells(const etas_rate_grid *grid, const char *of, etas_error *err)
{
    if (grid->n == 0 || !(grid->dlat >= 1e-6 && grid->dlat <= 180) ||
        !(grid->dlon >= 1e-6 && grid->dlon <= 360))
        return etas_fail(err, ETAS_E_RANGE, "the %s has no cells of a size", of);
    for (size_t i = 0; i < grid->n; i++)
        if (!(fabs(grid->lat[i]) <= 90) || !(fabs(grid->lon[i]) <= 360))
            return etas_fail(err, ETAS_E_RANGE, "cell %zu of the %s lies at lat %g, lon %g", i + 1,
                             of, grid->lat[i], grid->lon[i]);
    return ETAS_OK;
}

static double wrapped(double lon)
{
    const double once = lon - 360 * floor((lon + 180) / 360);

    return once < 180 ? once : once - 360;
}

/* Whether a place in the cell, rounded to 1e-6 degrees, may lie in the region's bounding box. */
static bool touches(const etas_rate_grid *grid, size_t i, const etas_region *region)
{
    const double margin = 2 / ETAS_DEGREE_UNITS;
    const double half_lat = grid->dlat / 2 + margin, half_lon = grid->dlon / 2 + margin;

    if (region->n_rings == 0)
        return true;
    if (grid->lat[i] + half_lat < region->lat_min || grid->lat[i] - half_lat > region->lat_max)
        return false;
    for (int turn = -2; turn <= 2; turn++) {
        const double lon = grid->lon[i] + 360 * turn;

        if (lon + half_lon >= region->lon_min && lon - half_lon <= region->lon_max)
            return true;
    }
    return false;
}

static double sine_of(double lat_deg)
{
    const double to_rad = 3.14159265358979323846 / 180;
    double sine, cosine;

    etas_sincos(fmax(-90, fmin(90, lat_deg)) * to_rad, &sine, &cosine);
    return sine;
}

etas_status plan_cells_build(const etas_rate_grid *grid, const etas_region *region, const char *of,
                             etas_plan_cells *out, etas_error *err)
{
    double *weight = NULL;
    size_t n = 0;
    etas_status st = check_cells(grid, of, err);

    if (st != ETAS_OK)
        return st;
    if (grid->weight == NULL)
        return etas_fail(err, ETAS_E_ARG, "the cells of the %s have no weights", of);
    if (etas_array_alloc((void **)&weight, grid->n, sizeof *weight) != ETAS_OK ||
        etas_array_alloc((void **)&out->west, grid->n, sizeof *out->west) != ETAS_OK ||
        etas_array_alloc((void **)&out->sine_south, grid->n, sizeof *out->sine_south) != ETAS_OK ||
        etas_array_alloc((void **)&out->sine_north, grid->n, sizeof *out->sine_north) != ETAS_OK) {
        st = etas_fail(err, ETAS_E_NOMEM, "no memory for %zu cells of the %s", grid->n, of);
        goto out;
    }
    for (size_t i = 0; i < grid->n; i++) {
        if (grid->weight[i] == 0 || !touches(grid, i, region))
            continue;
        out->west[n] = wrapped(grid->lon[i] - grid->dlon / 2);
        out->sine_south[n] = sine_of(grid->lat[i] - grid->dlat / 2);
        out->sine_north[n] = sine_of(grid->lat[i] + grid->dlat / 2);
        weight[n++] = grid->weight[i];
    }
    st = n == 0 ? ETAS_E_ARG : etas_alias_build(&out->pick, n, weight);
    if (st == ETAS_E_NOMEM)
        etas_fail(err, st, "no memory for %zu cells of the %s", grid->n, of);
    else if (n == 0)
        st = etas_fail(err, ETAS_E_RANGE, "no cell of the %s in the region has a weight", of);
    else if (st != ETAS_OK)
        st = etas_fail(err, ETAS_E_RANGE, "the weights of the %s must be finite and not negative",
                       of);
    out->n = n;
    out->dlon_deg = grid->dlon;
out:
    etas_array_free((void **)&weight);
    return st;
}

/* ---- tables of magnitudes ---- */

static etas_status check_table(const etas_magnitude_zones *in, size_t table, etas_error *err)
{
    for (size_t k = in->first[table]; k < in->first[table + 1]; k++) {
        const double rise = k > in->first[table] ? in->mag[k] - in->mag[k - 1] : in->bin_width;

        if (!(fabs(in->mag[k]) <= 90) ||
            !(fabs(rise - in->bin_width) <= OFF_LATTICE * in->bin_width))
            return etas_fail(err, ETAS_E_RANGE,
                             "zone %zu: magnitude %g is not the bin of width %g after the one "
                             "before",
                             table + 1, in->mag[k], in->bin_width);
        if (!(in->weight[k] >= 0 && !isinf(in->weight[k])))
            return etas_fail(err, ETAS_E_RANGE,
                             "zone %zu: the weight of magnitude %g must be finite and not "
                             "negative, not %g",
                             table + 1, in->mag[k], in->weight[k]);
    }
    return ETAS_OK;
}

/* The largest whole number of steps that is below the edge of a bin. */
static double step_below(double edge, double step)
{
    return (ceil(edge / step - 1e-6) - 1) * step;
}

static double step_of(double delta_m)
{
    return delta_m > 0 ? delta_m : 1 / ETAS_MAG_UNITS;
}

/* The part above mc of a table, from the first to the last bin that has a weight: edges, and sums
 * of the weights above them. Their number is returned, 0 if nothing is left. */
static size_t take_knots(const etas_magnitude_zones *in, size_t table, double mc, double dm[],
                         double above[])
{
    size_t n = 0;

    for (size_t k = in->first[table]; k < in->first[table + 1]; k++) {
        const double low = in->mag[k] - in->bin_width / 2 - mc;
        const double high = in->mag[k] + in->bin_width / 2 - mc;
        const double share = low > SAME_MAG ? 1 : fmin(1, high / in->bin_width);

        if (high <= SAME_MAG || (n == 0 && in->weight[k] == 0))
            continue;
        if (n == 0)
            dm[0] = low > SAME_MAG ? low : 0;
        above[n] = in->weight[k] * share;
        dm[++n] = high;
    }
    while (n > 0 && above[n - 1] == 0)
        n--;
    if (n == 0)
        return 0;
    above[n] = 0;
    for (size_t k = n; k > 0; k--)
        above[k - 1] += above[k];
    return n + 1;
}

static etas_status build_table(const etas_magnitude_zones *in, size_t table, double mc,
                               double delta_m, etas_plan_zones *out, etas_error *err)
{
    const size_t first = out->first[table];
    double *const dm = out->dm + first, *const above = out->above + first;
    const double step = step_of(delta_m);
    etas_status st = check_table(in, table, err);
    size_t n;
    double total;

    if (st != ETAS_OK)
        return st;
    n = take_knots(in, table, mc, dm, above);
    total = n > 0 ? above[0] : 0;
    if (!(total > 0) || isinf(total))
        return etas_fail(err, ETAS_E_RANGE,
                         "zone %zu: its weights above magnitude %g must have a finite sum above 0",
                         table + 1, mc);
    for (size_t k = 0; k < n; k++)
        above[k] /= total;
    out->first[table + 1] = first + n;
    /* half a step above is reported as the next one */
    out->dm_max[table] =
        fmax(dm[0], fmin(dm[n - 1], step_below(mc + dm[n - 1], step) + step * (0.5 - 1e-9) - mc));
    return ETAS_OK;
}

double plan_zone_highest(const etas_plan_zones *zones, size_t table, double mc, double delta_m)
{
    const double step = step_of(delta_m);

    return floor((mc + zones->dm_max[table]) / step + 0.5) * step;
}

double plan_zone_growth(const etas_plan_zones *zones, size_t table, double alpha)
{
    double sum = 0;

    for (size_t k = zones->first[table] + 1; k < zones->first[table + 1]; k++) {
        const double x = alpha * (zones->dm[k] - zones->dm[k - 1]);
        const double mean = fabs(x) < 1e-9 ? 1 : etas_expm1(x) / x;

        sum += (zones->above[k - 1] - zones->above[k]) * etas_exp(alpha * zones->dm[k - 1]) * mean;
    }
    return sum;
}

static etas_status build_tables(const etas_magnitude_zones *in, double mc, double delta_m,
                                etas_plan_zones *out, etas_error *err)
{
    const size_t n = in->n_zones;
    etas_status st = ETAS_OK;
    size_t knots;

    if (!(in->bin_width > 0 && in->bin_width <= 10))
        return etas_fail(err, ETAS_E_RANGE,
                         "the magnitude bins of the zones must have a width, not %g",
                         in->bin_width);
    for (size_t i = 0; i < n; i++)
        if (in->first[i + 1] < in->first[i])
            return etas_fail(err, ETAS_E_ARG, "zone %zu: its table ends before it starts", i + 1);
    knots = in->first[n] - in->first[0] + n;
    if (etas_array_alloc((void **)&out->first, n + 1, sizeof *out->first) != ETAS_OK ||
        etas_array_alloc((void **)&out->dm, knots, sizeof *out->dm) != ETAS_OK ||
        etas_array_alloc((void **)&out->above, knots, sizeof *out->above) != ETAS_OK ||
        etas_array_alloc((void **)&out->dm_max, n, sizeof *out->dm_max) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for the magnitudes of %zu zones", n);
    for (size_t i = 0; i < n && st == ETAS_OK; i++)
        st = build_table(in, i, mc, delta_m, out, err);
    out->n = n;
    return st;
}

/* ---- lattice ---- */

static void find_corner(const etas_rate_grid *map, double *lat, double *lon)
{
    *lat = *lon = INFINITY;
    for (size_t i = 0; i < map->n; i++) {
        *lat = fmin(*lat, map->lat[i]);
        *lon = fmin(*lon, map->lon[i]);
    }
}

static etas_status build_lattice(const etas_magnitude_zones *in, etas_plan_zones *out,
                                 etas_error *err)
{
    const etas_rate_grid *map = &in->map;
    const double around = floor(360 / map->dlon + OFF_LATTICE); /* columns round the globe */
    double lat, lon, rows = 0, columns = 0;

    find_corner(map, &lat, &lon);
    for (size_t i = 0; i < map->n; i++) {
        rows = fmax(rows, floor((map->lat[i] - lat) / map->dlat + 0.5) + 1);
        columns = fmax(columns, floor((map->lon[i] - lon) / map->dlon + 0.5) + 1);
    }
    columns = fmin(columns, around);
    if (rows * columns > (double)MAX_LATTICE)
        return etas_fail(err, ETAS_E_LIMIT,
                         "the map of zones spans %.0f x %.0f cells, more than %zu in all", rows,
                         columns, MAX_LATTICE);
    out->n_lat = (uint32_t)rows;
    out->n_lon = (uint32_t)columns;
    out->dlat = map->dlat;
    out->dlon = map->dlon;
    out->lat0 = lat - map->dlat / 2;
    out->lon0 = wrapped(lon - map->dlon / 2);
    if (etas_array_alloc((void **)&out->zone, (size_t)out->n_lat * out->n_lon, sizeof *out->zone) !=
        ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a map of %zu zones", in->n_zones);
    for (size_t i = 0; i < (size_t)out->n_lat * out->n_lon; i++)
        out->zone[i] = (uint32_t)out->n;
    for (size_t i = 0; i < map->n; i++) {
        const size_t row = (size_t)floor((map->lat[i] - lat) / map->dlat + 0.5);
        const size_t column = (size_t)floor((map->lon[i] - lon) / map->dlon + 0.5) % out->n_lon;

        if (in->zone[i] == UINT32_MAX)
            continue;
        if (in->zone[i] >= out->n)
            return etas_fail(err, ETAS_E_RANGE, "cell %zu of the map is in zone %u of %zu", i + 1,
                             in->zone[i], out->n);
        out->zone[row * out->n_lon + column] = in->zone[i];
    }
    return ETAS_OK;
}

etas_status plan_zones_build(const etas_magnitude_zones *in, double mc, double delta_m,
                             etas_plan_zones *out, etas_error *err)
{
    etas_status st;

    if (in->n_zones == 0)
        return ETAS_OK;
    st = check_cells(&in->map, "map of zones", err);
    if (st == ETAS_OK)
        st = build_tables(in, mc, delta_m, out, err);
    return st == ETAS_OK ? build_lattice(in, out, err) : st;
}
