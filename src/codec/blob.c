#include "etas/codec.h"

#include <stddef.h>
#include <string.h>

#include "codec/blob_check.h"
#include "codec/bytes.h"
#include "etas/array.h"

/* docs/formats-internal.md has the same table. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_FLAGS = 6,
    AT_ALGORITHM = 8,
    AT_MAX_GENERATIONS = 12,
    AT_MAX_EVENTS = 16,
    AT_BEGIN = 24,
    AT_END = 32,
    AT_OUTPUT_START = 40,
    AT_THETA = 48,
    AT_NUMBERS = 128,
    AT_ROWS = 424,
    AT_COLUMNS = 428,
    AT_ZONE_ROWS = 432,
    AT_ZONE_COLUMNS = 436,
    AT_N_HISTORY = 440,
    AT_N_BACKGROUND = 448,
    AT_N_CELLS = 456,
    AT_N_INDUCED = 464,
    AT_N_ZONES = 472,
    AT_N_KNOTS = 480,
    AT_N_RINGS = 488,
    AT_N_VERTICES = 496,
    AT_LENGTH = 504,
    AT_SECTIONS = 512
};
enum {
    FLAG_FILTER = 1,
    FLAG_CATALOG = 2, /* the background by past events */
    FLAG_GRID = 4,    /* the background by cells */
    FLAG_PLACEMENT = 8,
    FLAG_PARENTS = 16,
    ALL_FLAGS = 31
};
enum { N_SECTIONS = 30 };
static const uint8_t MAGIC[4] = {'E', 'T', 'B', 'L'};
static const uint64_t MAX_ENTRIES = UINT32_MAX;

_Static_assert(sizeof(size_t) == 8 && sizeof(double) == 8, "64-bit machines only");

/* The scalars from AT_NUMBERS to AT_ROWS, in order. */
static const size_t numbers[] = {
    offsetof(etas_plan, window_days),
    offsetof(etas_plan, beta),
    offsetof(etas_plan, mc),
    offsetof(etas_plan, mag_span_cdf),
    offsetof(etas_plan, delta_m),
    offsetof(etas_plan, m_threshold),
    offsetof(etas_plan, m_max),
    offsetof(etas_plan, productivity),
    offsetof(etas_plan, alpha),
    offsetof(etas_plan, c_days),
    offsetof(etas_plan, omega),
    offsetof(etas_plan, inv_tau),
    offsetof(etas_plan, d_km2),
    offsetof(etas_plan, gamma),
    offsetof(etas_plan, rho),
    offsetof(etas_plan, earth_radius_km),
    offsetof(etas_plan, branching_ratio),
    offsetof(etas_plan, history.mean),
    offsetof(etas_plan, background.mean),
    offsetof(etas_plan, background.gaussian_scale_deg),
    offsetof(etas_plan, background.cells.dlon_deg),
    offsetof(etas_plan, induced.mean),
    offsetof(etas_plan, induced.cells.dlon_deg),
    offsetof(etas_plan, zones.lat0),
    offsetof(etas_plan, zones.lon0),
    offsetof(etas_plan, zones.dlat),
    offsetof(etas_plan, zones.dlon),
    offsetof(etas_plan, region.lat_min),
    offsetof(etas_plan, region.lat_max),
    offsetof(etas_plan, region.lon_min),
    offsetof(etas_plan, region.lon_max),
    offsetof(etas_plan, raster.lat0),
    offsetof(etas_plan, raster.lon0),
    offsetof(etas_plan, raster.dlat),
    offsetof(etas_plan, raster.dlon),
    offsetof(etas_plan, raster.inv_dlat),
    offsetof(etas_plan, raster.inv_dlon),
};
enum { N_NUMBERS = sizeof numbers / sizeof *numbers };
_Static_assert(AT_NUMBERS + 8 * N_NUMBERS == AT_ROWS, "the table fills its place");

/** Lengths of the arrays of a plan; the lattice is that of the zones, the pixels are the raster's.
 */
typedef struct extent {
    uint64_t history, background, cells, induced, zones, knots, lattice, rings, vertices, pixels;
} extent;

/** One array: where it hangs in the plan (or would), its elements and their width in bytes. */
typedef struct section {
    size_t member;
    uint64_t n;
    unsigned width;
} section;

static uint64_t ends_of(uint64_t n)
{
    return n > 0 ? n + 1 : 0;
}

