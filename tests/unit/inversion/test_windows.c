#include "small_catalog.h"

#include "inversion/windows.h"

enum { N = 3000 };

static const etas_omori KERNELS[] = {
    {1e-3, -0.05, 5e3}, {1e-3, 0.3, 1e4},      {1e-8, 0.999, 1e12},
    {1e-8, -0.98, 1e3}, {1.0, 0.0, 30.0},      {1e-5, 1.0, 200.0},
    {0.3, -0.5, 12.0},  {1e-2, 0.2, INFINITY}, {1e-4, -0.99, 20.0},
};
enum { N_KERNELS = sizeof KERNELS / sizeof *KERNELS };

/* Windows: usual; a long auxiliary period; nothing before the window; everything in a minute. */
static const struct {
    double auxiliary, window, clustered;
} SPANS[] = {{2000, 8000, 0.3}, {9000, 0.5, 0}, {0, 500, 0.9}, {100, 33.3, 0.5}, {0, 7e-4, 0}};

typedef struct fixture {
    etas_time time[N], start, end;
    double dm[N];
    etas_windows windows;
} fixture;

static int by_time(const void *a, const void *b)
{
    const etas_time x = *(const etas_time *)a, y = *(const etas_time *)b;

    return (x > y) - (x < y);
}

/* Events anywhere, and sequences in the last day, about the window's start, and at one moment. */
static void fixture_open(size_t which, bool continuous, fixture *f)
{
    const double total = SPANS[which].auxiliary + SPANS[which].window;
    uint64_t x = 1234 + which;

    f->start = (etas_time)(SPANS[which].auxiliary * 86400e9);
    f->end = (etas_time)(total * 86400e9);
    for (size_t i = 0; i < N; i++) {
        const bool cluster = small_uniform(&x) < SPANS[which].clustered;
        const double burst = 1e-4 * exp(9 * small_uniform(&x));
        const double days = !cluster     ? total * small_uniform(&x)
                            : i % 3 == 0 ? total - fmin(total, burst)
                            : i % 3 == 1
                                ? fmin(total * 0.999, SPANS[which].auxiliary + burst - 0.01)
                                : 0.7 * total;

        f->time[i] = (etas_time)(fmin(fmax(days, 0), total) * 86400e9);
        if (f->time[i] >= f->end)
            f->time[i] = f->end - 1;
        f->dm[i] =
            continuous ? -log(small_uniform(&x)) : 0.05 + 0.1 * floor(30 * small_uniform(&x));
    }
    qsort(f->time, N, sizeof *f->time, by_time);
    check_ok(etas_windows_build(&f->windows, N, f->time, f->dm, f->start, f->end), NULL);
}

static void fixture_close(fixture *f)
{
    etas_windows_free(&f->windows);
    etas_windows_free(&f->windows);
}

static double by_formula(const fixture *f, const etas_omori *omori, size_t i)
{
    const double t0 = f->time[i] < f->start ? etas_days_between(f->time[i], f->start) : 0;

    return etas_omori_integral(omori, t0, etas_days_between(f->time[i], f->end));
}

static void every_source_has_its_own_integral(void **state)
{
    static fixture f;
    static double value[N];

    (void)state;
    for (size_t s = 0; s < sizeof SPANS / sizeof *SPANS; s++) {
        fixture_open(s, false, &f);
        for (size_t k = 0; k < N_KERNELS; k++) {
            const double all = etas_omori_integral(&KERNELS[k], 0, 1e3);

            etas_windows_evaluate(&f.windows, &etas_pair_kernels_scalar, &KERNELS[k]);
            etas_windows_values(&f.windows, value);
            for (size_t i = 0; i < N; i += 7) {
                const double want = by_formula(&f, &KERNELS[k], i);

                check_abs(value[i], want, 3e-12 * want + 1e-15 * all);
                check_abs(etas_windows_get(&f.windows, i).d[ETAS_T], want,
                          3e-12 * want + 1e-15 * all);
            }
        }
        fixture_close(&f);
    }
}

static void sums_over_points_are_sums_over_sources(void **state)
{
    static const double alphas[] = {0, 1.3, 6, -2.5, 20};
    static fixture f;

    (void)state;
    for (size_t s = 0; s < sizeof SPANS / sizeof *SPANS; s++) {
        fixture_open(s, s % 2 == 1, &f);
        for (size_t k = 0; k < N_KERNELS; k++) {
            const double alpha = alphas[(s + k) % 5];
            double want[3] = {0}, got[3] = {0}, whole = 0;

            etas_windows_evaluate(&f.windows, &etas_pair_kernels_scalar, &KERNELS[k]);
            etas_windows_grow(&f.windows, alpha);
            for (size_t i = 0; i < N; i++)
                for (int d = 0; d < 3; d++)
                    want[d] +=
                        exp(alpha * f.dm[i]) * pow(f.dm[i], d) * by_formula(&f, &KERNELS[k], i);
            for (size_t i = 0; i < N; i++)
                whole += exp(alpha * f.dm[i]) * etas_omori_integral(&KERNELS[k], 0, 1e3);
            for (size_t p = 0; p < f.windows.n_points; p++) {
                const double t = etas_time_mesh_value(&f.windows.mesh, p);

                got[0] += t * f.windows.weight[p].value;
                got[1] += t * f.windows.weight[p].slope;
                got[2] += t * f.windows.weight[p].curvature;
            }
            for (int d = 0; d < 3; d++)
                check_abs(got[d], want[d], 2e-12 * want[d] + 1e-15 * whole);
        }
        fixture_close(&f);
    }
}

static void few_points_stand_for_many_sources(void **state)
{
    static fixture f;
    double l_hat[N], sum = 0, points = 0;

    (void)state;
    fixture_open(0, false, &f);
    assert_true(f.windows.n_points < N / 2);
    assert_true(f.windows.n_magnitudes == 30);
    for (size_t i = 0; i < N; i++)
        sum += l_hat[i] = (double)(i % 11);
    etas_windows_weigh(&f.windows, l_hat);
    for (size_t p = 0; p < f.windows.n_points; p++)
        points += f.windows.l_weight[p];
    check_rel(points, sum, 1e-13);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_source_has_its_own_integral),
        cmocka_unit_test(sums_over_points_are_sums_over_sources),
        cmocka_unit_test(few_points_stand_for_many_sources),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
