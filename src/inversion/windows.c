#include "inversion/windows.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "etas/array.h"
#include "etas/special.h"
#include "inversion/distinct.h"

enum { POINTS = ETAS_WINDOW_POINTS };

/* The largest ratio of two numbers in a group; of sources before the time window, whose T falls
 * like e^(-t0 / tau), less. */
static const double SPAN = 1.5;
static const double EARLY_SPAN = 1.2;

/* Groups narrower than this are not worth interpolating, and their points would be rounded. */
static const etas_time NARROW = 1000000000; /* a second */

/* The number of a source that T depends on: delays of windows that start, or end, after it. */
typedef struct span {
    etas_time start, end;
} span;

static etas_time number_of(span w, etas_time t)
{
    return t < w.start ? w.start - t : w.end - t;
}

static etas_time time_of(span w, bool early, etas_time number)
{
    return early ? w.start - number : w.end - number;
}

/* How many sources from @p first on make a group. */
static size_t group_length(span w, size_t n, const etas_time time[], size_t first)
{
    const bool early = time[first] < w.start;
    const double least = (double)number_of(w, time[first]) / (early ? EARLY_SPAN : SPAN);
    size_t end = first + 1;

    while (end < n && (time[end] < w.start) == early && (double)number_of(w, time[end]) >= least)
        end++;
    return end - first;
}

static bool is_worth_it(size_t n, const etas_time time[])
{
    return n > POINTS && time[n - 1] - time[0] > NARROW;
}

/* Groups from the first source on; how many points they have. With @p group NULL it counts. */
static size_t cut_groups(span w, size_t n, const etas_time time[], size_t *n_groups,
                         etas_window_group group[])
{
    size_t points = 0;

    *n_groups = 0;
    for (size_t first = 0; first < n;) {
        size_t length = group_length(w, n, time, first);
        const bool interpolated = is_worth_it(length, time + first);

        length = interpolated ? length : 1;
        if (group != NULL)
            group[*n_groups] = (etas_window_group){.first_source = first,
                                                   .n_sources = length,
                                                   .first_point = points,
                                                   .n_points = interpolated ? POINTS : 1};
        points += interpolated ? POINTS : 1;
        first += length;
        (*n_groups)++;
    }
    return points;
}

/* ---- interpolation ---- */

/* The times of a group's points: Chebyshev points between its first and its last number. */
static void place_points(span w, const etas_window_group *g, const etas_time time[],
                         etas_time point[])
{
    const bool early = time[g->first_source] < w.start;
    const double high = (double)number_of(w, time[g->first_source]);
    const double low = (double)number_of(w, time[g->first_source + g->n_sources - 1]);

    if (g->n_points == 1) {
        point[0] = time[g->first_source];
        return;
    }
    for (size_t k = 0; k < POINTS; k++) {
        double sine, cosine;

        etas_sincos((double)(2 * k + 1) * (M_PI / (2 * POINTS)), &sine, &cosine);
        point[k] = time_of(w, early, (etas_time)(0.5 * (low + high) + 0.5 * (high - low) * cosine));
    }
}

/* Barycentric factors of the points, in units of a quarter of their interval. */
static void barycentric(const etas_time point[POINTS], double factor[POINTS])
{
    const double unit = 0.25 * etas_days_between(point[0], point[POINTS - 1]);

    for (size_t k = 0; k < POINTS; k++) {
        factor[k] = 1.0;
        for (size_t j = 0; j < POINTS; j++)
            if (j != k)
                factor[k] *= etas_days_between(point[j], point[k]) / unit;
        factor[k] = 1.0 / factor[k];
    }
}

static void interpolate(const etas_time point[POINTS], const double factor[POINTS], etas_time at,
                        double share[POINTS])
{
    double sum = 0.0;

    for (size_t k = 0; k < POINTS; k++) {
        if (at == point[k]) {
            memset(share, 0, POINTS * sizeof *share);
            share[k] = 1.0;
            return;
        }
        share[k] = factor[k] / etas_days_between(point[k], at);
        sum += share[k];
    }
    for (size_t k = 0; k < POINTS; k++)
        share[k] /= sum;
}

