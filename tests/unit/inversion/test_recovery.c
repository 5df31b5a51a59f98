/* The only test here that needs the simulation: it closes the circle from parameters to catalogues
 * and back. */
#include "support/check.h"

#include <math.h>

#include "etas/inversion.h"
#include "etas/simulation.h"

enum { N_CATALOGS = 8, WINDOW_DAYS = 3000, AUXILIARY_DAYS = 500 };

/* A kernel that is short in time and space, so that nothing is lost at the edges or beyond the
 * rupture-length radius. */
static const etas_params TRUTH = {.value = {[ETAS_LOG10_MU] = -6,
                                            [ETAS_LOG10_IOTA] = NAN,
                                            [ETAS_LOG10_K0] = -1.92,
                                            [ETAS_A] = 2.2,
                                            [ETAS_LOG10_C] = -2,
                                            [ETAS_OMEGA] = 0.1,
                                            [ETAS_LOG10_TAU] = 2,
                                            [ETAS_LOG10_D] = 0,
                                            [ETAS_GAMMA] = 0.3,
                                            [ETAS_RHO] = 2}};
static const double BETA = 2.3, M_REF = 2, M_MAX = 4.5;

typedef struct world {
    etas_region region;
    double area_km2;
    etas_plan plan;
    etas_events events;
} world;

static void simulate(world *w)
{
    const double lat[] = {40, 40, 44, 44}, lon[] = {8, 13, 13, 8};
    etas_simulator *simulator = NULL;
    etas_error err = {0};

    check_ok(etas_region_set_ring(&w->region, 4, lat, lon, &err), &err);
    check_ok(etas_region_area_km2(&w->region, ETAS_EARTH_RADIUS_KM, &w->area_km2, &err), &err);
    const etas_plan_input in = {.theta = TRUTH,
                                .beta = BETA,
                                .m_ref = M_REF,
                                .m_max = M_MAX,
                                .m_threshold = NAN,
                                .start = 0,
                                .end = WINDOW_DAYS * ETAS_NS_PER_DAY,
                                .output_start = ETAS_TIME_NONE,
                                .region = &w->region,
                                .area_km2 = w->area_km2,
                                .earth_radius_km = ETAS_EARTH_RADIUS_KM};
    check_ok(etas_plan_build(&in, &w->plan, &err), &err);
    check_ok(etas_simulator_open(&simulator, &w->plan, "scalar", &err), &err);
    check_ok(etas_simulator_run(simulator, 20, 0, N_CATALOGS, &w->events, &err), &err);
    etas_simulator_close(simulator);
}

static void world_free(world *w)
{
    etas_events_free(&w->events);
    etas_plan_free(&w->plan);
    etas_region_free(&w->region);
}

static void copy_catalog(const etas_events *events, size_t which, etas_catalog *out)
{
    size_t first = 0;

    for (size_t k = 0; k < which; k++)
        first += events->count[k];
    for (size_t k = first; k < first + events->count[which]; k++) {
        const etas_event row = {.time = (etas_time)events->time_ms[k] * ETAS_NS_PER_MS,
                                .lat = events->lat[k] / ETAS_DEGREE_UNITS,
                                .lon = events->lon[k] / ETAS_DEGREE_UNITS,
                                .mag = events->mag[k] / ETAS_MAG_UNITS,
                                .mc = M_REF,
                                .depth = NAN,
                                .id = "s",
                                .id_len = 1};

        check_ok(etas_catalog_append(out, &row), NULL);
    }
}

/* 2 (ln L at the estimate - ln L at the truth): chi-squared with nine degrees of freedom. */
static double likelihood_ratio(const world *w, size_t which)
{
    etas_inversion_config cfg = etas_inversion_config_default();
    etas_inversion *inversion = NULL;
    etas_catalog catalog = {0};
    etas_error err = {0};
    double truth, best;

    copy_catalog(&w->events, which, &catalog);
    assert_true(catalog.n > 700);
    cfg.window_start = AUXILIARY_DAYS * ETAS_NS_PER_DAY;
    cfg.window_end = WINDOW_DAYS * ETAS_NS_PER_DAY;
    cfg.m_ref = M_REF;
    cfg.area_km2 = w->area_km2;
    cfg.coppersmith_multiplier = 450;
    cfg.estimator = ETAS_ESTIMATOR_MLE;
    check_ok(etas_inversion_open(&inversion, &catalog, &cfg, &err), &err);
    check_ok(etas_inversion_solve(inversion, &err), &err);
    const etas_inversion_state s = etas_inversion_state_get(inversion);
    check_ok(etas_inversion_log_likelihood(inversion, &TRUTH, &truth, &err), &err);
    check_ok(etas_inversion_log_likelihood(inversion, &s.theta, &best, &err), &err);
    check_rel(s.beta, BETA, 4 / sqrt((double)s.n_targets));
    etas_inversion_close(inversion);
    etas_catalog_free(&catalog);
    return 2 * (best - truth);
}

static void the_truth_is_as_likely_as_it_should_be(void **state)
{
    world w = {0};
    double sum = 0;

    (void)state;
    simulate(&w);
    for (size_t k = 0; k < N_CATALOGS; k++) {
        const double ratio = likelihood_ratio(&w, k);

        assert_true(ratio > 0 && ratio < 33.7); /* exceeded once in 10,000 */
        sum += ratio;
    }
    check_abs(sum / N_CATALOGS, 9, 4 * sqrt(18.0 / N_CATALOGS));
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_truth_is_as_likely_as_it_should_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
