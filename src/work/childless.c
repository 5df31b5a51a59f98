#include "work/childless.h"

#include <math.h>

#include "etas/array.h"
#include "etas/events.h"
#include "etas/special.h"

/* Nodes and panels: docs/simulation.md says what they are worth. */
enum { N_GAUSS = 16, DEGREE = 5, N_COEFFICIENTS = DEGREE + 1, MAX_PANELS = 1024 };
static const double CELLS_PER_UNIT = 16;
static const double PANEL = 0.35;    /* of 1/alpha or 1/beta, whichever is shorter */
static const double TAIL = 42;       /* e^-42 of the last threshold's events lie beyond */
static const double NEGLIGIBLE = 60; /* e^-60 of them */
static const double MS_PER_DAY = 86400e3;

static const double gauss_node[N_GAUSS / 2] = {
    0.09501250983763744, 0.2816035507792589, 0.45801677765722737, 0.6178762444026438,
    0.755404408355003,   0.8656312023878318, 0.9445750230732326,  0.9894009349916499};
static const double gauss_weight[N_GAUSS / 2] = {
    0.1894506104550685,  0.18260341504492358, 0.16915651939500254,  0.14959598881657674,
    0.12462897125553388, 0.09515851168249279, 0.062253523938647894, 0.027152459411754096};

/* ---- what is reported ---- */

int32_t etas_reported_units(const etas_plan *plan, double m)
{
    return (int32_t)floor((m - plan->delta_m / 2) * ETAS_MAG_UNITS + 0.5);
}

int32_t etas_reached_units(double m)
{
    return (int32_t)floor(m * ETAS_MAG_UNITS + 0.5);
}

static double units_of(const etas_plan *plan, double binned)
{
    return floor(fmin(binned, plan->m_max) * ETAS_MAG_UNITS + 0.5);
}

double etas_reported_edge(const etas_plan *plan, int32_t units)
{
    const double width = plan->delta_m, edge = ((double)units - 0.5) / ETAS_MAG_UNITS;
    double k, m;

    if (plan->delta_m == 0) {
        m = edge <= plan->m_max ? edge : (double)INFINITY;
    } else {
        k = floor(edge / width) - 1;
        while (units_of(plan, k * width) < units && k * width <= plan->m_max)
            k++;
        m = units_of(plan, k * width) >= units ? (k - 0.5) * width : (double)INFINITY;
    }
    return fmax(m, plan->mc);
}

/* ---- the nodes of the quadrature ---- */

typedef struct node {
    size_t group;      /* thresholds reached: 0 .. n */
    double weight;     /* of f */
    double relative_a; /* of K at u = 0, less its smallest value */
} node;

typedef struct quadrature {
    size_t n, capacity;
    node *nodes;
    const etas_plan *plan;
    double scale;    /* K e^-u at dm = 0 */
    double smallest; /* K e^-u that is taken off: the ratio of two integrals does not feel it */
    double base;     /* dm that f counts from, likewise */
} quadrature;

static double rate_at(const quadrature *self, double dm)
{
    return self->scale * etas_exp(self->plan->alpha * dm);
}

static etas_status add_panels(quadrature *self, size_t group, double from, double to)
{
    const etas_plan *const p = self->plan;
    const double width = PANEL / fmax(p->beta, fabs(p->alpha));
    const double count = ceil((to - from) / width);
    const size_t panels = count < MAX_PANELS ? (size_t)fmax(count, 1) : MAX_PANELS;
    const double half = 0.5 * (to - from) / (double)panels;

    if (!(to > from))
        return ETAS_OK;
    if (etas_array_reserve((void **)&self->nodes, &self->capacity, self->n + N_GAUSS * panels,
                           sizeof *self->nodes) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t k = 0; k < panels; k++)
        for (size_t j = 0; j < N_GAUSS; j++) {
            const double x = j % 2 == 0 ? gauss_node[j / 2] : -gauss_node[j / 2];
            const double dm = from + half * ((double)(2 * k + 1) + x);

            self->nodes[self->n++] = (node){.group = group,
                                            .weight = gauss_weight[j / 2] * half * p->beta *
                                                      etas_exp(-p->beta * (dm - self->base)),
                                            .relative_a = rate_at(self, dm) - self->smallest};
        }
    return ETAS_OK;
}

