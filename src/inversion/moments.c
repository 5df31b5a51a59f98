#include "inversion/moments.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/special.h"
#include "inversion/distinct.h"

static const double PI = 0x1.921fb54442d18p+1;
static const double SHIFT = 0x1p-30;
static const double CELL_WIDTH = 0.1;

/* ---- matrices ---- */

/* Nodes of Chebyshev's polynomial of degree n on [-1, 1]. */
static void chebyshev(size_t n, double x[])
{
    for (size_t k = 0; k < n; k++) {
        double sine;

        etas_sincos(PI * (2.0 * (double)k + 1.0) / (2.0 * (double)n), &sine, &x[k]);
    }
}

/* Lagrange's polynomial of node k at y. */
static double lagrange(size_t n, const double x[], size_t k, double y)
{
    double product = 1.0;

    for (size_t l = 0; l < n; l++)
        if (l != k)
            product *= (y - x[l]) / (x[k] - x[l]);
    return product;
}

/* The coefficients of Lagrange's polynomial of node k. */
static void lagrange_coefficients(size_t n, const double x[], size_t k, double c[])
{
    size_t degree = 0;

    memset(c, 0, n * sizeof *c);
    c[0] = 1.0;
    for (size_t l = 0; l < n; l++) {
        const double scale = 1.0 / (x[k] - x[l]);

        if (l == k)
            continue;
        degree++;
        for (size_t i = degree + 1; i-- > 0;)
            c[i] = ((i > 0 ? c[i - 1] : 0.0) - x[l] * c[i]) * scale;
    }
}

static void fill_matrices(etas_moment_layout *self)
{
    double bin_node[ETAS_MOMENTS], octave_node[ETAS_NODES];

    chebyshev(ETAS_MOMENTS, bin_node);
    chebyshev(ETAS_NODES, octave_node);
    for (size_t n = 0; n < ETAS_MOMENTS; n++)
        lagrange_coefficients(ETAS_MOMENTS, bin_node, n, self->line_matrix[n]);
    for (size_t k = 0; k < ETAS_NODES; k++)
        self->node[k] = 1.5 + 0.5 * octave_node[k];
    for (size_t bin = 0; bin < ETAS_SUB_BINS; bin++) {
        for (size_t n = 0; n < ETAS_MOMENTS; n++) {
            const double y = ((double)bin + 0.5 * (1.0 + bin_node[n])) / 4.0 - 1.0;

            for (size_t k = 0; k < ETAS_NODES; k++) {
                const double share = lagrange(ETAS_NODES, octave_node, k, y);

                for (size_t m = 0; m < ETAS_MOMENTS; m++)
                    self->matrix[bin][m][k] += share * self->line_matrix[n][m];
            }
        }
    }
}

/* ---- layout ---- */

static size_t octave_of(double value)
{
    int exponent;

    (void)frexp(value + SHIFT, &exponent);
    return (size_t)(exponent - 1 - ETAS_LOWEST_OCTAVE);
}

/* Sorted and distinct magnitudes to groups; @p continuous has the sources' cells instead. */
static etas_status name_groups(etas_moment_layout *self, size_t n_values, const double value[],
                               const double dm[], uint32_t group[])
{
    const bool by_class = n_values <= ETAS_MAX_CLASSES;
    const double low = value[0], span = value[n_values - 1] - low;
    const double cells = floor(span / CELL_WIDTH) + 1.0;
    double node[ETAS_MOMENTS];
    etas_status st;

    if (!by_class && !(cells < 4096.0))
        return ETAS_E_LIMIT;
    self->width = by_class ? 1 : ETAS_MOMENTS;
    self->n_groups = by_class ? n_values : (size_t)cells;
    self->n_keys = by_class ? n_values : self->n_sources;
    st = etas_array_alloc((void **)&self->class_dm, etas_space_classes(self), sizeof(double));
    if (st == ETAS_OK && !by_class)
        st = etas_array_alloc((void **)&self->place, self->n_sources, sizeof *self->place);
    if (st != ETAS_OK)
        return st;
    if (by_class)
        memcpy(self->class_dm, value, n_values * sizeof *value);
    chebyshev(ETAS_MOMENTS, node);
    for (size_t c = 0; c < etas_space_classes(self) && !by_class; c++) {
        const size_t at_cell = c / ETAS_MOMENTS;

        self->class_dm[c] =
            low + CELL_WIDTH * ((double)at_cell + 0.5 * (1.0 + node[c % ETAS_MOMENTS]));
    }
    for (size_t i = 0; i < self->n_sources; i++) {
        const double in_cells = (dm[i] - low) / CELL_WIDTH,
                     cell = fmin(floor(in_cells), cells - 1.0);

        if (by_class) {
            group[i] = (uint32_t)etas_distinct_find(n_values, value, dm[i]);
        } else {
            group[i] = (uint32_t)cell;
            self->place[i] = 2.0 * (in_cells - cell) - 1.0;
        }
    }
    return ETAS_OK;
}

