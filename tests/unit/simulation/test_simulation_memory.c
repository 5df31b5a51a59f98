/* The n-th allocation fails, for every n: an error that says so, nothing leaked, no half result. */
#include "unit/simulation/grid_fixture.h"

#include <string.h>

#include "etas/array.h"
#include "etas/codec.h"

static int allocations_left = -1; /* -1: no limit */

int __real_posix_memalign(void **out, size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static bool fails_now(void)
{
    if (allocations_left == 0)
        return true;
    if (allocations_left > 0)
        allocations_left--;
    return false;
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    return fails_now() ? 12 : __real_posix_memalign(out, alignment, size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails_now() ? NULL : __real_calloc(n, size);
}

static etas_catalog history;
static etas_region region;
static etas_plan_input input;
static etas_plan ready;
static small_grid cells, map;
static etas_magnitude_zones zones;

/* With the background in cells, induced events and zones instead of past events. */
static etas_status build_by_grids(etas_error *err)
{
    etas_plan_input in = input;
    etas_plan plan = {0};
    etas_status st;

    in.background_grid = in.induced_grid = &cells.grid;
    in.n_induced = 3;
    in.zones = &zones;
    st = etas_plan_build(&in, &plan, err);
    assert_int_equal(plan.zones.n, st == ETAS_OK ? 1 : 0);
    etas_plan_free(&plan);
    return st;
}

static etas_status build(etas_error *err)
{
    etas_plan plan = {0};
    const etas_status st = etas_plan_build(&input, &plan, err);

    assert_int_equal(plan.algorithm, st == ETAS_OK ? ETAS_ALGORITHM_VERSION : 0);
    etas_plan_free(&plan);
    return st;
}

static etas_status run(etas_error *err)
{
    etas_simulator *sim = NULL;
    etas_events events = {0};
    etas_status st = etas_simulator_open(&sim, &ready, NULL, err);

    if (st == ETAS_OK)
        st = etas_simulator_run(sim, 1, 0, 30, &events, err);
    assert_int_equal(events.n_catalogs, st == ETAS_OK ? 30 : 0);
    etas_simulator_close(sim);
    etas_events_free(&events);
    return st;
}

static etas_status pack(etas_error *err)
{
    uint8_t *blob = NULL;
    size_t len = 0;
    etas_plan plan = {0};
    etas_status st = etas_blob_encode(&ready, &blob, &len, err);

    if (st == ETAS_OK)
        st = etas_blob_decode(len, blob, &plan, err);
    assert_int_equal(plan.history.n, st == ETAS_OK ? 1 : 0);
    etas_plan_free(&plan);
    etas_array_free((void **)&blob);
    return st;
}

static etas_status pack_two(etas_error *err)
{
    etas_plan plans[] = {ready, ready};
    uint8_t turn[] = {1, 0, 1};
    const etas_mixture two = {2, plans, 3, turn};
    etas_mixture out = {0};
    uint8_t *blob = NULL;
    size_t len = 0;
    etas_status st = etas_mixture_encode(&two, &blob, &len, err);

    if (st == ETAS_OK)
        st = etas_mixture_decode(len, blob, &out, err);
    assert_int_equal(out.n, st == ETAS_OK ? 2 : 0);
    etas_mixture_free(&out);
    etas_array_free((void **)&blob);
    return st;
}

static etas_status ship(etas_error *err)
{
    static uint8_t bytes[4096];
    uint32_t count[] = {1};
    uint64_t time[] = {5};
    int32_t number[] = {7};
    uint16_t generation[] = {0};
    uint8_t flags[] = {0};
    const etas_events in = {.n_catalogs = 1,
                            .n = 1,
                            .count = count,
                            .time_ms = time,
                            .lat = number,
                            .lon = number,
                            .mag = number,
                            .generation = generation,
                            .flags = flags};
    etas_frame_header header = {.count = 1, .compressed = true};
    etas_events out = {0};
    size_t len = 0;
    etas_status st;

    assert_true(etas_frame_bound(&in) <= sizeof bytes);
    st = etas_frame_encode(&header, &in, 0, bytes, &len);
    if (st == ETAS_OK)
        st = etas_frame_decode(len, bytes, &header, &out, err);
    assert_int_equal(out.n, st == ETAS_OK ? 1 : 0);
    etas_events_free(&out);
    return st;
}

static void check_every_failure(etas_status (*work)(etas_error *err), int at_least)
{
    etas_status st = ETAS_E_NOMEM;
    int n = 0;

    for (; st != ETAS_OK && n < 1000; n++) {
        etas_error err = {0};

        allocations_left = n;
        st = work(&err);
        allocations_left = -1;
        if (st != ETAS_OK) {
            assert_int_equal(st, ETAS_E_NOMEM);
            assert_int_equal(err.code, ETAS_E_NOMEM);
            assert_non_null(strstr(err.text, "memory"));
        }
    }
    check_ok(st, NULL);
    assert_true(n > at_least);
}

static void a_plan_is_built_or_nothing(void **state)
{
    (void)state;
    check_every_failure(build, 10);
    check_every_failure(build_by_grids, 25);
}

static void catalogues_come_whole_or_not_at_all(void **state)
{
    (void)state;
    check_every_failure(run, 25);
}

static void a_blob_is_written_and_read_or_nothing(void **state)
{
    (void)state;
    check_every_failure(pack, 10);
    check_every_failure(pack_two, 20);
}

static void a_frame_is_read_or_nothing(void **state)
{
    (void)state;
    check_every_failure(ship, 5);
}

static int setup(void **state)
{
    static const double lat = 45, lon = 7, weight = 1;
    static double mag = 3.5, share = 1;
    static size_t first[] = {0, 1};
    static uint32_t zone[4];

    (void)state;
    input = bare_input();
    set_branching(&input, 0.5);
    input.theta.value[ETAS_LOG10_MU] = -1;
    set_rectangle(&region, 44, 48, 5, 11);
    input.region = &region;
    add_past_event(&history, 1, 45, 7, 5);
    input.history = &history;
    input.n_locations = 1;
    input.location_lat = &lat;
    input.location_lon = &lon;
    input.location_weight = &weight;
    input.gaussian_scale_deg = 0.1;
    set_grid(&cells, (grid_frame){2, 2, 45, 6, 1, 1});
    set_grid(&map, (grid_frame){2, 2, 44, 6, 2, 2});
    zones = (etas_magnitude_zones){map.grid, zone, 1, first, &mag, &share, 0.1};
    ready = build_plan(&input);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    etas_plan_free(&ready);
    etas_catalog_free(&history);
    etas_region_free(&region);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_built_or_nothing),
        cmocka_unit_test(catalogues_come_whole_or_not_at_all),
        cmocka_unit_test(a_blob_is_written_and_read_or_nothing),
        cmocka_unit_test(a_frame_is_read_or_nothing),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