static void list_sections(const extent *size, section out[N_SECTIONS])
{
    const section list[N_SECTIONS] = {
        {offsetof(etas_plan, history.lat), size->history, 8},
        {offsetof(etas_plan, history.lon), size->history, 8},
        {offsetof(etas_plan, history.a_days), size->history, 8},
        {offsetof(etas_plan, history.log_ratio), size->history, 8},
        {offsetof(etas_plan, history.d_km2), size->history, 8},
        {offsetof(etas_plan, history.parents.keep), size->history, 8},
        {offsetof(etas_plan, history.parents.other), size->history, 4},
        {offsetof(etas_plan, background.lat), size->background, 8},
        {offsetof(etas_plan, background.lon), size->background, 8},
        {offsetof(etas_plan, background.locations.keep), size->background, 8},
        {offsetof(etas_plan, background.locations.other), size->background, 4},
        {offsetof(etas_plan, background.cells.west), size->cells, 8},
        {offsetof(etas_plan, background.cells.sine_south), size->cells, 8},
        {offsetof(etas_plan, background.cells.sine_north), size->cells, 8},
        {offsetof(etas_plan, background.cells.pick.keep), size->cells, 8},
        {offsetof(etas_plan, background.cells.pick.other), size->cells, 4},
        {offsetof(etas_plan, induced.cells.west), size->induced, 8},
        {offsetof(etas_plan, induced.cells.sine_south), size->induced, 8},
        {offsetof(etas_plan, induced.cells.sine_north), size->induced, 8},
        {offsetof(etas_plan, induced.cells.pick.keep), size->induced, 8},
        {offsetof(etas_plan, induced.cells.pick.other), size->induced, 4},
        {offsetof(etas_plan, zones.zone), size->lattice, 4},
        {offsetof(etas_plan, zones.first), ends_of(size->zones), 8},
        {offsetof(etas_plan, zones.dm), size->knots, 8},
        {offsetof(etas_plan, zones.above), size->knots, 8},
        {offsetof(etas_plan, zones.dm_max), size->zones, 8},
        {offsetof(etas_plan, region.ring_start), ends_of(size->rings), 8},
        {offsetof(etas_plan, region.lat), size->vertices, 8},
        {offsetof(etas_plan, region.lon), size->vertices, 8},
        {offsetof(etas_plan, raster.cell), size->pixels, 1},
    };

    memcpy(out, list, sizeof list);
}

/* No overflow: every extent is below 2^33, lattice and pixels are no more than the blob's bytes. */
static uint64_t blob_length(const section sections[N_SECTIONS])
{
    uint64_t length = AT_SECTIONS;

    for (size_t i = 0; i < N_SECTIONS; i++)
        length += sections[i].n * sections[i].width;
    return length;
}

/* ---- encode ---- */

static uint16_t flags_of(const etas_plan *plan)
{
    return (uint16_t)((plan->filter_region ? FLAG_FILTER : 0) |
                      (plan->background.kind == ETAS_BACKGROUND_CATALOG ? FLAG_CATALOG : 0) |
                      (plan->background.kind == ETAS_BACKGROUND_GRID ? FLAG_GRID : 0) |
                      (plan->reference_placement ? FLAG_PLACEMENT : 0) |
                      (plan->with_parents ? FLAG_PARENTS : 0));
}

static void put_header(const etas_plan *plan, const extent *size, uint64_t length, uint8_t out[])
{
    memcpy(out + AT_MAGIC, MAGIC, sizeof MAGIC);
    put_u16(out + AT_VERSION, ETAS_BLOB_VERSION);
    put_u16(out + AT_FLAGS, flags_of(plan));
    put_u32(out + AT_ALGORITHM, plan->algorithm);
    put_u32(out + AT_MAX_GENERATIONS, plan->max_generations);
    put_u64(out + AT_MAX_EVENTS, plan->max_events);
    put_u64(out + AT_BEGIN, (uint64_t)plan->start);
    put_u64(out + AT_END, (uint64_t)plan->end);
    put_u64(out + AT_OUTPUT_START, (uint64_t)plan->output_start);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        put_f64(out + AT_THETA + 8 * i, plan->theta.value[i]);
    put_members(out + AT_NUMBERS, plan, N_NUMBERS, numbers);
    put_u32(out + AT_ROWS, plan->raster.n_lat);
    put_u32(out + AT_COLUMNS, plan->raster.n_lon);
    put_u32(out + AT_ZONE_ROWS, plan->zones.n_lat);
    put_u32(out + AT_ZONE_COLUMNS, plan->zones.n_lon);
    put_u64(out + AT_N_HISTORY, size->history);
    put_u64(out + AT_N_BACKGROUND, size->background);
    put_u64(out + AT_N_CELLS, size->cells);
    put_u64(out + AT_N_INDUCED, size->induced);
    put_u64(out + AT_N_ZONES, size->zones);
    put_u64(out + AT_N_KNOTS, size->knots);
    put_u64(out + AT_N_RINGS, size->rings);
    put_u64(out + AT_N_VERTICES, size->vertices);
    put_u64(out + AT_LENGTH, length);
}