/* Each group has the octaves up to that of its farthest reach. */
static etas_status count_cells(etas_moment_layout *self, const uint32_t group[],
                               const etas_moment_range *range)
{
    etas_status st =
        etas_array_alloc((void **)&self->group_cell, self->n_groups + 1, sizeof *self->group_cell);

    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < self->n_sources; i++) {
        const size_t octaves = octave_of(fmin(range->reach_km2[i], range->r2_km2)) + 1;
        size_t *own = &self->group_cell[group[i] + 1];

        *own = octaves > *own ? octaves : *own;
    }
    for (size_t g = 0; g < self->n_groups; g++)
        self->group_cell[g + 1] += self->group_cell[g];
    self->n_space_cells = self->group_cell[self->n_groups];
    self->n_time_octaves = octave_of(range->time_days) + 1;
    return self->n_space_cells < UINT32_MAX / (ETAS_SUB_BINS * ETAS_MOMENTS) ? ETAS_OK
                                                                             : ETAS_E_LIMIT;
}

static etas_status name_keys(etas_moment_layout *self, const double dm[], const uint32_t group[])
{
    etas_status st = etas_array_alloc((void **)&self->key, self->n_sources, sizeof *self->key);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->key_dm, self->n_keys, sizeof *self->key_dm);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->base, self->n_keys, sizeof *self->base);
    for (size_t i = 0; i < self->n_sources && st == ETAS_OK; i++) {
        const size_t key = self->place == NULL ? group[i] : i;

        self->key[i] = (uint32_t)key;
        self->key_dm[key] = dm[i];
        self->base[key] = (uint32_t)(self->group_cell[group[i]] * ETAS_SUB_BINS * self->width);
    }
    return st;
}

etas_status etas_moment_layout_build(etas_moment_layout *self, size_t n_sources, const double dm[],
                                     const etas_moment_range *range)
{
    double *value = NULL;
    uint32_t *group = NULL;
    etas_status st = etas_array_alloc((void **)&value, n_sources, sizeof *value);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&group, n_sources, sizeof *group);
    if (st == ETAS_OK) {
        self->n_sources = n_sources;
        memcpy(value, dm, n_sources * sizeof *value);
        st = name_groups(self, etas_distinct(n_sources, value), value, dm, group);
    }
    if (st == ETAS_OK)
        st = count_cells(self, group, range);
    if (st == ETAS_OK)
        st = name_keys(self, dm, group);
    if (st == ETAS_OK)
        fill_matrices(self);
    etas_array_free((void **)&value);
    etas_array_free((void **)&group);
    return st;
}

void etas_moment_layout_free(etas_moment_layout *self)
{
    void **columns[] = {(void **)&self->group_cell, (void **)&self->class_dm,
                        (void **)&self->key,        (void **)&self->key_dm,
                        (void **)&self->base,       (void **)&self->place};

    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        etas_array_free(columns[k]);
}

double etas_moment_node(const etas_moment_layout *self, size_t octave, size_t k)
{
    return ldexp(self->node[k], (int)octave + ETAS_LOWEST_OCTAVE) - SHIFT;
}

size_t etas_moment_cell(const etas_moment_layout *self, uint32_t source, double r2_km2)
{
    return self->base[self->key[source]] / (ETAS_SUB_BINS * self->width) + octave_of(r2_km2);
}

/* ---- bins ---- */

etas_status etas_moments_init(etas_moments *self, const etas_moment_layout *layout)
{
    etas_status st = etas_array_alloc((void **)&self->time,
                                      layout->n_time_octaves * ETAS_SUB_BINS * ETAS_TIME_COPIES,
                                      sizeof *self->time);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->space,
                              layout->n_space_cells * ETAS_SUB_BINS * layout->width,
                              sizeof *self->space);
    return st;
}

void etas_moments_free(etas_moments *self)
{
    etas_array_free((void **)&self->time);
    etas_array_free((void **)&self->space);
}

