#include "etas/simulation.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/special.h"
#include "simulation/plan_grids.h"

enum { DEFAULT_MAX_GENERATIONS = 10000, DEFAULT_MAX_EVENTS = 10000000, RASTER_SIDE = 256 };

/* A catalogue that need not end is given up before its simulator takes 64 MiB. */
static const uint64_t SUPERCRITICAL_MAX_EVENTS = 250000;

static const double PI = 3.14159265358979323846;

static double exp10_own(double x)
{
    return etas_pow(10, x);
}

/* ---- checks ---- */

static etas_status check_model(const etas_plan_input *in, etas_error *err)
{
    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        const double v = in->theta.value[i];
        const bool untapered = i == ETAS_LOG10_TAU && v == (double)INFINITY;
        const bool silent = i == ETAS_LOG10_MU && v == -(double)INFINITY;

        if (i != ETAS_LOG10_IOTA && !isfinite(v) && !untapered && !silent) {
            etas_fail(err, ETAS_E_RANGE, "must be a number to simulate, not %g", v);
            return etas_error_in_key(err, etas_param_name((etas_param)i)), ETAS_E_RANGE;
        }
    }
    if (!(in->beta >= 1e-3 && in->beta <= 1e3))
        return etas_fail(err, ETAS_E_RANGE, "beta must be within [0.001, 1000], not %g", in->beta);
    if (!(in->delta_m == 0 || (in->delta_m >= 1e-4 && in->delta_m <= 10)))
        return etas_fail(err, ETAS_E_RANGE, "delta_m must be 0 or within [0.0001, 10], not %g",
                         in->delta_m);
    if (!(fabs(in->m_ref) <= 90) || !(isnan(in->m_threshold) || fabs(in->m_threshold) <= 90))
        return etas_fail(err, ETAS_E_RANGE, "m_ref and m_threshold must be magnitudes");
    if (!(in->m_max > in->m_ref - in->delta_m / 2))
        return etas_fail(err, ETAS_E_RANGE, "m_max %g must be above m_ref %g", in->m_max,
                         in->m_ref);
    return ETAS_OK;
}

static etas_status check_window(const etas_plan_input *in, etas_error *err)
{
    etas_time length;

    if (in->start == ETAS_TIME_NONE || in->end <= in->start)
        return etas_fail(err, ETAS_E_RANGE, "the simulated window ends before it starts");
    if (__builtin_sub_overflow(in->end, in->start, &length))
        return etas_fail(err, ETAS_E_RANGE, "the simulated window is longer than 292 years");
    if (in->output_start != ETAS_TIME_NONE &&
        (in->output_start < in->start || in->output_start > in->end))
        return etas_fail(err, ETAS_E_RANGE, "the output must start within the simulated window");
    if (!(in->area_km2 > 0) || isinf(in->area_km2) || !(in->earth_radius_km >= 1e-3) ||
        isinf(in->earth_radius_km))
        return etas_fail(err, ETAS_E_RANGE, "area and earth radius must be positive");
    return ETAS_OK;
}

static etas_status check_places(size_t n, const double lat[], const double lon[], const char *of,
                                etas_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(lat[i]) <= 90) || !(fabs(lon[i]) <= 360))
            return etas_fail(err, ETAS_E_RANGE, "%s %zu lies at lat %g, lon %g: not on the globe",
                             of, i + 1, lat[i], lon[i]);
    return ETAS_OK;
}

static etas_status check_history(const etas_plan_input *in, etas_error *err)
{
    const etas_catalog *h = in->history;

    for (size_t i = 0; i < h->n; i++) {
        if (h->time[i] >= in->start)
            return etas_fail(err, ETAS_E_ARG, "event %zu of the history is not before the window",
                             i + 1);
        if (!(fabs(h->mag[i]) <= 90))
            return etas_fail(err, ETAS_E_RANGE, "event %zu of the history has magnitude %g", i + 1,
                             h->mag[i]);
        if (in->xi != NULL && !(in->xi[i] >= 0 && !isinf(in->xi[i])))
            return etas_fail(err, ETAS_E_RANGE, "event %zu of the history has xi %g", i + 1,
                             in->xi[i]);
        if (in->kappa != NULL && !(in->kappa[i] >= 0 && !isinf(in->kappa[i])))
            return etas_fail(err, ETAS_E_RANGE, "event %zu of the history has kappa %g", i + 1,
                             in->kappa[i]);
    }
    return check_places(h->n, h->lat, h->lon, "event of the history", err);
}

