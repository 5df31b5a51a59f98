#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/inversion.h"
#include "geometry/neighbours.h"

/* Pairs in the order of their sources, as the search finds them. */
typedef struct found_pairs {
    size_t n, capacity_target, capacity_r2;
    uint32_t *target; /* number of the target, not its row */
    double *r2;
    size_t *source_start; /* per source, and the end */
} found_pairs;

static void found_free(found_pairs *self)
{
    etas_array_free((void **)&self->target);
    etas_array_free((void **)&self->r2);
    etas_array_free((void **)&self->source_start);
}

static etas_status found_append(found_pairs *self, uint32_t target, double r2)
{
    etas_status st = etas_array_reserve((void **)&self->target, &self->capacity_target, self->n + 1,
                                        sizeof *self->target);

    if (st == ETAS_OK)
        st = etas_array_reserve((void **)&self->r2, &self->capacity_r2, self->n + 1,
                                sizeof *self->r2);
    if (st != ETAS_OK)
        return st;
    self->target[self->n] = target;
    self->r2[self->n++] = r2;
    return ETAS_OK;
}

/* Targets are the rows from the first one inside the window to the end. */
static etas_status find_pairs(const etas_catalog *catalog, const etas_inversion_config *cfg,
                              size_t first_target, found_pairs *out)
{
    etas_neighbours tree = {0};
    etas_neighbour_list near = {0};
    const double *lat = catalog->lat, *lon = catalog->lon;
    etas_status st =
        etas_array_alloc((void **)&out->source_start, catalog->n + 1, sizeof *out->source_start);

    if (st == ETAS_OK)
        st = etas_neighbours_build(&tree, catalog->n - first_target, lat + first_target,
                                   lon + first_target);
    for (size_t i = 0; i < catalog->n && st == ETAS_OK; i++) {
        const double reach = etas_rupture_length_km(catalog->mag[i]) * cfg->coppersmith_multiplier;
        const double angle = fmin(reach / cfg->earth_radius_km, 4.0); /* beyond pi: everything */

        out->source_start[i] = out->n;
        st = etas_neighbours_query(&tree, lat[i], lon[i], angle, &near);
        for (size_t k = 0; k < near.n && st == ETAS_OK; k++) {
            const size_t j = first_target + near.index[k];
            double r;

            if (catalog->time[j] <= catalog->time[i])
                continue;
            r = etas_distance_km(lat[i], lon[i], lat[j], lon[j], cfg->earth_radius_km);
            if (r * r <= reach * reach)
                st = found_append(out, near.index[k], r * r);
        }
    }
    if (st == ETAS_OK)
        out->source_start[catalog->n] = out->n;
    etas_neighbour_list_free(&near);
    etas_neighbours_free(&tree);
    return st;
}

static etas_status pairs_alloc(etas_pairs *self, size_t n_targets, size_t n_pairs)
{
    etas_status st =
        etas_array_alloc((void **)&self->row_start, n_targets + 1, sizeof *self->row_start);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->target, n_targets, sizeof *self->target);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->source, n_pairs, sizeof *self->source);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->time_days, n_pairs, sizeof *self->time_days);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->r2_km2, n_pairs, sizeof *self->r2_km2);
    self->n_targets = n_targets;
    self->n_pairs = n_pairs;
    return st;
}

/* A counting sort by target: stable, so sources ascend within a target. */
static void transpose(const etas_catalog *catalog, size_t first_target, const found_pairs *found,
                      etas_pairs *out)
{
    size_t *next = out->row_start; /* while filling: where the row's next pair goes */

    for (size_t j = 0; j < out->n_targets; j++)
        out->target[j] = (uint32_t)(first_target + j);
    for (size_t k = 0; k < found->n; k++)
        next[found->target[k] + 1]++;
    for (size_t j = 0; j < out->n_targets; j++)
        next[j + 1] += next[j];
    for (size_t i = 0; i < catalog->n; i++) {
        for (size_t k = found->source_start[i]; k < found->source_start[i + 1]; k++) {
            const uint32_t j = found->target[k];
            const size_t at = next[j]++;

            out->source[at] = (uint32_t)i;
            out->time_days[at] =
                etas_days_between(catalog->time[i], catalog->time[first_target + j]);
            out->r2_km2[at] = found->r2[k];
        }
    }
    memmove(next + 1, next, out->n_targets * sizeof *next); /* each row's end is the next's start */
    next[0] = 0;
}

etas_status etas_pairs_build(const etas_catalog *catalog, const etas_inversion_config *cfg,
                             etas_pairs *out, etas_error *err)
{
    found_pairs found = {0};
    size_t first_target = 0;
    etas_status st;

    if (catalog->n > UINT32_MAX / 4)
        return etas_fail(err, ETAS_E_LIMIT, "the catalogue has more than 2^30 events");
    for (size_t i = 1; i < catalog->n; i++)
        if (catalog->time[i] < catalog->time[i - 1])
            return etas_fail(err, ETAS_E_ARG, "the catalogue is not sorted by time (row %zu)",
                             i + 1);
    while (first_target < catalog->n && catalog->time[first_target] < cfg->window_start)
        first_target++;
    st = find_pairs(catalog, cfg, first_target, &found);
    if (st == ETAS_OK)
        st = pairs_alloc(out, catalog->n - first_target, found.n);
    if (st == ETAS_OK)
        transpose(catalog, first_target, &found, out);
    found_free(&found);
    if (st != ETAS_OK) {
        etas_pairs_free(out);
        return etas_fail(err, st, "building the pairs: %s", etas_strerror(st));
    }
    return ETAS_OK;
}

void etas_pairs_free(etas_pairs *self)
{
    etas_array_free((void **)&self->row_start);
    etas_array_free((void **)&self->target);
    etas_array_free((void **)&self->source);
    etas_array_free((void **)&self->time_days);
    etas_array_free((void **)&self->r2_km2);
    self->n_targets = self->n_pairs = 0;
}