/* Eight moments in the magnitude: the weights are multiplied by the place in the cell each time. */
static void add_by_magnitude(etas_moments *self, const etas_moment_layout *layout,
                             const etas_expect_kernels *kernels, const etas_weighted_pairs *pairs)
{
    const etas_deposit what = {.n = pairs->n,
                               .value = pairs->r2_km2,
                               .weight = pairs->scratch,
                               .base = pairs->base_scratch,
                               .shift = 3};

    memcpy(pairs->scratch, pairs->weight, pairs->n * sizeof *pairs->scratch);
    memcpy(pairs->base_scratch, pairs->base, pairs->n * sizeof *pairs->base);
    for (size_t i = pairs->n; i < etas_whole_lanes(pairs->n); i++)
        pairs->scratch[i] = 0.0;
    for (size_t m = 0; m < ETAS_MOMENTS; m++) {
        kernels->deposit(&what, self->space);
        for (size_t i = 0; i < pairs->n; i++) {
            pairs->scratch[i] *= layout->place[pairs->source[i]];
            pairs->base_scratch[i]++;
        }
    }
}

void etas_moments_add_delays(etas_moments *self, const etas_expect_kernels *kernels, size_t n,
                             const double time_days[], const double weight[])
{
    const etas_deposit what = {
        .n = n, .value = time_days, .weight = weight, .shift = ETAS_TIME_SHIFT};

    kernels->deposit(&what, self->time);
}

void etas_moments_add_distances(etas_moments *self, const etas_moment_layout *layout,
                                const etas_expect_kernels *kernels,
                                const etas_weighted_pairs *pairs)
{
    const etas_deposit what = {
        .n = pairs->n, .value = pairs->r2_km2, .weight = pairs->weight, .base = pairs->base};

    if (layout->place != NULL)
        add_by_magnitude(self, layout, kernels, pairs);
    else
        kernels->deposit(&what, self->space);
}

/* The eight lines of a bin, moments in the magnitude, to its nodes there, line by line. */
static void magnitude_nodes(const etas_moment_layout *layout, const etas_moment_line moment[],
                            etas_moment_line node[])
{
    for (size_t n = 0; n < ETAS_MOMENTS; n++) {
        memset(node[n], 0, sizeof node[n]);
        for (size_t m = 0; m < ETAS_MOMENTS; m++)
            for (size_t k = 0; k < ETAS_MOMENTS; k++)
                node[n][k] += layout->line_matrix[n][m] * moment[m][k];
    }
}

static void finish_cell(const etas_moment_layout *layout, const etas_expect_kernels *kernels,
                        etas_moment_line lines[], double out[][ETAS_NODES])
{
    etas_moment_line by_class[ETAS_MOMENTS][ETAS_SUB_BINS], node[ETAS_MOMENTS];

    if (layout->width == 1) {
        kernels->node_weights((const etas_moment_line *)lines, &layout->matrix, out[0]);
        return;
    }
    for (size_t bin = 0; bin < ETAS_SUB_BINS; bin++) {
        magnitude_nodes(layout, (const etas_moment_line *)&lines[bin * ETAS_MOMENTS], node);
        for (size_t n = 0; n < ETAS_MOMENTS; n++)
            memcpy(by_class[n][bin], node[n], sizeof node[n]);
    }
    for (size_t n = 0; n < ETAS_MOMENTS; n++)
        kernels->node_weights((const etas_moment_line *)by_class[n], &layout->matrix, out[n]);
}

static void finish_time_octave(const etas_moment_layout *layout, const etas_expect_kernels *kernels,
                               etas_moment_line lines[], double out[ETAS_NODES])
{
    etas_moment_line sum[ETAS_SUB_BINS];

    for (size_t bin = 0; bin < ETAS_SUB_BINS; bin++) {
        etas_moment_line *copy = &lines[bin * ETAS_TIME_COPIES];

        for (size_t k = 0; k < ETAS_MOMENTS; k++)
            sum[bin][k] = (copy[0][k] + copy[2][k]) + (copy[1][k] + copy[3][k]);
    }
    kernels->node_weights((const etas_moment_line *)sum, &layout->matrix, out);
}

void etas_moments_finish(etas_moments *self, const etas_moment_layout *layout,
                         const etas_expect_kernels *kernels, const double used[],
                         double (*time)[ETAS_NODES], double (*space)[ETAS_NODES])
{
    const size_t time_lines = ETAS_SUB_BINS * ETAS_TIME_COPIES;
    const size_t cell_lines = ETAS_SUB_BINS * layout->width;

    for (size_t octave = 0; octave < layout->n_time_octaves; octave++)
        finish_time_octave(layout, kernels, self->time + octave * time_lines, time[octave]);
    memset(self->time, 0, layout->n_time_octaves * time_lines * sizeof *self->time);
    for (size_t cell = 0; cell < layout->n_space_cells; cell++) {
        etas_moment_line *lines = self->space + cell * cell_lines;

        if (used[cell] == 0.0)
            continue;
        finish_cell(layout, kernels, lines, space + cell * layout->width);
        memset(lines, 0, cell_lines * sizeof *lines);
    }
}
