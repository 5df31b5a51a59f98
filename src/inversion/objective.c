#include "inversion/objective.h"

#include <math.h>

#include "etas/special.h"

static const double LN_F_FLOOR = -300.0;

void etas_objective_space(void *context, const double x[], etas_newton_point *out)
{
    etas_em *em = context;
    const double rho = x[ETAS_SPACE_RHO], q = 1.0 + rho;
    const double e = etas_space_exponent(em->three_dim, rho);
    const etas_space_norm norm = etas_space_normalisation(em->three_dim, rho);
    const double w = em->expectation.sum_l_hat, a = em->sum_l_dm;
    const double sum_ln_d = w * x[ETAS_SPACE_LN_D] + a * x[ETAS_SPACE_GAMMA];
    const etas_space_sums s = etas_em_space_sums(em, x[ETAS_SPACE_LN_D], x[ETAS_SPACE_GAMMA]);

    out->value = -(e * sum_ln_d - w * norm.ln - q * s.ln_r2d);
    out->gradient[ETAS_SPACE_LN_D] = -(e * w - q * s.s[0]);
    out->gradient[ETAS_SPACE_GAMMA] = -(e * a - q * s.s[1]);
    out->gradient[ETAS_SPACE_RHO] = -(sum_ln_d - w * norm.slope - s.ln_r2d);
    out->hessian[0][0] = q * s.ss[0];
    out->hessian[0][1] = out->hessian[1][0] = q * s.ss[1];
    out->hessian[1][1] = q * s.ss[2];
    out->hessian[0][2] = out->hessian[2][0] = -(w - s.s[0]);
    out->hessian[1][2] = out->hessian[2][1] = -(a - s.s[1]);
    out->hessian[2][2] = w * norm.curvature;
}

/* Of the ten integrals, the second derivative by the kernel's parameters i and j (c, omega, tau).
 */
static const unsigned char SECOND[3][3] = {{ETAS_T_CC, ETAS_T_CW, ETAS_T_CU},
                                           {ETAS_T_CW, ETAS_T_WW, ETAS_T_WU},
                                           {ETAS_T_CU, ETAS_T_WU, ETAS_T_UU}};

/* Adds factor * ln T and its derivatives to the kernel's part of a (maximised) point. */
static void add_log(const etas_time_integral *t, double factor, etas_newton_point *sum)
{
    const double share = factor / t->d[ETAS_T];
    const double *first = &t->d[ETAS_T_C];

    sum->value += factor * etas_ln(t->d[ETAS_T]);
    for (size_t i = 0; i < 3; i++) {
        sum->gradient[ETAS_TIME_LN_C + i] += share * first[i];
        for (size_t j = 0; j < 3; j++)
            sum->hessian[ETAS_TIME_LN_C + i][ETAS_TIME_LN_C + j] +=
                share * (t->d[SECOND[i][j]] - first[i] * first[j] / t->d[ETAS_T]);
    }
}

/* Adds the sum of e^(alpha dm_i) T_i over the sources that a point stands for, and its derivatives;
 * the upper triangle alone. */
static void add_expected(const etas_time_integral *t, const etas_window_growth *growth,
                         etas_newton_point *sum)
{
    const double *first = &t->d[ETAS_T_C];

    sum->value += growth->value * t->d[ETAS_T];
    sum->gradient[ETAS_TIME_ALPHA] += growth->slope * t->d[ETAS_T];
    sum->hessian[ETAS_TIME_ALPHA][ETAS_TIME_ALPHA] += growth->curvature * t->d[ETAS_T];
    for (size_t i = 0; i < 3; i++) {
        sum->gradient[ETAS_TIME_LN_C + i] += growth->value * first[i];
        sum->hessian[ETAS_TIME_ALPHA][ETAS_TIME_LN_C + i] += growth->slope * first[i];
        for (size_t j = i; j < 3; j++)
            sum->hessian[ETAS_TIME_LN_C + i][ETAS_TIME_LN_C + j] +=
                growth->value * t->d[SECOND[i][j]];
    }
}

