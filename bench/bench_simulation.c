/* Time of two typical jobs per instruction set: 10,000 short forecasts of a few events each, and
 * synthetic catalogues of 150 years with thousands of events. Parameters of Switzerland and
 * California, a made-up history, rectangles as regions. */
#include <math.h>
#include <stdlib.h>

#include "bench.h"
#include "etas/array.h"
#include "etas/sampling.h"
#include "etas/simulation.h"

static void die(const etas_error *err)
{
    char line[1024];

    (void)fprintf(stderr, "%s\n", etas_error_format(err, sizeof line, line));
    exit(1);
}

static void set_rectangle(etas_region *region, double south, double north, double west, double east)
{
    const double lat[] = {south, south, north, north}, lon[] = {west, east, east, west};
    etas_error err = {0};

    if (etas_region_set_ring(region, 4, lat, lon, &err) != ETAS_OK)
        die(&err);
}

/* 1,200 events over 30 years. */
static void make_history(etas_catalog *history)
{
    for (uint32_t i = 0; i < 1200; i++) {
        const etas_address at = {.event = i};
        double u[2], v[2];

        etas_uniform_pair(1, &at, u);
        etas_uniform_pair(2, &at, v);
        const etas_event event = {
            .time = -(etas_time)(u[0] * 30 * 365.25 * (double)ETAS_NS_PER_DAY) - 1,
            .lat = 45.7 + 2.2 * u[1],
            .lon = 5.7 + 5 * v[0],
            .mag = 2.3 - log(v[1]) / 2.4,
            .mc = NAN,
            .depth = NAN,
            .id = "",
            .id_len = 0};

        if (etas_catalog_append(history, &event) != ETAS_OK)
            exit(1);
    }
}

typedef struct job {
    etas_simulator *sim;
    size_t count;
    etas_events events;
} job;

static void run_job(void *context)
{
    job *self = context;
    etas_error err = {0};

    if (etas_simulator_run(self->sim, 1, 0, self->count, &self->events, &err) != ETAS_OK)
        die(&err);
}

static void time_job(const char *name, const etas_plan *plan, size_t count)
{
    static const char *const kernels[] = {"scalar", "avx2", "avx512"};

    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        job self = {.count = count};
        double ns;

        if (etas_simulator_open(&self.sim, plan, kernels[k], NULL) != ETAS_OK)
            continue;
        ns = bench_ns(run_job, &self, 1);
        printf("%-22s %-7s %6zu catalogues %8zu events %8.2f ms %6.0f ns/event\n", name, kernels[k],
               count, self.events.n, ns * 1e-6, ns / (double)self.events.n);
        etas_simulator_close(self.sim);
        etas_events_free(&self.events);
    }
}

static void bench_forecast(void)
{
    static const double theta[ETAS_N_PARAMS] = {-6.206, NAN,  -2.923, 1.477, -2.8425,
                                                -0.124, 3.56, -0.58,  0.33,  0.64};
    etas_plan_input in = {.beta = 2.42,
                          .m_ref = 2.3,
                          .delta_m = 0.1,
                          .m_max = 7.5,
                          .m_threshold = NAN,
                          .end = 30 * ETAS_NS_PER_DAY,
                          .output_start = ETAS_TIME_NONE,
                          .area_km2 = 88600,
                          .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                          .filter_region = true,
                          .gaussian_scale_deg = 0.1};
    etas_catalog history = {0};
    etas_region region = {0};
    etas_plan plan = {0};
    etas_error err = {0};
    double *weight = NULL;

    make_history(&history);
    set_rectangle(&region, 45.7, 47.9, 5.7, 10.7);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        in.theta.value[i] = theta[i];
    if (etas_array_alloc((void **)&weight, history.n, sizeof *weight) != ETAS_OK)
        exit(1);
    for (size_t i = 0; i < history.n; i++)
        weight[i] = 0.5;
    in.region = &region;
    in.history = &history;
    in.n_locations = history.n;
    in.location_lat = history.lat;
    in.location_lon = history.lon;
    in.location_weight = weight;
    if (etas_plan_build(&in, &plan, &err) != ETAS_OK)
        die(&err);
    time_job("30 days, Switzerland", &plan, 10000);
    etas_plan_free(&plan);
    etas_catalog_free(&history);
    etas_region_free(&region);
    etas_array_free((void **)&weight);
}

static void bench_simulate(void)
{
    static const double theta[ETAS_N_PARAMS] = {-7.5,  NAN,  -2.49, 1.69, -2.95,
                                                -0.03, 3.99, -0.35, 1.22, 0.51};
    etas_plan_input in = {.beta = 2.302585092994046,
                          .m_ref = 3.6,
                          .delta_m = 0.1,
                          .m_max = INFINITY,
                          .m_threshold = NAN,
                          .end = 54787 * ETAS_NS_PER_DAY,
                          .output_start = ETAS_TIME_NONE,
                          .area_km2 = 960000,
                          .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                          .filter_region = true};
    etas_region region = {0};
    etas_plan plan = {0};
    etas_error err = {0};

    set_rectangle(&region, 32, 42, -125, -115);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        in.theta.value[i] = theta[i];
    in.region = &region;
    if (etas_plan_build(&in, &plan, &err) != ETAS_OK)
        die(&err);
    time_job("150 years, California", &plan, 20);
    etas_plan_free(&plan);
    etas_region_free(&region);
}

int main(void)
{
    bench_forecast();
    bench_simulate();
    return 0;
}
