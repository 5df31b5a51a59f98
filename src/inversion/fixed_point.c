#include "inversion/fixed_point.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"

enum { DEPTH = 6, RATIOS = 6, PLAIN_RATIOS = 3 };

/* An accelerated point is given up when its step is so much longer than the one before. */
static const double WORSE = 2.0;
static const double MERIT_NOISE = 1e-12; /* relative */

/* Steps this short are rounding; their ratios say nothing. */
static const double STEP_NOISE = 1e-11;

typedef struct evaluation {
    double *x, *image, *residual; /* residual = image - x */
    double merit;
} evaluation;

/* The latest differences of consecutive evaluations, oldest first. */
typedef struct history {
    size_t n;
    double *residual[DEPTH], *image[DEPTH];
    size_t n_ratios, n_plain; /* of those, how many of the latest are of plain steps */
    double ratio[RATIOS];     /* latest first */
} history;

/* All vectors of one search. */
typedef struct vectors {
    double *block; /* what they are cut from */
    evaluation before, now;
    history past;
    double *candidate, *rest, *basis[DEPTH], *image[DEPTH];
} vectors;

static etas_status vectors_init(vectors *self, size_t n)
{
    double **columns[] = {&self->before.x,  &self->before.image, &self->before.residual,
                          &self->now.x,     &self->now.image,    &self->now.residual,
                          &self->candidate, &self->rest};
    enum { SINGLE = sizeof columns / sizeof *columns };
    etas_status st;
    double *next;

    *self = (vectors){0};
    st = etas_array_alloc((void **)&self->block, (SINGLE + 4 * DEPTH) * n + 1, sizeof *self->block);
    if (st != ETAS_OK)
        return st;
    next = self->block;
    for (size_t k = 0; k < SINGLE; k++, next += n)
        *columns[k] = next;
    for (size_t k = 0; k < DEPTH; k++, next += 4 * n) {
        self->past.residual[k] = next;
        self->past.image[k] = next + n;
        self->basis[k] = next + 2 * n;
        self->image[k] = next + 3 * n;
    }
    return ETAS_OK;
}

static double largest(size_t n, const double x[])
{
    double out = 0.0;

    for (size_t i = 0; i < n; i++)
        out = fmax(out, fabs(x[i]));
    return out;
}

static double sum_abs(size_t n, const double x[])
{
    double out = 0.0;

    for (size_t i = 0; i < n; i++)
        out += fabs(x[i]);
    return out;
}

static double dot(size_t n, const double a[], const double b[])
{
    double out = 0.0;

    for (size_t i = 0; i < n; i++)
        out += a[i] * b[i];
    return out;
}

static void remember_ratio(double ratio, bool plain, history *h)
{
    memmove(h->ratio + 1, h->ratio, sizeof h->ratio - sizeof h->ratio[0]);
    h->ratio[0] = ratio;
    h->n_ratios += h->n_ratios < RATIOS;
    h->n_plain = plain ? h->n_plain + 1 : 0;
}

/* The oldest difference makes room. */
static void drop_oldest(history *h)
{
    double *residual = h->residual[0], *image = h->image[0];

    memmove(h->residual, h->residual + 1, (DEPTH - 1) * sizeof *h->residual);
    memmove(h->image, h->image + 1, (DEPTH - 1) * sizeof *h->image);
    h->residual[DEPTH - 1] = residual;
    h->image[DEPTH - 1] = image;
    h->n--;
}

static void remember(const etas_fixed_point *p, const evaluation *before, const evaluation *now,
                     bool plain, history *h)
{
    double moved = 0.0, image_moved = 0.0;

    if (h->n == DEPTH)
        drop_oldest(h);
    for (size_t i = 0; i < p->n; i++) {
        h->residual[h->n][i] = now->residual[i] - before->residual[i];
        h->image[h->n][i] = now->image[i] - before->image[i];
        if (i < p->n_judged) {
            moved = fmax(moved, fabs(now->x[i] - before->x[i]));
            image_moved = fmax(image_moved, fabs(h->image[h->n][i]));
        }
    }
    if (moved > STEP_NOISE)
        remember_ratio(image_moved / moved, plain, h);
    h->n++;
}

/* Ratios of accelerated steps may pass 1 where the map contracts in another norm; those of a few
 * plain steps in a row then decide. */
static double distance_after(const history *h, double step)
{
    const size_t n = h->n_plain >= PLAIN_RATIOS ? PLAIN_RATIOS : h->n_ratios;
    double r = 0.0;

    for (size_t i = 0; i < n; i++)
        r = fmax(r, h->ratio[i]);
    if (n > 0 && r < 1.0)
        return step * r / (1.0 - r);
    return step <= STEP_NOISE ? step : INFINITY;
}

/* Least squares of the residual on the remembered differences (modified Gram-Schmidt, newest
 * first, nearly dependent ones left out), and the image moved by the same combination. */
