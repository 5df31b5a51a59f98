#include "inversion/pair_search.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/special.h"
#include "geometry/sphere.h"

/* A coarse test with the kernels' numbers comes first, then the exact one. */
static const double COARSE = 1.0 + 1e-9;

/* ---- opening ---- */

static etas_status check_catalog(const etas_catalog *catalog, const etas_inversion_config *cfg,
                                 etas_error *err)
{
    if (catalog->n > UINT32_MAX / 4)
        return etas_fail(err, ETAS_E_LIMIT, "the catalogue has more than 2^30 events");
    for (size_t i = 1; i < catalog->n; i++)
        if (catalog->time[i] < catalog->time[i - 1])
            return etas_fail(err, ETAS_E_ARG, "the catalogue is not sorted by time (row %zu)",
                             i + 1);
    for (size_t i = 0; i < catalog->n && cfg->three_dim; i++)
        if (!isfinite(catalog->x[i]) || !isfinite(catalog->y[i]) || !isfinite(catalog->z[i]))
            return etas_fail(err, ETAS_E_ARG, "event %zu has no x, y, z for three_dim", i + 1);
    return ETAS_OK;
}

static etas_status search_alloc(etas_pair_search *self, size_t n)
{
    double **columns[] = {&self->a, &self->b, &self->c, &self->limit};
    etas_status st = etas_array_alloc((void **)&self->target, n, sizeof *self->target);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->reach_km2, n, sizeof *self->reach_km2);
    for (size_t k = 0; k < sizeof columns / sizeof *columns && st == ETAS_OK; k++)
        st = etas_array_alloc((void **)columns[k], n + ETAS_LANES, sizeof(double));
    return st;
}

static void choose_targets(etas_pair_search *self, const etas_inversion_config *cfg)
{
    const etas_catalog *c = self->catalog;

    for (size_t i = 0; i < c->n; i++)
        if (c->time[i] >= cfg->window_start &&
            (cfg->inner_region == NULL ||
             etas_region_contains(cfg->inner_region, c->lat[i], c->lon[i])))
            self->target[self->n_targets++] = (uint32_t)i;
}

/* Where the tree has an event. */
static void tree_place(const etas_pair_search *self, size_t i, double at[3])
{
    const etas_catalog *c = self->catalog;

    if (!self->three_dim) {
        etas_unit_vector(c->lat[i], c->lon[i], at);
        return;
    }
    at[0] = c->x[i];
    at[1] = c->y[i];
    at[2] = c->z[i];
}

/* Where the kernels have it. */
static void kernel_place(const etas_pair_search *self, size_t i, double at[3])
{
    if (self->three_dim) {
        tree_place(self, i, at);
        return;
    }
    at[0] = self->catalog->lat[i];
    at[1] = self->catalog->lon[i];
    at[2] = etas_cos_lat(at[0]);
}

/* The kernel's number at the greatest distance. */
static double coarse_limit(const etas_pair_search *self, double reach_km)
{
    const double angle = reach_km / self->radius_km;
    double sine, cosine;

    if (self->three_dim)
        return reach_km * reach_km * COARSE;
    if (!(angle < 3.14))
        return 2.0;
    etas_sincos(0.5 * angle, &sine, &cosine);
    return sine * sine * COARSE;
}

static void fill_columns(etas_pair_search *self, const double reach_km[])
{
    for (size_t k = 0; k < self->tree.n; k++) {
        const size_t i = self->tree.index[k];
        double at[3];

        kernel_place(self, i, at);
        self->a[k] = at[0];
        self->b[k] = at[1];
        self->c[k] = at[2];
        self->limit[k] = coarse_limit(self, reach_km[i]);
    }
}

/* @p chord is scratch. */
static etas_status build_tree(etas_pair_search *self, const etas_inversion_config *cfg,
                              double at[][3], double reach_km[], double chord[])
{
    const size_t n = self->catalog->n;
    etas_status st;

    for (size_t i = 0; i < n; i++) {
        reach_km[i] = etas_rupture_length_km(self->catalog->mag[i]) * cfg->coppersmith_multiplier;
        self->reach_km2[i] = reach_km[i] * reach_km[i];
        chord[i] = self->three_dim ? reach_km[i] * COARSE
                                   : etas_neighbour_chord(reach_km[i] / self->radius_km);
        tree_place(self, i, at[i]);
    }
    st = etas_neighbours_build(&self->tree, n, (const double(*)[3])at, chord);
    if (st == ETAS_OK)
        fill_columns(self, reach_km);
    return st;
}

