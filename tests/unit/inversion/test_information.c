#include "small_catalog.h"

#include "inversion/information.h"
#include "inversion/terms.h"
#include "math/dispatch.h"

static const double PI = 3.14159265358979323846;

typedef struct fixture {
    etas_catalog catalog;
    etas_inversion_config cfg;
    etas_em em;
} fixture;

static const etas_params THETA[] = {
    {.value = {[ETAS_LOG10_MU] = -6.2,
               [ETAS_LOG10_IOTA] = NAN,
               [ETAS_LOG10_K0] = -2.6,
               [ETAS_A] = 1.8,
               [ETAS_LOG10_C] = -2.5,
               [ETAS_OMEGA] = -0.02,
               [ETAS_LOG10_TAU] = 3.5,
               [ETAS_LOG10_D] = -0.85,
               [ETAS_GAMMA] = 1.3,
               [ETAS_RHO] = 0.66}},
    {.value = {[ETAS_LOG10_MU] = -5.5,
               [ETAS_LOG10_IOTA] = NAN,
               [ETAS_LOG10_K0] = -1.2,
               [ETAS_A] = 1.1,
               [ETAS_LOG10_C] = -1.5,
               [ETAS_OMEGA] = 0.3,
               [ETAS_LOG10_TAU] = 1.7,
               [ETAS_LOG10_D] = 0.4,
               [ETAS_GAMMA] = -0.3,
               [ETAS_RHO] = 1.4}},
    {.value = {[ETAS_LOG10_MU] = -6.0,
               [ETAS_LOG10_IOTA] = NAN,
               [ETAS_LOG10_K0] = -2.0,
               [ETAS_A] = 1.5,
               [ETAS_LOG10_C] = -3.5,
               [ETAS_OMEGA] = 0.12,
               [ETAS_LOG10_TAU] = INFINITY,
               [ETAS_LOG10_D] = -0.2,
               [ETAS_GAMMA] = 0.8,
               [ETAS_RHO] = 0.9}},
};
enum { N_THETA = sizeof THETA / sizeof *THETA };

/* Every one in two and, with a rho well above 1/2, in three dimensions. */
static etas_params theta_for(size_t k)
{
    etas_params out = THETA[k / 2];

    out.three_dim = k % 2 == 1;
    if (out.three_dim)
        out.value[ETAS_RHO] += 0.6;
    return out;
}

static void fixture_open_with(const char *kernels, size_t n, double multiplier, fixture *f)
{
    etas_error err = {0};

    memset(f, 0, sizeof *f);
    f->cfg = small_config();
    f->cfg.coppersmith_multiplier = multiplier;
    f->cfg.kernels = kernels;
    small_catalog(n, 4711, &f->catalog);
    check_ok(etas_em_init(&f->em, &f->catalog, &f->cfg, &err), &err);
}

static void fixture_open(size_t n, double multiplier, fixture *f)
{
    fixture_open_with(NULL, n, multiplier, f);
}

/* The same with an induced term, stronger for every third event. */
static void fixture_open_induced(size_t n, fixture *f)
{
    etas_error err = {0};

    fixture_open(n, 200, f);
    f->cfg.induced = true;
    for (size_t i = 0; i < n; i++)
        f->catalog.covariate[i] = i % 3 == 0 ? 5 : 0.5;
    check_ok(etas_terms_init(&f->em, &f->catalog, &f->cfg, 2.3, &err), &err);
}

static void fixture_close(fixture *f)
{
    etas_em_free(&f->em);
    etas_catalog_free(&f->catalog);
}

static void curvature_at(fixture *f, const etas_params *theta, etas_curvature *out)
{
    etas_error err = {0};

    check_ok(etas_em_expect(&f->em, theta, &err), &err);
    check_ok(etas_curvature_evaluate(&f->em, theta, out, &err), &err);
}

static bool has(const etas_params *theta, size_t which)
{
    return isfinite(theta->value[which]);
}

static etas_params moved(const etas_params *theta, size_t which, double by)
{
    etas_params out = *theta;

    out.value[which] += by / etas_param_unit((etas_param)which);
    return out;
}

/* Richardson's extrapolation of the central difference: the error is of the fourth order. */
static double slope(const double ahead[2], const double behind[2], double h)
{
    const double fine = (ahead[0] - behind[0]) / (2 * h), coarse = (ahead[1] - behind[1]) / (4 * h);

    return (4 * fine - coarse) / 3;
}

