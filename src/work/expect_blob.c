/* One E-step as bytes. Doubles travel as their bits: what comes back is what is computed here. */
#include "work/expect.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "codec/bytes.h"
#include "etas/array.h"
#include "etas/plan.h"

/* docs/formats-internal.md has the same tables. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_FLAGS = 6,
    AT_ALGORITHM = 8,
    AT_PARTS = 12,
    AT_FIXED_LENGTH = 16,
    AT_N_TARGETS = 24,
    AT_THETA = 32,
    AT_FIXED = 112
};
enum {
    FIXED_FLAGS = 0,
    FIXED_N = 8,
    FIXED_N_SHARDS = 16,
    FIXED_N_RINGS = 24,
    FIXED_N_VERTICES = 32,
    FIXED_MEMORY = 40,
    FIXED_START = 48,
    FIXED_END = 56,
    FIXED_NUMBERS = 64,
    FIXED_SECTIONS = 112
};
enum { EXPECT_VERSION = 1, FLAG_THREE_DIM = 1 };
static const uint8_t MAGIC[4] = {'E', 'T', 'E', 'X'};
static const uint64_t MAX_ENTRIES = UINT32_MAX;

static const size_t numbers[] = {
    offsetof(etas_inversion_config, m_ref),
    offsetof(etas_inversion_config, delta_m),
    offsetof(etas_inversion_config, area_km2),
    offsetof(etas_inversion_config, earth_radius_km),
    offsetof(etas_inversion_config, coppersmith_multiplier),
    offsetof(etas_inversion_config, bw_sq_km2),
};
enum { N_NUMBERS = sizeof numbers / sizeof *numbers };
_Static_assert(FIXED_NUMBERS + 8 * N_NUMBERS == FIXED_SECTIONS, "the table fills its place");
_Static_assert(AT_THETA + 8 * ETAS_N_PARAMS == AT_FIXED, "so do the parameters");

double **etas_expect_input(etas_em *em, size_t k)
{
    double **const inputs[ETAS_EXPECT_INPUTS] = {&em->zeta, &em->xi, &em->induced, &em->kappa,
                                                 &em->smoothed};

    return inputs[k];
}

/* zeta and induced are by target, the others by source. */
static bool by_target(size_t k)
{
    return k == 0 || k == 2;
}

static uint8_t *put_doubles(size_t n, const double v[], uint8_t *out)
{
    for (size_t i = 0; i < n; i++, out += 8) {
        uint64_t bits;

        memcpy(&bits, &v[i], sizeof bits);
        put_u64(out, bits);
    }
    return out;
}

static const uint8_t *get_doubles(size_t n, const uint8_t *in, double v[])
{
    for (size_t i = 0; i < n; i++, in += 8)
        v[i] = get_f64(in);
    return in;
}

static uint8_t *put_sizes(size_t n, const size_t v[], uint8_t *out)
{
    for (size_t i = 0; i < n; i++, out += 8)
        put_u64(out, v[i]);
    return out;
}

/* ---- encode ---- */

size_t etas_expect_parts(const etas_em *em)
{
    size_t longest = 1;

    for (size_t k = 0; k < em->n_shards; k++)
        if (em->shard[k].n_flat > longest)
            longest = em->shard[k].n_flat;
    return (longest + ETAS_EXPECT_PART - 1) / ETAS_EXPECT_PART;
}

static size_t n_columns(bool three_dim)
{
    return three_dim ? 7 : 4; /* time, lat, lon, mag; x, y, z */
}

