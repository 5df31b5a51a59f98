#include "inversion/maximisation.h"

#include <math.h>
#include <string.h>

#include "etas/special.h"
#include "inversion/objective.h"

/* A variable of the problems: a parameter of the files; logarithms are natural here. */
typedef struct variable {
    etas_param which;
    double unit;
} variable;

static const variable JOINT[ETAS_JOINT_N] = {
    [ETAS_JOINT_LN_K0] = {ETAS_LOG10_K0, M_LN10},   [ETAS_JOINT_A] = {ETAS_A, 1.0},
    [ETAS_JOINT_LN_C] = {ETAS_LOG10_C, M_LN10},     [ETAS_JOINT_OMEGA] = {ETAS_OMEGA, 1.0},
    [ETAS_JOINT_LN_TAU] = {ETAS_LOG10_TAU, M_LN10}, [ETAS_JOINT_LN_D] = {ETAS_LOG10_D, M_LN10},
    [ETAS_JOINT_GAMMA] = {ETAS_GAMMA, 1.0},         [ETAS_JOINT_RHO] = {ETAS_RHO, 1.0},
};
enum { SPACE_FIRST = ETAS_JOINT_LN_D, DELAYS_FIRST = ETAS_JOINT_LN_C };

/* The objective is in units of triggered events; with fewer it may be rounding. */
static const double HARDLY_ANY = 1e-9;

static double clamp(double x, double low, double high)
{
    return fmin(high, fmax(low, x));
}

/* Bounds and start, inside them, of the problem's variables from its @p at -th on, which are
 * JOINT's from @p first on. */
static void take(const etas_constraints *box, const etas_params *theta, size_t first, size_t at,
                 etas_newton_problem *problem, double x[])
{
    for (size_t i = at; i < problem->n; i++) {
        const variable *v = &JOINT[first + i - at];

        problem->low[i] = box->low[v->which] * v->unit;
        problem->high[i] = box->high[v->which] * v->unit;
        x[i] = clamp(theta->value[v->which] * v->unit, problem->low[i], problem->high[i]);
    }
}

/* To the file's units; a bound, or a value that is held, stays what it is to the last bit. */
static void store(const etas_constraints *box, size_t n, const variable first[], const double x[],
                  etas_params *theta)
{
    for (size_t i = 0; i < n; i++) {
        const etas_param which = first[i].which;

        theta->value[which] = clamp(x[i] / first[i].unit, box->low[which], box->high[which]);
    }
}

static etas_status solve_space(etas_em *em, const etas_constraints *box, const etas_params *start,
                               double x[ETAS_SPACE_N])
{
    etas_newton_problem problem = {
        .n = ETAS_SPACE_N, .function = etas_objective_space, .context = em};

    take(box, start, SPACE_FIRST, 0, &problem, x);
    return etas_newton_minimise(&problem, x);
}

static etas_status solve_time(etas_em *em, const etas_constraints *box, const etas_params *start,
                              double x[ETAS_TIME_N])
{
    etas_newton_problem problem = {
        .n = ETAS_TIME_N - 1, .function = etas_objective_time_profile, .context = em};
    double *rest = x + ETAS_TIME_ALPHA; /* all but ln K, which has a closed form */
    etas_status st;

    /* The bounds of k0 and a are looked at afterwards; these hold for whatever they allow. */
    problem.low[0] = box->alpha_held ? box->alpha
                                     : etas_param_low(ETAS_A) -
                                           etas_param_high(ETAS_RHO) * etas_param_high(ETAS_GAMMA);
    problem.high[0] = box->alpha_held ? box->alpha
                                      : etas_param_high(ETAS_A) -
                                            etas_param_high(ETAS_RHO) * etas_param_low(ETAS_GAMMA);
    rest[0] = clamp(etas_params_alpha(start), problem.low[0], problem.high[0]);
    take(box, start, DELAYS_FIRST, 1, &problem, rest);
    st = etas_newton_minimise(&problem, rest);
    if (st == ETAS_OK)
        x[ETAS_TIME_LN_K] = etas_objective_ln_k(em, rest);
    return st;
}

static void join(const etas_em *em, const double space[ETAS_SPACE_N],
                 const double time[ETAS_TIME_N], double x[ETAS_JOINT_N])
{
    const double rho = space[ETAS_SPACE_RHO];

    memcpy(x + SPACE_FIRST, space, ETAS_SPACE_N * sizeof *x);
    memcpy(x + DELAYS_FIRST, time + ETAS_TIME_LN_C, ETAS_DELAYS_N * sizeof *x);
    x[ETAS_JOINT_LN_K0] = time[ETAS_TIME_LN_K] -
                          etas_objective_ln_k_offset(em->three_dim, space[ETAS_SPACE_LN_D], rho);
    x[ETAS_JOINT_A] =
        time[ETAS_TIME_ALPHA] + etas_space_exponent(em->three_dim, rho) * space[ETAS_SPACE_GAMMA];
}

static bool inside(const etas_constraints *box, size_t variable_index, const double x[])
{
    const variable *v = &JOINT[variable_index];

    return x[variable_index] >= box->low[v->which] * v->unit &&
           x[variable_index] <= box->high[v->which] * v->unit;
}