/* ---- numbers ---- */

static double dm_max_of(const etas_plan_input *in)
{
    return in->m_max + in->delta_m / 2 - (in->m_ref - in->delta_m / 2);
}

static void set_numbers(const etas_plan_input *in, etas_plan *out)
{
    const double *theta = in->theta.value;
    const double rho = theta[ETAS_RHO], d = exp10_own(theta[ETAS_LOG10_D]);

    out->algorithm = ETAS_ALGORITHM_VERSION;
    out->start = in->start;
    out->end = in->end;
    out->output_start = in->output_start == ETAS_TIME_NONE ? in->start : in->output_start;
    out->window_days = etas_days_between(in->start, in->end);
    out->theta = in->theta;
    out->beta = in->beta;
    out->mc = in->m_ref - in->delta_m / 2;
    out->mag_span_cdf = -etas_expm1(-in->beta * dm_max_of(in));
    out->delta_m = in->delta_m;
    out->m_threshold = isnan(in->m_threshold) ? in->m_ref : in->m_threshold;
    out->m_max = in->m_max;
    out->productivity = exp10_own(theta[ETAS_LOG10_K0]) * (PI / rho) * etas_pow(d, -rho);
    out->alpha = theta[ETAS_A] - rho * theta[ETAS_GAMMA];
    out->c_days = exp10_own(theta[ETAS_LOG10_C]);
    out->omega = theta[ETAS_OMEGA];
    out->inv_tau = exp10_own(-theta[ETAS_LOG10_TAU]);
    out->d_km2 = d;
    out->gamma = theta[ETAS_GAMMA];
    out->rho = rho;
    out->earth_radius_km = in->earth_radius_km;
    out->filter_region = in->filter_region;
    out->reference_placement = in->reference_placement;
    out->with_parents = in->with_parents;
    out->max_generations = DEFAULT_MAX_GENERATIONS;
    out->max_events = DEFAULT_MAX_EVENTS;
}

/* The largest one that any of the magnitude distributions has. */
static double branching_ratio(const etas_plan_input *in, const etas_plan *plan, const char **why)
{
    const double at_mc = etas_expected_aftershocks(&in->theta, 0, 0, INFINITY);
    double ratio = etas_branching_ratio(&in->theta, in->beta, dm_max_of(in), why);

    for (size_t i = 0; i < plan->zones.n && !isnan(ratio); i++)
        ratio = fmax(ratio, at_mc * plan_zone_growth(&plan->zones, i, plan->alpha));
    return ratio;
}

static etas_status set_branching(const etas_plan_input *in, etas_plan *out, etas_error *err)
{
    const char *why;

    out->branching_ratio = branching_ratio(in, out, &why);
    if (!(out->branching_ratio < 1))
        out->max_events = SUPERCRITICAL_MAX_EVENTS;
    if (out->branching_ratio < 1 || in->allow_supercritical)
        return ETAS_OK;
    if (why != NULL)
        return etas_fail(err, ETAS_E_SUPERCRITICAL,
                         "the branching ratio has no finite value (%s), so catalogues may never "
                         "end; --allow-supercritical simulates all the same",
                         why);
    return etas_fail(err, ETAS_E_SUPERCRITICAL,
                     "the branching ratio is %.6g, so catalogues may never end; "
                     "--allow-supercritical simulates all the same",
                     out->branching_ratio);
}

/* ---- tables ---- */

static etas_status copy_places(size_t n, const double lat[], const double lon[], double **lat_out,
                               double **lon_out)
{
    if (etas_array_alloc((void **)lat_out, n, sizeof **lat_out) != ETAS_OK ||
        etas_array_alloc((void **)lon_out, n, sizeof **lon_out) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        (*lat_out)[i] = lat[i];
        (*lon_out)[i] = lon[i] < -180 ? lon[i] + 360 : lon[i] >= 180 ? lon[i] - 360 : lon[i];
    }
    return ETAS_OK;
}

