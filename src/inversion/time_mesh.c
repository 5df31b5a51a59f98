#include "inversion/time_mesh.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_integration.h>

#include "etas/array.h"
#include "etas/special.h"

/* A panel is as long as its distance from -SMALLEST_C, where the kernel may be singular, and at
 * most LONGEST_PANEL; the order of its rule serves tau from SMALLEST_TAU on. */
static const double SMALLEST_C = 1e-8;
static const double LONGEST_PANEL = 64.0;
static const double SMALLEST_TAU = 10.0;

enum { MIN_ORDER = 2, MAX_ORDER = 14 }; /* GSL has these from tables, the same everywhere */

typedef struct rule_set {
    gsl_integration_glfixed_table *order[MAX_ORDER + 1];
} rule_set;

static void rules_free(rule_set *self)
{
    for (size_t k = MIN_ORDER; k <= MAX_ORDER; k++)
        if (self->order[k] != NULL)
            gsl_integration_glfixed_table_free(self->order[k]);
}

static etas_status rules_init(rule_set *self)
{
    *self = (rule_set){0};
    for (size_t k = MIN_ORDER; k <= MAX_ORDER; k++) {
        self->order[k] = gsl_integration_glfixed_table_alloc(k);
        if (self->order[k] == NULL) {
            rules_free(self);
            return ETAS_E_NOMEM;
        }
    }
    return ETAS_OK;
}

/* Points that give [a, b] to the last digit. The algebraic part converges like z^(-2n), z the sum
 * of the semi-axes of the ellipse through the singularity; the exponential's error is that of the
 * Gauss-Legendre remainder with H = half the panel over tau. */
static size_t order_for(double a, double b)
{
    const double half = 0.5 * (b - a);
    const double centre = (a + half + SMALLEST_C) / half;
    const double z = centre + sqrt(centre * centre - 1.0);
    const double h = half / SMALLEST_TAU;
    double algebraic = 1e2, exponential = 1.0;

    for (size_t n = 1; n < MAX_ORDER; n++) {
        algebraic /= z * z;
        /* (2H)^(2n+1) n!^4 / ((2n+1) (2n)!^3), from its ratio to the one before */
        const double m = (double)n, even = 2.0 * m * (2.0 * m - 1.0);
        exponential *= 4.0 * h * h * (m * m * m * m) * (2.0 * m - 1.0) /
                       ((2.0 * m + 1.0) * even * even * even);
        if (n >= MIN_ORDER && algebraic < 1e-16 && exponential < 1e-16)
            return n;
    }
    return MAX_ORDER;
}

static etas_status add_panel(etas_time_mesh *self, const rule_set *rules, double a, double b)
{
    const size_t order = order_for(a, b);
    const size_t need = self->n_nodes + order;
    etas_status st =
        etas_array_reserve((void **)&self->node, &self->node_capacity, need, sizeof *self->node);

    if (st == ETAS_OK)
        st = etas_array_reserve((void **)&self->weight, &self->weight_capacity, need,
                                sizeof *self->weight);
    if (st != ETAS_OK)
        return st;
    for (size_t k = 0; k < order; k++, self->n_nodes++)
        (void)gsl_integration_glfixed_point(a, b, k, &self->node[self->n_nodes],
                                            &self->weight[self->n_nodes], rules->order[order]);
    return ETAS_OK;
}

static etas_status add_interval(etas_time_mesh *self, const rule_set *rules, double a, double b)
{
    while (a < b) {
        const double end = a + fmin(a + SMALLEST_C, LONGEST_PANEL);
        const double to = end < b ? end : b;
        const etas_status st = add_panel(self, rules, a, to);

        if (st != ETAS_OK)
            return st;
        a = to;
    }
    return ETAS_OK;
}

static int compare_times(const void *a, const void *b)
{
    const etas_time x = *(const etas_time *)a, y = *(const etas_time *)b;

    return (x > y) - (x < y);
}

static size_t sort_unique(size_t n, etas_time x[])
{
    size_t kept = 0;

    qsort(x, n, sizeof *x, compare_times);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || x[i] != x[i - 1])
            x[kept++] = x[i];
    return kept;
}

static size_t position(size_t n, const etas_time sorted[], etas_time x)
{
    const etas_time *at = bsearch(&x, sorted, n, sizeof x, compare_times);

    return (size_t)(at - sorted);
}

typedef struct window {
    etas_time start, end;
} window;

static etas_time delay_from(window w, etas_time t)
{
    return t < w.start ? w.start - t : 0;
}

