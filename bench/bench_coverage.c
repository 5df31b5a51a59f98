/* Do the standard errors hold what they say? Fits synthetic catalogues of known parameters and
 * counts how often the truth lies within 1.96 standard errors.
 *   bench_coverage WORLD [CATALOGUES] [SEED] [THREADS] [REFITS]
 * With REFITS, the same for the interval from 2.5 to 97.5 % of a bootstrap.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "etas/array.h"
#include "etas/bootstrap.h"
#include "support/synthetic.h"
#include "work/work.h"

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
    /* The same with pairs as short as by default. */
    {"cut", {.truth = {.value = {-9.9, NAN, -2.49, 1.69, -2.95, -0.03, 3.99, -0.35, 1.22, 0.51}},
             .beta = 2.302585092994046, .m_ref = 3.6, .delta_m = 0.1, .m_max = 7.9,
             .auxiliary_days = 3652, .window_days = 10958, .multiplier = 100}},
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

static double branching(const synthetic_world *world, const etas_params *theta, double beta,
                        double m_max)
{
    const char *why;

    return etas_branching_ratio(theta, beta, m_max + world->delta_m - world->m_ref, &why);
}

static void set_truth(const synthetic_world *world, tally t[N_QUANTITIES])
{
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        t[i].truth = world->truth.value[i];
    t[ALPHA].truth = etas_params_alpha(&world->truth);
    t[BETA].truth = world->beta;
    t[BRANCHING].truth = branching(world, &world->truth, world->beta, world->m_max);
}

typedef struct run {
    const synthetic_world *world;
    uint64_t seed;
    size_t n_threads, n_refits;
    tally normal[N_QUANTITIES];
    unsigned boot_n[N_QUANTITIES], boot_within[N_QUANTITIES];
} run;

/* ---- bootstrap ---- */

static etas_status refit(const etas_refit *fit, uint64_t seed, size_t n, etas_refit_result out[],
                         etas_error *err)
{
    etas_payload payload = {.kind = ETAS_FRAME_RECORDS};
    etas_work work = {0};
    uint8_t *blob = NULL;
    size_t len = 0;
    etas_status st = etas_refit_encode(fit, &blob, &len, err);

    if (st == ETAS_OK)
        st = etas_work_open(&work, len, blob, NULL, err);
    for (size_t i = 0; i < n && st == ETAS_OK; i++) {
        st = work.kind->make(work.self, seed, i, 1, &payload, err);
        if (st == ETAS_OK)
            (void)etas_refit_record_get(payload.records.length[0], payload.records.bytes, &out[i]);
    }
    etas_work_close(&work);
    etas_payload_free(&payload);
    etas_array_free((void **)&blob);
    return st;
}

static void count_bootstrap(run *r, const etas_bootstrap_summary *summary)
{
    static const size_t from[N_QUANTITIES] = {
        [BETA] = ETAS_BOOTSTRAP_BETA, [BRANCHING] = ETAS_BOOTSTRAP_BRANCHING_RATIO};

    for (size_t i = 0; i < N_QUANTITIES; i++) {
        const etas_bootstrap_quantity *q = &summary->quantity[i < ETAS_N_PARAMS ? i : from[i]];

        if (i == ALPHA || q->n == 0)
            continue;
        /* The bootstrap's branching ratio has no largest magnitude. */
        const double truth = i == BRANCHING
                                 ? branching(r->world, &r->world->truth, r->world->beta, INFINITY)
                                 : r->normal[i].truth;

        r->boot_n[i]++;
        r->boot_within[i] +=
            truth >= q->quantile[0] && truth <= q->quantile[ETAS_N_BOOTSTRAP_QUANTILES - 1];
    }
}

