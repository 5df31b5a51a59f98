#include "inversion/objective.h"

#include <math.h>

#include "etas/special.h"

static const double LN_F_FLOOR = -300.0;

void etas_objective_space(void *context, const double x[], etas_newton_point *out)
{
    etas_em *em = context;
    const double rho = x[ETAS_SPACE_RHO], q = 1.0 + rho;
    const double w = em->expectation.sum_l_hat, a = em->sum_l_dm;
    const double sum_ln_d = w * x[ETAS_SPACE_LN_D] + a * x[ETAS_SPACE_GAMMA];
    etas_space_sums s;

    for (size_t i = 0; i < em->n_sources; i++)
        em->d_km2[i] = etas_exp(x[ETAS_SPACE_LN_D] + x[ETAS_SPACE_GAMMA] * em->dm[i]);
    s = etas_em_space_sums(em);
    out->value = -(w * etas_log(rho) + rho * sum_ln_d - q * s.ln_r2d);
    out->gradient[ETAS_SPACE_LN_D] = -(rho * w - q * s.s[0]);
    out->gradient[ETAS_SPACE_GAMMA] = -(rho * a - q * s.s[1]);
    out->gradient[ETAS_SPACE_RHO] = -(w / rho + sum_ln_d - s.ln_r2d);
    out->hessian[0][0] = q * s.ss[0];
    out->hessian[0][1] = out->hessian[1][0] = q * s.ss[1];
    out->hessian[1][1] = q * s.ss[2];
    out->hessian[0][2] = out->hessian[2][0] = -(w - s.s[0]);
    out->hessian[1][2] = out->hessian[2][1] = -(a - s.s[1]);
    out->hessian[2][2] = w / (rho * rho);
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

    sum->value += factor * etas_log(t->d[ETAS_T]);
    for (size_t i = 0; i < 3; i++) {
        sum->gradient[ETAS_TIME_LN_C + i] += share * first[i];
        for (size_t j = 0; j < 3; j++)
            sum->hessian[ETAS_TIME_LN_C + i][ETAS_TIME_LN_C + j] +=
                share * (t->d[SECOND[i][j]] - first[i] * first[j] / t->d[ETAS_T]);
    }
}

/* Subtracts G_i = K e^(alpha dm) T_i and its derivatives; the upper triangle alone. */
static void subtract_expected(const etas_time_integral *t, double k_productivity, double dm,
                              etas_newton_point *sum)
{
    const double g = k_productivity * t->d[ETAS_T];
    const double *first = &t->d[ETAS_T_C];

    sum->value -= g;
    sum->gradient[ETAS_TIME_LN_K] -= g;
    sum->gradient[ETAS_TIME_ALPHA] -= g * dm;
    sum->hessian[ETAS_TIME_LN_K][ETAS_TIME_LN_K] -= g;
    sum->hessian[ETAS_TIME_LN_K][ETAS_TIME_ALPHA] -= g * dm;
    sum->hessian[ETAS_TIME_ALPHA][ETAS_TIME_ALPHA] -= g * dm * dm;
    for (size_t i = 0; i < 3; i++) {
        const double slope = k_productivity * first[i];

        sum->gradient[ETAS_TIME_LN_C + i] -= slope;
        sum->hessian[ETAS_TIME_LN_K][ETAS_TIME_LN_C + i] -= slope;
        sum->hessian[ETAS_TIME_ALPHA][ETAS_TIME_LN_C + i] -= slope * dm;
        for (size_t j = i; j < 3; j++)
            sum->hessian[ETAS_TIME_LN_C + i][ETAS_TIME_LN_C + j] -=
                k_productivity * t->d[SECOND[i][j]];
    }
}

static void add_sources(etas_em *em, const double x[], const etas_omori *omori,
                        etas_newton_point *sum)
{
    const bool keeps_f = em->estimator == ETAS_ESTIMATOR_REFERENCE;
    etas_time_integral all = {{0}};
    double ln_all = 0.0, counted = 0.0;

    etas_time_mesh_evaluate(&em->mesh, em->kernels, omori);
    if (keeps_f) {
        all = etas_time_mesh_all(&em->mesh, em->kernels, omori);
        ln_all = etas_log(all.d[ETAS_T]);
    }
    for (size_t i = 0; i < em->n_sources; i++) {
        const etas_time_integral t = etas_time_mesh_get(&em->mesh, i);
        const double l_hat = em->expectation.l_hat[i];

        subtract_expected(&t, etas_exp(x[ETAS_TIME_LN_K] + x[ETAS_TIME_ALPHA] * em->dm[i]),
                          em->dm[i], sum);
        if (!keeps_f || l_hat == 0.0)
            continue;
        if (t.d[ETAS_T] > 0.0 && etas_log(t.d[ETAS_T]) - ln_all > LN_F_FLOOR) {
            add_log(&t, l_hat, sum);
            counted += l_hat;
        } else {
            sum->value += l_hat * LN_F_FLOOR;
        }
    }
    if (keeps_f)
        add_log(&all, -counted, sum);
}

static void negate_and_mirror(size_t n, etas_newton_point *at)
{
    at->value = -at->value;
    for (size_t i = 0; i < n; i++) {
        at->gradient[i] = -at->gradient[i];
        for (size_t j = i; j < n; j++)
            at->hessian[i][j] = at->hessian[j][i] = -at->hessian[i][j];
    }
}

