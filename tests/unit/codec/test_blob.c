#include "support/hostile.h"
#include "unit/codec/plan_fixture.h"

enum { AT_ALGORITHM = 8, AT_SECTIONS = 512 };

static uint8_t *encode(const etas_plan *plan, size_t *len)
{
    etas_error err = {0};
    uint8_t *blob = NULL;

    check_ok(etas_blob_encode(plan, &blob, len, &err), &err);
    return blob;
}

static uint8_t *some_blob(size_t *len)
{
    etas_plan plan;
    uint8_t *blob;

    make_plan(&plan);
    blob = encode(&plan, len);
    etas_plan_free(&plan);
    return blob;
}

static etas_status decode(size_t len, const uint8_t bytes[])
{
    uint8_t *exact = exact_copy(len, bytes);
    etas_plan plan = {0};
    etas_error err = {0};
    etas_status st;

    st = etas_blob_decode(len, exact, &plan, &err);
    assert_int_equal(err.code, st);
    if (st == ETAS_OK) { /* what was taken is a plan: it can be written again */
        size_t again_len;
        uint8_t *again = encode(&plan, &again_len);

        assert_int_equal(again_len, len);
        etas_array_free((void **)&again);
    } else {
        assert_null(plan.history.lat);
    }
    etas_plan_free(&plan);
    free(exact);
    return st;
}

#define SAME(field)           assert_memory_equal(&got.field, &want.field, sizeof want.field)
#define SAME_COLUMN(field, n) assert_memory_equal(got.field, want.field, (n) * sizeof *want.field)

static void same_cells(const etas_plan_cells *got, const etas_plan_cells *want, size_t n)
{
    assert_int_equal(got->n, n);
    assert_int_equal(got->pick.n, n);
    assert_true(got->dlon_deg == want->dlon_deg);
    assert_memory_equal(got->west, want->west, n * sizeof *want->west);
    assert_memory_equal(got->sine_south, want->sine_south, n * sizeof *want->sine_south);
    assert_memory_equal(got->sine_north, want->sine_north, n * sizeof *want->sine_north);
    assert_memory_equal(got->pick.keep, want->pick.keep, n * sizeof *want->pick.keep);
    assert_memory_equal(got->pick.other, want->pick.other, n * sizeof *want->pick.other);
}

static void what_goes_in_comes_out(void **state)
{
    etas_plan want, got = {0};
    etas_error err = {0};
    size_t len;
    uint8_t *blob;

    (void)state;
    make_plan(&want);
    blob = encode(&want, &len);
    assert_int_equal(len, AT_SECTIONS + 3 * 52 + 2 * 28 + 4 * 36 + 6 * 4 + 3 * 8 + 5 * 16 + 2 * 8 +
                              2 * 8 + 4 * 16 + 25);
    check_ok(etas_blob_decode(len, blob, &got, &err), &err);
    /* every scalar of the struct, in its order */
    SAME(algorithm), SAME(start), SAME(end), SAME(output_start), SAME(window_days), SAME(theta);
    SAME(beta), SAME(mc), SAME(mag_span_cdf), SAME(delta_m), SAME(m_threshold), SAME(m_max);
    SAME(productivity), SAME(alpha), SAME(c_days), SAME(omega), SAME(inv_tau), SAME(d_km2);
    SAME(gamma), SAME(rho), SAME(earth_radius_km), SAME(branching_ratio), SAME(filter_region);
    SAME(reference_placement), SAME(with_parents);
    SAME(max_generations), SAME(max_events), SAME(history.n), SAME(history.mean);
    SAME_COLUMN(history.lat, 3), SAME_COLUMN(history.lon, 3), SAME_COLUMN(history.a_days, 3);
    SAME_COLUMN(history.log_ratio, 3), SAME_COLUMN(history.d_km2, 3);
    SAME(history.parents.n), SAME_COLUMN(history.parents.keep, 3);
    SAME_COLUMN(history.parents.other, 3);
    SAME(background.kind), SAME(background.mean), SAME(background.n);
    SAME(background.gaussian_scale_deg), SAME_COLUMN(background.lat, 2);
    SAME_COLUMN(background.lon, 2), SAME(background.locations.n);
    SAME_COLUMN(background.locations.keep, 2), SAME_COLUMN(background.locations.other, 2);
    SAME(background.cells.n), SAME(background.cells.dlon_deg), SAME(induced.mean);
    same_cells(&got.induced.cells, &want.induced.cells, 4);
    SAME(zones.n), SAME(zones.n_lat), SAME(zones.n_lon), SAME(zones.lat0), SAME(zones.lon0);
    SAME(zones.dlat), SAME(zones.dlon), SAME_COLUMN(zones.zone, 6), SAME_COLUMN(zones.first, 3);
    SAME_COLUMN(zones.dm, 5), SAME_COLUMN(zones.above, 5), SAME_COLUMN(zones.dm_max, 2);
    SAME(region.n_rings), SAME_COLUMN(region.ring_start, 2), SAME_COLUMN(region.lat, 4);
    SAME_COLUMN(region.lon, 4), SAME(region.lat_min), SAME(region.lat_max), SAME(region.lon_min);
    SAME(region.lon_max), SAME(raster.lat0), SAME(raster.lon0), SAME(raster.dlat);
    SAME(raster.dlon), SAME(raster.inv_dlat), SAME(raster.inv_dlon), SAME(raster.n_lat);
    SAME(raster.n_lon), SAME_COLUMN(raster.cell, 25);
    etas_array_free((void **)&blob);
    etas_plan_free(&want);
    etas_plan_free(&got);
}