static void add_all_expected(etas_em *em, double alpha, etas_newton_point *expected)
{
    etas_windows_grow(&em->windows, alpha);
    for (size_t k = 0; k < em->windows.n_points; k++) {
        const etas_time_integral t = etas_time_mesh_get(&em->windows.mesh, k);

        add_expected(&t, &em->windows.weight[k], expected);
    }
}

/* The time kernel's integral over all delays. */
static etas_time_integral all_delays(const etas_em *em, const etas_omori *omori)
{
    return etas_time_mesh_all(&em->windows.mesh, em->kernels, omori);
}

/* ln F at the points of a group; no point is so far below the floor that interpolation suffers. */
static void ln_shares(const etas_windows *w, const etas_window_group *g, double ln_all,
                      double ln_f[])
{
    for (size_t k = 0; k < g->n_points; k++) {
        const double t = etas_time_mesh_value(&w->mesh, g->first_point + k);

        ln_f[k] = fmax(2.0 * LN_F_FLOOR, t > 0.0 ? etas_ln(t) - ln_all : -INFINITY);
    }
}

/* Weights of a group's points when those sources that lie below the floor do not count; returns
 * what these add up to. */
static double weigh_above_floor(const etas_em *em, const etas_window_group *g, const double ln_f[],
                                double weight[])
{
    double lost = 0.0;

    for (size_t k = 0; k < g->n_points; k++)
        weight[k] = 0.0;
    for (size_t i = g->first_source; i < g->first_source + g->n_sources; i++) {
        const double *share = em->windows.share + i * ETAS_WINDOW_POINTS;
        const double l_hat = em->expectation.l_hat[i];
        double at = 0.0;

        for (size_t k = 0; k < g->n_points; k++)
            at += share[k] * ln_f[k];
        for (size_t k = 0; k < g->n_points && at > LN_F_FLOOR; k++)
            weight[k] += l_hat * share[k];
        lost += at > LN_F_FLOOR ? 0.0 : l_hat;
    }
    return lost;
}

/* Adds factor * sum l_i ln F_i without its - ln T_inf over a group, and returns the l_i that have
 * it; those below the floor add factor * l_i * -300. */
static double add_group(const etas_em *em, const etas_window_group *g, double ln_all, double factor,
                        etas_newton_point *sum)
{
    const etas_windows *w = &em->windows;
    double ln_f[ETAS_WINDOW_POINTS], own[ETAS_WINDOW_POINTS], counted = 0.0;
    const double *weight = w->l_weight + g->first_point;
    bool crosses = false;

    ln_shares(w, g, ln_all, ln_f);
    for (size_t k = 0; k < g->n_points; k++)
        crosses = crosses || !(ln_f[k] > LN_F_FLOOR);
    if (crosses) {
        sum->value += factor * LN_F_FLOOR * weigh_above_floor(em, g, ln_f, own);
        weight = own;
    }
    for (size_t k = 0; k < g->n_points; k++) {
        const etas_time_integral t = etas_time_mesh_get(&w->mesh, g->first_point + k);

        if (weight[k] == 0.0)
            continue;
        add_log(&t, factor * weight[k], sum);
        counted += weight[k];
    }
    return counted;
}

/* Adds factor * sum l_i max(ln F_i, -300) + ln_all_factor * ln T_inf; the mesh is evaluated. */
static void add_shares(const etas_em *em, const etas_omori *omori, double factor,
                       double ln_all_factor, etas_newton_point *sum)
{
    const etas_time_integral all = all_delays(em, omori);
    const double ln_all = etas_ln(all.d[ETAS_T]);
    double counted = 0.0;

    for (size_t n = 0; factor != 0.0 && n < em->windows.n_groups; n++)
        counted += add_group(em, &em->windows.group[n], ln_all, factor, sum);
    add_log(&all, ln_all_factor - factor * counted, sum);
}

