/* Inversions of synthetic catalogues: Californian parameters, 40 years, and a completeness that
 * makes the wanted number of events (--dense: of magnitude 3.6 all the same, for more pairs).
 *
 *   bench_inversion steps EVENTS [--dense]                    ns per pair of the steps, by kernels
 *   bench_inversion solve EVENTS [THREADS [MBYTES]] [--dense] one whole inversion
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "etas/inversion.h"
#include "etas/simulation.h"
#include "inversion/constraints.h"
#include "inversion/em.h"
#include "inversion/maximisation.h"

enum { YEARS = 40, AUXILIARY_YEARS = 5 };

static const double BETA = 2.302585092994046;

/* Of the processor, as others may be at work, too. */
static double cpu_ns(void (*body)(void *context), void *context, size_t elements)
{
    return bench_ns_by(CLOCK_PROCESS_CPUTIME_ID, body, context, elements);
}

typedef struct world {
    etas_region region;
    etas_catalog catalog;
    etas_params theta;
    etas_inversion_config cfg;
} world;

static void die(const etas_error *err)
{
    char line[1024];

    (void)fprintf(stderr, "%s\n", etas_error_format(err, sizeof line, line));
    exit(1);
}

static void set_theta(double dm, double factor, etas_params *theta)
{
    static const double value[ETAS_N_PARAMS] = {-7.5,  NAN,  -2.49, 1.69, -2.95,
                                                -0.03, 3.99, -0.35, 1.22, 0.51};

    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        theta->value[i] = value[i];
    theta->value[ETAS_LOG10_MU] += log10(factor) - dm * BETA / M_LN10;
    theta->value[ETAS_LOG10_D] += dm * value[ETAS_GAMMA] / M_LN10;
    theta->value[ETAS_LOG10_K0] += dm * value[ETAS_GAMMA] * value[ETAS_RHO] / M_LN10;
}

static void append(world *w, const etas_events *events, size_t first, size_t n)
{
    for (size_t k = first; k < first + n; k++) {
        const etas_event row = {
            .time = (etas_time)events->time_ms[k] * ETAS_NS_PER_MS,
            .lat = events->lat[k] / ETAS_DEGREE_UNITS,
            .lon = events->lon[k] / ETAS_DEGREE_UNITS,
            .mag = etas_magnitude_round(events->mag[k] / ETAS_MAG_UNITS, w->cfg.delta_m),
            .mc = w->cfg.m_ref,
            .depth = NAN,
            .id = "",
            .id_len = 0};

        if (etas_catalog_append(&w->catalog, &row) != ETAS_OK)
            exit(1);
    }
}

/* The first @p n events of the first simulated catalogue that has as many. */
static void simulate(world *w, size_t n)
{
    const etas_plan_input in = {.theta = w->theta,
                                .beta = BETA,
                                .m_ref = w->cfg.m_ref,
                                .delta_m = w->cfg.delta_m,
                                .m_max = 8,
                                .m_threshold = NAN,
                                .end = (etas_time)(YEARS * 365.25 * (double)ETAS_NS_PER_DAY),
                                .output_start = ETAS_TIME_NONE,
                                .region = &w->region,
                                .area_km2 = w->cfg.area_km2,
                                .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                                .filter_region = true};
    etas_simulator *simulator = NULL;
    etas_events events = {0};
    etas_plan plan = {0};
    etas_error err = {0};

    if (etas_plan_build(&in, &plan, &err) != ETAS_OK ||
        etas_simulator_open(&simulator, &plan, NULL, &err) != ETAS_OK)
        die(&err);
    for (uint64_t k = 0; w->catalog.n == 0 && k < 100; k++) {
        if (etas_simulator_run(simulator, 1, k, 1, &events, &err) != ETAS_OK)
            die(&err);
        if (events.n >= n)
            append(w, &events, 0, n);
    }
    etas_simulator_close(simulator);
    etas_events_free(&events);
    etas_plan_free(&plan);
    if (w->catalog.n == 0)
        exit(1);
}

static void make_world(world *w, size_t n, bool dense)
{
    const double lat[] = {32, 32, 42, 42}, lon[] = {-125, -115, -115, -125};
    const double factor = (double)n / 3300.0;
    const double lower = dense ? 0.0 : 0.1 * floor(10.0 * log10(factor) + 0.5);
    etas_error err = {0};

    if (etas_region_set_ring(&w->region, 4, lat, lon, &err) != ETAS_OK)
        die(&err);
    w->cfg = etas_inversion_config_default();
    w->cfg.area_km2 = 960000;
    w->cfg.m_ref = 3.6 - lower;
    w->cfg.delta_m = 0.1;
    set_theta(-lower, dense ? 1.5 * factor : 1.2, &w->theta);
    simulate(w, n);
    w->cfg.window_start = (etas_time)(AUXILIARY_YEARS * 365.25 * (double)ETAS_NS_PER_DAY);
    w->cfg.window_end = w->catalog.time[n - 1] + 1;
    w->cfg.theta_0 = w->theta;
    w->cfg.estimator = ETAS_ESTIMATOR_MLE;
}

/* ---- steps ---- */

typedef struct step {
    world *w;
    etas_em em;
    etas_constraints box;
} step;

static void run_search(void *context)
{
    step *self = context;
    etas_em_worker *worker = self->em.worker;

    for (size_t b = 0; b < self->em.pairs.n_blocks; b++) {
        etas_pair_block block;

        if (etas_pair_store_get(&self->em.pairs, b, &worker->search, &block) != ETAS_OK)
            exit(1);
    }
}

