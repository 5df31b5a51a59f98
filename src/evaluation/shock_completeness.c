#include <math.h>
#include <stdlib.h>

#include "etas/array.h"
#include "etas/completeness.h"
#include "etas/geometry.h"
#include "etas/model.h"
#include "etas/special.h"

static const double LN_10 = 2.302585092994045684;

typedef struct moment {
    etas_time time;
    size_t row;
} moment;

etas_shock_completeness etas_shock_completeness_default(void)
{
    return (etas_shock_completeness){.offset = 4.5,
                                     .slope = 0.75,
                                     .shock_magnitude = 5,
                                     .rupture_lengths = 3,
                                     .earth_radius_km = ETAS_EARTH_RADIUS_KM};
}

static int by_time(const void *pa, const void *pb)
{
    const moment *a = pa, *b = pb;

    return (a->time > b->time) - (a->time < b->time);
}

static etas_status check(size_t n, const double background[], const etas_shock_completeness *cfg,
                         etas_error *err)
{
    if (!isfinite(cfg->offset) || !(cfg->slope > 0) || isinf(cfg->slope))
        return etas_fail(err, ETAS_E_ARG, "mc(M, t) = M - %g - %g log10 t does not fall with time",
                         cfg->offset, cfg->slope);
    if (!isfinite(cfg->shock_magnitude))
        return etas_fail(err, ETAS_E_ARG, "the shock magnitude is %g", cfg->shock_magnitude);
    if (!(cfg->rupture_lengths >= 0))
        return etas_fail(err, ETAS_E_ARG, "a reach of %g rupture lengths", cfg->rupture_lengths);
    if (!(cfg->delta_m >= 0) || isinf(cfg->delta_m))
        return etas_fail(err, ETAS_E_ARG, "delta_m is %g", cfg->delta_m);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(background[i]))
            return etas_fail(err, ETAS_E_ARG, "event %zu has no background completeness", i + 1);
    return ETAS_OK;
}

/* Raises mc of what follows the shock at @p order[first] while its relation is above @p lowest. */
static void raise_after(const etas_catalog *c, const etas_shock_completeness *cfg, size_t first,
                        const moment order[], double lowest, double mc[])
{
    const size_t shock = order[first].row;
    const double mag = c->mag[shock], top = mag - cfg->offset;
    const double last_days = etas_exp(LN_10 * (top - lowest) / cfg->slope);
    const double reach_km =
        isinf(cfg->rupture_lengths) ? INFINITY : cfg->rupture_lengths * etas_rupture_length_km(mag);

    for (size_t i = first + 1; i < c->n; i++) {
        const size_t row = order[i].row;
        const double days = etas_days_between(order[first].time, order[i].time);
        double level;

        if (days > last_days)
            return;
        if (!(days > 0))
            continue;
        level = fmin(mag, top - cfg->slope * etas_ln(days) / LN_10);
        if (level > mc[row] &&
            (isinf(reach_km) || etas_distance_km(c->lat[shock], c->lon[shock], c->lat[row],
                                                 c->lon[row], cfg->earth_radius_km) <= reach_km))
            mc[row] = level;
    }
}

etas_status etas_completeness_after_shocks(const etas_catalog *catalog, const double background[],
                                           const etas_shock_completeness *cfg, double mc[],
                                           etas_error *err)
{
    const size_t n = catalog->n;
    double lowest = INFINITY;
    moment *order = NULL;
    etas_status st = check(n, background, cfg, err);

    if (st != ETAS_OK)
        return st;
    st = etas_array_alloc((void **)&order, n, sizeof *order);
    if (st != ETAS_OK)
        return etas_fail(err, st, "no memory to sort %zu events", n);
    for (size_t i = 0; i < n; i++) {
        order[i] = (moment){catalog->time[i], i};
        mc[i] = background[i];
        lowest = fmin(lowest, background[i]);
    }
    if (n > 0)
        qsort(order, n, sizeof *order, by_time);
    for (size_t i = 0; i < n; i++)
        if (catalog->mag[order[i].row] >= cfg->shock_magnitude - 1e-9)
            raise_after(catalog, cfg, i, order, lowest, mc);
    for (size_t i = 0; i < n && cfg->delta_m > 0; i++)
        mc[i] = ceil(mc[i] / cfg->delta_m - 1e-6) * cfg->delta_m;
    etas_array_free((void **)&order);
    return ETAS_OK;
}
