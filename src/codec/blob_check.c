#include "codec/blob_check.h"

#include <math.h>
#include <stddef.h>

static etas_status refuse(etas_error *err, const char *what)
{
    return etas_fail(err, ETAS_E_CORRUPT, "the model blob is damaged: %s", what);
}

typedef struct limits {
    const char *name;
    size_t member;
    double low, high;
} limits;

/* Wider than any model needs; narrow enough that no sum, power or conversion goes astray. */
static etas_status check_numbers(const etas_plan *plan, etas_error *err)
{
    static const limits table[] = {
        {"window_days", offsetof(etas_plan, window_days), 1e-9, 1.1e5},
        {"beta", offsetof(etas_plan, beta), 1e-3, 1e3},
        {"mc", offsetof(etas_plan, mc), -100, 100},
        {"mag_span_cdf", offsetof(etas_plan, mag_span_cdf), 1e-12, 1},
        {"delta_m", offsetof(etas_plan, delta_m), 0, 10},
        {"m_threshold", offsetof(etas_plan, m_threshold), -100, 100},
        {"m_max", offsetof(etas_plan, m_max), -100, INFINITY},
        {"productivity", offsetof(etas_plan, productivity), 0, 1e300},
        {"alpha", offsetof(etas_plan, alpha), -1e3, 1e3},
        {"c_days", offsetof(etas_plan, c_days), 1e-12, 1e6},
        {"omega", offsetof(etas_plan, omega), -2, 20},
        {"inv_tau", offsetof(etas_plan, inv_tau), 0, 1e6},
        {"d_km2", offsetof(etas_plan, d_km2), 1e-30, 1e30},
        {"gamma", offsetof(etas_plan, gamma), -1e3, 1e3},
        {"rho", offsetof(etas_plan, rho), 1e-3, 1e3},
        {"earth_radius_km", offsetof(etas_plan, earth_radius_km), 1e-3, 1e9},
        {"history mean", offsetof(etas_plan, history.mean), 0, 1e300},
        {"background mean", offsetof(etas_plan, background.mean), 0, 1e300},
        {"gaussian_scale_deg", offsetof(etas_plan, background.gaussian_scale_deg), 0, 360},
        {"induced mean", offsetof(etas_plan, induced.mean), 0, 1e300},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const double v = *(const double *)((const char *)plan + table[i].member);

        if (!(v >= table[i].low && v <= table[i].high))
            return refuse(err, table[i].name);
    }
    if (plan->delta_m > 0 && plan->delta_m < 1e-4)
        return refuse(err, "delta_m");
    return ETAS_OK;
}

static etas_status check_window(const etas_plan *plan, etas_error *err)
{
    etas_time length;

    if (plan->start == ETAS_TIME_NONE || plan->end <= plan->start ||
        __builtin_sub_overflow(plan->end, plan->start, &length) ||
        plan->window_days != etas_days_between(plan->start, plan->end))
        return refuse(err, "window");
    if (plan->output_start < plan->start || plan->output_start > plan->end)
        return refuse(err, "output_start");
    if (plan->max_generations == 0 || plan->max_generations > ETAS_PLAN_MAX_GENERATIONS ||
        plan->max_events == 0 || plan->max_events > ETAS_PLAN_MAX_EVENTS)
        return refuse(err, "limits");
    return ETAS_OK;
}

static bool within(size_t n, const double v[], double low, double high)
{
    for (size_t i = 0; i < n; i++)
        if (!(v[i] >= low && v[i] <= high))
            return false;
    return true;
}

static bool is_alias(const etas_alias *alias, size_t n)
{
    if (alias->n != n || !within(n, alias->keep, 0, 1))
        return false;
    for (size_t i = 0; i < n; i++)
        if (alias->other[i] >= n)
            return false;
    return true;
}

static bool are_cells(const etas_plan_cells *cells)
{
    const size_t n = cells->n;

    if (n == 0)
        return cells->dlon_deg == 0;
    if (!within(1, &cells->dlon_deg, 1e-9, 360) || !within(n, cells->west, -180, 180))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!(cells->sine_south[i] >= -1 && cells->sine_south[i] <= cells->sine_north[i] &&
              cells->sine_north[i] <= 1))
            return false;
    return true;
}

static etas_status check_cells(const etas_plan *plan, etas_error *err)
{
    const etas_plan_background *b = &plan->background;
    const etas_plan_induced *induced = &plan->induced;

    if (!are_cells(&b->cells))
        return refuse(err, "cells of the background");
    if (!is_alias(&b->cells.pick, b->cells.n) ||
        (b->kind == ETAS_BACKGROUND_GRID) != (b->cells.n > 0))
        return refuse(err, "weights of the background's cells");
    if (!are_cells(&induced->cells))
        return refuse(err, "cells of induced events");
    if (!is_alias(&induced->cells.pick, induced->cells.n) ||
        (induced->cells.n == 0 && induced->mean > 0))
        return refuse(err, "weights of the cells of induced events");
    return ETAS_OK;
}

/* Knots first .. end - 1: edges that rise from mc on, and shares above that fall from 1 to 0. */
static bool is_distribution(const etas_plan_zones *z, size_t first, size_t end)
{
    if (end < first || end - first < 2 || z->above[first] != 1 || z->above[end - 1] != 0 ||
        !within(end - first, z->dm + first, 0, 200))
        return false;
    for (size_t i = first + 1; i < end; i++)
        if (!(z->dm[i] > z->dm[i - 1] && z->above[i] <= z->above[i - 1]))
            return false;
    return true;
}

