/* With F the features of a pair below, u = grad ln g is F times a constant per component, and
 *
 *   d2 ln lambda_j = sum_k P_k (u_k u_k' + d2 ln g_k) - (sum_k P_k u_k) (sum_k P_k u_k)'
 *
 * over the sources k of j, the background among them. d2 ln g consists of the features' own second
 * moments (p (1 - p), for one), so that the moments by pairs and by targets are all that is needed.
 */
#include "inversion/information.h"

#include <math.h>
#include <stdatomic.h>

#include "etas/array.h"
#include "etas/parallel.h"
#include "etas/special.h"
#include "inversion/information_kernels.h"
#include "math/dispatch.h"

/* The parameter that each feature is the derivative by. */
static const etas_param PARAM_OF[ETAS_N_FEATURES] = {
    [ETAS_FEATURE_ONE] = ETAS_LOG10_K0, [ETAS_FEATURE_DM] = ETAS_A,
    [ETAS_FEATURE_P] = ETAS_LOG10_C,    [ETAS_FEATURE_LN_TC] = ETAS_OMEGA,
    [ETAS_FEATURE_T] = ETAS_LOG10_TAU,  [ETAS_FEATURE_S] = ETAS_LOG10_D,
    [ETAS_FEATURE_S_DM] = ETAS_GAMMA,   [ETAS_FEATURE_LN_R2D] = ETAS_RHO};

static const etas_information_kernels *const KERNELS[] = ETAS_ISA_TABLES(etas_information_kernels_);

typedef struct moments {
    double pairs[ETAS_N_FEATURES][ETAS_N_FEATURES]; /* sum P F F'; the upper triangle */
    etas_feature_lanes lanes;                       /* of these, while they are added up */
    double targets[ETAS_N_PARAMS][ETAS_N_PARAMS];   /* sum over targets, of their sums' products */
    double background, induced;                     /* sums of the probabilities */
} moments;

typedef struct pass {
    etas_em *em;
    const etas_information_kernels *kernels;
    etas_pair_decay decay;
    moments *shard;
    _Atomic int status;
} pass;

double etas_param_unit(etas_param which)
{
    switch (which) {
    case ETAS_LOG10_MU:
    case ETAS_LOG10_IOTA:
    case ETAS_LOG10_K0:
    case ETAS_LOG10_C:
    case ETAS_LOG10_TAU:
    case ETAS_LOG10_D:
        return M_LN10;
    default:
        return 1.0;
    }
}

/* ---- pairs ---- */

typedef struct shard_pass {
    const pass *job;
    moments *sums;
} shard_pass;

/* Pairs from @p first on, as many as fit. */
static void take_pairs(const etas_em *em, const etas_pair_row *row, size_t first,
                       etas_feature_pairs *out)
{
    const size_t left = row->n - first, n = left < ETAS_FEATURE_CHUNK ? left : ETAS_FEATURE_CHUNK;

    for (size_t k = 0; k < n; k++) {
        const uint32_t i = row->source[first + k];

        out->weight[k] = row->p[first + k];
        out->time_days[k] = row->time_days[first + k];
        out->r2_km2[k] = row->r2_km2[first + k];
        out->d_km2[k] = em->d_km2[em->layout.key[i]];
        out->dm[k] = em->dm[i];
    }
    for (out->n = n; out->n % ETAS_FEATURE_LANES != 0; out->n++) {
        out->weight[out->n] = 0.0;
        out->time_days[out->n] = out->r2_km2[out->n] = out->d_km2[out->n] = out->dm[out->n] = 1.0;
    }
}

