#include "inversion/fixed_point.h"

#include <math.h>
#include <string.h>

enum { DEPTH = 6, RATIOS = 6, PLAIN_RATIOS = 3, MAX_ACCELERATED = 5000, N = ETAS_FIXED_POINT_MAX };

/* An accelerated point is given up when its merit falls or, where there is none, when its step is
 * so much longer than the one before. */
static const double WORSE = 2.0;
static const double MERIT_NOISE = 1e-12; /* relative */

/* Steps this short are rounding; their ratios say nothing. */
static const double STEP_NOISE = 1e-11;

typedef struct evaluation {
    double x[N], image[N], residual[N]; /* residual = image - x */
    double merit;
} evaluation;

/* The latest differences of consecutive evaluations, oldest first. */
typedef struct history {
    size_t n;
    double residual[DEPTH][N], image[DEPTH][N];
    size_t n_ratios, n_plain; /* of those, how many of the latest are of plain steps */
    double ratio[RATIOS];     /* latest first */
} history;

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

static void remember(size_t n, const evaluation *before, const evaluation *now, bool plain,
                     history *h)
{
    double moved[N];

    if (h->n == DEPTH) {
        memmove(h->residual[0], h->residual[1], sizeof h->residual - sizeof h->residual[0]);
        memmove(h->image[0], h->image[1], sizeof h->image - sizeof h->image[0]);
        h->n--;
    }
    for (size_t i = 0; i < n; i++) {
        h->residual[h->n][i] = now->residual[i] - before->residual[i];
        h->image[h->n][i] = now->image[i] - before->image[i];
        moved[i] = now->x[i] - before->x[i];
    }
    if (largest(n, moved) > STEP_NOISE)
        remember_ratio(largest(n, h->image[h->n]) / largest(n, moved), plain, h);
    h->n++;
}

/* Of x, which is @p step before its image. Ratios of accelerated steps may pass 1 where the map
 * contracts in another norm; those of a few plain steps in a row then decide. */
static double distance_of(const history *h, double step)
{
    const size_t n = h->n_plain >= PLAIN_RATIOS ? PLAIN_RATIOS : h->n_ratios;
    double r = 0.0;

    for (size_t i = 0; i < n; i++)
        r = fmax(r, h->ratio[i]);
    if (n > 0 && r < 1.0)
        return step / (1.0 - r);
    return step <= STEP_NOISE ? step : INFINITY;
}

/* Least squares of the residual on the remembered differences (modified Gram-Schmidt, newest
 * first, nearly dependent ones left out), and the image moved by the same combination. */
static void accelerate(size_t n, const evaluation *now, const history *h, double out[])
{
    double basis[DEPTH][N], image[DEPTH][N], rest[N];
    size_t used = 0;

    memcpy(rest, now->residual, n * sizeof *rest);
    memcpy(out, now->image, n * sizeof *out);
    for (size_t k = h->n; k-- > 0;) {
        const double before = sqrt(dot(n, h->residual[k], h->residual[k]));
        double *b = basis[used], *g = image[used], length, share;

        memcpy(b, h->residual[k], n * sizeof *b);
        memcpy(g, h->image[k], n * sizeof *g);
        for (size_t j = 0; j < used; j++) {
            share = dot(n, b, basis[j]);
            for (size_t i = 0; i < n; i++) {
                b[i] -= share * basis[j][i];
                g[i] -= share * image[j][i];
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

/* How far off the differences say that the fixed point is: sees slow directions in which the latest
 * steps hardly moved. Steps that are rounding say nothing. */
static double distance_foreseen(size_t n, const evaluation *now, const history *h)
{
    double point[N];

    if (h->n == 0 || largest(n, now->residual) <= STEP_NOISE)
        return 0.0;
    accelerate(n, now, h, point);
    for (size_t i = 0; i < n; i++)
        point[i] -= now->x[i];
    return largest(n, point);
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
    out->step = largest(p->n, at->residual);
    return ETAS_OK;
}

static bool got_worse(const etas_fixed_point *p, const evaluation *before, const evaluation *now)
{
    if (!isnan(now->merit) && !isnan(before->merit))
        return now->merit < before->merit - MERIT_NOISE * fabs(before->merit);
    return largest(p->n, now->residual) > WORSE * largest(p->n, before->residual);
}

/* The next x; true if it is an accelerated one. What has not converged after so many maps goes in
 * circles, between the images of a map that jumps; plain steps end where they can. */
static bool choose_next(const etas_fixed_point *p, const evaluation *now, const history *h,
                        uint32_t n_maps, double x[])
{
    if (!p->plain && p->plain_sum <= 0.0 && h->n > 0 && n_maps <= MAX_ACCELERATED) {
        double candidate[N];

        accelerate(p->n, now, h, candidate);
        if (p->accepts(p->context, candidate)) {
            memcpy(x, candidate, p->n * sizeof *x);
            return true;
        }
    }
    memcpy(x, now->image, p->n * sizeof *x);
    return false;
}

etas_status etas_fixed_point_find(const etas_fixed_point *problem, double x[],
                                  etas_fixed_point_result *out, etas_error *err)
{
    const size_t n = problem->n;
    evaluation before, now;
    history h = {0};
    bool accelerated = false, have_before = false;
    etas_status st = ETAS_OK;

    *out = (etas_fixed_point_result){.distance = INFINITY};
    memcpy(now.x, x, n * sizeof *x);
    while (out->n_maps < problem->max_maps) {
        bool close;

        st = evaluate(problem, &now, out, err);
        if (st != ETAS_OK)
            return st;
        if (accelerated && got_worse(problem, &before, &now)) {
            memcpy(now.x, before.image, n * sizeof *now.x); /* the plain step instead */
            h.n = 0;
            accelerated = false;
            continue;
        }
        if (have_before)
            remember(n, &before, &now, !accelerated, &h);
        out->distance = fmax(distance_of(&h, out->step), distance_foreseen(n, &now, &h));
        memcpy(x, now.image, n * sizeof *x);
        close = problem->plain_sum > 0.0 ? sum_abs(n, now.residual) < problem->plain_sum
                                         : out->distance < problem->tolerance;
        if (close && !accelerated) {
            if (problem->plain_sum <= 0.0)
                memcpy(x, now.x, n * sizeof *x); /* the point whose step has been seen */
            return ETAS_OK;
        }
        before = now;
        have_before = true;
        if (close || (isinf(out->distance) && out->step < problem->tolerance)) {
            /* A plain step confirms it, or brings the ratio that is missing. */
            memcpy(now.x, before.image, n * sizeof *now.x);
            accelerated = false;
        } else {
            accelerated = choose_next(problem, &before, &h, out->n_maps, now.x);
        }
    }
    if (isinf(out->distance))
        return etas_fail(err, ETAS_E_CONVERGE,
                         "no fixed point after %u iterations: the last step was %.3g, and steps do "
                         "not get shorter",
                         out->n_maps, out->step);
    return etas_fail(err, ETAS_E_CONVERGE,
                     "no fixed point after %u iterations: the last step was %.3g, the distance is "
                     "about %.3g",
                     out->n_maps, out->step, out->distance);
}
