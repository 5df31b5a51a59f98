#include "etas/hull.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include <libqhull_r/libqhull_r.h>

#include "etas/array.h"

static const double LARGEST_KM = 1e9, SMALLEST_KM = 1e-6;
static const double FLAT = 1e-9, BOUNDARY = 1e-10; /* of the largest extent */

/* ---- vectors ---- */

static void difference(const double a[3], const double b[3], double out[3])
{
    for (int k = 0; k < 3; k++)
        out[k] = a[k] - b[k];
}

static void cross(const double a[3], const double b[3], double out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* ---- the points about their centre, the largest extent from -1 to 1 ---- */

static etas_status check_points(size_t n, const double points_km[], etas_error *err)
{
    if (n < 4)
        return etas_fail(err, ETAS_E_ARG, "%zu points; a body needs 4 or more", n);
    if (n > INT_MAX / 8)
        return etas_fail(err, ETAS_E_ARG, "%zu points are too many for a convex hull", n);
    for (size_t i = 0; i < 3 * n; i++)
        if (!(fabs(points_km[i]) <= LARGEST_KM))
            return etas_fail(err, ETAS_E_RANGE,
                             "point %zu: coordinate %.10g km is not within [-%g, %g]", i / 3 + 1,
                             points_km[i], LARGEST_KM, LARGEST_KM);
    return ETAS_OK;
}

static double centre_and_scale(size_t n, const double points_km[], double centre_km[3])
{
    double scale = 0;

    for (size_t k = 0; k < 3; k++) {
        double low = points_km[k], high = points_km[k];

        for (size_t i = 1; i < n; i++) {
            low = fmin(low, points_km[3 * i + k]);
            high = fmax(high, points_km[3 * i + k]);
        }
        centre_km[k] = 0.5 * (low + high);
        scale = fmax(scale, 0.5 * (high - low));
    }
    return scale;
}

/* A simplex built greedily: each corner as far as can be from what the ones before span. That it is
 * thin tells that all points are near a plane. */
static etas_status check_extent(size_t n, const double points[], etas_error *err)
{
    size_t corner[3] = {0, 0, 0};
    double along[3], across[3], normal[3], off[3], area[3], length = 0, height = 0;

    for (size_t i = 0; i < n; i++) {
        difference(points + 3 * i, points, off);
        if (sqrt(dot(off, off)) > length) {
            length = sqrt(dot(off, off));
            corner[1] = i;
        }
    }
    if (length < FLAT)
        return etas_fail(err, ETAS_E_ARG, "the points coincide; a region needs a volume");
    difference(points + 3 * corner[1], points, along);
    for (size_t i = 0; i < n; i++) {
        difference(points + 3 * i, points, off);
        cross(along, off, area);
        if (sqrt(dot(area, area)) / length > height) {
            height = sqrt(dot(area, area)) / length;
            corner[2] = i;
        }
    }
    if (height < FLAT)
        return etas_fail(err, ETAS_E_ARG, "the points lie on a line; a region needs a volume");
    difference(points + 3 * corner[2], points, across);
    cross(along, across, normal);
    for (size_t i = 0; i < n; i++) {
        difference(points + 3 * i, points, off);
        if (fabs(dot(normal, off)) >= FLAT * sqrt(dot(normal, normal)))
            return ETAS_OK;
    }
    return etas_fail(err, ETAS_E_ARG, "the points lie in a plane; a region needs a volume");
}

/* ---- Qhull ---- */

static etas_status copy_facets(const qhT *qh, double scale, etas_hull *out)
{
    const facetT *facet;
    size_t n = 0;

    for (facet = qh->facet_list; facet != NULL && facet->next != NULL; facet = facet->next)
        n++;
    if (etas_array_alloc((void **)&out->facet, n, sizeof *out->facet) != ETAS_OK)
        return ETAS_E_NOMEM;
    out->n_facets = n;
    n = 0;
    for (facet = qh->facet_list; facet != NULL && facet->next != NULL; facet = facet->next) {
        memcpy(out->facet[n], facet->normal, 3 * sizeof *facet->normal);
        out->facet[n++][3] = -facet->offset * scale;
    }
    out->volume_km3 = qh->totvol * scale * scale * scale;
    return ETAS_OK;
}

/* FA: the volume; Pp, Q12: no words about and no refusal of wide facets. Qhull's long jumps stay
 * inside qh_new_qhull. */
static etas_status run_qhull(size_t n, double points[], double scale, etas_hull *out,
                             etas_error *err)
{
    char options[] = "qhull FA Pp Q12";
    int left, total, code;
    etas_status st = ETAS_OK;
    qhT qh;

    qh_zero(&qh, NULL);
    code = qh_new_qhull(&qh, 3, (int)n, points, False, options, NULL, NULL);
    if (code == qh_ERRmem)
        st = ETAS_E_NOMEM;
    else if (code != qh_ERRnone)
        st = etas_fail(err, ETAS_E_ARG, "no convex hull of the %zu points (Qhull's error %d)", n,
                       code);
    if (st == ETAS_OK)
        st = copy_facets(&qh, scale, out);
    qh_freeqhull(&qh, !qh_ALL);
    qh_memfreeshort(&qh, &left, &total);
    return st;
}

etas_status etas_hull_build(etas_hull *self, size_t n, const double points_km[], etas_error *err)
{
    etas_hull fresh = {0};
    double *points = NULL, scale;
    etas_status st = check_points(n, points_km, err);

    if (st != ETAS_OK)
        return st;
    scale = centre_and_scale(n, points_km, fresh.centre_km);
    fresh.tolerance_km = BOUNDARY * 2 * scale;
    st = etas_array_alloc((void **)&points, 3 * n, sizeof *points);
    for (size_t i = 0; st == ETAS_OK && i < 3 * n; i++)
        points[i] = scale > SMALLEST_KM ? (points_km[i] - fresh.centre_km[i % 3]) / scale : 0;
    if (st == ETAS_OK)
        st = check_extent(n, points, err);
    if (st == ETAS_OK)
        st = run_qhull(n, points, scale, &fresh, err);
    etas_array_free((void **)&points);
    if (st != ETAS_OK)
        return etas_fail(err, st, "no memory for the convex hull of %zu points", n);
    etas_hull_free(self);
    *self = fresh;
    return ETAS_OK;
}

void etas_hull_free(etas_hull *self)
{
    etas_array_free((void **)&self->facet);
    *self = (etas_hull){0};
}

bool etas_hull_contains(const etas_hull *self, double x_km, double y_km, double z_km)
{
    const double point[3] = {x_km - self->centre_km[0], y_km - self->centre_km[1],
                             z_km - self->centre_km[2]};

    for (size_t i = 0; i < self->n_facets; i++)
        if (!(dot(self->facet[i], point) <= self->facet[i][3] + self->tolerance_km))
            return false;
    return self->n_facets > 0;
}