static etas_status add_target(void *context, const etas_pair_row *row, etas_error *err)
{
    const shard_pass *shard = context;
    const etas_em *em = shard->job->em;
    moments *sums = shard->sums;
    double total[ETAS_N_FEATURES] = {0}, by_param[ETAS_N_PARAMS] = {0};
    etas_feature_pairs pairs;

    (void)err;
    for (size_t first = 0; first < row->n; first += ETAS_FEATURE_CHUNK) {
        take_pairs(em, row, first, &pairs);
        shard->job->kernels->moments(&pairs, &shard->job->decay, total, &sums->lanes);
    }
    for (size_t a = 0; a < ETAS_N_FEATURES; a++)
        sums->pairs[ETAS_FEATURE_ONE][a] += total[a];
    for (size_t a = 0; a < ETAS_N_FEATURES; a++)
        by_param[PARAM_OF[a]] = total[a];
    by_param[ETAS_LOG10_MU] = em->expectation.p_background[row->number];
    if (em->expectation.p_induced != NULL)
        by_param[ETAS_LOG10_IOTA] = em->expectation.p_induced[row->number];
    sums->background += by_param[ETAS_LOG10_MU];
    sums->induced += by_param[ETAS_LOG10_IOTA];
    for (size_t a = 0; a < ETAS_N_PARAMS; a++)
        for (size_t b = 0; b < ETAS_N_PARAMS; b++)
            sums->targets[a][b] += by_param[a] * by_param[b];
    return ETAS_OK;
}

static void add_shard(void *context, size_t shard)
{
    pass *job = context;
    shard_pass visit = {.job = job, .sums = &job->shard[shard]};
    const etas_status st = etas_em_visit_shard(job->em, shard, add_target, &visit, NULL);

    for (size_t a = 1; a < ETAS_N_FEATURES; a++)
        for (size_t b = a; b < ETAS_N_FEATURES; b++)
            visit.sums->pairs[a][b] = job->kernels->sum(visit.sums->lanes.at[a][b]);
    if (st != ETAS_OK)
        job->status = (int)st;
}

static void add_moments(moments *sum, const moments *part)
{
    for (size_t a = 0; a < ETAS_N_FEATURES; a++)
        for (size_t b = 0; b < ETAS_N_FEATURES; b++)
            sum->pairs[a][b] += part->pairs[a][b];
    for (size_t a = 0; a < ETAS_N_PARAMS; a++)
        for (size_t b = 0; b < ETAS_N_PARAMS; b++)
            sum->targets[a][b] += part->targets[a][b];
    sum->background += part->background;
    sum->induced += part->induced;
}

static void set_both(etas_curvature *out, etas_param a, etas_param b, double add)
{
    out->hessian[a][b] += add;
    if (a != b)
        out->hessian[b][a] += add;
}

