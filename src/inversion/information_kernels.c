/* One body for every instruction set: CMake compiles this file with ETAS_ISA and ETAS_VLEN set. */
#include "inversion/information_kernels.h"

#include "math/vmath.h"

#define CAT_(a, b) a##b
#define CAT(a, b)  CAT_(a, b)
#define STR_(x)    #x
#define STR(x)     STR_(x)

_Static_assert((int)ETAS_FEATURE_LANES == (int)V_LANES, "pairs are padded to the lanes of sums");

enum { N = ETAS_N_FEATURES, CHUNK = ETAS_FEATURE_CHUNK };

static void features(const etas_feature_pairs *pairs, const etas_pair_decay *decay,
                     double f[N][CHUNK])
{
    const vd c = v_set(decay->c_days);

    for (size_t i = 0; i < pairs->n; i += ETAS_VLEN) {
        const vd t = v_load(pairs->time_days + i), d = v_load(pairs->d_km2 + i);
        const vd dm = v_load(pairs->dm + i);
        const vd tc = t + c, r2d = v_load(pairs->r2_km2 + i) + d;
        const vd s = d / r2d;

        v_store(f[ETAS_FEATURE_ONE] + i, v_set(1.0));
        v_store(f[ETAS_FEATURE_DM] + i, dm);
        v_store(f[ETAS_FEATURE_P] + i, c / tc);
        v_store(f[ETAS_FEATURE_LN_TC] + i, v_log_normal(tc));
        v_store(f[ETAS_FEATURE_T] + i, t * decay->inv_tau);
        v_store(f[ETAS_FEATURE_S] + i, s);
        v_store(f[ETAS_FEATURE_S_DM] + i, s * dm);
        v_store(f[ETAS_FEATURE_LN_R2D] + i, v_log_normal(r2d));
    }
}

static inline void add_products(size_t n, const double a[], const double b[], vd acc[V_VECTORS])
{
    for (size_t i = 0; i < n; i += V_LANES)
        for (size_t v = 0; v < V_VECTORS; v++)
            acc[v] += v_load(a + i + v * ETAS_VLEN) * v_load(b + i + v * ETAS_VLEN);
}

static void moments(const etas_feature_pairs *pairs, const etas_pair_decay *decay,
                    double total[ETAS_N_FEATURES], etas_feature_lanes *sums)
{
    double f[N][CHUNK], weighted[CHUNK];

    features(pairs, decay, f);
    for (size_t b = 0; b < N; b++) {
        vd acc[V_VECTORS] = {0};

        add_products(pairs->n, pairs->weight, f[b], acc);
        total[b] += v_lanes_sum(acc);
    }
    for (size_t a = 1; a < N; a++) {
        for (size_t i = 0; i < pairs->n; i += ETAS_VLEN)
            v_store(weighted + i, v_load(pairs->weight + i) * v_load(f[a] + i));
        for (size_t b = a; b < N; b++) {
            vd acc[V_VECTORS];

            for (size_t v = 0; v < V_VECTORS; v++)
                acc[v] = v_load(sums->at[a][b] + v * ETAS_VLEN);
            add_products(pairs->n, weighted, f[b], acc);
            for (size_t v = 0; v < V_VECTORS; v++)
                v_store(sums->at[a][b] + v * ETAS_VLEN, acc[v]);
        }
    }
}

static double sum(const double lane[ETAS_FEATURE_LANES])
{
    vd acc[V_VECTORS];

    for (size_t v = 0; v < V_VECTORS; v++)
        acc[v] = v_load(lane + v * ETAS_VLEN);
    return v_lanes_sum(acc);
}

const etas_information_kernels CAT(etas_information_kernels_, ETAS_ISA) = {
    .name = STR(ETAS_ISA), .moments = moments, .sum = sum};
