/* What the pairs of an inversion say about the parts of its model. */
#include "etas/fit_data.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_sf_gamma.h>

#include "etas/array.h"
#include "etas/special.h"

/* Bins of delays and distances: six for a factor of ten, wide enough for any of them. */
enum { PER_DECADE = 6, LOWEST = -12, DECADES = 20, N_BINS = PER_DECADE * DECADES };

typedef struct gather {
    etas_fit_data *out;
    const etas_catalog *catalog;
    const etas_inversion_config *cfg;
    etas_inversion_state state;
    double edge[N_BINS + 1];
    double time_to[N_BINS + 1];  /* the time kernel's integral up to an edge */
    double space_to[N_BINS + 1]; /* the spatial kernel's share up to an edge */
    double *width_km;            /* per source: sqrt(d e^(gamma dm)) */
    double *growth; /* per source: aftershocks per unit of the time kernel's integral */
} gather;

double etas_space_share(const etas_params *theta, double u)
{
    const double rho = theta->value[ETAS_RHO];
    const double u2 = u * u;

    if (!(u2 < INFINITY))
        return 1;
    if (!theta->three_dim)
        return -etas_expm1(-rho * etas_log1p(u2));
    /* of u2 / (1 + u2), a beta distribution */
    return gsl_sf_beta_inc(1.5, rho - 0.5, u2 / (1 + u2));
}

void etas_fit_data_free(etas_fit_data *self)
{
    etas_array_free((void **)&self->delay);
    etas_array_free((void **)&self->distance);
    etas_array_free((void **)&self->group);
    etas_array_free((void **)&self->size);
    etas_array_free((void **)&self->time_days);
    etas_array_free((void **)&self->background);
    *self = (etas_fit_data){0};
}

/* The bin of a value above 0; the outermost ones hold what lies beyond them. */
static size_t bin_of(const gather *g, double value)
{
    double at = floor((log10(value) - LOWEST) * PER_DECADE);
    size_t k;

    at = fmax(0, fmin(N_BINS - 1, at));
    k = (size_t)at;
    while (k > 0 && value < g->edge[k])
        k--;
    while (k + 1 < N_BINS && value >= g->edge[k + 1])
        k++;
    return k;
}

static etas_status add_row(void *context, const etas_pair_row *row, etas_error *err)
{
    gather *const g = context;
    const double zeta = g->state.zeta != NULL ? g->state.zeta[row->number] : 1;

    (void)err;
    for (size_t k = 0; k < row->n; k++) {
        const double weight = row->p[k] * zeta;
        const double u = sqrt(row->r2_km2[k]) / g->width_km[row->source[k]];

        g->out->n_weight += weight;
        g->out->delay[bin_of(g, row->time_days[k])].weight += weight;
        g->out->distance[bin_of(g, u)].weight += weight;
    }
    return ETAS_OK;
}

/* ---- what the model expects ---- */

/* Delays at which a source could be seen to trigger. */
static void window_of(const gather *g, size_t i, double *t0, double *t1)
{
    const etas_time time = g->catalog->time[i];

    *t0 = fmax(0, etas_days_between(time, g->cfg->window_start));
    *t1 = etas_days_between(time, g->cfg->window_end);
}

static double share_before(const double to[], const double edge[], size_t k, double at,
                           double to_at)
{
    return at >= edge[k + 1] ? to[k + 1] : at > edge[k] ? to_at : to[k];
}

/* What source @p i adds to the expectation of all bins. */
static void expect_source(gather *g, size_t i, const etas_omori *omori)
{
    const double reach = etas_rupture_length_km(g->catalog->mag[i]) *
                         g->cfg->coppersmith_multiplier / g->width_km[i];
    double t0, t1, to_t0, to_t1, to_reach;

    window_of(g, i, &t0, &t1);
    to_t0 = etas_omori_integral(omori, 0, t0);
    to_t1 = etas_omori_integral(omori, 0, t1);
    to_reach = etas_space_share(&g->out->theta, reach);
    for (size_t k = 0; k < N_BINS; k++) {
        const double in_time =
            share_before(g->time_to, g->edge, k, t1, to_t1) - fmax(to_t0, g->time_to[k]);
        const double in_space =
            share_before(g->space_to, g->edge, k, reach, to_reach) - g->space_to[k];

        if (in_time > 0)
            g->out->delay[k].expected += g->growth[i] * in_time;
        g->out->distance[k].expected += g->growth[i] * (to_t1 - to_t0) * in_space;
    }
}