/* sum_j ln lambda_j. */
static void rates_part(const etas_params *theta, const moments *m, etas_curvature *out)
{
    const double p = 1.0 + theta->value[ETAS_OMEGA], q = 1.0 + theta->value[ETAS_RHO];
    const double(*f)[ETAS_N_FEATURES] = m->pairs;
    double scale[ETAS_N_PARAMS];

    for (size_t a = 0; a < ETAS_N_PARAMS; a++)
        scale[a] = 1.0;
    scale[ETAS_LOG10_C] = -p;
    scale[ETAS_LOG10_D] = scale[ETAS_GAMMA] = -q;
    scale[ETAS_OMEGA] = scale[ETAS_RHO] = -1.0;
    *out = (etas_curvature){0};
    for (size_t a = 0; a < ETAS_N_FEATURES; a++) {
        out->gradient[PARAM_OF[a]] = scale[PARAM_OF[a]] * f[ETAS_FEATURE_ONE][a];
        for (size_t b = 0; b < ETAS_N_FEATURES; b++)
            out->hessian[PARAM_OF[a]][PARAM_OF[b]] =
                scale[PARAM_OF[a]] * scale[PARAM_OF[b]] * f[a < b ? a : b][a < b ? b : a];
    }
    out->gradient[ETAS_LOG10_MU] = out->hessian[ETAS_LOG10_MU][ETAS_LOG10_MU] = m->background;
    out->gradient[ETAS_LOG10_IOTA] = out->hessian[ETAS_LOG10_IOTA][ETAS_LOG10_IOTA] = m->induced;
    for (size_t a = 0; a < ETAS_N_PARAMS; a++)
        for (size_t b = 0; b < ETAS_N_PARAMS; b++)
            out->hessian[a][b] -= scale[a] * scale[b] * m->targets[a][b];
    /* d2 ln g */
    set_both(out, ETAS_LOG10_C, ETAS_LOG10_C,
             -p * (f[ETAS_FEATURE_ONE][ETAS_FEATURE_P] - f[ETAS_FEATURE_P][ETAS_FEATURE_P]));
    set_both(out, ETAS_LOG10_C, ETAS_OMEGA, -f[ETAS_FEATURE_ONE][ETAS_FEATURE_P]);
    set_both(out, ETAS_LOG10_TAU, ETAS_LOG10_TAU, -f[ETAS_FEATURE_ONE][ETAS_FEATURE_T]);
    set_both(out, ETAS_LOG10_D, ETAS_LOG10_D,
             -q * (f[ETAS_FEATURE_ONE][ETAS_FEATURE_S] - f[ETAS_FEATURE_S][ETAS_FEATURE_S]));
    set_both(out, ETAS_LOG10_D, ETAS_GAMMA,
             -q * (f[ETAS_FEATURE_ONE][ETAS_FEATURE_S_DM] - f[ETAS_FEATURE_S][ETAS_FEATURE_S_DM]));
    set_both(out, ETAS_GAMMA, ETAS_GAMMA,
             -q *
                 (f[ETAS_FEATURE_DM][ETAS_FEATURE_S_DM] - f[ETAS_FEATURE_S_DM][ETAS_FEATURE_S_DM]));
    set_both(out, ETAS_LOG10_D, ETAS_RHO, -f[ETAS_FEATURE_ONE][ETAS_FEATURE_S]);
    set_both(out, ETAS_GAMMA, ETAS_RHO, -f[ETAS_FEATURE_ONE][ETAS_FEATURE_S_DM]);
}

/* ---- sources ---- */

/* sum_i G_i = e^(ln K) sum_i e^(alpha dm_i) T_i, by its own five variables. */
enum { LN_K, ALPHA, KERNEL, N_EXPECTED = KERNEL + 3 };

typedef struct expected {
    double gradient[N_EXPECTED];
    double hessian[N_EXPECTED][N_EXPECTED];
} expected;

/* Of the ten integrals, the derivatives by the kernel's parameters c, omega and tau. */
static const unsigned char FIRST[3] = {ETAS_T_C, ETAS_T_W, ETAS_T_U};
static const unsigned char SECOND[3][3] = {{ETAS_T_CC, ETAS_T_CW, ETAS_T_CU},
                                           {ETAS_T_CW, ETAS_T_WW, ETAS_T_WU},
                                           {ETAS_T_CU, ETAS_T_WU, ETAS_T_UU}};

static void add_source(const etas_time_integral *t, double productivity, double dm, expected *sum)
{
    const double g = productivity * t->d[ETAS_T];

    sum->gradient[LN_K] += g;
    sum->gradient[ALPHA] += g * dm;
    sum->hessian[ALPHA][ALPHA] += g * dm * dm;
    for (size_t a = 0; a < 3; a++) {
        const double slope = productivity * t->d[FIRST[a]];

        sum->gradient[KERNEL + a] += slope;
        sum->hessian[ALPHA][KERNEL + a] += slope * dm;
        for (size_t b = a; b < 3; b++)
            sum->hessian[KERNEL + a][KERNEL + b] += productivity * t->d[SECOND[a][b]];
    }
}

static expected expected_at(etas_em *em, const etas_params *theta)
{
    const etas_omori omori = etas_params_omori(theta);
    const double ln_k = etas_params_ln_productivity(theta), alpha = etas_params_alpha(theta);
    expected sum = {0};

    etas_windows_evaluate(&em->windows, em->kernels, &omori);
    for (size_t i = 0; i < em->n_sources; i++) {
        const etas_time_integral t = etas_windows_get(&em->windows, i);

        add_source(&t, etas_exp(ln_k + alpha * em->dm[i]), em->dm[i], &sum);
    }
    for (size_t a = 0; a < N_EXPECTED; a++) {
        sum.hessian[LN_K][a] = sum.gradient[a];
        for (size_t b = 0; b < a; b++)
            sum.hessian[a][b] = sum.hessian[b][a];
    }
    return sum;
}

