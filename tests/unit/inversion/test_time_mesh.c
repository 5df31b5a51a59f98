#include "small_catalog.h"

#include "inversion/time_mesh.h"

enum { N = 40 };

static const etas_omori KERNELS[] = {
    {1e-3, -0.05, 5e3}, {1e-3, 0.3, 1e4},  {1e-8, 0.999, 1e12},
    {1e-8, -0.98, 1e3}, {1.0, 0.0, 30.0},  {0.01, 0.0, 1e3},
    {1e-5, 1.0, 200.0}, {0.3, -0.5, 12.0}, {1e-2, 0.2, INFINITY},
};
enum { N_KERNELS = sizeof KERNELS / sizeof *KERNELS };

/* Windows: usual; an auxiliary period much longer than the window; nothing before the window. */
static const struct {
    double auxiliary, window;
} SPANS[] = {{2000, 8000}, {9000, 0.5}, {0, 500}, {100, 33.3}};

static void make_times(uint64_t seed, double span, etas_time out[N])
{
    uint64_t x = seed;
    double gap[N + 1], total = 0;

    for (size_t i = 0; i <= N; i++)
        total += gap[i] = exp(18 * small_uniform(&x));
    for (size_t i = 0; i < N; i++) {
        gap[i + 1] += gap[i];
        out[i] = (etas_time)(gap[i] / total * span * 86400e9);
    }
}

static void integrals_agree_with_the_incomplete_gamma_function(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof SPANS / sizeof *SPANS; s++) {
        const etas_time start = (etas_time)(SPANS[s].auxiliary * 86400e9);
        const etas_time end = start + (etas_time)(SPANS[s].window * 86400e9);
        etas_time_mesh mesh = {0};
        etas_time time[N];

        make_times(s + 7, SPANS[s].auxiliary + SPANS[s].window, time);
        check_ok(etas_time_mesh_build(&mesh, N, time, start, end), NULL);
        for (size_t k = 0; k < N_KERNELS; k++) {
            etas_time_mesh_evaluate(&mesh, &etas_pair_kernels_scalar, &KERNELS[k]);
            for (size_t i = 0; i < N; i++) {
                const double t0 = time[i] < start ? etas_days_between(time[i], start) : 0;
                const double want =
                    etas_omori_integral(&KERNELS[k], t0, etas_days_between(time[i], end));

                check_rel(etas_time_mesh_value(&mesh, i), want, 2e-12);
                check_rel(etas_time_mesh_get(&mesh, i).d[ETAS_T], want, 2e-12);
            }
        }
        etas_time_mesh_free(&mesh);
        etas_time_mesh_free(&mesh);
    }
}

static void the_integral_over_all_delays_agrees_too(void **state)
{
    const etas_time time[] = {0};
    etas_time_mesh mesh = {0};

    (void)state;
    check_ok(etas_time_mesh_build(&mesh, 1, time, 0, ETAS_NS_PER_DAY), NULL);
    for (size_t k = 0; k < N_KERNELS; k++)
        if (isfinite(KERNELS[k].tau_days))
            check_rel(etas_time_mesh_all(&mesh, &etas_pair_kernels_scalar, &KERNELS[k]).d[ETAS_T],
                      etas_omori_integral(&KERNELS[k], 0, INFINITY), 2e-12);
    etas_time_mesh_free(&mesh);
}

/* The kernel at ln c + h[0], omega + h[1], ln tau + h[2]. */
static etas_omori moved(const etas_omori *at, const double h[3])
{
    return (etas_omori){at->c_days * exp(h[0]), at->omega + h[1], at->tau_days * exp(h[2])};
}

typedef etas_time_integral (*integral_at)(etas_time_mesh *mesh, const etas_omori *omori, size_t i);

static etas_time_integral of_source(etas_time_mesh *mesh, const etas_omori *omori, size_t i)
{
    etas_time_mesh_evaluate(mesh, &etas_pair_kernels_scalar, omori);
    return etas_time_mesh_get(mesh, i);
}

static etas_time_integral of_all(etas_time_mesh *mesh, const etas_omori *omori, size_t i)
{
    (void)i;
    return etas_time_mesh_all(mesh, &etas_pair_kernels_scalar, omori);
}

static const double step = 1e-5;

static void check_slope(double got, double high, double low, double size)
{
    const double want = (high - low) / (2 * step * size);

    check_abs(got / size, want, 1e-6 * (1 + fabs(want)));
}

/* First derivatives against differences of the integral, second against those of the first. */
static void check_derivatives(etas_time_mesh *mesh, const etas_omori *omori, integral_at get,
                              size_t i)
{
    static const int second[3][3] = {{ETAS_T_CC, ETAS_T_CW, ETAS_T_CU},
                                     {ETAS_T_CW, ETAS_T_WW, ETAS_T_WU},
                                     {ETAS_T_CU, ETAS_T_WU, ETAS_T_UU}};
    const etas_time_integral at = get(mesh, omori, i);

    for (size_t a = 0; a < 3; a++) {
        double up[3] = {0}, down[3] = {0};

        up[a] = step;
        down[a] = -step;
        const etas_omori omori_up = moved(omori, up), omori_down = moved(omori, down);
        const etas_time_integral high = get(mesh, &omori_up, i), low = get(mesh, &omori_down, i);

        check_slope(at.d[ETAS_T_C + a], high.d[ETAS_T], low.d[ETAS_T], at.d[ETAS_T]);
        for (size_t b = 0; b < 3; b++)
            check_slope(at.d[second[a][b]], high.d[ETAS_T_C + b], low.d[ETAS_T_C + b],
                        at.d[ETAS_T]);
    }
}

static void derivatives_agree_with_differences(void **state)
{
    static const etas_omori kernels[] = {
        {1e-3, -0.05, 5e3}, {1e-2, 0.3, 1e3}, {0.2, 0.7, 60.0}, {1e-4, -0.4, 400.0}};
    const etas_time start = 2000 * ETAS_NS_PER_DAY, end = 8000 * ETAS_NS_PER_DAY;
    etas_time_mesh mesh = {0};
    etas_time time[N];

    (void)state;
    make_times(3, 8000, time);
    check_ok(etas_time_mesh_build(&mesh, N, time, start, end), NULL);
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        for (size_t i = 0; i < N; i += 13)
            check_derivatives(&mesh, &kernels[k], of_source, i);
        check_derivatives(&mesh, &kernels[k], of_all, 0);
    }
    etas_time_mesh_free(&mesh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integrals_agree_with_the_incomplete_gamma_function),
        cmocka_unit_test(the_integral_over_all_delays_agrees_too),
        cmocka_unit_test(derivatives_agree_with_differences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
