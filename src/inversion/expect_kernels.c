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
    const vd z = x * x;
    vd p = z * 0x1.89a43bea5b135p-49 - 0x1.ae51366b753a9p-41;

    p = p * z + 0x1.612401540ed0fp-33;
    p = p * z - 0x1.ae6455a1c0795p-26;
    p = p * z + 0x1.71de3a54564dfp-19;
    p = p * z - 0x1.a01a01a018aaap-13;
    p = p * z + 0x1.1111111111107p-7;
    p = p * z - 0x1.5555555555555p-3;
    p = x + x * z * p;
    return p * p;
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

/* ln x and ln y of normal positive numbers, with one division for both. */
static inline void two_logarithms(vd x, vd y, vd out[2])
{
    const vd bias = v_set(0x1p52 + 1023.0);
    const v_binary at[2] = {v_split_normal(x, bias), v_split_normal(y, bias)};
    const vd below[2] = {2.0 + at[0].f, 2.0 + at[1].f};
    const vd inverse = 1.0 / (below[0] * below[1]);

    for (size_t k = 0; k < 2; k++) {
        const vd f = at[k].f;
        const vd s = f * below[1 - k] * inverse;
        const vd z = s * s;
        const vd half_square = 0.5 * f * f;
        vd p = z * 0x1.2b584aae84960p-3 + 0x1.39fe606541e69p-3;

        p = p * z + 0x1.7462b4ab2efe2p-3;
        p = p * z + 0x1.c71c62e58009fp-3;
        p = p * z + 0x1.2492492df148dp-2;
        p = p * z + 0x1.99999999952e2p-2;
        p = p * z + 0x1.5555555555558p-1;
        out[k] = at[k].k * V_LN2_HIGH -
                 ((half_square - (s * (half_square + p * z) + at[k].k * V_LN2_LOW)) - f);
    }
}

enum { CHUNK = 128 };

/* The columns of the pairs' sources, up to whole lanes. */
static void gather(size_t n, const uint32_t source[], const etas_source_columns *columns,
                   double productivity[CHUNK], double d_km2[CHUNK], uint32_t base[])
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t key = columns->key[source[i]];

        productivity[i] = columns->productivity[columns->productivity_by_source ? source[i] : key];
        d_km2[i] = columns->d_km2[key];
        base[i] = columns->base[key];
    }
    for (size_t i = n; i < etas_whole_lanes(n); i++)
        productivity[i] = d_km2[i] = 1.0;
}

static void rates(const etas_pair_batch *batch, const etas_source_columns *sources,
                  const etas_pair_decay *decay)
{
    const vd lowest = v_set(-700.0); /* e^-700 is as good as nothing */
    double productivity[CHUNK], d[CHUNK];

    for (size_t at = 0; at < batch->n; at += CHUNK) {
        const size_t n = batch->n - at < CHUNK ? batch->n - at : CHUNK;

        gather(n, batch->source + at, sources, productivity, d, batch->base + at);
        for (size_t i = 0; i < n; i += ETAS_VLEN) {
            const vd t = v_load(batch->time_days + at + i);
            vd ln[2], x;

            two_logarithms(t + decay->c_days, v_load(batch->r2_km2 + at + i) + v_load(d + i), ln);
            x = -(t * decay->inv_tau) - ln[0] * decay->p - ln[1] * decay->q;
            v_store(batch->g + at + i, v_load(productivity + i) * v_exp_normal(v_max(lowest, x)));
        }
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

/* Adds the elements [at, at + V_LANES) of a row, of which @p left are its own. */
static inline void add_lanes(const etas_pair_batch *batch, const double xi[], size_t at,
                             size_t left, row_sums *sums)
{
    for (size_t v = 0; v < V_VECTORS; v++) {
        const size_t k = at + v * ETAS_VLEN, before = v * ETAS_VLEN;
        vd g, g_t, g_xi;

        if (left <= before)
            return;
        g = v_load(batch->g + k);
        g_t = g * v_load(batch->time_days + k);
        g_xi = xi != NULL ? g * v_load(xi + k) : g;
        if (left - before < ETAS_VLEN) { /* what follows the row may be anything, NaN too */
            const vi own = lanes_below(left - before);

            g = v_select(own, g, v_set(0.0));
            g_t = v_select(own, g_t, v_set(0.0));
            g_xi = v_select(own, g_xi, v_set(0.0));
        }
        sums->g[v] += g;
        sums->g_t[v] += g_t;
        if (xi != NULL)
            sums->g_xi[v] += g_xi;
    }
}

static void weigh_row(const etas_pair_batch *batch, const double xi[], etas_row *row)
{
    row_sums sums = {0};
    double sum, factor;
    size_t i = 0;

    for (; i + V_LANES <= row->n; i += V_LANES)
        add_lanes(batch, xi, row->first + i, V_LANES, &sums);
    if (i < row->n)
        add_lanes(batch, xi, row->first + i, row->n - i, &sums);
    sum = v_lanes_sum(sums.g);
    row->rate = row->floor + (xi != NULL ? v_lanes_sum(sums.g_xi) : sum);
    row->triggered = sum / row->rate;
    factor = row->zeta / row->rate;
    row->weight_sum = v_lanes_sum(sums.g_t) * factor;
    double *w = batch->g + row->first;
    for (i = 0; i + ETAS_VLEN <= row->n; i += ETAS_VLEN)
        v_store(w + i, v_load(w + i) * factor);
    for (; i < row->n; i++)
        w[i] *= factor;
}

static void weigh(const etas_pair_batch *batch, const double xi[], size_t n_rows, etas_row row[])
{
    for (size_t k = 0; k < n_rows; k++)
        weigh_row(batch, xi, &row[k]);
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
    uint64_t line[CHUNK];
    double low[CHUNK][4];
    double u4[CHUNK];
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
        for (size_t i = 0; i < n; i++) {
            const size_t base = what->base != NULL ? what->base[at + i] : i % ETAS_TIME_COPIES;
            double *line = lines[chunk.line[i] + base];
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
                                                                 .weigh = weigh,
                                                                 .gaussians = gaussians,
                                                                 .logarithms = logarithms,
                                                                 .deposit = deposit,
                                                                 .node_weights = node_weights};
