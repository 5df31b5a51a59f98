#include <math.h>

#include "etas/special.h"
#include "inversion/em.h"
#include "inversion/objective.h"

/* Bounds of one variable of a problem, from the file's parameter; logarithms are natural here. */
static void set_bounds(etas_newton_problem *problem, size_t i, etas_param which, double unit)
{
    problem->low[i] = etas_param_low(which) * unit;
    problem->high[i] = etas_param_high(which) * unit;
}

static double clamp(double x, double low, double high)
{
    return fmin(high, fmax(low, x));
}

/* A start inside the box; the file's log10_tau may be infinite, for one. */
static void clamp_start(const etas_newton_problem *problem, double x[])
{
    for (size_t i = 0; i < problem->n; i++)
        x[i] = clamp(x[i], problem->low[i], problem->high[i]);
}

static etas_status solve_space(etas_em *em, const etas_params *start, double x[ETAS_SPACE_N])
{
    etas_newton_problem problem = {
        .n = ETAS_SPACE_N, .function = etas_objective_space, .context = em};

    set_bounds(&problem, ETAS_SPACE_LN_D, ETAS_LOG10_D, M_LN10);
    set_bounds(&problem, ETAS_SPACE_GAMMA, ETAS_GAMMA, 1.0);
    set_bounds(&problem, ETAS_SPACE_RHO, ETAS_RHO, 1.0);
    x[ETAS_SPACE_LN_D] = start->value[ETAS_LOG10_D] * M_LN10;
    x[ETAS_SPACE_GAMMA] = start->value[ETAS_GAMMA];
    x[ETAS_SPACE_RHO] = start->value[ETAS_RHO];
    clamp_start(&problem, x);
    return etas_newton_minimise(&problem, x);
}

static etas_status solve_time(etas_em *em, const etas_params *start, double x[ETAS_TIME_N])
{
    const double *v = start->value;
    etas_newton_problem problem = {
        .n = ETAS_TIME_N - 1, .function = etas_objective_time_profile, .context = em};
    double *rest = x + 1; /* all but ln K, which has a closed form */
    etas_status st;

    /* The bounds of k0 and a are looked at afterwards; these hold for whatever they allow. */
    problem.low[0] =
        etas_param_low(ETAS_A) - etas_param_high(ETAS_RHO) * etas_param_high(ETAS_GAMMA);
    problem.high[0] =
        etas_param_high(ETAS_A) - etas_param_high(ETAS_RHO) * etas_param_low(ETAS_GAMMA);
    set_bounds(&problem, ETAS_TIME_LN_C - 1, ETAS_LOG10_C, M_LN10);
    set_bounds(&problem, ETAS_TIME_OMEGA - 1, ETAS_OMEGA, 1.0);
    set_bounds(&problem, ETAS_TIME_LN_TAU - 1, ETAS_LOG10_TAU, M_LN10);
    x[ETAS_TIME_ALPHA] = v[ETAS_A] - v[ETAS_RHO] * v[ETAS_GAMMA];
    x[ETAS_TIME_LN_C] = v[ETAS_LOG10_C] * M_LN10;
    x[ETAS_TIME_OMEGA] = v[ETAS_OMEGA];
    x[ETAS_TIME_LN_TAU] = v[ETAS_LOG10_TAU] * M_LN10;
    clamp_start(&problem, rest);
    st = etas_newton_minimise(&problem, rest);
    if (st == ETAS_OK)
        x[ETAS_TIME_LN_K] = etas_objective_ln_k(em, rest);
    return st;
}

static void set_joint_bounds(etas_newton_problem *problem)
{
    set_bounds(problem, ETAS_JOINT_LN_K0, ETAS_LOG10_K0, M_LN10);
    set_bounds(problem, ETAS_JOINT_A, ETAS_A, 1.0);
    set_bounds(problem, ETAS_JOINT_LN_C, ETAS_LOG10_C, M_LN10);
    set_bounds(problem, ETAS_JOINT_OMEGA, ETAS_OMEGA, 1.0);
    set_bounds(problem, ETAS_JOINT_LN_TAU, ETAS_LOG10_TAU, M_LN10);
    set_bounds(problem, ETAS_JOINT_LN_D, ETAS_LOG10_D, M_LN10);
    set_bounds(problem, ETAS_JOINT_GAMMA, ETAS_GAMMA, 1.0);
    set_bounds(problem, ETAS_JOINT_RHO, ETAS_RHO, 1.0);
}