static void run_expect(void *context)
{
    step *self = context;
    etas_error err = {0};

    if (etas_em_expect(&self->em, &self->w->theta, &err) != ETAS_OK)
        die(&err);
}

static void run_maximise(void *context)
{
    step *self = context;
    etas_params theta = self->w->theta;
    etas_error err = {0};

    if (etas_em_maximise(&self->em, &self->box, &theta, &err) != ETAS_OK)
        die(&err);
}

static void run_sums(void *context)
{
    step *self = context;

    for (int k = 0; k < 10; k++) {
        (void)etas_em_space_sums(&self->em, -0.8 + 0.01 * k, 1.2);
        (void)etas_em_delay_sums(&self->em, 1e-3 * (1 + k));
    }
}

static void open_em(step *self, const char *kernels, size_t n_threads, size_t memory_bytes)
{
    etas_inversion_config cfg = self->w->cfg;
    etas_error err = {0};

    cfg.kernels = kernels;
    cfg.n_threads = n_threads;
    cfg.memory_bytes = memory_bytes;
    if (etas_constraints_init(&self->box, &cfg, BETA, &err) != ETAS_OK ||
        etas_em_init(&self->em, &self->w->catalog, &cfg, &err) != ETAS_OK)
        die(&err);
    run_expect(self);
}

static void time_steps(world *w)
{
    static const char *const kernels[] = {"scalar", "avx2", "avx512"};

    printf("%-8s %10s %7s %10s %10s %10s %10s %10s %10s\n", "kernels", "pairs", "shards", "find",
           "E-step", "found anew", "2 threads", "M: sums", "M: all");
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        step self = {.w = w}, found = {.w = w}, both = {.w = w};
        double n;

        open_em(&self, kernels[k], 1, 0);
        open_em(&found, kernels[k], 1, 1);
        open_em(&both, kernels[k], 2, 0);
        n = (double)self.em.n_pairs;
        printf("%-8s %10zu %7zu", kernels[k], self.em.n_pairs, self.em.n_shards);
        printf(" %10.2f", cpu_ns(run_search, &found, self.em.n_pairs));
        printf(" %10.2f", cpu_ns(run_expect, &self, self.em.n_pairs));
        printf(" %10.2f", cpu_ns(run_expect, &found, self.em.n_pairs));
        printf(" %10.2f", bench_ns(run_expect, &both, self.em.n_pairs));
        printf(" %10.3f", cpu_ns(run_sums, &self, 1) / n);
        printf(" %10.3f\n", cpu_ns(run_maximise, &self, 1) / n);
        etas_em_free(&self.em);
        etas_em_free(&found.em);
        etas_em_free(&both.em);
    }
    printf("ns per pair, one thread but for the column of two; M: sums are ten evaluations of the "
           "pairs' sums\n");
}

/* ---- whole inversions ---- */

static void time_solve(world *w, size_t n_threads, size_t memory_bytes)
{
    etas_inversion *inversion = NULL;
    struct rusage usage;
    etas_error err = {0};
    double opened, start;

    w->cfg.n_threads = n_threads;
    w->cfg.memory_bytes = memory_bytes;
    w->cfg.theta_0 = etas_inversion_default_start();
    start = bench_now_ns();
    if (etas_inversion_open(&inversion, &w->catalog, &w->cfg, &err) != ETAS_OK)
        die(&err);
    opened = bench_now_ns();
    if (etas_inversion_solve(inversion, &err) != ETAS_OK)
        die(&err);
    const double end = bench_now_ns();
    const etas_inversion_state s = etas_inversion_state_get(inversion);

    (void)getrusage(RUSAGE_SELF, &usage);
    printf("%zu events, %zu pairs, %zu threads, %zu MB for pairs: found in %.3f s, solved in %.3f "
           "s, %u iterations, %.1f ns per pair and iteration, peak %.0f MB, ln L %.6f\n",
           s.n_sources, s.n_pairs, n_threads, memory_bytes >> 20, (opened - start) * 1e-9,
           (end - opened) * 1e-9, s.n_iterations,
           (end - opened) / ((double)s.n_pairs * (s.n_iterations + 1.0)),
           (double)usage.ru_maxrss / 1024.0, s.log_likelihood);
    etas_inversion_close(inversion);
}

int main(int argc, char **argv)
{
    const bool dense = argc > 1 && strcmp(argv[argc - 1], "--dense") == 0;
    const int n_args = argc - dense;
    const size_t n = n_args > 2 ? strtoul(argv[2], NULL, 10) : 0;
    world w = {0};

    if (n < 100 || (strcmp(argv[1], "steps") != 0 && strcmp(argv[1], "solve") != 0)) {
        (void)fputs("usage: bench_inversion steps EVENTS [--dense]\n"
                    "       bench_inversion solve EVENTS [THREADS [MBYTES]] [--dense]\n",
                    stderr);
        return 2;
    }
    make_world(&w, n, dense);
    if (strcmp(argv[1], "steps") == 0)
        time_steps(&w);
    else
        time_solve(&w, n_args > 3 ? strtoul(argv[3], NULL, 10) : 1,
                   n_args > 4 ? strtoul(argv[4], NULL, 10) << 20 : 0);
    etas_catalog_free(&w.catalog);
    etas_region_free(&w.region);
    return 0;
}
