/* One body for every instruction set: CMake compiles this file with ETAS_ISA and ETAS_VLEN set. */
#include "inversion/expect_kernels.h"

#include <string.h>

#include "math/vmath.h"

#define CAT_(a, b) a##b
#define CAT(a, b)  CAT_(a, b)
#define STR_(x)    #x
#define STR(x)     STR_(x)

_Static_assert((int)ETAS_LANES == (int)V_LANES, "rows are padded to the lanes of the sums");

/* ---- distances ---- */

/* Square of the sine of an angle in [-pi/2, pi/2]. */
static inline vd sine_square(vd x)
{
    const vd z = x * x, z2 = z * z, z4 = z2 * z2;
    const vd a = (-0x1.5555555555555p-3 + z * 0x1.1111111111107p-7) +
                 z2 * (-0x1.a01a01a018aaap-13 + z * 0x1.71de3a54564dfp-19);
    const vd b = (-0x1.ae6455a1c0795p-26 + z * 0x1.612401540ed0fp-33) +
                 z2 * (-0x1.ae51366b753a9p-41 + z * 0x1.89a43bea5b135p-49);
    const vd sine = x + x * z * (a + z4 * b);

    return sine * sine;
}

static void haversines(size_t n, const etas_place_columns *places, const double at[3], double h[])
{
    const double half_radian = 0x1.1df46a2529d39p-7, magic = 0x1.8p52; /* pi / 360 */

    for (size_t i = 0; i < n; i += ETAS_VLEN) {
        const vd lat = v_load(places->a + i) - at[0], away = v_load(places->b + i) - at[1];
        const vd turns = (away * (1.0 / 360.0) + magic) - magic;
        const vd lon = away - 360.0 * turns;

        v_store(h + i, sine_square(lat * half_radian) +
                           v_load(places->c + i) * at[2] * sine_square(lon * half_radian));
    }
}

static void squares(size_t n, const etas_place_columns *places, const double at[3], double r2[])
{
    for (size_t i = 0; i < n; i += ETAS_VLEN) {
        const vd x = v_load(places->a + i) - at[0], y = v_load(places->b + i) - at[1],
                 z = v_load(places->c + i) - at[2];

        v_store(r2 + i, x * x + y * y + z * z);
    }
}

/* (2 R asin(sqrt h))^2 = 4 R^2 h p(h)^2, with geometry's polynomial for asin(x)/x. */
static void arcs(size_t n, double radius_km, double h[])
{
    const double square = 4.0 * radius_km * radius_km;

    for (size_t i = 0; i < n; i += ETAS_VLEN) {
        const vd x = v_load(h + i);
        vd p = x * 0x1.0ae3d8415ff12p-5 - 0x1.56ed8b3ca32b7p-6;

        p = p * x + 0x1.63026d0d7730cp-6;
        p = p * x + 0x1.e75550de0d565p-9;
        p = p * x + 0x1.61321491c7098p-7;
        p = p * x + 0x1.75847cdbae0e8p-7;
        p = p * x + 0x1.ca20259c3bdefp-7;
        p = p * x + 0x1.1c49e34e05c97p-6;
        p = p * x + 0x1.6e8be020ef9afp-6;
        p = p * x + 0x1.f1c71a826a620p-6;
        p = p * x + 0x1.6db6db726356fp-5;
        p = p * x + 0x1.333333332d538p-4;
        p = p * x + 0x1.5555555555584p-3;
        p = p * x + 1.0;
        v_store(h + i, square * x * (p * p));
    }
}

/* ---- rates ---- */

/* Logarithms and powers to base 2, which saves the reductions by ln 2. Polynomials are Chebyshev
 * interpolants, evaluated in pairs (Estrin): these chains of operations bound the time. Their
 * errors are 4e-16, less than what the sums below round off. */

/* log2(2^k (1 + f)) from s = f / (2 + f). */
static inline vd log2_of(v_binary x, vd s)
{
    const vd z = s * s, z2 = z * z;
    const vd low = 0x1.ec709dc3a01a6p-1 + z * 0x1.2776c5105f168p-1;
    const vd middle = 0x1.a6175e586f057p-2 + z * 0x1.484d81702f1dfp-2;
    const vd high = 0x1.0bfcc58e31ec3p-2 + z * 0x1.eb273573f88c5p-3;

    return x.k + s * (0x1.71547652b82fep+1 + z * (low + z2 * (middle + z2 * high)));
}

/* log2 of two normal positive numbers, with one division for both. */
static inline void two_log2(vd x, vd y, vd *log2_x, vd *log2_y)
{
    const vd bias = v_set(0x1p52 + 1023.0);
    const v_binary a = v_split_normal(x, bias), b = v_split_normal(y, bias);
    const vd below_a = 2.0 + a.f, below_b = 2.0 + b.f;
    const vd inverse = 1.0 / (below_a * below_b);

    *log2_x = log2_of(a, a.f * below_b * inverse);
    *log2_y = log2_of(b, b.f * below_a * inverse);
}