etas_status etas_expect_encode_fixed(const etas_catalog *catalog, const etas_inversion_config *cfg,
                                     const etas_em *em, uint8_t **out, size_t *len, etas_error *err)
{
    const etas_region *const r = cfg->inner_region;
    const size_t n = catalog->n, rings = r != NULL ? r->n_rings : 0;
    const size_t vertices = rings > 0 ? r->ring_start[rings] : 0;
    const size_t starts = rings > 0 ? rings + 1 : 0;
    uint8_t *p;
    etas_status st;

    *len = FIXED_SECTIONS +
           8 * (em->n_shards + 1 + n_columns(cfg->three_dim) * n + starts + 2 * vertices);
    st = etas_array_alloc((void **)out, *len, 1);
    if (st != ETAS_OK)
        return etas_fail(err, st, "no memory for a blob of %zu bytes", *len);
    p = *out;
    put_u64(p + FIXED_FLAGS, cfg->three_dim ? FLAG_THREE_DIM : 0);
    put_u64(p + FIXED_N, n);
    put_u64(p + FIXED_N_SHARDS, em->n_shards);
    put_u64(p + FIXED_N_RINGS, rings);
    put_u64(p + FIXED_N_VERTICES, vertices);
    put_u64(p + FIXED_MEMORY, cfg->memory_bytes);
    put_u64(p + FIXED_START, (uint64_t)cfg->window_start);
    put_u64(p + FIXED_END, (uint64_t)cfg->window_end);
    put_members(p + FIXED_NUMBERS, cfg, N_NUMBERS, numbers);
    p = put_sizes(em->n_shards + 1, em->shard_block, p + FIXED_SECTIONS);
    for (size_t i = 0; i < n; i++, p += 8)
        put_u64(p, (uint64_t)catalog->time[i]);
    p = put_doubles(n, catalog->lat, p);
    p = put_doubles(n, catalog->lon, p);
    p = put_doubles(n, catalog->mag, p);
    if (cfg->three_dim) {
        p = put_doubles(n, catalog->x, p);
        p = put_doubles(n, catalog->y, p);
        p = put_doubles(n, catalog->z, p);
    }
    if (rings > 0) {
        p = put_sizes(starts, r->ring_start, p);
        p = put_doubles(vertices, r->lat, p);
        (void)put_doubles(vertices, r->lon, p);
    }
    return ETAS_OK;
}

etas_status etas_expect_encode(size_t fixed_len, const uint8_t fixed[], const etas_em *em,
                               uint8_t **out, size_t *len, etas_error *err)
{
    const double *const inputs[ETAS_EXPECT_INPUTS] = {em->zeta, em->xi, em->induced, em->kappa,
                                                      em->smoothed};
    unsigned flags = 0;
    uint8_t *p;
    etas_status st;

    *len = AT_FIXED + fixed_len;
    for (size_t k = 0; k < ETAS_EXPECT_INPUTS; k++)
        if (inputs[k] != NULL) {
            flags |= 1u << k;
            *len += 8 * (by_target(k) ? em->n_targets : em->n_sources);
        }
    st = etas_array_alloc((void **)out, *len, 1);
    if (st != ETAS_OK)
        return etas_fail(err, st, "no memory for a blob of %zu bytes", *len);
    p = *out;
    memcpy(p + AT_MAGIC, MAGIC, sizeof MAGIC);
    put_u16(p + AT_VERSION, EXPECT_VERSION);
    put_u16(p + AT_FLAGS, (uint16_t)flags);
    put_u32(p + AT_ALGORITHM, ETAS_ALGORITHM_VERSION);
    put_u32(p + AT_PARTS, (uint32_t)etas_expect_parts(em));
    put_u64(p + AT_FIXED_LENGTH, fixed_len);
    put_u64(p + AT_N_TARGETS, em->n_targets);
    (void)put_doubles(ETAS_N_PARAMS, em->theta.value, p + AT_THETA);
    memcpy(p + AT_FIXED, fixed, fixed_len);
    p += AT_FIXED + fixed_len;
    for (size_t k = 0; k < ETAS_EXPECT_INPUTS; k++)
        if (inputs[k] != NULL)
            p = put_doubles(by_target(k) ? em->n_targets : em->n_sources, inputs[k], p);
    return ETAS_OK;
}

