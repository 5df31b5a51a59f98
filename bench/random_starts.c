/* Does the inversion find the same optimum from everywhere? Starts drawn uniformly within the
 * bounds, solved under both estimators; ends that agree within 1e-6 are one. random_starts CONFIG
 * [STARTS] [SEED]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "etas/config.h"
#include "etas/io.h"

enum { MAX_ENDS = 256 };

static const double SAME = 1e-6;

/* A fixed point that some starts led to, or what they failed with. */
typedef struct end {
    etas_params theta; /* NaN: failed */
    double ln_l;       /* of ours; NaN: failed */
    char text[sizeof((etas_error *)NULL)->text];
    unsigned n;
} end;

typedef struct tally {
    size_t n_ends;
    end ends[MAX_ENDS];
    double iterations, most_iterations;
} tally;

/* In (0, 1). */
static double uniform(uint64_t *x)
{
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*x >> 11) + 0.5) * 0x1p-53;
}

static etas_params draw(uint64_t *x)
{
    etas_params out = {.value = {[ETAS_LOG10_IOTA] = NAN}};

    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        if (k != ETAS_LOG10_IOTA)
            out.value[k] =
                etas_param_low(k) + (etas_param_high(k) - etas_param_low(k)) * uniform(x);
    return out;
}

static double distance(const etas_params *a, const etas_params *b)
{
    double out = 0.0;

    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        if (k != ETAS_LOG10_IOTA)
            out = fmax(out, fabs(a->value[k] - b->value[k]));
    return out;
}

static bool same(const end *a, const end *b)
{
    if (isnan(a->ln_l) || isnan(b->ln_l))
        return isnan(a->ln_l) && isnan(b->ln_l) && strncmp(a->text, b->text, 40) == 0;
    return distance(&a->theta, &b->theta) <= SAME;
}

static void count(tally *t, const end *one)
{
    size_t k = 0;

    while (k < t->n_ends && !same(&t->ends[k], one))
        k++;
    if (k == t->n_ends && t->n_ends < MAX_ENDS)
        t->ends[t->n_ends++] = *one;
    if (k < t->n_ends)
        t->ends[k].n++;
}

static void solve(const etas_catalog *catalog, const etas_inversion_config *cfg, tally *t)
{
    etas_inversion *inversion = NULL;
    etas_error err = {0};
    end one = {.ln_l = NAN};
    etas_status st = etas_inversion_open(&inversion, catalog, cfg, &err);

    if (st == ETAS_OK)
        st = etas_inversion_solve(inversion, &err);
    if (st == ETAS_OK) {
        const etas_inversion_state s = etas_inversion_state_get(inversion);

        one.theta = s.theta;
        one.ln_l = s.log_likelihood;
        t->iterations += s.n_iterations;
        t->most_iterations = fmax(t->most_iterations, s.n_iterations);
    } else {
        (void)snprintf(one.text, sizeof one.text, "%s", err.text);
        fprintf(stderr, "failed: %s\n  from", err.text);
        for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
            fprintf(stderr, " %.17g,", cfg->theta_0.value[k]);
        fprintf(stderr, "\n");
    }
    count(t, &one);
    etas_inversion_close(inversion);
}

static int by_number(const void *a, const void *b)
{
    const end *x = a, *y = b;

    return (x->n < y->n) - (x->n > y->n);
}

static void print(const char *estimator, unsigned starts, double seconds, tally *t)
{
    unsigned solved = 0;

    qsort(t->ends, t->n_ends, sizeof *t->ends, by_number);
    for (size_t k = 0; k < t->n_ends; k++)
        solved += isnan(t->ends[k].ln_l) ? 0 : t->ends[k].n;
    printf("estimator \"%s\": %u starts, %u solved, %.1f iterations each (%g at most), %.1f s\n",
           estimator, starts, solved, t->iterations / (solved > 0 ? solved : 1), t->most_iterations,
           seconds);
    for (size_t k = 0; k < t->n_ends; k++) {
        const end *e = &t->ends[k];

        printf("%6u  ", e->n);
        if (isnan(e->ln_l)) {
            printf("%s\n", e->text);
            continue;
        }
        printf("ln L %.6f ", e->ln_l);
        for (etas_param p = 0; p < ETAS_N_PARAMS; p++)
            if (p != ETAS_LOG10_IOTA)
                printf(" %s %.6f", etas_param_name(p), e->theta.value[p]);
        printf("\n");
    }
    fflush(stdout);
}

static etas_status load(const char *path, etas_config *cfg, etas_catalog *out,
                        etas_inversion_config *how, etas_error *err)
{
    const etas_log silent = {0};
    etas_catalog raw = {0};
    etas_status st = etas_config_load(cfg, path, ETAS_CONFIG_INVERT, &silent, err);

    if (st == ETAS_OK)
        st = etas_config_catalog(cfg, cfg->fn_catalog, NULL, &raw, NULL, err);
    *how = etas_inversion_config_default();
    if (st == ETAS_OK)
        st = etas_region_area_km2(&cfg->region, cfg->earth_radius, &how->area_km2, err);
    if (st == ETAS_OK)
        st = etas_catalog_select(&raw,
                                 &(etas_selection){.start = cfg->auxiliary_start,
                                                   .end = cfg->timewindow_end,
                                                   .region = &cfg->region,
                                                   .delta_m = cfg->delta_m,
                                                   .mc = cfg->mc},
                                 out, err);
    how->window_start = cfg->timewindow_start;
    how->window_end = cfg->timewindow_end;
    how->m_ref = cfg->m_ref;
    how->delta_m = cfg->delta_m;
    how->earth_radius_km = cfg->earth_radius;
    how->coppersmith_multiplier = cfg->coppersmith_multiplier;
    etas_catalog_free(&raw);
    return st;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"reference", "mle"};
    static const etas_estimator estimators[] = {ETAS_ESTIMATOR_REFERENCE, ETAS_ESTIMATOR_MLE};
    const unsigned starts = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000;
    const uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    etas_config cfg = {0};
    etas_catalog catalog = {0};
    etas_inversion_config how;
    etas_error err = {0};
    char text[512];

    if (argc < 2 || load(argv[1], &cfg, &catalog, &how, &err) != ETAS_OK) {
        fprintf(stderr, "usage: random_starts CONFIG [STARTS] [SEED]\n%s\n",
                etas_error_format(&err, sizeof text, text));
        return 2;
    }
    for (size_t e = 0; e < 2; e++) {
        static tally t;
        uint64_t x = seed;
        const double begin = bench_now_ns();

        t = (tally){0};
        how.estimator = estimators[e];
        for (unsigned k = 0; k < starts; k++) {
            how.theta_0 = draw(&x);
            solve(&catalog, &how, &t);
        }
        print(names[e], starts, (bench_now_ns() - begin) * 1e-9, &t);
    }
    etas_catalog_free(&catalog);
    etas_config_free(&cfg);
    return 0;
}