etas_status etas_pair_search_open(etas_pair_search *self, const etas_catalog *catalog,
                                  const etas_inversion_config *cfg,
                                  const etas_expect_kernels *kernels, etas_error *err)
{
    double(*at)[3] = NULL, *reach = NULL;
    etas_status st = check_catalog(catalog, cfg, err);

    if (st != ETAS_OK)
        return st;
    self->catalog = catalog;
    self->kernels = kernels;
    self->three_dim = cfg->three_dim;
    self->radius_km = cfg->earth_radius_km;
    st = search_alloc(self, catalog->n);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&at, catalog->n, sizeof *at);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&reach, 2 * catalog->n, sizeof *reach);
    if (st == ETAS_OK) {
        choose_targets(self, cfg);
        st = build_tree(self, cfg, at, reach, reach + catalog->n);
    }
    etas_array_free((void **)&at);
    etas_array_free((void **)&reach);
    if (st != ETAS_OK) {
        etas_pair_search_free(self);
        return etas_fail(err, st, "preparing the search for pairs: %s", etas_strerror(st));
    }
    return ETAS_OK;
}

void etas_pair_search_free(etas_pair_search *self)
{
    void **columns[] = {(void **)&self->target, (void **)&self->reach_km2, (void **)&self->a,
                        (void **)&self->b,      (void **)&self->c,         (void **)&self->limit};

    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        etas_array_free(columns[k]);
    etas_neighbours_free(&self->tree);
    self->n_targets = 0;
}

/* ---- scratch ---- */

static size_t words_for(size_t n_bits)
{
    return n_bits / 64 + 1;
}

etas_status etas_search_scratch_init(etas_search_scratch *self, size_t n_sources)
{
    const size_t words = words_for(n_sources);
    etas_status st = etas_array_alloc((void **)&self->bits, words, sizeof *self->bits);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->summary, words_for(words), sizeof *self->summary);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->value, n_sources, sizeof *self->value);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->near, n_sources + ETAS_LANES, sizeof *self->near);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->near_at, n_sources + 1, sizeof *self->near_at);
    return st;
}

void etas_search_scratch_free(etas_search_scratch *self)
{
    void **columns[] = {(void **)&self->near,    (void **)&self->near_at, (void **)&self->bits,
                        (void **)&self->summary, (void **)&self->value,   (void **)&self->time_days,
                        (void **)&self->r2_km2,  (void **)&self->source};

    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        etas_array_free(columns[k]);
    *self = (etas_search_scratch){0};
}

static etas_status reserve_pairs(etas_search_scratch *s, size_t n)
{
    const size_t need = etas_whole_lanes(n) + ETAS_LANES;
    etas_status st =
        etas_array_reserve((void **)&s->time_days, &s->time_capacity, need, sizeof *s->time_days);

    if (st == ETAS_OK)
        st = etas_array_reserve((void **)&s->r2_km2, &s->r2_capacity, need, sizeof *s->r2_km2);
    if (st == ETAS_OK)
        st = etas_array_reserve((void **)&s->source, &s->source_capacity, need, sizeof *s->source);
    return st;
}

/* ---- searching ---- */

/* The kernel's numbers of all sources that may reach target row @p j, and where these are. */
static size_t look_around(const etas_pair_search *self, size_t j, etas_search_scratch *s)
{
    const etas_time *time = self->catalog->time;
    double tree_at[3], kernel_at[3];
    etas_neighbour_run run = {0};
    size_t before = j, n = 0;

    while (before > 0 && time[before - 1] == time[j])
        before--;
    tree_place(self, j, tree_at);
    kernel_place(self, j, kernel_at);
    while (etas_neighbours_next(&self->tree, tree_at, (uint32_t)before, &run)) {
        const etas_place_columns places = {
            .a = self->a + run.first, .b = self->b + run.first, .c = self->c + run.first};

        if (self->three_dim)
            self->kernels->squares(run.end - run.first, &places, kernel_at, s->near + n);
        else
            self->kernels->haversines(run.end - run.first, &places, kernel_at, s->near + n);
        for (uint32_t k = run.first; k < run.end; k++)
            s->near_at[n++] = k;
    }
    return n;
}

