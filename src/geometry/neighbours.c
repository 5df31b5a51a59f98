#include "geometry/neighbours.h"

#include <math.h>
#include <stdlib.h>

#include "etas/array.h"
#include "etas/special.h"

static const double PI = 0x1.921fb54442d18p+1;

static const double SLACK = 1e-9;
static const double SLACK_ABSOLUTE = 1e-14;

typedef struct point {
    double at[3], reach;
    uint32_t index;
    int level; /* of the reach: its tree */
} point;

enum { LEVELS = 64, LEVEL_OF_ONE = 32 };

static int level_of(double reach)
{
    int exponent;

    if (!(reach > 0.0))
        return 0;
    if (isinf(reach))
        return LEVELS - 1;
    (void)frexp(reach, &exponent);
    exponent += LEVEL_OF_ONE;
    return exponent < 0 ? 0 : exponent < LEVELS ? exponent : LEVELS - 1;
}

static void swap_points(point *a, point *b)
{
    const point t = *a;

    *a = *b;
    *b = t;
}

static double median_of_three(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Hoare's FIND: afterwards p[middle] is in its sorted place along the axis, nothing before it is
 * larger and nothing after it smaller. */
static void select_middle(ptrdiff_t n, point p[], ptrdiff_t middle, unsigned axis)
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

static int by_index(const void *a, const void *b)
{
    const point *x = a, *y = b;

    return (x->index > y->index) - (x->index < y->index);
}

static int by_level(const void *a, const void *b)
{
    const point *x = a, *y = b;
    const int levels = (x->level > y->level) - (x->level < y->level);

    return levels != 0 ? levels : by_index(a, b);
}

/* Adds the node of p[first, end) and fills in all but skip. */
static etas_status add_node(etas_neighbours *out, const point p[], uint32_t first, uint32_t end)
{
    etas_neighbour_node node = {.first = first, .end = end, .least = UINT32_MAX};

    if (etas_array_reserve((void **)&out->node, &out->node_capacity, out->n_nodes + 1,
                           sizeof *out->node) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (unsigned axis = 0; axis < 3; axis++)
        node.low[axis] = node.high[axis] = p[first].at[axis];
    for (uint32_t i = first; i < end; i++) {
        for (unsigned axis = 0; axis < 3; axis++) {
            node.low[axis] = fmin(node.low[axis], p[i].at[axis]);
            node.high[axis] = fmax(node.high[axis], p[i].at[axis]);
        }
        node.reach = fmax(node.reach, p[i].reach);
        node.least = p[i].index < node.least ? p[i].index : node.least;
    }
    out->node[out->n_nodes++] = node;
    return ETAS_OK;
}

static unsigned widest_axis(const etas_neighbour_node *node)
{
    unsigned widest = 0;

    for (unsigned axis = 1; axis < 3; axis++)
        if (node->high[axis] - node->low[axis] > node->high[widest] - node->low[widest])
            widest = axis;
    return widest;
}

static etas_status build(etas_neighbours *out, point p[], uint32_t first, uint32_t end)
{
    const size_t self = out->n_nodes;
    const uint32_t n = end - first;
    etas_status st = add_node(out, p, first, end);

    if (st != ETAS_OK)
        return st;
    if (n > ETAS_NEIGHBOUR_RUN) {
        select_middle((ptrdiff_t)n, p + first, (ptrdiff_t)(n / 2), widest_axis(&out->node[self]));
        st = build(out, p, first, first + n / 2);
        if (st == ETAS_OK)
            st = build(out, p, first + n / 2, end);
    } else {
        qsort(p + first, n, sizeof *p, by_index);
    }
    out->node[self].skip = (uint32_t)out->n_nodes;
    return st;
}

static etas_status build_all(etas_neighbours *out, size_t n, point p[])
{
    etas_status st = ETAS_OK;

    qsort(p, n, sizeof *p, by_level);
    for (size_t i = 0, end = 0; i < n && st == ETAS_OK; i = end) {
        while (end < n && p[end].level == p[i].level)
            end++;
        st = build(out, p, (uint32_t)i, (uint32_t)end);
    }
    return st;
}

etas_status etas_neighbours_build(etas_neighbours *out, size_t n, const double at[][3],
                                  const double reach[])
{
    point *p = NULL;
    etas_status st;

    if (n > UINT32_MAX)
        return ETAS_E_LIMIT;
    st = etas_array_alloc((void **)&p, n, sizeof *p);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&out->index, n, sizeof *out->index);
    for (size_t i = 0; i < n && st == ETAS_OK; i++)
        p[i] = (point){.at = {at[i][0], at[i][1], at[i][2]},
                       .reach = reach[i],
                       .index = (uint32_t)i,
                       .level = level_of(reach[i])};
    if (st == ETAS_OK)
        st = build_all(out, n, p);
    for (size_t i = 0; i < n && st == ETAS_OK; i++)
        out->index[i] = p[i].index;
    out->n = n;
    etas_array_free((void **)&p);
    if (st != ETAS_OK)
        etas_neighbours_free(out);
    return st;
}

void etas_neighbours_free(etas_neighbours *self)
{
    etas_array_free((void **)&self->node);
    etas_array_free((void **)&self->index);
    *self = (etas_neighbours){0};
}

/* How far x lies outside an interval. */
static inline double beyond(double low, double high, double x)
{
    const double below = low - x, above = x - high, out = below > above ? below : above;

    return out > 0.0 ? out : 0.0;
}

/* Is some place of its box within the reach? */
static inline bool may_reach(const etas_neighbour_node *node, const double at[3])
{
    const double x = beyond(node->low[0], node->high[0], at[0]);
    const double y = beyond(node->low[1], node->high[1], at[1]);
    const double z = beyond(node->low[2], node->high[2], at[2]);

    return x * x + y * y + z * z <= node->reach * node->reach;
}

/* The end of those of the ascending run [first, end) that are below a limit; the first one is. */
static inline uint32_t end_below(const uint32_t index[], uint32_t first, uint32_t end,
                                 uint32_t limit)
{
    uint32_t length = end - first;

    while (length > 1) {
        const uint32_t half = length / 2;

        first = index[first + half] < limit ? first + half : first;
        length -= half;
    }
    return first + 1;
}

bool etas_neighbours_next(const etas_neighbours *self, const double at[3], uint32_t before,
                          etas_neighbour_run *run)
{
    size_t i = run->next_node;

    while (i < self->n_nodes) {
        const etas_neighbour_node *node = &self->node[i];

        if (node->least >= before || !may_reach(node, at)) {
            i = node->skip;
            continue;
        }
        i++;
        if (node->skip != i)
            continue;
        run->first = node->first;
        run->end = end_below(self->index, node->first, node->end, before);
        run->next_node = i;
        return true;
    }
    run->next_node = i;
    return false;
}

double etas_neighbour_chord(double radians)
{
    double sine, cosine;

    if (!(radians < PI))
        return INFINITY;
    etas_sincos(0.5 * radians, &sine, &cosine);
    return 2.0 * sine * (1.0 + SLACK) + SLACK_ABSOLUTE;
}
