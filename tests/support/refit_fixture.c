#include "support/refit_fixture.h"

#include <math.h>

#include "support/check.h"

#include "etas/simulation.h"

enum { AUXILIARY_DAYS = 200, WINDOW_DAYS = 800 };

/* A kernel that is short in time and space, so that little is lost at the edges. */
static const etas_params TRUTH = {.value = {[ETAS_LOG10_MU] = -5.9,
                                            [ETAS_LOG10_IOTA] = NAN,
                                            [ETAS_LOG10_K0] = -1.92,
                                            [ETAS_A] = 2.0,
                                            [ETAS_LOG10_C] = -2,
                                            [ETAS_OMEGA] = 0.1,
                                            [ETAS_LOG10_TAU] = 2,
                                            [ETAS_LOG10_D] = 0,
                                            [ETAS_GAMMA] = 0.3,
                                            [ETAS_RHO] = 2}};

static void add(etas_catalog *out, etas_time time, double lat, double lon, double mag)
{
    const etas_event e = {
        .time = time, .lat = lat, .lon = lon, .mag = mag, .mc = 2, .depth = NAN, .id = ""};

    check_ok(etas_catalog_append(out, &e), NULL);
}

void catalog_of(const etas_plan *plan, uint64_t seed, uint64_t index, const etas_catalog *history,
                etas_catalog *out)
{
    etas_simulator *simulator = NULL;
    etas_events events = {0};
    etas_error err = {0};

    for (size_t i = 0; history != NULL && i < history->n; i++)
        add(out, history->time[i], history->lat[i], history->lon[i], history->mag[i]);
    check_ok(etas_simulator_open(&simulator, plan, "scalar", &err), &err);
    check_ok(etas_simulator_run(simulator, seed, index, 1, &events, &err), &err);
    for (size_t i = 0; i < events.n; i++)
        add(out, plan->start + (etas_time)events.time_ms[i] * 1000000, events.lat[i] / 1e6,
            events.lon[i] / 1e6, floor(events.mag[i] / 1e4 / 0.1 + 0.5) * 0.1);
    etas_simulator_close(simulator);
    etas_events_free(&events);
}

static void make_catalog(fitted *self, double area_km2)
{
    const etas_plan_input in = {.theta = TRUTH,
                                .beta = 2.3,
                                .m_ref = 2,
                                .delta_m = 0.1,
                                .m_max = 4.5,
                                .m_threshold = NAN,
                                .start = 0,
                                .end = (AUXILIARY_DAYS + WINDOW_DAYS) * ETAS_NS_PER_DAY,
                                .output_start = 0,
                                .region = &self->region,
                                .area_km2 = area_km2,
                                .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                                .filter_region = true};
    etas_plan plan = {0};
    etas_error err = {0};

    check_ok(etas_plan_build(&in, &plan, &err), &err);
    catalog_of(&plan, 5, 0, NULL, &self->catalog);
    etas_plan_free(&plan);
}

void fitted_make(fitted *self)
{
    static const double lat[] = {40, 40, 44, 44}, lon[] = {8, 13, 13, 8};
    etas_error err = {0};
    double area_km2;

    *self = (fitted){.how = etas_inversion_config_default()};
    check_ok(etas_region_set_ring(&self->region, 4, lat, lon, &err), &err);
    check_ok(etas_region_area_km2(&self->region, ETAS_EARTH_RADIUS_KM, &area_km2, &err), &err);
    make_catalog(self, area_km2);
    self->how.window_start = AUXILIARY_DAYS * ETAS_NS_PER_DAY;
    self->how.window_end = (AUXILIARY_DAYS + WINDOW_DAYS) * ETAS_NS_PER_DAY;
    self->how.m_ref = 2;
    self->how.delta_m = 0.1;
    self->how.area_km2 = area_km2;
    self->how.coppersmith_multiplier = 300;
    self->how.estimator = ETAS_ESTIMATOR_MLE;
    self->how.tolerance = 1e-5;
    check_ok(etas_inversion_open(&self->inversion, &self->catalog, &self->how, &err), &err);
    check_ok(etas_inversion_solve(self->inversion, &err), &err);
    self->state = etas_inversion_state_get(self->inversion);
}

void fitted_free(fitted *self)
{
    etas_inversion_close(self->inversion);
    etas_catalog_free(&self->catalog);
    etas_region_free(&self->region);
}

etas_refit_input fitted_input(const fitted *self)
{
    return (etas_refit_input){.catalog = &self->catalog,
                              .how = &self->how,
                              .state = &self->state,
                              .region = &self->region,
                              .m_max = 4.5};
}

void refit_make(etas_refit *out)
{
    fitted f;
    etas_refit_input in;
    etas_error err = {0};

    fitted_make(&f);
    in = fitted_input(&f);
    check_ok(etas_refit_build(&in, out, &err), &err);
    fitted_free(&f);
}