static void set_bins(gather *g, const etas_omori *omori)
{
    for (size_t k = 0; k <= N_BINS; k++) {
        g->edge[k] = pow(10, LOWEST + (double)k / PER_DECADE);
        g->time_to[k] = etas_omori_integral(omori, 0, g->edge[k]);
        g->space_to[k] = etas_space_share(&g->out->theta, g->edge[k]);
    }
    for (size_t k = 0; k < N_BINS; k++) {
        g->out->delay[k] = (etas_fit_bin){.low = g->edge[k], .high = g->edge[k + 1]};
        g->out->distance[k] = g->out->delay[k];
    }
}

static void set_sources(gather *g)
{
    const double *const v = g->out->theta.value;
    const double mc = g->out->m_ref - g->out->delta_m / 2;
    const double alpha = etas_params_alpha(&g->out->theta);
    const double ln_k = etas_params_ln_productivity(&g->out->theta);

    for (size_t i = 0; i < g->catalog->n; i++) {
        const double dm = g->catalog->mag[i] - mc;

        g->width_km[i] = sqrt(pow(10, v[ETAS_LOG10_D]) * etas_exp(v[ETAS_GAMMA] * dm));
        g->growth[i] = etas_exp(ln_k + alpha * dm);
        if (g->state.kappa != NULL) /* instead of k0 e^(a dm) */
            g->growth[i] *=
                g->state.kappa[i] / (pow(10, v[ETAS_LOG10_K0]) * etas_exp(v[ETAS_A] * dm));
    }
}

/* Only bins from the first to the last with a weight. */
static size_t trim(etas_fit_bin bins[])
{
    size_t first = 0, last = N_BINS;

    while (last > 0 && !(bins[last - 1].weight > 0))
        last--;
    while (first < last && !(bins[first].weight > 0))
        first++;
    memmove(bins, bins + first, (last - first) * sizeof *bins);
    return last - first;
}

static etas_status gather_pairs(gather *g, etas_inversion *inversion, etas_error *err)
{
    const etas_omori omori = etas_params_omori(&g->out->theta);
    etas_status st = etas_array_alloc((void **)&g->out->delay, N_BINS, sizeof *g->out->delay);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&g->out->distance, N_BINS, sizeof *g->out->distance);
    if (st != ETAS_OK)
        return st;
    set_bins(g, &omori);
    st = etas_inversion_visit_pairs(inversion, add_row, g, err);
    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < g->catalog->n; i++)
        expect_source(g, i, &omori);
    g->out->n_delays = trim(g->out->delay);
    g->out->n_distances = trim(g->out->distance);
    return ETAS_OK;
}

/* ---- magnitudes ---- */

/* Bins of a tenth or, where magnitudes are coarser, of their steps; the first starts at the lowest
 * completeness. */
typedef struct magnitude_bins {
    double low, width;
    size_t n;
} magnitude_bins;

static size_t magnitude_bin(const magnitude_bins *bins, double mag)
{
    const double k = floor((mag - bins->low) / bins->width + 1e-6);

    return k > 0 ? (size_t)k : 0;
}

static magnitude_bins bins_of(const gather *g)
{
    const double step = g->out->delta_m;
    magnitude_bins bins = {.low = g->out->m_ref - step / 2,
                           .width = step > 0 ? step * ceil(0.1 / step - 1e-9) : 0.1};
    double most = bins.low;

    for (size_t i = 0; i < g->catalog->n; i++)
        most = fmax(most, g->catalog->mag[i]);
    bins.n = magnitude_bin(&bins, most) + 1;
    return bins;
}