static etas_status bootstrap(run *r, uint64_t index, const etas_catalog *catalog,
                             const etas_inversion_config *cfg, const etas_inversion_state *state,
                             etas_error *err)
{
    const etas_region globe = {0};
    const etas_refit_input in = {.catalog = catalog,
                                 .how = cfg,
                                 .state = state,
                                 .region = &globe,
                                 .m_max = r->world->m_max,
                                 .allow_supercritical = true};
    etas_refit_result *results = NULL;
    etas_refit fit = {0};
    etas_bootstrap_summary summary;
    etas_status st = etas_array_alloc((void **)&results, r->n_refits, sizeof *results);

    if (st == ETAS_OK)
        st = etas_refit_build(&in, &fit, err);
    if (st == ETAS_OK)
        st = refit(&fit, 1000 + index, r->n_refits, results, err);
    if (st == ETAS_OK)
        st = etas_bootstrap_summarise(&fit, r->n_refits, results, &summary, err);
    if (st == ETAS_OK)
        count_bootstrap(r, &summary);
    etas_refit_free(&fit);
    etas_array_free((void **)&results);
    return st;
}

/* ---- fits ---- */

static double cpu_ns(void)
{
    return (double)clock() * (1e9 / (double)CLOCKS_PER_SEC);
}

static etas_status fit(run *r, uint64_t index, etas_error *err)
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
            count(&r->normal[i], s.theta.value[i], u.standard_error[i]);
        count(&r->normal[ALPHA], etas_params_alpha(&s.theta), u.alpha_error);
        count(&r->normal[BETA], s.beta, u.beta_error);
        count(&r->normal[BRANCHING], branching(r->world, &s.theta, s.beta, r->world->m_max),
              u.branching_error_m_max);
        if (r->n_refits > 0)
            st = bootstrap(r, index, &catalog, &cfg, &s, err);
    }
    etas_inversion_close(inversion);
    etas_catalog_free(&catalog);
    return st;
}

static void print(const run *r)
{
    printf("%-16s %10s %10s %10s %10s %7s %7s %9s %9s\n", "", "truth", "bias", "spread",
           "std.error", "mean z", "std z", "within", r->n_refits > 0 ? "bootstrap" : "");
    for (size_t i = 0; i < N_QUANTITIES; i++) {
        const tally *t = &r->normal[i];
        const double n = t->n, bias = t->sum / n, z = t->sum_z / n;

        if (t->n == 0)
            continue;
        printf("%-16s %10.4f %10.4f %10.4f %10.4f %7.2f %7.2f %4u/%u", quantity_name(i), t->truth,
               bias, sqrt(t->sum_squares / n - bias * bias), t->sum_error / n, z,
               sqrt(t->sum_z_squares / n - z * z), t->within, t->n);
        if (r->boot_n[i] > 0)
            printf(" %4u/%u", r->boot_within[i], r->boot_n[i]);
        printf("\n");
    }
}

static size_t argument(int argc, char *argv[], int which, size_t otherwise)
{
    return argc > which ? (size_t)strtoull(argv[which], NULL, 10) : otherwise;
}

int main(int argc, char *argv[])
{
    const size_t n = argument(argc, argv, 2, 1);
    etas_error err = {0};
    run r = {.seed = argument(argc, argv, 3, 1),
             .n_threads = argument(argc, argv, 4, 1),
             .n_refits = argument(argc, argv, 5, 0)};

    for (size_t i = 0; i < sizeof WORLDS / sizeof *WORLDS && argc > 1; i++)
        if (strcmp(argv[1], WORLDS[i].name) == 0)
            r.world = &WORLDS[i].world;
    if (r.world == NULL) {
        (void)fputs(
            "usage: bench_coverage short|california|cut|large [CATALOGUES] [SEED] [THREADS] "
            "[REFITS]\n",
            stderr);
        return 2;
    }
    set_truth(r.world, r.normal);
    for (uint64_t index = 0; index < n; index++) {
        const etas_status st = fit(&r, index, &err);

        if (st != ETAS_OK) {
            (void)fprintf(stderr, "catalogue %llu: %s\n", (unsigned long long)index, err.text);
            err = (etas_error){0};
        }
        (void)fflush(stdout);
    }
    print(&r);
    return 0;
}