static uint8_t *put_section(const section *s, const void *array, uint8_t out[])
{
    const uint64_t *const u64 = array;
    const uint32_t *const u32 = array;
    const double *const f64 = array;
    const bool is_index = s->member == offsetof(etas_plan, region.ring_start) ||
                          s->member == offsetof(etas_plan, zones.first);

    if (s->width == 1 && s->n > 0)
        memcpy(out, array, s->n);
    for (uint64_t i = 0; s->width == 4 && i < s->n; i++)
        put_u32(out + 4 * i, u32[i]);
    for (uint64_t i = 0; s->width == 8 && i < s->n; i++) {
        if (is_index)
            put_u64(out + 8 * i, u64[i]);
        else
            put_f64(out + 8 * i, f64[i]);
    }
    return out + s->n * s->width;
}

etas_status etas_blob_encode(const etas_plan *plan, uint8_t **out, size_t *len, etas_error *err)
{
    const size_t rings = plan->region.n_rings, zones = plan->zones.n;
    const extent size = {.history = plan->history.n,
                         .background = plan->background.n,
                         .cells = plan->background.cells.n,
                         .induced = plan->induced.cells.n,
                         .zones = zones,
                         .knots = zones > 0 ? plan->zones.first[zones] : 0,
                         .lattice = (uint64_t)plan->zones.n_lat * plan->zones.n_lon,
                         .rings = rings,
                         .vertices = rings > 0 ? plan->region.ring_start[rings] : 0,
                         .pixels = (uint64_t)plan->raster.n_lat * plan->raster.n_lon};
    section sections[N_SECTIONS];
    uint64_t length;
    uint8_t *p;
    etas_status st = etas_plan_check(plan, err);

    if (st != ETAS_OK)
        return st;
    list_sections(&size, sections);
    length = blob_length(sections);
    if (etas_array_alloc((void **)&p, length, 1) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a model blob of %zu bytes",
                         (size_t)length);
    *out = p;
    *len = length;
    put_header(plan, &size, length, p);
    p += AT_SECTIONS;
    for (size_t i = 0; i < N_SECTIONS; i++) {
        const void *array;

        memcpy(&array, (const char *)plan + sections[i].member, sizeof array);
        p = put_section(&sections[i], array, p);
    }
    return ETAS_OK;
}

/* ---- decode ---- */

static etas_status check_start(size_t len, const uint8_t bytes[], etas_error *err)
{
    if (len < AT_SECTIONS || memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
        return etas_fail(err, ETAS_E_CORRUPT, "this is not a model blob");
    if (get_u16(bytes + AT_VERSION) != ETAS_BLOB_VERSION)
        return etas_fail(err, ETAS_E_VERSION, "model blob of version %u, this program reads %d",
                         get_u16(bytes + AT_VERSION), ETAS_BLOB_VERSION);
    if (get_u32(bytes + AT_ALGORITHM) != ETAS_ALGORITHM_VERSION)
        return etas_fail(err, ETAS_E_VERSION,
                         "the model is for algorithm version %u, this program computes version %d",
                         (unsigned)get_u32(bytes + AT_ALGORITHM), ETAS_ALGORITHM_VERSION);
    if ((get_u16(bytes + AT_FLAGS) & ~ALL_FLAGS) != 0 ||
        (get_u16(bytes + AT_FLAGS) & (FLAG_CATALOG | FLAG_GRID)) == (FLAG_CATALOG | FLAG_GRID))
        return etas_fail(err, ETAS_E_CORRUPT, "the model blob has flags that are not known");
    return ETAS_OK;
}

static void get_header(const uint8_t bytes[], etas_plan *plan)
{
    const unsigned flags = get_u16(bytes + AT_FLAGS);

    plan->algorithm = get_u32(bytes + AT_ALGORITHM);
    plan->filter_region = (flags & FLAG_FILTER) != 0;
    plan->reference_placement = (flags & FLAG_PLACEMENT) != 0;
    plan->with_parents = (flags & FLAG_PARENTS) != 0;
    plan->background.kind = (flags & FLAG_CATALOG) != 0 ? ETAS_BACKGROUND_CATALOG
                            : (flags & FLAG_GRID) != 0  ? ETAS_BACKGROUND_GRID
                                                        : ETAS_BACKGROUND_UNIFORM;
    plan->max_generations = get_u32(bytes + AT_MAX_GENERATIONS);
    plan->max_events = get_u64(bytes + AT_MAX_EVENTS);
    plan->start = (etas_time)get_u64(bytes + AT_BEGIN);
    plan->end = (etas_time)get_u64(bytes + AT_END);
    plan->output_start = (etas_time)get_u64(bytes + AT_OUTPUT_START);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        plan->theta.value[i] = get_f64(bytes + AT_THETA + 8 * i);
    get_members(bytes + AT_NUMBERS, plan, N_NUMBERS, numbers);
    plan->raster.n_lat = get_u32(bytes + AT_ROWS);
    plan->raster.n_lon = get_u32(bytes + AT_COLUMNS);
    plan->zones.n_lat = get_u32(bytes + AT_ZONE_ROWS);
    plan->zones.n_lon = get_u32(bytes + AT_ZONE_COLUMNS);
}

static etas_status get_extent(size_t len, const uint8_t bytes[], extent *out,
                              section sections[N_SECTIONS], etas_error *err)
{
    static const struct {
        size_t at, member;
    } counts[] = {
        {AT_N_HISTORY, offsetof(extent, history)}, {AT_N_BACKGROUND, offsetof(extent, background)},
        {AT_N_CELLS, offsetof(extent, cells)},     {AT_N_INDUCED, offsetof(extent, induced)},
        {AT_N_ZONES, offsetof(extent, zones)},     {AT_N_KNOTS, offsetof(extent, knots)},
        {AT_N_RINGS, offsetof(extent, rings)},     {AT_N_VERTICES, offsetof(extent, vertices)},
    };
    bool fits = true;

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const uint64_t n = get_u64(bytes + counts[i].at);

        memcpy((char *)out + counts[i].member, &n, sizeof n);
        fits = fits && n < MAX_ENTRIES;
    }
    out->lattice =
        (uint64_t)get_u32(bytes + AT_ZONE_ROWS) * (uint64_t)get_u32(bytes + AT_ZONE_COLUMNS);
    out->pixels = (uint64_t)get_u32(bytes + AT_ROWS) * (uint64_t)get_u32(bytes + AT_COLUMNS);
    fits = fits && out->lattice <= len && out->pixels <= len &&
           (out->rings > 0 || out->vertices == 0) && (out->zones > 0 || out->knots == 0);
    if (fits)
        list_sections(out, sections);
    if (!fits || blob_length(sections) != len || get_u64(bytes + AT_LENGTH) != len) {
        etas_fail(err, ETAS_E_CORRUPT,
                  "the model blob is damaged: %zu bytes are not what its tables need", len);
        return ETAS_E_CORRUPT;
    }
    return ETAS_OK;
}