/* From what is reported up, cut at the thresholds; the tail is cut where nothing is left. */
static etas_status fill_nodes(quadrature *self, size_t n, const double threshold[])
{
    const etas_plan *const p = self->plan;
    const double top = p->m_max + p->delta_m / 2 - p->mc;
    double from = etas_reported_edge(p, etas_reported_units(p, p->m_threshold)) - p->mc, last, end;
    etas_status st = ETAS_OK;

    if (!(from < top))
        return ETAS_OK; /* nothing is reported */
    self->base = last = from;
    for (size_t j = 0; j < n; j++) {
        const double edge = etas_reported_edge(p, etas_reached_units(threshold[j])) - p->mc;

        if (edge < top)
            last = fmax(last, edge);
    }
    end = fmin(top, last + TAIL / p->beta);
    self->scale = p->productivity * etas_pow(p->c_days, -p->omega);
    self->smallest = rate_at(self, p->alpha >= 0 ? from : end);
    for (size_t j = 0; j < n && st == ETAS_OK; j++) {
        const double edge = etas_reported_edge(p, etas_reached_units(threshold[j])) - p->mc;
        const double to = fmin(fmax(edge, from), end);

        st = add_panels(self, j, from, to);
        from = to;
    }
    return st == ETAS_OK ? add_panels(self, n, from, end) : st;
}

/* ---- the table ---- */

/* Value and first two derivatives by u. */
typedef struct jet {
    double v, d1, d2;
} jet;

static jet jet_quotient(jet a, jet b)
{
    jet q;

    q.v = a.v / b.v;
    q.d1 = (a.d1 - q.v * b.d1) / b.v;
    q.d2 = (a.d2 - 2 * q.d1 * b.d1 - q.v * b.d2) / b.v;
    return q;
}

/* part[g]: integral over group g of f exp(-e^u a). */
static void integrate(const quadrature *self, double u, size_t n, jet part[])
{
    const double kernel = etas_exp(u);

    for (size_t g = 0; g <= n; g++)
        part[g] = (jet){0};
    for (size_t i = 0; i < self->n; i++) {
        const node *const x = &self->nodes[i];
        const double k = kernel * x->relative_a;
        double v;

        if (!(k <= NEGLIGIBLE))
            continue;
        v = x->weight * etas_exp(-k);
        part[x->group].v += v;
        part[x->group].d1 -= k * v;
        part[x->group].d2 += (k * k - k) * v;
    }
}

/* out[j]: q_j. Sums run from the top, so that small ones keep their digits. */
static void tabulate(const quadrature *self, double u, size_t n, jet part[], jet out[])
{
    integrate(self, u, n, part);
    for (size_t j = n; j-- > 0;) {
        part[j].v += part[j + 1].v;
        part[j].d1 += part[j + 1].d1;
        part[j].d2 += part[j + 1].d2;
    }
    for (size_t j = 0; j < n; j++)
        out[j] = part[0].v > 0 ? jet_quotient(part[j + 1], part[0]) : (jet){0};
}

/* The quintic on [0, 1] with these values and derivatives at its ends. */
static void set_quintic(jet a, jet b, size_t stride, double out[])
{
    const double h = 1 / CELLS_PER_UNIT;
    const double a1 = h * a.d1, b1 = h * b.d1, a2 = h * h * a.d2, b2 = h * h * b.d2;
    const double rise = b.v - a.v;

    out[0] = a.v;
    out[stride] = a1;
    out[2 * stride] = a2 / 2;
    out[3 * stride] = 10 * rise - 6 * a1 - 4 * b1 - 1.5 * a2 + 0.5 * b2;
    out[4 * stride] = -15 * rise + 8 * a1 + 7 * b1 + 1.5 * a2 - b2;
    out[5 * stride] = 6 * rise - 3 * a1 - 3 * b1 - 0.5 * a2 + 0.5 * b2;
}

