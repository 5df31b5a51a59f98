/* Every option against an EM in long double by loops over all events, straight from the formulas:
 * what each E-step finds, and that each M-step ends at the maximum of what it says it maximises. */
#include "small_catalog.h"

enum { N = 48 };

typedef long double real;

/* ---- the model ---- */

typedef struct oracle {
    const etas_catalog *c;
    etas_inversion_config cfg;
    double beta, alpha; /* alpha: what it is held at, or NaN */
    etas_params theta;
    size_t n_targets, target[N];
    real zeta[N], induced[N], p_background[N]; /* by target */
    real kappa[N], smoothed[N], l_hat[N];      /* by source */
    real w[N][N];                              /* by target and source */
    real n_hat, i_hat, log_likelihood;
} oracle;

static real of(const oracle *o, etas_param k)
{
    const real x = o->theta.value[k];

    return strncmp(etas_param_name(k), "log10_", 6) == 0 ? powl(10, x) : x;
}

static real dm_of(const oracle *o, size_t i)
{
    return (real)o->c->mag[i] - ((real)o->cfg.m_ref - (real)o->cfg.delta_m / 2);
}

static real exponent(const oracle *o, const etas_params *theta)
{
    return (real)theta->value[ETAS_RHO] - (o->cfg.three_dim ? 0.5L : 0);
}

/* The integral of (r2 + 1)^-(1 + rho). */
static real normalisation(const oracle *o)
{
    const real rho = of(o, ETAS_RHO), pi = acosl(-1);

    return o->cfg.three_dim ? powl(pi, 1.5L) * tgammal(rho - 0.5L) / tgammal(1 + rho) : pi / rho;
}

static real km2(const oracle *o, size_t i, size_t j)
{
    const etas_catalog *c = o->c;

    if (o->cfg.three_dim) {
        const real x = (real)c->x[i] - c->x[j], y = (real)c->y[i] - c->y[j],
                   z = (real)c->z[i] - c->z[j];
        return x * x + y * y + z * z;
    }
    const real r =
        etas_distance_km(c->lat[i], c->lon[i], c->lat[j], c->lon[j], ETAS_EARTH_RADIUS_KM);
    return r * r;
}

static real days(etas_time from, etas_time to)
{
    return (real)(to - from) / 86400e9L;
}

static bool is_pair(const oracle *o, size_t i, size_t j)
{
    const real reach =
        powl(10, 0.59L * (real)o->c->mag[i] - 2.44L) * (real)o->cfg.coppersmith_multiplier;

    return o->c->time[j] > o->c->time[i] && km2(o, i, j) <= reach * reach;
}

static real scale(const oracle *o, size_t i)
{
    return of(o, ETAS_LOG10_D) * expl(of(o, ETAS_GAMMA) * dm_of(o, i));
}

static real productivity(const oracle *o, size_t i)
{
    return o->cfg.free_productivity ? o->kappa[i]
                                    : of(o, ETAS_LOG10_K0) * expl(of(o, ETAS_A) * dm_of(o, i));
}

static real rate(const oracle *o, size_t i, size_t j)
{
    const real t = days(o->c->time[i], o->c->time[j]);

    return productivity(o, i) * expl(-t / of(o, ETAS_LOG10_TAU)) *
           powl(t + of(o, ETAS_LOG10_C), -1 - of(o, ETAS_OMEGA)) *
           powl(km2(o, i, j) + scale(o, i), -1 - of(o, ETAS_RHO));
}

/* The time kernel's integral by Boole's rule in ln(t + c), cut at 100 tau. */
static real time_integral(const oracle *o, real t0, real t1)
{
    enum { STEPS = 200 };
    const real c = of(o, ETAS_LOG10_C), tau = of(o, ETAS_LOG10_TAU), omega = of(o, ETAS_OMEGA);
    const real end = fminl(t1, isinf(tau) ? INFINITY : t0 + 100 * tau);
    real low = logl(t0 + c), h, sum = 0;

    if (isinf(end))
        return powl(t0 + c, -omega) / omega;
    h = (logl(end + c) - low) / STEPS;
    for (int k = 0; k <= STEPS; k++) {
        const real v = low + h * k, s = expl(v);
        const real f = expl(-(s - c) / tau - omega * v);

        sum += f * (k == 0 || k == STEPS ? 7 : k % 2 ? 32 : k % 4 ? 12 : 14);
    }
    return sum * h * 2 / 45;
}