void etas_objective_time(void *context, const double x[], etas_newton_point *out)
{
    etas_em *em = context;
    const etas_omori omori = {.c_days = etas_exp(x[ETAS_TIME_LN_C]),
                              .omega = x[ETAS_TIME_OMEGA],
                              .tau_days = etas_exp(x[ETAS_TIME_LN_TAU])};
    const double p = 1.0 + omori.omega, decay = em->sum_w_t / omori.tau_days;
    const double w = em->expectation.sum_l_hat;
    const etas_delay_sums delays = etas_em_delay_sums(em, omori.c_days);

    *out = (etas_newton_point){.value = w * x[ETAS_TIME_LN_K] + em->sum_l_dm * x[ETAS_TIME_ALPHA] -
                                        p * delays.ln_tc - decay};
    out->gradient[ETAS_TIME_LN_K] = w;
    out->gradient[ETAS_TIME_ALPHA] = em->sum_l_dm;
    out->gradient[ETAS_TIME_LN_C] = -p * delays.p;
    out->gradient[ETAS_TIME_OMEGA] = -delays.ln_tc;
    out->gradient[ETAS_TIME_LN_TAU] = decay;
    out->hessian[ETAS_TIME_LN_C][ETAS_TIME_LN_C] = -p * delays.pp;
    out->hessian[ETAS_TIME_LN_C][ETAS_TIME_OMEGA] = -delays.p;
    out->hessian[ETAS_TIME_LN_TAU][ETAS_TIME_LN_TAU] = -decay;
    add_sources(em, x, &omori, out);
    negate_and_mirror(ETAS_TIME_N, out);
}

double etas_objective_ln_k_offset(double ln_d, double rho)
{
    return etas_log(M_PI) - etas_log(rho) - rho * ln_d;
}

/* Adds one block to the joint point: x_block = map x_joint + curved part, whose Jacobian is
 * @p jacobian (block variables by joint variables). The curved part's own second derivatives are
 * left to the caller. */
static void add_block(size_t n, const etas_newton_point *block,
                      const double jacobian[][ETAS_JOINT_N], etas_newton_point *sum)
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

void etas_objective_joint(void *em, const double x[], etas_newton_point *out)
{
    const double ln_d = x[ETAS_JOINT_LN_D], gamma = x[ETAS_JOINT_GAMMA], rho = x[ETAS_JOINT_RHO];
    const double space_x[] = {ln_d, gamma, rho};
    const double time_x[] = {x[ETAS_JOINT_LN_K0] + etas_objective_ln_k_offset(ln_d, rho),
                             x[ETAS_JOINT_A] - rho * gamma, x[ETAS_JOINT_LN_C], x[ETAS_JOINT_OMEGA],
                             x[ETAS_JOINT_LN_TAU]};
    static const double space_by_joint[ETAS_SPACE_N][ETAS_JOINT_N] = {
        [ETAS_SPACE_LN_D][ETAS_JOINT_LN_D] = 1.0,
        [ETAS_SPACE_GAMMA][ETAS_JOINT_GAMMA] = 1.0,
        [ETAS_SPACE_RHO][ETAS_JOINT_RHO] = 1.0,
    };
    const double time_by_joint[ETAS_TIME_N][ETAS_JOINT_N] = {
        [ETAS_TIME_LN_K] = {[ETAS_JOINT_LN_K0] = 1.0,
                            [ETAS_JOINT_LN_D] = -rho,
                            [ETAS_JOINT_RHO] = -1.0 / rho - ln_d},
        [ETAS_TIME_ALPHA] =
            {[ETAS_JOINT_A] = 1.0, [ETAS_JOINT_GAMMA] = -rho, [ETAS_JOINT_RHO] = -gamma},
        [ETAS_TIME_LN_C][ETAS_JOINT_LN_C] = 1.0,
        [ETAS_TIME_OMEGA][ETAS_JOINT_OMEGA] = 1.0,
        [ETAS_TIME_LN_TAU][ETAS_JOINT_LN_TAU] = 1.0,
    };
    etas_newton_point space, time;

    *out = (etas_newton_point){0};
    etas_objective_space(em, space_x, &space);
    etas_objective_time(em, time_x, &time);
    add_block(ETAS_SPACE_N, &space, space_by_joint, out);
    add_block(ETAS_TIME_N, &time, time_by_joint, out);
    /* ln K = ln k0 + ln pi - ln rho - rho ln d and alpha = a - rho gamma are curved in rho. */
    out->hessian[ETAS_JOINT_RHO][ETAS_JOINT_RHO] += time.gradient[ETAS_TIME_LN_K] / (rho * rho);
    out->hessian[ETAS_JOINT_RHO][ETAS_JOINT_LN_D] -= time.gradient[ETAS_TIME_LN_K];
    out->hessian[ETAS_JOINT_LN_D][ETAS_JOINT_RHO] -= time.gradient[ETAS_TIME_LN_K];
    out->hessian[ETAS_JOINT_RHO][ETAS_JOINT_GAMMA] -= time.gradient[ETAS_TIME_ALPHA];
    out->hessian[ETAS_JOINT_GAMMA][ETAS_JOINT_RHO] -= time.gradient[ETAS_TIME_ALPHA];
}