/* - sum_i G_i; ln K = ln k0 + norm.ln(rho) - q ln d and alpha = a - q gamma, q = rho or rho - 1/2.
 */
static void sources_part(const expected *e, const etas_params *theta, etas_curvature *out)
{
    const double *v = theta->value;
    const double q = etas_space_exponent(theta->three_dim, v[ETAS_RHO]);
    const etas_space_norm norm = etas_space_normalisation(theta->three_dim, v[ETAS_RHO]);
    double jacobian[N_EXPECTED][ETAS_N_PARAMS] = {
        [LN_K] = {[ETAS_LOG10_K0] = 1.0,
                  [ETAS_LOG10_D] = -q,
                  [ETAS_RHO] = norm.slope - v[ETAS_LOG10_D] * M_LN10},
        [ALPHA] = {[ETAS_A] = 1.0, [ETAS_GAMMA] = -q, [ETAS_RHO] = -v[ETAS_GAMMA]}};

    jacobian[KERNEL + 0][ETAS_LOG10_C] = 1.0;
    jacobian[KERNEL + 1][ETAS_OMEGA] = 1.0;
    jacobian[KERNEL + 2][ETAS_LOG10_TAU] = 1.0;
    for (size_t a = 0; a < N_EXPECTED; a++)
        for (size_t i = 0; i < ETAS_N_PARAMS; i++)
            out->gradient[i] -= e->gradient[a] * jacobian[a][i];
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        for (size_t j = 0; j < ETAS_N_PARAMS; j++)
            for (size_t a = 0; a < N_EXPECTED; a++)
                for (size_t b = 0; b < N_EXPECTED; b++)
                    out->hessian[i][j] -= jacobian[a][i] * e->hessian[a][b] * jacobian[b][j];
    set_both(out, ETAS_RHO, ETAS_RHO, -e->gradient[LN_K] * norm.curvature);
    set_both(out, ETAS_LOG10_D, ETAS_RHO, e->gradient[LN_K]);
    set_both(out, ETAS_GAMMA, ETAS_RHO, e->gradient[ALPHA]);
}

static void background_part(const etas_em *em, const etas_params *theta, etas_curvature *out)
{
    static const etas_param level[] = {ETAS_LOG10_MU, ETAS_LOG10_IOTA};

    for (size_t k = 0; k < 2; k++) {
        const double log10_rate = theta->value[level[k]];

        if (isnan(log10_rate))
            continue;
        const double n = etas_pow(10.0, log10_rate) * em->area_km2 * em->window_days;

        out->gradient[level[k]] -= n;
        out->hessian[level[k]][level[k]] -= n;
    }
}

etas_status etas_curvature_evaluate(etas_em *em, const etas_params *theta, etas_curvature *out,
                                    etas_error *err)
{
    pass job = {.em = em, .kernels = KERNELS[etas_isa_named(em->kernels->name)], .status = ETAS_OK};
    moments sum = {0};
    expected e;
    etas_status st = etas_array_alloc((void **)&job.shard, em->n_shards, sizeof *job.shard);

    etas_em_prepare(em, theta);
    job.decay = em->decay;
    if (st == ETAS_OK) {
        etas_parallel_for(em->n_threads, em->n_shards, add_shard, &job);
        st = (etas_status)job.status;
    }
    for (size_t shard = 0; shard < em->n_shards && st == ETAS_OK; shard++)
        add_moments(&sum, &job.shard[shard]);
    etas_array_free((void **)&job.shard);
    if (st != ETAS_OK)
        return etas_fail(err, st, "the information: %s", etas_strerror(st));
    e = expected_at(em, theta);
    rates_part(theta, &sum, out);
    sources_part(&e, theta, out);
    background_part(em, theta, out);
    return ETAS_OK;
}
