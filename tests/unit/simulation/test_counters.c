/* An audit of every block of random numbers that a simulation draws: the portable kernels, compiled
 * once more with a Philox that keeps a record. */
#include "unit/simulation/forecast_fixture.h"

#include <string.h>

#include "etas/array.h"

#define ETAS_ISA  audited
#define ETAS_VLEN 1

#include "math/vphilox.h"

/** What a block was drawn from. */
typedef struct block {
    uint32_t word[4];
} block;

static struct {
    size_t n, capacity;
    block *items;
    uint64_t seed;
} drawn;

static v_words audited_philox(uint64_t seed, v_counter at)
{
    block *next;

    check_ok(etas_array_reserve((void **)&drawn.items, &drawn.capacity, drawn.n + 1,
                                sizeof *drawn.items),
             NULL);
    next = &drawn.items[drawn.n++];
    for (size_t k = 0; k < 4; k++)
        next->word[k] = (uint32_t)at.c[k];
    assert_int_equal(seed, drawn.seed);
    return v_philox(seed, at);
}

#define v_philox audited_philox
#include "simulation/sim_kernels.c"
#include "simulation/sim_state.h"

enum { N_CATALOGS = 3000 };

static const uint64_t FIRST = (UINT64_C(1) << 32) - 1000; /* the low word runs over */

static int by_words(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(block));
}

static void add_history(etas_catalog *history)
{
    for (int k = 0; k < 50; k++)
        add_past_event(history, 0.1 + k, 40 + 0.1 * k, 8, 4 + 0.03 * k);
}

/* Background near past events in a region, a history, large and small numbers of children. */
static etas_plan make_plan(etas_region *region, etas_catalog *history)
{
    const double lat[] = {41, 45}, lon[] = {7, 9}, weight[] = {1, 3};
    etas_plan_input in = bare_input();

    set_rectangle(region, 35, 50, 0, 15);
    add_history(history);
    in.theta.value[ETAS_LOG10_MU] = -1.2;
    in.m_max = 8;
    set_branching(&in, 0.8);
    in.region = region;
    in.filter_region = true;
    in.history = history;
    in.n_locations = 2;
    in.location_lat = lat;
    in.location_lon = lon;
    in.location_weight = weight;
    in.gaussian_scale_deg = 3; /* many places fall outside and are drawn anew */
    return build_plan(&in);
}

static void no_two_decisions_share_a_block(void **state)
{
    etas_region region = {0};
    etas_catalog history = {0};
    etas_plan plan = make_plan(&region, &history);
    etas_simulator *sim = NULL;
    etas_events audited = {0}, plain = {0};
    size_t by_purpose[256] = {0}, repeated = 0;

    (void)state;
    drawn.seed = 77;
    check_ok(etas_simulator_open(&sim, &plan, "scalar", NULL), NULL);
    check_ok(etas_simulator_run(sim, drawn.seed, FIRST, N_CATALOGS, &plain, NULL), NULL);
    sim->kernels = &sim_kernels_audited;
    check_ok(etas_simulator_run(sim, drawn.seed, FIRST, N_CATALOGS, &audited, NULL), NULL);
    assert_int_equal(audited.n, plain.n);
    assert_memory_equal(audited.time_ms, plain.time_ms, plain.n * sizeof *plain.time_ms);
    assert_memory_equal(audited.lon, plain.lon, plain.n * sizeof *plain.lon);
    assert_true(drawn.n > 3 * plain.n);

    qsort(drawn.items, drawn.n, sizeof *drawn.items, by_words);
    for (size_t i = 0; i < drawn.n; i++) {
        const uint32_t *word = drawn.items[i].word;
        const uint64_t catalog = word[0] | (uint64_t)(word[1] & 0xffff) << 32;

        by_purpose[word[3] >> 24]++;
        if (!(catalog >= FIRST && catalog < FIRST + N_CATALOGS))
            fail_msg("a block of catalogue %llu", (unsigned long long)catalog);
        if (i == 0 || by_words(&drawn.items[i - 1], &drawn.items[i]) != 0)
            continue;
        /* A number of children that turns out to need several draws begins anew at its first. */
        if (word[3] != (uint32_t)SIM_CHILDREN_NUMBER << 24)
            fail_msg("catalogue %llu, generation %u, event %u: purpose %u, draw %u twice",
                     (unsigned long long)catalog, word[1] >> 16, word[2], word[3] >> 24,
                     word[3] & 0xffffff);
        repeated++;
    }
    for (size_t purpose = SIM_BACKGROUND_NUMBER; purpose <= SIM_PLACE; purpose++)
        assert_true(by_purpose[purpose] > 0);
    assert_true(repeated < drawn.n / 100);
    print_message("%zu blocks for %zu events, %zu of them drawn again\n", drawn.n, plain.n,
                  repeated);

    etas_array_free((void **)&drawn.items);
    etas_events_free(&plain);
    etas_events_free(&audited);
    etas_simulator_close(sim);
    etas_plan_free(&plan);
    etas_catalog_free(&history);
    etas_region_free(&region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_decisions_share_a_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