/* 2^x for x <= 1000; what is below 2^-1000 becomes that. */
static inline vd exp2_of(vd x)
{
    const double magic = 0x1.8p52;
    const vd within = v_max(v_set(-1000.0), x), shifted = within + magic;
    const vd r = within - (shifted - magic);
    const vd r2 = r * r, r4 = r2 * r2;
    const vd a = (0x1.62e42fefa39f7p-1 + r * 0x1.ebfbdff82c590p-3) +
                 r2 * (0x1.c6b08d70440f2p-5 + r * 0x1.3b2ab6fba3856p-7);
    const vd b = (0x1.5d87fe9096e32p-10 + r * 0x1.430913037bab9p-13) +
                 r2 * (0x1.ffcb765d2594fp-17 + r * 0x1.62bfe45469585p-20);
    const vd c = 0x1.b6573d402f8e6p-24 + r * 0x1.e5ea1242d6602p-28;
    const vi k = v_ints(shifted) - (UINT64_C(0x4338000000000000) - 1023);

    return (1.0 + r * (a + r4 * (b + r4 * c))) * v_bits(k << 52);
}

enum { CHUNK = 128 };

/* The columns of the pairs' sources, up to whole lanes. */
static void gather(size_t n, const uint32_t source[], const etas_source_columns *columns,
                   double *restrict productivity, double *restrict d_km2, uint32_t *restrict base)
{
    const uint32_t *key = columns->key, *key_base = columns->base;
    const double *key_productivity = columns->productivity, *key_d_km2 = columns->d_km2;

    for (size_t i = 0; i < n; i++) {
        uint32_t k = key[source[i]];

        __asm__("" : "+r"(k)); /* one by one: gather instructions take longer */
        productivity[i] = key_productivity[k];
        d_km2[i] = key_d_km2[k];
        base[i] = key_base[k];
    }
    for (size_t i = 0; i < n && columns->productivity_by_source; i++)
        productivity[i] = key_productivity[source[i]];
    for (size_t i = n; i < etas_whole_lanes(n); i++)
        productivity[i] = d_km2[i] = 1.0;
}

static void rates(const etas_pair_batch *batch, const etas_source_columns *sources,
                  const etas_pair_decay *decay)
{
    const double inv_tau = decay->inv_tau * 0x1.71547652b82fep+0; /* log2 e */
    _Alignas(64) double productivity[CHUNK], d[CHUNK], x[CHUNK];

    for (size_t at = 0; at < batch->n; at += CHUNK) {
        const size_t n = batch->n - at < CHUNK ? batch->n - at : CHUNK;

        gather(n, batch->source + at, sources, productivity, d, batch->base + at);
        for (size_t i = 0; i < n; i += ETAS_VLEN) {
            const vd t = v_load(batch->time_days + at + i);
            const vd r2d = v_load(batch->r2_km2 + at + i) + v_load(d + i);

            vd log2_tc, log2_r2d;

            two_log2(t + decay->c_days, r2d, &log2_tc, &log2_r2d);
            v_store(batch->log2_tc + at + i, log2_tc);
            v_store(x + i, -(log2_tc * decay->p) - log2_r2d * decay->q - t * inv_tau);
        }
        for (size_t i = 0; i < n; i += ETAS_VLEN)
            v_store(batch->g + at + i, v_load(productivity + i) * exp2_of(v_load(x + i)));
    }
}

/* ---- rows ---- */

/* All ones in the lanes below @p n. */
static inline vi lanes_below(size_t n)
{
    static const double lane[V_LANES] = {0, 1, 2, 3, 4, 5, 6, 7};

    return v_lt(v_load(lane), v_set((double)n));
}

typedef struct row_sums {
    vd g[V_VECTORS], g_xi[V_VECTORS], g_t[V_VECTORS];
} row_sums;

/* The first @p left lanes of p, zero in the others whatever stands there. */
static inline vd load_below(const double p[], size_t left)
{
    return left >= ETAS_VLEN ? v_load(p) : v_select(lanes_below(left), v_load(p), v_set(0.0));
}

/* Adds the elements [at, at + V_LANES) of a row, of which @p left are its own. */
static inline void add_lanes(const etas_pair_batch *batch, const double xi[], size_t at,
                             size_t left, row_sums *sums)
{
    for (size_t v = 0; v < V_VECTORS && left > v * ETAS_VLEN; v++) {
        const size_t k = at + v * ETAS_VLEN, own = left - v * ETAS_VLEN;
        const vd g = load_below(batch->g + k, own);

        sums->g[v] += g;
        sums->g_t[v] += g * load_below(batch->time_days + k, own);
        if (xi != NULL)
            sums->g_xi[v] += g * load_below(xi + k, own);
    }
}