static void a_background_by_cells_comes_back(void **state)
{
    etas_plan want, got = {0};
    etas_error err = {0};
    size_t len;
    uint8_t *blob;

    (void)state;
    make_grid_plan(&want);
    want.reference_placement = true;
    want.with_parents = want.filter_region = false;
    blob = encode(&want, &len);
    check_ok(etas_blob_decode(len, blob, &got, &err), &err);
    assert_int_equal(got.background.kind, ETAS_BACKGROUND_GRID);
    same_cells(&got.background.cells, &want.background.cells, 3);
    same_cells(&got.induced.cells, &want.induced.cells, 4);
    assert_true(got.reference_placement && !got.with_parents && !got.filter_region);
    etas_array_free((void **)&blob);
    etas_plan_free(&want);
    etas_plan_free(&got);
}

static void a_plan_without_tables_is_a_blob_too(void **state)
{
    etas_plan plan, got = {0};
    etas_error err = {0};
    size_t len;
    uint8_t *blob;

    (void)state;
    make_plan(&plan);
    etas_region_free(&plan.region);
    etas_raster_free(&plan.raster);
    plan.history.n = plan.background.n = 0; /* the arrays stay, and are not written */
    plan.history.mean = 0;
    plan.background.kind = ETAS_BACKGROUND_UNIFORM;
    plan.history.parents.n = plan.background.locations.n = 0;
    plan.induced.mean = plan.induced.cells.dlon_deg = 0;
    plan.induced.cells.n = plan.induced.cells.pick.n = 0;
    plan.zones.n = plan.zones.n_lat = plan.zones.n_lon = 0;
    blob = encode(&plan, &len);
    assert_int_equal(len, AT_SECTIONS);
    check_ok(etas_blob_decode(len, blob, &got, &err), &err);
    assert_int_equal(got.region.n_rings, 0);
    etas_plan_free(&got);
    etas_plan_free(&plan);
    etas_array_free((void **)&blob);
}

static void equal_plans_give_equal_bytes_whatever_the_nan(void **state)
{
    etas_plan plan;
    size_t len, again_len;
    uint8_t *blob, *again;

    (void)state;
    make_plan(&plan);
    blob = encode(&plan, &len);
    plan.branching_ratio = -(double)NAN;
    again = encode(&plan, &again_len);
    assert_int_equal(len, again_len);
    assert_memory_equal(blob, again, len);
    etas_array_free((void **)&blob);
    etas_array_free((void **)&again);
    etas_plan_free(&plan);
}

