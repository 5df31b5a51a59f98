#include "mc_candidates.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"

enum { MOST_CANDIDATES = 1000 };

mc_range mc_range_default(void)
{
    return (mc_range){.low = NAN, .high = NAN, .step = NAN, .min_events = 50};
}

/* Number of the bin of width @p unit; continuous magnitudes (delta_m 0) are rounded down, so that
 * bin k holds those from k unit on. */
static double bin_of(double mag, double unit, double delta_m)
{
    return floor(mag / unit + (delta_m > 0 ? 0.5 : 1e-9));
}

/* The most frequent bin, and the last one from which on there are min_events magnitudes (NaN: there
 * are never). */
static etas_status survey(const etas_catalog *c, double unit, double delta_m, uint64_t min_events,
                          double *most_frequent, double *last)
{
    double lowest = INFINITY, highest = -INFINITY;
    size_t n_bins, best = 0, above = 0;
    size_t *count = NULL;
    etas_status st;

    for (size_t i = 0; i < c->n; i++) {
        lowest = fmin(lowest, bin_of(c->mag[i], unit, delta_m));
        highest = fmax(highest, bin_of(c->mag[i], unit, delta_m));
    }
    n_bins = (size_t)(highest - lowest) + 1;
    st = etas_array_alloc((void **)&count, n_bins, sizeof *count);
    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < c->n; i++)
        count[(size_t)(bin_of(c->mag[i], unit, delta_m) - lowest)]++;
    *last = NAN;
    for (size_t i = n_bins; i-- > 0;) {
        above += count[i];
        if (count[i] >= count[best])
            best = i;
        if (isnan(*last) && above >= min_events)
            *last = (lowest + (double)i) * unit;
    }
    *most_frequent = (lowest + (double)best) * unit;
    etas_array_free((void **)&count);
    return ETAS_OK;
}

etas_status mc_candidates_choose(const etas_catalog *catalog, double delta_m, const mc_range *range,
                                 double **out, size_t *n, etas_error *err)
{
    const double step = !isnan(range->step) ? range->step : delta_m > 0 ? delta_m : 0.1;
    double low, high, span;
    etas_status st;

    if (!(delta_m == 0 || delta_m >= 0.001) || step < 0.001)
        return etas_fail(err, ETAS_E_ARG, "steps of magnitude %g; expected 0.001 or more",
                         fmin(delta_m, step));
    st = survey(catalog, delta_m > 0 ? delta_m : step, delta_m, range->min_events, &low, &high);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the magnitudes' bins");
    low = isnan(range->low) ? low : range->low;
    high = isnan(range->high) ? high : range->high;
    if (!(high >= low - 1e-9))
        return etas_fail(err, ETAS_E_RANGE,
                         "too few events: fewer than %llu (--min-events) from magnitude %g on",
                         (unsigned long long)range->min_events, low);
    span = floor((high - low) / step + 1e-6);
    if (span >= MOST_CANDIDATES)
        return etas_fail(err, ETAS_E_ARG, "%.0f candidates from %g to %g; at most %d are tested",
                         span + 1, low, high, MOST_CANDIDATES);
    *n = (size_t)span + 1;
    st = etas_array_alloc((void **)out, *n, sizeof **out);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for %zu candidates", *n);
    for (size_t i = 0; i < *n; i++) /* without the last bits of a multiple */
        (*out)[i] = floor((low + (double)i * step) * 1e6 + 0.5) / 1e6;
    return ETAS_OK;
}

etas_status mc_candidates_parse(const char *list, double **out, size_t *n, etas_error *err)
{
    size_t most = 1;
    etas_status st;

    for (const char *at = list; *at != '\0'; at++)
        most += *at == ',';
    st = etas_array_alloc((void **)out, most, sizeof **out);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for %zu candidates", most);
    for (*n = 0; *n < most; (*n)++) {
        const char *comma = strchr(list, ',');
        const size_t len = comma != NULL ? (size_t)(comma - list) : strlen(list);

        if (!etas_parse_double(list, len, &(*out)[*n]))
            return etas_fail(err, ETAS_E_ARG, "--mc: \"%.*s\" is not a magnitude",
                             (int)(len < 40 ? len : 40), list);
        list += len + 1;
    }
    return ETAS_OK;
}