/* Marks the sources of target row @p j, with the kernel's number of each; returns how many. */
static size_t mark_sources(const etas_pair_search *self, size_t j, etas_search_scratch *s)
{
    const size_t n = look_around(self, j, s);
    size_t found = 0;

    for (size_t k = 0; k < n; k++) { /* without branches that cannot be foretold */
        const uint32_t at = s->near_at[k];
        const double value = s->near[k];

        s->near_at[found] = at;
        s->near[found] = value;
        found += value <= self->limit[at];
    }
    for (size_t k = 0; k < found; k++) {
        const uint32_t i = self->tree.index[s->near_at[k]];

        s->value[i] = s->near[k];
        s->bits[i >> 6] |= UINT64_C(1) << (i & 63);
        s->summary[i >> 12] |= UINT64_C(1) << (i >> 6 & 63);
    }
    return found;
}

/* Appends the marked sources in ascending order, with their numbers in r2_km2, and clears them. */
static size_t collect_marked(etas_search_scratch *s, size_t n_sources, size_t at)
{
    for (size_t top = 0; top <= n_sources >> 12; top++) {
        for (uint64_t words = s->summary[top]; words != 0; words &= words - 1) {
            const size_t word = top << 6 | (size_t)__builtin_ctzll(words);

            for (uint64_t bits = s->bits[word]; bits != 0; bits &= bits - 1) {
                const size_t i = word << 6 | (size_t)__builtin_ctzll(bits);

                s->source[at] = (uint32_t)i;
                s->r2_km2[at++] = s->value[i];
            }
            s->bits[word] = 0;
        }
        s->summary[top] = 0;
    }
    return at;
}

/* Haversines of a row to squares of distances. */
static void measure_arcs(const etas_pair_search *self, size_t n, double h[])
{
    double far[ETAS_LANES], farthest = 0.0;

    for (size_t k = 0; k < n; k++)
        farthest = h[k] > farthest ? h[k] : farthest;
    if (farthest <= 0.25) {
        self->kernels->arcs(n, self->radius_km, h);
        return;
    }
    for (size_t at = 0; at < n; at += ETAS_LANES) {
        const size_t m = n - at < ETAS_LANES ? n - at : ETAS_LANES;

        memcpy(far, h + at, m * sizeof *far);
        self->kernels->arcs(m, self->radius_km, h + at);
        for (size_t k = 0; k < m; k++)
            if (far[k] > 0.25)
                h[at + k] = etas_square_of_haversine(far[k], self->radius_km);
    }
}

/* The exact test, and the delays, of the row that begins at @p first; returns its end. */
static size_t finish_row(const etas_pair_search *self, size_t j, size_t first, size_t end,
                         etas_search_scratch *s)
{
    const etas_time *time = self->catalog->time;
    size_t kept = first;

    for (size_t k = end; k < first + etas_whole_lanes(end - first); k++)
        s->r2_km2[k] = 0.0;
    if (!self->three_dim)
        measure_arcs(self, end - first, s->r2_km2 + first);
    for (size_t k = first; k < end; k++) {
        const uint32_t i = s->source[k];

        s->source[kept] = i;
        s->r2_km2[kept] = s->r2_km2[k];
        s->time_days[kept] = etas_days_between(time[i], time[j]);
        kept += s->r2_km2[k] <= self->reach_km2[i];
    }
    return kept;
}

/* Delays fall along a row. */
static size_t count_far(const double time_days[], size_t n)
{
    while (n > 0 && time_days[n - 1] < ETAS_FAR_DAYS)
        n--;
    return n;
}

etas_status etas_pair_search_find(const etas_pair_search *self, size_t first_target, size_t n_rows,
                                  etas_search_scratch *scratch, etas_pair_block *out)
{
    size_t n = 0;

    *out = (etas_pair_block){.first_target = first_target, .n_rows = n_rows};
    for (size_t k = 0; k < n_rows; k++) {
        const size_t j = self->target[first_target + k];
        const size_t found = mark_sources(self, j, scratch);
        etas_status st = reserve_pairs(scratch, n + found);

        if (st != ETAS_OK)
            return st;
        n = finish_row(self, j, n, collect_marked(scratch, j, n), scratch);
        out->row_start[k + 1] = n;
        out->n_far[k] = count_far(scratch->time_days + out->row_start[k], n - out->row_start[k]);
    }
    if (reserve_pairs(scratch, n) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t k = n; k < etas_whole_lanes(n); k++) {
        scratch->time_days[k] = scratch->r2_km2[k] = 1.0;
        scratch->source[k] = 0;
    }
    out->time_days = scratch->time_days;
    out->r2_km2 = scratch->r2_km2;
    out->source = scratch->source;
    return ETAS_OK;
}