static void every_truncation_and_every_trailing_byte_is_refused(void **state)
{
    size_t len;
    uint8_t *blob = some_blob(&len);

    (void)state;
    check_length_matters(len, blob, decode);
    etas_array_free((void **)&blob);
}

static void every_changed_byte_is_refused_or_gives_another_plan(void **state)
{
    size_t len, taken = 0;
    uint8_t *blob = some_blob(&len);

    (void)state;
    for (size_t i = 0; i < len; i++)
        for (unsigned v = 0; v < 9; v++) {
            const uint8_t was = blob[i];

            blob[i] = (uint8_t)(was ^ (v < 8 ? 1u << v : 255u));
            taken += decode(len, blob) == ETAS_OK;
            blob[i] = was;
        }
    assert_in_range(taken, 1, 9 * len - 1);
    etas_array_free((void **)&blob);
}

static void another_algorithm_or_blob_version_is_named(void **state)
{
    size_t len;
    uint8_t *blob = some_blob(&len);
    etas_plan plan = {0};
    etas_error err = {0};

    (void)state;
    blob[AT_ALGORITHM] = 7;
    assert_int_equal(etas_blob_decode(len, blob, &plan, &err), ETAS_E_VERSION);
    assert_non_null(strstr(err.text, "version 7"));
    assert_non_null(strstr(err.text, "version 2"));
    blob[AT_ALGORITHM] = ETAS_ALGORITHM_VERSION;
    blob[4] = 1;
    assert_int_equal(decode(len, blob), ETAS_E_VERSION);
    etas_array_free((void **)&blob);
}

typedef struct damage {
    const char *says;
    size_t member;
    double value;
} damage;