static real window_integral(const oracle *o, size_t i)
{
    return time_integral(o, fmaxl(0, days(o->c->time[i], o->cfg.window_start)),
                         days(o->c->time[i], o->cfg.window_end));
}

/* G_i per unit of the time kernel's integral. */
static real expected_rate(const oracle *o, size_t i)
{
    return productivity(o, i) * normalisation(o) * powl(scale(o, i), -exponent(o, &o->theta));
}

/* ---- expectation ---- */

static real background(const oracle *o, size_t j)
{
    const real pi = acosl(-1), bw = (real)o->cfg.bw_sq_km2;
    real sum = o->smoothed[o->target[j]];

    if (!o->cfg.free_background)
        return of(o, ETAS_LOG10_MU);
    for (size_t i = 0; i < o->c->n; i++)
        if (is_pair(o, i, o->target[j]))
            sum += o->smoothed[i] * expl(-km2(o, i, o->target[j]) / (2 * bw));
    return sum / (2 * pi * bw) / days(o->cfg.window_start, o->cfg.window_end);
}

static real hidden_factor(const oracle *o, size_t i)
{
    const double *v = o->theta.value;
    const real alpha = (real)v[ETAS_A] - exponent(o, &o->theta) * (real)v[ETAS_GAMMA];

    return expl(-(alpha - (real)o->beta) * ((real)o->c->mc[i] - (real)o->cfg.m_ref));
}

static void expect(oracle *o)
{
    memset(o->l_hat, 0, sizeof o->l_hat);
    o->n_hat = o->i_hat = o->log_likelihood = 0;
    for (size_t j = 0; j < o->n_targets; j++) {
        const real mu = background(o, j);
        const real iota = o->cfg.induced ? o->induced[j] * of(o, ETAS_LOG10_IOTA) : 0;
        real total = mu + iota;

        for (size_t i = 0; i < o->c->n; i++)
            if (is_pair(o, i, o->target[j]))
                total += rate(o, i, o->target[j]) * hidden_factor(o, i);
        for (size_t i = 0; i < o->c->n; i++) {
            o->w[j][i] =
                is_pair(o, i, o->target[j]) ? rate(o, i, o->target[j]) / total * o->zeta[j] : 0;
            o->l_hat[i] += o->w[j][i];
        }
        o->p_background[j] = mu / total;
        o->n_hat += mu / total * o->zeta[j];
        o->i_hat += iota / total * o->zeta[j];
        o->log_likelihood += logl(total);
    }
}

/* ---- maximisation ---- */

/* What an M-step minimises, at o->theta. */
static real objective(const oracle *o)
{
    const bool mle = o->cfg.estimator == ETAS_ESTIMATOR_MLE;
    const real all = time_integral(o, 0, INFINITY), ln_norm = logl(normalisation(o));
    real total = 0;

    for (size_t i = 0; i < o->c->n; i++) {
        const real d = scale(o, i), inside = window_integral(o, i);
        const real g = expected_rate(o, i) * inside;

        if (!o->cfg.free_productivity)
            total += g - o->l_hat[i] * logl(g);
        if (mle && o->l_hat[i] > 0)
            total += o->l_hat[i] * fmaxl(-300, logl(inside / all));
        for (size_t j = 0; j < o->n_targets; j++) {
            const real t = days(o->c->time[i], o->c->time[o->target[j]]);

            if (o->w[j][i] > 0)
                total -= o->w[j][i] *
                         (exponent(o, &o->theta) * logl(d) - ln_norm -
                          (1 + of(o, ETAS_RHO)) * logl(km2(o, i, o->target[j]) + d) - logl(all) -
                          (1 + of(o, ETAS_OMEGA)) * logl(t + of(o, ETAS_LOG10_C)) -
                          t / of(o, ETAS_LOG10_TAU));
        }
    }
    return total;
}