/* To the file's units; a bound stays the bound to the last bit. */
static void store(const double x[ETAS_JOINT_N], etas_params *theta)
{
    static const etas_param which[ETAS_JOINT_N] = {ETAS_LOG10_K0, ETAS_A,         ETAS_LOG10_C,
                                                   ETAS_OMEGA,    ETAS_LOG10_TAU, ETAS_LOG10_D,
                                                   ETAS_GAMMA,    ETAS_RHO};
    static const double unit[ETAS_JOINT_N] = {M_LN10, 1.0, M_LN10, 1.0, M_LN10, M_LN10, 1.0, 1.0};

    for (size_t i = 0; i < ETAS_JOINT_N; i++)
        theta->value[which[i]] =
            clamp(x[i] / unit[i], etas_param_low(which[i]), etas_param_high(which[i]));
}

etas_status etas_em_maximise(etas_em *self, etas_params *theta, etas_error *err)
{
    const double n_hat = self->expectation.n_hat;
    etas_newton_problem joint = {
        .n = ETAS_JOINT_N, .function = etas_objective_joint, .context = self};
    double space[ETAS_SPACE_N], time[ETAS_TIME_N], x[ETAS_JOINT_N];
    etas_status st;

    if (!(n_hat > 0.0) || !(self->expectation.sum_l_hat > 0.0))
        return etas_fail(err, ETAS_E_CONVERGE,
                         "all events became %s ones: the parameters cannot be estimated",
                         n_hat > 0.0 ? "background" : "triggered");
    st = solve_space(self, theta, space);
    if (st == ETAS_OK)
        st = solve_time(self, theta, time);
    if (st != ETAS_OK)
        return etas_fail(err, st, "the maximisation step did not converge");
    x[ETAS_JOINT_LN_D] = space[ETAS_SPACE_LN_D];
    x[ETAS_JOINT_GAMMA] = space[ETAS_SPACE_GAMMA];
    x[ETAS_JOINT_RHO] = space[ETAS_SPACE_RHO];
    x[ETAS_JOINT_LN_K0] =
        time[ETAS_TIME_LN_K] - etas_objective_ln_k_offset(x[ETAS_JOINT_LN_D], x[ETAS_JOINT_RHO]);
    x[ETAS_JOINT_A] = time[ETAS_TIME_ALPHA] + x[ETAS_JOINT_RHO] * x[ETAS_JOINT_GAMMA];
    x[ETAS_JOINT_LN_C] = time[ETAS_TIME_LN_C];
    x[ETAS_JOINT_OMEGA] = time[ETAS_TIME_OMEGA];
    x[ETAS_JOINT_LN_TAU] = time[ETAS_TIME_LN_TAU];
    set_joint_bounds(&joint);
    if (x[ETAS_JOINT_LN_K0] < joint.low[ETAS_JOINT_LN_K0] ||
        x[ETAS_JOINT_LN_K0] > joint.high[ETAS_JOINT_LN_K0] ||
        x[ETAS_JOINT_A] < joint.low[ETAS_JOINT_A] || x[ETAS_JOINT_A] > joint.high[ETAS_JOINT_A]) {
        clamp_start(&joint, x); /* their bounds couple the blocks */
        st = etas_newton_minimise(&joint, x);
        if (st != ETAS_OK)
            return etas_fail(err, st, "the maximisation step did not converge at its bounds");
    }
    store(x, theta);
    theta->value[ETAS_LOG10_MU] = etas_ln(n_hat / (self->area_km2 * self->window_days)) / M_LN10;
    return ETAS_OK;
}