static void fill_shares(etas_windows *self, const etas_time time[], const etas_time point[])
{
    for (size_t n = 0; n < self->n_groups; n++) {
        const etas_window_group *g = &self->group[n];
        double factor[POINTS];

        if (g->n_points == POINTS)
            barycentric(point + g->first_point, factor);
        for (size_t i = g->first_source; i < g->first_source + g->n_sources; i++) {
            double *share = self->share + i * POINTS;

            self->group_of[i] = (uint32_t)n;
            share[0] = 1.0;
            if (g->n_points == POINTS)
                interpolate(point + g->first_point, factor, time[i], share);
        }
    }
}

/* ---- magnitudes ---- */

static etas_status add_entry(etas_windows *self, uint32_t magnitude, uint32_t group)
{
    const etas_status st = etas_array_reserve((void **)&self->entry, &self->entry_capacity,
                                              self->n_entries + 1, sizeof *self->entry);

    if (st == ETAS_OK)
        self->entry[self->n_entries++] =
            (etas_window_entry){.magnitude = magnitude, .group = group};
    return st;
}

/* @p last: by magnitude, 1 + the latest entry of it. */
static etas_status fill_entries(etas_windows *self, const double dm[], size_t last[])
{
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < self->n_sources && st == ETAS_OK; i++) {
        const size_t m = etas_distinct_find(self->n_magnitudes, self->magnitude, dm[i]);
        const uint32_t group = self->group_of[i];

        if (last[m] == 0 || self->entry[last[m] - 1].group != group) {
            st = add_entry(self, (uint32_t)m, group);
            if (st != ETAS_OK)
                break;
            last[m] = self->n_entries;
        }
        for (size_t k = 0; k < self->group[group].n_points; k++)
            self->entry[last[m] - 1].weight[k] += self->share[i * POINTS + k];
    }
    return st;
}

/* ---- building ---- */

static etas_status windows_alloc(etas_windows *self)
{
    const struct {
        void **at;
        size_t count, size;
    } columns[] = {
        {(void **)&self->group, self->n_groups, sizeof *self->group},
        {(void **)&self->group_of, self->n_sources, sizeof *self->group_of},
        {(void **)&self->share, self->n_sources * POINTS, sizeof *self->share},
        {(void **)&self->magnitude, self->n_sources, sizeof *self->magnitude},
        {(void **)&self->growth, self->n_sources, sizeof *self->growth},
        {(void **)&self->weight, self->n_points, sizeof *self->weight},
        {(void **)&self->l_weight, self->n_points, sizeof *self->l_weight},
    };

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const etas_status st = etas_array_alloc(columns[i].at, columns[i].count, columns[i].size);

        if (st != ETAS_OK)
            return st;
    }
    return ETAS_OK;
}

etas_status etas_windows_build(etas_windows *self, size_t n, const etas_time time[],
                               const double dm[], etas_time start, etas_time end)
{
    const span w = {start, end};
    etas_time *point = NULL;
    size_t *last = NULL;
    etas_status st;

    self->n_sources = n;
    self->n_points = cut_groups(w, n, time, &self->n_groups, NULL);
    st = windows_alloc(self);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&point, self->n_points, sizeof *point);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&last, n, sizeof *last);
    if (st == ETAS_OK) {
        (void)cut_groups(w, n, time, &self->n_groups, self->group);
        for (size_t k = 0; k < self->n_groups; k++)
            place_points(w, &self->group[k], time, point + self->group[k].first_point);
        fill_shares(self, time, point);
        memcpy(self->magnitude, dm, n * sizeof *dm);
        self->n_magnitudes = etas_distinct(n, self->magnitude);
        st = fill_entries(self, dm, last);
    }
    if (st == ETAS_OK)
        st = etas_time_mesh_build(&self->mesh, self->n_points, point, start, end);
    etas_array_free((void **)&point);
    etas_array_free((void **)&last);
    return st;
}

