/** @file plan_fixture.h  Plans with something in every table. */
#ifndef ETAS_TESTS_PLAN_FIXTURE_H
#define ETAS_TESTS_PLAN_FIXTURE_H

#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/codec.h"

static inline void set_column(double **column, size_t n, const double v[])
{
    check_ok(etas_array_alloc((void **)column, n, sizeof **column), NULL);
    memcpy(*column, v, n * sizeof *v);
}

static inline void set_cells(etas_plan_cells *cells, size_t n)
{
    static const double west[] = {7, 7.5, -180, 8}, south[] = {0.7, -1, 0.72, 0.5};
    static const double north[] = {0.71, 0.72, 1, 0.5}, weight[] = {2, 5, 1, 0.5};

    cells->n = n;
    cells->dlon_deg = 0.5;
    set_column(&cells->west, n, west);
    set_column(&cells->sine_south, n, south);
    set_column(&cells->sine_north, n, north);
    check_ok(etas_alias_build(&cells->pick, n, weight), NULL);
}

/* Two tables on a lattice of two rows and three columns, one of whose cells has none. */
static inline void set_zones(etas_plan_zones *zones)
{
    static const uint32_t zone[] = {0, 1, 0, 1, 2, 1};
    static const size_t first[] = {0, 2, 5};
    static const double dm[] = {0, 4, 0, 1.5, 5}, above[] = {1, 0, 1, 0.1, 0}, dm_max[] = {3.9, 5};

    *zones = (etas_plan_zones){
        .n = 2, .n_lat = 2, .n_lon = 3, .lat0 = 45, .lon0 = 6, .dlat = 0.5, .dlon = 0.25};
    check_ok(etas_array_alloc((void **)&zones->zone, 6, sizeof *zones->zone), NULL);
    memcpy(zones->zone, zone, sizeof zone);
    check_ok(etas_array_alloc((void **)&zones->first, 3, sizeof *zones->first), NULL);
    memcpy(zones->first, first, sizeof first);
    set_column(&zones->dm, 5, dm);
    set_column(&zones->above, 5, above);
    set_column(&zones->dm_max, 2, dm_max);
}

/** Three past events, two places, four induced cells, two zones, a triangle: every table has its
 * own length. */
static inline void make_plan(etas_plan *plan)
{
    static const double lat[] = {46.1, 46.9, 47.3}, lon[] = {7.1, 8.2, -179.5};
    static const double age[] = {0.5, 20, 3000}, ratio[] = {4.1, 0.9, 0.01};
    static const double scale[] = {0.3, 1.7, 0.9}, weight[] = {3, 0, 1};
    static const double corner_lat[] = {45, 48, 45, 45}, corner_lon[] = {5, 8, 11, 5};
    etas_error err = {0};

    *plan = (etas_plan){.algorithm = ETAS_ALGORITHM_VERSION,
                        .start = -ETAS_NS_PER_DAY,
                        .end = 29 * ETAS_NS_PER_DAY,
                        .output_start = 0,
                        .window_days = 30,
                        .beta = 2.4,
                        .mc = 2.25,
                        .mag_span_cdf = 0.99,
                        .delta_m = 0.1,
                        .m_threshold = 2.3,
                        .m_max = INFINITY,
                        .productivity = 0.02,
                        .alpha = 1.3,
                        .c_days = 0.001,
                        .omega = -0.1,
                        .inv_tau = 1e-4,
                        .d_km2 = 0.3,
                        .gamma = 0.3,
                        .rho = 0.6,
                        .earth_radius_km = 6378.1,
                        .branching_ratio = NAN,
                        .filter_region = true,
                        .with_parents = true,
                        .max_generations = 1000,
                        .max_events = 12345};
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        plan->theta.value[i] = i == ETAS_LOG10_IOTA ? NAN : -(double)i;
    plan->theta.value[ETAS_LOG10_TAU] = INFINITY;
    plan->history.n = 3;
    plan->history.mean = 0.57;
    set_column(&plan->history.lat, 3, lat);
    set_column(&plan->history.lon, 3, lon);
    set_column(&plan->history.a_days, 3, age);
    set_column(&plan->history.log_ratio, 3, ratio);
    set_column(&plan->history.d_km2, 3, scale);
    check_ok(etas_alias_build(&plan->history.parents, 3, weight), NULL);
    plan->background = (etas_plan_background){
        .kind = ETAS_BACKGROUND_CATALOG, .mean = 1.65, .n = 2, .gaussian_scale_deg = 0.1};
    set_column(&plan->background.lat, 2, lat);
    set_column(&plan->background.lon, 2, lon);
    check_ok(etas_alias_build(&plan->background.locations, 2, weight + 1), NULL);
    plan->induced.mean = 0.75;
    set_cells(&plan->induced.cells, 4);
    set_zones(&plan->zones);
    check_ok(etas_region_set_ring(&plan->region, 4, corner_lat, corner_lon, &err), &err);
    check_ok(etas_raster_build(&plan->raster, &plan->region, 5, &err), &err);
}

/** The same with a background by three cells. */
static inline void make_grid_plan(etas_plan *plan)
{
    etas_plan_background *b = &plan->background;

    make_plan(plan);
    b->kind = ETAS_BACKGROUND_GRID;
    b->n = b->locations.n = 0;
    b->gaussian_scale_deg = 0;
    set_cells(&b->cells, 3);
}

#endif