/* Every [t0, t1] is at most as long as the window, so the first multiple of the window's length at
 * or after t0 lies inside it. */
static etas_time anchor_for(window w, etas_time t)
{
    const etas_time length = w.end - w.start, from = delay_from(w, t);

    return from == 0 ? 0 : ((from - 1) / length + 1) * length;
}

static etas_status mesh_alloc(etas_time_mesh *self, size_t n_sources, size_t n_cuts)
{
    const size_t integral = sizeof(etas_time_integral);
    etas_status st =
        etas_array_alloc((void **)&self->first_node, n_cuts + 1, sizeof *self->first_node);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->is_anchor, n_cuts, sizeof *self->is_anchor);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->from, n_sources, sizeof *self->from);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->to, n_sources, sizeof *self->to);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->up, n_cuts, integral);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->down, n_cuts, integral);
    self->n_sources = n_sources;
    self->n_cuts = n_cuts;
    return st;
}

static etas_status mesh_fill(etas_time_mesh *self, const rule_set *rules, const etas_time cut[])
{
    etas_status st = ETAS_OK;

    for (size_t k = 1; k < self->n_cuts && st == ETAS_OK; k++) {
        self->first_node[k] = self->n_nodes;
        st = add_interval(self, rules, etas_days_between(0, cut[k - 1]),
                          etas_days_between(0, cut[k]));
    }
    self->first_node[self->n_cuts] = self->n_nodes;
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->ln_tc, self->n_nodes, sizeof *self->ln_tc);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->h, self->n_nodes, sizeof *self->h);
    return st;
}

etas_status etas_time_mesh_build(etas_time_mesh *self, size_t n, const etas_time time[],
                                 etas_time window_start, etas_time window_end)
{
    const window w = {window_start, window_end};
    etas_time *cut = NULL;
    size_t n_cuts = 0;
    rule_set rules = {{NULL}};
    etas_status st = etas_array_alloc((void **)&cut, 3 * n + 1, sizeof *cut);

    if (st == ETAS_OK)
        st = rules_init(&rules);
    if (st == ETAS_OK) {
        for (size_t i = 0; i < n; i++) {
            cut[n_cuts++] = delay_from(w, time[i]);
            cut[n_cuts++] = w.end - time[i];
            cut[n_cuts++] = anchor_for(w, time[i]);
        }
        n_cuts = sort_unique(n_cuts, cut);
        st = mesh_alloc(self, n, n_cuts);
    }
    if (st == ETAS_OK)
        st = mesh_fill(self, &rules, cut);
    for (size_t k = 0; k < ETAS_TIME_ORDER && st == ETAS_OK; k++)
        (void)gsl_integration_glfixed_point(0.0, 1.0, k, &self->unit_node[k], &self->unit_weight[k],
                                            rules.order[ETAS_TIME_ORDER]);
    for (size_t i = 0; i < n && st == ETAS_OK; i++) {
        self->from[i] = (uint32_t)position(n_cuts, cut, delay_from(w, time[i]));
        self->to[i] = (uint32_t)position(n_cuts, cut, w.end - time[i]);
        self->is_anchor[position(n_cuts, cut, anchor_for(w, time[i]))] = 1;
    }
    rules_free(&rules);
    etas_array_free((void **)&cut);
    return st;
}

void etas_time_mesh_free(etas_time_mesh *self)
{
    etas_array_free((void **)&self->node);
    etas_array_free((void **)&self->weight);
    etas_array_free((void **)&self->first_node);
    etas_array_free((void **)&self->is_anchor);
    etas_array_free((void **)&self->from);
    etas_array_free((void **)&self->to);
    etas_array_free((void **)&self->ln_tc);
    etas_array_free((void **)&self->h);
    etas_array_free((void **)&self->up);
    etas_array_free((void **)&self->down);
    *self = (etas_time_mesh){0};
}

/* The integral of h and its derivatives from the values at n nodes. With L = ln(t + c),
 * x = t / tau, p = c / (t + c): dh/dln c = -(1 + omega) p h, dh/domega = -L h,
 * dh/dln tau = x h, and p x = (c / tau) (1 - p). */
