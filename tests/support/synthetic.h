/** @file synthetic.h  Catalogues of known parameters, and fits of them.
 *
 * On a globe without a region, from an empty start that the fit knows of (the auxiliary period
 * begins where the process does): nothing is lost at edges in space or time.
 */
#ifndef ETAS_TESTS_SYNTHETIC_H
#define ETAS_TESTS_SYNTHETIC_H

#include <math.h>

#include "etas/inversion.h"
#include "etas/simulation.h"
#include "etas/uncertainty.h"

typedef struct synthetic_world {
    etas_params truth;
    double beta, m_ref, delta_m, m_max;
    double auxiliary_days, window_days;
    double multiplier; /**< of the rupture length, for the fit's pairs */
} synthetic_world;

static inline double synthetic_area_km2(void)
{
    return 4 * 3.14159265358979323846 * ETAS_EARTH_RADIUS_KM * ETAS_EARTH_RADIUS_KM;
}

static inline etas_time synthetic_time(double days)
{
    return (etas_time)(days * (double)ETAS_NS_PER_DAY);
}

static inline etas_status synthetic_copy(const synthetic_world *world, const etas_events *events,
                                         etas_catalog *out)
{
    etas_status st = ETAS_OK;

    for (size_t k = 0; k < events->n && st == ETAS_OK; k++) {
        const etas_event row = {.time = (etas_time)events->time_ms[k] * ETAS_NS_PER_MS,
                                .lat = events->lat[k] / ETAS_DEGREE_UNITS,
                                .lon = events->lon[k] / ETAS_DEGREE_UNITS,
                                .mag = events->mag[k] / ETAS_MAG_UNITS,
                                .mc = world->m_ref,
                                .depth = NAN,
                                .id = "s",
                                .id_len = 1};

        st = etas_catalog_append(out, &row);
    }
    return st;
}

/** Catalogue number @p index of @p seed; @p out starts as {0}. */
static inline etas_status synthetic_catalog(const synthetic_world *world, uint64_t seed,
                                            uint64_t index, etas_catalog *out, etas_error *err)
{
    const etas_region globe = {0};
    const etas_plan_input in = {.theta = world->truth,
                                .beta = world->beta,
                                .m_ref = world->m_ref,
                                .delta_m = world->delta_m,
                                .m_max = world->m_max,
                                .m_threshold = NAN,
                                .start = 0,
                                .end = synthetic_time(world->auxiliary_days + world->window_days),
                                .output_start = ETAS_TIME_NONE,
                                .region = &globe,
                                .area_km2 = synthetic_area_km2(),
                                .earth_radius_km = ETAS_EARTH_RADIUS_KM};
    etas_simulator *simulator = NULL;
    etas_plan plan = {0};
    etas_events events = {0};
    etas_status st = etas_plan_build(&in, &plan, err);

    if (st == ETAS_OK)
        st = etas_simulator_open(&simulator, &plan, NULL, err);
    if (st == ETAS_OK)
        st = etas_simulator_run(simulator, seed, index, 1, &events, err);
    if (st == ETAS_OK)
        st = synthetic_copy(world, &events, out);
    etas_simulator_close(simulator);
    etas_events_free(&events);
    etas_plan_free(&plan);
    return st;
}

static inline etas_inversion_config synthetic_config(const synthetic_world *world)
{
    etas_inversion_config cfg = etas_inversion_config_default();

    cfg.window_start = synthetic_time(world->auxiliary_days);
    cfg.window_end = synthetic_time(world->auxiliary_days + world->window_days);
    cfg.m_ref = world->m_ref;
    cfg.delta_m = world->delta_m;
    cfg.area_km2 = synthetic_area_km2();
    cfg.coppersmith_multiplier = world->multiplier;
    cfg.estimator = ETAS_ESTIMATOR_MLE;
    return cfg;
}

#endif