static void refuse_both_ways(etas_plan *plan, const char *says)
{
    etas_error err = {0};
    uint8_t *blob = NULL;
    size_t len = 0;

    assert_int_equal(etas_blob_encode(plan, &blob, &len, &err), ETAS_E_CORRUPT);
    if (strstr(err.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    assert_null(blob);
    etas_plan_free(plan);
}

static void numbers_that_cannot_be_are_refused(void **state)
{
    static const damage numbers[] = {
        {"window", offsetof(etas_plan, window_days), 31},
        {"beta", offsetof(etas_plan, beta), NAN},
        {"mc", offsetof(etas_plan, mc), -101},
        {"mag_span_cdf", offsetof(etas_plan, mag_span_cdf), 0},
        {"delta_m", offsetof(etas_plan, delta_m), 1e-9},
        {"m_max", offsetof(etas_plan, m_max), NAN},
        {"productivity", offsetof(etas_plan, productivity), -1},
        {"c_days", offsetof(etas_plan, c_days), INFINITY},
        {"omega", offsetof(etas_plan, omega), -INFINITY},
        {"rho", offsetof(etas_plan, rho), 0},
        {"history mean", offsetof(etas_plan, history.mean), -1e-9},
        {"background mean", offsetof(etas_plan, background.mean), INFINITY},
        {"gaussian_scale_deg", offsetof(etas_plan, background.gaussian_scale_deg), NAN},
        {"induced mean", offsetof(etas_plan, induced.mean), -1},
        {"cells of induced", offsetof(etas_plan, induced.cells.dlon_deg), NAN},
        {"lattice", offsetof(etas_plan, zones.lat0), NAN},
        {"lattice", offsetof(etas_plan, zones.lon0), INFINITY},
        {"lattice", offsetof(etas_plan, zones.dlat), 0},
        {"lattice", offsetof(etas_plan, zones.dlon), -0.25},
        {"bounding box", offsetof(etas_plan, region.lat_max), 48.5},
        {"raster", offsetof(etas_plan, raster.inv_dlon), 0.5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        etas_plan plan;

        make_plan(&plan);
        *(double *)((char *)&plan + numbers[i].member) = numbers[i].value;
        refuse_both_ways(&plan, numbers[i].says);
    }
}

static void windows_and_limits_that_cannot_be_are_refused(void **state)
{
    etas_plan plan;

    (void)state;
    make_plan(&plan);
    plan.end = plan.start;
    refuse_both_ways(&plan, "window");
    make_plan(&plan);
    plan.end = INT64_MAX;
    plan.start = INT64_MIN + 1;
    refuse_both_ways(&plan, "window");
    make_plan(&plan);
    plan.output_start = plan.end + 1;
    refuse_both_ways(&plan, "output_start");
    make_plan(&plan);
    plan.max_generations = ETAS_PLAN_MAX_GENERATIONS + 1;
    refuse_both_ways(&plan, "limits");
    make_plan(&plan);
    plan.max_events = 0;
    refuse_both_ways(&plan, "limits");
}

static void tables_that_cannot_be_are_refused(void **state)
{
    etas_plan plan;

    (void)state;
    make_plan(&plan);
    plan.history.lat[2] = 90.1;
    refuse_both_ways(&plan, "history");
    make_plan(&plan);
    plan.history.a_days[0] = 0;
    refuse_both_ways(&plan, "history");
    make_plan(&plan);
    plan.history.d_km2[1] = NAN;
    refuse_both_ways(&plan, "history");
    make_plan(&plan);
    plan.history.parents.other[1] = 3;
    refuse_both_ways(&plan, "weights of the history");
    make_plan(&plan);
    plan.history.parents.keep[0] = NAN;
    refuse_both_ways(&plan, "weights of the history");
    make_plan(&plan);
    plan.background.locations.other[0] = UINT32_MAX;
    refuse_both_ways(&plan, "weights of the background");
    make_plan(&plan);
    plan.background.lon[0] = 181;
    refuse_both_ways(&plan, "places of the background");
    make_plan(&plan);
    plan.background.kind = ETAS_BACKGROUND_UNIFORM;
    refuse_both_ways(&plan, "weights of the background");
    make_plan(&plan);
    plan.region.ring_start[0] = 2;
    refuse_both_ways(&plan, "rings");
    make_plan(&plan);
    plan.raster.cell[24] = 3;
    refuse_both_ways(&plan, "raster cells");
}

static void cells_that_cannot_be_are_refused(void **state)
{
    etas_plan plan;

    (void)state;
    make_grid_plan(&plan);
    plan.background.cells.west[1] = 181;
    refuse_both_ways(&plan, "cells of the background");
    make_grid_plan(&plan);
    plan.background.cells.sine_south[1] = -1.01;
    refuse_both_ways(&plan, "cells of the background");
    make_grid_plan(&plan);
    plan.background.cells.sine_north[0] = NAN;
    refuse_both_ways(&plan, "cells of the background");
    make_grid_plan(&plan);
    plan.background.cells.sine_north[0] = 0.6;
    refuse_both_ways(&plan, "cells of the background");
    make_grid_plan(&plan);
    plan.background.cells.pick.other[2] = 3;
    refuse_both_ways(&plan, "weights of the background's cells");
    make_grid_plan(&plan);
    plan.background.kind = ETAS_BACKGROUND_UNIFORM;
    refuse_both_ways(&plan, "weights of the background's cells");
    make_plan(&plan);
    plan.induced.cells.sine_south[3] = 0.51;
    refuse_both_ways(&plan, "cells of induced");
    make_plan(&plan);
    plan.induced.cells.pick.keep[0] = -0.1;
    refuse_both_ways(&plan, "weights of the cells of induced");
    make_plan(&plan);
    plan.induced.cells.n = plan.induced.cells.pick.n = 0;
    plan.induced.cells.dlon_deg = 0;
    refuse_both_ways(&plan, "weights of the cells of induced");
}

static void zones_that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *says;
        size_t table, row;
        double value;
    } lies[] = {
        {"tables", offsetof(etas_plan_zones, dm), 0, -1},
        {"tables", offsetof(etas_plan_zones, dm), 3, 0},
        {"tables", offsetof(etas_plan_zones, dm), 4, NAN},
        {"tables", offsetof(etas_plan_zones, above), 0, 0.9},
        {"tables", offsetof(etas_plan_zones, above), 1, 0.01},
        {"tables", offsetof(etas_plan_zones, above), 3, 1.1},
        {"tables", offsetof(etas_plan_zones, above), 3, NAN},
        {"largest", offsetof(etas_plan_zones, dm_max), 0, 4.1},
        {"largest", offsetof(etas_plan_zones, dm_max), 1, NAN},
    };
    etas_plan plan;

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        double *table;

        make_plan(&plan);
        memcpy(&table, (char *)&plan.zones + lies[i].table, sizeof table);
        table[lies[i].row] = lies[i].value;
        refuse_both_ways(&plan, lies[i].says);
    }
    make_plan(&plan);
    plan.zones.zone[5] = 3;
    refuse_both_ways(&plan, "numbers of the zones");
    make_plan(&plan);
    plan.zones.first[0] = 1;
    refuse_both_ways(&plan, "tables of the zones");
    make_plan(&plan);
    plan.zones.first[1] = 6; /* beyond the knots */
    refuse_both_ways(&plan, "tables of the zones");
    make_plan(&plan);
    plan.zones.first[1] = 4; /* leaves one knot */
    refuse_both_ways(&plan, "tables of the zones");
    make_plan(&plan);
    plan.zones.n_lat = 0;
    refuse_both_ways(&plan, "lattice");
    make_plan(&plan);
    plan.zones.n = 0;
    refuse_both_ways(&plan, "lattice");
}