static etas_status gather_groups(gather *g)
{
    const magnitude_bins bins = bins_of(g);
    const etas_omori omori = etas_params_omori(&g->out->theta);
    const double lasting = etas_omori_integral(&omori, 0, INFINITY);
    etas_fit_group *group;
    etas_status st = etas_array_alloc((void **)&group, bins.n, sizeof *group);

    if (st != ETAS_OK)
        return st;
    g->out->group = group;
    g->out->n_groups = bins.n;
    for (size_t i = 0; i < g->catalog->n; i++) {
        etas_fit_group *const c = &group[magnitude_bin(&bins, g->catalog->mag[i])];
        double t0, t1;

        window_of(g, i, &t0, &t1);
        c->n_sources++;
        c->mag += g->catalog->mag[i];
        c->weight += g->state.expectation->l_hat[i];
        c->expected += g->growth[i] * etas_omori_integral(&omori, t0, t1);
        c->lasting += g->growth[i] * lasting;
    }
    for (size_t k = 0; k < bins.n; k++) {
        group[k].low = bins.low + (double)k * bins.width;
        group[k].high = group[k].low + bins.width;
        group[k].mag = group[k].n_sources > 0 ? group[k].mag / (double)group[k].n_sources
                                              : (group[k].low + group[k].high) / 2;
    }
    return ETAS_OK;
}

static etas_status gather_sizes(gather *g)
{
    const magnitude_bins bins = bins_of(g);
    const double half = g->out->delta_m / 2;
    etas_fit_size *size;
    etas_status st = etas_array_alloc((void **)&size, bins.n, sizeof *size);

    if (st != ETAS_OK)
        return st;
    g->out->size = size;
    g->out->n_sizes = bins.n;
    for (size_t k = 0; k < bins.n; k++)
        size[k].low = bins.low + (double)k * bins.width;
    for (size_t j = 0; j < g->state.n_targets; j++) {
        const uint32_t row = g->state.target[j];

        size[magnitude_bin(&bins, g->catalog->mag[row])].n++;
        for (size_t k = 0; k < bins.n; k++)
            size[k].expected +=
                etas_exp(-g->out->beta * fmax(0, size[k].low - (g->catalog->mc[row] - half)));
    }
    for (size_t k = bins.n; k-- > 0;)
        size[k].n_above = size[k].n + (k + 1 < bins.n ? size[k + 1].n_above : 0);
    return ETAS_OK;
}

static etas_status gather_background(gather *g)
{
    const size_t n = g->state.n_targets;
    etas_fit_data *const out = g->out;
    double sum = 0;
    etas_status st = etas_array_alloc((void **)&out->time_days, n, sizeof *out->time_days);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&out->background, n, sizeof *out->background);
    if (st != ETAS_OK)
        return st;
    out->n_targets = n;
    for (size_t j = 0; j < n; j++) {
        sum +=
            g->state.expectation->p_background[j] * (g->state.zeta != NULL ? g->state.zeta[j] : 1);
        out->time_days[j] =
            etas_days_between(out->window_start, g->catalog->time[g->state.target[j]]);
        out->background[j] = sum;
    }
    return ETAS_OK;
}

etas_status etas_fit_data_gather(etas_fit_data *self, etas_inversion *inversion,
                                 const etas_catalog *catalog, const etas_inversion_config *cfg,
                                 etas_error *err)
{
    gather g = {
        .out = self, .catalog = catalog, .cfg = cfg, .state = etas_inversion_state_get(inversion)};
    etas_status st;

    *self = (etas_fit_data){.theta = g.state.theta,
                            .beta = g.state.beta,
                            .m_ref = cfg->m_ref,
                            .delta_m = cfg->delta_m,
                            .window_start = cfg->window_start,
                            .window_end = cfg->window_end};
    st = etas_array_alloc((void **)&g.width_km, catalog->n, sizeof *g.width_km);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&g.growth, catalog->n, sizeof *g.growth);
    if (st == ETAS_OK) {
        set_sources(&g);
        st = gather_pairs(&g, inversion, err);
    }
    if (st == ETAS_OK)
        st = gather_groups(&g);
    if (st == ETAS_OK)
        st = gather_sizes(&g);
    if (st == ETAS_OK)
        st = gather_background(&g);
    etas_array_free((void **)&g.width_km);
    etas_array_free((void **)&g.growth);
    if (st == ETAS_OK)
        return st;
    etas_fit_data_free(self);
    return etas_fail(err, st, "gathering what the pairs say: %s", etas_strerror(st));
}
