#include "inversion/statistics.h"

#include <string.h>

#include "etas/array.h"

/* Columns start at whole lanes. */
static double *take(double *flat, size_t *at, size_t n)
{
    double *out = flat == NULL ? NULL : flat + *at;

    *at += etas_whole_lanes(n);
    return out;
}

/* Places the columns in @p flat, if it is there yet; returns how long it is. */
static size_t place(etas_statistics *self, double *flat)
{
    const etas_statistics_shape *shape = &self->shape;
    size_t at = 0;

    self->sums = (void *)take(flat, &at, sizeof *self->sums / sizeof(double));
    self->time = (void *)take(flat, &at, self->n_time_octaves * ETAS_NODES);
    self->used = take(flat, &at, self->n_space_cells);
    self->space = (void *)take(flat, &at, self->n_space_cells * self->width * ETAS_NODES);
    self->l_hat = take(flat, &at, shape->n_sources);
    self->p_background = take(flat, &at, shape->n_targets);
    self->p_triggered = take(flat, &at, shape->n_targets);
    self->p_induced = shape->has_induced ? take(flat, &at, shape->n_targets) : NULL;
    self->mu = shape->has_mu ? take(flat, &at, shape->n_targets) : NULL;
    return at;
}

etas_status etas_statistics_init(etas_statistics *self, const etas_moment_layout *layout,
                                 const etas_statistics_shape *shape)
{
    etas_status st;

    *self = (etas_statistics){.shape = *shape,
                              .n_time_octaves = layout->n_time_octaves,
                              .n_space_cells = layout->n_space_cells,
                              .width = layout->width};
    self->n_flat = place(self, NULL);
    st = etas_array_alloc((void **)&self->flat, self->n_flat, sizeof *self->flat);
    if (st == ETAS_OK)
        (void)place(self, self->flat);
    return st;
}

void etas_statistics_free(etas_statistics *self)
{
    etas_array_free((void **)&self->flat);
    *self = (etas_statistics){0};
}

void etas_statistics_zero(etas_statistics *self)
{
    *self->sums = (etas_statistics_sums){0};
    memset(self->time, 0, self->n_time_octaves * sizeof *self->time);
    memset(self->l_hat, 0, self->shape.n_sources * sizeof *self->l_hat);
    for (size_t cell = 0; cell < self->n_space_cells; cell++)
        if (self->used[cell] != 0.0)
            memset(self->space[cell * self->width], 0, self->width * sizeof *self->space);
}

static void add(size_t n, const double x[], double sum[])
{
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}

static void copy_targets(const etas_statistics *part, const double *from, double *to)
{
    if (from != NULL && to != NULL)
        memcpy(to + part->shape.first_target, from, part->shape.n_targets * sizeof *to);
}

void etas_statistics_add(etas_statistics *self, const etas_statistics *part)
{
    const size_t width = self->width;

    add(sizeof *part->sums / sizeof(double), (const double *)part->sums, (double *)self->sums);
    add(part->n_time_octaves * ETAS_NODES, part->time[0], self->time[0]);
    add(part->shape.n_sources, part->l_hat, self->l_hat);
    for (size_t cell = 0; cell < part->n_space_cells; cell++) {
        if (part->used[cell] == 0.0)
            continue;
        self->used[cell] = 1.0;
        add(width * ETAS_NODES, part->space[cell * width], self->space[cell * width]);
    }
    copy_targets(part, part->p_background, self->p_background);
    copy_targets(part, part->p_triggered, self->p_triggered);
    copy_targets(part, part->p_induced, self->p_induced);
    copy_targets(part, part->mu, self->mu);
}
