#include "geometry/neighbours.h"

#include <math.h>
#include <stdbool.h>

#include "etas/array.h"
#include "etas/special.h"
#include "geometry/sphere.h"

static const double PI = 0x1.921fb54442d18p+1;

/* The ball's chord is longer by this much, far more than the unit vectors and the caller's
 * distances are wrong by. */
static const double SLACK = 1e-9;
static const double SLACK_ABSOLUTE = 1e-14;

static void swap_points(etas_neighbour_point *a, etas_neighbour_point *b)
{
    const etas_neighbour_point t = *a;

    *a = *b;
    *b = t;
}

static double median_of_three(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Hoare's FIND: afterwards p[middle] is in its sorted place along the axis, nothing before it is
 * larger and nothing after it smaller. */
static void select_middle(ptrdiff_t n, etas_neighbour_point p[], ptrdiff_t middle, unsigned axis)
{
    ptrdiff_t first = 0, last = n - 1;

    while (first < last) {
        const double pivot =
            median_of_three(p[first].at[axis], p[middle].at[axis], p[last].at[axis]);
        ptrdiff_t i = first, j = last;

        while (i <= j) {
            while (p[i].at[axis] < pivot)
                i++;
            while (p[j].at[axis] > pivot)
                j--;
            if (i <= j)
                swap_points(&p[i++], &p[j--]);
        }
        if (j < middle)
            first = i;
        if (middle < i)
            last = j;
    }
}

static unsigned widest_axis(size_t n, const etas_neighbour_point p[])
{
    double width[3];

    for (unsigned axis = 0; axis < 3; axis++) {
        double low = p[0].at[axis], high = low;

        for (size_t i = 1; i < n; i++) {
            low = fmin(low, p[i].at[axis]);
            high = fmax(high, p[i].at[axis]);
        }
        width[axis] = high - low;
    }
    if (width[0] >= width[1] && width[0] >= width[2])
        return 0;
    return width[1] >= width[2] ? 1 : 2;
}

static void build(size_t n, etas_neighbour_point p[])
{
    while (n > 1) {
        const size_t middle = n / 2;
        const unsigned axis = widest_axis(n, p);

        select_middle((ptrdiff_t)n, p, (ptrdiff_t)middle, axis);
        p[middle].axis = (uint8_t)axis;
        build(middle, p);
        p += middle + 1;
        n -= middle + 1;
    }
}

etas_status etas_neighbours_build(etas_neighbours *out, size_t n, const double lat[],
                                  const double lon[])
{
    if (n > UINT32_MAX)
        return ETAS_E_LIMIT;
    if (etas_array_alloc((void **)&out->point, n, sizeof *out->point) != ETAS_OK)
        return ETAS_E_NOMEM;
    out->n = n;
    for (size_t i = 0; i < n; i++) {
        etas_unit_vector(lat[i], lon[i], out->point[i].at);
        out->point[i].index = (uint32_t)i;
    }
    build(n, out->point);
    return ETAS_OK;
}

void etas_neighbours_free(etas_neighbours *self)
{
    etas_array_free((void **)&self->point);
    self->n = 0;
}

typedef struct ball {
    double centre[3];
    double chord; /* straight through the sphere */
} ball;

static bool ball_contains(const ball *self, const double at[3])
{
    const double x = at[0] - self->centre[0], y = at[1] - self->centre[1],
                 z = at[2] - self->centre[2];

    return x * x + y * y + z * z <= self->chord * self->chord;
}

static etas_status collect(size_t n, const etas_neighbour_point p[], const ball *within,
                           etas_neighbour_list *found)
{
    while (n > 0) {
        const size_t middle = n / 2;
        const etas_neighbour_point *root = &p[middle];
        const double offset = within->centre[root->axis] - root->at[root->axis];

        if (offset <= within->chord && collect(middle, p, within, found) != ETAS_OK)
            return ETAS_E_NOMEM;
        if (ball_contains(within, root->at)) {
            if (etas_array_reserve((void **)&found->index, &found->capacity, found->n + 1,
                                   sizeof *found->index) != ETAS_OK)
                return ETAS_E_NOMEM;
            found->index[found->n++] = root->index;
        }
        if (offset < -within->chord)
            break;
        p += middle + 1;
        n -= middle + 1;
    }
    return ETAS_OK;
}

etas_status etas_neighbours_query(const etas_neighbours *self, double lat, double lon,
                                  double radius_rad, etas_neighbour_list *found)
{
    ball within;
    double sine = 1, cosine;

    etas_unit_vector(lat, lon, within.centre);
    if (radius_rad < PI)
        etas_sincos(0.5 * radius_rad, &sine, &cosine);
    within.chord = 2 * sine * (1 + SLACK) + SLACK_ABSOLUTE;
    found->n = 0;
    return collect(self->n, self->point, &within, found);
}

void etas_neighbour_list_free(etas_neighbour_list *self)
{
    etas_array_free((void **)&self->index);
    *self = (etas_neighbour_list){0};
}
