/* One body for every instruction set: CMake compiles this file with ETAS_ISA and ETAS_VLEN set. */
#include "simulation/sim_kernels.h"

#include "math/poisson.h"
#include "math/vec.h"
#include "math/vmath.h"
#include "math/vphilox.h"

#define CAT_(a, b) a##b
#define CAT(a, b)  CAT_(a, b)

static const double PI = 0x1.921fb54442d18p+1;
static const double MAX_RADIUS_KM = 1e6;

static inline vi load_u32(const uint32_t p[])
{
#if ETAS_VLEN == 1
    return *p;
#else
    typedef uint32_t narrow __attribute__((vector_size(4 * ETAS_VLEN)));
    narrow v;

    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, vi);
#endif
}

/* Square roots are exactly rounded, so lane by lane is the same everywhere. */
static inline vd root(vd x)
{
    double lane[ETAS_VLEN];

    v_store(lane, x);
    for (size_t i = 0; i < ETAS_VLEN; i++)
        lane[i] = __builtin_sqrt(lane[i]);
    return v_load(lane);
}

typedef struct uniform_pair {
    vd u0, u1;
} uniform_pair;

static inline uniform_pair draw_pair(const sim_addresses *at, size_t i, sim_purpose purpose,
                                     uint32_t draw)
{
    const vi catalog = load_u32(at->catalog + i) + at->first;
    const v_counter counter = {{catalog, (catalog >> 32) | (uint64_t)at->generation << 16,
                                load_u32(at->event + i),
                                v_set_u64((uint64_t)purpose << 24 | draw)}};
    const v_words words = v_philox(at->seed, counter);

    return (uniform_pair){v_uniform(words.x[0]), v_uniform(words.x[1])};
}

static double poisson(uint64_t seed, const etas_address *address, double mean)
{
    return etas_poisson(seed, address, mean);
}

static void uniforms(const sim_addresses *at, sim_purpose purpose, uint32_t draw, double u0[],
                     double u1[])
{
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const uniform_pair u = draw_pair(at, i, purpose, draw);

        v_store(u0 + i, u.u0);
        v_store(u1 + i, u.u1);
    }
}

static inline vd magnitude(const sim_constants *c, vd u)
{
    return -v_log1p(-(u * c->mag_span_cdf)) / c->beta;
}

static void background(const sim_constants *c, const sim_addresses *at, double time[], double dm[])
{
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        v_store(time + i, draw_pair(at, i, SIM_TIME, 0).u0 * c->window_days);
        v_store(dm + i, magnitude(c, draw_pair(at, i, SIM_SIZE, 0).u0));
    }
}

/* ---- places ---- */

static inline vd wrap_lon(vd lon)
{
    const vd once = lon - 360.0 * v_floor((lon + 180.0) / 360.0);

    return v_select(v_lt(once, v_set(180.0)), once, once - 360.0); /* rounding may reach 180 */
}

/* Round the poles and the date line. */
static inline void store_place(vd lat, vd lon, double lat_out[], double lon_out[])
{
    const vd turned = lat - 360.0 * v_floor((lat + 180.0) / 360.0);
    const vi past = v_lt(v_set(90.0), v_abs(turned));
    const vd half_turn = v_select(v_lt(turned, v_set(0.0)), v_set(-180.0), v_set(180.0));

    v_store(lat_out, v_select(past, half_turn - turned, turned));
    v_store(lon_out, wrap_lon(v_select(past, lon + 180.0, lon)));
}

/* asin(x) in degrees, |x| <= 1: tan(x/2), x/4, x/8 from the sine, then atan's series. */
static inline vd asin_degrees(vd x)
{
    const vd tan2 = x / (1.0 + root((1.0 - x) * (1.0 + x)));
    const vd tan4 = tan2 / (1.0 + root(1.0 + tan2 * tan2));
    const vd v = tan4 / (1.0 + root(1.0 + tan4 * tan4));
    const vd z = v * v; /* below 0.0396: the first term left out is 2e-19 */
    vd p = z * (1.0 / 25.0) - 1.0 / 23.0;

    p = p * z + 1.0 / 21.0;
    p = p * z - 1.0 / 19.0;
    p = p * z + 1.0 / 17.0;
    p = p * z - 1.0 / 15.0;
    p = p * z + 1.0 / 13.0;
    p = p * z - 1.0 / 11.0;
    p = p * z + 1.0 / 9.0;
    p = p * z - 1.0 / 7.0;
    p = p * z + 1.0 / 5.0;
    p = p * z - 1.0 / 3.0;
    return (v + v * z * p) * (8.0 * 180.0 / PI);
}

static void place_by_area(const sim_constants *c, const sim_addresses *at, uint32_t attempt,
                          double lat[], double lon[])
{
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const uniform_pair u = draw_pair(at, i, SIM_PLACE, attempt);
        const vd sine = c->sine_min + u.u1 * c->sine_span;

        store_place(asin_degrees(v_max(v_set(-1.0), v_min(v_set(1.0), sine))),
                    c->lon_min + u.u0 * c->lon_span, lat + i, lon + i);
    }
}

static void place_by_offset(const sim_constants *c, const sim_addresses *at, uint32_t attempt,
                            double lat[], double lon[])
{
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const uniform_pair u = draw_pair(at, i, SIM_PLACE, 2 * attempt + 1);
        const vd size = c->gaussian_scale_deg * root(-2.0 * v_log(u.u0));
        vd sine, cosine;

        v_sincos(u.u1 * (2.0 * PI), &sine, &cosine);
        store_place(v_load(lat + i) + size * cosine, v_load(lon + i) + size * sine, lat + i,
                    lon + i);
    }
}

