#include "inversion/statistics.h"

#include <string.h>

#include "etas/array.h"
#include "etas/parallel.h"

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

/* What one of several threads adds: the same sources and cells of every run. */
typedef struct slice {
    size_t first_source, end_source, first_cell, end_cell;
    bool has_rest;
} slice;

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

/* What is not by source or cell. */
static void add_rest(const etas_statistics *part, etas_statistics *sum)
{
    add(sizeof *part->sums / sizeof(double), (const double *)part->sums, (double *)sum->sums);
    add(part->n_time_octaves * ETAS_NODES, part->time[0], sum->time[0]);
    copy_targets(part, part->p_background, sum->p_background);
    copy_targets(part, part->p_triggered, sum->p_triggered);
    copy_targets(part, part->p_induced, sum->p_induced);
    copy_targets(part, part->mu, sum->mu);
}

static void add_part(const slice *own, const etas_statistics *part, etas_statistics *sum)
{
    const size_t width = part->width, first = own->first_source;
    const size_t end =
        part->shape.n_sources < own->end_source ? part->shape.n_sources : own->end_source;

    if (end > first)
        add(end - first, part->l_hat + first, sum->l_hat + first);
    for (size_t cell = own->first_cell; cell < own->end_cell; cell++) {
        if (part->used[cell] == 0.0)
            continue;
        sum->used[cell] = 1.0;
        add(width * ETAS_NODES, part->space[cell * width], sum->space[cell * width]);
    }
    if (own->has_rest)
        add_rest(part, sum);
}

typedef struct add_job {
    etas_statistics *sum;
    const etas_statistics *part;
    size_t n_parts, n_slices;
} add_job;

static void add_slice(void *context, size_t number)
{
    const add_job *job = context;
    const size_t sources = job->sum->shape.n_sources, cells = job->sum->n_space_cells;
    const slice own = {.first_source = sources * number / job->n_slices,
                       .end_source = sources * (number + 1) / job->n_slices,
                       .first_cell = cells * number / job->n_slices,
                       .end_cell = cells * (number + 1) / job->n_slices,
                       .has_rest = number == 0};

    for (size_t k = 0; k < job->n_parts; k++)
        add_part(&own, &job->part[k], job->sum);
}

void etas_statistics_add(etas_statistics *self, size_t n_threads, size_t n_parts,
                         const etas_statistics part[])
{
    add_job job = {.sum = self, .part = part, .n_parts = n_parts, .n_slices = n_threads};

    etas_parallel_for(n_threads, n_threads, add_slice, &job);
}