static etas_time_integral integrate(size_t n, const double t[], const double ln_tc[],
                                    const double h[], const etas_pair_decay *k)
{
    double s1 = 0.0, sp = 0.0, sl = 0.0, sx = 0.0;
    double spp = 0.0, spl = 0.0, sll = 0.0, slx = 0.0, sxx = 0.0;

    for (size_t i = 0; i < n; i++) {
        const double p = k->c_days / (t[i] + k->c_days), x = t[i] * k->inv_tau;
        const double hp = h[i] * p, hl = h[i] * ln_tc[i], hx = h[i] * x;

        s1 += h[i];
        sp += hp;
        sl += hl;
        sx += hx;
        spp += hp * p;
        spl += hl * p;
        sll += hl * ln_tc[i];
        slx += hl * x;
        sxx += hx * x;
    }
    return (etas_time_integral){.d = {[ETAS_T] = s1,
                                      [ETAS_T_C] = -k->p * sp,
                                      [ETAS_T_W] = -sl,
                                      [ETAS_T_U] = sx,
                                      [ETAS_T_CC] = k->p * ((k->p + 1.0) * spp - sp),
                                      [ETAS_T_CW] = k->p * spl - sp,
                                      [ETAS_T_CU] = -k->p * (k->c_days * k->inv_tau) * (s1 - sp),
                                      [ETAS_T_WW] = sll,
                                      [ETAS_T_WU] = -slx,
                                      [ETAS_T_UU] = sxx - sx}};
}

static void add(etas_time_integral *sum, const etas_time_integral *part)
{
    for (size_t k = 0; k < ETAS_T_COUNT; k++)
        sum->d[k] += part->d[k];
}

static etas_pair_decay decay_of(const etas_omori *omori)
{
    return (etas_pair_decay){
        .c_days = omori->c_days, .inv_tau = 1.0 / omori->tau_days, .p = 1.0 + omori->omega};
}

void etas_time_mesh_evaluate(etas_time_mesh *self, const etas_pair_kernels *kernels,
                             const etas_omori *omori)
{
    const etas_pair_decay decay = decay_of(omori);
    etas_time_integral sum = {{0}};

    kernels->nodes(self->n_nodes, self->node, self->weight, &decay, self->ln_tc, self->h);
    for (size_t k = 0; k < self->n_cuts; k++) {
        const size_t at = self->first_node[k], n = self->first_node[k + 1] - at;
        const etas_time_integral part =
            integrate(n, self->node + at, self->ln_tc + at, self->h + at, &decay);

        if (k > 0 && self->is_anchor[k - 1])
            sum = (etas_time_integral){{0}};
        add(&sum, &part);
        self->up[k] = sum;
        self->down[k] = part; /* for the way back */
    }
    sum = (etas_time_integral){{0}};
    for (size_t k = self->n_cuts; k-- > 0;) {
        const etas_time_integral part = self->down[k];

        if (self->is_anchor[k])
            sum = (etas_time_integral){{0}};
        self->down[k] = sum;
        add(&sum, &part);
    }
}

/* c^-omega / omega. */
static etas_time_integral untapered_all(const etas_omori *omori)
{
    const double w = omori->omega, ln_c = etas_ln(omori->c_days), lost = ln_c + 1.0 / w;
    const double t = etas_exp(-w * ln_c) / w;

    return (etas_time_integral){.d = {[ETAS_T] = t,
                                      [ETAS_T_C] = -w * t,
                                      [ETAS_T_W] = -lost * t,
                                      [ETAS_T_CC] = w * w * t,
                                      [ETAS_T_CW] = (w * lost - 1.0) * t,
                                      [ETAS_T_WW] = (lost * lost + 1.0 / (w * w)) * t}};
}

/* In v = ln((t + c) / c), where the kernel is smooth on the scale of 1. */
etas_time_integral etas_time_mesh_all(const etas_time_mesh *self, const etas_pair_kernels *kernels,
                                      const etas_omori *omori)
{
    enum { PANELS = 128, NODES = ETAS_TIME_ORDER * PANELS };
    const etas_pair_decay decay = decay_of(omori);
    if (isinf(omori->tau_days))
        return untapered_all(omori);
    const double top = etas_log1p(45.0 * omori->tau_days / omori->c_days);
    const size_t panels = (size_t)fmin((double)PANELS, 1.0 + 2.0 * top);
    const double width = top / (double)panels;
    double t[NODES], weight[NODES], ln_tc[NODES], h[NODES];
    size_t n = 0;

    for (size_t panel = 0; panel < panels; panel++) {
        for (size_t k = 0; k < ETAS_TIME_ORDER; k++, n++) {
            t[n] = omori->c_days * etas_expm1(((double)panel + self->unit_node[k]) * width);
            weight[n] = (t[n] + omori->c_days) * width * self->unit_weight[k];
        }
    }
    kernels->nodes(n, t, weight, &decay, ln_tc, h);
    return integrate(n, t, ln_tc, h, &decay);
}
