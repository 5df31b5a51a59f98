/* One body for every instruction set: CMake compiles this file with ETAS_ISA and ETAS_VLEN set.
 *
 * Pairs go through buffers of CHUNK elements, padded to whole lanes: gathered columns are then
 * plain loads for the vector loop, and there is one loop and no tail.
 */
#include "inversion/pair_kernels.h"

#include <string.h>

#include "math/vmath.h"

#define CAT_(a, b) a##b
#define CAT(a, b)  CAT_(a, b)
#define STR_(x)    #x
#define STR(x)     STR_(x)

enum { CHUNK = 256 };

static size_t chunk_length(size_t n, size_t at)
{
    return n - at < CHUNK ? n - at : CHUNK;
}

static size_t whole_lanes(size_t n)
{
    return (n + (V_LANES - 1)) / V_LANES * V_LANES;
}

/* x[0..n) into @p out, @p fill up to whole lanes. */
static void copy_padded(size_t n, const double x[], double fill, double out[CHUNK])
{
    memcpy(out, x, n * sizeof *out);
    for (size_t i = n; i < whole_lanes(n); i++)
        out[i] = fill;
}

static void gather_padded(size_t n, const uint32_t index[], const double column[],
                          double out[CHUNK])
{
    for (size_t i = 0; i < n; i++)
        out[i] = column[index[i]];
    for (size_t i = n; i < whole_lanes(n); i++)
        out[i] = 1.0;
}

/* ln x for normal positive finite x. */
static inline vd v_log_positive(vd x)
{
    return v_log_core(v_split_binary(x), v_set(0.0));
}

static void rates(const etas_pair_run *pairs, const etas_pair_sources *sources,
                  const etas_pair_decay *decay, double g[])
{
    const vd c = v_set(decay->c_days);
    double t[CHUNK], r2[CHUNK], ln_k[CHUNK], d[CHUNK], out[CHUNK];

    for (size_t at = 0; at < pairs->n; at += CHUNK) {
        const size_t n = chunk_length(pairs->n, at);

        copy_padded(n, pairs->time_days + at, 1.0, t);
        copy_padded(n, pairs->r2_km2 + at, 1.0, r2);
        gather_padded(n, pairs->source + at, sources->ln_productivity, ln_k);
        gather_padded(n, pairs->source + at, sources->d_km2, d);
        for (size_t i = 0; i < n; i += ETAS_VLEN) {
            const vd delay = v_load(t + i);
            const vd ln_tc = v_log_positive(delay + c);
            const vd ln_r2d = v_log_positive(v_load(r2 + i) + v_load(d + i));

            v_store(out + i, v_exp(v_load(ln_k + i) - delay * decay->inv_tau - ln_tc * decay->p -
                                   ln_r2d * decay->q));
        }
        memcpy(g + at, out, n * sizeof *g);
    }
}

static void space(const etas_pair_run *pairs, const etas_pair_sources *sources,
                  etas_space_sums *out)
{
    enum { SUMS = 6 };
    vd acc[SUMS][V_VECTORS] = {0};
    double r2[CHUNK], w[CHUNK], d[CHUNK], dm[CHUNK];

    for (size_t at = 0; at < pairs->n; at += CHUNK) {
        const size_t n = chunk_length(pairs->n, at);

        copy_padded(n, pairs->r2_km2 + at, 1.0, r2);
        copy_padded(n, pairs->weight + at, 0.0, w);
        gather_padded(n, pairs->source + at, sources->d_km2, d);
        gather_padded(n, pairs->source + at, sources->dm, dm);
        for (size_t i = 0; i < n; i += V_LANES) {
            for (size_t v = 0; v < V_VECTORS; v++) {
                const size_t k = i + v * ETAS_VLEN;
                const vd weight = v_load(w + k), m = v_load(dm + k), scale = v_load(d + k);
                const vd r2d = v_load(r2 + k) + scale;
                const vd s = scale / r2d;
                const vd ws = weight * s;
                const vd wss = ws * (1.0 - s);

                acc[0][v] += weight * v_log_positive(r2d);
                acc[1][v] += ws;
                acc[2][v] += ws * m;
                acc[3][v] += wss;
                acc[4][v] += wss * m;
                acc[5][v] += wss * m * m;
            }
        }
    }
    out->ln_r2d = v_lanes_sum(acc[0]);
    for (size_t k = 0; k < 2; k++)
        out->s[k] = v_lanes_sum(acc[1 + k]);
    for (size_t k = 0; k < 3; k++)
        out->ss[k] = v_lanes_sum(acc[3 + k]);
}

static void delays(const etas_pair_run *pairs, double c_days, etas_delay_sums *out)
{
    const vd c = v_set(c_days);
    vd ln_tc[V_VECTORS] = {0}, sum_p[V_VECTORS] = {0}, sum_pp[V_VECTORS] = {0};
    double t[CHUNK], w[CHUNK];

    for (size_t at = 0; at < pairs->n; at += CHUNK) {
        const size_t n = chunk_length(pairs->n, at);

        copy_padded(n, pairs->time_days + at, 1.0, t);
        copy_padded(n, pairs->weight + at, 0.0, w);
        for (size_t i = 0; i < n; i += V_LANES) {
            for (size_t v = 0; v < V_VECTORS; v++) {
                const size_t k = i + v * ETAS_VLEN;
                const vd weight = v_load(w + k), tc = v_load(t + k) + c;
                const vd p = c / tc;
                const vd wp = weight * p;

                ln_tc[v] += weight * v_log_positive(tc);
                sum_p[v] += wp;
                sum_pp[v] += wp * (1.0 - p);
            }
        }
    }
    out->ln_tc = v_lanes_sum(ln_tc);
    out->p = v_lanes_sum(sum_p);
    out->pp = v_lanes_sum(sum_pp);
}

static inline void node(vd t, vd weight, const etas_pair_decay *decay, vd out[2])
{
    out[0] = v_log_positive(t + decay->c_days);
    out[1] = weight * v_exp(-(t * decay->inv_tau) - out[0] * decay->p);
}

static void nodes(size_t n, const double t_days[], const double weight[],
                  const etas_pair_decay *decay, double ln_tc[], double h[])
{
    size_t i = 0;
    vd at[2];

    for (; i + ETAS_VLEN <= n; i += ETAS_VLEN) {
        node(v_load(t_days + i), v_load(weight + i), decay, at);
        v_store(ln_tc + i, at[0]);
        v_store(h + i, at[1]);
    }
    if (i < n) {
        node(v_load_part(t_days + i, n - i, 1.0), v_load_part(weight + i, n - i, 0.0), decay, at);
        v_store_part(ln_tc + i, n - i, at[0]);
        v_store_part(h + i, n - i, at[1]);
    }
}

const etas_pair_kernels CAT(etas_pair_kernels_, ETAS_ISA) = {
    .name = STR(ETAS_ISA), .rates = rates, .space = space, .delays = delays, .nodes = nodes};