/* Moves one parameter and what is tied to it. */
static real objective_at(const oracle *o, etas_param which, double by)
{
    static oracle moved;
    double *v = moved.theta.value;

    moved = *o;
    v[which] += by;
    if (!isnan(o->alpha)) {
        if (isnan(o->cfg.fixed.value.value[ETAS_A]))
            v[ETAS_A] = o->alpha + (double)exponent(o, &moved.theta) * v[ETAS_GAMMA];
        else
            v[ETAS_GAMMA] = (v[ETAS_A] - o->alpha) / (double)exponent(o, &moved.theta);
    }
    return objective(&moved);
}

/* The fifth-order slope over the curvature: how far the minimum is. */
static void check_stationary(const oracle *o, etas_param which, const char *name)
{
    const double h = 1e-3, low = etas_param_low(which), high = etas_param_high(which);
    const double x = o->theta.value[which];
    const real a = objective_at(o, which, -2 * h), b = objective_at(o, which, -h),
               c = objective_at(o, which, 0), d = objective_at(o, which, h),
               e = objective_at(o, which, 2 * h);
    const real slope = (a - 8 * b + 8 * d - e) / (12 * (real)h);
    const real curvature = (-a + 16 * b - 30 * c + 16 * d - e) / (12 * (real)(h * h));

    if (x <= low    ? slope < 0
        : x >= high ? slope > 0
                    : fabsl(slope) > 1e-7L * fabsl(curvature) + 1e-9L)
        fail_msg("%s: %s = %.10g is not where the objective is least: slope %.3Lg, curvature %.3Lg",
                 name, etas_param_name(which), x, slope, curvature);
}

static void check_maximised(const oracle *o, const char *name)
{
    const double *fixed = o->cfg.fixed.value.value;
    const double *v = o->theta.value;
    const real space_time = (real)o->cfg.area_km2 * days(o->cfg.window_start, o->cfg.window_end);

    for (etas_param k = ETAS_LOG10_K0; k < ETAS_N_PARAMS; k++) {
        const bool follows =
            !isnan(o->alpha) && (k == ETAS_A || (k == ETAS_GAMMA && !isnan(fixed[ETAS_A])));
        const bool regressed = o->cfg.free_productivity && (k == ETAS_A || k == ETAS_LOG10_K0);

        if (!isnan(fixed[k]))
            assert_true(v[k] == fixed[k]);
        else if (!follows && !regressed)
            check_stationary(o, k, name);
    }
    if (!isnan(o->alpha))
        check_abs(v[ETAS_A] - (double)exponent(o, &o->theta) * v[ETAS_GAMMA], o->alpha, 1e-12);
    if (isnan(fixed[ETAS_LOG10_MU]))
        check_abs(v[ETAS_LOG10_MU], fmax(-10, (double)log10l(o->n_hat / space_time)), 1e-12);
    if (o->cfg.induced)
        check_abs(v[ETAS_LOG10_IOTA], fmax(-10, (double)log10l(o->i_hat / space_time)), 1e-12);
}

/* a and k0 by regression on the targets' kappa of before, then kappa. */
static void follow_productivity(oracle *o, const etas_inversion_state *s, const char *name)
{
    const real a = of(o, ETAS_A);
    real kappa = 0, kappa_dm = 0, e = 0, e_dm = 0;

    for (size_t j = 0; j < o->n_targets; j++) {
        const size_t i = o->target[j];

        kappa += o->kappa[i];
        kappa_dm += o->kappa[i] * dm_of(o, i);
        e += expl(a * dm_of(o, i));
        e_dm += expl(a * dm_of(o, i)) * dm_of(o, i);
    }
    if (a > 0 && a < 5)
        check_abs((double)((kappa_dm - kappa * e_dm / e) / kappa), 0, 1e-13);
    check_abs(o->theta.value[ETAS_LOG10_K0], (double)log10l(kappa / e), 1e-12);
    for (size_t i = 0; i < o->c->n; i++) {
        const real next = o->kappa[i] > 0 ? o->kappa[i] * o->l_hat[i] /
                                                (expected_rate(o, i) * window_integral(o, i))
                                          : 0;

        if (!(fabsl((real)s->kappa[i] - next) <= 1e-11L * next))
            fail_msg("%s: kappa[%zu] is %.17g, not %.17Lg", name, i, s->kappa[i], next);
        o->kappa[i] = s->kappa[i];
    }
}