static double u_at(const etas_childless *self, double remaining_days)
{
    const double log_ratio = etas_log1p(fmin(remaining_days, self->horizon_days) / self->c_days);
    const double x = self->omega * log_ratio;

    return etas_ln(fabs(x) < 1e-9 ? log_ratio : -etas_expm1(-x) / self->omega);
}

/* From the middle of the millisecond; half a one is the least that is ever left. */
static double remaining_at(const etas_childless *self, uint64_t time_ms)
{
    return fmax(self->window_ms - ((double)time_ms + 0.5), 0.5) / MS_PER_DAY;
}

static etas_status fill_table(etas_childless *self, const quadrature *rule)
{
    const size_t n = self->n;
    jet *scratch = NULL, *a, *b;
    etas_status st = etas_array_alloc((void **)&scratch, 3 * n + 1, sizeof *scratch);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->coefficient, N_COEFFICIENTS * self->n_cells,
                              n * sizeof *self->coefficient);
    if (st != ETAS_OK) {
        etas_array_free((void **)&scratch);
        return st;
    }
    a = scratch + n + 1;
    b = a + n;
    tabulate(rule, self->u_first, n, scratch, a);
    for (size_t i = 0; i < self->n_cells; i++) {
        jet *const swap = a;

        tabulate(rule, self->u_first + (double)(i + 1) / CELLS_PER_UNIT, n, scratch, b);
        for (size_t j = 0; j < n; j++)
            set_quintic(a[j], b[j], n, self->coefficient + N_COEFFICIENTS * n * i + j);
        a = b;
        b = swap;
    }
    etas_array_free((void **)&scratch);
    return ETAS_OK;
}

etas_status etas_childless_build(etas_childless *self, const etas_plan *plan, size_t n,
                                 const double threshold[], etas_error *err)
{
    etas_childless fresh = {
        .n = n,
        .window_ms = plan->window_days * MS_PER_DAY,
        .horizon_days = plan->inv_tau > 0 ? ETAS_PLAN_HORIZON_TAUS / plan->inv_tau : INFINITY,
        .c_days = plan->c_days,
        .omega = plan->omega,
        .cells_per_unit = CELLS_PER_UNIT};
    quadrature rule = {.plan = plan};
    etas_status st = fill_nodes(&rule, n, threshold);

    fresh.u_first = u_at(&fresh, 0.5 / MS_PER_DAY);
    fresh.n_cells =
        1 + (size_t)fmax(0, (u_at(&fresh, plan->window_days) - fresh.u_first) * CELLS_PER_UNIT);
    if (st == ETAS_OK)
        st = fill_table(&fresh, &rule);
    etas_array_free((void **)&rule.nodes);
    if (st != ETAS_OK) {
        etas_childless_free(&fresh);
        return etas_fail(err, st, "no memory for the magnitudes of events without children");
    }
    etas_childless_free(self);
    *self = fresh;
    return ETAS_OK;
}

void etas_childless_free(etas_childless *self)
{
    etas_array_free((void **)&self->coefficient);
    *self = (etas_childless){0};
}

void etas_childless_at(const etas_childless *self, uint64_t time_ms, double q[])
{
    const double at =
        (u_at(self, remaining_at(self, time_ms)) - self->u_first) * self->cells_per_unit;
    const double last = (double)(self->n_cells - 1);
    const double cell = fmin(fmax(floor(at), 0), last), s = at - cell;
    const size_t n = self->n;
    const double *const c = self->coefficient + N_COEFFICIENTS * n * (size_t)cell;

    for (size_t j = 0; j < n; j++)
        q[j] = c[5 * n + j];
    for (size_t k = DEGREE; k-- > 0;)
        for (size_t j = 0; j < n; j++)
            q[j] = q[j] * s + c[k * n + j];
    for (size_t j = 0; j < n; j++)
        q[j] = q[j] < 0 ? 0 : q[j] > 1 ? 1 : q[j];
}