/* All eight at once, from @p x. */
static etas_status solve_tied(etas_em *em, const etas_constraints *box, double x[ETAS_JOINT_N])
{
    etas_tied_objective objective = {.em = em, .alpha = box->alpha, .a = box->low[ETAS_A]};
    etas_newton_problem joint = {
        .n = ETAS_JOINT_N, .function = etas_objective_tied, .context = &objective};
    etas_params start = {.three_dim = em->three_dim};
    etas_status st;

    for (size_t i = 0; i < ETAS_JOINT_N; i++)
        start.value[JOINT[i].which] = x[i] / JOINT[i].unit;
    take(box, &start, 0, 0, &joint, x);
    if (box->alpha_held) {
        const bool a_too = etas_constraints_hold(box, ETAS_A);
        const size_t follows = a_too ? ETAS_JOINT_GAMMA : ETAS_JOINT_A;

        objective.tie = a_too ? ETAS_TIE_ALPHA_AND_A : ETAS_TIE_ALPHA;
        joint.low[follows] = joint.high[follows] = x[follows];
    }
    st = etas_newton_minimise(&joint, x);
    etas_objective_complete(&objective, x);
    return st;
}

/* The blocks are coupled: k0 or a is held or at its bound. */
static etas_status solve_joint(etas_em *em, const etas_constraints *box, double x[ETAS_JOINT_N])
{
    etas_constraints at_bound = *box;
    etas_status st = solve_tied(em, box, x);

    if (st != ETAS_OK || !box->alpha_held || inside(box, ETAS_JOINT_A, x))
        return st;
    /* a follows from alpha, gamma and rho: its bounds are no box of theirs. */
    st = etas_constraints_hold_a(&at_bound,
                                 clamp(x[ETAS_JOINT_A], box->low[ETAS_A], box->high[ETAS_A]), NULL);
    return st == ETAS_OK ? solve_tied(em, &at_bound, x) : st;
}

static etas_status maximise_parametric(etas_em *em, const etas_constraints *box, etas_params *theta)
{
    double space[ETAS_SPACE_N], time[ETAS_TIME_N], x[ETAS_JOINT_N];
    etas_status st = solve_space(em, box, theta, space);

    if (st == ETAS_OK)
        st = solve_time(em, box, theta, time);
    if (st != ETAS_OK)
        return st;
    join(em, space, time, x);
    if (!inside(box, ETAS_JOINT_LN_K0, x) || !inside(box, ETAS_JOINT_A, x) ||
        (box->alpha_held && etas_constraints_hold(box, ETAS_A)))
        st = solve_joint(em, box, x);
    if (st == ETAS_OK)
        store(box, ETAS_JOINT_N, JOINT, x, theta);
    return st;
}

/* Productivities are the sources' own: space and delays are all there is. */
static etas_status maximise_kernel(etas_em *em, const etas_constraints *box, etas_params *theta)
{
    etas_newton_problem problem = {
        .n = ETAS_DELAYS_N, .function = etas_objective_delays, .context = em};
    double space[ETAS_SPACE_N], delays[ETAS_DELAYS_N];
    etas_status st = solve_space(em, box, theta, space);

    if (st != ETAS_OK)
        return st;
    take(box, theta, DELAYS_FIRST, 0, &problem, delays);
    st = etas_newton_minimise(&problem, delays);
    if (st != ETAS_OK)
        return st;
    store(box, ETAS_SPACE_N, JOINT + SPACE_FIRST, space, theta);
    store(box, ETAS_DELAYS_N, JOINT + DELAYS_FIRST, delays, theta);
    return ETAS_OK;
}

/* The best rate for an expected number of events: the likelihood has one maximum, so inside the
 * bounds it is the nearest. */
static double log10_rate(const etas_em *em, const etas_constraints *box, etas_param which,
                         double number)
{
    const double best = etas_ln(number / (em->area_km2 * em->window_days)) / M_LN10;

    return clamp(best, box->low[which], box->high[which]);
}

etas_status etas_em_check_triggered(const etas_em *self, etas_error *err)
{
    if (self->expectation.sum_l_hat > HARDLY_ANY)
        return ETAS_OK;
    return etas_fail(err, ETAS_E_CONVERGE,
                     "all events became background ones (%.3g triggered): the parameters cannot be "
                     "estimated from here",
                     self->expectation.sum_l_hat);
}

etas_status etas_em_maximise(etas_em *self, const etas_constraints *box, etas_params *theta,
                             etas_error *err)
{
    const double n_hat = self->expectation.n_hat, i_hat = self->expectation.i_hat;
    etas_status st;

    st = !(self->expectation.sum_l_hat > 0.0) ? ETAS_E_CONVERGE
         : self->kappa == NULL                ? maximise_parametric(self, box, theta)
                                              : maximise_kernel(self, box, theta);
    if (st != ETAS_OK && etas_em_check_triggered(self, err) != ETAS_OK)
        return ETAS_E_CONVERGE;
    if (st != ETAS_OK)
        return etas_fail(err, st, "the maximisation step did not converge");
    theta->value[ETAS_LOG10_MU] = log10_rate(self, box, ETAS_LOG10_MU, n_hat);
    if (self->induced != NULL)
        theta->value[ETAS_LOG10_IOTA] = log10_rate(self, box, ETAS_LOG10_IOTA, i_hat);
    return ETAS_OK;
}