static etas_status build_alias(size_t n, const double weight[], const char *what, etas_alias *out,
                               etas_error *err)
{
    const etas_status st = etas_alias_build(out, n, weight);

    if (st == ETAS_E_NOMEM)
        return etas_fail(err, st, "no memory for the %s", what);
    if (st != ETAS_OK)
        return etas_fail(err, st, "the %s must be finite, not negative, and not all zero", what);
    return ETAS_OK;
}

/* Productivity of event i of the history, which has a magnitude of mc + dm. */
static double productivity_of(const etas_plan_input *in, const etas_plan *plan, size_t i, double dm)
{
    const double xi = in->xi != NULL ? in->xi[i] : 1;

    if (in->kappa != NULL)
        return xi * in->kappa[i] * (PI / plan->rho) * etas_pow(plan->history.d_km2[i], -plan->rho);
    return xi * plan->productivity * etas_exp(plan->alpha * dm);
}

/* Children of event i in the window without the taper of the remaining time, and its row. */
static double add_parent(const etas_plan_input *in, size_t i, etas_plan *plan)
{
    etas_plan_history *h = &plan->history;
    const double age = etas_days_between(in->history->time[i], in->start);
    const double dm = in->history->mag[i] - plan->mc;
    const double a = age + plan->c_days;
    const double horizon =
        fmin(plan->window_days,
             plan->inv_tau > 0 ? ETAS_PLAN_HORIZON_TAUS / plan->inv_tau : (double)INFINITY);
    const double log_ratio = etas_log1p(horizon / a);
    const double x = plan->omega * log_ratio;
    const double integral =
        etas_pow(a, -plan->omega) * (fabs(x) < 1e-9 ? log_ratio : -etas_expm1(-x) / plan->omega);

    h->a_days[i] = a;
    h->log_ratio[i] = log_ratio;
    h->d_km2[i] = plan->d_km2 * etas_exp(plan->gamma * dm);
    return productivity_of(in, plan, i, dm) * integral * etas_exp(-age * plan->inv_tau);
}

static etas_status build_history(const etas_plan_input *in, etas_plan *plan, etas_error *err)
{
    etas_plan_history *h = &plan->history;
    double *weight = NULL, sum = 0;
    size_t n;
    etas_status st;

    if (in->history == NULL || in->history->n == 0)
        return ETAS_OK;
    n = in->history->n;
    if (etas_array_alloc((void **)&weight, n, sizeof *weight) != ETAS_OK ||
        etas_array_alloc((void **)&h->a_days, n, sizeof *h->a_days) != ETAS_OK ||
        etas_array_alloc((void **)&h->log_ratio, n, sizeof *h->log_ratio) != ETAS_OK ||
        etas_array_alloc((void **)&h->d_km2, n, sizeof *h->d_km2) != ETAS_OK ||
        copy_places(n, in->history->lat, in->history->lon, &h->lat, &h->lon) != ETAS_OK) {
        st = etas_fail(err, ETAS_E_NOMEM, "no memory for a history of %zu events", n);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        weight[i] = add_parent(in, i, plan);
        sum += weight[i];
    }
    st = ETAS_OK;
    if (sum == 0) /* all too old, or xi = 0: the table stays empty */
        goto out;
    st = build_alias(n, weight, "expected aftershocks of the history", &h->parents, err);
    if (st != ETAS_OK)
        goto out;
    h->n = n;
    h->mean = sum;
out:
    etas_array_free((void **)&weight);
    return st;
}

