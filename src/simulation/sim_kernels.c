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

typedef struct uniform_pair {
    vd u0, u1;
} uniform_pair;

static inline v_words draw_words(const sim_addresses *at, size_t i, sim_purpose purpose,
                                 uint32_t draw)
{
    const vi catalog = v_load_u32(at->catalog + i) + at->first;
    const v_counter counter = {{catalog, (catalog >> 32) | (uint64_t)at->generation << 16,
                                v_load_u32(at->event + i),
                                v_set_u64((uint64_t)purpose << 24 | draw)}};

    return v_philox(at->seed, counter);
}

static inline uniform_pair draw_pair(const sim_addresses *at, size_t i, sim_purpose purpose,
                                     uint32_t draw)
{
    const v_words words = draw_words(at, i, purpose, draw);

    return (uniform_pair){v_uniform(words.x[0]), v_uniform(words.x[1])};
}

static double poisson(uint64_t seed, const etas_address *address, double mean)
{
    return etas_poisson(seed, address, mean);
}

static void numbers(uint64_t seed, const etas_address *address, double mean, size_t n,
                    double number[])
{
    const double parts = etas_poisson_parts(mean);
    const vd part_mean = v_set(parts > 0 ? mean / parts : 0);
    double lane[ETAS_VLEN];

    for (size_t i = 0; i < ETAS_VLEN; i++)
        lane[i] = (double)i;
    for (size_t i = 0; i < n; i += ETAS_VLEN) {
        const vi catalog = v_to_u52(v_load(lane)) + (address->catalog + i);
        v_counter at = v_counter_at(address);
        vd sum = v_set(0.0);

        at.c[0] = catalog;
        at.c[1] = catalog >> 32;
        for (double done = 0; done < parts; done += 2) {
            const v_words words = v_philox(seed, at);

            sum += v_poisson_part(part_mean, v_uniform(words.x[0]));
            if (done + 1 < parts)
                sum += v_poisson_part(part_mean, v_uniform(words.x[1]));
            at.c[3] += 1;
        }
        v_store(number + i, sum);
    }
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
    return -(v_log_normal(c->mag_tail + u * c->mag_span_cdf) * c->inv_beta);
}

static void background(const sim_constants *c, const sim_addresses *at, double time[], double dm[])
{
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const uniform_pair u = draw_pair(at, i, SIM_TIME, 0);

        v_store(time + i, u.u0 * c->window_days);
        v_store(dm + i, magnitude(c, u.u1));
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
    const vd tan2 = x / (1.0 + v_sqrt((1.0 - x) * (1.0 + x)));
    const vd tan4 = tan2 / (1.0 + v_sqrt(1.0 + tan2 * tan2));
    const vd v = tan4 / (1.0 + v_sqrt(1.0 + tan4 * tan4));
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
        const vd size = c->gaussian_scale_deg * v_sqrt(-2.0 * v_log(u.u0));
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

static void sincos_degrees(size_t n, const double degrees[], double sine[], double cosine[])
{
    for (size_t i = 0; i < n; i += ETAS_VLEN) {
        vd s, c;

        v_sincos_turns(v_load(degrees + i) / 360.0, &s, &c);
        v_store(sine + i, s);
        v_store(cosine + i, c);
    }
}

/* ---- triggering ---- */

/* (w + 0.5) 2^-32 of w < 2^32. */
static inline vd uniform32(vi w)
{
    return (v_bits(w | UINT64_C(0x4330000000000000)) - (0x1p52 - 0.5)) * 0x1p-32;
}

/*
 * Passes over a block of columns that each do one thing: the steps of one function depend on each
 * other, and only the same step of other events keeps the processor busy meanwhile.
 */
static inline void draw_block(const sim_addresses *at, sim_purpose purpose, uint64_t w0[],
                              uint64_t w1[])
{
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const v_words words = draw_words(at, i, purpose, 0);

        v_store_u64(w0 + i, words.x[0]);
        if (w1 != NULL)
            v_store_u64(w1 + i, words.x[1]);
    }
}

/* The block of up to SIM_BLOCK events from @p start on. */
static inline sim_addresses block_at(const sim_addresses *at, size_t start)
{
    const size_t left = at->n - start;

    return (sim_addresses){.seed = at->seed,
                           .first = at->first,
                           .generation = at->generation,
                           .n = left < SIM_BLOCK ? left : SIM_BLOCK,
                           .catalog = at->catalog + start,
                           .event = at->event + start};
}