static void check_gradient(fixture *f, const etas_params *theta)
{
    const double h = 2e-3;
    etas_inversion *inversion = NULL;
    etas_curvature at;
    etas_error err = {0};

    check_ok(etas_inversion_open(&inversion, &f->catalog, &f->cfg, &err), &err);
    curvature_at(f, theta, &at);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        double ahead[2] = {0}, behind[2] = {0};

        if (!has(theta, i)) {
            check_abs(at.gradient[i], 0, 0);
            continue;
        }
        for (int s = 0; s < 2; s++) {
            const etas_params up = moved(theta, i, h * (s + 1));
            const etas_params down = moved(theta, i, -h * (s + 1));

            check_ok(etas_inversion_log_likelihood(inversion, &up, &ahead[s], &err), &err);
            check_ok(etas_inversion_log_likelihood(inversion, &down, &behind[s], &err), &err);
        }
        check_abs(at.gradient[i], slope(ahead, behind, h), 1e-8 * (1 + fabs(at.gradient[i])));
    }
    etas_inversion_close(inversion);
}

static void gradient_is_the_log_likelihoods_slope(void **state)
{
    etas_params induced = THETA[0];
    fixture f;

    (void)state;
    fixture_open(400, 1e9, &f); /* rows that do not fit into one chunk */
    for (size_t k = 0; k < N_THETA; k++)
        check_gradient(&f, &THETA[k]);
    fixture_close(&f);
    induced.value[ETAS_LOG10_IOTA] = -6.4;
    fixture_open_induced(400, &f);
    check_gradient(&f, &induced);
    fixture_close(&f);
}

static void check_hessian(fixture *f, const etas_params *theta)
{
    const double h = 4e-4;
    etas_curvature at, ahead[2] = {0}, behind[2] = {0};

    curvature_at(f, theta, &at);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        for (int s = 0; s < 2 && has(theta, i); s++) {
            const etas_params up = moved(theta, i, h * (s + 1));
            const etas_params down = moved(theta, i, -h * (s + 1));

            curvature_at(f, &up, &ahead[s]);
            curvature_at(f, &down, &behind[s]);
        }
        for (size_t j = 0; j < ETAS_N_PARAMS; j++) {
            const double a[2] = {ahead[0].gradient[j], ahead[1].gradient[j]};
            const double b[2] = {behind[0].gradient[j], behind[1].gradient[j]};
            const double want = has(theta, i) ? slope(a, b, h) : 0;

            check_abs(at.hessian[i][j], want, 1e-9 * (1 + fabs(want)) + 1e-9 * fabs(a[0]));
            check_abs(at.hessian[i][j], at.hessian[j][i], 1e-11 * (1 + fabs(want)));
        }
    }
}

static void hessian_is_the_gradients_slope(void **state)
{
    etas_params induced = THETA[1];
    fixture f;

    (void)state;
    fixture_open(400, 200, &f);
    for (size_t k = 0; k < 2 * N_THETA; k++) {
        const etas_params theta = theta_for(k);

        check_hessian(&f, &theta);
    }
    fixture_close(&f);
    induced.value[ETAS_LOG10_IOTA] = -5.9;
    fixture_open_induced(400, &f);
    check_hessian(&f, &induced);
    fixture_close(&f);
}

/* ---- straight from the formulas, all earlier events being sources ---- */

/* G_i by the incomplete gamma function or the algebra without a taper. */
static double expected_by_formula(const fixture *f, const etas_params *theta)
{
    const double *v = theta->value, rho = v[ETAS_RHO];
    const etas_omori omori = etas_params_omori(theta);
    const double q = theta->three_dim ? rho - 0.5 : rho;
    const double norm =
        theta->three_dim ? pow(PI, 1.5) * tgamma(rho - 0.5) / tgamma(1 + rho) : PI / rho;
    double sum = 0;

    for (size_t i = 0; i < f->catalog.n; i++) {
        const double dm = f->catalog.mag[i] - 1.95;
        const double d = pow(10, v[ETAS_LOG10_D]) * exp(v[ETAS_GAMMA] * dm);
        const double t0 = etas_days_between(f->catalog.time[i], f->cfg.window_start);
        const double t1 = etas_days_between(f->catalog.time[i], f->cfg.window_end);

        sum += pow(10, v[ETAS_LOG10_K0]) * exp(v[ETAS_A] * dm) * norm * pow(d, -q) *
               etas_omori_integral(&omori, fmax(0, t0), t1);
    }
    return sum;
}