static void sum_row(const etas_pair_batch *batch, const double xi[], etas_row *row)
{
    row_sums sums = {0};
    double sum;
    size_t i = 0;

    for (; i + V_LANES <= row->n; i += V_LANES)
        add_lanes(batch, xi, row->first + i, V_LANES, &sums);
    if (i < row->n)
        add_lanes(batch, xi, row->first + i, row->n - i, &sums);
    sum = v_lanes_sum(sums.g);
    row->rate = row->floor + (xi != NULL ? v_lanes_sum(sums.g_xi) : sum);
    row->triggered = sum / row->rate;
    row->weight_sum = v_lanes_sum(sums.g_t) * (row->zeta / row->rate);
}

static void sum_rows(const etas_pair_batch *batch, const double xi[], size_t n_rows, etas_row row[])
{
    for (size_t k = 0; k < n_rows; k++)
        sum_row(batch, xi, &row[k]);
}

/* ---- weights ---- */

typedef struct far_lanes {
    vd log2_tc[V_VECTORS], power[ETAS_FAR_POWERS][V_VECTORS];
} far_lanes;

/* Adds the weights @p w of pairs, zero where they are not the row's far ones. */
static inline void add_far(vd w, vd tc, vd log2_tc, size_t v, far_lanes *sums)
{
    const vd inverse = 1.0 / tc;

    sums->log2_tc[v] += w * log2_tc;
    for (size_t k = 0; k < ETAS_FAR_POWERS; k++) {
        w *= inverse;
        sums->power[k][v] += w;
    }
}

static inline void weigh_row(const etas_pair_batch *batch, double c_days, const etas_row *row,
                             far_lanes *sums)
{
    const double factor = row->zeta / row->rate;
    const double *t = batch->time_days + row->first, *log2_tc = batch->log2_tc + row->first;
    double *w = batch->g + row->first;
    size_t i = 0;

    for (; i + V_LANES <= row->n_far; i += V_LANES) {
        for (size_t v = 0; v < V_VECTORS; v++) {
            const size_t at = i + v * ETAS_VLEN;
            const vd weight = v_load(w + at) * factor;

            v_store(w + at, weight);
            add_far(weight, v_load(t + at) + c_days, v_load(log2_tc + at), v, sums);
        }
    }
    for (size_t v = 0; v < V_VECTORS && i + v * ETAS_VLEN < row->n_far; v++) {
        const size_t at = i + v * ETAS_VLEN, left = row->n_far - at;

        add_far(load_below(w + at, left) * factor, load_below(t + at, left) + c_days,
                load_below(log2_tc + at, left), v, sums);
    }
    for (; i + ETAS_VLEN <= row->n; i += ETAS_VLEN)
        v_store(w + i, v_load(w + i) * factor);
    for (; i < row->n; i++)
        w[i] *= factor;
}

static void weigh(const etas_pair_batch *batch, double c_days, size_t n_rows, const etas_row row[],
                  etas_far_sums *far)
{
    far_lanes sums = {0};

    for (size_t k = 0; k < n_rows; k++)
        weigh_row(batch, c_days, &row[k], &sums);
    far->log2_tc = v_lanes_sum(sums.log2_tc);
    for (size_t k = 0; k < ETAS_FAR_POWERS; k++)
        far->power[k] = v_lanes_sum(sums.power[k]);
}

static void gaussians(size_t n, const double r2_km2[], double scale, double out[])
{
    const vd lowest = v_set(-700.0);

    for (size_t i = 0; i < n; i += ETAS_VLEN)
        v_store(out + i, v_exp_normal(v_max(lowest, -(v_load(r2_km2 + i) * scale))));
}

static void logarithms(size_t n, const double x[], double out[])
{
    size_t i = 0;

    for (; i + ETAS_VLEN <= n; i += ETAS_VLEN)
        v_store(out + i, v_log(v_load(x + i)));
    if (i < n)
        v_store_part(out + i, n - i, v_log(v_load_part(x + i, n - i, 1.0)));
}

/* ---- moments ---- */

/* Half a line. */
typedef double v4 __attribute__((vector_size(32)));