/* ---- the cases ---- */

typedef struct option_case {
    const char *name;
    void (*set)(etas_inversion_config *cfg);
} option_case;

static void plain(etas_inversion_config *cfg)
{
    (void)cfg;
}

static void fix_several(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_LOG10_C] = -2.2;
    cfg->fixed.value.value[ETAS_GAMMA] = 0.7;
    cfg->fixed.value.value[ETAS_LOG10_MU] = -6.1;
}

static void fix_k0(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_LOG10_K0] = -2.1;
}

static void fix_a_and_rho(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_A] = 1.4;
    cfg->fixed.value.value[ETAS_RHO] = 0.9;
}

static void fix_alpha(etas_inversion_config *cfg)
{
    cfg->fixed.alpha_rule = ETAS_ALPHA_NUMBER;
    cfg->fixed.alpha = 1.1;
}

static void alpha_is_beta(etas_inversion_config *cfg)
{
    cfg->fixed.alpha_rule = ETAS_ALPHA_BETA;
    cfg->fixed.value.value[ETAS_OMEGA] = 0.1;
}

static void fix_alpha_and_k0(etas_inversion_config *cfg)
{
    fix_alpha(cfg);
    fix_k0(cfg);
}

static void fix_alpha_and_a(etas_inversion_config *cfg)
{
    fix_alpha(cfg);
    cfg->fixed.value.value[ETAS_A] = 1.7;
}

static void no_taper(etas_inversion_config *cfg)
{
    cfg->fixed.value.value[ETAS_LOG10_TAU] = INFINITY;
}

static void three_dim(etas_inversion_config *cfg)
{
    cfg->three_dim = true;
    cfg->theta_0.value[ETAS_RHO] = 0.9;
    cfg->coppersmith_multiplier = 2000;
}

static void three_dim_alpha(etas_inversion_config *cfg)
{
    three_dim(cfg);
    fix_alpha(cfg);
    no_taper(cfg);
}

static void induced(etas_inversion_config *cfg)
{
    cfg->induced = true;
}

static void free_background(etas_inversion_config *cfg)
{
    cfg->free_background = true;
    cfg->bw_sq_km2 = 2.5;
}

static void free_productivity(etas_inversion_config *cfg)
{
    cfg->free_productivity = true;
}

static void everything_free(etas_inversion_config *cfg)
{
    free_background(cfg);
    free_productivity(cfg);
    induced(cfg);
    no_taper(cfg);
    three_dim(cfg);
}

static const option_case CASES[] = {
    {"plain", plain},
    {"several fixed", fix_several},
    {"k0 fixed", fix_k0},
    {"a and rho fixed", fix_a_and_rho},
    {"alpha fixed", fix_alpha},
    {"alpha = beta, omega fixed", alpha_is_beta},
    {"alpha and k0 fixed", fix_alpha_and_k0},
    {"alpha and a fixed", fix_alpha_and_a},
    {"no taper", no_taper},
    {"three dimensions", three_dim},
    {"three dimensions, alpha fixed, no taper", three_dim_alpha},
    {"induced", induced},
    {"free background", free_background},
    {"free productivity", free_productivity},
    {"everything free", everything_free},
};
enum { N_CASES = sizeof CASES / sizeof *CASES };

static void make_catalog(bool hidden, etas_catalog *out)
{
    small_catalog(N, 4711, out);
    for (size_t i = 0; i < out->n; i++) {
        out->x[i] = 75 * (out->lon[i] - 8);
        out->y[i] = 111 * (out->lat[i] - 47);
        out->z[i] = -1 - (double)(i % 7);
        out->covariate[i] = 1 + (double)(i % 3);
        if (hidden && i % 3 == 0)
            out->mc[i] = fmin(out->mag[i], 2.3);
    }
}