static etas_omori omori_at(const double x[])
{
    return (etas_omori){.c_days = etas_exp(x[ETAS_TIME_LN_C]),
                        .omega = x[ETAS_TIME_OMEGA],
                        .tau_days = etas_exp(x[ETAS_TIME_LN_TAU])};
}

/* What the pairs say about delays: -(1 + omega) sum w ln(t + c) - sum w t / tau. */
static etas_newton_point pair_part(etas_em *em, const etas_omori *omori)
{
    const double p = 1.0 + omori->omega, decay = em->sum_w_t / omori->tau_days;
    const etas_delay_sums delays = etas_em_delay_sums(em, omori->c_days);
    etas_newton_point out = {.value = -p * delays.ln_tc - decay};

    out.gradient[ETAS_TIME_LN_C] = -p * delays.p;
    out.gradient[ETAS_TIME_OMEGA] = -delays.ln_tc;
    out.gradient[ETAS_TIME_LN_TAU] = decay;
    out.hessian[ETAS_TIME_LN_C][ETAS_TIME_LN_C] = -p * delays.pp;
    out.hessian[ETAS_TIME_LN_C][ETAS_TIME_OMEGA] = -delays.p;
    out.hessian[ETAS_TIME_OMEGA][ETAS_TIME_LN_C] = -delays.p;
    out.hessian[ETAS_TIME_LN_TAU][ETAS_TIME_LN_TAU] = -decay;
    return out;
}

/* The maximised block is W ln K + rest - K expected. x[ETAS_TIME_LN_K] is not looked at. */
static void time_parts(etas_em *em, const double x[], etas_newton_point *rest,
                       etas_newton_point *expected)
{
    const etas_omori omori = omori_at(x);

    *expected = (etas_newton_point){0};
    *rest = pair_part(em, &omori);
    rest->value += em->sum_l_dm * x[ETAS_TIME_ALPHA];
    rest->gradient[ETAS_TIME_ALPHA] = em->sum_l_dm;
    etas_windows_evaluate(&em->windows, em->kernels, &omori);
    add_all_expected(em, x[ETAS_TIME_ALPHA], expected);
    if (em->estimator == ETAS_ESTIMATOR_REFERENCE)
        add_shares(em, &omori, 1.0, 0.0, rest);
}

void etas_objective_delays(void *context, const double x[], etas_newton_point *out)
{
    enum { FIRST = ETAS_TIME_LN_C };
    etas_em *em = context;
    const double full[ETAS_TIME_N] = {0.0, 0.0, x[0], x[1], x[2]};
    const etas_omori omori = omori_at(full);
    const bool truncated = em->estimator == ETAS_ESTIMATOR_MLE;
    etas_newton_point sum = pair_part(em, &omori);

    if (truncated)
        etas_windows_evaluate(&em->windows, em->kernels, &omori);
    add_shares(em, &omori, truncated ? -1.0 : 0.0, -em->expectation.sum_l_hat, &sum);
    out->value = -sum.value;
    for (size_t i = 0; i < ETAS_DELAYS_N; i++) {
        out->gradient[i] = -sum.gradient[FIRST + i];
        for (size_t j = 0; j < ETAS_DELAYS_N; j++)
            out->hessian[i][j] = -sum.hessian[FIRST + i][FIRST + j];
    }
}

void etas_objective_time(void *context, const double x[], etas_newton_point *out)
{
    etas_em *em = context;
    const double w = em->expectation.sum_l_hat, k = etas_exp(x[ETAS_TIME_LN_K]);
    etas_newton_point rest, expected;

    time_parts(em, x, &rest, &expected);
    out->value = k * expected.value - rest.value - w * x[ETAS_TIME_LN_K];
    out->gradient[ETAS_TIME_LN_K] = k * expected.value - w;
    out->hessian[ETAS_TIME_LN_K][ETAS_TIME_LN_K] = k * expected.value;
    for (size_t i = ETAS_TIME_ALPHA; i < ETAS_TIME_N; i++) {
        out->gradient[i] = k * expected.gradient[i] - rest.gradient[i];
        out->hessian[ETAS_TIME_LN_K][i] = out->hessian[i][ETAS_TIME_LN_K] =
            k * expected.gradient[i];
        for (size_t j = i; j < ETAS_TIME_N; j++)
            out->hessian[i][j] = out->hessian[j][i] =
                k * expected.hessian[i][j] - rest.hessian[i][j];
    }
}

