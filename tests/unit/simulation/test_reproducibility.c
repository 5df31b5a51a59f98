/* The same plan, seed and index give the same bytes however they are computed. */
#include "unit/simulation/grid_fixture.h"

#include <string.h>

/* A bit of everything: history, background by past events, a region, bins, two generations with
 * more children than one draw can give. */
static etas_plan everything(void)
{
    static const double lat[] = {45.1, 46.7, 47.9}, lon[] = {6.2, 8.8, 10.4}, w[] = {2, 1, 0.5};
    etas_catalog history = {0};
    etas_region region = {0};
    etas_plan_input in = bare_input();
    etas_plan plan;

    in.theta.value[ETAS_LOG10_K0] = -2.45; /* a constant: libm must have no say here */
    in.theta.value[ETAS_LOG10_MU] = -1;
    in.area_km2 = 3;
    in.delta_m = 0.1;
    in.m_max = 7;
    in.output_start = ETAS_NS_PER_DAY;
    set_rectangle(&region, 44, 48, 5, 11);
    in.region = &region;
    in.filter_region = true;
    add_past_event(&history, 0.5, 45, 7, 6.8);
    add_past_event(&history, 20, 46, 9, 4.5);
    add_past_event(&history, 2000, 47, 10, 5.5);
    in.history = &history;
    in.n_locations = 3;
    in.location_lat = lat;
    in.location_lon = lon;
    in.location_weight = w;
    in.gaussian_scale_deg = 0.5;
    in.with_parents = true;
    plan = build_plan(&in);
    etas_catalog_free(&history);
    etas_region_free(&region);
    return plan;
}

/* The same history and region with what grids add: background and induced events by cells, tables
 * of magnitudes in half of the zones, free productivities, aftershocks by flat degrees. */
static etas_plan by_grids(void)
{
    static const double kappa[] = {2.5, 0.6, 40};
    static const double mag[] = {3.05, 3.15, 3.25, 3.35, 3.55, 3.65};
    static const double weight[] = {5, 3, 2, 0.5, 2, 1};
    size_t first[] = {0, 4, 6};
    double magnitudes[6], weights[6];
    uint32_t zone[12];
    etas_catalog history = {0};
    etas_region region = {0};
    etas_plan_input in = bare_input();
    small_grid background, induced, map;
    etas_magnitude_zones zones;
    etas_plan plan;

    set_grid(&background, (grid_frame){5, 7, 43.75, 4.5, 1, 1});
    set_grid(&induced, (grid_frame){2, 3, 46, 7, 0.5, 0.25});
    set_grid(&map, (grid_frame){3, 4, 44.5, 6, 1, 1.25});
    for (size_t i = 0; i < background.grid.n; i++)
        background.weight[i] = (double)(i * i % 11);
    for (size_t i = 0; i < map.grid.n; i++)
        zone[i] = i % 3 < 2 ? (uint32_t)(i % 3) : UINT32_MAX;
    memcpy(magnitudes, mag, sizeof mag);
    memcpy(weights, weight, sizeof weight);
    zones = (etas_magnitude_zones){map.grid, zone, 2, first, magnitudes, weights, 0.1};
    in.theta.value[ETAS_LOG10_K0] = -2.45;
    in.theta.value[ETAS_LOG10_MU] = -1;
    in.area_km2 = 3;
    in.delta_m = 0.1;
    in.m_max = 7;
    set_rectangle(&region, 44, 48, 5, 11);
    in.region = &region;
    in.filter_region = true;
    add_past_event(&history, 0.5, 45, 7, 6.8);
    add_past_event(&history, 20, 46, 9, 4.5);
    add_past_event(&history, 2000, 47, 10, 5.5);
    in.history = &history;
    in.kappa = kappa;
    in.background_grid = &background.grid;
    in.induced_grid = &induced.grid;
    in.n_induced = 12.5;
    in.zones = &zones;
    in.reference_placement = in.with_parents = true;
    plan = build_plan(&in);
    etas_catalog_free(&history);
    etas_region_free(&region);
    return plan;
}

static etas_plan (*const models[])(void) = {everything, by_grids};
enum { N_MODELS = sizeof models / sizeof *models };

static void check_same(const etas_events *a, size_t a_row, const etas_events *b, size_t b_row,
                       size_t n)
{
    assert_memory_equal(a->time_ms + a_row, b->time_ms + b_row, n * sizeof *a->time_ms);
    assert_memory_equal(a->lat + a_row, b->lat + b_row, n * sizeof *a->lat);
    assert_memory_equal(a->lon + a_row, b->lon + b_row, n * sizeof *a->lon);
    assert_memory_equal(a->mag + a_row, b->mag + b_row, n * sizeof *a->mag);
    assert_memory_equal(a->generation + a_row, b->generation + b_row, n * sizeof *a->generation);
    assert_memory_equal(a->flags + a_row, b->flags + b_row, n * sizeof *a->flags);
    assert_memory_equal(a->parent + a_row, b->parent + b_row, n * sizeof *a->parent);
}

enum { N = 60 };
static const uint64_t SEED = UINT64_C(0xfedcba9876543210);
static const uint64_t FIRST = (UINT64_C(1) << 32) - 7; /* indices cross 32 bits */