static double expected_slope(const fixture *f, const etas_params *theta, size_t i)
{
    const double h = 2e-3;
    double ahead[2] = {0}, behind[2] = {0};

    for (int s = 0; s < 2; s++) {
        const etas_params up = moved(theta, i, h * (s + 1)), down = moved(theta, i, -h * (s + 1));

        ahead[s] = expected_by_formula(f, &up);
        behind[s] = expected_by_formula(f, &down);
    }
    return slope(ahead, behind, h);
}

static double expected_curvature(const fixture *f, const etas_params *theta, const size_t by[2])
{
    const double h = 2.5e-3;
    double ahead[2] = {0}, behind[2] = {0};

    for (int s = 0; s < 2; s++) {
        const etas_params up = moved(theta, by[0], h * (s + 1));
        const etas_params down = moved(theta, by[0], -h * (s + 1));

        ahead[s] = expected_slope(f, &up, by[1]);
        behind[s] = expected_slope(f, &down, by[1]);
    }
    return slope(ahead, behind, h);
}

/* Adds g and its first and second derivatives by the natural parameters. */
static void add_pair(const etas_params *theta, double dm, double t, double r2, double *rate,
                     etas_curvature *sum)
{
    const double *v = theta->value, c = pow(10, v[ETAS_LOG10_C]);
    const double tau = pow(10, v[ETAS_LOG10_TAU]), p = 1 + v[ETAS_OMEGA], q = 1 + v[ETAS_RHO];
    const double d = pow(10, v[ETAS_LOG10_D]) * exp(v[ETAS_GAMMA] * dm);
    const double g = pow(10, v[ETAS_LOG10_K0]) * exp(v[ETAS_A] * dm - t / tau) * pow(t + c, -p) *
                     pow(r2 + d, -q);
    const double u[ETAS_N_PARAMS] = {0,
                                     0,
                                     1,
                                     dm,
                                     -p * c / (t + c),
                                     -log(t + c),
                                     t / tau,
                                     -q * d / (r2 + d),
                                     -q * d / (r2 + d) * dm,
                                     -log(r2 + d)};
    double second[ETAS_N_PARAMS][ETAS_N_PARAMS] = {{0}};

    second[ETAS_LOG10_C][ETAS_LOG10_C] = -p * c * t / ((t + c) * (t + c));
    second[ETAS_LOG10_C][ETAS_OMEGA] = second[ETAS_OMEGA][ETAS_LOG10_C] = -c / (t + c);
    second[ETAS_LOG10_TAU][ETAS_LOG10_TAU] = -t / tau;
    second[ETAS_LOG10_D][ETAS_LOG10_D] = -q * d * r2 / ((r2 + d) * (r2 + d));
    second[ETAS_LOG10_D][ETAS_GAMMA] = second[ETAS_GAMMA][ETAS_LOG10_D] =
        dm * second[ETAS_LOG10_D][ETAS_LOG10_D];
    second[ETAS_GAMMA][ETAS_GAMMA] = dm * dm * second[ETAS_LOG10_D][ETAS_LOG10_D];
    second[ETAS_LOG10_D][ETAS_RHO] = second[ETAS_RHO][ETAS_LOG10_D] = -d / (r2 + d);
    second[ETAS_GAMMA][ETAS_RHO] = second[ETAS_RHO][ETAS_GAMMA] = -dm * d / (r2 + d);
    *rate += g;
    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        sum->gradient[i] += g * u[i];
        for (size_t j = 0; j < ETAS_N_PARAMS; j++)
            sum->hessian[i][j] += g * (second[i][j] + u[i] * u[j]);
    }
}