void etas_objective_time_profile(void *context, const double x[], etas_newton_point *out)
{
    etas_em *em = context;
    const double full[ETAS_TIME_N] = {0.0, x[0], x[1], x[2], x[3]};
    const double w = em->expectation.sum_l_hat;
    etas_newton_point rest, expected;

    time_parts(em, full, &rest, &expected);
    out->value = w * etas_ln(expected.value) - rest.value;
    for (size_t i = 0; i + 1 < ETAS_TIME_N; i++) {
        const double slope = expected.gradient[i + 1] / expected.value;

        out->gradient[i] = w * slope - rest.gradient[i + 1];
        for (size_t j = i; j + 1 < ETAS_TIME_N; j++)
            out->hessian[i][j] = out->hessian[j][i] =
                w * (expected.hessian[i + 1][j + 1] - slope * expected.gradient[j + 1]) /
                    expected.value -
                rest.hessian[i + 1][j + 1];
    }
}

double etas_objective_ln_k(etas_em *em, const double x[])
{
    const double full[ETAS_TIME_N] = {0.0, x[0], x[1], x[2], x[3]};
    const etas_omori omori = omori_at(full);

    return etas_ln(em->expectation.sum_l_hat /
                   etas_windows_total(&em->windows, em->kernels, &omori, x[0]));
}

double etas_objective_ln_k_offset(bool three_dim, double ln_d, double rho)
{
    return etas_space_normalisation(three_dim, rho).ln - etas_space_exponent(three_dim, rho) * ln_d;
}

/* Adds one block to the joint point: x_block = map x_joint + curved part, whose Jacobian is
 * @p jacobian (block variables by joint variables). The curved part's own second derivatives are
 * left to the caller. */
static void add_block(size_t n, const etas_newton_point *block, double jacobian[][ETAS_JOINT_N],
                      etas_newton_point *sum)
{
    sum->value += block->value;
    for (size_t b = 0; b < n; b++) {
        for (size_t i = 0; i < ETAS_JOINT_N; i++) {
            sum->gradient[i] += block->gradient[b] * jacobian[b][i];
            for (size_t j = 0; j < ETAS_JOINT_N; j++)
                for (size_t c = 0; c < n; c++)
                    sum->hessian[i][j] += jacobian[b][i] * block->hessian[b][c] * jacobian[c][j];
        }
    }
}

static void add_symmetric(etas_newton_point *sum, size_t i, size_t j, double value)
{
    sum->hessian[i][j] += value;
    if (i != j)
        sum->hessian[j][i] += value;
}

void etas_objective_complete(const etas_tied_objective *self, double x[])
{
    const double e = etas_space_exponent(self->em->three_dim, x[ETAS_JOINT_RHO]);

    if (self->tie == ETAS_TIE_ALPHA_AND_A)
        x[ETAS_JOINT_GAMMA] = (self->a - self->alpha) / e;
    if (self->tie == ETAS_TIE_ALPHA)
        x[ETAS_JOINT_A] = self->alpha + e * x[ETAS_JOINT_GAMMA];
}