static void check_cuts(const etas_plan *plan)
{
    static const size_t cuts[] = {1, 7, 59};
    etas_events all = simulate_range(plan, NULL, SEED, FIRST, N);

    assert_true(all.n > 5000);
    for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
        etas_simulator *sim = NULL;
        size_t row = 0;

        check_ok(etas_simulator_open(&sim, plan, NULL, NULL), NULL);
        for (size_t k = 0; k < N; k += cuts[c]) {
            const size_t count = N - k < cuts[c] ? N - k : cuts[c];
            etas_events part = {0};

            check_ok(etas_simulator_run(sim, SEED, FIRST + k, count, &part, NULL), NULL);
            assert_memory_equal(part.count, all.count + k, count * sizeof *part.count);
            check_same(&part, 0, &all, row, part.n);
            row += part.n;
            etas_events_free(&part);
        }
        assert_int_equal(row, all.n);
        etas_simulator_close(sim);
    }
    etas_events_free(&all);
}

static void how_a_range_is_cut_changes_nothing(void **state)
{
    (void)state;
    for (size_t m = 0; m < N_MODELS; m++) {
        etas_plan plan = models[m]();

        check_cuts(&plan);
        etas_plan_free(&plan);
    }
}

static void check_kernels(const etas_plan *plan, const char *kernels)
{
    etas_simulator *sim = NULL;
    etas_error err = {0};
    etas_events scalar, e;

    if (etas_simulator_open(&sim, plan, kernels, &err) != ETAS_OK) {
        assert_int_equal(err.code, ETAS_E_ARG);
        print_message("this CPU has no %s\n", kernels);
        return;
    }
    etas_simulator_close(sim);
    scalar = simulate_range(plan, "scalar", SEED, FIRST, N);
    e = simulate_range(plan, kernels, SEED, FIRST, N);
    assert_int_equal(e.n, scalar.n);
    assert_memory_equal(e.count, scalar.count, N * sizeof *e.count);
    check_same(&e, 0, &scalar, 0, e.n);
    etas_events_free(&e);
    etas_events_free(&scalar);
}

static void every_instruction_set_gives_the_same_bits(void **state)
{
    (void)state;
    for (size_t m = 0; m < N_MODELS; m++) {
        etas_plan plan = models[m]();

        check_kernels(&plan, "avx2");
        check_kernels(&plan, "avx512");
        etas_plan_free(&plan);
    }
}

static uint64_t hash(uint64_t h, size_t n, const void *bytes)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return h;
}

static uint64_t hash_of(const etas_plan *plan)
{
    etas_events e = simulate_range(plan, NULL, SEED, FIRST, N);
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    h = hash(h, N * sizeof *e.count, e.count);
    h = hash(h, e.n * sizeof *e.time_ms, e.time_ms);
    h = hash(h, e.n * sizeof *e.lat, e.lat);
    h = hash(h, e.n * sizeof *e.lon, e.lon);
    h = hash(h, e.n * sizeof *e.mag, e.mag);
    h = hash(h, e.n * sizeof *e.generation, e.generation);
    etas_events_free(&e);
    return h;
}

/* If this fails without a reason, catalogues have changed under their users; if the change is
 * meant, ETAS_ALGORITHM_VERSION must rise. */
static void the_catalogues_of_algorithm_version_2_do_not_change(void **state)
{
    etas_plan plan = everything(), grids = by_grids();

    (void)state;
    check_rel(plan.branching_ratio, 0.78, 0.01);
    assert_int_equal(ETAS_ALGORITHM_VERSION, 2);
    assert_int_equal(hash_of(&plan), UINT64_C(0x7d1f91c116b6352c));
    assert_int_equal(hash_of(&grids), UINT64_C(0x1eece2be00c5cf7d));
    etas_plan_free(&plan);
    etas_plan_free(&grids);
}

static void another_seed_or_index_gives_other_catalogues(void **state)
{
    etas_plan plan = everything();
    etas_events a = simulate_range(&plan, NULL, 1, 0, 2);
    etas_events b = simulate_range(&plan, NULL, UINT64_C(1) << 32 | 1, 0, 1);
    etas_events c = simulate_range(&plan, NULL, 1, UINT64_C(1) << 40, 1);

    (void)state;
    assert_memory_not_equal(a.time_ms, a.time_ms + a.count[0], 8 * 10);
    assert_memory_not_equal(a.time_ms, b.time_ms, 8 * 10);
    assert_memory_not_equal(a.time_ms, c.time_ms, 8 * 10);
    etas_events_free(&a);
    etas_events_free(&b);
    etas_events_free(&c);
    etas_plan_free(&plan);
}

static void bad_requests_are_refused(void **state)
{
    etas_plan plan = everything();
    etas_simulator *sim = NULL;
    etas_events e = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_simulator_open(&sim, &plan, "mmx", &err), ETAS_E_ARG);
    assert_non_null(strstr(err.text, "mmx"));
    plan.algorithm = 1;
    assert_int_equal(etas_simulator_open(&sim, &plan, NULL, NULL), ETAS_E_VERSION);
    plan.algorithm = ETAS_ALGORITHM_VERSION;
    check_ok(etas_simulator_open(&sim, &plan, "scalar", NULL), NULL);
    assert_int_equal(etas_simulator_run(sim, 1, (UINT64_C(1) << 48) - 1, 2, &e, NULL), ETAS_E_ARG);
    check_ok(etas_simulator_run(sim, 1, (UINT64_C(1) << 48) - 1, 1, &e, NULL), NULL);
    check_ok(etas_simulator_run(sim, 1, 0, 0, &e, NULL), NULL);
    assert_true(e.n == 0 && e.n_catalogs == 0);
    etas_simulator_close(sim);
    etas_simulator_close(NULL);
    etas_events_free(&e);
    etas_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_a_range_is_cut_changes_nothing),
        cmocka_unit_test(every_instruction_set_gives_the_same_bits),
        cmocka_unit_test(the_catalogues_of_algorithm_version_2_do_not_change),
        cmocka_unit_test(another_seed_or_index_gives_other_catalogues),
        cmocka_unit_test(bad_requests_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