static void accelerate(size_t n, const evaluation *now, vectors *v, double out[])
{
    const history *h = &v->past;
    double *rest = v->rest;
    size_t used = 0;

    memcpy(rest, now->residual, n * sizeof *rest);
    memcpy(out, now->image, n * sizeof *out);
    for (size_t k = h->n; k-- > 0;) {
        const double before = sqrt(dot(n, h->residual[k], h->residual[k]));
        double *b = v->basis[used], *g = v->image[used], length, share;

        memcpy(b, h->residual[k], n * sizeof *b);
        memcpy(g, h->image[k], n * sizeof *g);
        for (size_t j = 0; j < used; j++) {
            share = dot(n, b, v->basis[j]);
            for (size_t i = 0; i < n; i++) {
                b[i] -= share * v->basis[j][i];
                g[i] -= share * v->image[j][i];
            }
        }
        length = sqrt(dot(n, b, b));
        if (!(length > 1e-8 * before))
            continue;
        for (size_t i = 0; i < n; i++) {
            b[i] /= length;
            g[i] /= length;
        }
        share = dot(n, rest, b);
        for (size_t i = 0; i < n; i++) {
            rest[i] -= share * b[i];
            out[i] -= share * g[i];
        }
        used++;
    }
}

static etas_status evaluate(const etas_fixed_point *p, evaluation *at, etas_fixed_point_result *out,
                            etas_error *err)
{
    const etas_status st = p->map(p->context, at->x, at->image, &at->merit, err);

    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < p->n; i++)
        at->residual[i] = at->image[i] - at->x[i];
    out->n_maps++;
    out->step = largest(p->n_judged, at->residual);
    return ETAS_OK;
}

static bool got_worse(const etas_fixed_point *p, const evaluation *before, const evaluation *now)
{
    if (largest(p->n_judged, now->residual) > WORSE * largest(p->n_judged, before->residual))
        return true;
    return now->merit < before->merit - MERIT_NOISE * fabs(before->merit);
}

/* The next x; true if it is an accelerated one. */
static bool choose_next(const etas_fixed_point *p, vectors *v)
{
    if (!p->plain && p->plain_sum <= 0.0 && v->past.n > 0) {
        accelerate(p->n, &v->before, v, v->candidate);
        if (p->accepts(p->context, v->before.image, v->candidate)) {
            memcpy(v->now.x, v->candidate, p->n * sizeof *v->now.x);
            return true;
        }
    }
    memcpy(v->now.x, v->before.image, p->n * sizeof *v->now.x);
    return false;
}

static void swap_evaluations(vectors *v)
{
    const evaluation other = v->before;

    v->before = v->now;
    v->now = other;
}

static bool is_close(const etas_fixed_point *p, const evaluation *now,
                     const etas_fixed_point_result *at)
{
    return p->plain_sum > 0.0 ? sum_abs(p->n_judged, now->residual) < p->plain_sum
                              : at->distance < p->tolerance;
}

static etas_status search(const etas_fixed_point *p, vectors *v, double x[],
                          etas_fixed_point_result *out, etas_error *err)
{
    bool accelerated = false, have_before = false;

    memcpy(v->now.x, x, p->n * sizeof *x);
    while (out->n_maps < p->max_maps) {
        const etas_status st = evaluate(p, &v->now, out, err);
        bool close;

        if (st != ETAS_OK)
            return st;
        if (accelerated && got_worse(p, &v->before, &v->now)) {
            memcpy(v->now.x, v->before.image, p->n * sizeof *x); /* the plain step instead */
            v->past.n = 0;
            accelerated = false;
            continue;
        }
        if (have_before)
            remember(p, &v->before, &v->now, !accelerated, &v->past);
        out->distance = distance_after(&v->past, out->step);
        memcpy(x, v->now.image, p->n * sizeof *x);
        close = is_close(p, &v->now, out);
        if (close && !accelerated)
            return ETAS_OK;
        swap_evaluations(v);
        have_before = true;
        if (close || (isinf(out->distance) && out->step < p->tolerance)) {
            /* A plain step confirms it, or brings the ratio that is missing. */
            memcpy(v->now.x, v->before.image, p->n * sizeof *x);
            accelerated = false;
        } else {
            accelerated = choose_next(p, v);
        }
    }
    return etas_fail(err, ETAS_E_CONVERGE,
                     "no fixed point after %u iterations: the last step was %.3g, the distance is "
                     "about %.3g",
                     out->n_maps, out->step, out->distance);
}

etas_status etas_fixed_point_find(const etas_fixed_point *problem, double x[],
                                  etas_fixed_point_result *out, etas_error *err)
{
    vectors v;
    etas_status st = vectors_init(&v, problem->n);

    *out = (etas_fixed_point_result){.distance = INFINITY};
    if (st != ETAS_OK)
        return etas_fail(err, st, "the iteration: %s", etas_strerror(st));
    st = search(problem, &v, x, out, err);
    etas_array_free((void **)&v.block);
    return st;
}
