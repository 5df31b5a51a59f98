/* Time of two typical jobs per instruction set: 10,000 short forecasts of a few events each, and
 * synthetic catalogues of 150 years with thousands of events. Parameters of Switzerland and
 * California, a made-up history, rectangles as regions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "etas/array.h"
#include "etas/codec.h"
#include "etas/sampling.h"
#include "simulation/sim_state.h"

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

static const char *only; /* kernels; NULL: all */

typedef struct job {
    etas_simulator *sim;
    size_t count;
    etas_events events;
    etas_frame_header header;
    uint8_t *frame;
    size_t frame_len;
} job;

static void run_job(void *context)
{
    job *self = context;
    etas_error err = {0};

    if (etas_simulator_run(self->sim, 1, 0, self->count, &self->events, &err) != ETAS_OK)
        die(&err);
}

static void encode_job(void *context)
{
    job *self = context;

    if (etas_frame_encode(&self->header, &self->events, 0, self->frame, &self->frame_len) !=
        ETAS_OK)
        exit(1);
}

/* What the stages of etas_simulator_run take, nanoseconds of the best run of each. */
typedef enum stage { BACKGROUND, NUMBER, REPORT, CASCADE, DELIVER, STAGES } stage;

static void stages_once(job *self, double ns[STAGES])
{
    etas_simulator *sim = self->sim;
    etas_status st = ETAS_OK;

    self->events.n = self->events.n_catalogs = 0;
    for (size_t done = 0; done < self->count && st == ETAS_OK; done += sim->count) {
        double at = bench_clock_ns(CLOCK_THREAD_CPUTIME_ID), then;
        uint32_t generation = 0;

        sim->first = done;
        sim->count = self->count - done < sim->batch ? self->count - done : sim->batch;
        st = sim_begin(sim, NULL);
        st = st == ETAS_OK ? sim_background(sim, NULL) : st;
        ns[BACKGROUND] += (then = bench_clock_ns(CLOCK_THREAD_CPUTIME_ID)) - at;
        do {
            st = st == ETAS_OK ? sim_number(sim, generation, NULL) : st;
            ns[NUMBER] += (at = bench_clock_ns(CLOCK_THREAD_CPUTIME_ID)) - then;
            st = st == ETAS_OK ? sim_report(sim, generation, NULL) : st;
            ns[REPORT] += (then = bench_clock_ns(CLOCK_THREAD_CPUTIME_ID)) - at;
            st = st == ETAS_OK ? sim_cascade(sim, ++generation, NULL) : st;
            ns[CASCADE] += (at = bench_clock_ns(CLOCK_THREAD_CPUTIME_ID)) - then;
            sim_next_generation(sim);
            then = at;
        } while (sim->now.n > 0);
        st = st == ETAS_OK ? sim_deliver(sim, &self->events, NULL) : st;
        ns[DELIVER] += bench_clock_ns(CLOCK_THREAD_CPUTIME_ID) - then;
    }
    if (st != ETAS_OK)
        exit(1);
}

/* The machine is seldom left alone: short runs, and many. */
static long runs = 500;

static double best_ns(void (*body)(void *), job *self)
{
    double best = 0;

    for (long run = 0; run < runs; run++) {
        const double start = bench_clock_ns(CLOCK_THREAD_CPUTIME_ID);
        double ns;

        body(self);
        ns = bench_clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
        best = run == 0 || ns < best ? ns : best;
    }
    return best;
}

static void time_stages(job *self, double best[STAGES])
{
    for (long run = 0; run < runs; run++) {
        double ns[STAGES] = {0};

        stages_once(self, ns);
        for (size_t s = 0; s < STAGES; s++)
            best[s] = run == 0 || ns[s] < best[s] ? ns[s] : best[s];
    }
}

/* FNV-1a: the same for every instruction set and compiler. */
static uint64_t hash_of(const job *self)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = ETAS_FRAME_HEADER_BYTES; i < self->frame_len; i++)
        hash = (hash ^ self->frame[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void time_job(const char *name, const etas_plan *plan, size_t count)
{
    static const char *const kernels[] = {"scalar", "avx2", "avx512"};

    printf("%s, %zu catalogues; nanoseconds per event\n", name, count);
    printf("%-7s %9s %9s | %7s %7s %7s %7s %7s %7s %7s | %9s %9s  %s\n", "", "M ev/s", "M cat/s",
           "all", "backgr", "number", "report", "cascade", "deliver", "frame", "ev/cat", "B/event",
           "hash of the frame");
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        job self = {.count = count, .header = {.count = (uint32_t)count, .compressed = true}};
        double run, frame, n, stages[STAGES];

        if ((only != NULL && strcmp(only, kernels[k]) != 0) ||
            etas_simulator_open(&self.sim, plan, kernels[k], NULL) != ETAS_OK)
            continue;
        run = best_ns(run_job, &self);
        self.frame = malloc(etas_frame_bound(&self.events));
        if (self.frame == NULL)
            exit(1);
        frame = best_ns(encode_job, &self);
        n = (double)self.events.n;
        time_stages(&self, stages);
        printf(
            "%-7s %9.2f %9.3f | %7.1f %7.1f %7.1f %7.1f %7.1f %7.1f %7.1f | %9.1f %9.2f  %016llx\n",
            kernels[k], n / (run + frame) * 1e3, (double)count / (run + frame) * 1e3,
            (run + frame) / n, stages[BACKGROUND] / n, stages[NUMBER] / n, stages[REPORT] / n,
            stages[CASCADE] / n, stages[DELIVER] / n, frame / n, n / (double)count,
            (double)self.frame_len / n, (unsigned long long)hash_of(&self));
        free(self.frame);
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
    time_job("30 days, Switzerland", &plan, 2000);
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
    time_job("150 years, California", &plan, 1);
    etas_plan_free(&plan);
    etas_region_free(&region);
}

/* Arguments: kernels (all), number of runs (500). */
int main(int argc, char *argv[])
{
    only = argc > 1 ? argv[1] : NULL;
    runs = argc > 2 ? strtol(argv[2], NULL, 10) : runs;
    bench_forecast();
    bench_simulate();
    return 0;
}
