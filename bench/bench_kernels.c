/* Nanoseconds per element of the vector functions, one column per instruction set. */
#include <math.h>

#include "bench.h"
#include "etas/special.h"
#include "vmath_table.h"

enum { N = 1024 };

static double in_x[N], in_y[N], out[2 * N];
static uint64_t words[2 * N];

typedef struct job {
    const vmath_table *table;
    size_t column;
    double (*libm)(double x);
} job;

static void run_map(void *context)
{
    const job *self = context;

    self->table->map[self->column](N, in_x, in_y, out);
}

static void run_sum(void *context)
{
    const job *self = context;

    out[0] = self->table->sum_exp(N, in_x);
}

static void run_philox(void *context)
{
    static const uint32_t counter[4] = {1, 2, 3, 4};
    const job *self = context;

    self->table->philox(N, 5, counter, words, out);
}

static void run_poisson(void *context)
{
    const job *self = context;

    for (uint32_t i = 0; i < N; i++) {
        const etas_address at = {.event = i};

        out[i] = self->table->poisson(7, &at, 100.0);
    }
}

static void run_gamma(void *context)
{
    (void)context;
    for (size_t i = 0; i < N; i++)
        out[i] = etas_gamma_upper(-0.05, in_x[i]);
}

static void run_libm(void *context)
{
    const job *self = context;

    for (size_t i = 0; i < N; i++)
        out[i] = self->libm(in_x[i]);
}

static void row(const char *name, void (*body)(void *), size_t column)
{
    double ns[ETAS_ISA_COUNT];

    for (etas_isa isa = ETAS_ISA_SCALAR; isa < ETAS_ISA_COUNT; isa++) {
        job self = {.table = vmath_table_get(isa), .column = column};

        ns[isa] = self.table == NULL ? -1.0 : bench_ns(body, &self, N);
    }
    bench_print(name, ETAS_ISA_COUNT, ns);
}

int main(void)
{
    job with_libm = {.libm = exp};
    double ns;

    for (size_t i = 0; i < N; i++) {
        in_x[i] = 0.001 + 6.0 * (double)i / N;
        in_y[i] = 0.5 + (double)i / N;
    }
    printf("%-14s %10s %10s %10s   ns per element\n", "", "scalar", "avx2", "avx512");
    for (size_t f = 0; f < VMATH_COLUMNS; f++)
        row(vmath_scalar.name[f], run_map, f);
    row("sum of exp", run_sum, 0);
    row("philox", run_philox, 0);
    row("poisson(100)", run_poisson, 0);
    ns = bench_ns(run_gamma, NULL, N);
    bench_print("gamma_upper", 1, &ns);
    ns = bench_ns(run_libm, &with_libm, N);
    bench_print("exp of libm", 1, &ns);
    with_libm.libm = log;
    ns = bench_ns(run_libm, &with_libm, N);
    bench_print("log of libm", 1, &ns);
    return 0;
}