static void place_in_cells(const sim_addresses *at, uint32_t attempt, const sim_in_cells *cells)
{
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const uniform_pair u = draw_pair(at, i, SIM_PLACE, 2 * attempt + 1);
        const vd south = v_load(cells->lat + i);
        const vd sine = south + u.u1 * (v_load(cells->sine_north + i) - south);

        store_place(asin_degrees(v_max(v_set(-1.0), v_min(v_set(1.0), sine))),
                    v_load(cells->lon + i) + u.u0 * cells->dlon, cells->lat + i, cells->lon + i);
    }
}

/* ---- triggering ---- */

/* Untapered delay on [0, a (e^L - 1)]. */
static inline vd untapered_delay(const sim_constants *c, vd a, vd log_ratio, vd u)
{
    const vd x = c->omega * log_ratio;
    const vd curved = -v_log1p(u * v_expm1(-x)) / c->omega;
    const vd y = v_select(v_lt(v_abs(x), v_set(1e-9)), u * log_ratio, curved);

    return a * v_expm1(y);
}

static void children(const sim_constants *c, const sim_addresses *at, const sim_children *out)
{
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const uniform_pair when = draw_pair(at, i, SIM_TIME, 0);
        const uniform_pair where = draw_pair(at, i, SIM_PLACE, 0);
        const vd delay =
            untapered_delay(c, v_load(out->a_days + i), v_load(out->log_ratio + i), when.u0);
        const vd time = v_load(out->time + i) + delay;
        const vi exists =
            v_le(when.u1, v_exp(-(delay * c->inv_tau))) & v_lt(time, v_set(c->window_days));
        const vd lat = v_load(out->lat + i);
        const vd ratio = v_expm1(v_log(where.u0) * c->minus_inv_rho);
        const vd r =
            v_min(root(v_load(out->d_km2 + i) * ratio), v_set(MAX_RADIUS_KM)) / c->km_per_degree;
        vd sine, cosine, lat_sine, lat_cosine;

        v_sincos(where.u1 * (2.0 * PI), &sine, &cosine);
        v_sincos(lat * (PI / 180.0), &lat_sine, &lat_cosine);
        store_place(lat + r * cosine,
                    v_load(out->lon + i) + r * sine / v_max(lat_cosine, v_set(1e-6)), out->lat + i,
                    out->lon + i);
        v_store(out->time + i, v_select(exists, time, v_set((double)INFINITY)));
        v_store(out->dm + i, magnitude(c, draw_pair(at, i, SIM_SIZE, 0).u0));
    }
}

static void parents(const sim_constants *c, const sim_addresses *at, const sim_parents *out)
{
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd dm = v_load(out->dm + i);
        const vd left = v_max(v_set(0.0), c->window_days - v_load(out->time + i));
        const vd log_ratio = v_log1p(v_min(left, v_set(c->horizon_days)) / c->c_days);
        const vd x = c->omega * log_ratio;
        const vd curved = -v_expm1(-x) / c->omega;
        const vd integral = v_select(v_lt(v_abs(x), v_set(1e-9)), log_ratio, curved);
        const vd mean = c->productivity * v_exp(c->alpha * dm) * integral;
        const vi single = v_le(mean, v_set(ETAS_POISSON_PART));
        const vd number = v_poisson_part(v_select(single, mean, v_set(0.0)),
                                         draw_pair(at, i, SIM_CHILDREN_NUMBER, 0).u0);

        v_store(out->log_ratio + i, log_ratio);
        v_store(out->d_km2 + i, c->d_km2 * v_exp(c->gamma * dm));
        v_store(out->number + i, v_select(single, number, -mean));
    }
}

/* ---- output ---- */

static inline vd to_units(vd x, double units)
{
    return v_floor(x * units + 0.5);
}

static inline vd reported_magnitude(const sim_constants *c, vd m)
{
    const vd binned = c->delta_m > 0 ? v_floor(m / c->delta_m + 0.5) * c->delta_m : m;

    return to_units(v_min(binned, v_set(c->m_max)), 1e4);
}

static void report(const sim_constants *c, size_t n, const sim_reportable *in,
                   const sim_reported *out)
{
    for (size_t i = 0; i < n; i += ETAS_VLEN) {
        const vd ms = v_floor(v_load(in->time + i) * 86400e3);
        const vd mag = reported_magnitude(c, c->mc + v_load(in->dm + i));
        const vd east = to_units(v_load(in->lon + i), 1e6);
        const vi shown = v_le(v_set(c->output_ms), ms) & v_lt(ms, v_set(c->end_ms)) &
                         v_le(v_set(c->threshold_units), mag);

        v_store(out->time_ms + i, v_select(shown, ms, v_set(-1.0)));
        v_store(out->lat + i, to_units(v_load(in->lat + i), 1e6));
        v_store(out->lon + i, v_select(v_lt(east, v_set(180e6)), east, east - 360e6));
        v_store(out->mag + i, mag);
    }
}

const sim_kernels CAT(sim_kernels_, ETAS_ISA) = {
    .poisson = poisson,
    .uniforms = uniforms,
    .background = background,
    .place_by_area = place_by_area,
    .place_by_offset = place_by_offset,
    .place_in_cells = place_in_cells,
    .children = children,
    .parents = parents,
    .report = report,
};
