/* A damaged or hostile model blob is refused, or is simulated from without harm. */
#include "unit/simulation/grid_fixture.h"

#include <string.h>

#include "etas/array.h"
#include "etas/codec.h"

enum { AT_REGION = 344, AT_ROWS = 424, AT_SECTIONS = 512, REGION_BYTES = 96 };

/* Background by past events, or everything that grids can say. */
static uint8_t *some_blob(bool by_grids, size_t *len)
{
    static const double lat[] = {45.1, 46.7}, lon[] = {6.2, 8.8}, weight[] = {2, 1};
    size_t first[] = {0, 2, 3};
    double mag[] = {3, 3.1, 3.4}, share[] = {3, 1, 2};
    uint32_t zone[] = {0, 1, UINT32_MAX, 0};
    etas_catalog history = {0};
    etas_region region = {0};
    etas_plan_input in = bare_input();
    small_grid cells, map;
    etas_magnitude_zones zones;
    uint8_t *blob = NULL;
    etas_plan plan;

    set_grid(&cells, (grid_frame){1, 3, 44.5, 5, 3, 2});
    set_grid(&map, (grid_frame){2, 2, 44, 5, 2, 3});
    zones = (etas_magnitude_zones){map.grid, zone, 2, first, mag, share, 0.1};
    if (by_grids) {
        in.background_grid = in.induced_grid = &cells.grid;
        in.n_induced = 2;
        in.zones = &zones;
        in.reference_placement = true;
    }

    set_branching(&in, 0.5);
    in.theta.value[ETAS_LOG10_MU] = -1;
    in.area_km2 = 0.3;
    in.delta_m = 0.1;
    in.m_max = 7;
    set_rectangle(&region, 44, 48, 5, 11);
    in.region = &region;
    in.filter_region = true;
    add_past_event(&history, 0.5, 45, 7, 4.5);
    add_past_event(&history, 20, 46, 9, 4);
    in.history = &history;
    in.n_locations = 2;
    in.location_lat = lat;
    in.location_lon = lon;
    in.location_weight = weight;
    in.gaussian_scale_deg = 0.5;
    plan = build_plan(&in);
    plan.max_events = 300;
    etas_raster_free(&plan.raster); /* a small one, so that every cell can be tried */
    check_ok(etas_raster_build(&plan.raster, &plan.region, 4, NULL), NULL);
    check_ok(etas_blob_encode(&plan, &blob, len, NULL), NULL);
    etas_plan_free(&plan);
    etas_catalog_free(&history);
    etas_region_free(&region);
    return blob;
}

/* Whether it was taken. */
static bool try_blob(size_t len, const uint8_t blob[])
{
    etas_plan plan = {0};
    etas_simulator *sim = NULL;
    etas_events e = {0};
    etas_status st;

    if (etas_blob_decode(len, blob, &plan, NULL) != ETAS_OK)
        return false;
    plan.max_events = plan.max_events < 300 ? plan.max_events : 300;
    check_ok(etas_simulator_open(&sim, &plan, NULL, NULL), NULL);
    st = etas_simulator_run(sim, 7, 0, 1, &e, NULL);
    assert_true(st == ETAS_OK || st == ETAS_E_LIMIT);
    for (size_t i = 0; i < e.n; i++) {
        assert_true(e.lat[i] >= -90000000 && e.lat[i] <= 90000000);
        assert_true(e.lon[i] >= -180000000 && e.lon[i] < 180000000);
        assert_true((double)e.time_ms[i] * 1e-3 <= plan.window_days * 86400);
    }
    etas_simulator_close(sim);
    etas_events_free(&e);
    etas_plan_free(&plan);
    return true;
}

/* The blob by grids differs from the other one, but not in its region. */
static bool is_tried(bool by_grids, size_t at, size_t len)
{
    return !by_grids || at < AT_REGION || (at >= AT_ROWS && at < len - REGION_BYTES);
}

static void flip_every_bit(bool by_grids)
{
    size_t len, taken = 0;
    uint8_t *blob = some_blob(by_grids, &len);

    assert_true(try_blob(len, blob));
    for (size_t i = 0; i < len; i++)
        for (unsigned bit = 0; bit < 8 && is_tried(by_grids, i, len); bit++) {
            blob[i] ^= (uint8_t)(1u << bit);
            taken += try_blob(len, blob);
            blob[i] ^= (uint8_t)(1u << bit);
        }
    assert_in_range(taken, by_grids ? len / 2 : len, 7 * len);
    etas_array_free((void **)&blob);
}

static void every_flipped_bit_is_refused_or_harmless(void **state)
{
    (void)state;
    flip_every_bit(false);
    flip_every_bit(true);
}

/* Each number of the header, and of the tables of grids, at the ends of what a double can be. */
static void try_extreme_numbers(bool by_grids)
{
    static const double extremes[] = {0,      -0.0, 1e-300, -1e-300,  5e-324, 1e300,
                                      -1e300, 1.0,  -1.0,   INFINITY, NAN,    -(double)INFINITY,
                                      1e-3,   1000, -1000,  1e6,      1e-12,  -90,
                                      180,    1e30, 1e-30,  100,      -100,   20};
    enum { N_EXTREMES = sizeof extremes / sizeof *extremes };
    size_t len;
    uint8_t *blob = some_blob(by_grids, &len);

    for (size_t at = 48; at + 8 <= len; at = at == AT_ROWS - 8 ? AT_SECTIONS : at + 8)
        for (size_t k = 0; k < N_EXTREMES && is_tried(by_grids, at, len); k++) {
            uint8_t was[8];

            memcpy(was, blob + at, 8);
            memcpy(blob + at, &extremes[k], 8);
            (void)try_blob(len, blob);
            memcpy(blob + at, was, 8);
        }
    etas_array_free((void **)&blob);
}

static void extreme_numbers_are_refused_or_harmless(void **state)
{
    (void)state;
    try_extreme_numbers(false);
    try_extreme_numbers(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_bit_is_refused_or_harmless),
        cmocka_unit_test(extreme_numbers_are_refused_or_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