static void by_formula(const fixture *f, const etas_params *theta, etas_curvature *out)
{
    const etas_catalog *c = &f->catalog;
    const double mu = pow(10, theta->value[ETAS_LOG10_MU]);

    *out = (etas_curvature){0};
    for (size_t j = 0; j < c->n; j++) {
        etas_curvature sum = {0};
        double rate = mu;

        if (c->time[j] < f->cfg.window_start)
            continue;
        sum.gradient[ETAS_LOG10_MU] = sum.hessian[ETAS_LOG10_MU][ETAS_LOG10_MU] = mu;
        for (size_t i = 0; i < j; i++) {
            const double r =
                etas_distance_km(c->lat[i], c->lon[i], c->lat[j], c->lon[j], ETAS_EARTH_RADIUS_KM);

            if (c->time[i] < c->time[j])
                add_pair(theta, c->mag[i] - 1.95, etas_days_between(c->time[i], c->time[j]), r * r,
                         &rate, &sum);
        }
        for (size_t a = 0; a < ETAS_N_PARAMS; a++) {
            out->gradient[a] += sum.gradient[a] / rate;
            for (size_t b = 0; b < ETAS_N_PARAMS; b++)
                out->hessian[a][b] +=
                    sum.hessian[a][b] / rate - sum.gradient[a] * sum.gradient[b] / (rate * rate);
        }
    }
    out->gradient[ETAS_LOG10_MU] -= mu * f->cfg.area_km2 * SMALL_WINDOW_DAYS;
    out->hessian[ETAS_LOG10_MU][ETAS_LOG10_MU] -= mu * f->cfg.area_km2 * SMALL_WINDOW_DAYS;
    for (size_t a = ETAS_LOG10_K0; a < ETAS_N_PARAMS; a++) {
        if (!has(theta, a))
            continue;
        out->gradient[a] -= expected_slope(f, theta, a);
        for (size_t b = ETAS_LOG10_K0; b < ETAS_N_PARAMS; b++)
            if (has(theta, b))
                out->hessian[a][b] -= expected_curvature(f, theta, (const size_t[2]){a, b});
    }
}

static void brute_force_over_all_pairs_gives_the_same(void **state)
{
    fixture f;

    (void)state;
    fixture_open(150, 1e9, &f);
    for (size_t k = 0; k < 2 * N_THETA; k++) {
        const etas_params theta = theta_for(k);
        const double total = expected_by_formula(&f, &theta);
        etas_curvature got, want;

        curvature_at(&f, &theta, &got);
        by_formula(&f, &theta, &want);
        for (size_t a = 0; a < ETAS_N_PARAMS; a++) {
            check_abs(got.gradient[a], want.gradient[a], 1e-8 * (10 + fabs(want.gradient[a])));
            for (size_t b = 0; b < ETAS_N_PARAMS; b++)
                check_abs(got.hessian[a][b], want.hessian[a][b],
                          1e-7 * fabs(want.hessian[a][b]) + 1e-8 * total);
        }
    }
    fixture_close(&f);
}

static void the_number_of_threads_changes_nothing(void **state)
{
    etas_curvature one, three;
    fixture f;

    (void)state;
    fixture_open(600, 500, &f);
    curvature_at(&f, &THETA[0], &one);
    f.em.n_threads = 3;
    curvature_at(&f, &THETA[0], &three);
    assert_memory_equal(&one, &three, sizeof one);
    fixture_close(&f);
}

static void every_instruction_set_gives_the_same_bits(void **state)
{
    static const char *const names[] = {"avx2", "avx512"};
    etas_curvature scalar, other;
    fixture f;

    (void)state;
    fixture_open_with("scalar", 600, 1e9, &f);
    curvature_at(&f, &THETA[0], &scalar);
    fixture_close(&f);
    for (size_t k = 0; k < 2; k++) {
        if (etas_isa_named(names[k]) == ETAS_ISA_UNSUPPORTED)
            continue;
        fixture_open_with(names[k], 600, 1e9, &f);
        curvature_at(&f, &THETA[0], &other);
        assert_memory_equal(&scalar, &other, sizeof scalar);
        fixture_close(&f);
    }
}

static void pairs_that_are_found_again_give_the_same_bits(void **state)
{
    etas_curvature kept, found;
    etas_em em = {0};
    etas_error err = {0};
    fixture f;

    (void)state;
    fixture_open(600, 500, &f);
    curvature_at(&f, &THETA[0], &kept);
    etas_em_free(&f.em);
    f.em = em;
    f.cfg.memory_bytes = 1;
    check_ok(etas_em_init(&f.em, &f.catalog, &f.cfg, &err), &err);
    curvature_at(&f, &THETA[0], &found);
    assert_memory_equal(&kept, &found, sizeof kept);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_is_the_log_likelihoods_slope),
        cmocka_unit_test(hessian_is_the_gradients_slope),
        cmocka_unit_test(brute_force_over_all_pairs_gives_the_same),
        cmocka_unit_test(the_number_of_threads_changes_nothing),
        cmocka_unit_test(every_instruction_set_gives_the_same_bits),
        cmocka_unit_test(pairs_that_are_found_again_give_the_same_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