static inline v4 load4(const double p[])
{
    v4 v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store4(double p[], v4 v)
{
    memcpy(p, &v, sizeof v);
}

/* out[i] = {a[i], b[i], c[i], d[i]} */
static inline void interleave(vd a, vd b, vd c, vd d, double out[][4])
{
#if ETAS_VLEN == 8
    const vd ab = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    const vd cd = __builtin_shufflevector(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
    const vd ab_high = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    const vd cd_high = __builtin_shufflevector(c, d, 4, 12, 5, 13, 6, 14, 7, 15);

    v_store(out[0], __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 2, 3, 10, 11));
    v_store(out[2], __builtin_shufflevector(ab, cd, 4, 5, 12, 13, 6, 7, 14, 15));
    v_store(out[4], __builtin_shufflevector(ab_high, cd_high, 0, 1, 8, 9, 2, 3, 10, 11));
    v_store(out[6], __builtin_shufflevector(ab_high, cd_high, 4, 5, 12, 13, 6, 7, 14, 15));
#elif ETAS_VLEN == 4
    const vd ab = __builtin_shufflevector(a, b, 0, 4, 2, 6);
    const vd ab_odd = __builtin_shufflevector(a, b, 1, 5, 3, 7);
    const vd cd = __builtin_shufflevector(c, d, 0, 4, 2, 6);
    const vd cd_odd = __builtin_shufflevector(c, d, 1, 5, 3, 7);

    v_store(out[0], __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
    v_store(out[1], __builtin_shufflevector(ab_odd, cd_odd, 0, 1, 4, 5));
    v_store(out[2], __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
    v_store(out[3], __builtin_shufflevector(ab_odd, cd_odd, 2, 3, 6, 7));
#else
    out[0][0] = a, out[0][1] = b, out[0][2] = c, out[0][3] = d;
#endif
}

/* Lines and moments of up to CHUNK pairs: w {1, u, u^2, u^3}, and u^4. */
typedef struct deposit_chunk {
    _Alignas(64) double low[CHUNK][4];
    _Alignas(64) double u4[CHUNK];
    _Alignas(64) uint64_t line[CHUNK];
} deposit_chunk;

static inline void prepare(const etas_deposit *what, size_t at, size_t n, deposit_chunk *out)
{
    const uint64_t part = (UINT64_C(1) << 49) - 1, one = UINT64_C(0x3ff0000000000000);
    const uint64_t lowest = (uint64_t)(1023 + ETAS_LOWEST_OCTAVE) << 3;

    for (size_t i = 0; i < n; i += ETAS_VLEN) {
        const vi bits = v_ints(v_load(what->value + at + i) + 0x1p-30);
        const vd w = v_load(what->weight + at + i);
        const vd u = (v_bits((bits & part) | one) - 1.0625) * 16.0; /* exact */
        const vd u2 = u * u, wu = w * u;

        v_store_u64(out->line + i, ((bits >> 49) - lowest) << what->shift);
        v_store(out->u4 + i, u2 * u2);
        interleave(w, wu, w * u2, wu * u2, out->low + i);
    }
}

static void deposit(const etas_deposit *what, etas_moment_line lines[])
{
    deposit_chunk chunk;

    for (size_t at = 0; at < what->n; at += CHUNK) {
        const size_t n = what->n - at < CHUNK ? what->n - at : CHUNK;

        prepare(what, at, n, &chunk);
        for (size_t i = 0; i < n; i++)
            chunk.line[i] += what->base != NULL ? what->base[at + i] : i % ETAS_TIME_COPIES;
        for (size_t i = 0; i < n; i++) {
            double *line = lines[chunk.line[i]];
            const v4 low = load4(chunk.low[i]);

            store4(line, load4(line) + low);
            store4(line + 4, load4(line + 4) + low * chunk.u4[i]);
        }
    }
}

static void node_weights(const etas_moment_line lines[ETAS_SUB_BINS],
                         const etas_node_matrix *matrix, double out[ETAS_NODES])
{
    enum { VECTORS = ETAS_NODES / ETAS_VLEN };
    vd sum[VECTORS] = {0};

    for (size_t bin = 0; bin < ETAS_SUB_BINS; bin++) {
        if (lines[bin][0] == 0.0)
            continue; /* weights are never negative: nothing is in it */
        for (size_t k = 0; k < ETAS_MOMENTS; k++)
            for (size_t v = 0; v < VECTORS; v++)
                sum[v] += lines[bin][k] * v_load((*matrix)[bin][k] + v * ETAS_VLEN);
    }
    for (size_t v = 0; v < VECTORS; v++)
        v_store(out + v * ETAS_VLEN, sum[v]);
}

const etas_expect_kernels CAT(etas_expect_kernels_, ETAS_ISA) = {.name = STR(ETAS_ISA),
                                                                 .haversines = haversines,
                                                                 .squares = squares,
                                                                 .arcs = arcs,
                                                                 .rates = rates,
                                                                 .sum_rows = sum_rows,
                                                                 .weigh = weigh,
                                                                 .gaussians = gaussians,
                                                                 .logarithms = logarithms,
                                                                 .deposit = deposit,
                                                                 .node_weights = node_weights};
