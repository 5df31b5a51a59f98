/* Compiled once per instruction set: ETAS_ISA and ETAS_VLEN come from CMake. */
#include "vmath_table.h"

#include "math/poisson.h"
#include "math/vmath.h"
#include "math/vphilox.h"

#define CAT_(a, b) a##b
#define CAT(a, b)  CAT_(a, b)

static vd sine_of(vd x)
{
    vd sine, cosine;

    v_sincos(x, &sine, &cosine);
    return sine;
}

static vd cosine_of(vd x)
{
    vd sine, cosine;

    v_sincos(x, &sine, &cosine);
    return cosine;
}

static vd sine_of_turns(vd x)
{
    vd sine, cosine;

    v_sincos_turns(x, &sine, &cosine);
    return sine;
}

static vd cosine_of_turns(vd x)
{
    vd sine, cosine;

    v_sincos_turns(x, &sine, &cosine);
    return cosine;
}

/* Sums below one vector go through the same code as full vectors. */
#define MAP(name, expression)                                                          \
    static void name(size_t n, const double in_x[], const double in_y[], double out[]) \
    {                                                                                  \
        size_t i = 0;                                                                  \
                                                                                       \
        for (; i + ETAS_VLEN <= n; i += ETAS_VLEN) {                                   \
            const vd x = v_load(in_x + i), y = v_load(in_y + i);                       \
                                                                                       \
            (void)y;                                                                   \
            v_store(out + i, expression);                                              \
        }                                                                              \
        if (i < n) {                                                                   \
            const vd x = v_load_part(in_x + i, n - i, 1.0);                            \
            const vd y = v_load_part(in_y + i, n - i, 1.0);                            \
                                                                                       \
            (void)y;                                                                   \
            v_store_part(out + i, n - i, expression);                                  \
        }                                                                              \
    }

MAP(map_exp, v_exp(x))
MAP(map_expm1, v_expm1(x))
MAP(map_log, v_log(x))
MAP(map_log1p, v_log1p(x))
MAP(map_pow, v_pow(x, y))
MAP(map_sin, sine_of(x))
MAP(map_cos, cosine_of(x))
MAP(map_floor, v_floor(x))
MAP(map_from_u53, v_from_u53(v_ints(x) >> 11))
MAP(map_to_u52, v_from_u53(v_to_u52(v_floor(v_abs(x)))))
MAP(map_exp_normal, v_exp_normal(x))
MAP(map_log_normal, v_log_normal(x))
MAP(map_poisson_part, v_poisson_part(v_min(v_abs(x), v_set(16.0)), v_abs(y) * 0x1p-6))
MAP(map_sin_turns, sine_of_turns(x))
MAP(map_cos_turns, cosine_of_turns(x))
MAP(map_atan2_degrees, v_atan2_degrees(y, x))

static double sum_exp(size_t n, const double x[])
{
    vd acc[V_VECTORS] = {0};
    double tail[V_LANES];
    size_t i = 0;

    for (; i + V_LANES <= n; i += V_LANES)
        for (size_t v = 0; v < V_VECTORS; v++)
            acc[v] += v_exp(v_load(x + i + v * ETAS_VLEN));
    for (size_t lane = 0; lane < V_LANES; lane++)
        tail[lane] = i + lane < n ? x[i + lane] : -1000.0;
    for (size_t v = 0; v < V_VECTORS; v++)
        acc[v] += v_exp(v_load(tail + v * ETAS_VLEN));
    return v_lanes_sum(acc);
}

static void philox(size_t n, uint64_t seed, const uint32_t counter[4], uint64_t words[],
                   double uniforms[])
{
    for (size_t i = 0; i < n; i += ETAS_VLEN) {
        uint64_t event[ETAS_VLEN], draw[ETAS_VLEN];
        v_counter at = {{v_set_u64(counter[0]), v_set_u64(counter[1])}};
        v_words block;

        for (size_t lane = 0; lane < ETAS_VLEN; lane++) {
            event[lane] = (uint32_t)(counter[2] + i + lane);
            draw[lane] = (uint32_t)(counter[3] + i + lane);
        }
        at.c[2] = v_load_u64(event);
        at.c[3] = v_load_u64(draw);
        block = v_philox(seed, at);
        for (size_t word = 0; word < 2; word++) {
            uint64_t x[ETAS_VLEN];
            double u[ETAS_VLEN];

            v_store_u64(x, block.x[word]);
            v_store(u, v_uniform(block.x[word]));
            for (size_t lane = 0; lane < ETAS_VLEN && i + lane < n; lane++) {
                words[2 * (i + lane) + word] = x[lane];
                uniforms[2 * (i + lane) + word] = u[lane];
            }
        }
    }
}

const vmath_table CAT(vmath_, ETAS_ISA) = {
    .name = {"exp", "expm1", "log", "log1p", "pow", "sin", "cos", "floor", "from_u53", "to_u52",
             "poisson_part", "exp_normal", "log_normal", "sin_turns", "cos_turns", "atan2_degrees"},
    .map = {map_exp, map_expm1, map_log, map_log1p, map_pow, map_sin, map_cos, map_floor,
            map_from_u53, map_to_u52, map_poisson_part, map_exp_normal, map_log_normal,
            map_sin_turns, map_cos_turns, map_atan2_degrees},
    .sum_exp = sum_exp,
    .philox = philox,
    .poisson = etas_poisson};