static void tied_space(const etas_tied_objective *self, const double x[], etas_newton_point *out)
{
    const double e = etas_space_exponent(self->em->three_dim, x[ETAS_JOINT_RHO]);
    const double space_x[] = {x[ETAS_JOINT_LN_D], x[ETAS_JOINT_GAMMA], x[ETAS_JOINT_RHO]};
    double jacobian[ETAS_SPACE_N][ETAS_JOINT_N] = {
        [ETAS_SPACE_LN_D][ETAS_JOINT_LN_D] = 1.0,
        [ETAS_SPACE_GAMMA][ETAS_JOINT_GAMMA] = 1.0,
        [ETAS_SPACE_RHO][ETAS_JOINT_RHO] = 1.0,
    };
    etas_newton_point space;

    etas_objective_space(self->em, space_x, &space);
    if (self->tie == ETAS_TIE_ALPHA_AND_A) {
        jacobian[ETAS_SPACE_GAMMA][ETAS_JOINT_GAMMA] = 0.0;
        jacobian[ETAS_SPACE_GAMMA][ETAS_JOINT_RHO] = -x[ETAS_JOINT_GAMMA] / e;
        add_symmetric(out, ETAS_JOINT_RHO, ETAS_JOINT_RHO,
                      space.gradient[ETAS_SPACE_GAMMA] * 2.0 * x[ETAS_JOINT_GAMMA] / (e * e));
    }
    add_block(ETAS_SPACE_N, &space, jacobian, out);
}

static void tied_time(const etas_tied_objective *self, const double x[], etas_newton_point *out)
{
    const bool three_dim = self->em->three_dim;
    const double ln_d = x[ETAS_JOINT_LN_D], gamma = x[ETAS_JOINT_GAMMA], rho = x[ETAS_JOINT_RHO];
    const double e = etas_space_exponent(three_dim, rho);
    const etas_space_norm norm = etas_space_normalisation(three_dim, rho);
    const bool free_alpha = self->tie == ETAS_TIE_NONE;
    const double time_x[] = {x[ETAS_JOINT_LN_K0] + norm.ln - e * ln_d,
                             free_alpha ? x[ETAS_JOINT_A] - e * gamma : self->alpha,
                             x[ETAS_JOINT_LN_C], x[ETAS_JOINT_OMEGA], x[ETAS_JOINT_LN_TAU]};
    double jacobian[ETAS_TIME_N][ETAS_JOINT_N] = {
        [ETAS_TIME_LN_K] = {[ETAS_JOINT_LN_K0] = 1.0,
                            [ETAS_JOINT_LN_D] = -e,
                            [ETAS_JOINT_RHO] = norm.slope - ln_d},
        [ETAS_TIME_LN_C][ETAS_JOINT_LN_C] = 1.0,
        [ETAS_TIME_OMEGA][ETAS_JOINT_OMEGA] = 1.0,
        [ETAS_TIME_LN_TAU][ETAS_JOINT_LN_TAU] = 1.0,
    };
    etas_newton_point time;

    etas_objective_time(self->em, time_x, &time);
    if (free_alpha) {
        jacobian[ETAS_TIME_ALPHA][ETAS_JOINT_A] = 1.0;
        jacobian[ETAS_TIME_ALPHA][ETAS_JOINT_GAMMA] = -e;
        jacobian[ETAS_TIME_ALPHA][ETAS_JOINT_RHO] = -gamma;
        add_symmetric(out, ETAS_JOINT_RHO, ETAS_JOINT_GAMMA, -time.gradient[ETAS_TIME_ALPHA]);
    }
    add_block(ETAS_TIME_N, &time, jacobian, out);
    add_symmetric(out, ETAS_JOINT_RHO, ETAS_JOINT_RHO,
                  time.gradient[ETAS_TIME_LN_K] * norm.curvature);
    add_symmetric(out, ETAS_JOINT_RHO, ETAS_JOINT_LN_D, -time.gradient[ETAS_TIME_LN_K]);
}

void etas_objective_tied(void *context, const double x[], etas_newton_point *out)
{
    const etas_tied_objective *self = context;
    double full[ETAS_JOINT_N];

    for (size_t i = 0; i < ETAS_JOINT_N; i++)
        full[i] = x[i];
    etas_objective_complete(self, full);
    *out = (etas_newton_point){0};
    tied_space(self, full, out);
    tied_time(self, full, out);
}

void etas_objective_joint(void *context, const double x[], etas_newton_point *out)
{
    etas_tied_objective untied = {.em = context, .tie = ETAS_TIE_NONE};

    etas_objective_tied(&untied, x, out);
}