static etas_status check_zones(const etas_plan_zones *z, etas_error *err)
{
    const size_t places = (size_t)z->n_lat * z->n_lon;

    if (z->n == 0)
        return z->n_lat == 0 && z->n_lon == 0 ? ETAS_OK : refuse(err, "a lattice without zones");
    if (places == 0 || !within(1, &z->lat0, -180, 180) || !within(1, &z->lon0, -180, 180) ||
        !within(1, &z->dlat, 1e-9, 180) || !within(1, &z->dlon, 1e-9, 360))
        return refuse(err, "lattice of the zones");
    for (size_t i = 0; i < places; i++)
        if (z->zone[i] > z->n)
            return refuse(err, "numbers of the zones");
    if (z->first[0] != 0)
        return refuse(err, "tables of the zones");
    for (size_t i = 0; i < z->n; i++) { /* first rises so far, to at most the number of knots */
        if (z->first[i + 1] > z->first[z->n] || !is_distribution(z, z->first[i], z->first[i + 1]))
            return refuse(err, "tables of the zones");
        if (!(z->dm_max[i] >= z->dm[z->first[i]] && z->dm_max[i] <= z->dm[z->first[i + 1] - 1]))
            return refuse(err, "largest magnitudes of the zones");
    }
    return ETAS_OK;
}

static etas_status check_tables(const etas_plan *plan, etas_error *err)
{
    const etas_plan_history *h = &plan->history;
    const etas_plan_background *b = &plan->background;

    if (!within(h->n, h->lat, -90, 90) || !within(h->n, h->lon, -180, 180) ||
        !within(h->n, h->a_days, 1e-12, 1e6) || !within(h->n, h->log_ratio, 0, 1e3) ||
        !within(h->n, h->d_km2, 1e-300, 1e300))
        return refuse(err, "history");
    if (!is_alias(&h->parents, h->n) || (h->n == 0 && h->mean > 0))
        return refuse(err, "weights of the history");
    if (!within(b->n, b->lat, -90, 90) || !within(b->n, b->lon, -180, 180))
        return refuse(err, "places of the background");
    if (!is_alias(&b->locations, b->n) || (b->kind == ETAS_BACKGROUND_CATALOG) != (b->n > 0))
        return refuse(err, "weights of the background");
    return ETAS_OK;
}

static double lowest(size_t n, const double v[])
{
    double low = INFINITY;

    for (size_t i = 0; i < n; i++)
        low = fmin(low, v[i]);
    return low;
}

static double highest(size_t n, const double v[])
{
    double high = -INFINITY;

    for (size_t i = 0; i < n; i++)
        high = fmax(high, v[i]);
    return high;
}

static etas_status check_region(const etas_region *region, etas_error *err)
{
    size_t n;

    if (region->n_rings == 0)
        return ETAS_OK;
    if (region->ring_start[0] != 0)
        return refuse(err, "rings");
    for (size_t i = 0; i < region->n_rings; i++)
        if (region->ring_start[i + 1] < region->ring_start[i] ||
            region->ring_start[i + 1] - region->ring_start[i] < 3)
            return refuse(err, "rings");
    n = region->ring_start[region->n_rings];
    if (!within(n, region->lat, -90, 90) || !within(n, region->lon, -360, 360))
        return refuse(err, "vertices");
    if (region->lat_min != lowest(n, region->lat) || region->lat_max != highest(n, region->lat) ||
        region->lon_min != lowest(n, region->lon) || region->lon_max != highest(n, region->lon))
        return refuse(err, "bounding box");
    return ETAS_OK;
}

static etas_status check_raster(const etas_plan *plan, etas_error *err)
{
    const etas_raster *r = &plan->raster;
    const size_t cells = (size_t)r->n_lat * r->n_lon;

    if (plan->region.n_rings == 0)
        return cells == 0 ? ETAS_OK : refuse(err, "a raster without a region");
    if (cells == 0 || !within(1, &r->lat0, -90, 90) || !within(1, &r->lon0, -360, 360) ||
        !within(1, &r->dlat, 1e-12, 180) || !within(1, &r->dlon, 1e-12, 720) ||
        r->inv_dlat != 1 / r->dlat || r->inv_dlon != 1 / r->dlon)
        return refuse(err, "raster");
    for (size_t i = 0; i < cells; i++)
        if (r->cell[i] > ETAS_CELL_EDGE)
            return refuse(err, "raster cells");
    return ETAS_OK;
}

etas_status etas_plan_check(const etas_plan *plan, etas_error *err)
{
    etas_status st = check_window(plan, err);

    if (st == ETAS_OK)
        st = check_numbers(plan, err);
    if (st == ETAS_OK)
        st = check_tables(plan, err);
    if (st == ETAS_OK)
        st = check_cells(plan, err);
    if (st == ETAS_OK)
        st = check_zones(&plan->zones, err);
    if (st == ETAS_OK)
        st = check_region(&plan->region, err);
    if (st == ETAS_OK)
        st = check_raster(plan, err);
    return st;
}