static void oracle_init(oracle *o, const etas_catalog *c, const etas_inversion_config *cfg)
{
    real sum = 0;

    memset(o, 0, sizeof *o);
    o->c = c;
    o->cfg = *cfg;
    o->theta = cfg->theta_0;
    if (cfg->induced)
        o->theta.value[ETAS_LOG10_IOTA] = cfg->theta_0.value[ETAS_LOG10_MU];
    for (size_t i = 0; i < c->n; i++) {
        o->kappa[i] = expl((real)cfg->theta_0.value[ETAS_A] *
                           ((real)c->mag[i] - (real)cfg->m_ref - (real)cfg->delta_m / 2));
        if (c->time[i] < cfg->window_start)
            continue;
        o->smoothed[i] = 0.1L;
        sum += c->covariate[i];
        o->target[o->n_targets++] = i;
    }
    for (size_t j = 0; j < o->n_targets; j++)
        o->induced[j] = c->covariate[o->target[j]] / sum * (real)o->n_targets;
}

static void take_beta(oracle *o, double beta)
{
    o->beta = beta;
    o->alpha = o->cfg.fixed.alpha_rule == ETAS_ALPHA_BETA     ? beta
               : o->cfg.fixed.alpha_rule == ETAS_ALPHA_NUMBER ? o->cfg.fixed.alpha
                                                              : NAN;
    for (size_t j = 0; j < o->n_targets; j++)
        o->zeta[j] = expl((real)beta * ((real)o->c->mc[o->target[j]] - (real)o->cfg.m_ref));
}

static void check_expectation(const oracle *o, const etas_inversion_state *s)
{
    for (size_t j = 0; j < o->n_targets; j++) {
        check_rel(s->expectation->p_background[j], (double)o->p_background[j], 1e-11);
        if (s->zeta != NULL)
            check_rel(s->zeta[j], (double)o->zeta[j], 1e-12);
    }
    for (size_t i = 0; i < o->c->n; i++) {
        check_abs(s->expectation->l_hat[i], (double)o->l_hat[i], 1e-11 * (double)o->l_hat[i]);
        if (s->xi != NULL)
            check_rel(s->xi[i], (double)hidden_factor(o, i), 1e-12);
    }
    check_rel(s->n_hat, (double)o->n_hat, 1e-11);
    check_abs(s->i_hat, (double)o->i_hat, 1e-11 * (double)o->i_hat);
}

static void follow(const option_case *what, etas_estimator estimator, bool hidden)
{
    static oracle o;
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();
    etas_inversion *inversion = NULL;
    etas_error err = {0};

    make_catalog(hidden, &c);
    cfg.estimator = estimator;
    what->set(&cfg);
    oracle_init(&o, &c, &cfg);
    check_ok(etas_inversion_open(&inversion, &c, &cfg, &err), &err);
    take_beta(&o, etas_inversion_state_get(inversion).beta);
    for (int k = 0; k < 3; k++) {
        expect(&o);
        check_ok(etas_inversion_step(inversion, &err), &err);
        const etas_inversion_state s = etas_inversion_state_get(inversion);
        assert_true((s.zeta != NULL) == hidden);
        check_expectation(&o, &s);
        o.theta = s.theta;
        check_maximised(&o, what->name);
        if (cfg.free_productivity)
            follow_productivity(&o, &s, what->name);
        for (size_t j = 0; j < o.n_targets; j++)
            o.smoothed[o.target[j]] = o.p_background[j];
    }
    etas_inversion_close(inversion);
    etas_catalog_free(&c);
}

static void every_option_is_the_em_of_its_formulas(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_CASES; k++)
        follow(&CASES[k], ETAS_ESTIMATOR_REFERENCE, k % 2 != 0);
}

static void maximum_likelihood_too(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_CASES; k++)
        follow(&CASES[k], ETAS_ESTIMATOR_MLE, k % 2 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_the_em_of_its_formulas),
        cmocka_unit_test(maximum_likelihood_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