/* Extents whose product or sum overflows, or that ask for more than is there. */
static void hostile_extents_allocate_nothing(void **state)
{
    static const struct {
        size_t at;
        uint64_t value;
    } lies[] = {
        {424, UINT64_C(0xffffffffffffffff)}, /* both sides of the raster */
        {432, UINT64_C(0xffffffffffffffff)}, /* and of the lattice */
        {440, UINT64_C(0x4ec4ec4ec4ec4ec)},
        {440, UINT64_MAX},
        {440, UINT32_MAX},
        {448, UINT64_MAX},
        {448, 3},
        {456, UINT64_MAX},
        {456, 1},
        {464, UINT64_C(1) << 61},
        {464, 3},
        {472, UINT64_MAX},
        {472, 0},
        {472, 3},
        {480, UINT64_MAX},
        {480, 4},
        {488, UINT64_MAX},
        {488, 0},
        {488, 2},
        {496, UINT64_MAX},
        {496, 5},
        {504, 0},
    };
    size_t len;
    uint8_t *blob = some_blob(&len);

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        uint8_t was[8];

        memcpy(was, blob + lies[i].at, 8);
        for (int b = 0; b < 8; b++)
            blob[lies[i].at + (size_t)b] = (uint8_t)(lies[i].value >> 8 * b);
        assert_int_equal(decode(len, blob), ETAS_E_CORRUPT);
        memcpy(blob + lies[i].at, was, 8);
    }
    etas_array_free((void **)&blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(a_background_by_cells_comes_back),
        cmocka_unit_test(a_plan_without_tables_is_a_blob_too),
        cmocka_unit_test(equal_plans_give_equal_bytes_whatever_the_nan),
        cmocka_unit_test(every_truncation_and_every_trailing_byte_is_refused),
        cmocka_unit_test(every_changed_byte_is_refused_or_gives_another_plan),
        cmocka_unit_test(another_algorithm_or_blob_version_is_named),
        cmocka_unit_test(numbers_that_cannot_be_are_refused),
        cmocka_unit_test(windows_and_limits_that_cannot_be_are_refused),
        cmocka_unit_test(tables_that_cannot_be_are_refused),
        cmocka_unit_test(cells_that_cannot_be_are_refused),
        cmocka_unit_test(zones_that_cannot_be_are_refused),
        cmocka_unit_test(hostile_extents_allocate_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
