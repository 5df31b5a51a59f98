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

/* p = c / (t + c), s = D / (r2 + D): derivatives of the logarithms by ln c and ln D. */
enum { ONE, DM, P, LN_TC, T, S, S_DM, LN_R2D, N_FEATURES };

/* The parameter that each feature is the derivative by. */
static const etas_param PARAM_OF[N_FEATURES] = {
    [ONE] = ETAS_LOG10_K0, [DM] = ETAS_A,      [P] = ETAS_LOG10_C,  [LN_TC] = ETAS_OMEGA,
    [T] = ETAS_LOG10_TAU,  [S] = ETAS_LOG10_D, [S_DM] = ETAS_GAMMA, [LN_R2D] = ETAS_RHO};

typedef struct moments {
    double pairs[N_FEATURES][N_FEATURES];         /* sum P F F'; the upper triangle */
    double targets[ETAS_N_PARAMS][ETAS_N_PARAMS]; /* sum over targets, of their sums' products */
    double background, induced;                   /* sums of the probabilities */
} moments;

typedef struct pass {
    etas_em *em;
    etas_omori omori;
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

static void pair_features(const pass *job, const etas_pair_row *row, size_t k, double f[N_FEATURES])
{
    const etas_em *em = job->em;
    const uint32_t i = row->source[k];
    const double c = job->omori.c_days, d = em->d_km2[em->layout.key[i]];
    const double tc = row->time_days[k] + c, r2d = row->r2_km2[k] + d;

    f[ONE] = 1.0;
    f[DM] = em->dm[i];
    f[P] = c / tc;
    f[LN_TC] = etas_ln(tc);
    f[T] = row->time_days[k] / job->omori.tau_days;
    f[S] = d / r2d;
    f[S_DM] = f[S] * em->dm[i];
    f[LN_R2D] = etas_ln(r2d);
}

typedef struct shard_pass {
    const pass *job;
    moments *sums;
} shard_pass;

static etas_status add_target(void *context, const etas_pair_row *row, etas_error *err)
{
    const shard_pass *shard = context;
    const etas_em *em = shard->job->em;
    moments *sums = shard->sums;
    double total[N_FEATURES] = {0}, by_param[ETAS_N_PARAMS] = {0};

    (void)err;
    for (size_t k = 0; k < row->n; k++) {
        double f[N_FEATURES];

        pair_features(shard->job, row, k, f);
        for (size_t a = 0; a < N_FEATURES; a++) {
            const double weighted = row->p[k] * f[a];

            total[a] += weighted;
            for (size_t b = 0; b < N_FEATURES; b++) /* all of them: whole vectors */
                sums->pairs[a][b] += weighted * f[b];
        }
    }
    for (size_t a = 0; a < N_FEATURES; a++)
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

    if (st != ETAS_OK)
        job->status = (int)st;
}

static void add_moments(moments *sum, const moments *part)
{
    for (size_t a = 0; a < N_FEATURES; a++)
        for (size_t b = 0; b < N_FEATURES; b++)
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
    const double(*f)[N_FEATURES] = m->pairs;
    double scale[ETAS_N_PARAMS];

    for (size_t a = 0; a < ETAS_N_PARAMS; a++)
        scale[a] = 1.0;
    scale[ETAS_LOG10_C] = -p;
    scale[ETAS_LOG10_D] = scale[ETAS_GAMMA] = -q;
    scale[ETAS_OMEGA] = scale[ETAS_RHO] = -1.0;
    *out = (etas_curvature){0};
    for (size_t a = 0; a < N_FEATURES; a++) {
        out->gradient[PARAM_OF[a]] = scale[PARAM_OF[a]] * f[ONE][a];
        for (size_t b = 0; b < N_FEATURES; b++)
            out->hessian[PARAM_OF[a]][PARAM_OF[b]] =
                scale[PARAM_OF[a]] * scale[PARAM_OF[b]] * f[a < b ? a : b][a < b ? b : a];
    }
    out->gradient[ETAS_LOG10_MU] = out->hessian[ETAS_LOG10_MU][ETAS_LOG10_MU] = m->background;
    out->gradient[ETAS_LOG10_IOTA] = out->hessian[ETAS_LOG10_IOTA][ETAS_LOG10_IOTA] = m->induced;
    for (size_t a = 0; a < ETAS_N_PARAMS; a++)
        for (size_t b = 0; b < ETAS_N_PARAMS; b++)
            out->hessian[a][b] -= scale[a] * scale[b] * m->targets[a][b];
    /* d2 ln g */
    set_both(out, ETAS_LOG10_C, ETAS_LOG10_C, -p * (f[ONE][P] - f[P][P]));
    set_both(out, ETAS_LOG10_C, ETAS_OMEGA, -f[ONE][P]);
    set_both(out, ETAS_LOG10_TAU, ETAS_LOG10_TAU, -f[ONE][T]);
    set_both(out, ETAS_LOG10_D, ETAS_LOG10_D, -q * (f[ONE][S] - f[S][S]));
    set_both(out, ETAS_LOG10_D, ETAS_GAMMA, -q * (f[ONE][S_DM] - f[S][S_DM]));
    set_both(out, ETAS_GAMMA, ETAS_GAMMA, -q * (f[DM][S_DM] - f[S_DM][S_DM]));
    set_both(out, ETAS_LOG10_D, ETAS_RHO, -f[ONE][S]);
    set_both(out, ETAS_GAMMA, ETAS_RHO, -f[ONE][S_DM]);
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

    etas_time_mesh_evaluate(&em->mesh, em->kernels, &omori);
    for (size_t i = 0; i < em->n_sources; i++) {
        const etas_time_integral t = etas_time_mesh_get(&em->mesh, i);

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
    pass job = {.em = em, .omori = etas_params_omori(theta), .status = ETAS_OK};
    moments sum = {0};
    expected e;
    etas_status st = etas_array_alloc((void **)&job.shard, em->n_shards, sizeof *job.shard);

    etas_em_prepare(em, theta);
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