static etas_status build_background(const etas_plan_input *in, etas_plan *plan, etas_error *err)
{
    etas_plan_background *b = &plan->background;
    etas_status st;

    b->kind = ETAS_BACKGROUND_UNIFORM;
    b->mean = exp10_own(in->theta.value[ETAS_LOG10_MU]) * in->area_km2 * plan->window_days;
    if (in->background_grid != NULL) {
        b->kind = ETAS_BACKGROUND_GRID;
        return plan_cells_build(in->background_grid, in->region, "grid of the background",
                                &b->cells, err);
    }
    if (in->n_locations == 0)
        return ETAS_OK;
    b->gaussian_scale_deg = in->gaussian_scale_deg;
    if (!(b->gaussian_scale_deg >= 0 && b->gaussian_scale_deg <= 360)) {
        etas_fail(err, ETAS_E_RANGE, "must be within [0, 360] degrees, not %g",
                  b->gaussian_scale_deg);
        return etas_error_in_key(err, "gaussian_scale"), ETAS_E_RANGE;
    }
    if (copy_places(in->n_locations, in->location_lat, in->location_lon, &b->lat, &b->lon) !=
        ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for the background's places");
    st = build_alias(in->n_locations, in->location_weight, "weights of the background's places",
                     &b->locations, err);
    if (st != ETAS_OK)
        return st;
    b->kind = ETAS_BACKGROUND_CATALOG;
    b->n = in->n_locations;
    return ETAS_OK;
}

static etas_status build_induced(const etas_plan_input *in, etas_plan *plan, etas_error *err)
{
    if (!(in->n_induced >= 0 && in->n_induced <= 1e300)) {
        etas_fail(err, ETAS_E_RANGE, "must be finite and not negative, not %g", in->n_induced);
        return etas_error_in_key(err, "n_induced"), ETAS_E_RANGE;
    }
    if (in->n_induced == 0)
        return ETAS_OK;
    if (in->induced_grid == NULL)
        return etas_fail(err, ETAS_E_ARG, "%g induced events need a grid of where they happen",
                         in->n_induced);
    plan->induced.mean = in->n_induced;
    return plan_cells_build(in->induced_grid, in->region, "grid of induced events",
                            &plan->induced.cells, err);
}

static etas_status build_zones(const etas_plan_input *in, etas_plan *plan, etas_error *err)
{
    etas_status st;

    if (in->zones == NULL)
        return ETAS_OK;
    st = plan_zones_build(in->zones, plan->mc, plan->delta_m, &plan->zones, err);
    for (size_t i = 0; i < plan->zones.n && st == ETAS_OK; i++)
        plan->m_max =
            fmax(plan->m_max, plan_zone_highest(&plan->zones, i, plan->mc, plan->delta_m));
    return st;
}

static etas_status copy_region(const etas_region *in, etas_plan *plan, etas_error *err)
{
    etas_region *out = &plan->region;
    const size_t rings = in->n_rings, n = rings > 0 ? in->ring_start[rings] : 0;

    if (rings == 0)
        return ETAS_OK;
    if (etas_array_alloc((void **)&out->ring_start, rings + 1, sizeof *out->ring_start) !=
            ETAS_OK ||
        etas_array_alloc((void **)&out->lat, n, sizeof *out->lat) != ETAS_OK ||
        etas_array_alloc((void **)&out->lon, n, sizeof *out->lon) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a region of %zu vertices", n);
    out->n_rings = rings;
    memcpy(out->ring_start, in->ring_start, (rings + 1) * sizeof *out->ring_start);
    memcpy(out->lat, in->lat, n * sizeof *out->lat);
    memcpy(out->lon, in->lon, n * sizeof *out->lon);
    out->lat_min = in->lat_min;
    out->lat_max = in->lat_max;
    out->lon_min = in->lon_min;
    out->lon_max = in->lon_max;
    return etas_raster_build(&plan->raster, &plan->region, RASTER_SIDE, err);
}

static etas_status build_tables(const etas_plan_input *in, etas_plan *plan, etas_error *err)
{
    etas_status st = build_history(in, plan, err);

    if (st == ETAS_OK)
        st = build_background(in, plan, err);
    if (st == ETAS_OK)
        st = build_induced(in, plan, err);
    return st == ETAS_OK ? copy_region(in->region, plan, err) : st;
}

etas_status etas_plan_build(const etas_plan_input *in, etas_plan *out, etas_error *err)
{
    etas_plan plan = {0};
    etas_status st = check_model(in, err);

    if (st == ETAS_OK)
        st = check_window(in, err);
    if (st == ETAS_OK && in->history != NULL)
        st = check_history(in, err);
    if (st == ETAS_OK)
        st = check_places(in->n_locations, in->location_lat, in->location_lon,
                          "place of the background", err);
    if (st != ETAS_OK)
        return st;
    set_numbers(in, &plan);
    st = build_zones(in, &plan, err);
    if (st == ETAS_OK)
        st = set_branching(in, &plan, err);
    if (st == ETAS_OK)
        st = build_tables(in, &plan, err);
    if (st == ETAS_OK) {
        etas_plan_free(out);
        *out = plan;
        return ETAS_OK;
    }
    etas_plan_free(&plan);
    return st;
}