/* ---- decode ---- */

static etas_status damaged(etas_error *err)
{
    return etas_fail(err, ETAS_E_CORRUPT, "the blob of an E-step is damaged");
}

static etas_status check_start(size_t len, const uint8_t bytes[], etas_error *err)
{
    if (len < AT_FIXED + FIXED_SECTIONS || memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
        return etas_fail(err, ETAS_E_CORRUPT, "this is not the blob of an E-step");
    if (get_u16(bytes + AT_VERSION) != EXPECT_VERSION)
        return etas_fail(err, ETAS_E_VERSION,
                         "blob of an E-step, version %u; this program reads %d",
                         get_u16(bytes + AT_VERSION), EXPECT_VERSION);
    if (get_u32(bytes + AT_ALGORITHM) != ETAS_ALGORITHM_VERSION)
        return etas_fail(err, ETAS_E_VERSION,
                         "the E-step is for algorithm version %u, this program computes version %d",
                         (unsigned)get_u32(bytes + AT_ALGORITHM), ETAS_ALGORITHM_VERSION);
    return get_u16(bytes + AT_FLAGS) >> ETAS_EXPECT_INPUTS == 0 ? ETAS_OK : damaged(err);
}

etas_status etas_expect_decode(size_t len, const uint8_t bytes[], etas_expect_blob *out,
                               etas_error *err)
{
    const uint8_t *p;
    uint64_t n_targets, n;
    size_t left;
    etas_status st = check_start(len, bytes, err);

    *out = (etas_expect_blob){0};
    if (st != ETAS_OK)
        return st;
    n_targets = get_u64(bytes + AT_N_TARGETS);
    out->parts = get_u32(bytes + AT_PARTS);
    if (get_u64(bytes + AT_FIXED_LENGTH) < FIXED_SECTIONS ||
        get_u64(bytes + AT_FIXED_LENGTH) > len - AT_FIXED || out->parts == 0)
        return damaged(err);
    out->fixed_len = get_u64(bytes + AT_FIXED_LENGTH);
    out->fixed = bytes + AT_FIXED;
    n = get_u64(out->fixed + FIXED_N);
    out->n_shards = get_u64(out->fixed + FIXED_N_SHARDS);
    if (n == 0 || n > MAX_ENTRIES || n_targets == 0 || n_targets > n)
        return damaged(err);
    out->n_targets = n_targets;
    (void)get_doubles(ETAS_N_PARAMS, bytes + AT_THETA, out->theta.value);
    out->theta.three_dim = (get_u64(out->fixed + FIXED_FLAGS) & FLAG_THREE_DIM) != 0;
    p = out->fixed + out->fixed_len;
    left = len - AT_FIXED - out->fixed_len;
    for (size_t k = 0; k < ETAS_EXPECT_INPUTS; k++) {
        if ((get_u16(bytes + AT_FLAGS) >> k & 1) == 0)
            continue;
        out->input[k] = p;
        out->n_input[k] = by_target(k) ? n_targets : n;
        if (left / 8 < out->n_input[k])
            return damaged(err);
        p += 8 * out->n_input[k];
        left -= 8 * out->n_input[k];
    }
    return left == 0 ? ETAS_OK : damaged(err);
}

void etas_expect_base_free(etas_expect_base *self)
{
    etas_em_free(&self->em);
    etas_catalog_free(&self->catalog);
    etas_region_free(&self->inner_region);
    etas_array_free((void **)&self->shard_block);
    *self = (etas_expect_base){0};
}

/* No NaN either. */
static bool within(double x, double low, double high)
{
    return x >= low && x <= high;
}

/* The number of octaves that distances span decides how much memory an E-step takes, so what they
 * follow from is bounded here. */
static bool is_place(const etas_event *e, bool three_dim)
{
    const double far_km = 1e6;

    if (three_dim)
        return within(e->x, -far_km, far_km) && within(e->y, -far_km, far_km) &&
               within(e->z, -far_km, far_km);
    return within(e->lat, -90, 90) && within(e->lon, -360, 360);
}

static etas_status get_settings(const uint8_t fixed[], etas_inversion_config *how, etas_error *err)
{
    *how = etas_inversion_config_default();
    how->three_dim = (get_u64(fixed + FIXED_FLAGS) & FLAG_THREE_DIM) != 0;
    how->memory_bytes = get_u64(fixed + FIXED_MEMORY);
    how->window_start = (etas_time)get_u64(fixed + FIXED_START);
    how->window_end = (etas_time)get_u64(fixed + FIXED_END);
    get_members(fixed + FIXED_NUMBERS, how, N_NUMBERS, numbers);
    if (how->window_start == ETAS_TIME_NONE || how->window_end <= how->window_start ||
        !within(how->m_ref, -10, 15) || !within(how->delta_m, 0, 10) ||
        !within(how->area_km2, 1e-300, 1e300) || !within(how->earth_radius_km, 1e-3, 1e6) ||
        !within(how->coppersmith_multiplier, 0, 1e9) || !within(how->bw_sq_km2, 1e-300, 1e300))
        return damaged(err);
    return ETAS_OK;
}

static etas_status get_events(size_t n, const uint8_t *p, etas_expect_base *self, etas_error *err)
{
    const bool three_dim = self->how.three_dim;
    etas_time before = INT64_MIN;

    for (size_t i = 0; i < n; i++, p += 8) {
        const etas_event e = {.time = (etas_time)get_u64(p),
                              .lat = get_f64(p + 8 * n),
                              .lon = get_f64(p + 16 * n),
                              .mag = get_f64(p + 24 * n),
                              .x = three_dim ? get_f64(p + 32 * n) : NAN,
                              .y = three_dim ? get_f64(p + 40 * n) : NAN,
                              .z = three_dim ? get_f64(p + 48 * n) : NAN,
                              .mc = self->how.m_ref,
                              .depth = NAN,
                              .covariate = NAN,
                              .id = ""};

        if (e.time < before || e.time == ETAS_TIME_NONE || !is_place(&e, three_dim) ||
            !within(e.mag, -10, 15))
            return damaged(err);
        if (etas_catalog_append(&self->catalog, &e) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "no memory for a catalogue of %zu events", n);
        before = e.time;
    }
    return ETAS_OK;
}

/* Ascending numbers of which the last is @p last at most. */
static bool get_sizes(size_t n, const uint8_t *p, uint64_t last, size_t out[])
{
    uint64_t before = 0;

    for (size_t i = 0; i < n; i++) {
        const uint64_t x = get_u64(p + 8 * i);

        if (x < before || x > last)
            return false;
        out[i] = before = x;
    }
    return true;
}

static void extend(size_t n, const double v[], double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        *low = fmin(*low, v[i]);
        *high = fmax(*high, v[i]);
    }
}