void etas_windows_free(etas_windows *self)
{
    etas_array_free((void **)&self->group);
    etas_array_free((void **)&self->group_of);
    etas_array_free((void **)&self->share);
    etas_array_free((void **)&self->entry);
    etas_array_free((void **)&self->magnitude);
    etas_array_free((void **)&self->growth);
    etas_array_free((void **)&self->weight);
    etas_array_free((void **)&self->l_weight);
    etas_time_mesh_free(&self->mesh);
    *self = (etas_windows){0};
}

/* ---- sums ---- */

void etas_windows_evaluate(etas_windows *self, const etas_pair_kernels *kernels,
                           const etas_omori *omori)
{
    etas_time_mesh_evaluate(&self->mesh, kernels, omori);
}

/* One group's; the points' logarithms serve all of its sources. */
static void fill_values(const etas_windows *self, const etas_window_group *g, double value[])
{
    double ln_t[POINTS];
    bool positive = true;

    if (g->n_points == 1) {
        value[g->first_source] = etas_time_mesh_value(&self->mesh, g->first_point);
        return;
    }
    for (size_t k = 0; k < POINTS; k++) {
        const double t = etas_time_mesh_value(&self->mesh, g->first_point + k);

        positive = positive && t > 0.0;
        ln_t[k] = etas_ln(t);
    }
    for (size_t i = g->first_source; i < g->first_source + g->n_sources; i++) {
        double sum = 0.0;

        for (size_t k = 0; k < POINTS; k++)
            sum += self->share[i * POINTS + k] * ln_t[k];
        value[i] = positive ? etas_exp(sum) : 0.0;
    }
}

void etas_windows_values(const etas_windows *self, double value[])
{
    for (size_t n = 0; n < self->n_groups; n++)
        fill_values(self, &self->group[n], value);
}

etas_time_integral etas_windows_get(const etas_windows *self, size_t source)
{
    const etas_window_group *g = &self->group[self->group_of[source]];
    etas_time_integral sum = {{0}};

    for (size_t k = 0; k < g->n_points; k++) {
        const etas_time_integral at = etas_time_mesh_get(&self->mesh, g->first_point + k);

        for (size_t d = 0; d < ETAS_T_COUNT; d++)
            sum.d[d] += self->share[source * POINTS + k] * at.d[d];
    }
    return sum;
}

void etas_windows_grow(etas_windows *self, double alpha)
{
    memset(self->weight, 0, self->n_points * sizeof *self->weight);
    for (size_t m = 0; m < self->n_magnitudes; m++)
        self->growth[m] = etas_exp(alpha * self->magnitude[m]);
    for (size_t e = 0; e < self->n_entries; e++) {
        const etas_window_entry *entry = &self->entry[e];
        const etas_window_group *g = &self->group[entry->group];
        const double growth = self->growth[entry->magnitude];
        const double dm = self->magnitude[entry->magnitude];

        for (size_t k = 0; k < g->n_points; k++) {
            etas_window_growth *at = &self->weight[g->first_point + k];
            const double value = entry->weight[k] * growth;

            at->value += value;
            at->slope += value * dm;
            at->curvature += value * dm * dm;
        }
    }
}

double etas_windows_total(etas_windows *self, const etas_pair_kernels *kernels,
                          const etas_omori *omori, double alpha)
{
    double total = 0.0;

    etas_windows_evaluate(self, kernels, omori);
    etas_windows_grow(self, alpha);
    for (size_t k = 0; k < self->n_points; k++)
        total += self->weight[k].value * etas_time_mesh_value(&self->mesh, k);
    return total;
}

void etas_windows_weigh(etas_windows *self, const double l_hat[])
{
    memset(self->l_weight, 0, self->n_points * sizeof *self->l_weight);
    for (size_t n = 0; n < self->n_groups; n++) {
        const etas_window_group *g = &self->group[n];

        for (size_t i = g->first_source; i < g->first_source + g->n_sources; i++)
            for (size_t k = 0; k < g->n_points; k++)
                self->l_weight[g->first_point + k] += l_hat[i] * self->share[i * POINTS + k];
    }
}