static void delays(const sim_constants *c, const sim_addresses *at, const sim_delays *children)
{
    uint64_t w0[SIM_ROOM], w1[SIM_ROOM];
    double y[SIM_ROOM];

    draw_block(at, SIM_TIME, w0, w1);
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd u = v_uniform(v_load_u64(w0 + i));
        const vd curved = v_log1p_normal(-(u * v_load(children->share + i)));

        v_store(y + i, v_max(v_min(-(curved * c->inv_omega), v_set(700.0)), v_set(0.0)));
        v_store_u32(children->turn + i, v_load_u64(w1 + i));
    }
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd delay = v_load(children->a_days + i) * v_expm1_normal(v_load(y + i));
        const vd time = v_load(children->time + i) + delay;
        const vd survival = uniform32(v_load_u64(w1 + i) >> 32), lost = delay * c->inv_tau;
        vi exists = v_lt(time, v_set(c->window_days));

        /* e^-x >= 1 - x settles nearly all where the taper is long. */
        if (v_any(exists & ~v_lt(survival + lost, v_set(1.0 - 1e-9))))
            exists &= v_le(survival, v_exp(-lost));
        v_store(children->time + i, v_select(exists, time, v_set((double)INFINITY)));
    }
}

/* How far and which way from a parent, and what magnitude. */
typedef struct leaps {
    double turns[SIM_ROOM];                  /* distance */
    double sine[SIM_ROOM], cosine[SIM_ROOM]; /* of the direction, clockwise from north */
} leaps;

static inline void draw_leaps(const sim_constants *c, const sim_addresses *at,
                              const sim_origins *parents, const sim_spots *out, leaps *to)
{
    uint64_t w0[SIM_ROOM], w1[SIM_ROOM];
    double y[SIM_ROOM];

    draw_block(at, SIM_PLACE, w0, w1);
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd log_u = v_log_normal(v_uniform(v_load_u64(w0 + i)));

        v_store(y + i, v_max(v_min(log_u * c->minus_inv_rho, v_set(700.0)), v_set(0.0)));
    }
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd r = v_sqrt(v_load(parents->d_km2 + i) * v_expm1_normal(v_load(y + i)));

        v_store(to->turns + i, v_min(r, v_set(MAX_RADIUS_KM)) * c->turns_per_km);
    }
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd u = v_uniform(v_load_u64(w1 + i));

        v_store(out->dm + i, magnitude(c, u));
        if (out->size != NULL)
            v_store(out->size + i, u);
    }
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        vd sine, cosine;

        v_sincos_turns(uniform32(v_load_u32(parents->turn + i)), &sine, &cosine);
        v_store(to->sine + i, sine);
        v_store(to->cosine + i, cosine);
    }
}

/* The points at the leaps' distances on the great circles in their directions. */
static void spots(const sim_constants *c, const sim_addresses *at, const sim_origins *parents,
                  const sim_spots *out)
{
    leaps to;

    draw_leaps(c, at, parents, out, &to);
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd sine = v_load(parents->lat_sine + i), cosine = v_load(parents->lat_cosine + i);
        vd far, near;

        v_sincos_turns(v_load(to.turns + i), &far, &near);

        const vd north = far * v_load(to.cosine + i);
        const vd x = near * cosine - north * sine, y = far * v_load(to.sine + i);

        v_store(out->lat_sine + i, near * sine + north * cosine);
        v_store(out->lat_cosine + i, v_sqrt(x * x + y * y));
        v_store(to.cosine + i, x);
        v_store(to.sine + i, y);
    }
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd dlon = v_atan2_degrees(v_load(to.sine + i), v_load(to.cosine + i));
        const vd lon = v_load(parents->lon + i) + dlon;
        const vd east = vm_select(vm_lt(lon, v_set(180.0)), lon, lon - 360.0);

        v_store(out->lon + i, vm_select(vm_lt(east, v_set(-180.0)), east + 360.0, east));
    }
    for (size_t i = 0; i < at->n; i += ETAS_VLEN)
        v_store(out->lat + i,
                v_atan2_degrees(v_load(out->lat_sine + i), v_load(out->lat_cosine + i)));
}

/* North and east by the leaps' degrees as on a plane. */
static void flat_spots(const sim_constants *c, const sim_addresses *at, const sim_origins *parents,
                       const sim_spots *out)
{
    leaps to;

    draw_leaps(c, at, parents, out, &to);
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd r = v_load(to.turns + i) * 360.0;
        const vd wide = v_max(v_load(parents->lat_cosine + i), v_set(1e-6));

        store_place(v_load(parents->lat + i) + r * v_load(to.cosine + i),
                    v_load(parents->lon + i) + r * v_load(to.sine + i) / wide, out->lat + i,
                    out->lon + i);
    }
    sincos_degrees(at->n, out->lat, out->lat_sine, out->lat_cosine);
}

/* Far from overflow in any plan that means something. */
static inline vd exp_bounded(vd x)
{
    return v_exp_normal(v_max(v_min(x, v_set(700.0)), v_set(-700.0)));
}