static etas_status get_region(size_t rings, size_t vertices, const uint8_t *p, etas_region *out,
                              etas_error *err)
{
    if (etas_array_alloc((void **)&out->ring_start, rings + 1, sizeof *out->ring_start) !=
            ETAS_OK ||
        etas_array_alloc((void **)&out->lat, vertices, sizeof *out->lat) != ETAS_OK ||
        etas_array_alloc((void **)&out->lon, vertices, sizeof *out->lon) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a region of %zu vertices", vertices);
    out->n_rings = rings;
    if (!get_sizes(rings + 1, p, vertices, out->ring_start) || out->ring_start[0] != 0 ||
        out->ring_start[rings] != vertices)
        return damaged(err);
    for (size_t i = 0; i < rings; i++)
        if (out->ring_start[i + 1] - out->ring_start[i] < 3)
            return damaged(err);
    p = get_doubles(vertices, p + 8 * (rings + 1), out->lat);
    (void)get_doubles(vertices, p, out->lon);
    for (size_t i = 0; i < vertices; i++)
        if (!within(out->lat[i], -90, 90) || !within(out->lon[i], -360, 360))
            return damaged(err);
    extend(vertices, out->lat, &out->lat_min, &out->lat_max);
    extend(vertices, out->lon, &out->lon_min, &out->lon_max);
    return ETAS_OK;
}

etas_status etas_expect_base_decode(size_t len, const uint8_t fixed[], etas_expect_base *out,
                                    etas_error *err)
{
    const uint64_t n = get_u64(fixed + FIXED_N), rings = get_u64(fixed + FIXED_N_RINGS);
    const uint64_t n_shards = get_u64(fixed + FIXED_N_SHARDS);
    const uint64_t vertices = get_u64(fixed + FIXED_N_VERTICES);
    const size_t starts = rings > 0 ? (size_t)rings + 1 : 0;
    const uint8_t *p = fixed + FIXED_SECTIONS;
    etas_status st = get_settings(fixed, &out->how, err);

    if (st != ETAS_OK)
        return st;
    if (n == 0 || n > MAX_ENTRIES || n_shards == 0 || n_shards > n || rings > MAX_ENTRIES ||
        vertices > MAX_ENTRIES || (rings == 0 && vertices > 0) ||
        len != FIXED_SECTIONS +
                   8 * (n_shards + 1 + n_columns(out->how.three_dim) * n + starts + 2 * vertices))
        return damaged(err);
    out->n_shards = n_shards;
    st = etas_array_alloc((void **)&out->shard_block, n_shards + 1, sizeof *out->shard_block);
    if (st != ETAS_OK)
        return etas_fail(err, st, "no memory for %zu shards", out->n_shards);
    if (!get_sizes(n_shards + 1, p, n, out->shard_block))
        return damaged(err);
    p += 8 * (n_shards + 1);
    st = get_events(n, p, out, err);
    p += 8 * n_columns(out->how.three_dim) * n;
    if (st == ETAS_OK && rings > 0) {
        st = get_region(rings, vertices, p, &out->inner_region, err);
        out->how.inner_region = &out->inner_region;
    }
    return st;
}

/* ---- records ---- */

size_t etas_expect_record_put(const etas_statistics *from, size_t part, uint8_t *out)
{
    const size_t at = part * ETAS_EXPECT_PART, n = from->n_flat;
    const size_t rest = at < n ? n - at : 0;
    const size_t count = rest < ETAS_EXPECT_PART ? rest : ETAS_EXPECT_PART;

    put_u64(out, n);
    put_u64(out + 8, at);
    if (count > 0)
        (void)put_doubles(count, from->flat + at, out + 16);
    return 16 + 8 * count;
}

bool etas_expect_record_check(size_t len, const uint8_t bytes[])
{
    uint64_t n, at, count;

    if (len < 16 || len > ETAS_EXPECT_RECORD_MAX || len % 8 != 0)
        return false;
    n = get_u64(bytes);
    at = get_u64(bytes + 8);
    count = len / 8 - 2;
    return at % ETAS_EXPECT_PART == 0 && (count == 0 ? at >= n : at < n && count <= n - at);
}

bool etas_expect_record_get(size_t len, const uint8_t bytes[], size_t part, etas_statistics *to)
{
    const size_t at = part * ETAS_EXPECT_PART;
    const size_t rest = at < to->n_flat ? to->n_flat - at : 0;
    const size_t count = rest < ETAS_EXPECT_PART ? rest : ETAS_EXPECT_PART;

    if (!etas_expect_record_check(len, bytes) || get_u64(bytes) != to->n_flat ||
        get_u64(bytes + 8) != at || len != 16 + 8 * count)
        return false;
    if (count > 0)
        (void)get_doubles(count, bytes + 16, to->flat + at);
    return true;
}
