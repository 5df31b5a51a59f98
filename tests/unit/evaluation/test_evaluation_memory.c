/* Memory that runs out at every single allocation: an error, and nothing is left behind. */
#include "support/check.h"

#include <math.h>
#include <stdbool.h>

#include "etas/completeness.h"
#include "etas/likelihood.h"

int __real_posix_memalign(void **out, size_t align, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);

static long allocations_left = -1; /* negative: no limit */

int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    if (allocations_left == 0)
        return 12;
    if (allocations_left > 0)
        allocations_left--;
    return __real_posix_memalign(out, align, size);
}

/* Calls attempt() with memory for 0, 1, 2, ... allocations; it needs @p n. */
static void exhaust(etas_status (*attempt)(etas_error *err), long n)
{
    for (long i = 0; i <= n; i++) {
        etas_error err = {0};
        etas_status st;

        allocations_left = i;
        st = attempt(&err);
        allocations_left = -1;
        assert_int_equal(st, i < n ? ETAS_E_NOMEM : ETAS_OK);
        assert_int_equal(err.code, st);
    }
}

static etas_status estimate(etas_error *err)
{
    static const double mag[] = {2.0, 2.0, 2.1, 2.3}, candidates[] = {2.0, 2.1};
    etas_completeness_config cfg = etas_completeness_config_default();
    etas_completeness_test tests[2];
    size_t winner;

    cfg.delta_m = 0.1;
    cfg.n_samples = 100;
    cfg.n_candidates = 2;
    cfg.candidate = candidates;
    return etas_completeness_estimate(4, mag, &cfg, tests, &winner, err);
}

static void candidates_need_memory(void **state)
{
    (void)state;
    exhaust(estimate, 3);
}

static etas_status raise_levels(etas_error *err)
{
    etas_time time[] = {0, 1};
    double lat[] = {0, 0}, lon[] = {0, 0}, mag[] = {6, 3}, mc[2];
    const double background[] = {2, 2};
    const etas_catalog c = {.n = 2, .time = time, .lat = lat, .lon = lon, .mag = mag};
    const etas_shock_completeness cfg = etas_shock_completeness_default();

    return etas_completeness_after_shocks(&c, background, &cfg, mc, err);
}

static void shocks_need_memory(void **state)
{
    (void)state;
    exhaust(raise_levels, 1);
}

static etas_status score_events(etas_error *err)
{
    static const double lat = 0, lon = 0, weight = 1;
    etas_time time[] = {-10, 0, 10};
    double zero[] = {0, 0, 0}, mag[] = {4, 3, 3}, mc[] = {3, 3, 3};
    size_t id[] = {0, 0, 0, 0};
    const etas_catalog c = {
        .n = 3, .time = time, .lat = zero, .lon = zero, .mag = mag, .mc = mc, .id_start = id};
    const etas_likelihood_input in = {
        .catalog = &c,
        .train_start = -ETAS_NS_PER_DAY,
        .test_end = ETAS_NS_PER_DAY,
        .theta = {.value = {-4, NAN, -2, 2, -2, 0.1, 3, 0, 0.5, 1}},
        .beta = 2,
        .m_ref = 3,
        .m_test = NAN,
        .area_km2 = 1000,
        .earth_radius_km = 6371,
        .smooth = {.n = 1, .lat = &lat, .lon = &lon, .weight = &weight, .variance_km2 = 1}};
    etas_likelihood out = {0};
    const etas_status st = etas_likelihood_evaluate(&in, &out, err);

    assert_true(st == ETAS_OK || out.event == NULL);
    etas_likelihood_free(&out);
    return st;
}

static void scores_need_memory(void **state)
{
    (void)state;
    exhaust(score_events, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(candidates_need_memory),
        cmocka_unit_test(shocks_need_memory),
        cmocka_unit_test(scores_need_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
