/* Do the standard errors hold what they say? Fits synthetic catalogues of known parameters and
 * counts how often the truth lies within 1.96 standard errors.
 *   bench_coverage WORLD [CATALOGUES] [SEED] [THREADS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/synthetic.h"

/* clang-format off */
static const struct {
    const char *name;
    synthetic_world world;
} WORLDS[] = {
    /* Short in time and space: the asymptotics alone. */
    {"short", {.truth = {.value = {-9.9, NAN, -2.22, 1.9, -2, 0.1, 2, 0, 0.3, 1}},
               .beta = 2.3, .m_ref = 2, .m_max = 6,
               .auxiliary_days = 500, .window_days = 2500, .multiplier = 1000}},
    /* California, M >= 3.6, bins of 0.1. */
    {"california", {.truth = {.value = {-9.9, NAN, -2.49, 1.69, -2.95, -0.03, 3.99, -0.35, 1.22, 0.51}},
                    .beta = 2.302585092994046, .m_ref = 3.6, .delta_m = 0.1, .m_max = 7.9,
                    .auxiliary_days = 3652, .window_days = 10958, .multiplier = 10000}},
    /* The same parameters at M >= 2.5: 50,000 targets. */
    {"large", {.truth = {.value = {-8.84, NAN, -2.7887, 1.69, -2.95, -0.03, 3.99, -0.9328, 1.22, 0.51}},
               .beta = 2.302585092994046, .m_ref = 2.5, .delta_m = 0.1, .m_max = 7.9,
               .auxiliary_days = 3652, .window_days = 10958, .multiplier = 10000}},
};
/* clang-format on */

/* The parameters, and what follows from them. */
enum { ALPHA = ETAS_N_PARAMS, BETA, BRANCHING, N_QUANTITIES };

static const char *quantity_name(size_t which)
{
    static const char *const derived[] = {"alpha", "beta", "branching ratio"};

    return which < ETAS_N_PARAMS ? etas_param_name((etas_param)which)
                                 : derived[which - ETAS_N_PARAMS];
}

typedef struct tally {
    double truth, sum, sum_squares, sum_error, sum_z, sum_z_squares;
    unsigned n, within;
} tally;

static void count(tally *t, double estimate, double error)
{
    const double z = (estimate - t->truth) / error;

    if (isnan(z))
        return;
    t->n++;
    t->within += fabs(z) <= 1.959963984540054;
    t->sum += estimate - t->truth;
    t->sum_squares += (estimate - t->truth) * (estimate - t->truth);
    t->sum_error += error;
    t->sum_z += z;
    t->sum_z_squares += z * z;
}

static double branching(const synthetic_world *world, const etas_params *theta, double beta)
{
    const char *why;

    return etas_branching_ratio(theta, beta, world->m_max + world->delta_m - world->m_ref, &why);
}

static void set_truth(const synthetic_world *world, tally t[N_QUANTITIES])
{
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        t[i].truth = world->truth.value[i];
    t[ALPHA].truth = etas_params_alpha(&world->truth);
    t[BETA].truth = world->beta;
    t[BRANCHING].truth = branching(world, &world->truth, world->beta);
}

typedef struct run {
    const synthetic_world *world;
    uint64_t seed;
    size_t n_threads;
} run;

static double cpu_ns(void)
{
    return (double)clock() * (1e9 / (double)CLOCKS_PER_SEC);
}

static etas_status fit(const run *r, uint64_t index, tally t[N_QUANTITIES], etas_error *err)
{
    etas_catalog catalog = {0};
    etas_inversion *inversion = NULL;
    etas_uncertainty u;
    double start = 0;
    etas_inversion_config cfg = synthetic_config(r->world);
    etas_status st = synthetic_catalog(r->world, r->seed, index, &catalog, err);

    cfg.n_threads = r->n_threads;
    if (st == ETAS_OK)
        st = etas_inversion_open(&inversion, &catalog, &cfg, err);
    if (st == ETAS_OK)
        st = etas_inversion_solve(inversion, err);
    start = cpu_ns();
    if (st == ETAS_OK)
        st = etas_inversion_uncertainty(inversion, r->world->m_max, &u, err);
    if (st == ETAS_OK) {
        const etas_inversion_state s = etas_inversion_state_get(inversion);

        printf("%llu: %zu sources, %zu targets, %zu pairs (%.0f ns each), %u iterations%s%s\n",
               (unsigned long long)index, s.n_sources, s.n_targets, s.n_pairs,
               (cpu_ns() - start) / (double)s.n_pairs, s.n_iterations, u.available ? "" : "; ",
               u.note);
        for (size_t i = 0; i < ETAS_N_PARAMS; i++)
            count(&t[i], s.theta.value[i], u.standard_error[i]);
        count(&t[ALPHA], etas_params_alpha(&s.theta), u.alpha_error);
        count(&t[BETA], s.beta, u.beta_error);
        count(&t[BRANCHING], branching(r->world, &s.theta, s.beta), u.branching_error_m_max);
    }
    etas_inversion_close(inversion);
    etas_catalog_free(&catalog);
    return st;
}

static void print(const tally t[N_QUANTITIES])
{
    printf("%-16s %10s %10s %10s %10s %7s %7s %9s\n", "", "truth", "bias", "spread", "std.error",
           "mean z", "std z", "within");
    for (size_t i = 0; i < N_QUANTITIES; i++) {
        const double n = t[i].n, bias = t[i].sum / n, z = t[i].sum_z / n;

        if (t[i].n > 0)
            printf("%-16s %10.4f %10.4f %10.4f %10.4f %7.2f %7.2f %4u/%u\n", quantity_name(i),
                   t[i].truth, bias, sqrt(t[i].sum_squares / n - bias * bias), t[i].sum_error / n,
                   z, sqrt(t[i].sum_z_squares / n - z * z), t[i].within, t[i].n);
    }
}

int main(int argc, char *argv[])
{
    const uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    tally t[N_QUANTITIES] = {{0}};
    etas_error err = {0};
    run r = {.seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1,
             .n_threads = argc > 4 ? (size_t)strtoull(argv[4], NULL, 10) : 1};

    for (size_t i = 0; i < sizeof WORLDS / sizeof *WORLDS && argc > 1; i++)
        if (strcmp(argv[1], WORLDS[i].name) == 0)
            r.world = &WORLDS[i].world;
    if (r.world == NULL) {
        (void)fputs("usage: bench_coverage short|california|large [CATALOGUES] [SEED] [THREADS]\n",
                    stderr);
        return 2;
    }
    set_truth(r.world, t);
    for (uint64_t index = 0; index < n; index++) {
        const etas_status st = fit(&r, index, t, &err);

        if (st != ETAS_OK) {
            (void)fprintf(stderr, "catalogue %llu: %s\n", (unsigned long long)index, err.text);
            err = (etas_error){0};
        }
        (void)fflush(stdout);
    }
    print(t);
    return 0;
}