static inline void parents_block(const sim_constants *c, const sim_addresses *at,
                                 const sim_parents *out)
{
    uint64_t w0[SIM_ROOM];

    draw_block(at, SIM_CHILDREN_NUMBER, w0, NULL);
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd left = v_max(v_set(0.0), c->window_days - v_load(out->time + i));
        const vd span = v_log1p_normal(v_min(left, v_set(c->horizon_days)) * c->inv_c_days);

        v_store(out->share + i, v_min(v_max(-(c->omega * span), v_set(-40.0)), v_set(700.0)));
    }
    for (size_t i = 0; i < at->n; i += ETAS_VLEN)
        v_store(out->share + i, -v_expm1_normal(v_load(out->share + i)));
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd size = exp_bounded(c->alpha * v_load(out->dm + i));

        v_store(out->number + i, c->children * size * v_load(out->share + i));
    }
    for (size_t i = 0; i < at->n; i += ETAS_VLEN)
        v_store(out->d_km2 + i, c->d_km2 * exp_bounded(c->gamma * v_load(out->dm + i)));
    for (size_t i = 0; i < at->n; i += ETAS_VLEN) {
        const vd mean = v_load(out->number + i);
        const vi single = v_le(mean, v_set(ETAS_POISSON_PART));
        const vd number =
            v_poisson_part(v_select(single, mean, v_set(0.0)), v_uniform(v_load_u64(w0 + i)));

        v_store(out->number + i, v_select(single, number, -mean));
    }
}

static void parents(const sim_constants *c, const sim_addresses *at, const sim_parents *out)
{
    for (size_t start = 0; start < at->n; start += SIM_BLOCK) {
        const sim_addresses some = block_at(at, start);
        const sim_parents columns = {out->time + start, out->dm + start, out->share + start,
                                     out->d_km2 + start, out->number + start};

        parents_block(c, &some, &columns);
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

/* 180 degrees and what rounds to it are -180. */
static inline vd lon_units(vd lon)
{
    const vd east = to_units(lon, 1e6);

    return v_select(v_lt(east, v_set(180e6)), east, east - 360e6);
}

/* Places that lie on the rim, but for rounding, count as inside: cells that an edge comes near to
 * are tested exactly in any case. */
static inline vi cell_of(const sim_map *map, vd lat, vd lon)
{
    const double rim = 1e-7;
    const vd y = (lat * 1e-6 - map->lat0) * map->inv_dlat;
    const vd x = (lon * 1e-6 - map->lon0) * map->inv_dlon;
    const vi inside = v_le(v_set(-rim), v_min(x, y)) & v_le(y, v_set(map->n_lat + rim)) &
                      v_le(x, v_set(map->n_lon + rim));
    const vd row = v_floor(v_max(v_min(y, v_set(map->n_lat - 0.5)), v_set(0.0)));
    const vd column = v_floor(v_max(v_min(x, v_set(map->n_lon - 0.5)), v_set(0.0)));
    const vi cell = v_to_u52(row * map->n_lon + column);

    return (cell & inside) | (map->outside & ~inside);
}

static void locate(const sim_map *map, size_t n, const double lat[], const double lon[],
                   uint32_t cell[])
{
    for (size_t i = 0; i < n; i += ETAS_VLEN)
        v_store_u32(cell + i,
                    cell_of(map, to_units(v_load(lat + i), 1e6), lon_units(v_load(lon + i))));
}

static void report(const sim_constants *c, const sim_map *map, size_t n, const sim_reportable *in,
                   const sim_reported *out)
{
    for (size_t i = 0; i < n; i += ETAS_VLEN) {
        const vd ms = v_floor(v_load(in->time + i) * 86400e3);
        const vd mag = reported_magnitude(c, c->mc + v_load(in->dm + i));
        const vd lat = to_units(v_load(in->lat + i), 1e6), lon = lon_units(v_load(in->lon + i));
        const vi shown = v_le(v_set(c->output_ms), ms) & v_lt(ms, v_set(c->end_ms)) &
                         v_le(v_set(c->threshold_units), mag);

        v_store_u64(out->time_ms + i, v_to_u52(ms));
        v_store_i32(out->lat + i, lat);
        v_store_i32(out->lon + i, lon);
        v_store_i32(out->mag + i, mag);
        v_store_u32(out->cell + i, (cell_of(map, lat, lon) & shown) | (map->outside & ~shown));
    }
}

const sim_kernels CAT(sim_kernels_, ETAS_ISA) = {
    .poisson = poisson,
    .numbers = numbers,
    .uniforms = uniforms,
    .background = background,
    .place_by_area = place_by_area,
    .place_by_offset = place_by_offset,
    .place_in_cells = place_in_cells,
    .sincos = sincos_degrees,
    .delays = delays,
    .spots = spots,
    .flat_spots = flat_spots,
    .parents = parents,
    .locate = locate,
    .report = report,
};