static const uint8_t *get_section(const section *s, const uint8_t *in, void *array)
{
    uint64_t *const u64 = array;
    uint32_t *const u32 = array;

    if (s->width == 1)
        memcpy(array, in, s->n);
    for (uint64_t i = 0; s->width == 4 && i < s->n; i++)
        u32[i] = get_u32(in + 4 * i);
    for (uint64_t i = 0; s->width == 8 && i < s->n; i++)
        u64[i] = get_u64(in + 8 * i); /* bits of a double, or a size_t */
    return in + s->n * s->width;
}

etas_status etas_blob_decode(size_t len, const uint8_t bytes[], etas_plan *out, etas_error *err)
{
    section sections[N_SECTIONS];
    extent size;
    const uint8_t *p = bytes + AT_SECTIONS;
    etas_plan fresh = {0};
    etas_status st = check_start(len, bytes, err);

    if (st == ETAS_OK)
        st = get_extent(len, bytes, &size, sections, err);
    if (st != ETAS_OK)
        return st;
    get_header(bytes, &fresh);
    fresh.history.n = fresh.history.parents.n = size.history;
    fresh.background.n = fresh.background.locations.n = size.background;
    fresh.background.cells.n = fresh.background.cells.pick.n = size.cells;
    fresh.induced.cells.n = fresh.induced.cells.pick.n = size.induced;
    fresh.zones.n = size.zones;
    fresh.region.n_rings = size.rings;
    for (size_t i = 0; i < N_SECTIONS; i++) {
        void *array;

        if (sections[i].n == 0)
            continue;
        st = etas_array_alloc(&array, sections[i].n, sections[i].width);
        if (st != ETAS_OK) {
            etas_fail(err, st, "no memory for a model of %zu bytes", len);
            goto out;
        }
        memcpy((char *)&fresh + sections[i].member, &array, sizeof array);
        p = get_section(&sections[i], p, array);
    }
    if (size.rings > 0 && fresh.region.ring_start[size.rings] != size.vertices)
        st = etas_fail(err, ETAS_E_CORRUPT, "the model blob is damaged: rings");
    else if (size.zones > 0 && fresh.zones.first[size.zones] != size.knots)
        st = etas_fail(err, ETAS_E_CORRUPT, "the model blob is damaged: tables of the zones");
    else
        st = etas_plan_check(&fresh, err);
    if (st == ETAS_OK) {
        etas_plan_free(out);
        *out = fresh;
        return ETAS_OK;
    }
out:
    etas_plan_free(&fresh);
    return st;
}
